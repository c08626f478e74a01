/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-beyond-mptcp: MPTCP as one word: over MPTCP where both ends have it, over TCP where this
 * kernel or the peer has it not; and which it is can be asked.
 *
 * Needs: inet inet6
 */
#include "net.h"

#include <netinet/in.h>

#include "partner.h"

enum { MPTCP = 262 };

/* <linux/mptcp.h>: MPTCP_INFO_FLAG_FALLBACK. */
enum { FELL_BACK = 1 };

static void
turn (const char *value)
{
  assert_true (g_file_set_contents_full ("/proc/sys/net/mptcp/enabled", value, 1,
                                         G_FILE_SET_CONTENTS_NONE, 0, NULL));
}

/* A kernel that was built without is as one where it is off. */
static gboolean
has_mptcp (void)
{
  int fd = socket (AF_INET, SOCK_STREAM, MPTCP);

  if (fd < 0)
    return FALSE;
  close (fd);
  return TRUE;
}

static void
needs_mptcp (void)
{
  if (g_file_test ("/proc/sys/net/mptcp/enabled", G_FILE_TEST_EXISTS)) {
    turn ("1");
    return;
  }
  print_message ("# the kernel has no MPTCP: CONFIG_MPTCP\n");
  skip ();
}

/* clang-format off */
static const struct {
  const char *door, *digit;
} families[] = {
  { "mptcp4:127.0.0.1:0", "4" },
  { "mptcp6:[::1]:0",     "6" },
  { "mptcp:[::1]:0",      "6" },
  { "mptcp:127.0.0.1:0",  "4" },
  { "mptcp:*:0",          "4" },
};
/* clang-format on */

/* The connection is MPTCP's in truth: the kernel's flags say no fall-back. */
static gboolean
is_mptcp (KinSocket *socket)
{
  g_autoptr (GVariant) info = kin_socket_get_option (socket, "mptcp.info", NULL), flags = NULL;

  if (!info)
    return FALSE;
  flags = g_variant_get_child_value (info, 6);
  return (g_variant_get_int64 (flags) & FELL_BACK) == 0;
}

static void
check_bytes (KinSocket *client, KinSocket *server)
{
  must_send (client, "hello", 5);
  assert_receives (server, "hello");
  must_send (server, "answer", 6);
  assert_receives (client, "answer");
}

/* Where all addresses are meant, this machine's. */
static char *
text_to (KinSocket *door)
{
  g_autofree char *text = local_text (door);
  g_auto (GStrv) parts = g_strsplit (text, "[::]", -1);

  return g_strjoinv ("[::1]", parts);
}

static void
check_kin (guint i, int protocol)
{
  g_autoptr (KinSocket) door = must_listen (families[i].door), client = NULL, server = NULL;
  g_autofree char *to = text_to (door);

  assert_true (g_str_has_prefix (to, "mptcp"));
  client = must_connect (to);
  server = must_accept (door);
  assert_int_equal (kin_socket_protocol (door), protocol);
  assert_int_equal (kin_socket_protocol (client), protocol);
  assert_int_equal (kin_socket_protocol (server), protocol);
  assert_int_equal (get_number (client, "so.protocol"), protocol);
  assert_int_equal (get_number (server, "so.protocol"), protocol);
  assert_int_equal (is_mptcp (client), protocol == MPTCP);
  assert_int_equal (is_mptcp (server), protocol == MPTCP);
  check_bytes (client, server);
}

static void
test_with (void **state)
{
  (void) state;
  needs_mptcp ();
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    check_kin (i, MPTCP);
}

/* ---- This kernel has it not ---------------------------------------------------------------- */

static void
test_without (void **state)
{
  g_autoptr (KinSocket) socket = NULL;
  g_autoptr (GError) error = NULL;

  (void) state;
  if (has_mptcp ())
    turn ("0");
  assert_false (has_mptcp ());
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    check_kin (i, IPPROTO_TCP);
  socket = kin_socket_new ("mptcp6", &error);
  must (socket, error);
  assert_int_equal (kin_socket_protocol (socket), IPPROTO_TCP);
  assert_string_equal (kin_socket_scheme (socket), "mptcp6");
}

/* A name's addresses are raced by sockets that fell back. */
static void
test_name_without (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("mptcp:*:0"), client = NULL, server = NULL;
  g_autofree char *to = NULL;

  (void) state;
  if (has_mptcp ())
    turn ("0");
  to = g_strdup_printf ("mptcp:localhost:%u?tcp.nodelay=1", port_of (door));
  client = must_connect (to);
  server = must_accept (door);
  assert_int_equal (kin_socket_protocol (client), IPPROTO_TCP);
  check_bytes (client, server);
}

/* What else keeps a socket from being opened is no reason to fall back. */
static void
test_no_descriptors (void **state)
{
  g_autoptr (GPtrArray) held = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  int fd;

  (void) state;
  assert_non_null (kin_load_family ("inet", NULL));
  while ((fd = dup (0)) >= 0)
    g_ptr_array_add (held, GINT_TO_POINTER (fd));
  assert_null (kin_socket_new ("mptcp4", &error));
  for (guint i = 0; i < held->len; i++)
    close (GPOINTER_TO_INT (held->pdata[i]));
  assert_true (g_error_matches (error, KIN_OS_ERROR, EMFILE));
}

/* ---- The peer has it not ------------------------------------------------------------------- */

/* Python connects, by the protocol of that number. */
static void
check_python (guint i, int protocol)
{
  g_autoptr (KinSocket) door = must_listen (families[i].door), server = NULL;
  g_autofree char *number = g_strdup_printf ("%d", protocol);
  Partner partner;

  start_partner (&partner, "stream", families[i].digit, port_of (door), number);
  server = must_accept (door);
  assert_receives (server, "hello");
  assert_int_equal (is_mptcp (server), protocol == MPTCP);
  assert_int_equal (get_number (server, "so.protocol"), protocol);
  must_send (server, "answer", 6);
  assert_says (&partner, "answer");
}

static void
test_python_connects (void **state)
{
  (void) state;
  needs_mptcp ();
  for (guint i = 0; i < 2; i++) {
    check_python (i, IPPROTO_TCP);
    check_python (i, MPTCP);
  }
}

/* A TCP server: the connection falls back on the wire, and the socket says so. */
static void
test_tcp_server (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("tcp4:127.0.0.1:0"), client = NULL, server = NULL;
  g_autofree char *to = NULL;

  (void) state;
  needs_mptcp ();
  to = g_strdup_printf ("mptcp4:127.0.0.1:%u", port_of (door));
  client = must_connect (to);
  server = must_accept (door);
  assert_int_equal (kin_socket_protocol (client), MPTCP);
  assert_false (is_mptcp (client));
  check_bytes (client, server);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_with),         cmocka_unit_test (test_without),
    cmocka_unit_test (test_name_without), cmocka_unit_test (test_no_descriptors),
    cmocka_unit_test (test_tcp_server),   cmocka_unit_test (test_python_connects),
  };

  return cmocka_run_group_tests (tests, net_setup, NULL);
}
