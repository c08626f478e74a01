/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* packet: frames of network interfaces, as the driver has them.
 *
 *   packet:eth0              raw: whole frames of all protocols; "packet:" is every interface
 *   packet:eth0,arp          of one ethertype, a word or a number: 0x88b5
 *   packet-dgram:eth0,0x88b5,host,1,02:00:00:00:00:09
 *                            without the head of the link layer, which the kernel takes off, and
 *                            makes from the address of what is sent
 *
 * The ethertype is in host order here, as in Python's addresses. socket(2) would take it, too, in
 * network order; ours gets 0 and hears nothing before it is bound, so nothing of other interfaces
 * gets in. The kernel has no connect here: a raw socket is bound instead, since a frame says where
 * to, and of a dgram socket the address is kept and goes with each send. packet(7). */
#include "packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- A hardware address: bytes in a tuple, 02:00:00:00:00:01 in text ------------------------ */

static int
packet_hardware_get (const KinField *field, const void *base, size_t length, KinForm form,
                     KinMember *member)
{
  static const char digits[] = "0123456789abcdef";
  const struct sockaddr_ll *address = base;
  size_t n = address->sll_halen, most = field->size;

  (void) length;
  n = n < most ? n : most; /* InfiniBand's 20 bytes are cut off by the kernel */
  if (form == KIN_FORM_TUPLE) {
    member->kind = KIN_BYTES;
    member->length = (uint32_t) n;
    memcpy (member->bytes, address->sll_addr, n);
    return 0;
  }
  member->kind = KIN_STRING;
  for (size_t i = 0; i < n; i++) {
    if (i > 0)
      member->bytes[member->length++] = ':';
    member->bytes[member->length++] = digits[address->sll_addr[i] >> 4];
    member->bytes[member->length++] = digits[address->sll_addr[i] & 15];
  }
  return 0;
}

