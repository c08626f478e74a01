/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-beyond-peer: which process is at the other end: its numbers, and a descriptor of it.
 *
 * Needs: unix inet loop
 */
#include "sockets.h"

#include <sys/wait.h>

/* ---- A peer, another process --------------------------------------------------------------- */

/* Python connects as another user, and goes when its input ends. */
static const char peer_program[] =
    "import os, socket, sys\n"
    "groups = list(range(5000, 5000 + int(sys.argv[2])))\n"
    "if os.geteuid() == 0:\n"
    "    os.setgroups(groups)\n"
    "    os.setgid(4002)\n"
    "    os.setuid(4001)\n"
    "end = socket.socket(socket.AF_UNIX)\n"
    "end.connect('\\0' + sys.argv[1])\n"
    "print(os.getpid(), os.getuid(), os.getgid(), *sorted(os.getgroups()), flush=True)\n"
    "sys.stdin.read()\n";

typedef struct {
  GPid pid;
  int in, out;
  KinSocket *socket; /* our end */
  char *said;        /* "pid uid gid group…" */
} Peer;

static void
start_peer (Peer *peer, guint n_groups)
{
  g_autoptr (KinSocket) door = must_listen (own_name ("unix:@kin-peer-PID"));
  g_autofree char *number = g_strdup_printf ("%u", n_groups);
  const char *argv[] = { "/usr/bin/python3",        "-c",   peer_program,
                         own_name ("kin-peer-PID"), number, NULL };
  char line[8192] = "";
  g_autoptr (GError) error = NULL;

  must (g_spawn_async_with_pipes (NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                                  &peer->pid, &peer->in, &peer->out, NULL, &error),
        error);
  peer->socket = must_accept (door);
  for (gsize n = 0; n == 0 || line[n - 1] != '\n';) {
    gssize got = read (peer->out, line + n, sizeof line - 1 - n);

    assert_true (got > 0);
    n += (gsize) got;
  }
  peer->said = g_strdup (g_strchomp (line));
}

/* Its process ends, and is waited for: its number is free. */
static void
end_peer (Peer *peer)
{
  int status;

  close (peer->in);
  assert_int_equal (waitpid (peer->pid, &status, 0), peer->pid);
  assert_int_equal (status, 0);
}

static void
free_peer (Peer *peer)
{
  close (peer->out);
  kin_socket_unref (peer->socket);
  g_free (peer->said);
}

/* ---- Who it is ----------------------------------------------------------------------------- */

static int
compare_groups (const void *a, const void *b)
{
  gid_t left = *(const gid_t *) a, right = *(const gid_t *) b;

  return (left > right) - (left < right);
}

/* What the kernel says is what the process says of itself; it holds when the process is gone. */
static void
check_credentials (guint n_groups)
{
  g_autoptr (GString) line = g_string_new (NULL);
  g_autofree gid_t *groups = NULL;
  g_autoptr (GError) error = NULL;
  KinCredentials credentials;
  gsize n = 0;
  Peer peer;

  start_peer (&peer, n_groups);
  end_peer (&peer);
  must (kin_socket_peer_credentials (peer.socket, &credentials, &error), error);
  groups = kin_socket_peer_groups (peer.socket, &n, &error);
  must (groups, error);
  if (geteuid () == 0)
    assert_int_equal (n, n_groups);
  qsort (groups, n, sizeof *groups, compare_groups);
  g_string_printf (line, "%d %u %u", (int) credentials.pid, credentials.uid, credentials.gid);
  for (gsize i = 0; i < n; i++)
    g_string_append_printf (line, " %u", groups[i]);
  assert_string_equal (line->str, peer.said);
  free_peer (&peer);
}

static void
test_credentials (void **state)
{
  (void) state;
  check_credentials (0);
  check_credentials (3);
  check_credentials (500); /* more than there is room for at first */
}

/* ---- Its process --------------------------------------------------------------------------- */

/* The descriptor is ready when the process has ended. */
static void
test_pidfd (void **state)
{
  g_autoptr (GError) error = NULL;
  struct pollfd fd = { .events = POLLIN };
  g_autofree char *path = NULL, *text = NULL, *expected = NULL;
  Peer peer;

  (void) state;
  start_peer (&peer, 0);
  fd.fd = kin_socket_peer_pidfd (peer.socket, &error);
  must (fd.fd >= 0, error);
  assert_int_equal (fcntl (fd.fd, F_GETFD), FD_CLOEXEC);
  path = g_strdup_printf ("/proc/self/fdinfo/%d", fd.fd);
  assert_true (g_file_get_contents (path, &text, NULL, NULL));
  expected = g_strdup_printf ("Pid:\t%d\n", (int) peer.pid);
  assert_non_null (strstr (text, expected));
  assert_int_equal (poll (&fd, 1, 0), 0);
  end_peer (&peer);
  assert_int_equal (poll (&fd, 1, 20000), 1);
  close (fd.fd);
  free_peer (&peer);
}

/* Of a process that is no more there is none (or, since Linux 6.16, one of an ended process). */
static void
test_pidfd_of_none (void **state)
{
  g_autoptr (GError) error = NULL;
  struct pollfd fd = { .events = POLLIN };
  Peer peer;

  (void) state;
  start_peer (&peer, 0);
  end_peer (&peer);
  fd.fd = kin_socket_peer_pidfd (peer.socket, &error);
  if (fd.fd < 0)
    assert_fails (FALSE, ESRCH, &error);
  else {
    assert_int_equal (poll (&fd, 1, 0), 1);
    close (fd.fd);
  }
  free_peer (&peer);
}

/* ---- Nobody -------------------------------------------------------------------------------- */

static void
check_nobody (KinSocket *socket, int code)
{
  g_autoptr (GError) error = NULL;
  KinCredentials credentials;
  gsize n = 1;

  assert_fails (kin_socket_peer_credentials (socket, &credentials, &error), code, &error);
  assert_fails (kin_socket_peer_groups (socket, &n, &error) != NULL, code, &error);
  assert_int_equal (n, 0);
  assert_fails (kin_socket_peer_pidfd (socket, &error) >= 0, code, &error);
}

static void
test_nobody (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("tcp4:127.0.0.1:0"), client = NULL, server = NULL;
  g_autoptr (KinSocket) loop = must_listen ("loop:peer"), alone = must_bind ("unix-dgram:");
  g_autofree char *to = local_text (door);
  g_autoptr (GError) error = NULL;

  (void) state;
  client = must_connect (to);
  server = must_accept (door);
  check_nobody (server, EOPNOTSUPP);
  check_nobody (loop, EOPNOTSUPP);
  check_nobody (alone, EOPNOTSUPP);
  must (kin_socket_close (alone, &error), error);
  check_nobody (alone, EBADF);
}

/* A pair's other end is this process. */
static void
test_pair (void **state)
{
  g_autoptr (KinSocket) first = NULL, second = NULL;
  g_autoptr (GError) error = NULL;
  KinCredentials credentials;

  (void) state;
  must (kin_socket_new_pair ("unix-seqpacket", &first, &second, &error), error);
  must (kin_socket_peer_credentials (first, &credentials, &error), error);
  assert_int_equal (credentials.pid, getpid ());
  assert_int_equal (credentials.uid, geteuid ());
  assert_int_equal (credentials.gid, getegid ());
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_credentials),   cmocka_unit_test (test_pidfd),
    cmocka_unit_test (test_pidfd_of_none), cmocka_unit_test (test_nobody),
    cmocka_unit_test (test_pair),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
