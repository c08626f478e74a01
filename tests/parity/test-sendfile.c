/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-sendfile: a file over a stream, to Python and to nobody.
 *
 * SIGPIPE has its default action here: raised, it would end the test.
 *
 * Needs: unix inet loop plugins */
#include "../shared/net.h"
#include "streams.h"

#include <signal.h>

#define SIZE (3 * 1024 * 1024 + 17)

/* A file of bytes that do not repeat soon, open at its start; no name is left. */
static int
make_file (gsize size)
{
  char name[] = "/tmp/kin-sendfile-XXXXXX";
  g_autofree guint32 *words = g_malloc (size + sizeof *words);
  int fd = mkostemp (name, O_CLOEXEC);

  assert_true (fd >= 0);
  unlink (name);
  for (gsize i = 0; i <= size / sizeof *words; i++)
    words[i] = (guint32) i * 2654435761u;
  assert_int_equal (write (fd, words, size), size);
  assert_int_equal (lseek (fd, 0, SEEK_SET), 0);
  return fd;
}

static char *
digest_of (int fd, gint64 offset, gsize length)
{
  g_autofree guint8 *data = g_malloc (length);
  g_autofree char *sum = NULL;

  assert_int_equal (pread (fd, data, length, (off_t) offset), length);
  sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, data, length);
  return g_strdup_printf ("%" G_GSIZE_FORMAT " %s", length, sum);
}

/* What Python received is this part of the file. */
static void
assert_arrived (Peer *peer, int fd, gint64 offset, gsize length)
{
  g_autofree char *expected = digest_of (fd, offset, length), *said = NULL;
  g_autoptr (GError) error = NULL;

  must (kin_socket_shutdown (peer->socket, SHUT_WR, &error), error);
  said = receive_text (peer->socket);
  assert_string_equal (said, expected);
}

static void
assert_position (int fd, guint64 position)
{
  assert_int_equal (lseek (fd, 0, SEEK_CUR), position);
}

/* ---- All of it ----------------------------------------------------------------------------- */

static void
count_up (guint64 sent, gpointer user_data)
{
  guint64 *last = user_data;

  assert_true (sent > *last);
  *last = sent;
}

/* In the kernel, and polled: with a deadline, a timeout, a cancel. */
static void
check_whole (const char *endpoint, gint64 timeout, gint64 deadline, gboolean has_cancel)
{
  Peer peer = peer_new (endpoint, "digest", NULL);
  g_autoptr (KinCancel) cancel = kin_cancel_new (NULL);
  g_autoptr (GError) error = NULL;
  guint64 sent = 0, last = 0;
  int fd = make_file (SIZE);

  must (kin_socket_set_timeout (peer.socket, timeout, &error), error);
  must (kin_socket_set_cancel (peer.socket, has_cancel ? cancel : NULL, &error), error);
  must (kin_socket_sendfile (peer.socket, fd, 0, -1, deadline, count_up, &last, &sent, &error),
        error);
  assert_int_equal (sent, SIZE);
  assert_int_equal (last, SIZE);
  assert_position (fd, SIZE);
  assert_false (fcntl (kin_socket_fd (peer.socket), F_GETFL) & O_NONBLOCK);
  assert_arrived (&peer, fd, 0, SIZE);
  close (fd);
  peer_free (&peer);
}

static void
assert_refused (KinSocket *socket, int fd, gint64 offset, gint64 count, int code)
{
  g_autoptr (GError) error = NULL;
  guint64 sent = 1;

  assert_false (kin_socket_sendfile (socket, fd, offset, count, LONG, NULL, NULL, &sent, &error));
  assert_true (g_error_matches (error, KIN_ERROR, code));
  assert_int_equal (errno, code == KIN_ERROR_BAD_VALUE ? EINVAL : EOPNOTSUPP);
  assert_int_equal (sent, 0);
}

static void
test_sendfile (void **state)
{
  g_autoptr (KinSocket) first = NULL, second = NULL, a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  const char *unix_name = own_name ("unix:@kin-test-PID-sendfile");
  int fd = make_file (10);

  (void) state;
  check_whole ("tcp4:127.0.0.1:0", KIN_FOREVER, KIN_FOREVER, FALSE);
  check_whole ("tcp4:127.0.0.1:0", LONG, LONG, FALSE);
  check_whole ("tcp4:127.0.0.1:0", KIN_FOREVER, KIN_FOREVER, TRUE);
  check_whole (unix_name, KIN_FOREVER, KIN_FOREVER, FALSE);
  check_whole (unix_name, LONG, LONG, FALSE);
  check_whole (unix_name, LONG, KIN_FOREVER, TRUE);

  make_pair ("unix-seqpacket", &first, &second);
  assert_refused (first, fd, 0, -1, KIN_ERROR_NOT_SUPPORTED);
  make_pair ("unix", &a, &b);
  must (kin_socket_set_timeout (a, 0, &error), error);
  assert_refused (a, fd, 0, -1, KIN_ERROR_NOT_SUPPORTED);
  kin_socket_close (a, NULL);
  assert_fails (kin_socket_sendfile (a, fd, 0, -1, LONG, NULL, NULL, NULL, &error), EBADF, &error);
  close (fd);
}

