/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-rds: options, lists, control messages and waits of RDS, inside one machine.
 *
 * Needs: rds plugins */
#include "sockets.h"

#define PRINTED(value) g_autofree char *printed = kin_value_print (value)

/* First of all, for skip () frees nothing. */
static void
need_rds (void)
{
  g_autoptr (KinSocket) socket = kin_bind ("rds:127.0.0.1:0", NULL);

  if (!socket) {
    print_message ("# skipped: the kernel has no RDS: modprobe -a rds rds_tcp\n");
    skip ();
  }
}

static KinSocket *
connect_to (KinSocket *server)
{
  g_autofree char *text = local_text (server);

  return must_connect (text);
}

static void
assert_lists (KinSocket *socket, const char *name, const char *word)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) list = kin_socket_get_option (socket, name, &error);

  must (list, error);
  PRINTED (list);
  if (!strstr (printed, word))
    fail_msg ("%s has no %s: %s", name, word, printed);
}

/* What the kernel tells of all sockets has this one's port, and a message that waits. */
static void
test_lists (void **state)
{
  static const char *const empty[] = {
    "rds.send-messages",     "rds.send-messages6", "rds.retrans-messages",
    "rds.retrans-messages6", "rds.tcp-sockets",    "rds.tcp-sockets6",
  };
  static const char *const hosts[] = { "127.0.0.1", "::ffff:127.0.0.1" };
  g_autoptr (KinSocket) server = NULL, client = NULL;
  g_autoptr (GError) error = NULL;

  (void) state;
  need_rds ();
  server = must_bind ("rds:127.0.0.1:0");
  client = connect_to (server);
  must_send (client, "seven..", 7);
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++) {
    g_autofree char *own = local_text (server);
    g_autofree char *word = g_strdup_printf ("('%s', %s, ", hosts[i], strrchr (own, ':') + 1);
    g_autofree char *digit = g_strdup (i == 0 ? "" : "6");
    g_autofree char *sockets = g_strconcat ("rds.sockets", digit, NULL);
    g_autofree char *messages = g_strconcat ("rds.recv-messages", digit, NULL);
    g_autofree char *connections = g_strconcat ("rds.connections", digit, NULL);

    assert_lists (client, sockets, word);
    assert_lists (client, messages, word);
    assert_lists (client, connections, hosts[i]);
  }
  assert_lists (client, "rds.counters", "('send_queued', ");
  for (guint i = 0; i < G_N_ELEMENTS (empty); i++)
    assert_lists (client, empty[i], "[");
  assert_null (kin_socket_get_option (client, "rds.ib-connections", &error));
  assert_int_equal (errno, ENOPROTOOPT);
}

static void
test_transport (void **state)
{
  g_autoptr (KinSocket) socket = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  (void) state;
  need_rds ();
  socket = kin_socket_new ("rds", &error);
  must (socket, error);
  text = kin_socket_get_option_text (socket, "rds.transport", &error);
  assert_string_equal (text, "none");
  must (kin_socket_set_option_text (socket, "rds.transport", "tcp", &error), error);
  assert_fails (kin_socket_set_option_text (socket, "rds.transport", "tcp", &error), EOPNOTSUPP,
                &error);
}

/* A whole sockaddr, of either family. */
static void
test_cancel (void **state)
{
  g_autoptr (KinSocket) early = NULL, socket = NULL;
  g_autoptr (GError) error = NULL;

  (void) state;
  need_rds ();
  early = kin_socket_new ("rds", &error);
  must (early, error);
  assert_fails (kin_socket_set_option_text (early, "rds.cancel-sent-to", "127.0.0.1:7200", &error),
                ENOTCONN, &error);
  socket = must_bind ("rds:127.0.0.1:0");
  must (kin_socket_set_option (socket, "rds.cancel-sent-to",
                               g_variant_new ("(si)", "127.0.0.1", 7200), &error),
        error);
  must (kin_socket_set_option (socket, "rds.cancel-sent-to", g_variant_new ("(si)", "::1", 7200),
                               &error),
        error);
}

/* The receiver's kernel says how long the message took. */
static void
test_latency (void **state)
{
  g_autoptr (KinMessage) message = NULL;
  g_autoptr (KinSocket) server = NULL, client = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GError) error = NULL;
  gint64 count;
  char data[10];

  (void) state;
  need_rds ();
  message = kin_message_new ();
  server = must_bind ("rds:127.0.0.1:0?rds.rxpath-latency=2:0:2&so.timestamp=1");
  client = connect_to (server);
  must_send (client, "abc", 3);
  kin_message_set_data (message, data, sizeof data);
  must (kin_socket_recvmsg (server, message, 0, &error) == 3, error);
  value = kin_message_get_control (message, server, "rds.rxpath-latency");
  assert_non_null (value);
  g_variant_get_child (value, 0, "x", &count);
  assert_int_equal (count, 2);
  assert_int_equal (kin_message_get_address (message)->sa.generic.sa_family, AF_INET);
}

/* Requests for memory take InfiniBand. That they are well formed says how far the kernel gets. */
static void
test_requests (void **state)
{
  static const struct {
    const char *controls;
    int code;
  } cases[] = {
    { "{'rds.rdma': <(0, 4096, 0, 0, 1, 0, 7)>}", EFAULT },
    { "{'rds.rdma-dest': <uint64 12345>}", EINVAL },
    { "{'rds.rdma-map': <(4096, 4096, 0, 0)>}", EOPNOTSUPP },
  };
  g_autoptr (KinSocket) server = NULL, client = NULL;

  (void) state;
  need_rds ();
  server = must_bind ("rds:127.0.0.1:0");
  client = connect_to (server);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    gssize n = kin_socket_send_controls (client, "x", 1, 0,
                                         g_variant_new_parsed (cases[i].controls), &error);

    if (n >= 0 || !g_error_matches (error, KIN_OS_ERROR, cases[i].code))
      fail_msg ("%s: %s", cases[i].controls, error ? error->message : "was taken");
  }
}

static void
test_receive_waits (void **state)
{
  g_autoptr (KinSocket) socket = NULL;
  g_autoptr (GError) error = NULL;
  Moment began;
  char byte;

  (void) state;
  need_rds ();
  socket = must_bind ("rds:127.0.0.1:0");
  must (kin_socket_set_timeout (socket, SHORT, &error), error);
  began = now ();
  assert_int_equal (kin_socket_recv (socket, &byte, 1, 0, &error), -1);
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
  assert_waited (began, SHORT);
}

/* A message of nothing is one; a ping's answer is none. */
static void
test_empty (void **state)
{
  g_autoptr (KinSocket) server = NULL, client = NULL;
  g_autoptr (GError) error = NULL;
  KinAddress from;
  char byte;

  (void) state;
  need_rds ();
  server = must_bind ("rds:127.0.0.1:0");
  client = connect_to (server);
  must (kin_socket_send (client, "", 0, 0, &error) == 0, error);
  must (kin_socket_recvfrom (server, &byte, 1, 0, &from, &error) == 0, error);
  must (kin_socket_sendto (server, "b", 1, 0, &from, &error) == 1, error);
  must (kin_socket_recv (client, &byte, 1, MSG_PEEK, &error) == 1, error);
  must (kin_socket_recv (client, &byte, 1, 0, &error) == 1, error);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_lists),    cmocka_unit_test (test_transport),
    cmocka_unit_test (test_cancel),   cmocka_unit_test (test_latency),
    cmocka_unit_test (test_requests), cmocka_unit_test (test_receive_waits),
    cmocka_unit_test (test_empty),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
