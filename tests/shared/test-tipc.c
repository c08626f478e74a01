/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-tipc: what the command cannot reach: what comes back, groups, a connect that nobody accepts,
 * subscriptions and events as bytes. Names are the whole cluster's, so types are 9PID.
 *
 * Needs: tipc plugins
 */
#include "sockets.h"

#include <linux/tipc.h>

/* First of all, for skip () frees nothing. */
static void
need_tipc (void)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("tipc", NULL);

  if (!socket) {
    print_message ("# skipped: the kernel has no TIPC: modprobe tipc\n");
    skip ();
  }
}

static void
assert_prints (GVariant *value, const char *text)
{
  g_autofree char *printed = value ? kin_value_print (value) : g_strdup ("nothing");

  assert_string_equal (printed, text);
}

/* ---- Addresses ----------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
  const char *text, *tuple, *written;   /* written: NULL, as text is */
} addresses[] = {
  { "tipc:name,1,2",              "(2, 1, 2, 2, 2)",    NULL },
  { "tipc:name,1,2,cluster",      "(2, 1, 2, 2, 2)",    "tipc:name,1,2" },
  { "tipc:name,1,2,node",         "(2, 1, 2, 2, 3)",    NULL },
  { "tipc:name,1,2,3",            "(2, 1, 2, 2, 3)",    "tipc:name,1,2,node" },
  { "tipc:name,1,2,zone",         "(2, 1, 2, 2, 1)",    NULL },
  { "tipc:2,1,2",                 "(2, 1, 2, 2, 2)",    "tipc:name,1,2" },
  { "tipc:name,1,2,cluster,0x11", "(2, 1, 2, 2, 2)",    NULL },
  { "tipc:range,1,2,3,node",      "(1, 1, 2, 3, 3)",    NULL },
  { "tipc:name,4294967295,0",     "(2, 4294967295, 0, 0, 2)", NULL },
  { "tipc:id,4369,7",             "(3, 4369, 7, 0, 0)", "tipc:id,0x1111,7" },
  { "tipc-topology:",             "(2, 1, 1, 1, 2)",    NULL },
  { "tipc-topology:17",           "(2, 1, 1, 1, 2)",    "tipc-topology:0x11" },
};

/* From a tuple, in GVariant's own text; seen: NULL, it is refused. */
static const struct {
  const char *tuple, *seen;
} tuples[] = {
  { "(2, 1, 2, 0)",         "(2, 1, 2, 2, 2)" },
  { "(2, 1, 2, 99, 3)",     "(2, 1, 2, 2, 3)" },
  { "(1, 1, 2, 3)",         "(1, 1, 2, 3, 2)" },
  { "(3, 17, 7, 0)",        "(3, 17, 7, 0, 0)" },
  { "(3, 17, 7, 0, 2)",     "(3, 17, 7, 0, 2)" },
  { "(3, 17, 7, 1)",        NULL },
  { "(4, 1, 2, 3)",         NULL },
  { "(0, 1, 2, 3)",         NULL },
  { "(2, 1, 2)",            NULL },
  { "(2, 1, 2, 0, 2, 0)",   NULL },
  { "(2, -1, 2, 0)",        NULL },
  { "(2, 'x', 2, 0)",       NULL },
  { "(2, int64 4294967296, 2, 0)", NULL },
  { "('name',)",            NULL },
};
/* clang-format on */

static void
test_texts (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++) {
    const char *expected = addresses[i].written ? addresses[i].written : addresses[i].text;
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) tuple = NULL;
    g_autofree char *written = NULL;
    KinAddress address;

    must (kin_address_parse (&address, addresses[i].text, &error), error);
    assert_int_equal (address.length, sizeof (struct sockaddr_tipc));
    written = kin_address_format (&address);
    assert_string_equal (written, expected);
    tuple = kin_address_to_tuple (&address);
    assert_prints (tuple, addresses[i].tuple);
  }
}

