/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-example: the examples of Python's socket documentation: one end in C, the other is Python's
 * own example, or as near to it as a test can be.
 *
 * Needs: can inet inet6 unix plugins
 */
#include "partner.h"

#include <linux/can.h>
#include <netdb.h>
#include <sched.h>

/* The documentation's client: sends, and gets what it sent. */
static const char echo_client[] = "s = socket.create_connection(('localhost', int(argument)))\n"
                                  "s.sendall(b'Hello, world')\n"
                                  "assert s.recv(1024) == b'Hello, world'\n"
                                  "s.close()\n";

/* The documentation's server, in C: one client, until it has sent all. */
static void
echo_once (KinSocket *door)
{
  g_autofree char *port = port_of (door);
  pid_t child = partner_start (echo_client, port);
  g_autoptr (KinSocket) client = must_accept (door);
  g_autoptr (GError) error = NULL;
  char data[1024];
  gssize n;

  while ((n = kin_socket_recv (client, data, sizeof data, 0, &error)) > 0)
    must (kin_socket_send_all (client, data, (gsize) n, 0, LONG, NULL, &error), error);
  must (n == 0, error);
  partner_end (child);
}

static void
test_echo (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("tcp4::0");

  (void) state;
  echo_once (door);
}

static void
test_dual_protocol (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("tcp::0");

  (void) state;
  echo_once (door);
  echo_once (door);
}

static void
test_create_server (void **state)
{
  g_autoptr (KinSocket) door =
      must_listen (kin_has_dual_stack ("tcp", NULL) ? "tcp::0" : "tcp4::0");

  (void) state;
  echo_once (door);
}

/* A bus of its own, in a network namespace of its own. */
static void
need_bus (void)
{
  gboolean has_can = TRUE;
  int status = -1;

  {
    g_autoptr (KinSocket) socket = kin_bind ("can:", NULL);

    has_can = socket != NULL;
  }
  if (has_can && unshare (CLONE_NEWNET | (geteuid () == 0 ? 0 : CLONE_NEWUSER)) == 0)
    g_spawn_command_line_sync ("sh -c 'ip link add vcan0 type vcan && ip link set vcan0 up'", NULL,
                               NULL, &status, NULL);
  if (!has_can || status != 0) {
    print_message ("# the kernel has no virtual CAN: modprobe -a can-raw can-bcm vcan\n");
    skip ();
  }
}

/* The documentation's loop: a frame is received, and sent back as it is. */
static void
test_can_loop (void **state)
{
  static const char script[] = "s = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW)\n"
                               "s.bind(('vcan0',))\n"
                               "frame = struct.pack('=IB3x8s', 0x123, 4, b'\\xde\\xad\\xbe\\xef')\n"
                               "for i in range(100):\n"
                               "    s.send(frame)\n"
                               "    if select.select([s], [], [], 0.2)[0]:\n"
                               "        assert s.recv(16) == frame\n"
                               "        sys.exit(0)\n"
                               "sys.exit('nothing came back')\n";
  g_autoptr (KinSocket) bus = NULL;
  g_autoptr (GError) error = NULL;
  struct can_frame frame;
  pid_t child;

  (void) state;
  need_bus ();
  bus = must_bind ("can:vcan0");
  child = partner_start (script, "");
  must (kin_socket_recv (bus, &frame, sizeof frame, 0, &error) == sizeof frame, error);
  assert_int_equal (frame.can_id, 0x123);
  must_send (bus, &frame, sizeof frame);
  partner_end (child);
}

/* The documentation's way: connected, not bound. Python's manager sends each 10 ms. */
static void
test_bcm (void **state)
{
  static const char script[] =
      "s = socket.socket(socket.AF_CAN, socket.SOCK_DGRAM, socket.CAN_BCM)\n"
      "s.connect(('vcan0',))\n"
      "head = struct.pack('@IIIllllII', 1, 3, 0, 0, 0, 0, 10000, 0x77, 1)\n"
      "head += b'\\0' * (-len(head) % 8)\n"
      "s.send(head + struct.pack('=IB3x8s', 0x77, 2, b'ab'))\n"
      "sys.stdin.read()\n";
  g_autoptr (KinSocket) bus = NULL, manager = NULL;
  g_autoptr (GError) error = NULL;
  struct can_frame frame;
  int pipes[2], before;
  pid_t child;

  (void) state;
  need_bus ();
  manager = must_connect ("can-bcm:vcan0");
  bus = must_bind ("can:vcan0");
  assert_int_equal (pipe2 (pipes, O_CLOEXEC), 0);
  before = dup (0);
  dup2 (pipes[0], 0);
  child = partner_start (script, "");
  dup2 (before, 0);
  close (before);
  close (pipes[0]);
  for (guint i = 0; i < 3; i++) {
    must (kin_socket_recv (bus, &frame, sizeof frame, 0, &error) == sizeof frame, error);
    assert_int_equal (frame.can_id, 0x77);
    assert_memory_equal (frame.data, "ab", 2);
  }
  close (pipes[1]);
  partner_end (child);
}

