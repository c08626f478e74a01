/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin-manifest PLUGIN: prints the manifest of a plugin, which the build keeps beside it as
 * NAME.kin.
 *
 * Loads the plugin as libkin would, checks its descriptor as libkin would, and then the manifest,
 * so that what is wrong with any of them fails the build. */
#include <stdio.h>
#include <string.h>

#include "host.h"

/* Never freed, so that a leak checker must see that something points to it; nothing reads it. */
static const KinLoaded *volatile loaded;

/* The manifest of a plugin whose file is called STEM.so, or NULL: *why says what is wrong. */
static char *
describe (const KinFamily *family, const char *stem, char **why)
{
  g_autofree char *text = NULL;
  KinManifest *manifest;

  loaded = kin__family_take (family, why);
  if (!loaded)
    return NULL;
  text = kin__manifest_write (family);
  manifest = kin__manifest_new ("", g_strdup (stem));
  *why = kin__manifest_parse (manifest, g_strdup (text), strlen (text));
  /* A line break in a name would make two lines of one. */
  if (!*why)
    *why = kin__manifest_compare (manifest, family);
  if (!*why && strlen (text) > KIN__MANIFEST_MOST)
    *why = g_strdup_printf ("its manifest would have more than %d bytes", KIN__MANIFEST_MOST);
  kin__manifest_free (manifest);
  return *why ? NULL : g_steal_pointer (&text);
}

int
main (int argc, char **argv)
{
  g_autofree char *path = NULL, *stem = NULL, *text = NULL, *why = NULL;
  g_autoptr (GError) error = NULL;
  const KinFamily *family;

  if (argc != 2 || argv[1][0] == '-') {
    fprintf (stderr, "Usage: kin-manifest PLUGIN.so\nPrints the manifest of a plugin of Kin.\n");
    return 2;
  }
  path = g_canonicalize_filename (argv[1], NULL);
  stem = g_path_get_basename (path);
  if (g_str_has_suffix (stem, ".so"))
    stem[strlen (stem) - strlen (".so")] = 0;
  family = kin__loader_open (path, &error);
  if (!family) {
    fprintf (stderr, "kin-manifest: %s\n", error->message);
    return 1;
  }
  text = describe (family, stem, &why);
  if (!text) {
    fprintf (stderr, "kin-manifest: plugin %s will not do: %s\n", path, why);
    return 1;
  }
  if (fputs (text, stdout) < 0 || fflush (stdout) != 0) {
    fprintf (stderr, "kin-manifest: cannot write: %s\n", g_strerror (errno));
    return 1;
  }
  return 0;
}
