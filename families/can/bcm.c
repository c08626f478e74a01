/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/can/bcm.c: messages of the broadcast manager as text, by the words of linux/can/bcm.h.
 *
 *   TX_SETUP SETTIMER STARTTIMER ival2=0.1 123#DEADBEEF     send this every 100 ms
 *   TX_DELETE id=123                                        and no more
 *   RX_SETUP SETTIMER ival1=0.5 123#FF00                    tell when those bits change, or when
 *                                                           nothing came for half a second
 *   RX_SETUP RX_FILTER_ID id=123                            tell each one
 *
 * A message is the operation, then flags, count=, ival1= and ival2= in seconds, id= where it is not
 * the first frame's, and frames as cansend has them, all classic or all FD. What comes back is
 * written likewise: "RX_CHANGED 123#DEADBEEF". */
#include <errno.h>
#include <linux/can/bcm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "can.h"

enum { BCM_MAX_FRAMES = 256, WORD_SIZE = 256 };

/* clang-format off */
static const KinName bcm_operations[] = {
  { "TX_SETUP",  TX_SETUP },  { "TX_DELETE",  TX_DELETE },  { "TX_READ",    TX_READ },
  { "TX_SEND",   TX_SEND },   { "RX_SETUP",   RX_SETUP },   { "RX_DELETE",  RX_DELETE },
  { "RX_READ",   RX_READ },   { "TX_STATUS",  TX_STATUS },  { "TX_EXPIRED", TX_EXPIRED },
  { "RX_STATUS", RX_STATUS }, { "RX_TIMEOUT", RX_TIMEOUT }, { "RX_CHANGED", RX_CHANGED },
  { 0 }
};

static const KinName bcm_flags[] = {
  { "SETTIMER",         SETTIMER },         { "STARTTIMER",   STARTTIMER },
  { "TX_COUNTEVT",      TX_COUNTEVT },      { "TX_ANNOUNCE",  TX_ANNOUNCE },
  { "TX_CP_CAN_ID",     TX_CP_CAN_ID },     { "RX_FILTER_ID", RX_FILTER_ID },
  { "RX_CHECK_DLC",     RX_CHECK_DLC },     { "RX_NO_AUTOTIMER", RX_NO_AUTOTIMER },
  { "RX_ANNOUNCE_RESUME", RX_ANNOUNCE_RESUME }, { "TX_RESET_MULTI_IDX", TX_RESET_MULTI_IDX },
  { "RX_RTR_FRAME",     RX_RTR_FRAME },     { "CAN_FD_FRAME", CAN_FD_FRAME },
  { 0 }
};
/* clang-format on */

static const size_t bcm_frames_at = offsetof (struct bcm_msg_head, frames);

static size_t
bcm_frame_size (uint32_t flags)
{
  return flags & CAN_FD_FRAME ? CANFD_MTU : CAN_MTU;
}

/* ---- To text ------------------------------------------------------------------------------- */

static void
bcm_write_time (Line *text, const char *name, const struct bcm_timeval *time)
{
  int n_digits = 6;
  long fraction = time->tv_usec;

  if (time->tv_sec == 0 && time->tv_usec == 0)
    return;
  for (; n_digits > 0 && fraction % 10 == 0; n_digits--)
    fraction /= 10;
  line_add (text, " %s=%ld", name, time->tv_sec);
  if (n_digits > 0)
    line_add (text, ".%0*ld", n_digits, fraction);
}

/* As the kernel takes them. */
static int
bcm_is_time (const struct bcm_timeval *time)
{
  return time->tv_sec >= 0 && time->tv_usec >= 0 && time->tv_usec < 1000000;
}

/* Neither is long enough for XL, though its flag may stand where their lengths do. */
static int
bcm_is_frame (const char *frame)
{
  return !((uint8_t) frame[offsetof (struct can_frame, len)] & CANXL_XLF);
}

/* That frames are FD is seen. */
static void
bcm_write_flags (Line *text, const struct bcm_msg_head *head)
{
  uint32_t left = head->flags & ~(head->nframes > 0 ? (uint32_t) CAN_FD_FRAME : 0);

  for (const KinName *flag = bcm_flags; flag->name; flag++)
    if (left & flag->value) {
      line_add (text, " %s", flag->name);
      left &= ~(uint32_t) flag->value;
    }
  if (left > 0)
    line_add (text, " flags=0x%X", left);
}