/* ---- Which part ---------------------------------------------------------------------------- */

static void
test_count_and_offset (void **state)
{
  static const struct {
    gint64 offset, count, sent;
  } cases[] = {
    { 0, 1, 1 },          { 1000, 5000, 5000 },        { 2000000, 1048576, 1048576 },
    { 7, -1, SIZE - 7 },  { SIZE - 10, 1000, 10 },     { SIZE, -1, 0 },
    { SIZE + 50, -1, 0 }, { SIZE - 1, G_MAXINT64, 1 },
  };
  g_autoptr (KinSocket) a = NULL, b = NULL;
  int fd = make_file (SIZE);

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    Peer peer = peer_new ("tcp4:127.0.0.1:0", "digest", NULL);
    g_autoptr (GError) error = NULL;
    guint64 sent = 0;

    assert_int_equal (lseek (fd, 4321, SEEK_SET), 4321); /* where it stands does not matter */
    must (kin_socket_sendfile (peer.socket, fd, cases[i].offset, cases[i].count, LONG, NULL, NULL,
                               &sent, &error),
          error);
    assert_int_equal (sent, cases[i].sent);
    assert_position (fd, (guint64) (cases[i].offset + cases[i].sent));
    assert_arrived (&peer, fd, cases[i].offset, (gsize) cases[i].sent);
    peer_free (&peer);
  }
  make_pair ("unix", &a, &b);
  assert_int_equal (lseek (fd, 5, SEEK_SET), 5);
  assert_refused (a, fd, 0, 0, KIN_ERROR_BAD_VALUE);
  assert_refused (a, fd, 0, -2, KIN_ERROR_BAD_VALUE);
  assert_refused (a, fd, -1, -1, KIN_ERROR_BAD_VALUE);
  assert_position (fd, 5);
  close (fd);
}

/* ---- Where the file stands afterwards ------------------------------------------------------ */

static int
make_sparse (gint64 size)
{
  int fd = make_file (1);

  assert_int_equal (ftruncate (fd, (off_t) size), 0);
  return fd;
}

/* Fails midway: what is said to be sent is where the file stands. */
static void
assert_stops (KinSocket *socket, gint64 timeout, GError **error)
{
  int fd = make_sparse (64 * 1024 * 1024);
  guint64 sent = 0, last = 0;
  int code;

  assert_false (kin_socket_sendfile (socket, fd, 1000, -1, timeout, count_up, &last, &sent, error));
  code = errno;
  assert_in_range (sent, 1, 64 * 1024 * 1024 - 1001);
  assert_int_equal (sent, last);
  assert_position (fd, 1000 + sent);
  close (fd);
  errno = code;
}

static void
check_peer_leaves (const char *endpoint, gint64 timeout)
{
  Peer peer = peer_new (endpoint, "leave", "100000");
  g_autoptr (GError) error = NULL;
  sigset_t set;

  must (kin_socket_set_timeout (peer.socket, timeout, &error), error);
  assert_stops (peer.socket, timeout, &error);
  assert_true (errno == EPIPE || errno == ECONNRESET);
  assert_true (g_error_matches (error, KIN_OS_ERROR, errno));
  sigpending (&set);
  assert_int_equal (sigismember (&set, SIGPIPE), 0);
  peer_free (&peer);
}

static void
test_position (void **state)
{
  const char *unix_name = own_name ("unix:@kin-test-PID-position");
  g_autoptr (KinCancel) cancel = kin_cancel_new (NULL);
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  Moment began;

  (void) state;
  signal (SIGPIPE, SIG_DFL);
  check_peer_leaves ("tcp4:127.0.0.1:0", KIN_FOREVER);
  check_peer_leaves ("tcp4:127.0.0.1:0", LONG);
  check_peer_leaves (unix_name, KIN_FOREVER);
  check_peer_leaves (unix_name, LONG);

  make_pair ("unix", &a, &b); /* that nobody reads */
  began = now ();
  assert_stops (a, SHORT, &error);
  assert_waited (began, SHORT);
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
  g_clear_error (&error);
  g_clear_pointer (&a, kin_socket_unref);
  g_clear_pointer (&b, kin_socket_unref);

  make_pair ("unix", &a, &b);
  must (kin_socket_set_cancel (a, cancel, &error), error);
  kin_cancel_cancel (cancel);
  assert_stops (a, LONG, &error);
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_CANCELLED));
}

/* ---- What the kernel does not send --------------------------------------------------------- */

static gpointer
receive_all (gpointer socket)
{
  return receive_text (socket);
}

