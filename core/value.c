/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* value: prints values as Python's repr () does, and takes single ones out of a GVariant. */
#include "fields.h"

#include <string.h>

/* ---- Printing ------------------------------------------------------------------------------ */

static void print (GString *text, GVariant *value);

/* Python takes double quotes only where that saves escapes. */
static char
choose_quote (const char *bytes, gsize length)
{
  return memchr (bytes, '\'', length) && !memchr (bytes, '"', length) ? '"' : '\'';
}

/* What both kinds of string escape alike; FALSE: it is not one of them. */
static gboolean
print_common (GString *text, gunichar c, char quote)
{
  if (c == (gunichar) quote || c == '\\')
    g_string_append_printf (text, "\\%c", (char) c);
  else if (c == '\t')
    g_string_append (text, "\\t");
  else if (c == '\n')
    g_string_append (text, "\\n");
  else if (c == '\r')
    g_string_append (text, "\\r");
  else if (c < ' ' || c == 0x7f)
    g_string_append_printf (text, "\\x%02x", c);
  else if (c < 0x7f)
    g_string_append_c (text, (char) c);
  else
    return FALSE;
  return TRUE;
}

/* str.isprintable (): not of the categories "other" and "separator"; the space is ASCII. */
static gboolean
is_printable (gunichar c)
{
  switch (g_unichar_type (c)) {
  case G_UNICODE_CONTROL:
  case G_UNICODE_FORMAT:
  case G_UNICODE_UNASSIGNED:
  case G_UNICODE_PRIVATE_USE:
  case G_UNICODE_SURROGATE:
  case G_UNICODE_LINE_SEPARATOR:
  case G_UNICODE_PARAGRAPH_SEPARATOR:
  case G_UNICODE_SPACE_SEPARATOR:
    return FALSE;
  default:
    return TRUE;
  }
}

static void
print_string (GString *text, GVariant *value)
{
  gsize length;
  const char *string = g_variant_get_string (value, &length);
  char quote = choose_quote (string, length);

  g_string_append_c (text, quote);
  for (const char *at = string; *at; at = g_utf8_next_char (at)) {
    gunichar c = g_utf8_get_char (at);

    if (print_common (text, c, quote))
      continue;
    if (is_printable (c))
      g_string_append_unichar (text, c);
    else
      g_string_append_printf (text, c <= 0xff ? "\\x%02x" : c <= 0xffff ? "\\u%04x" : "\\U%08x", c);
  }
  g_string_append_c (text, quote);
}

static void
print_bytes (GString *text, GVariant *value)
{
  gsize length;
  const guchar *bytes = g_variant_get_fixed_array (value, &length, 1);
  char quote = length > 0 ? choose_quote ((const char *) bytes, length) : '\'';

  g_string_append_printf (text, "b%c", quote);
  for (gsize i = 0; i < length; i++)
    if (!print_common (text, bytes[i], quote))
      g_string_append_printf (text, "\\x%02x", bytes[i]);
  g_string_append_c (text, quote);
}

static void
print_children (GString *text, GVariant *value, const char *separator)
{
  gsize n = g_variant_n_children (value);

  for (gsize i = 0; i < n; i++) {
    g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

    if (i > 0)
      g_string_append (text, separator);
    print (text, child);
  }
}

static void
print_array (GString *text, GVariant *value)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING)) {
    print_bytes (text, value);
    return;
  }
  g_string_append_c (text, g_variant_is_of_type (value, G_VARIANT_TYPE_DICTIONARY) ? '{' : '[');
  print_children (text, value, ", ");
  g_string_append_c (text, g_variant_is_of_type (value, G_VARIANT_TYPE_DICTIONARY) ? '}' : ']');
}

static void
print_tuple (GString *text, GVariant *value)
{
  g_string_append_c (text, '(');
  print_children (text, value, ", ");
  g_string_append (text, g_variant_n_children (value) == 1 ? ",)" : ")");
}

static void
print_single (GString *text, GVariant *value)
{
  KinAtom atom;

  if (!kin__atom_from_value (value, &atom)) {
    g_autofree char *other = g_variant_print (value, FALSE);

    g_string_append (text, other);
  } else if (atom.kind == KIN_BOOL)
    g_string_append (text, atom.number ? "True" : "False");
  else if (atom.kind == KIN_INT)
    g_string_append_printf (text, "%" G_GINT64_FORMAT, (gint64) atom.number);
  else if (atom.kind == KIN_UINT)
    g_string_append_printf (text, "%" G_GUINT64_FORMAT, atom.number);
  else
    print_string (text, value);
}

static void
print (GString *text, GVariant *value)
{
  g_autoptr (GVariant) inside = kin__value_unwrap (value);

  if (!inside)
    g_string_append (text, "None");
  else
    switch (g_variant_classify (inside)) {
    case G_VARIANT_CLASS_ARRAY:
      print_array (text, inside);
      break;
    case G_VARIANT_CLASS_TUPLE:
      print_tuple (text, inside);
      break;
    case G_VARIANT_CLASS_DICT_ENTRY:
      print_children (text, inside, ": ");
      break;
    default:
      print_single (text, inside);
      break;
    }
}

