/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fuzz-endpoint: text that is an endpoint, or nearly: of any scheme, with options, with a tuple.
 * What is taken is written as text that is taken, and means the same. */
#include "fuzz.h"

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  (void) argc;
  (void) argv;
  fuzz_families (NULL);
  return 0;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = fuzz_text (&(Input){ data, size }), *written = NULL, *again = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (KinEndpoint) endpoint = NULL, second = NULL;

  if (!text)
    return 0;
  endpoint = kin_endpoint_new (text, &error);
  if (!endpoint) {
    fuzz_check_error (error, "an endpoint");
    return 0;
  }
  written = kin_endpoint_format (endpoint);
  second = kin_endpoint_new (written, &error);
  if (!second)
    FAULT ("%s is written, and not taken: %s", written, error->message);
  again = kin_endpoint_format (second);
  if (strcmp (written, again) != 0)
    FAULT ("%s is written again as %s", written, again);
  /* A tuple may say what text has no place for. */
  if (!endpoint->tuple && !kin_address_equal (&endpoint->address, &second->address))
    FAULT ("%s is another address when it is read again", written);
  return 0;
}
