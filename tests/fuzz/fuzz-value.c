/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fuzz-value: text that is a value, or nearly. What is read prints as text that reads the same. */
#include "fuzz.h"

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  (void) argc;
  (void) argv;
  return 0;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = fuzz_text (&(Input){ data, size }), *printed = NULL, *again = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = NULL, second = NULL;

  if (!text)
    return 0;
  value = kin_value_parse (text, &error);
  if (!value) {
    fuzz_check_error (error, "a value");
    return 0;
  }
  printed = kin_value_print (value);
  second = kin_value_parse (printed, &error);
  if (!second)
    FAULT ("what is printed is not read: %s", error->message);
  again = kin_value_print (second);
  if (strcmp (printed, again) != 0)
    FAULT ("%s is printed as %s", printed, again);
  return 0;
}
