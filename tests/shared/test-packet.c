/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-packet: what the command cannot reach: what comes with a frame, times of sending, fanout,
 * statistics. In a network namespace of its own.
 *
 * Needs: packet
 */
#include "net.h"

#include <linux/if_packet.h>
#include <linux/net_tstamp.h>

enum { FRAME_SIZE = 60 };

/* From nobody to nobody, of a type for experiments. */
static const guint8 frame[FRAME_SIZE] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5, 1, 2, 3 };

static gssize
receive (KinSocket *socket, KinMessage *message, int flags)
{
  static guint8 data[2048];
  g_autoptr (GError) error = NULL;
  gssize n;

  kin_message_set_data (message, data, sizeof data);
  n = kin_socket_recvmsg (socket, message, flags, &error);
  must (n >= 0, error);
  assert_memory_equal (data, frame, MIN ((gsize) n, sizeof frame));
  return n;
}

static void
check_address (const KinAddress *address, const char *text, const char *tuple)
{
  g_autofree char *written = kin_address_format (address), *printed = NULL;
  g_autoptr (GVariant) value = kin_address_to_tuple (address);

  printed = kin_value_print (value);
  assert_string_equal (written, text);
  assert_string_equal (printed, tuple);
}

/* Its length says whether there is one: lo's is zeros, and without a length whatever lies there is
 * none. */
static void
test_hardware_address (void **state)
{
  static const char zeros[] = "packet:lo,ip,host,772,00:00:00:00:00:00";
  g_autoptr (GError) error = NULL;
  KinAddress address;

  (void) state;
  assert_true (kin_address_parse (&address, zeros, NULL));
  check_address (&address, zeros, "('lo', 2048, 0, 772, b'\\x00\\x00\\x00\\x00\\x00\\x00')");
  assert_true (kin_address_parse (&address, "packet:lo,ip,0,1", NULL));
  memset (((struct sockaddr_ll *) &address.sa)->sll_addr, 0xaa, 8);
  check_address (&address, "packet:lo,ip,host,1", "('lo', 2048, 0, 1)");
  assert_false (
      kin_address_parse (&address, "packet:lo,ip,0,1,01:02:03:04:05:06:07:08:09", &error));
  assert_non_null (strstr (error->message, "addr \"01:02:03:04:05:06:07:08:09\" is out of range;"));
}

static gint64
member (GVariant *tuple, gsize index)
{
  g_autoptr (GVariant) child = g_variant_get_child_value (tuple, index);

  return g_variant_get_int64 (child);
}

static void
test_auxdata (void **state)
{
  g_autoptr (KinSocket) receiver = must_bind ("packet:lo,0x88b5?packet.auxdata=1");
  g_autoptr (KinSocket) sender = must_bind ("packet:lo,0x0000");
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GVariant) auxdata = NULL;

  (void) state;
  must_send (sender, frame, sizeof frame);
  assert_int_equal (receive (receiver, message, 0), FRAME_SIZE);
  auxdata = kin_message_get_control (message, receiver, "packet.auxdata");
  assert_non_null (auxdata);
  assert_int_equal (member (auxdata, 1), FRAME_SIZE); /* len */
  assert_int_equal (member (auxdata, 2), FRAME_SIZE); /* snaplen */
  assert_int_equal (member (auxdata, 4), 14);         /* net: behind the Ethernet header */
}

/* Once the frame has left, a copy of it is in the error queue, with the time. */
static void
test_sent_at (void **state)
{
  g_autofree char *endpoint =
      g_strdup_printf ("packet:k0,0x88b5?so.timestamping=%d",
                       SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE);
  g_autoptr (KinSocket) sender = must_bind (endpoint);
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GVariant) queued = NULL, times = NULL;
  gint64 before = g_get_real_time ();
  g_autoptr (GError) error = NULL;
  guint8 back[FRAME_SIZE + 1];
  KinReport report;

  (void) state;
  must_send (sender, frame, sizeof frame);
  assert_int_equal (receive (sender, message, MSG_ERRQUEUE), FRAME_SIZE);
  queued = kin_message_get_control (message, sender, "packet.tx-timestamp");
  assert_non_null (queued);
  assert_int_equal (member (queued, 0), ENOMSG);
  assert_int_equal (member (queued, 1), 4); /* SO_EE_ORIGIN_TIMESTAMPING */
  times = kin_message_get_control (message, sender, "so.timestamping");
  assert_non_null (times);

  must_send (sender, frame, sizeof frame);
  must (kin_socket_wait (sender, POLLERR, LONG, &error), error);
  must (kin_socket_recv_report (sender, back, sizeof back, &report, &error) == FRAME_SIZE, error);
  assert_memory_equal (back, frame, FRAME_SIZE);
  assert_int_equal (report.errnum, ENOMSG);
  assert_int_equal (report.origin, KIN_REPORT_TIME);
  assert_int_equal (report.info, KIN_REPORT_SENT);
  assert_in_range (report.software_nsec / 1000, before, g_get_real_time ());
}

/* Each frame goes to one of the group, in turn. */
static void
test_fanout (void **state)
{
  g_autoptr (KinSocket) first = must_bind ("packet:k1,0x88b5?packet.fanout=7:lb");
  g_autoptr (KinSocket) second = must_bind ("packet:k1,0x88b5?packet.fanout=7:lb");
  g_autoptr (KinSocket) sender = must_bind ("packet:k0,0x0000");
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GVariant) statistics = NULL;
  g_autoptr (GError) error = NULL;

  (void) state;
  for (guint i = 0; i < 4; i++)
    must_send (sender, frame, sizeof frame);
  for (guint i = 0; i < 2; i++) {
    assert_int_equal (receive (first, message, 0), FRAME_SIZE);
    assert_int_equal (receive (second, message, 0), FRAME_SIZE);
  }
  statistics = kin_socket_get_option (first, "packet.statistics", &error);
  must (statistics, error);
  assert_int_equal (member (statistics, 0), 2);
  assert_int_equal (member (statistics, 1), 0);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_hardware_address),
    cmocka_unit_test (test_auxdata),
    cmocka_unit_test (test_sent_at),
    cmocka_unit_test (test_fanout),
  };

  return cmocka_run_group_tests (tests, net_setup, NULL);
}
