/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin resolve: what an endpoint means, as text, as Python's tuple, and whose it is. */
#include "tool.h"

static gboolean is_json;

typedef struct {
  char *text, *tuple;
  const char *scheme, *family;
} Resolved;

static gboolean
resolve_one (const char *text, Resolved *resolved, GError **error)
{
  g_autoptr (KinEndpoint) endpoint = kin_endpoint_new (text, error);
  g_autoptr (GVariant) tuple = NULL;
  KinAddress address;

  if (!endpoint || !kin_endpoint_resolve (endpoint, &address, error))
    return FALSE;
  tuple = lookup_tuple (&address);
  resolved->text = kin_address_format (&address);
  resolved->tuple = tuple ? kin_value_print (tuple) : g_strdup ("None");
  resolved->scheme = kin_address_scheme (&address);
  resolved->family = lookup_family_of (&address);
  return TRUE;
}

static void
resolve_add_json (GString *json, const char *endpoint, const Resolved *resolved)
{
  json_open (json, '{');
  json_name (json, "endpoint");
  json_text (json, endpoint);
  json_name (json, "text");
  json_text (json, resolved->text);
  json_name (json, "tuple");
  json_text (json, resolved->tuple);
  json_name (json, "scheme");
  json_text (json, resolved->scheme);
  json_name (json, "family");
  json_text (json, resolved->family);
  json_close (json, '}');
}

static void
resolve_add_row (Listing *listing, const Resolved *resolved)
{
  char **cells = listing_add_row (listing);

  cells[0] = tool_escape (resolved->text);
  cells[1] = tool_escape (resolved->tuple);
  cells[2] = tool_escape (resolved->family);
}

static int
resolve_run (char **operands)
{
  int code = TOOL_DONE;
  Listing listing;

  listing_begin (&listing, 3, NULL);
  for (guint i = 0; operands[i]; i++) {
    g_autoptr (GError) error = NULL;
    Resolved resolved = { 0 };

    if (resolve_one (operands[i], &resolved, &error)) {
      resolve_add_json (listing.json, operands[i], &resolved);
      resolve_add_row (&listing, &resolved);
    } else {
      int failure = tool_fail (error);

      code = MAX (code, failure);
    }
    g_free (resolved.text);
    g_free (resolved.tuple);
  }
  listing_end (&listing, is_json);
  return code;
}

static const GOptionEntry options[] = {
  { "json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "a list of objects", NULL }, { 0 }
};

KIN_VERB (resolve) = {
  .name = "resolve",
  .operands = "ENDPOINT...",
  .summary = "show what an endpoint means",
  .details =
      "A line for each: the address as text, its tuple as Python's socket module has it, and\n"
      "the family. Loads the families named and no other; nothing is connected to.\n"
      "\n"
      "Examples:\n"
      "  kin resolve unix:/run/hello.sock unix:@abstract\n"
      "  kin resolve --json loop:hello\n",
  .options = options,
  .min = 1,
  .max = G_MAXUINT,
  .run = resolve_run,
};
