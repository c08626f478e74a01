/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-message: buffers, control messages and descriptors, over a family of tables alone. */
#include "local.h"

#include <fcntl.h>

static gboolean
is_close_on_exec (int fd)
{
  return fcntl (fd, F_GETFD) & FD_CLOEXEC;
}

static void
send_fds (KinSocket *socket, gsize n)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autofree int *fds = g_new (int, n);

  for (gsize i = 0; i < n; i++)
    fds[i] = kin_socket_fd (socket);
  kin_message_set_data (message, "fd", 2);
  assert_true (kin_message_add_fds (message, fds, n, NULL));
  assert_int_equal (kin_socket_sendmsg (socket, message, 0, NULL), 2);
}

static void
test_descriptors (void **state)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GVariant) count = NULL;
  g_autofree int *stolen = NULL;
  char bytes[4];
  guint before;
  gsize n;

  (void) state;
  make_pair ("local-seqpacket", &a, &b);
  before = count_fds ();
  kin_message_set_data (message, bytes, sizeof bytes);
  send_fds (a, 3);
  assert_int_equal (kin_socket_recvmsg (b, message, 0, NULL), 2);
  kin_message_get_fds (message, &n);
  assert_int_equal (n, 3);
  assert_int_equal (count_fds (), before + 3);
  count = kin_message_get_control (message, b, "local.rights");
  assert_int_equal (g_variant_get_int64 (count), 3);
  for (gsize i = 0; i < n; i++)
    assert_true (is_close_on_exec (kin_message_get_fds (message, &n)[i]));

  send_fds (a, 1);
  assert_int_equal (kin_socket_recvmsg (b, message, 0, NULL), 2);
  assert_int_equal (count_fds (), before + 1);
  stolen = kin_message_steal_fds (message, &n);
  assert_int_equal (n, 1);
  kin_message_clear (message);
  assert_int_equal (count_fds (), before + 1);
  close (stolen[0]);
}

/* A buffer of CMSG_SPACE of one descriptor takes two: the surplus must not be lost. */
static void
test_surplus_descriptors (void **state)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (KinSocket) a = NULL, b = NULL;
  char bytes[4];
  guint before;
  gsize n;

  (void) state;
  make_pair ("local-seqpacket", &a, &b);
  before = count_fds ();
  kin_message_set_control_size (message, CMSG_SPACE (sizeof (int)));
  kin_message_set_data (message, bytes, sizeof bytes);
  send_fds (a, 5);
  assert_int_equal (kin_socket_recvmsg (b, message, 0, NULL), 2);
  assert_true (kin_message_get_flags (message) & MSG_CTRUNC);
  kin_message_get_fds (message, &n);
  assert_int_equal (count_fds (), before + n);
  kin_message_clear (message);
  assert_int_equal (count_fds (), before);

  kin_message_set_control_size (message, 0);
  kin_message_set_data (message, bytes, sizeof bytes);
  send_fds (a, 2);
  assert_int_equal (kin_socket_recvmsg (b, message, 0, NULL), 2);
  assert_true (kin_message_get_flags (message) & MSG_CTRUNC);
  assert_int_equal (count_fds (), before);
}

static void
test_many_descriptors (void **state)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  char bytes[4];
  gsize n;

  (void) state;
  make_pair ("local-seqpacket", &a, &b);
  kin_message_set_control_size (message, CMSG_SPACE (253 * sizeof (int)));
  kin_message_set_data (message, bytes, sizeof bytes);
  send_fds (a, 253);
  assert_int_equal (kin_socket_recvmsg (b, message, 0, NULL), 2);
  kin_message_get_fds (message, &n);
  assert_int_equal (n, 253);
  assert_false (kin_message_add_fds (message, NULL, 100000, &error));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_BAD_VALUE);
  assert_false (kin_message_add_fds (message, (int[]){ 0, -1 }, 2, &error));
  assert_string_equal (error->message, "-1 is no descriptor");
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_BAD_VALUE);
}

