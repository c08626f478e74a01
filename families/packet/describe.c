/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/packet/describe.c: a frame in one line, as tcpdump -en has it.
 *
 * "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, ARP (0x0806), length 42: Request who-has 10.0.0.2 tell
 * 10.0.0.1, length 28". The wire's bytes may be anything and end anywhere: each header is copied
 * out whole or not read at all. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../line.h"
#include "packet.h"

static unsigned
get16 (const uint8_t *bytes)
{
  return (unsigned) bytes[0] << 8 | bytes[1];
}

static uint32_t
get32 (const uint8_t *bytes)
{
  return (uint32_t) get16 (bytes) << 16 | get16 (bytes + 2);
}

static void
add_hardware (Line *text, const uint8_t *bytes, size_t n)
{
  for (size_t i = 0; i < n; i++)
    line_add (text, "%s%02x", i ? ":" : "", bytes[i]);
}

static void
add_host (Line *text, int domain, const uint8_t *bytes)
{
  char host[INET6_ADDRSTRLEN];

  line_add (text, "%s", inet_ntop (domain, bytes, host, sizeof host));
}

static void
add_pair (Line *text, int domain, const uint8_t *from, const uint8_t *to, const uint8_t *ports)
{
  add_host (text, domain, from);
  if (ports)
    line_add (text, ".%u", get16 (ports));
  line_add (text, " > ");
  add_host (text, domain, to);
  if (ports)
    line_add (text, ".%u", get16 (ports + 2));
  line_add (text, ": ");
}

/* ---- Transports ---------------------------------------------------------------------------- */

static void
add_tcp (Line *text, const uint8_t *data, size_t length)
{
  static const char letters[] = "FSRP.UEW";
  size_t head = (size_t) (data[12] >> 4) * 4, payload = length > head ? length - head : 0;
  uint32_t sequence = get32 (data + 4);

  line_add (text, "Flags [");
  for (unsigned i = 0; letters[i]; i++)
    if (i != 4 && data[13] & 1u << i)
      line_add (text, "%c", letters[i]);
  line_add (text, "%s%s]", data[13] & 0x10 ? "." : "", data[13] ? "" : "none");
  if (payload > 0)
    line_add (text, ", seq %u:%u", sequence, sequence + (uint32_t) payload);
  else if (data[13] & 7)
    line_add (text, ", seq %u", sequence);
  if (data[13] & 0x10)
    line_add (text, ", ack %u", get32 (data + 8));
  line_add (text, ", win %u, length %zu", get16 (data + 14), payload);
}

static void
add_icmp (Line *text, const uint8_t *data, size_t length)
{
  if ((data[0] == 0 || data[0] == 8) && length >= 8)
    line_add (text, "ICMP echo %s, id %u, seq %u, length %zu", data[0] ? "request" : "reply",
              get16 (data + 4), get16 (data + 6), length);
  else if (data[0] == 3)
    line_add (text, "ICMP unreachable, code %u, length %zu", data[1], length);
  else if (data[0] == 11)
    line_add (text, "ICMP time exceeded, code %u, length %zu", data[1], length);
  else
    line_add (text, "ICMP type %u, code %u, length %zu", data[0], data[1], length);
}

static void
add_icmp6 (Line *text, const uint8_t *data, size_t length)
{
  static const struct {
    uint8_t type;
    const char *name;
  } names[] = {
    { 1, "destination unreachable" },
    { 2, "packet too big" },
    { 3, "time exceeded" },
    { 133, "router solicitation" },
    { 134, "router advertisement" },
    { 135, "neighbor solicitation" },
    { 136, "neighbor advertisement" },
  };

  if ((data[0] == 128 || data[0] == 129) && length >= 8) {
    line_add (text, "ICMP6, echo %s, id %u, seq %u, length %zu",
              data[0] == 128 ? "request" : "reply", get16 (data + 4), get16 (data + 6), length);
    return;
  }
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (names[i].type == data[0]) {
      line_add (text, "ICMP6, %s, length %zu", names[i].name, length);
      return;
    }
  line_add (text, "ICMP6, type %u, code %u, length %zu", data[0], data[1], length);
}

static void
add_transport (Line *text, int domain, const uint8_t *from, const uint8_t *to, unsigned protocol,
               const uint8_t *data, size_t length)
{
  int has_ports = (protocol == IPPROTO_TCP && length >= 20 && data[12] >> 4 >= 5)
                  || (protocol == IPPROTO_UDP && length >= 8);

  add_pair (text, domain, from, to, has_ports ? data : NULL);
  if (protocol == IPPROTO_TCP && has_ports)
    add_tcp (text, data, length);
  else if (protocol == IPPROTO_UDP && has_ports)
    line_add (text, "UDP, length %zu", length - 8);
  else if (protocol == IPPROTO_ICMP && length >= 4)
    add_icmp (text, data, length);
  else if (protocol == IPPROTO_ICMPV6 && length >= 4)
    add_icmp6 (text, data, length);
  else
    line_add (text, "ip-proto-%u %zu", protocol, length);
}

/* ---- Networks ------------------------------------------------------------------------------ */

