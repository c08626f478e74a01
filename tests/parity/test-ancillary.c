/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-ancillary: what goes and comes beside data: buffers, addresses, flags, control messages by
 * their numbers, and what is cut.
 *
 * Needs: unix inet inet6 plugins */
#include "../shared/net.h"
#include "streams.h"

#include <limits.h>
#include <netinet/in.h>

static void
turn_on (KinSocket *socket, const char *name)
{
  g_autoptr (GError) error = NULL;

  must (kin_socket_set_option (socket, name, g_variant_new_boolean (TRUE), &error), error);
}

static KinSocket *
connect_to (KinSocket *socket)
{
  g_autofree char *text = local_text (socket);

  return must_connect (text);
}

static void
add (KinMessage *message, int level, int type, gconstpointer data, gsize length)
{
  g_autoptr (GError) error = NULL;

  must (kin_message_add_control_bytes (message, level, type, data, length, &error), error);
}

/* The next control message is this one. */
static void
assert_item (KinMessage *message, gsize *at, int level, int type, gsize length, gboolean is_cut)
{
  KinControlItem item;

  assert_true (kin_message_next_control (message, at, &item));
  assert_int_equal (item.level, level);
  assert_int_equal (item.type, type);
  assert_int_equal (item.length, length);
  assert_int_equal (item.is_cut, is_cut);
}

static void
assert_no_item (KinMessage *message, gsize at)
{
  KinControlItem item;

  assert_false (kin_message_next_control (message, &at, &item));
}

static void
receive (KinSocket *socket, KinMessage *message, gssize length)
{
  static char data[4096];
  g_autoptr (GError) error = NULL;

  kin_message_set_data (message, data, sizeof data);
  must (kin_socket_recvmsg (socket, message, 0, &error) == length, error);
}

/* ---- Sending ------------------------------------------------------------------------------- */

static void
test_sendmsg (void **state)
{
  g_autoptr (KinSocket) receiver = must_bind (own_name ("unix-dgram:@kin-test-PID-to"));
  g_autoptr (KinSocket) sender = must_bind (own_name ("unix-dgram:@kin-test-PID-from"));
  struct iovec vectors[] = { { (char *) "Mary", 4 }, { NULL, 0 }, { (char *) " had", 4 } };
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (KinSocket) connected = NULL;
  g_autoptr (GError) error = NULL;
  char byte = 0, data[20];
  KinAddress address, from;
  g_autofree char *text = NULL;

  (void) state;
  must (kin_socket_local (receiver, &address, &error), error);
  kin_message_set_vectors (message, vectors, 3);
  kin_message_set_address (message, &address);
  must (kin_message_add_fds (message, (int[]){ 0 }, 1, &error), error);
  must (kin_socket_sendmsg (sender, message, 0, &error) == 8, error); /* bytes of data alone */
  must (kin_socket_recvfrom (receiver, data, sizeof data, 0, &from, &error) == 8, error);
  assert_memory_equal (data, "Mary had", 8);
  text = kin_address_format (&from);
  assert_string_equal (text, own_name ("unix-dgram:@kin-test-PID-from"));

  /* None: to the peer. The flags are the kernel's: a full queue is no reason to wait. */
  connected = connect_to (receiver);
  kin_message_set_address (message, NULL);
  kin_message_set_data (message, &byte, 1);
  while (kin_socket_sendmsg (connected, message, MSG_DONTWAIT, &error) == 1)
    ;
  assert_fails (FALSE, EAGAIN, &error);
  assert_int_equal (kin_socket_recv (receiver, data, sizeof data, 0, NULL), 1);
}

/* Of two that say the same the kernel takes the last: they go in the order they came in. */
static void
check_order (int first, int last)
{
  g_autoptr (KinSocket) receiver = must_bind ("udp6:[::1]:0?ipv6.recvhoplimit=1");
  g_autoptr (KinSocket) sender = connect_to (receiver);
  g_autoptr (KinMessage) message = kin_message_new ();
  KinControlItem item;
  gsize at = 0;

  kin_message_set_data (message, "x", 1);
  add (message, IPPROTO_IPV6, IPV6_HOPLIMIT, &first, sizeof first);
  add (message, IPPROTO_IPV6, IPV6_HOPLIMIT, &last, sizeof last);
  assert_int_equal (kin_socket_sendmsg (sender, message, 0, NULL), 1);
  receive (receiver, message, 1);
  assert_true (kin_message_next_control (message, &at, &item));
  assert_int_equal (item.type, IPV6_HOPLIMIT);
  assert_memory_equal (item.data, &last, sizeof last);
}

