/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* describe: one packet of an hci socket in one line, in btmon's words.
 *
 *   [hci0] < HCI Command: Read BD ADDR (0x04|0x0009) plen 0
 *   [hci0] > HCI Event: Command Complete (0x0e) plen 10: Read BD ADDR (0x04|0x0009) ncmd 1: 00 …
 *
 * "<" goes to the controller and ">" comes from it; "=" is what the monitor says of controllers and
 * "@" what goes over the management interface. A raw socket does not know where data goes: no
 * arrow. What a line leaves out of the parameters is shown in hex, 32 bytes of it at most. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../line.h"
#include "kernel.h"
#include "names.h"

enum { COMMAND = 1, ACL, SCO, EVENT, ISO, SHOWN = 32 };
enum { COMMAND_COMPLETE = 0x0e, COMMAND_STATUS = 0x0f, LE_META = 0x3e };
enum { FROM_HOST = '<', FROM_CONTROLLER = '>', FROM_ANY = ' ' };

typedef struct {
  const uint8_t *bytes;
  size_t n;
} Rest;

/* A number of up to 4 bytes off the front; 0 where there are too few. */
static unsigned
take (Rest *rest, size_t bytes)
{
  unsigned number = 0;

  if (rest->n < bytes) {
    rest->n = 0;
    return 0;
  }
  for (size_t i = bytes; i-- > 0;)
    number = number << 8 | rest->bytes[i];
  rest->bytes += bytes;
  rest->n -= bytes;
  return number;
}

static void
add_hex (Line *line, Rest rest)
{
  if (rest.n > 0)
    line_add (line, ":");
  for (size_t i = 0; i < rest.n && i < SHOWN; i++)
    line_add (line, " %02x", rest.bytes[i]);
  if (rest.n > SHOWN)
    line_add (line, " ...");
}

/* Text up to a NUL, or all. */
static void
add_text (Line *line, Rest rest)
{
  line_add (line, "%.*s", (int) strnlen ((const char *) rest.bytes, rest.n),
            (const char *) rest.bytes);
}

static void
add_device (Line *line, Rest *rest)
{
  const uint8_t *b = rest->bytes;

  if (rest->n < 6)
    return;
  line_add (line, " %02X:%02X:%02X:%02X:%02X:%02X", b[5], b[4], b[3], b[2], b[1], b[0]);
  rest->bytes += 6;
  rest->n -= 6;
}

static const char *
find (const BluetoothName *names, size_t n, unsigned number)
{
  for (size_t i = 0; i < n; i++)
    if (names[i].number == number)
      return names[i].name;
  return "Unknown";
}
#define FIND(names, number) find (names, sizeof (names) / sizeof *(names), number)

/* ---- HCI ----------------------------------------------------------------------------------- */

static void
add_opcode (Line *line, unsigned opcode)
{
  const char *name = opcode >> 10 == 0x3f ? "Vendor" : FIND (hci_commands, opcode);

  line_add (line, " %s (0x%02x|0x%04x)", name, opcode >> 10, opcode & 0x3ff);
}

static void
add_command (Line *line, Rest rest)
{
  line_add (line, "< HCI Command:");
  add_opcode (line, take (&rest, 2));
  line_add (line, " plen %u", take (&rest, 1));
  add_hex (line, rest);
}

static void
add_event (Line *line, Rest rest)
{
  unsigned code = take (&rest, 1), length = take (&rest, 1), status;

  line_add (line, "> HCI Event: %s (0x%02x) plen %u", FIND (hci_events, code), code, length);
  if (code == COMMAND_COMPLETE && rest.n >= 3) {
    unsigned room = take (&rest, 1);

    line_add (line, ":");
    add_opcode (line, take (&rest, 2));
    line_add (line, " ncmd %u", room);
  } else if (code == COMMAND_STATUS && rest.n >= 4) {
    status = take (&rest, 1);
    length = take (&rest, 1);
    line_add (line, ":");
    add_opcode (line, take (&rest, 2));
    line_add (line, " ncmd %u status 0x%02x", length, status);
  } else if (code == LE_META && rest.n >= 1) {
    code = take (&rest, 1);
    line_add (line, ": %s (0x%02x)", FIND (le_events, code), code);
  }
  add_hex (line, rest);
}

