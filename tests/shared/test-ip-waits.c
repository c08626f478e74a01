/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-ip-waits: each operation of each protocol of inet and inet6 that may wait keeps its timeout,
 * whether the kernel keeps it or the core polls: never early, late by at most ten times.
 *
 * Needs: inet inet6
 */
#include "net.h"

/* A socket of the protocol, bound or listening at its loopback; NULL: the kernel has not got it. */
static KinSocket *
open_row (const KinProtocol *row)
{
  g_autofree char *text = g_strdup_printf ("%s:%s", row->scheme, row->loopback);
  g_autoptr (GError) error = NULL;
  KinSocket *socket =
      row->type == SOCK_STREAM ? kin_listen (text, &error) : kin_bind (text, &error);

  if (!socket && errno != EPROTONOSUPPORT && errno != ESOCKTNOSUPPORT)
    fail_msg ("%s", error->message);
  return socket;
}

static void
must_time_out (const char *scheme, const char *operation, gboolean is_done, const GError *error,
               Moment began)
{
  if (is_done || !g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT))
    fail_msg ("%s: %s: %s", scheme, operation, error ? error->message : "it did not wait");
  assert_waited (began, SHORT);
}

static void
check_receive (const char *scheme, KinSocket *socket)
{
  g_autoptr (GError) error = NULL;
  Moment began;
  gssize n;
  char byte;

  must (kin_socket_set_timeout (socket, SHORT, &error), error);
  began = now ();
  n = kin_socket_recv (socket, &byte, 1, 0, &error);
  must_time_out (scheme, "receive", n >= 0, error, began);
}

static void
check_accept (const char *scheme, KinSocket *door)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = NULL;
  Moment began;

  must (kin_socket_set_timeout (door, SHORT, &error), error);
  began = now ();
  socket = kin_socket_accept (door, NULL, &error);
  must_time_out (scheme, "accept", socket != NULL, error, began);
  must (kin_socket_set_timeout (door, LONG, &error), error);
}

/* Until the peer, who does not receive, takes no more. */
static void
check_send (const char *scheme, KinSocket *socket)
{
  static char data[64 * 1024];
  g_autoptr (GError) error = NULL;
  Moment began;
  gssize n;

  must (kin_socket_set_timeout (socket, SHORT, &error), error);
  do {
    began = now ();
    n = kin_socket_send (socket, data, sizeof data, 0, &error);
  } while (n == sizeof data);
  if (n < 0)
    must_time_out (scheme, "send", FALSE, error, began);
}

static void
check_connection (const KinProtocol *row, KinSocket *door)
{
  g_autofree char *to = local_text (door);
  g_autoptr (KinSocket) client = NULL, server = NULL;

  check_accept (row->scheme, door);
  client = must_connect (to);
  server = must_accept (door);
  check_receive (row->scheme, server);
  check_receive (row->scheme, client);
  check_send (row->scheme, client);
}

static void
check_family (const char *name)
{
  const KinFamily *family = kin_load_family (name, NULL);
  KinProtocol row;

  for (guint i = 0; kin_table_get (&family->protocols, i, &row, sizeof row); i++) {
    g_autoptr (KinSocket) socket = row.loopback ? open_row (&row) : NULL;

    print_message ("# %s%s\n", row.scheme, socket ? "" : ": not here");
    if (socket && row.type == SOCK_STREAM)
      check_connection (&row, socket);
    else if (socket)
      check_receive (row.scheme, socket);
  }
}

static void
test_inet (void **state)
{
  (void) state;
  check_family ("inet");
}

static void
test_inet6 (void **state)
{
  (void) state;
  check_family ("inet6");
}

/* A neighbour whom the kernel knows, and who answers nothing. */
static void
test_connect (void **state)
{
  static const char *const endpoints[] = {
    "tcp4:192.0.2.9:80",
    "mptcp4:192.0.2.9:80",
    "sctp4:192.0.2.9:80",
    "tcp6:[2001:db8::9]:80",
    "mptcp6:[2001:db8::9]:80",
    "sctp6:[2001:db8::9]:80",
    "sctp4-seqpacket:192.0.2.9:80",
  };
  int status = -1;

  (void) state;
  assert_true (
      g_spawn_command_line_sync ("sh -ec 'ip address add 192.0.2.1/24 dev k0\n"
                                 "ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev k0\n"
                                 "ip neigh add 2001:db8::9 lladdr 02:00:00:00:00:09 dev k0'",
                                 NULL, NULL, &status, NULL));
  assert_int_equal (status, 0);
  for (guint i = 0; i < G_N_ELEMENTS (endpoints); i++) {
    g_autoptr (GError) error = NULL;
    Moment began = now ();
    gboolean is_done = kin_connect (endpoints[i], SHORT, &error) != NULL;

    print_message ("# %s\n", endpoints[i]);
    if (g_error_matches (error, KIN_OS_ERROR, EPROTONOSUPPORT)
        || g_error_matches (error, KIN_OS_ERROR, ESOCKTNOSUPPORT))
      continue;
    must_time_out (endpoints[i], "connect", is_done, error, began);
  }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_inet),
    cmocka_unit_test (test_inet6),
    cmocka_unit_test (test_connect),
  };

  return cmocka_run_group_tests (tests, net_setup, NULL);
}