static void
test_items (void **state)
{
  Peer peer = peer_new (own_name ("unix-seqpacket:@kin-test-PID-items"), "items", NULL);
  struct {
    int pid;
    guint uid, gid;
  } credentials = { getpid (), getuid (), getgid () };
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autofree char *long_text = g_malloc0 (70000);
  int first[] = { 0 }, more[] = { 1, 2 };
  g_autoptr (GError) error = NULL;

  (void) state;
  check_order (5, 9);
  check_order (9, 5);

  /* What Python makes of them: those that are not a multiple of what aligns them are padded. */
  assert_receives (peer.socket, "ready");
  kin_message_set_data (message, "items", 5);
  add (message, SOL_SOCKET, SCM_RIGHTS, first, sizeof first);
  add (message, SOL_SOCKET, 2 /* SCM_CREDENTIALS */, &credentials, sizeof credentials);
  add (message, SOL_SOCKET, SCM_RIGHTS, more, sizeof more);
  must (kin_socket_sendmsg (peer.socket, message, 0, &error) == 5, error);
  assert_receives (peer.socket, "[(1, 2, 12), (1, 1, 12)]"); /* the kernel's order; rights as one */
  peer_free (&peer);

  assert_false (kin_message_add_control_bytes (message, 1, 1, long_text, 70000, &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_VALUE));
  assert_int_equal (errno, EINVAL);
}

/* ---- Many buffers -------------------------------------------------------------------------- */

static void
test_buffer_limit (void **state)
{
  static struct iovec vectors[IOV_MAX + 1];
  static char data[IOV_MAX + 1];
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;

  (void) state;
  for (guint i = 0; i <= IOV_MAX; i++)
    vectors[i] = (struct iovec){ &data[i], 1 };
  make_pair ("unix", &a, &b);
  kin_message_set_vectors (message, vectors, IOV_MAX + 1);
  assert_fails (kin_socket_sendmsg (a, message, 0, &error) >= 0, EMSGSIZE, &error);
  assert_fails (kin_socket_send_vectors (a, vectors, IOV_MAX + 1, 0, &error) >= 0, EMSGSIZE,
                &error);
  kin_message_set_vectors (message, vectors, IOV_MAX);
  must (kin_socket_sendmsg (a, message, 0, &error) == IOV_MAX, error);
  kin_message_set_vectors (message, vectors, IOV_MAX + 1);
  assert_fails (kin_socket_recvmsg (b, message, 0, &error) >= 0, EMSGSIZE, &error);
  assert_fails (kin_socket_recv_vectors (b, vectors, IOV_MAX + 1, 0, &error) >= 0, EMSGSIZE,
                &error);
  must (kin_socket_recv_vectors (b, vectors, IOV_MAX, 0, &error) == IOV_MAX, error);
}

/* ---- Receiving ----------------------------------------------------------------------------- */

static void
test_recvmsg (void **state)
{
  g_autoptr (KinSocket) receiver = must_bind (own_name ("unix-dgram:@kin-test-PID-recvmsg"));
  g_autoptr (KinSocket) sender = must_bind (own_name ("unix-dgram:@kin-test-PID-sender"));
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  KinAddress address;
  gsize at = 0;

  (void) state;
  turn_on (receiver, "unix.passcred");
  must (kin_socket_local (receiver, &address, &error), error);
  for (guint i = 0; i < 2; i++)
    must (kin_socket_sendto (sender, "hello", 5, 0, &address, &error) == 5, error);
  receive (receiver, message, 5);
  assert_item (message, &at, SOL_SOCKET, 2, 12, FALSE);
  assert_no_item (message, at);
  assert_int_equal (kin_message_get_flags (message), 0);
  text = kin_address_format (kin_message_get_address (message));
  assert_string_equal (text, own_name ("unix-dgram:@kin-test-PID-sender"));

  kin_message_set_control_size (message, 0); /* Python's default: nothing of the kind */
  receive (receiver, message, 5);
  assert_no_item (message, 0);
  assert_int_equal (kin_message_get_flags (message), MSG_CTRUNC);

  make_pair ("unix", &a, &b);
  must_send (a, "stream", 6);
  receive (b, message, 6);
  assert_int_equal (kin_message_get_address (message)->length, 0);
  kin_socket_close (a, NULL);
  receive (b, message, 0);
}

static void
test_recvmsg_into (void **state)
{
  Peer peer = peer_new (own_name ("unix:@kin-test-PID-scattered"), "scattered", NULL);
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;

  (void) state;
  must_send (peer.socket, "Mary had a little lamb", 22);
  make_pair ("unix", &a, &b);
  for (guint i = 0; i < 2; i++) {
    char all[29] = "----0123456789--------------";
    struct iovec vectors[] = { { all, 4 }, { all + 6, 7 }, { all + 14, 14 } };
    gssize n;

    must_send (a, "Mary had a little lamb", 22);
    kin_message_set_vectors (message, vectors, 3);
    n = i == 0 ? kin_socket_recvmsg (b, message, 0, &error)
               : kin_socket_recv_vectors (b, vectors, 3, 0, &error);
    must (n == 22, error);
    assert_string_equal (all, "Mary01 had a 9little lamb---");
  }
  assert_receives (peer.socket, "Mary01 had a 9little lamb---"); /* so Python, too */
  peer_free (&peer);
}