static int
packet_digit (char digit)
{
  if (digit >= '0' && digit <= '9')
    return digit - '0';
  digit = (char) (digit | 0x20);
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static int
packet_hardware_parse (struct sockaddr_ll *address, const KinMember *member, size_t most)
{
  size_t n = 0;

  for (size_t i = 0; i < member->length; i += 3) {
    int high = packet_digit (member->bytes[i]);
    int low = high < 0 ? -1 : packet_digit (member->bytes[i + 1]);

    if (low < 0 || (i + 2 < member->length && member->bytes[i + 2] != ':')
        || i + 3 == member->length)
      return -EINVAL;
    if (n == most)
      return -ERANGE;
    address->sll_addr[n++] = (unsigned char) (high * 16 + low);
  }
  address->sll_halen = (unsigned char) n;
  return 0;
}

static int
packet_hardware_set (const KinField *field, void *base, size_t *length, KinForm form,
                     const KinMember *member)
{
  struct sockaddr_ll *address = base;

  (void) length;
  if (member->kind == KIN_STRING)
    return packet_hardware_parse (address, member, field->size);
  if (form != KIN_FORM_TUPLE || member->kind != KIN_BYTES)
    return -EINVAL;
  if (member->length > field->size)
    return -ERANGE;
  address->sll_halen = (unsigned char) member->length;
  memcpy (address->sll_addr, member->bytes, member->length);
  return 0;
}

/* clang-format off */

#include "options.h"
#include "constants.h"

/* ---- Addresses ------------------------------------------------------------------------------ */

static const KinName packet_types[] = {
  { "all",   ETH_P_ALL },   { "ip",   ETH_P_IP },   { "arp", ETH_P_ARP }, { "ipv6", ETH_P_IPV6 },
  { "vlan",  ETH_P_8021Q }, { "lldp", ETH_P_LLDP },
  { 0 }
};

static const KinName packet_directions[] = {
  { "host",      PACKET_HOST },      { "broadcast", PACKET_BROADCAST },
  { "multicast", PACKET_MULTICAST }, { "otherhost", PACKET_OTHERHOST },
  { "outgoing",  PACKET_OUTGOING },
  { 0 }
};

static const KinField packet_address[] = {
  { .name = "interface", .kind = KIN_INTERFACE, KIN_AT (struct sockaddr_ll, sll_ifindex) },
  { .name = "proto",     .kind = KIN_UINT,      KIN_AT (struct sockaddr_ll, sll_protocol),
    .flags = KIN_FIELD_OPTIONAL | KIN_FIELD_BIG_ENDIAN | KIN_FIELD_HEX, .digits = 4,
    .fallback = ETH_P_ALL, .names = packet_types },
  { .name = "pkttype",   .kind = KIN_UINT,      KIN_AT (struct sockaddr_ll, sll_pkttype),
    .flags = KIN_FIELD_OPTIONAL, .names = packet_directions },
  { .name = "hatype",    .kind = KIN_UINT,      KIN_AT (struct sockaddr_ll, sll_hatype),
    .flags = KIN_FIELD_OPTIONAL },
  { .name = "addr",      .kind = KIN_CUSTOM,    KIN_AT (struct sockaddr_ll, sll_addr),
    .get   = packet_hardware_get, .set = packet_hardware_set, .flags = KIN_FIELD_OPTIONAL,
    .count_offset = offsetof (struct sockaddr_ll, sll_halen), .count_size = 1 },
};

static const KinAddressCodec packet_codecs[] = {
  { .bytes  = sizeof (struct sockaddr_ll), .flags = KIN_CODEC_SHORT, .separator = ',',
    .fields = KIN_TABLE (packet_address) },
};
/* clang-format on */

/* ---- Filters: classic BPF ------------------------------------------------------------------- */

static int
packet_result (int rc)
{
  return rc < 0 ? -errno : rc;
}

/* The kernel takes a pointer to the instructions, a row has them themselves. */
static int
packet_setsockopt (KinFamilySocket *socket, int level, int number, const void *value,
                   socklen_t size)
{
  struct sock_filter program[BPF_MAXINSNS];
  struct sock_fprog all = { .filter = program };
  int none = 0;

  if (level != PACKET_OWN)
    return packet_result (setsockopt (socket->fd, level, number, value, size));
  if (size == 0) {
    none =
        packet_result (setsockopt (socket->fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none));
    return none == -ENOENT ? 0 : none;
  }
  if (size > sizeof program)
    return -EINVAL;
  memcpy (program, value, size);
  all.len = (unsigned short) (size / sizeof *program);
  return packet_result (setsockopt (socket->fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof all));
}

/* The kernel counts instructions, not bytes; asked with none, it says how many there are. */
static int
packet_getsockopt (KinFamilySocket *socket, int level, int number, void *value, socklen_t *size)
{
  struct sock_filter program[BPF_MAXINSNS];
  socklen_t n = 0;

  if (level != PACKET_OWN)
    return packet_result (getsockopt (socket->fd, level, number, value, size));
  if (getsockopt (socket->fd, SOL_SOCKET, SO_GET_FILTER, NULL, &n) < 0
      || (n > 0 && getsockopt (socket->fd, SOL_SOCKET, SO_GET_FILTER, program, &n) < 0))
    return -errno;
  n *= (socklen_t) sizeof *program;
  *size = *size < n ? *size : n;
  memcpy (value, program, *size);
  return 0;
}

/* ---- Connecting ----------------------------------------------------------------------------- */

static int
packet_connect_raw (KinFamilySocket *socket, const void *address, size_t length)
{
  return packet_result (bind (socket->fd, address, (socklen_t) length));
}

static int
packet_open (KinFamilySocket *opened, int domain, int type, int protocol)
{
  struct sockaddr_ll *peer = calloc (1, sizeof *peer);
  int code;

  if (!peer)
    return -ENOMEM;
  opened->fd = socket (domain, type | SOCK_CLOEXEC, protocol);
  if (opened->fd >= 0) {
    opened->state = peer;
    return 0;
  }
  code = errno;
  free (peer);
  return -code;
}

static int
packet_close (KinFamilySocket *socket)
{
  free (socket->state);
  return packet_result (close (socket->fd));
}

static int
packet_adopt (KinFamilySocket *socket, const KinFamilySocket *from)
{
  struct sockaddr_ll *peer = calloc (1, sizeof *peer);

  if (!peer)
    return -ENOMEM;
  if (from && from->state)
    *peer = *(const struct sockaddr_ll *) from->state;
  socket->state = peer;
  return 0;
}

static void
packet_release (KinFamilySocket *socket)
{
  free (socket->state);
  socket->state = NULL;
}

/* state is where it sends. */
static int
packet_connect_dgram (KinFamilySocket *socket, const void *address, size_t length)
{
  struct sockaddr_ll *peer = socket->state;
  int rc;

  if (!peer)
    return -EOPNOTSUPP;
  rc = packet_result (bind (socket->fd, address, (socklen_t) length));
  if (rc == 0)
    memcpy (peer, address, length < sizeof *peer ? length : sizeof *peer);
  return rc;
}

static int
packet_peer (KinFamilySocket *socket, KinAddress *address)
{
  const struct sockaddr_ll *peer = socket->state;

  if (!peer || peer->sll_family != AF_PACKET)
    return -ENOTCONN;
  memcpy (&address->sa, peer, sizeof *peer);
  address->length = sizeof *peer;
  return 0;
}

static ssize_t
packet_sendmsg (KinFamilySocket *socket, const struct msghdr *message, int flags)
{
  const struct sockaddr_ll *peer = socket->state;
  struct msghdr whole = *message;
  ssize_t n;

  if (!whole.msg_name && peer && peer->sll_family == AF_PACKET) {
    whole.msg_name = socket->state;
    whole.msg_namelen = sizeof *peer;
  }
  n = sendmsg (socket->fd, &whole, flags);
  return n < 0 ? -errno : n;
}

static const KinSocketOps packet_raw_ops = {
  .size = sizeof packet_raw_ops,
  .connect = packet_connect_raw,
  .getsockopt = packet_getsockopt,
  .setsockopt = packet_setsockopt,
};

static const KinSocketOps packet_dgram_ops = {
  .size = sizeof packet_dgram_ops,
  .open = packet_open,
  .close = packet_close,
  .connect = packet_connect_dgram,
  .peer = packet_peer,
  .sendmsg = packet_sendmsg,
  .getsockopt = packet_getsockopt,
  .setsockopt = packet_setsockopt,
  .adopt = packet_adopt,
  .release = packet_release,
};

/* clang-format off */

/* ---- Tables --------------------------------------------------------------------------------- */

static const KinProtocol packet_protocols[] = {
  { .scheme   = "packet",       .type     = SOCK_RAW,
    .codecs   = KIN_TABLE (packet_codecs), .kernel_waits = KIN_WAITS_RECEIVE | KIN_WAITS_SEND,
    .grammar  = "INTERFACE[,ETHERTYPE[,PKTTYPE[,HATYPE[,ADDRESS]]]]",
    .example  = "packet:lo,0x88b5",
    .describe = packet_describe, .round_trip = packet_raw_trip,
    .ops      = &packet_raw_ops },
  { .scheme   = "packet-dgram", .type     = SOCK_DGRAM,
    .codecs   = KIN_TABLE (packet_codecs), .kernel_waits = KIN_WAITS_RECEIVE | KIN_WAITS_SEND,
    .grammar  = "INTERFACE[,ETHERTYPE[,PKTTYPE[,HATYPE[,ADDRESS]]]]",
    .example  = "packet-dgram:lo,0x88b5,host,1,02:00:00:00:00:09",
    .describe = packet_payload_describe, .round_trip = packet_dgram_trip,
    .ops      = &packet_dgram_ops },
};

#define NO_INTERFACE "ip link shows the interfaces"
#define IS_DOWN      "ip link set eth0 up, with the interface's name"

static const KinHint packet_hints[] = {
  { .operation = "address", .code = ENODEV,               .sentence = NO_INTERFACE },
  { .operation = "address", .code = EINVAL,
    .sentence = "as in packet:eth0,arp or packet-dgram:eth0,0x88b5,host,1,02:00:00:00:00:01" },
  { .operation = "open",    .code = EPERM,
    .sentence = "it takes CAP_NET_RAW: be root, or setcap cap_net_raw=ep on the program" },
  { .operation = "open",    .code = EAFNOSUPPORT,    .sentence = "load it: modprobe af_packet" },
  { .operation = "bind",    .code = ENETDOWN,             .sentence = IS_DOWN },
  { .operation = "bind",    .code = ENODEV,               .sentence = NO_INTERFACE },
  { .operation = "connect", .code = ENETDOWN,             .sentence = IS_DOWN },
  { .operation = "connect", .code = ENODEV,               .sentence = NO_INTERFACE },
  { .operation = "listen",  .code = EOPNOTSUPP,
    .sentence = "bind it and receive: kin watch packet:eth0" },
  { .operation = "send",    .code = EINVAL,
    .sentence = "a raw frame starts with its head (14 bytes of Ethernet); to a dgram socket's "
                "address belongs the hardware address, "
                "packet-dgram:eth0,0x88b5,host,1,02:00:00:00:00:09" },
  { .operation = "send",    .code = EMSGSIZE,
    .sentence = "the frame is longer than the interface's MTU, see ip link" },
  { .operation = "send",    .code = ENETDOWN,             .sentence = IS_DOWN },
  { .operation = "send",    .code = ENOBUFS,         .sentence = "the interface's queue is full" },
  { .operation = "send",    .code = ENXIO,
    .sentence = "it must be told which interface: bind it, packet:eth0" },
  { .operation = "receive", .code = ENETDOWN,             .sentence = IS_DOWN },
  { .operation = "set",     .code = EBUSY,           .sentence = "set it before there is a ring" },
  { .operation = "set",     .code = ENODEV,               .sentence = NO_INTERFACE },
};

/* ---- The descriptor ------------------------------------------------------------------------- */

KIN_FAMILY (packet) = {
  KIN_STAMP,
  .domain    = AF_PACKET,
  .name      = "packet",
  .summary   = "frames of network interfaces",
  .modules   = "af_packet",
  .protocols = KIN_TABLE (packet_protocols),
  .options   = KIN_TABLE (packet_options),
  .controls  = KIN_TABLE (packet_controls),
  .constants = KIN_TABLE (packet_constants),
  .hints     = KIN_TABLE (packet_hints),
};
