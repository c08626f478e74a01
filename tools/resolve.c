/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin resolve: what an endpoint means, as text, as Python's tuple, and whose it is. */
#include <string.h>

#include "tool.h"

static gboolean is_json;
static char *timeout_text;

typedef struct {
  char *text, *tuple;
  const char *scheme, *family, *options;
} Resolved;

static void
resolve_show (const KinAddress *address, Resolved *resolved)
{
  g_autoptr (GVariant) tuple = lookup_tuple (address);

  resolved->text = kin_address_format (address);
  resolved->tuple = tuple ? kin_value_print (tuple) : g_strdup ("None");
  resolved->scheme = kin_address_scheme (address);
  resolved->family = lookup_family_of (address);
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
  json_name (json, "options");
  json_text (json, resolved->options);
  json_close (json, '}');
}

static void
resolve_add_row (Listing *listing, const Resolved *resolved)
{
  char **cells = listing_add_row (listing);

  cells[0] = tool_escape (resolved->text);
  cells[1] = tool_escape (resolved->tuple);
  cells[2] = tool_escape (resolved->family);
  cells[3] = tool_escape (resolved->options ? resolved->options : "");
}

static gboolean
resolve_one (const char *text, gint64 timeout_usec, Listing *listing, GError **error)
{
  g_autoptr (KinEndpoint) endpoint = kin_endpoint_new (text, error);
  g_autofree KinAddress *addresses = NULL;
  g_autofree char *written = NULL;
  gsize n = 0;

  if (endpoint)
    addresses = kin_endpoint_resolve (endpoint, FALSE, timeout_usec, NULL, &n, error);
  written = addresses ? kin_endpoint_format (endpoint) : NULL;
  for (gsize i = 0; i < n; i++) {
    /* In an address the question mark is escaped. */
    const char *mark = strchr (written, '?');
    Resolved resolved = { .options = mark ? mark + 1 : NULL };

    resolve_show (&addresses[i], &resolved);
    resolve_add_json (listing->json, text, &resolved);
    resolve_add_row (listing, &resolved);
    g_free (resolved.text);
    g_free (resolved.tuple);
  }
  return addresses != NULL;
}

static int
resolve_run (char **operands)
{
  gint64 timeout_usec = KIN_FOREVER;
  g_autoptr (GError) wrong = NULL;
  int code = TOOL_DONE;
  Listing listing;

  if (!tool_parse_seconds ("timeout", timeout_text, &timeout_usec, &wrong))
    return tool_fail (wrong);
  listing_begin (&listing, 4, NULL);
  for (guint i = 0; operands[i]; i++) {
    g_autoptr (GError) error = NULL;

    if (!resolve_one (operands[i], timeout_usec, &listing, &error)) {
      int failure;

      hint_complete (operands[i], error);
      failure = tool_fail (error);

      code = MAX (code, failure);
    }
  }
  listing_end (&listing, is_json);
  return code;
}

static const GOptionEntry options[] = {
  { "json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "a list of objects", NULL },
  { "timeout", 't', 0, G_OPTION_ARG_STRING, &timeout_text, "give up after so many seconds", "S" },
  { 0 },
};

KIN_VERB (resolve) = {
  .name = "resolve",
  .operands = "ENDPOINT...",
  .summary = "show what an endpoint means",
  .details = "A line for each address: as text, its tuple as Python's socket module has it, the\n"
             "family, and the endpoint's options. An endpoint may have the tuple in place of its\n"
             "address, here and everywhere. Names are looked up. Loads the families named and no\n"
             "other; nothing is connected to.\n"
             "\n"
             "Examples:\n"
             "  kin resolve unix:/run/hello.sock unix:@abstract\n"
             "  kin resolve --timeout 5 tcp:example.org:https\n"
             "  kin resolve \"vsock:(2, 1234)\"\n"
             "  kin resolve --json loop:hello\n",
  .options = options,
  .min = 1,
  .max = G_MAXUINT,
  .run = resolve_run,
};
