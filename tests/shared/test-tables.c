/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-tables: what holds for the tables of every family of the tree, whichever these are.
 *
 * Addresses go from a row's example to text and tuple and back, constants are held against
 * Python's, and the lists of `kin info` are sorted and say what they mean.
 *
 * Needs: plugins
 */
#include "../oracle.h"
#include "sockets.h"

static GPtrArray *families; /* const KinFamily */

static int
setup (void **state)
{
  g_autoptr (GPtrArray) infos = kin_list_families ();

  (void) state;
  families = g_ptr_array_new ();
  for (guint i = 0; i < infos->len; i++) {
    const KinFamilyInfo *info = infos->pdata[i];
    g_autoptr (GError) error = NULL;
    const KinFamily *family = kin_load_family (info->name, &error);

    must (family, error);
    g_ptr_array_add (families, (gpointer) family);
  }
  return families->len > 0 ? 0 : -1;
}

static int
teardown (void **state)
{
  (void) state;
  g_ptr_array_unref (families);
  return 0;
}

/* ---- Addresses ----------------------------------------------------------------------------- */

/* Of a row's example, or of what it binds to talk to itself. */
static void
check_address (const char *scheme, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) tuple = NULL, again = NULL;
  g_autofree char *written = NULL, *printed = NULL, *printed_again = NULL, *in_text = NULL;
  KinAddress address, from_text, from_tuple;

  must (kin_address_parse (&address, text, &error), error);
  written = kin_address_format (&address);
  must (kin_address_parse (&from_text, written, &error), error);
  assert_true (kin_address_equal (&address, &from_text));
  assert_string_equal (kin_address_scheme (&address), scheme);
  tuple = kin_address_to_tuple (&address);
  must (kin_address_from_tuple (&from_tuple, scheme, tuple, &error), error);
  assert_true (kin_address_equal (&address, &from_tuple));
  again = kin_address_to_tuple (&from_tuple);
  printed = kin_value_print (tuple);
  printed_again = kin_value_print (again);
  assert_string_equal (printed, printed_again);
  if (g_variant_is_of_type (tuple, G_VARIANT_TYPE_TUPLE)) {
    in_text = g_strconcat (scheme, ":", printed, NULL);
    must (kin_address_parse (&from_tuple, in_text, &error), error);
    assert_true (kin_address_equal (&address, &from_tuple));
  }
}

/* An example may name an interface that this machine has not: lo stands for it. */
static char *
with_an_interface (const KinProtocol *row, const char *text)
{
  const char *rest = strchr (text, ':') + 1;
  KinAddressCodec codec;
  KinField field;

  if (!kin_table_get (&row->codecs, 0, &codec, sizeof codec)
      || !kin_table_get (&codec.fields, 0, &field, sizeof field) || field.kind != KIN_INTERFACE)
    return g_strdup (text);
  return g_strdup_printf ("%s:lo%s", row->scheme,
                          rest + strcspn (rest, (char[]){ codec.separator, 0 }));
}

static void
check_protocol (const KinProtocol *row)
{
  g_autofree char *start = g_strdup_printf ("%s:", row->scheme), *bound = NULL, *written = NULL;
  g_autofree char *example = NULL;
  KinAddress address;

  assert_true (g_str_has_prefix (row->example, start));
  assert_true (*row->grammar != 0);
  if (row->flags & KIN_PROTOCOL_OVER)
    return;
  example = with_an_interface (row, row->example);
  check_address (row->scheme, example);
  /* An example is written as libkin writes it. */
  assert_true (kin_address_parse (&address, example, NULL));
  written = kin_address_format (&address);
  assert_string_equal (written, example);
  if (row->loopback) {
    bound = g_strconcat (start, row->loopback, NULL);
    check_address (row->scheme, bound);
  }
}

static void
test_addresses (void **state)
{
  KinProtocol row;

  (void) state;
  for (guint f = 0; f < families->len; f++) {
    const KinFamily *family = families->pdata[f];

    for (guint i = 0; kin_table_get (&family->protocols, i, &row, sizeof row); i++)
      check_protocol (&row);
  }
}

