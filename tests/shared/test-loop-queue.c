/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-loop-queue: what waits in the sockets of the family loop: full, empty, datagrams.
 *
 * Needs: loop
 */
#include "loop.h"

/* Sends until the other end takes no more; returns how much it took. */
static gsize
fill (KinSocket *socket)
{
  char block[4096] = { 0 };
  gsize total = 0;
  gssize n;

  while ((n = kin_socket_send (socket, block, sizeof block, MSG_DONTWAIT, NULL)) > 0)
    total += (gsize) n;
  assert_int_equal (errno, EAGAIN);
  return total;
}

static void
set_number (KinSocket *socket, const char *name, gint64 number)
{
  g_autoptr (GError) error = NULL;

  must (kin_socket_set_option (socket, name, g_variant_new_int64 (number), &error), error);
}

/* ---- Full and empty ------------------------------------------------------------------------ */

/* A descriptor that says what poll says of a kernel's socket, all four ways. */
static void
test_poll (void **state)
{
  Pair pair = pair_new ("loop:poll");
  char data[4096];

  (void) state;
  kin_socket_set_timeout (pair.client, 0, NULL);
  assert_int_equal (poll_now (pair.client), POLLOUT);
  must_send (pair.server, "x", 1);
  assert_int_equal (poll_now (pair.client), POLLIN | POLLOUT);
  assert_int_equal (fill (pair.client), 65536);
  assert_int_equal (poll_now (pair.client), POLLIN);
  assert_receives (pair.client, "x");
  assert_int_equal (kin_socket_recv (pair.client, data, 1, 0, NULL), -1); /* notices: nothing */
  assert_int_equal (errno, EAGAIN);
  assert_int_equal (poll_now (pair.client), 0);
  assert_int_equal (kin_socket_recv (pair.server, data, 1, 0, NULL), 1);
  assert_int_equal (poll_now (pair.client), POLLOUT);
  assert_int_equal (fill (pair.client), 1);
  pair_free (&pair);
}

static void
test_timeouts (void **state)
{
  Pair pair = pair_new ("loop:time");
  g_autoptr (GError) error = NULL;
  Moment began = now ();
  char byte;

  (void) state;
  kin_socket_set_timeout (pair.client, SHORT, NULL);
  assert_int_equal (kin_socket_recv (pair.client, &byte, 1, 0, &error), -1);
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
  assert_waited (began, SHORT);
  fill (pair.client);
  began = now ();
  assert_int_equal (kin_socket_send (pair.client, "x", 1, 0, NULL), -1);
  assert_int_equal (errno, ETIMEDOUT);
  assert_waited (began, SHORT);
  kin_socket_set_timeout (pair.door, SHORT, NULL);
  began = now ();
  assert_null (kin_socket_accept (pair.door, NULL, NULL));
  assert_int_equal (errno, ETIMEDOUT);
  assert_waited (began, SHORT);
  pair_free (&pair);
}

static void
test_capacity (void **state)
{
  Pair pair = pair_new ("loop:capacity?loop.capacity=1000");
  g_autoptr (GError) error = NULL;
  char data[2000];

  (void) state;
  assert_int_equal (get_number (pair.server, "loop.capacity"), 1000); /* the listener's */
  assert_int_equal (fill (pair.client), 1000);
  assert_int_equal (get_number (pair.server, "loop.pending"), 1000);
  set_number (pair.server, "loop.capacity", 1500);
  assert_int_equal (poll_now (pair.client), POLLOUT);
  assert_int_equal (fill (pair.client), 500);
  set_number (pair.server, "loop.capacity", 10); /* less than there is: nothing is lost */
  must_receive (pair.server, data, 1495);
  assert_int_equal (fill (pair.client), 5);
  must_receive (pair.server, data, 10);
  must_send (pair.client, "0123456789", 10);
  assert_receives (pair.server, "0123456789");
  assert_false (
      kin_socket_set_option (pair.server, "loop.capacity", g_variant_new_int64 (0), &error));
  assert_int_equal (errno, EINVAL);
  g_clear_error (&error);
  assert_false (
      kin_socket_set_option (pair.server, "so.debug", g_variant_new_boolean (TRUE), &error));
  assert_int_equal (errno, ENOPROTOOPT);
  pair_free (&pair);
}

/* Around the end of the ring, in every phase. */
static void
test_ring (void **state)
{
  Pair pair = pair_new ("loop:ring?loop.capacity=7");
  guint8 next_out = 0, next_in = 0, data[7];

  (void) state;
  for (guint i = 0; i < 1000; i++) {
    gsize n = 1 + i % 5;
    gssize got;

    for (gsize j = 0; j < n; j++)
      data[j] = (guint8) (next_out + j);
    next_out = (guint8) (next_out + kin_socket_send (pair.client, data, n, MSG_DONTWAIT, NULL));
    got = kin_socket_recv (pair.server, data, 1 + i % 3 + i % 4, MSG_DONTWAIT, NULL);
    assert_true (got > 0);
    for (gssize j = 0; j < got; j++)
      assert_int_equal (data[j], next_in++);
  }
  pair_free (&pair);
}

