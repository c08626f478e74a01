/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-beyond-times: when something came, and when it went, to the nanosecond; and which send it
 * was. The clock that they are held against is this test's own.
 *
 * Needs: inet inet6
 */
#include "net.h"

#include <linux/net_tstamp.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <time.h>

#define NSEC_PER_SEC G_GINT64_CONSTANT (1000000000)

static gint64
now_nsec (void)
{
  struct timespec now;

  clock_gettime (CLOCK_REALTIME, &now);
  return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

static void
must_stamp (KinSocket *socket, guint flags)
{
  g_autoptr (GError) error = NULL;

  must (kin_socket_set_option (socket, "so.timestamping", g_variant_new ("(u)", flags), &error),
        error);
}

/* ---- What comes ---------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
  const char *options;
  gint64      grain;     /* nanoseconds that are cut off */
} receiving[] = {
  { "so.timestamp=1",      1000 },
  { "so.timestampns=1",    1 },
  { "so.timestamping=0x18", 1 },   /* SOF_TIMESTAMPING_RX_SOFTWARE, SOF_TIMESTAMPING_SOFTWARE */
};
/* clang-format on */

/* The kernel starts to stamp a moment after it is asked to: so.timestamping's first may have none.
 */
static void
check_receiving (const char *host, guint i)
{
  g_autofree char *text = g_strdup_printf ("%s:0?%s", host, receiving[i].options);
  g_autoptr (KinSocket) receiver = must_bind (text), sender = NULL;
  g_autofree char *to = local_text (receiver);
  g_autoptr (KinMessage) message = kin_message_new ();
  gint64 before, deadline = g_get_monotonic_time () + LONG, software, hardware;
  g_autoptr (GError) error = NULL;
  char data[8];

  sender = must_connect (to);
  kin_message_set_data (message, data, sizeof data);
  do {
    before = now_nsec ();
    must_send (sender, "x", 1);
    must (kin_socket_recvmsg (receiver, message, 0, &error) == 1, error);
  } while (!kin_message_get_times (message, &software, &hardware)
           && g_get_monotonic_time () < deadline);
  assert_true (software > before - receiving[i].grain && software <= now_nsec ());
  assert_int_equal (hardware, 0); /* a loopback has no clock */
}

static void
test_receiving (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (receiving); i++) {
    check_receiving ("udp4:127.0.0.1", i);
    check_receiving ("udp6:[::1]", i);
  }
}

/* A message without a time has none, whatever else came with it. */
static void
test_no_time (void **state)
{
  g_autoptr (KinSocket) receiver = must_bind ("udp4:127.0.0.1:0?ip.recvttl=1"), sender = NULL;
  g_autofree char *to = local_text (receiver);
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GError) error = NULL;
  gint64 software = 1, hardware = 1;
  char data[8];

  (void) state;
  sender = must_connect (to);
  must_send (sender, "x", 1);
  kin_message_set_data (message, data, sizeof data);
  must (kin_socket_recvmsg (receiver, message, 0, &error) == 1, error);
  assert_false (kin_message_get_times (message, &software, &hardware));
  assert_int_equal (software, 0);
  assert_int_equal (hardware, 0);
}

/* ---- What goes ----------------------------------------------------------------------------- */

static void
must_report (KinSocket *socket, KinReport *report)
{
  g_autoptr (GError) error = NULL;

  must (kin_socket_wait (socket, POLLERR, LONG, &error), error);
  must (kin_socket_recv_report (socket, NULL, 0, report, &error) == 0, error);
  assert_int_equal (report->errnum, ENOMSG);
  assert_int_equal (report->origin, KIN_REPORT_TIME);
}

