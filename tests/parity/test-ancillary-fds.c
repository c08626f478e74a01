/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-ancillary-fds: descriptors and credentials over unix sockets, to and from Python; none is
 * ever lost or left open.
 *
 * Needs: unix inet plugins */
#include "streams.h"

static void
assert_reads (int fd, const char *text)
{
  char data[64] = "";

  assert_int_equal (read (fd, data, sizeof data), strlen (text));
  assert_string_equal (data, text);
}

static gboolean
is_close_on_exec (int fd)
{
  return (fcntl (fd, F_GETFD) & FD_CLOEXEC) != 0;
}

static void
close_all (const int *fds, gsize n)
{
  for (gsize i = 0; i < n; i++)
    assert_int_equal (close (fds[i]), 0);
}

/* n times the same, with a byte. */
static void
send_same (KinSocket *socket, gsize n)
{
  g_autofree int *fds = g_new0 (int, n);
  g_autoptr (GError) error = NULL;

  must (kin_socket_send_fds (socket, "x", 1, fds, n, 0, NULL, &error) == 1, error);
}

static gsize
receive_into (KinSocket *socket, KinMessage *message)
{
  static char data[100];
  g_autoptr (GError) error = NULL;
  gsize n;

  kin_message_set_data (message, data, sizeof data);
  must (kin_socket_recvmsg (socket, message, 0, &error) >= 0, error);
  kin_message_get_fds (message, &n);
  return n;
}

/* ---- SCM_RIGHTS ---------------------------------------------------------------------------- */

static void
test_rights (void **state)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GVariant) controls = NULL;
  g_autofree char *printed = NULL;
  g_autofree int *many = g_new0 (int, 254);
  g_autoptr (GError) error = NULL;
  KinControlItem item;
  gsize at = 0, n;
  guint before;

  (void) state;
  make_pair ("unix-seqpacket", &a, &b);
  before = count_fds ();
  kin_message_set_data (message, "two", 3);
  for (guint i = 0; i < 2; i++) /* one after the other: the kernel makes one of them */
    must (kin_message_add_fds (message, (int[]){ 0 }, 1, &error), error);
  must (kin_socket_sendmsg (a, message, 0, &error) == 3, error);
  kin_message_clear (message);
  assert_int_equal (receive_into (b, message), 2);
  assert_true (kin_message_next_control (message, &at, &item));
  assert_int_equal (item.length, 2 * sizeof (int)); /* an array of int */
  assert_memory_equal (item.data, kin_message_get_fds (message, &n), item.length);
  controls = kin_message_get_controls (message, b);
  printed = kin_value_print (controls);
  assert_string_equal (printed, "[('unix.rights', 2)]");

  assert_false (kin_message_add_fds (message, many, 254, &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_VALUE));
  send_same (a, 253);
  kin_message_set_control_size (message, CMSG_SPACE (253 * sizeof (int)));
  assert_int_equal (receive_into (b, message), 253);
  assert_int_equal (count_fds (), before + 253);

  /* What aligns the next one is room as well, on 64 bits; what is counted by length has none. */
  send_same (a, 3);
  kin_message_set_control_size (message, (gsize) kin_cmsg_space (sizeof (int), NULL));
  assert_int_equal (receive_into (b, message), sizeof (gsize) / sizeof (int));
  assert_true (kin_message_get_flags (message) & MSG_CTRUNC);
  assert_int_equal (count_fds (), before + sizeof (gsize) / sizeof (int));
  send_same (a, 3);
  kin_message_set_control_size (message, (gsize) kin_cmsg_len (sizeof (int), NULL));
  assert_int_equal (receive_into (b, message), 1);
  assert_true (kin_message_get_flags (message) & MSG_CTRUNC);
  kin_message_clear (message);
  assert_int_equal (count_fds (), before);
}

static void
test_closed_on_error (void **state)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  KinMessage *dropped;
  guint before;
  int fds[2];
  char byte;
  gsize n;

  (void) state;
  make_pair ("unix-seqpacket", &a, &b);
  before = count_fds ();
  /* Nobody takes them: the program goes away over something else. */
  send_same (a, 3);
  dropped = kin_message_new ();
  assert_int_equal (receive_into (b, dropped), 3);
  assert_int_equal (count_fds (), before + 3);
  kin_message_free (dropped);
  assert_int_equal (count_fds (), before);
  /* The next receive fails. */
  send_same (a, 3);
  assert_int_equal (receive_into (b, message), 3);
  assert_int_equal (kin_socket_recvmsg (b, message, MSG_DONTWAIT, &error), -1);
  assert_int_equal (errno, EAGAIN);
  assert_int_equal (count_fds (), before);
  g_clear_error (&error);
  assert_int_equal (kin_socket_recv_fds (b, &byte, 1, fds, 2, &n, MSG_DONTWAIT, NULL, NULL, &error),
                    -1);
  assert_int_equal (n, 0);
  /* A receive of bytes alone: the kernel closes them. */
  send_same (a, 3);
  assert_receives (b, "x");
  assert_int_equal (count_fds (), before);
}

