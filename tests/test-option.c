/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-option: option values between memory, value and text; options of real sockets; the generic
 * tables, whose constants are held against Python's. */
#include "local.h"
#include "oracle.h"
#include "shapes.h"

/* ---- Values -------------------------------------------------------------------------------- */

static KinOption
option_of (const char *name)
{
  KinOption row;

  if (!kin__option_find (&shapes_family.options, name, &row))
    fail_msg ("no option %s", name);
  return row;
}

/* clang-format off */
static const struct {
  const char *name, *value, *printed, *text;
  guint       length;
} values[] = {
  { "s.bytes",  "@ay [0, 255]",        "b'\\x00\\xff'",            "00ff",       2 },
  { "s.bytes",  "@ay []",              "b''",                      "",           0 },
  { "s.index",  "'lo'",                "'lo'",                     "lo",         4 },
  { "s.index",  "''",                  "''",                       "",           4 },
  { "s.int",    "-32768",              "-32768",                   "-32768",     2 },
  { "s.iv",     "(@ay [1, 2, 3],)",    "(b'\\x01\\x02\\x03',)",    "010203",     7 },
  { "s.iv",     "(@ay [],)",           "(b'',)",                   "",           4 },
  { "s.on",     "true",                "True",                     "1",          4 },
  { "s.on",     "5",                   "True",                     "1",          4 },
  { "s.pair",   "(1, 2)",              "(1, 2)",                   "1:2",        8 },
  { "s.pair",   "(1,)",                "(1, 7)",                   "1",          8 },
  { "s.pair",   "[<1>, <0>]",          "(1, 0)",                   "1:0",        8 },
  { "s.pairs",  "@av []",              "[]",                       "",           0 },
  { "s.pairs",  "[(1, 2), (3, 7)]",    "[(1, 2), (3, 7)]",         "1:2,3",     16 },
  { "s.pairs",  "((1,), (2,), (3,))",  "[(1, 7), (2, 7), (3, 7)]", "1,2,3",     24 },
  { "s.string", "'a&b:c,d(e'",         "'a&b:c,d(e'",              "a%26b:c,d(e", 16 },
  { "s.string", "''",                  "''",                       "",          16 },
  { "s.string", "'012345678901234'",   "'012345678901234'",        "012345678901234", 16 },
  { "s.time",   "1500000",             "1500000",                  "1.5",       sizeof (struct timeval) },
  { "s.time32", "int64 -1",            "-1",                       "-0.000001",  8 },
  { "s.time32", "int64 2147483647999999", "2147483647999999",      "2147483647.999999", 8 },
  { "s.time64", "int64 9223372036854775807", "9223372036854775807", "9223372036854.775807", 16 },
  { "s.time64", "int64 -9223372036854775807", "-9223372036854775807", "-9223372036854.775807", 16 },
  { "s.word",   "2",                   "2",                        "high",       8 },
  { "s.words",  "[('a,b:c', 1), ('(,)', 0), ('[&', 0)]", "[('a,b:c', 1), ('(,)', 0), ('[&', 0)]",
                                                                   "a%2Cb%3Ac:1,(%2C),%5B%26", 27 },
  { "s.word",   "uint64 18446744073709551615", "18446744073709551615", "18446744073709551615", 8 },
};

