/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-fields: addresses of all shapes from text to tuple to memory and back, and what is refused.
 *
 * By hand; test-fields-random has thousands more. */
#include "shapes.h"

#include <net/if.h>

/* ---- By hand ------------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
  const char *text, *tuple;   /* NULL: a tuple that loses what text has (a protocol, a scope) */
} both_ways[] = {
  { "s-adapter:0",                        "(0,)" },
  { "s-adapter:-1",                       "(-1,)" },
  { "s-alg:hash,sha256",                  "('hash', 'sha256')" },
  { "s-alg:hash,sha256,0x10",             "('hash', 'sha256', 16)" },
  { "s-alg:hash,sha256,0x0,0x1",          "('hash', 'sha256', 0, 1)" },
  { "s-alg:aead,authenc(hmac(sha1),cbc(aes))", "('aead', 'authenc(hmac(sha1),cbc(aes))')" },
  { "s-alg:a%2Cb,%28%25%3F",              "('a,b', '(%?')" },
  { "s-alg:%01%FF,)",                     "(b'\\x01\\xff', ')')" },
  { "s-alg:é,[,]",                        "('é', '[,]')" },
  { "s-blob:1:2.5:00ff",                  "(True, 2500000, b'\\x00\\xff')" },
  { "s-blob:0:-0.000001",                 "(False, -1, b'')" },
  { "s-can:",                             "('',)" },
  { "s-can:lo",                           "('lo',)" },
  { "s-device:AA:BB:CC:DD:EE:FF,0x1001",  "('AA:BB:CC:DD:EE:FF', 4097)" },
  { "s-device:AA:BB:CC:DD:EE:FF,0x1,0,2", "('AA:BB:CC:DD:EE:FF', 1, 0, 2)" },
  { "s-isotp:lo,123,18DA10F1",            "('lo', 291, 2564428017)" },
  { "s-j1939:lo,any,0x12300,0x20",        "('lo', 0, 74496, 32)" },
  { "s-j1939:lo,0xfedcba9876543210,0x00001,0x02",
                                          "('lo', 18364758544493064720, 1, 2)" },
  { "s-netlink:kobject-uevent,0,1",       NULL },
  { "s-netlink:route",                    "(0, 0)" },
  { "s-packet:lo,0x0800",                 "('lo', 2048, 0, 0, b'')" },
  { "s-packet:lo,0x0003,4,1,0a0b0c0d0e0f",
                                          "('lo', 3, 4, 1, b'\\n\\x0b\\x0c\\r\\x0e\\x0f')" },
  { "s-path:",                            "''" },
  { "s-path:/run/x.sock",                 "'/run/x.sock'" },
  { "s-path:/a:b,c(d[e",                  "'/a:b,c(d[e'" },
  { "s-path:/a%3Fb%25%0A%FF",             "b'/a?b%\\n\\xff'" },
  { "s-path:@name",                       "b'\\x00name'" },
  { "s-path:./@x",                        "'./@x'" },
  { "s-path:@%00",                        "b'\\x00\\x00'" },
  { "s-qrtr:1,4000",                      "(1, 4000)" },
  { "s-tipc:name,1000,1",                 "(2, 1000, 1, 1, 2)" },
  { "s-tipc:name,1000,1,node",            "(2, 1000, 1, 1, 3)" },
  { "s-tipc:range,1000,1,5",              "(1, 1000, 1, 5, 2)" },
  { "s-tipc:id,7,8,0",                    "(3, 7, 8, 0)" },
  { "s-tipc:id,7,8,-1",                   "(3, 7, 8, -1)" },
  { "s-vsock:host:1234",                  "(2, 1234)" },
  { "s-vsock:any:any",                    "(4294967295, 4294967295)" },
  { "ip:127.0.0.1:80",                    "('127.0.0.1', 80)" },
  { "ip:[::1]:65535",                     "('::1', 65535, 0, 0)" },
  { "ip6:[fe80::1%7]:80",                 "('fe80::1', 80, 0, 7)" },
};

