/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/test-manifest.c: manifests, read, written and held against the descriptor.
 *
 * Needs: plugins */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "host.h"

/* Takes reason; it is one line and has the words. */
static void
assert_reason (char *reason, const char *words)
{
  if (!reason)
    fail_msg ("nothing is said of: %s", words);
  if (!strstr (reason, words))
    fail_msg ("\"%s\" is not in: %s", words, reason);
  assert_null (strchr (reason, '\n'));
  assert_true (g_utf8_validate (reason, -1, NULL));
  g_free (reason);
}

/* ---- Reading ------------------------------------------------------------------------------ */

#define HEAD "kin-manifest 1\nname x\nsummary s\nabi 1.0\nmachine m\ndomain 40\nflags 0\n"
#define GOOD HEAD "scheme x\nconstants\nend\n"

static char *
parse_bytes (const char *text, gsize length, KinManifest **manifest)
{
  char *copy = g_malloc (length + 1);

  memcpy (copy, text, length);
  copy[length] = 0;
  *manifest = kin__manifest_new ("/folder", g_strdup ("x"));
  return kin__manifest_parse (*manifest, copy, length);
}

static void
assert_bad_bytes (const char *text, gsize length, const char *words)
{
  KinManifest *manifest;
  char *reason = parse_bytes (text, length, &manifest);

  kin__manifest_free (manifest);
  assert_reason (reason, words);
}

static void
assert_bad (const char *text, const char *words)
{
  assert_bad_bytes (text, strlen (text), words);
}

static void
test_manifest (void **state)
{
  static const char text[] =
      "kin-manifest 1\nname x\nsummary gr\303\274\303\237e & more\nabi 1.65535\n"
      "machine 64 little 62\ndomain dynamic over 40\nflags 1\n"
      "of-a-later-libkin and what it says\n"
      "scheme x\nshared-scheme tcp\nanother one\nscheme x-2\n"
      "constants\nX_ONE 1\nX_TEXT =scheme y\nend\n";
  KinManifest *manifest;
  char *reason = parse_bytes (text, strlen (text), &manifest);
  const KinEntry *entry = &manifest->entry;

  (void) state;
  assert_null (reason);
  assert_string_equal (entry->info.name, "x");
  assert_string_equal (entry->info.summary, "gr\303\274\303\237e & more");
  assert_string_equal (entry->info.file, "/folder/x.so");
  assert_int_equal (entry->info.domain, KIN_DOMAIN_DYNAMIC);
  assert_int_equal (entry->info.state, KIN_FAMILY_LISTED);
  assert_int_equal (manifest->flags, KIN_FAMILY_USES_LIBKIN);
  assert_string_equal (entry->info.schemes[0], "x");
  assert_string_equal (entry->info.schemes[1], "tcp");
  assert_string_equal (entry->info.schemes[2], "x-2");
  assert_null (entry->info.schemes[3]);
  assert_false (entry->is_shared[0]);
  assert_true (entry->is_shared[1]);
  assert_false (entry->is_shared[2]);
  assert_string_equal (entry->constants, "X_ONE 1\nX_TEXT =scheme y\nend\n");
  kin__manifest_free (manifest);

  assert_null (parse_bytes (GOOD, strlen (GOOD), &manifest));
  assert_int_equal (manifest->entry.info.domain, 40);
  kin__manifest_free (manifest);
}

/* A manifest cut off anywhere is no manifest. */
static void
test_manifest_cut_short (void **state)
{
  (void) state;
  for (gsize n = 0; n < strlen (GOOD); n++)
    assert_bad_bytes (GOOD, n, "expected");
}

static void
test_manifest_garbage (void **state)
{
  g_autofree char *noise = g_malloc (KIN__MANIFEST_MOST);
  GRand *random = g_rand_new_with_seed (1);

  (void) state;
  for (guint i = 0; i < KIN__MANIFEST_MOST; i++)
    noise[i] = (char) g_rand_int (random);
  g_rand_free (random);
  assert_bad_bytes (noise, KIN__MANIFEST_MOST, "expected \"kin-manifest 1\"");
  memset (noise, '\n', KIN__MANIFEST_MOST);
  assert_bad_bytes (noise, KIN__MANIFEST_MOST, "expected \"kin-manifest 1\"");
  memset (noise, 'a', KIN__MANIFEST_MOST);
  assert_bad_bytes (noise, KIN__MANIFEST_MOST, "expected \"kin-manifest 1\"");
  memcpy (noise, "kin-manifest 1\nname ", strlen ("kin-manifest 1\nname "));
  memcpy (noise + KIN__MANIFEST_MOST - 5, "\nend\n", 5);
  assert_bad_bytes (noise, KIN__MANIFEST_MOST, "name: expected");
  assert_bad ("kin-manifest 2\nend\n", "found \"kin-manifest 2\"");
  assert_bad ("\033[31mkin\n", "\\x1b[31mkin");
  assert_bad ("kin-manifest 1\nend\n", "line: expected name, found \"end\"");
  assert_bad_bytes (HEAD "scheme x\0y\nconstants\nend\n",
                    sizeof HEAD "scheme x\0y\nconstants\nend\n" - 1, "found a NUL");
  assert_bad_bytes (HEAD "scheme x\nconstants\nA\0B 1\nend\n",
                    sizeof HEAD "scheme x\nconstants\nA\0B 1\nend\n" - 1, "found a NUL");
}

