/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* manifest-write: the manifest of a descriptor. kin-manifest prints it; the host makes it again
 * when a plugin is loaded, and compares: so all that a manifest says is held against the plugin,
 * and what is said is decided in one place. */
#include <string.h>

#include "host.h"

gboolean
kin__manifest_can_describe (const KinFamily *family)
{
  return family->magic == KIN_MAGIC && family->major == KIN_MAJOR
         && family->size >= offsetof (KinFamily, ops);
}

static void
write_domain (GString *text, const KinFamily *family)
{
  if (family->domain != KIN_DOMAIN_DYNAMIC)
    g_string_append_printf (text, "domain %d\n", family->domain);
  else if (family->over_domain != 0)
    g_string_append_printf (text, "domain dynamic over %d\n", family->over_domain);
  else
    g_string_append (text, "domain dynamic\n");
}

static const char *
or_empty (const char *text)
{
  return text ? text : "";
}

char *
kin__manifest_write (const KinFamily *own)
{
  GString *text = g_string_new ("kin-manifest 1\n");
  char machine[KIN__MACHINE_SIZE];
  KinFamily family = { 0 };
  KinProtocol protocol;
  KinConstant constant;

  memcpy (&family, own, MIN (own->size, sizeof family));
  kin__elf_machine (machine);
  g_string_append_printf (text, "name %s\nsummary %s\nabi %d.%d\nmachine %s\n",
                          or_empty (family.name), or_empty (family.summary), family.major,
                          family.minor, machine);
  write_domain (text, &family);
  g_string_append_printf (text, "flags %u\n", family.flags);
  for (guint i = 0; kin__row (&family.protocols, i, &protocol, sizeof protocol); i++)
    g_string_append_printf (text, "%s %s\n",
                            protocol.flags & KIN_PROTOCOL_SHARED ? "shared-scheme" : "scheme",
                            or_empty (protocol.scheme));
  g_string_append (text, "constants\n");
  for (guint i = 0; kin__row (&family.constants, i, &constant, sizeof constant); i++) {
    if (constant.text)
      g_string_append_printf (text, "%s =%s\n", or_empty (constant.name), constant.text);
    else
      g_string_append_printf (text, "%s %" G_GINT64_FORMAT "\n", or_empty (constant.name),
                              (gint64) constant.value);
  }
  g_string_append (text, "end\n");
  return g_string_free (text, FALSE);
}

/* ---- Comparing ----------------------------------------------------------------------------- */

/* Lines of a manifest; they end in newline or NUL. */
typedef struct {
  const char *at, *end;
  gboolean is_constant; /* the headers are over */
  const char *line;     /* the one in hand; of length 0 at the end */
  gsize length;
} Lines;

static void
cut_line (Lines *lines)
{
  lines->line = lines->at;
  while (lines->at < lines->end && *lines->at != '\n' && *lines->at != 0)
    lines->at++;
  lines->length = (gsize) (lines->at - lines->line);
  if (lines->at < lines->end)
    lines->at++;
}

/* To the next line that this libkin knows. */
static void
next_line (Lines *lines)
{
  gsize n = strlen ("constants");

  do {
    cut_line (lines);
    if (lines->length == n && memcmp (lines->line, "constants", n) == 0)
      lines->is_constant = TRUE;
  } while (!lines->is_constant && lines->at < lines->end && !kin__manifest_knows (lines->line));
}

char *
kin__manifest_compare (const KinManifest *manifest, const KinFamily *family)
{
  g_autofree char *text = kin__manifest_write (family), *expected = NULL, *found = NULL;
  Lines said = { .at = manifest->text, .end = manifest->text + manifest->length };
  Lines real = { .at = text, .end = text + strlen (text) };

  do {
    next_line (&said);
    next_line (&real);
    if (said.length != real.length || memcmp (said.line, real.line, said.length) != 0) {
      expected = kin__quote (said.line, (gssize) said.length);
      found = kin__quote (real.line, (gssize) real.length);
      return g_strdup_printf ("it disagrees with its manifest: expected %s, found %s", expected,
                              found);
    }
  } while (said.at < said.end || real.at < real.end);
  return NULL;
}
