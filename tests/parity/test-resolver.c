/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-resolver: look-ups by name and by address, beside Python's own in the same machine; and with
 * a resolver of the program's own.
 *
 * Needs: inet inet6 plugins
 */
#include "python.h"

#include <netdb.h>

/* ---- kin_getaddrinfo as Python prints it ---------------------------------------------------- */

/* [(family, type, protocol, canonical name, address), …]; or the error's code. */
static char *
look_up (const char *host, const char *service, int family, int type, int protocol, int flags)
{
  const KinAddressHints hints = { family, type, protocol, flags };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) infos = kin_getaddrinfo (host, service, &hints, LONG, NULL, &error);
  GString *text = g_string_new ("[");

  if (!infos) {
    g_string_printf (text, "%s %d", g_quark_to_string (error->domain), error->code);
    return g_string_free (text, FALSE);
  }
  for (guint i = 0; i < infos->len; i++) {
    const KinAddressInfo *info = infos->pdata[i];
    g_autoptr (GVariant) tuple = kin_address_to_tuple (&info->address);
    g_autofree char *address = kin_value_print (tuple);

    g_string_append_printf (text, "%s(%d, %d, %d, '%s', %s)", i > 0 ? ", " : "", info->family,
                            info->type, info->protocol,
                            info->canonical_name ? info->canonical_name : "", address);
  }
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

/* Python's list, its enumerations as numbers. */
static void
assert_list (char *ours, const char *arguments)
{
  g_autofree char *call = g_strdup_printf (
      "[(int(f), int(t), p, c, a) for f, t, p, c, a in getaddrinfo(%s)]", arguments);

  assert_as_python (ours, call);
}

static char *
resolve_error (int code)
{
  return g_strdup_printf ("%s %d", g_quark_to_string (KIN_RESOLVE_ERROR), code);
}

static void
assert_code (char *ours, char *expected)
{
  assert_string_equal (ours, expected);
  g_free (ours);
  g_free (expected);
}

static void
test_all (void **state)
{
  (void) state;
  assert_list (look_up ("127.0.0.1", "80", 0, 0, 0, 0), "'127.0.0.1', 80");
  assert_list (look_up ("localhost", "80", 0, SOCK_STREAM, 0, 0),
               "'localhost', 80, type=SOCK_STREAM");
  assert_list (look_up ("::1", "53", AF_INET6, SOCK_DGRAM, IPPROTO_UDP, 0),
               "'::1', 53, AF_INET6, SOCK_DGRAM, IPPROTO_UDP");
  assert_code (look_up ("::1", "53", AF_INET, 0, 0, 0), resolve_error (EAI_ADDRFAMILY));
}

static void
test_host_none (void **state)
{
  (void) state;
  assert_list (look_up (NULL, "80", 0, SOCK_STREAM, 0, AI_PASSIVE),
               "None, 80, type=SOCK_STREAM, flags=AI_PASSIVE");
  assert_list (look_up (NULL, "80", 0, SOCK_STREAM, 0, 0), "None, 80, type=SOCK_STREAM");
  assert_code (look_up (NULL, NULL, 0, 0, 0, 0), resolve_error (EAI_NONAME));
}

static void
test_port_forms (void **state)
{
  (void) state;
  assert_list (look_up ("127.0.0.1", "http", 0, SOCK_STREAM, 0, 0),
               "'127.0.0.1', 'http', type=SOCK_STREAM");
  assert_list (look_up ("127.0.0.1", "0", 0, SOCK_STREAM, 0, 0),
               "'127.0.0.1', '0', type=SOCK_STREAM");
  assert_list (look_up ("127.0.0.1", NULL, 0, SOCK_STREAM, 0, 0),
               "'127.0.0.1', None, type=SOCK_STREAM");
  assert_code (look_up ("127.0.0.1", "nosuch", 0, SOCK_STREAM, 0, 0), resolve_error (EAI_SERVICE));
}

/* glibc makes 0 of 65536. */
static void
test_port_range (void **state)
{
  static const char *const ports[] = { "65536", "-1", "99999999999999999999" };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (ports); i++)
    assert_code (look_up ("127.0.0.1", ports[i], 0, SOCK_STREAM, 0, 0),
                 resolve_error (EAI_SERVICE));
  assert_list (look_up ("127.0.0.1", "65535", 0, SOCK_STREAM, 0, 0),
               "'127.0.0.1', 65535, type=SOCK_STREAM");
}

static void
test_canonical (void **state)
{
  (void) state;
  assert_list (look_up ("localhost", "1", AF_INET, SOCK_STREAM, 0, AI_CANONNAME),
               "'localhost', 1, AF_INET, SOCK_STREAM, 0, AI_CANONNAME");
}

