/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* join: groups that an option leaves out.
 *
 * udp:239.1.1.1:5000?ip.join=eth0 names the group once: it is the address that the socket is bound
 * to, or else connected to. Such options are set when it has one (KIN_OPTION_LATE). */
#include "ip.h"

#include <errno.h>
#include <string.h>

/* Where the group lies in what an option holds; 0: the option has none. */
static size_t
find_group (int level, int number, size_t size)
{
  if (level != IPPROTO_IP && level != IPPROTO_IPV6)
    return 0;
  switch (number) {
  case MCAST_JOIN_GROUP:
  case MCAST_LEAVE_GROUP:
    return size == sizeof (struct group_req) ? offsetof (struct group_req, gr_group) : 0;
  case MCAST_JOIN_SOURCE_GROUP:
  case MCAST_LEAVE_SOURCE_GROUP:
  case MCAST_BLOCK_SOURCE:
  case MCAST_UNBLOCK_SOURCE:
    return size == sizeof (struct group_source_req) ? offsetof (struct group_source_req, gsr_group)
                                                    : 0;
  default:
    return 0;
  }
}

static int
is_group (int level, const struct sockaddr_storage *name)
{
  const struct sockaddr_in *four = (const struct sockaddr_in *) name;
  const struct sockaddr_in6 *six = (const struct sockaddr_in6 *) name;

  if (level == IPPROTO_IP)
    return name->ss_family == AF_INET && IN_MULTICAST (ntohl (four->sin_addr.s_addr));
  return name->ss_family == AF_INET6 && IN6_IS_ADDR_MULTICAST (&six->sin6_addr);
}

/* The group that the socket is bound to, or sends to. */
static int
own_group (int fd, int level, struct sockaddr_storage *name)
{
  socklen_t size = sizeof *name;

  if (getsockname (fd, (struct sockaddr *) name, &size) == 0 && is_group (level, name))
    return 0;
  size = sizeof *name;
  if (getpeername (fd, (struct sockaddr *) name, &size) == 0 && is_group (level, name))
    return 0;
  return -EDESTADDRREQ;
}

int
ip_setsockopt (KinFamilySocket *socket, int level, int number, const void *value, socklen_t size)
{
  size_t offset = find_group (level, number, size);
  struct group_source_req filled;
  struct sockaddr_storage name;
  sa_family_t family = AF_UNSPEC;

  if (offset > 0)
    memcpy (&family, (const char *) value + offset, sizeof family);
  if (offset > 0 && family == AF_UNSPEC) {
    int rc = own_group (socket->fd, level, &name);

    if (rc < 0)
      return rc;
    memcpy (&filled, value, size);
    memcpy ((char *) &filled + offset, &name, sizeof name);
    value = &filled;
  }
  return setsockopt (socket->fd, level, number, value, size) == 0 ? 0 : -errno;
}