/* A connection that the server ended stays in TIME_WAIT; with so.reuseaddr, which kin_listen ()
 * sets for TCP, the port is there again at once; without it is not. */
static void
test_time_wait (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("tcp4:127.0.0.1:0"), again = NULL;
  g_autofree char *where = local_text (door);
  g_autofree char *without = g_strconcat (where, "?so.reuseaddr=0", NULL);
  g_autoptr (GError) error = NULL;

  (void) state;
  {
    g_autoptr (KinSocket) client = must_connect (where), server = must_accept (door);
    char byte;

    must (kin_socket_close (server, &error), error);
    assert_int_equal (kin_socket_recv (client, &byte, 1, 0, &error), 0);
  }
  must (kin_socket_close (door, &error), error);
  assert_null (kin_listen (without, &error));
  assert_int_equal (errno, EADDRINUSE);
  g_clear_error (&error);
  again = kin_listen (where, &error);
  must (again, error);
}

/* The recipe's receiver: descriptors as an array of int, a part of one at the end left off. */
static void
test_fds (void **state)
{
  static const char script[] =
      "s = socket.socket(fileno=int(argument))\n"
      "fds = array.array('i')\n"
      "message, ancdata, flags, address = s.recvmsg(20, socket.CMSG_LEN(2 * fds.itemsize))\n"
      "for level, type, data in ancdata:\n"
      "    if level == socket.SOL_SOCKET and type == socket.SCM_RIGHTS:\n"
      "        fds.frombytes(data[:len(data) - (len(data) % fds.itemsize)])\n"
      "assert message == b'two' and len(fds) == 2, (message, fds)\n"
      "os.write(fds[1], b'through the pipe')\n"
      "s.close()\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autofree char *number = NULL;
  char data[32];
  int pipes[2];

  (void) state;
  must (kin_socket_new_pair ("unix", &a, &b, &error), error);
  must (kin_socket_set_inheritable (b, TRUE, &error), error);
  assert_int_equal (pipe2 (pipes, O_CLOEXEC), 0);
  must (kin_socket_send_fds (a, "two", 3, pipes, 2, 0, NULL, &error) == 3, error);
  number = g_strdup_printf ("%d", kin_socket_fd (b));
  partner_run (script, number);
  close (pipes[1]);
  assert_int_equal (read (pipes[0], data, sizeof data), 16);
  assert_memory_equal (data, "through the pipe", 16);
  close (pipes[0]);
}

static void
test_scatter (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) a = NULL, b = NULL;
  char first[5], second[11], third[7] = "";
  const struct iovec vectors[] = { { first, 4 }, { second, 10 }, { third, 6 } };
  g_autoptr (KinMessage) message = kin_message_new ();

  (void) state;
  must (kin_socket_new_pair ("unix", &a, &b, &error), error);
  must_send (a, "Mary had a little lamb", 22);
  kin_message_set_vectors (message, vectors, G_N_ELEMENTS (vectors));
  must (kin_socket_recvmsg (b, message, 0, &error) == 20, error);
  assert_memory_equal (first, "Mary", 4);
  assert_memory_equal (second, " had a lit", 10);
  assert_memory_equal (third, "tle la", 6);
  assert_int_equal (kin_message_get_flags (message), 0);
}

static void
test_udplite (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = kin_socket_new ("udplite4", &error);
  g_autofree char *coverage = NULL;

  (void) state;
  if (!socket) {
    print_message ("# %s\n", error->message);
    g_clear_error (&error);
    skip ();
  }
  must (kin_socket_set_option_text (socket, "udplite.send-cscov", "8", &error), error);
  coverage = kin_socket_get_option_text (socket, "udplite.send-cscov", &error);
  assert_string_equal (coverage, "8");
}

static void
test_listing (void **state)
{
  const KinAddressHints hints = { .protocol = IPPROTO_TCP };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) infos = kin_getaddrinfo ("localhost", "80", &hints, LONG, NULL, &error);

  (void) state;
  must (infos, error);
  for (guint i = 0; i < infos->len; i++) {
    const KinAddressInfo *info = infos->pdata[i];
    g_autofree char *text = kin_address_format (&info->address);

    assert_int_equal (info->protocol, IPPROTO_TCP);
    assert_true (strcmp (text, "tcp:127.0.0.1:80") == 0 || strcmp (text, "tcp:[::1]:80") == 0);
  }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("example: IPv4 echo server/client", test_echo),
    ROW ("example: dual-protocol echo server/client", test_dual_protocol),
    ROW ("example: create_server dual-stack", test_create_server),
    ROW ("example: TIME_WAIT and SO_REUSEADDR", test_time_wait),
    ROW ("example: send_fds/recv_fds recipes", test_fds),
    ROW ("example: recvmsg_into scatter", test_scatter),
    ROW ("example: UDPLITE coverage", test_udplite),
    ROW ("example: getaddrinfo listing", test_listing),
    ROW ("example: CAN raw frame loop", test_can_loop),
    ROW ("example: CAN BCM socket", test_bcm),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
