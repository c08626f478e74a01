/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-beyond-fastopen: data that go with the SYN, both sides, with Python at the other end; that
 * they did, TCP_INFO and the kernel's counters say.
 *
 * Needs: inet inet6
 */
#include "net.h"

#include "partner.h"

/* <linux/tcp.h>: the SYN's data were taken. */
enum { SYN_DATA = 32 };

static int
setup (void **state)
{
  int rc = net_setup (state);
  gboolean is_set = rc == 0
                    && g_file_set_contents_full ("/proc/sys/net/ipv4/tcp_fastopen", "3", 1,
                                                 G_FILE_SET_CONTENTS_NONE, 0, NULL);

  return is_set ? 0 : -1;
}

/* A counter of this namespace: TcpExt, by its name. */
static gint64
counter (const char *name)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL, names = NULL, values = NULL;

  assert_true (g_file_get_contents ("/proc/net/netstat", &text, NULL, NULL));
  lines = g_strsplit (text, "\n", 3);
  names = g_strsplit (lines[0], " ", -1);
  values = g_strsplit (lines[1], " ", -1);
  for (guint i = 0; names[i] && values[i]; i++)
    if (strcmp (names[i], name) == 0)
      return g_ascii_strtoll (values[i], NULL, 10);
  fail_msg ("no counter %s", name);
  return -1;
}

static gboolean
took_syn_data (KinSocket *socket)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) info = kin_socket_get_option (socket, "tcp.info", &error), bits = NULL;

  must (info, error);
  bits = g_variant_get_child_value (info, 5);
  return (g_variant_get_int64 (bits) & SYN_DATA) != 0;
}

/* clang-format off */
static const struct {
  const char *door, *digit;
} families[] = {
  { "tcp4:127.0.0.1:0?tcp.fastopen=16", "4" },
  { "tcp6:[::1]:0?tcp.fastopen=16",     "6" },
};
/* clang-format on */

/* The first connection asks for a cookie: an ordinary one, which the kernel keeps for the next. */
static void
get_cookie (KinSocket *door, const char *to)
{
  g_autofree char *text = g_strconcat (to, "?tcp.fastopen-connect=1", NULL);
  g_autoptr (KinSocket) client = must_connect (text), server = NULL;

  must_send (client, "first", 5);
  server = must_accept (door);
  assert_receives (server, "first");
}

static void
must_forget_cookies (void)
{
  int status = -1;

  assert_true (g_spawn_command_line_sync ("ip tcp_metrics flush all", NULL, NULL, &status, NULL));
  assert_int_equal (status, 0);
}

/* ---- Both sides ---------------------------------------------------------------------------- */

/* kin_connect returns before anything was sent; the first send connects and has its data in the
 * SYN: the server has them with the connection. */
static void
check_option (guint i)
{
  g_autoptr (KinSocket) door = must_listen (families[i].door), client = NULL, server = NULL;
  g_autofree char *to = local_text (door), *text = NULL;
  gint64 active, passive;

  get_cookie (door, to);
  active = counter ("TCPFastOpenActive");
  passive = counter ("TCPFastOpenPassive");
  text = g_strconcat (to, "?tcp.fastopen-connect=1", NULL);
  client = must_connect (text);
  assert_int_equal (poll_now (door), 0);
  must_send (client, "hello", 5);
  server = must_accept (door);
  assert_receives (server, "hello");
  assert_true (took_syn_data (client));
  assert_true (took_syn_data (server));
  assert_int_equal (counter ("TCPFastOpenActive"), active + 1);
  assert_int_equal (counter ("TCPFastOpenPassive"), passive + 1);
  must_send (server, "answer", 6);
  assert_receives (client, "answer");
}

static void
test_option (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    check_option (i);
}

/* The same in one call, without an option: sendto with MSG_FASTOPEN. */
static void
check_flag (guint i, gboolean has_cookie)
{
  g_autoptr (KinSocket) door = must_listen (families[i].door), client = NULL, server = NULL;
  g_autofree char *to = local_text (door), *scheme = g_strdup_printf ("tcp%s", families[i].digit);
  g_autoptr (GError) error = NULL;
  KinAddress address;

  if (has_cookie)
    get_cookie (door, to);
  must (kin_address_parse (&address, to, &error), error);
  client = kin_socket_new (scheme, &error);
  must (client, error);
  must (kin_socket_sendto (client, "hello", 5, MSG_FASTOPEN, &address, &error) == 5, error);
  server = must_accept (door);
  assert_receives (server, "hello");
  assert_int_equal (took_syn_data (client), has_cookie);
}

static void
test_flag (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (families); i++) {
    must_forget_cookies ();
    check_flag (i, FALSE);
    check_flag (i, TRUE);
  }
}

/* Python's data come with the connection that Kin accepts. */
static void
check_python (guint i)
{
  g_autoptr (KinSocket) door = must_listen (families[i].door), server = NULL;
  g_autofree char *to = local_text (door);
  Partner partner;

  get_cookie (door, to);
  start_partner (&partner, "fastopen", families[i].digit, port_of (door), "from Python");
  server = must_accept (door);
  assert_receives (server, "from Python");
  assert_true (took_syn_data (server));
  assert_says (&partner, "taken");
}

static void
test_python (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    check_python (i);
}