/* An option of the family, or of every socket, that may be set. */
static void
check_can_set (const KinFamily *family, const char *what, const char *name)
{
  const KinTable *tables[] = { &family->options, kin_generic_options () };
  gboolean is_there = FALSE;
  KinOption option;

  for (guint t = 0; t < G_N_ELEMENTS (tables); t++)
    for (guint i = 0; kin_table_get (tables[t], i, &option, sizeof option); i++)
      is_there |= strcmp (option.name, name) == 0 && (option.flags & KIN_OPTION_WRITE);
  if (!is_there)
    fail_msg ("%s: %s is no option to set", what, name);
}

static void
check_settings (const KinFamily *family, const KinProtocol *row, const char *text)
{
  g_auto (GStrv) settings = g_strsplit (text ? text : "", "&", -1);

  for (char **setting = settings; *setting; setting++) {
    g_auto (GStrv) pair = g_strsplit (*setting, "=", 2);

    check_can_set (family, row->scheme, pair[0]);
  }
}

/* ---- Datagrams ----------------------------------------------------------------------------- */

/* What people type for a datagram is what logs have for it, behind a sender; that and the
 * description are cut short by no byte, and say so. */
static void
check_datagram (const KinProtocol *row)
{
  g_autofree guint8 *data = g_malloc0 (65536);
  char line[4096], reason[256] = "";
  gssize length;
  int n;

  assert_true (!row->compose == !row->datagram);
  if (!row->compose)
    return;
  length = row->compose (row->datagram, data, 65536, reason, sizeof reason);
  if (length < 0)
    fail_msg ("%s: %s", row->datagram, reason);
  assert_true (row->compose (row->datagram, data, (gsize) length - 1, reason, sizeof reason) < 0);
  assert_true (row->compose ("", data, 65536, reason, sizeof reason) < 0);
  assert_true (*reason != 0 && !g_str_has_suffix (reason, "."));
  n = row->log ? row->log (NULL, data, (gsize) length, line, sizeof line) : 0;
  if (n > 0) {
    assert_int_equal (n, strlen (line));
    assert_string_equal (strchr (line, ' ') + 1, row->datagram);
    assert_int_equal (row->log (NULL, data, (gsize) length, line, (gsize) n + 1), n);
    assert_true (row->log (NULL, data, (gsize) length, line, (gsize) n) < 0);
  }
  n = row->describe ? row->describe (NULL, data, (gsize) length, line, sizeof line) : 0;
  assert_true (n >= 0 && !(n > 0 && strpbrk (line, "\n\t")));
  assert_true (n == 0 || row->describe (NULL, data, (gsize) length, line, (gsize) n) < 0);
}

static void
test_datagrams (void **state)
{
  KinProtocol row;

  (void) state;
  for (guint f = 0; f < families->len; f++) {
    const KinFamily *family = families->pdata[f];

    for (guint i = 0; kin_table_get (&family->protocols, i, &row, sizeof row); i++)
      check_datagram (&row);
  }
}

static void
test_rows_options (void **state)
{
  KinProtocol row;

  (void) state;
  for (guint f = 0; f < families->len; f++) {
    const KinFamily *family = families->pdata[f];

    for (guint i = 0; kin_table_get (&family->protocols, i, &row, sizeof row); i++) {
      check_settings (family, &row, row.bind_options);
      check_settings (family, &row, row.watch_options);
    }
  }
}

/* ---- Options and control messages ---------------------------------------------------------- */

static void
check_fields (const KinOption *option)
{
  gboolean is_struct = option->kind == KIN_STRUCT || option->kind == KIN_ARRAY;
  KinField field;
  guint n = 0;

  for (guint i = 0; kin_table_get (&option->fields, i, &field, sizeof field); i++, n++) {
    if (!field.name || *field.name == 0)
      fail_msg ("%s: a member has no name", option->name);
    if (field.kind != KIN_ADDRESS && field.kind != KIN_BYTES
        && field.offset + field.size > option->size)
      fail_msg ("%s: member %s is outside of the struct", option->name, field.name);
  }
  if (is_struct != (n > 0))
    fail_msg ("%s has %u members", option->name, n);
}

