/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-can-text: frames, messages of the broadcast manager, identifiers and filters, between text
 * and memory. No kernel is asked, so that it runs on any architecture: numbers lie in its own
 * order.
 *
 * Needs: can
 */
#include <linux/can.h>
#include <linux/can/bcm.h>

#include "sockets.h"

static KinProtocol raw, manager;

static int
setup (void **state)
{
  g_autoptr (GError) error = NULL;
  const KinFamily *family = kin_load_family ("can", &error);

  (void) state;
  must (family, error);
  must (kin_table_get (&family->protocols, 0, &raw, sizeof raw), error);
  must (kin_table_get (&family->protocols, 1, &manager, sizeof manager), error);
  return 0;
}

static gsize
compose (const KinProtocol *row, const char *text, gpointer data, gsize size)
{
  char reason[256] = "";
  gssize n = row->compose (text, data, size, reason, sizeof reason);

  if (n < 0)
    fail_msg ("%s: %s", text, reason);
  return (gsize) n;
}

/* ---- Frames -------------------------------------------------------------------------------- */

/* As it is typed; as it is logged, where that differs; as it is shown. */
static const struct {
  const char *text, *log, *shown;
} frames[] = {
  { "123#DEADBEEF", NULL, "123   [4]  DE AD BE EF" },
  { "7ff#", "7FF#", "7FF   [0] " },
  { "123#11.22.3344", "123#11223344", "123   [4]  11 22 33 44" },
  { "00000123#00", NULL, "00000123   [1]  00" },
  { "1FFFFFFF#R8", NULL, "1FFFFFFF   [8]  remote request" },
  { "123#r", "123#R", "123   [0]  remote request" },
  { "123#R0", "123#R", "123   [0]  remote request" },
  { "123#R8_F", NULL, "123   [8]  remote request" },
  { "123#0011223344556677_9", NULL, "123   [8]  00 11 22 33 44 55 66 77" },
  { "123#00 T", "123#00", "123   [1]  00" },
  { "123#R4 R", "123#R4", "123   [4]  remote request" },
  { "123##3", NULL, "123  [00] " },
  { "12345678##1.00.11", "12345678##10011", "12345678  [02]  00 11" },
  { "123##0112233445566778899", "123##0112233445566778899000000",
    "123  [12]  11 22 33 44 55 66 77 88 99 00 00 00" },
  { "123#80:00:00000000#11", "00123#80:00:00000000#11", "123 [0001] (00|80:00:00000000) 11" },
  { "45123#81:05:12345678#1122.33", "45123#81:05:12345678#112233",
    "123 [0003] (45|81:05:12345678) 11 22 33" },
  { "20000001#", NULL, "20000001   [0]                            ERRORFRAME  tx-timeout" },
  { "20000006#1f22000000000000", "20000006#1F22000000000000",
    "20000006   [8]  1F 22 00 00 00 00 00 00   ERRORFRAME  "
    "lost-arbitration{at bit 31},controller-problem{tx-overflow,tx-error-passive}" },
  { "2000000A#0100801100000102", NULL,
    "2000000A   [8]  01 00 80 11 00 00 01 02   ERRORFRAME  lost-arbitration{at bit 1},"
    "protocol-violation{{error-on-tx}{active-error-flag}},error-counter-tx-rx{{1}{2}}" },
  { "20000008#0000010100000000", NULL,
    "20000008   [8]  00 00 01 01 00 00 00 00   ERRORFRAME  "
    "protocol-violation{{single-bit-error}{unspecified}}" },
};

static void
test_frames (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (frames); i++) {
    char data[CANXL_MTU], line[8192];
    gsize length = compose (&raw, frames[i].text, data, sizeof data);
    g_autofree char *shown = g_strconcat ("  -  ", frames[i].shown, NULL);

    assert_true (raw.log (NULL, data, length, line, sizeof line) > 0);
    assert_string_equal (line + 2, frames[i].log ? frames[i].log : frames[i].text);
    assert_int_equal (raw.describe (NULL, data, length, line, sizeof line), strlen (shown));
    assert_string_equal (line, shown);
  }
}

