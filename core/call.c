/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* call: what an operation on a socket is.
 *
 * The family's slot, else the kernel's call on the descriptor, else, where the row stands over
 * another endpoint, the inner socket's; in a family without any of these it is EOPNOTSUPP. This is
 * the only file that calls a slot. Nothing here waits on its own, keeps time or words an error. */
#include "private.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static int
result (int rc)
{
  return rc < 0 ? -errno : rc;
}

static gboolean
is_over (const KinSocket *socket)
{
  return (socket->transport->row.flags & KIN_PROTOCOL_OVER) != 0;
}

/* Around a slot: what an inner socket's failing call says inside is kept for the outer one. */
static void
enter (const KinSocket *socket)
{
  if (is_over (socket))
    kin__nest_enter ();
}

static int
leave (const KinSocket *socket, int rc)
{
  if (is_over (socket))
    kin__nest_leave (rc >= 0);
  return rc;
}

static const KinSocketOps *
ops_of (const KinSocket *socket)
{
  return &socket->transport->ops;
}

static gboolean
is_kernel (const KinSocket *socket)
{
  return socket->transport->family->is_kernel;
}

KinSocket *
kin__socket_inner (KinSocket *socket)
{
  return is_over (socket) && socket->is_open ? ops_of (socket)->inner (&socket->head) : NULL;
}

/* ---- Life ---------------------------------------------------------------------------------- */

int
kin__call_open (KinSocket *opened)
{
  const KinFamily *family = &opened->transport->family->data;
  const KinProtocol *row = &opened->transport->row;
  int domain = family->over_domain ? family->over_domain : family->domain;

  if (ops_of (opened)->open) {
    enter (opened);
    return leave (opened,
                  ops_of (opened)->open (&opened->head, domain, row->type, opened->head.protocol));
  }
  opened->head.fd = socket (domain, row->type | SOCK_CLOEXEC, opened->head.protocol);
  return opened->head.fd < 0 ? -errno : 0;
}

int
kin__call_close (KinSocket *socket)
{
  if (ops_of (socket)->close) {
    enter (socket);
    return leave (socket, ops_of (socket)->close (&socket->head));
  }
  return result (close (socket->head.fd));
}

/* ---- Naming and connecting ----------------------------------------------------------------- */

int
kin__call_bind (KinSocket *socket, const void *address, gsize length)
{
  if (ops_of (socket)->bind) {
    enter (socket);
    return leave (socket, ops_of (socket)->bind (&socket->head, address, length));
  }
  if (is_kernel (socket))
    return result (bind (socket->head.fd, address, (socklen_t) length));
  return -EOPNOTSUPP;
}

int
kin__call_listen (KinSocket *socket, int backlog)
{
  KinSocket *inner = kin__socket_inner (socket);

  if (ops_of (socket)->listen) {
    enter (socket);
    return leave (socket, ops_of (socket)->listen (&socket->head, backlog));
  }
  if (is_kernel (socket))
    return result (listen (socket->head.fd, backlog));
  return inner ? kin__call_listen (inner, backlog) : -EOPNOTSUPP;
}

int
kin__call_accept (KinSocket *socket, KinSocket *child, KinAddress *peer)
{
  socklen_t size = sizeof peer->sa;

  peer->length = 0;
  if (ops_of (socket)->accept) {
    enter (socket);
    return leave (socket, ops_of (socket)->accept (&socket->head, &child->head, peer));
  }
  if (!is_kernel (socket))
    return -EOPNOTSUPP;
  child->head.fd = accept4 (socket->head.fd, &peer->sa.generic, &size, SOCK_CLOEXEC);
  if (child->head.fd < 0)
    return -errno;
  peer->length = size;
  return 0;
}

int
kin__call_connect (KinSocket *socket, const void *address, gsize length)
{
  if (ops_of (socket)->connect) {
    enter (socket);
    return leave (socket, ops_of (socket)->connect (&socket->head, address, length));
  }
  if (is_kernel (socket))
    return result (connect (socket->head.fd, address, (socklen_t) length));
  return -EOPNOTSUPP;
}

int
kin__call_shutdown (KinSocket *socket, int how)
{
  KinSocket *inner = kin__socket_inner (socket);

  if (ops_of (socket)->shutdown) {
    enter (socket);
    return leave (socket, ops_of (socket)->shutdown (&socket->head, how));
  }
  if (is_kernel (socket))
    return result (shutdown (socket->head.fd, how));
  return inner ? kin__call_shutdown (inner, how) : -EOPNOTSUPP;
}