static const struct {
  const char *name, *value, *text, *message;   /* value or text */
} refused[] = {
  { "s.int",    "32768",        NULL,       "s.int: 32768 is out of range (-32768 to 32767)" },
  { "s.int",    NULL,           "-32769",   "s.int: -32769 is out of range" },
  { "s.int",    NULL,           "x",        "s.int: \"x\" is not a number" },
  { "s.int",    "(1,)",         NULL,       "s.int: cannot be (1,)" },
  { "s.int",    "@mi nothing",  NULL,       "s.int: cannot be None" },
  { "s.on",     NULL,           "maybe",    "s.on: \"maybe\" is neither 1 nor 0" },
  { "s.word",   NULL,           "middle",   "s.word: \"middle\" is not a number and none of the words low, high" },
  { "s.bytes",  "'x'",          NULL,       "s.bytes: must be bytes, not \"x\"" },
  { "s.string", "'0123456789012345'", NULL, "s.string: is too long: 16 bytes, there is room for 16" },
  { "s.string", NULL,           "a%00",     "s.string: has a NUL in it" },
  { "s.index",  NULL,           "nope",     "s.index: \"nope\": no such interface" },
  { "s.time32", "int64 2147483648000000", NULL, "s.time32: 2147483648000000 is out of range" },
  { "s.time32", NULL,           "1s",       "s.time32: \"1s\" is not a number of seconds" },
  { "s.pair",   "1",            NULL,       "s.pair: must be (first[, second]), not 1" },
  { "s.pair",   NULL,           "1:2:3",    "s.pair: must be first[:second]: 3 members are given" },
  { "s.pair",   NULL,           "65536",    "s.pair: first 65536 is out of range (0 to 65535)" },
  { "s.pairs",  NULL,           "1:2,",     "s.pairs: first \"\" is not a number" },
  { "s.pairs",  "5",            NULL,       "s.pairs: must be a list, not 5" },
  { "s.pairs",  "[1]",          NULL,       "s.pairs: must be (first[, second]), not 1" },
  { "s.length", NULL,           "-1",       "s.length: -1 is out of range (0 to 2147483647)" },
  { "s.error",  NULL,           "1:x",      "s.error: offender cannot be set" },
};
/* clang-format on */

static void
test_values (void **state)
{
  guint8 data[64], from_text[64];

  (void) state;
  for (gsize i = 0; i < G_N_ELEMENTS (values); i++) {
    KinOption row = option_of (values[i].name);
    g_autoptr (GVariant) value = g_variant_ref_sink (value_of (values[i].value)), got = NULL;
    g_autofree char *text = NULL, *printed = NULL;
    GError *error = NULL;
    gssize length;

    memset (data, 0, sizeof data);
    memset (from_text, 0, sizeof from_text);
    length = kin__value_set (&row, data, sizeof data, value, &error);
    if (length < 0)
      fail_msg ("%s", error->message);
    assert_int_equal (length, values[i].length);
    got = g_variant_ref_sink (kin__value_get (&row, data, (gsize) length));
    printed = kin_value_print (got);
    assert_string_equal (printed, values[i].printed);
    text = kin__value_format (&row, data, (gsize) length);
    assert_string_equal (text, values[i].text);
    assert_int_equal (kin__value_parse (&row, from_text, sizeof from_text, text, &error), length);
    assert_memory_equal (data, from_text, sizeof data);
  }
}

static void
test_refused_values (void **state)
{
  guint8 data[512] = { 0 };

  (void) state;
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++) {
    KinOption row = option_of (refused[i].name);
    g_autoptr (GVariant) value =
        refused[i].value ? g_variant_ref_sink (value_of (refused[i].value)) : NULL;
    GError *error = NULL;

    assert_int_equal (value ? kin__value_set (&row, data, sizeof data, value, &error)
                            : kin__value_parse (&row, data, sizeof data, refused[i].text, &error),
                      -1);
    assert_message (error, KIN_ERROR_BAD_VALUE, refused[i].message);
  }
}

static void
test_length_and_room (void **state)
{
  KinOption length = option_of ("s.length"), pairs = option_of ("s.pairs"), iv = option_of ("s.iv");
  g_autoptr (GVariant) three = g_variant_ref_sink (value_of ("[(1, 2), (3, 4), (5, 6)]"));
  GError *error = NULL;
  guint8 data[20] = { 0 };

  (void) state;
  assert_int_equal (kin__value_parse (&length, NULL, 0, "16", &error), 16);
  assert_null (kin__value_get (&length, data, 4));
  assert_int_equal (kin__value_set (&pairs, data, sizeof data, three, &error), -1);
  assert_message (error, KIN_ERROR_BAD_VALUE, "s.pairs: there is no room for more than 2 items");
  assert_int_equal (kin__value_room (&iv), 68);
  assert_int_equal (
      kin__value_parse (&iv, data, sizeof data, "000102030405060708090a0b0c0d0e0f10", &error), -1);
  assert_message (error, KIN_ERROR_BAD_VALUE, "s.iv: iv is too long: 17 bytes");
}

