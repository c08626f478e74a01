/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* can: frames on a CAN bus, and the protocols on top of it.
 *
 *   can:vcan0                       all frames of an interface; "can:" is every interface
 *   can-bcm:vcan0                   the broadcast manager: cyclic sending, telling of changes
 *   can-isotp:vcan0,123,456         messages of ISO 15765-2, received by 123 and sent by 456
 *   j1939:vcan0,any,0x12300,0x20    SAE J1939: a node's 64-bit name, parameter group, address
 *
 * A bus has no peers: raw and ISO-TP sockets are bound, the broadcast manager's is connected, and
 * what is missing is the other here. A J1939 socket is bound to its own address first and can then
 * be connected to another's. All else is the kernel's: Documentation/networking/can.rst, isotp.rst
 * and j1939.rst. What a raw socket carries is struct can_frame, canfd_frame or canxl_frame, what
 * the manager does bcm_msg_head and frames; frame.c and bcm.c have both as text. */
#include <errno.h>
#include <linux/can/bcm.h>
#include <linux/can/error.h>
#include <linux/can/isotp.h>
#include <linux/can/j1939.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "can.h"

/* ---- Statistics of a J1939 session: attributes in a row ------------------------------------ */

/* As struct nlattr. */
struct j1939_attribute {
  uint16_t length, type;
};

/* The number of the attribute that fallback names: one, four or eight bytes. */
static int
j1939_statistic_get (const KinField *field, const void *base, size_t length, KinForm form,
                     KinMember *member)
{
  const char *at = base, *end = at + length;
  struct j1939_attribute head;
  uint32_t number;

  (void) form;
  member->kind = KIN_UINT;
  for (; end - at >= (ptrdiff_t) sizeof head; at += (head.length + 3) & ~3) {
    memcpy (&head, at, sizeof head);
    if (head.length < sizeof head || head.length > end - at)
      break;
    if (head.type != field->fallback)
      continue;
    if (head.length == sizeof head + sizeof member->number)
      memcpy (&member->number, at + sizeof head, sizeof member->number);
    else if (head.length == sizeof head + sizeof number) {
      memcpy (&number, at + sizeof head, sizeof number);
      member->number = number;
    } else if (head.length == sizeof head + 1)
      member->number = (uint8_t) at[sizeof head];
  }
  return 0;
}

/* They only come. */
static int
j1939_statistic_set (const KinField *field, void *base, size_t *length, KinForm form,
                     const KinMember *member)
{
  (void) field;
  (void) base;
  (void) length;
  (void) form;
  (void) member;
  return -EOPNOTSUPP;
}

/* clang-format off */

#include "options.h"
#include "constants.h"

/* ---- Addresses ------------------------------------------------------------------------------ */

static const KinField can_address[] = {
  { .name = "interface", .kind = KIN_INTERFACE, KIN_AT (struct sockaddr_can, can_ifindex) },
};

static const KinField isotp_address[] = {
  { .name = "interface", .kind = KIN_INTERFACE, KIN_AT (struct sockaddr_can, can_ifindex) },
  { .name = "rx_id",     .kind = KIN_CUSTOM,    KIN_AT (struct sockaddr_can, can_addr.tp.rx_id),
    .get  = can_id_get,  .set  = can_id_set,    .bits = 32 },
  { .name = "tx_id",     .kind = KIN_CUSTOM,    KIN_AT (struct sockaddr_can, can_addr.tp.tx_id),
    .get  = can_id_get,  .set  = can_id_set,    .bits = 32 },
};

static const KinName j1939_any_name[] = { { "any", J1939_NO_NAME }, { 0 } };
static const KinName j1939_any_pgn[]  = { { "any", J1939_NO_PGN },  { 0 } };
static const KinName j1939_any_addr[] = { { "any", J1939_NO_ADDR }, { 0 } };

static const KinField j1939_address[] = {
  { .name = "interface", .kind = KIN_INTERFACE, KIN_AT (struct sockaddr_can, can_ifindex) },
  { .name = "name",      .kind = KIN_UINT,      KIN_AT (struct sockaddr_can, can_addr.j1939.name),
    .names = j1939_any_name, .flags = KIN_FIELD_HEX, .digits = 16 },
  { .name = "pgn",       .kind = KIN_UINT,      KIN_AT (struct sockaddr_can, can_addr.j1939.pgn),
    .names = j1939_any_pgn,  .flags = KIN_FIELD_HEX, .digits = 5, .bits = 19 },
  { .name = "addr",      .kind = KIN_UINT,      KIN_AT (struct sockaddr_can, can_addr.j1939.addr),
    .names = j1939_any_addr, .flags = KIN_FIELD_HEX, .digits = 2 },
};

static const KinAddressCodec can_codecs[] = {
  { .bytes  = sizeof (struct sockaddr_can), .separator = ',', .fields = KIN_TABLE (can_address) },
};
static const KinAddressCodec isotp_codecs[] = {
  { .bytes  = sizeof (struct sockaddr_can), .separator = ',', .fields = KIN_TABLE (isotp_address) },
};
static const KinAddressCodec j1939_codecs[] = {
  { .bytes  = sizeof (struct sockaddr_can), .separator = ',', .fields = KIN_TABLE (j1939_address) },
};
/* clang-format on */

