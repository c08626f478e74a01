/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-value-parse: values are read as Python reads its literals, and what is none is refused with
 * the place; random ones, and texts that are nearly right, held against Python itself. */
#include "fields.h"

#include <errno.h>

#include "values.h"

static GVariant *
must_parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *value = kin_value_parse (text, &error);

  if (!value)
    fail_msg ("%s", error->message);
  assert_false (g_variant_is_floating (value));
  return value;
}

/* clang-format off */
static const struct {
  const char *text, *type, *printed;
} values[] = {
  { "('127.0.0.1', 80)",       "(sx)",   "('127.0.0.1', 80)" },
  { " ( 'vcan0' , )\n",        "(s)",    "('vcan0',)" },
  { "()",                      "()",     "()" },
  { "(1)",                     "x",      "1" },
  { "((1,),)",                 "((x))",  "((1,),)" },
  { "None",                    "mv",     "None" },
  { "[1, None, [True,],]",     "av",     "[1, None, [True]]" },
  { "[]",                      "av",     "[]" },
  { "{'a': 1, 'b': (2, b'')}", "a{sv}",  "{'a': 1, 'b': (2, b'')}" },
  { "{}",                      "a{sv}",  "{}" },
  { "b'\\x00name'",            "ay",     "b'\\x00name'" },
  { "B\"\\0\\377\\n\"",        "ay",     "b'\\x00\\xff\\n'" },
  { "rb'\\n\\''",              "ay",     "b\"\\\\n\\\\'\"" },
  { "'\\'\\\"\\\\\\a\\t'",     "s",      "'\\'\"\\\\\\x07\\t'" },
  { "'\\xe4\\u00e4\\U0001f600\\344'", "s", "'\303\244\303\244\360\237\230\200\303\244'" },
  { "u'\303\244'",             "s",      "'\303\244'" },
  { "'a\\\nb'",                "s",      "'ab'" },
  { "-0",                      "x",      "0" },
  { "0x_fF",                   "x",      "255" },
  { "0b1_0",                   "x",      "2" },
  { "0O17",                    "x",      "15" },
  { "1_000",                   "x",      "1000" },
  { "+7",                      "x",      "7" },
  { "9223372036854775807",     "x",      "9223372036854775807" },
  { "9223372036854775808",     "t",      "9223372036854775808" },
  { "18446744073709551615",    "t",      "18446744073709551615" },
  { "-9223372036854775808",    "x",      "-9223372036854775808" },
};

static const struct {
  const char *text, *says;
} faults[] = {
  { "",                        "character 1: a value is missing" },
  { "(1, 2",                   "character 1: the bracket is not closed" },
  { "(1 2)",                   "character 4: a comma is missing" },
  { "(,)",                     "character 2: no value begins so" },
  { "1 2",                     "character 3: something follows the value" },
  { "eth0",                    "text is written in quotes: 'eth0'" },
  { "1.5",                     "no value is a floating point number" },
  { "1e3",                     "no value is a floating point number" },
  { "010",                     "octal ones start with 0o" },
  { "0x",                      "no number" },
  { "1__0",                    "'_' in a number" },
  { "0b12",                    "'2' in a number" },
  { "12a",                     "'a' in a number" },
  { "18446744073709551616",    "more than 64 bits" },
  { "-9223372036854775809",    "more than 64 bits" },
  { "'a",                      "character 1: the quote is not closed" },
  { "'a\nb'",                  "the quote is not closed" },
  { "'\\q'",                   "character 2: no escape" },
  { "'a\\",                    "character 3: no escape" },
  { "r'a\\",                   "the quote is not closed" },
  { "'\\x1'",                  "no escape" },
  { "'\\ud800'",               "no character has that number" },
  { "'\\0'",                   "write it as bytes, b'...'" },
  { "b'\\400'",                "a byte is 0 to 255" },
  { "b'\\u0041'",              "no escape" },
  { "b'\303\244'",             "are written \\xNN" },
  { "rb'\\\303\244'",         "are written \\xNN" },
  { "'\377'",                  "it is not UTF-8" },
  { "{1: 2}",                  "the keys of a dictionary are text" },
  { "{'a' 2}",                 "a : is missing" },
  { "(((((((((((((((((((((((((((((((((((", "more than 32 brackets" },
};
/* clang-format on */

static void
test_values (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (values); i++) {
    g_autoptr (GVariant) value = must_parse (values[i].text);
    g_autofree char *printed = kin_value_print (value);

    assert_string_equal (g_variant_get_type_string (value), values[i].type);
    assert_string_equal (printed, values[i].printed);
  }
}

static void
test_faults (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++) {
    g_autoptr (GError) error = NULL;

    assert_null (kin_value_parse (faults[i].text, &error));
    assert_int_equal (errno, EINVAL);
    assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_VALUE));
    if (!strstr (error->message, faults[i].says))
      fail_msg ("%s", error->message);
  }
}

/* ---- Against the printer, and Python -------------------------------------------------------- */

/* Cut, doubled, swapped: what people mistype. */
static char *
mistype (GRand *rand, const char *text)
{
  static const char *const pieces[] = { ",", "(",  ")",    "[",   "]",   "'", "\"",  "b'", "0x",
                                        "_", "-",  "\\x4", "\\7", "\\n", "{", "}",   ":",  " ",
                                        "1", "r'", "e",    ".",   "\n",  "u", "None" };
  const char *piece = pieces[g_rand_int_range (rand, 0, G_N_ELEMENTS (pieces))];
  glong length = g_utf8_strlen (text, -1), at = g_rand_int_range (rand, 0, (gint32) length + 1);
  g_autofree char *start = g_utf8_substring (text, 0, at);
  g_autofree char *rest = g_utf8_substring (text, at, length);

  switch (g_rand_int_range (rand, 0, 4)) {
  case 0:
    return g_strdup (start);
  case 1:
    return g_strconcat (start, *rest ? g_utf8_next_char (rest) : "", NULL);
  default:
    return g_strconcat (start, piece, rest, NULL);
  }
}

static void
append_reading (GString *lines, const char *text)
{
  g_autoptr (GVariant) value = kin_value_parse (text, NULL);

  if (value)
    append_neutral (lines, value);
  else
    g_string_append_c (lines, '-');
  g_string_append_c (lines, '\t');
  append_hex (lines, text, strlen (text));
  g_string_append_c (lines, '\n');
}

static void
test_random (void **state)
{
  g_autoptr (GString) lines = g_string_new (NULL);
  GRand *rand = g_rand_new_with_seed (5);

  (void) state;
  for (guint i = 0; i < 20000; i++) {
    g_autoptr (GVariant) value = g_variant_ref_sink (random_value (rand, 4)), again = NULL;
    g_autofree char *printed = kin_value_print (value), *text = NULL, *wrong = NULL;

    again = must_parse (printed);
    text = kin_value_print (again);
    assert_string_equal (text, printed);
    append_reading (lines, printed);
    wrong = mistype (rand, printed);
    append_reading (lines, wrong);
  }
  g_rand_free (rand);
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    append_reading (lines, values[i].text);
  assert_true (ask_oracle ("value-literal.py", lines) > 30000);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_values),
    cmocka_unit_test (test_faults),
    cmocka_unit_test (test_random),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
