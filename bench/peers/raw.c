/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* raw: ping-pong by system calls alone; the kernel keeps the timeout. */
#include <sys/time.h>

typedef int End;

#include "pingpong.h"

static struct sockaddr_in to;

static void
end_open (const char *transport, int timeout, End ends[2])
{
  struct timeval time = { .tv_sec = timeout };

  open_pair (transport, ends, &to);
  for (int i = 0; i < 2; i++)
    if (timeout == 0)
      check (fcntl (ends[i], F_SETFL, O_NONBLOCK) == 0, "fcntl");
    else if (timeout > 0) {
      check (setsockopt (ends[i], SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time) == 0, "timeout");
      check (setsockopt (ends[i], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) == 0, "timeout");
    }
}

static int
end_fd (End end)
{
  return end;
}

static ssize_t
end_send (End end)
{
  return send (end, out, SIZE, MSG_NOSIGNAL);
}

static ssize_t
end_recv (End end)
{
  return recv (end, in, sizeof in, 0);
}

static ssize_t
end_sendto (End end)
{
  return sendto (end, out, SIZE, MSG_NOSIGNAL, (struct sockaddr *) &to, sizeof to);
}

static ssize_t
end_recvfrom (End end)
{
  struct sockaddr_storage from;
  socklen_t length = sizeof from;

  return recvfrom (end, in, sizeof in, 0, (struct sockaddr *) &from, &length);
}
