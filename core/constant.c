/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* constant: the constants of Python's socket module, by name and by value, from the tables and the
 * manifests: loads no plugin. */
#include "private.h"

#include <string.h>

/* ---- By name ------------------------------------------------------------------------------- */

/* A manifest's line is "NAME 40", or "NAME =text" for one that is no number. */
static GVariant *
value_from_lines (const char *lines, const char *name)
{
  gsize length = strlen (name);

  for (const char *at = lines; (at = strstr (at, name)); at += length) {
    const char *value = at + length + 1, *end = strchr (at, '\n');

    if ((at != lines && at[-1] != '\n') || at[length] != ' ' || !end)
      continue;
    if (*value == '=')
      return g_variant_new_take_string (g_utf8_make_valid (value + 1, end - value - 1));
    return g_variant_new_int64 (g_ascii_strtoll (value, NULL, 10));
  }
  return NULL;
}

static GVariant *
value_from_table (const KinTable *table, const char *name)
{
  KinConstant row;

  for (guint i = 0; kin__row (table, i, &row, sizeof row); i++)
    if (strcmp (row.name, name) == 0)
      return row.text ? g_variant_new_string (row.text) : g_variant_new_int64 (row.value);
  return NULL;
}

/**
 * kin_get_constant:
 * @name: a constant by the name that Python's socket module has for it, "SO_PEERCRED"
 *
 * Answered from manifests: loads no plugin.
 *
 * Returns: (transfer full) (nullable): an integer or a string; %NULL: no family has it
 */
GVariant *
kin_get_constant (const char *name)
{
  GVariant *value = value_from_table (kin_generic_constants (), name);
  const KinTable *table;
  const char *lines;

  if (*name == 0 || strpbrk (name, " \n"))
    return NULL;
  for (guint i = 0; !value && kin__registry_constants (i, &lines, &table); i++)
    value = lines ? value_from_lines (lines, name) : value_from_table (table, name);
  return value ? g_variant_ref_sink (value) : NULL;
}

/* ---- By value ------------------------------------------------------------------------------ */

static char *
name_from_lines (const char *lines, const char *prefix, gint64 value)
{
  gsize length = strlen (prefix);

  for (const char *at = lines, *end; (end = strchr (at, '\n')); at = end + 1) {
    const char *space = memchr (at, ' ', (gsize) (end - at));

    if (space && strncmp (at, prefix, length) == 0 && space[1] != '='
        && g_ascii_strtoll (space + 1, NULL, 10) == value)
      return g_strndup (at, (gsize) (space - at));
  }
  return NULL;
}

static char *
name_from_table (const KinTable *table, const char *prefix, gint64 value)
{
  KinConstant row;

  for (guint i = 0; kin__row (table, i, &row, sizeof row); i++)
    if (g_str_has_prefix (row.name, prefix) && !row.text && row.value == value)
      return g_strdup (row.name);
  return NULL;
}

/**
 * kin_constant_name:
 * @prefix: what its name begins with: "AF_", "SOCK_", "EAI_"
 * @value: its value
 *
 * Names a number, as the enumerations of Python's socket module (AddressFamily, SocketKind) do. Of
 * several the first is given, those that are of no family before others. Loads no plugin.
 *
 * Returns: (transfer full) (nullable): the constant's name, "SOCK_STREAM"; %NULL: there is none
 */
char *
kin_constant_name (const char *prefix, gint64 value)
{
  char *name = name_from_table (kin_generic_constants (), prefix, value);
  const KinTable *table;
  const char *lines;

  for (guint i = 0; !name && kin__registry_constants (i, &lines, &table); i++)
    name = lines ? name_from_lines (lines, prefix, value) : name_from_table (table, prefix, value);
  return name;
}

/**
 * kin_constant_flags:
 * @prefix: what their names begin with: "MSG_", "AI_"
 * @value: flags
 *
 * Names each of several flags, as MsgFlag and AddressInfo of Python's socket module do. Loads no
 * plugin.
 *
 * Returns: (transfer full): their names, "MSG_PEEK|MSG_DONTWAIT"; a flag that has none in
 *   hexadecimal; "0" where none is set
 */
char *
kin_constant_flags (const char *prefix, guint64 value)
{
  GString *names = g_string_new (value == 0 ? "0" : NULL);

  for (guint bit = 0; bit < 64; bit++) {
    guint64 flag = G_GUINT64_CONSTANT (1) << bit;
    g_autofree char *name = value & flag ? kin_constant_name (prefix, (gint64) flag) : NULL;

    if (!(value & flag))
      continue;
    if (names->len > 0)
      g_string_append_c (names, '|');
    if (name)
      g_string_append (names, name);
    else
      g_string_append_printf (names, "0x%" G_GINT64_MODIFIER "x", flag);
  }
  return g_string_free (names, FALSE);
}