/* Three datagrams: each is scheduled, then sent, and the number says which. */
static void
check_sending (const char *endpoint)
{
  g_autoptr (KinSocket) receiver = must_bind (endpoint), sender = NULL;
  g_autofree char *to = local_text (receiver);
  gint64 times[3][2] = { { 0 } }, before = now_nsec ();

  sender = must_connect (to);
  must_stamp (sender, SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_SOFTWARE
                          | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID
                          | SOF_TIMESTAMPING_OPT_TSONLY);
  for (guint i = 0; i < 3; i++)
    must_send (sender, "hello", 5);
  for (guint i = 0; i < 6; i++) {
    KinReport report;

    must_report (sender, &report);
    assert_in_range (report.data, 0, 2);
    assert_true (report.info == KIN_REPORT_SENT || report.info == KIN_REPORT_SCHEDULED);
    assert_int_equal (times[report.data][report.info], 0);
    times[report.data][report.info] = report.software_nsec;
  }
  for (guint i = 0; i < 3; i++) {
    assert_true (times[i][KIN_REPORT_SCHEDULED] >= before);
    assert_true (times[i][KIN_REPORT_SENT] >= times[i][KIN_REPORT_SCHEDULED]);
    assert_true (times[i][KIN_REPORT_SENT] <= now_nsec ());
    before = times[i][KIN_REPORT_SENT];
  }
}

static void
test_sending (void **state)
{
  (void) state;
  check_sending ("udp4:127.0.0.1:0");
  check_sending ("udp6:[::1]:0");
}

/* Of a stream the number is that of the last byte, and the peer's answer has a time of its own. */
static void
check_stream (const char *endpoint)
{
  g_autoptr (KinSocket) door = must_listen (endpoint), client = NULL, server = NULL;
  g_autofree char *to = local_text (door), *line = NULL;
  gint64 before;
  KinReport report;

  client = must_connect (to);
  server = must_accept (door);
  must_stamp (client, SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID
                          | SOF_TIMESTAMPING_OPT_TSONLY);
  before = now_nsec ();
  must_send (client, "hello", 5);
  must_report (client, &report);
  assert_int_equal (report.info, KIN_REPORT_ACKNOWLEDGED);
  assert_int_equal (report.data, 4);
  assert_true (report.software_nsec >= before && report.software_nsec <= now_nsec ());
  must_send (client, "again", 5);
  must_report (client, &report);
  assert_int_equal (report.data, 9);
  line = kin_report_format (&report);
  assert_true (g_str_has_prefix (line, "9 was acknowledged at 1"));
}

static void
test_streams (void **state)
{
  (void) state;
  check_stream ("tcp4:127.0.0.1:0");
  check_stream ("tcp6:[::1]:0");
}

/* ---- The program's own numbers ------------------------------------------------------------- */

static gboolean
is_kernel_since (guint major, guint minor)
{
  struct utsname name;
  guint has[2] = { 0, 0 };

  uname (&name);
  sscanf (name.release, "%u.%u", &has[0], &has[1]);
  return has[0] > major || (has[0] == major && has[1] >= minor);
}

/* A number that the program gives comes back; an older kernel refuses it. */
static void
test_own_number (void **state)
{
  g_autoptr (KinSocket) receiver = must_bind ("udp4:127.0.0.1:0"), sender = NULL;
  g_autofree char *to = local_text (receiver);
  g_autoptr (GError) error = NULL;
  KinReport report;
  gssize n;

  (void) state;
  sender = must_connect (to);
  must_stamp (sender, SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE
                          | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY);
  n = kin_socket_send_controls (sender, "x", 1, 0,
                                g_variant_new_parsed ("{'so.ts-opt-id': <4711>}"), &error);
  if (!is_kernel_since (6, 13)) {
    assert_fails (n >= 0, EINVAL, &error);
    return;
  }
  must (n == 1, error);
  must_report (sender, &report);
  assert_int_equal (report.data, 4711);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_receiving),  cmocka_unit_test (test_no_time),
    cmocka_unit_test (test_sending),    cmocka_unit_test (test_streams),
    cmocka_unit_test (test_own_number),
  };

  return cmocka_run_group_tests (tests, net_setup, NULL);
}
