/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-timeout: the three modes of a socket, the default of new ones, and how long what takes.
 *
 * Needs: unix inet plugins
 */
#include "../shared/net.h"
#include "partner.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/time.h>

static void
make_pair (KinSocket **a, KinSocket **b)
{
  g_autoptr (GError) error = NULL;

  must (kin_socket_new_pair ("unix", a, b, &error), error);
}

static gboolean
has_nonblock (KinSocket *socket)
{
  return (fcntl (kin_socket_fd (socket), F_GETFL) & O_NONBLOCK) != 0;
}

static void
assert_timed_out (gboolean is_done, GError **error)
{
  assert_false (is_done);
  assert_int_equal (errno, ETIMEDOUT);
  assert_true (g_error_matches (*error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
  g_clear_error (error);
}

/* ---- The default --------------------------------------------------------------------------- */

static void
test_get_default (void **state)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("unix", NULL);

  (void) state;
  assert_int_equal (kin_get_default_timeout (), KIN_FOREVER);
  assert_int_equal (kin_socket_get_timeout (socket), KIN_FOREVER);
}

static void
take (GPtrArray *sockets, KinSocket *socket)
{
  assert_non_null (socket);
  g_ptr_array_add (sockets, socket);
}

/* All that is made while it holds: opened, listening, connected, accepted, adopted, pairs. */
static void
check_default (gint64 timeout)
{
  g_autoptr (GPtrArray) made = g_ptr_array_new_with_free_func ((GDestroyNotify) kin_socket_unref);
  g_autoptr (KinSocket) door = kin_listen ("tcp4:127.0.0.1:0", NULL);
  g_autofree char *at = local_text (door);
  g_autoptr (GError) error = NULL;
  KinSocket *a, *b;

  must (kin_socket_set_timeout (door, LONG, &error), error);
  must (kin_set_default_timeout (timeout, &error), error);
  take (made, kin_socket_new ("unix", NULL));
  take (made, kin_socket_new_from_fd (socket (AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), NULL));
  take (made, kin_bind ("udp4:127.0.0.1:0", NULL));
  take (made, kin_connect (at, LONG, NULL));
  take (made, kin_socket_accept (door, NULL, NULL));
  make_pair (&a, &b);
  take (made, a);
  take (made, b);
  must (kin_set_default_timeout (KIN_FOREVER, &error), error);
  for (guint i = 0; i < made->len; i++) {
    assert_int_equal (kin_socket_get_timeout (made->pdata[i]), timeout);
    if (timeout == 0)
      assert_true (has_nonblock (made->pdata[i]));
  }
}

static void
test_set_default (void **state)
{
  g_autoptr (KinSocket) before = kin_socket_new ("unix", NULL);
  g_autoptr (GError) error = NULL;

  (void) state;
  check_default (KIN_SECONDS (3));
  check_default (0);
  check_default (KIN_FOREVER);
  assert_int_equal (kin_socket_get_timeout (before), KIN_FOREVER);
  assert_false (kin_set_default_timeout (-2, &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_VALUE));
  assert_int_equal (kin_get_default_timeout (), KIN_FOREVER);
}

/* ---- A socket's own ------------------------------------------------------------------------ */

/* What is left of a deadline that has passed must not be taken for ever. */
static void
check_refused (KinSocket *socket, gint64 timeout)
{
  g_autoptr (KinEndpoint) endpoint = kin_endpoint_new ("tcp4:127.0.0.1:1", NULL);
  g_autoptr (GError) error = NULL;
  char byte = 'x';
  gsize n;

  assert_false (kin_socket_set_timeout (socket, timeout, &error));
  assert_int_equal (errno, EINVAL);
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_VALUE));
  assert_false (kin_socket_wait (socket, POLLIN, timeout, NULL));
  assert_int_equal (errno, EINVAL);
  assert_false (kin_socket_send_all (socket, &byte, 1, 0, timeout, NULL, NULL));
  assert_int_equal (errno, EINVAL);
  assert_false (kin_socket_recv_exactly (socket, &byte, 1, 0, timeout, NULL, NULL));
  assert_int_equal (errno, EINVAL);
  assert_null (kin_connect ("tcp4:127.0.0.1:1", timeout, NULL));
  assert_int_equal (errno, EINVAL);
  assert_null (kin_endpoint_resolve (endpoint, FALSE, timeout, NULL, &n, NULL));
  assert_int_equal (errno, EINVAL);
}

