/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-rot13-edges: time, names, options and failures of a socket that stands over another.
 *
 * Needs: unix loop plugins shared
 */
#include "rot13.h"

/* ---- Time ---------------------------------------------------------------------------------- */

static void
assert_times_out (gboolean is_done, Moment began, GError **error)
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
    { own_name ("unix:@kin-PID-silent"), own_name ("rot13:unix:@kin-PID-silent") },
    { "loop:silent", "rot13:loop:silent" },
    { "loop:silent", "rot13:rot13:loop:silent" },
  };
  guint before = count_fds ();

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (silent); i++) {
    G_GNUC_UNUSED g_autoptr (KinSocket) door = must_listen (silent[i][0]);
    g_autoptr (GError) error = NULL;
    Moment began = now ();

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
  Moment began = now ();
  char byte;

  kin_socket_set_timeout (pair.client, SHORT, NULL);
  assert_times_out (kin_socket_recv (pair.client, &byte, 1, 0, &error) >= 0, began, &error);
  must_send (pair.client, "full", 4);
  began = now ();
  assert_times_out (kin_socket_send (pair.client, "x", 1, 0, &error) >= 0, began, &error);
  kin_socket_set_timeout (pair.door, SHORT, NULL);
  began = now ();
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
  G_GNUC_UNUSED g_autoptr (KinSocket) door = must_listen (own_name ("unix:@kin-PID-cancel"));
  g_autoptr (KinCancel) cancel = kin_cancel_new (NULL);
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("cancel", cancel_later, cancel);

  (void) state;
  assert_null (
      kin_connect_cancellable (own_name ("rot13:unix:@kin-PID-cancel"), LONG, cancel, &error));
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
  Pair pair = pair_new (own_name ("rot13:unix:@kin-PID-options?rot13.rekey=5&unix.passcred=1"),
                        own_name ("rot13:unix:@kin-PID-options?rot13.rekey=77&so.sndbuf=20000"));
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
  g_autoptr (KinSocket) door = must_listen (own_name ("unix:@kin-PID-broken"));
  g_autoptr (GError) error = NULL;
  Answer call = { .door = door, .answer = answer };
  GThread *thread = g_thread_new ("answer", answer_once, &call);

  assert_fails (kin_connect (own_name ("rot13:unix:@kin-PID-broken"), LONG, &error) != NULL, code,
                &error);
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

  return cmocka_run_group_tests_name ("rot13-edges", tests, rot13_setup, NULL);
}
