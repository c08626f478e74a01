/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-whole: all or an error that says how far it came; several buffers; waiting by itself. */
#include "local.h"

#include <poll.h>
#include <signal.h>
#include <sys/time.h>

#define LENGTH (4 * 1024 * 1024)

static char sent_bytes[LENGTH], received_bytes[LENGTH];

static gpointer
receive_all (gpointer socket)
{
  return GINT_TO_POINTER (
      kin_socket_recv_exactly (socket, received_bytes, LENGTH, 0, KIN_SECONDS (20), NULL, NULL));
}

static void
check_all (gint64 own_timeout, gint64 timeout)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  GThread *thread;
  gsize sent = 0;

  make_pair ("local", &a, &b);
  assert_true (kin_socket_set_timeout (a, own_timeout, NULL));
  for (gsize i = 0; i < LENGTH; i++)
    sent_bytes[i] = (char) (i * 7 + i / 251);
  memset (received_bytes, 0, LENGTH);
  thread = g_thread_new ("receive", receive_all, b);
  assert_true (kin_socket_send_all (a, sent_bytes, LENGTH, 0, timeout, &sent, NULL));
  assert_int_equal (sent, LENGTH);
  assert_true (g_thread_join (thread));
  assert_memory_equal (sent_bytes, received_bytes, LENGTH);
}

/* Whatever the socket's own timeout. */
static void
test_all (void **state)
{
  static const gint64 timeouts[] = { 0, 1000, KIN_FOREVER };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (timeouts); i++) {
    check_all (timeouts[i], KIN_FOREVER);
    check_all (timeouts[i], KIN_SECONDS (20));
  }
}

static void
check_times_out (gint64 own_timeout)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  gsize done = 1;
  Moment began;

  make_pair ("local", &a, &b);
  assert_true (kin_socket_set_timeout (a, own_timeout, NULL));
  began = now ();
  assert_false (kin_socket_send_all (a, sent_bytes, LENGTH, 0, SHORT, &done, &error));
  assert_waited (began, SHORT);
  assert_int_equal (errno, ETIMEDOUT);
  assert_true (done > 0 && done < LENGTH);
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_TIMED_OUT);

  assert_int_equal (kin_socket_send (b, "abc", 3, 0, NULL), 3);
  began = now ();
  assert_false (kin_socket_recv_exactly (a, received_bytes, 4, 0, SHORT, &done, &error));
  assert_waited (began, SHORT);
  assert_int_equal (done, 3);
  assert_memory_equal (received_bytes, "abc", 3);
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_TIMED_OUT);
}

static void
test_times_out (void **state)
{
  (void) state;
  check_times_out (KIN_FOREVER);
  check_times_out (0);
  check_times_out (KIN_SECONDS (100));
}

/* One deadline for all of it: a peer that takes a little now and then does not put it off. */
static gpointer
take_a_little (gpointer socket)
{
  char block[4096];

  for (guint i = 0; i < 20; i++) {
    g_usleep (SHORT / 5);
    if (kin_socket_recv (socket, block, sizeof block, 0, NULL) <= 0)
      break;
  }
  return NULL;
}

static void
test_one_deadline (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  GThread *thread;
  Moment began;

  (void) state;
  make_pair ("local", &a, &b);
  thread = g_thread_new ("take", take_a_little, b);
  began = now ();
  assert_false (kin_socket_send_all (a, sent_bytes, LENGTH, 0, SHORT, NULL, &error));
  assert_true (waited_since (began) < 4 * SHORT);
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_TIMED_OUT);
  assert_true (kin_socket_shutdown (a, SHUT_RDWR, NULL));
  g_thread_join (thread);
}

