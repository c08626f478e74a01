/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-controls: control messages as one value, a send that has them, and what a value may be.
 *
 * Needs: unix inet plugins */
#include "unix.h"

static KinSocket *first, *second;

static int
make (void **state)
{
  g_autoptr (GError) error = NULL;

  (void) state;
  must (kin_socket_new_pair ("unix-seqpacket", &first, &second, &error), error);
  must (kin_socket_set_timeout (second, LONG, &error), error);
  must (turn_on (second, "unix.passcred"), NULL);
  return 0;
}

static int
drop (void **state)
{
  (void) state;
  kin_socket_unref (first);
  kin_socket_unref (second);
  return 0;
}

static KinMessage *
receive (const char *expected)
{
  static char data[100];
  g_autoptr (GError) error = NULL;
  g_autoptr (KinMessage) message = kin_message_new ();
  gssize n;

  kin_message_set_data (message, data, sizeof data);
  n = kin_socket_recvmsg (second, message, 0, &error);
  must (n >= 0, error);
  assert_int_equal (n, strlen (expected));
  assert_memory_equal (data, expected, strlen (expected));
  return g_steal_pointer (&message);
}

/* One's own: only root may send others. */
static GVariant *
credentials (void)
{
  return g_variant_new ("(iuu)", (int) getpid (), (guint) getuid (), (guint) getgid ());
}

static void
test_dictionary (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinMessage) message = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autofree char *expected =
      g_strdup_printf ("(%d, %u, %u)", (int) getpid (), (guint) getuid (), (guint) getgid ());
  gssize n = kin_socket_send_controls (
      first, "abc", 3, 0, g_variant_new_parsed ("{'unix.credentials': <%@(iuu)>}", credentials ()),
      &error);

  (void) state;
  must (n == 3, error);
  message = receive ("abc");
  value = kin_message_get_control (message, second, "unix.credentials");
  assert_prints (value, expected);
}

static void
test_none (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinMessage) message = NULL;

  (void) state;
  must (kin_socket_send_controls (first, "d", 1, 0, g_variant_new_parsed ("@a{sv} {}"), &error)
            == 1,
        error);
  message = receive ("d");
}

/* What a message came with, another is sent with. */
static void
test_passed_on (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinMessage) came = NULL, goes = kin_message_new (), again = NULL;
  g_autoptr (GVariant) controls = NULL, others = NULL;
  g_autofree char *text = NULL;

  (void) state;
  must (kin_socket_send (first, "e", 1, 0, &error) == 1, error);
  came = receive ("e");
  controls = kin_message_get_controls (came, second);
  must (kin_message_add_controls (goes, first, controls, &error), error);
  kin_message_set_data (goes, "f", 1);
  must (kin_socket_sendmsg (first, goes, 0, &error) == 1, error);
  again = receive ("f");
  others = kin_message_get_controls (again, second);
  text = kin_value_print (controls);
  assert_prints (others, text);
}

static void
test_refused (void **state)
{
  static const struct {
    const char *controls;
    int code;
  } cases[] = {
    { "3", KIN_ERROR_BAD_VALUE },
    { "('unix.credentials', 3)", KIN_ERROR_BAD_VALUE },
    { "[1, 2]", KIN_ERROR_BAD_VALUE },
    { "[<(1, 2)>]", KIN_ERROR_BAD_VALUE },
    { "[<(1, 2, b'abc')>]", KIN_ERROR_BAD_VALUE },
    { "{'unix.credentials': <1>}", KIN_ERROR_BAD_VALUE },
    { "{'unix.nothing': <1>}", KIN_ERROR_NO_SUCH_OPTION },
    { "{'unix.rights': <1>}", KIN_ERROR_NO_SUCH_OPTION },
  };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    gssize n = kin_socket_send_controls (first, "x", 1, 0, g_variant_new_parsed (cases[i].controls),
                                         &error);

    assert_int_equal (n, -1);
    if (!g_error_matches (error, KIN_ERROR, cases[i].code))
      fail_msg ("%s: %s", cases[i].controls, error ? error->message : "no error");
  }
}

/* A word of the row for its number; the only member of a struct without the tuple. */
static void
test_values (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = kin_socket_new ("udp4", &error);
  g_autoptr (GVariant) interface = NULL;

  (void) state;
  must (socket, error);
  must (kin_socket_set_option (socket, "ip.mtu-discover", g_variant_new_string ("do"), &error),
        error);
  assert_int_equal (get_number (socket, "ip.mtu-discover"), 2);
  assert_false (
      kin_socket_set_option (socket, "ip.mtu-discover", g_variant_new_string ("did"), &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_VALUE));
  g_clear_error (&error);
  must (kin_socket_set_option (socket, "ip.unicast-if", g_variant_new_string ("lo"), &error),
        error);
  interface = must_get (socket, "ip.unicast-if");
  assert_prints (interface, "('lo',)");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_dictionary), cmocka_unit_test (test_none),
    cmocka_unit_test (test_passed_on),  cmocka_unit_test (test_refused),
    cmocka_unit_test (test_values),
  };

  return cmocka_run_group_tests (tests, make, drop);
}
