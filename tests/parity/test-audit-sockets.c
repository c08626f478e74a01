/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-audit-sockets: audit events of sockets. What Kin's hook sees is what Python's sees when it
 * does the same; and a hook that refuses stops the call.
 *
 * Needs: unix inet plugins
 */
#include "partner.h"

#include <netinet/in.h>

/* ---- What was seen ------------------------------------------------------------------------- */

/* "socket.bind (('127.0.0.1', 0),)\n": as Python prints its own. */
static char *
note (const KinAudit *audit, gpointer seen)
{
  g_autofree char *arguments = kin_value_print (audit->arguments);

  g_string_append_printf (seen, "%s %s\n", audit->event, arguments);
  return NULL;
}

static char *
refuse (const KinAudit *audit, gpointer event)
{
  return strcmp (audit->event, event) == 0 ? g_strdup ("not in this test") : NULL;
}

/* Python does what script says; argument is a port. What its hook saw must
 * be what ours did. */
static void
check_like_python (const char *script, const char *argument, const char *seen)
{
  g_autofree char *whole = g_strconcat (PARTNER_IMPORTS,
                                        "def hook(event, arguments):\n"
                                        "    if event.startswith('socket.'):\n"
                                        "        print(event, arguments[1:])\n"
                                        "port = int(argument)\n",
                                        script, NULL);
  char *words[] = { (char *) "/usr/bin/python3", (char *) "-c", whole, (char *) argument, NULL };
  g_autofree char *output = NULL;
  int status = -1;

  assert_true (
      g_spawn_sync (NULL, words, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL, &status, NULL));
  assert_int_equal (status, 0);
  assert_string_equal (output, seen);
}

static void
assert_denied (gboolean is_done, GError **error)
{
  assert_false (is_done);
  assert_int_equal (errno, EPERM);
  assert_true (g_error_matches (*error, KIN_ERROR, KIN_ERROR_DENIED));
  assert_non_null (strstr ((*error)->message, "not in this test"));
  g_clear_error (error);
}

/* ---- The events ---------------------------------------------------------------------------- */

static void
test_new (void **state)
{
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  guint before = count_fds ();
  int made;

  (void) state;
  kin_set_audit_hook (note, seen);
  kin_socket_unref (kin_socket_new_from_numbers (AF_INET, SOCK_DGRAM, IPPROTO_UDP, NULL));
  kin_socket_unref (kin_socket_new_from_numbers (AF_UNIX, SOCK_STREAM, 0, NULL));
  kin_set_audit_hook (NULL, NULL);
  check_like_python ("sys.addaudithook(hook)\nsocket.socket(2, 2, 17)\nsocket.socket(1, 1, 0)\n",
                     "0", seen->str);

  kin_set_audit_hook (refuse, (gpointer) "socket.__new__");
  assert_denied (kin_socket_new ("udp4", &error) != NULL, &error);
  assert_denied (kin_connect ("tcp4:127.0.0.1:1", LONG, &error) != NULL, &error);
  made = socket (AF_INET, SOCK_DGRAM, 0);
  assert_denied (kin_socket_new_from_fd (made, &error) != NULL, &error);
  assert_int_equal (close (made), 0); /* it stayed ours */
  kin_set_audit_hook (NULL, NULL);
  assert_int_equal (count_fds (), before);
}

static void
test_bind (void **state)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("udp4", NULL);
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *name = NULL;
  KinAddress address;

  (void) state;
  must (kin_address_parse (&address, "udp4:127.0.0.1:0", &error), error);
  kin_set_audit_hook (refuse, (gpointer) "socket.bind");
  assert_denied (kin_socket_bind (socket, &address, &error), &error);
  name = local_text (socket);
  assert_string_equal (name, "udp4:0.0.0.0:0"); /* not bound */
  kin_set_audit_hook (note, seen);
  must (kin_socket_bind (socket, &address, &error), error);
  kin_set_audit_hook (NULL, NULL);
  check_like_python ("a = socket.socket(2, 2)\n"
                     "sys.addaudithook(hook)\n"
                     "a.bind(('127.0.0.1', 0))\n",
                     "0", seen->str);
}

