/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-race: connecting by name: which attempt wins and when the next starts, what a failure says,
 * the deadline, the source, options, event loops. */
#include "names.h"

/* Far from what any test waits for, so that only a test that hangs meets it. */
#define LONG KIN_SECONDS (20)

static KinSocket *
must_connect (const char *hosts, guint16 port)
{
  g_autofree char *endpoint = g_strdup_printf ("name:%s,%u", hosts, port);
  g_autoptr (GError) error = NULL;
  KinSocket *socket = kin_connect (endpoint, LONG, &error);

  if (!socket)
    fail_msg ("%s", error->message);
  return socket;
}

static void
assert_peer (KinSocket *socket, const char *host, guint16 port)
{
  g_autofree char *expected = g_strdup_printf ("name:%s,%u", host, port), *text = NULL;
  KinAddress peer;

  assert_true (kin_socket_peer (socket, &peer, NULL));
  text = kin_address_format (&peer);
  assert_string_equal (text, expected);
}

/* ---- Who wins ------------------------------------------------------------------------------ */

static void
test_first_wins (void **state)
{
  guint16 port = 0;
  g_autoptr (KinSocket) door = names_listen ("127.0.0.2", &port), socket = NULL;
  g_autoptr (KinSocket) server = NULL;
  char byte = 0;
  guint fds;

  (void) state;
  fds = names_count_fds ();
  socket = must_connect ("127.0.0.2+127.0.0.3", port);
  assert_peer (socket, "127.0.0.2", port);
  assert_int_equal (names_count_fds (), fds + 1);
  assert_int_equal (kin_socket_get_timeout (socket), KIN_FOREVER);
  server = kin_socket_accept (door, NULL, NULL);
  assert_int_equal (kin_socket_send (socket, "x", 1, 0, NULL), 1);
  assert_int_equal (kin_socket_recv (server, &byte, 1, 0, NULL), 1);
  assert_int_equal (byte, 'x');
}

/* A refusal starts the next at once: the second is reached long before the 250 ms of an attempt
 * would let three of them start. */
static void
test_failure_starts_next (void **state)
{
  guint16 port = 0;
  g_autoptr (KinSocket) door = names_listen ("127.0.0.9", &port), socket = NULL;
  gint64 start = g_get_monotonic_time ();

  (void) state;
  socket = must_connect ("127.0.0.2+127.0.0.3+127.0.0.4+127.0.0.5+127.0.0.6+127.0.0.7+127.0.0.8+"
                         "127.0.0.9",
                         port);
  assert_peer (socket, "127.0.0.9", port);
  assert_true (g_get_monotonic_time () - start < 7 * 250000);
}

static void
test_silence_starts_next (void **state)
{
  guint16 port = 0;
  Silent silent = names_listen_silently ("127.0.0.2", &port);
  g_autoptr (KinSocket) door = names_listen ("127.0.0.3", &port), socket = NULL;
  Moment began = now ();
  guint fds = names_count_fds ();

  (void) state;
  socket = must_connect ("127.0.0.2+127.0.0.3", port);
  assert_waited (began, 250000);
  assert_peer (socket, "127.0.0.3", port);
  assert_int_equal (names_count_fds (), fds + 1);
  names_silent_free (&silent);
}

/* An attempt that another was started beside may still win. */
static gpointer
accept_all (gpointer door)
{
  KinSocket *accepted[4];

  g_usleep (300000);
  for (guint i = 0; i < 3; i++)
    accepted[i] = kin_socket_accept (door, NULL, NULL);
  accepted[3] = NULL;
  for (guint i = 0; i < 3; i++)
    kin_socket_unref (accepted[i]);
  return NULL;
}

static void
test_slow_one_wins (void **state)
{
  guint16 port = 0;
  Silent silent = names_listen_silently ("127.0.0.2", &port);
  Silent other = names_listen_silently ("127.0.0.3", &port);
  GThread *thread;
  g_autoptr (KinSocket) socket = NULL;

  (void) state;
  kin_socket_set_timeout (silent.door, KIN_SECONDS (1), NULL);
  thread = g_thread_new ("accept", accept_all, silent.door);
  socket = must_connect ("127.0.0.2+127.0.0.3", port);
  assert_peer (socket, "127.0.0.2", port);
  g_thread_join (thread);
  names_silent_free (&silent);
  names_silent_free (&other);
}

/* ---- What failed --------------------------------------------------------------------------- */

/* Bound, and not listening: whoever connects to its port is refused, at every address. */
static KinSocket *
refuse (guint16 *port)
{
  KinSocket *socket = kin_bind ("name:*,0", NULL);

  assert_non_null (socket);
  *port = names_port_of (socket);
  return socket;
}

