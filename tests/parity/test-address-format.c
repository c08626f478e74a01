/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-address-format: the address tuples of Python's socket documentation, each taken, and given
 * out as Python gives it out; those that it refuses refused, before any system call.
 *
 * Needs: alg bluetooth can hyperv inet inet6 netlink packet qipcrtr rds tipc unix vsock plugins
 */
#include "python.h"

/* given: NULL: refused. */
/* clang-format off */
static const struct {
  const char *row, *scheme, *taken, *given;
} cases[] = {
  { "AF_UNIX str path",        "unix",  "'/run/x.sock'",         "'/run/x.sock'" },
  { "AF_UNIX str path",        "unix",  "'relative'",            "'relative'" },
  { "AF_UNIX bytes-like path", "unix",  "b'/run/x.sock'",        "'/run/x.sock'" },
  { "AF_UNIX bytes-like path", "unix",  "b'/run/\\xff'",         "b'/run/\\xff'" },
  { "AF_UNIX abstract name",   "unix",  "b'\\x00name'",          "b'\\x00name'" },
  { "AF_UNIX abstract name",   "unix",  "b'\\x00a\\x00b\\x00'",  "b'\\x00a\\x00b\\x00'" },
  { "AF_UNIX path with embedded NUL", "unix", "b'/run/x\\x00y'", NULL },
  { "AF_INET (host, port)",    "tcp4",  "('127.0.0.1', 80)",     "('127.0.0.1', 80)" },
  { "AF_INET (host, port)",    "tcp4",  "('127.0.0.1',)",        NULL },
  { "AF_INET (host, port)",    "tcp4",  "'127.0.0.1'",           NULL },
  { "AF_INET (host, port)",    "tcp4",  "('127.0.0.1', 'http')", NULL },
  { "AF_INET host ''",         "tcp4",  "('', 80)",              "('0.0.0.0', 80)" },
  { "AF_INET host '<broadcast>'", "udp4", "('<broadcast>', 9)",  "('255.255.255.255', 9)" },
  { "AF_INET host '<broadcast>'", "udp6", "('<broadcast>', 9)",  NULL },
  { "AF_INET/AF_INET6 port range", "tcp4", "('127.0.0.1', 65535)", "('127.0.0.1', 65535)" },
  { "AF_INET/AF_INET6 port range", "tcp4", "('127.0.0.1', 65536)", NULL },
  { "AF_INET/AF_INET6 port range", "tcp6", "('::1', -1)",        NULL },
  { "AF_INET legacy numeric hosts", "tcp4", "('127.1', 80)",     "('127.0.0.1', 80)" },
  { "AF_INET legacy numeric hosts", "tcp4", "('0x7f.1', 80)",    "('127.0.0.1', 80)" },
  { "AF_INET6 (host, port[, flowinfo[, scope_id]])", "tcp6", "('::1', 80)", "('::1', 80, 0, 0)" },
  { "AF_INET6 (host, port[, flowinfo[, scope_id]])", "tcp6",
    "('::1', 80, 5)", "('::1', 80, 5, 0)" },
  { "AF_INET6 (host, port[, flowinfo[, scope_id]])", "tcp6",
    "('fe80::1', 80, 5, 1)", "('fe80::1', 80, 5, 1)" },
  { "AF_INET6 (host, port[, flowinfo[, scope_id]])", "tcp6", "('::1', 80, 0, 0, 0)", NULL },
  { "AF_INET6 flowinfo",       "tcp6",  "('::1', 80, 1048575, 0)", "('::1', 80, 1048575, 0)" },
  { "AF_INET6 flowinfo",       "tcp6",  "('::1', 80, 1048576, 0)", NULL },
  { "AF_INET6 scope_id",       "tcp6",  "('fe80::1%lo', 80)",    "('fe80::1', 80, 0, 1)" },
  { "AF_INET6 scope_id",       "tcp6",  "('fe80::1%1', 80)",     "('fe80::1', 80, 0, 1)" },
  { "AF_INET6 host ''",        "tcp6",  "('', 80)",              "('::', 80, 0, 0)" },
  { "AF_NETLINK (pid, groups)", "netlink", "(0, 17)",            "(0, 17)" },
  { "AF_NETLINK (pid, groups)", "netlink", "(4294967296, 0)",    NULL },
  { "AF_TIPC (TIPC_ADDR_NAMESEQ, type, lower, upper[, scope])", "tipc",
    "(1, 4711, 0, 99, 3)", "(1, 4711, 0, 99, 3)" },
  { "AF_TIPC (TIPC_ADDR_NAMESEQ, type, lower, upper[, scope])", "tipc",
    "(1, 4711, 0, 99)", "(1, 4711, 0, 99, 2)" },
  { "AF_TIPC (TIPC_ADDR_NAME, type, port_id, 0[, scope])", "tipc",
    "(2, 4711, 5, 0, 3)", "(2, 4711, 5, 5, 3)" },
  { "AF_TIPC (TIPC_ADDR_ID, node, ref, 0[, scope])", "tipc", "(3, 1, 2, 0, 3)", "(3, 1, 2, 0, 3)" },
  { "AF_TIPC (TIPC_ADDR_ID, node, ref, 0[, scope])", "tipc", "(9, 1, 2, 0)", NULL },
  { "AF_CAN (interface,)",     "can",   "('lo',)",               "('lo',)" },
  { "AF_CAN (interface,)",     "can",   "('',)",                 "('',)" },
  { "AF_CAN (interface,)",     "can",   "('a-name-that-is-long',)", NULL },
  { "AF_CAN (interface,)",     "can",   "'lo'",                  NULL },
  { "CAN_ISOTP (interface, rx_addr, tx_addr)", "can-isotp",
    "('lo', 1536, 2147483649)", "('lo', 1536, 2147483649)" },
  { "CAN_J1939 (interface, name, pgn, addr)", "j1939",
    "('lo', 5, 74496, 128)", "('lo', 5, 74496, 128)" },
  { "CAN_J1939 (interface, name, pgn, addr)", "j1939", "('lo', 5, 74496, 256)", NULL },
  { "BTPROTO_L2CAP (bdaddr, psm)", "l2cap",
    "('AA:BB:CC:DD:EE:FF', 4097)", "('AA:BB:CC:DD:EE:FF', 4097)" },
  { "BTPROTO_L2CAP (bdaddr, psm)", "l2cap", "('AA:BB:CC:DD:EE:FF', 65536)", NULL },
  { "BTPROTO_RFCOMM (bdaddr, channel)", "rfcomm",
    "('AA:BB:CC:DD:EE:FF', 3)", "('AA:BB:CC:DD:EE:FF', 3)" },
  { "BTPROTO_RFCOMM (bdaddr, channel)", "rfcomm", "('AA:BB:CC:DD:EE:FF', 256)", NULL },
  { "BTPROTO_HCI (device_id,)", "hci",  "(0,)",                  "(0,)" },
  { "BTPROTO_HCI (device_id,)", "hci",  "(65536,)",              NULL },
  { "BTPROTO_SCO bdaddr",      "sco",   "b'12:23:34:45:56:67'",  "'12:23:34:45:56:67'" },
  { "BTPROTO_SCO bdaddr",      "sco",   "'12:23:34:45:56:67'",   "'12:23:34:45:56:67'" },
  { "bdaddr text form",        "rfcomm", "('aa:bb:cc:dd:ee:0f', 1)", "('AA:BB:CC:DD:EE:0F', 1)" },
  { "bdaddr text form",        "rfcomm", "('aa:bb:cc:dd:ee', 1)", NULL },
  { "AF_ALG (type, name[, feat[, mask]])", "alg", "('hash', 'sha256')", "('hash', 'sha256')" },
  { "AF_ALG (type, name[, feat[, mask]])", "alg", "('a-type-that-is-long', 'sha256')", NULL },
  { "AF_ALG (type, name[, feat[, mask]])", "alg",
    "('hash', 'sha256', 0, 65537)", "('hash', 'sha256', 0, 65537)" },
  { "AF_VSOCK (CID, port)",    "vsock", "(2, 1234)",             "(2, 1234)" },
  { "AF_VSOCK (CID, port)",    "vsock", "(4294967295, 4294967295)", "(4294967295, 4294967295)" },
  { "AF_VSOCK (CID, port)",    "vsock", "(2, 1234, 0)",          NULL },
  { "AF_PACKET (ifname, proto[, pkttype[, hatype[, addr]]])", "packet",
    "('lo', 2048)", "('lo', 2048)" },
  { "AF_PACKET (ifname, proto[, pkttype[, hatype[, addr]]])", "packet",
    "('lo', 2048, 4, 1, b'\\x02\\x00\\x00\\x00\\x00\\x01')",
    "('lo', 2048, 4, 1, b'\\x02\\x00\\x00\\x00\\x00\\x01')" },
  { "AF_PACKET (ifname, proto[, pkttype[, hatype[, addr]]])", "packet", "('nosuch0', 2048)", NULL },
  { "AF_PACKET hatype / addr", "packet",
    "('lo', 1, 0, 772, b'12345678')", "('lo', 1, 0, 772, b'12345678')" },
  { "AF_PACKET hatype / addr", "packet", "('lo', 1, 0, 772, b'123456789')", NULL },
  { "AF_QIPCRTR (node, port)", "qipcrtr", "(1, 4000)",           "(1, 4000)" },
  { "AF_QIPCRTR (node, port)", "qipcrtr", "(-1, 4000)",          NULL },
  { "AF_HYPERV (vm_id, service_id)", "hyperv",
    "('e0e16197-dd56-4a10-9195-5ee7a155a838', '000004d2-facb-11e6-bd58-64006a7986d3')",
    "('e0e16197-dd56-4a10-9195-5ee7a155a838', '000004d2-facb-11e6-bd58-64006a7986d3')" },
  { "AF_HYPERV (vm_id, service_id)", "hyperv",
    "('no uuid', '000004d2-facb-11e6-bd58-64006a7986d3')", NULL },
  { "AF_RDS (host, port)",     "rds",   "('127.0.0.1', 7200)",   "('127.0.0.1', 7200)" },
  { "IPPROTO_UDPLITE addresses", "udplite4", "('127.0.0.1', 80)", "('127.0.0.1', 80)" },
  { "IPPROTO_UDPLITE addresses", "udplite6", "('::1', 80)",      "('::1', 80, 0, 0)" },
};
/* clang-format on */

