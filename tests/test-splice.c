/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-splice: bytes between a socket and a pipe: its waits, its ends, its signal. */
#include "local.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>

/* ---- A family over the kernel's, of whose waits the kernel keeps some ---------------------- */

static int asked_direction;

static ssize_t
own_splice (KinFamilySocket *socket, int direction, int pipe, size_t n, unsigned flags)
{
  (void) socket;
  (void) pipe;
  (void) flags;
  asked_direction = direction;
  return n == 7 ? -EPIPE : (ssize_t) n;
}

static ssize_t
own_send (KinFamilySocket *socket, const void *data, size_t length, int flags)
{
  ssize_t n = send (socket->fd, data, length, flags);

  return n < 0 ? -errno : n;
}

static const KinSocketOps splice_ops = { .size = sizeof splice_ops, .splice = own_splice };
static const KinSocketOps send_ops = { .size = sizeof send_ops, .send = own_send };

static const KinProtocol partial_protocols[] = {
  LOCAL_ROW ("partial", SOCK_STREAM, KIN_WAITS_RECEIVE),
};
static const KinProtocol splicing_protocols[] = { LOCAL_ROW ("splicing", SOCK_STREAM, 0) };
static const KinProtocol sending_protocols[] = { LOCAL_ROW ("sending", SOCK_STREAM, 0) };

#define OVER_LOCAL(word)                                                                           \
  KIN_STAMP, .domain = KIN_DOMAIN_DYNAMIC, .over_domain = AF_UNIX, .name = word, .summary = word

static const KinFamily families[] = {
  { OVER_LOCAL ("partial"), .protocols = KIN_TABLE (partial_protocols) },
  { OVER_LOCAL ("splicing"), .protocols = KIN_TABLE (splicing_protocols), .ops = &splice_ops },
  { OVER_LOCAL ("sending"), .protocols = KIN_TABLE (sending_protocols), .ops = &send_ops },
};

static int
setup (void **state)
{
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    if (!kin_register_family (&families[i], NULL))
      return -1;
  return local_setup (state);
}

/* A connection of any scheme over AF_UNIX: families with slots have no pairs. */
static void
make_connection (const char *scheme, KinSocket **client, KinSocket **server)
{
  g_autofree char *endpoint = local_endpoint (scheme, "splice");
  g_autoptr (KinSocket) door = kin_listen (endpoint, NULL);

  assert_non_null (door);
  *client = kin_connect (endpoint, KIN_SECONDS (5), NULL);
  *server = kin_socket_accept (door, NULL, NULL);
  assert_non_null (*client);
  assert_non_null (*server);
  local_unlink (endpoint);
}

static void
close_pipe (int pipe[2])
{
  close (pipe[0]);
  close (pipe[1]);
}

/* ---- Bytes --------------------------------------------------------------------------------- */

static void
test_through_a_pipe (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL, c = NULL, d = NULL;
  char bytes[32] = "";
  int fds[2];

  (void) state;
  make_pair ("local", &a, &b);
  make_pair ("local", &c, &d);
  assert_int_equal (pipe (fds), 0);
  assert_int_equal (kin_socket_send (a, "through", 7, 0, NULL), 7);
  assert_int_equal (kin_socket_splice (b, POLLIN, fds[1], 100, 0, NULL), 7);
  assert_int_equal (kin_socket_splice (c, POLLOUT, fds[0], 4, 0, NULL), 4);
  assert_int_equal (kin_socket_splice (c, POLLOUT, fds[0], 3, 0, NULL), 3);
  assert_int_equal (kin_socket_recv (d, bytes, sizeof bytes, 0, NULL), 7);
  assert_string_equal (bytes, "through");
  kin_socket_close (a, NULL);
  assert_int_equal (kin_socket_splice (b, POLLIN, fds[1], 100, 0, NULL), 0);
  close_pipe (fds);
}

static void
test_closed (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;

  (void) state;
  make_pair ("local", &a, &b);
  kin_socket_close (a, NULL);
  assert_int_equal (kin_socket_splice (a, POLLIN, 0, 1, 0, &error), -1);
  assert_int_equal (errno, EBADF);
  assert_kin_error (error, KIN_OS_ERROR, EBADF);
}

/* ---- SIGPIPE ------------------------------------------------------------------------------- */

