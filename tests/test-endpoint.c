/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-endpoint: endpoints from text and tuples, their options, shared schemes, endpoints over
 * others; and garbage, which may be refused but must not harm. */
#include "shapes.h"

/* ---- A family over another endpoint -------------------------------------------------------- */

static int
wrap_open (KinFamilySocket *socket, int domain, int type, int protocol)
{
  (void) socket;
  (void) domain;
  (void) type;
  (void) protocol;
  return -EOPNOTSUPP;
}

static int
wrap_close (KinFamilySocket *socket)
{
  (void) socket;
  return 0;
}

static ssize_t
wrap_send (KinFamilySocket *socket, const void *data, size_t length, int flags)
{
  (void) socket;
  (void) data;
  (void) length;
  (void) flags;
  return -EOPNOTSUPP;
}

static ssize_t
wrap_recv (KinFamilySocket *socket, void *data, size_t length, int flags)
{
  (void) socket;
  (void) data;
  (void) length;
  (void) flags;
  return -EOPNOTSUPP;
}

static KinSocket *
wrap_inner (KinFamilySocket *socket)
{
  (void) socket;
  return NULL;
}

static const KinSocketOps wrap_ops = {
  .size = sizeof wrap_ops,
  .open = wrap_open,
  .close = wrap_close,
  .send = wrap_send,
  .recv = wrap_recv,
  .inner = wrap_inner,
};

static const KinProtocol wrap_protocols[] = {
  { .scheme = "wrap",
    .type = SOCK_STREAM,
    .flags = KIN_PROTOCOL_OVER,
    .grammar = "ENDPOINT",
    .example = "wrap:s-vsock:1:2" },
};

static const KinOption wrap_options[] = {
  { .name = "wrap.key",
    .help = "a key",
    .level = 1,
    .number = 1,
    .kind = KIN_BYTES,
    .size = 8,
    .flags = KIN_OPTION_WRITE },
};

static const KinFamily wrap_family = {
  KIN_STAMP,
  .domain = KIN_DOMAIN_DYNAMIC,
  .name = "wrap",
  .summary = "stands over another endpoint",
  .protocols = KIN_TABLE (wrap_protocols),
  .options = KIN_TABLE (wrap_options),
  .ops = &wrap_ops,
};

static int
setup (void **state)
{
  return shapes_setup (state) == 0 && kin_register_family (&wrap_family, NULL) ? 0 : -1;
}

/* ---- Text ---------------------------------------------------------------------------------- */

static KinEndpoint *
endpoint_of (const char *text)
{
  GError *error = NULL;
  KinEndpoint *endpoint = kin_endpoint_new (text, &error);

  if (!endpoint)
    fail_msg ("%s: %s", text, error->message);
  return endpoint;
}

static void
test_same_text (void **state)
{
  static const char *const texts[] = {
    "s-vsock:any:1234",
    "s-vsock:any:1234?so.rcvbuf=65536",
    "s-vsock:any:1234?so.rcvbuf=65536&s.pairs=1:2,3:4&so.linger=1:5",
    "s-path:/a%3Fb?s.string=x%26y%25z&s.string=again",
    "ip:127.0.0.1:80",
    "ip:[::1]:80?so.reuseaddr=1",
    "ip:example.org:80?so.mark=1",
    "ip:bücher.example:80",
    "ip6:[fe80::1%7]:80",
    "s-tipc:name,1000,1,node?s.bytes=00ff&s.length=16",
    "wrap:s-vsock:any:1234",
    "wrap:ip:example.org:80?so.rcvbuf=1&wrap.key=00&no.such=%zz",
    "wrap:wrap:s-path:/x?wrap.key=01",
  };

  (void) state;
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (KinEndpoint) endpoint = endpoint_of (texts[i]);
    g_autofree char *written = kin_endpoint_format (endpoint);

    assert_string_equal (written, texts[i]);
    assert_true (g_str_has_prefix (texts[i], kin_endpoint_scheme (endpoint)));
  }
}

