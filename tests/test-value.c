/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-value: values are printed as Python's repr () prints them.
 *
 * Some by hand, then every character and thousands of random values held against Python itself.
 * The Unicode tables of GLib and Python are of different years: compared is what both have. */
#include "private.h"

#include "oracle.h"
#include "values.h"

/* ---- By hand ------------------------------------------------------------------------------- */

static void
print_is (const char *text, const char *printed)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_parse (NULL, text, NULL, NULL, NULL));
  g_autofree char *got = kin_value_print (value);

  assert_string_equal (got, printed);
}

static void
test_by_hand (void **state)
{
  (void) state;
  print_is ("('127.0.0.1', int64 80)", "('127.0.0.1', 80)");
  print_is ("('vcan0',)", "('vcan0',)");
  print_is ("()", "()");
  print_is ("@mv nothing", "None");
  print_is ("(@mi nothing, @mi 5)", "(None, 5)");
  print_is ("<<@ms 'x'>>", "'x'");
  print_is ("[<1>, <'a'>, <(true, false)>]", "[1, 'a', (True, False)]");
  print_is ("@av []", "[]");
  print_is ("@ay []", "b''");
  print_is ("[byte 0, 110, 97, 109, 101]", "b'\\x00name'");
  print_is ("uint64 18446744073709551615", "18446744073709551615");
  print_is ("int64 -9223372036854775808", "-9223372036854775808");
  print_is ("(byte 255, int16 -1, uint16 2, int32 -3, uint32 4)", "(255, -1, 2, -3, 4)");
  print_is ("\"it's\"", "\"it's\"");
  print_is ("'\"it\\'s\"'", "'\"it\\'s\"'");
  print_is ("{'a': <1>, 'b': <@mi nothing>}", "{'a': 1, 'b': None}");
  print_is ("objectpath '/a'", "'/a'");
}

static void
test_floating_stays_floating (void **state)
{
  GVariant *value = g_variant_new_int64 (1);
  g_autofree char *printed = kin_value_print (value);

  (void) state;
  assert_string_equal (printed, "1");
  assert_true (g_variant_is_floating (value));
  g_variant_unref (value);
}

/* ---- Against Python ------------------------------------------------------------------------ */

static void
append_line (GString *lines, GVariant *floating)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (floating);
  g_autofree char *printed = kin_value_print (value);

  append_neutral (lines, value);
  g_string_append_c (lines, '\t');
  append_hex (lines, printed, strlen (printed));
  g_string_append_c (lines, '\n');
}

static void
test_every_character (void **state)
{
  g_autoptr (GString) lines = g_string_new (NULL);

  (void) state;
  for (gunichar c = 1; c <= 0x10ffff; c++) {
    char bytes[8] = { 0 };

    if ((c >= 0xd800 && c <= 0xdfff) || !is_known (c))
      continue;
    g_unichar_to_utf8 (c, bytes);
    append_line (lines, g_variant_new_string (bytes));
  }
  assert_true (ask_oracle ("value-repr.py", lines) > 140000);
}

static void
test_random (void **state)
{
  g_autoptr (GString) lines = g_string_new (NULL);
  GRand *rand = g_rand_new_with_seed (3);

  (void) state;
  for (guint i = 0; i < 20000; i++)
    append_line (lines, random_value (rand, 4));
  g_rand_free (rand);
  assert_true (ask_oracle ("value-repr.py", lines) > 10000);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_by_hand),
    cmocka_unit_test (test_floating_stays_floating),
    cmocka_unit_test (test_every_character),
    cmocka_unit_test (test_random),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
