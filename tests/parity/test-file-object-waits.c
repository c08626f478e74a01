/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-file-object-waits: readers and writers that time out, that do not wait, that have no buffer,
 * and that are closed.
 *
 * Needs: unix plugins */
#include "streams.h"

#include <signal.h>
#include <sys/time.h>

static void
make_streams (gint64 timeout, gssize size, KinSocket **peer, KinReader **reader, KinWriter **writer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = NULL;

  make_pair ("unix", &socket, peer);
  must (kin_socket_set_timeout (socket, timeout, &error), error);
  *reader = kin_reader_new (socket, size, &error);
  must (*reader, error);
  *writer = kin_writer_new (socket, size, &error);
  must (*writer, error);
}

static void
assert_error (GError **error, GQuark domain, int code, int number)
{
  assert_int_equal (errno, number);
  assert_true (g_error_matches (*error, domain, code));
  g_clear_error (error);
}

/* ---- A timeout ----------------------------------------------------------------------------- */

static void
test_after_timeout (void **state)
{
  g_autoptr (KinSocket) peer = NULL;
  g_autoptr (KinReader) reader = NULL;
  g_autoptr (KinWriter) writer = NULL;
  g_autoptr (GError) error = NULL;
  char data[10];
  Moment began;

  (void) state;
  make_streams (SHORT, KIN_BUFFER_DEFAULT, &peer, &reader, &writer);
  must_send (peer, "half", 4);
  began = now ();
  assert_null (kin_reader_read_line (reader, 0, NULL, &error));
  assert_waited (began, SHORT);
  assert_error (&error, KIN_ERROR, KIN_ERROR_TIMED_OUT, ETIMEDOUT);
  must_send (peer, " a line\n", 8);
  assert_null (kin_reader_read_line (reader, 0, NULL, &error));
  assert_non_null (strstr (error->message, "an earlier read timed out"));
  assert_error (&error, KIN_OS_ERROR, EIO, EIO);
  must (kin_reader_read (reader, data, sizeof data, &error) == 4, error); /* what it has */
  assert_memory_equal (data, "half", 4);
  assert_int_equal (kin_reader_read (reader, data, sizeof data, &error), -1);
  assert_error (&error, KIN_OS_ERROR, EIO, EIO);
  assert_null (kin_reader_read_all (reader, 0, &error));
  assert_error (&error, KIN_OS_ERROR, EIO, EIO);
  /* To write is another matter. */
  must (kin_writer_printf (writer, &error, "%s", "x") && kin_writer_flush (writer, &error), error);
  assert_receives (peer, "x");
}

/* ---- A socket that never waits ------------------------------------------------------------- */

static void
check_nothing_yet (gssize size)
{
  g_autoptr (KinSocket) peer = NULL;
  g_autoptr (KinReader) reader = NULL;
  g_autoptr (KinWriter) writer = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;
  char byte;

  make_streams (0, size, &peer, &reader, &writer);
  assert_int_equal (kin_reader_read (reader, &byte, 1, &error), -1);
  assert_error (&error, KIN_OS_ERROR, EAGAIN, EAGAIN);
  must_send (peer, "ha", 2);
  assert_null (kin_reader_read_line (reader, 0, NULL, &error));
  assert_error (&error, KIN_OS_ERROR, EAGAIN, EAGAIN);
  must_send (peer, "lf\n", 3);
  line = kin_reader_read_line (reader, 0, NULL, &error);
  must (line, error);
  assert_string_equal (line, "half");
}

/* What the peer does not take is told, and nothing of the rest is lost. */
static void
check_full (gssize size)
{
  g_autoptr (KinSocket) peer = NULL;
  g_autoptr (KinReader) reader = NULL;
  g_autoptr (KinWriter) writer = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *data = g_malloc (1 << 20), *got = g_malloc (1 << 20);
  gsize done = 0, n_got = 0, n_stops = 0;

  for (gsize i = 0; i < 1 << 20; i++)
    data[i] = (char) (i * 31 >> 3);
  make_streams (0, size, &peer, &reader, &writer);
  while (done < 1 << 20) {
    gsize n = 0;

    if (kin_writer_write (writer, data + done, (1 << 20) - done, &n, &error))
      assert_int_equal (n, (1 << 20) - done);
    else {
      assert_error (&error, KIN_OS_ERROR, EAGAIN, EAGAIN);
      must_receive (peer, got + n_got, 1000);
      n_got += 1000;
      n_stops++;
    }
    done += n;
  }
  assert_true (n_stops > 10);
  while (!kin_writer_flush (writer, &error)) {
    assert_error (&error, KIN_OS_ERROR, EAGAIN, EAGAIN);
    must_receive (peer, got + n_got, 1000);
    n_got += 1000;
  }
  must_receive (peer, got + n_got, (1 << 20) - n_got);
  assert_memory_equal (got, data, 1 << 20);
}

static void
test_nonblocking (void **state)
{
  (void) state;
  check_nothing_yet (0);
  check_nothing_yet (KIN_BUFFER_DEFAULT);
  check_full (0);
  check_full (KIN_BUFFER_DEFAULT);
}