/* Of the row whose name the test has. */
static void
test_cases (void **state)
{
  const char *row = strchr (*state, ' ') + 1;
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GVariant) tuple = NULL, given = NULL;
    g_autofree char *printed = NULL;
    g_autoptr (GError) error = NULL;
    KinAddress address;

    if (strcmp (cases[i].row, row) != 0)
      continue;
    n++;
    tuple = kin_value_parse (cases[i].taken, &error);
    must (tuple, error);
    if (!cases[i].given) {
      if (kin_address_from_tuple (&address, cases[i].scheme, tuple, &error))
        fail_msg ("%s:%s is taken", cases[i].scheme, cases[i].taken);
      assert_true (errno != 0 && error->domain == KIN_ERROR);
      continue;
    }
    must (kin_address_from_tuple (&address, cases[i].scheme, tuple, &error), error);
    given = kin_address_to_tuple (&address);
    printed = kin_value_print (given);
    assert_string_equal (printed, cases[i].given);
  }
  assert_true (n > 0);
}

static void
assert_local (KinSocket *socket, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) tuple = NULL;
  g_autofree char *printed = NULL;
  KinAddress address;

  must (kin_socket_local (socket, &address, &error), error);
  tuple = kin_address_to_tuple (&address);
  printed = kin_value_print (tuple);
  if (!g_regex_match_simple (expected, printed, G_REGEX_ANCHORED, 0))
    fail_msg ("%s", printed);
}

