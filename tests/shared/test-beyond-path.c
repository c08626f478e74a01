/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-beyond-path: ECN and the rest of the traffic class with each datagram, both ways, against
 * Python's sockets; the path's MTU; many datagrams in one send; busy polling.
 *
 * Needs: inet inet6 unix
 */
#include "net.h"

#include "partner.h"

/* DSCP AF41 */
#define CLASS 0x88

/* ---- The traffic class --------------------------------------------------------------------- */

/* clang-format off */
static const struct {
  const char *endpoint, *digit;
} families[] = {
  { "udp4:127.0.0.1:0", "4" },
  { "udp6:[::1]:0",     "6" },
  { "udp:[::]:0",       "4" },   /* an IPv6 socket whose peer is IPv4 */
  { "udp:[::]:0",       "6" },
};
/* clang-format on */

static void
answer (KinSocket *socket, const KinAddress *to, guint traffic_class)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GError) error = NULL;

  kin_message_set_data (message, "answer", 6);
  kin_message_set_address (message, to);
  must (kin_message_add_traffic_class (message, socket, traffic_class, &error), error);
  must (kin_socket_sendmsg (socket, message, 0, &error) == 6, error);
}

static void
check_class (guint i, guint ecn)
{
  g_autoptr (KinSocket) socket = must_bind (families[i].endpoint);
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autofree char *sent = g_strdup_printf ("%u", CLASS | ecn), *said = NULL;
  g_autoptr (GError) error = NULL;
  Partner partner;
  char data[8];

  must (kin_socket_tell_traffic_class (socket, &error), error);
  start_partner (&partner, "class", families[i].digit, port_of (socket), sent);
  kin_message_set_data (message, data, sizeof data);
  must (kin_socket_recvmsg (socket, message, 0, &error) == 5, error);
  assert_int_equal (kin_message_get_traffic_class (message, socket), CLASS | ecn);
  answer (socket, kin_message_get_address (message), 0x20 | (3 - ecn));
  said = g_strdup_printf ("answer %u", 0x20 | (3 - ecn));
  assert_says (&partner, said);
}

static void
test_class (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    for (guint ecn = KIN_ECN_NONE; ecn <= KIN_ECN_CONGESTED; ecn++)
      check_class (i, ecn);
}

static void
test_no_class (void **state)
{
  g_autoptr (KinSocket) socket = must_bind ("udp4:127.0.0.1:0"), sender = NULL;
  g_autoptr (KinSocket) other = must_bind ("unix-dgram:");
  g_autofree char *to = local_text (socket);
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GError) error = NULL;
  char data[8];

  (void) state;
  sender = must_connect (to);
  must_send (sender, "x", 1);
  kin_message_set_data (message, data, sizeof data);
  must (kin_socket_recvmsg (socket, message, 0, &error) == 1, error);
  assert_int_equal (kin_message_get_traffic_class (message, socket), -1);
  assert_false (kin_message_add_traffic_class (message, socket, 256, &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_VALUE));
  assert_string_equal (error->message, "traffic class 256 is out of range (0 to 255)");
  g_clear_error (&error);
  assert_fails (kin_message_add_traffic_class (message, other, 1, &error), EOPNOTSUPP, &error);
  assert_fails (kin_socket_tell_traffic_class (other, &error), EOPNOTSUPP, &error);
}

/* ---- The MTU of a stream's path ------------------------------------------------------------ */

static void
check_stream_mtu (const char *endpoint)
{
  g_autoptr (KinSocket) door = must_listen (endpoint), client = NULL, server = NULL;
  g_autofree char *to = local_text (door);
  g_autoptr (GError) error = NULL;

  client = must_connect (to);
  server = must_accept (door);
  assert_int_equal (kin_socket_path_mtu (client, &error), 1500);
  assert_int_equal (kin_socket_path_mtu (server, &error), 1500);
}

static void
test_stream_mtu (void **state)
{
  (void) state;
  check_stream_mtu ("tcp4:127.0.0.1:0");
  check_stream_mtu ("tcp6:[::1]:0");
}

/* ---- Many datagrams in one call ------------------------------------------------------------ */

/* One send is cut into datagrams; one receive has them together again, and says how long each is.
 * A receiver that does not ask for it has them one by one. */
static void
check_segments (const char *endpoint)
{
  g_autofree char *text = g_strconcat (endpoint, "?udp.gro=1", NULL);
  g_autoptr (KinSocket) joined = must_bind (text), single = must_bind (endpoint), sender = NULL;
  g_autofree char *to_joined = local_text (joined), *to_single = local_text (single);
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GVariant) size = NULL;
  g_autoptr (GError) error = NULL;
  char data[5000] = "", got[6000];
  KinAddress address;

  sender = must_connect (to_joined);
  must (kin_socket_set_option_text (sender, "udp.segment", "1000", &error), error);
  must_send (sender, data, sizeof data);
  kin_message_set_data (message, got, sizeof got);
  must (kin_socket_recvmsg (joined, message, 0, &error) == sizeof data, error);
  size = kin_message_get_control (message, joined, "udp.gro");
  assert_non_null (size);
  assert_int_equal (g_variant_get_int64 (size), 1000);

  must (kin_address_parse (&address, to_single, &error), error);
  must (kin_socket_sendto (sender, data, sizeof data, 0, &address, &error) == sizeof data, error);
  for (guint i = 0; i < 5; i++)
    must (kin_socket_recv (single, got, sizeof got, 0, &error) == 1000, error);
}

static void
test_segments (void **state)
{
  (void) state;
  check_segments ("udp4:127.0.0.1:0");
  check_segments ("udp6:[::1]:0");
}

/* ---- Busy polling -------------------------------------------------------------------------- */

/* What is set is what the kernel then has, and what comes comes. */
static void
test_busy_poll (void **state)
{
  g_autoptr (KinSocket) socket = must_bind ("udp4:127.0.0.1:0?so.busy-poll=50"), sender = NULL;
  g_autofree char *to = local_text (socket);
  g_autoptr (GError) error = NULL;
  int value = 0;

  (void) state;
  must (kin_socket_getsockopt (socket, SOL_SOCKET, SO_BUSY_POLL, &value, sizeof value, &error)
            == sizeof value,
        error);
  assert_int_equal (value, 50);
  /* Linux 5.11 */
  if (kin_socket_set_option_text (socket, "so.prefer-busy-poll", "1", NULL))
    must (kin_socket_set_option_text (socket, "so.busy-poll-budget", "16", &error), error);
  else
    assert_int_equal (errno, ENOPROTOOPT);
  sender = must_connect (to);
  must_send (sender, "x", 1);
  assert_receives (socket, "x");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_class),     cmocka_unit_test (test_no_class),
    cmocka_unit_test (test_segments),  cmocka_unit_test (test_stream_mtu),
    cmocka_unit_test (test_busy_poll),
  };

  return cmocka_run_group_tests (tests, net_setup, NULL);
}
