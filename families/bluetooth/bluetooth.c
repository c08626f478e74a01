/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bluetooth: L2CAP, RFCOMM, SCO and HCI sockets.
 *
 * A device is written as everywhere, AA:BB:CC:DD:EE:FF; "any" is 00:00:00:00:00:00, to bind all of
 * this machine's controllers, and hci0 the address of that controller. Behind it stand L2CAP's PSM
 * (and for a fixed channel of Low Energy its CID and the kind of address) or RFCOMM's channel:
 *
 *   l2cap:AA:BB:CC:DD:EE:FF,0x1001    rfcomm:AA:BB:CC:DD:EE:FF,3    sco:AA:BB:CC:DD:EE:FF
 *
 * hci:0 is the controller hci0 itself, with its commands and events. Channels other than this raw
 * one follow the number: user (the controller to oneself), and, of no controller, monitor (all that
 * passes, for btmon) and control (the management interface).
 *
 * Most of it is the kernel's; libbluetooth is not needed. Ours is that an hci socket which is bound
 * to no controller has a name, and that its packets come with it; that a stream ends with 0 bytes,
 * not as if it broke; and that one way of a connection, which Bluetooth cannot close alone, is not.
 * See l2cap(7), rfcomm(7), sco(7) and hci(7) of BlueZ. ISO sockets are left out: the kernel has
 * them for who switches on its experimental features. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"

/* ---- Addresses ----------------------------------------------------------------------------- */

static int
device_get (const KinField *field, const void *base, size_t length, KinForm form, KinMember *member)
{
  static const BluetoothDevice any;
  BluetoothDevice device = any;
  const uint8_t *b = device.b;

  if (length >= field->offset + sizeof device)
    memcpy (&device, (const char *) base + field->offset, sizeof device);
  if (form == KIN_FORM_TEXT && memcmp (&device, &any, sizeof any) == 0)
    snprintf (member->bytes, sizeof member->bytes, "any");
  else
    snprintf (member->bytes, sizeof member->bytes, "%02X:%02X:%02X:%02X:%02X:%02X", b[5], b[4],
              b[3], b[2], b[1], b[0]);
  member->kind = KIN_STRING;
  member->length = (uint32_t) strlen (member->bytes);
  return 0;
}

/* -1: it is no hexadecimal digit. */
static int
device_read_digit (char digit)
{
  static const char digits[] = "0123456789abcdef0123456789ABCDEF";
  const char *at = digit ? strchr (digits, digit) : NULL;

  return at ? (int) (at - digits) % 16 : -1;
}

/* Two digits six times, the last byte of memory first. */
static int
device_read (const char *text, size_t length, BluetoothDevice *device)
{
  if (length != 17)
    return -EINVAL;
  for (int i = 0; i < 6; i++) {
    int high = device_read_digit (text[3 * i]), low = device_read_digit (text[3 * i + 1]);

    if (high < 0 || low < 0 || (i < 5 && text[3 * i + 2] != ':'))
      return -EINVAL;
    device->b[5 - i] = (uint8_t) (high << 4 | low);
  }
  return 0;
}

/* Of "hci12", 12; else -EINVAL. */
static int
device_read_controller (const char *text, size_t length)
{
  int number = 0;

  if (length < 4 || length > 8 || memcmp (text, "hci", 3) != 0)
    return -EINVAL;
  for (size_t i = 3; i < length; i++) {
    if (text[i] < '0' || text[i] > '9')
      return -EINVAL;
    number = number * 10 + (text[i] - '0');
  }
  return number;
}

/* A controller's name is looked up by bluetooth_resolve. Python's SCO address is bytes. */
static int
device_set (const KinField *field, void *base, size_t *length, KinForm form,
            const KinMember *member)
{
  BluetoothDevice device = { .b = { 0 } };

  (void) length;
  if (member->kind != KIN_STRING && member->kind != KIN_BYTES)
    return -EINVAL;
  if (device_read_controller (member->bytes, member->length) >= 0)
    return -EADDRNOTAVAIL;
  if ((form != KIN_FORM_TEXT || member->length != 3 || memcmp (member->bytes, "any", 3) != 0)
      && device_read (member->bytes, member->length, &device) < 0)
    return -EINVAL;
  memcpy ((char *) base + field->offset, &device, sizeof device);
  return 0;
}