static void
test_set (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  Moment began;
  char byte;

  (void) state;
  make_pair (&a, &b);
  must (kin_socket_set_timeout (a, SHORT, &error), error);
  check_refused (a, -2);
  check_refused (a, G_MININT64);
  assert_int_equal (kin_socket_get_timeout (a), SHORT);
  began = now ();
  assert_timed_out (kin_socket_recv (a, &byte, 1, 0, &error) >= 0, &error);
  assert_waited (began, SHORT);
}

static void
test_rounding (void **state)
{
  static const gint64 smallest = KIN_SECONDS (1e-12); /* a constant */
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  char byte;

  (void) state;
  assert_int_equal (smallest, 1);
  assert_int_equal (KIN_SECONDS (0), 0);
  assert_int_equal (KIN_SECONDS (0.1), 100000);
  assert_int_equal (KIN_SECONDS (3600), G_GINT64_CONSTANT (3600000000));
  make_pair (&a, &b);
  /* The shortest time is one: it ends by itself, and is no refusal to wait. */
  must (kin_socket_set_timeout (a, smallest, &error), error);
  assert_timed_out (kin_socket_recv (a, &byte, 1, 0, &error) >= 0, &error);
  assert_timed_out (kin_socket_wait (a, POLLIN, smallest, &error), &error);
  /* The longest does not turn round. */
  must (kin_socket_set_timeout (a, G_MAXINT64, &error), error);
  must_send (b, "xy", 2);
  must (kin_socket_recv (a, &byte, 1, 0, &error) == 1, error);
  must (kin_socket_recv_exactly (a, &byte, 1, 0, G_MAXINT64, NULL, &error), error);
}

static void
test_get (void **state)
{
  static const gint64 timeouts[] = { 0, 1, SHORT, KIN_SECONDS (1e9), KIN_FOREVER };
  g_autoptr (KinSocket) socket = kin_socket_new ("unix", NULL);

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (timeouts); i++) {
    assert_true (kin_socket_set_timeout (socket, timeouts[i], NULL));
    assert_int_equal (kin_socket_get_timeout (socket), timeouts[i]);
  }
}

static void
test_set_blocking (void **state)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("unix", NULL);

  (void) state;
  for (int is_blocking = 0; is_blocking < 2; is_blocking++) {
    assert_true (kin_socket_set_timeout (socket, is_blocking ? KIN_FOREVER : 0, NULL));
    assert_int_equal (has_nonblock (socket), !is_blocking);
    assert_int_equal (kin_socket_type (socket), SOCK_STREAM);
  }
}

static void
test_get_blocking (void **state)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("unix", NULL);

  (void) state;
  assert_true (kin_socket_get_timeout (socket) != 0);
  assert_true (kin_socket_set_timeout (socket, SHORT, NULL));
  assert_true (kin_socket_get_timeout (socket) != 0);
  assert_true (kin_socket_set_timeout (socket, 0, NULL));
  assert_false (kin_socket_get_timeout (socket) != 0);
}

/* Python sends after 0.3 s. */
static void
test_modes (void **state)
{
  static const char late[] = "peer = socket.socket(fileno=int(argument))\n"
                             "peer.recv(1)\n"
                             "time.sleep(0.3)\n"
                             "peer.sendall(b'late')\n";
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *number = NULL;
  pid_t child;
  char byte;

  (void) state;
  make_pair (&a, &b);
  assert_true (kin_socket_set_inheritable (b, TRUE, NULL));
  number = g_strdup_printf ("%d", kin_socket_fd (b));
  child = partner_start (late, number);
  assert_true (kin_socket_set_timeout (a, 0, NULL));
  assert_fails (kin_socket_recv (a, &byte, 1, 0, &error) >= 0, EAGAIN, &error);
  assert_true (kin_socket_set_timeout (a, SHORT, NULL));
  assert_false (has_nonblock (a)); /* the kernel keeps the time */
  assert_timed_out (kin_socket_recv (a, &byte, 1, 0, &error) >= 0, &error);
  assert_true (kin_socket_set_timeout (a, KIN_FOREVER, NULL));
  must_send (a, "x", 1);
  assert_receives (a, "late");
  partner_end (child);
}

