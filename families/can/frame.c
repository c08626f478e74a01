/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/can/frame.c: frames as candump shows and logs them, and as cansend takes them.
 *
 *   123#DEADBEEF, 12345678#        classic, standard and extended
 *   123#R, 123#R4                  a remote request
 *   123#1122334455667788_C         eight bytes, and a length code above 8
 *   123##1DEADBEEF                 FD: a digit of flags, up to 64 bytes
 *   123#80:00:00000000#DEADBEEF    XL: flags, type, acceptance field, up to 2048 bytes; where the
 *                                  virtual network's two digits come first, 5: 45123#...
 *   20000004#0001                  an error frame
 *
 * Dots may stand between bytes; an R or T at the end, where a log has the direction, is read over.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "can.h"

#define EXAMPLE "123#DEADBEEF"

enum { SHOWN_BYTES = 64, FLAGS_AT = offsetof (struct canxl_frame, flags) };

typedef enum { CLASSIC, FD, XL } Kind;

/* ---- From memory --------------------------------------------------------------------------- */

/* A length fills the place of XL's flags, whose highest bit no length has. */
static int
frame_load (const void *data, size_t length, CanFrame *frame, Kind *kind)
{
  memset (frame, 0, sizeof *frame);
  if (length <= FLAGS_AT || length > sizeof *frame)
    return -EINVAL;
  memcpy (frame, data, length);
  *kind = frame->xl.flags & CANXL_XLF ? XL : length == CANFD_MTU ? FD : CLASSIC;
  if (*kind == XL)
    return length > CANXL_HDR_SIZE && frame->xl.len >= CANXL_MIN_DLEN
                   && frame->xl.len <= length - CANXL_HDR_SIZE
               ? 0
               : -EINVAL;
  if (*kind == FD)
    return frame->fd.len <= CANFD_MAX_DLEN ? 0 : -EINVAL;
  return length == CAN_MTU && frame->classic.len <= CAN_MAX_DLEN ? 0 : -EINVAL;
}

static void
frame_id_write (Line *text, uint32_t id)
{
  if (id & CAN_ERR_FLAG)
    line_add (text, "%08X", id & (CAN_ERR_MASK | CAN_ERR_FLAG));
  else if (id & CAN_EFF_FLAG)
    line_add (text, "%08X", id & CAN_EFF_MASK);
  else
    line_add (text, "%03X", id & CAN_SFF_MASK);
}

/* ---- As candump shows it ------------------------------------------------------------------- */

/* "123   [4]  DE AD BE EF" */
static void
frame_show_classic (Line *text, const struct can_frame *frame)
{
  frame_id_write (text, frame->can_id);
  line_add (text, "   [%d] ", frame->len);
  if (frame->can_id & CAN_RTR_FLAG) {
    line_add (text, " remote request");
    return;
  }
  can_line_add_bytes (text, frame->data, frame->len);
  if (frame->can_id & CAN_ERR_FLAG) {
    line_add (text, "%*s  ", 3 * (CAN_MAX_DLEN - frame->len) + 13, "ERRORFRAME");
    can_error_write (text, frame);
  }
}

/* "123  [04]  DE AD BE EF" */
static void
frame_show_fd (Line *text, const struct canfd_frame *frame)
{
  frame_id_write (text, frame->can_id);
  line_add (text, "  [%02d] ", frame->len);
  can_line_add_bytes (text, frame->data, frame->len);
}

/* "123 [0004] (45|81:00:12345678) DE AD BE EF": of much data, what a terminal has room for */
static void
frame_show_xl (Line *text, const struct canxl_frame *frame)
{
  line_add (text, "%03X [%04d] (%02X|%02X:%02X:%08X)", frame->prio & CANXL_PRIO_MASK, frame->len,
            (frame->prio & CANXL_VCID_MASK) >> CANXL_VCID_OFFSET, frame->flags, frame->sdt,
            frame->af);
  can_line_add_bytes (text, frame->data, frame->len < SHOWN_BYTES ? frame->len : SHOWN_BYTES);
  if (frame->len > SHOWN_BYTES)
    line_add (text, " ...");
}

