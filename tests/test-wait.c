/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-wait: timeouts, signals, cancelling and not waiting, over a family of tables alone. */
#include "local.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>

/* Sends until the other end takes no more. */
static void
fill (KinSocket *socket)
{
  char block[4096] = { 0 };
  gssize n;

  do
    n = kin_socket_send (socket, block, sizeof block, MSG_DONTWAIT, NULL);
  while (n > 0);
  assert_int_equal (errno, EAGAIN);
}

/* ---- Timeouts ------------------------------------------------------------------------------ */

static void
test_receive_times_out (void **state)
{
  const char *schemes[] = { "local", "local-dgram", "local-seqpacket" };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++) {
    g_autoptr (KinSocket) a = NULL, b = NULL;

    make_pair (schemes[i], &a, &b);
    assert_int_equal (a->polled, 0);
    check_receive_times_out (a);
  }
}

static void
test_shared_receive_times_out (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL, c = NULL;

  (void) state;
  make_pair ("local", &a, &b);
  c = kin_socket_dup (a, NULL);
  assert_non_null (c);
  check_receive_times_out (a);
  assert_int_equal (kin_socket_set_timeout (c, KIN_SECONDS (100), NULL), TRUE);
  check_receive_times_out (a);
  check_receive_times_out (c);
}

static void
test_send_times_out (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  Moment began;

  (void) state;
  make_pair ("local", &a, &b);
  fill (a);
  assert_true (kin_socket_set_timeout (a, SHORT, NULL));
  began = now ();
  assert_int_equal (kin_socket_send (a, "x", 1, 0, &error), -1);
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_TIMED_OUT);
  assert_waited (began, SHORT);
}

static void
check_accept_times_out (const char *scheme)
{
  g_autofree char *endpoint = local_endpoint (scheme, "accept");
  g_autoptr (KinSocket) door = kin_listen (endpoint, NULL);
  g_autoptr (GError) error = NULL;
  Moment began;

  assert_non_null (door);
  assert_true (kin_socket_set_timeout (door, SHORT, NULL));
  began = now ();
  assert_null (kin_socket_accept (door, NULL, &error));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_TIMED_OUT);
  assert_waited (began, SHORT);
  local_unlink (endpoint);
}

static void
test_accept_times_out (void **state)
{
  (void) state;
  check_accept_times_out ("local");
  check_accept_times_out ("local-polled");
}

/* A full backlog: the kernel waits where it keeps the time, the core asks again where it polls. */
static void
check_connect_times_out (const char *scheme)
{
  g_autofree char *endpoint = local_endpoint (scheme, "backlog");
  g_autoptr (KinSocket) door = kin_bind (endpoint, NULL), first = NULL, second = NULL;
  g_autoptr (GError) error = NULL;
  Moment began;

  assert_non_null (door);
  assert_true (kin_socket_listen (door, 0, NULL));
  first = kin_connect (endpoint, SHORT, NULL);
  assert_non_null (first);
  began = now ();
  second = kin_connect (endpoint, SHORT, &error);
  assert_null (second);
  assert_int_equal (errno, ETIMEDOUT);
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_TIMED_OUT);
  assert_waited (began, SHORT);
  local_unlink (endpoint);
}

static void
test_connect_times_out (void **state)
{
  (void) state;
  check_connect_times_out ("local");
  check_connect_times_out ("local-polled");
}

static gpointer
accept_late (gpointer door)
{
  g_usleep (SHORT / 2);
  return kin_socket_accept (door, NULL, NULL);
}

static void
check_connect_waits_for_backlog (const char *scheme)
{
  g_autofree char *endpoint = local_endpoint (scheme, "waits");
  g_autoptr (KinSocket) door = kin_bind (endpoint, NULL), first = NULL, second = NULL;
  g_autoptr (KinSocket) accepted = NULL;
  GThread *thread;

  assert_true (kin_socket_listen (door, 0, NULL));
  first = kin_connect (endpoint, KIN_FOREVER, NULL);
  thread = g_thread_new ("accept", accept_late, door);
  second = kin_connect (endpoint, KIN_SECONDS (10), NULL);
  assert_non_null (second);
  accepted = g_thread_join (thread);
  assert_non_null (accepted);
  assert_int_equal (kin_socket_get_timeout (second), KIN_FOREVER);
  local_unlink (endpoint);
}

static void
test_connect_waits_for_backlog (void **state)
{
  (void) state;
  check_connect_waits_for_backlog ("local");
  check_connect_waits_for_backlog ("local-polled");
}

