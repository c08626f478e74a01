/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-rot13: a family over any other stream, with all that makes TLS hard, as a plugin that uses
 * libkin's public functions: the fixture rot13.
 *
 * Needs: unix loop plugins shared
 */
#include "sockets.h"

#include <sys/socket.h>

/* What it stands over. */
static const char *const inners[] = {
  "unix:@kin-test-rot13",
  "loop:rot13",
  "rot13:unix:@kin-test-rot13",
  "rot13:rot13:loop:rot13",
};

static char *
over (const char *inner)
{
  return g_strconcat ("rot13:", inner, NULL);
}

/* ---- A connection, both ends --------------------------------------------------------------- */

typedef struct {
  KinSocket *door, *client, *server;
} Pair;

static gpointer
connect_and_wait (gpointer endpoint)
{
  KinSocket *client = must_connect (endpoint);

  assert_receives (client, "hello");
  return client;
}

/* The acceptor's half of the handshake is its first send's. */
static Pair
pair_new (const char *at, const char *to)
{
  Pair pair = { .door = must_listen (at) };
  GThread *thread = g_thread_new ("connect", connect_and_wait, (gpointer) to);

  pair.server = must_accept (pair.door);
  must_send (pair.server, "hello", 5);
  pair.client = g_thread_join (thread);
  return pair;
}

static void
pair_free (Pair *pair)
{
  kin_socket_unref (pair->client);
  kin_socket_unref (pair->server);
  kin_socket_unref (pair->door);
}

static gint64
get_number (KinSocket *socket, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = kin_socket_get_option (socket, name, &error);

  must (value, error);
  return g_variant_get_int64 (value);
}

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
  g_autoptr (KinSocket) door = must_listen ("unix:@kin-test-wire"), peer = NULL;
  g_autoptr (KinSocket) client = kin_connect_start ("rot13:unix:@kin-test-wire", NULL);
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
  Pair pair = pair_new ("rot13:unix:@kin-test-room", "rot13:unix:@kin-test-room?rot13.rekey=1");
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

/* ---- Time ---------------------------------------------------------------------------------- */

static void
assert_times_out (gboolean is_done, gint64 began, GError **error)
{
  assert_false (is_done);
  assert_int_equal (errno, ETIMEDOUT);
  assert_waited (began, SHORT);
  assert_true (g_error_matches (*error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
  g_clear_error (error);
}

static void
test_connect_to_silence (void **state)
{
  const char *silent[][2] = {
    { "unix:@kin-test-silent", "rot13:unix:@kin-test-silent" },
    { "loop:silent", "rot13:loop:silent" },
    { "loop:silent", "rot13:rot13:loop:silent" },
  };
  guint before = count_fds ();

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (silent); i++) {
    G_GNUC_UNUSED g_autoptr (KinSocket) door = must_listen (silent[i][0]);
    g_autoptr (GError) error = NULL;
    gint64 began = g_get_monotonic_time ();

    assert_times_out (kin_connect (silent[i][1], SHORT, &error) != NULL, began, &error);
    assert_fails (kin_connect (silent[i][1], 0, &error) != NULL, EINPROGRESS, &error);
  }
  assert_int_equal (count_fds (), before);
}

static void
check_timeouts (const char *inner)
{
  g_autofree char *endpoint = over (inner);
  g_autofree char *rekeyed = g_strconcat (endpoint, "?rot13.rekey=4", NULL);
  Pair pair = pair_new (endpoint, rekeyed);
  g_autoptr (GError) error = NULL;
  gint64 began = g_get_monotonic_time ();
  char byte;

  kin_socket_set_timeout (pair.client, SHORT, NULL);
  assert_times_out (kin_socket_recv (pair.client, &byte, 1, 0, &error) >= 0, began, &error);
  must_send (pair.client, "full", 4);
  began = g_get_monotonic_time ();
  assert_times_out (kin_socket_send (pair.client, "x", 1, 0, &error) >= 0, began, &error);
  kin_socket_set_timeout (pair.door, SHORT, NULL);
  began = g_get_monotonic_time ();
  assert_times_out (kin_socket_accept (pair.door, NULL, &error) != NULL, began, &error);
  pair_free (&pair);
}

static void
test_timeouts (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (inners); i++)
    check_timeouts (inners[i]);
}

static gpointer
cancel_later (gpointer cancel)
{
  g_usleep (SHORT);
  kin_cancel_cancel (cancel);
  return NULL;
}