/* What the kernel gave may be shorter than what the table says. */
static void
test_short_values (void **state)
{
  static const char *const names[] = { "s.int", "s.on", "s.time64", "s.word", "s.index", "s.pair" };
  const guint8 data[16] = { 1 };

  (void) state;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    KinOption row = option_of (names[i]);

    assert_null (kin__value_get (&row, data, 1));
    assert_null (kin__value_format (&row, data, 1));
  }
  for (gsize i = 1; i < 8; i++) {
    KinOption row = option_of ("s.pairs");

    assert_null (kin__value_get (&row, data, i));
    assert_null (kin__value_format (&row, data, i));
  }
}

/* A count that lies is cut to what is there; an address at the end takes what is left. */
static void
test_tails (void **state)
{
  static const struct {
    guint length;
    const char *printed, *text;
  } cases[] = {
    { 4, "(7, None)", "7:(None)" },
    { 5, "(7, None)", "7:(None)" },
    { 8, "(7, (77, b'ab'))", "7:((77, b'ab'))" },
  };
  KinOption row = option_of ("s.error"), iv = option_of ("s.iv");
  guint8 data[64] = { 0 };
  KinAddress address;
  guint32 code = 7;

  (void) state;
  memcpy (data, &code, 4);
  data[G_BYTE_ORDER == G_LITTLE_ENDIAN ? 4 : 5] = 77;
  memcpy (data + 6, "ab", 2);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GVariant) value = g_variant_ref_sink (kin__value_get (&row, data, cases[i].length));
    g_autofree char *printed = kin_value_print (value);
    g_autofree char *text = kin__value_format (&row, data, cases[i].length);

    assert_string_equal (printed, cases[i].printed);
    assert_string_equal (text, cases[i].text);
  }
  assert_true (kin_address_parse (&address, "ip:1.2.3.4:5", NULL));
  memcpy (data + 4, &address.sa, address.length);
  {
    g_autoptr (GVariant) value =
        g_variant_ref_sink (kin__value_get (&row, data, 4 + address.length));
    g_autofree char *printed = kin_value_print (value);
    g_autofree char *text = kin__value_format (&row, data, 4 + address.length);

    assert_string_equal (printed, "(7, ('1.2.3.4', 5))");
    assert_string_equal (text, "7:(ip:1.2.3.4:5)");
  }
  memset (data, 0xff, sizeof data);
  {
    g_autoptr (GVariant) value = g_variant_ref_sink (kin__value_get (&iv, data, 6));
    g_autofree char *printed = kin_value_print (value);

    assert_string_equal (printed, "(b'\\xff\\xff',)");
  }
}

/* ---- Sockets ------------------------------------------------------------------------------- */

static void
set_text (KinSocket *socket, const char *name, const char *text)
{
  GError *error = NULL;

  if (!kin_socket_set_option_text (socket, name, text, &error))
    fail_msg ("%s", error->message);
}

static void
text_is (KinSocket *socket, const char *name, const char *text)
{
  GError *error = NULL;
  g_autofree char *got = kin_socket_get_option_text (socket, name, &error);

  if (!got)
    fail_msg ("%s", error->message);
  assert_string_equal (got, text);
}

static void
test_generic_options (void **state)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("local", NULL);
  g_autoptr (GVariant) linger = NULL, type = NULL;
  g_autofree char *printed = NULL;

  (void) state;
  set_text (socket, "so.linger", "on:5");
  text_is (socket, "so.linger", "1:5");
  assert_true (kin_socket_set_option (socket, "so.linger", value_of ("(true, 3)"), NULL));
  linger = kin_socket_get_option (socket, "so.linger", NULL);
  printed = kin_value_print (linger);
  assert_string_equal (printed, "(True, 3)");
  set_text (socket, "so.keepalive", "1");
  text_is (socket, "so.keepalive", "1");
  set_text (socket, "so.peek-off", "-1");
  text_is (socket, "so.type", "stream");
  type = kin_socket_get_option (socket, "so.type", NULL);
  assert_int_equal (g_variant_get_int64 (type), SOCK_STREAM);
  text_is (socket, "so.error", "0");
  text_is (socket, "so.bindtodevice", "");
}