int
can_frame_describe (const KinAddress *from, const void *data, size_t length, char *line,
                    size_t size)
{
  Line text = { line, size, 0 };
  CanFrame frame;
  Kind kind;
  int rc = frame_load (data, length, &frame, &kind);

  if (rc < 0)
    return rc;
  line_add (&text, "  ");
  can_line_add_interface (&text, from);
  line_add (&text, "  ");
  if (kind == XL)
    frame_show_xl (&text, &frame.xl);
  else if (kind == FD)
    frame_show_fd (&text, &frame.fd);
  else
    frame_show_classic (&text, &frame.classic);
  return line_end (&text);
}

/* ---- As it is logged ----------------------------------------------------------------------- */

static void
frame_write_bytes (Line *text, const uint8_t *bytes, size_t n)
{
  for (size_t i = 0; i < n; i++)
    line_add (text, "%02X", bytes[i]);
}

static void
frame_write_classic (Line *text, const struct can_frame *frame)
{
  frame_id_write (text, frame->can_id);
  line_add (text, "#");
  if (!(frame->can_id & CAN_RTR_FLAG))
    frame_write_bytes (text, frame->data, frame->len);
  else if (frame->len > 0)
    line_add (text, "R%d", frame->len);
  else
    line_add (text, "R");
  if (frame->len == CAN_MAX_DLEN && frame->len8_dlc > CAN_MAX_DLEN
      && frame->len8_dlc <= CAN_MAX_RAW_DLC)
    line_add (text, "_%X", frame->len8_dlc);
}

/* Of FD flags a log has the lower four. */
static void
frame_write_fd (Line *text, const struct canfd_frame *frame)
{
  frame_id_write (text, frame->can_id);
  line_add (text, "##%X", frame->flags & 0xf);
  frame_write_bytes (text, frame->data, frame->len);
}

static void
frame_write_xl (Line *text, const struct canxl_frame *frame)
{
  line_add (text, "%02X%03X#%02X:%02X:%08X#", (frame->prio & CANXL_VCID_MASK) >> CANXL_VCID_OFFSET,
            frame->prio & CANXL_PRIO_MASK, frame->flags, frame->sdt, frame->af);
  frame_write_bytes (text, frame->data, frame->len);
}

/* "123#DEADBEEF" */
int
can_frame_write (Line *text, const void *data, size_t length)
{
  CanFrame frame;
  Kind kind;
  int rc = frame_load (data, length, &frame, &kind);

  if (rc < 0)
    return rc;
  if (kind == XL)
    frame_write_xl (text, &frame.xl);
  else if (kind == FD)
    frame_write_fd (text, &frame.fd);
  else
    frame_write_classic (text, &frame.classic);
  return 0;
}

int
can_frame_log (const KinAddress *from, const void *data, size_t length, char *line, size_t size)
{
  Line text = { line, size, 0 };
  int rc;

  can_line_add_interface (&text, from);
  line_add (&text, " ");
  rc = can_frame_write (&text, data, length);
  return rc < 0 ? rc : line_end (&text);
}

/* ---- As it is typed: each returns the frame's size, or 0 and a sentence -------------------- */

/* Up to max bytes; *text is left behind them. Returns how many, or -EINVAL. */
static int
frame_read_bytes (const char **text, uint8_t *bytes, int max)
{
  const char *at = *text;
  uint32_t byte;
  int n = 0;

  while (can_hex_read (at, 2, &byte) == 2) {
    if (n == max)
      return -EINVAL;
    bytes[n++] = (uint8_t) byte;
    at += at[2] == '.' && can_hex_read (at + 3, 1, &byte) == 1 ? 3 : 2;
  }
  *text = at;
  return n;
}

/* Nothing more but the direction that some logs have. */
static int
frame_is_end (const char *text)
{
  if (*text == ' ' && (text[1] == 'R' || text[1] == 'T'))
    text += 2;
  return *text == 0;
}

static size_t
frame_read_xl (const char *text, size_t n_digits, uint32_t id, struct canxl_frame *frame,
               const char **reason)
{
  uint32_t flags, sdt, af;
  int n;

  *reason = "an XL frame is PRIO#FLAGS:TYPE:ACCEPTANCE#DATA, with a flag 80 and 1 to 2048 bytes, "
            "as in 123#80:00:00000000#DEADBEEF";
  if (can_hex_read (text, 2, &flags) != 2 || text[2] != ':' || !(flags & CANXL_XLF)
      || can_hex_read (text + 3, 2, &sdt) != 2 || text[5] != ':'
      || can_hex_read (text + 6, 8, &af) != 8 || text[14] != '#'
      || (n_digits != 3 && n_digits != 5))
    return 0;
  frame->prio = (id & 0xfff) | (n_digits == 5 ? id >> 12 << CANXL_VCID_OFFSET : 0);
  frame->flags = (uint8_t) flags;
  frame->sdt = (uint8_t) sdt;
  frame->af = af;
  text += 15;
  n = frame_read_bytes (&text, frame->data, CANXL_MAX_DLEN);
  if (n < CANXL_MIN_DLEN || !frame_is_end (text) || (id & 0xfff) > CANXL_PRIO_MASK)
    return 0;
  frame->len = (uint16_t) n;
  return CANXL_HDR_SIZE + (size_t) n;
}