static void
test_settings (void **state)
{
  g_autoptr (KinEndpoint) endpoint =
      endpoint_of ("s-vsock:any:1?so%2Ercvbuf=4096&s.string=a%20b&s.string=\n");
  const KinSetting *settings = (const KinSetting *) endpoint->settings->data;
  KinAddress address;
  g_autofree char *text = NULL;

  (void) state;
  assert_int_equal (endpoint->settings->len, 3);
  assert_string_equal (settings[0].name, "so.rcvbuf");
  assert_string_equal (settings[0].text, "4096");
  assert_string_equal (settings[1].text, "a%20b");
  assert_string_equal (settings[2].text, "%0A");
  assert_true (kin_endpoint_address (endpoint, &address, NULL));
  text = kin_address_format (&address);
  assert_string_equal (text, "s-vsock:any:1");
}

static void
test_over (void **state)
{
  g_autoptr (KinEndpoint) endpoint =
      endpoint_of ("wrap:ip:h%3F:1?wrap.key=0102&so.mark=1&wrap.key=03&other.x=%31");
  g_autoptr (KinEndpoint) nested = endpoint_of ("wrap:wrap:s-path:/x?wrap.key=01");
  const KinSetting *settings = (const KinSetting *) endpoint->settings->data;
  GError *error = NULL;
  KinAddress address;

  (void) state;
  assert_string_equal (endpoint->inner, "ip:h%3F:1?so.mark=1&other.x=%31");
  assert_int_equal (endpoint->settings->len, 2);
  assert_string_equal (settings[0].text, "0102");
  assert_string_equal (settings[1].text, "03");
  assert_string_equal (nested->inner, "wrap:s-path:/x");
  assert_false (kin_endpoint_address (endpoint, &address, &error));
  assert_message (error, KIN_ERROR_NOT_SUPPORTED, "wrap stands over another endpoint");
  assert_false (kin_address_parse (&address, "wrap:s-path:/x", &error));
  assert_message (error, KIN_ERROR_NOT_SUPPORTED, "wrap stands over another endpoint");
  assert_null (kin_endpoint_new ("wrap:s-path:/x?wrap.key=x", &error));
  assert_message (error, KIN_ERROR_BAD_VALUE, "wrap.key: is bytes");
}

static void
test_from_tuple (void **state)
{
  GError *error = NULL;
  g_autoptr (KinEndpoint) endpoint =
      kin_endpoint_new_tuple ("ip", value_of ("('::1', 80)"), &error);
  g_autoptr (KinEndpoint) over =
      kin_endpoint_new_tuple ("wrap", value_of ("'s-path:/x?so.mark=1'"), &error);
  g_autofree char *text = kin_endpoint_format (endpoint);
  g_autofree char *over_text = kin_endpoint_format (over);

  (void) state;
  assert_string_equal (text, "ip:[::1]:80");
  assert_string_equal (endpoint->transport->family->data.name, host6_family.name);
  assert_string_equal (over_text, "wrap:s-path:/x?so.mark=1");
  assert_null (kin_endpoint_new_tuple ("wrap", value_of ("(1, 2)"), &error));
  assert_message (error, KIN_ERROR_NOT_SUPPORTED, "wrap stands over another endpoint");
  assert_null (kin_endpoint_new_tuple ("s-vsock", value_of ("(1, 'x')"), &error));
  assert_message (error, KIN_ERROR_BAD_ENDPOINT, "s-vsock address (1, 'x'): port must be");
  assert_null (kin_endpoint_new_tuple ("vscok", value_of ("(1, 2)"), &error));
  assert_message (error, KIN_ERROR_NO_SUCH_SCHEME, "vscok");
}

/* In text, where Python has a tuple for the address. */
static void
test_tuple_in_text (void **state)
{
  static const char *const texts[][2] = {
    { "ip:('::1', 80)", "ip:[::1]:80" },
    { "ip:( '::1' ,80 , )?so.mark=1", "ip:[::1]:80?so.mark=1" },
    { "ip:('b\303\274cher.example', 80)", "ip:b\303\274cher.example:80" },
    { "s-vsock:(1, 9)", "s-vsock:1:9" },
    { "s-alg:('a?b', '%41')", "s-alg:a%3Fb,%2541" },
    { "s-alg:('(a)', 'b')", "s-alg:%28a),b" },
    { "s-path:(x)", "s-path:(x)" },
    { "wrap:ip:('::1', 80)?so.mark=1", "wrap:ip:('::1', 80)?so.mark=1" },
  };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (KinEndpoint) endpoint = endpoint_of (texts[i][0]), again = NULL;
    g_autofree char *written = kin_endpoint_format (endpoint), *written_again = NULL;

    assert_string_equal (written, texts[i][1]);
    again = endpoint_of (written);
    written_again = kin_endpoint_format (again);
    assert_string_equal (written_again, written);
    assert_true (kin_address_equal (&endpoint->address, &again->address));
  }
}

