/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-loop: the family loop, through libkin as programs have it: names and streams.
 *
 * Needs: loop
 */
#include "loop.h"

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
  Moment began;
  GThread *thread;

  (void) state;
  assert_true (kin_socket_listen (door, 2, NULL));
  a = must_connect ("loop:queue");
  b = must_connect ("loop:queue");
  assert_fails (kin_connect ("loop:queue", 0, &error) != NULL, EAGAIN, &error);
  began = now ();
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
  };

  return cmocka_run_group_tests_name ("loop", tests, NULL, NULL);
}
