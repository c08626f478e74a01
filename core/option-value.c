/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* option-value: the value of an option or control message, between memory, value and text.
 *
 * A value is a single one, a struct, or an array of structs; all of it is the walk of fields.c.
 * In text the members of a struct split at ':', the items of an array at ','. */
#include "fields.h"

#include <string.h>

/* Of an array, whose length nothing else limits. */
#define MAX_ARRAY 65536

static const KinTable no_fields = { NULL, 0, 0 };

static gboolean
is_struct (const KinOption *row)
{
  return row->kind == KIN_STRUCT || row->kind == KIN_ARRAY;
}

/* A single value is a field that is all there is; a length is a number that nothing holds. */
static KinField
single_field (const KinOption *row)
{
  return (KinField){
    .kind = row->kind == KIN_LENGTH ? KIN_UINT : row->kind,
    .size = row->kind == KIN_LENGTH ? 4 : row->size,
    .bits = row->kind == KIN_LENGTH ? 31 : 0,
    .names = row->names,
  };
}

static KinShape
shape_of (const KinOption *row, gsize room)
{
  return (KinShape){
    .fields = is_struct (row) ? &row->fields : &no_fields,
    .separator = is_struct (row) ? ':' : 0,
    .escaped = row->kind == KIN_ARRAY ? "&," : "&",
    .room = room,
  };
}

gsize
kin__value_room (const KinOption *row)
{
  gsize room = row->size;
  KinField field;

  if (row->kind == KIN_ARRAY)
    return MAX_ARRAY;
  for (guint i = 0; kin__row (&row->fields, i, &field, sizeof field); i++)
    room = MAX (room, field.offset + (gsize) field.size);
  return room;
}

gboolean
kin__option_find (const KinTable *options, const char *name, KinOption *row)
{
  for (guint i = 0; kin__row (options, i, row, sizeof *row); i++)
    if (strcmp (row->name, name) == 0)
      return TRUE;
  return FALSE;
}

gboolean
kin__option_next (const KinTable *options, guint flag, guint *i, KinOption *row)
{
  while (kin__row (options, (*i)++, row, sizeof *row))
    if (row->flags & flag)
      return TRUE;
  return FALSE;
}

/* ---- From memory --------------------------------------------------------------------------- */

/* With zeros behind it: hooks may read all of their field. */
static guint8 *
copy_padded (const KinOption *row, gconstpointer data, gsize length, gsize *room)
{
  guint8 *copy;

  *room = MAX (row->kind == KIN_ARRAY ? row->size : kin__value_room (row), length);
  copy = g_malloc0 (*room + 1);
  if (length > 0)
    memcpy (copy, data, length);
  return copy;
}

static int
load_single (const KinOption *row, const KinPlace *place, KinMember *scratch, KinAtom *atom)
{
  KinField field = single_field (row);

  return row->kind == KIN_LENGTH ? -EINVAL : kin__atom_load (place, &field, &field, scratch, atom);
}

static GVariant *
get_array (const KinOption *row, const KinShape *shape, const guint8 *data, gsize length)
{
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("av"));
  for (gsize at = 0; at + row->size <= length && row->size > 0; at += row->size) {
    GVariant *item = kin__fields_to_tuple (shape, data + at, row->size, FALSE);

    if (!item) {
      g_variant_builder_clear (&list);
      return NULL;
    }
    g_variant_builder_add (&list, "v", item);
  }
  return g_variant_builder_end (&list);
}

GVariant *
kin__value_get (const KinOption *row, gconstpointer data, gsize length)
{
  gsize room;
  g_autofree guint8 *copy = copy_padded (row, data, length, &room);
  KinShape shape = shape_of (row, row->kind == KIN_ARRAY ? row->size : room);
  KinPlace place = { &shape, copy, length, KIN_FORM_TUPLE };
  KinMember scratch;
  KinAtom atom;

  if (row->kind == KIN_ARRAY)
    return length % MAX (row->size, 1) == 0 ? get_array (row, &shape, copy, length) : NULL;
  if (row->kind == KIN_STRUCT)
    return kin__fields_to_tuple (&shape, copy, length, FALSE);
  return load_single (row, &place, &scratch, &atom) == 0 ? kin__atom_to_value (&atom) : NULL;
}

static char *
format_array (const KinOption *row, const KinShape *shape, const guint8 *data, gsize length)
{
  GString *text = g_string_new (NULL);

  for (gsize at = 0; at + row->size <= length && row->size > 0; at += row->size) {
    g_autofree char *item = kin__fields_to_text (shape, data + at, row->size);

    if (!item) {
      g_string_free (text, TRUE);
      return NULL;
    }
    g_string_append_printf (text, "%s%s", at > 0 ? "," : "", item);
  }
  return g_string_free (text, FALSE);
}

