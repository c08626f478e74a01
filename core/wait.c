/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wait: timeouts, cancellation and signals, once, for every family.
 *
 * Where the kernel can keep a socket's timeout it does (SO_RCVTIMEO, SO_SNDTIMEO), so that an
 * operation is one system call whether it is ready or not. For the operations that a protocol's row
 * does not name, and on sockets that others share or that can be cancelled, calls do not wait and
 * the core polls. Measured reasons stand at each rule. */
#include "private.h"

#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/time.h>

/* How long to leave alone what no poll tells: a full backlog, a full queue of an unconnected peer.
 */
#define PAUSE_USEC 5000

/* pthread's, not GLib's, whose lock ThreadSanitizer does not see. */
static pthread_mutex_t default_lock = PTHREAD_MUTEX_INITIALIZER;
static gint64 default_timeout = KIN_FOREVER;

/* A deadline that has passed, given as what is left of it, must not wait for ever. */
gboolean
kin__check_timeout (gint64 timeout_usec, GError **error)
{
  if (timeout_usec >= KIN_FOREVER)
    return TRUE;
  kin__error_set (error, KIN_ERROR_BAD_VALUE,
                  "a timeout of %" G_GINT64_FORMAT " us: it must be 0 or more, or KIN_FOREVER (-1)",
                  timeout_usec);
  return FALSE;
}

/**
 * kin_set_default_timeout:
 * @timeout_usec: microseconds, 0 or %KIN_FOREVER
 * @error: return location, or %NULL
 *
 * The timeout of sockets that are made, adopted or accepted from now on, in the whole process. At
 * first %KIN_FOREVER. May be called from any thread.
 *
 * Returns: %TRUE, or %FALSE with %KIN_ERROR_BAD_VALUE
 */
gboolean
kin_set_default_timeout (gint64 timeout_usec, GError **error)
{
  if (!kin__check_timeout (timeout_usec, error))
    return FALSE;
  pthread_mutex_lock (&default_lock);
  default_timeout = timeout_usec;
  pthread_mutex_unlock (&default_lock);
  return TRUE;
}

/**
 * kin_get_default_timeout:
 *
 * Returns: the timeout of new sockets, in microseconds
 */
gint64
kin_get_default_timeout (void)
{
  gint64 timeout;

  pthread_mutex_lock (&default_lock);
  timeout = default_timeout;
  pthread_mutex_unlock (&default_lock);
  return timeout;
}

gint64
kin__deadline (gint64 timeout_usec)
{
  gint64 now = g_get_monotonic_time ();

  if (timeout_usec < 0)
    return KIN_FOREVER;
  return timeout_usec > G_MAXINT64 - now ? G_MAXINT64 : now + timeout_usec;
}

/* ---- The mode ------------------------------------------------------------------------------ */

int
kin__mode_set_nonblock (KinSocket *socket, gboolean is_on)
{
  /* Another owner of the description may have taken it off. */
  gboolean is_sure = !(is_on && socket->is_shared);

  if (!socket->transport->family->is_kernel || (socket->has_nonblock == is_on && is_sure))
    return 0;
  if (ioctl (socket->head.fd, FIONBIO, &(int){ is_on || socket->was_nonblock }) < 0)
    return -errno;
  socket->has_nonblock = is_on != 0;
  return 0;
}

/* {0, 0} means for ever. What does not fit a timeval of 32 bits is 68 years, or the kernel's most.
 */
int
kin__mode_set_kernel_time (KinSocket *socket, int number, gint64 timeout_usec)
{
  gint64 seconds = MIN (MAX (timeout_usec, 0) / G_USEC_PER_SEC, G_MAXINT32);
  struct timeval value = {
    .tv_sec = (time_t) seconds,
    .tv_usec = (suseconds_t) (MAX (timeout_usec, 0) % G_USEC_PER_SEC),
  };

  return kin__call_setsockopt (socket, SOL_SOCKET, number, &value, sizeof value);
}

/* The operations that the core polls for. A family's own slots never wait but where its row says
 * so; the kernel's own calls may, as long as nothing limits them. */
static guint
find_polled (const KinSocket *socket)
{
  const KinTransport *transport = socket->transport;
  guint kept = transport->family->is_kernel ? transport->row.kernel_waits : 0;
  guint own = transport->own_waits & ~kept;

  if (socket->timeout_usec == 0)
    return 0;
  if (socket->more && socket->more->cancel)
    return KIN_WAITS_ALL;
  if (socket->timeout_usec > 0 && socket->is_shared)
    return KIN_WAITS_ALL;
  if (socket->timeout_usec > 0)
    return KIN_WAITS_ALL & ~kept;
  /* Another owner may have set O_NONBLOCK: a connect must not take its EINPROGRESS for an end. */
  return socket->is_shared ? own | KIN_WAITS_CONNECT : own;
}