static void
bcm_write_id (Line *text, uint32_t id)
{
  char word[sizeof "0x12345678"];

  can_id_print (word, sizeof word, "", id);
  line_add (text, " id=%s", word);
}

static int
bcm_write (Line *text, const void *data, size_t length)
{
  const char *frames = (const char *) data + bcm_frames_at;
  const KinName *operation = bcm_operations;
  struct bcm_msg_head head;
  uint32_t first = 0;
  size_t size;
  int rc = 0;

  if (length < bcm_frames_at)
    return -EINVAL;
  memcpy (&head, data, bcm_frames_at);
  size = bcm_frame_size (head.flags);
  while (operation->name && operation->value != head.opcode)
    operation++;
  if (!operation->name || head.nframes > BCM_MAX_FRAMES
      || length != bcm_frames_at + head.nframes * size || !bcm_is_time (&head.ival1)
      || !bcm_is_time (&head.ival2))
    return -EINVAL;
  if (head.nframes > 0)
    memcpy (&first, frames, sizeof first);
  line_add (text, "%s", operation->name);
  bcm_write_flags (text, &head);
  if (head.count > 0)
    line_add (text, " count=%u", head.count);
  bcm_write_time (text, "ival1", &head.ival1);
  bcm_write_time (text, "ival2", &head.ival2);
  if (head.nframes == 0 || head.can_id != first)
    bcm_write_id (text, head.can_id);
  for (uint32_t i = 0; i < head.nframes && rc == 0; i++) {
    line_add (text, " ");
    rc = bcm_is_frame (frames + i * size) ? can_frame_write (text, frames + i * size, size)
                                          : -EINVAL;
  }
  return rc;
}

static int
bcm_line (const KinAddress *from, const char *before, const char *after, const void *data,
          size_t length, Line *text)
{
  int rc;

  line_add (text, "%s", before);
  can_line_add_interface (text, from);
  line_add (text, "%s", after);
  rc = bcm_write (text, data, length);
  return rc < 0 ? rc : line_end (text);
}

int
can_bcm_describe (const KinAddress *from, const void *data, size_t length, char *line, size_t size)
{
  return bcm_line (from, "  ", "  ", data, length, &(Line){ line, size, 0 });
}

int
can_bcm_log (const KinAddress *from, const void *data, size_t length, char *line, size_t size)
{
  return bcm_line (from, "", " ", data, length, &(Line){ line, size, 0 });
}

/* ---- From text ----------------------------------------------------------------------------- */

/* What is read so far; frames go where they will stay. */
typedef struct {
  uint8_t *frames;
  size_t room, frame_size; /* of them; of one: 0 before the first */
  int has_id;
  struct bcm_msg_head head; /* at the end, for its array of none */
} Message;

static uint64_t
bcm_find (const KinName *names, const char *word)
{
  while (names->name && strcmp (names->name, word) != 0)
    names++;
  return names->value;
}

/* "0.1"; returns -1 where it is no such number. */
static int
bcm_read_time (const char *text, struct bcm_timeval *time)
{
  long unit = 1000000;
  char *end;

  if (*text < '0' || *text > '9')
    return -1;
  errno = 0;
  time->tv_sec = strtol (text, &end, 10);
  time->tv_usec = 0;
  if (errno == 0 && *end == '.')
    for (end++; *end >= '0' && *end <= '9'; end++) {
      unit /= 10;
      time->tv_usec += (*end - '0') * unit;
    }
  return errno == 0 && *end == 0 ? 0 : -1;
}

static int
bcm_read_number (const char *text, uint32_t *number)
{
  char *end;
  unsigned long long value = strtoull (text, &end, 0);

  *number = (uint32_t) value;
  return *text >= '0' && *text <= '9' && *end == 0 && value <= UINT32_MAX ? 0 : -1;
}

static int
bcm_read_id (const char *text, Message *message)
{
  message->has_id = 1;
  return can_id_parse (text, strlen (text), &message->head.can_id);
}

