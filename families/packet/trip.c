/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/packet/trip.c: round trips for `kin doctor`: one frame over the loopback interface, of
 * an ethertype that IEEE keeps for experiments, so that nobody else takes it for theirs. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "packet.h"

enum { EXPERIMENTAL = 0x88b5, TRIP_MS = 1000 };

static const char word[] = "kin doctor packet: there and back";

static int
trip_send (int fd, int type, const struct sockaddr_ll *to)
{
  unsigned char frame[ETH_HLEN + sizeof word] = { 0 };
  size_t head = type == SOCK_RAW ? ETH_HLEN : 0;

  frame[12] = EXPERIMENTAL >> 8;
  frame[13] = EXPERIMENTAL & 0xff;
  memcpy (frame + head, word, sizeof word);
  return sendto (fd, frame, head + sizeof word, 0, (const void *) to, sizeof *to) < 0 ? -errno : 0;
}

/* Another's frame of this ethertype is passed over, as long as there is time. */
static int
trip_receive (int fd, int type)
{
  char frame[256];
  size_t head = type == SOCK_RAW ? ETH_HLEN : 0;
  struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

  for (int tries = 0; tries < 100; tries++) {
    ssize_t n;

    if (poll (&poll_fd, 1, TRIP_MS) == 0)
      return -ETIMEDOUT;
    n = recv (fd, frame, sizeof frame, MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
      return -errno;
    if (n >= (ssize_t) (head + sizeof word) && memcmp (frame + head, word, sizeof word) == 0)
      return 0;
  }
  return -ETIMEDOUT;
}

static int
trip (int type, char *reason, size_t size)
{
  struct sockaddr_ll lo = { .sll_family = AF_PACKET, .sll_halen = ETH_ALEN };
  int fd = socket (AF_PACKET, type | SOCK_CLOEXEC, 0), rc = 0;

  if (fd < 0) {
    rc = -errno;
    snprintf (reason, size, "packet sockets take CAP_NET_RAW: %s", strerror (-rc));
    return rc;
  }
  lo.sll_protocol = htons (EXPERIMENTAL);
  lo.sll_ifindex = (int) if_nametoindex ("lo");
  if (lo.sll_ifindex == 0)
    rc = -errno;
  else if (bind (fd, (const void *) &lo, sizeof lo) < 0)
    rc = -errno;
  if (rc == 0)
    rc = trip_send (fd, type, &lo);
  if (rc == 0)
    rc = trip_receive (fd, type);
  close (fd);
  if (rc == -ENETDOWN)
    snprintf (reason, size, "the loopback interface is down: ip link set lo up");
  else if (rc < 0)
    snprintf (reason, size, "no frame came back over lo: %s", strerror (-rc));
  return rc;
}

int
packet_raw_trip (char *reason, size_t size)
{
  return trip (SOCK_RAW, reason, size);
}

int
packet_dgram_trip (char *reason, size_t size)
{
  return trip (SOCK_DGRAM, reason, size);
}
