/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin families: every plugin that was seen, from the manifests: nothing is loaded. */
#include "tool.h"

static gboolean is_json;

static const char *
families_state (KinFamilyState state)
{
  static const char *const words[] = {
    [KIN_FAMILY_LISTED] = "listed",
    [KIN_FAMILY_LOADED] = "loaded",
    [KIN_FAMILY_REFUSED] = "refused",
    [KIN_FAMILY_SHADOWED] = "shadowed",
  };

  return (guint) state < G_N_ELEMENTS (words) ? words[state] : "unknown";
}

static void
families_add_json (GString *json, const KinFamilyInfo *info)
{
  json_open (json, '{');
  json_name (json, "name");
  json_text (json, info->name);
  json_name (json, "state");
  json_text (json, families_state (info->state));
  json_name (json, "schemes");
  json_open (json, '[');
  for (guint i = 0; info->schemes[i]; i++)
    json_text (json, info->schemes[i]);
  json_close (json, ']');
  json_name (json, "domain");
  if (info->domain == KIN_DOMAIN_DYNAMIC)
    json_text (json, NULL);
  else
    json_number (json, info->domain);
  json_name (json, "summary");
  json_text (json, info->summary);
  json_name (json, "file");
  json_text (json, info->file);
  json_name (json, "reason");
  json_text (json, info->reason);
  json_close (json, '}');
}

static void
families_add_row (Listing *listing, const KinFamilyInfo *info)
{
  gboolean is_dynamic = info->domain == KIN_DOMAIN_DYNAMIC;
  g_autofree char *schemes = g_strjoinv (" ", (char **) info->schemes);
  char **cells = listing_add_row (listing);

  cells[0] = tool_escape (info->name);
  cells[1] = g_strdup (families_state (info->state));
  cells[2] = is_dynamic ? g_strdup ("-") : g_strdup_printf ("%d", info->domain);
  cells[3] = tool_escape (schemes);
  cells[4] = tool_escape (info->summary);
  cells[5] = info->file ? tool_escape (info->file) : g_strdup ("(linked in)");
  if (info->reason) {
    g_autofree char *reason = tool_escape (info->reason);

    listing_add_line (listing, g_strdup_printf ("  %s", reason));
  }
}

static int
families_run (char **operands)
{
  static const char *const heads[] = {
    "NAME", "STATE", "DOMAIN", "SCHEMES", "SUMMARY", "FILE", NULL
  };
  g_autoptr (GPtrArray) families = kin_list_families ();
  Listing listing;

  (void) operands;
  if (families->len == 0)
    lookup_say_none ();
  listing_begin (&listing, G_N_ELEMENTS (heads) - 1, heads);
  for (guint i = 0; i < families->len; i++) {
    families_add_json (listing.json, families->pdata[i]);
    families_add_row (&listing, families->pdata[i]);
  }
  listing_end (&listing, is_json);
  return TOOL_DONE;
}

static const GOptionEntry options[] = {
  { "json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "a list of objects", NULL }, { 0 }
};

KIN_VERB (families) = {
  .name = "families",
  .operands = "",
  .summary = "list the address families and their plugins",
  .details = "What the manifests say; no plugin is loaded. States: listed (its plugin is loaded\n"
             "when first needed), loaded, refused and shadowed (with the reason). A domain is the\n"
             "kernel's number, \"-\" where the family is not the kernel's.\n"
             "\n"
             "Examples:\n"
             "  kin families\n"
             "  kin families --json | jq -r '.[] | select(.state == \"refused\") | .reason'\n"
             "  KIN_PLUGIN_PATH=$PWD/build/lib/kin-1/families kin families\n",
  .options = options,
  .run = families_run,
};
