/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* many: SCTP's one-to-many sockets, RFC 6458 section 3.
 *
 * The kernel calls them SOCK_SEQPACKET, but nothing is accepted: messages of all associations come
 * to one socket, and a message to a new peer starts an association. So their row has SOCK_DGRAM
 * and programs use them as they use UDP; only the kernel is told otherwise. To be spoken to by
 * others such a socket must listen, which it does from bind on. */
#include "ip.h"

#include <errno.h>

static int
is_many (const KinFamilySocket *socket)
{
  return socket->row->type == SOCK_DGRAM && socket->row->protocol == IPPROTO_SCTP;
}

int
ip_open (KinFamilySocket *opened, int domain, int type, int protocol)
{
  if (is_many (opened))
    type = SOCK_SEQPACKET;
  opened->fd = socket (domain, type | SOCK_CLOEXEC, protocol);
  return opened->fd < 0 ? -errno : 0;
}

int
ip_bind (KinFamilySocket *socket, const void *address, size_t length)
{
  if (bind (socket->fd, address, (socklen_t) length) < 0
      || (is_many (socket) && listen (socket->fd, SOMAXCONN) < 0))
    return -errno;
  return 0;
}
