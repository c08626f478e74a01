/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-method-descriptors: what a socket is, and its descriptor: told, duplicated, given away,
 * closed.
 *
 * Needs: unix inet loop plugins
 */
#include "../shared/net.h"
#include "partner.h"

#include <dlfcn.h>
#include <netinet/in.h>

/* ---- Descriptors --------------------------------------------------------------------------- */

/* A family whose close answers what its protocol's number says. */
static int
ending_open (KinFamilySocket *socket, int domain, int type, int protocol)
{
  (void) domain;
  (void) type;
  (void) protocol;
  socket->fd = open ("/dev/null", O_RDWR | O_CLOEXEC);
  return 0;
}

static int
ending_close (KinFamilySocket *socket)
{
  close (socket->fd);
  return -socket->protocol;
}

static ssize_t
ending_send (KinFamilySocket *socket, const void *data, size_t length, int flags)
{
  (void) socket;
  (void) data;
  (void) flags;
  return (ssize_t) length;
}

static ssize_t
ending_recv (KinFamilySocket *socket, void *data, size_t length, int flags)
{
  (void) length;
  return ending_send (socket, data, 0, flags);
}

static const KinSocketOps ending_ops = {
  .size = sizeof ending_ops,
  .open = ending_open,
  .close = ending_close,
  .send = ending_send,
  .recv = ending_recv,
};

static const KinField ending_fields[] = {
  { .name = "number", .kind = KIN_UINT, .offset = 2, .size = 2 },
};
static const KinAddressCodec ending_codecs[] = {
  { .fields = KIN_TABLE (ending_fields), .bytes = 4, .separator = ':' },
};
static const KinProtocol ending_protocols[] = {
  { .scheme = "ending-eio",
    .type = SOCK_STREAM,
    .protocol = EIO,
    .codecs = KIN_TABLE (ending_codecs),
    .grammar = "NUMBER",
    .example = "ending-eio:1" },
  { .scheme = "ending-reset",
    .type = SOCK_STREAM,
    .protocol = ECONNRESET,
    .codecs = KIN_TABLE (ending_codecs),
    .grammar = "NUMBER",
    .example = "ending-reset:1" },
};
static const KinFamily ending = {
  KIN_STAMP,
  .domain = KIN_DOMAIN_DYNAMIC,
  .name = "ending",
  .summary = "sockets that end badly",
  .protocols = KIN_TABLE (ending_protocols),
  .ops = &ending_ops,
};

static void
test_close (void **state)
{
  g_autoptr (KinSocket) well = NULL, badly = NULL, reset = NULL;
  g_autoptr (GError) error = NULL;
  int fd;

  (void) state;
  well = kin_socket_new ("udp4", &error);
  kin_socket_ref (well);
  fd = kin_socket_fd (well);
  must (kin_socket_close (well, &error), error); /* whoever refers to it */
  assert_int_equal (fcntl (fd, F_GETFD), -1);
  assert_int_equal (kin_socket_fd (well), -1);
  must (kin_socket_close (well, &error), error);
  kin_socket_unref (well);

  must (kin_register_family (&ending, &error), error);
  badly = kin_socket_new ("ending-eio", &error);
  must (badly, error);
  assert_fails (kin_socket_close (badly, &error), EIO, &error);
  assert_int_equal (kin_socket_fd (badly), -1); /* closed all the same */
  must (kin_socket_close (badly, &error), error);
  reset = kin_socket_new ("ending-reset", &error);
  must (kin_socket_close (reset, &error), error);
}