/* Families take turns, from that of the first. */
static void
test_all_fail (void **state)
{
  guint16 port;
  g_autoptr (KinSocket) refusing = refuse (&port);
  g_autofree char *endpoint =
      g_strdup_printf ("name:127.0.0.2+127.0.0.3+::1+127.0.0.4,%u?so.mark=0", port);
  g_autofree char *expected = g_strdup_printf (
      "cannot connect to name:127.0.0.2+127.0.0.3+::1+127.0.0.4,%u: "
      "127.0.0.2,%u: Connection refused; ::1,%u: Connection refused; 127.0.0.3,%u: Connection "
      "refused; 127.0.0.4,%u: Connection refused; nothing listens on that port",
      port, port, port, port, port);
  g_autoptr (GError) error = NULL;
  guint fds = names_count_fds ();

  (void) state;
  assert_null (kin_connect (endpoint, LONG, &error));
  assert_int_equal (errno, ECONNREFUSED);
  assert_string_equal (error->message, expected);
  assert_kin_error (error, KIN_OS_ERROR, ECONNREFUSED);
  assert_int_equal (names_count_fds (), fds);
  assert_null (kin_connect (endpoint, LONG, NULL));
  assert_int_equal (errno, ECONNREFUSED);
}

static void
test_unreachable (void **state)
{
  guint16 port;
  g_autoptr (KinSocket) refusing = refuse (&port);
  g_autofree char *endpoint = g_strdup_printf ("name:255.255.255.255+127.0.0.1,%u", port);
  g_autofree char *expected = g_strdup_printf ("; 127.0.0.1,%u: Connection refused", port);
  g_autoptr (GError) error = NULL;

  (void) state;
  assert_null (kin_connect (endpoint, LONG, &error));
  assert_non_null (strstr (error->message, ": 255.255.255.255,"));
  assert_non_null (strstr (error->message, expected));
}

static void
test_deadline (void **state)
{
  guint16 port = 0;
  Silent silent = names_listen_silently ("127.0.0.2", &port);
  Silent other = names_listen_silently ("127.0.0.3", &port);
  g_autofree char *endpoint =
      g_strdup_printf ("name:wait-50+127.0.0.2+127.0.0.3+127.0.0.4+127.0.0.5,%u", port);
  g_autoptr (GError) error = NULL;
  Moment began = now ();
  guint fds = names_count_fds ();

  (void) state;
  assert_null (kin_connect (endpoint, 400000, &error));
  assert_int_equal (errno, ETIMEDOUT);
  assert_waited (began, 400000);
  assert_non_null (strstr (error->message, ": 127.0.0.2,"));
  assert_non_null (strstr (error->message, ": timed out; 127.0.0.3,"));
  assert_non_null (strstr (error->message, ": not tried"));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_TIMED_OUT);
  assert_int_equal (names_count_fds (), fds);
  names_silent_free (&silent);
  names_silent_free (&other);
}

static gpointer
cancel_late (gpointer cancel)
{
  g_usleep (SHORT / 2);
  kin_cancel_cancel (cancel);
  return NULL;
}

static void
test_cancel (void **state)
{
  guint16 port = 0;
  Silent silent = names_listen_silently ("127.0.0.2", &port);
  g_autofree char *endpoint = g_strdup_printf ("name:wait-1+127.0.0.2,%u", port);
  g_autoptr (KinCancel) cancel = kin_cancel_new (NULL);
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("cancel", cancel_late, cancel);

  (void) state;
  assert_null (kin_connect_cancellable (endpoint, KIN_FOREVER, cancel, &error));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_CANCELLED);
  g_thread_join (thread);
  names_silent_free (&silent);
}

/* ---- Source and options -------------------------------------------------------------------- */

static void
test_source (void **state)
{
  guint16 port = 0;
  g_autoptr (KinSocket) door = names_listen ("127.0.0.2", &port);
  g_autofree char *numeric = g_strdup_printf ("name:127.0.0.2,%u", port);
  g_autofree char *by_name = g_strdup_printf ("name:::1+127.0.0.2,%u", port);
  const char *endpoints[] = { numeric, by_name };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (endpoints); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (KinSocket) server = NULL;
    g_autoptr (KinSocket) socket =
        kin_connect_full (endpoints[i], "name:127.0.0.77,0", LONG, NULL, &error);
    KinAddress peer;
    g_autofree char *text = NULL;

    if (!socket)
      fail_msg ("%s", error->message);
    server = kin_socket_accept (door, &peer, NULL);
    text = kin_address_format (&peer);
    assert_true (g_str_has_prefix (text, "name:127.0.0.77,"));
  }
}