static void
add_data (Line *line, unsigned kind, char from, Rest rest)
{
  const char *name = kind == ACL ? "ACL" : kind == SCO ? "SCO" : "ISO";
  const char *way = from == FROM_HOST ? " TX" : from == FROM_CONTROLLER ? " RX" : "";
  unsigned handle = take (&rest, 2), length = take (&rest, kind == SCO ? 1 : 2);

  line_add (line, "%c %s Data%s: Handle %u flags 0x%02x dlen %u", from, name, way, handle & 0xfff,
            handle >> 12, length);
  add_hex (line, rest);
}

/* How long the header of a packet of that kind is. */
static size_t
head_of (unsigned kind)
{
  return kind == EVENT ? 2 : kind == COMMAND || kind == SCO ? 3 : 4;
}

static int
add_packet (Line *line, unsigned kind, char from, Rest rest)
{
  if (kind < COMMAND || kind > ISO || rest.n < head_of (kind))
    return -EINVAL;
  if (kind == COMMAND)
    add_command (line, rest);
  else if (kind == EVENT)
    add_event (line, rest);
  else
    add_data (line, kind, from, rest);
  return 0;
}

/* ---- The management interface -------------------------------------------------------------- */

static void
add_management_event (Line *line, unsigned code, Rest rest)
{
  line_add (line, "@ MGMT Event: %s (0x%04x) plen %zu", FIND (management_events, code), code,
            rest.n);
  if (code <= 2 && rest.n >= 3) {
    unsigned command = take (&rest, 2), status = take (&rest, 1);

    line_add (line, ": %s (0x%04x) status 0x%02x", FIND (management_commands, command), command,
              status);
  }
  add_hex (line, rest);
}

static void
add_management_command (Line *line, unsigned code, Rest rest)
{
  line_add (line, "@ MGMT Command: %s (0x%04x) plen %zu", FIND (management_commands, code), code,
            rest.n);
  add_hex (line, rest);
}

/* ---- The monitor --------------------------------------------------------------------------- */

enum {
  NEW_INDEX,
  DELETE_INDEX,
  MONITOR_COMMAND,
  MONITOR_EVENT,
  ACL_TX,
  ACL_RX,
  SCO_TX,
  SCO_RX,
  OPEN_INDEX,
  CLOSE_INDEX,
  INDEX_INFO,
  VENDOR,
  NOTE,
  LOGGING,
  CONTROL_OPEN,
  CONTROL_CLOSE,
  CONTROL_COMMAND,
  CONTROL_EVENT,
  ISO_TX,
  ISO_RX
};

static void
add_new_index (Line *line, Rest rest)
{
  static const char *const buses[] = { "Virtual", "USB", "PCCARD", "UART", "RS232", "PCI",
                                       "SDIO",    "SPI", "I2C",    "SMD",  "VIRTIO" };
  unsigned type = take (&rest, 1), bus = take (&rest, 1);

  line_add (line, "= New Index:");
  add_device (line, &rest);
  line_add (line, " (%s,%s,", type == 0 ? "Primary" : "AMP",
            bus < sizeof buses / sizeof *buses ? buses[bus] : "Unknown");
  add_text (line, rest);
  line_add (line, ")");
}

/* A program that opened an HCI socket: "@ MGMT Open: btmgmt (privileged) version 1.22". */
static void
add_open (Line *line, Rest rest)
{
  static const char *const formats[] = { "RAW", "USER", "MGMT" };
  unsigned format, version, revision, flags, length;

  take (&rest, 4); /* the socket's cookie */
  format = take (&rest, 2);
  version = take (&rest, 1);
  revision = take (&rest, 2);
  flags = take (&rest, 4);
  length = take (&rest, 1);
  if (rest.n > length)
    rest.n = length;
  line_add (line, "@ %s Open: ", format < 3 ? formats[format] : "Unknown");
  add_text (line, rest);
  line_add (line, "%s version %u.%u", flags & 1 ? " (privileged)" : "", version, revision);
}

