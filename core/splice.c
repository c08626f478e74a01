/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* splice: bytes between a socket and a pipe that never pass through the program.
 *
 * splice(2) differs from send and recv in two ways. It raises SIGPIPE whatever it is told, so the
 * signal is blocked in this thread meanwhile, and taken. And it has no MSG_DONTWAIT of its own:
 * where the core polls, O_NONBLOCK is set for as long as it takes. */
#include "private.h"

#include <poll.h>
#include <signal.h>

/* Not an errno: the pipe is what would have to wait, and no socket's poll ends that. */
#define PIPE_WAITS 0x10003

typedef struct {
  int direction, pipe;
  gsize n;
  guint flags;
} Transfer;

static gboolean
pipe_is_ready (const Transfer *transfer)
{
  struct pollfd fd = { .fd = transfer->pipe,
                       .events = transfer->direction & POLLIN ? POLLOUT : POLLIN };

  return poll (&fd, 1, 0) != 0;
}

void
kin__sigpipe_block (KinSigpipe *signal)
{
  sigset_t broken_pipe, pending;

  sigemptyset (&broken_pipe);
  sigaddset (&broken_pipe, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &broken_pipe, &signal->before);
  /* One that waits already is somebody else's. */
  signal->was_pending = sigismember (&signal->before, SIGPIPE) == 1 && sigpending (&pending) == 0
                        && sigismember (&pending, SIGPIPE) == 1;
}

void
kin__sigpipe_restore (const KinSigpipe *signal, gboolean is_whole)
{
  sigset_t broken_pipe;

  sigemptyset (&broken_pipe);
  sigaddset (&broken_pipe, SIGPIPE);
  if (!is_whole && !signal->was_pending)
    while (sigtimedwait (&broken_pipe, NULL, &(struct timespec){ 0 }) < 0 && errno == EINTR)
      ;
  pthread_sigmask (SIG_SETMASK, &signal->before, NULL);
}

static gssize
attempt_splice (KinSocket *socket, gpointer call, int flags)
{
  const Transfer *transfer = call;
  KinSigpipe signal;
  gssize n;

  (void) flags;
  kin__sigpipe_block (&signal);
  n = kin__call_splice (socket, transfer->direction, transfer->pipe, transfer->n, transfer->flags);
  kin__sigpipe_restore (&signal, n >= 0 && (gsize) n == transfer->n);
  if (n == -EAGAIN && socket->timeout_usec != 0 && !pipe_is_ready (transfer))
    return -PIPE_WAITS;
  return n;
}

/**
 * kin_socket_splice:
 * @socket: a connected socket
 * @direction: POLLIN: from the socket into the pipe; POLLOUT: from the pipe to the socket
 * @pipe: the pipe's end that is written, or read
 * @n: bytes, at most
 * @flags: SPLICE_F_…, or 0
 * @error: return location, or %NULL
 *
 * splice(2). Waits for the socket as kin_socket_send() and kin_socket_recv() do. A pipe that is
 * full, or empty, and does not block fails with EAGAIN at once. A closed peer is an error, EPIPE,
 * and never a signal. Where a socket that polls has operations whose time the kernel keeps, no
 * other thread may be inside one of those.
 *
 * Returns: bytes moved; 0: the peer has ended, or an empty pipe its writers; -1 with %KIN_OS_ERROR:
 *   EOPNOTSUPP where the family's bytes are not its descriptor's, EINVAL where the kernel cannot
 *   splice: copy instead
 */
gssize
kin_socket_splice (KinSocket *socket, int direction, int pipe, gsize n, guint flags, GError **error)
{
  guint operation = direction & POLLIN ? KIN_WAITS_RECEIVE : KIN_WAITS_SEND;
  gboolean polls = socket->timeout_usec != 0 && (socket->polled & operation);
  Transfer transfer = { direction, pipe, n, flags };
  gssize moved = socket->is_open ? 0 : -EBADF;

  if (moved == 0 && polls)
    moved = kin__mode_set_nonblock (socket, TRUE);
  if (moved == 0)
    moved = attempt_splice (socket, &transfer, 0);
  if (moved == -EINTR || (moved == -EAGAIN && socket->timeout_usec != 0))
    moved = kin__retry (socket, operation, attempt_splice, &transfer, (int) -moved);
  if (polls && socket->polled != KIN_WAITS_ALL && socket->is_open)
    kin__mode_set_nonblock (socket, FALSE);
  if (moved >= 0)
    return moved;
  kin__fail (error, socket, direction & POLLIN ? "receive from" : "send to", NULL,
             moved == -PIPE_WAITS ? EAGAIN : (int) -moved);
  return -1;
}
