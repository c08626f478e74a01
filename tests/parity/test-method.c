/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-method: sockets are named, connected and shut down.
 *
 * Needs: unix inet inet6 plugins
 */
#include "../shared/net.h"
#include "partner.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

/* ---- Naming and connecting ----------------------------------------------------------------- */

static void
test_accept (void **state)
{
  static const char client[] = "peer = socket.create_connection(('127.0.0.1', int(argument)))\n"
                               "peer.sendall(repr(peer.getsockname()).encode())\n"
                               "assert peer.recv(1) == b''\n";
  g_autoptr (KinSocket) door = must_listen ("tcp4:127.0.0.1:0"), server = NULL;
  g_autofree char *port = port_of (door), *shown = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) tuple = NULL;
  pid_t child = partner_start (client, port);
  KinAddress peer;

  (void) state;
  server = kin_socket_accept (door, &peer, &error);
  must (server, error);
  assert_false (kin_socket_get_inheritable (server, NULL));
  tuple = kin_address_to_tuple (&peer);
  shown = kin_value_print (tuple);
  must (kin_socket_set_timeout (server, LONG, &error), error);
  assert_receives (server, shown);
  g_clear_pointer (&server, kin_socket_unref);
  partner_end (child);
}

static void
test_bind (void **state)
{
  static const char client[] =
      "peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
      "peer.sendto(b'to where it is bound', ('127.0.0.1', int(argument)))\n";
  g_autoptr (KinSocket) socket = kin_socket_new ("udp4", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *port = NULL;
  KinAddress address;

  (void) state;
  must (kin_address_parse (&address, "udp4:127.0.0.1:0", &error), error);
  must (kin_socket_bind (socket, &address, &error), error);
  port = port_of (socket);
  partner_run (client, port);
  must (kin_socket_set_timeout (socket, LONG, &error), error);
  assert_receives (socket, "to where it is bound");
  assert_fails (kin_socket_bind (socket, &address, &error), EINVAL, &error); /* it is bound */
}

/* Python has connected once this is known. */
static void
test_connect (void **state)
{
  static const char server[] = "door = socket.socket(socket.AF_UNIX)\n"
                               "door.bind(argument.replace('@', '\\0', 1))\n"
                               "door.listen()\n"
                               "peer, _ = door.accept()\n"
                               "peer.sendall(peer.recv(100))\n";
  const char *name = own_name ("@kin-PID-connect");
  g_autofree char *endpoint = g_strconcat ("unix:", name, NULL);
  g_autoptr (KinSocket) socket = kin_socket_new ("unix", NULL);
  g_autoptr (GError) error = NULL;
  pid_t child = partner_start (server, name);
  gboolean is_done = FALSE;
  KinAddress address;

  (void) state;
  must (kin_address_parse (&address, endpoint, &error), error);
  for (guint tries = 0; !is_done && tries < 2000; tries++) {
    is_done = kin_socket_connect (socket, &address, NULL);
    assert_true (is_done || errno == ECONNREFUSED);
    g_usleep (is_done ? 0 : 10000);
  }
  assert_true (is_done);
  must_send (socket, "connected", 9);
  assert_receives (socket, "connected");
  partner_end (child);
}

/* The name of a port that nobody listens on. */
static void
dead_address (KinAddress *address)
{
  g_autoptr (KinSocket) bound = must_bind ("tcp4:127.0.0.1:0");

  assert_true (kin_socket_local (bound, address, NULL));
}

/* One that takes no more connections: the kernel drops what comes. */
static KinSocket *
full_door (KinAddress *address, KinSocket **waiting)
{
  KinSocket *door = must_bind ("tcp4:127.0.0.1:0");
  g_autofree char *endpoint = local_text (door);

  assert_true (kin_socket_listen (door, 0, NULL));
  *waiting = must_connect (endpoint);
  assert_true (kin_socket_local (door, address, NULL));
  return door;
}

static void
test_connect_ex (void **state)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("tcp4", NULL), door = NULL, waiting = NULL;
  g_autoptr (KinSocket) late = kin_socket_new ("tcp4", NULL), at_once = NULL;
  KinAddress address;

  (void) state;
  dead_address (&address);
  assert_false (kin_socket_connect (socket, &address, NULL));
  assert_int_equal (errno, ECONNREFUSED);
  door = full_door (&address, &waiting);
  assert_true (kin_socket_set_timeout (late, SHORT, NULL));
  assert_false (kin_socket_connect (late, &address, NULL));
  assert_int_equal (errno, ETIMEDOUT);
  at_once = kin_socket_new_from_numbers (AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0, NULL);
  assert_false (kin_socket_connect (at_once, &address, NULL));
  assert_int_equal (errno, EINPROGRESS);
}