/* Priority, the length of who says it, who, and what. */
static void
add_logging (Line *line, Rest rest)
{
  unsigned priority = take (&rest, 1), length = take (&rest, 1);
  Rest who = { rest.bytes, length < rest.n ? length : rest.n };

  line_add (line, "= Log %u: ", priority);
  add_text (line, who);
  rest.bytes += who.n;
  rest.n -= who.n;
  line_add (line, ": ");
  add_text (line, rest);
}

/* What concerns a socket of a program; its cookie comes first. */
static void
add_control (Line *line, unsigned opcode, Rest rest)
{
  unsigned cookie = take (&rest, 4), code;

  if (opcode == CONTROL_CLOSE) {
    line_add (line, "@ Close: 0x%04x", cookie);
    return;
  }
  code = take (&rest, 2);
  if (opcode == CONTROL_COMMAND)
    add_management_command (line, code, rest);
  else
    add_management_event (line, code, rest);
}

static int
add_monitor (Line *line, unsigned opcode, Rest rest)
{
  switch (opcode) {
  case NEW_INDEX:
    add_new_index (line, rest);
    return 0;
  case DELETE_INDEX:
    line_add (line, "= Delete Index");
    return 0;
  case MONITOR_COMMAND:
    return add_packet (line, COMMAND, FROM_HOST, rest);
  case MONITOR_EVENT:
    return add_packet (line, EVENT, FROM_CONTROLLER, rest);
  case ACL_TX:
  case ACL_RX:
    return add_packet (line, ACL, opcode == ACL_TX ? FROM_HOST : FROM_CONTROLLER, rest);
  case SCO_TX:
  case SCO_RX:
    return add_packet (line, SCO, opcode == SCO_TX ? FROM_HOST : FROM_CONTROLLER, rest);
  case ISO_TX:
  case ISO_RX:
    return add_packet (line, ISO, opcode == ISO_TX ? FROM_HOST : FROM_CONTROLLER, rest);
  case OPEN_INDEX:
    line_add (line, "= Open Index");
    return 0;
  case CLOSE_INDEX:
    line_add (line, "= Close Index");
    return 0;
  case INDEX_INFO:
    line_add (line, "= Index Info:");
    add_device (line, &rest);
    line_add (line, " (manufacturer %u)", take (&rest, 2));
    return 0;
  case VENDOR:
    line_add (line, "= Vendor Diagnostic");
    add_hex (line, rest);
    return 0;
  case NOTE:
    line_add (line, "= Note: ");
    add_text (line, rest);
    return 0;
  case LOGGING:
    add_logging (line, rest);
    return 0;
  case CONTROL_OPEN:
    add_open (line, rest);
    return 0;
  case CONTROL_CLOSE:
  case CONTROL_COMMAND:
  case CONTROL_EVENT:
    add_control (line, opcode, rest);
    return 0;
  default:
    return -EINVAL;
  }
}

/* ---- All ----------------------------------------------------------------------------------- */

static void
add_index (Line *line, unsigned index)
{
  if (index != HCI_DEV_NONE)
    line_add (line, "[hci%u] ", index);
}

int
bluetooth_describe (const KinAddress *from, const void *data, size_t length, char *text,
                    size_t size)
{
  struct sockaddr_hci source = { .hci_dev = HCI_DEV_NONE };
  Line line = { text, size, 0 };
  Rest rest = { data, length };
  unsigned opcode;
  int rc = 0;

  if (from && from->length >= sizeof source)
    memcpy (&source, &from->sa, sizeof source);
  if (source.hci_channel == HCI_CHANNEL_RAW || source.hci_channel == HCI_CHANNEL_USER) {
    add_index (&line, source.hci_dev);
    opcode = take (&rest, 1);
    rc = add_packet (&line, opcode, FROM_ANY, rest);
    return rc < 0 ? rc : line_end_cut (&line);
  }
  if (length < 6)
    return -EINVAL;
  opcode = take (&rest, 2);
  add_index (&line, take (&rest, 2));
  take (&rest, 2); /* the length, which is that of what is left */
  if (source.hci_channel == HCI_CHANNEL_CONTROL)
    add_management_event (&line, opcode, rest);
  else
    rc = add_monitor (&line, opcode, rest);
  return rc < 0 ? rc : line_end_cut (&line);
}