static le16
bluetooth_to_le16 (uint64_t number)
{
  const uint8_t bytes[2] = { (uint8_t) number, (uint8_t) (number >> 8) };
  le16 value;

  memcpy (&value, bytes, sizeof value);
  return value;
}

/* The address of a controller of this machine. The other members have passed their tests. */
static int
bluetooth_resolve (const KinQuery *query, KinAddress *results, size_t max_results)
{
  uint64_t rest[3] = { 0 };
  BluetoothDevice device;
  int number, rc;

  if (query->n_members < 1 || max_results < 1)
    return -EINVAL;
  for (uint32_t i = 1; i < query->n_members && i < 4; i++)
    rest[i - 1] = query->members[i].number;
  number = device_read_controller (query->members[0].bytes, query->members[0].length);
  rc = number < 0 ? number : bluetooth_find_controller ((unsigned) number, &device);
  if (rc < 0)
    return rc;
  memset (&results[0], 0, sizeof results[0]);
  if (query->protocol == BTPROTO_L2CAP) {
    const struct sockaddr_l2 l2cap = {
      .l2_family = AF_BLUETOOTH,
      .l2_psm = bluetooth_to_le16 (rest[0]),
      .l2_bdaddr = device,
      .l2_cid = bluetooth_to_le16 (rest[1]),
      .l2_bdaddr_type = (uint8_t) rest[2],
    };

    memcpy (&results[0].sa, &l2cap, results[0].length = sizeof l2cap);
  } else if (query->protocol == BTPROTO_RFCOMM) {
    const struct sockaddr_rc rfcomm = {
      .rc_family = AF_BLUETOOTH,
      .rc_bdaddr = device,
      .rc_channel = (uint8_t) rest[0],
    };

    memcpy (&results[0].sa, &rfcomm, results[0].length = sizeof rfcomm);
  } else {
    const struct sockaddr_sco sco = { .sco_family = AF_BLUETOOTH, .sco_bdaddr = device };

    memcpy (&results[0].sa, &sco, results[0].length = sizeof sco);
  }
  return 1;
}

/* clang-format off */
static const KinName bluetooth_address_types[] = {
  { "bredr", BDADDR_BREDR }, { "le-public", BDADDR_LE_PUBLIC }, { "le-random", BDADDR_LE_RANDOM },
  { NULL, 0 },
};

static const KinName hci_devices[] = { { "none", HCI_DEV_NONE }, { NULL, 0 } };

static const KinName hci_channels[] = {
  { "raw",     HCI_CHANNEL_RAW },     { "user",    HCI_CHANNEL_USER },
  { "monitor", HCI_CHANNEL_MONITOR }, { "control", HCI_CHANNEL_CONTROL },
  { "logging", HCI_CHANNEL_LOGGING }, { NULL, 0 },
};

static const KinField l2cap_address[] = {
  { .name  = "device",  .kind = KIN_CUSTOM, KIN_AT (struct sockaddr_l2, l2_bdaddr),
    .get   = device_get, .set = device_set },
  { .name  = "psm",     .kind = KIN_UINT,   KIN_AT (struct sockaddr_l2, l2_psm),
    .flags = KIN_FIELD_LITTLE_ENDIAN | KIN_FIELD_HEX },
  { .name  = "cid",     .kind = KIN_UINT,   KIN_AT (struct sockaddr_l2, l2_cid),
    .flags = KIN_FIELD_LITTLE_ENDIAN | KIN_FIELD_HEX | KIN_FIELD_OPTIONAL },
  { .name  = "type",    .kind = KIN_UINT,   KIN_AT (struct sockaddr_l2, l2_bdaddr_type),
    .flags = KIN_FIELD_OPTIONAL,            .names = bluetooth_address_types },
};

