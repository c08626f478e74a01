/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/netlink/answer.c: refusals, and the sockets on which they are errors.
 *
 * A refusal is a message like any other: an errno, a copy of the request, and since Linux 4.12, if
 * NETLINK_EXT_ACK is set, attributes with a sentence. Programs that take answers apart want it so.
 * For all others there is netlink.errors: a refusal that comes makes the receive fail with its
 * errno, and libkin asks for the sentence (explain), in the thread of that receive. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "netlink.h"

enum { WORDS_SIZE = 256 };

/* ---- Reading messages ----------------------------------------------------------------------- */

const void *
netlink_attribute (const void *data, size_t length, unsigned type, size_t least, size_t *size)
{
  const char *at = data;
  struct nlattr head;

  while (length >= sizeof head) {
    size_t step;

    memcpy (&head, at, sizeof head);
    if (head.nla_len < sizeof head || head.nla_len > length)
      return NULL;
    if ((head.nla_type & NLA_TYPE_MASK) == type) {
      *size = head.nla_len - sizeof head;
      return *size >= least ? at + sizeof head : NULL;
    }
    step = NLA_ALIGN (head.nla_len);
    step = step < length ? step : length;
    at += step;
    length -= step;
  }
  return NULL;
}

/* Where the attributes begin: behind the errno, and of an NLMSG_ERROR behind the request, of which
 * a capped one has the head alone. 0: there are none. */
static size_t
skip_request (const struct nlmsghdr *head, const char *data, size_t length)
{
  struct nlmsghdr request;

  if (!(head->nlmsg_flags & NLM_F_ACK_TLVS))
    return 0;
  if (head->nlmsg_type == NLMSG_DONE)
    return NLMSG_ALIGN (sizeof *head + sizeof (int));
  if (length < sizeof *head + sizeof (int) + sizeof request)
    return 0;
  memcpy (&request, data + sizeof *head + sizeof (int), sizeof request);
  if (head->nlmsg_flags & NLM_F_CAPPED)
    return sizeof *head + sizeof (int) + sizeof request;
  return request.nlmsg_len < length ? sizeof *head + sizeof (int) + NLMSG_ALIGN (request.nlmsg_len)
                                    : 0;
}

static void
read_words (const char *data, size_t length, char *words, size_t size)
{
  size_t n = 0;
  const char *found = netlink_attribute (data, length, NLMSGERR_ATTR_MSG, 1, &n);
  const void *place;
  uint32_t offset = 0;
  int printed = 0;

  if (found)
    printed = snprintf (words, size, "%.*s", (int) strnlen (found, n), found);
  place = netlink_attribute (data, length, NLMSGERR_ATTR_OFFS, sizeof offset, &n);
  if (place && printed >= 0 && (size_t) printed < size) {
    memcpy (&offset, place, sizeof offset);
    snprintf (words + printed, size - (size_t) printed, "%sat byte %u of the request",
              printed ? ", " : "", offset);
  }
}

int
netlink_refusal (const void *data, size_t length, char *words, size_t size)
{
  struct nlmsghdr head;
  int code;
  size_t at;

  words[0] = '\0';
  if (length < sizeof head + sizeof code)
    return 0;
  memcpy (&head, data, sizeof head);
  if ((head.nlmsg_type != NLMSG_ERROR && head.nlmsg_type != NLMSG_DONE)
      || head.nlmsg_len < sizeof head + sizeof code)
    return 0;
  memcpy (&code, (const char *) data + sizeof head, sizeof code);
  if (code >= 0 || code < -4095)
    return 0;
  length = head.nlmsg_len < length ? head.nlmsg_len : length;
  at = skip_request (&head, data, length);
  if (at > 0 && at < length)
    read_words ((const char *) data + at, length - at, words, size);
  return -code;
}

/* ---- Sockets -------------------------------------------------------------------------------- */

typedef struct {
  int fails; /* netlink.errors; read and written as a whole */
} NetlinkState;

/* What the last receive of this thread failed with. */
static _Thread_local struct {
  int code;
  char words[WORDS_SIZE];
} said;

static int
netlink_open (KinFamilySocket *opened, int domain, int type, int protocol)
{
  NetlinkState *state = calloc (1, sizeof *state);
  int code;

  if (!state)
    return -ENOMEM;
  opened->fd = socket (domain, type | SOCK_CLOEXEC, protocol);
  if (opened->fd >= 0) {
    opened->state = state;
    return 0;
  }
  code = errno;
  free (state);
  return -code;
}

static int
netlink_adopt (KinFamilySocket *socket, const KinFamilySocket *from)
{
  NetlinkState *state = calloc (1, sizeof *state);

  if (!state)
    return -ENOMEM;
  if (from && from->state)
    *state = *(const NetlinkState *) from->state;
  socket->state = state;
  return 0;
}

static void
netlink_release (KinFamilySocket *socket)
{
  free (socket->state);
  socket->state = NULL;
}

static int
netlink_close (KinFamilySocket *socket)
{
  free (socket->state);
  return close (socket->fd) < 0 ? -errno : 0;
}

