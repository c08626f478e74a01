/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-method-data: sending and receiving, with Python at the other end.
 *
 * Needs: unix inet inet6 plugins
 */
#include "../shared/net.h"
#include "partner.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/time.h>

/* A pair, of which Python has the second end and plays script with it. */
typedef struct {
  KinSocket *own, *theirs;
  pid_t child;
} Couple;

static Couple
couple_start (const char *scheme, const char *script)
{
  g_autofree char *whole =
      g_strconcat ("peer = socket.socket(fileno=int(argument))\n", script, NULL);
  g_autofree char *number = NULL;
  g_autoptr (GError) error = NULL;
  Couple couple;

  must (kin_socket_new_pair (scheme, &couple.own, &couple.theirs, &error), error);
  must (kin_socket_set_timeout (couple.own, LONG, &error), error);
  must (kin_socket_set_inheritable (couple.theirs, TRUE, &error), error);
  number = g_strdup_printf ("%d", kin_socket_fd (couple.theirs));
  couple.child = partner_start (whole, number);
  must (kin_socket_close (couple.theirs, &error), error);
  return couple;
}

static void
couple_end (Couple *couple)
{
  partner_end (couple->child);
  kin_socket_unref (couple->own);
  kin_socket_unref (couple->theirs);
}

/* ---- Receiving ----------------------------------------------------------------------------- */

static void
test_recv (void **state)
{
  Couple stream = couple_start ("unix", "peer.sendall(b'eight by')\n");
  Couple packets = couple_start ("unix-dgram", "peer.send(b'')\npeer.send(b'longer than that')\n");
  g_autoptr (KinSocket) a = NULL, b = NULL;
  char data[16];

  (void) state;
  assert_int_equal (kin_socket_recv (stream.own, data, 5, 0, NULL), 5); /* at most */
  assert_memory_equal (data, "eight", 5);
  assert_int_equal (kin_socket_recv (stream.own, data, 5, MSG_PEEK, NULL), 3);
  assert_int_equal (kin_socket_recv (stream.own, data, 5, 0, NULL), 3);
  assert_int_equal (kin_socket_recv (stream.own, data, 5, 0, NULL), 0);  /* its end */
  assert_int_equal (kin_socket_recv (packets.own, data, 5, 0, NULL), 0); /* an empty datagram */
  assert_int_equal (kin_socket_recv (packets.own, data, 5, 0, NULL), 5);
  couple_end (&stream);
  couple_end (&packets);

  /* Room for nothing: the kernel's call, which takes a datagram. All of nothing is no call. */
  assert_true (kin_socket_new_pair ("unix-dgram", &a, &b, NULL));
  must_send (a, "x", 1);
  assert_int_equal (kin_socket_recv (b, data, 0, 0, NULL), 0);
  assert_int_equal (kin_socket_recv (b, data, 1, MSG_DONTWAIT, NULL), -1);
  assert_true (kin_socket_recv_exactly (b, data, 0, 0, KIN_FOREVER, NULL, NULL));
}

static void
test_recv_into (void **state)
{
  Couple couple = couple_start ("unix", "peer.sendall(b'into the middle')\n");
  char buffer[20] = "-------------------";

  (void) state;
  assert_int_equal (kin_socket_recv (couple.own, buffer + 2, 15, MSG_WAITALL, NULL), 15);
  assert_string_equal (buffer, "--into the middle--");
  couple_end (&couple);
}

/* Who sent it, as Python writes it. */
static char *
show (const KinAddress *address)
{
  g_autoptr (GVariant) tuple = kin_address_to_tuple (address);

  return kin_value_print (tuple);
}

static void
test_recvfrom (void **state)
{
  static const char client[] =
      "peer = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)\n"
      "peer.bind(('::1', 0))\n"
      "peer.sendto(repr(peer.getsockname()).encode(), ('::1', int(argument)))\n";
  g_autoptr (KinSocket) socket = must_bind ("udp6:[::1]:0"), a = NULL, b = NULL;
  g_autofree char *port = port_of (socket), *from = NULL, *none = NULL;
  g_autoptr (GError) error = NULL;
  KinAddress address;
  char data[100] = "";

  (void) state;
  partner_run (client, port);
  must (kin_socket_recvfrom (socket, data, sizeof data - 1, 0, &address, &error) > 0, error);
  from = show (&address);
  assert_string_equal (from, data);
  /* A connected stream has nobody to tell of. */
  must (kin_socket_new_pair ("tcp4", &a, &b, &error), error);
  must_send (a, "x", 1);
  assert_int_equal (kin_socket_recvfrom (b, data, 1, 0, &address, &error), 1);
  none = show (&address);
  assert_string_equal (none, "None");
}