/* ---- What is said of a message ------------------------------------------------------------- */

static int
flags_of (KinSocket *socket, KinMessage *message, gsize room, int flags)
{
  static char data[100];
  g_autoptr (GError) error = NULL;

  kin_message_set_data (message, data, room);
  must (kin_socket_recvmsg (socket, message, flags, &error) >= 0, error);
  return kin_message_get_flags (message);
}

static void
check_urgent (void)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (KinSocket) door = must_listen ("tcp4:127.0.0.1:0"), client = connect_to (door);
  g_autoptr (KinSocket) server = must_accept (door);
  g_autoptr (GError) error = NULL;
  struct pollfd urgent = { .fd = kin_socket_fd (server), .events = POLLPRI };

  must (kin_socket_send (client, "!", 1, MSG_OOB, &error) == 1, error);
  assert_int_equal (poll (&urgent, 1, 20000), 1);
  assert_int_equal (flags_of (server, message, 1, MSG_OOB), MSG_OOB);
}

static void
check_error_queue (void)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (KinSocket) gone = must_bind ("udp4:127.0.0.1:0"), socket = connect_to (gone);
  struct pollfd failed = { .fd = kin_socket_fd (socket) };

  turn_on (socket, "ip.recverr");
  g_clear_pointer (&gone, kin_socket_unref);
  must_send (socket, "x", 1);
  assert_int_equal (poll (&failed, 1, 20000), 1);
  assert_int_equal (flags_of (socket, message, 1, MSG_ERRQUEUE), MSG_ERRQUEUE);
}

/* Of what Linux has in every kernel nothing ends records. */
static void
check_record (void)
{
  g_autoptr (KinSocket) door = kin_listen ("sctp4:127.0.0.1:0", NULL), client = NULL, server = NULL;
  g_autoptr (KinMessage) message = kin_message_new ();

  if (!door) {
    print_message ("# the kernel has no SCTP: MSG_EOR is not seen\n");
    return;
  }
  client = connect_to (door);
  server = must_accept (door);
  must_send (client, "record", 6);
  assert_int_equal (flags_of (server, message, 3, 0), 0);
  assert_int_equal (flags_of (server, message, 3, 0), MSG_EOR);
}

static void
test_flags (void **state)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;

  (void) state;
  make_pair ("unix-seqpacket", &a, &b);
  for (guint i = 0; i < 2; i++)
    must_send (a, "long message", 12);
  must_send (a, "four", 4);
  assert_int_equal (flags_of (b, message, 4, 0) & ~MSG_EOR, MSG_TRUNC);
  /* Asked for, it is the whole length that is returned. */
  must (kin_socket_recvmsg (b, message, MSG_TRUNC, &error) == 12, error);
  assert_int_equal (flags_of (b, message, 4, 0) & ~MSG_EOR, 0);

  must (kin_socket_send_fds (a, "x", 1, (int[]){ 0 }, 1, 0, NULL, &error) == 1, error);
  kin_message_set_control_size (message, 0);
  assert_int_equal (flags_of (b, message, 4, 0) & ~MSG_EOR, MSG_CTRUNC);
  check_urgent ();
  check_error_queue ();
  check_record ();
}

/* ---- What is cut --------------------------------------------------------------------------- */

/* A datagram that comes with a hop limit and a traffic class, in so much room. */
static void
receive_two (KinMessage *message, gsize room)
{
  g_autoptr (KinSocket) receiver = must_bind ("udp6:[::1]:0?ipv6.recvhoplimit=1&ipv6.recvtclass=1");
  g_autoptr (KinSocket) sender = connect_to (receiver);

  must_send (sender, "x", 1);
  kin_message_set_control_size (message, room);
  receive (receiver, message, 1);
}