static gboolean
broken_pipe_is_pending (void)
{
  sigset_t pending;

  sigpending (&pending);
  return sigismember (&pending, SIGPIPE) == 1;
}

static void
splice_to_nobody (void)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  int fds[2];

  make_pair ("local", &a, &b);
  assert_int_equal (pipe (fds), 0);
  assert_int_equal (write (fds[1], "x", 1), 1);
  kin_socket_close (b, NULL);
  assert_int_equal (kin_socket_splice (a, POLLOUT, fds[0], 1, 0, &error), -1);
  assert_int_equal (errno, EPIPE);
  assert_kin_error (error, KIN_OS_ERROR, EPIPE);
  close_pipe (fds);
}

/* With the signal's default action this would end the test. */
static void
test_a_closed_peer_is_no_signal (void **state)
{
  sigset_t set;

  (void) state;
  signal (SIGPIPE, SIG_DFL);
  splice_to_nobody ();
  pthread_sigmask (SIG_BLOCK, NULL, &set);
  assert_int_equal (sigismember (&set, SIGPIPE), 0);
  assert_false (broken_pipe_is_pending ());
}

/* A signal that somebody else keeps waiting goes on waiting. */
static void
test_others_signals_stay (void **state)
{
  struct timespec none = { 0 };
  sigset_t set;

  (void) state;
  sigemptyset (&set);
  sigaddset (&set, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &set, NULL);
  splice_to_nobody ();
  assert_false (broken_pipe_is_pending ());
  raise (SIGPIPE);
  splice_to_nobody ();
  assert_true (broken_pipe_is_pending ());
  assert_int_equal (sigtimedwait (&set, NULL, &none), SIGPIPE);
  pthread_sigmask (SIG_UNBLOCK, &set, NULL);
}

/* ---- Waiting ------------------------------------------------------------------------------- */

static void
test_never_waits (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  int fds[2];

  (void) state;
  make_pair ("local", &a, &b);
  assert_int_equal (pipe (fds), 0);
  assert_true (kin_socket_set_timeout (a, 0, NULL));
  assert_int_equal (kin_socket_splice (a, POLLIN, fds[1], 1, 0, &error), -1);
  assert_kin_error (error, KIN_OS_ERROR, EAGAIN);
  close_pipe (fds);
}

/* Kept by the kernel, and polled by the core; to receive, and to send. */
static void
test_times_out (void **state)
{
  const char *schemes[] = { "local", "local-polled", "partial" };
  const int directions[] = { POLLIN, POLLOUT };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    for (guint d = 0; d < G_N_ELEMENTS (directions); d++) {
      g_autoptr (KinSocket) a = NULL, b = NULL;
      g_autoptr (GError) error = NULL;
      char bytes[4096] = "";
      int fds[2];
      Moment began;

      make_pair (schemes[i], &a, &b);
      assert_int_equal (pipe (fds), 0);
      assert_int_equal (write (fds[1], bytes, 1), 1);
      while (kin_socket_send (a, bytes, sizeof bytes, MSG_DONTWAIT, NULL) > 0)
        ;
      assert_true (kin_socket_set_timeout (a, SHORT, NULL));
      began = now ();
      assert_int_equal (
          kin_socket_splice (a, directions[d], fds[directions[d] == POLLIN], 1, 0, &error), -1);
      assert_int_equal (errno, ETIMEDOUT);
      assert_kin_error (error, KIN_ERROR, KIN_ERROR_TIMED_OUT);
      assert_waited (began, SHORT);
      close_pipe (fds);
    }
}

/* O_NONBLOCK would make the kernel's own timeouts end at once. */
static void
test_what_the_kernel_keeps_is_kept (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  int fds[2];

  (void) state;
  make_pair ("partial", &a, &b);
  assert_int_equal (pipe (fds), 0);
  assert_int_equal (write (fds[1], "x", 1), 1);
  assert_true (kin_socket_set_timeout (a, SHORT, NULL));
  assert_int_equal (kin_socket_splice (a, POLLOUT, fds[0], 1, 0, NULL), 1);
  assert_false (fcntl (kin_socket_fd (a), F_GETFL) & O_NONBLOCK);
  check_receive_times_out (a);
  close_pipe (fds);
}