/* What else is read, and how it is written then. */
static const struct {
  const char *text, *written;
} read_alike[] = {
  { "s-vsock:2:0x4d2",              "s-vsock:host:1234" },
  { "s-vsock:4294967295:007",       "s-vsock:any:7" },
  { "s-vsock:%32:1",                "s-vsock:host:1" },
  { "s-j1939:lo,0,74496,32",        "s-j1939:lo,any,0x12300,0x20" },
  { "s-netlink:0,0,0",              "s-netlink:route" },
  { "s-netlink:route,7,0",          "s-netlink:route,7" },
  { "s-tipc:2,1000,1,cluster",      "s-tipc:name,1000,1" },
  { "s-path:%2Frun",                "s-path:/run" },
  { "s-path:%40x",                  "s-path:@x" },
  { "s-blob:true:002.500000:",      "s-blob:1:2.5" },
  { "s-blob:off:0:00FF",            "s-blob:0:0:00ff" },
  { "s-can:if2147483647",           "s-can:if2147483647" },
  { "s-packet:lo,2048,0,0,",        "s-packet:lo,0x0800" },
  { "s-device:aa:bb:cc:dd:ee:ff,1,0,1", "s-device:AA:BB:CC:DD:EE:FF,0x1" },
};

/* Tuples that leave out, repeat, or have other types, and how they are given back. */
static const struct {
  const char *scheme, *value, *printed;
} tuples[] = {
  { "s-alg",     "('hash', 'sha256', 0, 0)",           "('hash', 'sha256')" },
  { "s-alg",     "[<'hash'>, <'sha256'>]",             "('hash', 'sha256')" },
  { "s-can",     "(int32 1,)",                         "('lo',)" },
  { "s-netlink", "(byte 1, uint16 2)",                 "(1, 2)" },
  { "s-packet",  "('lo', 2048)",                       "('lo', 2048, 0, 0, b'')" },
  { "s-path",    "@ay [0x2f, 0x78]",                   "'/x'" },
  { "s-tipc",    "(2, 1000, 1, 77)",                   "(2, 1000, 1, 1, 2)" },
  { "s-tipc",    "<(uint64 3, <1>, @mi 2)>",           "(3, 1, 2, 2)" },
  { "s-vsock",   "(true, int64 5)",                    "(1, 5)" },
  { "ip6",       "('fe80::1%7', 80)",                  "('fe80::1', 80, 0, 7)" },
  { "ip6",       "('::1', 80, 1048575, 3)",            "('::1', 80, 1048575, 3)" },
};
/* clang-format on */

static void
test_both_ways (void **state)
{
  (void) state;
  for (gsize i = 0; i < G_N_ELEMENTS (both_ways); i++) {
    GError *error = NULL;
    KinAddress address, again;
    g_autofree char *text = NULL, *printed = NULL;
    g_autoptr (GVariant) tuple = NULL;

    if (!kin_address_parse (&address, both_ways[i].text, &error))
      fail_msg ("%s: %s", both_ways[i].text, error->message);
    text = kin_address_format (&address);
    assert_string_equal (text, both_ways[i].text);
    tuple = kin_address_to_tuple (&address);
    printed = kin_value_print (tuple);
    if (!both_ways[i].tuple)
      continue;
    assert_string_equal (printed, both_ways[i].tuple);
    if (!kin_address_from_tuple (&again, kin_address_scheme (&address), tuple, &error))
      fail_msg ("%s: %s", printed, error->message);
    assert_true (kin_address_equal (&address, &again));
  }
}

static void
test_read_alike (void **state)
{
  (void) state;
  for (gsize i = 0; i < G_N_ELEMENTS (read_alike); i++) {
    GError *error = NULL;
    KinAddress address;
    g_autofree char *text = NULL;

    if (!kin_address_parse (&address, read_alike[i].text, &error))
      fail_msg ("%s: %s", read_alike[i].text, error->message);
    text = kin_address_format (&address);
    assert_string_equal (text, read_alike[i].written);
  }
}

static void
test_tuples (void **state)
{
  (void) state;
  for (gsize i = 0; i < G_N_ELEMENTS (tuples); i++) {
    GError *error = NULL;
    KinAddress address;
    g_autoptr (GVariant) tuple = NULL;
    g_autofree char *printed = NULL;

    if (!kin_address_from_tuple (&address, tuples[i].scheme, value_of (tuples[i].value), &error))
      fail_msg ("%s: %s", tuples[i].value, error->message);
    tuple = kin_address_to_tuple (&address);
    printed = kin_value_print (tuple);
    assert_string_equal (printed, tuples[i].printed);
  }
}

