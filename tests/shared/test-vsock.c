/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-vsock: the family vsock: names, options, packets, connects that wait, what fails.
 *
 * Needs: vsock
 */
#include "vsock.h"

#include <signal.h>
#include <sys/time.h>

/* ---- Names --------------------------------------------------------------------------------- */

static void
test_names (void **state)
{
  (void) state;
  check_name ("vsock:2:1234", "(2, 1234)", 2, 1234);
  check_name ("vsock:0:0", "(0, 0)", 0, 0);
  check_name ("vsock:any:any", "(4294967295, 4294967295)", G_MAXUINT32, G_MAXUINT32);
  check_name ("vsock:4294967295:4294967294", "(4294967295, 4294967294)", G_MAXUINT32,
              G_MAXUINT32 - 1);
  check_name ("vsock-seqpacket:0x10:80", "(16, 80)", 16, 80);
  check_name ("vsock-dgram:3:any", "(3, 4294967295)", 3, G_MAXUINT32);
  check_name ("vsock:5:6:to-host", "(5, 6)", 5, 6);
}

static void
test_flag (void **state)
{
  KinAddress plain, flagged;
  g_autofree char *text = NULL;

  (void) state;
  assert_true (kin_address_parse (&plain, "vsock:5:6", NULL));
  assert_true (kin_address_parse (&flagged, "vsock:5:6:1", NULL));
  assert_false (kin_address_equal (&plain, &flagged));
  assert_int_equal (flagged.sa.bytes[12], 1); /* svm_flags */
  text = kin_address_format (&flagged);
  assert_string_equal (text, "vsock:5:6:to-host");
}

static void
test_bad_names (void **state)
{
  g_autoptr (GError) error = NULL;
  KinAddress address;

  (void) state;
  check_bad_name ("vsock:", "must be cid:port");
  check_bad_name ("vsock:1", "must be cid:port");
  check_bad_name ("vsock:1:2:3:4", "must be cid:port");
  check_bad_name ("vsock:4294967296:1", "cid 4294967296 is out of range (0 to 4294967295)");
  check_bad_name ("vsock:1:4294967296", "port 4294967296 is out of range");
  check_bad_name ("vsock:-1:1", "cid -1 is out of range");
  check_bad_name ("vsock:1:", "port");
  check_bad_name ("vsock:host:1", "not the word any");
  check_bad_name ("vsock:1:2:256", "flags 256 is out of range");
  assert_false (kin_address_from_tuple (
      &address, "vsock", g_variant_new ("(xs)", G_GINT64_CONSTANT (1), "2"), &error));
  assert_non_null (strstr (error->message, "port"));
  g_clear_error (&error);
  assert_false (kin_address_from_tuple (
      &address, "vsock",
      g_variant_new ("(xxx)", G_GINT64_CONSTANT (1), G_GINT64_CONSTANT (2), G_GINT64_CONSTANT (3)),
      &error));
  assert_non_null (strstr (error->message, "3 members"));
}

/* ---- Options ------------------------------------------------------------------------------- */

static void
test_buffer_options (void **state)
{
  g_autoptr (KinSocket) socket = NULL;
  guint64 raw = 0;

  (void) state;
  need_vsock ();
  socket = must_bind ("vsock:1:any?vsock.buffer-max-size=1048576&vsock.buffer-size=524288"
                      "&vsock.buffer-min-size=4096&vsock.connect-timeout=1.5");
  assert_int_equal (get_number (socket, "vsock.buffer-size"), 524288);
  assert_int_equal (
      kin_socket_getsockopt (socket, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &raw, sizeof raw, NULL),
      sizeof raw);
  assert_int_equal (raw, 524288);
  assert_int_equal (get_number (socket, "vsock.buffer-max-size"), 1048576);
  assert_int_equal (get_number (socket, "vsock.buffer-min-size"), 4096);
  assert_int_equal (get_number (socket, "vsock.connect-timeout"), 1500000);
}

/* More than the most is the most; the least lifts it. */
static void
test_buffer_limits (void **state)
{
  g_autoptr (KinSocket) socket = NULL;

  (void) state;
  need_vsock ();
  socket = must_bind ("vsock:1:any?vsock.buffer-size=1000000000");
  assert_int_equal (get_number (socket, "vsock.buffer-size"),
                    get_number (socket, "vsock.buffer-max-size"));
  assert_true (kin_socket_set_option_text (socket, "vsock.buffer-size", "1", NULL));
  assert_int_equal (get_number (socket, "vsock.buffer-size"),
                    get_number (socket, "vsock.buffer-min-size"));
}

static void
test_bad_time (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = NULL;

  (void) state;
  need_vsock ();
  socket = must_bind ("vsock:1:any");
  assert_false (
      kin_socket_set_option (socket, "vsock.connect-timeout", g_variant_new_int64 (-1), &error));
  assert_non_null (error);
  assert_int_equal (get_number (socket, "vsock.connect-timeout"), 2000000);
}

