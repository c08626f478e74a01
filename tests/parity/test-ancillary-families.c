/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-ancillary-families: control messages of IPv6, the crypto engine, RDS and J1939, by name and
 * by number.
 *
 * Needs: inet6 can alg rds plugins */
/* Before the kernel's headers, which leave out then what they have as well. */
#include <netinet/in.h>

#include "streams.h"

#include <linux/can/j1939.h>
#include <linux/if_alg.h>
#include <linux/rds.h>
#include <net/if.h>
#include <sched.h>

#ifndef SOL_ALG
#define SOL_ALG 279
#endif

/* By name, as it is printed; NULL: it did not come. */
static char *
control (KinMessage *message, KinSocket *socket, const char *name)
{
  g_autoptr (GVariant) value = kin_message_get_control (message, socket, name);

  return value ? kin_value_print (value) : NULL;
}

static void
assert_control (KinMessage *message, KinSocket *socket, const char *name, const char *expected)
{
  g_autofree char *printed = control (message, socket, name);

  assert_non_null (printed);
  assert_string_equal (printed, expected);
}

/* By its numbers: its bytes. */
static void
assert_item (KinMessage *message, int level, int type, gconstpointer data, gsize length)
{
  KinControlItem item;

  for (gsize at = 0; kin_message_next_control (message, &at, &item);)
    if (item.level == level && item.type == type) {
      assert_int_equal (item.length, length);
      assert_memory_equal (item.data, data, length);
      return;
    }
  fail_msg ("no control message (%d, %d) came", level, type);
}

static void
receive (KinSocket *socket, KinMessage *message, gssize length)
{
  static char data[100];
  g_autoptr (GError) error = NULL;

  kin_message_set_data (message, data, sizeof data);
  must (kin_socket_recvmsg (socket, message, 0, &error) == length, error);
}

/* ---- IPv6: RFC 3542 ------------------------------------------------------------------------ */

static void
test_rfc3542 (void **state)
{
  g_autoptr (KinSocket) receiver =
      must_bind ("udp6:[::1]:0?ipv6.recvhoplimit=1&ipv6.recvtclass=1&ipv6.recvpktinfo=1");
  g_autofree char *where = local_text (receiver);
  g_autoptr (KinSocket) sender = must_connect (where);
  const struct in6_pktinfo info = { IN6ADDR_LOOPBACK_INIT, if_nametoindex ("lo") };
  const int hops = 7, class = 184;

  (void) state;
  for (gboolean is_raw = FALSE; is_raw <= TRUE; is_raw++) {
    g_autoptr (KinMessage) message = kin_message_new ();
    g_autoptr (GError) error = NULL;

    kin_message_set_data (message, "x", 1);
    if (is_raw) {
      kin_message_add_control_bytes (message, IPPROTO_IPV6, IPV6_HOPLIMIT, &hops, 4, NULL);
      kin_message_add_control_bytes (message, IPPROTO_IPV6, IPV6_TCLASS, &class, 4, NULL);
      kin_message_add_control_bytes (message, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info, NULL);
    } else
      must (kin_message_add_controls (
                message, sender,
                g_variant_new_parsed ("{'ipv6.hoplimit': <7>, 'ipv6.tclass': <184>, "
                                      "'ipv6.pktinfo': <('lo', '::1')>}"),
                &error),
            error);
    must (kin_socket_sendmsg (sender, message, 0, &error) == 1, error);
    receive (receiver, message, 1);
    assert_control (message, receiver, "ipv6.hoplimit", "7");
    assert_control (message, receiver, "ipv6.tclass", "184");
    assert_control (message, receiver, "ipv6.pktinfo", "('lo', '::1')");
    assert_item (message, IPPROTO_IPV6, IPV6_HOPLIMIT, &hops, 4);
    assert_item (message, IPPROTO_IPV6, IPV6_TCLASS, &class, 4);
    assert_item (message, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
  }
}

/* ---- The crypto engine --------------------------------------------------------------------- */

/* First of all in a test, for skip () frees nothing. */
static void
need (const char *endpoint, const char *what)
{
  g_autoptr (KinSocket) socket = kin_bind (endpoint, NULL);

  if (!socket) {
    print_message ("# skipped: the kernel has no %s\n", what);
    skip ();
  }
}

/* NIST SP 800-38A, F.2.1: CBC-AES128, the first block. */
static const guint8 iv[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
static const guint8 plain[] = { 0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96,
                                0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a };
static const guint8 code[] = { 0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46,
                               0xce, 0xe9, 0x8e, 0x9b, 0x12, 0xe9, 0x19, 0x7d };

static void
add_alg (KinMessage *message, gboolean is_raw, guint32 operation, KinSocket *socket)
{
  struct {
    guint32 length;
    guint8 bytes[sizeof iv];
  } vector = { .length = sizeof iv };
  g_autoptr (GError) error = NULL;

  if (is_raw) {
    memcpy (vector.bytes, iv, sizeof iv);
    must (kin_message_add_control_bytes (message, SOL_ALG, ALG_SET_OP, &operation, 4, &error)
              && kin_message_add_control_bytes (message, SOL_ALG, ALG_SET_IV, &vector,
                                                sizeof vector, &error),
          error);
  } else
    must (kin_message_add_control (message, socket, "alg.op", g_variant_new_uint32 (operation),
                                   &error)
              && kin_message_add_control (
                  message, socket, "alg.iv",
                  g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, iv, sizeof iv, 1), &error),
          error);
}

static void
check_cipher (gboolean is_raw, guint32 operation, const guint8 *in, const guint8 *out)
{
  g_autoptr (KinSocket) bound =
      must_bind ("alg:skcipher,cbc(aes)?alg.key=2b7e151628aed2a6abf7158809cf4f3c");
  g_autoptr (KinSocket) socket = must_accept (bound);
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GError) error = NULL;
  guint8 got[sizeof code];

  kin_message_set_data (message, in, sizeof plain);
  add_alg (message, is_raw, operation, socket);
  must (kin_socket_sendmsg (socket, message, 0, &error) == sizeof plain, error);
  must_receive (socket, got, sizeof got);
  assert_memory_equal (got, out, sizeof got);
}

