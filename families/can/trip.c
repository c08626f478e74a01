/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/can/trip.c: round trips for `kin doctor`, over a virtual bus alone.
 *
 * A frame on a real bus may move machines, so the interface is one that its driver calls vcan; only
 * the kernel's link messages tell for sure. Identifiers are the last ones, which nothing else uses:
 * a few frames of 1FFFFFFE and 1FFFFFFF, J1939's from the addresses F6 and F7. */
#include <errno.h>
#include <linux/can/bcm.h>
#include <linux/can/j1939.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "can.h"

enum { TRIP_MS = 1000, FIRST = 0x1ffffffe, SECOND = 0x1fffffff, REPLY_SIZE = 32768 };

/* ---- A virtual bus ------------------------------------------------------------------------- */

static const struct rtattr *
trip_find_attribute (const void *attributes, size_t length, unsigned short type)
{
  const struct rtattr *attribute = attributes;

  while (length >= sizeof *attribute && attribute->rta_len >= sizeof *attribute
         && attribute->rta_len <= length) {
    size_t n = RTA_ALIGN (attribute->rta_len);

    if (attribute->rta_type == type)
      return attribute;
    attribute = (const void *) ((const char *) attribute + n);
    length -= n < length ? n : length;
  }
  return NULL;
}

/* The index of a vcan interface that is up; 0: it is another. */
static int
trip_index (const struct nlmsghdr *message)
{
  const struct ifinfomsg *link = NLMSG_DATA (message);
  size_t length = message->nlmsg_len - NLMSG_LENGTH (sizeof *link);
  const struct rtattr *info, *kind;

  if (message->nlmsg_type != RTM_NEWLINK || !(link->ifi_flags & IFF_UP))
    return 0;
  info = trip_find_attribute (IFLA_RTA (link), length, IFLA_LINKINFO);
  kind = info ? trip_find_attribute (RTA_DATA (info), RTA_PAYLOAD (info), IFLA_INFO_KIND) : NULL;
  return kind && RTA_PAYLOAD (kind) == sizeof "vcan" && strcmp (RTA_DATA (kind), "vcan") == 0
             ? link->ifi_index
             : 0;
}

/* Of all links that the kernel lists; -errno. */
static int
trip_read_links (int fd, void *reply)
{
  int index = 0;

  for (;;) {
    ssize_t n = recv (fd, reply, REPLY_SIZE, 0);
    const struct nlmsghdr *message = reply;

    if (n < 0)
      return -errno;
    for (size_t left = (size_t) n; NLMSG_OK (message, left); message = NLMSG_NEXT (message, left)) {
      if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR)
        return index;
      if (index == 0)
        index = trip_index (message);
    }
  }
}

static int
trip_find_bus (char *reason, size_t size)
{
  struct {
    struct nlmsghdr head;
    struct ifinfomsg link;
  } question = { .head = { .nlmsg_len = sizeof question,
                           .nlmsg_type = RTM_GETLINK,
                           .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP } };
  union {
    struct nlmsghdr head;
    char bytes[REPLY_SIZE];
  } reply;
  int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), index;

  if (fd < 0)
    return -errno;
  index = send (fd, &question, sizeof question, 0) < 0 ? -errno : trip_read_links (fd, &reply);
  close (fd);
  if (index != 0)
    return index;
  snprintf (reason, size,
            "no virtual CAN interface is up, and nothing is sent on a real bus: "
            "ip link add vcan0 type vcan && ip link set vcan0 up");
  return -ENODEV;
}

/* ---- Sockets ------------------------------------------------------------------------------- */

typedef struct {
  int a, b;
  struct sockaddr_can bus; /* of which interface */
} Trip;

