/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/fuzz/fuzz.h: what the fuzz targets share: the tables of all families, a fault, and the input
 * taken from its front. Each target is libFuzzer's LLVMFuzzerTestOneInput (), over all rows: the
 * first bytes of an input choose one. */
/* clang-format off */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "fields.h"

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* The end, with words that say what was found. */
#define FAULT(...) (g_printerr (__VA_ARGS__), g_printerr ("\n"), abort ())

typedef struct {
  const uint8_t *at;
  gsize          left;
} Input;

/* A number below most; 0 where there is no more. */
static inline guint
fuzz_below (Input *input, guint most)
{
  guint number = 0;

  for (guint i = 0; i < 2 && input->left > 0; i++, input->at++, input->left--)
    number = number << 8 | *input->at;
  return most > 0 ? number % most : 0;
}

/* All that is left, as text; NULL: it has a NUL in it. */
static inline char *
fuzz_text (const Input *input)
{
  return memchr (input->at, 0, input->left) ? NULL : g_strndup ((const char *) input->at, input->left);
}

/* All that is left, in memory that ends where it does, of nothing, too; *block is to be freed. */
static inline uint8_t *
fuzz_exact (const Input *input, void **block)
{
  uint8_t *exact = (uint8_t *) (*block = g_malloc (input->left + 1)) + 1;

  if (input->left > 0)
    memcpy (exact, input->at, input->left);
  return exact;
}

typedef void (*FuzzFamily) (const KinFamily *family);

/* Plugins come from the build tree, all before the first input. take: may be NULL. */
static inline void
fuzz_families (FuzzFamily take)
{
  g_autoptr (GPtrArray) families = NULL;

  g_setenv ("KIN_PLUGIN_PATH", KIN_FUZZ_FAMILIES, TRUE);
  families = kin_list_families ();
  for (guint i = 0; i < families->len; i++) {
    g_autoptr (GError) error = NULL;
    const KinFamily *family = kin_load_family (((KinFamilyInfo *) families->pdata[i])->name, &error);

    if (!family)
      FAULT ("%s", error->message);
    if (take)
      take (family);
  }
}

/* An error has a sentence, of one line. */
static inline void
fuzz_check_error (const GError *error, const char *what)
{
  if (!error || !*error->message || !g_utf8_validate (error->message, -1, NULL)
      || strchr (error->message, '\n'))
    FAULT ("%s is refused with no line: %s", what, error ? error->message : "no error");
}

#endif
