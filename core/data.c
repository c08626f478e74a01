/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* data: sending and receiving.
 *
 * The fast way of each call is one test (has the family slots of its own?), one call and one test
 * of its result: no clock, no lock, no allocation. Everything else is out of line. */
#include "private.h"

#include <string.h>

/* What one send or receive was given; only the slow way reads it. */
typedef struct {
  KinSocket *socket;
  const void *data;
  gsize length;
  int flags;
  GError **error;
} Bytes;

/* Puts it into memory before the system call. Without this the compiler keeps five arguments in
 * registers that it must save and restore: ten instructions more on the fast way, of twenty. */
#define SPILL(call) __asm__ volatile("" : : "m"(call))

typedef struct {
  struct msghdr *header;
  int flags;
} Packet;

static gssize
attempt_send (KinSocket *socket, gpointer call, int flags)
{
  const Bytes *bytes = call;
  gssize n;

  flags |= bytes->flags | socket->send_flags;
  if (socket->data_ops)
    return socket->data_ops->send (&socket->head, bytes->data, bytes->length, flags);
  n = send (socket->head.fd, bytes->data, bytes->length, flags);
  return n < 0 ? -errno : n;
}

static gssize
attempt_recv (KinSocket *socket, gpointer call, int flags)
{
  const Bytes *bytes = call;
  gssize n;

  flags |= bytes->flags | socket->recv_flags;
  if (socket->data_ops)
    return socket->data_ops->recv (&socket->head, (void *) bytes->data, bytes->length, flags);
  n = recv (socket->head.fd, (void *) bytes->data, bytes->length, flags);
  return n < 0 ? -errno : n;
}

static gssize
attempt_sendmsg (KinSocket *socket, gpointer call, int flags)
{
  const Packet *packet = call;
  gssize n;

  flags |= packet->flags | socket->send_flags;
  if (socket->data_ops)
    return socket->data_ops->sendmsg (&socket->head, packet->header, flags);
  n = sendmsg (socket->head.fd, packet->header, flags);
  return n < 0 ? -errno : n;
}

static gssize
attempt_recvmsg (KinSocket *socket, gpointer call, int flags)
{
  const Packet *packet = call;
  gssize n;

  flags |= packet->flags | socket->recv_flags;
  if (socket->data_ops)
    return socket->data_ops->recvmsg (&socket->head, packet->header, flags);
  n = recvmsg (socket->head.fd, packet->header, flags);
  return n < 0 ? -errno : n;
}

gssize
kin__finish (KinSocket *socket, guint operation, KinAttempt attempt, gpointer call, int flags,
             const KinAddress *address, int code, GError **error)
{
  gboolean is_send = operation == KIN_WAITS_SEND, may_not_wait;
  gssize n = -code;

  /* The error queue never waits: its EAGAIN is no timeout. */
  may_not_wait = (flags & (is_send ? MSG_DONTWAIT : MSG_DONTWAIT | MSG_ERRQUEUE)) != 0;
  /* TCP Fast Open, tcp(7): the send connects, and went without its data. */
  if (is_send && n == -EINPROGRESS && !may_not_wait && socket->timeout_usec != 0)
    n = -EAGAIN;
  while (n == -EINTR && may_not_wait)
    n = attempt (socket, call, 0);
  code = (int) -n;
  if ((code == EAGAIN && !may_not_wait && socket->timeout_usec != 0) || code == EINTR)
    n = kin__retry (socket, operation, attempt, call, code);
  if (n >= 0)
    return n;
  kin__fail (error, socket, is_send ? "send to" : "receive from", address, (int) -n);
  return -1;
}

static G_GNUC_NO_INLINE gssize
finish_send (Bytes *bytes, gssize n)
{
  return kin__finish (bytes->socket, KIN_WAITS_SEND, attempt_send, bytes, bytes->flags, NULL,
                      bytes->socket->data_ops ? (int) -n : errno, bytes->error);
}

static G_GNUC_NO_INLINE gssize
finish_recv (Bytes *bytes, gssize n)
{
  return kin__finish (bytes->socket, KIN_WAITS_RECEIVE, attempt_recv, bytes, bytes->flags, NULL,
                      bytes->socket->data_ops ? (int) -n : errno, bytes->error);
}

/**
 * kin_socket_send:
 * @socket: a connected socket
 * @data: (array length=length) (element-type guint8): what to send
 * @length: bytes of @data
 * @flags: MSG_…, or 0; MSG_NOSIGNAL is always added
 * @error: return location, or %NULL
 *
 * send(2). On a stream it may send less than @length. A closed peer is an error, EPIPE, and never a
 * signal. May be called from several threads at once.
 *
 * Returns: bytes sent, or -1
 */
