/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/can/words.c: identifiers, masks and flags as text, and lines of text.
 *
 * An identifier is written as cansend and candump write it: 3 hexadecimal digits are a standard
 * one, 8 an extended one. "0x" and digits are the kernel's number as it is, with its flags. In
 * tuples it is always that number, as in Python. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "can.h"

/* ---- Numbers ------------------------------------------------------------------------------- */

static uint32_t
can_load (const KinField *field, const void *base)
{
  uint32_t number;

  memcpy (&number, (const char *) base + field->offset, sizeof number);
  return number;
}

static void
can_store (const KinField *field, void *base, uint32_t number)
{
  memcpy ((char *) base + field->offset, &number, sizeof number);
}

static int
can_give_number (KinMember *member, uint32_t number)
{
  member->kind = KIN_UINT;
  member->number = number;
  return 0;
}

static int
can_take_number (const KinMember *member, uint32_t *number)
{
  if (member->kind != KIN_UINT && member->kind != KIN_INT)
    return -EINVAL;
  if (member->number > UINT32_MAX)
    return -ERANGE;
  *number = (uint32_t) member->number;
  return 0;
}

size_t
can_hex_read (const char *text, size_t max, uint32_t *number)
{
  static const char digits[] = "0123456789abcdefABCDEF";
  size_t n;

  *number = 0;
  for (n = 0; n < max && text[n]; n++) {
    const char *digit = strchr (digits, text[n]);
    size_t value = digit ? (size_t) (digit - digits) : 0;

    if (!digit)
      break;
    *number = *number << 4 | (uint32_t) (value > 15 ? value - 6 : value);
  }
  return n;
}

/* All of the text; "0x" is not looked for. */
static int
can_hex_read_all (const char *text, size_t length, uint32_t *number)
{
  return length > 0 && can_hex_read (text, 8, number) == length ? 0 : -EINVAL;
}

static int
can_give_text (KinMember *member, int n)
{
  member->kind = KIN_STRING;
  member->length = (uint32_t) n;
  return 0;
}

/* ---- Identifiers --------------------------------------------------------------------------- */

int
can_id_print (char *text, size_t size, const char *sign, uint32_t id)
{
  if (id <= CAN_SFF_MASK)
    return snprintf (text, size, "%s%03X", sign, id);
  if ((id & ~CAN_EFF_MASK) == CAN_EFF_FLAG)
    return snprintf (text, size, "%s%08X", sign, id & CAN_EFF_MASK);
  return snprintf (text, size, "%s0x%08X", sign, id);
}

int
can_id_parse (const char *text, size_t length, uint32_t *id)
{
  if (length > 2 && memcmp (text, "0x", 2) == 0)
    return can_hex_read_all (text + 2, length - 2, id);
  if ((length != 3 && length != 8) || can_hex_read_all (text, length, id) < 0)
    return -EINVAL;
  if (length == 3)
    return *id <= CAN_SFF_MASK ? 0 : -ERANGE;
  if ((*id & ~CAN_EFF_FLAG) > CAN_EFF_MASK)
    return -ERANGE;
  *id |= CAN_EFF_FLAG;
  return 0;
}

int
can_id_get (const KinField *field, const void *base, size_t length, KinForm form, KinMember *member)
{
  uint32_t id = can_load (field, base);

  (void) length;
  if (form == KIN_FORM_TUPLE)
    return can_give_number (member, id);
  return can_give_text (member, can_id_print (member->bytes, sizeof member->bytes, "", id));
}

int
can_id_set (const KinField *field, void *base, size_t *length, KinForm form,
            const KinMember *member)
{
  uint32_t id = 0;
  int rc;

  (void) length;
  if (form == KIN_FORM_TUPLE)
    rc = can_take_number (member, &id);
  else
    rc = member->kind == KIN_STRING ? can_id_parse (member->bytes, member->length, &id) : -EINVAL;
  if (rc == 0)
    can_store (field, base, id);
  return rc;
}

/* ---- Filters: ID:MASK, ~ID:MASK for what does not match, ID for that one alone ------------- */

int
can_filter_get (const KinField *field, const void *base, size_t length, KinForm form,
                KinMember *member)
{
  uint32_t id = can_load (field, base);
  const char *sign = id & CAN_INV_FILTER ? "~" : "";

  (void) length;
  if (form == KIN_FORM_TUPLE)
    return can_give_number (member, id);
  id &= ~CAN_INV_FILTER;
  return can_give_text (member, can_id_print (member->bytes, sizeof member->bytes, sign, id));
}