static int
add_ip (Line *text, const uint8_t *data, size_t length)
{
  size_t head, total;

  if (length < 20 || data[0] >> 4 != 4)
    return 0;
  head = (size_t) (data[0] & 15) * 4;
  total = get16 (data + 2);
  if (head < 20 || total < head || total > length) /* offloaded, or cut off */
    total = length;
  if (head < 20 || head > total)
    return 0;
  if (get16 (data + 6) & 0x1fff) {
    add_pair (text, AF_INET, data + 12, data + 16, NULL);
    line_add (text, "ip-proto-%u", data[9]);
  } else
    add_transport (text, AF_INET, data + 12, data + 16, data[9], data + head, total - head);
  return 1;
}

static int
add_ip6 (Line *text, const uint8_t *data, size_t length)
{
  size_t payload, head = 40;
  unsigned next;

  if (length < 40 || data[0] >> 4 != 6)
    return 0;
  payload = get16 (data + 4);
  if (payload == 0 || payload > length - 40)
    payload = length - 40;
  next = data[6];
  /* Hop-by-hop options stand before multicast listener reports. */
  if (next == 0 && payload >= 8 && ((size_t) data[41] + 1) * 8 <= payload) {
    next = data[40];
    head += ((size_t) data[41] + 1) * 8;
  }
  add_transport (text, AF_INET6, data + 8, data + 24, next, data + head, 40 + payload - head);
  return 1;
}

/* Ethernet and IPv4 alone. */
static int
add_arp (Line *text, const uint8_t *data, size_t length)
{
  if (length < 28 || get16 (data + 2) != ETH_P_IP || data[4] != 6 || data[5] != 4)
    return 0;
  if (get16 (data + 6) == 1) {
    line_add (text, "Request who-has ");
    add_host (text, AF_INET, data + 24);
    line_add (text, " tell ");
    add_host (text, AF_INET, data + 14);
  } else if (get16 (data + 6) == 2) {
    line_add (text, "Reply ");
    add_host (text, AF_INET, data + 14);
    line_add (text, " is-at ");
    add_hardware (text, data + 8, 6);
  } else
    return 0;
  line_add (text, ", length %zu", length);
  return 1;
}

static void
add_network (Line *text, unsigned type, const uint8_t *data, size_t length)
{
  int known = type == ETH_P_IP     ? add_ip (text, data, length)
              : type == ETH_P_IPV6 ? add_ip6 (text, data, length)
              : type == ETH_P_ARP  ? add_arp (text, data, length)
                                   : 0;

  if (known)
    return;
  line_add (text, "%zu bytes:", length);
  for (size_t i = 0; i < length && i < 16; i++)
    line_add (text, " %02x", data[i]);
  if (length > 16)
    line_add (text, " ...");
}

static void
add_type (Line *text, unsigned type)
{
  static const struct {
    unsigned type;
    const char *name;
  } names[] = {
    { ETH_P_IP, "IPv4" },
    { ETH_P_ARP, "ARP" },
    { ETH_P_IPV6, "IPv6" },
    { ETH_P_8021Q, "802.1Q" },
    { ETH_P_8021AD, "802.1Q-QinQ" },
    { ETH_P_LLDP, "LLDP" },
    { ETH_P_PAE, "EAPOL" },
    { ETH_P_LOOP, "Loopback" },
    { ETH_P_MPLS_UC, "MPLS unicast" },
  };

  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (names[i].type == type) {
      line_add (text, "ethertype %s (0x%04x)", names[i].name, type);
      return;
    }
  line_add (text, "ethertype Unknown (0x%04x)", type);
}

/* ---- Frames -------------------------------------------------------------------------------- */

/* tcpdump's: "FROM > TO, ethertype 802.1Q (0x8100), length 64: vlan 5, p 0, ethertype IPv4 …". */
int
packet_describe (const KinAddress *from, const void *data, size_t length, char *line, size_t size)
{
  const uint8_t *at = data, *stop = at + length;
  Line text = { line, size, 0 };
  unsigned type;

  if (length < ETH_HLEN)
    return packet_payload_describe (from, data, length, line, size);
  add_hardware (&text, at + 6, 6);
  line_add (&text, " > ");
  add_hardware (&text, at, 6);
  line_add (&text, ", ");
  type = get16 (at + 12);
  if (type <= 1500) {
    line_add (&text, "802.3, length %zu: ", length);
    type = 0;
  } else {
    add_type (&text, type);
    line_add (&text, ", length %zu: ", length);
  }
  at += ETH_HLEN;
  while ((type == ETH_P_8021Q || type == ETH_P_8021AD) && stop - at >= 4) {
    line_add (&text, "vlan %u, p %u, ", get16 (at) & 0xfff, get16 (at) >> 13);
    type = get16 (at + 2);
    add_type (&text, type);
    line_add (&text, ", ");
    at += 4;
  }
  add_network (&text, type, at, (size_t) (stop - at));
  return line_end_cut (&text);
}

/* Without the head, which the kernel cut off and told in the address. */
int
packet_payload_describe (const KinAddress *from, const void *data, size_t length, char *line,
                         size_t size)
{
  Line text = { line, size, 0 };
  unsigned type = 0;

  if (from) {
    const struct sockaddr_ll *address = (const void *) &from->sa;

    type = ntohs (address->sll_protocol);
    add_hardware (&text, address->sll_addr, address->sll_halen < 8 ? address->sll_halen : 8);
    line_add (&text, ", ");
    add_type (&text, type);
    line_add (&text, ", length %zu: ", length);
  }
  add_network (&text, type, data, length);
  return line_end_cut (&text);
}
