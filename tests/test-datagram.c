/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-datagram: a socket bound to all addresses learns which was asked, and answers from it. */
#include "names.h"

static void
assert_host (const KinAddress *address, const char *expected)
{
  g_autofree char *text = kin_address_format (address), *start = g_strconcat (expected, ",", NULL);

  if (!g_str_has_prefix (text, start))
    fail_msg ("%s is not %s", text, start);
}

static KinSocket *
must_bind (const char *endpoint)
{
  g_autoptr (GError) error = NULL;
  KinSocket *socket = kin_bind (endpoint, &error);

  if (!socket)
    fail_msg ("%s", error->message);
  assert_true (kin_socket_set_timeout (socket, KIN_SECONDS (10), NULL));
  return socket;
}

/* Asks one of the server's addresses, connected, so that only an answer from there comes in. */
static KinSocket *
must_ask (const char *host, guint16 port)
{
  g_autofree char *endpoint = g_strdup_printf ("name-dgram:%s,%u", host, port);
  KinSocket *socket = kin_connect (endpoint, KIN_SECONDS (10), NULL);

  assert_non_null (socket);
  assert_true (kin_socket_set_timeout (socket, KIN_SECONDS (10), NULL));
  assert_int_equal (kin_socket_send (socket, host, strlen (host), 0, NULL), strlen (host));
  return socket;
}

static void
test_answers_from_what_was_asked (void **state)
{
  static const char *const hosts[] = { "127.0.0.8", "127.0.0.1", "127.7.7.7" };
  g_autoptr (KinSocket) server = must_bind ("name-dgram:0.0.0.0,0?name4.pktinfo=1");
  g_autoptr (KinSocket) plain = must_bind ("name-dgram:0.0.0.0,0");
  g_autoptr (KinSocket) asker = must_ask ("127.0.0.9", names_port_of (plain));
  KinAddress from, to;
  char data[32];

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++) {
    g_autoptr (KinSocket) client = must_ask (hosts[i], names_port_of (server));
    g_autofree char *expected = g_strconcat ("name-dgram:", hosts[i], NULL);
    gssize n = kin_socket_recvfromto (server, data, sizeof data, 0, &from, &to, NULL);

    assert_int_equal (n, strlen (hosts[i]));
    assert_memory_equal (data, hosts[i], (gsize) n);
    assert_host (&to, expected);
    assert_int_equal (kin_socket_sendfromto (server, "answer", 6, 0, &to, &from, NULL), 6);
    assert_int_equal (kin_socket_recv (client, data, sizeof data, 0, NULL), 6);
  }
  /* Without it the kernel chooses, and who asked does not hear it. */
  assert_true (kin_socket_recvfrom (plain, data, sizeof data, 0, &from, NULL) > 0);
  assert_int_equal (kin_socket_sendto (plain, "answer", 6, 0, &from, NULL), 6);
  assert_true (kin_socket_set_timeout (asker, SHORT, NULL));
  assert_int_equal (kin_socket_recv (asker, data, sizeof data, 0, NULL), -1);
}

/* The first call switches it on. */
static void
test_switched_on (void **state)
{
  g_autoptr (KinSocket) server = must_bind ("name-dgram:0.0.0.0,0");
  g_autoptr (KinSocket) client = NULL;
  g_autofree char *before = kin_socket_get_option_text (server, "name4.pktinfo", NULL);
  g_autofree char *after = NULL;
  KinAddress from, to;
  char data[32];

  (void) state;
  assert_string_equal (before, "0");
  assert_int_equal (
      kin_socket_recvfromto (server, data, sizeof data, MSG_DONTWAIT, &from, &to, NULL), -1);
  assert_int_equal (errno, EAGAIN);
  assert_int_equal (to.length, 0);
  after = kin_socket_get_option_text (server, "name4.pktinfo", NULL);
  assert_string_equal (after, "1");
  client = must_ask ("127.0.0.6", names_port_of (server));
  assert_true (kin_socket_recvfromto (server, data, sizeof data, 0, &from, &to, NULL) > 0);
  assert_host (&to, "name-dgram:127.0.0.6");
}

/* Other control messages that the socket has on come in any order, and are passed over. */
static void
test_among_others (void **state)
{
  g_autoptr (KinSocket) server =
      must_bind ("name-dgram:0.0.0.0,0?name4.pktinfo=1&so.timestampns=1&so.rxq-ovfl=1");
  g_autoptr (KinSocket) client = NULL;
  KinAddress from, to;
  char data[32];

  (void) state;
  client = must_ask ("127.0.0.6", names_port_of (server));
  assert_true (kin_socket_recvfromto (server, data, sizeof data, 0, &from, &to, NULL) > 0);
  assert_host (&to, "name-dgram:127.0.0.6");
}

static void
test_refused (void **state)
{
  g_autoptr (KinSocket) server = must_bind ("name-dgram:0.0.0.0,0");
  g_autoptr (KinSocket) six = must_bind ("name-dgram:::1,0");
  g_autoptr (KinSocket) client = NULL;
  g_autoptr (GError) error = NULL;
  KinAddress from, to, none = { .length = 0 }, foreign;
  char data[32];

  (void) state;
  client = must_ask ("127.0.0.6", names_port_of (server));
  /* name6 has no such control message. */
  assert_int_equal (kin_socket_recvfromto (six, data, 1, 0, &from, &to, &error), -1);
  assert_kin_error (error, KIN_OS_ERROR, EOPNOTSUPP);
  assert_true (kin_socket_recvfrom (server, data, sizeof data, 0, &from, NULL) > 0);
  assert_true (kin_address_parse (&foreign, "name-dgram:198.51.100.1,0", NULL));
  assert_int_equal (kin_socket_sendfromto (server, "x", 1, 0, &foreign, &from, &error), -1);
  assert_int_equal (error->domain, KIN_OS_ERROR); /* of kernels there is more than one opinion */
  g_clear_error (&error);
  assert_true (kin_address_parse (&foreign, "name-dgram:::1,0", NULL));
  assert_int_equal (kin_socket_sendfromto (server, "x", 1, 0, &foreign, &from, &error), -1);
  assert_kin_error (error, KIN_OS_ERROR, EAFNOSUPPORT);
  assert_int_equal (kin_socket_sendfromto (server, "x", 1, 0, &none, &from, NULL), 1);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_answers_from_what_was_asked),
    cmocka_unit_test (test_switched_on),
    cmocka_unit_test (test_among_others),
    cmocka_unit_test (test_refused),
  };

  return cmocka_run_group_tests (tests, names_setup, NULL);
}