static void
check_rows (const KinFamily *family, const KinTable *table)
{
  const char *before = "";
  KinOption row;

  for (guint i = 0; kin_table_get (table, i, &row, sizeof row); i++) {
    if (strcmp (before, row.name) >= 0)
      fail_msg ("%s stands after %s", row.name, before);
    before = row.name;
    if (!(row.flags & KIN_OPTION_READ_WRITE))
      fail_msg ("%s is neither read nor written", row.name);
    if (!row.help || *row.help == 0 || strlen (row.help) > 72 || g_str_has_suffix (row.help, "."))
      fail_msg ("%s: the help must be a line without a full stop", row.name);
    if (strspn (row.name, "abcdefghijklmnopqrstuvwxyz0123456789-.") != strlen (row.name)
        || !strchr (row.name, '.') || g_str_has_prefix (row.name, "so."))
      fail_msg ("%s is no name for an option of %s", row.name, family->name);
    if (row.enabled_by)
      check_can_set (family, row.name, row.enabled_by);
    check_fields (&row);
  }
}

static void
test_options (void **state)
{
  (void) state;
  for (guint f = 0; f < families->len; f++) {
    const KinFamily *family = families->pdata[f];

    check_rows (family, &family->options);
    check_rows (family, &family->controls);
  }
}

/* ---- Constants and hints ------------------------------------------------------------------- */

static void
test_constants (void **state)
{
  g_autoptr (GString) lines = g_string_new (NULL);
  KinConstant row;

  (void) state;
  for (guint f = 0; f < families->len; f++) {
    const KinFamily *family = families->pdata[f];
    const char *before = "";

    for (guint i = 0; kin_table_get (&family->constants, i, &row, sizeof row); i++) {
      if (strcmp (before, row.name) >= 0)
        fail_msg ("%s: %s stands after %s", family->name, row.name, before);
      before = row.name;
      if (row.text)
        g_string_append_printf (lines, "%s =%s\n", row.name, row.text);
      else
        g_string_append_printf (lines, "%s %" G_GINT64_FORMAT "\n", row.name, row.value);
    }
  }
  print_message ("# %u constants are Python's as well\n",
                 (guint) ask_oracle ("family-constants.py", lines));
}

static void
test_hints (void **state)
{
  static const char *const operations[] = { "open",    "bind", "listen",  "accept",
                                            "connect", "send", "receive", "shut",
                                            "set",     "get",  "address", NULL };
  KinHint hint, other;

  (void) state;
  for (guint f = 0; f < families->len; f++) {
    const KinTable *hints = &((const KinFamily *) families->pdata[f])->hints;

    for (guint i = 0; kin_table_get (hints, i, &hint, sizeof hint); i++) {
      if (!g_strv_contains (operations, hint.operation))
        fail_msg ("a hint is for \"%s\", which is no operation", hint.operation);
      if (hint.code <= 0 || g_str_has_suffix (hint.sentence, "."))
        fail_msg ("\"%s\" has no errno, or a full stop", hint.sentence);
      for (guint j = 0; j < i && kin_table_get (hints, j, &other, sizeof other); j++)
        if (hint.code == other.code
            && (!other.schemes || g_strcmp0 (other.schemes, hint.schemes) == 0)
            && strcmp (hint.operation, other.operation) == 0)
          fail_msg ("\"%s\" is never said, \"%s\" is", hint.sentence, other.sentence);
    }
  }
}

/* ---- Bad input, on every protocol ---------------------------------------------------------- */

/* No protocol takes these, whatever its address is made of. */
static const char *const never[] = {
  "((),)",
  "([1],)",
  "(1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5)",
  "@mv nothing",
  "(true, true, true, true, true, true, true, true, true)",
  "(-1, -1, -1, -1, -1, -1, -1, -1, -1)",
  "(uint64 18446744073709551615, uint64 18446744073709551615, uint64 18446744073709551615)",
};
/* Nor text that ends, or goes on, so. */
static const char *const never_behind[] = { "%00", "%", "%zz" };