static void
test_numeric_host (void **state)
{
  (void) state;
  assert_list (look_up ("127.0.0.1", "1", 0, SOCK_STREAM, 0, AI_NUMERICHOST),
               "'127.0.0.1', 1, type=SOCK_STREAM, flags=AI_NUMERICHOST");
  assert_code (look_up ("localhost", "1", 0, 0, 0, AI_NUMERICHOST), resolve_error (EAI_NONAME));
}

static void
test_scoped (void **state)
{
  (void) state;
  assert_list (look_up ("fe80::1%lo", "1", 0, SOCK_STREAM, 0, 0),
               "'fe80::1%lo', 1, type=SOCK_STREAM");
  assert_list (look_up ("fe80::1%1", "1", 0, SOCK_STREAM, 0, 0),
               "'fe80::1%1', 1, type=SOCK_STREAM");
}

/* ---- A resolver of one's own ---------------------------------------------------------------- */

/* Who is asked for what; "door.kin-test" and names as IDNA has them are this machine. */
static GString *asked;

static int
own_getaddrinfo (const char *host, const char *service, const struct addrinfo *hints,
                 struct addrinfo **list, gpointer user_data)
{
  (void) user_data;
  if (asked)
    g_string_append_printf (asked, "%s;", host);
  if (strcmp (host, "door.kin-test") != 0 && !g_str_has_prefix (host, "xn--"))
    return EAI_NONAME;
  return getaddrinfo ("127.0.0.1", service, hints, list);
}

static void
own_freeaddrinfo (struct addrinfo *list, gpointer user_data)
{
  (void) user_data;
  freeaddrinfo (list);
}

static void
bring_own (gboolean is_own)
{
  const KinResolver resolver = { .size = sizeof resolver,
                                 .getaddrinfo = own_getaddrinfo,
                                 .freeaddrinfo = own_freeaddrinfo };
  g_autoptr (GError) error = NULL;

  must (kin_set_resolver (is_own ? &resolver : NULL, NULL, &error), error);
}

static void
test_idna (void **state)
{
  g_autofree char *found = NULL, *label = g_strnfill (64, 'x');
  g_autofree char *too_long = g_strconcat ("\303\274", label, NULL), *refused = NULL;
  g_autofree char *expected =
      g_strdup_printf ("%s %d", g_quark_to_string (KIN_ERROR), KIN_ERROR_BAD_VALUE);

  (void) state;
  asked = g_string_new (NULL);
  bring_own (TRUE);
  found = look_up ("b\303\274cher.example", "1", AF_INET, SOCK_STREAM, 0, 0);
  refused = look_up (too_long, "1", AF_INET, SOCK_STREAM, 0, 0);
  bring_own (FALSE);
  assert_non_null (strstr (found, "('127.0.0.1', 1)"));
  assert_string_equal (asked->str, "xn--bcher-kva.example;");
  assert_string_equal (refused, expected);
  g_string_free (asked, TRUE);
  asked = NULL;
}

/* Endpoints' names, too; and by a callback. */
static void
take_answer (GPtrArray *results, const GError *error, gpointer loop)
{
  must (results, error);
  assert_int_equal (((KinAddressInfo *) results->pdata[0])->family, AF_INET);
  g_main_loop_quit (loop);
}

static void
test_own_resolver (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("tcp4:127.0.0.1:0"), client = NULL, server = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  const KinAddressHints hints = { .family = AF_INET, .type = SOCK_STREAM };
  g_autoptr (GError) error = NULL;
  g_autofree char *endpoint = NULL, *where = NULL;
  KinAddress address;

  (void) state;
  must (kin_socket_local (door, &address, &error), error);
  where = kin_address_format (&address);
  endpoint = g_strconcat ("tcp:door.kin-test", strrchr (where, ':'), NULL);
  bring_own (TRUE);
  client = kin_connect (endpoint, LONG, &error);
  must (client, error);
  server = must_accept (door);
  must_send (client, "by name", 7);
  assert_receives (server, "by name");
  kin_getaddrinfo_async ("door.kin-test", "80", &hints, LONG, NULL, take_answer, loop);
  g_main_loop_run (loop);
  assert_null (kin_connect ("tcp:other.kin-test:80", LONG, &error));
  assert_error (error, KIN_RESOLVE_ERROR, EAI_NONAME);
  bring_own (FALSE);
}

/* ---- By address ----------------------------------------------------------------------------- */

static char *
name_of (const char *scheme, const char *tuple, int flags)
{
  g_autoptr (GVariant) value = kin_value_parse (tuple, NULL);
  g_autofree char *host = NULL, *service = NULL, *host_repr = NULL, *service_repr = NULL;
  g_autoptr (GError) error = NULL;
  KinAddress address;

  must (kin_address_from_tuple (&address, scheme, value, &error), error);
  if (!kin_getnameinfo (&address, flags, LONG, NULL, &host, &service, &error))
    return g_strdup_printf ("%s %d", g_quark_to_string (error->domain), error->code);
  host_repr = repr_of (host);
  service_repr = repr_of (service);
  return g_strdup_printf ("(%s, %s)", host_repr, service_repr);
}