/* ---- Operations: what is missing of bind and connect is the other -------------------------- */

static int
can_by_bind (KinFamilySocket *socket, const void *address, size_t length)
{
  return bind (socket->fd, address, (socklen_t) length) < 0 ? -errno : 0;
}

static int
can_by_connect (KinFamilySocket *socket, const void *address, size_t length)
{
  return connect (socket->fd, address, (socklen_t) length) < 0 ? -errno : 0;
}

static const KinSocketOps can_bound_ops = { .size = sizeof can_bound_ops, .connect = can_by_bind };
static const KinSocketOps can_bcm_ops = { .size = sizeof can_bcm_ops, .bind = can_by_connect };

/* ---- Messages of several frames, as `kin watch` shows them --------------------------------- */

/* "  vcan0  [20]  DE AD BE EF ...": the kernel does not say which identifiers it came by */
static int
isotp_describe (const KinAddress *from, const void *data, size_t length, char *line, size_t size)
{
  Line text = { line, size, 0 };

  line_add (&text, "  ");
  can_line_add_interface (&text, from);
  line_add (&text, "  [%zu] ", length);
  can_line_add_bytes (&text, data, length);
  return line_end (&text);
}

/* "  vcan0:80,12300  [8]  DE AD BE EF ...", addresses as can-utils has them */
static int
j1939_describe (const KinAddress *from, const void *data, size_t length, char *line, size_t size)
{
  const struct sockaddr_can *address = from ? (const void *) &from->sa : NULL;
  Line text = { line, size, 0 };

  line_add (&text, "  ");
  can_line_add_interface (&text, from);
  line_add (&text, ":");
  if (address && address->can_addr.j1939.name != J1939_NO_NAME)
    line_add (&text, "%016llx", (unsigned long long) address->can_addr.j1939.name);
  else if (address && address->can_addr.j1939.addr != J1939_NO_ADDR)
    line_add (&text, "%02x", address->can_addr.j1939.addr);
  if (address && address->can_addr.j1939.pgn <= J1939_PGN_MAX)
    line_add (&text, ",%05x", address->can_addr.j1939.pgn);
  line_add (&text, "  [%zu] ", length);
  can_line_add_bytes (&text, data, length);
  return line_end (&text);
}

/* clang-format off */

/* ---- Tables --------------------------------------------------------------------------------- */

/* ISO-TP's send waits for the message before it to end, whatever SO_SNDTIMEO says. */
static const KinProtocol can_protocols[] = {
  { .scheme   = "can",        .type     = SOCK_RAW,   .protocol = CAN_RAW,
    .codecs   = KIN_TABLE (can_codecs), .kernel_waits = KIN_WAITS_RECEIVE | KIN_WAITS_SEND,
    .grammar  = "INTERFACE",  .example  = "can:vcan0",
    .ops      = &can_bound_ops, .modules = "can_raw",  .round_trip = can_raw_trip,
    .describe = can_frame_describe, .log = can_frame_log, .compose = can_frame_compose,
    .datagram = "123#DEADBEEF",
    .watch_options = "can.fd-frames=1&can.xl-frames=1&can.err-filter=all" },
  { .scheme   = "can-bcm",    .type     = SOCK_DGRAM, .protocol = CAN_BCM,
    .codecs   = KIN_TABLE (can_codecs), .kernel_waits = KIN_WAITS_RECEIVE | KIN_WAITS_SEND,
    .grammar  = "INTERFACE",  .example  = "can-bcm:vcan0",
    .ops      = &can_bcm_ops, .modules  = "can_bcm",   .round_trip = can_bcm_trip,
    .describe = can_bcm_describe, .log  = can_bcm_log, .compose = can_bcm_compose,
    .datagram = "TX_SETUP SETTIMER STARTTIMER ival2=0.1 123#DEADBEEF" },
  { .scheme   = "can-isotp",  .type     = SOCK_DGRAM, .protocol = CAN_ISOTP,
    .codecs   = KIN_TABLE (isotp_codecs), .kernel_waits = KIN_WAITS_RECEIVE,
    .grammar  = "INTERFACE,RX-ID,TX-ID", .example = "can-isotp:vcan0,123,18DA10F1",
    .ops      = &can_bound_ops, .modules = "can_isotp", .round_trip = can_isotp_trip,
    .describe = isotp_describe },
  { .scheme   = "j1939",      .type     = SOCK_DGRAM, .protocol = CAN_J1939,
    .codecs   = KIN_TABLE (j1939_codecs), .kernel_waits = KIN_WAITS_RECEIVE,
    .grammar  = "INTERFACE,NAME,PGN,ADDRESS", .example = "j1939:vcan0,any,0x12300,0x20",
    .modules  = "can_j1939",  .round_trip = can_j1939_trip,
    .describe = j1939_describe, .watch_options = "so.broadcast=1" },
};

