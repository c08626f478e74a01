/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-creation: sockets made from numbers, as Python's socket.socket has them, and from
 * descriptors.
 *
 * Needs: unix inet inet6 can packet plugins
 */
#include "../shared/net.h"
#include "partner.h"

#include <arpa/inet.h>
#include <linux/can.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sys/un.h>

#define PROTOCOL_MPTCP 262
#define ETHERTYPE_ALL  3

/* What a kernel answers that lacks a protocol, or to whom may not use it. */
static gboolean
is_lacking (int code)
{
  return code == EAFNOSUPPORT || code == EPROTONOSUPPORT || code == ESOCKTNOSUPPORT || code == EPERM
         || code == EINVAL;
}

static void
assert_numbers (KinSocket *socket, const char *scheme, int domain, int type, int protocol)
{
  assert_string_equal (kin_socket_scheme (socket), scheme);
  assert_int_equal (kin_socket_domain (socket), domain);
  assert_int_equal (kin_socket_type (socket), type);
  assert_int_equal (kin_socket_protocol (socket), protocol);
}

static void
check_exchange (KinSocket *a, KinSocket *b)
{
  must_send (a, "there", 5);
  assert_receives (b, "there");
  must_send (b, "and back", 8);
  assert_receives (a, "and back");
}

/* ---- From numbers -------------------------------------------------------------------------- */

static void
test_socket (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("tcp4:127.0.0.1:0"), server = NULL, socket = NULL;
  g_autoptr (GError) error = NULL;
  KinAddress address;

  (void) state;
  socket = kin_socket_new_from_numbers (AF_INET, SOCK_STREAM, 0, &error);
  must (socket, error);
  assert_numbers (socket, "tcp", AF_INET, SOCK_STREAM, 0);
  assert_string_equal (kin_socket_family (socket), "inet");
  must (kin_socket_local (door, &address, &error), error);
  must (kin_socket_connect (socket, &address, &error), error);
  server = must_accept (door);
  check_exchange (socket, server);

  assert_fails (kin_socket_new_from_numbers (4000, SOCK_STREAM, 0, &error) != NULL, EAFNOSUPPORT,
                &error);
  assert_fails (kin_socket_new_from_numbers (-1, SOCK_STREAM, 0, &error) != NULL, EAFNOSUPPORT,
                &error);
  assert_fails (kin_socket_new_from_numbers (AF_INET, SOCK_STREAM, IPPROTO_UDP, &error) != NULL,
                EPROTONOSUPPORT, &error);
}

static void
test_flags (void **state)
{
  static const int flags[] = { 0, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_CLOEXEC | SOCK_NONBLOCK };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (flags); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (KinSocket) socket =
        kin_socket_new_from_numbers (AF_INET, SOCK_DGRAM | flags[i], 0, &error);
    gboolean never_waits = (flags[i] & SOCK_NONBLOCK) != 0;

    must (socket, error);
    assert_int_equal (kin_socket_type (socket), SOCK_DGRAM);
    assert_int_equal (kin_socket_get_timeout (socket), never_waits ? 0 : KIN_FOREVER);
    assert_int_equal ((fcntl (kin_socket_fd (socket), F_GETFL) & O_NONBLOCK) != 0, never_waits);
    assert_true (fcntl (kin_socket_fd (socket), F_GETFD) & FD_CLOEXEC);
  }
}

static void
test_can (void **state)
{
  static const struct {
    const char *scheme, *address;
    int type, protocol;
  } rows[] = {
    { "can", "('',)", SOCK_RAW, CAN_RAW },
    { "can-bcm", "('',)", SOCK_DGRAM, CAN_BCM },
    { "can-isotp", "('', 0, 0)", SOCK_DGRAM, CAN_ISOTP },
    { "j1939", "('', 0, 262144, 255)", SOCK_DGRAM, CAN_J1939 },
  };
  guint n = 0;

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (KinSocket) socket =
        kin_socket_new_from_numbers (AF_CAN, rows[i].type, rows[i].protocol, NULL);
    g_autoptr (GVariant) tuple = NULL;
    g_autofree char *shown = NULL;
    KinAddress address;

    if (!socket) {
      assert_true (is_lacking (errno));
      continue;
    }
    assert_numbers (socket, rows[i].scheme, AF_CAN, rows[i].type, rows[i].protocol);
    /* The protocol, not the domain, says how an address is read. */
    if (kin_socket_local (socket, &address, NULL)) {
      tuple = kin_address_to_tuple (&address);
      shown = kin_value_print (tuple);
      assert_string_equal (shown, rows[i].address);
    }
    n++;
  }
  if (n == 0) {
    print_message ("# this kernel has no CAN\n");
    skip ();
  }
}