static const KinField rfcomm_address[] = {
  { .name  = "device",  .kind = KIN_CUSTOM, KIN_AT (struct sockaddr_rc, rc_bdaddr),
    .get   = device_get, .set = device_set },
  { .name  = "channel", .kind = KIN_UINT,   KIN_AT (struct sockaddr_rc, rc_channel) },
};

static const KinField sco_address[] = {
  { .name  = "device",  .kind = KIN_CUSTOM, KIN_AT (struct sockaddr_sco, sco_bdaddr),
    .get   = device_get, .set = device_set },
};

static const KinField hci_address[] = {
  { .name  = "controller", .kind = KIN_UINT, KIN_AT (struct sockaddr_hci, hci_dev),
    .names = hci_devices },
  { .name  = "channel",    .kind = KIN_UINT, KIN_AT (struct sockaddr_hci, hci_channel),
    .flags = KIN_FIELD_OPTIONAL,             .names = hci_channels },
};

static const KinAddressCodec l2cap_codecs[] = {
  { .bytes  = sizeof (struct sockaddr_l2),  .separator = ',', .flags   = KIN_CODEC_SHORT,
    .fields = KIN_TABLE (l2cap_address),    .resolve   = bluetooth_resolve },
};

static const KinAddressCodec rfcomm_codecs[] = {
  { .bytes  = sizeof (struct sockaddr_rc),  .separator = ',',
    .fields = KIN_TABLE (rfcomm_address),   .resolve   = bluetooth_resolve },
};

static const KinAddressCodec sco_codecs[] = {
  { .bytes  = sizeof (struct sockaddr_sco), .flags     = KIN_CODEC_BARE,
    .fields = KIN_TABLE (sco_address),      .resolve   = bluetooth_resolve },
};

static const KinAddressCodec hci_codecs[] = {
  { .bytes  = sizeof (struct sockaddr_hci), .separator = ',', .flags   = KIN_CODEC_SHORT,
    .fields = KIN_TABLE (hci_address) },
};
/* clang-format on */

/* ---- Operations: hci ----------------------------------------------------------------------- */

/* The kernel knows the name of a socket that has a controller, and of no other: EBADFD. So state
 * keeps it, controller above channel plus one; 0: it was not bound by us. */
static int
hci_bind (KinFamilySocket *socket, const void *address, size_t length)
{
  struct sockaddr_hci name = { .hci_family = AF_BLUETOOTH };

  if (bind (socket->fd, address, (socklen_t) length) < 0)
    return -errno;
  memcpy (&name, address, length < sizeof name ? length : sizeof name);
  socket->state = (void *) ((uintptr_t) name.hci_dev << 16 | (name.hci_channel + 1u));
  return 0;
}

/* It holds nothing, but is not to be taken for another socket's. */
static int
hci_close (KinFamilySocket *socket)
{
  socket->state = NULL;
  return close (socket->fd) < 0 ? -errno : 0;
}

static int
hci_adopt (KinFamilySocket *socket, const KinFamilySocket *from)
{
  socket->state = from ? from->state : NULL;
  return 0;
}

static void
hci_release (KinFamilySocket *socket)
{
  socket->state = NULL;
}

static int
hci_name (const KinFamilySocket *socket, struct sockaddr_hci *name)
{
  uintptr_t state = (uintptr_t) socket->state;
  socklen_t length = sizeof *name;

  if (state == 0)
    return getsockname (socket->fd, (struct sockaddr *) name, &length) < 0 ? -errno : 0;
  *name = (struct sockaddr_hci){
    .hci_family = AF_BLUETOOTH,
    .hci_dev = (uint16_t) (state >> 16),
    .hci_channel = (uint16_t) (state - 1),
  };
  return 0;
}

static int
hci_local (KinFamilySocket *socket, KinAddress *address)
{
  struct sockaddr_hci name = { .hci_family = AF_BLUETOOTH };
  int rc = hci_name (socket, &name);

  if (rc < 0)
    return rc;
  memcpy (&address->sa, &name, sizeof name);
  address->length = sizeof name;
  return 0;
}