static void
test_nameinfo (void **state)
{
  g_autoptr (GVariant) named = g_variant_ref_sink (g_variant_new ("(si)", "localhost", 80));
  g_autoptr (GError) error = NULL;
  KinAddress address;

  (void) state;
  assert_as_python (name_of ("tcp4", "('127.0.0.1', 80)", 0), "getnameinfo(('127.0.0.1', 80), 0)");
  assert_as_python (name_of ("tcp6", "('fe80::1', 80, 0, 1)", NI_NUMERICHOST),
                    "getnameinfo(('fe80::1', 80, 0, 1), NI_NUMERICHOST)");
  assert_false (kin_address_from_tuple (&address, "tcp4", named, &error));
  assert_error (error, KIN_ERROR, KIN_ERROR_NOT_SUPPORTED);
}

static void
test_nameinfo_flags (void **state)
{
  g_autoptr (GVariant) bad = kin_value_parse ("('::1', 80, 1048576, 0)", NULL);
  g_autoptr (GError) error = NULL;
  KinAddress address;

  (void) state;
  assert_as_python (name_of ("tcp4", "('127.0.0.1', 80)", NI_NUMERICHOST | NI_NUMERICSERV),
                    "getnameinfo(('127.0.0.1', 80), NI_NUMERICHOST | NI_NUMERICSERV)");
  assert_as_python (name_of ("tcp4", "('127.0.0.1', 514)", NI_DGRAM | NI_NUMERICHOST),
                    "getnameinfo(('127.0.0.1', 514), NI_DGRAM | NI_NUMERICHOST)");
  assert_as_python (name_of ("tcp4", "('127.0.0.1', 80)", NI_NOFQDN),
                    "getnameinfo(('127.0.0.1', 80), NI_NOFQDN)");
  assert_code (name_of ("tcp4", "('192.0.2.1', 80)", NI_NAMEREQD | NI_NUMERICHOST),
               resolve_error (EAI_NONAME));
  assert_false (kin_address_from_tuple (&address, "tcp6", bad, &error));
  assert_error (error, KIN_ERROR, KIN_ERROR_BAD_ENDPOINT);
}

/* ---- Hosts ---------------------------------------------------------------------------------- */

static void
test_fqdn (void **state)
{
  static const char *const names[] = { "localhost", "127.0.0.1", "", "0.0.0.0", "::" };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *call = g_strdup_printf ("getfqdn('%s')", names[i]), *name = NULL;
    g_autoptr (GError) error = NULL;

    name = kin_getfqdn (names[i], LONG, NULL, &error);
    must (name, error);
    assert_as_python (repr_of (name), call);
  }
}

static void
test_by_name (void **state)
{
  static const char *const names[] = { "localhost", "127.0.0.1", "", "<broadcast>", "127.1" };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *call = g_strdup_printf ("gethostbyname('%s')", names[i]), *address = NULL;
    g_autoptr (GError) error = NULL;

    address = kin_gethostbyname (names[i], LONG, NULL, &error);
    must (address, error);
    assert_as_python (repr_of (address), call);
  }
}

static char *
entry_text (KinHostEntry *taken)
{
  g_autoptr (KinHostEntry) entry = taken;
  g_autoptr (GVariant) value = g_variant_ref_sink (
      g_variant_new ("(s^as^as)", entry->name, entry->aliases, entry->addresses));

  return kin_value_print (value);
}

static void
test_by_name_ex (void **state)
{
  g_autoptr (GError) error = NULL;
  KinHostEntry *entry = kin_gethostbyname_ex ("localhost", LONG, NULL, &error);

  (void) state;
  must (entry, error);
  assert_as_python (entry_text (entry), "gethostbyname_ex('localhost')");
  entry = kin_gethostbyname_ex ("127.0.0.2", LONG, NULL, &error);
  must (entry, error);
  assert_as_python (entry_text (entry), "gethostbyname_ex('127.0.0.2')");
}

static void
test_by_address (void **state)
{
  g_autoptr (GError) error = NULL;
  KinHostEntry *entry = kin_gethostbyaddr ("127.0.0.1", LONG, NULL, &error);

  (void) state;
  must (entry, error);
  assert_as_python (entry_text (entry), "gethostbyaddr('127.0.0.1')");
  entry = kin_gethostbyaddr ("::1", LONG, NULL, NULL);
  if (entry)
    assert_as_python (entry_text (entry), "gethostbyaddr('::1')");
  assert_null (kin_gethostbyaddr ("", LONG, NULL, &error));
  assert_error (error, KIN_ERROR, KIN_ERROR_BAD_VALUE);
}

