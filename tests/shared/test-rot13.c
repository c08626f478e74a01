/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-rot13: a family over any other stream, as a plugin that uses libkin's public functions, with
 * all that makes TLS hard.
 *
 * Needs: unix loop plugins shared
 */
#include "rot13.h"

/* ---- Both ways at once --------------------------------------------------------------------- */

#define LENGTH 60000

/* One end, which sends LENGTH letters and receives as many, and never waits. */
typedef struct {
  KinSocket *socket;
  gsize sent, received;
  char first; /* of the letters that it sends, 'a' or 'A' */
  gboolean is_connecting;
} End;

static char
letter (char first, gsize at)
{
  return (char) (first + (int) (at % 26));
}

static gboolean
is_through (const End *end)
{
  return end->sent == LENGTH && end->received == LENGTH;
}

static void
step_send (End *end)
{
  char data[1000];
  gsize n = MIN (sizeof data, LENGTH - end->sent);
  gssize done;

  for (gsize i = 0; i < n; i++)
    data[i] = letter (end->first, end->sent + i);
  done = n > 0 ? kin_socket_send (end->socket, data, n, 0, NULL) : 0;
  if (done < 0)
    assert_int_equal (errno, EAGAIN);
  end->sent += (gsize) MAX (done, 0);
}

static void
step_receive (End *end)
{
  char data[777];
  gssize n = kin_socket_recv (end->socket, data, sizeof data, 0, NULL);

  if (n < 0)
    assert_int_equal (errno, EAGAIN);
  for (gssize i = 0; i < n; i++)
    assert_int_equal (data[i], letter (end->first == 'a' ? 'A' : 'a', end->received++));
}

static void
step (End *end)
{
  g_autoptr (GError) error = NULL;

  if (end->is_connecting) {
    end->is_connecting = !kin_connect_continue (end->socket, &error);
    if (end->is_connecting && errno != EINPROGRESS)
      must (FALSE, error);
    return;
  }
  step_send (end);
  if (end->received < LENGTH)
    step_receive (end);
}

/* What a foreign event loop does: asks each end what it waits for. */
static void
wait_for_either (End ends[2])
{
  struct pollfd fds[2];
  int timeout = (int) (LONG / 1000);

  for (guint i = 0; i < 2; i++) {
    int wanted = ends[i].sent < LENGTH || ends[i].is_connecting ? POLLOUT : 0;
    int events;

    if (ends[i].received < LENGTH && !ends[i].is_connecting)
      wanted |= POLLIN;
    events = wanted ? kin_socket_wants (ends[i].socket, wanted, &fds[i].fd) : 0;
    assert_true (events >= 0);
    fds[i].events = (short) events;
    if (wanted && events == 0)
      timeout = 0;
    if (!wanted)
      fds[i].fd = -1;
  }
  assert_true (poll (fds, 2, timeout) > 0 || timeout == 0);
}

static void
check_both_ways (const char *inner)
{
  g_autofree char *plain = over (inner);
  g_autofree char *at = g_strconcat (plain, "?rot13.rekey=700", NULL);
  g_autofree char *to = g_strconcat (plain, "?rot13.rekey=1900", NULL);
  g_autoptr (KinSocket) door = must_listen (at), client = NULL, server = NULL;
  g_autoptr (GError) error = NULL;
  End ends[2] = { { .first = 'a', .is_connecting = TRUE }, { .first = 'A' } };

  client = kin_connect_start (to, &error);
  must (client, error);
  server = must_accept (door);
  must (kin_socket_set_timeout (server, 0, &error), error);
  ends[0].socket = client;
  ends[1].socket = server;
  while (!is_through (&ends[0]) || !is_through (&ends[1])) {
    step (&ends[0]);
    step (&ends[1]);
    if (!is_through (&ends[0]) || !is_through (&ends[1]))
      wait_for_either (ends);
  }
}

static void
test_both_ways (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (inners); i++)
    check_both_ways (inners[i]);
}

static gpointer
echo (gpointer socket)
{
  char data[1000];
  gssize n;

  while ((n = kin_socket_recv (socket, data, sizeof data, 0, NULL)) > 0)
    must_send (socket, data, (gsize) n);
  return GINT_TO_POINTER (n == 0);
}

/* The same with ends that wait, each in a thread: the client alternates, the server echoes. */
static void
check_waiting (const char *inner)
{
  g_autofree char *endpoint = over (inner);
  g_autofree char *rekeyed = g_strconcat (endpoint, "?rot13.rekey=500", NULL);
  Pair pair = pair_new (rekeyed, rekeyed);
  GThread *thread = g_thread_new ("echo", echo, pair.server);
  char out[3000], in[3000];

  for (gsize i = 0; i < sizeof out; i++)
    out[i] = letter ('a', i);
  for (guint i = 0; i < LENGTH / sizeof out; i++) {
    must_send (pair.client, out, sizeof out);
    must_receive (pair.client, in, sizeof in);
    assert_memory_equal (in, out, sizeof out);
  }
  assert_true (kin_socket_shutdown (pair.client, SHUT_WR, NULL));
  assert_int_equal (GPOINTER_TO_INT (g_thread_join (thread)), TRUE);
  pair_free (&pair);
}

