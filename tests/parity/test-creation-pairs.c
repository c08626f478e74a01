/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-creation-pairs: pairs; that no other program inherits a socket; and how sockets end.
 *
 * Needs: unix inet inet6 plugins
 */
#include "../shared/net.h"
#include "partner.h"

#include <netinet/in.h>

static void
check_exchange (KinSocket *a, KinSocket *b)
{
  must_send (a, "there", 5);
  assert_receives (b, "there");
  must_send (b, "and back", 8);
  assert_receives (a, "and back");
}

/* ---- Nobody inherits them ------------------------------------------------------------------ */

typedef struct {
  GPtrArray *sockets;
  GString *fds; /* "5 6 7 " */
} Made;

static void
add (Made *made, KinSocket *socket)
{
  assert_non_null (socket);
  assert_true (fcntl (kin_socket_fd (socket), F_GETFD) & FD_CLOEXEC);
  g_string_append_printf (made->fds, "%d ", kin_socket_fd (socket));
  g_ptr_array_add (made->sockets, socket);
}

static void
check_received (KinSocket *from, KinSocket *to)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GError) error = NULL;
  g_autofree int *fds = NULL;
  char byte = 'x';
  gsize n;

  must (kin_message_add_fds (message, (int[]){ 1 }, 1, &error), error);
  kin_message_set_data (message, &byte, 1);
  must (kin_socket_sendmsg (from, message, 0, &error) == 1, error);
  kin_message_clear (message);
  kin_message_set_data (message, &byte, 1);
  kin_message_set_control_size (message, 100);
  must (kin_socket_recvmsg (to, message, 0, &error) == 1, error);
  fds = kin_message_steal_fds (message, &n);
  assert_int_equal (n, 1);
  assert_true (fcntl (fds[0], F_GETFD) & FD_CLOEXEC);
  assert_true (kin_close_fd (fds[0], NULL));
}

static void
test_inheritance (void **state)
{
  static const char none_is_open[] = "for fd in map(int, argument.split()):\n"
                                     "    try:\n"
                                     "        os.fstat(fd)\n"
                                     "    except OSError as error:\n"
                                     "        assert error.errno == errno.EBADF\n"
                                     "    else:\n"
                                     "        sys.exit(f'descriptor {fd} was inherited')\n";
  Made made = { g_ptr_array_new_with_free_func ((GDestroyNotify) kin_socket_unref),
                g_string_new (NULL) };
  KinSocket *a = NULL, *b = NULL, *door = must_listen ("tcp:localhost:0");
  g_autofree char *port = port_of (door), *by_name = g_strconcat ("tcp:localhost:", port, NULL);
  int fd;

  (void) state;
  add (&made, door);
  add (&made, kin_socket_new ("udp4", NULL));
  add (&made, kin_socket_new_from_numbers (AF_UNIX, SOCK_DGRAM, 0, NULL));
  assert_true (kin_socket_new_pair ("unix", &a, &b, NULL));
  add (&made, a);
  add (&made, b);
  check_received (a, b);
  add (&made, kin_socket_dup (a, NULL));
  add (&made, kin_socket_new_from_dup (kin_socket_fd (a), NULL));
  assert_true (kin_socket_new_pair ("tcp4", &a, &b, NULL));
  add (&made, a);
  add (&made, b);
  add (&made, kin_bind (own_name ("unix-dgram:@kin-PID-inherit"), NULL));
  add (&made, must_connect (by_name));
  add (&made, must_accept (door));
  add (&made, kin_connect_start (by_name, NULL)); /* the descriptor that stands for a race */
  fd = kin_socket_detach (made.sockets->pdata[1], NULL);
  assert_true (fcntl (fd, F_GETFD) & FD_CLOEXEC);
  partner_run (none_is_open, made.fds->str);
  close (fd);
  g_ptr_array_unref (made.sockets);
  g_string_free (made.fds, TRUE);
}

/* ---- Pairs --------------------------------------------------------------------------------- */