static void
test_autobind (void **state)
{
  g_autoptr (KinSocket) first = must_bind ("unix-dgram:"), second = must_bind ("unix-dgram:");
  KinAddress names[2];

  (void) state;
  assert_local (first, "b'\\\\x00[0-9a-f]{5}'$");
  assert_true (kin_socket_local (first, &names[0], NULL));
  assert_true (kin_socket_local (second, &names[1], NULL));
  assert_false (kin_address_equal (&names[0], &names[1]));
}

static void
test_unbound (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) a = NULL, b = NULL;

  (void) state;
  must (kin_socket_new_pair ("unix", &a, &b, &error), error);
  assert_local (a, "''$");
}

/* The first that a look-up finds, or all of them, raced: localhost needs no name server. */
static void
test_name (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) tuple = kin_value_parse ("('localhost', 80)", NULL);
  g_autoptr (KinEndpoint) endpoint = kin_endpoint_new_tuple ("tcp4", tuple, &error);
  g_autofree KinAddress *found = NULL;
  gsize n;

  (void) state;
  must (endpoint, error);
  found = kin_endpoint_resolve (endpoint, FALSE, LONG, NULL, &n, &error);
  must (found, error);
  assert_as_python (kin_address_format (found),
                    "type('', (), {'__repr__': lambda s: 'tcp4:%s:80' % "
                    "gethostbyname('localhost')})()");
}