static void
test_connect (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("tcp4:127.0.0.1:0");
  g_autoptr (KinSocket) socket = kin_socket_new ("tcp4", NULL);
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autofree char *port = port_of (door);
  g_autoptr (GError) error = NULL;
  KinAddress address;

  (void) state;
  must (kin_socket_local (door, &address, &error), error);
  kin_set_audit_hook (refuse, (gpointer) "socket.connect");
  assert_denied (kin_socket_connect (socket, &address, &error), &error);
  assert_fails (kin_socket_peer (socket, &address, &error), ENOTCONN, &error);
  must (kin_socket_local (door, &address, &error), error);
  kin_set_audit_hook (note, seen);
  must (kin_socket_connect (socket, &address, &error), error);
  kin_set_audit_hook (NULL, NULL);
  check_like_python (
      "a = socket.socket()\nsys.addaudithook(hook)\na.connect_ex(('127.0.0.1', port))\n", port,
      seen->str);
}

static void
test_send_to (void **state)
{
  g_autoptr (KinSocket) to = must_bind ("udp4:127.0.0.1:0"), from = kin_socket_new ("udp4", NULL);
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autofree char *port = port_of (to);
  g_autoptr (GError) error = NULL;
  KinAddress address;

  (void) state;
  must (kin_socket_local (to, &address, &error), error);
  kin_set_audit_hook (refuse, (gpointer) "socket.sendto");
  assert_denied (kin_socket_sendto (from, "x", 1, 0, &address, &error) >= 0, &error);
  kin_set_audit_hook (note, seen);
  must (kin_socket_sendto (from, "allowed", 7, 0, &address, &error) == 7, error);
  kin_set_audit_hook (NULL, NULL);
  assert_receives (to, "allowed"); /* the first that came */
  check_like_python (
      "a = socket.socket(2, 2)\nsys.addaudithook(hook)\na.sendto(b'x', ('127.0.0.1', port))\n",
      port, seen->str);
}

static void
test_sendmsg (void **state)
{
  g_autoptr (KinSocket) to = must_bind ("udp4:127.0.0.1:0"), from = kin_socket_new ("udp4", NULL);
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autofree char *port = port_of (to);
  g_autoptr (GError) error = NULL;
  KinAddress address;

  (void) state;
  must (kin_socket_local (to, &address, &error), error);
  kin_message_set_data (message, "allowed", 7);
  kin_message_set_address (message, &address);
  kin_set_audit_hook (refuse, (gpointer) "socket.sendmsg");
  assert_denied (kin_socket_sendmsg (from, message, 0, &error) >= 0, &error);
  kin_set_audit_hook (note, seen);
  must (kin_socket_sendmsg (from, message, 0, &error) == 7, error);
  kin_message_set_address (message, NULL);
  assert_int_equal (kin_socket_sendmsg (from, message, 0, NULL), -1); /* to nobody */
  kin_set_audit_hook (NULL, NULL);
  assert_receives (to, "allowed");
  check_like_python ("a = socket.socket(2, 2)\n"
                     "sys.addaudithook(hook)\n"
                     "a.sendmsg([b'x'], [], 0, ('127.0.0.1', port))\n"
                     "try:\n"
                     "    a.sendmsg([b'x'])\n"
                     "except OSError:\n"
                     "    pass\n",
                     port, seen->str);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("audit: socket.__new__", test_new),     ROW ("audit: socket.bind", test_bind),
    ROW ("audit: socket.connect", test_connect), ROW ("audit: socket.sendto", test_send_to),
    ROW ("audit: socket.sendmsg", test_sendmsg),
  };

  return cmocka_run_group_tests_name ("audit-sockets", tests, NULL, NULL);
}
