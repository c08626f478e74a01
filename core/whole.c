/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* whole: calls that send or receive all that they were given, within one deadline; several buffers
 * at once; and waiting by itself.
 *
 * The deadline is monotonic and the call's own, whatever the socket's timeout. Without one, on a
 * socket that may wait in the kernel, all goes with one system call. */
#include "private.h"

#include <poll.h>

/* ---- All of it ----------------------------------------------------------------------------- */

typedef struct {
  KinSocket *socket;
  guint operation; /* KIN_WAITS_SEND or KIN_WAITS_RECEIVE */
  char *data;
  gsize length, done;
  int flags;
} Transfer;

/* A count, 0 at a stream's end, or -errno. */
static gssize
call_once (const Transfer *transfer)
{
  KinSocket *socket = transfer->socket;
  gboolean is_send = transfer->operation == KIN_WAITS_SEND;
  int flags = transfer->flags | (is_send ? socket->send_flags : socket->recv_flags);
  char *data = transfer->data + transfer->done;
  gsize length = transfer->length - transfer->done;
  gssize n;

  if (socket->data_ops)
    return is_send ? socket->data_ops->send (&socket->head, data, length, flags)
                   : socket->data_ops->recv (&socket->head, data, length, flags);
  n = is_send ? send (socket->head.fd, data, length, flags)
              : recv (socket->head.fd, data, length, flags);
  return n < 0 ? -errno : n;
}

/* Whether the kernel may wait for as long as it takes, so that nothing need be asked twice. */
static gboolean
may_block (const Transfer *transfer, gint64 deadline)
{
  const KinSocket *socket = transfer->socket;

  return deadline < 0 && socket->timeout_usec < 0 && !(socket->polled & transfer->operation);
}

/* 0: all is done; -ENODATA: a stream ended; -errno, -KIN__TIMED_OUT or -KIN__CANCELLED. */
static int
transfer_all (Transfer *transfer, gint64 timeout_usec)
{
  gboolean is_send = transfer->operation == KIN_WAITS_SEND;
  gint64 deadline = kin__deadline (timeout_usec);
  guint n_idle = 0;

  if (!may_block (transfer, deadline))
    transfer->flags |= MSG_DONTWAIT;
  else if (!is_send && !transfer->socket->data_ops)
    transfer->flags |= MSG_WAITALL;
  while (transfer->done < transfer->length) {
    gssize n = call_once (transfer);
    int rc = 0;

    if (n > 0) {
      transfer->done += (gsize) n;
      n_idle = 0;
    } else if (n == 0 && !is_send)
      return -ENODATA;
    else if (n == 0 || n == -EAGAIN)
      rc = kin__wait (transfer->socket, is_send ? POLLOUT : POLLIN, deadline);
    else if (n != -EINTR)
      return (int) n;
    /* Ready, and yet not: poll cannot tell. */
    if (rc == 0 && n <= 0 && n_idle++ > 1)
      rc = kin__pause (transfer->socket, deadline);
    if (rc < 0)
      return rc;
  }
  return 0;
}

static void
fail_at_end (const Transfer *transfer, GError **error)
{
  g_autofree char *text = kin__socket_text (transfer->socket, NULL);

  kin__error_set (error, KIN_ERROR_ENDED,
                  "cannot receive from %s: its end came after %" G_GSIZE_FORMAT
                  " of %" G_GSIZE_FORMAT " bytes",
                  text, transfer->done, transfer->length);
}

/**
 * kin_socket_send_all:
 * @socket: a connected stream
 * @data: (array length=length) (element-type guint8): what to send
 * @length: bytes of @data
 * @flags: MSG_…, or 0
 * @timeout_usec: microseconds for all of it, whatever the socket's own timeout; %KIN_FOREVER; 0:
 *   what can be sent at once
 * @sent: (out) (optional): bytes that were sent, of a failure too
 * @error: return location, or %NULL
 *
 * Sends all of @data, by as many send(2) as it takes.
 *
 * Returns: %TRUE, or %FALSE with %KIN_ERROR_TIMED_OUT, %KIN_ERROR_CANCELLED or %KIN_OS_ERROR
 */
gboolean
kin_socket_send_all (KinSocket *socket, gconstpointer data, gsize length, int flags,
                     gint64 timeout_usec, gsize *sent, GError **error)
{
  Transfer transfer = { socket, KIN_WAITS_SEND, (char *) data, length, 0, flags };
  int rc;

  if (sent)
    *sent = 0;
  if (!kin__check_timeout (timeout_usec, error))
    return FALSE;
  rc = transfer_all (&transfer, timeout_usec);
  if (sent)
    *sent = transfer.done;
  if (rc < 0)
    kin__fail (error, socket, "send to", NULL, -rc);
  return rc == 0;
}