#define SIXTY "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* In its text form, where IDNA is seen; bytes are a name as well; a NUL in either is refused. */
static void
test_odd_names (void **state)
{
  static const char *const wrong[] = { "(b'local\\x00host', 80)", "('\\xfc" SIXTY "xxxx', 80)" };
  g_autoptr (GVariant) bytes = kin_value_parse ("(b'localhost', 80)", NULL);
  g_autoptr (GVariant) idna = kin_value_parse ("('b\\xfccher.example', 80)", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (KinEndpoint) by_bytes = kin_endpoint_new_tuple ("tcp4", bytes, &error), by_idna = NULL;

  (void) state;
  must (by_bytes, error);
  by_idna = kin_endpoint_new_tuple ("tcp4", idna, &error);
  must (by_idna, error);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GVariant) tuple = kin_value_parse (wrong[i], NULL);

    assert_null (kin_endpoint_new_tuple ("tcp4", tuple, &error));
    assert_int_equal (error->domain, KIN_ERROR);
    g_clear_error (&error);
  }
}

static void
test_mapped (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("tcp6:[::]:0?ipv6.v6only=0"), client = NULL;
  g_autoptr (KinSocket) server = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) tuple = NULL;
  g_autofree char *printed = NULL, *where = NULL, *endpoint = NULL;
  KinAddress address, peer;

  (void) state;
  must (kin_socket_local (door, &address, &error), error);
  where = kin_address_format (&address);
  endpoint = g_strconcat ("tcp4:127.0.0.1", strrchr (where, ':'), NULL);
  client = must_connect (endpoint);
  server = kin_socket_accept (door, &peer, &error);
  must (server, error);
  tuple = kin_address_to_tuple (&peer);
  printed = kin_value_print (tuple);
  assert_true (g_str_has_prefix (printed, "('::ffff:127.0.0.1', "));
}

/* 0x0800 in the tuple is the host's order; socket(2)'s protocol is the network's. */
static void
test_packet_order (void **state)
{
  KinAddress address;
  guint8 bytes[4];

  (void) state;
  assert_true (kin_address_parse (&address, "packet:lo,0x0800", NULL));
  memcpy (bytes, &address.sa, 4);
  assert_int_equal (bytes[2], 8);
  assert_int_equal (bytes[3], 0);
}

