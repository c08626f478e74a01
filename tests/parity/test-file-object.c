/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-file-object: readers and writers, with Python's makefile() at the far end and without.
 *
 * Needs: unix loop plugins */
#include "streams.h"

static KinReader *
must_reader (KinSocket *socket, gssize size)
{
  g_autoptr (GError) error = NULL;
  KinReader *reader = kin_reader_new (socket, size, &error);

  must (reader, error);
  return reader;
}

static KinWriter *
must_writer (KinSocket *socket, gssize size)
{
  g_autoptr (GError) error = NULL;
  KinWriter *writer = kin_writer_new (socket, size, &error);

  must (writer, error);
  return writer;
}

static void
must_write (KinWriter *writer, const char *text)
{
  g_autoptr (GError) error = NULL;
  gsize written = 0;

  must (kin_writer_write (writer, text, strlen (text), &written, &error), error);
  assert_int_equal (written, strlen (text));
}

static void
must_flush (KinWriter *writer)
{
  g_autoptr (GError) error = NULL;

  must (kin_writer_flush (writer, &error), error);
}

static void
assert_line (KinReader *reader, const char *expected)
{
  g_autoptr (GError) error = NULL;
  gsize length = 1;
  g_autofree char *line = kin_reader_read_line (reader, 100, &length, &error);

  if (!expected) {
    assert_null (line);
    assert_null (error);
    assert_int_equal (length, 0);
    return;
  }
  must (line, error);
  assert_string_equal (line, expected);
  assert_int_equal (length, strlen (expected));
}

static void
assert_until (KinReader *reader, char delimiter, gsize most, const char *expected)
{
  g_autoptr (GError) error = NULL;
  gsize length;
  g_autofree char *text = kin_reader_read_until (reader, delimiter, most, &length, &error);

  must (text, error);
  assert_string_equal (text, expected);
  assert_int_equal (length, strlen (expected));
}

static void
assert_ended (KinReader *reader)
{
  g_autoptr (GError) error = NULL;
  char byte;

  must (kin_reader_read (reader, &byte, 1, &error) == 0, error);
  assert_line (reader, NULL);
}

/* Nothing has come, and the peer is there. */
static void
assert_nothing (KinSocket *socket)
{
  char byte;

  assert_int_equal (kin_socket_recv (socket, &byte, 1, MSG_DONTWAIT, NULL), -1);
  assert_int_equal (errno, EAGAIN);
}

/* ---- What it reads and writes -------------------------------------------------------------- */

static void
check_lines (gssize size)
{
  Peer peer = peer_new (own_name ("unix:@kin-test-PID-lines"), "lines", NULL);
  g_autoptr (KinReader) reader = must_reader (peer.socket, size);
  g_autoptr (KinWriter) writer = must_writer (peer.socket, size);
  g_autoptr (GError) error = NULL;
  g_autofree char *nul = NULL;
  char digits[5];
  gsize length;

  must (kin_writer_printf (writer, &error, "GET %s\r\n", "/"), error);
  must_write (writer, "second\n");
  must_flush (writer);
  assert_line (reader, "b'GET /\\r\\n'");
  assert_line (reader, "b'second\\n'");
  must_write (writer, "\r\n");
  must_flush (writer);
  assert_line (reader, "empty:");
  assert_line (reader, "");
  nul = kin_reader_read_line (reader, 0, &length, &error);
  assert_int_equal (length, 6);
  assert_memory_equal (nul, "nul: \0", 7);
  assert_line (reader, "bare \r in it");
  must (kin_reader_read_exactly (reader, digits, 5, NULL, &error), error);
  assert_memory_equal (digits, "12345", 5);
  assert_line (reader, "last");
  assert_ended (reader);
  peer_free (&peer);
}