static void
test_detach (void **state)
{
  static const char peer[] = "peer = socket.socket(fileno=int(argument))\n"
                             "peer.sendall(b'from the detached one')\n";
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *number = NULL;
  int fd, before;

  (void) state;
  must (kin_socket_new_pair ("unix", &a, &b, &error), error);
  must (kin_socket_set_timeout (a, LONG, &error), error);
  must (kin_socket_set_inheritable (a, TRUE, &error), error);
  before = kin_socket_fd (a);
  fd = kin_socket_detach (a, &error);
  assert_int_equal (fd, before);
  assert_int_equal (kin_socket_fd (a), -1);
  assert_int_equal (kin_socket_detach (a, &error), -1);
  assert_fails (FALSE, EBADF, &error);
  number = g_strdup_printf ("%d", fd);
  partner_run (peer, number);
  assert_receives (b, "from the detached one");
  close (fd);
}

static void
test_dup (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL, other = NULL;
  g_autoptr (GError) error = NULL;

  (void) state;
  must (kin_socket_new_pair ("unix-seqpacket", &a, &b, &error), error);
  must (kin_socket_set_timeout (a, KIN_SECONDS (7), &error), error);
  must (kin_socket_set_inheritable (a, TRUE, &error), error);
  other = kin_socket_dup (a, &error);
  must (other, error);
  assert_int_not_equal (kin_socket_fd (other), kin_socket_fd (a));
  assert_false (kin_socket_get_inheritable (other, NULL));
  assert_int_equal (kin_socket_get_timeout (other), KIN_SECONDS (7));
  assert_int_equal (kin_socket_domain (other), kin_socket_domain (a));
  assert_int_equal (kin_socket_type (other), kin_socket_type (a));
  assert_int_equal (kin_socket_protocol (other), kin_socket_protocol (a));
  must (kin_socket_close (a, &error), error);
  must_send (b, "to either", 9);
  assert_receives (other, "to either");
}

static void
test_fileno (void **state)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("tcp4", NULL);
  int type = 0;
  socklen_t size = sizeof type;

  (void) state;
  assert_int_equal (getsockopt (kin_socket_fd (socket), SOL_SOCKET, SO_TYPE, &type, &size), 0);
  assert_int_equal (type, SOCK_STREAM);
  assert_true (kin_socket_close (socket, NULL));
  assert_int_equal (kin_socket_fd (socket), -1);
}

static void
test_get_inheritable (void **state)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("udp4", NULL);
  g_autoptr (GError) error = NULL;
  int fd = kin_socket_fd (socket);

  (void) state;
  assert_false (kin_socket_get_inheritable (socket, &error));
  assert_null (error);
  assert_int_equal (fcntl (fd, F_SETFD, 0), 0);
  assert_true (kin_socket_get_inheritable (socket, &error));
  assert_true (kin_socket_close (socket, NULL));
  assert_fails (kin_socket_get_inheritable (socket, &error), EBADF, &error);
}

static void
test_set_inheritable (void **state)
{
  static const char check[] = "fd, is_open = map(int, argument.split())\n"
                              "try:\n"
                              "    os.fstat(fd)\n"
                              "    assert is_open\n"
                              "except OSError as error:\n"
                              "    assert error.errno == errno.EBADF and not is_open\n";
  g_autoptr (KinSocket) socket = kin_socket_new ("udp4", NULL);
  g_autoptr (GError) error = NULL;

  (void) state;
  for (int is_on = 0; is_on < 2; is_on++) {
    g_autofree char *argument = g_strdup_printf ("%d %d", kin_socket_fd (socket), is_on);

    must (kin_socket_set_inheritable (socket, is_on, &error), error);
    partner_run (check, argument);
  }
  must (kin_socket_set_inheritable (socket, FALSE, &error), error);
  assert_true (fcntl (kin_socket_fd (socket), F_GETFD) & FD_CLOEXEC);
}

/* ---- What it is ---------------------------------------------------------------------------- */

