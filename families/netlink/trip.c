/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/netlink/trip.c: a round trip for `kin doctor`: the kernel is asked for the first link,
 * the loopback, and its answer is understood. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "netlink.h"

enum { REPLY_SIZE = 32768, SEQUENCE = 1 };

typedef struct {
  struct nlmsghdr head;
  struct ifinfomsg link;
} Question;

static int
ask (int fd, void *reply, size_t *length)
{
  static const struct timeval second = { .tv_sec = 1 };
  const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
  const Question question = {
    .head = { .nlmsg_len = sizeof question,
              .nlmsg_type = RTM_GETLINK,
              .nlmsg_flags = NLM_F_REQUEST,
              .nlmsg_seq = SEQUENCE },
    .link = { .ifi_index = 1 },
  };
  ssize_t n;

  if (setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second) < 0
      || sendto (fd, &question, sizeof question, 0, (const void *) &kernel, sizeof kernel) < 0)
    return -errno;
  n = recv (fd, reply, REPLY_SIZE, 0);
  if (n < 0)
    return errno == EAGAIN ? -ETIMEDOUT : -errno;
  *length = (size_t) n;
  return 0;
}

static int
understand (const void *reply, size_t length)
{
  struct nlmsghdr head;
  struct ifinfomsg link;
  const char *name;
  char words[64];
  size_t n;
  int code = netlink_refusal (reply, length, words, sizeof words);

  if (code)
    return -code;
  if (length < sizeof head + sizeof link)
    return -EBADMSG;
  memcpy (&head, reply, sizeof head);
  memcpy (&link, (const char *) reply + sizeof head, sizeof link);
  if (head.nlmsg_type != RTM_NEWLINK || head.nlmsg_seq != SEQUENCE || link.ifi_index != 1)
    return -EBADMSG;
  name = netlink_attribute ((const char *) reply + sizeof head + sizeof link,
                            length - sizeof head - sizeof link, IFLA_IFNAME, sizeof "lo", &n);
  return name && memcmp (name, "lo", sizeof "lo") == 0 ? 0 : -EBADMSG;
}

int
netlink_trip (char *reason, size_t size)
{
  _Alignas(struct nlmsghdr) char reply[REPLY_SIZE];
  size_t length = 0;
  int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), rc;

  rc = fd < 0 ? -errno : ask (fd, reply, &length);
  if (rc == 0)
    rc = understand (reply, length);
  if (fd >= 0)
    close (fd);
  if (rc == -EBADMSG)
    snprintf (reason, size, "the kernel's answer about its first link is not the loopback's");
  else if (rc < 0)
    snprintf (reason, size, "the kernel did not tell of its first link: %s", strerror (-rc));
  return rc;
}
