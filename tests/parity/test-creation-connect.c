/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-creation-connect: what Python's create_connection and create_server do, with Python at the
 * other end.
 *
 * Needs: inet inet6 plugins
 */
#include "../shared/net.h"
#include "partner.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

/* A port that nobody listens on. */
static char *
dead_port (void)
{
  g_autoptr (KinSocket) bound = must_bind ("tcp4:127.0.0.1:0?so.reuseaddr=0");

  return port_of (bound);
}

static gboolean
has_ipv6 (void)
{
  g_autoptr (KinSocket) socket = kin_bind ("tcp6:[::1]:0", NULL);

  return socket != NULL;
}

/* ---- create_connection --------------------------------------------------------------------- */

static void
test_connection (void **state)
{
  /* Python's server is on IPv4 alone: of localhost's addresses not the first. */
  static const char server[] = "door = socket.create_server(('127.0.0.1', int(argument)))\n"
                               "peer, _ = door.accept()\n"
                               "assert peer.recv(100) == b'hello'\n"
                               "peer.sendall(b'by name')\n";
  g_autofree char *port = dead_port (), *endpoint = g_strconcat ("tcp:localhost:", port, NULL);
  g_autoptr (KinSocket) client = NULL;
  pid_t child = partner_start (server, port);

  (void) state;
  for (guint tries = 0; !client && tries < 2000; tries++) {
    client = kin_connect (endpoint, LONG, NULL);
    g_usleep (client ? 0 : 10000);
  }
  assert_non_null (client);
  assert_int_equal (kin_socket_get_timeout (client), KIN_FOREVER);
  must_send (client, "hello", 5);
  assert_receives (client, "by name");
  partner_end (child);
}

static void
test_connection_timeout (void **state)
{
  g_autoptr (KinSocket) door = must_bind ("tcp4:127.0.0.1:0");
  g_autoptr (GError) error = NULL;
  g_autofree char *endpoint = NULL;
  KinSocket *waiting;
  Moment began;

  (void) state;
  must (kin_socket_listen (door, 0, &error), error);
  endpoint = local_text (door);
  waiting = must_connect (endpoint); /* a backlog of 0 takes one; the kernel drops the next */
  began = now ();
  assert_null (kin_connect (endpoint, SHORT, &error));
  assert_waited (began, SHORT);
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
  assert_int_equal (errno, ETIMEDOUT);
  g_clear_error (&error);
  assert_null (kin_connect (endpoint, -2, &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_VALUE));
  kin_socket_unref (waiting);
}

static void
test_connection_source (void **state)
{
  static const char server[] = "door = socket.create_server(('127.0.0.1', int(argument)))\n"
                               "for _ in range(2):\n"
                               "    peer, name = door.accept()\n"
                               "    peer.sendall(repr(name).encode())\n";
  g_autofree char *port = dead_port (), *own = dead_port (), *wanted = NULL;
  g_autofree char *endpoint = g_strconcat ("tcp4:127.0.0.1:", port, NULL);
  g_autofree char *source = g_strdup_printf ("tcp4:127.0.0.2:%s", own);
  g_autoptr (KinSocket) bound = NULL, anywhere = NULL;
  g_autoptr (GError) error = NULL;
  pid_t child = partner_start (server, port);
  g_autofree char *name = NULL, *seen = NULL;

  (void) state;
  for (guint tries = 0; !bound && tries < 2000; tries++) {
    bound = kin_connect_full (endpoint, source, LONG, NULL, NULL);
    g_usleep (bound ? 0 : 10000);
  }
  assert_non_null (bound);
  wanted = g_strdup_printf ("('127.0.0.2', %s)", own);
  assert_receives (bound, wanted);
  /* '' and 0: what the kernel chooses. */
  anywhere = kin_connect_full (endpoint, "tcp4::0", LONG, NULL, &error);
  must (anywhere, error);
  name = local_text (anywhere);
  seen = g_strdup_printf ("('127.0.0.1', %s)", strrchr (name, ':') + 1);
  assert_receives (anywhere, seen);
  partner_end (child);
  assert_null (kin_connect_full (endpoint, "tcp6:[::1]:0", LONG, NULL, &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_VALUE));
}

/* Every address that Python would try, by its count. */
static guint
count_addresses (const char *endpoint)
{
  g_autoptr (KinEndpoint) parsed = kin_endpoint_new (endpoint, NULL);
  g_autofree KinAddress *addresses = NULL;
  gsize n = 0;

  addresses = kin_endpoint_resolve (parsed, FALSE, LONG, NULL, &n, NULL);
  assert_non_null (addresses);
  return (guint) n;
}

static void
check_refused (const char *endpoint)
{
  g_autoptr (GPtrArray) errors = NULL;
  g_autoptr (GError) error = NULL;
  const GError *last;

  assert_null (kin_connect_all_errors (endpoint, NULL, LONG, NULL, &errors, &error));
  assert_int_equal (errno, ECONNREFUSED);
  assert_int_equal (errors->len, count_addresses (endpoint));
  for (guint i = 0; i < errors->len; i++) {
    const GError *one = errors->pdata[i];

    /* IPv6 may be off. */
    assert_true (one->domain == KIN_OS_ERROR);
    assert_true (one->code == ECONNREFUSED || one->code == EADDRNOTAVAIL);
    assert_non_null (strstr (one->message, "cannot connect to tcp"));
  }
  last = errors->pdata[errors->len - 1];
  assert_int_equal (error->code, last->code);
}

