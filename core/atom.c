/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* atom: one field between memory and an atom, which is a number or bytes.
 *
 * What depends on a field's kind and is neither text nor tuple is here and in number.c: padding,
 * counts, interfaces, the family's hooks, and whether the struct is long enough. */
#include "fields.h"

#include <net/if.h>
#include <stdarg.h>
#include <string.h>

/* ---- Complaints ---------------------------------------------------------------------------- */

int
kin__complain (char **why, int code, const char *format, ...)
{
  va_list arguments;

  if (why) {
    va_start (arguments, format);
    g_free (*why);
    *why = g_strdup_vprintf (format, arguments);
    va_end (arguments);
  }
  return -code;
}

char *
kin__field_label (const KinField *row)
{
  return row->name ? g_strconcat (row->name, " ", NULL) : g_strdup ("");
}

char *
kin__atom_show (const KinAtom *atom)
{
  if (!kin__is_numeric (atom))
    return kin__quote (atom->bytes, (gssize) atom->length);
  return atom->kind == KIN_INT ? g_strdup_printf ("%" G_GINT64_FORMAT, (gint64) atom->number)
                               : g_strdup_printf ("%" G_GUINT64_FORMAT, atom->number);
}

int
kin__complain_type (char **why, const KinField *row, const KinAtom *atom, const char *wanted)
{
  g_autofree char *label = kin__field_label (row), *shown = kin__atom_show (atom);

  return kin__complain (why, EINVAL, "%smust be %s, not %s", label, wanted, shown);
}

/* ---- Bytes and names ----------------------------------------------------------------------- */

/* What of the field the struct's length leaves. */
static gsize
count_there (const KinPlace *place, const KinField *row)
{
  return row->offset < place->length ? MIN (row->size, place->length - row->offset) : 0;
}

/* The count member; SIZE: there is none, or it is not there. */
static gsize
load_count (const KinPlace *place, const KinField *row)
{
  if (!row->count_size || row->count_offset + (gsize) row->count_size > place->length)
    return row->size;
  return (gsize) kin__bytes_load (place->base + row->count_offset, row->count_size,
                                  KIN_NATIVE_IS_BIG);
}

static KinAtom
load_characters (const KinPlace *place, const KinField *row)
{
  const char *bytes = (const char *) place->base + row->offset;
  gsize n = count_there (place, row);

  if (row->kind == KIN_STRING)
    return (KinAtom){ .kind = KIN_STRING, .bytes = bytes, .length = strnlen (bytes, n) };
  return (KinAtom){ .kind = KIN_BYTES, .bytes = bytes, .length = MIN (n, load_count (place, row)) };
}

static int
complain_length (char **why, const KinField *row, gsize length, guint room, gboolean has_nul)
{
  g_autofree char *label = kin__field_label (row);

  return kin__complain (why, EINVAL,
                        "%sis too long: %" G_GSIZE_FORMAT " bytes, there is room for %u%s", label,
                        length, room, has_nul ? " with the NUL at its end" : "");
}

static int
store_string (guint8 *at, const KinField *row, const KinAtom *atom, char **why)
{
  g_autofree char *label = kin__field_label (row);

  if (kin__is_numeric (atom))
    return kin__complain_type (why, row, atom, "a string");
  if (memchr (atom->bytes, 0, atom->length))
    return kin__complain (why, EINVAL, "%shas a NUL in it", label);
  if (atom->length >= row->size)
    return complain_length (why, row, atom->length, row->size, TRUE);
  memset (at, 0, row->size);
  memcpy (at, atom->bytes, atom->length);
  return 0;
}

/* Without a count member the bytes end the struct; with one they may lengthen it. */
static int
store_counted (KinPlace *place, const KinField *row, const KinAtom *atom, char **why)
{
  gsize end = row->offset + atom->length;

  if (atom->kind != KIN_BYTES)
    return kin__complain_type (why, row, atom, "bytes");
  if (atom->length > row->size || end > place->shape->room)
    return complain_length (why, row, atom->length, row->size, FALSE);
  memcpy (place->base + row->offset, atom->bytes, atom->length);
  if (row->count_size)
    kin__bytes_store (place->base + row->count_offset, row->count_size, KIN_NATIVE_IS_BIG,
                      atom->length);
  place->length = row->count_size ? MAX (place->length, end) : end;
  return 0;
}

/* One that went away is "if7" in text, as in ip(8), and nothing in a tuple, as in Python. */
static KinAtom
load_interface (const KinPlace *place, const KinField *row, KinMember *scratch)
{
  guint index = (guint) kin__bytes_load (place->base + row->offset, row->size,
                                         kin__field_is_big_endian (row));

  scratch->bytes[0] = 0;
  if (index != 0 && !if_indextoname (index, scratch->bytes) && place->form == KIN_FORM_TEXT)
    g_snprintf (scratch->bytes, sizeof scratch->bytes, "if%u", index);
  return (
      KinAtom){ .kind = KIN_STRING, .bytes = scratch->bytes, .length = strlen (scratch->bytes) };
}

