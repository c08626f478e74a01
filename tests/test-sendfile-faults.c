/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-sendfile-faults: what kin_socket_sendfile makes of each answer of sendfile(2).
 *
 * Wrap: sendfile64
 */
#include "local.h"

#include <fcntl.h>
#include <sys/sendfile.h>

#define SIZE 100000

/* What sendfile answers, one after the other: -errno, a count that is sent, 0: the kernel is asked.
 */
static const int *answers;
static guint n_asked;

ssize_t __real_sendfile64 (int out, int in, off_t *offset, size_t n);
ssize_t __wrap_sendfile64 (int out, int in, off_t *offset, size_t n);

ssize_t
__wrap_sendfile64 (int out, int in, off_t *offset, size_t n)
{
  int answer = answers[n_asked];

  n_asked += answer != 0;
  if (answer >= 0)
    return __real_sendfile64 (out, in, offset, answer > 0 ? (size_t) answer : n);
  errno = -answer;
  return -1;
}

static int
make_file (void)
{
  char name[] = "/tmp/kin-faults-XXXXXX", data[1000];
  int fd = mkostemp (name, O_CLOEXEC);

  assert_true (fd >= 0);
  unlink (name);
  for (guint i = 0; i < SIZE / sizeof data; i++) {
    memset (data, 'a' + (int) (i % 26), sizeof data);
    assert_int_equal (write (fd, data, sizeof data), sizeof data);
  }
  return fd;
}

/* As the test is to send it, in a thread that receives meanwhile. */
static gpointer
receive (gpointer socket)
{
  GString *text = g_string_new (NULL);
  char data[5000];
  gssize n;

  while ((n = kin_socket_recv (socket, data, sizeof data, 0, NULL)) > 0)
    g_string_append_len (text, data, n);
  return g_string_free (text, FALSE);
}

static void
assert_is_file (const char *got, int fd)
{
  g_autofree char *data = g_malloc (SIZE);

  assert_int_equal (strlen (got), SIZE);
  assert_int_equal (pread (fd, data, SIZE, 0), SIZE);
  assert_memory_equal (got, data, SIZE);
}

/* All arrives, whatever the answers. */
static void
check_arrives (const char *scheme, const int *given, guint n_expected)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *got = NULL;
  guint64 sent = 0;
  GThread *thread;
  int fd = make_file ();

  make_pair (scheme, &a, &b);
  answers = given;
  n_asked = 0;
  thread = g_thread_new ("receiver", receive, b);
  if (!kin_socket_sendfile (a, fd, 0, -1, KIN_SECONDS (20), NULL, NULL, &sent, &error))
    fail_msg ("%s", error->message);
  assert_int_equal (sent, SIZE);
  assert_int_equal (n_asked, n_expected);
  assert_int_equal (lseek (fd, 0, SEEK_CUR), SIZE);
  kin_socket_close (a, NULL);
  got = g_thread_join (thread);
  assert_is_file (got, fd);
  close (fd);
}

/* Nothing went out: it is read and sent, whatever the reason. */
static void
test_fallback (void **state)
{
  static const int codes[] = { EINVAL, ENOSYS, EOVERFLOW, EOPNOTSUPP, EIO, EPERM };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    check_arrives ("local", (int[]){ -codes[i], 0 }, 1);
}

/* A family of the kernel's, of which the core keeps the time; signals; small pieces. */
static void
test_goes_on (void **state)
{
  (void) state;
  check_arrives ("local", (int[]){ 10, -EINTR, -EAGAIN, 20, -EINTR, 0 }, 5);
  check_arrives ("local-polled", (int[]){ -EAGAIN, 1, -EAGAIN, -EAGAIN, -EAGAIN, 99, 0 }, 6);
}

/* Once something is out there is no other way: what fails fails, and is said. */
static void
test_no_fallback_after_something (void **state)
{
  static const int codes[] = { EINVAL, EIO, EPIPE };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++) {
    g_autoptr (KinSocket) a = NULL, b = NULL;
    g_autoptr (GError) error = NULL;
    int fd = make_file (), given[] = { 5000, -codes[i], 0 };
    guint64 sent = 0;
    char data[6000];

    make_pair ("local", &a, &b);
    answers = given;
    n_asked = 0;
    assert_false (kin_socket_sendfile (a, fd, 100, -1, KIN_FOREVER, NULL, NULL, &sent, &error));
    assert_int_equal (errno, codes[i]);
    assert_kin_error (error, KIN_OS_ERROR, codes[i]);
    assert_int_equal (sent, 5000);
    assert_int_equal (lseek (fd, 0, SEEK_CUR), 5100);
    assert_int_equal (kin_socket_recv (b, data, sizeof data, 0, NULL), 5000);
    assert_int_equal (kin_socket_recv (b, data, sizeof data, MSG_DONTWAIT, NULL), -1);
    close (fd);
  }
}

/* A socket that is always ready, and a kernel that never is: its poll cannot tell. */
static void
test_deadline (void **state)
{
  static const int given[] = { 1,       -EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN,
                               -EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN,
                               -EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN,
                               -EAGAIN, -EAGAIN, -EAGAIN, 0 };
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  int fd = make_file ();
  guint64 sent = 0;
  Moment began;

  (void) state;
  make_pair ("local", &a, &b);
  answers = given;
  n_asked = 0;
  began = now ();
  assert_false (kin_socket_sendfile (a, fd, 0, -1, 50000, NULL, NULL, &sent, &error));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_TIMED_OUT);
  assert_waited (began, 50000);
  assert_int_equal (sent, 1);
  assert_true (n_asked < G_N_ELEMENTS (given) - 1); /* it did not spin */
  close (fd);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_fallback),
    cmocka_unit_test (test_goes_on),
    cmocka_unit_test (test_no_fallback_after_something),
    cmocka_unit_test (test_deadline),
  };

  return cmocka_run_group_tests (tests, local_setup, local_teardown);
}