/* The kernel's structs, member by member. */
static void
test_members (void **state)
{
  struct can_frame frame;
  struct canfd_frame fd;
  struct canxl_frame xl;

  (void) state;
  assert_int_equal (compose (&raw, "12345678#1122334455667788_B", &frame, sizeof frame), CAN_MTU);
  assert_int_equal (frame.can_id, 0x12345678 | CAN_EFF_FLAG);
  assert_int_equal (frame.len, 8);
  assert_int_equal (frame.len8_dlc, 11);
  assert_memory_equal (frame.data, "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
  assert_int_equal (compose (&raw, "20000004#0001", &frame, sizeof frame), CAN_MTU);
  assert_int_equal (frame.can_id, CAN_ERR_FLAG | 4);
  assert_int_equal (compose (&raw, "123#R3", &frame, sizeof frame), CAN_MTU);
  assert_int_equal (frame.can_id, 0x123 | CAN_RTR_FLAG);
  assert_int_equal (frame.len, 3);
  assert_int_equal (compose (&raw, "123##5AABB", &fd, sizeof fd), CANFD_MTU);
  assert_int_equal (fd.flags, CANFD_BRS | CANFD_FDF);
  assert_int_equal (fd.len, 2);
  assert_int_equal (compose (&raw, "45123#81:05:12345678#AABB", &xl, sizeof xl),
                    CANXL_HDR_SIZE + 2);
  assert_int_equal (xl.prio, 0x450123);
  assert_int_equal (xl.flags, CANXL_XLF | CANXL_SEC);
  assert_int_equal (xl.sdt, 5);
  assert_int_equal (xl.len, 2);
  assert_int_equal (xl.af, 0x12345678);
}

/* What is no frame, and texts that are cut off anywhere: nothing is read beyond an end. */
static void
test_no_frames (void **state)
{
  char data[CANXL_MTU], line[256], reason[256];

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    for (gsize n = 0; n < strlen (frames[i].text); n++) {
      g_autofree char *cut = g_strndup (frames[i].text, n);
      gssize length = raw.compose (cut, data, sizeof data, reason, sizeof reason);

      assert_true (length > 0 || (length == -EINVAL && strstr (reason, "as in 123#")));
    }
  memset (data, 0, sizeof data);
  for (gsize length = 0; length <= CAN_MTU; length++)
    assert_int_equal (raw.describe (NULL, data, length, line, sizeof line) > 0, length == CAN_MTU);
  data[4] = 9;
  assert_int_equal (raw.describe (NULL, data, CAN_MTU, line, sizeof line), -EINVAL);
  data[4] = 65;
  assert_int_equal (raw.log (NULL, data, CANFD_MTU, line, sizeof line), -EINVAL);
  data[4] = (char) CANXL_XLF; /* and no byte of data, which no XL frame has */
  assert_int_equal (raw.log (NULL, data, CANXL_HDR_SIZE + 1, line, sizeof line), -EINVAL);
  data[6] = data[7] = 1;
  assert_int_equal (raw.log (NULL, data, CANXL_HDR_SIZE + 256, line, sizeof line), -EINVAL);
}

/* ---- The broadcast manager ----------------------------------------------------------------- */

static const struct {
  const char *text, *log;
} messages[] = {
  { "TX_SETUP SETTIMER STARTTIMER ival2=0.1 123#DEADBEEF", NULL },
  { "TX_SETUP  123#00  123#01   ", "TX_SETUP 123#00 123#01" },
  { "TX_SETUP STARTTIMER SETTIMER count=10 ival1=1 ival2=2.000001 12345678##1AA",
    "TX_SETUP SETTIMER STARTTIMER count=10 ival1=1 ival2=2.000001 12345678##1AA" },
  { "TX_DELETE id=7FF", NULL },
  { "RX_SETUP RX_FILTER_ID CAN_FD_FRAME id=12345678", NULL },
  { "RX_SETUP RX_CHECK_DLC id=123 000#FF 000#01", NULL },
  { "RX_CHANGED flags=0x10000 id=000", NULL },
  { "TX_SEND 123#R", NULL },
  { "TX_EXPIRED TX_COUNTEVT id=123", NULL },
  { "RX_SETUP RX_FILTER_ID RX_RTR_FRAME id=0x40000123", NULL },
};

static void
test_messages (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (messages); i++) {
    char data[1024], line[1024];
    gsize length = compose (&manager, messages[i].text, data, sizeof data);
    const char *log = messages[i].log ? messages[i].log : messages[i].text;

    assert_true (manager.log (NULL, data, length, line, sizeof line) > 0);
    assert_string_equal (line + 2, log);
    assert_true (manager.describe (NULL, data, length, line, sizeof line) > 0);
    assert_string_equal (line + 5, log);
    for (gsize n = 0; n < length; n++)
      assert_true (manager.log (NULL, data, n, line, sizeof line) < 0);
  }
}

static void
test_head (void **state)
{
  union {
    struct bcm_msg_head head;
    char bytes[sizeof (struct bcm_msg_head) + 2 * CANFD_MTU];
  } message;
  struct canfd_frame frame;

  (void) state;
  assert_int_equal (compose (&manager,
                             "RX_SETUP SETTIMER count=3 ival1=1.5 ival2=0.000002 "
                             "12345678##0 12345678##1FF",
                             &message, sizeof message),
                    sizeof message);
  assert_int_equal (message.head.opcode, RX_SETUP);
  assert_int_equal (message.head.flags, SETTIMER | CAN_FD_FRAME);
  assert_int_equal (message.head.count, 3);
  assert_int_equal (message.head.ival1.tv_sec, 1);
  assert_int_equal (message.head.ival1.tv_usec, 500000);
  assert_int_equal (message.head.ival2.tv_sec, 0);
  assert_int_equal (message.head.ival2.tv_usec, 2);
  assert_int_equal (message.head.can_id, 0x12345678 | CAN_EFF_FLAG);
  assert_int_equal (message.head.nframes, 2);
  memcpy (&frame, message.bytes + sizeof message.head + CANFD_MTU, sizeof frame);
  assert_int_equal (frame.len, 1);
  assert_int_equal (frame.data[0], 0xff);
}