/* One sentence that names the scheme, and an errno. */
static void
check_refused (const char *scheme, GVariant *tuple, const char *text, const char *what)
{
  g_autoptr (GError) error = NULL;
  KinAddress address;

  errno = 0;
  if (tuple ? kin_address_from_tuple (&address, scheme, tuple, &error)
            : kin_address_parse (&address, text, &error))
    fail_msg ("%s takes %s", scheme, what);
  if (!error || !strstr (error->message, scheme) || strchr (error->message, '\n')
      || g_str_has_suffix (error->message, ".") || strlen (error->message) > 1000 || errno == 0)
    fail_msg ("%s, %s: errno %d, \"%s\"", scheme, what, errno, error ? error->message : "no error");
}

/* What is too long or of a wrong type for any member. */
static GVariant *
bad_member (guint kind)
{
  g_autofree char *words = g_strnfill (70000, 'x');

  return kind == 0   ? g_variant_new_string (words)
         : kind == 1 ? g_variant_new_double (1.5)
                     : g_variant_new ("()");
}

/* The example's tuple with one member after the other replaced, then with one too many. */
static void
check_bad_members (const char *scheme, GVariant *tuple)
{
  gsize n = g_variant_n_children (tuple);

  for (gsize bad = 0; bad <= n; bad++)
    for (guint kind = 0; kind < 3; kind++) {
      g_autofree char *what = g_strdup_printf ("kind %u as member %u", kind, (guint) bad);
      g_autoptr (GVariant) whole = NULL;
      GVariantBuilder builder;

      g_variant_builder_init (&builder, G_VARIANT_TYPE_TUPLE);
      for (gsize i = 0; i < MAX (n, bad + 1); i++) {
        g_autoptr (GVariant) child = i == bad ? g_variant_ref_sink (bad_member (kind))
                                              : g_variant_get_child_value (tuple, i);

        g_variant_builder_add_value (&builder, child);
      }
      whole = g_variant_ref_sink (g_variant_builder_end (&builder));
      check_refused (scheme, whole, NULL, what);
    }
}

static void
check_bad_input (const KinProtocol *row)
{
  g_autofree char *example = with_an_interface (row, row->example);
  g_autofree char *words = g_strnfill (70000, 'x');
  g_autofree char *long_text = g_strdup_printf ("%s:%s", row->scheme, words);
  g_autoptr (GVariant) tuple = NULL;
  KinAddress address;

  for (guint i = 0; i < G_N_ELEMENTS (never); i++) {
    g_autoptr (GVariant) value = g_variant_parse (NULL, never[i], NULL, NULL, NULL);

    assert_non_null (value);
    check_refused (row->scheme, value, NULL, never[i]);
  }
  check_refused (row->scheme, NULL, long_text, "70000 characters");
  assert_true (kin_address_parse (&address, example, NULL));
  tuple = kin_address_to_tuple (&address);
  if (!g_variant_is_of_type (tuple, G_VARIANT_TYPE_TUPLE))
    return; /* a bare name may have any character in it */
  check_bad_members (row->scheme, tuple);
  for (guint i = 0; i < G_N_ELEMENTS (never_behind); i++) {
    g_autofree char *text = g_strconcat (example, never_behind[i], NULL);

    check_refused (row->scheme, NULL, text, never_behind[i]);
  }
}

static void
test_bad_input (void **state)
{
  KinProtocol row;

  (void) state;
  for (guint f = 0; f < families->len; f++) {
    const KinFamily *family = families->pdata[f];

    for (guint i = 0; kin_table_get (&family->protocols, i, &row, sizeof row); i++)
      if (!(row.flags & KIN_PROTOCOL_OVER))
        check_bad_input (&row);
  }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_addresses), cmocka_unit_test (test_rows_options),
    cmocka_unit_test (test_datagrams), cmocka_unit_test (test_options),
    cmocka_unit_test (test_constants), cmocka_unit_test (test_hints),
    cmocka_unit_test (test_bad_input),
  };

  return cmocka_run_group_tests (tests, setup, teardown);
}