static void
test_waits_for_what_comes (void **state)
{
  const char *schemes[] = { "local", "local-polled" };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++) {
    g_autoptr (KinSocket) a = NULL, b = NULL;
    GThread *thread;
    int fds[2];

    make_pair (schemes[i], &a, &b);
    assert_int_equal (pipe (fds), 0);
    assert_true (kin_socket_set_timeout (b, KIN_SECONDS (20), NULL));
    thread = g_thread_new ("sender", send_late, a);
    assert_int_equal (kin_socket_splice (b, POLLIN, fds[1], 10, 0, NULL), 1);
    g_thread_join (thread);
    close_pipe (fds);
  }
}

static void
test_cancelled (void **state)
{
  g_autoptr (KinCancel) cancel = kin_cancel_new (NULL);
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  int fds[2];

  (void) state;
  make_pair ("local", &a, &b);
  assert_int_equal (pipe (fds), 0);
  assert_true (kin_socket_set_cancel (a, cancel, NULL));
  kin_cancel_cancel (cancel);
  assert_int_equal (kin_socket_splice (a, POLLIN, fds[1], 1, 0, &error), -1);
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_CANCELLED);
  close_pipe (fds);
}

/* However long the socket may wait: its poll would never tell. */
static void
test_the_pipe_is_not_waited_for (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  char bytes[4096] = "";
  int fds[2];

  (void) state;
  make_pair ("local", &a, &b);
  assert_int_equal (pipe2 (fds, O_NONBLOCK), 0);
  assert_int_equal (kin_socket_splice (a, POLLOUT, fds[0], 1, 0, &error), -1);
  assert_kin_error (error, KIN_OS_ERROR, EAGAIN);
  while (write (fds[1], bytes, sizeof bytes) > 0)
    ;
  assert_int_equal (kin_socket_send (b, "x", 1, 0, NULL), 1);
  assert_int_equal (kin_socket_splice (a, POLLIN, fds[1], 1, 0, &error), -1);
  assert_kin_error (error, KIN_OS_ERROR, EAGAIN);
  assert_true (kin_socket_set_timeout (a, KIN_SECONDS (20), NULL));
  assert_int_equal (kin_socket_splice (a, POLLIN, fds[1], 1, 0, &error), -1);
  assert_kin_error (error, KIN_OS_ERROR, EAGAIN);
  close_pipe (fds);
}

/* ---- Families with slots ------------------------------------------------------------------- */

static void
test_a_slot_of_its_own (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  int fds[2];

  (void) state;
  make_connection ("splicing", &a, &b);
  assert_int_equal (pipe (fds), 0);
  assert_int_equal (kin_socket_splice (a, POLLIN, fds[1], 5, 0, NULL), 5);
  assert_int_equal (asked_direction, POLLIN);
  assert_int_equal (kin_socket_splice (a, POLLOUT, fds[0], 7, 0, &error), -1);
  assert_int_equal (asked_direction, POLLOUT);
  assert_kin_error (error, KIN_OS_ERROR, EPIPE);
  close_pipe (fds);
}

/* What such a family sends is not what its descriptor takes. */
static void
test_data_slots_and_no_splice (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  int fds[2];

  (void) state;
  make_connection ("sending", &a, &b);
  assert_int_equal (pipe (fds), 0);
  assert_int_equal (kin_socket_splice (a, POLLIN, fds[1], 5, 0, &error), -1);
  assert_kin_error (error, KIN_OS_ERROR, EOPNOTSUPP);
  close_pipe (fds);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_through_a_pipe),
    cmocka_unit_test (test_closed),
    cmocka_unit_test (test_a_closed_peer_is_no_signal),
    cmocka_unit_test (test_others_signals_stay),
    cmocka_unit_test (test_never_waits),
    cmocka_unit_test (test_times_out),
    cmocka_unit_test (test_what_the_kernel_keeps_is_kept),
    cmocka_unit_test (test_waits_for_what_comes),
    cmocka_unit_test (test_cancelled),
    cmocka_unit_test (test_the_pipe_is_not_waited_for),
    cmocka_unit_test (test_a_slot_of_its_own),
    cmocka_unit_test (test_data_slots_and_no_splice),
  };

  return cmocka_run_group_tests (tests, setup, local_teardown);
}