static void
test_pair (void **state)
{
  static const char *const schemes[] = { "unix", "unix-dgram", "unix-seqpacket" };
  static const char echo[] = "peer = socket.socket(fileno=int(argument))\n"
                             "assert peer.recv(100) == b'ping'\n"
                             "peer.sendall(b'pong')\n";

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++) {
    g_autoptr (KinSocket) a = NULL, b = NULL;
    g_autoptr (GError) error = NULL;
    g_autofree char *number = NULL;
    pid_t child;

    must (kin_socket_new_pair (schemes[i], &a, &b, &error), error);
    assert_string_equal (kin_socket_scheme (b), schemes[i]);
    check_exchange (a, b);
    must (kin_socket_set_inheritable (b, TRUE, &error), error);
    number = g_strdup_printf ("%d", kin_socket_fd (b));
    child = partner_start (echo, number);
    must_send (a, "ping", 4);
    assert_receives (a, "pong");
    partner_end (child);
  }
}

/* A program that connects before the pair's own end does. */
static int intruder = -1;

static char *
intrude (const KinAudit *audit, gpointer data)
{
  (void) data;
  if (strcmp (audit->event, "socket.connect") == 0) {
    intruder = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal (connect (intruder, &audit->address->sa.generic, audit->address->length), 0);
  }
  return NULL;
}

static void
test_pair_fallback (void **state)
{
  static const char *const schemes[] = { "tcp", "tcp4", "tcp6" };
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  guint before = count_fds ();

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++) {
    g_autoptr (KinSocket) first = NULL, second = NULL;
    g_autofree char *name = NULL, *peer = NULL;

    if (!kin_socket_new_pair (schemes[i], &first, &second, &error)) {
      assert_true (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL); /* no IPv6 here */
      g_clear_error (&error);
      continue;
    }
    name = local_text (first);
    peer = peer_text (second);
    assert_string_equal (name, peer);
    assert_int_equal (kin_socket_get_timeout (first), KIN_FOREVER);
    assert_int_equal (kin_socket_get_timeout (second), KIN_FOREVER);
    check_exchange (first, second);
  }
  assert_true (count_fds () <= before); /* what listened is gone, too */
  assert_fails (kin_socket_new_pair ("udp4", &a, &b, &error), EOPNOTSUPP, &error);

  kin_set_audit_hook (intrude, NULL);
  assert_fails (kin_socket_new_pair ("tcp4", &a, &b, &error), ECONNABORTED, &error);
  kin_set_audit_hook (NULL, NULL);
  assert_null (a);
  assert_null (b);
  close (intruder);
  assert_true (count_fds () <= before);
}

/* ---- Beginning and end --------------------------------------------------------------------- */

/* One type, whatever made it. */
static int
fd_of (KinSocket *socket)
{
  return kin_socket_fd (socket);
}

static void
test_type (void **state)
{
  g_autoptr (KinSocket) by_scheme = kin_socket_new ("unix", NULL);
  g_autoptr (KinSocket) by_number = kin_socket_new_from_numbers (AF_INET, SOCK_DGRAM, 0, NULL);
  g_autoptr (KinSocket) listening = must_listen ("tcp4:127.0.0.1:0");

  (void) state;
  assert_true (fd_of (by_scheme) >= 0 && fd_of (by_number) >= 0 && fd_of (listening) >= 0);
}

/* Leaves its block in the middle. */
static int
open_and_leave (gboolean is_early)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("udp4", NULL);
  int fd = kin_socket_fd (socket);

  if (is_early)
    return fd;
  kin_socket_close (socket, NULL); /* once more at the block's end is fine */
  return fd;
}

static void
test_context (void **state)
{
  (void) state;
  for (int is_early = 0; is_early < 2; is_early++) {
    int fd = open_and_leave (is_early);

    assert_int_equal (fcntl (fd, F_GETFD), -1);
    assert_int_equal (errno, EBADF);
  }
}

static void
test_finalizer (void **state)
{
  KinSocket *socket = kin_socket_new ("udp4", NULL);
  int fd = kin_socket_fd (socket);

  (void) state;
  kin_socket_ref (socket);
  kin_socket_unref (socket);
  assert_true (fcntl (fd, F_GETFD) >= 0);
  errno = EILSEQ;
  kin_socket_unref (socket);
  assert_int_equal (errno, EILSEQ);
  assert_int_equal (fcntl (fd, F_GETFD), -1);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("creation: non-inheritable by default", test_inheritance),
    ROW ("creation: socketpair([family[, type[, proto]]])", test_pair),
    ROW ("creation: socketpair TCP fallback", test_pair_fallback),
    ROW ("creation: SocketType", test_type),
    ROW ("creation: context manager", test_context),
    ROW ("creation: finalizer", test_finalizer),
  };

  return cmocka_run_group_tests_name ("creation-pairs", tests, net_setup, NULL);
}
