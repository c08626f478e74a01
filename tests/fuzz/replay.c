/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* replay: a fuzz target without libFuzzer, over the corpus that is committed: each line of the file
 * is an input, as Python writes bytes. So what fuzzing once found stays found, in every build. */
#include "fuzz.h"

#include <stdio.h>

int
main (int argc, char **argv)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint n = 0;

  if (argc != 2 || !g_file_get_contents (argv[1], &text, NULL, NULL))
    FAULT ("usage: %s CORPUS", argv[0]);
  LLVMFuzzerInitialize (&argc, &argv);
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line && **line; line++, n++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) bytes = kin_value_parse (*line, &error);
    gconstpointer data;
    gsize size;

    if (!bytes || !g_variant_is_of_type (bytes, G_VARIANT_TYPE_BYTESTRING))
      FAULT ("%s: line %u is no bytes: %s", argv[1], n + 1, error ? error->message : *line);
    data = g_variant_get_fixed_array (bytes, &size, 1);
    /* Nothing at all has no address. */
    LLVMFuzzerTestOneInput (size > 0 ? data : "", size);
  }
  printf ("1..1\n%s 1 - %u inputs\n", n > 0 ? "ok" : "not ok", n);
  return n > 0 ? 0 : 1;
}