/* ---- Credentials --------------------------------------------------------------------------- */

static void
test_credentials (void **state)
{
  g_autofree char *own =
      g_strdup_printf ("(%d, %u, %u)", (int) getpid (), (guint) getuid (), (guint) getgid ());
  struct {
    int pid;
    guint uid, gid;
  } raw;
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  KinControlItem item;

  (void) state;
  make_pair ("unix-seqpacket", &a, &b);
  must (kin_socket_set_option (b, "unix.passcred", g_variant_new_boolean (TRUE), &error), error);
  for (guint i = 0; i < 2; i++) { /* as the kernel has them; as they are told, and checked */
    g_autoptr (GVariant) value = NULL;
    g_autofree char *printed = NULL;
    gsize at = 0;

    kin_message_clear (message);
    kin_message_set_data (message, "x", 1);
    if (i == 1)
      must (kin_message_add_control (
                message, a, "unix.credentials",
                g_variant_new ("(iuu)", (int) getpid (), (guint) getuid (), (guint) getgid ()),
                &error),
            error);
    must (kin_socket_sendmsg (a, message, 0, &error) == 1, error);
    receive_into (b, message);
    value = kin_message_get_control (message, b, "unix.credentials");
    assert_non_null (value);
    printed = kin_value_print (value);
    assert_string_equal (printed, own);
    assert_true (kin_message_next_control (message, &at, &item));
    assert_int_equal (item.type, 2 /* SCM_CREDENTIALS */);
    assert_int_equal (item.length, sizeof raw);
    memcpy (&raw, item.data, sizeof raw);
    assert_int_equal (raw.pid, getpid ());
    assert_int_equal (raw.gid, getgid ());
  }
}

/* ---- send_fds ------------------------------------------------------------------------------ */

static void
check_lost (KinSocket *socket, gsize length, int code)
{
  g_autoptr (GError) error = NULL;

  assert_int_equal (kin_socket_send_fds (socket, "x", length, (int[]){ 0 }, 1, 0, NULL, &error),
                    -1);
  assert_true (g_error_matches (error, KIN_ERROR, code));
}

static void
check_send_to_address (void)
{
  g_autoptr (KinSocket) receiver = must_bind (own_name ("unix-dgram:@kin-test-PID-fds"));
  g_autoptr (KinSocket) sender = must_bind (own_name ("unix-dgram:@kin-test-PID-sends"));
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  KinAddress address, from;
  int fds[4], flags;
  char data[10];
  gsize n;

  must (kin_socket_local (receiver, &address, &error), error);
  must (kin_socket_send_fds (sender, "", 0, (int[]){ 0, 1 }, 2, 0, &address, &error) == 0, error);
  must (kin_socket_recv_fds (receiver, data, sizeof data, fds, 4, &n, 0, &from, &flags, &error)
            == 0,
        error);
  assert_int_equal (n, 2);
  assert_int_equal (flags, 0);
  text = kin_address_format (&from);
  assert_string_equal (text, own_name ("unix-dgram:@kin-test-PID-sends"));
  close_all (fds, n);
  /* Flags count: with a full queue it does not wait. */
  while (kin_socket_send_fds (sender, "x", 1, fds, 0, MSG_DONTWAIT, &address, &error) == 1)
    ;
  assert_fails (FALSE, EAGAIN, &error);
}

static void
test_send_fds (void **state)
{
  guint before = count_fds ();
  Peer peer = peer_new (own_name ("unix:@kin-test-PID-take"), "take_fds", NULL);
  g_autoptr (KinSocket) door = must_listen ("tcp4:127.0.0.1:0"), tcp = NULL;
  g_autofree char *where = local_text (door);
  g_autoptr (GError) error = NULL;
  int pipes[2][2], writers[2];

  (void) state;
  for (guint i = 0; i < 2; i++) {
    assert_int_equal (pipe2 (pipes[i], O_CLOEXEC), 0);
    writers[i] = pipes[i][1];
  }
  must (kin_socket_send_fds (peer.socket, "two", 3, writers, 2, 0, NULL, &error) == 3, error);
  close_all (writers, 2);
  assert_reads (pipes[0][0], "python wrote 0");
  assert_reads (pipes[1][0], "python wrote 1");
  close (pipes[0][0]);
  close (pipes[1][0]);
  check_lost (peer.socket, 0, KIN_ERROR_BAD_VALUE);
  peer_free (&peer);
  tcp = must_connect (where); /* whose kernel would take them and drop them */
  check_lost (tcp, 1, KIN_ERROR_NOT_SUPPORTED);
  check_send_to_address ();
  g_clear_pointer (&tcp, kin_socket_unref);
  g_clear_pointer (&door, kin_socket_unref);
  assert_int_equal (count_fds (), before);
}

