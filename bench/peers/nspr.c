/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nspr: ping-pong by the Netscape Portable Runtime, whose calls are each given their timeout. */
#include <nspr.h>
#include <private/pprio.h>

typedef PRFileDesc *End;

#include "pingpong.h"

static PRIntervalTime interval;
static PRNetAddr to;

static void
end_open (const char *transport, int timeout, End ends[2])
{
  struct sockaddr_in far = { 0 };
  int fds[2];

  interval = timeout < 0    ? PR_INTERVAL_NO_TIMEOUT
             : timeout == 0 ? PR_INTERVAL_NO_WAIT
                            : PR_SecondsToInterval ((PRUint32) timeout);
  open_pair (transport, fds, &far);
  PR_InitializeNetAddr (PR_IpAddrLoopback, ntohs (far.sin_port), &to);
  for (int i = 0; i < 2; i++) {
    ends[i] = is_udp (transport) ? PR_ImportUDPSocket (fds[i]) : PR_ImportTCPSocket (fds[i]);
    check (ends[i] != NULL, "PR_Import");
  }
}

static int
end_fd (End end)
{
  return PR_FileDesc2NativeHandle (end);
}

static ssize_t
end_send (End end)
{
  return PR_Send (end, out, SIZE, 0, interval);
}

static ssize_t
end_recv (End end)
{
  return PR_Recv (end, in, sizeof in, 0, interval);
}

static ssize_t
end_sendto (End end)
{
  return PR_SendTo (end, out, SIZE, 0, &to, interval);
}

static ssize_t
end_recvfrom (End end)
{
  PRNetAddr from;

  return PR_RecvFrom (end, in, sizeof in, 0, &from, interval);
}