/* ---- Datagrams ----------------------------------------------------------------------------- */

static void
test_datagrams (void **state)
{
  g_autoptr (KinSocket) a = must_bind ("loop-dgram:a"), b = must_bind ("loop-dgram:b");
  KinAddress to, from;
  g_autofree char *sender = NULL;
  char data[16];

  (void) state;
  assert_true (kin_address_parse (&to, "loop-dgram:b", NULL));
  assert_int_equal (kin_socket_sendto (a, "one", 3, 0, &to, NULL), 3);
  assert_int_equal (kin_socket_sendto (a, "", 0, 0, &to, NULL), 0);
  assert_int_equal (kin_socket_sendto (a, "three", 5, 0, &to, NULL), 5);
  assert_int_equal (get_number (b, "loop.pending"), 8);
  assert_int_equal (kin_socket_recvfrom (b, data, sizeof data, 0, &from, NULL), 3);
  sender = kin_address_format (&from);
  assert_string_equal (sender, "loop-dgram:a");
  assert_receives (b, "");
  assert_int_equal (kin_socket_sendto (b, "back", 4, 0, &from, NULL), 4);
  assert_receives (b, "three");
  assert_receives (a, "back");
}

static void
test_datagram_from_nobody (void **state)
{
  g_autoptr (KinSocket) to = must_bind ("loop-dgram:to");
  g_autoptr (KinSocket) nameless = must_connect ("loop-dgram:to");
  KinAddress from;
  char data[4];

  (void) state;
  must_send (nameless, "x", 1);
  assert_int_equal (kin_socket_recvfrom (to, data, sizeof data, 0, &from, NULL), 1);
  assert_int_equal (from.length, 0);
}

static void
test_truncation (void **state)
{
  g_autoptr (KinSocket) to = must_bind ("loop-dgram:cut");
  g_autoptr (KinSocket) client = must_connect ("loop-dgram:cut");
  g_autoptr (KinMessage) message = kin_message_new ();
  char data[4] = "";

  (void) state;
  for (guint i = 0; i < 4; i++)
    must_send (client, "0123456789", 10);
  must_send (client, "next", 4);
  kin_message_set_data (message, data, 3);
  assert_int_equal (kin_socket_recvmsg (to, message, MSG_PEEK, NULL), 3);
  assert_true (kin_message_get_flags (message) & MSG_TRUNC);
  assert_int_equal (kin_socket_recvmsg (to, message, 0, NULL), 3);
  assert_true (kin_message_get_flags (message) & MSG_TRUNC);
  assert_string_equal (data, "012");
  assert_int_equal (kin_socket_recv (to, data, 3, MSG_TRUNC | MSG_PEEK, NULL), 10);
  assert_int_equal (kin_socket_recv (to, data, 3, MSG_TRUNC, NULL), 10);
  assert_int_equal (kin_socket_recv (to, NULL, 0, 0, NULL), 0);
  assert_receives (to, "0123456789");
  assert_receives (to, "next");
}

static void
test_datagram_vectors (void **state)
{
  g_autoptr (KinSocket) to = must_bind ("loop-dgram:vectors");
  g_autoptr (KinSocket) client = must_connect ("loop-dgram:vectors");
  g_autoptr (KinMessage) out = kin_message_new (), in = kin_message_new ();
  char first[3] = "", second[9] = "";
  struct iovec parts[] = { { (char *) "Mary ", 5 }, { NULL, 0 }, { (char *) "lamb", 4 } };
  struct iovec room[] = { { first, 2 }, { second, 8 } };

  (void) state;
  kin_message_set_vectors (out, parts, G_N_ELEMENTS (parts));
  kin_message_set_vectors (in, room, G_N_ELEMENTS (room));
  assert_int_equal (kin_socket_sendmsg (client, out, 0, NULL), 9);
  assert_int_equal (kin_socket_recvmsg (to, in, 0, NULL), 9);
  assert_int_equal (kin_message_get_flags (in), 0);
  assert_string_equal (first, "Ma");
  assert_string_equal (second, "ry lamb");
}