/* Memory is what the kernel takes, not only what our own reading undoes. */
static void
test_memory (void **state)
{
  KinAddress address;
  struct sockaddr_in inet;
  struct sockaddr_ll packet;
  struct sockaddr_alg alg;

  (void) state;
  assert_true (kin_address_parse (&address, "ip:1.2.3.4:258", NULL));
  memcpy (&inet, &address.sa, sizeof inet);
  assert_int_equal (address.length, sizeof inet);
  assert_int_equal (inet.sin_family, HOST4_DOMAIN);
  assert_int_equal (ntohs (inet.sin_port), 258);
  assert_int_equal (ntohl (inet.sin_addr.s_addr), 0x01020304);
  assert_int_equal (address.protocol, 6);

  assert_true (kin_address_parse (&address, "s-packet:lo,0x0800,4,1,0a0b", NULL));
  memcpy (&packet, &address.sa, sizeof packet);
  assert_int_equal (address.length, sizeof packet);
  assert_int_equal (packet.sll_ifindex, if_nametoindex ("lo"));
  assert_int_equal (ntohs (packet.sll_protocol), 0x800);
  assert_int_equal (packet.sll_halen, 2);
  assert_int_equal (packet.sll_addr[1], 0xb);

  assert_true (kin_address_parse (&address, "s-alg:hash,sha256,0x10", NULL));
  memcpy (&alg, &address.sa, sizeof alg);
  assert_string_equal ((char *) alg.salg_name, "sha256");
  assert_int_equal (alg.salg_feat, 16);

  assert_true (kin_address_parse (&address, "s-netlink:kobject-uevent", NULL));
  assert_int_equal (address.protocol, NETLINK_KOBJECT_UEVENT);

  assert_true (kin_address_parse (&address, "s-device:AA:BB:CC:DD:EE:FF,0x1002", NULL));
  assert_int_equal (address.sa.bytes[offsetof (struct device_address, psm)], 0x02);
  assert_int_equal (address.sa.bytes[offsetof (struct device_address, psm) + 1], 0x10);

  assert_true (kin_address_parse (&address, "s-path:/x", NULL));
  assert_int_equal (address.length, offsetof (struct sockaddr_un, sun_path) + 3);
  assert_true (kin_address_parse (&address, "s-path:@x", NULL));
  assert_int_equal (address.length, offsetof (struct sockaddr_un, sun_path) + 2);
}

/* ---- What is refused ----------------------------------------------------------------------- */