/* A name is what all the families that take it for one are asked together. */
static void
test_name (void **state)
{
  g_autoptr (KinEndpoint) endpoint = endpoint_of ("ip:b%C3%BCcher.example:80");
  g_autoptr (KinEndpoint) scoped = NULL;
  const KinMember *members = (const KinMember *) endpoint->question->members->data;
  GError *error = NULL;
  KinAddress address;

  (void) state;
  assert_int_equal (endpoint->question->transports->len, 2);
  assert_int_equal (endpoint->question->members->len, 2);
  assert_string_equal (members[0].bytes, "xn--bcher-kva.example");
  assert_int_equal (members[1].kind, KIN_UINT);
  assert_int_equal (members[1].number, 80);
  assert_false (kin_endpoint_address (endpoint, &address, &error));
  assert_message (error, KIN_ERROR_NOT_SUPPORTED, "ip:bücher.example:80 is a name");
  assert_false (kin_address_parse (&address, "ip:example.org:80", &error));
  assert_message (error, KIN_ERROR_NOT_SUPPORTED,
                  "host \"example.org\" is not an address; names are looked up in endpoints");
  scoped = kin_endpoint_new_tuple ("ip", value_of ("('example.org', 80, 0, 7)"), NULL);
  assert_non_null (scoped);
  assert_int_equal (scoped->question->transports->len, 1);
}

/* ---- What is refused ----------------------------------------------------------------------- */

static void
test_refused (void **state)
{
  static const struct {
    const char *text, *message;
    KinError code;
  } cases[] = {
    { "s-vsok:1:2", "s-vsock", KIN_ERROR_NO_SUCH_SCHEME },
    { "nothing", "write SCHEME:ADDRESS[?OPTION=VALUE", KIN_ERROR_BAD_ENDPOINT },
    { "s-vsock:1:x", "port \"x\" is not a number", KIN_ERROR_BAD_ENDPOINT },
    { "s-vsock:1:2?", "no option follows the ?", KIN_ERROR_BAD_ENDPOINT },
    { "s-vsock:1:2?so.mark", "option \"so.mark\" is not OPTION=VALUE", KIN_ERROR_BAD_ENDPOINT },
    { "s-vsock:1:2?=1", "option \"=1\" is not OPTION=VALUE", KIN_ERROR_BAD_ENDPOINT },
    { "s-vsock:1:2?so.mark=1&", "option \"\" is not OPTION=VALUE", KIN_ERROR_BAD_ENDPOINT },
    { "s-vsock:1:2?%zz=1", "bad escape", KIN_ERROR_BAD_ENDPOINT },
    { "s-vsock:1:2?a%00=1", "has a NUL", KIN_ERROR_BAD_ENDPOINT },
    { "s-vsock:1:2?so.rcvbfu=1", "s-vsock has no option \"so.rcvbfu\"; is it so.rcvbuf?",
      KIN_ERROR_NO_SUCH_OPTION },
    { "s-vsock:1:2?s.strng=1", "is it s.string?", KIN_ERROR_NO_SUCH_OPTION },
    { "s-vsock:1:2?quite.else=1", "`kin info s-vsock` lists all", KIN_ERROR_NO_SUCH_OPTION },
    { "s-vsock:1:2?so.error=1", "option so.error of s-vsock can only be read",
      KIN_ERROR_NO_SUCH_OPTION },
    { "s-vsock:1:2?so.rcvbuf=x", "so.rcvbuf: \"x\" is not a number", KIN_ERROR_BAD_VALUE },
    { "s-vsock:1:2?so.rcvbuf=2147483648", "so.rcvbuf: 2147483648 is out of range (-2147483648 to",
      KIN_ERROR_BAD_VALUE },
    { "s-vsock:1:2?s.string=%zz", "s.string: \"%zz\" is a bad escape", KIN_ERROR_BAD_VALUE },
    { "s-vsock:(1, 2", "is no tuple: character 1: the bracket is not closed",
      KIN_ERROR_BAD_ENDPOINT },
    { "s-vsock:(1)", "one member alone is written (member,)", KIN_ERROR_BAD_ENDPOINT },
    { "s-vsock:(1, 2)x", "something follows the tuple", KIN_ERROR_BAD_ENDPOINT },
    { "s-vsock:(1, x)", "character 5: text is written in quotes: 'x'", KIN_ERROR_BAD_ENDPOINT },
    { "s-vsock:(1, 'x')", "s-vsock address (1, 'x'): port must be", KIN_ERROR_BAD_ENDPOINT },
    { "s-vsock:(1, 2)?so.mark=x", "so.mark: \"x\" is not a number", KIN_ERROR_BAD_VALUE },
    { "ip:127.0.0.1:99999", "port 99999 is out of range (0 to 65535)", KIN_ERROR_BAD_ENDPOINT },
  };

  (void) state;
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;

    errno = 0;
    assert_null (kin_endpoint_new (cases[i].text, &error));
    assert_int_not_equal (errno, 0);
    assert_message (error, cases[i].code, cases[i].message);
    assert_null (kin_endpoint_new (cases[i].text, NULL));
  }
}