static void
test_source_that_will_not_do (void **state)
{
  static const struct {
    const char *endpoint, *source, *message;
  } cases[] = {
    { "name:127.0.0.2,1", "name:::1,0", "the source name:::1,0 is of another family" },
    { "name:::1+wait-1,1", "name:127.0.0.1,0",
      "cannot connect to name:::1+wait-1,1: ::1,1: the source name:127.0.0.1,0 is of another" },
    { "name:127.0.0.2,1", "name:wait-1+127.0.0.1,0",
      "the source name:wait-1+127.0.0.1,0 is no address" },
    { "name:127.0.0.2,1", "name-dgram:127.0.0.1,0", "is of another family, or kind" },
    { "name:127.0.0.2,1", "name:198.51.100.1,0",
      "cannot bind to name:198.51.100.1,0: Cannot assign requested address" },
    { "name:127.0.0.2,1", "nonsense", "write SCHEME:ADDRESS" },
  };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;

    assert_null (kin_connect_full (cases[i].endpoint, cases[i].source, LONG, NULL, &error));
    assert_int_not_equal (errno, 0);
    if (!strstr (error->message, cases[i].message))
      fail_msg ("%s", error->message);
  }
}

/* Of a name an option may be one family's alone; an address has to have it. */
static void
test_options (void **state)
{
  guint16 port = 0;
  g_autoptr (KinSocket) door = names_listen ("127.0.0.2", &port);
  g_autoptr (KinSocket) door6 = names_listen ("::1", &port);
  g_autofree char *endpoint = g_strdup_printf (
      "name:127.0.0.2+::1,%u?name4.ttl=7&name6.hops=8&so.keepalive=1&name6.late=16", port);
  g_autofree char *reversed = g_strdup_printf (
      "name:::1+127.0.0.2,%u?name4.ttl=7&name6.hops=8&so.keepalive=1&name6.late=16", port);
  g_autoptr (KinSocket) four = kin_connect (endpoint, LONG, NULL);
  g_autoptr (KinSocket) six = kin_connect (reversed, LONG, NULL);
  g_autofree char *ttl = kin_socket_get_option_text (four, "name4.ttl", NULL);
  g_autofree char *hops = kin_socket_get_option_text (six, "name6.hops", NULL);
  g_autofree char *late = kin_socket_get_option_text (six, "name6.late", NULL);
  g_autofree char *alive = kin_socket_get_option_text (six, "so.keepalive", NULL);

  (void) state;
  assert_string_equal (ttl, "7");
  assert_string_equal (hops, "8");
  assert_string_equal (late, "16");
  assert_string_equal (alive, "1");
}

static void
test_options_that_will_not_do (void **state)
{
  guint16 port;
  g_autoptr (KinSocket) refusing = refuse (&port);
  g_autofree char *endpoint = g_strdup_printf ("name:::1+127.0.0.2,%u?name4.ttl=300", port);
  g_autofree char *expected = g_strdup_printf ("127.0.0.2,%u: cannot set name4.ttl of", port);
  g_autoptr (GError) error = NULL;

  (void) state;
  assert_null (kin_connect ("name:127.0.0.2,1?name6.hops=8", LONG, &error));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_NO_SUCH_OPTION);
  assert_null (kin_connect (endpoint, LONG, &error));
  assert_non_null (strstr (error->message, expected));
}

/* ---- Event loops --------------------------------------------------------------------------- */

/* Drives the socket with poll(2) alone, as another event loop would. */
static gboolean
drive (KinSocket *socket, GError **error)
{
  for (guint rounds = 0; rounds < 1000; rounds++) {
    struct pollfd fd;
    int events;

    g_clear_error (error);
    if (kin_connect_continue (socket, error))
      return TRUE;
    if (!g_error_matches (*error, KIN_OS_ERROR, EINPROGRESS))
      return FALSE;
    events = kin_socket_wants (socket, POLLOUT, &fd.fd);
    assert_true (events >= 0);
    fd.events = (short) events;
    if (events > 0)
      assert_int_equal (poll (&fd, 1, 10000), 1);
  }
  fail_msg ("it spins");
  return FALSE;
}