static int
bcm_read_setting (const char *word, Message *message)
{
  const char *value = strchr (word, '=') + 1;
  uint32_t flags = 0;
  int rc = -1;

  if (strncmp (word, "count=", 6) == 0)
    rc = bcm_read_number (value, &message->head.count);
  else if (strncmp (word, "ival1=", 6) == 0)
    rc = bcm_read_time (value, &message->head.ival1);
  else if (strncmp (word, "ival2=", 6) == 0)
    rc = bcm_read_time (value, &message->head.ival2);
  else if (strncmp (word, "id=", 3) == 0)
    rc = bcm_read_id (value, message);
  else if (strncmp (word, "flags=", 6) == 0)
    rc = bcm_read_number (value, &flags);
  message->head.flags |= flags;
  return rc;
}

static ssize_t
bcm_read_frame (const char *word, Message *message, char *reason, size_t reason_size)
{
  CanFrame frame;
  ssize_t n = can_frame_compose (word, &frame, sizeof frame, reason, reason_size);

  if (n < 0)
    return n;
  if ((n != CAN_MTU && n != CANFD_MTU)
      || (message->frame_size > 0 && (size_t) n != message->frame_size)
      || message->head.nframes == BCM_MAX_FRAMES) {
    snprintf (reason, reason_size,
              "frames are all classic or all FD, %d at most, as in "
              "TX_SETUP 123#DEADBEEF 123#00",
              BCM_MAX_FRAMES);
    return -EINVAL;
  }
  if (message->room < (size_t) n) {
    snprintf (reason, reason_size, "there is no room for its frames");
    return -EMSGSIZE;
  }
  message->frame_size = (size_t) n;
  message->head.flags |= n == CANFD_MTU ? CAN_FD_FRAME : 0;
  if (message->head.nframes == 0 && !message->has_id)
    message->head.can_id = frame.classic.can_id;
  memcpy (message->frames + message->head.nframes++ * message->frame_size, &frame, (size_t) n);
  message->room -= (size_t) n;
  return 0;
}

/* One word behind the operation. */
static ssize_t
bcm_read_word (const char *word, Message *message, char *reason, size_t reason_size)
{
  uint32_t flag = (uint32_t) bcm_find (bcm_flags, word);

  message->head.flags |= flag;
  if (flag || (strchr (word, '=') && bcm_read_setting (word, message) == 0))
    return 0;
  if (strchr (word, '#'))
    return bcm_read_frame (word, message, reason, reason_size);
  snprintf (
      reason, reason_size,
      "\"%.40s\" is neither a flag like SETTIMER, count=, ival1= or ival2= seconds, id=, nor a "
      "frame, as in TX_SETUP SETTIMER STARTTIMER ival2=0.1 123#DEADBEEF",
      word);
  return -EINVAL;
}

ssize_t
can_bcm_compose (const char *text, void *data, size_t size, char *reason, size_t reason_size)
{
  Message message = { .frames = (uint8_t *) data + bcm_frames_at };
  size_t n = strcspn (text, " ");
  char word[WORD_SIZE];
  ssize_t rc = 0;

  snprintf (word, sizeof word, "%.*s", (int) (n < WORD_SIZE ? n : 0), text);
  message.head.opcode = (uint32_t) bcm_find (bcm_operations, word);
  snprintf (reason, reason_size, "an operation comes first, as in TX_SEND 123#DEADBEEF");
  if (message.head.opcode == 0)
    return -EINVAL;
  snprintf (reason, reason_size, "there is no room for it");
  if (size < bcm_frames_at)
    return -EMSGSIZE;
  message.room = size - bcm_frames_at;
  for (text += n + strspn (text + n, " "); *text && rc == 0; text += n + strspn (text + n, " ")) {
    n = strcspn (text, " ");
    snprintf (word, sizeof word, "%.*s", (int) (n < WORD_SIZE ? n : WORD_SIZE - 1), text);
    rc = bcm_read_word (word, &message, reason, reason_size);
  }
  if (rc < 0)
    return rc;
  memcpy (data, &message.head, bcm_frames_at);
  return (ssize_t) (bcm_frames_at + message.head.nframes * message.frame_size);
}
