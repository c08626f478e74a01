/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* batch: several messages by one system call, sendmmsg(2) and recvmmsg(2).
 *
 * Both wait for the first message alone and take what else can be had at once. A family with data
 * slots of its own and none for batches is called for one message after the other. */
#include "private.h"

/* Headers for more would not be for the stack. */
#define MOST 64

typedef struct {
  struct mmsghdr headers[MOST];
  guint n;
  int flags;
} Batch;

static gssize
send_each (KinSocket *socket, Batch *batch, int flags)
{
  guint sent = 0;
  gssize n = 0;

  for (; sent < batch->n && n >= 0; sent += n >= 0) {
    n = socket->data_ops->sendmsg (&socket->head, &batch->headers[sent].msg_hdr, flags);
    flags |= MSG_DONTWAIT;
  }
  return sent > 0 ? (gssize) sent : n;
}

static gssize
receive_each (KinSocket *socket, Batch *batch, int flags)
{
  guint received = 0;
  gssize n = 0;

  for (; received < batch->n && n >= 0; received += n >= 0) {
    struct mmsghdr *header = &batch->headers[received];

    n = socket->data_ops->recvmsg (&socket->head, &header->msg_hdr, flags);
    header->msg_len = (guint) MAX (n, 0);
    flags |= MSG_DONTWAIT;
  }
  return received > 0 ? (gssize) received : n;
}

static gssize
attempt_sendmmsg (KinSocket *socket, gpointer call, int flags)
{
  const KinSocketOps *ops = socket->data_ops;
  Batch *batch = call;
  int n;

  flags |= batch->flags | socket->send_flags;
  if (ops && !ops->sendmmsg)
    return send_each (socket, batch, flags);
  if (ops)
    return ops->sendmmsg (&socket->head, batch->headers, batch->n, flags);
  n = sendmmsg (socket->head.fd, batch->headers, batch->n, flags);
  return n < 0 ? -errno : n;
}

static gssize
attempt_recvmmsg (KinSocket *socket, gpointer call, int flags)
{
  const KinSocketOps *ops = socket->data_ops;
  Batch *batch = call;
  int n;

  flags |= batch->flags | socket->recv_flags;
  if (ops && !ops->recvmmsg)
    return receive_each (socket, batch, flags);
  flags |= MSG_WAITFORONE;
  if (ops)
    return ops->recvmmsg (&socket->head, batch->headers, batch->n, flags);
  n = recvmmsg (socket->head.fd, batch->headers, batch->n, flags, NULL);
  return n < 0 ? -errno : n;
}

/**
 * kin_socket_sendmmsg:
 * @socket: a socket
 * @messages: (array length=n): what to send, in order; they stay as they are
 * @n: how many; of more than 64 the first 64 are sent
 * @flags: MSG_…, or 0
 * @error: return location, or %NULL
 *
 * sendmmsg(2). Waits until the first message is sent, and sends those after it that need no
 * waiting. For datagrams: on a stream a message may be sent in part, which is not told. Each is
 * audited as socket.sendmsg.
 *
 * Returns: how many were sent, from the first on, or -1: the first one failed
 */
gssize
kin_socket_sendmmsg (KinSocket *socket, KinMessage *const *messages, gsize n, int flags,
                     GError **error)
{
  Batch batch = { .n = (guint) MIN (n, MOST), .flags = flags };
  gssize sent;

  for (guint i = 0; i < batch.n; i++) {
    if (G_UNLIKELY (kin__audit_hook)
        && !kin__audit ("socket.sendmsg", socket->transport, socket,
                        kin_message_get_address (messages[i]), NULL, error))
      return -1;
    kin__message_to_send (messages[i], &batch.headers[i].msg_hdr);
  }
  sent = attempt_sendmmsg (socket, &batch, 0);
  if (sent >= 0)
    return sent;
  return kin__finish (socket, KIN_WAITS_SEND, attempt_sendmmsg, &batch, flags,
                      batch.n > 0 ? kin_message_get_address (messages[0]) : NULL, (int) -sent,
                      error);
}

/**
 * kin_socket_recvmmsg:
 * @socket: a socket
 * @messages: (array length=n): messages to fill, as by kin_socket_recvmsg()
 * @lengths: (out caller-allocates) (array length=n): bytes of each that was received
 * @n: how many; of more than 64 the first 64 are filled
 * @flags: MSG_…, or 0
 * @error: return location, or %NULL
 *
 * recvmmsg(2). Waits until there is one message, and takes those that are there with it. An error
 * behind a message that was received comes with the next call.
 *
 * Returns: how many were received, or -1
 */
gssize
kin_socket_recvmmsg (KinSocket *socket, KinMessage *const *messages, gsize *lengths, gsize n,
                     int flags, GError **error)
{
  Batch batch = { .n = (guint) MIN (n, MOST), .flags = flags };
  gssize received;

  if (socket->transport->family->has_fds)
    batch.flags |= MSG_CMSG_CLOEXEC;
  for (guint i = 0; i < batch.n; i++)
    kin__message_to_receive (messages[i], &batch.headers[i].msg_hdr);
  received = attempt_recvmmsg (socket, &batch, 0);
  if (received < 0)
    received = kin__finish (socket, KIN_WAITS_RECEIVE, attempt_recvmmsg, &batch, flags, NULL,
                            (int) -received, error);
  for (gssize i = 0; i < received; i++) {
    kin__message_received (messages[i], socket, &batch.headers[i].msg_hdr);
    lengths[i] = batch.headers[i].msg_len;
  }
  return received;
}
