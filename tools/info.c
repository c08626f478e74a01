/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin info: what one family understands, from its tables: how its addresses are written, its
 * options, control messages and constants. */
#include <stdio.h>
#include <string.h>

#include "tool.h"

static gboolean is_json;

/* What is shown of a family, or of what every socket has. */
typedef struct {
  const char *name, *summary, *modules, *file;
  const char *scheme; /* only this row; NULL: all */
  int domain;
  const KinTable *protocols, *options, *controls, *constants;
} Subject;

/* ---- As JSON ------------------------------------------------------------------------------- */

static void
info_add_member (GString *json, const char *name, const char *text)
{
  json_name (json, name);
  json_text (json, text);
}

static void
info_add_protocols (GString *json, const Subject *subject)
{
  KinProtocol row;

  json_name (json, "protocols");
  json_open (json, '[');
  for (guint i = 0; kin_table_get (subject->protocols, i, &row, sizeof row); i++) {
    g_autofree char *form = describe_tuple (&row), *tuple = describe_example (&row);

    if (subject->scheme && strcmp (subject->scheme, row.scheme) != 0)
      continue;
    json_open (json, '{');
    info_add_member (json, "scheme", row.scheme);
    info_add_member (json, "type", describe_socket_type (row.type));
    info_add_member (json, "grammar", row.grammar);
    info_add_member (json, "example", row.example);
    info_add_member (json, "tuple", form);
    info_add_member (json, "example_tuple", tuple);
    info_add_member (json, "datagram", row.datagram);
    json_close (json, '}');
  }
  json_close (json, ']');
}

static void
info_add_options (GString *json, const char *name, const KinTable *table, gboolean is_control)
{
  KinOption row;

  json_name (json, name);
  json_open (json, '[');
  for (guint i = 0; kin_table_get (table, i, &row, sizeof row); i++) {
    g_autofree char *kind = describe_kind (&row);

    json_open (json, '{');
    info_add_member (json, "name", row.name);
    info_add_member (json, "kind", kind);
    json_name (json, is_control ? "receive" : "read");
    json_truth (json, row.flags & KIN_OPTION_READ);
    json_name (json, is_control ? "send" : "write");
    json_truth (json, row.flags & KIN_OPTION_WRITE);
    info_add_member (json, "help", row.help);
    json_close (json, '}');
  }
  json_close (json, ']');
}

static void
info_add_constants (GString *json, const KinTable *table)
{
  KinConstant row;

  json_name (json, "constants");
  json_open (json, '{');
  for (guint i = 0; kin_table_get (table, i, &row, sizeof row); i++) {
    json_name (json, row.name);
    if (row.text)
      json_text (json, row.text);
    else
      json_number (json, row.value);
  }
  json_close (json, '}');
}

static void
info_add_subject (GString *json, const Subject *subject)
{
  json_open (json, '{');
  info_add_member (json, "name", subject->name);
  info_add_member (json, "summary", subject->summary);
  json_name (json, "domain");
  if (subject->domain == KIN_DOMAIN_DYNAMIC)
    json_text (json, NULL);
  else
    json_number (json, subject->domain);
  info_add_member (json, "modules", subject->modules);
  info_add_member (json, "file", subject->file);
  info_add_protocols (json, subject);
  info_add_options (json, "options", subject->options, FALSE);
  info_add_options (json, "controls", subject->controls, TRUE);
  info_add_constants (json, subject->constants);
  json_close (json, '}');
}

/* ---- As text ------------------------------------------------------------------------------- */

/* "  LABEL text" where there is text. */
static void
info_print_line (const char *label, const char *text)
{
  g_autofree char *line = tool_escape (text ? text : "");

  if (*line)
    printf ("  %-9s %s\n", label, line);
}

static GPtrArray *
info_rows_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
}

static void
info_print_protocols (const Subject *subject)
{
  KinProtocol row;

  for (guint i = 0; kin_table_get (subject->protocols, i, &row, sizeof row); i++) {
    g_autofree char *form = describe_tuple (&row), *tuple = describe_example (&row);
    g_autofree char *address =
        g_strdup_printf ("%s:%s", row.scheme, row.grammar ? row.grammar : "");

    if (subject->scheme && strcmp (subject->scheme, row.scheme) != 0)
      continue;
    printf ("\n%s: %s\n", row.scheme, describe_socket_type (row.type));
    info_print_line ("address", address);
    info_print_line ("tuple", form);
    info_print_line ("example", row.example);
    info_print_line ("", tuple);
    info_print_line ("datagram", row.datagram);
  }
}

static void
info_print_options (const char *title, const KinTable *table, gboolean is_control)
{
  g_autoptr (GPtrArray) rows = info_rows_new ();
  KinOption row;

  for (guint i = 0; kin_table_get (table, i, &row, sizeof row); i++) {
    g_autofree char *kind = describe_kind (&row);
    char **cells = g_new0 (char *, 5);

    cells[0] = g_strdup_printf ("  %s", row.name);
    cells[1] = tool_escape (kind);
    cells[2] = g_strdup (describe_access (&row, is_control));
    cells[3] = tool_escape (row.help ? row.help : "");
    g_ptr_array_add (rows, cells);
  }
  if (rows->len > 0)
    printf ("\n%s\n", title);
  tool_print_rows (rows, 4, NULL);
}

