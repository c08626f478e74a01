/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/can/can.h: what the sources of this family share. */
/* clang-format off */
#ifndef CAN_CAN_H
#define CAN_CAN_H

#include <linux/can.h>
#include <linux/can/raw.h>

#include <kin/family.h>

#include "../line.h"

#ifndef CANXL_VCID_OFFSET              /* Linux 6.9: the virtual network, above the priority */
#define CANXL_VCID_OFFSET 16
#define CANXL_VCID_MASK   (0xffu << CANXL_VCID_OFFSET)
#endif

/* ---- Identifiers and words in options and addresses: words.c -------------------------------- */

/* Hooks of a KIN_CUSTOM field. Those of an identifier and of a mask have an offset alone to say; a
 * filter's mask follows its identifier; flags are words of the row, joined by '+', or a number. */
int can_id_get (const KinField *, const void *, size_t, KinForm, KinMember *);
int can_id_set (const KinField *, void *, size_t *, KinForm, const KinMember *);
int can_filter_get (const KinField *, const void *, size_t, KinForm, KinMember *);
int can_filter_set (const KinField *, void *, size_t *, KinForm, const KinMember *);
int can_mask_get (const KinField *, const void *, size_t, KinForm, KinMember *);
int can_mask_set (const KinField *, void *, size_t *, KinForm, const KinMember *);
int can_flags_get (const KinField *, const void *, size_t, KinForm, KinMember *);
int can_flags_set (const KinField *, void *, size_t *, KinForm, const KinMember *);

/* An identifier as those write it: 123, 12345678, or with other flags 0x40000123. print returns the
 * length, as snprintf; parse 0 or -errno. */
int can_id_print (char *text, size_t size, const char *sign, uint32_t id);
int can_id_parse (const char *text, size_t length, uint32_t *id);

/* At most max hexadecimal digits. Returns how many there are. */
size_t can_hex_read (const char *text, size_t max, uint32_t *number);

/* ---- Of a line of text: words.c ------------------------------------------------------------- */

void can_line_add_interface (Line *text, const KinAddress *from);
void can_line_add_bytes (Line *text, const void *bytes, size_t n);

/* ---- Frames: frame.c, error.c --------------------------------------------------------------- */

typedef union {
  struct can_frame   classic;
  struct canfd_frame fd;
  struct canxl_frame xl;
} CanFrame;

int     can_frame_describe (const KinAddress *from, const void *data, size_t length,
                            char *line, size_t size);
int     can_frame_log (const KinAddress *from, const void *data, size_t length,
                       char *line, size_t size);
ssize_t can_frame_compose (const char *text, void *data, size_t size,
                           char *reason, size_t reason_size);
int     can_frame_write (Line *text, const void *data, size_t length);
void    can_error_write (Line *text, const struct can_frame *frame);

/* ---- Messages of the broadcast manager: bcm.c ----------------------------------------------- */

int     can_bcm_describe (const KinAddress *from, const void *data, size_t length,
                          char *line, size_t size);
int     can_bcm_log (const KinAddress *from, const void *data, size_t length,
                     char *line, size_t size);
ssize_t can_bcm_compose (const char *text, void *data, size_t size,
                         char *reason, size_t reason_size);

/* ---- For `kin doctor`: trip.c ---------------------------------------------------------------- */

int can_raw_trip (char *reason, size_t size);
int can_bcm_trip (char *reason, size_t size);
int can_isotp_trip (char *reason, size_t size);
int can_j1939_trip (char *reason, size_t size);

#endif