/**
 * kin_socket_recv_exactly:
 * @socket: a connected stream
 * @data: (out caller-allocates) (array length=size) (element-type guint8): where to put it
 * @size: how many bytes to receive
 * @flags: MSG_…, or 0
 * @timeout_usec: microseconds for all of it, whatever the socket's own timeout; %KIN_FOREVER; 0:
 *   what is there already
 * @received: (out) (optional): bytes that are in @data, of a failure too
 * @error: return location, or %NULL
 *
 * Receives @size bytes, by as many recv(2) as it takes.
 *
 * Returns: %TRUE, or %FALSE with %KIN_ERROR_ENDED: the stream ended before, %KIN_ERROR_TIMED_OUT,
 *   %KIN_ERROR_CANCELLED or %KIN_OS_ERROR
 */
gboolean
kin_socket_recv_exactly (KinSocket *socket, gpointer data, gsize size, int flags,
                         gint64 timeout_usec, gsize *received, GError **error)
{
  Transfer transfer = { socket, KIN_WAITS_RECEIVE, data, size, 0, flags };
  int rc;

  if (received)
    *received = 0;
  if (!kin__check_timeout (timeout_usec, error))
    return FALSE;
  rc = transfer_all (&transfer, timeout_usec);
  if (received)
    *received = transfer.done;
  if (rc == -ENODATA)
    fail_at_end (&transfer, error);
  else if (rc < 0)
    kin__fail (error, socket, "receive from", NULL, -rc);
  return rc == 0;
}

/* ---- Several buffers ----------------------------------------------------------------------- */

/**
 * kin_socket_send_vectors:
 * @socket: a connected socket
 * @vectors: (type gpointer): @n_vectors buffers, sent in order as one
 * @n_vectors: how many; the kernel takes 1024
 * @flags: MSG_…, or 0
 * @error: return location, or %NULL
 *
 * sendmsg(2) with buffers and nothing else. On a stream it may send less than all.
 *
 * Returns: bytes sent, or -1
 */
gssize
kin_socket_send_vectors (KinSocket *socket, const struct iovec *vectors, gsize n_vectors, int flags,
                         GError **error)
{
  struct msghdr header = { .msg_iov = (struct iovec *) vectors, .msg_iovlen = n_vectors };

  return kin__send_message (socket, &header, flags, NULL, error);
}

/**
 * kin_socket_recv_vectors:
 * @socket: a socket
 * @vectors: (type gpointer): @n_vectors buffers, filled in order
 * @n_vectors: how many; the kernel takes 1024
 * @flags: MSG_…, or 0
 * @error: return location, or %NULL
 *
 * recvmsg(2) with buffers and nothing else.
 *
 * Returns: bytes received; 0: the peer has ended a stream; -1
 */
gssize
kin_socket_recv_vectors (KinSocket *socket, const struct iovec *vectors, gsize n_vectors, int flags,
                         GError **error)
{
  struct msghdr header = { .msg_iov = (struct iovec *) vectors, .msg_iovlen = n_vectors };

  return kin__receive_message (socket, &header, flags, error);
}

/* ---- Waiting ------------------------------------------------------------------------------- */

/**
 * kin_socket_wait:
 * @socket: a socket
 * @wanted: POLLIN to receive or accept, POLLOUT to send or go on connecting, or both; or POLLERR
 * @timeout_usec: microseconds, whatever the socket's own timeout; 0: only look; %KIN_FOREVER
 * @error: return location, or %NULL
 *
 * Waits until something wanted may work, or the socket's cancel ends it. With a call that has
 * MSG_DONTWAIT it gives that call a deadline of its own.
 *
 * An error ends it in any case, and so does an entry of the error queue: that is what makes the
 * operation that is wanted fail. POLLERR alone waits for these, before kin_socket_recv_report().
 *
 * Returns: %TRUE, or %FALSE with %KIN_ERROR_TIMED_OUT, %KIN_ERROR_CANCELLED or %KIN_OS_ERROR
 */
gboolean
kin_socket_wait (KinSocket *socket, int wanted, gint64 timeout_usec, GError **error)
{
  int rc;

  if (!kin__check_timeout (timeout_usec, error))
    return FALSE;
  rc = kin__wait (socket, wanted, kin__deadline (timeout_usec));
  if (rc < 0)
    kin__fail (error, socket, "wait for", NULL, -rc);
  return rc == 0;
}