static void
test_event_loop (void **state)
{
  guint16 port = 0;
  Silent silent = names_listen_silently ("127.0.0.2", &port);
  g_autoptr (KinSocket) door = names_listen ("127.0.0.3", &port), server = NULL;
  g_autofree char *endpoint =
      g_strdup_printf ("name:wait-100+::1+127.0.0.2+127.0.0.3,%u?name4.ttl=7", port);
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = kin_connect_start (endpoint, &error);
  g_autofree char *ttl = NULL;
  char byte;

  (void) state;
  assert_non_null (socket);
  assert_true (kin_socket_fd (socket) >= 0);
  assert_string_equal (kin_socket_scheme (socket), "name");
  assert_int_equal (kin_socket_send (socket, "x", 1, 0, NULL), -1);
  assert_int_equal (errno, ENOTCONN);
  assert_int_equal (kin_socket_recvfrom (socket, &byte, 1, 0, NULL, NULL), -1);
  assert_int_equal (errno, ENOTCONN);
  assert_false (kin_socket_shutdown (socket, SHUT_WR, NULL));
  assert_int_equal (errno, ENOTCONN);
  assert_true (kin_socket_set_timeout (socket, KIN_SECONDS (5), NULL));
  if (!drive (socket, &error))
    fail_msg ("%s", error->message);
  assert_peer (socket, "127.0.0.3", port);
  assert_int_equal (kin_socket_get_timeout (socket), KIN_SECONDS (5));
  ttl = kin_socket_get_option_text (socket, "name4.ttl", NULL);
  assert_string_equal (ttl, "7");
  server = kin_socket_accept (door, NULL, NULL);
  assert_int_equal (kin_socket_send (server, "x", 1, 0, NULL), 1);
  assert_int_equal (kin_socket_recv (socket, &byte, 1, 0, NULL), 1);
  assert_true (kin_connect_continue (socket, NULL));
  names_silent_free (&silent);
}

static void
check_event_loop_fails (const char *endpoint, int code)
{
  guint fds = names_count_fds ();
  g_autoptr (GError) error = NULL;
  KinSocket *socket = kin_connect_start (endpoint, &error);

  assert_non_null (socket);
  assert_false (drive (socket, &error));
  assert_int_equal (errno, code);
  assert_int_equal (kin_socket_fd (socket), -1);
  assert_int_equal (kin_socket_send (socket, "x", 1, 0, NULL), -1);
  assert_int_equal (errno, EBADF);
  g_clear_error (&error);
  assert_false (kin_connect_continue (socket, &error));
  assert_kin_error (error, KIN_OS_ERROR, EBADF);
  kin_socket_unref (socket);
  assert_int_equal (names_count_fds (), fds);
}

static void
test_event_loop_fails (void **state)
{
  guint16 port;
  g_autoptr (KinSocket) refusing = refuse (&port);
  g_autofree char *endpoint = g_strdup_printf ("name:127.0.0.1+::1,%u", port);

  (void) state;
  check_event_loop_fails ("name:wait-10+eai-2,1", EADDRNOTAVAIL);
  check_event_loop_fails (endpoint, ECONNREFUSED);
}

/* Given up at any stage, it leaves nothing. */
static void
test_given_up (void **state)
{
  guint16 port = 0;
  Silent silent = names_listen_silently ("127.0.0.2", &port);
  guint fds = names_count_fds ();
  g_autofree char *endpoint = g_strdup_printf ("name:wait-1+127.0.0.2,%u", port);
  KinSocket *early = kin_connect_start (endpoint, NULL), *late = kin_connect_start (endpoint, NULL);
  KinSocket *closed = kin_connect_start (endpoint, NULL);

  (void) state;
  kin_socket_unref (early);
  g_usleep (50000);
  assert_false (kin_connect_continue (late, NULL));
  assert_int_equal (errno, EINPROGRESS);
  kin_socket_unref (late);
  assert_true (kin_socket_close (closed, NULL));
  assert_false (kin_connect_continue (closed, NULL));
  assert_int_equal (errno, EBADF);
  kin_socket_unref (closed);
  assert_int_equal (names_count_fds (), fds);
  names_silent_free (&silent);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_first_wins),
    cmocka_unit_test (test_failure_starts_next),
    cmocka_unit_test (test_silence_starts_next),
    cmocka_unit_test (test_slow_one_wins),
    cmocka_unit_test (test_all_fail),
    cmocka_unit_test (test_unreachable),
    cmocka_unit_test (test_deadline),
    cmocka_unit_test (test_cancel),
    cmocka_unit_test (test_source),
    cmocka_unit_test (test_source_that_will_not_do),
    cmocka_unit_test (test_options),
    cmocka_unit_test (test_options_that_will_not_do),
    cmocka_unit_test (test_event_loop),
    cmocka_unit_test (test_event_loop_fails),
    cmocka_unit_test (test_given_up),
  };

  return cmocka_run_group_tests (tests, names_setup, NULL);
}