/* A packet comes from the controller and channel that its socket is bound to; the kernel does not
 * say so. */
static ssize_t
hci_recvmsg (KinFamilySocket *socket, struct msghdr *message, int flags)
{
  struct sockaddr_hci name = { .hci_family = AF_BLUETOOTH };
  socklen_t room = message->msg_namelen;
  ssize_t n = recvmsg (socket->fd, message, flags);

  if (n < 0)
    return -errno;
  if (message->msg_name && room >= sizeof name && hci_name (socket, &name) == 0) {
    memcpy (message->msg_name, &name, sizeof name);
    message->msg_namelen = sizeof name;
  }
  return n;
}

static const KinSocketOps hci_ops = {
  .size = sizeof (KinSocketOps),
  .close = hci_close,
  .bind = hci_bind,
  .connect = hci_bind, /* who sends to a controller is bound to it: kin send hci:0 */
  .local = hci_local,
  .recvmsg = hci_recvmsg,
  .adopt = hci_adopt,
  .release = hci_release,
};

/* ---- Operations: connections --------------------------------------------------------------- */

/* The kernel takes one way for both: what the peer still sends would be lost without a word. */
static int
bluetooth_shutdown (KinFamilySocket *socket, int how)
{
  if (how != SHUT_RDWR)
    return -EOPNOTSUPP;
  return shutdown (socket->fd, how) < 0 ? -errno : 0;
}

/* An ordinary end is ECONNRESET, or 0, once, before the packets that still wait; a link that was
 * lost is ETIMEDOUT. Shut down, the socket gives what waits, and then 0 again and again. */
static int
bluetooth_has_ended (const KinFamilySocket *socket, ssize_t n)
{
  struct pollfd end = { .fd = socket->fd, .events = POLLRDHUP };

  if (n == 0)
    return poll (&end, 1, 0) > 0;
  if (n > 0 || errno != ECONNRESET)
    return 0;
  shutdown (socket->fd, SHUT_RDWR);
  return 1;
}

static ssize_t
bluetooth_recv (KinFamilySocket *socket, void *data, size_t length, int flags)
{
  ssize_t n = recv (socket->fd, data, length, flags);

  if (n > 0 || !bluetooth_has_ended (socket, n))
    return n < 0 ? -errno : n;
  n = recv (socket->fd, data, length, flags | MSG_DONTWAIT);
  return n < 0 ? 0 : n;
}

static ssize_t
bluetooth_recvmsg (KinFamilySocket *socket, struct msghdr *message, int flags)
{
  struct msghdr before = *message;
  ssize_t n = recvmsg (socket->fd, message, flags);

  if (n > 0 || !bluetooth_has_ended (socket, n))
    return n < 0 ? -errno : n;
  *message = before;
  n = recvmsg (socket->fd, message, flags | MSG_DONTWAIT);
  return n < 0 ? 0 : n;
}

/* The kernel writes 4 bytes of SCO's MTU, whatever the room, where L2CAP and HCI have 2. */
static int
sco_getsockopt (KinFamilySocket *socket, int level, int number, void *value, socklen_t *length)
{
  uint32_t mtu = 0;
  socklen_t size = sizeof mtu;
  uint16_t narrow;

  if (level != SOL_BLUETOOTH || (number != BT_SNDMTU && number != BT_RCVMTU)
      || *length != sizeof narrow)
    return getsockopt (socket->fd, level, number, value, length) < 0 ? -errno : 0;
  if (getsockopt (socket->fd, level, number, &mtu, &size) < 0)
    return -errno;
  narrow = (uint16_t) mtu;
  memcpy (value, &narrow, sizeof narrow);
  return 0;
}

static const KinSocketOps connection_ops = {
  .size = sizeof (KinSocketOps),
  .shutdown = bluetooth_shutdown,
  .recv = bluetooth_recv,
  .recvmsg = bluetooth_recvmsg,
};

