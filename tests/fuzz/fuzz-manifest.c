/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fuzz-manifest: a file that is a family's manifest, or nearly.
 *
 * Needs: plugins
 */
#include "fuzz.h"

#include "host.h"

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  (void) argc;
  (void) argv;
  return 0;
}

static void
check_entry (const KinEntry *entry)
{
  if (!entry->info.name || !*entry->info.name || entry->info.schemes[0] == NULL)
    FAULT ("a manifest is taken that has no name, or no scheme");
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  KinManifest *manifest = kin__manifest_new ("/nowhere", g_strdup ("fuzz"));
  char *text = g_malloc (size + 1);
  g_autofree char *why = NULL;

  if (size > 0)
    memcpy (text, data, size);
  text[size] = 0;
  why = kin__manifest_parse (manifest, text, size);
  if (!why)
    check_entry (&manifest->entry);
  else if (!*why || !g_utf8_validate (why, -1, NULL) || strchr (why, '\n'))
    FAULT ("a manifest is refused with no line: %s", why);
  kin__manifest_free (manifest);
  return 0;
}
