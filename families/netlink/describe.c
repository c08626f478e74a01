/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/netlink/describe.c: messages in one line: those of netlink:route nearly as `ip monitor`
 * has them, those of netlink:kobject-uevent as `udevadm monitor`, of others their types.
 *
 * "newlink 2: eth0 <UP,LOWER_UP> mtu 1500 link/ether 02:00:00:00:00:01". A datagram may hold
 * several messages, which stand between " | ". Attributes are copied out, nothing is read beyond
 * them. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "../line.h"
#include "netlink.h"

#ifndef IFF_LOWER_UP /* <linux/if.h> cannot be included beside <net/if.h> */
#define IFF_LOWER_UP (1 << 16)
#endif

/* What follows a message's own struct. */
typedef struct {
  const char *data;
  size_t length;
} Rest;

static void
add_interface (Line *text, int index)
{
  char name[IF_NAMESIZE];

  if (if_indextoname ((unsigned) index, name))
    line_add (text, "%s", name);
  else
    line_add (text, "if%d", index);
}

/* " WORD ADDRESS" of an attribute. */
static void
add_host (Line *text, Rest rest, const char *word, unsigned type, int domain)
{
  char host[INET6_ADDRSTRLEN];
  size_t n, needed = domain == AF_INET6 ? 16 : 4;
  const void *bytes = domain == AF_INET || domain == AF_INET6
                          ? netlink_attribute (rest.data, rest.length, type, needed, &n)
                          : NULL;

  if (bytes)
    line_add (text, "%s%s", word, inet_ntop (domain, bytes, host, sizeof host));
}

static void
add_hardware (Line *text, Rest rest, const char *word, unsigned type)
{
  size_t n = 0;
  const unsigned char *bytes = netlink_attribute (rest.data, rest.length, type, 1, &n);

  for (size_t i = 0; bytes && i < n; i++)
    line_add (text, "%s%02x", i ? ":" : word, bytes[i]);
}

/* An attribute of 32 bits. Returns whether it is there. */
static int
read_number (Rest rest, unsigned type, uint32_t *number)
{
  size_t n;
  const void *bytes = netlink_attribute (rest.data, rest.length, type, sizeof *number, &n);

  if (bytes)
    memcpy (number, bytes, sizeof *number);
  return bytes != NULL;
}

/* ---- netlink:route -------------------------------------------------------------------------- */

static void
add_link (Line *text, const void *data, Rest rest)
{
  static const struct {
    unsigned flag;
    const char *name;
  } flags[] = {
    { IFF_LOOPBACK, "LOOPBACK" },
    { IFF_BROADCAST, "BROADCAST" },
    { IFF_POINTOPOINT, "POINTOPOINT" },
    { IFF_MULTICAST, "MULTICAST" },
    { IFF_NOARP, "NOARP" },
    { IFF_PROMISC, "PROMISC" },
    { IFF_UP, "UP" },
    { IFF_LOWER_UP, "LOWER_UP" },
  };
  struct ifinfomsg link;
  size_t n;
  const char *name = netlink_attribute (rest.data, rest.length, IFLA_IFNAME, 1, &n), *comma = "";
  uint32_t mtu;

  memcpy (&link, data, sizeof link);
  line_add (text, "%d: ", link.ifi_index);
  if (name)
    line_add (text, "%.*s", (int) strnlen (name, n), name);
  line_add (text, " <");
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (link.ifi_flags & flags[i].flag) {
      line_add (text, "%s%s", comma, flags[i].name);
      comma = ",";
    }
  line_add (text, ">");
  if (read_number (rest, IFLA_MTU, &mtu))
    line_add (text, " mtu %u", mtu);
  add_hardware (text, rest, " link ", IFLA_ADDRESS);
}

static void
add_address (Line *text, const void *data, Rest rest)
{
  struct ifaddrmsg address;
  size_t n;
  unsigned type;

  memcpy (&address, data, sizeof address);
  type = netlink_attribute (rest.data, rest.length, IFA_LOCAL, 4, &n) ? IFA_LOCAL : IFA_ADDRESS;
  line_add (text, "%u: ", address.ifa_index);
  add_interface (text, (int) address.ifa_index);
  add_host (text, rest, address.ifa_family == AF_INET6 ? " inet6 " : " inet ", type,
            address.ifa_family);
  line_add (text, "/%u", address.ifa_prefixlen);
}

static void
add_route (Line *text, const void *data, Rest rest)
{
  struct rtmsg route;
  uint32_t index;

  memcpy (&route, data, sizeof route);
  if (route.rtm_dst_len == 0)
    line_add (text, "default");
  else {
    add_host (text, rest, "", RTA_DST, route.rtm_family);
    line_add (text, "/%u", route.rtm_dst_len);
  }
  add_host (text, rest, " via ", RTA_GATEWAY, route.rtm_family);
  if (read_number (rest, RTA_OIF, &index)) {
    line_add (text, " dev ");
    add_interface (text, (int) index);
  }
  if (!read_number (rest, RTA_TABLE, &index))
    index = route.rtm_table;
  line_add (text, " table %u", index);
}

static void
add_neighbour (Line *text, const void *data, Rest rest)
{
  static const struct {
    unsigned state;
    const char *name;
  } states[] = {
    { NUD_INCOMPLETE, "INCOMPLETE" }, { NUD_REACHABLE, "REACHABLE" }, { NUD_STALE, "STALE" },
    { NUD_DELAY, "DELAY" },           { NUD_PROBE, "PROBE" },         { NUD_FAILED, "FAILED" },
    { NUD_NOARP, "NOARP" },           { NUD_PERMANENT, "PERMANENT" },
  };
  struct ndmsg neighbour;

  memcpy (&neighbour, data, sizeof neighbour);
  add_host (text, rest, "", NDA_DST, neighbour.ndm_family);
  line_add (text, " dev ");
  add_interface (text, neighbour.ndm_ifindex);
  add_hardware (text, rest, " lladdr ", NDA_LLADDR);
  for (size_t i = 0; i < sizeof states / sizeof *states; i++)
    if (neighbour.ndm_state & states[i].state)
      line_add (text, " %s", states[i].name);
}