/* The mask follows; one that is left out leaves what is written here: no other frame. */
int
can_filter_set (const KinField *field, void *base, size_t *length, KinForm form,
                const KinMember *member)
{
  uint32_t is_inverted = form == KIN_FORM_TEXT && member->bytes[0] == '~', id = 0, mask;
  int rc;

  (void) length;
  if (form == KIN_FORM_TUPLE)
    rc = can_take_number (member, &id);
  else if (member->kind != KIN_STRING)
    rc = -EINVAL;
  else
    rc = can_id_parse (member->bytes + is_inverted, member->length - is_inverted, &id);
  if (rc < 0)
    return rc;
  mask = CAN_EFF_FLAG | CAN_RTR_FLAG | (id & CAN_EFF_FLAG ? CAN_EFF_MASK : CAN_SFF_MASK);
  can_store (field, base, id | (is_inverted ? CAN_INV_FILTER : 0));
  memcpy ((char *) base + field->offset + sizeof id, &mask, sizeof mask);
  return 0;
}

/* A mask is bits, whatever their number: no flag is added. */
int
can_mask_get (const KinField *field, const void *base, size_t length, KinForm form,
              KinMember *member)
{
  uint32_t mask = can_load (field, base);

  (void) length;
  if (form == KIN_FORM_TUPLE)
    return can_give_number (member, mask);
  return can_give_text (member, snprintf (member->bytes, sizeof member->bytes, "%03X", mask));
}

int
can_mask_set (const KinField *field, void *base, size_t *length, KinForm form,
              const KinMember *member)
{
  uint32_t mask = 0;
  int rc;

  (void) length;
  if (form == KIN_FORM_TUPLE)
    rc = can_take_number (member, &mask);
  else
    rc = member->kind == KIN_STRING ? can_hex_read_all (member->bytes, member->length, &mask)
                                    : -EINVAL;
  if (rc == 0)
    can_store (field, base, mask);
  return rc;
}

/* ---- Flags --------------------------------------------------------------------------------- */

int
can_flags_get (const KinField *field, const void *base, size_t length, KinForm form,
               KinMember *member)
{
  uint32_t flags = can_load (field, base), left = flags;
  Line text = { member->bytes, sizeof member->bytes, 0 };

  (void) length;
  if (form == KIN_FORM_TUPLE)
    return can_give_number (member, flags);
  for (const KinName *name = field->names; name->name; name++)
    if (flags & name->value) {
      line_add (&text, "%s%s", text.length > 0 ? "+" : "", name->name);
      left &= ~(uint32_t) name->value;
    }
  if (left > 0 || flags == 0)
    line_add (&text, "%s0x%X", text.length > 0 ? "+" : "", left);
  return can_give_text (member, line_end (&text));
}

static int
can_flags_parse (const KinName *names, const char *word, size_t length, uint32_t *flag)
{
  char *end;

  for (const KinName *name = names; name->name; name++)
    if (strlen (name->name) == length && memcmp (name->name, word, length) == 0) {
      *flag = (uint32_t) name->value;
      return 0;
    }
  if (length > 2 && memcmp (word, "0x", 2) == 0)
    return can_hex_read_all (word + 2, length - 2, flag);
  *flag = (uint32_t) strtoul (word, &end, 10);
  return *word >= '0' && *word <= '9' && end == word + length ? 0 : -EINVAL;
}

int
can_flags_set (const KinField *field, void *base, size_t *length, KinForm form,
               const KinMember *member)
{
  const char *word = member->bytes;
  uint32_t flags = 0, flag;
  int rc = 0;

  (void) length;
  if (member->kind != KIN_STRING)
    rc = can_take_number (member, &flags);
  else if (form == KIN_FORM_TUPLE)
    rc = -EINVAL;
  for (int more = member->kind == KIN_STRING; more && rc == 0; flags |= flag) {
    size_t n = strcspn (word, "+");

    rc = can_flags_parse (field->names, word, n, &flag);
    more = word[n] == '+';
    word += n + 1;
  }
  if (rc == 0)
    can_store (field, base, flags);
  return rc;
}

/* ---- A line of text ------------------------------------------------------------------------ */

/* "vcan0"; of none, "-". */
void
can_line_add_interface (Line *text, const KinAddress *from)
{
  const struct sockaddr_can *address = from ? (const void *) &from->sa : NULL;
  char name[IF_NAMESIZE];

  if (!address || address->can_ifindex == 0)
    line_add (text, "-");
  else if (if_indextoname ((unsigned) address->can_ifindex, name))
    line_add (text, "%s", name);
  else
    line_add (text, "if%d", address->can_ifindex);
}

void
can_line_add_bytes (Line *text, const void *bytes, size_t n)
{
  for (size_t i = 0; i < n; i++)
    line_add (text, " %02X", ((const uint8_t *) bytes)[i]);
}