/* ---- Without a buffer ---------------------------------------------------------------------- */

static gint n_signals;

static void
count_signal (int number)
{
  (void) number;
  g_atomic_int_inc (&n_signals);
}

static gpointer
send_late (gpointer socket)
{
  while (g_atomic_int_get (&n_signals) < 3)
    g_usleep (1000);
  kin_socket_send (socket, "late", 4, 0, NULL);
  return NULL;
}

/* Each read is one receive; signals do not end it. */
static void
test_raw (void **state)
{
  const struct itimerval often = { { 0, 10000 }, { 0, 10000 } }, never = { 0 };
  struct sigaction action = { .sa_handler = count_signal }, before;
  g_autoptr (KinSocket) peer = NULL;
  g_autoptr (KinReader) reader = NULL;
  g_autoptr (KinWriter) writer = NULL;
  g_autoptr (GError) error = NULL;
  char data[100];
  GThread *thread;

  (void) state;
  make_streams (LONG, 0, &peer, &reader, &writer);
  must_send (peer, "abc", 3);
  must (kin_reader_read (reader, data, 2, &error) == 2, error);
  must_send (peer, "def", 3);
  must (kin_reader_read (reader, data, sizeof data, &error) == 4, error);
  assert_memory_equal (data, "cdef", 4);
  must (kin_writer_write (writer, "out", 3, NULL, &error), error);
  assert_receives (peer, "out");
  assert_int_equal (kin_reader_fd (reader), kin_writer_fd (writer));
  assert_int_equal (lseek (kin_reader_fd (reader), 0, SEEK_CUR), -1); /* no stream is seekable */

  sigaction (SIGALRM, &action, &before);
  thread = g_thread_new ("sender", send_late, peer);
  setitimer (ITIMER_REAL, &often, NULL);
  must (kin_reader_read (reader, data, sizeof data, &error) == 4, error);
  setitimer (ITIMER_REAL, &never, NULL);
  g_thread_join (thread);
  sigaction (SIGALRM, &before, NULL);
  kin_socket_close (peer, NULL);
  must (kin_reader_read (reader, data, sizeof data, &error) == 0, error);
  assert_false (kin_writer_write (writer, "x", 1, NULL, &error));
  assert_error (&error, KIN_OS_ERROR, EPIPE, EPIPE);
}

/* ---- Closed -------------------------------------------------------------------------------- */

static void
check_closed (gssize size)
{
  g_autoptr (KinSocket) peer = NULL;
  g_autoptr (KinReader) reader = NULL;
  g_autoptr (KinWriter) writer = NULL;
  g_autoptr (GError) error = NULL;
  char data[10];

  make_streams (LONG, size, &peer, &reader, &writer);
  must (kin_writer_write (writer, "last", 4, NULL, &error), error);
  must (kin_writer_close (writer, &error), error);
  must (kin_writer_close (writer, &error), error);
  assert_receives (peer, "last");
  assert_int_equal (kin_writer_fd (writer), -1);
  assert_false (kin_writer_write (writer, "x", 1, NULL, &error));
  assert_error (&error, KIN_OS_ERROR, EBADF, EBADF);
  assert_false (kin_writer_flush (writer, &error));
  assert_error (&error, KIN_OS_ERROR, EBADF, EBADF);

  must_send (peer, "ab", 2);
  must (kin_reader_read (reader, data, 1, &error) == 1, error);
  kin_reader_close (reader);
  kin_reader_close (reader);
  assert_int_equal (kin_reader_fd (reader), -1);
  assert_int_equal (kin_reader_read (reader, data, 1, &error), -1);
  assert_error (&error, KIN_OS_ERROR, EBADF, EBADF);
  assert_null (kin_reader_read_line (reader, 0, NULL, &error));
  assert_error (&error, KIN_OS_ERROR, EBADF, EBADF);
}

/* What could not be written is told by the close, once; the descriptor is gone all the same. */
static void
check_close_fails (void)
{
  g_autoptr (KinSocket) peer = NULL;
  g_autoptr (KinReader) reader = NULL;
  g_autoptr (KinWriter) writer = NULL;
  g_autoptr (GError) error = NULL;

  make_streams (LONG, KIN_BUFFER_DEFAULT, &peer, &reader, &writer);
  must (kin_writer_write (writer, "lost", 4, NULL, &error), error);
  kin_socket_close (peer, NULL);
  assert_false (kin_writer_close (writer, &error));
  assert_error (&error, KIN_OS_ERROR, EPIPE, EPIPE);
  assert_int_equal (kin_writer_fd (writer), -1);
  must (kin_writer_close (writer, &error), error);
}

static void
test_after_close (void **state)
{
  (void) state;
  check_closed (0);
  check_closed (KIN_BUFFER_DEFAULT);
  check_close_fails ();
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("file-object: makefile after timeout", test_after_timeout),
    ROW ("file-object: makefile on non-blocking socket", test_nonblocking),
    ROW ("file-object: SocketIO raw object", test_raw),
    ROW ("file-object: SocketIO after close", test_after_close),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