/* clang-format off */
static const struct {
  const char *text, *message;
} bad_texts[] = {
  { "s-vsock:2:4294967296",     "port 4294967296 is out of range (0 to 4294967295)" },
  { "s-vsock:2:-1",             "port -1 is out of range (0 to 4294967295)" },
  { "s-vsock:2:99999999999999999999999", "port 99999999999999999999999 is out of range" },
  { "s-vsock:2:0x1ffffffff",    "port 8589934591 is out of range" },
  { "s-vsock:2:",               "port \"\" is not a number" },
  { "s-vsock:2:0x",             "port \"0x\" is not a number" },
  { "s-vsock:2:1 ",             "port \"1 \" is not a number" },
  { "s-vsock:2:+1",             "port \"+1\" is not a number" },
  { "s-vsock:2:%31%00",         "is not a number" },
  { "s-vsock:x:1",              "cid \"x\" is not a number and none of the words any, host" },
  { "s-vsock:2",                "must be cid:port: 1 member is given" },
  { "s-vsock:1:2:3",            "must be cid:port: 3 members are given" },
  { "s-vsock:",                 "must be cid:port: 1 member is given" },
  { "s-vsock:2:%zz",            "\"%zz\" is a bad escape: % is written %25" },
  { "s-vsock:2:1%4",            "\"%4\" is a bad escape" },
  { "s-vsock:2:1?so.mark=1",    "an address has no options" },
  { "s-adapter:32768",          "adapter 32768 is out of range (-32768 to 32767)" },
  { "s-adapter:-32769",         "adapter -32769 is out of range" },
  { "s-j1939:lo,0,262144,0",    "pgn 262144 is out of range (0 to 262143)" },
  { "s-j1939:lo,0,0,256",       "addr 256 is out of range (0 to 255)" },
  { "s-alg:hash",               "must be type,name[,feat[,mask]]: 1 member is given" },
  { "s-alg:%00,x",              "type has a NUL in it" },
  { "s-alg:01234567890123,x",   "type is too long: 14 bytes, there is room for 14 with the NUL" },
  { "s-can:no-such-if",         "interface \"no-such-if\": no such interface; ip link has" },
  { "s-can:if0",                "no such interface" },
  { "s-can:if2147483648",       "no such interface" },
  { "s-can:lo%00",              "interface has a NUL in it" },
  { "s-isotp:lo,zz,1",          "not a valid rx_id: \"zz\"" },
  { "s-netlink:nope",           "protocol \"nope\" is not a number and none of the words route, kobj" },
  { "s-netlink:2147483648",     "protocol 2147483648 is out of range (0 to 2147483647)" },
  { "s-packet:lo,0,0,0,0a0",    "addr is bytes, two hexadecimal digits each; \"0\" is not" },
  { "s-packet:lo,0,0,0,xx",     "addr is bytes" },
  { "s-packet:lo,0,0,0,000102030405060708", "addr is too long: 9 bytes, there is room for 8" },
  { "s-blob:2:0",               "fast \"2\" is neither 1 nor 0" },
  { "s-blob:1:1.",              "when \"1.\" is not a number of seconds" },
  { "s-blob:1:1.1234567",       "when \"1.1234567\" is not a number of seconds" },
  { "s-blob:1:1e3",             "is not a number of seconds" },
  { "s-blob:1:0x1",             "is not a number of seconds" },
  { "s-blob:1:--1",             "is not a number of seconds" },
  { "s-blob:1:9223372036855",   "when 9223372036855 is out of range" },
  { "s-path:a%00b",             "path has a NUL in it" },
  { "s-tipc:foo,1,2",           "must be name,TYPE,INSTANCE or range" },
  { "s-tipc:9,1,2",             "must be name,TYPE,INSTANCE or range" },
  { "s-tipc:",                  "must be name,TYPE,INSTANCE or range" },
  { "s-tipc:id,1",              "must be kind,node,ref[,scope]: 2 members are given" },
  { "s-tipc:range,1,2,x",       "upper \"x\" is not a number" },
  { "s-device:AA:BB,1",         "not a valid device: \"AA:BB\"" },
  { "ip:127.0.0.1:65536",       "port 65536 is out of range (0 to 65535)" },
  { "ip6:[::1]:x",              "port \"x\" is not a number" },
  { "ip6:[fe80::1%none]:1",     "host \"[fe80::1%none]\": no such interface" },
  { "ip:1.2.3.4",               "must be host:port: 1 member is given" },
  { "no-colon",                 "is not an endpoint: write SCHEME:ADDRESS" },
  { "",                         "\"\" is not an endpoint" },
  { ":x",                       "is not an endpoint" },
  { "/run/x.sock",              "is not an endpoint" },
  { "S-vsock:1:2",              "is not an endpoint" },
  { "bad\n\x1b[0m\xff:x",       "is not an endpoint" },
};

static const struct {
  const char *scheme, *value, *message;
} bad_tuples[] = {
  { "s-vsock", "(1, int64 4294967296)", "s-vsock address (1, 4294967296): port 4294967296 is out of range" },
  { "s-vsock", "(-1, 1)",          "cid -1 is out of range (0 to 4294967295)" },
  { "s-vsock", "(1, 'x')",         "port must be an integer, not \"x\"" },
  { "s-vsock", "('any', 1)",       "cid must be an integer, not \"any\"" },
  { "s-vsock", "(1, 1.5)",         "port cannot be 1.5" },
  { "s-vsock", "(1, @mi nothing)", "port cannot be None" },
  { "s-vsock", "(1, (2,))",        "port cannot be (2,)" },
  { "s-vsock", "(1,)",             "must be (cid, port): 1 member is given" },
  { "s-vsock", "'x'",              "must be (cid, port), not 'x'" },
  { "s-vsock", "@mi nothing",      "must be (cid, port), not None" },
  { "s-vsock", "@ay [1, 2]",       "must be (cid, port), not b'\\x01\\x02'" },
  { "s-alg",   "('hash', 5)",      "name must be a string, not 5" },
  { "s-can",   "()",               "must be (interface,): 0 members are given" },
  { "s-can",   "(-1,)",            "interface -1 is out of range (0 to 2147483647)" },
  { "s-packet", "('lo', 0, 0, 0, 'x')", "addr must be bytes, not \"x\"" },
  { "s-blob",  "('x', 0)",         "fast must be True or False, not \"x\"" },
  { "s-blob",  "(true, 'x')",      "when must be microseconds, an integer, not \"x\"" },
  { "s-blob",  "(true, uint64 18446744073709551615)", "when 18446744073709551615 is out of range" },
  { "s-path",  "5",                "not a valid path: 5" },
  { "s-path",  "('x',)",           "path cannot be ('x',)" },
  { "s-isotp", "('lo', int64 4294967296, 0)", "rx_id 4294967296 is out of range" },
  { "s-tipc",  "(4, 1, 2, 3)",     "kind must be" },
  { "s-tipc",  "(2, 1, 2, 'x')",   "again must be an integer, not \"x\"" },
  { "s-tipc",  "(2, 1, 2, -1)",    "again -1 is out of range" },
  { "s-tipc",  "('name', 1, 2, 3)", "kind must be" },
  { "ip6",     "('::1', 80, 1048576)", "flowinfo 1048576 is out of range (0 to 1048575)" },
  { "ip6",     "('::1', 80, 0, 0, 0)", "must be (host, port[, flowinfo[, scope_id]]): 5 members" },
};
/* clang-format on */