/* ---- recv_fds ------------------------------------------------------------------------------ */

/* So many come of those that Python gave, whose first one is number; the flags. */
static int
receive_numbered (KinSocket *socket, gsize most, int flags, gsize n_expected, guint number)
{
  g_autoptr (GError) error = NULL;
  g_autofree int *fds = g_new0 (int, most);
  char data[100];
  int said;
  gsize n;

  must (kin_socket_recv_fds (socket, data, sizeof data, fds, most, &n, flags, NULL, &said, &error)
            == 7,
        error);
  assert_memory_equal (data, "message", 7);
  assert_int_equal (n, n_expected);
  for (gsize i = 0; i < n; i++) {
    g_autofree char *text = g_strdup_printf ("%u", number + (guint) i);

    assert_true (is_close_on_exec (fds[i]));
    if (!(flags & MSG_PEEK))
      assert_reads (fds[i], text);
  }
  close_all (fds, n);
  return said & ~MSG_EOR;
}

/* Beside them come the sender's name and a descriptor of it, which nobody asked for. */
static void
check_beside (void)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GError) error = NULL;
  char data[10], raw[6] = { 0 };
  int fds[2], said;
  guint before;
  gsize n;

  make_pair ("unix-seqpacket", &a, &b);
  must (kin_socket_set_option (b, "unix.passcred", g_variant_new_boolean (TRUE), &error), error);
  if (!kin_socket_set_option (b, "unix.passpidfd", g_variant_new_boolean (TRUE), NULL))
    assert_int_equal (errno, ENOPROTOOPT); /* before Linux 6.5 */
  before = count_fds ();
  send_same (a, 2);
  must (kin_socket_recv_fds (b, data, sizeof data, fds, 2, &n, 0, NULL, &said, &error) == 1, error);
  assert_int_equal (n, 2);
  assert_int_equal (said & MSG_CTRUNC, 0);
  assert_int_equal (count_fds (), before + 2);
  close_all (fds, n);

  /* An int and a half is one. */
  kin_message_set_data (message, "x", 1);
  must (kin_message_add_control_bytes (message, SOL_SOCKET, SCM_RIGHTS, raw, 6, &error), error);
  must (kin_socket_sendmsg (a, message, 0, &error) == 1, error);
  must (kin_socket_recv_fds (b, data, sizeof data, fds, 2, &n, 0, NULL, NULL, &error) == 1, error);
  assert_int_equal (n, 1);
  close_all (fds, n);
  assert_int_equal (count_fds (), before);
}

static void
test_recv_fds (void **state)
{
  guint before = count_fds ();
  Peer peer =
      peer_new (own_name ("unix-seqpacket:@kin-test-PID-give"), "give_fds", "3,5,1,0,200,2");
  KinSocket *socket = peer.socket;

  (void) state;
  assert_int_equal (receive_numbered (socket, 10, 0, 3, 0), 0);
  assert_int_equal (receive_numbered (socket, 2, MSG_PEEK, 2, 3), MSG_CTRUNC);
  assert_int_equal (receive_numbered (socket, 2, 0, 2, 3), MSG_CTRUNC);
  assert_int_equal (receive_numbered (socket, 1, 0, 1, 8), 0);
  assert_int_equal (receive_numbered (socket, 4, 0, 0, 9), 0);
  assert_int_equal (receive_numbered (socket, 200, 0, 200, 9), 0);
  assert_int_equal (receive_numbered (socket, 0, 0, 0, 0), MSG_CTRUNC);
  peer_free (&peer);
  assert_int_equal (count_fds (), before);
  check_beside ();
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("ancillary: SCM_RIGHTS", test_rights),
    ROW ("ancillary: recvmsg closes SCM_RIGHTS on error", test_closed_on_error),
    ROW ("ancillary: SCM_CREDENTIALS / SO_PASSCRED", test_credentials),
    ROW ("ancillary: send_fds(sock, buffers, fds[, flags[, address]])", test_send_fds),
    ROW ("ancillary: recv_fds(sock, bufsize, maxfds[, flags])", test_recv_fds),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
