/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-unix-control: credentials and descriptors, to and from Python.
 *
 * Needs: unix
 */
#include "unix.h"

/* ---- Credentials --------------------------------------------------------------------------- */

static void
test_credentials (void **state)
{
  Partner partner = partner_new ("credentials", "?unix.passcred=1");
  g_autofree char *python = receive_text (partner.socket), *seen = NULL;
  g_autofree char *own = g_strdup_printf ("(%d, %u, %u)", getpid (), getuid (), getgid ());
  g_autoptr (GVariant) peer = must_get (partner.socket, "unix.peercred"), sent = NULL;
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GError) error = NULL;
  char data[16] = "";

  (void) state;
  assert_prints (peer, python);
  must (turn_on (partner.socket, "unix.passcred"), NULL);
  kin_message_set_data (message, data, sizeof data);
  must (kin_socket_recvmsg (partner.socket, message, 0, &error) > 0, error);
  assert_string_equal (data, "typed");
  sent = kin_message_get_control (message, partner.socket, "unix.credentials");
  assert_prints (sent, python);
  kin_message_clear (message);
  seen = receive_text (partner.socket);
  assert_string_equal (seen, own);

  kin_message_set_data (message, "from kin", 8);
  must (kin_message_add_control (
            message, partner.socket, "unix.credentials",
            g_variant_new ("(xxx)", (gint64) getpid (), (gint64) getuid (), (gint64) getgid ()),
            &error),
        error);
  must (kin_socket_sendmsg (partner.socket, message, 0, &error) > 0, error);
  g_free (seen);
  seen = receive_text (partner.socket);
  assert_string_equal (seen, own);
  partner_free (&partner);
}

static void
test_groups (void **state)
{
  Partner partner = partner_new ("groups", "");
  g_autofree char *python = NULL;
  g_autoptr (GVariant) groups = NULL;

  (void) state;
  /* It closed its first connection to come again with other groups. */
  assert_receives (partner.socket, "");
  kin_socket_unref (partner.socket);
  partner.socket = must_accept (partner.door);
  python = receive_text (partner.socket);
  groups = must_get (partner.socket, "unix.peergroups");
  assert_prints (groups, python);
  partner_free (&partner);
}

/* Does the descriptor stand for the process? /proc says so. */
static void
assert_pidfd (int fd, pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/fdinfo/%d", fd), *info = NULL;
  g_autofree char *line = g_strdup_printf ("Pid:\t%d\n", pid);

  assert_true (g_file_get_contents (path, &info, NULL, NULL));
  assert_non_null (strstr (info, line));
  assert_true (fcntl (fd, F_GETFD) & FD_CLOEXEC);
}

static void
test_peer_pidfd (void **state)
{
  Partner partner = partner_new ("wait", "");
  g_autofree char *pid = receive_text (partner.socket);
  g_autoptr (GVariant) value = kin_socket_get_option (partner.socket, "unix.peerpidfd", NULL);
  gboolean is_missing = !value && errno == ENOPROTOOPT;

  (void) state;
  if (value) {
    assert_pidfd ((int) g_variant_get_int64 (value), atoi (pid));
    assert_int_equal (close ((int) g_variant_get_int64 (value)), 0);
  }
  partner_free (&partner);
  if (is_missing) {
    print_message ("# the kernel has no SO_PEERPIDFD (Linux 6.5)\n");
    skip ();
  }
  assert_non_null (value);
}

static void
test_pidfd_with_message (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GVariant) controls = NULL;
  const int *fds;
  gsize n_fds;
  char byte;
  int null;

  (void) state;
  assert_true (kin_socket_new_pair ("unix", &a, &b, NULL));
  if (!turn_on (b, "unix.passpidfd")) {
    print_message ("# the kernel has no SO_PASSPIDFD (Linux 6.5)\n");
    skip ();
  }
  null = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  kin_message_set_data (message, "x", 1);
  assert_true (kin_message_add_fds (message, &null, 1, NULL));
  assert_int_equal (kin_socket_sendmsg (a, message, 0, NULL), 1);
  kin_message_clear (message);
  kin_message_set_data (message, &byte, 1);
  assert_int_equal (kin_socket_recvmsg (b, message, 0, NULL), 1);
  controls = kin_message_get_controls (message, b);
  assert_prints (controls, "[('unix.rights', 1), ('unix.pidfd', 1)]");
  fds = kin_message_get_fds (message, &n_fds);
  assert_int_equal (n_fds, 2);
  assert_pidfd (fds[1], getpid ());
  close (null);
}

/* ---- Descriptors --------------------------------------------------------------------------- */

static void
assert_reads (int fd, const char *text)
{
  char data[64] = "";

  assert_int_equal (read (fd, data, sizeof data), strlen (text));
  assert_string_equal (data, text);
}