static void
test_datagram_peers (void **state)
{
  g_autoptr (KinSocket) a = must_bind ("loop-dgram:left"), b = must_bind ("loop-dgram:right");
  g_autoptr (KinSocket) stranger = kin_socket_new ("loop-dgram", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *peer = NULL;
  KinAddress left, right;

  (void) state;
  assert_true (kin_address_parse (&left, "loop-dgram:left", NULL));
  assert_true (kin_address_parse (&right, "loop-dgram:right", NULL));
  assert_true (kin_socket_connect (a, &right, NULL));
  assert_true (kin_socket_connect (b, &left, NULL));
  must_send (a, "to b", 4);
  assert_receives (b, "to b");
  peer = peer_text (a);
  assert_string_equal (peer, "loop-dgram:right");
  assert_fails (kin_socket_sendto (stranger, "x", 1, 0, &left, &error) >= 0, EPERM, &error);
  assert_fails (kin_socket_connect (stranger, &left, &error), EPERM, &error);
  g_clear_pointer (&b, kin_socket_unref);
  assert_fails (kin_socket_send (a, "x", 1, 0, &error) >= 0, ECONNREFUSED, &error);
  assert_fails (kin_socket_sendto (stranger, "x", 1, 0, &right, &error) >= 0, ECONNREFUSED, &error);
  assert_true (kin_socket_shutdown (a, SHUT_RDWR, NULL));
  assert_receives (a, "");
}

static void
test_datagram_too_long (void **state)
{
  g_autoptr (KinSocket) to = must_bind ("loop-dgram:small?loop.capacity=4096");
  g_autoptr (KinSocket) client = must_connect ("loop-dgram:small");
  g_autoptr (GError) error = NULL;
  static char data[4096];

  (void) state;
  assert_fails (kin_socket_send (client, data, sizeof data, 0, &error) >= 0, EMSGSIZE, &error);
  assert_int_equal (kin_socket_send (client, data, 3800, 0, &error), 3800);
  assert_int_equal (get_number (to, "loop.pending"), 3800);
}

static gpointer
take_later (gpointer socket)
{
  char data[16];

  g_usleep (SHORT);
  while (kin_socket_recv (socket, data, sizeof data, MSG_DONTWAIT, NULL) > 0)
    ;
  return NULL;
}

static void
test_full_datagram_queue (void **state)
{
  g_autoptr (KinSocket) to = must_bind ("loop-dgram:full?loop.capacity=1000");
  g_autoptr (KinSocket) client = must_connect ("loop-dgram:full");
  g_autoptr (KinSocket) other = must_connect ("loop-dgram:full");
  g_autoptr (GError) error = NULL;
  GThread *thread;

  (void) state;
  while (kin_socket_send (client, "0123456789", 10, MSG_DONTWAIT, NULL) == 10)
    ;
  assert_int_equal (errno, EAGAIN);
  assert_int_equal (poll_now (client), 0);
  assert_int_equal (poll_now (other), POLLOUT);
  assert_int_equal (kin_socket_send (other, "0123456789", 10, MSG_DONTWAIT, NULL), -1);
  assert_int_equal (poll_now (other), 0);
  thread = g_thread_new ("take", take_later, to);
  must_send (client, "waited", 6);
  must_send (other, "as well", 7);
  g_thread_join (thread);

  kin_socket_set_timeout (client, SHORT, NULL);
  while (kin_socket_send (client, "0123456789", 10, 0, NULL) == 10)
    ;
  assert_int_equal (errno, ETIMEDOUT);
  g_clear_pointer (&to, kin_socket_unref);
  assert_int_equal (poll_now (client), POLLOUT);
  assert_fails (kin_socket_send (client, "x", 1, 0, &error) >= 0, ECONNREFUSED, &error);
}

static void
test_no_control_messages (void **state)
{
  Pair pair = pair_new ("loop:control");
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GError) error = NULL;

  (void) state;
  kin_message_set_data (message, "x", 1);
  assert_true (kin_message_add_fds (message, (int[]){ 0 }, 1, NULL));
  assert_fails (kin_socket_sendmsg (pair.client, message, 0, &error) >= 0, EOPNOTSUPP, &error);
  assert_fails (kin_socket_send (pair.client, "x", 1, MSG_OOB, &error) >= 0, EOPNOTSUPP, &error);
  pair_free (&pair);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_poll),
    cmocka_unit_test (test_timeouts),
    cmocka_unit_test (test_capacity),
    cmocka_unit_test (test_ring),
    cmocka_unit_test (test_datagrams),
    cmocka_unit_test (test_datagram_from_nobody),
    cmocka_unit_test (test_truncation),
    cmocka_unit_test (test_datagram_vectors),
    cmocka_unit_test (test_datagram_peers),
    cmocka_unit_test (test_datagram_too_long),
    cmocka_unit_test (test_full_datagram_queue),
    cmocka_unit_test (test_no_control_messages),
  };

  return cmocka_run_group_tests_name ("loop-queue", tests, NULL, NULL);
}