static void
test_tuples (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (tuples); i++) {
    GVariant *tuple = g_variant_new_parsed (tuples[i].tuple);
    g_autoptr (GVariant) seen = NULL;
    g_autoptr (GError) error = NULL;
    KinAddress address;
    gboolean is_taken = kin_address_from_tuple (&address, "tipc", tuple, &error);

    if (is_taken != (tuples[i].seen != NULL))
      fail_msg ("%s: %s", tuples[i].tuple, error ? error->message : "is taken");
    if (!is_taken)
      continue;
    seen = kin_address_to_tuple (&address);
    assert_prints (seen, tuples[i].seen);
  }
}

/* ---- Subscriptions and events -------------------------------------------------------------- */

static void
find_topology (KinProtocol *row)
{
  const KinFamily *family = kin_load_family ("tipc", NULL);

  for (guint i = 0; kin_table_get (&family->protocols, i, row, sizeof *row); i++)
    if (row->compose)
      return;
  fail_msg ("no row of tipc has subscriptions");
}

/* What is written, and what is read of it again. */
static void
test_subscriptions (void **state)
{
  static const struct {
    const char *text, *again; /* again: NULL, the same */
    struct tipc_subscr value;
  } cases[] = {
    { "PORTS type=1000 lower=1 upper=9", NULL, { { 1000, 1, 9 }, G_MAXUINT32, 1, "" } },
    { " PORTS  type=7 lower=3 ", "PORTS type=7 lower=3 upper=3", { { 7, 3, 3 }, ~0u, 1, "" } },
    { "SERVICE type=0x10 upper=9 timeout=2.5 handle=12345678",
      "SERVICE type=16 lower=0 upper=9 timeout=2.500 handle=12345678",
      { { 16, 0, 9 }, 2500, 2, { '1', '2', '3', '4', '5', '6', '7', '8' } } },
    { "PORTS CANCEL type=1 lower=0 upper=0", NULL, { { 1, 0, 0 }, G_MAXUINT32, 5, "" } },
    { "PORTS timeout=0 type=1 upper=4294967295",
      "PORTS type=1 lower=0 upper=4294967295 timeout=0.000",
      { { 1, 0, G_MAXUINT32 }, 0, 1, "" } },
  };
  char line[200], reason[200];
  struct tipc_subscr value;
  KinProtocol row;

  (void) state;
  find_topology (&row);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    assert_int_equal (row.compose (cases[i].text, &value, sizeof value, reason, sizeof reason),
                      sizeof value);
    assert_memory_equal (&value, &cases[i].value, sizeof value);
    assert_true (row.describe (NULL, &value, sizeof value, line, sizeof line) > 0);
    assert_string_equal (line, cases[i].again ? cases[i].again : cases[i].text);
  }
}

static void
test_events (void **state)
{
  struct tipc_event event = {
    .event = TIPC_PUBLISHED,
    .found_lower = 3,
    .found_upper = 4,
    .port = { .ref = 99, .node = 0x11 },
    .s = { .seq = { 1000, 0, 9 }, .usr_handle = { 'a', '\n', '\x1b', '\xff' } },
  };
  char line[200];
  KinProtocol row;

  (void) state;
  find_topology (&row);
  assert_true (row.describe (NULL, &event, sizeof event, line, sizeof line) > 0);
  assert_string_equal (line, "PUBLISHED type=1000 lower=3 upper=4 port=99 node=0x11 handle=a...");
  event.event = 77;
  assert_true (row.describe (NULL, &event, sizeof event, line, sizeof line) > 0);
  assert_true (g_str_has_prefix (line, "EVENT-77 "));
  assert_true (row.describe (NULL, &event, sizeof event - 1, line, sizeof line) < 0);
}

/* ---- What comes back ----------------------------------------------------------------------- */

