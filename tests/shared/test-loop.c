/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-loop: the family loop, through libkin as programs have it.
 *
 * Needs: loop
 */
#include "sockets.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* A connection, both ends. */
typedef struct {
  KinSocket *door, *client, *server;
} Pair;

static Pair
pair_new (const char *endpoint)
{
  Pair pair = { .door = must_listen (endpoint) };

  pair.client = must_connect (endpoint);
  pair.server = must_accept (pair.door);
  return pair;
}

static void
pair_free (Pair *pair)
{
  kin_socket_unref (pair->client);
  kin_socket_unref (pair->server);
  kin_socket_unref (pair->door);
}

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

static gint64
get_number (KinSocket *socket, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = kin_socket_get_option (socket, name, &error);

  must (value, error);
  return g_variant_get_int64 (value);
}

static void
set_number (KinSocket *socket, const char *name, gint64 number)
{
  g_autoptr (GError) error = NULL;

  must (kin_socket_set_option (socket, name, g_variant_new_int64 (number), &error), error);
}

/* ---- Streams ------------------------------------------------------------------------------- */

static void
test_stream (void **state)
{
  Pair pair = pair_new ("loop:hello");

  (void) state;
  must_send (pair.client, "to the server", 13);
  assert_receives (pair.server, "to the server");
  must_send (pair.server, "to the client", 13);
  assert_receives (pair.client, "to the client");
  assert_true (fcntl (kin_socket_fd (pair.client), F_GETFD) & FD_CLOEXEC);
  assert_true (fcntl (kin_socket_fd (pair.server), F_GETFD) & FD_CLOEXEC);
  pair_free (&pair);
}

static void
test_stream_names (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("loop:names"), server = NULL;
  g_autoptr (KinSocket) client = kin_socket_new ("loop", NULL);
  g_autofree char *at_server = NULL, *at_client = NULL, *peer = NULL;
  KinAddress address, from;

  (void) state;
  assert_true (kin_address_parse (&address, "loop:me", NULL));
  assert_true (kin_socket_bind (client, &address, NULL));
  assert_true (kin_address_parse (&address, "loop:names", NULL));
  assert_true (kin_socket_connect (client, &address, NULL));
  server = kin_socket_accept (door, &from, NULL);
  peer = kin_address_format (&from);
  assert_string_equal (peer, "loop:me");
  at_server = peer_text (server);
  at_client = peer_text (client);
  assert_string_equal (at_server, "loop:me");
  assert_string_equal (at_client, "loop:names");
  assert_int_equal (kin_socket_type (server), SOCK_STREAM);
  assert_string_equal (kin_socket_scheme (server), "loop");
}

static void
test_unnamed (void **state)
{
  Pair pair = pair_new ("loop:unnamed");
  g_autofree char *own = local_text (pair.client), *peer = peer_text (pair.server);
  g_autofree char *servers = local_text (pair.server);

  (void) state;
  assert_string_equal (own, "loop:");
  assert_string_equal (peer, "loop:");
  assert_string_equal (servers, "loop:unnamed");
  pair_free (&pair);
}

static void
test_chosen_names (void **state)
{
  g_autoptr (KinSocket) first = must_listen ("loop:"), second = must_listen ("loop:");
  g_autofree char *one = local_text (first), *two = local_text (second);
  g_autoptr (KinSocket) client = must_connect (one), server = must_accept (first);

  (void) state;
  assert_string_not_equal (one, two);
  must_send (client, "x", 1);
  assert_receives (server, "x");
}

static void
test_taken_names (void **state)
{
  g_autoptr (KinSocket) taken = must_bind ("loop:taken"), other = NULL, again = NULL;
  g_autoptr (GError) error = NULL;
  KinAddress address;

  (void) state;
  assert_null (kin_bind ("loop:taken", &error));
  assert_non_null (strstr (error->message, "another socket of this process has that name"));
  assert_fails (FALSE, EADDRINUSE, &error);
  assert_true (kin_address_parse (&address, "loop:second", NULL));
  assert_fails (kin_socket_bind (taken, &address, &error), EINVAL, &error);
  other = must_bind ("loop-dgram:taken"); /* types have names of their own */
  g_clear_pointer (&taken, kin_socket_unref);
  again = must_bind ("loop:taken");
}