static void
test_cancelled_connect (void **state)
{
  G_GNUC_UNUSED g_autoptr (KinSocket) door = must_listen ("unix:@kin-test-cancel");
  g_autoptr (KinCancel) cancel = kin_cancel_new (NULL);
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("cancel", cancel_later, cancel);

  (void) state;
  assert_null (kin_connect_cancellable ("rot13:unix:@kin-test-cancel", LONG, cancel, &error));
  assert_int_equal (errno, ECANCELED);
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_CANCELLED));
  g_thread_join (thread);
}

/* ---- Names and options --------------------------------------------------------------------- */

static void
test_names (void **state)
{
  Pair pair = pair_new ("rot13:loop:names", "rot13:loop:names");
  g_autofree char *own = local_text (pair.server), *peer = peer_text (pair.client);
  g_autoptr (GError) error = NULL;
  KinAddress address;

  (void) state;
  assert_string_equal (own, "loop:names");
  assert_string_equal (peer, "loop:names");
  assert_string_equal (kin_socket_scheme (pair.client), "rot13");
  assert_true (kin_socket_local (pair.door, &address, NULL));
  assert_fails (kin_socket_connect (pair.client, &address, &error), EOPNOTSUPP, &error);
  assert_fails (kin_socket_sendto (pair.client, "x", 1, 0, &address, &error) >= 0, EOPNOTSUPP,
                &error);
  pair_free (&pair);
}

static void
test_accepted_peer (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("rot13:loop:peer"), server = NULL;
  g_autoptr (KinSocket) client = kin_connect_start ("rot13:loop:peer", NULL);
  g_autofree char *text = NULL;
  KinAddress peer;

  (void) state;
  assert_non_null (client);
  server = kin_socket_accept (door, &peer, NULL);
  assert_non_null (server);
  text = kin_address_format (&peer); /* the inner socket's: rot13 has no addresses */
  assert_string_equal (text, "loop:");
}

/* Longer than the 128 bytes that an address has. */
static void
test_long_endpoints (void **state)
{
  g_autofree char *name = g_strnfill (107, 'n'), *nested = g_strdup ("loop:nest");
  g_autofree char *at = g_strdup_printf ("rot13:loop:%s", name);
  g_autofree char *to =
      g_strdup_printf ("rot13:loop:%s?loop.capacity=5000&rot13.rekey=77&loop.capacity=6000", name);
  Pair pair = pair_new (at, to);

  (void) state;
  assert_true (strlen (to) > 128);
  assert_int_equal (get_number (pair.client, "loop.capacity"), 6000);
  pair_free (&pair);

  for (guint i = 0; i < 25; i++) {
    char *outer = over (nested);

    g_free (nested);
    nested = outer;
  }
  assert_true (strlen (nested) > 128);
  pair = pair_new (nested, nested);
  must_send (pair.client, "through all of them", 19);
  assert_receives (pair.server, "through all of them");
  pair_free (&pair);
}

static void
test_options (void **state)
{
  Pair pair = pair_new ("rot13:unix:@kin-test-options?rot13.rekey=5&unix.passcred=1",
                        "rot13:unix:@kin-test-options?rot13.rekey=77&so.sndbuf=20000");
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  (void) state;
  assert_int_equal (get_number (pair.client, "rot13.rekey"), 77);
  assert_int_equal (get_number (pair.client, "so.sndbuf"), 40000); /* the kernel doubles it */
  assert_int_equal (get_number (pair.server, "rot13.rekey"), 5);
  text = kin_socket_get_option_text (pair.door, "unix.passcred", &error);
  must (text, error);
  assert_string_equal (text, "1");
  must (kin_socket_set_option (pair.client, "rot13.rekey", g_variant_new_int32 (8), &error), error);
  must (kin_socket_set_option_text (pair.client, "so.rcvbuf", "30000", &error), error);
  assert_int_equal (get_number (pair.client, "rot13.rekey"), 8);
  assert_int_equal (get_number (pair.client, "so.rcvbuf"), 60000);
  assert_null (kin_socket_get_option (pair.client, "loop.capacity", &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_NO_SUCH_OPTION));
  pair_free (&pair);
}

/* ---- What fails ---------------------------------------------------------------------------- */

static void
assert_says (GError **error, int code, const char *outer, const char *inner)
{
  assert_int_equal (errno, code);
  assert_non_null (*error);
  if (!strstr ((*error)->message, outer) || !strstr ((*error)->message, inner))
    fail_msg ("%s", (*error)->message);
  assert_int_equal ((*error)->code, code);
  assert_true ((*error)->domain == KIN_OS_ERROR);
  g_clear_error (error);
}