static void
test_attributes_family (void **state)
{
  g_autoptr (KinSocket) known = kin_socket_new ("unix", NULL), unknown = NULL, loop = NULL;
  int fd = socket (AF_UNIX, SOCK_STREAM, 0);

  (void) state;
  assert_int_equal (kin_socket_domain (known), AF_UNIX);
  assert_string_equal (kin_socket_family (known), "unix");
  unknown = kin_socket_new_from_fd_full (fd, 77, -1, -1, NULL);
  assert_int_equal (kin_socket_domain (unknown), 77);
  assert_null (kin_socket_family (unknown));
  loop = kin_socket_new ("loop", NULL);
  assert_int_equal (kin_socket_domain (loop), KIN_DOMAIN_DYNAMIC);
}

static void
test_attributes_type (void **state)
{
  g_autoptr (KinSocket) socket =
      kin_socket_new_from_numbers (AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, NULL);

  (void) state;
  assert_int_equal (kin_socket_type (socket), SOCK_SEQPACKET);
}

static void
test_attributes_protocol (void **state)
{
  g_autoptr (KinSocket) given = kin_socket_new_from_numbers (AF_INET, SOCK_DGRAM, 0, NULL);
  g_autoptr (KinSocket) detected = kin_socket_new_from_dup (kin_socket_fd (given), NULL);

  (void) state;
  assert_int_equal (kin_socket_protocol (given), 0);
  assert_int_equal (kin_socket_protocol (detected), IPPROTO_UDP);
}

static void
test_repr (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("tcp4:127.0.0.1:0"), client = NULL, server = NULL;
  g_autofree char *at = local_text (door), *name = NULL, *open = NULL, *wanted = NULL;
  g_autofree char *listening = NULL, *closed = NULL, *loop_text = NULL, *race_text = NULL;
  g_autoptr (KinSocket) loop = kin_socket_new ("loop", NULL);
  g_autoptr (KinSocket) race = kin_connect_start ("tcp:localhost:9", NULL);

  (void) state;
  listening = kin_socket_to_string (door);
  wanted = g_strdup_printf ("tcp4 socket %d, domain 2, type 1, protocol 6, local %s",
                            kin_socket_fd (door), at);
  assert_string_equal (listening, wanted);
  client = must_connect (at);
  server = must_accept (door);
  name = local_text (client);
  errno = EILSEQ;
  open = kin_socket_to_string (client);
  assert_int_equal (errno, EILSEQ);
  g_free (wanted);
  wanted = g_strdup_printf ("tcp4 socket %d, domain 2, type 1, protocol 6, local %s, peer %s",
                            kin_socket_fd (client), name, at);
  assert_string_equal (open, wanted);
  assert_true (kin_socket_close (client, NULL));
  closed = kin_socket_to_string (client);
  assert_string_equal (closed, "tcp4 socket, closed");
  loop_text = kin_socket_to_string (loop);
  assert_true (g_str_has_prefix (loop_text, "loop socket "));
  race_text = kin_socket_to_string (race);
  assert_true (g_str_has_suffix (race_text, ", connecting to tcp:localhost:9"));
}

static void
test_no_read (void **state)
{
  void *program = dlopen (NULL, RTLD_NOW);

  (void) state;
  assert_non_null (dlsym (program, "kin_socket_recv"));
  assert_null (dlsym (program, "kin_socket_read"));
  assert_null (dlsym (program, "kin_socket_write"));
  dlclose (program);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("method: close()", test_close),
    ROW ("method: detach()", test_detach),
    ROW ("method: dup()", test_dup),
    ROW ("method: fileno()", test_fileno),
    ROW ("method: get_inheritable()", test_get_inheritable),
    ROW ("method: set_inheritable(inheritable)", test_set_inheritable),
    ROW ("method: family (attribute)", test_attributes_family),
    ROW ("method: type (attribute)", test_attributes_type),
    ROW ("method: proto (attribute)", test_attributes_protocol),
    ROW ("method: repr", test_repr),
    ROW ("method: no read()/write()", test_no_read),
  };

  return cmocka_run_group_tests_name ("method-descriptors", tests, net_setup, NULL);
}