/* The bus knows some lengths alone; as cansend, the next larger one. */
static size_t
frame_read_fd (const char *text, struct canfd_frame *frame, const char **reason)
{
  static const uint8_t lengths[] = { 8, 12, 16, 20, 24, 32, 48, 64 };
  uint32_t flags;
  size_t i = 0;
  int n;

  *reason = "an FD frame is an identifier, ##, a digit of flags and up to 64 bytes, as in "
            "123##1DEADBEEF";
  if (can_hex_read (text, 1, &flags) != 1)
    return 0;
  text += text[1] == '.' ? 2 : 1;
  n = frame_read_bytes (&text, frame->data, CANFD_MAX_DLEN);
  if (n < 0 || !frame_is_end (text))
    return 0;
  while (lengths[i] < n)
    i++;
  frame->flags = (uint8_t) flags;
  frame->len = n <= CAN_MAX_DLEN ? (uint8_t) n : lengths[i];
  return CANFD_MTU;
}

static size_t
frame_read_classic (const char *text, struct can_frame *frame, const char **reason)
{
  uint32_t digit;
  int n;

  *reason = "data is two hexadecimal digits a byte, 8 bytes at most, or R for a remote request, as "
            "in " EXAMPLE;
  if (*text == 'R' || *text == 'r') {
    n = can_hex_read (text + 1, 1, &digit) == 1 ? (int) digit : 0;
    text += can_hex_read (text + 1, 1, &digit) == 1 ? 2 : 1;
    frame->can_id |= CAN_RTR_FLAG;
  } else
    n = frame_read_bytes (&text, frame->data, CAN_MAX_DLEN);
  if (n < 0 || n > CAN_MAX_DLEN)
    return 0;
  if (n == CAN_MAX_DLEN && *text == '_' && can_hex_read (text + 1, 1, &digit) == 1
      && digit > CAN_MAX_DLEN) {
    frame->len8_dlc = (uint8_t) digit;
    text += 2;
  }
  frame->len = (uint8_t) n;
  return frame_is_end (text) ? CAN_MTU : 0;
}

static size_t
frame_read (const char *text, CanFrame *frame, const char **reason)
{
  uint32_t id;
  size_t n = can_hex_read (text, 8, &id);

  *reason = "an identifier, #, and the data in hexadecimal digits, as in " EXAMPLE;
  if (n == 0 || text[n] != '#')
    return 0;
  if (can_hex_read (text + n + 1, 3, &(uint32_t){ 0 }) == 2 && text[n + 3] == ':')
    return frame_read_xl (text + n + 1, n, id, &frame->xl, reason);
  *reason = "an identifier has 3 hexadecimal digits, 7FF at most, or 8 where it is extended, as "
            "in " EXAMPLE " or 12345678#";
  if ((n != 3 || id > CAN_SFF_MASK) && (n != 8 || id > (CAN_ERR_FLAG | CAN_ERR_MASK)))
    return 0;
  frame->classic.can_id = n == 8 && !(id & CAN_ERR_FLAG) ? id | CAN_EFF_FLAG : id;
  if (text[n + 1] == '#')
    return frame_read_fd (text + n + 2, &frame->fd, reason);
  return frame_read_classic (text + n + 1, &frame->classic, reason);
}

ssize_t
can_frame_compose (const char *text, void *data, size_t size, char *reason, size_t reason_size)
{
  CanFrame frame;
  const char *why;
  size_t length;

  memset (&frame, 0, sizeof frame);
  length = frame_read (text, &frame, &why);
  if (length > 0 && length <= size) {
    memcpy (data, &frame, length);
    return (ssize_t) length;
  }
  snprintf (reason, reason_size, "%s", length > 0 ? "there is no room for it" : why);
  return length > 0 ? -EMSGSIZE : -EINVAL;
}