static void
test_accepted_has_default_timeout (void **state)
{
  g_autofree char *endpoint = local_endpoint ("local", "child");
  g_autoptr (KinSocket) door = kin_listen (endpoint, NULL), client = NULL, child = NULL;
  struct timeval time = { 1, 1 };
  socklen_t size = sizeof time;

  (void) state;
  assert_true (kin_socket_set_timeout (door, KIN_SECONDS (5), NULL));
  client = kin_connect (endpoint, KIN_FOREVER, NULL);
  child = kin_socket_accept (door, NULL, NULL);
  assert_int_equal (kin_socket_get_timeout (child), KIN_FOREVER);
  assert_int_equal (getsockopt (kin_socket_fd (child), SOL_SOCKET, SO_RCVTIMEO, &time, &size), 0);
  assert_int_equal (time.tv_sec + time.tv_usec, 0);
  g_clear_pointer (&child, kin_socket_unref);
  g_clear_pointer (&client, kin_socket_unref);

  kin_set_default_timeout (SHORT, NULL);
  client = kin_connect (endpoint, KIN_FOREVER, NULL);
  child = kin_socket_accept (door, NULL, NULL);
  kin_set_default_timeout (KIN_FOREVER, NULL);
  assert_int_equal (kin_socket_get_timeout (child), SHORT);
  assert_int_equal (kin_socket_get_timeout (client), SHORT);
  check_receive_times_out (child);
  local_unlink (endpoint);
}

static void
test_never_waits (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  char byte;

  (void) state;
  make_pair ("local", &a, &b);
  assert_true (kin_socket_set_timeout (a, 0, NULL));
  assert_int_equal (kin_socket_recv (a, &byte, 1, 0, &error), -1);
  assert_int_equal (errno, EAGAIN);
  assert_kin_error (error, KIN_OS_ERROR, EAGAIN);
  assert_true (kin_socket_set_timeout (a, KIN_SECONDS (5), NULL));
  assert_int_equal (kin_socket_send (b, "x", 1, 0, NULL), 1);
  assert_int_equal (kin_socket_recv (a, &byte, 1, 0, NULL), 1);
}

/* ---- Signals ------------------------------------------------------------------------------- */

static void
on_alarm (int number)
{
  (void) number;
}

static void
storm (gint64 usec)
{
  struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
  struct timeval every = { .tv_usec = (suseconds_t) usec };
  struct itimerval timer = { .it_interval = every, .it_value = every };

  sigaction (SIGALRM, &action, NULL);
  setitimer (ITIMER_REAL, &timer, NULL);
}

/* The kernel alone starts a timeout anew after each signal and would never end this. */
static void
test_signal_storm (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  Moment began;
  char byte;

  (void) state;
  make_pair ("local", &a, &b);
  assert_true (kin_socket_set_timeout (a, KIN_SECONDS (1), NULL));
  storm (30 * 1000);
  began = now ();
  assert_int_equal (kin_socket_recv (a, &byte, 1, 0, &error), -1);
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_TIMED_OUT);
  assert_waited (began, KIN_SECONDS (1));
  assert_true (waited_since (began) < KIN_SECONDS (2));
  storm (0);
}

static void
test_signals_do_not_end_a_wait (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  GThread *thread;
  char byte;

  (void) state;
  make_pair ("local", &a, &b);
  thread = g_thread_new ("send", send_late, b);
  storm (20 * 1000);
  assert_int_equal (kin_socket_recv (a, &byte, 1, 0, NULL), 1);
  storm (0);
  g_thread_join (thread);
}

static void
test_connect_through_signals (void **state)
{
  g_autofree char *endpoint = local_endpoint ("local", "storm");
  g_autoptr (KinSocket) door = kin_bind (endpoint, NULL), first = NULL, second = NULL;
  g_autoptr (GError) error = NULL;
  Moment began;

  (void) state;
  assert_true (kin_socket_listen (door, 0, NULL));
  first = kin_connect (endpoint, KIN_FOREVER, NULL);
  storm (30 * 1000);
  began = now ();
  second = kin_connect (endpoint, SHORT, &error);
  storm (0);
  assert_null (second);
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_TIMED_OUT);
  assert_waited (began, SHORT);
  local_unlink (endpoint);
}

/* ---- Cancelling ---------------------------------------------------------------------------- */

static gpointer
cancel_late (gpointer cancel)
{
  g_usleep (SHORT);
  kin_cancel_cancel (cancel);
  return NULL;
}

static void
test_cancel_receive (void **state)
{
  g_autoptr (KinCancel) cancel = kin_cancel_new (NULL);
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  GThread *thread;
  char byte;

  (void) state;
  make_pair ("local", &a, &b);
  assert_true (kin_socket_set_cancel (a, cancel, NULL));
  thread = g_thread_new ("cancel", cancel_late, cancel);
  assert_int_equal (kin_socket_recv (a, &byte, 1, 0, &error), -1);
  assert_int_equal (errno, ECANCELED);
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_CANCELLED);
  g_thread_join (thread);
  assert_true (kin_cancel_is_cancelled (cancel));
  kin_cancel_reset (cancel);
  assert_false (kin_cancel_is_cancelled (cancel));
  assert_int_equal (kin_socket_send (b, "x", 1, 0, NULL), 1);
  assert_int_equal (kin_socket_recv (a, &byte, 1, 0, NULL), 1);
  assert_true (kin_socket_set_cancel (a, NULL, NULL));
  assert_int_equal (a->polled, 0);
}