/* AEAD: the first four bytes are not encrypted, and come as they went. */
static void
check_assoclen (gboolean is_raw)
{
  g_autoptr (KinSocket) bound =
      must_bind ("alg:aead,gcm(aes)?alg.key=00000000000000000000000000000000&alg.authsize=16");
  g_autoptr (KinSocket) socket = must_accept (bound);
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GError) error = NULL;
  const guint32 length = 4;
  guint8 got[4 + 16 + 16];

  kin_message_set_data (message, "open0123456789abcdef", 20);
  must (kin_message_add_controls (
            message, socket,
            g_variant_new_parsed (
                "{'alg.op': <1>, 'alg.iv': <%@ay>}",
                g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, "twelve bytes", 12, 1)),
            &error),
        error);
  must (is_raw ? kin_message_add_control_bytes (message, SOL_ALG, ALG_SET_AEAD_ASSOCLEN, &length, 4,
                                                &error)
               : kin_message_add_control (message, socket, "alg.assoclen",
                                          g_variant_new_uint32 (length), &error),
        error);
  must (kin_socket_sendmsg (socket, message, 0, &error) == 20, error);
  must_receive (socket, got, sizeof got);
  assert_memory_equal (got, "open", 4);
  assert_memory_not_equal (got + 4, "0123456789abcdef", 16);
}

static void
test_alg (void **state)
{
  (void) state;
  need ("alg:skcipher,cbc(aes)", "AF_ALG: modprobe -a af_alg algif_skcipher algif_aead");
  for (gboolean is_raw = FALSE; is_raw <= TRUE; is_raw++) {
    check_cipher (is_raw, ALG_OP_ENCRYPT, plain, code);
    check_cipher (is_raw, ALG_OP_DECRYPT, code, plain);
    check_assoclen (is_raw);
  }
}

/* ---- RDS ----------------------------------------------------------------------------------- */

/* Python's names: what they are called here, their number and length. */
static const struct {
  const char *name;
  int number;
  gsize length;
  guint flags;
} rds_rows[] = {
  { "rds.rdma", RDS_CMSG_RDMA_ARGS, sizeof (struct rds_rdma_args), KIN_OPTION_WRITE },
  { "rds.rdma-dest", RDS_CMSG_RDMA_DEST, sizeof (guint64), KIN_OPTION_READ_WRITE },
  { "rds.rdma-map", RDS_CMSG_RDMA_MAP, sizeof (struct rds_get_mr_args), KIN_OPTION_WRITE },
  { "rds.rdma-status", RDS_CMSG_RDMA_STATUS, sizeof (struct rds_rdma_notify), KIN_OPTION_READ },
  { "rds.cong-update", 5, sizeof (guint64), KIN_OPTION_READ },
};

static void
check_rds_row (const KinFamily *family, guint i)
{
  KinControl row;

  for (guint k = 0; kin_table_get (&family->controls, k, &row, sizeof row); k++)
    if (strcmp (row.name, rds_rows[i].name) == 0) {
      assert_int_equal (row.level, SOL_RDS);
      assert_int_equal (row.number, rds_rows[i].number);
      assert_int_equal (row.size, rds_rows[i].length);
      assert_int_equal (row.flags, rds_rows[i].flags);
      return;
    }
  fail_msg ("rds has no %s", rds_rows[i].name);
}

/* How far the kernel gets with a request, by name and by number, is the same. */
static void
check_request (KinSocket *socket, const char *name, int number, const char *value, gsize length)
{
  g_autofree guint8 *zeros = g_malloc0 (length);
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GError) typed = NULL, raw = NULL, error = NULL;

  kin_message_set_data (message, "x", 1);
  must (kin_message_add_control (message, socket, name, g_variant_new_parsed (value), &error),
        error);
  assert_int_equal (kin_socket_sendmsg (socket, message, 0, &typed), -1);
  kin_message_clear (message);
  kin_message_set_data (message, "x", 1);
  must (kin_message_add_control_bytes (message, SOL_RDS, number, zeros, length, &error), error);
  assert_int_equal (kin_socket_sendmsg (socket, message, 0, &raw), -1);
  assert_int_equal (typed->domain, KIN_OS_ERROR);
  assert_int_equal (typed->code, raw->code);
}

