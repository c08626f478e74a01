/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/values.h: random values, and the form in which the oracles get them: words in front of what
 * they hold, i-5, sHEX, bHEX, t, f, n, (2 …, [2 … and {1 KEY VALUE. It owes nothing to the printer. */
/* clang-format off */
#ifndef TEST_VALUES_H
#define TEST_VALUES_H

#include "oracle.h"

static inline void
append_hex (GString *line, gconstpointer bytes, gsize length)
{
  for (gsize i = 0; i < length; i++)
    g_string_append_printf (line, "%02x", ((const guchar *) bytes)[i]);
}

static inline void
append_neutral (GString *line, GVariant *value)
{
  gsize n = g_variant_is_container (value) ? g_variant_n_children (value) : 0, length;
  gconstpointer bytes;

  switch (g_variant_classify (value)) {
  case G_VARIANT_CLASS_VARIANT:
  case G_VARIANT_CLASS_MAYBE:
    if (n == 0)
      g_string_append (line, "n");
    break;
  case G_VARIANT_CLASS_TUPLE:
    g_string_append_printf (line, "(%" G_GSIZE_FORMAT, n);
    break;
  case G_VARIANT_CLASS_ARRAY:
    if (g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING)) {
      bytes = g_variant_get_fixed_array (value, &length, 1);
      g_string_append_c (line, 'b');
      append_hex (line, bytes, length);
      return;
    }
    g_string_append_printf (line, "%c%" G_GSIZE_FORMAT,
                            g_variant_is_of_type (value, G_VARIANT_TYPE_DICTIONARY) ? '{' : '[', n);
    break;
  case G_VARIANT_CLASS_DICT_ENTRY:
    break;
  case G_VARIANT_CLASS_BOOLEAN:
    g_string_append_c (line, g_variant_get_boolean (value) ? 't' : 'f');
    break;
  case G_VARIANT_CLASS_STRING:
    bytes = g_variant_get_string (value, &length);
    g_string_append_c (line, 's');
    append_hex (line, bytes, length);
    break;
  case G_VARIANT_CLASS_BYTE:
    g_string_append_printf (line, "i%u", g_variant_get_byte (value));
    break;
  case G_VARIANT_CLASS_INT16:
    g_string_append_printf (line, "i%d", g_variant_get_int16 (value));
    break;
  case G_VARIANT_CLASS_INT32:
    g_string_append_printf (line, "i%d", g_variant_get_int32 (value));
    break;
  case G_VARIANT_CLASS_UINT64:
    g_string_append_printf (line, "i%" G_GUINT64_FORMAT, g_variant_get_uint64 (value));
    break;
  case G_VARIANT_CLASS_INT64:
    g_string_append_printf (line, "i%" G_GINT64_FORMAT, g_variant_get_int64 (value));
    break;
  default:
    fail_msg ("no neutral form of %s", g_variant_get_type_string (value));
  }
  for (gsize i = 0; i < n; i++) {
    g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

    if (!g_variant_is_of_type (value, G_VARIANT_TYPE_VARIANT)
        && !g_variant_is_of_type (value, G_VARIANT_TYPE_MAYBE)
        && !(g_variant_is_of_type (value, G_VARIANT_TYPE_DICT_ENTRY) && i == 0))
      g_string_append_c (line, ' ');
    append_neutral (line, child);
  }
}

/* GLib has it, or nobody ever will. */
static inline gboolean
is_known (gunichar c)
{
  return g_unichar_type (c) != G_UNICODE_UNASSIGNED || (c & 0xfffe) == 0xfffe
         || (c >= 0xfdd0 && c <= 0xfdef);
}

static inline gunichar
random_character (GRand *rand)
{
  static const gunichar odd[] = { '\'',   '"',    '\\',   '\n',    '\r',    '\t',
                                  0x7f,   0x85,   0xa0,   0xad,    0x2028,  0x3000,
                                  0xe000, 0xfeff, 0xffff, 0x1f600, 0xe0001, 0x10ffff };
  static const gint32 ends[] = { 0x20, 0x7f, 0x100, 0x3000, 0xd800, 0x110000 };
  gunichar c;

  if (g_rand_int_range (rand, 0, 3) == 0)
    return odd[g_rand_int_range (rand, 0, G_N_ELEMENTS (odd))];
  do
    c = (gunichar) g_rand_int_range (rand, 1, ends[g_rand_int_range (rand, 0, 6)]);
  while ((c >= 0xd800 && c <= 0xdfff) || !is_known (c));
  return c;
}

static inline GVariant *
random_string (GRand *rand)
{
  GString *string = g_string_new (NULL);
  GVariant *value;

  for (gint32 n = g_rand_int_range (rand, 0, 12); n > 0; n--)
    g_string_append_unichar (string, random_character (rand));
  value = g_variant_new_string (string->str);
  g_string_free (string, TRUE);
  return value;
}

static inline GVariant *
random_bytes (GRand *rand)
{
  guint8 bytes[24];
  gsize n = (gsize) g_rand_int_range (rand, 0, sizeof bytes);

  for (gsize i = 0; i < n; i++)
    bytes[i] = (guint8) (g_rand_boolean (rand) ? "'\"\\ab"[g_rand_int_range (rand, 0, 5)]
                                               : g_rand_int_range (rand, 0, 256));
  return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, n, 1);
}

static inline guint64
random_number (GRand *rand)
{
  guint64 number = (guint64) g_rand_int (rand) << 32 | g_rand_int (rand);

  return number >> g_rand_int_range (rand, 0, 64);
}

static inline GVariant *
random_single (GRand *rand)
{
  switch (g_rand_int_range (rand, 0, 9)) {
  case 0:
    return g_variant_new_boolean (g_rand_boolean (rand));
  case 1:
    return g_variant_new_byte ((guchar) random_number (rand));
  case 2:
    return g_variant_new_int16 ((gint16) random_number (rand));
  case 3:
    return g_variant_new_int32 ((gint32) random_number (rand));
  case 4:
    return g_variant_new_int64 ((gint64) random_number (rand));
  case 5:
    return g_variant_new_uint64 (random_number (rand));
  case 6:
    return g_variant_new_maybe (G_VARIANT_TYPE_INT64,
                                g_rand_boolean (rand) ? g_variant_new_int64 (5) : NULL);
  case 7:
    return random_bytes (rand);
  default:
    return random_string (rand);
  }
}

static inline GVariant *
random_value (GRand *rand, guint depth)
{
  GVariant *children[4];
  gsize n = (gsize) g_rand_int_range (rand, 0, 4);
  gint32 kind = g_rand_int_range (rand, 0, 6);

  if (depth == 0 || kind < 3)
    return random_single (rand);
  if (kind == 3)
    return g_variant_new_variant (random_value (rand, depth - 1));
  for (gsize i = 0; i < n; i++) {
    children[i] = random_value (rand, depth - 1);
    if (kind == 4)
      children[i] = g_variant_new_variant (children[i]);
  }
  return kind == 4 ? g_variant_new_array (G_VARIANT_TYPE_VARIANT, children, n)
                   : g_variant_new_tuple (children, n);
}

#endif