static void
test_bad_texts (void **state)
{
  (void) state;
  for (gsize i = 0; i < G_N_ELEMENTS (bad_texts); i++) {
    GError *error = NULL;
    KinAddress address;

    errno = 0;
    assert_false (kin_address_parse (&address, bad_texts[i].text, &error));
    assert_int_equal (errno, EINVAL);
    assert_message (error, KIN_ERROR_BAD_ENDPOINT, bad_texts[i].message);
    assert_false (kin_address_parse (&address, bad_texts[i].text, NULL));
  }
}

static void
test_bad_tuples (void **state)
{
  (void) state;
  for (gsize i = 0; i < G_N_ELEMENTS (bad_tuples); i++) {
    GError *error = NULL;
    KinAddress address;

    assert_false (kin_address_from_tuple (&address, bad_tuples[i].scheme,
                                          value_of (bad_tuples[i].value), &error));
    assert_message (error, KIN_ERROR_BAD_ENDPOINT, bad_tuples[i].message);
  }
}

static void
test_long_ones (void **state)
{
  g_autofree char *path = g_strnfill (120, 'p'), *longer = g_strnfill (100000, 'p');
  g_autofree char *text = g_strconcat ("s-path:", path, NULL);
  g_autofree char *long_text = g_strconcat ("s-path:", longer, NULL);
  GError *error = NULL;
  KinAddress address;

  (void) state;
  assert_false (kin_address_parse (&address, text, &error));
  assert_message (error, KIN_ERROR_BAD_ENDPOINT,
                  "path is too long: 120 bytes, there is room for 108");
  assert_false (kin_address_parse (&address, long_text, &error));
  assert_true (strlen (error->message) < 300);
  assert_message (error, KIN_ERROR_BAD_ENDPOINT, "path is too long: 100000 bytes");
  assert_false (kin_address_from_tuple (&address, "s-path", g_variant_new_string (longer), &error));
  assert_true (strlen (error->message) < 300);
  assert_message (error, KIN_ERROR_BAD_ENDPOINT, "path is too long: 100000 bytes");
}

/* Look-up comes later; a name is told from what can never be one. */
static void
test_names (void **state)
{
  GError *error = NULL;
  KinAddress address;

  (void) state;
  assert_false (kin_address_parse (&address, "ip:example.org:80", &error));
  assert_int_equal (errno, EOPNOTSUPP);
  assert_message (error, KIN_ERROR_NOT_SUPPORTED, "host \"example.org\" is not an address");
  /* The first family says that it is wrong, the second that it is a name. */
  assert_false (kin_address_parse (&address, "ip:[name]:80", &error));
  assert_message (error, KIN_ERROR_NOT_SUPPORTED, "host \"[name]\" is not an address");
  assert_false (kin_address_parse (&address, "ip:example.org:65536", &error));
  assert_message (error, KIN_ERROR_BAD_ENDPOINT, "port 65536 is out of range");
  assert_false (kin_address_from_tuple (&address, "ip",
                                        value_of ("('b\xc3\xbc"
                                                  "cher.example', 80)"),
                                        &error));
  assert_message (error, KIN_ERROR_NOT_SUPPORTED,
                  "host \"b\xc3\xbc"
                  "cher.example\"");
  assert_false (kin_address_parse (&address, "ip:b%FFcher.example:80", &error));
  assert_message (error, KIN_ERROR_BAD_ENDPOINT, "not a valid host");
}