static void
test_nobody_listens (void **state)
{
  g_autoptr (KinSocket) bound = must_bind ("loop:bound");
  g_autoptr (GError) error = NULL;

  (void) state;
  assert_fails (kin_connect ("loop:nobody", LONG, &error) != NULL, ECONNREFUSED, &error);
  assert_fails (kin_connect ("loop:bound", LONG, &error) != NULL, ECONNREFUSED, &error);
  must (kin_socket_listen (bound, 1, &error), error);
  g_clear_pointer (&bound, kin_socket_unref);
  assert_fails (kin_connect ("loop:bound", LONG, &error) != NULL, ECONNREFUSED, &error);
}

static void
test_wrong_order (void **state)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("loop", NULL);
  g_autoptr (KinSocket) datagram = kin_socket_new ("loop-dgram", NULL);
  Pair pair = pair_new ("loop:order");
  g_autoptr (GError) error = NULL;
  KinAddress address;
  char byte;

  (void) state;
  assert_true (kin_address_parse (&address, "loop:order", NULL));
  assert_fails (kin_socket_listen (socket, 1, &error), EINVAL, &error);
  assert_fails (kin_socket_listen (datagram, 1, &error), EOPNOTSUPP, &error);
  assert_fails (kin_socket_send (socket, "x", 1, 0, &error) >= 0, ENOTCONN, &error);
  assert_fails (kin_socket_recv (socket, &byte, 1, 0, &error) >= 0, ENOTCONN, &error);
  assert_fails (kin_socket_shutdown (socket, SHUT_WR, &error), ENOTCONN, &error);
  assert_fails (kin_socket_accept (socket, NULL, &error) != NULL, EINVAL, &error);
  assert_fails (kin_socket_connect (pair.client, &address, &error), EISCONN, &error);
  assert_fails (kin_socket_connect (pair.door, &address, &error), EINVAL, &error);
  assert_fails (kin_socket_bind (pair.client, &address, &error), EINVAL, &error);
  assert_fails (kin_socket_shutdown (pair.client, 7, &error), EINVAL, &error);
  assert_fails (kin_socket_send (datagram, "x", 1, 0, &error) >= 0, ENOTCONN, &error);
  pair_free (&pair);
}

static void
test_peek (void **state)
{
  Pair pair = pair_new ("loop:peek");
  char data[8] = "";

  (void) state;
  must_send (pair.client, "abc", 3);
  assert_int_equal (kin_socket_recv (pair.server, data, 2, MSG_PEEK, NULL), 2);
  assert_string_equal (data, "ab");
  assert_int_equal (get_number (pair.server, "loop.pending"), 3);
  assert_receives (pair.server, "abc");
  assert_int_equal (get_number (pair.server, "loop.pending"), 0);
  pair_free (&pair);
}

static void
test_shutdown_write (void **state)
{
  Pair pair = pair_new ("loop:half");
  g_autoptr (GError) error = NULL;

  (void) state;
  must_send (pair.client, "last words", 10);
  assert_true (kin_socket_shutdown (pair.client, SHUT_WR, NULL));
  assert_receives (pair.server, "last words");
  assert_receives (pair.server, "");
  assert_fails (kin_socket_send (pair.client, "x", 1, 0, &error) >= 0, EPIPE, &error);
  must_send (pair.server, "still heard", 11);
  assert_receives (pair.client, "still heard");
  pair_free (&pair);
}

