/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* call-data: what fills the empty data slots of a family that has some of the four: a send is a
 * sendmsg of one buffer and the reverse, and in a family of the kernel's domain the kernel's call.
 */
#include "private.h"

#include <string.h>
#include <sys/uio.h>

/* Of a socket that is being looked up and raced, whose family nobody knows yet. */
static ssize_t
send_too_early (KinFamilySocket *head, const void *data, size_t length, int flags)
{
  (void) head;
  (void) data;
  (void) length;
  (void) flags;
  return -ENOTCONN;
}

static ssize_t
recv_too_early (KinFamilySocket *head, void *data, size_t length, int flags)
{
  return send_too_early (head, data, length, flags);
}

static ssize_t
sendmsg_too_early (KinFamilySocket *head, const struct msghdr *message, int flags)
{
  return send_too_early (head, message, 0, flags);
}

static ssize_t
recvmsg_too_early (KinFamilySocket *head, struct msghdr *message, int flags)
{
  return send_too_early (head, message, 0, flags);
}

const KinSocketOps kin__no_connection = {
  .size = sizeof kin__no_connection,
  .send = send_too_early,
  .recv = recv_too_early,
  .sendmsg = sendmsg_too_early,
  .recvmsg = recvmsg_too_early,
};

/* A family's head is the first member of our socket. */
static KinSocket *
socket_of (KinFamilySocket *head)
{
  return (KinSocket *) head;
}

static const KinSocketOps *
data_of (KinFamilySocket *head)
{
  return &socket_of (head)->transport->data;
}

static ssize_t
kernel_send (KinFamilySocket *head, const void *data, size_t length, int flags)
{
  ssize_t n = send (head->fd, data, length, flags);

  return n < 0 ? -errno : n;
}

static ssize_t
kernel_recv (KinFamilySocket *head, void *data, size_t length, int flags)
{
  ssize_t n = recv (head->fd, data, length, flags);

  return n < 0 ? -errno : n;
}

static ssize_t
kernel_sendmsg (KinFamilySocket *head, const struct msghdr *message, int flags)
{
  ssize_t n = sendmsg (head->fd, message, flags);

  return n < 0 ? -errno : n;
}

static ssize_t
kernel_recvmsg (KinFamilySocket *head, struct msghdr *message, int flags)
{
  ssize_t n = recvmsg (head->fd, message, flags);

  return n < 0 ? -errno : n;
}

static ssize_t
send_by_message (KinFamilySocket *head, const void *data, size_t length, int flags)
{
  struct iovec vector = { .iov_base = (void *) data, .iov_len = length };
  struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };

  return data_of (head)->sendmsg (head, &message, flags);
}

static ssize_t
recv_by_message (KinFamilySocket *head, void *data, size_t length, int flags)
{
  struct iovec vector = { .iov_base = data, .iov_len = length };
  struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };

  return data_of (head)->recvmsg (head, &message, flags);
}

/* A family with send and recv alone has a stream's bytes and nothing else: one buffer after the
 * other, until one is not taken whole. */
static ssize_t
message_by_send (KinFamilySocket *head, const struct msghdr *message, int flags)
{
  ssize_t total = 0;

  if (message->msg_namelen > 0 || message->msg_controllen > 0)
    return -EOPNOTSUPP;
  for (size_t i = 0; i < message->msg_iovlen; i++) {
    const struct iovec *vector = &message->msg_iov[i];
    ssize_t n = data_of (head)->send (head, vector->iov_base, vector->iov_len, flags);

    if (n < 0)
      return total > 0 ? total : n;
    total += n;
    if ((size_t) n < vector->iov_len)
      break;
  }
  return total;
}

static ssize_t
message_by_recv (KinFamilySocket *head, struct msghdr *message, int flags)
{
  ssize_t total = 0;

  for (size_t i = 0; i < message->msg_iovlen; i++) {
    const struct iovec *vector = &message->msg_iov[i];
    ssize_t n = data_of (head)->recv (head, vector->iov_base, vector->iov_len, flags);

    if (n < 0 && total == 0)
      return n;
    total += MAX (n, 0);
    if (n < (ssize_t) vector->iov_len || (flags & MSG_PEEK))
      break;
    flags |= MSG_DONTWAIT;
  }
  message->msg_namelen = 0;
  message->msg_controllen = 0;
  message->msg_flags = 0;
  return total;
}

/* The same four in a row over another, where failures inside are kept. */
static ssize_t
over_send (KinFamilySocket *head, const void *data, size_t length, int flags)
{
  ssize_t n;

  kin__nest_enter ();
  n = socket_of (head)->transport->ops.send (head, data, length, flags);
  kin__nest_leave (n >= 0);
  return n;
}

static ssize_t
over_recv (KinFamilySocket *head, void *data, size_t length, int flags)
{
  ssize_t n;

  kin__nest_enter ();
  n = socket_of (head)->transport->ops.recv (head, data, length, flags);
  kin__nest_leave (n >= 0);
  return n;
}

static ssize_t
over_sendmsg (KinFamilySocket *head, const struct msghdr *message, int flags)
{
  ssize_t n;

  kin__nest_enter ();
  n = socket_of (head)->transport->ops.sendmsg (head, message, flags);
  kin__nest_leave (n >= 0);
  return n;
}

static ssize_t
over_recvmsg (KinFamilySocket *head, struct msghdr *message, int flags)
{
  ssize_t n;

  kin__nest_enter ();
  n = socket_of (head)->transport->ops.recvmsg (head, message, flags);
  kin__nest_leave (n >= 0);
  return n;
}

void
kin__call_fill_data (KinTransport *transport)
{
  const KinSocketOps *ops = &transport->ops;
  gboolean over = (transport->row.flags & KIN_PROTOCOL_OVER) != 0;
  KinSocketOps *data = &transport->data;

  if (!ops->send && !ops->recv && !ops->sendmsg && !ops->recvmsg)
    return;
  data->send = ops->send      ? (over ? over_send : ops->send)
               : ops->sendmsg ? send_by_message
                              : kernel_send;
  data->recv = ops->recv      ? (over ? over_recv : ops->recv)
               : ops->recvmsg ? recv_by_message
                              : kernel_recv;
  data->sendmsg = ops->sendmsg                   ? (over ? over_sendmsg : ops->sendmsg)
                  : transport->family->is_kernel ? kernel_sendmsg
                                                 : message_by_send;
  data->recvmsg = ops->recvmsg                   ? (over ? over_recvmsg : ops->recvmsg)
                  : transport->family->is_kernel ? kernel_recvmsg
                                                 : message_by_recv;
  data->sendmmsg = over ? NULL : ops->sendmmsg;
  data->recvmmsg = over ? NULL : ops->recvmmsg;
}