/* Both sockets, or neither. Returns 0 or -errno. */
static int
trip_open (Trip *trip, int type, int protocol, char *reason, size_t size)
{
  int index = trip_find_bus (reason, size), code;

  if (index < 0)
    return index;
  trip->bus = (struct sockaddr_can){ .can_family = AF_CAN, .can_ifindex = index };
  trip->a = socket (AF_CAN, type | SOCK_CLOEXEC, protocol);
  trip->b = trip->a < 0 ? -1 : socket (AF_CAN, type | SOCK_CLOEXEC, protocol);
  if (trip->b >= 0)
    return 0;
  code = errno;
  if (trip->a >= 0)
    close (trip->a);
  return -code;
}

/* Closes both; passes on what the trip's result was. */
static int
trip_end (const Trip *trip, int rc)
{
  close (trip->a);
  close (trip->b);
  return rc;
}

static int
trip_call (int (*call) (int, const struct sockaddr *, socklen_t), int fd,
           const struct sockaddr_can *address)
{
  return call (fd, (const void *) address, sizeof *address) < 0 ? -errno : 0;
}

/* All of the data goes from one to the other within a second, and nothing else does. */
static int
trip_pass (int from, int to, const void *data, size_t length)
{
  struct pollfd waiting = { .fd = to, .events = POLLIN };
  char got[256];
  ssize_t n;

  if (send (from, data, length, MSG_DONTWAIT) < 0)
    return -errno;
  n = poll (&waiting, 1, TRIP_MS);
  if (n <= 0)
    return n < 0 ? -errno : -ETIMEDOUT;
  n = recv (to, got, sizeof got, MSG_DONTWAIT);
  if (n < 0)
    return -errno;
  return (size_t) n == length && memcmp (got, data, length) == 0 ? 0 : -EBADMSG;
}

/* ---- Round trips --------------------------------------------------------------------------- */

static void
trip_fill_frame (struct can_frame *frame, uint32_t id)
{
  memset (frame, 0, sizeof *frame);
  frame->can_id = id | CAN_EFF_FLAG;
  frame->len = CAN_MAX_DLEN;
  memcpy (frame->data, "kin trip", CAN_MAX_DLEN);
}

/* Each hears one identifier alone. */
static int
trip_bind_raw (int fd, const struct sockaddr_can *bus, uint32_t id)
{
  struct can_filter filter = { id | CAN_EFF_FLAG, CAN_EFF_FLAG | CAN_RTR_FLAG | CAN_EFF_MASK };

  if (setsockopt (fd, SOL_CAN_RAW, CAN_RAW_FILTER, &filter, sizeof filter) < 0)
    return -errno;
  return trip_call (bind, fd, bus);
}

int
can_raw_trip (char *reason, size_t size)
{
  struct can_frame there, back;
  Trip trip;
  int rc = trip_open (&trip, SOCK_RAW, CAN_RAW, reason, size);

  if (rc < 0)
    return rc;
  trip_fill_frame (&there, FIRST);
  trip_fill_frame (&back, SECOND);
  rc = trip_bind_raw (trip.a, &trip.bus, SECOND);
  rc = rc < 0 ? rc : trip_bind_raw (trip.b, &trip.bus, FIRST);
  rc = rc < 0 ? rc : trip_pass (trip.a, trip.b, &there, sizeof there);
  rc = rc < 0 ? rc : trip_pass (trip.b, trip.a, &back, sizeof back);
  return trip_end (&trip, rc);
}

/* A message with at most one frame. */
static int
trip_tell_manager (int fd, const struct bcm_msg_head *head, const struct can_frame *frame)
{
  char message[sizeof *head + sizeof *frame];

  memcpy (message, head, sizeof *head);
  memcpy (message + sizeof *head, frame, sizeof *frame);
  return send (fd, message, sizeof *head + head->nframes * sizeof *frame, 0) < 0 ? -errno : 0;
}