/* Bytes of the family's own transport. */
static void
check_loop (int fd)
{
  const char *endpoint = own_name ("loop:sendfile-PID");
  g_autoptr (KinSocket) door = must_listen (endpoint), client = must_connect (endpoint);
  g_autoptr (KinSocket) server = must_accept (door);
  GThread *thread = g_thread_new ("receiver", receive_all, server);
  g_autofree char *got = NULL, *sum = NULL, *expected = NULL;
  g_autoptr (GError) error = NULL;
  guint64 sent = 0, last = 0;

  must (kin_socket_sendfile (client, fd, 0, -1, LONG, count_up, &last, &sent, &error), error);
  assert_int_equal (sent, SIZE);
  assert_int_equal (last, SIZE);
  assert_position (fd, SIZE);
  kin_socket_close (client, NULL);
  got = g_thread_join (thread);
  sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) got, SIZE);
  expected = digest_of (fd, 0, SIZE);
  assert_true (g_str_has_suffix (expected, sum));
}

/* A pipe comes to its end as a file does; where one is to begin in it cannot be chosen. */
static void
check_pipe (void)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  guint64 sent = 0;
  Moment began;
  int fds[2];

  make_pair ("unix", &a, &b);
  assert_int_equal (pipe2 (fds, O_CLOEXEC), 0);
  assert_int_equal (write (fds[1], "from a pipe", 11), 11);
  must (kin_socket_sendfile (a, fds[0], 0, 7, LONG, NULL, NULL, &sent, &error), error);
  assert_receives (b, "from a ");
  assert_fails (kin_socket_sendfile (a, fds[0], 3, -1, LONG, NULL, NULL, NULL, &error), ESPIPE,
                &error);
  began = now ();
  assert_false (kin_socket_sendfile (a, fds[0], 0, -1, SHORT, NULL, NULL, &sent, &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
  g_clear_error (&error);
  assert_waited (began, SHORT);
  assert_int_equal (sent, 4);
  assert_receives (b, "pipe");
  close (fds[1]);
  must (kin_socket_sendfile (a, fds[0], 0, -1, LONG, NULL, NULL, &sent, &error), error);
  assert_int_equal (sent, 0);
  close (fds[0]);
}

/* Files of size 0 that are full of text. */
static void
check_proc (const char *path)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL, *got = NULL;
  guint64 sent = 0;
  gsize length;

  assert_true (g_file_get_contents (path, &text, &length, NULL));
  make_pair ("unix", &a, &b);
  must (kin_socket_sendfile (a, fd, 0, -1, LONG, NULL, NULL, &sent, &error), error);
  kin_socket_close (a, NULL);
  got = receive_text (b);
  assert_int_equal (sent, strlen (got));
  assert_int_equal (sent, length);
  assert_string_equal (got, text);
  assert_position (fd, sent);
  close (fd);
}

static void
test_fallback (void **state)
{
  int fd = make_file (SIZE);

  (void) state;
  check_loop (fd);
  check_pipe ();
  check_proc ("/proc/version");
  check_proc ("/proc/self/mounts");
  check_proc ("/proc/self/limits");
  close (fd);
}

/* ---- What is no file to read --------------------------------------------------------------- */

static void
test_unreadable (void **state)
{
  static const struct {
    const char *path;
    int mode, code;
    const char *why;
  } cases[] = {
    { "/", O_RDONLY | O_DIRECTORY, EISDIR, "Is a directory" },
    { "/dev/null", O_WRONLY, EBADF, "Bad file descriptor" },
    { "/dev/null", O_PATH, EBADF, "Bad file descriptor" },
  };
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  int empty = make_file (0);
  guint64 sent = 1;
  char byte;

  (void) state;
  make_pair ("unix", &a, &b);
  must (kin_socket_sendfile (a, empty, 0, -1, LONG, NULL, NULL, &sent, &error), error);
  assert_int_equal (sent, 0);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    int fd = open (cases[i].path, cases[i].mode | O_CLOEXEC);
    g_autofree char *words = g_strdup_printf ("cannot read descriptor %d: %s", fd, cases[i].why);

    assert_false (kin_socket_sendfile (a, fd, 0, -1, LONG, NULL, NULL, &sent, &error));
    assert_int_equal (errno, cases[i].code);
    assert_true (g_error_matches (error, KIN_OS_ERROR, cases[i].code));
    assert_non_null (strstr (error->message, words));
    g_clear_error (&error);
    close (fd);
  }
  assert_fails (kin_socket_sendfile (a, 9999, 0, -1, LONG, NULL, NULL, &sent, &error), EBADF,
                &error);
  assert_int_equal (kin_socket_recv (b, &byte, 1, MSG_DONTWAIT, NULL), -1); /* nothing came */
  assert_int_equal (errno, EAGAIN);
  close (empty);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("method: sendfile(file, offset=0, count=None)", test_sendfile),
    ROW ("method: sendfile count/offset", test_count_and_offset),
    ROW ("method: sendfile file position", test_position),
    ROW ("method: sendfile fallback", test_fallback),
    ROW ("method: sendfile text-mode file", test_unreadable),
  };

  return cmocka_run_group_tests (tests, net_setup, NULL);
}