/* Own name and peer's name differ in nothing but the slot and the kernel's call. */
static int
call_name (KinSocket *socket, KinAddress *address, int (*slot) (KinFamilySocket *, KinAddress *),
           int (*kernel) (int, struct sockaddr *, socklen_t *),
           int (*again) (KinSocket *, KinAddress *))
{
  KinSocket *inner = kin__socket_inner (socket);
  socklen_t size = sizeof address->sa;
  int rc;

  memset (address, 0, sizeof *address);
  if (!slot && !is_kernel (socket))
    return inner ? again (inner, address) : -EOPNOTSUPP;
  address->transport = socket->transport;
  address->protocol = socket->head.protocol;
  if (slot) {
    enter (socket);
    rc = leave (socket, slot (&socket->head, address));
  } else {
    rc = result (kernel (socket->head.fd, &address->sa.generic, &size));
    address->length = rc < 0 ? 0 : size;
  }
  return rc;
}

static int
kernel_local (int fd, struct sockaddr *address, socklen_t *size)
{
  return getsockname (fd, address, size);
}

static int
kernel_peer (int fd, struct sockaddr *address, socklen_t *size)
{
  return getpeername (fd, address, size);
}

int
kin__call_local (KinSocket *socket, KinAddress *address)
{
  return call_name (socket, address, ops_of (socket)->local, kernel_local, kin__call_local);
}

int
kin__call_peer (KinSocket *socket, KinAddress *address)
{
  return call_name (socket, address, ops_of (socket)->peer, kernel_peer, kin__call_peer);
}

gssize
kin__call_splice (KinSocket *socket, int direction, int pipe, gsize n, guint flags)
{
  gssize moved;

  if (ops_of (socket)->splice) {
    enter (socket);
    moved = ops_of (socket)->splice (&socket->head, direction, pipe, n, flags);
    leave (socket, moved < 0 ? -1 : 0);
    return moved;
  }
  /* The bytes of a family with data slots of its own are not those of its descriptor. */
  if (!is_kernel (socket) || socket->data_ops)
    return -EOPNOTSUPP;
  moved = direction & POLLIN ? splice (socket->head.fd, NULL, pipe, NULL, n, flags)
                             : splice (pipe, NULL, socket->head.fd, NULL, n, flags);
  return moved < 0 ? -errno : moved;
}

/* ---- Waiting and options ------------------------------------------------------------------- */

int
kin__call_poll (KinSocket *socket, int wanted, int *fd)
{
  KinSocket *inner = kin__socket_inner (socket);
  int events = wanted;

  *fd = socket->head.fd;
  if (!socket->is_open)
    return socket->is_connecting ? kin__race_poll (socket) : -EBADF;
  if (ops_of (socket)->poll) {
    enter (socket);
    events = leave (socket, ops_of (socket)->poll (&socket->head, wanted));
  } else if (inner)
    return kin__call_poll (inner, wanted, fd);
  *fd = socket->head.fd;
  return events > 0 && *fd < 0 ? -ENOTCONN : events;
}

int
kin__call_getsockopt (KinSocket *socket, int level, int number, void *value, socklen_t *size)
{
  if (!socket->is_open)
    return kin__not_open (socket);
  if (ops_of (socket)->getsockopt) {
    enter (socket);
    return leave (socket, ops_of (socket)->getsockopt (&socket->head, level, number, value, size));
  }
  if (is_kernel (socket))
    return result (getsockopt (socket->head.fd, level, number, value, size));
  return -EOPNOTSUPP;
}

int
kin__call_setsockopt (KinSocket *socket, int level, int number, const void *value, socklen_t size)
{
  if (!socket->is_open)
    return kin__not_open (socket);
  if (ops_of (socket)->setsockopt) {
    enter (socket);
    return leave (socket, ops_of (socket)->setsockopt (&socket->head, level, number, value, size));
  }
  if (is_kernel (socket))
    return result (setsockopt (socket->head.fd, level, number, value, size));
  return -EOPNOTSUPP;
}

int
kin__call_explain (KinSocket *socket, int code, char *sentence, gsize size)
{
  return socket->is_open && ops_of (socket)->explain
             ? ops_of (socket)->explain (&socket->head, code, sentence, size)
             : -ENOENT;
}

/* ---- Data: what fills the empty slots of a family that has some ---------------------------- */

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
  n = ops_of (socket_of (head))->send (head, data, length, flags);
  kin__nest_leave (n >= 0);
  return n;
}

static ssize_t
over_recv (KinFamilySocket *head, void *data, size_t length, int flags)
{
  ssize_t n;

  kin__nest_enter ();
  n = ops_of (socket_of (head))->recv (head, data, length, flags);
  kin__nest_leave (n >= 0);
  return n;
}

static ssize_t
over_sendmsg (KinFamilySocket *head, const struct msghdr *message, int flags)
{
  ssize_t n;

  kin__nest_enter ();
  n = ops_of (socket_of (head))->sendmsg (head, message, flags);
  kin__nest_leave (n >= 0);
  return n;
}

static ssize_t
over_recvmsg (KinFamilySocket *head, struct msghdr *message, int flags)
{
  ssize_t n;

  kin__nest_enter ();
  n = ops_of (socket_of (head))->recvmsg (head, message, flags);
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
