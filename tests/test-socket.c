/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-socket: ends of sockets, adopting, forking, what a failure says, audit; over a family of
 * tables alone. */
#include "local.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* ---- Ends ---------------------------------------------------------------------------------- */

static void
test_peer_gone (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  char byte;

  (void) state;
  assert_ptr_equal (signal (SIGPIPE, SIG_DFL), SIG_DFL);
  make_pair ("local", &a, &b);
  assert_true (kin_socket_close (b, NULL));
  assert_int_equal (kin_socket_recv (a, &byte, 1, 0, NULL), 0);
  assert_int_equal (kin_socket_send (a, "x", 1, 0, &error), -1);
  assert_int_equal (errno, EPIPE);
  assert_kin_error (error, KIN_OS_ERROR, EPIPE);
}

static void
test_closed_socket (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  KinAddress address;
  int fd = 0;

  (void) state;
  make_pair ("local", &a, &b);
  assert_true (kin_socket_close (a, NULL));
  assert_true (kin_socket_close (a, NULL));
  assert_int_equal (kin_socket_fd (a), -1);
  assert_int_equal (kin_socket_send (a, "x", 1, 0, &error), -1);
  assert_string_equal (error->message, "cannot send to local: the socket is closed");
  assert_kin_error (error, KIN_OS_ERROR, EBADF);
  assert_false (kin_socket_local (a, &address, &error));
  assert_kin_error (error, KIN_OS_ERROR, EBADF);
  assert_null (kin_socket_dup (a, &error));
  assert_kin_error (error, KIN_OS_ERROR, EBADF);
  assert_int_equal (kin_socket_wants (a, POLLIN, &fd), -1);
  assert_int_equal (errno, EBADF);
  assert_int_equal (kin_socket_detach (a, &error), -1);
  assert_kin_error (error, KIN_OS_ERROR, EBADF);
}

static void
test_detach_and_adopt (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL, adopted = NULL;
  g_autoptr (GError) error = NULL;
  int fd, pipes[2];

  (void) state;
  make_pair ("local-seqpacket", &a, &b);
  assert_true (kin_socket_set_timeout (a, KIN_SECONDS (1), NULL));
  fd = kin_socket_detach (a, NULL);
  assert_true (fd >= 0);
  assert_int_equal (kin_socket_fd (a), -1);
  adopted = kin_socket_new_from_fd (fd, &error);
  assert_non_null (adopted);
  assert_string_equal (kin_socket_scheme (adopted), "local-seqpacket");
  check_receive_times_out (adopted);

  assert_int_equal (pipe (pipes), 0);
  assert_null (kin_socket_new_from_fd (pipes[0], &error));
  assert_int_equal (errno, ENOTSOCK);
  assert_kin_error (error, KIN_OS_ERROR, ENOTSOCK);
  close (pipes[0]);
  close (pipes[1]);
}