gssize
kin_socket_send (KinSocket *socket, gconstpointer data, gsize length, int flags, GError **error)
{
  Bytes bytes = { socket, data, length, flags, error };
  gssize n;

  SPILL (bytes);
  flags |= socket->send_flags;
  if (G_LIKELY (!socket->data_ops))
    n = send (socket->head.fd, data, length, flags);
  else
    n = socket->data_ops->send (&socket->head, data, length, flags);
  if (G_LIKELY (n >= 0))
    return n;
  return finish_send (&bytes, n);
}

/**
 * kin_socket_recv:
 * @socket: a socket
 * @data: (out caller-allocates) (array length=size) (element-type guint8): where to put it
 * @size: bytes of @data
 * @flags: MSG_…, or 0
 * @error: return location, or %NULL
 *
 * recv(2). MSG_WAITALL waits in the kernel alone: on a socket that polls, because it is shared or
 * can be cancelled or its family has its own data, it may return with less.
 *
 * Returns: bytes received; 0: the peer has ended a stream (an empty datagram is 0 as well); -1
 */
gssize
kin_socket_recv (KinSocket *socket, gpointer data, gsize size, int flags, GError **error)
{
  Bytes bytes = { socket, data, size, flags, error };
  gssize n;

  SPILL (bytes);
  flags |= socket->recv_flags;
  if (G_LIKELY (!socket->data_ops))
    n = recv (socket->head.fd, data, size, flags);
  else
    n = socket->data_ops->recv (&socket->head, data, size, flags);
  if (G_LIKELY (n >= 0))
    return n;
  return finish_recv (&bytes, n);
}

/* ---- Messages ------------------------------------------------------------------------------ */

gssize
kin__send_message (KinSocket *socket, struct msghdr *header, int flags, const KinAddress *address,
                   GError **error)
{
  Packet packet = { .header = header, .flags = flags };
  gssize n = attempt_sendmsg (socket, &packet, 0);

  if (n >= 0)
    return n;
  if (n == -EINPROGRESS)
    packet.flags &= ~MSG_FASTOPEN; /* what is on its way cannot be connected again */
  return kin__finish (socket, KIN_WAITS_SEND, attempt_sendmsg, &packet, flags, address, (int) -n,
                      error);
}

/* header's lengths come back changed by a call that succeeds alone: a retry may use it again. */
gssize
kin__receive_message (KinSocket *socket, struct msghdr *header, int flags, GError **error)
{
  Packet packet = { .header = header, .flags = flags };
  gssize n = attempt_recvmsg (socket, &packet, 0);

  if (n >= 0)
    return n;
  return kin__finish (socket, KIN_WAITS_RECEIVE, attempt_recvmsg, &packet, flags, NULL, (int) -n,
                      error);
}

/* ---- Datagrams ----------------------------------------------------------------------------- */

typedef struct {
  Bytes bytes;
  KinAddress *address; /* to or from */
} Datagram;

/* The slow ways. code: what the first attempt failed with; 0: there was none. */
static G_GNUC_NO_INLINE gssize
finish_sendto (const Datagram *datagram, int code)
{
  const Bytes *bytes = &datagram->bytes;
  const KinAddress *to = datagram->address;
  struct iovec vector = { .iov_base = (void *) bytes->data, .iov_len = bytes->length };
  struct msghdr header = { .msg_iov = &vector, .msg_iovlen = 1 };
  Packet packet = { .header = &header, .flags = bytes->flags };
  KinSocket *socket = bytes->socket;

  if (to && to->length > 0) {
    header.msg_name = (void *) &to->sa;
    header.msg_namelen = to->length;
  }
  if (code == EINPROGRESS)
    packet.flags &= ~MSG_FASTOPEN; /* what is on its way cannot be connected again */
  /* An address of length 0 is none. The kernel takes it so, too, or refuses it, as UDP does; to
   * ask first would be two instructions of every datagram. */
  if (code != 0 && !(code == EINVAL && to->length == 0))
    return kin__finish (socket, KIN_WAITS_SEND, attempt_sendmsg, &packet, bytes->flags, to, code,
                        bytes->error);
  if (kin__audit_hook
      && !kin__audit ("socket.sendto", socket->transport, socket, to, NULL, bytes->error))
    return -1;
  return kin__send_message (socket, &header, bytes->flags, to, bytes->error);
}

