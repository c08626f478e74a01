/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* unknown: what is said of a scheme, a family or an option that is not there, and of a text that is
 * no endpoint: what was probably meant, from what is registered. */
#include "fields.h"

#include <string.h>

/* In small letters, with the separator that names have. */
static char *
fold (const char *word, gsize length, char separator)
{
  char *folded = g_ascii_strdown (word, (gssize) length);

  return g_strdelimit (folded, "_", separator);
}

/* ---- Schemes ------------------------------------------------------------------------------- */

/* The first family that serves the scheme, usable or not; NULL: none does. */
static const KinFamilyInfo *
find_serving (GPtrArray *families, const char *scheme)
{
  for (guint i = 0; i < families->len; i++) {
    const KinFamilyInfo *info = families->pdata[i];

    if (g_strv_contains (info->schemes, scheme))
      return info;
  }
  return NULL;
}

char *
kin__not_installed (const char *family)
{
  g_auto (GStrv) folders = kin_plugin_folders ();
  g_autofree char *list = g_strjoinv (", ", folders), *shown = kin__text_tame (list);

  return g_strdup_printf ("which is not installed: no %s.kin in %s", family, shown);
}

static void
fail_missing (const char *quoted, const char *family, GError **error)
{
  g_autofree char *where = kin__not_installed (family);

  kin__error_set (error, KIN_ERROR_NO_PLUGIN, "%s belongs to family %s, %s", quoted, family, where);
}

/* "unix, unix-dgram" for "unix-stream"; NULL: what stands before its first "-" is no scheme. */
static char *
list_relatives (GPtrArray *families, const char *scheme)
{
  g_autofree char *stem = g_strndup (scheme, strcspn (scheme, "-"));
  const KinFamilyInfo *family = find_serving (families, stem);
  GString *list;

  if (!family)
    return NULL;
  list = g_string_new (NULL);
  for (guint i = 0; family->schemes[i]; i++)
    if (g_str_has_prefix (family->schemes[i], stem))
      g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", family->schemes[i]);
  return g_string_free (list, FALSE);
}

/* One whose name was written in the place of a scheme, right or nearly so; or NULL. */
static const KinFamilyInfo *
find_named (GPtrArray *families, const char *word)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  const char *nearest;

  for (guint i = 0; i < families->len; i++) {
    const KinFamilyInfo *info = families->pdata[i];

    if (strcmp (info->name, word) == 0)
      return info;
    g_ptr_array_add (names, (gpointer) info->name);
  }
  g_ptr_array_add (names, NULL);
  nearest = kin__nearest (word, (const char *const *) names->pdata);
  return nearest ? find_named (families, nearest) : NULL;
}

static void
fail_named (const char *quoted, const char *word, const KinFamilyInfo *family, GError **error)
{
  g_autofree char *schemes = g_strjoinv (", ", (char **) family->schemes);

  if (strcmp (family->name, word) == 0)
    kin__error_set (error, KIN_ERROR_NO_SUCH_SCHEME,
                    "%s is a family and no scheme; its schemes are %s", quoted, schemes);
  else
    kin__error_set (error, KIN_ERROR_NO_SUCH_SCHEME,
                    "no family has the scheme %s; did you mean the family %s (%s)?", quoted,
                    family->name, schemes);
}

void
kin__fail_scheme (const char *scheme, GError **error)
{
  g_autoptr (GPtrArray) families = kin_list_families ();
  const KinFamilyInfo *named = find_named (families, scheme);
  const KinFamilyInfo *serving = find_serving (families, scheme);
  g_autofree char *missing = serving ? NULL : kin__registry_missing (scheme);
  g_auto (GStrv) schemes = kin__registry_schemes ();
  g_autofree char *quoted = kin__quote (scheme, -1), *relatives = list_relatives (families, scheme);
  const char *nearest = kin__nearest (scheme, (const char *const *) schemes);

  if (serving)
    kin__error_set (error, KIN_ERROR_NO_SUCH_SCHEME, "%s is a scheme of family %s", quoted,
                    serving->name);
  else if (missing)
    fail_missing (quoted, missing, error);
  else if (relatives)
    kin__error_set (error, KIN_ERROR_NO_SUCH_SCHEME,
                    "no family has the scheme %s; did you mean one of %s?", quoted, relatives);
  else if (nearest)
    kin__error_set (error, KIN_ERROR_NO_SUCH_SCHEME,
                    "no family has the scheme %s; did you mean %s?", quoted, nearest);
  else if (named)
    fail_named (quoted, scheme, named, error);
  else
    kin__error_set (error, KIN_ERROR_NO_SUCH_SCHEME,
                    "no family has the scheme %s; `kin families` lists all", quoted);
}

void
kin__fail_text (const char *text, GError **error)
{
  gsize n = strcspn (text, ":");
  g_autofree char *quoted = kin__quote (text, -1), *folded = fold (text, n, '-');
  g_auto (GStrv) schemes = kin__registry_schemes ();
  const char *nearest = text[n] ? kin__nearest (folded, (const char *const *) schemes) : NULL;

  if (nearest)
    kin__error_set (error, KIN_ERROR_BAD_ENDPOINT, "%s is not an endpoint: did you mean %s:?",
                    quoted, nearest);
  else
    kin__error_set (error, KIN_ERROR_BAD_ENDPOINT,
                    "%s is not an endpoint: write SCHEME:ADDRESS[?OPTION=VALUE&...]; `kin "
                    "families` lists the schemes",
                    quoted);
}

/* ---- Options ------------------------------------------------------------------------------- */

void
kin__fail_option (const KinTransport *transport, const char *name, GError **error)
{
  const KinTable *tables[] = { &transport->family->data.options, kin_generic_options () };
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_autofree char *quoted = kin__quote (name, -1), *folded = fold (name, strlen (name), '.');
  const char *nearest;
  KinOption row;

  for (guint t = 0; t < G_N_ELEMENTS (tables); t++)
    for (guint i = 0; kin__row (tables[t], i, &row, sizeof row); i++)
      g_ptr_array_add (words, (gpointer) row.name);
  g_ptr_array_add (words, NULL);
  nearest = kin__nearest (folded, (const char *const *) words->pdata);
  if (strcmp (folded, "timeout") == 0)
    kin__error_set (error, KIN_ERROR_NO_SUCH_OPTION,
                    "%s has no option %s; see kin_socket_set_timeout(), and kin connect --timeout",
                    transport->row.scheme, quoted);
  else if (nearest)
    kin__error_set (error, KIN_ERROR_NO_SUCH_OPTION, "%s has no option %s; is it %s?",
                    transport->row.scheme, quoted, nearest);
  else
    kin__error_set (error, KIN_ERROR_NO_SUCH_OPTION, "%s has no option %s; `kin info %s` lists all",
                    transport->row.scheme, quoted, transport->row.scheme);
}
