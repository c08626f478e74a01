/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pingpong.h: what the measured programs share: the pair of sockets, the far end, the loops.
 *
 * Each program calls sockets in one way: raw.c the system's, kin.c Kin's, the others a peer's. Its
 * arguments are an echo program and cases, TRANSPORT:SITUATION:TIMEOUT:N. It does N units of each,
 * in a process of its own, so that each begins where all do, and prints nothing. What the processes
 * take is counted by bench/pingpong.py. The situations:
 *
 *   ready    both ends are in this process: a receive never waits
 *   waiting  the far end is another process, which sends back what it gets: each receive waits
 *   nothing  receives that find nothing, one call a unit; nobody asks for an error's text
 *
 * In the first two a unit is one send and one receive of 64 bytes; over "udp" the send is given the
 * address and the receive asks for it. The timeout is in seconds, -1 for ever.
 *
 * A program defines End, an open socket as its library has it, includes this and defines the
 * functions declared here. Nothing is closed: the process ends soon. */
#ifndef PINGPONG_H
#define PINGPONG_H

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE 64

static char out[SIZE], in[4096];

/* ---- What the program defines -------------------------------------------------------------- */

/* Opens both ends; those who adopt a descriptor get theirs from open_pair(). */
static void end_open (const char *transport, int timeout, End ends[2]);
static int end_fd (End end);

/* Of out, to in: bytes, or less than 0. end_sendto() sends to ends[1]. */
static ssize_t end_send (End end);
static ssize_t end_recv (End end);
static ssize_t end_sendto (End end);
static ssize_t end_recvfrom (End end);

/* ---- A pair of descriptors ----------------------------------------------------------------- */

static inline void
check (int is_true, const char *what)
{
  if (!is_true) {
    perror (what);
    exit (1);
  }
}

static inline int
is_udp (const char *transport)
{
  return strcmp (transport, "udp") == 0;
}

/* A socket with a port of its own on the loopback interface. */
static inline int
bind_loopback (int type, struct sockaddr_in *address)
{
  socklen_t length = sizeof *address;
  int fd = socket (AF_INET, type | SOCK_CLOEXEC, 0);

  *address = (struct sockaddr_in){ .sin_family = AF_INET };
  address->sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  check (fd >= 0, "socket");
  check (bind (fd, (struct sockaddr *) address, sizeof *address) == 0, "bind");
  check (getsockname (fd, (struct sockaddr *) address, &length) == 0, "getsockname");
  return fd;
}

/* Over "udp" the far end is connected, so that it can send back with a mere send; the near one is
 * not. far is its address, which there is over "tcp" and "udp". */
static inline void
open_pair (const char *transport, int fds[2], struct sockaddr_in *far)
{
  struct sockaddr_in near;

  if (strcmp (transport, "unix") == 0)
    check (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0, "socketpair");
  else if (is_udp (transport)) {
    fds[0] = bind_loopback (SOCK_DGRAM, &near);
    fds[1] = bind_loopback (SOCK_DGRAM, far);
    check (connect (fds[1], (struct sockaddr *) &near, sizeof near) == 0, "connect");
  } else {
    int door = bind_loopback (SOCK_STREAM, far);

    check (listen (door, 1) == 0, "listen");
    fds[0] = bind_loopback (SOCK_STREAM, &near);
    check (connect (fds[0], (struct sockaddr *) far, sizeof *far) == 0, "connect");
    fds[1] = accept4 (door, NULL, NULL, SOCK_CLOEXEC);
    check (fds[1] >= 0, "accept4");
    close (door);
  }
}

/* ---- What is counted ----------------------------------------------------------------------- */

static void
exchange (End sender, End receiver, long n)
{
  for (long i = 0; i < n; i++) {
    check (end_send (sender) == SIZE, "send");
    check (end_recv (receiver) == SIZE, "recv");
  }
}

static void
exchange_addressed (End sender, End receiver, long n)
{
  for (long i = 0; i < n; i++) {
    check (end_sendto (sender) == SIZE, "sendto");
    check (end_recvfrom (receiver) == SIZE, "recvfrom");
  }
}

static void
find_nothing (End receiver, long n)
{
  for (long i = 0; i < n; i++)
    check (end_recv (receiver) < 0, "recv");
}

/* ---- The cases ----------------------------------------------------------------------------- */

/* Without this the kernel may hold a small segment back until the one before is acknowledged. */
static void
send_at_once (int fd)
{
  int on = 1;

  check (setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0, "TCP_NODELAY");
}

static pid_t
start_echo (const char *echo, int fd)
{
  pid_t child = fork ();
  char number[16];

  check (child >= 0, "fork");
  if (child > 0)
    return child;
  snprintf (number, sizeof number, "%d", fd);
  if (fcntl (fd, F_SETFD, 0) == 0)
    execl (echo, echo, number, (char *) NULL);
  perror (echo);
  _exit (127);
}

static void
run_case (const char *echo, const char *text)
{
  char transport[16], situation[16];
  int timeout, is_waiting;
  pid_t child = 0;
  End ends[2];
  long n;

  if (sscanf (text, "%15[^:]:%15[^:]:%d:%ld", transport, situation, &timeout, &n) != 4) {
    fprintf (stderr, "%s is no TRANSPORT:SITUATION:TIMEOUT:N\n", text);
    exit (2);
  }
  end_open (transport, timeout, ends);
  if (strcmp (transport, "tcp") == 0) {
    send_at_once (end_fd (ends[0]));
    send_at_once (end_fd (ends[1]));
  }
  if (strcmp (situation, "nothing") == 0) {
    find_nothing (ends[0], n);
    return;
  }
  is_waiting = strcmp (situation, "waiting") == 0;
  if (is_waiting)
    child = start_echo (echo, end_fd (ends[1]));
  (is_udp (transport) ? exchange_addressed : exchange) (ends[0], ends[!is_waiting], n);
  if (is_waiting) {
    kill (child, SIGKILL);
    waitpid (child, NULL, 0);
  }
}

int
main (int argc, char **argv)
{
  for (int i = 2; i < argc; i++) {
    pid_t child = fork ();
    int status;

    check (child >= 0, "fork");
    if (child == 0) {
      run_case (argv[1], argv[i]);
      _exit (0);
    }
    check (waitpid (child, &status, 0) == child && status == 0, argv[i]);
  }
  return 0;
}

#endif
