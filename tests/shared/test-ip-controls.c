/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-ip-controls: what comes and goes with a datagram over IPv4 and IPv6: every control message
 * of both families' tables is seen here, or a row says why not.
 *
 * Needs: inet inet6
 */
#include "net.h"

/* clang-format off */
static const struct {
  const char *scheme;    /* udp4 or udp6 */
  const char *sent;      /* a control message of the sender, and its value */
  const char *value;
  const char *control;   /* what comes, as Python has it; PORT is the receiver's */
  const char *seen;
  gsize       length;    /* of the datagram */
} cases[] = {
  { "udp4", "ip.ttl",       "7",                "ip.ttl", "7", 4 },
  { "udp4", "ip.tos",       "184",              "ip.tos", "184", 4 },
  { "udp4", "ip.pktinfo",   "('lo', '127.0.0.2')",
    "ip.pktinfo", "('lo', '127.0.0.1', '127.0.0.1')", 4 },
  { "udp4", NULL,           NULL,
    "ip.origdstaddr", "(('127.0.0.1', PORT),)", 4 },
  { "udp4", "ip.retopts",   "@ay [1, 1, 1, 1]", "ip.options",
    "b'\\x01\\x01\\x01\\x01'", 4 },
  { "udp4", NULL,           NULL,               "ip.fragsize", "1500", 4000 },
  { "udp4", "udp.segment",  "uint16 100",       "udp.gro", "100", 500 },
  { "udp6", "ipv6.hoplimit", "7",               "ipv6.hoplimit", "7", 4 },
  { "udp6", "ipv6.tclass",  "184",              "ipv6.tclass", "184", 4 },
  { "udp6", "ipv6.pktinfo", "('lo', '::1')",    "ipv6.pktinfo", "('lo', '::1')", 4 },
  { "udp6", NULL,         NULL,
    "ipv6.origdstaddr", "(('::1', PORT, 0, 0),)", 4 },
  { "udp6", "ipv6.dstopts", "@ay [0, 0, 1, 4, 0, 0, 0, 0]",
    "ipv6.dstopts", "b'\\x11\\x00\\x01\\x04\\x00\\x00\\x00\\x00'", 4 },
  { "udp6", "ipv6.hopopts", "@ay [0, 0, 1, 4, 0, 0, 0, 0]",
    "ipv6.hopopts", "b'\\x11\\x00\\x01\\x04\\x00\\x00\\x00\\x00'", 4 },
  { "udp6", "ipv6.tclass",  "184",              "ipv6.flowinfo", "(192937984,)", 4 },
  { "udp6", NULL,           NULL,               "ipv6.fragsize", "1496", 4000 },
  { "udp6", "udp.segment",  "uint16 100",       "udp.gro", "100", 500 },
  /* An IPv6 socket whose peer is IPv4 has IPv4's. */
  { "udp",  "ip.ttl",       "7",                "ip.ttl", "7", 4 },
  { "udp",  NULL,           NULL,
    "ip.pktinfo", "('lo', '127.0.0.1', '127.0.0.1')", 4 },
};

/* Seen in a test of their own below. */
static const char *const others[] = {
  "ip.error", "ip.retopts", "ipv6.dontfrag", "ipv6.error", "tcp.inq", NULL,
};

/* What no test here can see, and why. */
static const struct {
  const char *name, *why;
} unseen[] = {
  { "ip.checksum",       "only where the network's hardware sums" },
  { "ip.security",       "only where a security module has labels" },
  { "ipv6.pathmtu",      "only where a router says so" },
  { "ipv6.rthdr",        "only where the kernel takes part in segment routing" },
  { "ipv6.rthdrdstopts", "only together with ipv6.rthdr" },
  { "sctp.authinfo",     "test-ip-sctp" },
  { "sctp.init",         "test-ip-sctp" },
  { "sctp.nxtinfo",      "test-ip-sctp" },
  { "sctp.prinfo",       "test-ip-sctp" },
  { "sctp.rcvinfo",      "test-ip-sctp" },
  { "sctp.sndinfo",      "test-ip-sctp" },
  { "sctp.sndrcv",       "test-ip-sctp" },
};
/* clang-format on */

