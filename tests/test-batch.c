/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-batch: several messages by one call. */
#include "local.h"

#include <fcntl.h>

enum { MANY = 70 }; /* more than one call takes */

/* ---- Families with data slots of their own ------------------------------------------------- */

static guint messages_sent, batches_sent, batches_received;

static ssize_t
own_sendmsg (KinFamilySocket *socket, const struct msghdr *message, int flags)
{
  ssize_t n = sendmsg (socket->fd, message, flags);

  messages_sent++;
  return n < 0 ? -errno : n;
}

static ssize_t
own_recvmsg (KinFamilySocket *socket, struct msghdr *message, int flags)
{
  ssize_t n = recvmsg (socket->fd, message, flags);

  return n < 0 ? -errno : n;
}

static int
own_sendmmsg (KinFamilySocket *socket, struct mmsghdr *messages, unsigned count, int flags)
{
  int n = sendmmsg (socket->fd, messages, count, flags);

  batches_sent++;
  return n < 0 ? -errno : n;
}

static int
own_recvmmsg (KinFamilySocket *socket, struct mmsghdr *messages, unsigned count, int flags)
{
  int n = recvmmsg (socket->fd, messages, count, flags, NULL);

  batches_received++;
  return n < 0 ? -errno : n;
}

static const KinSocketOps each_ops = {
  .size = sizeof each_ops,
  .sendmsg = own_sendmsg,
  .recvmsg = own_recvmsg,
};

static const KinSocketOps batch_ops = {
  .size = sizeof batch_ops,
  .sendmsg = own_sendmsg,
  .recvmsg = own_recvmsg,
  .sendmmsg = own_sendmmsg,
  .recvmmsg = own_recvmmsg,
};

static const KinProtocol each_protocols[] = {
  LOCAL_ROW ("each", SOCK_DGRAM, KIN_WAITS_ALL),
};
static const KinProtocol batch_protocols[] = {
  LOCAL_ROW ("batch", SOCK_DGRAM, KIN_WAITS_ALL),
};

static const KinFamily families[] = {
  { KIN_STAMP, .domain = KIN_DOMAIN_DYNAMIC, .over_domain = AF_UNIX, .name = "each",
    .summary = "slots for one message", .protocols = KIN_TABLE (each_protocols), .ops = &each_ops },
  { KIN_STAMP, .domain = KIN_DOMAIN_DYNAMIC, .over_domain = AF_UNIX, .name = "batch",
    .summary = "slots for several", .protocols = KIN_TABLE (batch_protocols), .ops = &batch_ops },
};

static int
setup (void **state)
{
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    if (!kin_register_family (&families[i], NULL))
      return -1;
  return local_setup (state);
}

/* ---- Messages ------------------------------------------------------------------------------ */

static KinMessage *messages[MANY];
static gsize lengths[MANY];
static char bytes[MANY][8];

/* "0", "11", "222"…: each has another length. */
static gsize
length_of (guint i)
{
  return i % 5 + 1;
}

static void
fill (gsize n, gboolean to_send)
{
  for (guint i = 0; i < n; i++) {
    kin_message_free (messages[i]);
    messages[i] = kin_message_new ();
    memset (bytes[i], to_send ? '0' + (int) (i % 10) : 0, sizeof bytes[i]);
    kin_message_set_data (messages[i], bytes[i], to_send ? length_of (i) : sizeof bytes[i]);
  }
}

static void
forget (void)
{
  for (guint i = 0; i < MANY; i++)
    g_clear_pointer (&messages[i], kin_message_free);
}

/* The i-th that was received is the n-th that was sent. */
static void
assert_is (guint i, guint n)
{
  assert_int_equal (lengths[i], length_of (n));
  for (gsize at = 0; at < length_of (n); at++)
    assert_int_equal (bytes[i][at], '0' + (int) (n % 10));
}