/* ---- What no table describes --------------------------------------------------------------- */

static void
printed_is (const KinAddress *address, const char *printed)
{
  g_autoptr (GVariant) tuple = kin_address_to_tuple (address);
  g_autofree char *got = kin_value_print (tuple), *text = kin_address_format (address);

  assert_string_equal (got, printed);
  if (!address->transport)
    assert_string_equal (text, printed);
}

static void
test_foreign (void **state)
{
  KinAddress address = { .length = 0 }, other;

  (void) state;
  printed_is (&address, "None");
  assert_null (kin_address_scheme (&address));
  address.length = 5;
  address.sa.generic.sa_family = 77;
  memcpy (address.sa.bytes + 2, "ab\x01", 3);
  printed_is (&address, "(77, b'ab\\x01')");
  assert_true (kin_address_parse (&other, "s-vsock:1:2", NULL));
  address.transport = other.transport;
  printed_is (&address, "(77, b'ab\\x01')");
  other.sa.generic.sa_family = 77;
  other.length = 6;
  /* Bytes as they lie there, of a port that is in the machine's order. */
  printed_is (&other, G_BYTE_ORDER == G_LITTLE_ENDIAN ? "(77, b'\\x00\\x00\\x02\\x00')"
                                                      : "(77, b'\\x00\\x00\\x00\\x00')");
  other.length = sizeof (struct sockaddr_vm);
  {
    g_autoptr (GVariant) tuple = kin_address_to_tuple (&other);

    assert_string_equal (g_variant_get_type_string (tuple), "(xay)");
  }
  address.sa.generic.sa_family = SHAPES_DOMAIN; /* ours, but too short for a port */
  printed_is (&address, "(201, b'ab\\x01')");
  address.length = 2;
  printed_is (&address, "(201, b'')");
  address.length = 1;
  printed_is (&address, "None");
}

/* An unnamed path's address is its family alone; a tail that is not there reads its fallback. */
static void
test_short_lengths (void **state)
{
  KinAddress address;

  (void) state;
  assert_true (kin_address_parse (&address, "s-path:/x", NULL));
  address.length = 2;
  printed_is (&address, "''");
  assert_true (kin_address_parse (&address, "s-device:AA:BB:CC:DD:EE:FF,0x1,5,6", NULL));
  printed_is (&address, "('AA:BB:CC:DD:EE:FF', 1, 5, 6)");
  address.length = offsetof (struct device_address, type);
  printed_is (&address, "('AA:BB:CC:DD:EE:FF', 1, 5)");
  address.length = offsetof (struct device_address, cid);
  printed_is (&address, "('AA:BB:CC:DD:EE:FF', 1)");
}

static void
test_equal (void **state)
{
  KinAddress a, b;

  (void) state;
  assert_true (kin_address_parse (&a, "ip:[::1]:80", NULL));
  assert_true (kin_address_parse (&b, "ip6:[::1]:80", NULL));
  assert_true (kin_address_equal (&a, &b));
  assert_true (kin_address_parse (&b, "ip6:[::1]:81", NULL));
  assert_false (kin_address_equal (&a, &b));
  assert_true (kin_address_parse (&a, "s-can:lo", NULL));
  assert_true (kin_address_parse (&b, "s-isotp:lo,000,000", NULL));
  assert_int_equal (memcmp (&a.sa, &b.sa, a.length), 0);
  assert_false (kin_address_equal (&a, &b));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_both_ways), cmocka_unit_test (test_read_alike),
    cmocka_unit_test (test_tuples),    cmocka_unit_test (test_memory),
    cmocka_unit_test (test_bad_texts), cmocka_unit_test (test_bad_tuples),
    cmocka_unit_test (test_long_ones), cmocka_unit_test (test_names),
    cmocka_unit_test (test_foreign),   cmocka_unit_test (test_short_lengths),
    cmocka_unit_test (test_equal),
  };

  return cmocka_run_group_tests (tests, shapes_setup, NULL);
}