/* option: one to turn on, or NULL. */
static KinSocket *
open_receiver (const char *scheme, const char *option)
{
  const char *host = strcmp (scheme, "udp6") == 0   ? "[::1]"
                     : strcmp (scheme, "udp4") == 0 ? "127.0.0.1"
                                                    : "[::]";
  g_autofree char *setting = option ? g_strdup_printf ("?%s=1", option) : g_strdup ("");
  g_autofree char *text = g_strdup_printf ("%s:%s:0%s", scheme, host, setting);

  return must_bind (text);
}

static guint
port_of (KinSocket *socket)
{
  g_autofree char *text = local_text (socket);

  return (guint) g_ascii_strtoull (strrchr (text, ':') + 1, NULL, 10);
}

/* An IPv4 sender where the receiver takes both. It chooses no flow label by itself. */
static KinSocket *
open_sender (const char *scheme, guint port)
{
  gboolean is_six = strcmp (scheme, "udp6") == 0;
  g_autofree char *text = is_six ? g_strdup_printf ("udp6:[::1]:%u?ipv6.autoflowlabel=0", port)
                                 : g_strdup_printf ("udp4:127.0.0.1:%u", port);

  return must_connect (text);
}

static void
send_case (KinSocket *sender, guint i)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *data = g_strnfill (cases[i].length, 'x');

  kin_message_set_data (message, data, cases[i].length);
  if (cases[i].sent)
    must (kin_message_add_control (message, sender, cases[i].sent,
                                   g_variant_new_parsed (cases[i].value), &error),
          error);
  must (kin_socket_sendmsg (sender, message, 0, &error) == (gssize) cases[i].length, error);
}

static void
assert_comes (KinSocket *receiver, guint i, guint port)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GVariant) value = NULL, all = NULL;
  g_autofree char *number = g_strdup_printf ("%u", port), *expected = NULL, *printed = NULL;
  g_auto (GStrv) parts = g_strsplit (cases[i].seen, "PORT", -1);
  g_autoptr (GError) error = NULL;
  char data[5000];

  kin_message_set_data (message, data, sizeof data);
  must (kin_socket_recvmsg (receiver, message, 0, &error) == (gssize) cases[i].length, error);
  value = kin_message_get_control (message, receiver, cases[i].control);
  if (!value) {
    all = kin_message_get_controls (message, receiver);
    printed = kin_value_print (all);
    fail_msg ("%s did not come, but %s", cases[i].control, printed);
  }
  printed = kin_value_print (value);
  expected = g_strjoinv (number, parts);
  if (strcmp (printed, expected) != 0)
    fail_msg ("%s is %s", cases[i].control, printed);
}

/* What makes it come, by its row. */
static const char *
enabler (const char *control)
{
  const KinFamily *family = kin_load_family ("inet6", NULL);
  KinControl row;

  for (guint i = 0; kin_table_get (&family->controls, i, &row, sizeof row); i++)
    if (strcmp (row.name, control) == 0)
      return row.enabled_by;
  return NULL;
}

static void
test_datagrams (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (KinSocket) receiver = open_receiver (cases[i].scheme, enabler (cases[i].control));
    guint port = port_of (receiver);
    g_autoptr (KinSocket) sender = open_sender (cases[i].scheme, port);

    print_message ("# %s %s\n", cases[i].scheme, cases[i].control);
    send_case (sender, i);
    assert_comes (receiver, i, port);
  }
}

/* ---- The error queue ----------------------------------------------------------------------- */

/* Nobody is at the port: an ICMP error comes back, and the error queue says whose. */
static void
check_error_queue (const char *scheme, const char *option, const char *control, const char *seen)
{
  g_autoptr (KinSocket) gone = open_receiver (scheme, NULL), socket = NULL;
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *printed = NULL;
  struct pollfd waiting;
  char data[16] = "";

  socket = open_sender (scheme, port_of (gone));
  g_clear_pointer (&gone, kin_socket_unref);
  must (kin_socket_set_option_text (socket, option, "1", &error), error);
  must_send (socket, "hello", 5);
  waiting = (struct pollfd){ .fd = kin_socket_fd (socket) };
  assert_int_equal (poll (&waiting, 1, 20000), 1);
  kin_message_set_data (message, data, sizeof data);
  must (kin_socket_recvmsg (socket, message, MSG_ERRQUEUE, &error) == 5, error);
  assert_string_equal (data, "hello");
  value = kin_message_get_control (message, socket, control);
  assert_non_null (value);
  printed = kin_value_print (value);
  assert_string_equal (printed, seen);
}

