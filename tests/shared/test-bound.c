/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-bound: a socket of each family is bound to an address as Python writes it. What the kernel
 * then has for its name, Kin says in the words of Python's own getsockname () for the very same
 * descriptor.
 *
 * Needs: bluetooth can inet inet6 netlink qipcrtr rds tipc unix vsock plugins
 */
#include "../parity/partner.h"

/* to: PID is this process; NULL: not bound at all. name: what it begins with. */
/* clang-format off */
static const struct {
  const char *title, *scheme, *to, *name;
} cases[] = {
  { "tcp4, any port",  "tcp4",      "('127.1', 0)",                 "('127.0.0.1', " },
  { "udp4, any host",  "udp4",      "('', 0)",                      "('0.0.0.0', " },
  { "udplite4",        "udplite4",  "('127.0.0.1', 0)",             "('127.0.0.1', " },
  { "tcp6, any port",  "tcp6",      "('::1', 0)",                   "('::1', " },
  { "udp6, any host",  "udp6",      "('', 0, 0)",                   "('::', " },
  { "unix, no name",   "unix",      "''",                           "b'\\x00" },
  { "unix, unbound",   "unix",      NULL,                           "''" },
  { "unix, with NUL",  "unix",      "b'\\x00kin\\x00PID\\x00'",     "b'\\x00kin\\x00" },
  { "netlink",         "netlink",   "(0, 1)",                       "(" },
  { "tipc, unbound",   "tipc",      NULL,                           "(3, " },
  { "tipc, a name",    "tipc",      "(2, 71002, 1, 0)",             "(3, " },
  { "can",             "can",       "('vcan0',)",                   "('vcan0',)" },
  { "can, all",        "can",       "('',)",                        "('',)" },
  { "can-isotp",       "can-isotp", "('vcan0', 0x123, 0x98DA10F1)", "('vcan0', 291, 2564428017)" },
  { "j1939",           "j1939",     "('vcan0', 0, 0x40000, 32)",    "('vcan0', 0, 262144, 32)" },
  { "l2cap",           "l2cap",     "('00:00:00:00:00:00', 4097)",  "('00:00:00:00:00:00', 4097)" },
  { "rfcomm",          "rfcomm",    "('00:00:00:00:00:00', 30)",    "('00:00:00:00:00:00', 30)" },
  { "sco, as bytes",   "sco",       "b'00:00:00:00:00:00'",         "'00:00:00:00:00:00'" },
  { "vsock",           "vsock",     "(4294967295, 4294967295)",     "(4294967295, " },
  { "qipcrtr, none",   "qipcrtr",   NULL,                           "(" },
  { "rds",             "rds",       "('127.0.0.1', 0)",             "('127.0.0.1', " },
};
/* clang-format on */

/* First of all in a test, for skip () frees nothing. */
static void
need (const char *scheme, const char *to)
{
  KinSocket *socket = kin_socket_new (scheme, NULL);

  if (!socket && (errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT)) {
    print_message ("# this kernel has no sockets of %s\n", scheme);
    skip ();
  }
  assert_non_null (socket);
  kin_socket_unref (socket);
  if (to && strstr (to, "vcan0") && access ("/sys/class/net/vcan0", F_OK) < 0) {
    print_message ("# there is no vcan0\n");
    skip ();
  }
}

static void
bind_to (KinSocket *socket, const char *tuple)
{
  g_autoptr (GError) error = NULL;
  KinAddress address;

  must (kin_address_from_tuple (&address, kin_socket_scheme (socket), kin_value_parse (tuple, NULL),
                                &error),
        error);
  must (kin_socket_bind (socket, &address, &error), error);
}

static char *
name_of (KinSocket *socket)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) tuple = NULL;
  KinAddress address;

  must (kin_socket_local (socket, &address, &error), error);
  tuple = kin_address_to_tuple (&address);
  return kin_value_print (tuple);
}

static void
assert_python_says (KinSocket *socket, const char *name)
{
  int fd = dup (kin_socket_fd (socket)), domain = 0; /* without close-on-exec */
  g_autofree char *argument = NULL;

  assert_true (fd >= 0);
  assert_true (kin_socket_getsockopt (socket, SOL_SOCKET, SO_DOMAIN, &domain, sizeof domain, NULL)
               > 0);
  argument = g_strdup_printf ("%d %d %d %d %s", fd, domain, kin_socket_type (socket),
                              kin_socket_protocol (socket), name);
  partner_run ("fd, family, kind, protocol, wanted = argument.split(' ', 4)\n"
               "s = socket.socket(int(family), int(kind), int(protocol), fileno=int(fd))\n"
               "assert repr(s.getsockname()) == wanted, s.getsockname()\n",
               argument);
  close (fd);
}

static void
test_case (void **state)
{
  guint i = GPOINTER_TO_UINT (*state);
  g_autoptr (KinSocket) socket = NULL;
  g_autofree char *name = NULL;

  need (cases[i].scheme, cases[i].to);
  socket = kin_socket_new (cases[i].scheme, NULL);
  if (cases[i].to)
    bind_to (socket, own_name (cases[i].to));
  name = name_of (socket);
  if (!g_str_has_prefix (name, cases[i].name))
    fail_msg ("%s is called %s", cases[i].title, name);
  assert_python_says (socket, name);
}

int
main (void)
{
  struct CMUnitTest tests[G_N_ELEMENTS (cases)];

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    tests[i] = (struct CMUnitTest){ .name = cases[i].title,
                                    .test_func = test_case,
                                    .initial_state = GUINT_TO_POINTER (i) };
  return cmocka_run_group_tests (tests, NULL, NULL);
}
