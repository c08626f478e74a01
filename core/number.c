/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* number: integers and times in memory: sizes, byte orders, signs, ranges. */
#include "fields.h"

/* ---- Ranges -------------------------------------------------------------------------------- */

/* How many bits a number of the field may have, its sign left out. */
static guint
count_bits (const KinField *row)
{
  guint bits = row->bits ? row->bits : row->size * 8u;

  if (row->kind == KIN_PROTOCOL || row->kind == KIN_INTERFACE)
    return 31;
  return row->kind == KIN_INT ? bits - 1 : bits;
}

static guint64
find_highest (const KinField *row)
{
  guint bits = count_bits (row);

  return bits >= 64 ? G_MAXUINT64 : (G_GUINT64_CONSTANT (1) << bits) - 1;
}

int
kin__complain_range (char **why, const KinField *row, const char *shown)
{
  guint64 highest = find_highest (row);
  g_autofree char *label = kin__field_label (row);

  if (row->kind == KIN_TIME)
    return kin__complain (why, EINVAL, "%s%s is out of range", label, shown);
  if (row->kind == KIN_INT)
    return kin__complain (why, EINVAL,
                          "%s%s is out of range (%" G_GINT64_FORMAT " to %" G_GUINT64_FORMAT ")",
                          label, shown, -(gint64) highest - 1, highest);
  return kin__complain (why, EINVAL, "%s%s is out of range (0 to %" G_GUINT64_FORMAT ")", label,
                        shown, highest);
}

int
kin__number_check (const KinField *row, const KinAtom *atom, char **why)
{
  guint64 highest = find_highest (row);
  g_autofree char *shown = NULL;

  if (!kin__is_numeric (atom))
    return kin__complain_type (why, row, atom, "an integer");
  if (atom->kind == KIN_INT ? row->kind == KIN_INT && (gint64) atom->number >= -(gint64) highest - 1
                            : atom->number <= highest)
    return 0;
  shown = kin__atom_show (atom);
  return kin__complain_range (why, row, shown);
}

/* ---- Memory -------------------------------------------------------------------------------- */

/* Of what a field has in memory; what says nothing else is as this machine has it. */
gboolean
kin__field_is_big_endian (const KinField *row)
{
  if (row->flags & KIN_FIELD_LITTLE_ENDIAN)
    return FALSE;
  return KIN_NATIVE_IS_BIG || (row->flags & KIN_FIELD_BIG_ENDIAN);
}

guint64
kin__bytes_load (const guint8 *at, guint size, gboolean is_big_endian)
{
  guint64 number = 0;

  for (guint i = 0; i < size; i++)
    number = number << 8 | at[is_big_endian ? i : size - 1 - i];
  return number;
}

void
kin__bytes_store (guint8 *at, guint size, gboolean is_big_endian, guint64 number)
{
  for (guint i = 0; i < size; i++, number >>= 8)
    at[is_big_endian ? size - 1 - i : i] = (guint8) number;
}

static gint64
load_signed (const guint8 *at, guint size, gboolean is_big_endian)
{
  guint shift = 64 - 8 * size;

  return (gint64) (kin__bytes_load (at, size, is_big_endian) << shift) >> shift;
}

KinAtom
kin__signed_atom (gint64 number)
{
  return (KinAtom){ .kind = number < 0 ? KIN_INT : KIN_UINT, .number = (guint64) number };
}

static KinAtom
load_integer (const guint8 *at, const KinField *row)
{
  gboolean is_big_endian = kin__field_is_big_endian (row);
  guint64 number = kin__bytes_load (at, row->size, is_big_endian);

  if (row->kind == KIN_INT)
    return kin__signed_atom (load_signed (at, row->size, is_big_endian));
  if (row->kind == KIN_BOOL)
    return (KinAtom){ .kind = KIN_BOOL, .number = number != 0 };
  return (KinAtom){ .kind = KIN_UINT, .number = number };
}

/* struct timeval, whose two members are equally long: 4 bytes each, or 8. */
static KinAtom
load_time (const guint8 *at, const KinField *row)
{
  gint64 seconds = load_signed (at, row->size / 2u, KIN_NATIVE_IS_BIG), whole;
  gint64 usec = load_signed (at + row->size / 2, row->size / 2u, KIN_NATIVE_IS_BIG);

  /* The seconds of the lowest times are one less than 64 bits of microseconds have. */
  if (seconds < 0 && usec > 0) {
    seconds++;
    usec -= G_USEC_PER_SEC;
  }
  if (__builtin_mul_overflow (seconds, G_USEC_PER_SEC, &whole)
      || __builtin_add_overflow (whole, usec, &whole))
    return kin__signed_atom (seconds < 0 ? G_MININT64 : G_MAXINT64);
  return kin__signed_atom (whole);
}

static int
store_integer (guint8 *at, const KinField *row, const KinAtom *atom, char **why)
{
  guint64 number = atom->number;

  if (row->kind == KIN_BOOL) {
    if (!kin__is_numeric (atom))
      return kin__complain_type (why, row, atom, "True or False");
    number = number != 0;
  } else if (kin__number_check (row, atom, why) < 0)
    return -EINVAL;
  kin__bytes_store (at, row->size, kin__field_is_big_endian (row), number);
  return 0;
}

static int
store_time (guint8 *at, const KinField *row, const KinAtom *atom, char **why)
{
  gint64 usec = (gint64) atom->number, seconds = usec / G_USEC_PER_SEC;
  guint half = row->size / 2u;
  g_autofree char *shown = NULL;

  if (!kin__is_numeric (atom))
    return kin__complain_type (why, row, atom, "microseconds, an integer");
  usec -= seconds * G_USEC_PER_SEC;
  if (usec < 0) {
    usec += G_USEC_PER_SEC;
    seconds--;
  }
  if ((atom->kind != KIN_INT && atom->number > G_MAXINT64)
      || (half == 4 && (seconds < G_MININT32 || seconds > G_MAXINT32))) {
    shown = kin__atom_show (atom);
    return kin__complain_range (why, row, shown);
  }
  kin__bytes_store (at, half, KIN_NATIVE_IS_BIG, (guint64) seconds);
  kin__bytes_store (at + half, half, KIN_NATIVE_IS_BIG, (guint64) usec);
  return 0;
}

KinAtom
kin__number_load (const guint8 *at, const KinField *row)
{
  return row->kind == KIN_TIME ? load_time (at, row) : load_integer (at, row);
}

int
kin__number_store (guint8 *at, const KinField *row, const KinAtom *atom, char **why)
{
  return row->kind == KIN_TIME ? store_time (at, row, atom, why)
                               : store_integer (at, row, atom, why);
}