/* The inner socket's sentence, and what to do about it, are not lost on the way. */
static void
test_inner_sentence (void **state)
{
  G_GNUC_UNUSED g_autoptr (KinSocket) taken = must_listen ("loop:rot13-taken");
  g_autoptr (GError) error = NULL;

  (void) state;
  assert_null (kin_connect ("rot13:unix:/nowhere/x.sock", LONG, &error));
  assert_says (&error, ENOENT, "rot13:unix:/nowhere/x.sock", "is the program that listens on it");
  assert_null (kin_connect ("rot13:rot13:loop:nobody", LONG, &error));
  assert_says (&error, ECONNREFUSED, "rot13:rot13:loop:nobody", "no socket of this process");
  assert_null (kin_listen ("rot13:loop:rot13-taken", &error));
  assert_says (&error, EADDRINUSE, "rot13:loop:rot13-taken", "another socket of this process");
  assert_null (kin_connect ("rot13:unx:/x", LONG, &error));
  assert_int_equal (errno, EAFNOSUPPORT);
  assert_non_null (strstr (error->message, "did you mean unix?"));
  g_clear_error (&error);
  assert_null (kin_connect ("rot13:", LONG, &error));
  assert_non_null (error);
  g_clear_error (&error);
  assert_null (kin_connect ("rot13:loop:x?loop.nothing=1", LONG, &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_NO_SUCH_OPTION));
}

typedef struct {
  KinSocket *door;
  const char *answer;
} Answer;

static gpointer
answer_once (gpointer data)
{
  Answer *answer = data;
  g_autoptr (KinSocket) peer = must_accept (answer->door);
  char byte;

  must_receive (peer, &byte, 1);
  must_send (peer, answer->answer, strlen (answer->answer));
  return NULL;
}

static void
check_handshake (const char *answer, int code)
{
  g_autoptr (KinSocket) door = must_listen ("unix:@kin-test-broken");
  g_autoptr (GError) error = NULL;
  Answer call = { .door = door, .answer = answer };
  GThread *thread = g_thread_new ("answer", answer_once, &call);

  assert_fails (kin_connect ("rot13:unix:@kin-test-broken", LONG, &error) != NULL, code, &error);
  g_thread_join (thread);
}

static void
test_broken_handshake (void **state)
{
  (void) state;
  check_handshake ("", ECONNRESET);
  check_handshake ("?", EPROTO);
  check_handshake ("HH", EPROTO);
  check_handshake ("A", EPROTO);
}

/* No SIGPIPE, whose default would end this program. */
static void
check_gone_peer (const char *inner)
{
  g_autofree char *endpoint = over (inner);
  Pair pair = pair_new (endpoint, endpoint);
  gssize n = 0;

  must_send (pair.server, "last words", 10);
  kin_socket_unref (g_steal_pointer (&pair.server));
  for (guint i = 0; i < 10 && n >= 0; i++)
    n = kin_socket_send (pair.client, "x", 1, 0, NULL);
  assert_int_equal (n, -1);
  assert_int_equal (errno, EPIPE);
  assert_receives (pair.client, "last words");
  assert_receives (pair.client, "");
  kin_socket_unref (pair.client);
  kin_socket_unref (pair.door);
}

static void
test_gone_peer (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (inners); i++)
    check_gone_peer (inners[i]);
}

static void
test_nothing_left (void **state)
{
  guint before = count_fds ();

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (inners); i++) {
    g_autofree char *endpoint = over (inners[i]);
    Pair pair = pair_new (endpoint, endpoint);

    pair_free (&pair);
    kin_socket_unref (must_listen (endpoint));
  }
  assert_int_equal (count_fds (), before);
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
    cmocka_unit_test (test_connect_to_silence),
    cmocka_unit_test (test_timeouts),
    cmocka_unit_test (test_cancelled_connect),
    cmocka_unit_test (test_names),
    cmocka_unit_test (test_accepted_peer),
    cmocka_unit_test (test_long_endpoints),
    cmocka_unit_test (test_options),
    cmocka_unit_test (test_inner_sentence),
    cmocka_unit_test (test_broken_handshake),
    cmocka_unit_test (test_gone_peer),
    cmocka_unit_test (test_nothing_left),
  };
  const char *fixtures = g_getenv ("KIN_FIXTURES");
  g_autofree char *folder = g_strconcat (fixtures ? fixtures : "tests/fixtures", "/rot13", NULL);

  g_setenv ("KIN_PLUGIN_PATH", folder, TRUE);
  return cmocka_run_group_tests_name ("rot13", tests, NULL, NULL);
}