/* Every row can be asked of a real socket, where the kernel has it. */
static void
test_every_generic_option (void **state)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("local-dgram", NULL);
  const char *before = "";
  KinOption row;

  (void) state;
  for (guint i = 0; kin_table_get (kin_generic_options (), i, &row, sizeof row); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) value = kin_socket_get_option (socket, row.name, &error);

    assert_true (strcmp (before, row.name) < 0);
    before = row.name;
    assert_true (strlen (row.help) < 72 && !g_str_has_suffix (row.help, "."));
    if (!(row.flags & KIN_OPTION_READ)) {
      assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_NO_SUCH_OPTION));
      assert_non_null (strstr (error->message, "can only be set"));
    } else if (!value && error->domain != KIN_OS_ERROR)
      fail_msg ("%s", error->message);
  }
}

static void
test_failures (void **state)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("local", NULL);
  GError *error = NULL;

  (void) state;
  assert_false (kin_socket_set_option_text (socket, "so.type", "1", &error));
  assert_message (error, KIN_ERROR_NO_SUCH_OPTION, "option so.type of local can only be read");
  assert_false (kin_socket_set_option_text (socket, "so.rcvbfu", "1", &error));
  assert_message (error, KIN_ERROR_NO_SUCH_OPTION, "local has no option \"so.rcvbfu\"; is it so.r");
  assert_null (kin_socket_get_option (socket, "x", &error));
  assert_message (error, KIN_ERROR_NO_SUCH_OPTION, "local has no option \"x\"");
  assert_false (kin_socket_set_option (socket, "so.linger", g_variant_new_int32 (1), &error));
  assert_message (error, KIN_ERROR_BAD_VALUE, "so.linger: must be (onoff, linger), not 1");
  assert_false (kin_socket_set_option_text (socket, "so.bindtodevice", "none", &error));
  assert_int_equal (errno, error->code);
  assert_non_null (strstr (error->message, "cannot set so.bindtodevice of local:"));
  assert_kin_error (error, KIN_OS_ERROR, errno);
  assert_false (kin_socket_setsockopt (socket, SOL_SOCKET, 9999, "", 0, &error));
  assert_non_null (strstr (error->message, "cannot set option 9999 of level 1 of local:"));
  assert_kin_error (error, KIN_OS_ERROR, EINVAL);
  assert_int_equal (kin_socket_getsockopt (socket, SOL_SOCKET, 9999, NULL, 0, &error), -1);
  assert_kin_error (error, KIN_OS_ERROR, ENOPROTOOPT);
}

static void
test_raw (void **state)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("local", NULL);
  int on = 1, got[2] = { 0, 0 };

  (void) state;
  assert_true (kin_socket_setsockopt (socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on, NULL));
  assert_int_equal (kin_socket_getsockopt (socket, SOL_SOCKET, SO_KEEPALIVE, got, sizeof got, NULL),
                    sizeof on);
  assert_int_equal (got[0], 1);
}

/* ---- Over another socket ------------------------------------------------------------------- */

static guint outer_value;
static KinSocket *over_socket;

static int
over_open (KinFamilySocket *socket, int domain, int type, int protocol)
{
  (void) domain;
  (void) type;
  (void) protocol;
  over_socket = kin_socket_new ("local", NULL);
  socket->fd = kin_socket_fd (over_socket);
  return 0;
}

static int
over_close (KinFamilySocket *socket)
{
  (void) socket;
  g_clear_pointer (&over_socket, kin_socket_unref);
  return 0;
}