static void
test_packet_types (void **state)
{
  static const char *const names[] = { "PACKET_HOST", "PACKET_BROADCAST", "PACKET_MULTICAST",
                                       "PACKET_OTHERHOST", "PACKET_OUTGOING" };

  (void) state;
  for (gint64 i = 0; i < (gint64) G_N_ELEMENTS (names); i++) {
    g_autoptr (GVariant) value = kin_get_constant (names[i]), given = NULL;
    g_autoptr (GVariant) tuple = g_variant_ref_sink (g_variant_new ("(sxx)", "lo", (gint64) 3, i));
    g_autoptr (GError) error = NULL;
    gint64 type = 0; /* PACKET_HOST, and zeros, are left out at the end */
    KinAddress address;

    assert_int_equal (g_variant_get_int64 (value), i);
    must (kin_address_from_tuple (&address, "packet", tuple, &error), error);
    given = kin_address_to_tuple (&address);
    if (g_variant_n_children (given) > 2)
      g_variant_get_child (given, 2, "x", &type);
    assert_int_equal (type, i);
  }
}

static void
test_known_ids (void **state)
{
  static const char *const names[] = { "HV_GUID_ZERO",     "HV_GUID_WILDCARD", "HV_GUID_BROADCAST",
                                       "HV_GUID_CHILDREN", "HV_GUID_LOOPBACK", "HV_GUID_PARENT" };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GVariant) value = kin_get_constant (names[i]), tuple = NULL;
    gboolean is_broadcast = strcmp (names[i], "HV_GUID_BROADCAST") == 0;
    KinAddress address;

    assert_non_null (value);
    tuple = g_variant_ref_sink (g_variant_new ("(ss)", g_variant_get_string (value, NULL),
                                               "000004d2-facb-11e6-bd58-64006a7986d3"));
    /* Linux has no number for all machines at once. */
    assert_int_equal (kin_address_from_tuple (&address, "hyperv", tuple, NULL), !is_broadcast);
  }
}

static void
test_unknown (void **state)
{
  KinAddress address = { .length = 6 };
  g_autoptr (GVariant) tuple = NULL;
  g_autofree char *printed = NULL;

  (void) state;
  address.sa.generic.sa_family = 99;
  memcpy (address.sa.bytes + 2, "abcd", 4);
  tuple = kin_address_to_tuple (&address);
  printed = kin_value_print (tuple);
  assert_string_equal (printed, "(99, b'abcd')");
}

static void
test_absent (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GVariant) tuple = NULL;
  g_autofree char *printed = NULL;
  KinAddress from;
  char data[4];

  (void) state;
  must (kin_socket_new_pair ("unix", &a, &b, &error), error);
  must_send (a, "abcd", 4);
  must (kin_socket_recvfrom (b, data, sizeof data, 0, &from, &error) == 4, error);
  assert_int_equal (from.length, 0);
  tuple = kin_address_to_tuple (&from);
  printed = kin_value_print (tuple);
  assert_string_equal (printed, "None");
}

static void
test_round_trip (void **state)
{
  g_autoptr (KinSocket) receiver = must_bind ("udp4:127.0.0.1:0"), sender = NULL;
  g_autoptr (GVariant) tuple = NULL;
  g_autoptr (GError) error = NULL;
  KinAddress name, from, again;
  char data[8];

  (void) state;
  must (kin_socket_local (receiver, &name, &error), error);
  tuple = kin_address_to_tuple (&name);
  must (kin_address_from_tuple (&again, "udp4", tuple, &error), error);
  assert_true (kin_address_equal (&name, &again));
  sender = kin_socket_new ("udp4", &error);
  must (sender, error);
  must (kin_socket_sendto (sender, "there", 5, 0, &again, &error) == 5, error);
  must (kin_socket_recvfrom (receiver, data, sizeof data, 0, &from, &error) == 5, error);
  must (kin_socket_sendto (receiver, "back", 4, 0, &from, &error) == 4, error);
  must (kin_socket_set_timeout (sender, LONG, &error), error);
  assert_receives (sender, "back");
}