/* 192.0.2.1 is nobody's, for ever. By a resolver that knows that, so that no name server is asked.
 */
static int
no_host (gconstpointer address, socklen_t length, int family, struct hostent *entry, char *room,
         gsize size, struct hostent **result, int *code, gpointer user_data)
{
  (void) address;
  (void) length;
  (void) family;
  (void) entry;
  (void) room;
  (void) size;
  (void) user_data;
  *result = NULL;
  *code = HOST_NOT_FOUND;
  return 0;
}

static void
test_herror (void **state)
{
  const KinResolver resolver = { .size = sizeof resolver, .gethostbyaddr = no_host };
  g_autoptr (GError) error = NULL;
  KinHostEntry *entry;

  (void) state;
  must (kin_set_resolver (&resolver, NULL, &error), error);
  entry = kin_gethostbyaddr ("192.0.2.1", LONG, NULL, &error);
  kin_set_resolver (NULL, NULL, NULL);
  assert_null (entry);
  assert_non_null (strstr (error->message, hstrerror (HOST_NOT_FOUND)));
  assert_error (error, KIN_HOST_ERROR, HOST_NOT_FOUND);
}

static void
test_hostname (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = kin_gethostname (&error);

  (void) state;
  must (name, error);
  assert_as_python (repr_of (name), "gethostname()");
}

/* ---- Services and protocols ----------------------------------------------------------------- */

static void
test_protocols (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = kin_getprotobynumber (17, &error);

  (void) state;
  assert_as_python (g_strdup_printf ("%d", kin_getprotobyname ("icmp", &error)),
                    "getprotobyname('icmp')");
  assert_string_equal (name, "udp");
  assert_int_equal (kin_getprotobyname ("nosuch", &error), -1);
  assert_error (error, KIN_ERROR, KIN_ERROR_NOT_FOUND);
}

static void
test_services (void **state)
{
  g_autoptr (GError) error = NULL;

  (void) state;
  assert_as_python (g_strdup_printf ("%d", kin_getservbyname ("http", NULL, &error)),
                    "getservbyname('http')");
  assert_as_python (g_strdup_printf ("%d", kin_getservbyname ("domain", "udp", &error)),
                    "getservbyname('domain', 'udp')");
  assert_int_equal (kin_getservbyname ("nosuch", NULL, &error), -1);
  assert_error (error, KIN_ERROR, KIN_ERROR_NOT_FOUND);
}

static void
test_ports (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = kin_getservbyport (80, "tcp", &error);

  (void) state;
  must (name, error);
  assert_as_python (repr_of (name), "getservbyport(80, 'tcp')");
  assert_null (kin_getservbyport (65536, NULL, &error));
  assert_error (error, KIN_ERROR, KIN_ERROR_BAD_VALUE);
  assert_null (kin_getservbyport (-1, NULL, &error));
  assert_error (error, KIN_ERROR, KIN_ERROR_BAD_VALUE);
  assert_null (kin_getservbyport (3, "tcp", &error));
  assert_error (error, KIN_ERROR, KIN_ERROR_NOT_FOUND);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("resolver: getaddrinfo(host, port, family=0, type=0, proto=0, flags=0)", test_all),
    ROW ("resolver: getaddrinfo host None", test_host_none),
    ROW ("resolver: getaddrinfo port forms", test_port_forms),
    ROW ("resolver: getaddrinfo port out of range", test_port_range),
    ROW ("resolver: getaddrinfo AI_CANONNAME", test_canonical),
    ROW ("resolver: getaddrinfo AI_NUMERICHOST", test_numeric_host),
    ROW ("resolver: getaddrinfo scoped IPv6", test_scoped),
    ROW ("resolver: getaddrinfo IDNA", test_idna),
    cmocka_unit_test (test_own_resolver),
    ROW ("resolver: getnameinfo(sockaddr, flags)", test_nameinfo),
    ROW ("resolver: getnameinfo flags", test_nameinfo_flags),
    ROW ("resolver: getfqdn([name])", test_fqdn),
    ROW ("resolver: gethostbyname(hostname)", test_by_name),
    ROW ("resolver: gethostbyname_ex(hostname)", test_by_name_ex),
    ROW ("resolver: gethostbyaddr(ip_address)", test_by_address),
    ROW ("resolver: gethostname()", test_hostname),
    ROW ("error: herror", test_herror),
    ROW ("resolver: getprotobyname(protocolname)", test_protocols),
    ROW ("resolver: getservbyname(servicename[, protocolname])", test_services),
    ROW ("resolver: getservbyport(port[, protocolname])", test_ports),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