static void
test_error_queue (void **state)
{
  (void) state;
  check_error_queue ("udp4", "ip.recverr", "ip.error", "(111, 2, 3, 3, 0, 0, ('127.0.0.1', 0))");
  check_error_queue ("udp6", "ipv6.recverr", "ipv6.error",
                     "(111, 3, 1, 4, 0, 0, ('::1', 0, 0, 0))");
}

/* ---- Others -------------------------------------------------------------------------------- */

/* A datagram that is longer than the path's packets is refused where it may not be cut. */
static void
test_dontfrag (void **state)
{
  g_autoptr (KinSocket) receiver = open_receiver ("udp6", NULL), sender = NULL;
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GError) error = NULL;
  char data[4000] = "";

  (void) state;
  sender = open_sender ("udp6", port_of (receiver));
  kin_message_set_data (message, data, sizeof data);
  must (kin_message_add_control (message, sender, "ipv6.dontfrag", g_variant_new_int64 (1), &error),
        error);
  assert_fails (kin_socket_sendmsg (sender, message, 0, &error) >= 0, EMSGSIZE, &error);
}

/* The options that an answer needs come ready to be sent. */
static void
test_retopts (void **state)
{
  g_autoptr (KinSocket) receiver = open_receiver ("udp4", "ip.recvretopts"), sender = NULL;
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *printed = NULL;
  char data[16];

  (void) state;
  sender = open_sender ("udp4", port_of (receiver));
  must (kin_socket_set_option_text (sender, "ip.options", "01010101", &error), error);
  must_send (sender, "x", 1);
  kin_message_set_data (message, data, sizeof data);
  must (kin_socket_recvmsg (receiver, message, 0, &error) == 1, error);
  value = kin_message_get_control (message, receiver, "ip.retopts");
  assert_non_null (value);
  printed = kin_value_print (value);
  assert_true (g_str_has_prefix (printed, "b'"));
}

static void
test_inq (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("tcp4:127.0.0.1:0"), client = NULL, server = NULL;
  g_autofree char *to = local_text (door), *printed = NULL;
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GError) error = NULL;
  char byte;

  (void) state;
  client = must_connect (to);
  server = must_accept (door);
  must (kin_socket_set_option_text (server, "tcp.inq", "1", &error), error);
  must_send (client, "abc", 3);
  kin_message_set_data (message, &byte, 1);
  must (kin_socket_recvmsg (server, message, 0, &error) == 1, error);
  value = kin_message_get_control (message, server, "tcp.inq");
  assert_non_null (value);
  printed = kin_value_print (value);
  assert_string_equal (printed, "2");
}

/* ---- All of them --------------------------------------------------------------------------- */

static gboolean
is_seen (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    if (strcmp (cases[i].control, name) == 0 || g_strcmp0 (cases[i].sent, name) == 0)
      return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (unseen); i++)
    if (strcmp (unseen[i].name, name) == 0)
      return TRUE;
  return g_strv_contains (others, name);
}

static void
test_every_row_is_seen (void **state)
{
  static const char *const names[] = { "inet", "inet6" };
  KinControl row;

  (void) state;
  for (guint f = 0; f < G_N_ELEMENTS (names); f++) {
    const KinFamily *family = kin_load_family (names[f], NULL);

    for (guint i = 0; kin_table_get (&family->controls, i, &row, sizeof row); i++)
      if (!is_seen (row.name))
        fail_msg ("nothing sees %s of %s", row.name, names[f]);
  }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_datagrams), cmocka_unit_test (test_error_queue),
    cmocka_unit_test (test_dontfrag),  cmocka_unit_test (test_retopts),
    cmocka_unit_test (test_inq),       cmocka_unit_test (test_every_row_is_seen),
  };

  return cmocka_run_group_tests (tests, net_setup, NULL);
}
