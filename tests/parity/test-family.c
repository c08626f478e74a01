/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-family: every family and protocol of Python's socket module is there and works: `kin doctor`
 * passes bytes both ways, or asks the kernel and understands the answer. What each does with
 * partners of its field, tests/families and tests/shared have.
 *
 * Needs: alg bluetooth can hyperv inet inet6 netlink packet qipcrtr rds tipc unix vsock plugins
 */
#include "parity.h"

/* The words of kin's JSON, "state": "ok". */
static char *
member (const char *json, const char *name)
{
  g_autofree char *start = g_strdup_printf ("\"%s\": \"", name);
  const char *at = strstr (json, start);

  if (!at)
    return NULL;
  at += strlen (start);
  return g_strndup (at, strcspn (at, "\""));
}

static void
check (const char *scheme)
{
  char *command[] = { (char *) g_getenv ("KIN"), (char[]){ "doctor" }, (char[]){ "--json" },
                      (char *) scheme, NULL };
  g_autofree char *output = NULL, *state = NULL, *message = NULL;
  int status = -1;

  assert_true (g_spawn_sync (NULL, command, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &output,
                             NULL, &status, NULL));
  state = member (output, "state");
  message = member (output, "message");
  if (g_strcmp0 (state, "not-loaded") == 0 || g_strcmp0 (state, "missing") == 0) {
    print_message ("# %s: %s\n", scheme, message);
    g_clear_pointer (&output, g_free);
    g_clear_pointer (&state, g_free);
    g_clear_pointer (&message, g_free);
    skip ();
  }
  if (g_strcmp0 (state, "ok") != 0 || status != 0)
    fail_msg ("%s: %s", scheme, output);
}

/* clang-format off */
#define WORKS(function, scheme) static void function (void **state) { (void) state; check (scheme); }

WORKS (test_unix,    "unix")
WORKS (test_inet,    "tcp4")
WORKS (test_inet6,   "tcp6")
WORKS (test_netlink, "netlink")
WORKS (test_tipc,    "tipc")
WORKS (test_can,     "can")
WORKS (test_bcm,     "can-bcm")
WORKS (test_isotp,   "can-isotp")
WORKS (test_j1939,   "j1939")
WORKS (test_l2cap,   "l2cap")
WORKS (test_rfcomm,  "rfcomm")
WORKS (test_hci,     "hci")
WORKS (test_sco,     "sco")
WORKS (test_alg,     "alg")
WORKS (test_vsock,   "vsock")
WORKS (test_packet,  "packet")
WORKS (test_qipcrtr, "qipcrtr")
WORKS (test_udplite, "udplite4")
WORKS (test_hyperv,  "hyperv")
WORKS (test_rds,     "rds")
WORKS (test_mptcp,   "mptcp4")
WORKS (test_sctp,    "sctp4")
/* clang-format on */

/* AF_XDP, of which there is no family here, and of any such domain the same. */
static void
test_other (void **state)
{
  enum { DOMAIN_XDP = 44 };
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = kin_socket_new_from_numbers (DOMAIN_XDP, SOCK_RAW, 0, &error);

  (void) state;
  if (!socket) {
    print_message ("# %s\n", error->message);
    g_clear_error (&error);
    skip ();
  }
  assert_int_equal (kin_socket_domain (socket), DOMAIN_XDP);
  assert_null (kin_socket_family (socket));
  must (kin_socket_set_option_text (socket, "so.sndbuf", "8192", &error), error);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("family: AF_UNIX", test_unix),
    ROW ("family: AF_INET", test_inet),
    ROW ("family: AF_INET6", test_inet6),
    ROW ("family: AF_NETLINK", test_netlink),
    ROW ("family: AF_TIPC", test_tipc),
    ROW ("family: AF_CAN CAN_RAW", test_can),
    ROW ("family: AF_CAN CAN_BCM", test_bcm),
    ROW ("family: AF_CAN CAN_ISOTP", test_isotp),
    ROW ("family: AF_CAN CAN_J1939", test_j1939),
    ROW ("family: AF_BLUETOOTH BTPROTO_L2CAP", test_l2cap),
    ROW ("family: AF_BLUETOOTH BTPROTO_RFCOMM", test_rfcomm),
    ROW ("family: AF_BLUETOOTH BTPROTO_HCI", test_hci),
    ROW ("family: AF_BLUETOOTH BTPROTO_SCO", test_sco),
    ROW ("family: AF_ALG", test_alg),
    ROW ("family: AF_VSOCK", test_vsock),
    ROW ("family: AF_PACKET", test_packet),
    ROW ("family: AF_QIPCRTR", test_qipcrtr),
    ROW ("family: IPPROTO_UDPLITE", test_udplite),
    ROW ("family: AF_HYPERV", test_hyperv),
    ROW ("family: AF_RDS", test_rds),
    ROW ("family: IPPROTO_MPTCP", test_mptcp),
    ROW ("family: IPPROTO_SCTP", test_sctp),
    ROW ("family: other AF_* constants", test_other),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