static void
test_waiting (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (inners); i++)
    check_waiting (inners[i]);
}

/* ---- The wire ------------------------------------------------------------------------------ */

/* What the family puts on the wire, seen by one that reads the inner socket. */
static void
test_wire (void **state)
{
  g_autoptr (KinSocket) door = must_listen (own_name ("unix:@kin-PID-wire")), peer = NULL;
  g_autoptr (KinSocket) client = kin_connect_start (own_name ("rot13:unix:@kin-PID-wire"), NULL);
  g_autoptr (GError) error = NULL;
  char wire[16] = "";

  (void) state;
  peer = must_accept (door);
  must_receive (peer, wire, 1);
  assert_string_equal (wire, "H");
  must_send (peer, "H", 1);
  must (kin_connect_continue (client, &error), error);
  must_send (client, "Hello", 5);
  must_receive (peer, wire, 7);
  assert_string_equal (wire, "D\005Uryyb");
  must_send (peer, "D\002Uv", 4);
  assert_receives (client, "Hi");
}

/* Bytes are there though the descriptor is quiet. */
static void
check_buffered (const char *inner)
{
  g_autofree char *endpoint = over (inner);
  Pair pair = pair_new (endpoint, endpoint);
  char data[8] = "";
  int fd = -1;

  must_send (pair.client, "0123456789", 10);
  must_receive (pair.server, data, 1);
  assert_int_equal (kin_socket_wants (pair.server, POLLIN, &fd), 0);
  assert_int_equal (fd, kin_socket_fd (pair.server));
  assert_int_equal (kin_socket_recv (pair.server, data, 3, MSG_PEEK, NULL), 3);
  assert_string_equal (data, "123");
  assert_receives (pair.server, "123456789");
  assert_int_equal (kin_socket_wants (pair.server, POLLIN, NULL), POLLIN);
  assert_int_equal (kin_socket_recv (pair.server, data, 1, MSG_DONTWAIT, NULL), -1);
  assert_int_equal (errno, EAGAIN);
  assert_int_equal (poll_now (pair.server) & POLLIN, 0);
  pair_free (&pair);
}

static void
test_buffered (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (inners); i++)
    check_buffered (inners[i]);
}

static void
test_send_waits_for_input (void **state)
{
  Pair pair = pair_new ("rot13:loop:rekey", "rot13:loop:rekey?rot13.rekey=10");
  g_autoptr (GError) error = NULL;

  (void) state;
  assert_int_equal (kin_socket_wants (pair.client, POLLOUT, NULL), POLLOUT);
  must_send (pair.client, "0123456789", 10);
  assert_int_equal (kin_socket_wants (pair.client, POLLOUT, NULL), POLLIN);
  assert_fails (kin_socket_send (pair.client, "x", 1, MSG_DONTWAIT, &error) >= 0, EAGAIN, &error);
  assert_receives (pair.server, "0123456789"); /* and answers */
  must_send (pair.client, "more", 4);
  assert_receives (pair.server, "more");
  pair_free (&pair);
}

/* A send that has to take input first, more than it has room for. */
static void
test_no_room_for_input (void **state)
{
  Pair pair = pair_new (own_name ("rot13:unix:@kin-PID-room"),
                        own_name ("rot13:unix:@kin-PID-room?rot13.rekey=1"));
  static const char data[1000];
  gssize n = 0;

  (void) state;
  must_send (pair.client, "x", 1);
  for (guint i = 0; i < 1000 && n != -1; i++) {
    while (kin_socket_send (pair.server, data, sizeof data, MSG_DONTWAIT, NULL) > 0)
      ;
    n = kin_socket_send (pair.client, "y", 1, MSG_DONTWAIT, NULL);
    n = n == -1 && errno == EAGAIN ? 0 : n;
  }
  assert_int_equal (n, -1);
  assert_int_equal (errno, ENOBUFS);
  pair_free (&pair);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_both_ways),
    cmocka_unit_test (test_waiting),
    cmocka_unit_test (test_wire),
    cmocka_unit_test (test_buffered),
    cmocka_unit_test (test_send_waits_for_input),
    cmocka_unit_test (test_no_room_for_input),
  };

  return cmocka_run_group_tests_name ("rot13", tests, rot13_setup, NULL);
}
