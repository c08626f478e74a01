/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-fields-random: addresses of all shapes, made at random from the tables themselves, there and
 * back; and rows that are shorter or longer than ours, as plugins made with another kin/family.h
 * have them. */
#include "shapes.h"

/* ---- At random ----------------------------------------------------------------------------- */

static GVariant *
random_member (GRand *rand, const KinField *row)
{
  guint64 number = (guint64) g_rand_int (rand) << 32 | g_rand_int (rand);
  guint bits = row->bits ? row->bits : row->size * 8u;
  guint8 bytes[128];
  gsize n = row->size ? (gsize) (number % row->size) : 0;

  for (gsize i = 0; i < sizeof bytes; i++)
    bytes[i] = (guint8) (g_rand_boolean (rand) ? "%?:,()[]@"[g_rand_int_range (rand, 0, 9)]
                                               : g_rand_int_range (rand, 1, 256));
  switch (row->kind) {
  case KIN_UINT:
    return g_variant_new_uint64 (row->flags & KIN_FIELD_TAG ? row->fallback
                                                            : number >> (64 - bits));
  case KIN_INT:
    return g_variant_new_int64 ((gint64) number >> (64 - bits));
  case KIN_BOOL:
    return g_variant_new_boolean (number & 1);
  case KIN_TIME:
    /* A timeval of 8 bytes has 32 bits of seconds, which are 51 of microseconds. */
    return g_variant_new_int64 ((gint64) number
                                >> g_rand_int_range (rand, row->size == 8 ? 14 : 0, 60));
  case KIN_INTERFACE:
    return g_variant_new_string (number & 1 ? "lo" : "");
  case KIN_STRING:
  case KIN_BYTES:
    return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, MIN (n, sizeof bytes), 1);
  default:
    fail_msg ("no random value of %s", row->name);
    return NULL;
  }
}

/* A path, an identifier, a device or a host, by the hook that reads it. */
static GVariant *
random_custom (GRand *rand, const KinField *row)
{
  guint32 a = g_rand_int (rand), b = g_rand_int (rand);
  KinField bytes = { .kind = KIN_BYTES, .size = 100 };

  if (row->set == path_set) { /* in text an at sign in front is an abstract name */
    g_autoptr (GVariant) path = g_variant_ref_sink (random_member (rand, &bytes));

    return g_variant_n_children (path) > 0 && *(const char *) g_variant_get_data (path) == '@'
               ? g_variant_new_string ("./@")
               : g_steal_pointer (&path);
  }
  if (row->set == id_set)
    return g_variant_new_uint32 (a & 1 ? a >> 21 : CAN_EFF_FLAG | a >> 3);
  if (row->set == device_set)
    return g_variant_new_take_string (
        g_strdup_printf ("%02X:%02X:%02X:%02X:00:FF", a & 255, a >> 24, b & 255, b >> 24));
  if (row->set == host4_set)
    return g_variant_new_take_string (
        g_strdup_printf ("%u.%u.%u.%u", a & 255, a >> 24, b & 255, b >> 24));
  return g_variant_new_take_string (
      g_strdup_printf ("fe80::%x:%x:%x", a >> 16 | 1, b >> 16 | 1, (b & 0xffff) | 1));
}

static GVariant *
random_tuple (GRand *rand, const KinAddressCodec *codec)
{
  GVariant *members[8];
  KinField row;
  gsize n = 0;

  for (guint i = 0; kin__row (&codec->fields, i, &row, sizeof row); i++) {
    if (row.flags & KIN_FIELD_TEXT_ONLY)
      continue;
    members[n] = row.kind == KIN_CUSTOM ? random_custom (rand, &row) : random_member (rand, &row);
    if (row.flags & KIN_FIELD_SHOWN) { /* what it repeats stands before it */
      g_variant_unref (g_variant_ref_sink (members[n]));
      members[n] = members[n - 1];
    }
    n++;
  }
  if (codec->flags & KIN_CODEC_BARE)
    return members[0];
  return g_variant_new_tuple (members, n);
}

/* tuple → memory → tuple, and memory → text → memory. */
static void
check_round_trip (const KinTransport *transport, GVariant *floating, gboolean is_text_whole)
{
  g_autoptr (GVariant) tuple = g_variant_take_ref (floating), back = NULL, again = NULL;
  g_autofree char *text = NULL, *printed = NULL, *printed_again = NULL;
  KinAddress address, read, third;
  GError *error = NULL;

  if (!kin_address_from_tuple (&address, transport->row.scheme, tuple, &error))
    fail_msg ("%s", error->message);
  back = kin_address_to_tuple (&address);
  if (!kin_address_from_tuple (&third, transport->row.scheme, back, &error))
    fail_msg ("%s", error->message);
  assert_memory_equal (&address, &third, sizeof address);
  text = kin_address_format (&address);
  assert_true (g_utf8_validate (text, -1, NULL));
  if (!kin_address_parse (&read, text, &error))
    fail_msg ("%s: %s", text, error->message);
  if (is_text_whole)
    assert_memory_equal (&address, &read, sizeof address);
  again = kin_address_to_tuple (&read);
  printed = kin_value_print (back);
  printed_again = kin_value_print (again);
  if (is_text_whole)
    assert_string_equal (printed, printed_again);
}