/* One line of a good manifest, in the place of the one with its key. */
static void
assert_bad_line (const char *line, const char *words)
{
  g_auto (GStrv) lines = g_strsplit (GOOD, "\n", -1);
  g_autofree char *text = NULL;
  gsize key = strcspn (line, " ") + 1;
  guint n = 0;

  for (guint i = 0; lines[i]; i++)
    if (strncmp (lines[i], line, key) == 0) {
      g_free (lines[i]);
      lines[i] = g_strdup (line);
      n++;
    }
  assert_int_equal (n, 1);
  text = g_strjoinv ("\n", lines);
  assert_bad (text, words);
}

static void
test_manifest_bad_lines (void **state)
{
  g_autofree char *letters = g_strnfill (300, 'y');
  g_autofree char *summary = g_strconcat ("summary ", letters, NULL);

  (void) state;
  assert_bad_line ("name ../../x", "name: expected that of the file, \"x\", found \"../../x\"");
  assert_bad_line ("name y", "found \"y\"");
  assert_bad_line ("name ", "found \"\"");
  assert_bad_line ("name x ", "found \"x \"");
  assert_bad_line ("summary a\tb", "no control characters");
  assert_bad_line ("summary \033[31m", "\\x1b[31m");
  assert_bad_line ("summary \xff\xfe", "UTF-8");
  assert_bad_line (summary, "255");
  assert_bad_line ("abi 1", "MAJOR.MINOR");
  assert_bad_line ("abi 1.", "MAJOR.MINOR");
  assert_bad_line ("abi 1.0.0", "MAJOR.MINOR");
  assert_bad_line ("abi .0", "MAJOR.MINOR");
  assert_bad_line ("abi 65536.0", "MAJOR.MINOR");
  assert_bad_line ("abi 99999999999999999999999999.0", "MAJOR.MINOR");
  assert_bad_line ("domain 0", "domain: expected");
  assert_bad_line ("domain -1", "domain: expected");
  assert_bad_line ("domain 2147483648", "domain: expected");
  assert_bad_line ("domain 18446744073709551656", "domain: expected");
  assert_bad_line ("domain dynamic over", "domain: expected");
  assert_bad_line ("domain dynamic over 0", "domain: expected");
  assert_bad_line ("domain dynamically", "domain: expected");
  assert_bad_line ("domain 40 ", "domain: expected");
  assert_bad_line ("flags yes", "flags: expected a number");
  assert_bad_line ("flags 4294967296", "flags: expected a number");
  assert_bad_line ("scheme X", "scheme: expected");
  assert_bad_line ("scheme ", "scheme: expected");
  assert_bad_line ("scheme a/b", "scheme: expected");
  assert_bad_line ("scheme abcdefghijklmnopqrstuvwx", "1 to 23");
  assert_bad_line ("scheme x\nscheme x", "each once");
}

static void
test_manifest_lines_in_order (void **state)
{
  GString *many = g_string_new (HEAD);

  (void) state;
  assert_bad ("kin-manifest 1\nsummary s\nname x\nend\n", "expected name, found \"summary s\"");
  assert_bad (HEAD "constants\nend\n", "expected a line \"scheme\"");
  assert_bad (HEAD "scheme x\nend\n", "expected a line \"constants\"");
  for (guint i = 0; i <= KIN__SCHEMES_MOST; i++)
    g_string_append_printf (many, "scheme x-%u\n", i);
  g_string_append (many, "constants\nend\n");
  assert_bad (many->str, "at most 64");
  g_string_free (many, TRUE);
}

/* ---- Against the descriptor --------------------------------------------------------------- */

