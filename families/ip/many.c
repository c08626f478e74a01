/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* many: SCTP's one-to-many sockets, RFC 6458 section 3.
 *
 * The kernel calls them SOCK_SEQPACKET, but nothing is accepted: messages of all associations come
 * to one socket, and a message to a new peer starts an association. So their row has SOCK_DGRAM
 * and programs use them as they use UDP. To be spoken to by
 * others such a socket must listen, which it does from bind on.
 *
 * Connected, it is of one association, as UDP's is of one peer. The kernel's connect only starts
 * the association, and a send without an address fails. So the association is peeled off into a
 * socket of its own, which takes the descriptor's place. */
#include "ip.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <linux/sctp.h>

static int
many_bind (KinFamilySocket *socket, const void *address, size_t length)
{
  if (bind (socket->fd, address, (socklen_t) length) < 0 || listen (socket->fd, SOMAXCONN) < 0)
    return -errno;
  return 0;
}

/* The descriptor stays, with what fcntl(2) says of it. */
static int
many_replace (int fd, int by)
{
  int flags = fcntl (fd, F_GETFL), rc = 0;

  if (flags < 0 || fcntl (by, F_SETFL, flags) < 0 || dup3 (by, fd, O_CLOEXEC) < 0)
    rc = -errno;
  close (by);
  return rc;
}

static int
many_peel_off (int fd, const void *address, size_t length)
{
  struct sctp_paddrinfo peer = { .spinfo_assoc_id = 0 };
  sctp_peeloff_arg_t peeled = { .sd = -1 };
  socklen_t size = sizeof peer;

  if (length > sizeof peer.spinfo_address)
    return -EINVAL;
  memcpy (&peer.spinfo_address, address, length);
  if (getsockopt (fd, IPPROTO_SCTP, SCTP_GET_PEER_ADDR_INFO, &peer, &size) < 0)
    return -errno;
  peeled.associd = peer.spinfo_assoc_id;
  size = sizeof peeled;
  if (getsockopt (fd, IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF, &peeled, &size) < 0)
    return -errno;
  return many_replace (fd, peeled.sd);
}

/* Called again while the association is on its way. The kernel answers EALREADY until it is there,
 * then EISCONN; if it came to nothing, a connect starts the next. state says that there was one. */
static int
many_connect (KinFamilySocket *socket, const void *address, size_t length)
{
  static char is_on_its_way;
  int rc = connect (socket->fd, address, (socklen_t) length) == 0 ? 0 : -errno;
  int was_on_its_way = socket->state != NULL;

  if (rc == -EALREADY)
    return rc;
  if (rc == -EINPROGRESS && !was_on_its_way) {
    socket->state = &is_on_its_way;
    return rc;
  }
  socket->state = NULL;
  if (was_on_its_way && rc == -EINPROGRESS)
    return -ECONNREFUSED;
  if (was_on_its_way && rc == -EISCONN)
    rc = 0;
  return rc == 0 ? many_peel_off (socket->fd, address, length) : rc;
}

const KinSocketOps ip_many_ops = {
  .size = sizeof (KinSocketOps),
  .bind = many_bind,
  .connect = many_connect,
  .setsockopt = ip_setsockopt,
};