static void
check_random (GRand *rand, const char *scheme, guint n, guint rounds)
{
  const KinTransport *transport = kin__registry_scheme (scheme, n, NULL);
  KinAddressCodec codec;

  assert_non_null (transport);
  for (guint i = 0; kin__row (&transport->row.codecs, i, &codec, sizeof codec); i++)
    for (guint round = 0; round < rounds; round++)
      /* Text has no flow label, which a tuple has. */
      check_round_trip (transport, random_tuple (rand, &codec), n == 0 && strcmp (scheme, "ip6"));
}

static void
test_random (void **state)
{
  GRand *rand = g_rand_new_with_seed (7);

  (void) state;
  for (gsize i = 0; i < G_N_ELEMENTS (shapes_protocols); i++)
    check_random (rand, shapes_protocols[i].scheme, 0, 400);
  check_random (rand, "ip", 0, 400);
  check_random (rand, "ip", 1, 400);
  check_random (rand, "ip6", 0, 400);
  g_rand_free (rand);
}

/* ---- Rows of another length ---------------------------------------------------------------- */

/* A row as an older header had it, and as a newer one may. */
typedef struct {
  const char *name;
  uint8_t kind, digits, bits, count_size;
  uint16_t count_offset, offset, size, flags;
} OlderField;
typedef struct {
  KinField now;
  uint64_t later[3];
} NewerField;

static const KinField *seen;

static int
seen_get (const KinField *field, const void *base, size_t length, KinForm form, KinMember *member)
{
  seen = field;
  return device_get (field, base, length, form, member);
}

static const KinField *seen_by_set;

static int
seen_set (const KinField *field, void *base, size_t *length, KinForm form, const KinMember *member)
{
  seen_by_set = field;
  return device_set (field, base, length, form, member);
}

static const OlderField older_fields[] = {
  { .name = "one", .kind = KIN_UINT, .offset = 2, .size = 2 },
  { .name = "two", .kind = KIN_UINT, .offset = 4, .size = 4, .flags = KIN_FIELD_OPTIONAL },
};
static const NewerField newer_fields[] = {
  { .now = { .name = "one", .kind = KIN_UINT, .offset = 2, .size = 2 }, .later = { 1, 2, 3 } },
  { .now = { .name = "device",
             .kind = KIN_CUSTOM,
             .offset = 4,
             .size = 6,
             .get = seen_get,
             .set = seen_set },
    .later = { 4, 5, 6 } },
};
static const KinAddressCodec older_codecs[] = {
  { .fields = KIN_TABLE (older_fields), .bytes = 8, .separator = ':' }
};
static const KinAddressCodec newer_codecs[] = {
  { .fields = KIN_TABLE (newer_fields), .bytes = 12, .separator = ',' }
};
static const KinProtocol aged_protocols[] = {
  { .scheme = "older",
    .type = 1,
    .codecs = KIN_TABLE (older_codecs),
    .grammar = "ONE:TWO",
    .example = "older:1:2" },
  { .scheme = "newer",
    .type = 1,
    .codecs = KIN_TABLE (newer_codecs),
    .grammar = "ONE,DEVICE",
    .example = "newer:1,AA:BB:CC:DD:EE:FF" },
};
static const KinFamily aged_family = {
  KIN_STAMP,
  .domain = 204,
  .name = "aged",
  .summary = "rows of other lengths",
  .protocols = KIN_TABLE (aged_protocols),
};

static void
test_strides (void **state)
{
  KinAddress address;
  g_autofree char *older = NULL, *newer = NULL;

  (void) state;
  assert_true (kin_register_family (&aged_family, NULL));
  assert_true (kin_address_parse (&address, "older:1:70000", NULL));
  older = kin_address_format (&address);
  assert_string_equal (older, "older:1:70000");
  assert_true (kin_address_parse (&address, "newer:7,01:02:03:04:05:06", NULL));
  newer = kin_address_format (&address);
  assert_string_equal (newer, "newer:7,01:02:03:04:05:06");
  /* A hook may read the members that only its own header has. */
  assert_ptr_equal (seen, &newer_fields[1].now);
  assert_ptr_equal (seen_by_set, &newer_fields[1].now);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_random),
    cmocka_unit_test (test_strides),
  };

  return cmocka_run_group_tests (tests, shapes_setup, NULL);
}