/**
 * kin_value_print:
 * @value: a value of an address, option or control message; a floating reference stays floating
 *
 * Writes a value as Python's repr() does: `('127.0.0.1', 80)`, `('vcan0',)`, `b'\x00name'`, `None`.
 * A string's characters that Python cannot print, and so control characters, are escaped.
 * Variants and maybes show what is inside them.
 *
 * Returns: (transfer full): the text
 */
char *
kin_value_print (GVariant *value)
{
  GString *text = g_string_new (NULL);

  print (text, value);
  return g_string_free (text, FALSE);
}

char *
kin__value_show (GVariant *value)
{
  g_autofree char *whole = kin_value_print (value);
  g_autofree char *start = NULL;

  if (g_utf8_strlen (whole, -1) <= 80)
    return g_steal_pointer (&whole);
  start = g_utf8_substring (whole, 0, 80);
  return g_strconcat (start, "...", NULL);
}

/* ---- Single values ------------------------------------------------------------------------- */

GVariant *
kin__value_unwrap (GVariant *value)
{
  GVariant *inside = g_variant_ref (value);

  while (inside
         && (g_variant_is_of_type (inside, G_VARIANT_TYPE_VARIANT)
             || g_variant_is_of_type (inside, G_VARIANT_TYPE_MAYBE))) {
    GVariant *outer = inside;

    inside = g_variant_n_children (outer) > 0 ? g_variant_get_child_value (outer, 0) : NULL;
    g_variant_unref (outer);
  }
  return inside;
}

GVariant *
kin__atom_to_value (const KinAtom *atom)
{
  g_autofree char *string = NULL;

  switch (atom->kind) {
  case KIN_BOOL:
    return g_variant_new_boolean (atom->number != 0);
  case KIN_INT:
    return g_variant_new_int64 ((gint64) atom->number);
  case KIN_STRING:
    if (g_utf8_validate (atom->bytes, (gssize) atom->length, NULL)) {
      string = g_strndup (atom->bytes, atom->length);
      return g_variant_new_string (string);
    }
    G_GNUC_FALLTHROUGH;
  case KIN_BYTES:
    return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, atom->bytes, atom->length, 1);
  default:
    return atom->number <= G_MAXINT64 ? g_variant_new_int64 ((gint64) atom->number)
                                      : g_variant_new_uint64 (atom->number);
  }
}

static gint64
get_signed (GVariant *value)
{
  switch (g_variant_classify (value)) {
  case G_VARIANT_CLASS_INT16:
    return g_variant_get_int16 (value);
  case G_VARIANT_CLASS_INT32:
    return g_variant_get_int32 (value);
  default:
    return g_variant_get_int64 (value);
  }
}

static guint64
get_unsigned (GVariant *value)
{
  switch (g_variant_classify (value)) {
  case G_VARIANT_CLASS_BYTE:
    return g_variant_get_byte (value);
  case G_VARIANT_CLASS_UINT16:
    return g_variant_get_uint16 (value);
  case G_VARIANT_CLASS_UINT32:
    return g_variant_get_uint32 (value);
  default:
    return g_variant_get_uint64 (value);
  }
}

gboolean
kin__atom_from_value (GVariant *value, KinAtom *atom)
{
  gint64 number;

  *atom = (KinAtom){ .kind = KIN_UINT };
  switch (g_variant_classify (value)) {
  case G_VARIANT_CLASS_BOOLEAN:
    atom->kind = KIN_BOOL;
    atom->number = g_variant_get_boolean (value) != FALSE;
    return TRUE;
  case G_VARIANT_CLASS_INT16:
  case G_VARIANT_CLASS_INT32:
  case G_VARIANT_CLASS_INT64:
    number = get_signed (value);
    atom->kind = number < 0 ? KIN_INT : KIN_UINT;
    atom->number = (guint64) number;
    return TRUE;
  case G_VARIANT_CLASS_BYTE:
  case G_VARIANT_CLASS_UINT16:
  case G_VARIANT_CLASS_UINT32:
  case G_VARIANT_CLASS_UINT64:
    atom->number = get_unsigned (value);
    return TRUE;
  case G_VARIANT_CLASS_STRING:
  case G_VARIANT_CLASS_OBJECT_PATH:
  case G_VARIANT_CLASS_SIGNATURE:
    atom->kind = KIN_STRING;
    atom->bytes = g_variant_get_string (value, &atom->length);
    return TRUE;
  case G_VARIANT_CLASS_ARRAY:
    if (!g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING))
      return FALSE;
    atom->kind = KIN_BYTES;
    atom->bytes = g_variant_get_fixed_array (value, &atom->length, 1);
    if (atom->length == 0)
      atom->bytes = "";
    return TRUE;
  default:
    return FALSE;
  }
}