char *
kin__value_format (const KinOption *row, gconstpointer data, gsize length)
{
  gsize room;
  g_autofree guint8 *copy = copy_padded (row, data, length, &room);
  KinShape shape = shape_of (row, row->kind == KIN_ARRAY ? row->size : room);
  KinPlace place = { &shape, copy, length, KIN_FORM_TEXT };
  KinField field = single_field (row);
  KinMember scratch;
  KinAtom atom;
  GString *text;

  if (row->kind == KIN_ARRAY)
    return length % MAX (row->size, 1) == 0 ? format_array (row, &shape, copy, length) : NULL;
  if (row->kind == KIN_STRUCT)
    return kin__fields_to_text (&shape, copy, length);
  if (load_single (row, &place, &scratch, &atom) < 0)
    return NULL;
  text = g_string_new (NULL);
  kin__atom_to_text (&shape, &field, &atom, text);
  return g_string_free (text, FALSE);
}

/* ---- To memory ----------------------------------------------------------------------------- */

/* One struct, from a value or text. Returns its length, or -errno. */
static gssize
store_struct (const KinOption *row, guint8 *data, gsize room, GVariant *value, const char *text,
              char **why)
{
  KinShape shape = shape_of (row, room);
  gsize length = row->size;
  int rc;

  if (row->size > room)
    return kin__complain (why, EINVAL, "there is no room for its %u bytes", row->size);
  memset (data, 0, row->size);
  rc = kin__fields_from (&shape, data, &length, value, text, why);
  return rc < 0 ? rc : (gssize) length;
}

static gssize
store_item (const KinOption *row, guint8 *data, gsize room, gsize i, GVariant *value,
            const char *text, char **why)
{
  if ((i + 1) * row->size > room)
    return kin__complain (why, EINVAL, "there is no room for more than %" G_GSIZE_FORMAT " items",
                          i);
  return store_struct (row, data + i * row->size, row->size, value, text, why);
}

static gssize
store_array (const KinOption *row, guint8 *data, gsize room, GVariant *value, const char *text,
             char **why)
{
  g_auto (GStrv) pieces = text ? kin__text_split (text, ',') : NULL;
  gsize n = text ? (*text ? g_strv_length (pieces) : 0) : 0;
  gssize rc = 0;

  if (value) {
    g_autofree char *shown = kin__value_show (value);

    if (!g_variant_is_container (value) || g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING))
      return kin__complain (why, EINVAL, "must be a list, not %s", shown);
    n = g_variant_n_children (value);
  }
  for (gsize i = 0; i < n && rc >= 0; i++) {
    g_autoptr (GVariant) item = value ? g_variant_get_child_value (value, i) : NULL;

    rc = store_item (row, data, room, i, item, text ? pieces[i] : NULL, why);
  }
  return rc < 0 ? rc : (gssize) (n * row->size);
}

static gssize
store_single (const KinOption *row, guint8 *data, gsize room, GVariant *value, const char *text,
              char **why)
{
  KinField field = single_field (row);
  KinShape shape = shape_of (row, room);
  KinPlace place = { &shape, data, row->size, KIN_FORM_TUPLE };
  g_autofree char *buffer = NULL;
  guint8 number[4];
  KinAtom atom;
  int rc;

  if (row->kind == KIN_LENGTH) {
    shape.room = sizeof number;
    place.base = number;
  }
  if (value && !kin__atom_from_value (value, &atom)) {
    g_autofree char *shown = kin__value_show (value);

    return kin__complain (why, EINVAL, "cannot be %s", shown);
  }
  rc = value ? 0 : kin__atom_from_text (&field, text, &atom, &buffer, why);
  if (rc == 0)
    rc = kin__atom_store (&place, &field, &field, &atom, why);
  if (rc < 0)
    return rc;
  return row->kind == KIN_LENGTH ? (gssize) atom.number : (gssize) place.length;
}

static gboolean
is_struct_of_one (const KinOption *row)
{
  return row->kind == KIN_STRUCT && row->fields.count == 1;
}

/* A value may be one of the row's words, and that of a struct with one member the member alone. */
static gssize
store (const KinOption *row, gpointer data, gsize size, GVariant *value, const char *text,
       GError **error)
{
  g_autofree char *why = NULL;
  g_autoptr (GVariant) inside = value ? kin__value_unwrap (value) : NULL, only = NULL;
  gssize rc;

  if (inside && is_struct_of_one (row) && !kin__value_is_sequence (inside))
    only = g_variant_ref_sink (g_variant_new_tuple (&inside, 1));
  if (inside && row->names && g_variant_is_of_type (inside, G_VARIANT_TYPE_STRING))
    text = g_variant_get_string (inside, NULL);
  if (value && !inside)
    rc = kin__complain (&why, EINVAL, "cannot be None");
  else if (row->kind == KIN_STRUCT)
    rc = store_struct (row, data, size, only ? only : inside, text, &why);
  else if (row->kind == KIN_ARRAY)
    rc = store_array (row, data, size, inside, text, &why);
  else
    rc = store_single (row, data, size, text ? NULL : inside, text, &why);
  if (rc >= 0)
    return rc;
  kin__error_set (error, KIN_ERROR_BAD_VALUE, "%s: %s", row->name, why);
  return -1;
}

gssize
kin__value_set (const KinOption *row, gpointer data, gsize size, GVariant *value, GError **error)
{
  return store (row, data, size, value, NULL, error);
}

gssize
kin__value_parse (const KinOption *row, gpointer data, gsize size, const char *text, GError **error)
{
  return store (row, data, size, NULL, text, error);
}