/* ---- What a send that connects may wait for ------------------------------------------------ */

/* A socket that polls (it can be cancelled) sends without a cookie: the SYN goes without data, and
 * they follow once it is answered. */
static void
test_polled (void **state)
{
  g_autoptr (KinSocket) door = must_listen (families[0].door), client = NULL, server = NULL;
  g_autoptr (KinCancel) cancel = NULL;
  g_autofree char *to = local_text (door);
  g_autoptr (GError) error = NULL;
  KinAddress address;

  (void) state;
  must_forget_cookies ();
  must (kin_address_parse (&address, to, &error), error);
  cancel = kin_cancel_new (&error);
  must (cancel, error);
  client = kin_socket_new ("tcp4", &error);
  must (client, error);
  must (kin_socket_set_timeout (client, LONG, &error), error);
  must (kin_socket_set_cancel (client, cancel, &error), error);
  must (kin_socket_sendto (client, "hello", 5, MSG_FASTOPEN, &address, &error) == 5, error);
  server = must_accept (door);
  assert_receives (server, "hello");
}

/* One that never waits says that the connection is being made. */
static void
test_without_waiting (void **state)
{
  g_autoptr (KinSocket) door = must_listen (families[0].door), client = NULL, server = NULL;
  g_autofree char *to = local_text (door);
  g_autoptr (GError) error = NULL;
  KinAddress address;

  (void) state;
  must_forget_cookies ();
  must (kin_address_parse (&address, to, &error), error);
  client = kin_socket_new ("tcp4", &error);
  must (client, error);
  must (kin_socket_set_timeout (client, 0, &error), error);
  assert_fails (kin_socket_sendto (client, "hello", 5, MSG_FASTOPEN, &address, &error) >= 0,
                EINPROGRESS, &error);
  must (kin_socket_wait (client, POLLOUT, LONG, &error), error);
  must (kin_socket_send (client, "hello", 5, 0, &error) == 5, error);
  server = must_accept (door);
  assert_receives (server, "hello");
}

/* Nobody answers: the send has the socket's time, however the wait is made. */
static void
check_silent (gboolean is_cancellable)
{
  g_autoptr (KinCancel) cancel = NULL;
  g_autoptr (KinSocket) client = NULL;
  g_autoptr (GError) error = NULL;
  KinAddress address;
  Moment start;

  must (kin_address_parse (&address, "tcp6:[2001:db8::99]:80", &error), error);
  client = kin_socket_new ("tcp6", &error);
  must (client, error);
  must (kin_socket_set_timeout (client, SHORT, &error), error);
  if (is_cancellable) {
    cancel = kin_cancel_new (&error);
    must (kin_socket_set_cancel (client, cancel, &error), error);
  }
  start = now ();
  assert_false (kin_socket_sendto (client, "hello", 5, MSG_FASTOPEN, &address, &error) >= 0);
  assert_waited (start, SHORT);
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
  assert_int_equal (errno, ETIMEDOUT);
}

static void
test_silent (void **state)
{
  (void) state;
  check_silent (FALSE);
  check_silent (TRUE);
}

/* With the option it is the first send that is refused. */
static void
test_refused (void **state)
{
  g_autoptr (KinSocket) door = must_listen (families[0].door), client = NULL;
  g_autofree char *to = local_text (door), *text = NULL, *expected = NULL;
  g_autoptr (GError) error = NULL;

  (void) state;
  get_cookie (door, to);
  must (kin_socket_close (door, &error), error);
  text = g_strconcat (to, "?tcp.fastopen-connect=1", NULL);
  client = must_connect (text);
  assert_false (kin_socket_send (client, "hello", 5, 0, &error) >= 0);
  assert_true (g_error_matches (error, KIN_OS_ERROR, ECONNREFUSED));
  expected = g_strdup_printf ("cannot send to %s: ", to);
  assert_true (g_str_has_prefix (error->message, expected));
}

/* A name's race has a winner as soon as the kernel puts the connect off. */
static void
test_name (void **state)
{
  g_autoptr (KinSocket) door = must_listen (families[0].door), client = NULL, server = NULL;
  g_autofree char *to = local_text (door), *text = NULL, *expected = NULL;
  g_autoptr (GError) error = NULL;

  (void) state;
  get_cookie (door, to);
  text = g_strdup_printf ("tcp4:localhost:%u?tcp.fastopen-connect=1", port_of (door));
  client = must_connect (text);
  must_send (client, "hello", 5);
  server = must_accept (door);
  assert_receives (server, "hello");
  assert_true (took_syn_data (client));
  g_clear_pointer (&client, kin_socket_unref);
  must (kin_socket_close (door, &error), error);
  client = must_connect (text);
  assert_false (kin_socket_send (client, "hello", 5, 0, &error) >= 0);
  expected = g_strdup_printf ("cannot send to %s: Connection refused", to);
  assert_true (g_str_has_prefix (error->message, expected));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_option),  cmocka_unit_test (test_flag),
    cmocka_unit_test (test_python),  cmocka_unit_test (test_polled),
    cmocka_unit_test (test_silent),  cmocka_unit_test (test_without_waiting),
    cmocka_unit_test (test_refused), cmocka_unit_test (test_name),
  };

  return cmocka_run_group_tests (tests, setup, NULL);
}