static void
test_end (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  gsize done = 0;

  (void) state;
  make_pair ("local", &a, &b);
  assert_true (kin_socket_recv_exactly (a, received_bytes, 0, 0, 0, &done, NULL));
  assert_int_equal (kin_socket_send (b, "abc", 3, 0, NULL), 3);
  assert_true (kin_socket_shutdown (b, SHUT_WR, NULL));
  assert_false (kin_socket_recv_exactly (a, received_bytes, 10, 0, KIN_FOREVER, &done, &error));
  assert_int_equal (errno, ENODATA);
  assert_int_equal (done, 3);
  assert_non_null (strstr (error->message, "its end came after 3 of 10 bytes"));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_ENDED);
  assert_true (kin_socket_close (b, NULL));
  assert_false (kin_socket_send_all (a, sent_bytes, LENGTH, 0, KIN_FOREVER, &done, &error));
  assert_int_equal (done, 0);
  assert_kin_error (error, KIN_OS_ERROR, EPIPE);
}

static void
test_cancelled (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (KinCancel) cancel = kin_cancel_new (NULL);
  g_autoptr (GError) error = NULL;

  (void) state;
  make_pair ("local", &a, &b);
  assert_true (kin_socket_set_cancel (a, cancel, NULL));
  kin_cancel_cancel (cancel);
  assert_false (kin_socket_recv_exactly (a, received_bytes, 1, 0, KIN_FOREVER, NULL, &error));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_CANCELLED);
  assert_false (kin_socket_wait (a, POLLIN, KIN_FOREVER, &error));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_CANCELLED);
}

static void
ignore (int number)
{
  (void) number;
}

/* A signal ends neither. */
static void
test_signals (void **state)
{
  struct itimerval timer = { { 0, 1000 }, { 0, 1000 } }, none = { { 0, 0 }, { 0, 0 } };

  (void) state;
  signal (SIGALRM, ignore);
  setitimer (ITIMER_REAL, &timer, NULL);
  check_all (KIN_FOREVER, KIN_FOREVER);
  check_all (KIN_FOREVER, KIN_SECONDS (20));
  check_times_out (KIN_FOREVER);
  setitimer (ITIMER_REAL, &none, NULL);
}

static void
test_vectors (void **state)
{
  char first[3], second[10];
  struct iovec out[] = { { (void *) "hello ", 6 }, { (void *) "world", 5 } };
  struct iovec in[] = { { first, sizeof first }, { second, sizeof second } };
  const char *schemes[] = { "local", "local-dgram" };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++) {
    g_autoptr (KinSocket) a = NULL, b = NULL;
    g_autoptr (GError) error = NULL;

    make_pair (schemes[i], &a, &b);
    assert_int_equal (kin_socket_send_vectors (a, out, 2, 0, NULL), 11);
    assert_int_equal (kin_socket_recv_vectors (b, in, 2, 0, NULL), 11);
    assert_memory_equal (first, "hel", 3);
    assert_memory_equal (second, "lo world", 8);
    assert_int_equal (kin_socket_recv_vectors (b, in, 2, MSG_DONTWAIT, &error), -1);
    assert_kin_error (error, KIN_OS_ERROR, EAGAIN);
  }
}

static void
test_wait (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  Moment began;

  (void) state;
  make_pair ("local", &a, &b);
  assert_true (kin_socket_wait (a, POLLOUT, 0, NULL));
  assert_true (kin_socket_wait (a, POLLIN | POLLOUT, 0, NULL));
  assert_false (kin_socket_wait (a, POLLIN, 0, &error));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_TIMED_OUT);
  began = now ();
  assert_false (kin_socket_wait (a, POLLIN, SHORT, NULL));
  assert_int_equal (errno, ETIMEDOUT);
  assert_waited (began, SHORT);
  assert_int_equal (kin_socket_send (b, "x", 1, 0, NULL), 1);
  assert_true (kin_socket_wait (a, POLLIN, KIN_FOREVER, NULL));
  assert_true (kin_socket_close (a, NULL));
  assert_false (kin_socket_wait (a, POLLIN, 0, &error));
  assert_kin_error (error, KIN_OS_ERROR, EBADF);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_all),          cmocka_unit_test (test_times_out),
    cmocka_unit_test (test_one_deadline), cmocka_unit_test (test_end),
    cmocka_unit_test (test_cancelled),    cmocka_unit_test (test_signals),
    cmocka_unit_test (test_vectors),      cmocka_unit_test (test_wait),
  };

  return cmocka_run_group_tests (tests, local_setup, local_teardown);
}