static void
test_shutdown_read (void **state)
{
  Pair pair = pair_new ("loop:deaf");
  g_autoptr (GError) error = NULL;

  (void) state;
  must_send (pair.server, "before", 6);
  assert_true (kin_socket_shutdown (pair.client, SHUT_RD, NULL));
  assert_fails (kin_socket_send (pair.server, "x", 1, 0, &error) >= 0, EPIPE, &error);
  assert_receives (pair.client, "before");
  assert_receives (pair.client, "");
  pair_free (&pair);
}

static void
test_close_leaves_data (void **state)
{
  Pair pair = pair_new ("loop:gone");
  g_autoptr (GError) error = NULL;
  g_autofree char *peer = NULL;

  (void) state;
  must_send (pair.client, "unread", 6);
  kin_socket_unref (g_steal_pointer (&pair.client));
  assert_fails (kin_socket_send (pair.server, "x", 1, 0, &error) >= 0, EPIPE, &error);
  assert_int_equal (poll_now (pair.server), POLLIN | POLLOUT);
  assert_receives (pair.server, "unread");
  assert_receives (pair.server, "");
  assert_receives (pair.server, "");
  assert_int_equal (poll_now (pair.server), POLLIN | POLLOUT);
  peer = peer_text (pair.server);
  assert_string_equal (peer, "loop:");
  kin_socket_unref (pair.server);
  kin_socket_unref (pair.door);
}

/* ---- The backlog --------------------------------------------------------------------------- */

static gpointer
accept_later (gpointer door)
{
  g_usleep (SHORT);
  return must_accept (door);
}