/* O_NONBLOCK only where nothing else will do: it is the description's, and SO_RCVTIMEO, SO_SNDTIMEO
 * are ignored under it. accept and connect have no MSG_DONTWAIT; they set it when they poll. */
int
kin__mode_apply (KinSocket *socket)
{
  guint kept;
  int rc = kin__mode_set_nonblock (socket, socket->timeout_usec == 0);

  guint polled = find_polled (socket);
  gboolean raises_no_signal = (socket->transport->row.flags & KIN_PROTOCOL_REFUSES_NOSIGNAL) != 0;
  gboolean sends_at_once = socket->timeout_usec == 0 || (polled & KIN_WAITS_SEND);
  gboolean receives_at_once = socket->timeout_usec == 0 || (polled & KIN_WAITS_RECEIVE);

  /* Each stored once: another thread's call may read them, and must find MSG_DONTWAIT or not. */
  socket->polled = (guint8) polled;
  socket->send_flags =
      (guint16) ((sends_at_once ? MSG_DONTWAIT : 0) | (raises_no_signal ? 0 : MSG_NOSIGNAL));
  socket->recv_flags = receives_at_once ? MSG_DONTWAIT : 0;

  kept = KIN_WAITS_ALL & ~polled;
  if (!socket->transport->family->is_kernel || (kept == 0 && !socket->has_kernel_time) || rc < 0)
    return rc;
  if (socket->timeout_usec > 0 && kept != 0) {
    socket->has_kernel_time = TRUE;
    if (kept & (KIN_WAITS_RECEIVE | KIN_WAITS_ACCEPT))
      rc = kin__mode_set_kernel_time (socket, SO_RCVTIMEO, socket->timeout_usec);
    if (rc == 0 && (kept & (KIN_WAITS_SEND | KIN_WAITS_CONNECT)))
      rc = kin__mode_set_kernel_time (socket, SO_SNDTIMEO, socket->timeout_usec);
  } else if (socket->has_kernel_time) {
    socket->has_kernel_time = FALSE;
    rc = kin__mode_set_kernel_time (socket, SO_RCVTIMEO, 0);
    if (rc == 0)
      rc = kin__mode_set_kernel_time (socket, SO_SNDTIMEO, 0);
  }
  return rc;
}

static gboolean
change_mode (KinSocket *socket, GError **error)
{
  int rc = socket->is_open ? kin__mode_apply (socket) : kin__not_open (socket);

  /* What is being looked up and raced takes it on when there is a winner. */
  if (rc == -ENOTCONN && !socket->is_open)
    return TRUE;
  if (rc < 0)
    kin__fail (error, socket, "set the timeout of", NULL, -rc);
  return rc == 0;
}

/**
 * kin_socket_set_timeout:
 * @socket: a socket
 * @timeout_usec: microseconds; 0: never wait; %KIN_FOREVER: as long as it takes
 * @error: return location, or %NULL
 *
 * The time that each operation from now on may take. It never ends early; the kernel's own timer,
 * used where it can be, has the grain of its clock tick (1 to 10 ms).
 *
 * Returns: %TRUE, or %FALSE with %KIN_ERROR_BAD_VALUE or %KIN_OS_ERROR
 */
gboolean
kin_socket_set_timeout (KinSocket *socket, gint64 timeout_usec, GError **error)
{
  if (!kin__check_timeout (timeout_usec, error))
    return FALSE;
  socket->timeout_usec = timeout_usec;
  return change_mode (socket, error);
}

/**
 * kin_socket_get_timeout:
 * @socket: a socket
 *
 * Returns: its timeout in microseconds; 0: it never waits; %KIN_FOREVER
 */
gint64
kin_socket_get_timeout (KinSocket *socket)
{
  return socket->timeout_usec;
}

/**
 * kin_socket_set_cancel:
 * @socket: a socket
 * @cancel: (nullable): what ends its waits; %NULL for none
 * @error: return location, or %NULL
 *
 * From now on every wait on @socket ends with %KIN_ERROR_CANCELLED when @cancel is cancelled. Such
 * a socket polls: an operation that has to wait takes three system calls instead of one.
 *
 * Returns: %TRUE, or %FALSE with %KIN_OS_ERROR
 */
gboolean
kin_socket_set_cancel (KinSocket *socket, KinCancel *cancel, GError **error)
{
  KinCancel *before = kin__socket_cancel (socket);

  if (cancel || before)
    kin__socket_more (socket)->cancel = cancel ? kin_cancel_ref (cancel) : NULL;
  kin_cancel_unref (before);
  return change_mode (socket, error);
}

/**
 * kin_socket_set_shared:
 * @socket: a socket
 * @error: return location, or %NULL
 *
 * Says that somebody else has the same open file description, and so the same SO_RCVTIMEO and
 * SO_SNDTIMEO: another process, or a duplicate made by dup(2). @socket then keeps its own time, by
 * polling. Sockets that kin_socket_dup() or kin_socket_new_from_fd() made are shared already.
 *
 * Returns: %TRUE, or %FALSE with %KIN_OS_ERROR
 */
