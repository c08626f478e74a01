/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-beyond-can: reports of CAN frames and J1939 messages, by the calls that IP has: when a frame
 * was sent, what became of a message.
 *
 * Needs: can
 */
#include "sockets.h"

#include <linux/net_tstamp.h>
#include <net/if.h>

/* First of all in a test, for skip () frees nothing. */
static void
needs_vcan (void)
{
  if (if_nametoindex ("vcan0") != 0)
    return;
  print_message ("# the kernel has no vcan0: modprobe vcan\n");
  skip ();
}

static void
must_stamp (KinSocket *socket, guint more)
{
  g_autoptr (GError) error = NULL;
  guint flags = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | more;

  must (kin_socket_set_option (socket, "so.timestamping", g_variant_new ("(u)", flags), &error),
        error);
}

static void
must_report (KinSocket *socket, KinReport *report)
{
  g_autoptr (GError) error = NULL;

  must (kin_socket_wait (socket, POLLERR, LONG, &error), error);
  must (kin_socket_recv_report (socket, NULL, 0, report, &error) >= 0, error);
}

static void
assert_sent (const KinReport *report, gint64 before_usec)
{
  assert_int_equal (report->errnum, ENOMSG);
  assert_int_equal (report->origin, KIN_REPORT_TIME);
  assert_int_equal (report->info, KIN_REPORT_SENT);
  assert_in_range (report->software_nsec / 1000, before_usec, g_get_real_time ());
  assert_int_equal (report->to.length, 0);
}

static void
test_can (void **state)
{
  /* struct can_frame: 123#0102 */
  static const guint8 frame[16] = { [4] = 2, [8] = 1, [9] = 2 };
  g_autoptr (KinSocket) socket = NULL;
  gint64 before = g_get_real_time ();
  KinReport report;

  (void) state;
  needs_vcan ();
  socket = must_bind ("can:vcan0");
  must_stamp (socket, 0);
  must_send (socket, frame, sizeof frame);
  must_report (socket, &report);
  assert_sent (&report, before);
}

/* The peer has acknowledged a message of many packets; one to nobody is given up, with the reason.
 */
static void
test_j1939 (void **state)
{
  g_autoptr (KinSocket) receiver = NULL, sender = NULL, lost = NULL;
  g_autoptr (GError) error = NULL;
  char data[100] = { 1 }, got[100];
  KinReport report;

  (void) state;
  needs_vcan ();
  receiver = must_bind ("j1939:vcan0,any,any,0xa1");
  sender = kin_connect_full ("j1939:vcan0,any,0x12300,0xa1", "j1939:vcan0,any,any,0xa2", LONG, NULL,
                             &error);
  must (sender, error);
  must (kin_socket_keep_reports (sender, &error), error);
  must_stamp (sender, SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_OPT_ID
                          | SOF_TIMESTAMPING_OPT_CMSG | SOF_TIMESTAMPING_OPT_STATS
                          | SOF_TIMESTAMPING_OPT_TSONLY);
  must_send (sender, data, sizeof data);
  must_receive (receiver, got, sizeof got);
  do
    must_report (sender, &report);
  while (report.info == KIN_REPORT_SCHEDULED);
  assert_int_equal (report.origin, KIN_REPORT_TIME);
  assert_int_equal (report.info, KIN_REPORT_ACKNOWLEDGED);

  lost = kin_connect_full ("j1939:vcan0,any,0x12300,0xa3", "j1939:vcan0,any,any,0xa4", LONG, NULL,
                           &error);
  must (lost, error);
  must (kin_socket_keep_reports (lost, &error), error);
  must_send (lost, data, sizeof data);
  must_report (lost, &report);
  assert_int_equal (report.origin, KIN_REPORT_LOCAL);
  assert_int_equal (report.errnum, EHOSTUNREACH);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_can),
    cmocka_unit_test (test_j1939),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