static void
test_cancel_accept_and_connect (void **state)
{
  g_autofree char *endpoint = local_endpoint ("local", "cancel");
  g_autoptr (KinCancel) cancel = kin_cancel_new (NULL);
  g_autoptr (KinSocket) door = kin_bind (endpoint, NULL), first = NULL, second = NULL;
  g_autoptr (GError) error = NULL;
  GThread *thread;

  (void) state;
  assert_true (kin_socket_listen (door, 0, NULL));
  assert_true (kin_socket_set_cancel (door, cancel, NULL));
  thread = g_thread_new ("cancel", cancel_late, cancel);
  assert_null (kin_socket_accept (door, NULL, &error));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_CANCELLED);
  g_thread_join (thread);

  kin_cancel_reset (cancel);
  first = kin_connect (endpoint, KIN_FOREVER, NULL);
  assert_non_null (first);
  thread = g_thread_new ("cancel", cancel_late, cancel);
  second = kin_connect_cancellable (endpoint, KIN_FOREVER, cancel, &error);
  assert_null (second);
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_CANCELLED);
  g_thread_join (thread);
  local_unlink (endpoint);
}

/* ---- Without waiting ----------------------------------------------------------------------- */

static void
test_connect_start (void **state)
{
  g_autofree char *endpoint = local_endpoint ("local", "start");
  g_autoptr (KinSocket) door = kin_listen (endpoint, NULL), client = NULL, child = NULL;
  g_autoptr (GError) error = NULL;
  int fd = -1;
  char byte;

  (void) state;
  client = kin_connect_start (endpoint, &error);
  assert_non_null (client);
  assert_true (kin_connect_continue (client, &error));
  assert_int_equal (kin_socket_wants (client, POLLIN, &fd), POLLIN);
  assert_int_equal (fd, kin_socket_fd (client));
  assert_int_equal (kin_socket_recv (client, &byte, 1, 0, NULL), -1);
  assert_int_equal (errno, EAGAIN);
  child = kin_socket_accept (door, NULL, NULL);
  assert_int_equal (kin_socket_send (child, "x", 1, 0, NULL), 1);
  assert_int_equal (kin_socket_recv (client, &byte, 1, 0, NULL), 1);
  local_unlink (endpoint);
  g_clear_pointer (&client, kin_socket_unref);
  client = kin_connect_start (endpoint, &error);
  assert_null (client);
  assert_int_equal (errno, ENOENT);
  assert_kin_error (error, KIN_OS_ERROR, ENOENT);
}

/* poll says that an unconnected datagram socket is writable while the peer's queue is full. */
static void
test_full_queue_does_not_spin (void **state)
{
  g_autofree char *endpoint = local_endpoint ("local-dgram", "queue");
  g_autoptr (KinSocket) box = kin_bind (endpoint, NULL);
  g_autoptr (KinSocket) sender = kin_socket_new ("local-dgram", NULL);
  g_autoptr (GError) error = NULL;
  struct rusage before, after;
  KinAddress to;
  Moment began;

  (void) state;
  assert_non_null (box);
  assert_true (kin_address_parse (&to, endpoint, NULL));
  assert_true (kin_socket_set_timeout (sender, 0, NULL));
  while (kin_socket_sendto (sender, "x", 1, 0, &to, NULL) == 1)
    ;
  assert_int_equal (errno, EAGAIN);
  assert_true (kin_socket_set_shared (sender, NULL));
  assert_true (kin_socket_set_timeout (sender, SHORT, NULL));
  getrusage (RUSAGE_THREAD, &before);
  began = now ();
  assert_int_equal (kin_socket_sendto (sender, "x", 1, 0, &to, &error), -1);
  getrusage (RUSAGE_THREAD, &after);
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_TIMED_OUT);
  assert_waited (began, SHORT);
  assert_true (after.ru_nvcsw - before.ru_nvcsw < 100);
  assert_true (after.ru_nvcsw - before.ru_nvcsw > 5);
  local_unlink (endpoint);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_receive_times_out),
    cmocka_unit_test (test_shared_receive_times_out),
    cmocka_unit_test (test_send_times_out),
    cmocka_unit_test (test_accept_times_out),
    cmocka_unit_test (test_connect_times_out),
    cmocka_unit_test (test_connect_waits_for_backlog),
    cmocka_unit_test (test_accepted_has_default_timeout),
    cmocka_unit_test (test_never_waits),
    cmocka_unit_test (test_signal_storm),
    cmocka_unit_test (test_signals_do_not_end_a_wait),
    cmocka_unit_test (test_connect_through_signals),
    cmocka_unit_test (test_cancel_receive),
    cmocka_unit_test (test_cancel_accept_and_connect),
    cmocka_unit_test (test_connect_start),
    cmocka_unit_test (test_full_queue_does_not_spin),
  };

  return cmocka_run_group_tests (tests, local_setup, local_teardown);
}
