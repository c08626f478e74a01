/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pingpong: what a send and a receive cost, through Kin and beside raw calls in the same program.
 *
 * pingpong MODE N [TIMEOUT-SECONDS] does N units and prints nothing; bench/run.py counts what it
 * took from two runs of different N, so that the start cancels out. A unit is one send and one
 * receive of 64 bytes. The modes:
 *
 *   raw          both ends in this process: a receive never waits
 *   kin          the same over "unix"
 *   raw-waiting  the far end is another process, a raw echo: each receive waits
 *   kin-waiting  the same
 *   loop         as kin, over "loop"
 *   raw-miss     receives that find nothing, one call a unit
 *   kin-miss     the same, nobody asks for a GError
 *   heap         prints the bytes of heap that N sockets hold, a socket
 *   register     registers all families, loads none (N is not used)
 *   nothing      starts and ends */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kin/kin.h>

#define SIZE 64

static char out[SIZE], in[4096];

static void
check (int is_true, const char *what)
{
  if (!is_true) {
    perror (what);
    exit (1);
  }
}

/* ---- The far end --------------------------------------------------------------------------- */

/* Forks a process that sends back what it gets on far, until it ends. */
static pid_t
start_echo (int near, int far)
{
  pid_t child = fork ();
  char bytes[SIZE];
  ssize_t n;

  check (child >= 0, "fork");
  if (child > 0)
    return child;
  close (near);
  while ((n = recv (far, bytes, sizeof bytes, 0)) > 0)
    send (far, bytes, (size_t) n, MSG_NOSIGNAL);
  _exit (0);
}

/* ---- Raw ----------------------------------------------------------------------------------- */

static void
raw (long n, int is_waiting)
{
  pid_t echo = 0;
  int fds[2];

  check (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0, "socketpair");
  if (is_waiting)
    echo = start_echo (fds[0], fds[1]);
  for (long i = 0; i < n; i++) {
    check (send (fds[0], out, SIZE, MSG_NOSIGNAL) == SIZE, "send");
    check (recv (fds[is_waiting ? 0 : 1], in, sizeof in, 0) == SIZE, "recv");
  }
  close (fds[0]);
  close (fds[1]);
  if (is_waiting)
    waitpid (echo, NULL, 0);
}

static void
raw_miss (long n)
{
  int fds[2];

  check (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0, "socketpair");
  for (long i = 0; i < n; i++)
    check (recv (fds[0], in, sizeof in, MSG_DONTWAIT) == -1, "recv");
}

/* ---- Kin ----------------------------------------------------------------------------------- */

static void
make_pair (KinSocket *pair[2], gint64 timeout)
{
  check (kin_socket_new_pair ("unix", &pair[0], &pair[1], NULL), "kin_socket_new_pair");
  for (int i = 0; i < 2; i++)
    check (kin_socket_set_timeout (pair[i], timeout, NULL), "kin_socket_set_timeout");
}

static void
exchange (KinSocket *sender, KinSocket *receiver, long n)
{
  for (long i = 0; i < n; i++) {
    check (kin_socket_send (sender, out, SIZE, 0, NULL) == SIZE, "kin_socket_send");
    check (kin_socket_recv (receiver, in, sizeof in, 0, NULL) == SIZE, "kin_socket_recv");
  }
}

static void
kin (long n, gint64 timeout)
{
  KinSocket *pair[2];

  make_pair (pair, timeout);
  exchange (pair[0], pair[1], n);
  kin_socket_unref (pair[0]);
  kin_socket_unref (pair[1]);
}

static void
kin_waiting (long n, gint64 timeout)
{
  KinSocket *pair[2];
  pid_t echo;

  make_pair (pair, timeout);
  echo = start_echo (kin_socket_fd (pair[0]), kin_socket_fd (pair[1]));
  exchange (pair[0], pair[0], n);
  kin_socket_unref (pair[0]);
  kin_socket_unref (pair[1]);
  waitpid (echo, NULL, 0);
}

static void
loop (long n, gint64 timeout)
{
  KinSocket *door = kin_listen ("loop:bench", NULL), *pair[2];

  check (door != NULL, "kin_listen");
  pair[0] = kin_connect ("loop:bench", KIN_FOREVER, NULL);
  check (pair[0] != NULL, "kin_connect");
  pair[1] = kin_socket_accept (door, NULL, NULL);
  check (pair[1] != NULL, "kin_socket_accept");
  kin_socket_set_timeout (pair[0], timeout, NULL);
  kin_socket_set_timeout (pair[1], timeout, NULL);
  exchange (pair[0], pair[1], n);
  kin_socket_unref (pair[0]);
  kin_socket_unref (pair[1]);
  kin_socket_unref (door);
}

static void
kin_miss (long n)
{
  KinSocket *pair[2];

  make_pair (pair, 0);
  for (long i = 0; i < n; i++)
    check (kin_socket_recv (pair[0], in, sizeof in, 0, NULL) == -1, "kin_socket_recv");
}

/* Half of them connected, half accepted. */
static void
heap (long n)
{
  KinSocket *door = kin_listen ("unix:@kin-bench-heap", NULL);
  size_t before = 0, after;

  check (door != NULL, "kin_listen");
  for (long i = 0; i < n / 2 + 1; i++) {
    KinSocket *near = kin_connect ("unix:@kin-bench-heap", KIN_SECONDS (5), NULL), *far;

    check (near != NULL, "kin_connect");
    far = kin_socket_accept (door, NULL, NULL);
    check (far != NULL, "kin_socket_accept");
    if (i == 0)
      before = mallinfo2 ().uordblks;
  }
  after = mallinfo2 ().uordblks;
  printf ("%.1f\n", (double) (after - before) / (double) (n / 2 * 2));
}

int
main (int argc, char **argv)
{
  const char *mode = argc > 1 ? argv[1] : "";
  long n = argc > 2 ? atol (argv[2]) : 1;
  gint64 timeout = argc > 3 ? KIN_SECONDS (atol (argv[3])) : KIN_FOREVER;

  if (strcmp (mode, "raw") == 0 || strcmp (mode, "raw-waiting") == 0)
    raw (n, mode[3] != 0);
  else if (strcmp (mode, "raw-miss") == 0)
    raw_miss (n);
  else if (strcmp (mode, "kin") == 0)
    kin (n, timeout);
  else if (strcmp (mode, "kin-waiting") == 0)
    kin_waiting (n, timeout);
  else if (strcmp (mode, "loop") == 0)
    loop (n, timeout);
  else if (strcmp (mode, "kin-miss") == 0)
    kin_miss (n);
  else if (strcmp (mode, "heap") == 0)
    heap (n);
  else if (strcmp (mode, "register") == 0)
    g_ptr_array_unref (kin_list_families ());
  else if (strcmp (mode, "nothing") != 0) {
    fprintf (stderr, "usage: pingpong MODE N [TIMEOUT-SECONDS]; the modes stand in its source\n");
    return 2;
  }
  return 0;
}