static void
test_local_cid (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = NULL;
  guint32 cid = 0;
  int fd;

  (void) state;
  fd = open ("/dev/vsock", O_RDONLY);
  if (fd < 0) {
    print_message ("# the kernel has no /dev/vsock, or it may not be read: modprobe vsock\n");
    skip ();
  }
  assert_int_equal (ioctl (fd, IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid), 0);
  close (fd);
  socket = must_bind ("vsock:any:any");
  assert_int_equal (get_number (socket, "vsock.local-cid"), cid);
  assert_false (kin_socket_set_option_text (socket, "vsock.local-cid", "7", &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_NO_SUCH_OPTION));
}

/* ---- Connections --------------------------------------------------------------------------- */

static Pair
connect_pair (const char *scheme, const char *options)
{
  g_autofree char *text = g_strdup_printf ("%s:1:any%s", scheme, options), *to = NULL;
  Pair pair = { .door = must_listen (text) };

  to = local_text (pair.door);
  pair.client = must_connect (to);
  pair.server = must_accept (pair.door);
  return pair;
}

static void
test_packets (void **state)
{
  g_autoptr (GError) error = NULL;
  Pair pair;

  (void) state;
  need_vsock ();
  pair = connect_pair ("vsock-seqpacket", "");
  must_send (pair.client, "one", 3);
  must_send (pair.client, "three", 5);
  assert_receives (pair.server, "one");
  assert_receives (pair.server, "three");
  must_send (pair.server, "back", 4);
  assert_receives (pair.client, "back");
  must (kin_socket_shutdown (pair.client, SHUT_WR, &error), error);
  assert_receives (pair.server, "");
  pair_free (&pair);
}

/* The end of a record is told with it, and what did not fit is lost and told. */
static void
test_records (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinMessage) message = NULL;
  char data[3];
  Pair pair;

  (void) state;
  need_vsock ();
  message = kin_message_new ();
  pair = connect_pair ("vsock-seqpacket", "");
  assert_int_equal (kin_socket_send (pair.client, "record", 6, MSG_EOR, &error), 6);
  kin_message_set_data (message, data, sizeof data);
  must (kin_socket_recvmsg (pair.server, message, 0, &error) == 3, error);
  assert_true (kin_message_get_flags (message) & MSG_EOR);
  assert_true (kin_message_get_flags (message) & MSG_TRUNC);
  pair_free (&pair);
}

/* Before Linux 6.7 the kernel calls every failure of a packet's ENOMEM. */
static void
test_too_long_a_packet (void **state)
{
  static const char data[8192];
  g_autoptr (GError) error = NULL;
  Pair pair;

  (void) state;
  need_vsock ();
  pair = connect_pair ("vsock-seqpacket", "?vsock.buffer-size=4096");
  assert_int_equal (kin_socket_send (pair.client, data, sizeof data, 0, &error), -1);
  assert_true (errno == EMSGSIZE || errno == ENOMEM);
  if (!strstr (error->message, "vsock.buffer-max-size"))
    fail_msg ("%s", error->message);
  pair_free (&pair);
}

static gpointer
send_all (gpointer data)
{
  KinSocket *socket = data;
  char block[1000];

  for (guint i = 0; i < 2000; i++) {
    memset (block, (int) (i % 251), sizeof block);
    must_send (socket, block, sizeof block);
  }
  return NULL;
}

/* Eight times what the buffer holds. */
static void
test_stream (void **state)
{
  char block[1000], expected[1000];
  GThread *thread;
  Pair pair;

  (void) state;
  need_vsock ();
  pair = connect_pair ("vsock", "");
  thread = g_thread_new ("sender", send_all, pair.client);
  for (guint i = 0; i < 2000; i++) {
    must_receive (pair.server, block, sizeof block);
    memset (expected, (int) (i % 251), sizeof expected);
    assert_memory_equal (block, expected, sizeof block);
  }
  g_thread_join (thread);
  pair_free (&pair);
}

/* The kernel's shutdown would make it forget that the peer closed. */
static void
check_end (const char *scheme)
{
  g_autoptr (GError) error = NULL;
  Pair pair = connect_pair (scheme, "");

  must_send (pair.client, "bye", 3);
  kin_socket_unref (g_steal_pointer (&pair.client));
  assert_receives (pair.server, "bye");
  assert_receives (pair.server, "");
  must (kin_socket_shutdown (pair.server, SHUT_WR, &error), error);
  assert_receives (pair.server, "");
  pair_free (&pair);
}

/* A peer that has but shut its own end is told of ours. */
static void
check_half_closed (const char *scheme)
{
  g_autoptr (GError) error = NULL;
  Pair pair = connect_pair (scheme, "");

  must (kin_socket_shutdown (pair.client, SHUT_WR, &error), error);
  assert_receives (pair.server, "");
  must_send (pair.server, "bye", 3);
  must (kin_socket_shutdown (pair.server, SHUT_WR, &error), error);
  assert_receives (pair.client, "bye");
  assert_receives (pair.client, "");
  pair_free (&pair);
}