static const KinSocketOps sco_ops = {
  .size = sizeof (KinSocketOps),
  .shutdown = bluetooth_shutdown,
  .recv = bluetooth_recv,
  .recvmsg = bluetooth_recvmsg,
  .getsockopt = sco_getsockopt,
};

/* ---- Tables -------------------------------------------------------------------------------- */

/* clang-format off */
/* To L2CAP and SCO, SO_SNDTIMEO is how long the protocol may take to connect, too: then comes
 * ECONNREFUSED. So libkin polls for these. */
#define NOT_TO_SEND .kernel_waits = KIN_WAITS_RECEIVE | KIN_WAITS_ACCEPT
#define L2CAP .protocol = BTPROTO_L2CAP, NOT_TO_SEND, \
  .codecs = KIN_TABLE (l2cap_codecs), .grammar = "DEVICE,PSM[,CID[,TYPE]]"

/* A raw hci socket receives nothing unless its filter lets it pass. */
static const KinProtocol bluetooth_protocols[] = {
  { .scheme  = "l2cap",        .type = SOCK_SEQPACKET, L2CAP,
    .example = "l2cap:AA:BB:CC:DD:EE:FF,0x1001",
    .ops     = &connection_ops,  .round_trip = bluetooth_trip_l2cap },
  { .scheme  = "l2cap-stream", .type = SOCK_STREAM,    L2CAP,
    .example = "l2cap-stream:any,0x1001",
    .ops     = &connection_ops,  .round_trip = bluetooth_trip_l2cap_stream },
  { .scheme  = "l2cap-dgram",  .type = SOCK_DGRAM,     L2CAP,
    .example = "l2cap-dgram:AA:BB:CC:DD:EE:FF,0x1001" },
  { .scheme  = "l2cap-raw",    .type = SOCK_RAW,       L2CAP,
    .example = "l2cap-raw:AA:BB:CC:DD:EE:FF,0x0" },
  { .scheme  = "rfcomm",       .type = SOCK_STREAM,    .protocol = BTPROTO_RFCOMM,
    .codecs  = KIN_TABLE (rfcomm_codecs),              .kernel_waits = KIN_WAITS_ALL,
    .grammar = "DEVICE,CHANNEL", .example = "rfcomm:AA:BB:CC:DD:EE:FF,3",
    .modules = "rfcomm",
    .ops     = &connection_ops,  .round_trip = bluetooth_trip_rfcomm },
  { .scheme  = "sco",          .type = SOCK_SEQPACKET, .protocol = BTPROTO_SCO,
    .codecs  = KIN_TABLE (sco_codecs),                 NOT_TO_SEND,
    .grammar = "DEVICE",         .example = "sco:AA:BB:CC:DD:EE:FF",
    .ops     = &sco_ops,         .round_trip = bluetooth_trip_sco },
  { .scheme  = "hci",          .type = SOCK_RAW,       .protocol = BTPROTO_HCI,
    .codecs  = KIN_TABLE (hci_codecs),
    .kernel_waits = KIN_WAITS_RECEIVE | KIN_WAITS_SEND,
    .grammar = "CONTROLLER[,CHANNEL]", .example = "hci:0",
    .bind_options = "hci.filter=0xffffffff:0xffffffff:0xffffffff",
    .ops     = &hci_ops,         .round_trip = bluetooth_trip_hci,
    .describe = bluetooth_describe },
};

#include "options.h"
#include "constants.h"
#include "hints.h"

/* ---- The descriptor ------------------------------------------------------------------------ */

KIN_FAMILY (bluetooth) = {
  KIN_STAMP,
  .domain    = AF_BLUETOOTH,
  .name      = "bluetooth",
  .summary   = "Bluetooth: L2CAP, RFCOMM, SCO, and controllers by HCI",
  .modules   = "bluetooth",
  .protocols = KIN_TABLE (bluetooth_protocols),
  .options   = KIN_TABLE (bluetooth_options),
  .controls  = KIN_TABLE (bluetooth_controls),
  .constants = KIN_TABLE (bluetooth_constants),
  .hints     = KIN_TABLE (bluetooth_hints),
};
