/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-method-options: options by their numbers, as Python has them, and by name; AF_ALG's message.
 * What is set here, Python reads from the same socket, and the other way round.
 *
 * Needs: unix inet alg plugins
 */
#include "partner.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

/* A socket that Python has as well, by its number. */
static KinSocket *
socket_to_share (char **number)
{
  KinSocket *socket = kin_socket_new ("tcp4", NULL);

  assert_true (kin_socket_set_inheritable (socket, TRUE, NULL));
  *number = g_strdup_printf ("%d", kin_socket_fd (socket));
  return socket;
}

static void
test_get_number (void **state)
{
  static const char set[] = "peer = socket.socket(fileno=int(argument))\n"
                            "peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 7)\n";
  g_autofree char *number = NULL;
  g_autoptr (KinSocket) socket = socket_to_share (&number);
  g_autoptr (GError) error = NULL;
  int count = 0;

  (void) state;
  partner_run (set, number);
  assert_int_equal (
      kin_socket_getsockopt (socket, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count, &error),
      sizeof count);
  assert_int_equal (count, 7);
  assert_int_equal (get_number (socket, "tcp.keepcnt"), 7);
  assert_int_equal (kin_socket_getsockopt (socket, IPPROTO_TCP, 9999, &count, sizeof count, &error),
                    -1);
  assert_fails (FALSE, ENOPROTOOPT, &error);
}

static void
test_get_buffer (void **state)
{
  static const char set[] = "peer = socket.socket(fileno=int(argument))\n"
                            "linger = struct.pack('ii', 1, 42)\n"
                            "peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)\n";
  g_autofree char *number = NULL;
  g_autoptr (KinSocket) socket = socket_to_share (&number);
  union {
    struct linger linger;
    char bytes[1024];
  } all;
  int only = 0;

  (void) state;
  partner_run (set, number);
  assert_int_equal (kin_socket_getsockopt (socket, SOL_SOCKET, SO_LINGER, &all, sizeof all, NULL),
                    sizeof all.linger); /* what there is, not the room */
  assert_int_equal (all.linger.l_onoff, 1);
  assert_int_equal (all.linger.l_linger, 42);
  assert_int_equal (kin_socket_getsockopt (socket, SOL_SOCKET, SO_LINGER, &only, sizeof only, NULL),
                    sizeof only); /* what there is room for */
  assert_int_equal (only, 1);
}

static void
test_set_number (void **state)
{
  static const char get[] =
      "peer = socket.socket(fileno=int(argument))\n"
      "assert peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) == 9\n"
      "assert peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 11\n";
  g_autofree char *number = NULL;
  g_autoptr (KinSocket) socket = socket_to_share (&number);
  g_autoptr (GError) error = NULL;

  (void) state;
  must (kin_socket_setsockopt (socket, IPPROTO_TCP, TCP_KEEPCNT, &(int){ 9 }, sizeof (int), &error),
        error);
  must (kin_socket_set_option (socket, "tcp.keepintvl", g_variant_new_int64 (11), &error), error);
  partner_run (get, number);
  assert_fails (
      kin_socket_setsockopt (socket, IPPROTO_TCP, TCP_KEEPCNT, &(int){ 0 }, sizeof (int), &error),
      EINVAL, &error);
}

static void
test_set_buffer (void **state)
{
  static const char get[] =
      "peer = socket.socket(fileno=int(argument))\n"
      "linger = peer.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)\n"
      "assert struct.unpack('ii', linger) == (1, 5), linger\n"
      "name = peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16)\n"
      "assert name.rstrip(b'\\0') == b'reno', name\n";
  g_autofree char *number = NULL;
  g_autoptr (KinSocket) socket = socket_to_share (&number);
  const struct linger linger = { .l_onoff = 1, .l_linger = 5 };
  g_autoptr (GError) error = NULL;

  (void) state;
  must (kin_socket_setsockopt (socket, SOL_SOCKET, SO_LINGER, &linger, sizeof linger, &error),
        error);
  must (kin_socket_setsockopt (socket, IPPROTO_TCP, TCP_CONGESTION, "reno", 4, &error), error);
  partner_run (get, number);
}

static void
test_set_length (void **state)
{
  g_autoptr (KinSocket) socket = NULL;
  g_autoptr (GError) error = NULL;
  KinAddress address;

  (void) state;
  socket = kin_socket_new ("alg", NULL);
  if (!socket) {
    print_message ("# this kernel has no AF_ALG: modprobe af_alg\n");
    skip ();
  }
  must (kin_address_parse (&address, "alg:aead,gcm(aes)", &error), error);
  must (kin_socket_bind (socket, &address, &error), error);
  must (kin_socket_setsockopt (socket, 279, 5, NULL, 16, &error), error); /* SOL_ALG, authsize */
  assert_fails (kin_socket_setsockopt (socket, 279, 5, NULL, 3, &error), EINVAL, &error);
  must (kin_socket_set_option (socket, "alg.authsize", g_variant_new_int64 (12), &error), error);
}

/* NIST SP 800-38A, F.2.1: CBC-AES128, its first block. */
static void
test_sendmsg_afalg (void **state)
{
  static const guint8 plain[] = { 0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96,
                                  0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a };
  static const guint8 code[] = { 0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46,
                                 0xce, 0xe9, 0x8e, 0x9b, 0x12, 0xe9, 0x19, 0x7d };
  g_autoptr (KinSocket) bound = NULL, operation = NULL;
  g_autoptr (GError) error = NULL;
  guint8 iv[16], out[16];

  (void) state;
  bound = kin_socket_new ("alg", NULL);
  if (!bound) {
    print_message ("# this kernel has no AF_ALG: modprobe af_alg\n");
    skip ();
  }
  g_clear_pointer (&bound, kin_socket_unref);
  for (guint i = 0; i < sizeof iv; i++)
    iv[i] = (guint8) i;
  bound = must_bind ("alg:skcipher,cbc(aes)?alg.key=2b7e151628aed2a6abf7158809cf4f3c");
  operation = must_accept (bound);
  must (kin_socket_send_controls (
            operation, plain, sizeof plain, 0,
            g_variant_new_parsed ("{'alg.op': <'encrypt'>, 'alg.iv': <%@ay>}",
                                  g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, iv, 16, 1)),
            &error)
            == sizeof plain,
        error);
  assert_int_equal (kin_socket_recv (operation, out, sizeof out, 0, &error), sizeof out);
  assert_memory_equal (out, code, sizeof code);
  assert_int_equal (kin_socket_send_controls (operation, plain, sizeof plain, 0,
                                              g_variant_new_parsed ("{'alg.assoclen': <-1>}"),
                                              &error),
                    -1);
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_VALUE));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("method: getsockopt(level, optname)", test_get_number),
    ROW ("method: getsockopt(level, optname, buflen)", test_get_buffer),
    ROW ("method: setsockopt(level, optname, int)", test_set_number),
    ROW ("method: setsockopt(level, optname, buffer)", test_set_buffer),
    ROW ("method: setsockopt(level, optname, None, optlen)", test_set_length),
    ROW ("method: sendmsg_afalg([msg], *, op[, iv[, assoclen[, flags]]])", test_sendmsg_afalg),
  };

  return cmocka_run_group_tests_name ("method-options", tests, NULL, NULL);
}