#define NO_INTERFACE \
  "it takes a CAN interface: ip link show type can; or a virtual one: " \
  "ip link add vcan0 type vcan && ip link set vcan0 up"
#define IS_DOWN \
  "ip link set vcan0 up, or for a real bus: ip link set can0 up type can bitrate 500000"

static const KinHint can_hints[] = {
  { .operation = "address", .code = ENODEV,               .sentence = NO_INTERFACE },
  { .operation = "open",    .code = EAFNOSUPPORT,
    .sentence = "it takes a kernel with CAN: modprobe can" },
  { .operation = "open",    .code = EPROTONOSUPPORT,
    .sentence = "the kernel has CAN, but not this protocol: modprobe can-raw, can-bcm, "
                "can-isotp or can-j1939" },
  { .operation = "bind",    .code = EADDRNOTAVAIL,
    .sentence = "the two identifiers must differ, and be CAN identifiers" },
  { .operation = "bind",    .code = EINVAL,
    .sentence = "the socket has an address already, or the group's number has a destination in "
                "it: those below 0xF000 end in 00" },
  { .operation = "bind",    .code = EISCONN,
    .sentence = "the socket is connected already" },
  { .operation = "bind",    .code = ENETDOWN,             .sentence = IS_DOWN },
  { .operation = "bind",    .code = ENODEV,               .sentence = NO_INTERFACE },
  { .operation = "connect", .code = EADDRNOTAVAIL,
    .sentence = "the two identifiers must differ, and be CAN identifiers" },
  { .operation = "connect", .code = EACCES,
    .sentence = "to all nodes takes so.broadcast=1" },
  { .operation = "connect", .code = EINVAL,
    .sentence = "a J1939 socket is bound to its own address first (kin send --bind "
                "j1939:vcan0,any,any,0x80), on that interface" },
  { .operation = "connect", .code = EISCONN,
    .sentence = "the socket is connected already" },
  { .operation = "connect", .code = ENETDOWN,             .sentence = IS_DOWN },
  { .operation = "connect", .code = ENODEV,               .sentence = NO_INTERFACE },
  { .operation = "send",    .code = EACCES,
    .sentence = "to all nodes takes so.broadcast=1" },
  { .operation = "send",    .code = EADDRNOTAVAIL,
    .sentence = "bind it; a J1939 name must have claimed an address" },
  { .operation = "send",    .code = EBADFD,
    .sentence = "a J1939 socket is bound to its own address before it sends" },
  { .operation = "send",    .code = ECOMM,
    .sentence = "nobody answered with a flow control: is the receiver there, and are its "
                "identifiers the other way round?" },
  { .operation = "send",    .code = EDESTADDRREQ,
    .sentence = "a J1939 message goes to an address or name: connect it, or say where to" },
  { .operation = "send",    .code = EINVAL,
    .sentence = "a frame has 16 bytes (struct can_frame); FD frames take can.fd-frames=1 and an "
                "interface of MTU 72, XL frames can.xl-frames=1 and MTU 2060: ip link set vcan0 "
                "mtu 72" },
  { .operation = "send",    .code = EMSGSIZE,
    .sentence = "the interface takes shorter frames, or the message is too long: ip link set "
                "vcan0 mtu 72, for FD frames" },
  { .operation = "send",    .code = ENETDOWN,             .sentence = IS_DOWN },
  { .operation = "send",    .code = ENOBUFS,
    .sentence = "the interface's queue is full: is another node there to acknowledge? A longer "
                "one: ip link set can0 txqueuelen 1000" },
  { .operation = "send",    .code = ENODEV,          .sentence = "the interface is gone" },
  { .operation = "send",    .code = ENXIO,
    .sentence = "bound to all interfaces, it must be told which: can:vcan0" },
  { .operation = "receive", .code = EBADMSG,
    .sentence = "padding is not what isotp.opts asks for" },
  { .operation = "receive", .code = EILSEQ,
    .sentence = "a frame of the message is missing" },
  { .operation = "receive", .code = ENETDOWN,             .sentence = IS_DOWN },
  { .operation = "receive", .code = ENODEV,          .sentence = "the interface is gone" },
  { .operation = "receive", .code = ETIMEDOUT,
    .sentence = "the sender stopped in the middle of a message" },
  { .operation = "set",     .code = EISCONN,
    .sentence = "ISO-TP's options are set before it is bound: write them behind the endpoint, "
                "?isotp.opts=tx-padding" },
  { .operation = "set",     .code = EPERM,
    .sentence = "priorities 0 and 1 are for CAP_NET_ADMIN" },
};

/* ---- The descriptor ------------------------------------------------------------------------- */

KIN_FAMILY (can) = {
  KIN_STAMP,
  .domain    = AF_CAN,
  .name      = "can",
  .summary   = "frames on a CAN bus, and the protocols on top of it",
  .modules   = "can",
  .protocols = KIN_TABLE (can_protocols),
  .options   = KIN_TABLE (can_options),
  .controls  = KIN_TABLE (can_controls),
  .constants = KIN_TABLE (can_constants),
  .hints     = KIN_TABLE (can_hints),
};