/* A receiver, and a socket connected to it. */
static void
make_receiver (const char *scheme, KinSocket **sender, KinSocket **receiver)
{
  g_autofree char *endpoint = local_endpoint (scheme, "batch");

  *receiver = kin_bind (endpoint, NULL);
  assert_non_null (*receiver);
  *sender = kin_connect (endpoint, KIN_FOREVER, NULL);
  assert_non_null (*sender);
  local_unlink (endpoint);
}

static void
check_batches (const char *scheme)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;

  make_receiver (scheme, &a, &b);
  fill (5, TRUE);
  assert_int_equal (kin_socket_sendmmsg (a, messages, 5, 0, NULL), 5);
  fill (3, FALSE);
  assert_int_equal (kin_socket_recvmmsg (b, messages, lengths, 3, 0, NULL), 3);
  for (guint i = 0; i < 3; i++)
    assert_is (i, i);
  /* Two are there, and nobody waits for a third, though this socket waits for ever. */
  fill (3, FALSE);
  assert_int_equal (kin_socket_recvmmsg (b, messages, lengths, 3, 0, NULL), 2);
  for (guint i = 0; i < 2; i++)
    assert_is (i, i + 3);
  forget ();
}

static void
test_several_at_once (void **state)
{
  (void) state;
  check_batches ("local-dgram");
}

static void
test_slots_for_one (void **state)
{
  (void) state;
  messages_sent = 0;
  check_batches ("each");
  assert_int_equal (messages_sent, 5);
}

static void
test_slots_for_several (void **state)
{
  (void) state;
  messages_sent = batches_sent = batches_received = 0;
  check_batches ("batch");
  assert_int_equal (messages_sent, 0);
  assert_int_equal (batches_sent, 1);
  assert_int_equal (batches_received, 2);
}

static void
test_more_than_a_call_takes (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;

  (void) state;
  make_pair ("local-dgram", &a, &b);
  fill (MANY, TRUE);
  assert_true (kin_socket_set_timeout (a, 0, NULL));
  /* net.unix.max_dgram_qlen, 10 as the kernel comes, may be less than a call takes. */
  for (guint sent = 0; sent < MANY;) {
    gssize n = kin_socket_sendmmsg (a, messages + sent, MANY - sent, 0, NULL);
    char byte;

    assert_true (n <= 64);
    if (n < 0)
      assert_int_equal (errno, EAGAIN);
    sent += (guint) MAX (n, 0);
    while (kin_socket_recv (b, &byte, 1, MSG_DONTWAIT, NULL) > 0)
      ;
  }
  assert_int_equal (kin_socket_sendmmsg (a, messages, 0, 0, NULL), 0);
  forget ();
}

/* ---- Waiting ------------------------------------------------------------------------------- */

static void
test_times_out (void **state)
{
  const char *schemes[] = { "local-dgram", "each", "batch" };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++) {
    g_autoptr (KinSocket) a = NULL, b = NULL;
    g_autoptr (GError) error = NULL;
    Moment began;

    make_receiver (schemes[i], &a, &b);
    fill (2, FALSE);
    assert_true (kin_socket_set_timeout (b, SHORT, NULL));
    began = now ();
    assert_int_equal (kin_socket_recvmmsg (b, messages, lengths, 2, 0, &error), -1);
    assert_kin_error (error, KIN_ERROR, KIN_ERROR_TIMED_OUT);
    assert_waited (began, SHORT);
    assert_int_equal (kin_socket_recvmmsg (b, messages, lengths, 2, MSG_DONTWAIT, &error), -1);
    assert_kin_error (error, KIN_OS_ERROR, EAGAIN);
  }
  forget ();
}

static void
test_waits_for_the_first (void **state)
{
  g_autoptr (KinCancel) cancel = kin_cancel_new (NULL);
  const char *schemes[] = { "local-dgram", "each" };

  (void) state;
  for (guint i = 0; i < 2 * G_N_ELEMENTS (schemes); i++) {
    g_autoptr (KinSocket) a = NULL, b = NULL;
    GThread *thread;

    make_receiver (schemes[i / 2], &a, &b);
    if (i % 2) /* it polls */
      assert_true (kin_socket_set_cancel (b, cancel, NULL));
    fill (2, FALSE);
    thread = g_thread_new ("sender", send_late, a);
    assert_int_equal (kin_socket_recvmmsg (b, messages, lengths, 2, 0, NULL), 1);
    assert_int_equal (lengths[0], 1);
    g_thread_join (thread);
  }
  forget ();
}