static guint
parse_interface (const char *name)
{
  guint64 index;

  if (g_str_has_prefix (name, "if")
      && g_ascii_string_to_unsigned (name + 2, 10, 1, G_MAXINT32, &index, NULL))
    return (guint) index;
  return 0;
}

static int
store_interface (guint8 *at, const KinField *row, const KinAtom *atom, char **why)
{
  g_autofree char *label = NULL, *shown = NULL, *name = NULL;
  guint index;

  if (kin__is_numeric (atom)) {
    if (kin__number_check (row, atom, why) < 0)
      return -EINVAL;
    kin__bytes_store (at, row->size, kin__field_is_big_endian (row), atom->number);
    return 0;
  }
  label = kin__field_label (row);
  if (memchr (atom->bytes, 0, atom->length))
    return kin__complain (why, EINVAL, "%shas a NUL in it", label);
  name = g_strndup (atom->bytes, atom->length);
  index = if_nametoindex (name);
  if (index == 0)
    index = parse_interface (name);
  if (index == 0 && atom->length > 0) {
    shown = kin__atom_show (atom);
    return kin__complain (why, ENODEV, "%s%s: no such interface", label, shown);
  }
  kin__bytes_store (at, row->size, kin__field_is_big_endian (row), index);
  return 0;
}

/* ---- The family's hooks -------------------------------------------------------------------- */

static int
load_custom (const KinPlace *place, const KinField *row, const KinField *own, KinMember *scratch,
             KinAtom *atom)
{
  int rc;

  /* A path ends where the address does; in a struct all of a member is there. */
  if (!place->shape->protocol && count_there (place, row) < row->size)
    return -EINVAL;
  memset (scratch, 0, sizeof *scratch);
  rc = row->get (own, place->base, place->length, place->form, scratch);
  if (rc < 0)
    return rc;
  *atom = (KinAtom){ .kind = (KinKind) scratch->kind,
                     .number = scratch->number,
                     .bytes = scratch->bytes,
                     .length = MIN (scratch->length, sizeof scratch->bytes) };
  if (atom->kind == KIN_INT)
    *atom = kin__signed_atom ((gint64) scratch->number);
  return 0;
}

/* What a set that returned rc has against the member, in words. */
static int
explain (char **why, const KinField *row, const KinAtom *atom, int rc)
{
  g_autofree char *label = kin__field_label (row), *shown = kin__atom_show (atom);
  const char *name = row->name ? row->name : "value";

  switch (-rc) {
  case EADDRNOTAVAIL:
    return kin__complain (why, EADDRNOTAVAIL, "%s%s is not an address", label, shown);
  case EILSEQ:
    return kin__complain (why, EINVAL, "%shas a NUL in it", label);
  case ENAMETOOLONG:
    return complain_length (why, row, atom->length, row->size, TRUE);
  case EAFNOSUPPORT:
    return kin__complain (why, EAFNOSUPPORT, "%s%s is an address of another family", label, shown);
  case ENODEV:
    return kin__complain (why, ENODEV, "%s%s: no such interface", label, shown);
  case ERANGE:
    if (row->bits > 0)
      return kin__complain_range (why, row, shown);
    return kin__complain (why, EINVAL, "%s%s is out of range", label, shown);
  case EINVAL:
    return kin__complain (why, EINVAL, "not a valid %s: %s", name, shown);
  default:
    return kin__complain (why, -rc, "%s%s: %s", label, shown, g_strerror (-rc));
  }
}

static gboolean
is_ascii (const KinAtom *atom)
{
  for (gsize i = 0; i < atom->length; i++)
    if ((guchar) atom->bytes[i] >= 0x80)
      return FALSE;
  return TRUE;
}

char *
kin__host_to_ascii (const char *host)
{
  return g_str_is_ascii (host)              ? g_strdup (host)
         : g_utf8_validate (host, -1, NULL) ? g_hostname_to_ascii (host)
                                            : NULL;
}

/* A host name that is not ASCII goes to the family as IDNA has it; NULL: it has no such form. */
static char *
encode_host (const KinAtom *atom)
{
  g_autofree char *host = g_strndup (atom->bytes, atom->length);

  return strlen (host) == atom->length ? kin__host_to_ascii (host) : NULL;
}