static void
info_print_constants (const KinTable *table)
{
  g_autoptr (GPtrArray) rows = info_rows_new ();
  KinConstant row;

  for (guint i = 0; kin_table_get (table, i, &row, sizeof row); i++) {
    char **cells = g_new0 (char *, 3);

    cells[0] = g_strdup_printf ("  %s", row.name);
    cells[1] = row.text ? tool_escape (row.text)
                        : g_strdup_printf ("%" G_GINT64_FORMAT, (gint64) row.value);
    g_ptr_array_add (rows, cells);
  }
  if (rows->len > 0)
    puts ("\nConstants");
  tool_print_rows (rows, 2, NULL);
}

static void
info_print_subject (const Subject *subject)
{
  g_autofree char *domain = g_strdup_printf ("%d", subject->domain);
  g_autofree char *summary = tool_escape (subject->summary);

  printf ("%s: %s\n", subject->name, summary);
  if (subject->domain != KIN_DOMAIN_DYNAMIC)
    info_print_line ("domain", domain);
  info_print_line ("modules", subject->modules);
  info_print_line ("plugin", subject->file);
  info_print_protocols (subject);
  info_print_options ("Options", subject->options, FALSE);
  if (subject->options != kin_generic_options ())
    puts ("\nOptions of every socket: kin info so");
  info_print_options ("Control messages", subject->controls, TRUE);
  info_print_constants (subject->constants);
}

/* ---- Which families ------------------------------------------------------------------------ */

static void
info_show (GString *json, const Subject *subject)
{
  if (is_json)
    info_add_subject (json, subject);
  else
    info_print_subject (subject);
}

static gboolean
info_show_family (GString *json, const char *name, const char *scheme, const char *file,
                  GError **error)
{
  const KinFamily *family = kin_load_family (name, error);

  if (family)
    info_show (json, &(Subject){ .name = family->name,
                                 .summary = family->summary,
                                 .modules = family->modules,
                                 .file = file,
                                 .scheme = scheme,
                                 .domain = family->domain,
                                 .protocols = &family->protocols,
                                 .options = &family->options,
                                 .controls = &family->controls,
                                 .constants = &family->constants });
  return family != NULL;
}

static void
info_show_generic (GString *json)
{
  static const KinTable nothing;

  info_show (json, &(Subject){ .name = "so",
                               .summary = "what sockets of every family have",
                               .domain = KIN_DOMAIN_DYNAMIC,
                               .protocols = &nothing,
                               .options = kin_generic_options (),
                               .controls = kin_generic_controls (),
                               .constants = kin_generic_constants () });
}

/* A family's name, or a scheme, which several families may share. */
static gboolean
info_show_word (GString *json, const char *word, GError **error)
{
  g_autoptr (GPtrArray) families = kin_list_families ();
  const KinFamilyInfo *info = lookup_family (families, word);
  guint n = 0;

  if (info)
    return info_show_family (json, word, NULL, info->file, error);
  for (guint i = 0; i < families->len; i++) {
    info = families->pdata[i];
    if (info->state == KIN_FAMILY_SHADOWED || !g_strv_contains (info->schemes, word))
      continue;
    if (!is_json && n > 0)
      putchar ('\n');
    if (!info_show_family (json, info->name, word, info->file, error))
      return FALSE;
    n++;
  }
  return n > 0 || info_show_family (json, word, NULL, NULL, error);
}

static int
info_run (char **operands)
{
  g_autoptr (GError) error = NULL;
  GString *json = g_string_new ("[");
  gboolean is_shown = TRUE;

  if (strcmp (operands[0], "so") == 0)
    info_show_generic (json);
  else
    is_shown = info_show_word (json, operands[0], &error);
  json_close (json, ']');
  if (is_shown && is_json)
    json_print (json);
  else
    g_string_free (json, TRUE);
  return is_shown ? TOOL_DONE : tool_fail (error);
}

static const GOptionEntry options[] = {
  { "json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "a list of objects", NULL }, { 0 }
};

KIN_VERB (info) = {
  .name = "info",
  .operands = "FAMILY|SCHEME",
  .summary = "show a family's addresses, options and constants",
  .details = "How its addresses are written, as text and as Python's tuple; the options that an\n"
             "endpoint may carry (?NAME=VALUE&...), control messages and constants. \"so\" shows\n"
             "what sockets of every family have. Loads that family alone.\n"
             "\n"
             "Examples:\n"
             "  kin info unix\n"
             "  kin info unix-dgram\n"
             "  kin info so\n"
             "  kin info --json unix | jq '.[0].options[].name'\n",
  .options = options,
  .min = 1,
  .max = 1,
  .run = info_run,
};