/* The name is what test_cases () looks for. */
#define CASES(name)                                                                                \
  {                                                                                                \
    name, test_cases, NULL, NULL, (void *) (name)                                                  \
  }

int
main (void)
{
  /* clang-format off */
  const struct CMUnitTest tests[] = {
    CASES ("address-format: AF_UNIX str path"),
    CASES ("address-format: AF_UNIX bytes-like path"),
    CASES ("address-format: AF_UNIX abstract name"),
    ROW ("address-format: AF_UNIX '' (empty)", test_autobind),
    ROW ("address-format: AF_UNIX unbound name", test_unbound),
    CASES ("address-format: AF_UNIX path with embedded NUL"),
    CASES ("address-format: AF_INET (host, port)"),
    CASES ("address-format: AF_INET host ''"),
    CASES ("address-format: AF_INET host '<broadcast>'"),
    CASES ("address-format: AF_INET/AF_INET6 port range"),
    CASES ("address-format: AF_INET legacy numeric hosts"),
    ROW ("address-format: host as DNS name", test_name),
    ROW ("address-format: host IDNA / bytes / NUL", test_odd_names),
    CASES ("address-format: AF_INET6 (host, port[, flowinfo[, scope_id]])"),
    CASES ("address-format: AF_INET6 flowinfo"),
    CASES ("address-format: AF_INET6 scope_id"),
    CASES ("address-format: AF_INET6 host ''"),
    ROW ("address-format: IPv4-mapped peers", test_mapped),
    CASES ("address-format: AF_NETLINK (pid, groups)"),
    CASES ("address-format: AF_TIPC (TIPC_ADDR_NAMESEQ, type, lower, upper[, scope])"),
    CASES ("address-format: AF_TIPC (TIPC_ADDR_NAME, type, port_id, 0[, scope])"),
    CASES ("address-format: AF_TIPC (TIPC_ADDR_ID, node, ref, 0[, scope])"),
    CASES ("address-format: AF_CAN (interface,)"),
    CASES ("address-format: CAN_ISOTP (interface, rx_addr, tx_addr)"),
    CASES ("address-format: CAN_J1939 (interface, name, pgn, addr)"),
    CASES ("address-format: BTPROTO_L2CAP (bdaddr, psm)"),
    CASES ("address-format: BTPROTO_RFCOMM (bdaddr, channel)"),
    CASES ("address-format: BTPROTO_HCI (device_id,)"),
    CASES ("address-format: BTPROTO_SCO bdaddr"),
    CASES ("address-format: bdaddr text form"),
    CASES ("address-format: AF_ALG (type, name[, feat[, mask]])"),
    CASES ("address-format: AF_VSOCK (CID, port)"),
    CASES ("address-format: AF_PACKET (ifname, proto[, pkttype[, hatype[, addr]]])"),
    ROW ("address-format: AF_PACKET proto byte order", test_packet_order),
    ROW ("address-format: AF_PACKET pkttype", test_packet_types),
    CASES ("address-format: AF_PACKET hatype / addr"),
    CASES ("address-format: AF_QIPCRTR (node, port)"),
    CASES ("address-format: AF_HYPERV (vm_id, service_id)"),
    ROW ("address-format: AF_HYPERV known vm_id", test_known_ids),
    CASES ("address-format: AF_RDS (host, port)"),
    CASES ("address-format: IPPROTO_UDPLITE addresses"),
    ROW ("address-format: unknown family address", test_unknown),
    ROW ("address-format: absent address", test_absent),
    ROW ("address-format: round trip", test_round_trip),
  };
  /* clang-format on */

  return cmocka_run_group_tests (tests, NULL, NULL);
}