static void
test_recvfrom_into (void **state)
{
  static const char client[] = "peer = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                               "peer.bind('\\0' + argument + '-from')\n"
                               "peer.sendto(b'four', '\\0' + argument)\n";
  const char *name = own_name ("kin-PID-into");
  g_autofree char *endpoint = g_strconcat ("unix-dgram:@", name, NULL), *from = NULL;
  g_autofree char *wanted = g_strdup_printf ("b'\\x00%s-from'", name);
  g_autoptr (KinSocket) socket = must_bind (endpoint);
  char buffer[9] = "--------";
  KinAddress address;

  (void) state;
  partner_run (client, name);
  assert_int_equal (kin_socket_recvfrom (socket, buffer + 2, 4, 0, &address, NULL), 4);
  assert_string_equal (buffer, "--four--");
  from = show (&address);
  assert_string_equal (from, wanted);
}

/* ---- Sending ------------------------------------------------------------------------------- */

static void
test_send (void **state)
{
  Couple couple = couple_start ("unix", "assert peer.recv(100) == b'all of it'\n");
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autofree char *much = g_malloc0 (1 << 24);
  g_autoptr (GError) error = NULL;
  gssize n;

  (void) state;
  assert_int_equal (kin_socket_send (couple.own, "all of it", 9, 0, &error), 9);
  couple_end (&couple);
  must (kin_socket_new_pair ("tcp4", &a, &b, &error), error);
  must (kin_socket_set_timeout (a, 0, &error), error);
  n = kin_socket_send (a, much, 1 << 24, 0, &error);
  assert_in_range (n, 1, (1 << 24) - 1); /* as much as there is room */
  while (n > 0)
    n = kin_socket_send (a, much, 1 << 24, 0, NULL);
  assert_int_equal (errno, EAGAIN);
  /* A peer that is gone is an error; SIGPIPE would end this test. */
  g_clear_pointer (&a, kin_socket_unref);
  g_clear_pointer (&b, kin_socket_unref);
  must (kin_socket_new_pair ("unix", &a, &b, &error), error);
  must (kin_socket_close (b, &error), error);
  assert_fails (kin_socket_send (a, "x", 1, 0, &error) >= 0, EPIPE, &error);
}

static void
test_send_all (void **state)
{
  Couple couple = couple_start ("unix", "total = 0\n"
                                        "while piece := peer.recv(65536):\n"
                                        "    total += len(piece)\n"
                                        "peer.sendall(b'%d' % total)\n");
  g_autofree char *much = g_malloc0 (5000000);
  g_autoptr (GError) error = NULL;
  gsize sent = 0;

  (void) state;
  must (kin_socket_send_all (couple.own, much, 5000000, 0, LONG, &sent, &error), error);
  assert_int_equal (sent, 5000000);
  must (kin_socket_shutdown (couple.own, SHUT_WR, &error), error);
  assert_receives (couple.own, "5000000");
  couple_end (&couple);
}

/* Python echoes one datagram. flags: in Python an argument in the middle. */
static void
check_send_to (int flags)
{
  static const char server[] = "peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                               "peer.bind(('127.0.0.1', 0))\n"
                               "to = ('127.0.0.1', int(argument))\n"
                               "peer.sendto(b'%d' % peer.getsockname()[1], to)\n"
                               "data, name = peer.recvfrom(100)\n"
                               "assert name == to, name\n"
                               "peer.sendto(data, name)\n";
  g_autoptr (KinSocket) socket = must_bind ("udp4:127.0.0.1:0");
  g_autofree char *port = port_of (socket), *to = NULL;
  g_autoptr (GError) error = NULL;
  pid_t child = partner_start (server, port);
  char number[16] = "";
  KinAddress address;

  must (kin_socket_recv (socket, number, sizeof number - 1, 0, &error) > 0, error);
  to = g_strconcat ("udp4:127.0.0.1:", number, NULL);
  must (kin_address_parse (&address, to, &error), error);
  must (kin_socket_sendto (socket, "echo", 4, flags, &address, &error) == 4, error);
  assert_receives (socket, "echo");
  partner_end (child);
}

