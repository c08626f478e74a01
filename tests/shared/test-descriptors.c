/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-descriptors: each protocol of each family has its descriptor duplicated, given away and
 * taken back; one that is more than a descriptor says so, and stays whole. */
#include "net.h"

typedef struct {
  char *name;
  KinProtocol row;
  const KinFamily *family;
} Case;

/* A family over another's domain comes back as that one; one that keeps names itself, as the kernel
 * has none, does not know that of a socket which came from elsewhere. */
static void
assert_same (KinSocket *a, KinSocket *b)
{
  KinAddress names[2];

  assert_int_equal (kin_socket_type (a), kin_socket_type (b));
  assert_int_equal (kin_socket_protocol (a), kin_socket_protocol (b));
  if (strcmp (kin_socket_scheme (a), kin_socket_scheme (b)) == 0
      && kin_socket_local (a, &names[0], NULL) && kin_socket_local (b, &names[1], NULL))
    assert_true (kin_address_equal (&names[0], &names[1]));
}

static void
assert_refused (KinSocket *socket)
{
  int fd = kin_socket_fd (socket);

  assert_null (kin_socket_dup (socket, NULL));
  assert_int_equal (errno, EOPNOTSUPP);
  assert_int_equal (kin_socket_detach (socket, NULL), -1);
  assert_int_equal (errno, EOPNOTSUPP);
  assert_int_equal (kin_socket_fd (socket), fd);
}

/* CAN's sockets have protocols, and SO_PROTOCOL is 0. */
static gboolean
does_not_tell (KinSocket *socket)
{
  int protocol = -1;

  assert_int_equal (
      kin_socket_getsockopt (socket, SOL_SOCKET, SO_PROTOCOL, &protocol, sizeof protocol, NULL),
      sizeof protocol);
  return protocol != kin_socket_protocol (socket);
}

static void
check_duplicate (KinSocket *socket)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) again = kin_socket_dup (socket, &error);
  g_autoptr (KinSocket) back = NULL;
  int fd;

  must (again, error);
  assert_int_not_equal (kin_socket_fd (again), kin_socket_fd (socket));
  assert_true (fcntl (kin_socket_fd (again), F_GETFD) & FD_CLOEXEC);
  assert_same (socket, again);

  fd = kin_socket_detach (again, &error);
  must (fd >= 0, error);
  assert_int_equal (kin_socket_fd (again), -1);
  back = kin_socket_new_from_fd (fd, &error);
  must (back, error);
  assert_int_equal (kin_socket_fd (back), fd);
  if (!does_not_tell (socket))
    assert_same (socket, back);
}

static void
test_protocol (void **state)
{
  const Case *one = *state;
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = kin_socket_new (one->row.scheme, &error);

  if (!socket) {
    print_message ("# %s\n", error->message);
    g_clear_error (&error);
    skip ();
  }
  if (one->family->domain == KIN_DOMAIN_DYNAMIC && one->family->over_domain == 0)
    assert_refused (socket);
  else
    check_duplicate (socket);
}

/* ---- What a family keeps beside the descriptor goes with a duplicate ------------------------ */

static void
test_netlink_errors (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = kin_bind ("netlink:route?netlink.errors=1", &error);
  g_autoptr (KinSocket) again = NULL;
  g_autofree char *before = NULL, *after = NULL;

  (void) state;
  must (socket, error);
  again = kin_socket_dup (socket, &error);
  must (again, error);
  before = kin_socket_get_option_text (again, "netlink.errors", &error);
  assert_string_equal (before, "1");
  must (kin_socket_set_option_text (socket, "netlink.errors", "0", &error), error);
  after = kin_socket_get_option_text (again, "netlink.errors", &error);
  assert_string_equal (after, "1");
}

static void
test_packet_peer (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = must_connect ("packet-dgram:lo,0x88b5,host,1,00:00:00:00:00:00");
  g_autoptr (KinSocket) again = kin_socket_dup (socket, &error);
  KinAddress peers[2];

  (void) state;
  must (again, error);
  must (kin_socket_peer (socket, &peers[0], &error), error);
  must (kin_socket_peer (again, &peers[1], &error), error);
  assert_true (kin_address_equal (&peers[0], &peers[1]));
  must_send (again, "to whom it is connected", 23);
}

/* Ping sockets are for groups that are listed, in each network namespace. */
static int
allow_ping (void **state)
{
  static gboolean is_allowed;

  (void) state;
  if (!is_allowed && net_setup (NULL) == 0)
    is_allowed = g_file_set_contents_full ("/proc/sys/net/ipv4/ping_group_range", "0 2147483647\n",
                                           -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL);
  return is_allowed ? 0 : -1;
}

static void
add_case (GArray *cases, const KinFamily *family, const KinProtocol *row)
{
  g_autoptr (KinSocket) socket = kin_socket_new (row->scheme, NULL);
  gboolean is_denied = !socket && errno == EACCES;
  Case *one = g_new0 (Case, 1);
  struct CMUnitTest test = {
    .test_func = test_protocol,
    .setup_func = is_denied ? allow_ping : NULL,
    .initial_state = one,
  };

  one->row = *row;
  one->family = family;
  test.name = one->name = g_strdup_printf ("%s: %s", family->name, row->scheme);
  /* There is no way back from the namespace. */
  if (is_denied)
    g_array_append_val (cases, test);
  else
    g_array_prepend_val (cases, test);
}

int
main (void)
{
  g_autoptr (GPtrArray) families = kin_list_families ();
  GArray *cases = g_array_new (FALSE, FALSE, sizeof (struct CMUnitTest));
  const struct CMUnitTest others[] = {
    cmocka_unit_test (test_netlink_errors),
    cmocka_unit_test_setup_teardown (test_packet_peer, net_setup, NULL),
  };

  for (guint i = 0; i < families->len; i++) {
    const KinFamilyInfo *info = families->pdata[i];
    const KinFamily *family = kin_load_family (info->name, NULL);
    KinProtocol row;

    for (guint j = 0; family && kin_table_get (&family->protocols, j, &row, sizeof row); j++)
      add_case (cases, family, &row);
  }
  if (kin_load_family ("netlink", NULL))
    g_array_append_val (cases, others[0]);
  if (kin_load_family ("packet", NULL))
    g_array_append_val (cases, others[1]);
  return _cmocka_run_group_tests ("descriptors", (const struct CMUnitTest *) (void *) cases->data,
                                  cases->len, NULL, NULL);
}