static void
test_backlog (void **state)
{
  g_autoptr (KinSocket) door = must_bind ("loop:queue"), a = NULL, b = NULL, c = NULL, s = NULL;
  g_autoptr (GError) error = NULL;
  gint64 began;
  GThread *thread;

  (void) state;
  assert_true (kin_socket_listen (door, 2, NULL));
  a = must_connect ("loop:queue");
  b = must_connect ("loop:queue");
  assert_fails (kin_connect ("loop:queue", 0, &error) != NULL, EAGAIN, &error);
  began = g_get_monotonic_time ();
  assert_null (kin_connect ("loop:queue", SHORT, &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
  assert_waited (began, SHORT);

  thread = g_thread_new ("accept", accept_later, door);
  c = must_connect ("loop:queue"); /* waits for the accept */
  s = g_thread_join (thread);
  must_send (a, "a", 1);
  assert_receives (s, "a"); /* first come, first accepted */
}

static void
test_never_accepted (void **state)
{
  guint before = count_fds ();
  g_autoptr (GError) error = NULL;
  KinSocket *door = must_listen ("loop:ignored"), *clients[5];

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++) {
    clients[i] = must_connect ("loop:ignored");
    must_send (clients[i], "hello?", 6);
  }
  kin_socket_unref (clients[2]); /* gone before it is accepted */
  assert_int_equal (poll_now (door), POLLIN | POLLOUT);
  kin_socket_unref (must_accept (door));
  kin_socket_unref (door);
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    if (i != 2) {
      assert_receives (clients[i], "");
      assert_fails (kin_socket_send (clients[i], "x", 1, 0, &error) >= 0, EPIPE, &error);
      kin_socket_unref (clients[i]);
    }
  assert_int_equal (count_fds (), before);
}

static void
test_accept_gone_client (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("loop:early"), server = NULL;
  KinSocket *client = must_connect ("loop:early");

  (void) state;
  must_send (client, "left", 4);
  kin_socket_unref (client);
  server = must_accept (door);
  assert_receives (server, "left");
  assert_receives (server, "");
}

static gpointer
shut_later (gpointer door)
{
  g_usleep (SHORT);
  kin_socket_shutdown (door, SHUT_RD, NULL);
  return NULL;
}

static void
test_shutdown_ends_accept (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("loop:shut");
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("shut", shut_later, door);

  (void) state;
  assert_fails (kin_socket_accept (door, NULL, &error) != NULL, EINVAL, &error);
  g_thread_join (thread);
  assert_fails (kin_connect ("loop:shut", LONG, &error) != NULL, ECONNREFUSED, &error);
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
  gint64 began = g_get_monotonic_time ();
  char byte;

  (void) state;
  kin_socket_set_timeout (pair.client, SHORT, NULL);
  assert_int_equal (kin_socket_recv (pair.client, &byte, 1, 0, &error), -1);
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
  assert_waited (began, SHORT);
  fill (pair.client);
  began = g_get_monotonic_time ();
  assert_int_equal (kin_socket_send (pair.client, "x", 1, 0, NULL), -1);
  assert_int_equal (errno, ETIMEDOUT);
  assert_waited (began, SHORT);
  kin_socket_set_timeout (pair.door, SHORT, NULL);
  began = g_get_monotonic_time ();
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

/* ---- Threads ------------------------------------------------------------------------------- */

#define FLOOD ((gsize) 32 << 20)

static guint8
pattern (gsize at)
{
  return (guint8) (at ^ at >> 8 ^ at >> 16);
}

static gpointer
flood (gpointer socket)
{
  guint8 data[5000];

  for (gsize at = 0; at < FLOOD;) {
    gsize n = MIN (sizeof data, FLOOD - at);

    for (gsize i = 0; i < n; i++)
      data[i] = pattern (at + i);
    must_send (socket, data, n);
    at += n;
  }
  return NULL;
}

static gpointer
drain (gpointer socket)
{
  guint8 data[7001];
  gsize at = 0;

  while (at < FLOOD) {
    gssize n = kin_socket_recv (socket, data, sizeof data, 0, NULL);

    if (n <= 0)
      break;
    for (gssize i = 0; i < n; i++)
      if (data[i] != pattern (at + (gsize) i))
        return GSIZE_TO_POINTER (at + 1);
    at += (gsize) n;
  }
  return GSIZE_TO_POINTER (at);
}

/* Both ways at once, two threads at either end. */
static void
test_flood (void **state)
{
  Pair pair = pair_new ("loop:flood");
  GThread *a = g_thread_new ("flood", flood, pair.client);
  GThread *b = g_thread_new ("flood", flood, pair.server);
  GThread *c = g_thread_new ("drain", drain, pair.client);

  (void) state;
  assert_int_equal (GPOINTER_TO_SIZE (drain (pair.server)), FLOOD);
  assert_int_equal (GPOINTER_TO_SIZE (g_thread_join (c)), FLOOD);
  g_thread_join (a);
  g_thread_join (b);
  pair_free (&pair);
}

#define SENDERS 4
#define EACH    5000

static gpointer
send_numbers (gpointer number)
{
  g_autoptr (KinSocket) socket = must_connect ("loop-dgram:collector");
  guint32 message[2] = { GPOINTER_TO_UINT (number), 0 };

  for (; message[1] < EACH; message[1]++)
    must_send (socket, message, sizeof message);
  return NULL;
}

/* Nothing is lost, and each sender's stay in order, though the queue is full most of the time. */
static void
test_many_senders (void **state)
{
  g_autoptr (KinSocket) to = must_bind ("loop-dgram:collector?loop.capacity=2000");
  guint32 next[SENDERS] = { 0 }, message[2];
  GThread *threads[SENDERS];

  (void) state;
  for (guint i = 0; i < SENDERS; i++)
    threads[i] = g_thread_new ("send", send_numbers, GUINT_TO_POINTER (i));
  for (guint i = 0; i < SENDERS * EACH; i++) {
    assert_int_equal (kin_socket_recv (to, message, sizeof message, 0, NULL), sizeof message);
    assert_int_equal (message[1], next[message[0]]++);
  }
  for (guint i = 0; i < SENDERS; i++)
    g_thread_join (threads[i]);
}

static gpointer
talk_until_end (gpointer socket)
{
  char data[100] = { 0 };

  while (kin_socket_send (socket, data, sizeof data, 0, NULL) > 0
         && kin_socket_recv (socket, data, sizeof data, MSG_DONTWAIT, NULL) != 0)
    ;
  return NULL;
}

/* One end closes, without a word, while the other is at work. */
static void
test_close_races (void **state)
{
  guint before = count_fds ();

  (void) state;
  for (guint i = 0; i < 500; i++) {
    Pair pair = pair_new ("loop:race");
    GThread *thread = g_thread_new ("talk", talk_until_end, pair.server);
    char data[64];

    for (guint j = 0; j < i % 17; j++)
      kin_socket_recv (pair.client, data, sizeof data, MSG_DONTWAIT, NULL);
    kin_socket_unref (g_steal_pointer (&pair.client));
    g_thread_join (thread);
    kin_socket_unref (pair.server);
    kin_socket_unref (pair.door);
  }
  assert_int_equal (count_fds (), before);
}

static gpointer
come_and_go (gpointer count)
{
  for (guint i = 0; i < 300; i++) {
    g_autoptr (KinSocket) socket = kin_connect ("loop:busy", LONG, NULL);

    if (socket && kin_socket_send (socket, "x", 1, 0, NULL) == 1)
      g_atomic_int_inc ((gint *) count);
  }
  return NULL;
}

/* Connects, accepts and closes in several threads. */
static void
test_connect_races (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("loop:busy");
  GThread *threads[4];
  gint count = 0;

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("come", come_and_go, &count);
  for (guint i = 0; i < 300 * G_N_ELEMENTS (threads); i++) {
    g_autoptr (KinSocket) server = must_accept (door);

    assert_receives (server, "x");
  }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  assert_int_equal (count, 300 * G_N_ELEMENTS (threads));
}

/* ---- Forks, and the kernel ----------------------------------------------------------------- */

#define CHILD_MUST(truth)                                                                          \
  do {                                                                                             \
    if (!(truth))                                                                                  \
      _exit (__LINE__ % 250 + 1);                                                                  \
  } while (0)

static int
wait_for (pid_t child)
{
  int status;

  assert_int_equal (waitpid (child, &status, 0), child);
  return status;
}

static void
use_in_child (Pair *pair, KinSocket *datagram)
{
  KinAddress address;
  Pair own;
  char byte;

  kin_address_parse (&address, "loop:elsewhere", NULL);
  CHILD_MUST (kin_socket_send (pair->client, "x", 1, 0, NULL) == -1 && errno == EBADF);
  CHILD_MUST (kin_socket_recv (pair->client, &byte, 1, 0, NULL) == -1 && errno == EBADF);
  CHILD_MUST (!kin_socket_accept (pair->door, NULL, NULL) && errno == EBADF);
  CHILD_MUST (!kin_socket_listen (pair->door, 1, NULL) && errno == EBADF);
  CHILD_MUST (!kin_socket_shutdown (pair->client, SHUT_RDWR, NULL) && errno == EBADF);
  CHILD_MUST (!kin_socket_local (pair->client, &address, NULL) && errno == EBADF);
  CHILD_MUST (kin_socket_send (datagram, "x", 1, 0, NULL) == -1 && errno == EBADF);
  CHILD_MUST (!kin_socket_get_option (pair->client, "loop.pending", NULL) && errno == EBADF);
  CHILD_MUST (!kin_connect ("loop:parent", 0, NULL) && errno == ECONNREFUSED);

  own = pair_new ("loop:parent"); /* the child's own name: nobody has it here */
  must_send (own.client, "child", 5);
  assert_receives (own.server, "child");
  CHILD_MUST (kin_socket_send (pair->client, "x", 1, 0, NULL) == -1 && errno == EBADF);
  pair_free (&own);
  pair_free (pair);
  kin_socket_unref (datagram);
}

static void
test_fork (void **state)
{
  Pair pair = pair_new ("loop:parent");
  g_autoptr (KinSocket) to = must_bind ("loop-dgram:parent");
  g_autoptr (KinSocket) datagram = must_connect ("loop-dgram:parent");
  pid_t child;

  (void) state;
  must_send (pair.client, "before", 6);
  child = fork ();
  if (child == 0) {
    use_in_child (&pair, datagram);
    _exit (0);
  }
  assert_int_equal (wait_for (child), 0);
  assert_receives (pair.server, "before");
  must_send (pair.server, "after", 5);
  assert_receives (pair.client, "after");
  must_send (datagram, "still", 5);
  assert_receives (to, "still");
  pair_free (&pair);
}

/* Another thread holds the family's lock most of the time when the process forks. */
static void
test_fork_while_busy (void **state)
{
  Pair pair = pair_new ("loop:busy-fork");
  GThread *thread = g_thread_new ("flood", flood, pair.client);
  GThread *reader = g_thread_new ("drain", drain, pair.server);

  (void) state;
  for (guint i = 0; i < 50; i++) {
    pid_t child = fork ();

    if (child == 0) {
      alarm (20);
      CHILD_MUST (kin_socket_send (pair.client, "x", 1, 0, NULL) == -1 && errno == EBADF);
      kin_socket_unref (pair.client);
      pair = pair_new ("loop:busy-fork");
      must_send (pair.client, "x", 1);
      assert_receives (pair.server, "x");
      _exit (0);
    }
    assert_int_equal (wait_for (child), 0);
  }
  g_thread_join (thread);
  assert_int_equal (GPOINTER_TO_SIZE (g_thread_join (reader)), FLOOD);
  pair_free (&pair);
}

/* In strict mode the kernel kills whoever calls anything but read, write and exit. */
static void
exchange_without_system_calls (void)
{
  Pair pair = pair_new ("loop:strict");
  KinSocket *to = must_bind ("loop-dgram:strict"), *from = must_connect ("loop-dgram:strict");
  char data[64] = "x";

  must_send (pair.client, data, sizeof data); /* the bell rings once */
  must_receive (pair.server, data, sizeof data);
  must_send (from, data, sizeof data);
  must_receive (to, data, sizeof data);
  CHILD_MUST (prctl (PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
  for (guint i = 0; i < 10000; i++) {
    if (kin_socket_send (pair.client, data, sizeof data, 0, NULL) != sizeof data
        || kin_socket_recv (pair.server, data, sizeof data, 0, NULL) != sizeof data
        || kin_socket_send (from, data, sizeof data, 0, NULL) != sizeof data
        || kin_socket_recv (to, data, sizeof data, 0, NULL) != sizeof data)
      syscall (SYS_exit, 1);
  }
  syscall (SYS_exit, 0);
}

static void
test_no_system_calls (void **state)
{
  pid_t child;
  int status;

  (void) state;
  child = fork ();
  if (child == 0)
    exchange_without_system_calls ();
  status = wait_for (child);
  if (WIFSIGNALED (status))
    fail_msg ("killed by signal %d: a pair of send and receive made a system call",
              WTERMSIG (status));
  assert_int_equal (status, 0);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_stream),
    cmocka_unit_test (test_stream_names),
    cmocka_unit_test (test_unnamed),
    cmocka_unit_test (test_chosen_names),
    cmocka_unit_test (test_taken_names),
    cmocka_unit_test (test_nobody_listens),
    cmocka_unit_test (test_wrong_order),
    cmocka_unit_test (test_peek),
    cmocka_unit_test (test_shutdown_write),
    cmocka_unit_test (test_shutdown_read),
    cmocka_unit_test (test_close_leaves_data),
    cmocka_unit_test (test_backlog),
    cmocka_unit_test (test_never_accepted),
    cmocka_unit_test (test_accept_gone_client),
    cmocka_unit_test (test_shutdown_ends_accept),
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
    cmocka_unit_test (test_flood),
    cmocka_unit_test (test_many_senders),
    cmocka_unit_test (test_close_races),
    cmocka_unit_test (test_connect_races),
    cmocka_unit_test (test_fork),
    cmocka_unit_test (test_fork_while_busy),
    cmocka_unit_test (test_no_system_calls),
  };

  return cmocka_run_group_tests_name ("loop", tests, NULL, NULL);
}