/* To a port of this node that nobody has. */
static void
test_returned (void **state)
{
  g_autoptr (KinSocket) socket = NULL;
  g_autoptr (KinMessage) message = NULL;
  g_autoptr (GVariant) errinfo = NULL, retdata = NULL;
  g_autoptr (GError) error = NULL;
  KinAddress nobody;
  char data[100];

  (void) state;
  need_tipc ();
  message = kin_message_new ();
  socket = must_bind (own_name ("tipc-rdm:name,9PID,1,node?tipc.dest-droppable=0"));
  must (kin_address_parse (&nobody, "tipc-rdm:id,0,1", &error), error);
  must (kin_socket_sendto (socket, "come back", 9, 0, &nobody, &error) == 9, error);
  kin_message_set_data (message, data, sizeof data);
  must (kin_socket_recvmsg (socket, message, 0, &error) == 0, error);
  errinfo = kin_message_get_control (message, socket, "tipc.errinfo");
  assert_prints (errinfo, "(2, 9)");
  retdata = kin_message_get_control (message, socket, "tipc.retdata");
  assert_prints (retdata, "b'come back'");
}

/* Each receiver learns the name by which it was reached. */
static void
test_destname (void **state)
{
  g_autoptr (KinSocket) receiver = NULL, sender = NULL;
  g_autoptr (KinMessage) message = NULL;
  g_autoptr (GVariant) name = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *printed = NULL;
  char data[100];

  (void) state;
  need_tipc ();
  message = kin_message_new ();
  receiver = must_bind (own_name ("tipc-dgram:range,9PID,1,9,node"));
  sender = must_connect (own_name ("tipc-dgram:name,9PID,4"));
  must_send (sender, "x", 1);
  kin_message_set_data (message, data, sizeof data);
  must (kin_socket_recvmsg (receiver, message, 0, &error) == 1, error);
  name = kin_message_get_control (message, receiver, "tipc.destname");
  assert_non_null (name);
  printed = kin_value_print (name);
  assert_string_equal (printed, own_name ("(9PID, 4, 4)"));
}

/* ---- Groups -------------------------------------------------------------------------------- */

static KinSocket *
must_join (const char *member)
{
  g_autoptr (GError) error = NULL;
  KinSocket *socket = kin_socket_new ("tipc-rdm", &error);

  must (socket, error);
  must (kin_socket_set_timeout (socket, LONG, &error), error);
  must (kin_socket_set_option_text (socket, "tipc.group-join", own_name (member), &error), error);
  return socket;
}

/* An event has no bytes: MSG_OOB is a member that came, with MSG_EOR one that went. */
static void
assert_event (KinSocket *socket, int flags)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GError) error = NULL;
  char byte;

  kin_message_set_data (message, &byte, 1);
  must (kin_socket_recvmsg (socket, message, 0, &error) == 0, error);
  assert_int_equal (kin_message_get_flags (message) & (MSG_OOB | MSG_EOR), flags);
}

static void
test_groups (void **state)
{
  g_autoptr (KinSocket) first = NULL, second = NULL;
  g_autoptr (GVariant) group = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *printed = NULL;

  (void) state;
  need_tipc ();
  first = must_join ("9PID:1:node:events");
  second = must_join ("9PID:2:node:none");
  group = kin_socket_get_option (first, "tipc.group", &error);
  must (group, error);
  printed = kin_value_print (group);
  assert_string_equal (printed, own_name ("9PID"));
  assert_event (first, MSG_OOB);
  must_send (second, "to the group", 12);
  assert_receives (first, "to the group");
  assert_fails (kin_socket_set_option_text (second, "tipc.group-join", "70:1", &error), EACCES,
                &error);
  must (kin_socket_set_option_text (second, "tipc.group-leave", "now", &error), error);
  assert_event (first, MSG_OOB | MSG_EOR);
  assert_int_equal (get_number (second, "tipc.group"), 0);
}

/* ---- Connections --------------------------------------------------------------------------- */

/* ---- Waits --------------------------------------------------------------------------------- */

/* The kernel would wait for 8 s, whatever SO_SNDTIMEO says. */
static void
test_connect_that_nobody_accepts (void **state)
{
  static const char *const schemes[] = { "tipc", "tipc-seqpacket" };

  (void) state;
  need_tipc ();
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++) {
    g_autofree char *text = g_strconcat (schemes[i], ":name,9PID,1,node", NULL);
    g_autoptr (KinSocket) door = must_listen (own_name (text)), socket = NULL;
    g_autoptr (GError) error = NULL;
    Moment began = now ();

    socket = kin_connect (own_name (text), SHORT, &error);
    assert_null (socket);
    assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
    assert_waited (began, SHORT);
  }
}