/* clang-format off */
static const KinField fields[] = { { .name = "n", .kind = KIN_UINT, .offset = 2, .size = 1 } };
static const KinAddressCodec codecs[] = { { .bytes = 3, .fields = KIN_TABLE (fields) } };
static const KinProtocol protocols[] = {
  { .scheme = "x",   .codecs = KIN_TABLE (codecs), .grammar = "N", .example = "x:1" },
  { .scheme = "x-2", .codecs = KIN_TABLE (codecs), .grammar = "N", .example = "x-2:1",
    .flags  = KIN_PROTOCOL_SHARED },
};
static const KinConstant constants[] = {
  { .name = "X_ONE",  .value = 1 },
  { .name = "X_LEAST", .value = INT64_MIN },
  { .name = "X_TEXT", .text = "a text" },
};
static const KinFamily family = {
  KIN_STAMP,
  .domain = 40, .name = "x", .summary = "for tests",
  .protocols = KIN_TABLE (protocols), .constants = KIN_TABLE (constants),
};
/* clang-format on */

/* The manifest of family, with what is said replaced by what is not so. */
static void
assert_lie (const char *truth, const char *lie, const char *words)
{
  g_autofree char *text = kin__manifest_write (&family);
  g_auto (GStrv) halves = g_strsplit (text, truth, 2);
  g_autofree char *changed = NULL;
  KinManifest *manifest;
  char *reason;

  assert_int_equal (g_strv_length (halves), 2);
  changed = g_strconcat (halves[0], lie, halves[1], NULL);
  assert_null (parse_bytes (changed, strlen (changed), &manifest));
  reason = kin__manifest_compare (manifest, &family);
  kin__manifest_free (manifest);
  assert_reason (reason, words);
}

static void
test_manifest_of_a_descriptor (void **state)
{
  g_autofree char *text = kin__manifest_write (&family);
  KinManifest *manifest;
  char machine[KIN__MACHINE_SIZE];
  g_autofree char *expected = NULL;

  (void) state;
  kin__elf_machine (machine);
  expected = g_strdup_printf ("kin-manifest 1\nname x\nsummary for tests\nabi %d.%d\nmachine %s\n"
                              "domain 40\nflags 0\nscheme x\nshared-scheme x-2\nconstants\n"
                              "X_ONE 1\nX_LEAST -9223372036854775808\nX_TEXT =a text\nend\n",
                              KIN_MAJOR, KIN_MINOR, machine);
  assert_string_equal (text, expected);
  assert_null (parse_bytes (text, strlen (text), &manifest));
  assert_null (kin__manifest_compare (manifest, &family));
  kin__manifest_free (manifest);
}

static void
test_manifest_lies (void **state)
{
  (void) state;
  assert_lie ("for tests", "for us", "expected \"summary for us\", found \"summary for tests\"");
  assert_lie ("abi 1.", "abi 1.1", "expected \"abi 1.1");
  assert_lie ("domain 40", "domain 41", "expected \"domain 41\", found \"domain 40\"");
  assert_lie ("domain 40", "domain dynamic", "expected \"domain dynamic\"");
  assert_lie ("flags 0", "flags 1", "expected \"flags 1\", found \"flags 0\"");
  assert_lie ("scheme x\n", "scheme y\n", "expected \"scheme y\", found \"scheme x\"");
  assert_lie ("scheme x\n", "shared-scheme x\n", "expected \"shared-scheme x\"");
  assert_lie ("shared-scheme x-2", "scheme x-2", "found \"shared-scheme x-2\"");
  assert_lie ("shared-scheme x-2\n", "", "expected \"constants\", found \"shared-scheme x-2\"");
  assert_lie ("constants\n", "scheme y\nconstants\n", "expected \"scheme y\", found \"constants\"");
  assert_lie ("X_ONE 1", "X_ONE 2", "expected \"X_ONE 2\", found \"X_ONE 1\"");
  assert_lie ("X_ONE 1\n", "", "found \"X_ONE 1\"");
  assert_lie ("=a text", "=another", "expected \"X_TEXT =another\"");
  assert_lie ("X_TEXT =a text\n", "X_TEXT =a text\nX_MORE 1\n",
              "expected \"X_MORE 1\", found \"end\"");
  assert_lie ("\nend\n", "\nend\nend\n", "expected \"end\", found \"\"");
}

/* A line that this libkin does not know may stand between the headers: no constant is one. */
static void
test_manifest_of_a_later_libkin (void **state)
{
  (void) state;
  assert_lie ("flags 0\n", "flags 0\nlater and more\n\nscheme x-1\n", "expected \"scheme x-1\"");
  assert_lie ("constants\n", "constants\nlater and more\n", "expected \"later and more\"");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_manifest),
    cmocka_unit_test (test_manifest_cut_short),
    cmocka_unit_test (test_manifest_garbage),
    cmocka_unit_test (test_manifest_bad_lines),
    cmocka_unit_test (test_manifest_lines_in_order),
    cmocka_unit_test (test_manifest_of_a_descriptor),
    cmocka_unit_test (test_manifest_lies),
    cmocka_unit_test (test_manifest_of_a_later_libkin),
  };

  return cmocka_run_group_tests_name ("manifest", tests, NULL, NULL);
}