/* O_NONBLOCK is the description's. Kin's sockets keep to their own mode all the same. */
static void
test_shared (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL, other = NULL;
  g_autoptr (GError) error = NULL;
  Moment began;
  char byte;

  (void) state;
  make_pair (&a, &b);
  other = kin_socket_dup (a, &error);
  must (other, error);
  must (kin_socket_set_timeout (a, 0, &error), error);
  assert_true (has_nonblock (other));
  must (kin_socket_set_timeout (other, SHORT, &error), error);
  began = now ();
  assert_timed_out (kin_socket_recv (other, &byte, 1, 0, &error) >= 0, &error);
  assert_waited (began, SHORT);
  assert_fails (kin_socket_recv (a, &byte, 1, 0, &error) >= 0, EAGAIN, &error);
}

/* ---- Deadlines ----------------------------------------------------------------------------- */

static void
ignore (int number)
{
  (void) number;
}

/* Signals, each of which would start the time anew; where the kernel keeps it, and where Kin polls.
 */
static void
test_deadline (void **state)
{
  const struct itimerval often = { { 0, 30000 }, { 0, 30000 } }, never = { { 0, 0 }, { 0, 0 } };
  struct sigaction action = { .sa_handler = ignore }, before;
  g_autoptr (KinSocket) a = NULL, b = NULL, other = NULL;
  g_autoptr (GError) error = NULL;
  char byte;

  (void) state;
  make_pair (&a, &b);
  assert_int_equal (sigaction (SIGALRM, &action, &before), 0);
  assert_int_equal (setitimer (ITIMER_REAL, &often, NULL), 0);
  for (guint is_polled = 0; is_polled < 2; is_polled++) {
    Moment began;

    if (is_polled)
      other = kin_socket_dup (a, NULL);
    must (kin_socket_set_timeout (a, SHORT, &error), error);
    began = now ();
    assert_timed_out (kin_socket_recv (a, &byte, 1, 0, &error) >= 0, &error);
    assert_waited (began, SHORT);
  }
  assert_int_equal (setitimer (ITIMER_REAL, &never, NULL), 0);
  assert_int_equal (sigaction (SIGALRM, &before, NULL), 0);
}

static void
test_connect (void **state)
{
  g_autoptr (KinSocket) door = must_bind ("tcp4:127.0.0.1:0"), waiting = NULL, late = NULL;
  g_autoptr (KinSocket) refused = kin_socket_new ("tcp4", NULL);
  g_autofree char *at = local_text (door);
  g_autoptr (GError) error = NULL;
  KinAddress address;
  Moment began;

  (void) state;
  must (kin_socket_local (door, &address, &error), error);
  must (kin_socket_set_timeout (refused, LONG, &error), error);
  assert_fails (kin_socket_connect (refused, &address, &error), ECONNREFUSED, &error);
  must (kin_socket_listen (door, 0, &error), error);
  waiting = must_connect (at);
  late = kin_socket_new ("tcp4", NULL);
  must (kin_socket_set_timeout (late, SHORT, &error), error);
  began = now ();
  assert_timed_out (kin_socket_connect (late, &address, &error), &error);
  assert_waited (began, SHORT);
}

static void
test_accept (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("tcp4:127.0.0.1:0"), client = NULL, server = NULL;
  g_autofree char *at = local_text (door);
  g_autoptr (GError) error = NULL;
  Moment began;

  (void) state;
  must (kin_socket_set_timeout (door, SHORT, &error), error);
  began = now ();
  assert_timed_out (kin_socket_accept (door, NULL, &error) != NULL, &error);
  assert_waited (began, SHORT);
  client = must_connect (at);
  must (kin_set_default_timeout (KIN_SECONDS (9), &error), error);
  server = kin_socket_accept (door, NULL, &error);
  must (kin_set_default_timeout (KIN_FOREVER, &error), error);
  must (server, error);
  assert_int_equal (kin_socket_get_timeout (server), KIN_SECONDS (9));
}

/* TCP's kernel socket takes over the times of the listener; Kin's does not. */
static void
test_accept_nonblocking (void **state)
{
  static const gint64 timeouts[] = { 0, SHORT };
  char byte;

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (timeouts); i++) {
    g_autoptr (KinSocket) door = must_listen ("tcp4:127.0.0.1:0"), client = NULL, server = NULL;
    g_autofree char *at = local_text (door);
    struct timeval time = { .tv_sec = -1 };

    assert_true (kin_socket_set_timeout (door, timeouts[i], NULL));
    client = must_connect (at);
    must_send (client, "x", 1);
    for (guint tries = 0; !server && tries < 2000; tries++) {
      server = kin_socket_accept (door, NULL, NULL);
      g_usleep (server ? 0 : 10000);
    }
    assert_non_null (server);
    assert_int_equal (kin_socket_get_timeout (server), KIN_FOREVER);
    assert_false (has_nonblock (server));
    assert_int_equal (
        kin_socket_getsockopt (server, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time, NULL),
        sizeof time);
    assert_int_equal (time.tv_sec * G_USEC_PER_SEC + time.tv_usec, 0); /* for ever */
    assert_int_equal (kin_socket_recv (server, &byte, 1, 0, NULL), 1);
  }
}