static void
test_send_to (void **state)
{
  g_autoptr (KinSocket) lone = kin_socket_new ("udp4", NULL);
  g_autoptr (GError) error = NULL;

  (void) state;
  check_send_to (0);
  assert_fails (kin_socket_sendto (lone, "x", 1, 0, NULL, &error) >= 0, EDESTADDRREQ, &error);
}

/* MSG_MORE holds a datagram back until the rest of it comes. */
static void
test_send_to_flags (void **state)
{
  g_autoptr (KinSocket) to = must_bind ("udp4:127.0.0.1:0"), from = must_bind ("udp4:127.0.0.1:0");
  KinAddress address;

  (void) state;
  check_send_to (MSG_DONTWAIT);
  assert_true (kin_socket_local (to, &address, NULL));
  assert_int_equal (kin_socket_sendto (from, "one ", 4, MSG_MORE, &address, NULL), 4);
  assert_int_equal (kin_socket_sendto (from, "datagram", 8, 0, &address, NULL), 8);
  assert_receives (to, "one datagram");
}

/* ---- Threads and signals ------------------------------------------------------------------- */

#define N_BYTES (1 << 22)

static gpointer
send_much (gpointer data)
{
  g_autofree char *much = g_malloc0 (N_BYTES);

  return GINT_TO_POINTER (kin_socket_send_all (data, much, N_BYTES, 0, LONG, NULL, NULL));
}

/* One socket, two threads: one sends while the other receives. */
static void
test_threads (void **state)
{
  Couple couple = couple_start ("unix", "left = 1 << 22\n"
                                        "while left > 0:\n"
                                        "    left -= peer.send(peer.recv(65536))\n");
  g_autofree char *back = g_malloc (N_BYTES);
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("send", send_much, couple.own);

  (void) state;
  must (kin_socket_recv_exactly (couple.own, back, N_BYTES, 0, LONG, NULL, &error), error);
  assert_true (GPOINTER_TO_INT (g_thread_join (thread)));
  couple_end (&couple);
}

static void
ignore (int signal_number)
{
  (void) signal_number;
}

/* While signals come, none of which ends the call: the peer's bytes do, or the timeout. */
static void
test_interrupted (void **state)
{
  const struct itimerval often = { { 0, 20000 }, { 0, 20000 } }, never = { { 0, 0 }, { 0, 0 } };
  struct sigaction action = { .sa_handler = ignore }, before;
  Couple couple = couple_start ("unix", "time.sleep(0.3)\n"
                                        "peer.sendall(b'after signals')\n"
                                        "assert peer.recv(100) == b'now end'\n");
  g_autoptr (GError) error = NULL;
  Moment began;
  char byte;

  (void) state;
  assert_int_equal (sigaction (SIGALRM, &action, &before), 0);
  assert_int_equal (setitimer (ITIMER_REAL, &often, NULL), 0);
  assert_receives (couple.own, "after signals");
  must (kin_socket_set_timeout (couple.own, SHORT, &error), error);
  began = now ();
  assert_int_equal (kin_socket_recv (couple.own, &byte, 1, 0, &error), -1);
  assert_waited (began, SHORT);
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
  assert_int_equal (setitimer (ITIMER_REAL, &never, NULL), 0);
  assert_int_equal (sigaction (SIGALRM, &before, NULL), 0);
  must_send (couple.own, "now end", 7);
  couple_end (&couple);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("method: recv(bufsize[, flags])", test_recv),
    ROW ("method: recv_into(buffer[, nbytes[, flags]])", test_recv_into),
    ROW ("method: recvfrom(bufsize[, flags])", test_recvfrom),
    ROW ("method: recvfrom_into(buffer[, nbytes[, flags]])", test_recvfrom_into),
    ROW ("method: send(bytes[, flags])", test_send),
    ROW ("method: sendall(bytes[, flags])", test_send_all),
    ROW ("method: sendto(bytes, address)", test_send_to),
    ROW ("method: sendto(bytes, flags, address)", test_send_to_flags),
    ROW ("method: thread-safe blocking calls", test_threads),
    ROW ("method: EINTR retry (PEP 475)", test_interrupted),
  };

  return cmocka_run_group_tests_name ("method-data", tests, net_setup, NULL);
}
