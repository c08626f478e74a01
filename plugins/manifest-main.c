/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin-manifest PLUGIN: prints the manifest of a plugin, which the build keeps beside it as
 * NAME.kin.
 *
 * Loads the plugin as libkin would, checks its descriptor as libkin would, and then the manifest,
 * so that what is wrong with any of them fails the build. */
#include <stdio.h>
#include <string.h>

#include "host.h"

/* Never freed; a leak checker must see that something points to it. */
static const KinLoaded *volatile loaded;

/* What is wrong with a constant: a line has no room for it. */
static char *
check_constants (const KinFamily *family)
{
  KinConstant row;

  for (guint i = 0; kin__row (&family->constants, i, &row, sizeof row); i++) {
    const char *text = row.text ? row.text : "";
    gsize n = row.name ? strspn (row.name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_") : 0;

    if (n == 0 || row.name[n] != 0)
      return g_strdup_printf ("constant %u: expected a name of letters, digits and '_'", i);
    if (strpbrk (text, "\r\n") || !g_utf8_validate (text, -1, NULL))
      return g_strdup_printf ("constant %s: expected one line of UTF-8", row.name);
  }
  return NULL;
}

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
  if (!*why)
    *why = check_constants (&loaded->data);
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