int
kin__atom_to_member (const KinField *row, const KinAtom *atom, KinMember *member, char **why)
{
  g_autofree char *host = NULL;
  const char *bytes = atom->bytes;
  gsize n = kin__is_numeric (atom) ? 0 : atom->length;

  if ((row->flags & KIN_FIELD_HOST) && atom->kind == KIN_STRING && !is_ascii (atom)) {
    host = encode_host (atom);
    if (!host)
      return explain (why, row, atom, -EINVAL);
    bytes = host;
    n = strlen (host);
  }
  *member = (KinMember){ .kind = (guint32) atom->kind, .number = atom->number };
  if (n >= sizeof member->bytes)
    return complain_length (why, row, n, sizeof member->bytes - 1, FALSE);
  if (n > 0)
    memcpy (member->bytes, bytes, n);
  member->length = (guint32) n;
  return 0;
}

static int
store_custom (KinPlace *place, const KinField *row, const KinField *own, const KinAtom *atom,
              char **why)
{
  gsize length = place->length;
  KinMember member;
  int rc = kin__atom_to_member (row, atom, &member, why);

  if (rc < 0)
    return rc;
  rc = row->set (own, place->base, &length, place->form, &member);
  if (rc < 0)
    return explain (why, row, atom, rc);
  place->length = MIN (length, place->shape->room);
  return 0;
}

/* ---- One field ----------------------------------------------------------------------------- */

/* A field that does not fit the struct is the table's fault; it harms nothing. */
static gboolean
is_sound (const KinPlace *place, const KinField *row)
{
  gsize room = place->shape->room;

  switch (row->kind) {
  case KIN_UINT:
  case KIN_INT:
  case KIN_BOOL:
    return row->size >= 1 && row->size <= 8 && row->bits <= row->size * 8
           && row->offset + (gsize) row->size <= room;
  case KIN_INTERFACE:
    return row->size >= 1 && row->size <= 8 && row->offset + (gsize) row->size <= room;
  case KIN_TIME:
    return (row->size == 8 || row->size == 16) && row->offset + (gsize) row->size <= room;
  case KIN_STRING:
    return row->offset + (gsize) row->size <= room;
  case KIN_BYTES:
    return row->count_size <= 8 && row->offset <= room
           && row->count_offset + (gsize) row->count_size <= room;
  case KIN_PROTOCOL:
    return place->shape->protocol != NULL;
  case KIN_CUSTOM:
    return row->get && row->set && row->count_size <= 8;
  default:
    return FALSE;
  }
}

int
kin__atom_load (const KinPlace *place, const KinField *row, const KinField *own, KinMember *scratch,
                KinAtom *atom)
{
  gboolean is_whole = count_there (place, row) == row->size;
  const guint8 *at = place->base + row->offset;

  if (!is_sound (place, row))
    return -EINVAL;
  switch (row->kind) {
  case KIN_STRING:
  case KIN_BYTES:
    *atom = load_characters (place, row);
    return 0;
  case KIN_CUSTOM:
    return load_custom (place, row, own, scratch, atom);
  case KIN_PROTOCOL:
    *atom = kin__signed_atom (*place->shape->protocol);
    return 0;
  default:
    break;
  }
  if (!is_whole && !(row->flags & KIN_FIELD_OPTIONAL))
    return -EINVAL;
  if (row->kind == KIN_INTERFACE)
    *atom = load_interface (place, row, scratch);
  else if (!is_whole)
    *atom = (KinAtom){ .kind = KIN_UINT, .number = row->fallback };
  else
    *atom = kin__number_load (at, row);
  return 0;
}

int
kin__atom_store (KinPlace *place, const KinField *row, const KinField *own, const KinAtom *atom,
                 char **why)
{
  guint8 *at = place->base + row->offset;
  g_autofree char *label = kin__field_label (row);

  if (!is_sound (place, row))
    return kin__complain (why, EINVAL, "%scannot be set", label);
  switch (row->kind) {
  case KIN_CUSTOM:
    return store_custom (place, row, own, atom, why);
  case KIN_STRING:
    return store_string (at, row, atom, why);
  case KIN_BYTES:
    return store_counted (place, row, atom, why);
  case KIN_INTERFACE:
    return store_interface (at, row, atom, why);
  case KIN_PROTOCOL:
    if (kin__number_check (row, atom, why) < 0)
      return -EINVAL;
    *place->shape->protocol = (gint32) atom->number;
    return 0;
  default:
    return kin__number_store (at, row, atom, why);
  }
}

gboolean
kin__atom_is_fallback (const KinPlace *place, const KinField *row, const KinAtom *atom)
{
  gsize n = count_there (place, row);

  if (kin__is_numeric (atom))
    return atom->number == row->fallback;
  if (row->kind == KIN_STRING || row->kind == KIN_BYTES)
    return atom->length == 0;
  if (row->fallback != 0)
    return FALSE;
  if (row->count_size) /* zeros may be bytes that count, and other bytes not */
    return MIN (n, load_count (place, row)) == 0;
  for (gsize i = 0; i < n; i++)
    if (place->base[row->offset + i] != 0)
      return FALSE;
  return TRUE;
}
