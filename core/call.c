/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* call: what an operation on a socket is.
 *
 * The family's slot, else the kernel's call on the descriptor, else, where the row stands over
 * another endpoint, the inner socket's; in a family without any of these it is EOPNOTSUPP. This is
 * the only file that calls a slot, with call-data.c. Nothing here waits on its own, keeps time or
 * words an error. */
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
  int type = kin__kernel_type (row);

  if (ops_of (opened)->open) {
    enter (opened);
    return leave (opened,
                  ops_of (opened)->open (&opened->head, domain, type, opened->head.protocol));
  }
  opened->head.fd = socket (domain, type | SOCK_CLOEXEC, opened->head.protocol);
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

/* There is no more to it than the kernel's descriptor. */
static gboolean
is_plain (const KinSocket *socket)
{
  return is_kernel (socket) && !ops_of (socket)->close && !socket->head.state;
}

int
kin__call_adopt (KinSocket *socket, const KinSocket *from)
{
  if (ops_of (socket)->adopt)
    return ops_of (socket)->adopt (&socket->head, from ? &from->head : NULL);
  return from && !is_plain (from) ? -EOPNOTSUPP : 0;
}

int
kin__call_release (KinSocket *socket)
{
  if (!ops_of (socket)->release)
    return is_plain (socket) ? 0 : -EOPNOTSUPP;
  ops_of (socket)->release (&socket->head);
  return 0;
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