/* What Python's text reads of it: bytes are the program's. */
static void
check_text (void)
{
  Peer peer = peer_new (own_name ("unix:@kin-test-PID-text"), "text", NULL);
  g_autoptr (KinReader) reader = must_reader (peer.socket, KIN_BUFFER_DEFAULT);
  g_autoptr (KinWriter) writer = must_writer (peer.socket, KIN_BUFFER_DEFAULT);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) all = NULL;
  static const char expected[] = "['gr\xc3\xbc\xc3\x9f\\n', 'dos\\n', 'end']";

  must_write (writer, "gr\xc3\xbc\xc3\x9f\ndos\r\nend");
  must (kin_writer_close (writer, &error), error);
  must (kin_socket_shutdown (peer.socket, SHUT_WR, &error), error);
  all = kin_reader_read_all (reader, 0, &error);
  must (all, error);
  assert_int_equal (g_bytes_get_size (all), sizeof expected - 1);
  assert_memory_equal (g_bytes_get_data (all, NULL), expected, sizeof expected - 1);
  assert_true (g_utf8_validate (expected, -1, NULL));
  peer_free (&peer);
}

static void
test_makefile (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;

  (void) state;
  check_lines (KIN_BUFFER_DEFAULT);
  check_lines (0);
  check_lines (1);
  check_lines (7);
  check_text ();

  make_pair ("unix-seqpacket", &a, &b);
  assert_null (kin_reader_new (a, 0, &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_NOT_SUPPORTED));
  assert_int_equal (errno, EOPNOTSUPP);
  g_clear_error (&error);
  kin_socket_close (a, NULL);
  assert_fails (kin_writer_new (a, 0, &error) != NULL, EBADF, &error);
}

/* ---- The buffer ---------------------------------------------------------------------------- */

static void
check_limits (gssize size)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (KinReader) reader = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) all = NULL;
  g_autofree char *four = NULL;
  char data[20];
  gsize n_read;

  make_pair ("unix", &a, &b);
  reader = must_reader (b, size);
  must_send (a, "four\r\nseven77\nabc:defghij", 25);
  g_clear_pointer (&a, kin_socket_unref);
  assert_null (kin_reader_read_line (reader, 3, NULL, &error));
  assert_int_equal (errno, EMSGSIZE);
  assert_true (g_error_matches (error, KIN_OS_ERROR, EMSGSIZE));
  g_clear_error (&error);
  four = kin_reader_read_line (reader, 4, NULL, &error);
  must (four, error);
  assert_string_equal (four, "four");      /* it was not lost, and its end does not count */
  assert_until (reader, '\n', 5, "seven"); /* as Python's readline (5) */
  assert_until (reader, '\n', 5, "77\n");
  assert_until (reader, ':', 0, "abc:");
  must (kin_reader_read_exactly (reader, data, 2, &n_read, &error), error);
  assert_null (kin_reader_read_all (reader, 4, &error));
  assert_int_equal (errno, EMSGSIZE);
  g_clear_error (&error);
  all = kin_reader_read_all (reader, 5, &error);
  must (all, error);
  assert_int_equal (g_bytes_get_size (all), 5);
  assert_memory_equal (g_bytes_get_data (all, NULL), "fghij", 5);
  assert_false (kin_reader_read_exactly (reader, data, 20, &n_read, &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_ENDED));
  assert_int_equal (n_read, 0);
}

/* As large as one likes, whatever the buffer's size. */
static void
check_large (gssize size)
{
  const char *endpoint = own_name ("loop:stream-PID");
  g_autoptr (KinSocket) door = must_listen (endpoint), client = must_connect (endpoint);
  g_autoptr (KinSocket) server = must_accept (door);
  g_autoptr (KinWriter) writer = must_writer (client, size);
  g_autoptr (KinReader) reader = must_reader (server, size);
  g_autofree char *text = g_strnfill (20000, 'x'), *line = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  must_write (writer, "a");
  must_write (writer, text);
  must_write (writer, "\n");
  must_flush (writer);
  line = kin_reader_read_line (reader, 0, &length, &error);
  must (line, error);
  assert_int_equal (length, 20001);
  assert_string_equal (line + 1, text);
}

static void
test_buffering (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (KinWriter) gathers = NULL, sends = NULL;
  g_autoptr (KinReader) reader = NULL;

  (void) state;
  for (gssize size = -1; size < 12; size++)
    check_limits (size);
  check_large (KIN_BUFFER_DEFAULT);
  check_large (0);
  check_large (100);

  make_pair ("unix", &a, &b);
  gathers = must_writer (a, KIN_BUFFER_DEFAULT);
  sends = must_writer (a, 0);
  must_write (gathers, "later");
  assert_nothing (b);
  must_write (sends, "now");
  assert_receives (b, "now");
  assert_nothing (b);
  must_flush (gathers);
  assert_receives (b, "later");

  /* Without a buffer nothing is received ahead: the socket has the rest. */
  reader = must_reader (b, 0);
  must_send (a, "line\nrest", 9);
  assert_line (reader, "line");
  assert_receives (b, "rest");
}

