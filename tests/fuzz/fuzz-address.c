/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fuzz-address: what a kernel, or a peer, might give as an address of any protocol: bytes behind
 * sa_family, of any length. It prints, as a tuple and as text; and where that is taken for an
 * address, that one prints the same. */
#include "fuzz.h"

static GArray *examples; /* KinAddress */

static void
take_family (const KinFamily *family)
{
  KinProtocol row;

  for (guint i = 0; kin_table_get (&family->protocols, i, &row, sizeof row); i++) {
    const KinTransport *transport = kin__registry_scheme (row.scheme, 0, NULL);
    KinAddress address = { .transport = transport, .protocol = transport->row.protocol };
    KinAddressCodec codec;

    for (guint n = 0; (transport = kin__registry_scheme (row.scheme, n, NULL)); n++)
      if (&transport->family->data == family)
        break;
    address.transport = transport;
    for (guint j = 0; transport && kin_table_get (&row.codecs, j, &codec, sizeof codec); j++) {
      address.sa.generic.sa_family = (sa_family_t) kin__codec_domain (transport, &codec);
      g_array_append_val (examples, address);
    }
  }
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  (void) argc;
  (void) argv;
  examples = g_array_new (FALSE, FALSE, sizeof (KinAddress));
  fuzz_families (take_family);
  return 0;
}

/* By its tuple, printed, and back; NULL: that is refused. */
static char *
by_tuple (KinAddress *address)
{
  g_autoptr (GVariant) tuple = kin_address_to_tuple (address);

  if (!kin_address_from_tuple (address, kin_address_scheme (address), tuple, NULL))
    return NULL;
  return kin_value_print (tuple);
}

static char *
by_text (KinAddress *address)
{
  g_autofree char *text = kin_address_format (address);

  if (!g_utf8_validate (text, -1, NULL))
    FAULT ("%s: its text is not UTF-8", kin_address_scheme (address));
  return kin_address_parse (address, text, NULL) ? g_steal_pointer (&text) : NULL;
}

/* Bytes that nothing shows are gone once it went that way; from then on it is the same. */
static void
check_way (KinAddress address, char *(*way) (KinAddress *) )
{
  g_autofree char *first = way (&address), *second = first ? way (&address) : NULL, *third = NULL;

  if (first && !second)
    FAULT ("%s: %s is taken once and not again", kin_address_scheme (&address), first);
  third = second ? way (&address) : NULL;
  if (second && g_strcmp0 (second, third) != 0)
    FAULT ("%s: %s becomes %s", kin_address_scheme (&address), second, third);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  Input input = { data, size };
  KinAddress address = g_array_index (examples, KinAddress, fuzz_below (&input, examples->len));
  gsize room = sizeof address.sa - sizeof (sa_family_t), n = MIN (input.left, room);

  memcpy (address.sa.bytes + sizeof (sa_family_t), input.at, n);
  address.length = (guint32) (sizeof (sa_family_t) + n);
  check_way (address, by_tuple);
  check_way (address, by_text);
  return 0;
}