typedef struct {
  unsigned type;
  const char *name;
  size_t head; /* of the message's own struct */
  void (*add) (Line *, const void *, Rest);
} Kind;

/* clang-format off */
static const Kind kinds[] = {
  { RTM_NEWLINK,     "newlink",     sizeof (struct ifinfomsg), add_link },
  { RTM_DELLINK,     "dellink",     sizeof (struct ifinfomsg), add_link },
  { RTM_GETLINK,     "getlink",     0, NULL },
  { RTM_NEWADDR,     "newaddr",     sizeof (struct ifaddrmsg), add_address },
  { RTM_DELADDR,     "deladdr",     sizeof (struct ifaddrmsg), add_address },
  { RTM_NEWROUTE,    "newroute",    sizeof (struct rtmsg),     add_route },
  { RTM_DELROUTE,    "delroute",    sizeof (struct rtmsg),     add_route },
  { RTM_NEWNEIGH,    "newneigh",    sizeof (struct ndmsg),     add_neighbour },
  { RTM_DELNEIGH,    "delneigh",    sizeof (struct ndmsg),     add_neighbour },
  { RTM_NEWRULE,     "newrule",     0, NULL },
  { RTM_DELRULE,     "delrule",     0, NULL },
  { RTM_NEWQDISC,    "newqdisc",    0, NULL },
  { RTM_DELQDISC,    "delqdisc",    0, NULL },
  { RTM_NEWPREFIX,   "newprefix",   0, NULL },
  { RTM_NEWNETCONF,  "newnetconf",  0, NULL },
  { RTM_DELNETCONF,  "delnetconf",  0, NULL },
  { RTM_NEWMDB,      "newmdb",      0, NULL },
  { RTM_DELMDB,      "delmdb",      0, NULL },
  { RTM_NEWNSID,     "newnsid",     0, NULL },
  { RTM_DELNSID,     "delnsid",     0, NULL },
  { RTM_NEWNEXTHOP,  "newnexthop",  0, NULL },
  { RTM_DELNEXTHOP,  "delnexthop",  0, NULL },
};
/* clang-format on */

/* One message of netlink:route, head and all, whole. Returns whether it is known. */
static int
add_route_message (Line *text, const struct nlmsghdr *head, const char *data)
{
  size_t length = head->nlmsg_len - sizeof *head, step;

  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (kinds[i].type != head->nlmsg_type)
      continue;
    line_add (text, "%s", kinds[i].name);
    if (kinds[i].add && length >= kinds[i].head) {
      step = NLMSG_ALIGN (kinds[i].head) < length ? NLMSG_ALIGN (kinds[i].head) : length;
      line_add (text, " ");
      kinds[i].add (text, data + sizeof *head, (Rest){ data + sizeof *head + step, length - step });
    }
    return 1;
  }
  return 0;
}

/* ---- All protocols -------------------------------------------------------------------------- */

static void
add_message (Line *text, int protocol, const struct nlmsghdr *head, const char *data)
{
  char words[256];
  int code = netlink_refusal (data, head->nlmsg_len, words, sizeof words);

  if (code)
    line_add (text, "error: %s%s%s", strerror (code), words[0] ? ": " : "", words);
  else if (head->nlmsg_type == NLMSG_ERROR)
    line_add (text, "ack of %u", head->nlmsg_seq);
  else if (head->nlmsg_type == NLMSG_DONE)
    line_add (text, "done");
  else if (protocol != NETLINK_ROUTE || !add_route_message (text, head, data))
    line_add (text, "type %u, flags 0x%x, seq %u, length %u", head->nlmsg_type, head->nlmsg_flags,
              head->nlmsg_seq, head->nlmsg_len);
}

/* "add@/devices/virtual/net/eth0", then "ACTION=add" and so on; udev's own begin with "libudev". */
static int
add_uevent (Line *text, const char *data, size_t length)
{
  size_t n = strnlen (data, length);

  if (n == length || !memchr (data, '@', n))
    return 0;
  line_add (text, "%s", data);
  for (size_t at = n + 1; at < length; at += strnlen (data + at, length - at) + 1)
    if (length - at > 10 && memcmp (data + at, "SUBSYSTEM=", 10) == 0)
      line_add (text, " (%.*s)", (int) (strnlen (data + at, length - at) - 10), data + at + 10);
  return 1;
}

int
netlink_describe (const KinAddress *from, const void *data, size_t length, char *line, size_t size)
{
  Line text = { line, size, 0 };
  int protocol = from ? from->protocol : NETLINK_ROUTE;
  const char *at = data, *separator = "";
  struct nlmsghdr head;

  if (protocol != NETLINK_KOBJECT_UEVENT || !add_uevent (&text, data, length))
    while (length >= sizeof head) {
      size_t step;

      memcpy (&head, at, sizeof head);
      if (head.nlmsg_len < sizeof head || head.nlmsg_len > length)
        break;
      line_add (&text, "%s", separator);
      add_message (&text, protocol, &head, at);
      separator = " | ";
      step = NLMSG_ALIGN (head.nlmsg_len) < length ? NLMSG_ALIGN (head.nlmsg_len) : length;
      at += step;
      length -= step;
    }
  if (text.length == 0)
    line_add (&text, "%zu bytes that are no message", length);
  return line_end_cut (&text);
}