static int
trip_hear_manager (int fd, const struct can_frame *frame)
{
  struct pollfd waiting = { .fd = fd, .events = POLLIN };
  char message[sizeof (struct bcm_msg_head) + sizeof *frame];
  struct bcm_msg_head head;

  if (poll (&waiting, 1, TRIP_MS) <= 0)
    return -ETIMEDOUT;
  if (recv (fd, message, sizeof message, MSG_DONTWAIT) != sizeof message)
    return -EBADMSG;
  memcpy (&head, message, sizeof head);
  return head.opcode == RX_CHANGED && memcmp (message + sizeof head, frame, sizeof *frame) == 0
             ? 0
             : -EBADMSG;
}

/* One is to be told what the other sends. */
int
can_bcm_trip (char *reason, size_t size)
{
  struct bcm_msg_head filter = { .opcode = RX_SETUP,
                                 .flags = RX_FILTER_ID,
                                 .can_id = FIRST | CAN_EFF_FLAG };
  struct bcm_msg_head order = { .opcode = TX_SEND, .nframes = 1 };
  struct can_frame frame;
  Trip trip;
  int rc = trip_open (&trip, SOCK_DGRAM, CAN_BCM, reason, size);

  if (rc < 0)
    return rc;
  trip_fill_frame (&frame, FIRST);
  rc = trip_call (connect, trip.a, &trip.bus);
  rc = rc < 0 ? rc : trip_call (connect, trip.b, &trip.bus);
  rc = rc < 0 ? rc : trip_tell_manager (trip.b, &filter, &frame);
  rc = rc < 0 ? rc : trip_tell_manager (trip.a, &order, &frame);
  return trip_end (&trip, rc < 0 ? rc : trip_hear_manager (trip.b, &frame));
}

/* Longer than a frame, so that the kernel cuts it into pieces and waits for the flow control. */
static int
trip_pass_long (const Trip *trip)
{
  static const char there[] = "a message of several frames", back[] = "and its answer";
  int rc = trip_pass (trip->a, trip->b, there, sizeof there);

  return rc < 0 ? rc : trip_pass (trip->b, trip->a, back, sizeof back);
}

static int
trip_bind_isotp (int fd, struct sockaddr_can *bus, uint32_t rx_id, uint32_t tx_id)
{
  bus->can_addr.tp.rx_id = rx_id | CAN_EFF_FLAG;
  bus->can_addr.tp.tx_id = tx_id | CAN_EFF_FLAG;
  return trip_call (bind, fd, bus);
}

int
can_isotp_trip (char *reason, size_t size)
{
  Trip trip;
  int rc = trip_open (&trip, SOCK_DGRAM, CAN_ISOTP, reason, size);

  if (rc < 0)
    return rc;
  rc = trip_bind_isotp (trip.a, &trip.bus, FIRST, SECOND);
  rc = rc < 0 ? rc : trip_bind_isotp (trip.b, &trip.bus, SECOND, FIRST);
  return trip_end (&trip, rc < 0 ? rc : trip_pass_long (&trip));
}

static int
trip_join_j1939 (int fd, struct sockaddr_can *bus, uint8_t own, uint8_t peer)
{
  int rc;

  bus->can_addr.j1939.name = J1939_NO_NAME;
  bus->can_addr.j1939.pgn = J1939_NO_PGN;
  bus->can_addr.j1939.addr = own;
  rc = trip_call (bind, fd, bus);
  bus->can_addr.j1939.pgn = 0xef00; /* for makers' own use */
  bus->can_addr.j1939.addr = peer;
  return rc < 0 ? rc : trip_call (connect, fd, bus);
}

int
can_j1939_trip (char *reason, size_t size)
{
  Trip trip;
  int rc = trip_open (&trip, SOCK_DGRAM, CAN_J1939, reason, size);

  if (rc < 0)
    return rc;
  rc = trip_join_j1939 (trip.a, &trip.bus, 0xf6, 0xf7);
  rc = rc < 0 ? rc : trip_join_j1939 (trip.b, &trip.bus, 0xf7, 0xf6);
  return trip_end (&trip, rc < 0 ? rc : trip_pass_long (&trip));
}