static void
send_pipes (KinSocket *socket, int readers[2])
{
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GError) error = NULL;
  int writers[2], pipes[2];

  for (guint i = 0; i < 2; i++) {
    assert_int_equal (pipe2 (pipes, O_CLOEXEC), 0);
    readers[i] = pipes[0];
    writers[i] = pipes[1];
  }
  kin_message_set_data (message, "two pipes", 9);
  must (kin_message_add_fds (message, writers, 2, &error), error);
  must (kin_socket_sendmsg (socket, message, 0, &error) > 0, error);
  close (writers[0]);
  close (writers[1]);
}

static void
check_received (KinSocket *socket, KinMessage *message)
{
  g_autoptr (GVariant) controls = NULL;
  gsize n_fds;
  int *fds;

  controls = kin_message_get_controls (message, socket);
  assert_prints (controls, "[('unix.rights', 3)]");
  assert_int_equal (kin_message_get_flags (message) & MSG_CTRUNC, 0);
  fds = kin_message_steal_fds (message, &n_fds);
  assert_int_equal (n_fds, 3);
  for (guint i = 0; i < n_fds; i++) {
    g_autofree char *text = g_strdup_printf ("python gave %u", i);

    assert_true (fcntl (fds[i], F_GETFD) & FD_CLOEXEC);
    assert_reads (fds[i], text);
    close (fds[i]);
  }
  g_free (fds);
}

static void
test_descriptors (void **state)
{
  guint before = count_fds ();
  Partner partner = partner_new ("descriptors", "");
  KinMessage *message = kin_message_new ();
  g_autoptr (GError) error = NULL;
  char data[16] = "";
  int readers[2];
  gsize n_fds;

  (void) state;
  send_pipes (partner.socket, readers);
  kin_message_set_data (message, data, sizeof data);
  must (kin_socket_recvmsg (partner.socket, message, 0, &error) == 5, error);
  check_received (partner.socket, message);
  assert_reads (readers[0], "python wrote 0");
  assert_reads (readers[1], "python wrote 1");
  close (readers[0]);
  close (readers[1]);

  /* Room for one, or for two on account of alignment: the third is closed by the kernel, and those
   * that nobody stole by the next receive. */
  kin_message_set_control_size (message, CMSG_SPACE (sizeof (int)));
  must (kin_socket_recvmsg (partner.socket, message, 0, &error) == 5, error);
  assert_true (kin_message_get_flags (message) & MSG_CTRUNC);
  kin_message_get_fds (message, &n_fds);
  assert_in_range (n_fds, 1, 2);

  kin_message_set_control_size (message, 512);
  must (kin_socket_recvmsg (partner.socket, message, 0, &error) == 5, error);
  kin_message_get_fds (message, &n_fds);
  assert_int_equal (n_fds, 2);
  kin_message_free (message);
  partner_free (&partner);
  assert_int_equal (count_fds (), before);
}

/* A receive that asks for no control messages loses none of ours: the kernel closes theirs. */
static void
test_unwanted_descriptors (void **state)
{
  guint before = count_fds ();
  KinSocket *a, *b;
  int pair[2];

  (void) state;
  assert_true (kin_socket_new_pair ("unix", &a, &b, NULL));
  send_pipes (a, pair);
  assert_receives (b, "two pipes");
  close (pair[0]);
  close (pair[1]);
  send_pipes (a, pair);
  close (pair[0]);
  close (pair[1]);
  kin_socket_unref (a);
  kin_socket_unref (b);
  assert_int_equal (count_fds (), before);
}

static void
test_refused_descriptors (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (KinMessage) message = kin_message_new ();

  (void) state;
  assert_true (kin_socket_new_pair ("unix", &a, &b, NULL));
  if (!kin_socket_set_option (b, "unix.passrights", g_variant_new_boolean (FALSE), &error)) {
    assert_int_equal (errno, ENOPROTOOPT);
    print_message ("# the kernel has no SO_PASSRIGHTS (Linux 6.16)\n");
    skip ();
  }
  kin_message_set_data (message, "x", 1);
  assert_true (kin_message_add_fds (message, (int[]){ 0 }, 1, NULL));
  assert_fails (kin_socket_sendmsg (a, message, 0, &error) >= 0, EPERM, &error);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_credentials),         cmocka_unit_test (test_groups),
    cmocka_unit_test (test_peer_pidfd),          cmocka_unit_test (test_pidfd_with_message),
    cmocka_unit_test (test_descriptors),         cmocka_unit_test (test_unwanted_descriptors),
    cmocka_unit_test (test_refused_descriptors),
  };

  return cmocka_run_group_tests_name ("unix-control", tests, NULL, NULL);
}
