/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-sharing: a socket in two processes: received over a UNIX socket, inherited by its number,
 * and ended by its number; with Python at the other side, both ways.
 *
 * Needs: unix inet plugins
 */
#include "partner.h"

#include <netinet/in.h>

/* Python has the other end of a UNIX pair, by its number. */
static KinSocket *
start_partner (const char *script, pid_t *child)
{
  g_autoptr (KinSocket) theirs = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *number = NULL;
  KinSocket *own;

  must (kin_socket_new_pair ("unix", &own, &theirs, &error), error);
  must (kin_socket_set_timeout (own, LONG, &error), error);
  must (kin_socket_set_inheritable (theirs, TRUE, &error), error);
  number = g_strdup_printf ("%d", kin_socket_fd (theirs));
  *child = partner_start (script, number);
  return own;
}

/* A connection is made here, and goes on in Python once this process has closed it. */
static void
test_share (void **state)
{
  static const char script[] = "way = socket.socket(fileno=int(argument))\n"
                               "_, fds, _, _ = socket.recv_fds(way, 1, 1)\n"
                               "shared = socket.socket(fileno=fds[0])\n"
                               "assert shared.family == socket.AF_INET\n"
                               "way.sendall(b'k')\n"
                               "assert shared.recv(100) == b'who?'\n"
                               "shared.sendall(b'python')\n";
  g_autoptr (KinSocket) way = NULL, a = NULL, b = NULL;
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GError) error = NULL;
  pid_t child;

  (void) state;
  way = start_partner (script, &child);
  must (kin_socket_new_pair ("tcp4", &a, &b, &error), error);
  must (kin_socket_set_timeout (a, LONG, &error), error);
  kin_message_set_data (message, "s", 1);
  must (kin_message_add_fds (message, (int[]){ kin_socket_fd (b) }, 1, &error), error);
  must (kin_socket_sendmsg (way, message, 0, &error) == 1, error);
  assert_receives (way, "k");
  must (kin_socket_close (b, &error), error);
  must_send (a, "who?", 4);
  assert_receives (a, "python");
  partner_end (child);
}

static void
test_from_share (void **state)
{
  static const char script[] = "way = socket.socket(fileno=int(argument))\n"
                               "door = socket.create_server(('127.0.0.1', 0))\n"
                               "client = socket.create_connection(door.getsockname())\n"
                               "server, _ = door.accept()\n"
                               "socket.send_fds(way, [b's'], [server.fileno()])\n"
                               "server.close()\n"
                               "client.sendall(b'to whoever has it')\n"
                               "assert client.recv(100) == b'kin'\n";
  g_autoptr (KinSocket) way = NULL, shared = NULL;
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GError) error = NULL;
  g_autofree int *fds = NULL;
  pid_t child;
  char byte;
  gsize n;

  (void) state;
  way = start_partner (script, &child);
  kin_message_set_data (message, &byte, 1);
  kin_message_set_control_size (message, 64);
  must (kin_socket_recvmsg (way, message, 0, &error) == 1, error);
  fds = kin_message_steal_fds (message, &n);
  assert_int_equal (n, 1);
  shared = kin_socket_new_from_fd (fds[0], &error);
  must (shared, error);
  assert_string_equal (kin_socket_scheme (shared), "tcp");
  assert_false (kin_socket_get_inheritable (shared, NULL));
  assert_int_equal (kin_socket_get_timeout (shared), KIN_FOREVER); /* Python's has O_NONBLOCK */
  must (kin_socket_set_timeout (shared, LONG, &error), error);
  assert_receives (shared, "to whoever has it");
  must_send (shared, "kin", 3);
  partner_end (child);
}

static void
test_close (void **state)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("udp4", NULL);
  g_autoptr (GError) error = NULL;
  int fd = kin_socket_detach (socket, NULL);

  (void) state;
  must (kin_close_fd (fd, &error), error);
  assert_int_equal (fcntl (fd, F_GETFD), -1);
  assert_fails (kin_close_fd (fd, &error), EBADF, &error);
  assert_fails (kin_close_fd (-1, &error), EBADF, &error);
}

/* As inetd starts a service: the connection is its standard input. Python starts a program of Kin
 * (this one) with it, and Kin starts Python. */
static void
test_inherited (void **state)
{
  static const char parent[] =
      "import subprocess\n"
      "door = socket.create_server(('127.0.0.1', 0))\n"
      "client = socket.create_connection(door.getsockname())\n"
      "server, _ = door.accept()\n"
      "with subprocess.Popen([argument, 'service'], stdin=server) as service:\n"
      "    server.close()\n"
      "    client.sendall(b'inherited')\n"
      "    assert client.recv(100) == b'tcp inherited'\n"
      "    assert service.wait(20) == 0\n";
  static const char service[] = "peer = socket.socket(fileno=int(argument))\n"
                                "peer.sendall(peer.recv(100).upper())\n";
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autoptr (KinSocket) socket = NULL;
  pid_t child;

  (void) state;
  partner_run (parent, self);
  socket = start_partner (service, &child);
  must_send (socket, "loud", 4);
  assert_receives (socket, "LOUD");
  partner_end (child);
}

/* What test_inherited has Python start. */
static int
serve (void)
{
  g_autoptr (KinSocket) socket = kin_socket_new_from_fd (STDIN_FILENO, NULL);
  char data[100], answer[120];
  gssize n = socket ? kin_socket_recv (socket, data, sizeof data, 0, NULL) : -1;
  int length;

  if (n < 0)
    return 1;
  length = g_snprintf (answer, sizeof answer, "%s %.*s", kin_socket_scheme (socket), (int) n, data);
  return kin_socket_send (socket, answer, (gsize) length, 0, NULL) == length ? 0 : 1;
}

/* A number alone is nothing to another process: the descriptor has to be handed over. */
static void
test_no_bytes (void **state)
{
  static const char script[] = "try:\n"
                               "    socket.socket(fileno=int(argument))\n"
                               "except OSError as error:\n"
                               "    assert error.errno == errno.EBADF, error\n"
                               "else:\n"
                               "    sys.exit('there is a socket')\n";
  g_autoptr (KinSocket) socket = kin_socket_new ("udp4", NULL);
  g_autofree char *number = g_strdup_printf ("%d", kin_socket_fd (socket));

  (void) state;
  partner_run (script, number);
}

int
main (int n_arguments, char **arguments)
{
  const struct CMUnitTest tests[] = {
    ROW ("sharing: share(process_id)", test_share),
    ROW ("sharing: fromshare(data)", test_from_share),
    ROW ("sharing: close(fd)", test_close),
    ROW ("sharing: inherited fd (inetd/stdin)", test_inherited),
    ROW ("sharing: not picklable", test_no_bytes),
  };

  if (n_arguments > 1 && strcmp (arguments[1], "service") == 0)
    return serve ();
  return cmocka_run_group_tests_name ("sharing", tests, NULL, NULL);
}