static G_GNUC_NO_INLINE gssize
finish_recvfrom (const Datagram *datagram, int code)
{
  const Bytes *bytes = &datagram->bytes;
  KinAddress *from = datagram->address;
  struct iovec vector = { .iov_base = (void *) bytes->data, .iov_len = bytes->length };
  struct msghdr header = { .msg_iov = &vector, .msg_iovlen = 1 };
  Packet packet = { .header = &header, .flags = bytes->flags };
  gssize n;

  if (from) {
    header.msg_name = &from->sa;
    header.msg_namelen = sizeof from->sa;
  }
  if (code != 0)
    n = kin__finish (bytes->socket, KIN_WAITS_RECEIVE, attempt_recvmsg, &packet, bytes->flags, NULL,
                     code, bytes->error);
  else
    n = kin__receive_message (bytes->socket, &header, bytes->flags, bytes->error);
  if (from) {
    from->transport = bytes->socket->transport;
    from->protocol = bytes->socket->head.protocol;
    from->length = n < 0 ? 0 : MIN (header.msg_namelen, (socklen_t) sizeof from->sa);
  }
  return n;
}

/**
 * kin_socket_sendto:
 * @socket: a socket
 * @data: (array length=length) (element-type guint8): what to send
 * @length: bytes of @data
 * @flags: MSG_…, or 0
 * @to: (nullable): where to; %NULL: to the peer it is connected to
 * @error: return location, or %NULL
 *
 * sendto(2). Audited as socket.sendto.
 *
 * Returns: bytes sent, or -1
 */
gssize
kin_socket_sendto (KinSocket *socket, gconstpointer data, gsize length, int flags,
                   const KinAddress *to, GError **error)
{
  Datagram datagram = { { socket, data, length, flags, error }, (KinAddress *) to };
  gssize n;

  SPILL (datagram);
  if (G_UNLIKELY (kin__audit_hook || socket->data_ops || !to))
    return finish_sendto (&datagram, 0);
  n = sendto (socket->head.fd, data, length, flags | socket->send_flags, &to->sa.generic,
              to->length);
  if (G_LIKELY (n >= 0))
    return n;
  return finish_sendto (&datagram, errno);
}

/**
 * kin_socket_recvfrom:
 * @socket: a socket
 * @data: (out caller-allocates) (array length=size) (element-type guint8): where to put it
 * @size: bytes of @data
 * @flags: MSG_…, or 0
 * @from: (out) (optional): who sent it; length 0 where the family does not say, as on a connected
 *   stream
 * @error: return location, or %NULL
 *
 * recvfrom(2).
 *
 * Returns: bytes received, or -1
 */
gssize
kin_socket_recvfrom (KinSocket *socket, gpointer data, gsize size, int flags, KinAddress *from,
                     GError **error)
{
  Datagram datagram = { { socket, data, size, flags, error }, from };
  gssize n;

  SPILL (datagram);
  if (G_UNLIKELY (socket->data_ops || !from))
    return finish_recvfrom (&datagram, 0);
  from->transport = socket->transport;
  from->protocol = socket->head.protocol;
  from->length = sizeof from->sa;
  n = recvfrom (socket->head.fd, data, size, flags | socket->recv_flags, &from->sa.generic,
                &from->length);
  if (G_LIKELY (n >= 0))
    return n;
  return finish_recvfrom (&datagram, errno);
}

/**
 * kin_socket_sendmsg:
 * @socket: a socket
 * @message: what to send; it stays as it is, to be sent again or cleared
 * @flags: MSG_…, or 0
 * @error: return location, or %NULL
 *
 * sendmsg(2): buffers, address, control messages and descriptors at once. Audited as
 * socket.sendmsg.
 *
 * Returns: bytes sent, or -1
 */
gssize
kin_socket_sendmsg (KinSocket *socket, KinMessage *message, int flags, GError **error)
{
  const KinAddress *address = kin_message_get_address (message);
  struct msghdr header;

  kin__message_to_send (message, &header);
  if (G_UNLIKELY (kin__audit_hook)
      && !kin__audit ("socket.sendmsg", socket->transport, socket, address, NULL, error))
    return -1;
  return kin__send_message (socket, &header, flags, address, error);
}

/**
 * kin_socket_recvmsg:
 * @socket: a socket
 * @message: buffers to fill; its address, flags, control messages and descriptors are replaced,
 * those that were received before and not stolen are closed
 * @flags: MSG_…, or 0; received descriptors are close-on-exec in any case
 * @error: return location, or %NULL
 *
 * recvmsg(2).
 *
 * Returns: bytes received, or -1
 */
gssize
kin_socket_recvmsg (KinSocket *socket, KinMessage *message, int flags, GError **error)
{
  struct msghdr header;
  gssize n;

  kin__message_to_receive (message, &header);
  /* Asked for only where descriptors can come: packet sockets answer EINVAL. */
  if (socket->transport->family->has_fds)
    flags |= MSG_CMSG_CLOEXEC;
  n = kin__receive_message (socket, &header, flags, error);
  if (n >= 0)
    kin__message_received (message, socket, &header);
  return n;
}