/* "Mary had a little lamb" into three buffers, as in Python's documentation. */
static void
test_scatter (void **state)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GVariant) controls = NULL;
  g_autofree char *text = NULL;
  char first[5] = "----", second[5] = "0123", third[15] = "--------------";
  struct iovec vectors[] = { { first, 4 }, { second + 0, 4 }, { third, 14 } };

  (void) state;
  make_pair ("local-seqpacket", &a, &b);
  assert_int_equal (kin_socket_send (a, "Mary had a little lamb", 22, 0, NULL), 22);
  kin_message_set_vectors (message, vectors, 3);
  assert_int_equal (kin_socket_recvmsg (b, message, 0, NULL), 22);
  assert_string_equal (first, "Mary");
  assert_string_equal (second, " had");
  assert_string_equal (third, " a little lamb");
  assert_int_equal (kin_message_get_flags (message), MSG_EOR & kin_message_get_flags (message));
  assert_int_equal (kin_message_get_address (message)->length, 0);
  controls = kin_message_get_controls (message, b);
  text = kin_value_print (controls);
  assert_string_equal (text, "[]");
}

static void
test_datagram_address_and_truncation (void **state)
{
  g_autofree char *here = local_endpoint ("local-dgram", "here");
  g_autofree char *there = local_endpoint ("local-dgram", "there"), *text = NULL;
  g_autoptr (KinSocket) a = kin_bind (here, NULL), b = kin_bind (there, NULL);
  g_autoptr (KinMessage) message = kin_message_new ();
  KinAddress address;
  char bytes[4];

  (void) state;
  assert_true (kin_address_parse (&address, there, NULL));
  kin_message_set_data (message, "too long", 8);
  kin_message_set_address (message, &address);
  assert_int_equal (kin_socket_sendmsg (a, message, 0, NULL), 8);
  assert_int_equal (kin_socket_sendmsg (a, message, 0, NULL), 8);
  kin_message_clear (message);
  kin_message_set_data (message, bytes, sizeof bytes);
  assert_int_equal (kin_socket_recvmsg (b, message, 0, NULL), 4);
  assert_true (kin_message_get_flags (message) & MSG_TRUNC);
  text = kin_address_format (kin_message_get_address (message));
  assert_string_equal (text, here);
  assert_int_equal (kin_socket_recvfrom (b, bytes, 4, MSG_TRUNC, &address, NULL), 8);
  local_unlink (here);
  local_unlink (there);
}

/* What came is not what goes. */
static void
test_received_message_is_sent_on (void **state)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (KinSocket) a = NULL, b = NULL;
  char bytes[4];
  gsize n;

  (void) state;
  make_pair ("local-seqpacket", &a, &b);
  kin_message_set_data (message, bytes, sizeof bytes);
  send_fds (a, 1);
  assert_int_equal (kin_socket_recvmsg (b, message, 0, NULL), 2);
  kin_message_set_data (message, "on", 2);
  assert_int_equal (kin_socket_sendmsg (b, message, 0, NULL), 2);
  kin_message_set_data (message, bytes, sizeof bytes);
  assert_int_equal (kin_socket_recvmsg (a, message, 0, NULL), 2);
  kin_message_get_fds (message, &n);
  assert_int_equal (n, 0);
}

static void
test_unknown_control (void **state)
{
  g_autoptr (KinMessage) out = kin_message_new (), in = kin_message_new ();
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GVariant) controls = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  struct ucred credentials = { getpid (), getuid (), getgid () };
  char bytes[4];
  int on = 1;

  (void) state;
  make_pair ("local-seqpacket", &a, &b);
  assert_true (kin_socket_setsockopt (b, SOL_SOCKET, SO_PASSCRED, &on, sizeof on, NULL));
  kin_message_set_data (out, "c", 1);
  assert_true (kin_message_add_control_bytes (out, SOL_SOCKET, SCM_CREDENTIALS, &credentials,
                                              sizeof credentials, NULL));
  assert_int_equal (kin_socket_sendmsg (a, out, 0, NULL), 1);
  kin_message_set_data (in, bytes, sizeof bytes);
  assert_int_equal (kin_socket_recvmsg (b, in, 0, NULL), 1);
  controls = kin_message_get_controls (in, b);
  text = kin_value_print (controls);
  assert_non_null (strstr (text, "[(1, 2, b"));
  assert_false (kin_message_add_control (out, a, "local.nothing", g_variant_new_int64 (1), &error));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_NO_SUCH_OPTION);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_descriptors),
    cmocka_unit_test (test_surplus_descriptors),
    cmocka_unit_test (test_many_descriptors),
    cmocka_unit_test (test_scatter),
    cmocka_unit_test (test_datagram_address_and_truncation),
    cmocka_unit_test (test_received_message_is_sent_on),
    cmocka_unit_test (test_unknown_control),
  };

  return cmocka_run_group_tests (tests, local_setup, local_teardown);
}
