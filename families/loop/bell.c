/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bell: a descriptor that says what poll(2) says of a socket, for a socket that the kernel hasn't.
 *
 * An eventfd cannot be neither readable nor writable. A socketpair can be all four: a byte through
 * the rope makes the polled half readable, and filling that half's own send buffer makes it not
 * writable. It is touched at the edges only: a message sent and received costs no system call. */
#include "loop.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

int
loop_bell_open (struct loop_bell *bell)
{
  int fds[2], least = 1;

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
    return -errno;
  /* The kernel raises it to its least, some 4 KiB: then one or two sends fill it. */
  setsockopt (fds[0], SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
  *bell = (struct loop_bell){ .fd = fds[0], .rope = fds[1] };
  return 0;
}

void
loop_bell_close (struct loop_bell *bell)
{
  close (bell->rope);
  close (bell->fd);
}

void
loop_bell_set_readable (struct loop_bell *bell, int is_readable)
{
  char byte = 0;

  if (bell->is_readable == is_readable)
    return;
  if (is_readable)
    bell->is_readable = send (bell->rope, &byte, 1, MSG_NOSIGNAL) == 1;
  else
    bell->is_readable = recv (bell->fd, &byte, 1, 0) != 1;
}

void
loop_bell_set_writable (struct loop_bell *bell, int is_writable)
{
  static const char zeros[4096];
  char sink[4096];

  if (bell->is_stuffed == !is_writable)
    return;
  bell->is_stuffed = !is_writable;
  if (is_writable)
    while (recv (bell->rope, sink, sizeof sink, 0) > 0)
      ;
  else
    while (send (bell->fd, zeros, sizeof zeros, MSG_NOSIGNAL) > 0)
      ;
}