/* ---- Closing ------------------------------------------------------------------------------- */

static void
check_close_order (gboolean is_closed, gboolean reader_first)
{
  guint before = count_fds ();
  KinSocket *a = NULL, *b = NULL;
  g_autoptr (GError) error = NULL;
  KinReader *reader;
  KinWriter *writer;
  char byte;
  int fd;

  make_pair ("unix", &a, &b);
  reader = must_reader (a, KIN_BUFFER_DEFAULT);
  writer = must_writer (a, KIN_BUFFER_DEFAULT);
  fd = kin_socket_fd (a);
  if (is_closed) {
    must (kin_socket_close (a, &error), error);
    assert_int_equal (kin_socket_fd (a), -1);
    assert_int_equal (kin_socket_send (a, "x", 1, 0, NULL), -1);
    assert_int_equal (errno, EBADF);
    assert_null (kin_reader_new (a, 0, NULL));
    must (kin_socket_close (a, &error), error);
  }
  kin_socket_unref (a);
  assert_int_equal (kin_reader_fd (reader), fd);
  assert_int_equal (kin_writer_fd (writer), fd);
  assert_nothing (b); /* no end */
  must_write (writer, "still\n");
  must_flush (writer);
  assert_receives (b, "still\n");
  must_send (b, "here\n", 5);
  assert_line (reader, "here");
  must_write (writer, "bye");
  if (reader_first)
    kin_reader_free (reader);
  else
    kin_writer_free (writer);
  assert_true (fcntl (fd, F_GETFD) >= 0);
  if (reader_first)
    kin_writer_free (writer);
  else
    kin_reader_free (reader);
  assert_receives (b, "bye");
  assert_int_equal (kin_socket_recv (b, &byte, 1, 0, NULL), 0);
  kin_socket_unref (b);
  assert_int_equal (count_fds (), before);
}

/* Closed first, the socket goes with its last owner, and at once where streams came and went. */
static void
check_streams_first (void)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  KinReader *reader;
  char byte;

  make_pair ("unix", &a, &b);
  reader = must_reader (a, 0);
  kin_reader_free (reader);
  assert_nothing (b);
  must_send (a, "x", 1);
  assert_receives (b, "x");
  assert_true (kin_socket_close (a, NULL));
  assert_int_equal (kin_socket_recv (b, &byte, 1, 0, NULL), 0);
}

/* The streams keep what the socket had: here its time, and what may end it. */
static void
check_keeps_its_mode (void)
{
  g_autoptr (KinCancel) cancel = kin_cancel_new (NULL);
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (KinReader) reader = NULL;
  g_autoptr (GError) error = NULL;
  Moment began;
  char byte;

  make_pair ("unix", &a, &b);
  must (kin_socket_set_timeout (a, SHORT, &error), error);
  must (kin_socket_set_cancel (a, cancel, &error), error);
  reader = must_reader (a, 0);
  must (kin_socket_close (a, &error), error);
  kin_cancel_cancel (cancel);
  assert_int_equal (kin_reader_read (reader, &byte, 1, &error), -1);
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_CANCELLED));
  g_clear_error (&error);
  kin_cancel_reset (cancel);
  began = now ();
  assert_int_equal (kin_reader_read (reader, &byte, 1, &error), -1);
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
  assert_waited (began, SHORT);
}

static void
test_close_order (void **state)
{
  (void) state;
  check_close_order (TRUE, TRUE);
  check_close_order (TRUE, FALSE);
  check_close_order (FALSE, TRUE);
  check_close_order (FALSE, FALSE);
  check_streams_first ();
  check_keeps_its_mode ();
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("file-object: makefile(mode='r', buffering=None, *, encoding, errors, newline)",
         test_makefile),
    ROW ("file-object: makefile buffering", test_buffering),
    ROW ("file-object: makefile close order", test_close_order),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
