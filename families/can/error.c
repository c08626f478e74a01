/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/can/error.c: what a controller reports in an error frame, in candump's words.
 *
 * The identifier's bits are classes; what is known of a class lies in a data byte of its own: see
 * linux/can/error.h. */
#include <linux/can/error.h>

#include "can.h"

#define COUNT(array) (sizeof (array) / sizeof *(array))

/* Bit by bit, from the lowest. */
static const char *const can_classes[] = {
  "tx-timeout",
  "lost-arbitration",
  "controller-problem",
  "protocol-violation",
  "transceiver-status",
  "no-acknowledgement-on-tx",
  "bus-off",
  "bus-error",
  "restarted-after-bus-off",
  "error-counter-tx-rx",
};
static const char *const can_controller[] = {
  "rx-overflow",      "tx-overflow",      "rx-error-warning",     "tx-error-warning",
  "rx-error-passive", "tx-error-passive", "back-to-error-active",
};
static const char *const can_violations[] = {
  "single-bit-error",       "frame-format-error", "bit-stuffing-error", "tx-dominant-bit-error",
  "tx-recessive-bit-error", "bus-overload",       "active-error",       "error-on-tx",
};

/* By number: where in the frame. */
static const char *const can_places[32] = {
  [CAN_ERR_PROT_LOC_ID28_21] = "id.28-to-id.21",
  [CAN_ERR_PROT_LOC_SOF] = "start-of-frame",
  [CAN_ERR_PROT_LOC_SRTR] = "bit-srtr",
  [CAN_ERR_PROT_LOC_IDE] = "bit-ide",
  [CAN_ERR_PROT_LOC_ID20_18] = "id.20-to-id.18",
  [CAN_ERR_PROT_LOC_ID17_13] = "id.17-to-id.13",
  [CAN_ERR_PROT_LOC_CRC_SEQ] = "crc-sequence",
  [CAN_ERR_PROT_LOC_RES0] = "reserved-bit-0",
  [CAN_ERR_PROT_LOC_DATA] = "data-field",
  [CAN_ERR_PROT_LOC_DLC] = "data-length-code",
  [CAN_ERR_PROT_LOC_RTR] = "bit-rtr",
  [CAN_ERR_PROT_LOC_RES1] = "reserved-bit-1",
  [CAN_ERR_PROT_LOC_ID04_00] = "id.4-to-id.0",
  [CAN_ERR_PROT_LOC_ID12_05] = "id.12-to-id.5",
  [0x11] = "active-error-flag",
  [CAN_ERR_PROT_LOC_INTERM] = "intermission",
  [0x13] = "tolerate-dominant-bits",
  [0x16] = "passive-error-flag",
  [0x17] = "error-delimiter",
  [CAN_ERR_PROT_LOC_CRC_DEL] = "crc-delimiter",
  [CAN_ERR_PROT_LOC_ACK] = "acknowledge-slot",
  [CAN_ERR_PROT_LOC_EOF] = "end-of-frame",
  [CAN_ERR_PROT_LOC_ACK_DEL] = "acknowledge-delimiter",
  [0x1c] = "overload-flag",
};

static void
can_bits_write (Line *text, uint8_t bits, const char *const *words, size_t n)
{
  const char *comma = "";

  for (size_t i = 0; i < n; i++)
    if (bits >> i & 1) {
      line_add (text, "%s%s", comma, words[i]);
      comma = ",";
    }
}

static void
can_place_write (Line *text, uint8_t place)
{
  if (place > 0 && place < COUNT (can_places))
    line_add (text, "%s", can_places[place] ? can_places[place] : "unspecified");
}

static void
can_detail_write (Line *text, uint32_t error_class, const uint8_t *data)
{
  switch (error_class) {
  case CAN_ERR_LOSTARB:
    line_add (text, "{at bit %d}", data[0]);
    break;
  case CAN_ERR_CRTL:
    line_add (text, "{");
    can_bits_write (text, data[1], can_controller, COUNT (can_controller));
    line_add (text, "}");
    break;
  case CAN_ERR_PROT:
    line_add (text, "{{");
    can_bits_write (text, data[2], can_violations, COUNT (can_violations));
    line_add (text, "}{");
    can_place_write (text, data[3]);
    line_add (text, "}}");
    break;
  case CAN_ERR_CNT:
    line_add (text, "{{%d}{%d}}", data[6], data[7]);
    break;
  }
}

/* "controller-problem{rx-overflow},bus-off". Old drivers give counters without saying so. */
void
can_error_write (Line *text, const struct can_frame *frame)
{
  uint32_t classes = frame->can_id;
  const char *comma = "";

  if (frame->data[6] || frame->data[7])
    classes |= CAN_ERR_CNT;
  for (size_t i = 0; i < COUNT (can_classes); i++)
    if (classes >> i & 1) {
      line_add (text, "%s%s", comma, can_classes[i]);
      can_detail_write (text, 1u << i, frame->data);
      comma = ",";
    }
}