/* ---- What comes with them ------------------------------------------------------------------ */

static void
test_addresses_and_descriptors (void **state)
{
  g_autofree char *endpoint = local_endpoint ("local-dgram", "door");
  g_autofree char *name = local_endpoint ("local-dgram", "sender");
  g_autoptr (KinSocket) door = kin_bind (endpoint, NULL), sender = kin_bind (name, NULL);
  g_autofree char *from = NULL;
  KinAddress to;
  guint before;
  gsize n;
  int fd;

  (void) state;
  fd = kin_socket_fd (sender);
  assert_true (kin_address_parse (&to, endpoint, NULL));
  before = count_fds ();
  fill (2, TRUE);
  for (guint i = 0; i < 2; i++) {
    kin_message_set_address (messages[i], &to);
    assert_true (kin_message_add_fds (messages[i], &fd, 1, NULL));
  }
  assert_int_equal (kin_socket_sendmmsg (sender, messages, 2, 0, NULL), 2);
  fill (2, FALSE);
  assert_int_equal (kin_socket_recvmmsg (door, messages, lengths, 2, 0, NULL), 2);
  assert_int_equal (count_fds (), before + 2);
  for (guint i = 0; i < 2; i++) {
    assert_true (fcntl (*kin_message_get_fds (messages[i], &n), F_GETFD) & FD_CLOEXEC);
    assert_int_equal (n, 1);
  }
  from = kin_address_format (kin_message_get_address (messages[1]));
  assert_string_equal (from, name);
  forget ();
  assert_int_equal (count_fds (), before);
  local_unlink (endpoint);
  local_unlink (name);
}

static char *
refuse_the_second (const KinAudit *audit, gpointer count)
{
  if (strcmp (audit->event, "socket.sendmsg") != 0)
    return NULL;
  return ++*(guint *) count == 2 ? g_strdup ("enough") : NULL;
}

/* Refused before any of them went. */
static void
test_audit (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  guint count = 0;

  (void) state;
  make_pair ("local-dgram", &a, &b);
  fill (3, TRUE);
  kin_set_audit_hook (refuse_the_second, &count);
  assert_int_equal (kin_socket_sendmmsg (a, messages, 3, 0, &error), -1);
  kin_set_audit_hook (NULL, NULL);
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_DENIED);
  fill (1, FALSE);
  assert_int_equal (kin_socket_recvmmsg (b, messages, lengths, 1, MSG_DONTWAIT, NULL), -1);
  forget ();
}

static void
test_failures (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;

  (void) state;
  make_pair ("local-dgram", &a, &b);
  kin_socket_close (b, NULL);
  fill (2, TRUE);
  assert_int_equal (kin_socket_sendmmsg (a, messages, 2, 0, &error), -1);
  assert_non_null (strstr (error->message, "cannot send to"));
  assert_kin_error (error, KIN_OS_ERROR, ECONNREFUSED);
  assert_int_equal (kin_socket_recvmmsg (b, messages, lengths, 2, 0, &error), -1);
  assert_kin_error (error, KIN_OS_ERROR, EBADF);
  forget ();
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_several_at_once),
    cmocka_unit_test (test_slots_for_one),
    cmocka_unit_test (test_slots_for_several),
    cmocka_unit_test (test_more_than_a_call_takes),
    cmocka_unit_test (test_times_out),
    cmocka_unit_test (test_waits_for_the_first),
    cmocka_unit_test (test_addresses_and_descriptors),
    cmocka_unit_test (test_audit),
    cmocka_unit_test (test_failures),
  };

  return cmocka_run_group_tests (tests, setup, local_teardown);
}