/* A refusal is the first of a datagram, or a dump's end; a peek leaves it where it is. */
static int
check (const KinFamilySocket *socket, const void *data, size_t length, int flags)
{
  const NetlinkState *state = socket->state;

  said.code = 0;
  if (!state || !__atomic_load_n (&state->fails, __ATOMIC_RELAXED) || flags & MSG_PEEK)
    return 0;
  said.code = netlink_refusal (data, length, said.words, sizeof said.words);
  return -said.code;
}

static ssize_t
netlink_recv (KinFamilySocket *socket, void *data, size_t length, int flags)
{
  ssize_t n = recv (socket->fd, data, length, flags);
  int rc;

  if (n < 0)
    return -errno;
  rc = check (socket, data, (size_t) n < length ? (size_t) n : length, flags);
  return rc < 0 ? rc : n;
}

/* What is refused must lie in the first buffer. */
static ssize_t
netlink_recvmsg (KinFamilySocket *socket, struct msghdr *message, int flags)
{
  struct msghdr before = *message;
  ssize_t n = recvmsg (socket->fd, message, flags);
  size_t length;
  int rc;

  if (n < 0)
    return -errno;
  length = message->msg_iovlen > 0 ? message->msg_iov[0].iov_len : 0;
  length = (size_t) n < length ? (size_t) n : length;
  rc = length > 0 ? check (socket, message->msg_iov[0].iov_base, length, flags) : 0;
  if (rc < 0)
    *message = before;
  return rc < 0 ? rc : n;
}

/* Once: what is asked later belongs to another failure. */
static int
netlink_explain (KinFamilySocket *socket, int code, char *sentence, size_t size)
{
  int is_it = said.code == code && said.words[0];

  (void) socket;
  if (is_it)
    snprintf (sentence, size, "the kernel says: %s", said.words);
  said.code = 0;
  return is_it ? 0 : -ENOENT;
}

/* ---- Options -------------------------------------------------------------------------------- */

static int
join (int fd, int group)
{
  return setsockopt (fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0 ? -errno
                                                                                        : 0;
}

/* What `ip monitor` joins, and of kernel events those that do not come through udev. A group that
 * this kernel has not is left out. */
static int
monitor (const KinFamilySocket *socket)
{
  static const int groups[] = {
    RTNLGRP_LINK,         RTNLGRP_NEIGH,        RTNLGRP_TC,          RTNLGRP_IPV4_IFADDR,
    RTNLGRP_IPV4_MROUTE,  RTNLGRP_IPV4_ROUTE,   RTNLGRP_IPV4_RULE,   RTNLGRP_IPV6_IFADDR,
    RTNLGRP_IPV6_MROUTE,  RTNLGRP_IPV6_ROUTE,   RTNLGRP_IPV6_PREFIX, RTNLGRP_IPV6_RULE,
    RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF, RTNLGRP_MDB,         RTNLGRP_NSID,
    RTNLGRP_NEXTHOP,
  };
  int rc = 0;

  if (socket->protocol == NETLINK_KOBJECT_UEVENT)
    return join (socket->fd, 1);
  if (socket->protocol != NETLINK_ROUTE)
    return 0;
  for (size_t i = 0; i < sizeof groups / sizeof *groups && rc == 0; i++) {
    rc = join (socket->fd, groups[i]);
    rc = rc == -EINVAL ? 0 : rc;
  }
  return rc;
}

static int
netlink_setsockopt (KinFamilySocket *socket, int level, int number, const void *value,
                    socklen_t size)
{
  NetlinkState *state = socket->state;
  int truth;

  if (level != NETLINK_OWN)
    return setsockopt (socket->fd, level, number, value, size) < 0 ? -errno : 0;
  if (size != sizeof truth)
    return -EINVAL;
  memcpy (&truth, value, sizeof truth);
  if (number == NETLINK_OWN_MONITOR)
    return truth ? monitor (socket) : 0;
  if (!state)
    return -EOPNOTSUPP;
  if (truth && setsockopt (socket->fd, SOL_NETLINK, NETLINK_EXT_ACK, &truth, sizeof truth) < 0)
    return -errno;
  __atomic_store_n (&state->fails, truth, __ATOMIC_RELAXED);
  return 0;
}

static int
netlink_getsockopt (KinFamilySocket *socket, int level, int number, void *value, socklen_t *size)
{
  const NetlinkState *state = socket->state;
  int truth = state ? __atomic_load_n (&state->fails, __ATOMIC_RELAXED) : 0;

  if (level != NETLINK_OWN)
    return getsockopt (socket->fd, level, number, value, size) < 0 ? -errno : 0;
  if (*size < sizeof truth)
    return -EINVAL;
  *size = sizeof truth;
  memcpy (value, &truth, sizeof truth);
  return 0;
}

const KinSocketOps netlink_ops = {
  .size = sizeof netlink_ops,
  .open = netlink_open,
  .close = netlink_close,
  .recv = netlink_recv,
  .recvmsg = netlink_recvmsg,
  .getsockopt = netlink_getsockopt,
  .setsockopt = netlink_setsockopt,
  .explain = netlink_explain,
  .adopt = netlink_adopt,
  .release = netlink_release,
};