static ssize_t
over_send (KinFamilySocket *socket, const void *data, size_t length, int flags)
{
  (void) socket;
  return kin_socket_send (over_socket, data, length, flags, NULL);
}

static ssize_t
over_recv (KinFamilySocket *socket, void *data, size_t length, int flags)
{
  (void) socket;
  return kin_socket_recv (over_socket, data, length, flags, NULL);
}

static int
over_setsockopt (KinFamilySocket *socket, int level, int number, const void *value,
                 socklen_t length)
{
  (void) socket;
  if (level != 5 || number != 6)
    return -ENOPROTOOPT;
  if (!value) {
    outer_value = (guint) length;
    return 0;
  }
  return -EINVAL;
}

static KinSocket *
over_inner (KinFamilySocket *socket)
{
  (void) socket;
  return over_socket;
}

static const KinSocketOps over_ops = {
  .size = sizeof over_ops,
  .open = over_open,
  .close = over_close,
  .send = over_send,
  .recv = over_recv,
  .setsockopt = over_setsockopt,
  .inner = over_inner,
};

static const KinProtocol over_protocols[] = {
  { .scheme = "over",
    .type = SOCK_STREAM,
    .flags = KIN_PROTOCOL_OVER,
    .grammar = "ENDPOINT",
    .example = "over:local:/x" },
};

static const KinOption over_options[] = {
  { .name = "over.size",
    .help = "a length",
    .level = 5,
    .number = 6,
    .kind = KIN_LENGTH,
    .flags = KIN_OPTION_WRITE },
};

static const KinFamily over_family = {
  KIN_STAMP,
  .domain = KIN_DOMAIN_DYNAMIC,
  .name = "over",
  .summary = "stands over a socket",
  .protocols = KIN_TABLE (over_protocols),
  .options = KIN_TABLE (over_options),
  .ops = &over_ops,
};

static void
test_over (void **state)
{
  g_autoptr (KinSocket) socket = NULL;
  GError *error = NULL;

  (void) state;
  assert_true (kin_register_family (&over_family, NULL));
  socket = kin_socket_new ("over", &error);
  assert_non_null (socket);
  set_text (socket, "over.size", "16");
  assert_int_equal (outer_value, 16);
  set_text (socket, "so.keepalive", "1");
  text_is (over_socket, "so.keepalive", "1");
  text_is (socket, "so.keepalive", "1");
  assert_false (kin_socket_setsockopt (socket, 5, 7, "", 1, &error));
  assert_kin_error (error, KIN_OS_ERROR, ENOPROTOOPT);
  assert_null (kin_socket_get_option (socket, "over.size", &error));
  assert_message (error, KIN_ERROR_NO_SUCH_OPTION, "option over.size of over can only be set");
}

/* ---- Constants ----------------------------------------------------------------------------- */

static void
test_constants (void **state)
{
  g_autoptr (GString) lines = g_string_new (NULL);
  const char *before = "";
  KinConstant row;

  (void) state;
  for (guint i = 0; kin_table_get (kin_generic_constants (), i, &row, sizeof row); i++) {
    assert_true (strcmp (before, row.name) < 0);
    before = row.name;
    g_string_append_printf (lines, "%s %" G_GINT64_FORMAT "\n", row.name, row.value);
  }
  assert_true (ask_oracle ("constants.py", lines) > 70);
}

static int
setup (void **state)
{
  return local_setup (state) == 0 && shapes_setup (state) == 0 ? 0 : -1;
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_values),
    cmocka_unit_test (test_refused_values),
    cmocka_unit_test (test_length_and_room),
    cmocka_unit_test (test_short_values),
    cmocka_unit_test (test_tails),
    cmocka_unit_test (test_generic_options),
    cmocka_unit_test (test_every_generic_option),
    cmocka_unit_test (test_failures),
    cmocka_unit_test (test_raw),
    cmocka_unit_test (test_over),
    cmocka_unit_test (test_constants),
  };

  return cmocka_run_group_tests (tests, setup, local_teardown);
}