static void
test_names (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("tcp4:127.0.0.1:0"), client = NULL, server = NULL;
  g_autofree char *at = local_text (door), *client_name = NULL, *server_peer = NULL;
  g_autofree char *client_peer = NULL;
  g_autoptr (GError) error = NULL;
  KinAddress address;

  (void) state;
  assert_string_not_equal (at, "tcp4:127.0.0.1:0"); /* the kernel chose a port */
  assert_fails (kin_socket_peer (door, &address, &error), ENOTCONN, &error);
  client = must_connect (at);
  server = must_accept (door);
  client_name = local_text (client);
  server_peer = peer_text (server);
  client_peer = peer_text (client);
  assert_string_equal (client_name, server_peer);
  assert_string_equal (client_peer, at);
}

static void
test_sockname (void **state)
{
  static const char check[] = "peer = socket.socket(fileno=int(argument.split(' ', 1)[0]))\n"
                              "assert repr(peer.getsockname()) == argument.split(' ', 1)[1]\n";
  g_autoptr (KinSocket) socket = must_bind ("udp6:[::1]:0");
  g_autoptr (GVariant) tuple = NULL;
  g_autofree char *shown = NULL, *argument = NULL;
  KinAddress address;

  (void) state;
  assert_true (kin_socket_local (socket, &address, NULL));
  tuple = kin_address_to_tuple (&address);
  shown = kin_value_print (tuple);
  argument = g_strdup_printf ("%d %s", kin_socket_fd (socket), shown);
  assert_true (kin_socket_set_inheritable (socket, TRUE, NULL));
  partner_run (check, argument);
}

static guint
backlog_of (KinSocket *door)
{
  struct tcp_info info;

  assert_true (kin_socket_getsockopt (door, IPPROTO_TCP, TCP_INFO, &info, sizeof info, NULL) > 0);
  return info.tcpi_sacked; /* of a listening socket */
}

static void
test_listen (void **state)
{
  g_autoptr (KinSocket) door = must_bind ("tcp4:127.0.0.1:0"), usual = NULL;
  g_autoptr (KinSocket) datagram = must_bind ("udp4:127.0.0.1:0");
  g_autoptr (GError) error = NULL;

  (void) state;
  must (kin_socket_listen (door, 5, &error), error);
  assert_int_equal (backlog_of (door), 5);
  must (kin_socket_listen (door, -1, &error), error);
  assert_int_equal (backlog_of (door), 0);
  usual = must_listen ("tcp4:127.0.0.1:0");
  assert_int_equal (backlog_of (usual), 128);
  assert_fails (kin_socket_listen (datagram, 1, &error), EOPNOTSUPP, &error);
}

static void
test_shutdown (void **state)
{
  static const char peer[] = "peer = socket.socket(fileno=int(argument))\n"
                             "data = b''\n"
                             "while piece := peer.recv(100):\n"
                             "    data += piece\n"
                             "peer.sendall(b'%d bytes' % len(data))\n";
  g_autoptr (KinSocket) a = NULL, b = NULL, lone = kin_socket_new ("tcp4", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *number = NULL;
  char byte;
  pid_t child;

  (void) state;
  must (kin_socket_new_pair ("tcp4", &a, &b, &error), error);
  must (kin_socket_set_inheritable (b, TRUE, &error), error);
  number = g_strdup_printf ("%d", kin_socket_fd (b));
  child = partner_start (peer, number);
  must_send (a, "half a connection", 17);
  must (kin_socket_shutdown (a, SHUT_WR, &error), error);
  assert_receives (a, "17 bytes");
  assert_fails (kin_socket_send (a, "x", 1, 0, &error) >= 0, EPIPE, &error);
  partner_end (child);
  must (kin_socket_shutdown (b, SHUT_RD, &error), error);
  assert_int_equal (kin_socket_recv (b, &byte, 1, 0, NULL), 0);
  must (kin_socket_shutdown (b, SHUT_RDWR, &error), error);
  assert_fails (kin_socket_shutdown (lone, SHUT_RDWR, &error), ENOTCONN, &error);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("method: accept()", test_accept),
    ROW ("method: bind(address)", test_bind),
    ROW ("method: connect(address)", test_connect),
    ROW ("method: connect_ex(address)", test_connect_ex),
    ROW ("method: getpeername()", test_names),
    ROW ("method: getsockname()", test_sockname),
    ROW ("method: listen([backlog])", test_listen),
    ROW ("method: shutdown(how)", test_shutdown),
  };

  return cmocka_run_group_tests_name ("method", tests, net_setup, NULL);
}
