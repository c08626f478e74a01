/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* echo FD: the far end. Sends back what it gets on the descriptor, once its parent sleeps.
 *
 * The parent does nothing but send and receive, so then it waits in its receive. Being traced is
 * not being asleep. */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What proc(5) says of the parent: its number, its name in brackets, its state. */
static int
open_state (void)
{
  char path[64];

  snprintf (path, sizeof path, "/proc/%d/stat", (int) getppid ());
  return open (path, O_RDONLY | O_CLOEXEC);
}

static int
is_asleep (int fd)
{
  char text[256];
  ssize_t n = pread (fd, text, sizeof text - 1, 0);
  const char *name_end;

  if (n <= 0)
    exit (1);
  text[n] = '\0';
  name_end = strrchr (text, ')');
  return name_end && strncmp (name_end, ") S", 3) == 0;
}

int
main (int argc, char **argv)
{
  int fd = argc > 1 ? atoi (argv[1]) : -1, state;
  struct pollfd ready = { .fd = fd, .events = POLLIN };
  char bytes[4096];
  ssize_t n;

  prctl (PR_SET_PDEATHSIG, SIGKILL);
  state = open_state ();
  /* A library may have made the description, which both processes share, non-blocking. */
  while (poll (&ready, 1, -1) == 1 && (n = recv (fd, bytes, sizeof bytes, 0)) > 0) {
    while (!is_asleep (state))
      sched_yield ();
    if (send (fd, bytes, (size_t) n, MSG_NOSIGNAL) != n)
      return 1;
  }
  return 0;
}
