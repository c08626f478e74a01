/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-beyond-zerocopy: sends without a copy, and which buffers are the program's again.
 *
 * A loopback copies all the same, and says so. What leaves by k0 does not: a queue there drops it,
 * as a network card would free it once it went out.
 *
 * Needs: inet inet6 unix
 */
#include "net.h"

#define N_SENDS 8
#define LENGTH  20000

static int
setup (void **state)
{
  int status = -1;

  if (net_setup (state) != 0
      || !g_spawn_command_line_sync (
          "sh -ec 'ip address add 192.0.2.1/24 dev k0\n"
          "tc qdisc add dev k0 root blackhole\n"
          "ip neighbour add 192.0.2.7 lladdr 02:00:00:00:00:07 dev k0\n"
          "ip neighbour add 2001:db8::7 lladdr 02:00:00:00:00:07 dev k0'",
          NULL, NULL, &status, NULL))
    return -1;
  return status;
}

/* Reports until the send of that number is done; each range follows the one before. */
static void
must_complete (KinSocket *socket, guint *next, guint last, gboolean is_copied)
{
  g_autoptr (GError) error = NULL;

  while (*next <= last) {
    KinReport report;

    must (kin_socket_wait (socket, POLLERR, LONG, &error), error);
    must (kin_socket_recv_report (socket, NULL, 0, &report, &error) == 0, error);
    assert_int_equal (report.origin, KIN_REPORT_ZEROCOPY);
    assert_int_equal (report.errnum, 0);
    assert_int_equal (report.info, *next);
    assert_in_range (report.data, report.info, last);
    assert_int_equal (report.subtype, is_copied ? KIN_REPORT_COPIED : 0);
    *next = report.data + 1;
  }
}

/* ---- A stream ------------------------------------------------------------------------------ */

static gpointer
receive_all (gpointer data)
{
  static const gsize length = N_SENDS * LENGTH;
  KinSocket *socket = data;
  guint8 *bytes = g_malloc (length);

  must_receive (socket, bytes, length);
  return bytes;
}

/* One buffer, filled anew whenever its last send is done: nothing that was sent changes. */
static void
check_stream (const char *endpoint)
{
  g_autoptr (KinSocket) door = must_listen (endpoint), client = NULL, server = NULL;
  g_autofree char *to = local_text (door);
  g_autofree guint8 *buffer = g_malloc (LENGTH), *bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;
  guint n_sends = 0, next = 0;
  KinReport report;
  GThread *thread;

  client = must_connect (to);
  server = must_accept (door);
  must (kin_socket_set_option_text (client, "so.zerocopy", "1", &error), error);
  thread = g_thread_new ("receiver", receive_all, server);
  for (guint i = 0; i < N_SENDS; i++) {
    memset (buffer, (int) i, LENGTH);
    for (gsize done = 0; done < LENGTH; n_sends++) {
      gssize n = kin_socket_send (client, buffer + done, LENGTH - done, MSG_ZEROCOPY, &error);

      must (n > 0, error);
      done += (gsize) n;
    }
    must_complete (client, &next, n_sends - 1, TRUE);
  }
  bytes = g_thread_join (thread);
  for (gsize at = 0; at < N_SENDS * LENGTH; at++)
    if (bytes[at] != at / LENGTH)
      fail_msg ("byte %" G_GSIZE_FORMAT " is %u", at, bytes[at]);

  must (kin_socket_send (client, buffer, 1, MSG_ZEROCOPY, &error) == 1, error);
  must (kin_socket_wait (client, POLLERR, LONG, &error), error);
  must (kin_socket_recv_report (client, NULL, 0, &report, &error) == 0, error);
  line = kin_report_format (&report);
  assert_true (g_str_has_prefix (line, "zero-copy sends ")
               && g_str_has_suffix (line, " are done, with a copy"));
}

static void
test_streams (void **state)
{
  (void) state;
  check_stream ("tcp4:127.0.0.1:0");
  check_stream ("tcp6:[::1]:0");
}

/* ---- Datagrams ----------------------------------------------------------------------------- */

static void
check_datagrams (const char *endpoint, gboolean is_copied)
{
  g_autoptr (KinSocket) socket = must_connect (endpoint);
  g_autoptr (GError) error = NULL;
  static char data[N_SENDS][1000];
  guint next = 0;

  must (kin_socket_set_option_text (socket, "so.zerocopy", "1", &error), error);
  for (guint i = 0; i < N_SENDS; i++)
    must (kin_socket_send (socket, data[i], sizeof data[i], MSG_ZEROCOPY, &error) == 1000, error);
  must_complete (socket, &next, N_SENDS - 1, is_copied);
  assert_int_equal (next, N_SENDS);
}

static void
test_datagrams (void **state)
{
  g_autoptr (KinSocket) four = must_bind ("udp4:127.0.0.1:0"), six = must_bind ("udp6:[::1]:0");
  g_autofree char *to_four = local_text (four), *to_six = local_text (six);

  (void) state;
  check_datagrams (to_four, TRUE);
  check_datagrams (to_six, TRUE);
  check_datagrams ("udp4:192.0.2.7:9", FALSE);
  check_datagrams ("udp6:[2001:db8::7]:9", FALSE);
}

/* ---- Without the option -------------------------------------------------------------------- */

/* The flag does nothing: it is sent, with a copy, and nothing is reported. */
static void
test_without_option (void **state)
{
  g_autoptr (KinSocket) receiver = must_bind ("udp4:127.0.0.1:0"), socket = NULL;
  g_autofree char *to = local_text (receiver);
  g_autoptr (GError) error = NULL;
  KinReport report;

  (void) state;
  socket = must_connect (to);
  must (kin_socket_send (socket, "hello", 5, MSG_ZEROCOPY, &error) == 5, error);
  assert_receives (receiver, "hello");
  assert_fails (kin_socket_recv_report (socket, NULL, 0, &report, &error) >= 0, EAGAIN, &error);
}

/* A family that has none refuses the option. */
static void
test_other_family (void **state)
{
  g_autoptr (KinSocket) socket = must_bind ("unix-dgram:");
  g_autoptr (GError) error = NULL;

  (void) state;
  assert_fails (kin_socket_set_option_text (socket, "so.zerocopy", "1", &error), EOPNOTSUPP,
                &error);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_streams),
    cmocka_unit_test (test_datagrams),
    cmocka_unit_test (test_without_option),
    cmocka_unit_test (test_other_family),
  };

  return cmocka_run_group_tests (tests, setup, NULL);
}