/* Without a timeout of ours the kernel's own holds: an option of the endpoint. */
static void
test_the_kernels_own_timeout (void **state)
{
  g_autoptr (KinSocket) door = NULL, socket = NULL;
  g_autoptr (GError) error = NULL;
  Moment began;

  (void) state;
  need_tipc ();
  door = must_listen (own_name ("tipc:name,9PID,1,node"));
  began = now ();
  socket = kin_connect (own_name ("tipc:name,9PID,1?tipc.conn-timeout=200"), KIN_FOREVER, &error);
  assert_fails (socket != NULL, ETIMEDOUT, &error);
  assert_waited (began, SHORT);
}

/* The peer closed without having read all: that is no end. */
static void
test_unread (void **state)
{
  g_autoptr (KinSocket) door = NULL, client = NULL, server = NULL;
  g_autoptr (GError) error = NULL;
  char data[100];

  (void) state;
  need_tipc ();
  door = must_listen (own_name ("tipc:name,9PID,1,node"));
  client = start_and_accept (own_name ("tipc:name,9PID,1"), door, &server);
  must_send (client, "unread", 6);
  g_clear_pointer (&server, kin_socket_unref);
  assert_fails (kin_socket_recv (client, data, sizeof data, 0, &error) >= 0, ECONNRESET, &error);
}

static void
test_end (void **state)
{
  g_autoptr (KinSocket) door = NULL, client = NULL, server = NULL;
  g_autoptr (GError) error = NULL;
  char data[100];

  (void) state;
  need_tipc ();
  door = must_listen (own_name ("tipc:name,9PID,1,node"));
  client = start_and_accept (own_name ("tipc:name,9PID,1"), door, &server);
  must_send (server, "all", 3);
  g_clear_pointer (&server, kin_socket_unref);
  assert_receives (client, "all");
  must (kin_socket_recv (client, data, sizeof data, 0, &error) == 0, error);
  assert_fails (kin_socket_shutdown (client, SHUT_WR, &error), EOPNOTSUPP, &error);
}

static void
test_event_that_never_comes (void **state)
{
  g_autoptr (KinSocket) socket = NULL;
  g_autoptr (GError) error = NULL;
  char data[100];
  Moment began;

  (void) state;
  need_tipc ();
  socket = must_connect ("tipc-topology:");
  must (kin_socket_set_timeout (socket, SHORT, &error), error);
  began = now ();
  assert_true (kin_socket_recv (socket, data, sizeof data, 0, &error) < 0);
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
  assert_waited (began, SHORT);
}

/* Until the window is full, for the peer does not read. */
static void
test_send_to_one_who_does_not_read (void **state)
{
  static const char *const schemes[] = { "tipc", "tipc-seqpacket" };
  static char data[60000];

  (void) state;
  need_tipc ();
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++) {
    g_autofree char *text = g_strconcat (schemes[i], ":name,9PID,1,node", NULL);
    g_autoptr (KinSocket) door = must_listen (own_name (text)), client = NULL, server = NULL;
    g_autoptr (GError) error = NULL;
    Moment began;

    client = start_and_accept (own_name (text), door, &server);
    must (kin_socket_set_timeout (client, SHORT, &error), error);
    do
      began = now ();
    while (kin_socket_send (client, data, sizeof data, 0, &error) > 0);
    assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
    assert_waited (began, SHORT);
  }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_texts),
    cmocka_unit_test (test_tuples),
    cmocka_unit_test (test_subscriptions),
    cmocka_unit_test (test_events),
    cmocka_unit_test (test_returned),
    cmocka_unit_test (test_destname),
    cmocka_unit_test (test_groups),
    cmocka_unit_test (test_unread),
    cmocka_unit_test (test_end),
    cmocka_unit_test (test_connect_that_nobody_accepts),
    cmocka_unit_test (test_the_kernels_own_timeout),
    cmocka_unit_test (test_event_that_never_comes),
    cmocka_unit_test (test_send_to_one_who_does_not_read),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