static void
test_ends (void **state)
{
  (void) state;
  need_vsock ();
  check_end ("vsock");
  check_end ("vsock-seqpacket");
  check_half_closed ("vsock");
  check_half_closed ("vsock-seqpacket");
}

/* ---- Connects that wait; test-waits has the rest -------------------------------------------- */

static void
must_time_out (gboolean is_done, const GError *error, Moment began)
{
  if (is_done || !g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT))
    fail_msg ("%s", error ? error->message : "it did not wait");
  assert_waited (began, SHORT);
}

/* The kernel would wait for two seconds, whatever SO_SNDTIMEO says. */
static void
test_connect_waits (void **state)
{
  static const char *const endpoints[] = { "vsock:4242:99", "vsock-seqpacket:4242:99" };
  int machine = open_mute_machine ();

  (void) state;
  need_mute_machine (machine);
  for (guint i = 0; i < G_N_ELEMENTS (endpoints); i++) {
    g_autoptr (GError) error = NULL;
    Moment began = now ();
    gboolean is_done = kin_connect (endpoints[i], SHORT, &error) != NULL;

    must_time_out (is_done, error, began);
    assert_non_null (strstr (error->message, "does not answer"));
  }
  close (machine);
}

static void
ring (int number)
{
  (void) number;
}

/* A blocking connect would be given up by a signal. */
static void
test_connect_through_signals (void **state)
{
  const struct itimerval often = { { 0, 30000 }, { 0, 30000 } }, never = { { 0, 0 }, { 0, 0 } };
  struct sigaction action = { .sa_handler = ring }, before;
  g_autoptr (GError) error = NULL;
  int machine = open_mute_machine ();
  gboolean is_done;
  Moment began;

  (void) state;
  need_mute_machine (machine);
  assert_int_equal (sigaction (SIGALRM, &action, &before), 0);
  assert_int_equal (setitimer (ITIMER_REAL, &often, NULL), 0);
  began = now ();
  is_done = kin_connect ("vsock:4242:99", SHORT, &error) != NULL;
  assert_int_equal (setitimer (ITIMER_REAL, &never, NULL), 0);
  assert_int_equal (sigaction (SIGALRM, &before, NULL), 0);
  must_time_out (is_done, error, began);
  close (machine);
}

/* With time to spare it is the kernel that gives up. */
static void
test_connect_timeout_option (void **state)
{
  g_autoptr (GError) error = NULL;
  int machine = open_mute_machine ();
  Moment began;

  (void) state;
  need_mute_machine (machine);
  began = now ();
  assert_null (kin_connect ("vsock:4242:99?vsock.connect-timeout=0.2", LONG, &error));
  assert_waited (began, SHORT);
  assert_non_null (strstr (error->message, "vsock.connect-timeout"));
  assert_fails (FALSE, ETIMEDOUT, &error);
  close (machine);
}

/* ---- What fails ---------------------------------------------------------------------------- */

static void
check_fails (const char *endpoint, gboolean is_to_bind, int code, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket =
      is_to_bind ? kin_listen (endpoint, &error) : kin_connect (endpoint, LONG, &error);
  int seen = errno;

  if (!error || !strstr (error->message, words))
    fail_msg ("%s: %s", endpoint, error ? error->message : "done");
  errno = seen;
  assert_fails (socket != NULL, code, &error);
}

static void
test_failures (void **state)
{
  int machine = open_mute_machine ();

  (void) state;
  need_mute_machine (machine);
  check_fails ("vsock:1:99", FALSE, ECONNRESET, "no program listens on that port");
  check_fails ("vsock-seqpacket:1:99", FALSE, ECONNRESET, "no program listens on that port");
  check_fails ("vsock:77:99", FALSE, ENODEV, "modprobe vsock_loopback");
  check_fails ("vsock:4242:99:to-host", FALSE, ENODEV, "to the host");
  check_fails ("vsock:77:99", TRUE, EADDRNOTAVAIL, "this machine has another id");
  close (machine);
}

static void
test_port_in_use (void **state)
{
  g_autoptr (KinSocket) socket = NULL;
  g_autofree char *text = NULL;

  (void) state;
  need_vsock ();
  socket = must_listen ("vsock:1:any");
  text = local_text (socket);
  check_fails (text, TRUE, EADDRINUSE, "ss --vsock");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_names),
    cmocka_unit_test (test_flag),
    cmocka_unit_test (test_bad_names),
    cmocka_unit_test (test_buffer_options),
    cmocka_unit_test (test_buffer_limits),
    cmocka_unit_test (test_bad_time),
    cmocka_unit_test (test_local_cid),
    cmocka_unit_test (test_packets),
    cmocka_unit_test (test_records),
    cmocka_unit_test (test_too_long_a_packet),
    cmocka_unit_test (test_stream),
    cmocka_unit_test (test_ends),
    cmocka_unit_test (test_connect_waits),
    cmocka_unit_test (test_connect_through_signals),
    cmocka_unit_test (test_connect_timeout_option),
    cmocka_unit_test (test_failures),
    cmocka_unit_test (test_port_in_use),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