/* A descriptor that came with O_NONBLOCK, and a socket that waits for ever. */
static void
test_adopted_nonblocking (void **state)
{
  g_autoptr (KinSocket) a = NULL;
  GThread *thread;
  KinSocket *b;
  char byte;
  int fds[2];

  (void) state;
  assert_int_equal (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
  a = kin_socket_new_from_fd (fds[0], NULL);
  b = kin_socket_new_from_fd (fds[1], NULL);
  thread = g_thread_new ("send", send_late, b);
  assert_int_equal (kin_socket_recv (a, &byte, 1, 0, NULL), 1);
  g_thread_join (thread);
  check_receive_times_out (a);
  assert_true (kin_socket_set_timeout (a, 0, NULL));
  assert_true (kin_socket_set_timeout (a, KIN_FOREVER, NULL));
  assert_true (fcntl (fds[0], F_GETFL) & O_NONBLOCK); /* as it came */
  kin_socket_unref (b);
}

/* O_NONBLOCK is the description's: what a duplicate does to it must not make this one wait. */
static void
test_duplicate_that_waits (void **state)
{
  g_autofree char *endpoint = local_endpoint ("local", "dup");
  g_autoptr (KinSocket) door = kin_listen (endpoint, NULL), other = NULL;

  (void) state;
  assert_true (kin_socket_set_timeout (door, 0, NULL));
  other = kin_socket_dup (door, NULL);
  assert_non_null (other);
  assert_true (kin_socket_set_timeout (other, KIN_FOREVER, NULL));
  assert_null (kin_socket_accept (door, NULL, NULL));
  assert_int_equal (errno, EAGAIN);
  local_unlink (endpoint);
}

static void
test_out_of_descriptors (void **state)
{
  g_autofree char *endpoint = local_endpoint ("local", "nofile");
  g_autoptr (KinSocket) door = kin_listen (endpoint, NULL), client = NULL;
  g_autoptr (GError) error = NULL;
  struct rlimit old, none;
  guint before;

  (void) state;
  client = kin_connect (endpoint, KIN_FOREVER, NULL);
  before = count_fds ();
  getrlimit (RLIMIT_NOFILE, &old);
  none = (struct rlimit){ .rlim_cur = 3, .rlim_max = old.rlim_max };
  setrlimit (RLIMIT_NOFILE, &none);
  assert_null (kin_socket_accept (door, NULL, &error));
  assert_kin_error (error, KIN_OS_ERROR, EMFILE);
  assert_null (kin_socket_new ("local", &error));
  assert_kin_error (error, KIN_OS_ERROR, EMFILE);
  assert_null (kin_socket_dup (door, &error));
  assert_kin_error (error, KIN_OS_ERROR, EMFILE);
  assert_null (kin_cancel_new (&error));
  assert_kin_error (error, KIN_OS_ERROR, EMFILE);
  setrlimit (RLIMIT_NOFILE, &old);
  assert_int_equal (count_fds (), before);
  local_unlink (endpoint);
}

static void
test_fork (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  char bytes[2];
  int status;
  pid_t child;

  (void) state;
  make_pair ("local-seqpacket", &a, &b);
  child = fork ();
  if (child == 0)
    _exit (kin_socket_recv (a, bytes, 1, 0, NULL) == 1 && kin_socket_send (a, "c", 1, 0, NULL) == 1
               ? 0
               : 1);
  assert_int_equal (kin_socket_send (b, "x", 1, 0, NULL), 1);
  assert_int_equal (kin_socket_recv (b, bytes, 1, 0, NULL), 1);
  assert_int_equal (bytes[0], 'c');
  assert_int_equal (waitpid (child, &status, 0), child);
  assert_int_equal (status, 0);
  assert_int_equal (kin_socket_send (a, "p", 1, 0, NULL), 1);
  assert_int_equal (kin_socket_recv (b, bytes, 1, 0, NULL), 1);
  assert_int_equal (bytes[0], 'p');
}

/* ---- What a failure says ------------------------------------------------------------------- */

static void
test_messages (void **state)
{
  g_autofree char *endpoint = local_endpoint ("local", "gone"), *expected = NULL;
  g_autoptr (KinSocket) door = kin_listen (endpoint, NULL);
  g_autoptr (GError) error = NULL;

  (void) state;
  kin_socket_close (door, NULL);
  assert_null (kin_connect (endpoint, KIN_FOREVER, &error));
  expected =
      g_strdup_printf ("cannot connect to %s: Connection refused; nobody listens there", endpoint);
  assert_string_equal (error->message, expected);
  assert_kin_error (error, KIN_OS_ERROR, ECONNREFUSED);
  assert_null (kin_listen (endpoint, &error));
  assert_kin_error (error, KIN_OS_ERROR, EADDRINUSE);
  local_unlink (endpoint);
}

static char *
refuse_connect (const KinAudit *audit, gpointer seen)
{
  g_string_append_printf (seen, "%s %s %d;", audit->event, audit->scheme, audit->type);
  return strcmp (audit->event, "socket.connect") == 0 ? g_strdup ("not today") : NULL;
}

static void
test_audit (void **state)
{
  g_autofree char *endpoint = local_endpoint ("local", "audit");
  g_autoptr (KinSocket) door = NULL;
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  guint before;

  (void) state;
  kin_set_audit_hook (refuse_connect, seen);
  door = kin_listen (endpoint, NULL);
  before = count_fds ();
  assert_null (kin_connect (endpoint, KIN_FOREVER, &error));
  kin_set_audit_hook (NULL, NULL);
  assert_int_equal (errno, EPERM);
  assert_non_null (strstr (error->message, "not today"));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_DENIED);
  assert_string_equal (seen->str, "socket.__new__ local 1;socket.bind local 1;"
                                  "socket.__new__ local 1;socket.connect local 1;");
  assert_int_equal (count_fds (), before);
  local_unlink (endpoint);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_peer_gone),
    cmocka_unit_test (test_closed_socket),
    cmocka_unit_test (test_detach_and_adopt),
    cmocka_unit_test (test_adopted_nonblocking),
    cmocka_unit_test (test_duplicate_that_waits),
    cmocka_unit_test (test_out_of_descriptors),
    cmocka_unit_test (test_fork),
    cmocka_unit_test (test_messages),
    cmocka_unit_test (test_audit),
  };

  return cmocka_run_group_tests (tests, local_setup, local_teardown);
}