static void
test_truncated (void **state)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  const gsize one = (gsize) kin_cmsg_space (sizeof (int), NULL);
  const gsize header = (gsize) kin_cmsg_len (0, NULL);
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (GVariant) controls = NULL;
  g_autofree char *printed = NULL;
  gsize at = 0;

  (void) state;
  receive_two (message, 2 * one);
  assert_int_equal (kin_message_get_flags (message), 0);
  assert_item (message, &at, IPPROTO_IPV6, IPV6_HOPLIMIT, 4, FALSE);
  assert_item (message, &at, IPPROTO_IPV6, IPV6_TCLASS, 4, FALSE);
  assert_no_item (message, at);

  /* The second one's data, then its header do not fit. */
  receive_two (message, one + header + 3);
  assert_int_equal (kin_message_get_flags (message), MSG_CTRUNC);
  at = 0;
  assert_item (message, &at, IPPROTO_IPV6, IPV6_HOPLIMIT, 4, FALSE);
  assert_item (message, &at, IPPROTO_IPV6, IPV6_TCLASS, 3, TRUE);
  assert_no_item (message, at);
  receive_two (message, one + header - 1);
  assert_int_equal (kin_message_get_flags (message), MSG_CTRUNC);
  at = 0;
  assert_item (message, &at, IPPROTO_IPV6, IPV6_HOPLIMIT, 4, FALSE);
  assert_no_item (message, at);

  /* By name, what is cut is no value: it is given as it came. */
  make_pair ("unix-seqpacket", &a, &b);
  turn_on (b, "unix.passcred");
  must_send (a, "x", 1);
  kin_message_set_control_size (message, header + 8);
  receive (b, message, 1);
  controls = kin_message_get_controls (message, b);
  printed = kin_value_print (controls);
  assert_true (g_str_has_prefix (printed, "[(1, 2, b'"));
  assert_null (kin_message_get_control (message, b, "unix.credentials"));
}

/* ---- Lengths ------------------------------------------------------------------------------- */

/* What Python's function says of lengths, where its words are as long as ours. */
static void
check_lengths (const char *name, gssize (*measure) (gsize length, GError **error))
{
  g_autofree char *script = g_strdup_printf (
      "import socket, struct\n"
      "most = 0x7fffffff - socket.%s(%d)\n"
      "tries = [*range(70), most - 1, most, most + 1, 0x7fffffff, 0x80000000, 2 ** 32 - 1]\n"
      "for n in tries if struct.calcsize('P') == %zu else []:\n"
      "    try: print(n, socket.%s(n))\n"
      "    except OverflowError: print(n, -1)\n",
      name, strcmp (name, "CMSG_LEN") == 0 ? 0 : 1, sizeof (void *), name);
  char *arguments[] = { (char *) "/usr/bin/python3", (char *) "-c", script, NULL };
  g_autofree char *out = NULL;
  g_auto (GStrv) lines = NULL;
  int status = -1;

  assert_true (g_spawn_sync (NULL, arguments, NULL, 0, NULL, NULL, &out, NULL, &status, NULL));
  assert_int_equal (status, 0);
  lines = g_strsplit (out, "\n", -1);
  for (guint i = 0; lines[i] && lines[i][0]; i++) {
    guint64 length = g_ascii_strtoull (lines[i], NULL, 10);
    gint64 expected = g_ascii_strtoll (strchr (lines[i], ' '), NULL, 10);

    if (measure ((gsize) length, NULL) != expected)
      fail_msg ("%s: %s", name, lines[i]);
  }
  for (gsize length = G_MAXINT32; length != 0; length = length == G_MAXSIZE ? 0 : G_MAXSIZE) {
    g_autoptr (GError) error = NULL;

    assert_int_equal (measure (length, &error), -1);
    assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_VALUE));
    assert_int_equal (errno, EINVAL);
  }
}

static void
test_cmsg_len (void **state)
{
  (void) state;
  check_lengths ("CMSG_LEN", kin_cmsg_len);
  assert_int_equal (kin_cmsg_len (0, NULL), sizeof (struct cmsghdr));
  assert_int_equal (kin_cmsg_len (5, NULL), sizeof (struct cmsghdr) + 5);
}

static void
test_cmsg_space (void **state)
{
  (void) state;
  check_lengths ("CMSG_SPACE", kin_cmsg_space);
  assert_int_equal (kin_cmsg_space (0, NULL), sizeof (struct cmsghdr));
  assert_int_equal (kin_cmsg_space (1, NULL), sizeof (struct cmsghdr) + sizeof (gsize));
  assert_int_equal (kin_cmsg_space (sizeof (gsize), NULL), kin_cmsg_space (1, NULL));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("ancillary: sendmsg(buffers[, ancdata[, flags[, address]]])", test_sendmsg),
    ROW ("ancillary: sendmsg ancdata items", test_items),
    ROW ("ancillary: sendmsg/recvmsg buffer limit", test_buffer_limit),
    ROW ("ancillary: recvmsg(bufsize[, ancbufsize[, flags]])", test_recvmsg),
    ROW ("ancillary: recvmsg_into(buffers[, ancbufsize[, flags]])", test_recvmsg_into),
    ROW ("ancillary: recvmsg msg_flags", test_flags),
    ROW ("ancillary: recvmsg truncated item", test_truncated),
    ROW ("ancillary: CMSG_LEN(length)", test_cmsg_len),
    ROW ("ancillary: CMSG_SPACE(length)", test_cmsg_space),
  };

  return cmocka_run_group_tests (tests, net_setup, NULL);
}