static void
test_rds (void **state)
{
  const KinFamily *family = kin_load_family ("rds", NULL);
  g_autoptr (KinSocket) server = NULL, client = NULL;
  g_autofree char *where = NULL;

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (rds_rows); i++)
    check_rds_row (family, i);
  need ("rds:127.0.0.1:0", "RDS: modprobe -a rds rds_tcp");
  server = must_bind ("rds:127.0.0.1:0");
  where = local_text (server);
  client = must_connect (where);
  check_request (client, "rds.rdma-dest", RDS_CMSG_RDMA_DEST, "uint64 0", sizeof (guint64));
  check_request (client, "rds.rdma-map", RDS_CMSG_RDMA_MAP, "(0, 0, 0, 0)",
                 sizeof (struct rds_get_mr_args));
  check_request (client, "rds.rdma", RDS_CMSG_RDMA_ARGS, "(0, 0, 0, 0, 0, 0, 0)",
                 sizeof (struct rds_rdma_args));
}

/* ---- J1939 --------------------------------------------------------------------------------- */

/* A virtual bus, in a network namespace of its own; the last test, for it stays there. */
static void
need_bus (void)
{
  int status = -1;

  need ("can:", "CAN: modprobe -a can-raw can-j1939 vcan");
  assert_int_equal (unshare (CLONE_NEWNET | (geteuid () == 0 ? 0 : CLONE_NEWUSER)), 0);
  g_spawn_command_line_sync ("sh -c 'ip link add vcan0 type vcan && ip link set vcan0 up'", NULL,
                             NULL, &status, NULL);
  if (status != 0) {
    print_message ("# skipped: the kernel has no virtual CAN: modprobe vcan\n");
    skip ();
  }
}

/* To an address: which, and how urgent. The sender hears that it went. */
static void
check_address (void)
{
  g_autoptr (KinSocket) receiver = must_bind ("j1939:vcan0,any,any,0x90"), sender = NULL;
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *entry = NULL;
  const guint8 to = 0x90, priority = 3;
  struct pollfd told;

  sender = kin_connect_full ("j1939:vcan0,any,0x12300,0x90?j1939.send-prio=3&j1939.errqueue=1"
                             "&so.timestamping=0x1f98",
                             "j1939:vcan0,any,any,0x80", LONG, NULL, &error);
  must (sender, error);
  must_send (sender, "8 bytes.", 8);
  receive (receiver, message, 8);
  assert_control (message, receiver, "j1939.dest-addr", "144");
  assert_control (message, receiver, "j1939.prio", "3");
  assert_item (message, SOL_CAN_J1939, SCM_J1939_DEST_ADDR, &to, 1);
  assert_item (message, SOL_CAN_J1939, SCM_J1939_PRIO, &priority, 1);
  assert_null (kin_message_get_control (message, receiver, "j1939.dest-name"));

  told = (struct pollfd){ .fd = kin_socket_fd (sender) };
  assert_int_equal (poll (&told, 1, 20000), 1);
  must (kin_socket_recvmsg (sender, message, MSG_ERRQUEUE, &error) >= 0, error);
  entry = control (message, sender, "j1939.errqueue");
  assert_non_null (entry);
}

/* To a name, which claims an address, and has it a quarter of a second later. */
static void
check_name (void)
{
  g_autoptr (KinSocket) receiver = must_bind ("j1939:vcan0,0x6341ca,any,0x91?so.broadcast=1");
  const guint8 claim[8] = { 0xca, 0x41, 0x63 };
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (KinSocket) sender = NULL;
  g_autoptr (GError) error = NULL;
  const guint64 name = 0x6341ca;
  KinAddress everybody;

  must (kin_address_parse (&everybody, "j1939:vcan0,any,0xee00,any", &error), error);
  must (kin_socket_sendto (receiver, claim, sizeof claim, 0, &everybody, &error) == 8, error);
  sender = kin_connect_full ("j1939:vcan0,0x6341ca,0x12300,any", "j1939:vcan0,any,any,0x81", LONG,
                             NULL, &error);
  must (sender, error);
  for (guint i = 0; kin_socket_send (sender, "8 bytes.", 8, 0, &error) < 0; i++) {
    if (i > 2000)
      fail_msg ("%s", error->message);
    g_clear_error (&error);
    g_usleep (10000);
  }
  receive (receiver, message, 8);
  assert_control (message, receiver, "j1939.dest-name", "6504906");
  assert_item (message, SOL_CAN_J1939, SCM_J1939_DEST_NAME, &name, sizeof name);
}

static void
test_j1939 (void **state)
{
  (void) state;
  need_bus ();
  check_address ();
  check_name ();
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("ancillary: RFC 3542 ancillary", test_rfc3542),
    ROW ("ancillary: ALG_SET_* control messages", test_alg),
    ROW ("ancillary: RDS_CMSG_RDMA_*", test_rds),
    ROW ("ancillary: SCM_J1939_*", test_j1939),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