gboolean
kin_socket_set_shared (KinSocket *socket, GError **error)
{
  socket->is_shared = TRUE;
  return change_mode (socket, error);
}

/**
 * kin_socket_wants:
 * @socket: a socket
 * @wanted: POLLIN to receive or accept, POLLOUT to send or go on connecting, or both
 * @fd: (out) (optional): the descriptor to poll; may change until a connect has ended
 *
 * For event loops of other makes, and families that stand over other sockets. What to poll is not
 * always what is wanted: a TLS socket may have to receive before it can send.
 *
 * Returns: POLLIN, POLLOUT or both, to wait for on @fd; 0: something wanted may work now, bytes are
 *   buffered; -1 with errno: the operation would fail
 */
int
kin_socket_wants (KinSocket *socket, int wanted, int *fd)
{
  int own = -1, events = kin__call_poll (socket, wanted, &own);

  if (fd)
    *fd = own;
  if (events < 0)
    errno = -events;
  return events < 0 ? -1 : events;
}

/* ---- Waiting ------------------------------------------------------------------------------- */

/* ppoll until the deadline, whatever signals come. fds[1] is the cancel's. -errno, or as kin__wait.
 */
static int
poll_until (struct pollfd fds[2], KinCancel *cancel, gint64 deadline)
{
  if (cancel)
    fds[1] = (struct pollfd){ .fd = kin__cancel_fd (cancel), .events = POLLIN };
  for (;;) {
    gint64 left = deadline < 0 ? 0 : MAX (deadline - g_get_monotonic_time (), 0);
    struct timespec time = {
      .tv_sec = (time_t) MIN (left / G_USEC_PER_SEC, G_MAXINT32),
      .tv_nsec = (long) (left % G_USEC_PER_SEC) * 1000,
    };
    int n = ppoll (fds, cancel ? 2 : 1, deadline < 0 ? NULL : &time, NULL);

    if (n < 0 && errno != EINTR)
      return -errno;
    if (n > 0 && cancel && fds[1].revents)
      return -KIN__CANCELLED;
    if (n > 0)
      return fds[0].revents & POLLNVAL ? -EBADF : 0;
    if (n == 0)
      return -KIN__TIMED_OUT;
  }
}

int
kin__wait_fd (int fd, int events, KinCancel *cancel, gint64 deadline)
{
  struct pollfd fds[2] = { { .fd = fd, .events = (short) events } };

  return poll_until (fds, cancel, deadline);
}

KinCancel *
kin__socket_cancel (KinSocket *socket)
{
  return socket->more ? socket->more->cancel : NULL;
}

int
kin__wait (KinSocket *socket, int wanted, gint64 deadline)
{
  int fd = -1, events = kin__call_poll (socket, wanted, &fd);

  return events <= 0 ? events : kin__wait_fd (fd, events, kin__socket_cancel (socket), deadline);
}

int
kin__pause (KinSocket *socket, gint64 deadline)
{
  gint64 until = g_get_monotonic_time () + PAUSE_USEC;
  gboolean is_last = deadline >= 0 && deadline <= until;
  int rc = kin__wait_fd (-1, 0, kin__socket_cancel (socket), is_last ? deadline : until);

  return rc == -KIN__TIMED_OUT && !is_last ? 0 : rc;
}

/* The kernel starts a timeout anew when a call is made again after a signal, so a timer that fires
 * faster than the timeout would keep it from ever ending: the first EINTR starts a deadline of our
 * own and the rest is polled. In all that is under twice the timeout, and no clock is read on the
 * way that has no signal. */
gssize
kin__retry (KinSocket *socket, guint operation, KinAttempt attempt, gpointer call, int code)
{
  int wanted = operation & (KIN_WAITS_RECEIVE | KIN_WAITS_ACCEPT) ? POLLIN : POLLOUT;
  gboolean may_block = socket->timeout_usec < 0 && !(socket->polled & operation);
  gint64 deadline;
  gssize n = -code;

  if (code == EAGAIN && socket->timeout_usec > 0 && !(socket->polled & operation))
    return -KIN__TIMED_OUT;
  while (n == -EINTR && (may_block || socket->timeout_usec == 0))
    n = attempt (socket, call, 0);
  if ((n != -EAGAIN && n != -EINTR) || socket->timeout_usec == 0)
    return n;

  deadline = kin__deadline (socket->timeout_usec);
  for (guint tries = 0; n == -EAGAIN || n == -EINTR; tries++) {
    int rc = kin__wait (socket, wanted, deadline);

    /* Ready and yet not: once is a doorbell's way; more often, poll cannot tell (the full queue of
     * a datagram socket that we are not connected to). */
    if (rc == 0 && n == -EAGAIN && tries > 1)
      rc = kin__pause (socket, deadline);
    if (rc < 0)
      return rc;
    n = attempt (socket, call, MSG_DONTWAIT);
  }
  return n;
}