/* A peer that takes a little again and again would start a time for each piece anew. */
static void
test_send_all (void **state)
{
  static const char slow[] = "peer = socket.socket(fileno=int(argument))\n"
                             "while peer.recv(4096):\n"
                             "    time.sleep(0.05)\n";
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autofree char *much = g_malloc0 (1 << 24), *number = NULL;
  g_autoptr (GError) error = NULL;
  gsize sent = 0;
  Moment began;
  pid_t child;

  (void) state;
  make_pair (&a, &b);
  assert_true (kin_socket_set_inheritable (b, TRUE, NULL));
  number = g_strdup_printf ("%d", kin_socket_fd (b));
  child = partner_start (slow, number);
  began = now ();
  assert_timed_out (kin_socket_send_all (a, much, 1 << 24, 0, 2 * SHORT, &sent, &error), &error);
  assert_waited (began, 2 * SHORT);
  assert_in_range (sent, 1, (1 << 24) - 1);
  assert_true (kin_socket_shutdown (a, SHUT_RDWR, NULL));
  assert_true (kin_socket_close (a, NULL));
  partner_end (child);
}

static void
test_text (void **state)
{
  g_autoptr (KinSocket) socket = must_bind (own_name ("unix-dgram:@kin-PID-text"));
  g_autofree char *wanted =
      g_strdup_printf ("cannot receive from unix-dgram:@kin-%d-text: timed out", (int) getpid ());
  g_autoptr (GError) error = NULL;
  char byte;

  (void) state;
  assert_true (kin_socket_set_timeout (socket, 1000, NULL));
  assert_int_equal (kin_socket_recv (socket, &byte, 1, 0, &error), -1);
  assert_string_equal (error->message, wanted);
}

/* ---- A full backlog of UNIX ---------------------------------------------------------------- */

static gpointer
accept_late (gpointer door)
{
  g_usleep (SHORT);
  return kin_socket_accept (door, NULL, NULL);
}

static void
test_full_backlog (void **state)
{
  g_autoptr (KinSocket) door = must_bind (own_name ("unix:@kin-PID-full")), waiting = NULL;
  g_autoptr (KinSocket) late = kin_socket_new ("unix", NULL), server = NULL;
  g_autoptr (GError) error = NULL;
  KinAddress address;
  GThread *thread;
  Moment began;

  (void) state;
  must (kin_socket_listen (door, 0, &error), error);
  must (kin_socket_local (door, &address, &error), error);
  waiting = must_connect (own_name ("unix:@kin-PID-full"));
  must (kin_socket_set_timeout (late, SHORT, &error), error);
  began = now ();
  assert_timed_out (kin_socket_connect (late, &address, &error), &error);
  assert_waited (began, SHORT);
  must (kin_socket_set_timeout (late, LONG, &error), error);
  thread = g_thread_new ("accept", accept_late, door);
  must (kin_socket_connect (late, &address, &error), error);
  server = g_thread_join (thread);
  assert_non_null (server);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("timeout: getdefaulttimeout()", test_get_default),
    ROW ("timeout: setdefaulttimeout(timeout)", test_set_default),
    ROW ("timeout: settimeout(value)", test_set),
    ROW ("timeout: settimeout rounding", test_rounding),
    ROW ("timeout: gettimeout()", test_get),
    ROW ("timeout: setblocking(flag)", test_set_blocking),
    ROW ("timeout: getblocking()", test_get_blocking),
    ROW ("timeout: three modes", test_modes),
    ROW ("timeout: mode shared across dup", test_shared),
    ROW ("timeout: timeout deadline", test_deadline),
    ROW ("timeout: connect and timeout", test_connect),
    ROW ("timeout: accept and timeout", test_accept),
    ROW ("timeout: accept from non-blocking listener", test_accept_nonblocking),
    ROW ("timeout: sendall total timeout", test_send_all),
    ROW ("timeout: timed out text", test_text),
    ROW ("timeout: AF_UNIX connect with full backlog", test_full_backlog),
  };

  return cmocka_run_group_tests_name ("timeout", tests, net_setup, NULL);
}