static void
test_all_errors (void **state)
{
  g_autofree char *port = dead_port (), *name = g_strconcat ("tcp:localhost:", port, NULL);
  g_autofree char *address = g_strconcat ("tcp4:127.0.0.1:", port, NULL);
  g_autoptr (KinSocket) door = must_listen ("tcp4:127.0.0.1:0"), client = NULL;
  g_autofree char *endpoint = local_text (door);
  g_autoptr (GPtrArray) errors = NULL;
  g_autoptr (GError) error = NULL;

  (void) state;
  check_refused (name);
  check_refused (address);
  client = kin_connect_all_errors (endpoint, NULL, LONG, NULL, &errors, &error);
  must (client, error);
  assert_null (errors);
  assert_null (kin_connect_all_errors ("tcp:[", NULL, LONG, NULL, &errors, &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_ENDPOINT));
  assert_int_equal (errors->len, 0); /* none was tried */
}

/* Row "error: ExceptionGroup": the same in one sentence, and attempts that the time ended. */
static void
test_group (void **state)
{
  g_autoptr (KinSocket) door = must_bind ("tcp4:127.0.0.1:0");
  g_autofree char *dead = dead_port (), *port = NULL, *endpoint = NULL, *refused = NULL;
  g_autoptr (GPtrArray) errors = NULL, none = NULL;
  g_autoptr (GError) error = NULL;
  KinSocket *waiting;
  const GError *last;

  (void) state;
  refused = g_strconcat ("tcp:localhost:", dead, NULL);
  assert_null (kin_connect_all_errors (refused, NULL, LONG, NULL, &none, &error));
  for (guint i = 0; i < none->len; i++) {
    const GError *one = none->pdata[i];
    const char *reason = g_strerror (one->code);

    assert_non_null (strstr (one->message, reason));
    assert_non_null (strstr (error->message, reason));
  }
  g_clear_error (&error);

  must (kin_socket_listen (door, 0, &error), error);
  port = port_of (door);
  endpoint = g_strdup_printf ("tcp4:localhost:%s", port);
  waiting = must_connect (endpoint);
  assert_null (kin_connect_all_errors (endpoint, NULL, SHORT, NULL, &errors, &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
  assert_int_equal (errors->len, 1);
  last = errors->pdata[0];
  assert_true (g_error_matches (last, KIN_ERROR, KIN_ERROR_TIMED_OUT));
  assert_non_null (strstr (last->message, "127.0.0.1"));
  kin_socket_unref (waiting);
}

/* ---- create_server ------------------------------------------------------------------------- */

static void
test_server (void **state)
{
  static const char client[] = "peer = socket.create_connection(('127.0.0.1', int(argument)))\n"
                               "peer.sendall(b'hello')\n";
  g_autoptr (KinSocket) door = must_listen ("tcp4:127.0.0.1:0"), server = NULL;
  g_autofree char *port = port_of (door), *again = local_text (door);
  g_autoptr (GError) error = NULL;
  guint before = count_fds ();
  pid_t child = partner_start (client, port);

  (void) state;
  server = must_accept (door);
  assert_receives (server, "hello");
  partner_end (child);
  g_clear_pointer (&server, kin_socket_unref);
  assert_null (kin_listen (again, &error));
  assert_non_null (strstr (error->message, again));
  assert_fails (FALSE, EADDRINUSE, &error);
  assert_true (count_fds () <= before); /* a look-up that ended may have had one */
}

static void
test_server_family (void **state)
{
  g_autoptr (KinSocket) four = NULL, six = NULL;

  (void) state;
  if (!has_ipv6 ()) {
    print_message ("# this machine has no IPv6\n");
    skip ();
  }
  four = must_listen ("tcp4:127.0.0.1:0");
  assert_int_equal (kin_socket_domain (four), AF_INET);
  six = must_listen ("tcp6:[::1]:0");
  assert_int_equal (kin_socket_domain (six), AF_INET6);
}

/* What listen was given, as the kernel tells it of a listening socket: tcpi_sacked is the limit. */
static guint
backlog_of (KinSocket *door)
{
  struct tcp_info info;
  g_autoptr (GError) error = NULL;
  gssize n = kin_socket_getsockopt (door, IPPROTO_TCP, TCP_INFO, &info, sizeof info, &error);

  must (n > 0, error);
  return info.tcpi_sacked;
}

static void
test_server_backlog (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("tcp4:127.0.0.1:0");
  g_autoptr (KinSocket) chosen = must_bind ("tcp4:127.0.0.1:0");
  g_autoptr (GError) error = NULL;

  (void) state;
  assert_int_equal (backlog_of (door), MIN (SOMAXCONN, 128));
  must (kin_socket_listen (chosen, 7, &error), error);
  assert_int_equal (backlog_of (chosen), 7);
}

static void
test_server_reuse_port (void **state)
{
  g_autoptr (KinSocket) alone = must_listen ("tcp4:127.0.0.1:0");
  g_autoptr (KinSocket) first = must_listen ("tcp4:127.0.0.1:0?so.reuseport=1"), second = NULL;
  g_autofree char *again = local_text (first), *endpoint = NULL, *taken = local_text (alone);
  g_autoptr (GVariant) is_on = NULL;
  g_autoptr (GError) error = NULL;

  (void) state;
  endpoint = g_strconcat (again, "?so.reuseport=1", NULL);
  second = must_listen (endpoint);
  is_on = kin_socket_get_option (alone, "so.reuseport", &error);
  must (is_on, error);
  assert_false (g_variant_get_boolean (is_on)); /* off, unless it is asked for */
  g_clear_pointer (&endpoint, g_free);
  endpoint = g_strconcat (taken, "?so.reuseport=1", NULL);
  assert_fails (kin_listen (endpoint, &error) != NULL, EADDRINUSE, &error);
}

/* Both families of Python's clients, one, or the other. */
static void
check_serves (const char *endpoint, gboolean four, gboolean six)
{
  static const char client[] = "port, *hosts = argument.split()\n"
                               "for host, wanted in zip(('127.0.0.1', '::1'), hosts):\n"
                               "    try:\n"
                               "        socket.create_connection((host, int(port))).close()\n"
                               "        is_there = True\n"
                               "    except ConnectionRefusedError:\n"
                               "        is_there = False\n"
                               "    assert is_there == (wanted == '1'), (host, wanted, is_there)\n";
  g_autoptr (KinSocket) door = must_listen (endpoint);
  g_autofree char *port = port_of (door), *argument = NULL;

  argument = g_strdup_printf ("%s %d %d", port, four, six);
  partner_run (client, argument);
}

static void
test_server_dual_stack (void **state)
{
  g_autoptr (GError) error = NULL;

  (void) state;
  if (!has_ipv6 ()) {
    print_message ("# this machine has no IPv6\n");
    skip ();
  }
  check_serves ("tcp6:[::]:0?ipv6.v6only=0", TRUE, TRUE);
  check_serves ("tcp::0", TRUE, TRUE);
  check_serves ("tcp6:[::]:0", FALSE, TRUE);
  check_serves ("tcp4::0", TRUE, FALSE);
  /* Needs IPv6: of an IPv4 endpoint there is no such option. */
  assert_null (kin_listen ("tcp4::0?ipv6.v6only=0", &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_NO_SUCH_OPTION));
}

static void
test_has_dual_stack (void **state)
{
  static const char ask[] = "assert socket.has_dualstack_ipv6() == bool(int(argument))\n";
  g_autoptr (GError) error = NULL;
  gboolean has = kin_has_dual_stack ("tcp", &error);

  (void) state;
  partner_run (ask, has ? "1" : "0");
  assert_true (has || errno == EAFNOSUPPORT);
  assert_int_equal (kin_has_dual_stack ("udp", NULL), has);
  g_clear_error (&error);
  assert_false (kin_has_dual_stack ("tcp4", &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_NOT_SUPPORTED));
}

/* A connection that this end closed first keeps its port for a minute, in TIME_WAIT. */
static void
test_server_reuse_address (void **state)
{
  static const char client[] = "peer = socket.create_connection(('127.0.0.1', int(argument)))\n"
                               "assert peer.recv(1) == b''\n";
  KinSocket *door = must_listen ("tcp4:127.0.0.1:0"), *server;
  g_autofree char *port = port_of (door), *endpoint = local_text (door), *without = NULL;
  g_autoptr (KinSocket) again = NULL;
  g_autoptr (GError) error = NULL;
  pid_t child = partner_start (client, port);

  (void) state;
  server = must_accept (door);
  kin_socket_unref (server);
  kin_socket_unref (door);
  partner_end (child);
  without = g_strconcat (endpoint, "?so.reuseaddr=0", NULL);
  assert_fails (kin_listen (without, &error) != NULL, EADDRINUSE, &error);
  again = must_listen (endpoint);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("creation: create_connection(address)", test_connection),
    ROW ("creation: create_connection(timeout=)", test_connection_timeout),
    ROW ("creation: create_connection(source_address=)", test_connection_source),
    ROW ("creation: create_connection(all_errors=)", test_all_errors),
    ROW ("creation: create_server(address)", test_server),
    ROW ("creation: create_server(family=)", test_server_family),
    ROW ("creation: create_server(backlog=)", test_server_backlog),
    ROW ("creation: create_server(reuse_port=)", test_server_reuse_port),
    ROW ("creation: create_server(dualstack_ipv6=)", test_server_dual_stack),
    ROW ("creation: create_server SO_REUSEADDR default", test_server_reuse_address),
    ROW ("creation: has_dualstack_ipv6()", test_has_dual_stack),
    ROW ("error: ExceptionGroup", test_group),
  };

  return cmocka_run_group_tests_name ("creation-connect", tests, net_setup, NULL);
}