static void
test_mptcp (void **state)
{
  static const char client[] = "peer = socket.create_connection(('127.0.0.1', int(argument)))\n"
                               "peer.sendall(b'from TCP')\n"
                               "assert peer.recv(100) == b'from MPTCP'\n";
  int fd = socket (AF_INET, SOCK_STREAM, PROTOCOL_MPTCP);
  g_autoptr (KinSocket) door = NULL, made = NULL, taken = NULL, server = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *port = NULL;
  pid_t child;

  (void) state;
  if (fd < 0) {
    print_message ("# this kernel has no MPTCP: %s\n", g_strerror (errno));
    skip ();
  }
  taken = kin_socket_new_from_fd (fd, &error);
  must (taken, error);
  assert_numbers (taken, "mptcp", AF_INET, SOCK_STREAM, PROTOCOL_MPTCP);
  made = kin_socket_new_from_numbers (AF_INET, SOCK_STREAM, PROTOCOL_MPTCP, &error);
  must (made, error);
  assert_numbers (made, "mptcp", AF_INET, SOCK_STREAM, PROTOCOL_MPTCP);

  /* With a peer that speaks TCP alone it is TCP. */
  door = must_listen ("mptcp4:127.0.0.1:0");
  port = port_of (door);
  child = partner_start (client, port);
  server = must_accept (door);
  assert_receives (server, "from TCP");
  must_send (server, "from MPTCP", 10);
  partner_end (child);
}

/* The protocol goes to socket(2) as it is, which wants the network's byte order. */
static void
test_packet (void **state)
{
  g_autoptr (KinSocket) all = NULL, none = NULL, to = NULL, from = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *to_text = NULL;
  char frame[2048];
  gssize n;

  (void) state;
  all = kin_socket_new_from_numbers (AF_PACKET, SOCK_RAW, htons (ETHERTYPE_ALL), NULL);
  if (!all) {
    assert_true (is_lacking (errno));
    print_message ("# this kernel gives no packet socket: %s\n", g_strerror (errno));
    skip ();
  }
  assert_numbers (all, "packet", AF_PACKET, SOCK_RAW, htons (ETHERTYPE_ALL));
  none = kin_socket_new_from_numbers (AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0, &error);
  must (none, error);
  to = must_bind ("udp4:127.0.0.1:0");
  to_text = local_text (to);
  from = must_connect (to_text);
  must_send (from, "in a frame", 10);
  must (kin_socket_set_timeout (all, LONG, &error), error);
  do {
    n = kin_socket_recv (all, frame, sizeof frame, 0, &error);
    must (n > 0, error);
  } while (!memmem (frame, (gsize) n, "in a frame", 10));
  assert_int_equal (kin_socket_recv (none, frame, sizeof frame, 0, NULL), -1);
  assert_int_equal (errno, EAGAIN);
}

/* ---- From descriptors ---------------------------------------------------------------------- */

static void
test_detect (void **state)
{
  static const struct {
    int domain, type, protocol, told;
    const char *scheme;
  } rows[] = {
    { AF_UNIX, SOCK_STREAM, 0, 0, "unix" },
    { AF_UNIX, SOCK_DGRAM, 0, 0, "unix-dgram" },
    { AF_UNIX, SOCK_SEQPACKET, 0, 0, "unix-seqpacket" },
    { AF_INET, SOCK_STREAM, 0, IPPROTO_TCP, "tcp" },
    { AF_INET, SOCK_DGRAM, 0, IPPROTO_UDP, "udp" },
    { AF_INET, SOCK_RAW, IPPROTO_ICMP, IPPROTO_ICMP, "raw4" },
    { AF_INET, SOCK_STREAM, PROTOCOL_MPTCP, PROTOCOL_MPTCP, "mptcp" },
    { AF_INET6, SOCK_STREAM, 0, IPPROTO_TCP, "tcp" },
    { AF_INET6, SOCK_DGRAM, IPPROTO_UDPLITE, IPPROTO_UDPLITE, "udplite" },
  };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    int fd = socket (rows[i].domain, rows[i].type, rows[i].protocol);
    g_autoptr (GError) error = NULL;
    KinSocket *taken;

    if (fd < 0) {
      assert_true (is_lacking (errno));
      continue;
    }
    taken = kin_socket_new_from_fd (fd, &error);
    must (taken, error);
    assert_numbers (taken, rows[i].scheme, rows[i].domain, rows[i].type, rows[i].told);
    assert_int_equal (kin_socket_fd (taken), fd);
    kin_socket_unref (taken);
    assert_int_equal (fcntl (fd, F_GETFD), -1); /* it was the socket's own */
  }
}