/* ---- Garbage ------------------------------------------------------------------------------- */

/* Pieces of endpoints in any order, bytes of any kind among them. */
static char *
random_text (GRand *rand)
{
  static const char *const pieces[] = {
    "s-vsock", "s-path", "s-alg", "s-tipc", "wrap", "ip",     ":",      ":",  "?",  "&",
    "=",       ",",      "%",     "%41",    "%00",  "[",      "]",      "(",  ")",  "so.mark",
    "1",       "name",   "any",   "::1",    "('",   "',",     "-",      ".",  "\n", "\x1b",
    "\xff",    "\xc3",   "\xa9",  "é",      "999",  "/run/x", "s.pair", "0x", ",)", "(1, 2)"
  };
  GString *text = g_string_new (NULL);

  if (g_rand_int_range (rand, 0, 4) > 0)
    g_string_append_printf (text, "%s:", pieces[g_rand_int_range (rand, 0, 6)]);
  for (gint32 n = g_rand_int_range (rand, 0, 9); n > 0; n--)
    g_string_append (text, pieces[g_rand_int_range (rand, 0, G_N_ELEMENTS (pieces))]);
  return g_string_free (text, FALSE);
}

static gboolean
is_clean (const char *text)
{
  for (const char *at = text; *at; at = g_utf8_next_char (at))
    if (!g_unichar_isprint (g_utf8_get_char (at)))
      return FALSE;
  return TRUE;
}

/* What is taken is written so that it is taken again, as the same; what is not has a sentence. */
static void
test_garbage (void **state)
{
  GRand *rand = g_rand_new_with_seed (11);
  guint n_taken = 0;

  (void) state;
  for (guint i = 0; i < 40000; i++) {
    g_autofree char *text = random_text (rand), *written = NULL, *again = NULL;
    g_autoptr (GError) error = NULL;
    g_autoptr (KinEndpoint) endpoint = kin_endpoint_new (text, &error);
    g_autoptr (KinEndpoint) second = NULL;

    if (!endpoint) {
      assert_non_null (error);
      assert_true (g_utf8_validate (error->message, -1, NULL) && is_clean (error->message));
      continue;
    }
    n_taken++;
    written = kin_endpoint_format (endpoint);
    assert_true (g_utf8_validate (written, -1, NULL) && is_clean (written));
    second = kin_endpoint_new (written, NULL);
    if (!second)
      fail_msg ("%s is not taken again", written);
    again = kin_endpoint_format (second);
    assert_string_equal (written, again);
    assert_true (kin_address_equal (&endpoint->address, &second->address));
  }
  g_rand_free (rand);
  assert_true (n_taken > 1000);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_same_text), cmocka_unit_test (test_settings),
    cmocka_unit_test (test_over),      cmocka_unit_test (test_from_tuple),
    cmocka_unit_test (test_name),      cmocka_unit_test (test_refused),
    cmocka_unit_test (test_garbage),   cmocka_unit_test (test_tuple_in_text),
  };

  return cmocka_run_group_tests (tests, setup, NULL);
}