/* What the manager never says, and takes from nobody. */
static void
test_no_messages (void **state)
{
  union {
    struct bcm_msg_head head;
    char bytes[sizeof (struct bcm_msg_head) + CAN_MTU];
  } message;
  struct canxl_frame xl;
  char line[256];

  (void) state;
  assert_int_equal (compose (&manager, "TX_SEND ival1=0.5 123#11", &message, sizeof message),
                    sizeof message);
  assert_true (manager.log (NULL, &message, sizeof message, line, sizeof line) > 0);
  message.head.ival1.tv_usec = 1000000;
  assert_int_equal (manager.log (NULL, &message, sizeof message, line, sizeof line), -EINVAL);
  message.head.ival1.tv_usec = -1;
  assert_int_equal (manager.log (NULL, &message, sizeof message, line, sizeof line), -EINVAL);
  message.head.ival1.tv_usec = 0;
  memset (&xl, 0, sizeof xl);
  xl.flags = CANXL_XLF;
  xl.len = 1;
  memcpy (message.bytes + sizeof message.head, &xl, CAN_MTU);
  assert_int_equal (manager.log (NULL, &message, sizeof message, line, sizeof line), -EINVAL);
}

/* ---- Addresses ----------------------------------------------------------------------------- */

/* Text, the tuple, and the text where it is written otherwise. */
static const struct {
  const char *text, *tuple, *written;
} addresses[] = {
  { "can:lo", "('lo',)", NULL },
  { "can:", "('',)", NULL },
  { "can-isotp:lo,123,456", "('lo', 291, 1110)", NULL },
  { "can-isotp:lo,7ff,1fffffff", "('lo', 2047, 2684354559)", "can-isotp:lo,7FF,1FFFFFFF" },
  { "can-isotp:lo,00000123,0x123", "('lo', 2147483939, 291)", "can-isotp:lo,00000123,123" },
  { "can-isotp:lo,0x40000123,0x800", "('lo', 1073742115, 2048)",
    "can-isotp:lo,0x40000123,0x00000800" },
  { "j1939:lo,any,any,any", "('lo', 0, 262144, 255)", NULL },
  { "j1939:lo,0xffffffffffffffff,0x3ffff,0xfe", "('lo', 18446744073709551615, 262143, 254)", NULL },
  { "j1939:lo,1,2,3", "('lo', 1, 2, 3)", "j1939:lo,0x0000000000000001,0x00002,0x03" },
};

static void
test_addresses (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) tuple = NULL;
    g_autofree char *printed = NULL, *text = NULL;
    KinAddress address, again;

    must (kin_address_parse (&address, addresses[i].text, &error), error);
    tuple = kin_address_to_tuple (&address);
    printed = kin_value_print (tuple);
    assert_string_equal (printed, addresses[i].tuple);
    must (kin_address_from_tuple (&again, kin_address_scheme (&address), tuple, &error), error);
    assert_true (kin_address_equal (&address, &again));
    text = kin_address_format (&again);
    assert_string_equal (text, addresses[i].written ? addresses[i].written : addresses[i].text);
  }
}

/* What Python's tests try, and more. */
static void
test_bad_addresses (void **state)
{
  static const char *const tuples[][2] = {
    { "can", "()" },
    { "can", "('lo', 1)" },
    { "can", "([byte 108, 0],)" },
    { "can", "('aaaaaaaaaaaaaaaaa',)" },
    { "can-isotp", "('lo', @mi nothing, 1)" },
    { "can-isotp", "('lo', 291)" },
    { "can-isotp", "('lo', -1, 1)" },
    { "can-isotp", "('lo', int64 4294967296, 1)" },
    { "can-isotp", "('lo', '123', 1)" },
    { "j1939", "('lo', 0, 524288, 1)" },
    { "j1939", "('lo', 0, 0, 256)" },
    { "j1939", "('lo', -1, 0, 1)" },
  };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (tuples); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) tuple = g_variant_parse (NULL, tuples[i][1], NULL, NULL, &error);
    KinAddress address;

    must (tuple, error);
    if (kin_address_from_tuple (&address, tuples[i][0], tuple, &error))
      fail_msg ("%s %s was taken", tuples[i][0], tuples[i][1]);
    assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_ENDPOINT));
  }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_frames),    cmocka_unit_test (test_members),
    cmocka_unit_test (test_no_frames), cmocka_unit_test (test_messages),
    cmocka_unit_test (test_head),      cmocka_unit_test (test_no_messages),
    cmocka_unit_test (test_addresses), cmocka_unit_test (test_bad_addresses),
  };

  return cmocka_run_group_tests (tests, setup, NULL);
}