/* A domain that no family has: its addresses are Python's (family, bytes). */
static void
check_unknown_domain (void)
{
  struct sockaddr_un name = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM, 0);
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = kin_socket_new_from_fd_full (fd, 3, -1, 7, &error);
  g_autofree char *shown = NULL, *wanted = NULL;
  g_autoptr (GVariant) tuple = NULL;
  KinAddress address = { .length = 0 };

  must (socket, error);
  assert_numbers (socket, "domain 3", 3, SOCK_STREAM, 7);
  assert_null (kin_socket_family (socket));
  address.length = (guint32) (offsetof (struct sockaddr_un, sun_path) + 1
                              + (gsize) g_snprintf (name.sun_path + 1, sizeof name.sun_path - 1,
                                                    "kin-%d", (int) getpid ()));
  memcpy (&address.sa, &name, address.length);
  must (kin_socket_bind (socket, &address, &error), error);
  must (kin_socket_local (socket, &address, &error), error);
  tuple = kin_address_to_tuple (&address);
  shown = kin_value_print (tuple);
  wanted = g_strdup_printf ("(1, b'\\x00kin-%d')", (int) getpid ());
  assert_string_equal (shown, wanted);
  assert_false (kin_socket_set_option_text (socket, "unix.passcred", "1", &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_NO_SUCH_OPTION));
  must (kin_socket_set_option_text (socket, "so.rcvbuf", "65536", NULL), error);
}

static void
test_overrides (void **state)
{
  g_autoptr (KinSocket) as = NULL, full = NULL;
  g_autoptr (GError) error = NULL;
  int fd = socket (AF_INET, SOCK_STREAM, 0), type = 0, made;
  socklen_t size = sizeof type;

  (void) state;
  full = kin_socket_new_from_fd_full (fd, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, -1, &error);
  must (full, error);
  assert_int_equal (kin_socket_type (full), SOCK_DGRAM);
  assert_int_equal (kin_socket_protocol (full), IPPROTO_TCP);
  assert_int_equal (getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &size), 0);
  assert_int_equal (type, SOCK_STREAM); /* the descriptor is what it was */

  made = socket (AF_INET6, SOCK_STREAM, 0);
  as = kin_socket_new_from_fd_as (made, "tcp6", &error);
  must (as, error);
  assert_numbers (as, "tcp6", AF_INET6, SOCK_STREAM, IPPROTO_TCP);
  assert_null (kin_socket_new_from_fd_as (fd, "no-such", &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_NO_SUCH_SCHEME));
  check_unknown_domain ();
}

static void
test_bad_fd (void **state)
{
  int fds[2], closed = dup (0), file = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  const struct {
    int fd, code;
  } rows[] = { { -1, EBADF }, { -7, EBADF }, { closed, EBADF }, { file, ENOTSOCK } };
  g_autoptr (GError) error = NULL;

  (void) state;
  assert_int_equal (pipe2 (fds, O_CLOEXEC), 0);
  close (closed);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    int fd = rows[i].fd, code = rows[i].code;

    assert_fails (kin_socket_new_from_fd (fd, &error) != NULL, code, &error);
    assert_fails (kin_socket_new_from_fd_full (fd, AF_INET, SOCK_STREAM, 0, &error) != NULL, code,
                  &error);
    assert_fails (kin_socket_new_from_fd_as (fd, "unix", &error) != NULL, code, &error);
    assert_fails (kin_socket_new_from_dup (fd, &error) != NULL, code, &error);
  }
  assert_fails (kin_socket_new_from_fd (fds[0], &error) != NULL, ENOTSOCK, &error);
  for (guint i = 0; i < 2; i++)
    assert_int_equal (close (fds[i]), 0); /* still the caller's */
  close (file);
}

static void
test_fromfd (void **state)
{
  g_autoptr (KinSocket) socket = NULL;
  g_autoptr (GError) error = NULL;
  char byte = 0;
  int fds[2];

  (void) state;
  assert_int_equal (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), 0);
  socket = kin_socket_new_from_dup (fds[0], &error);
  must (socket, error);
  assert_int_not_equal (kin_socket_fd (socket), fds[0]);
  assert_false (kin_socket_get_inheritable (socket, &error));
  assert_null (error);
  assert_int_equal (kin_socket_get_timeout (socket), KIN_FOREVER);
  assert_int_equal (close (fds[0]), 0); /* it was not taken */
  must_send (socket, "x", 1);
  assert_int_equal (read (fds[1], &byte, 1), 1);
  close (fds[1]);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("creation: socket(family=AF_INET, type=SOCK_STREAM, proto=0)", test_socket),
    ROW ("creation: socket(..., fileno=fd) auto-detect", test_detect),
    ROW ("creation: socket(..., fileno=fd) overrides", test_overrides),
    ROW ("creation: socket(fileno=bad)", test_bad_fd),
    ROW ("creation: type | SOCK_NONBLOCK | SOCK_CLOEXEC", test_flags),
    ROW ("creation: proto for AF_CAN", test_can),
    ROW ("creation: proto IPPROTO_MPTCP", test_mptcp),
    ROW ("creation: proto for AF_PACKET", test_packet),
    ROW ("creation: fromfd(fd, family, type, proto=0)", test_fromfd),
  };

  return cmocka_run_group_tests_name ("creation", tests, net_setup, NULL);
}
