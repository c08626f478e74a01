/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-can: what programs in C reach beyond the command: options that are read back, control
 * messages, J1939's error queue, timeouts. On a virtual bus in a network namespace of its own.
 *
 * Needs: can
 */
#include <linux/can.h>
#include <linux/can/bcm.h>
#include <linux/can/j1939.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "sockets.h"

enum {
  ORIGIN_LOCAL = 1, /* SO_EE_ORIGIN_LOCAL */
  ORIGIN_TIMESTAMPING = 4,
  TSTAMP_ACK = 2, /* SCM_TSTAMP_ACK */
};

/* Software stamps, when scheduled and acknowledged, with a number, statistics and no data. */
#define STAMPS "0x1f98"

static const char *lack; /* what the kernel has not */

static int
setup (void **state)
{
  int fd;

  (void) state;
  if (unshare (CLONE_NEWNET | (geteuid () == 0 ? 0 : CLONE_NEWUSER)) < 0)
    return -1;
  fd = socket (AF_CAN, SOCK_RAW, 1);
  if (fd < 0)
    lack = "the kernel has no CAN: modprobe can-raw";
  else if (system ("ip link add vcan0 mtu 72 type vcan 2>/dev/null && ip link set vcan0 up") != 0)
    lack = "the kernel has no virtual CAN: modprobe vcan";
  if (fd >= 0)
    close (fd);
  return 0;
}

/* First of all in a test, for skip () frees nothing. */
static void
needs_can (void)
{
  if (!lack)
    return;
  print_message ("# %s\n", lack);
  skip ();
}

static void
set (KinSocket *socket, const char *name, const char *text)
{
  g_autoptr (GError) error = NULL;

  must (kin_socket_set_option_text (socket, name, text, &error), error);
}

static char *
get (KinSocket *socket, const char *name)
{
  g_autoptr (GError) error = NULL;
  char *text = kin_socket_get_option_text (socket, name, &error);

  must (text, error);
  return text;
}

static char *
get_value (KinSocket *socket, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = kin_socket_get_option (socket, name, &error);

  must (value, error);
  return kin_value_print (value);
}

/* ---- Options ------------------------------------------------------------------------------- */

/* Set; as text and as value when it is read back. */
static const struct {
  const char *scheme, *name, *text, *back, *value;
} options[] = {
  { "can", "can.filter", "123:7FF,~18DA10F1:1FFFFFFF", "123:7FF,~18DA10F1:1FFFFFFF",
    "[(291, 2047), (3101298929, 536870911)]" },
  { "can", "can.filter", "123,12345678,~7ff", "123:C00007FF,12345678:DFFFFFFF,~7FF:C00007FF",
    "[(291, 3221227519), (2452903544, 3758096383), (536872959, 3221227519)]" },
  { "can", "can.filter", "0x40000123:0", "0x40000123:000", "[(1073742115, 0)]" },
  { "can", "can.filter", "", "", "[]" },
  { "can", "can.err-filter", "all", "all", "536870911" },
  { "can", "can.err-filter", "0x44", "68", "68" },
  { "can-isotp", "isotp.opts", "tx-padding", "tx-padding", "(4, 0, 0, 204, 204, 0)" },
  { "can-isotp", "isotp.opts", "ext-addr+rx-ext-addr+0x8:70000:0xa1:0:1:0xb2",
    "ext-addr+rx-padding+rx-ext-addr:70000:0xa1:0x0:0x1:0xb2", "(522, 70000, 161, 0, 1, 178)" },
  { "can-isotp", "isotp.opts", "0:1000", "0x0:1000", "(0, 1000, 0, 204, 204, 0)" },
  { "can-isotp", "isotp.recv-fc", "8:0x14:2", "8:0x14:2", "(8, 20, 2)" },
  { "can-isotp", "isotp.ll-opts", "can-fd:64:1", "can-fd:64:0x1", "(72, 64, 1)" },
  { "can-isotp", "isotp.ll-opts", "can", "can", "(16, 8, 0)" },
};

static void
test_options (void **state)
{
  (void) state;
  needs_can ();
  for (guint i = 0; i < G_N_ELEMENTS (options); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (KinSocket) socket = kin_socket_new (options[i].scheme, &error);
    g_autofree char *back = NULL, *value = NULL;

    must (socket, error);
    set (socket, options[i].name, options[i].text);
    back = get (socket, options[i].name);
    value = get_value (socket, options[i].name);
    assert_string_equal (back, options[i].back);
    assert_string_equal (value, options[i].value);
  }
}

static void
test_bad_options (void **state)
{
  static const char *const bad[][3] = {
    { "can", "can.filter", "12:7FF" },
    { "can", "can.filter", "123:7FF:1" },
    { "can", "can.filter", "123:" },
    { "can", "can.filter", "800:7FF" },
    { "can", "can.filter", "~" },
    { "can", "can.filter", "123:123456789" },
    { "can-isotp", "isotp.opts", "padding" },
    { "can-isotp", "isotp.opts", "tx-padding+" },
    { "can-isotp", "isotp.opts", "4x" },
    { "can-isotp", "isotp.opts", "1:2:0x100" },
    { "can-isotp", "isotp.recv-fc", "256" },
    { "j1939", "j1939.filter", "0:0:x" },
  };

  (void) state;
  needs_can ();
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (KinSocket) socket = kin_socket_new (bad[i][0], &error);

    must (socket, error);
    if (kin_socket_set_option_text (socket, bad[i][1], bad[i][2], &error))
      fail_msg ("%s=%s was taken", bad[i][1], bad[i][2]);
    if (!g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_VALUE))
      fail_msg ("%s=%s: %s", bad[i][1], bad[i][2], error->message);
  }
}

/* ISO-TP's must be there before it is bound. */
static void
test_options_come_first (void **state)
{
  g_autoptr (KinSocket) socket = NULL;
  g_autoptr (GError) error = NULL;

  (void) state;
  needs_can ();
  socket = must_bind ("can-isotp:vcan0,123,321?isotp.opts=tx-padding");
  assert_false (kin_socket_set_option_text (socket, "isotp.opts", "0", &error));
  assert_non_null (strstr (error->message, "?isotp.opts=tx-padding"));
  g_clear_error (&error);
  assert_fails (kin_bind ("can-isotp:vcan0,123,123", &error) != NULL, EADDRNOTAVAIL, &error);
}

/* ---- Raw ----------------------------------------------------------------------------------- */

/* Whose a frame is: another host's, this host's, one's own. */
static void
test_own_messages (void **state)
{
  g_autoptr (KinSocket) socket = NULL, other = NULL;
  g_autoptr (GError) error = NULL;
  struct can_frame frame = { .can_id = 0x123, .len = 1, .data = { 7 } }, got;
  KinMessage *message;

  (void) state;
  needs_can ();
  socket = must_connect ("can:vcan0?can.recv-own-msgs=1&can.filter=123:7FF");
  other = must_bind ("can:vcan0?can.filter=123:7FF");
  must_send (socket, &frame, sizeof frame);
  message = kin_message_new ();
  kin_message_set_data (message, &got, sizeof got);
  must (kin_socket_recvmsg (socket, message, 0, &error) == sizeof got, error);
  assert_int_equal (kin_message_get_flags (message) & (MSG_CONFIRM | MSG_DONTROUTE),
                    MSG_CONFIRM | MSG_DONTROUTE);
  assert_memory_equal (&got, &frame, sizeof frame);
  must (kin_socket_recvmsg (other, message, 0, &error) == sizeof got, error);
  assert_int_equal (kin_message_get_flags (message) & (MSG_CONFIRM | MSG_DONTROUTE), MSG_DONTROUTE);
  kin_message_free (message);
}

/* ---- The broadcast manager, by the kernel's own structs ------------------------------------ */

static void
test_manager (void **state)
{
  union {
    struct bcm_msg_head head;
    char bytes[sizeof (struct bcm_msg_head) + CAN_MTU];
  } order = { .head = { .opcode = TX_SETUP, .flags = SETTIMER | STARTTIMER, .can_id = 0x7a0 } };
  struct can_frame frame = { .can_id = 0x7a0, .len = 2, .data = { 1, 2 } }, got;
  g_autoptr (KinSocket) manager = NULL, watcher = NULL;
  Moment began;

  (void) state;
  needs_can ();
  watcher = must_bind ("can:vcan0?can.filter=7A0:7FF");
  manager = must_connect ("can-bcm:vcan0");
  order.head.ival2.tv_usec = 100000;
  order.head.nframes = 1;
  memcpy (order.bytes + sizeof order.head, &frame, sizeof frame);
  must_send (manager, &order, sizeof order);
  must_receive (watcher, &got, sizeof got);
  began = now ();
  for (guint i = 0; i < 2; i++) {
    must_receive (watcher, &got, sizeof got);
    assert_memory_equal (&got, &frame, sizeof frame);
  }
  assert_true (waited_since (began) >= SHORT / 2);
  order.head = (struct bcm_msg_head){ .opcode = TX_READ, .can_id = 0x7a0 };
  must_send (manager, &order, sizeof order.head);
  must_receive (manager, &order, sizeof order);
  assert_int_equal (order.head.opcode, TX_STATUS);
  assert_int_equal (order.head.ival2.tv_usec, 100000);
  assert_int_equal (order.head.nframes, 1);
}

/* ---- J1939 --------------------------------------------------------------------------------- */

/* A control message as it is printed; "" where none came. */
static char *
control (KinMessage *message, KinSocket *socket, const char *name)
{
  g_autoptr (GVariant) value = kin_message_get_control (message, socket, name);

  return value ? kin_value_print (value) : g_strdup ("");
}

static void
assert_control (KinMessage *message, KinSocket *socket, const char *name, const char *expected)
{
  g_autofree char *printed = control (message, socket, name);

  assert_string_equal (printed, expected);
}

/* To whom it was, and how urgent. */
static void
test_j1939_controls (void **state)
{
  g_autoptr (KinSocket) sender = NULL, receiver = NULL;
  g_autoptr (GError) error = NULL;
  KinMessage *message;
  char data[64];

  (void) state;
  needs_can ();
  receiver = must_bind ("j1939:vcan0,any,any,0x90");
  sender = kin_connect_full ("j1939:vcan0,any,0x12300,0x90?j1939.send-prio=3",
                             "j1939:vcan0,any,any,0x80", LONG, NULL, &error);
  must (sender, error);
  must_send (sender, "8 bytes.", 8);
  message = kin_message_new ();
  kin_message_set_data (message, data, sizeof data);
  must (kin_socket_recvmsg (receiver, message, 0, &error) == 8, error);
  assert_control (message, receiver, "j1939.dest-addr", "144");
  assert_control (message, receiver, "j1939.prio", "3");
  assert_control (message, receiver, "j1939.dest-name", "");
  kin_message_free (message);
}

/* The next of the error queue; its two control messages. */
static void
receive_error (KinSocket *socket, char **entry, char **statistics)
{
  g_autoptr (GError) error = NULL;
  KinMessage *message = kin_message_new ();
  char data[256];

  kin_message_set_data (message, data, sizeof data);
  /* POLLERR is what poll says of it, whatever is asked. */
  for (guint i = 0; kin_socket_recvmsg (socket, message, MSG_ERRQUEUE | MSG_DONTWAIT, &error) < 0;
       i++) {
    if (!g_error_matches (error, KIN_OS_ERROR, EAGAIN) || i > 2000)
      fail_msg ("%s", error->message);
    g_clear_error (&error);
    g_usleep (10000);
  }
  *entry = control (message, socket, "j1939.errqueue");
  *statistics = control (message, socket, "j1939.stats");
  kin_message_free (message);
}

static void
assert_error (const char *entry, guint origin, guint info, const char *code)
{
  g_autofree char *start = g_strdup_printf ("(%s, %u, ", code, origin);
  g_autofree char *middle = g_strdup_printf (", %u, ", info);

  if (!g_str_has_prefix (entry, start) || !strstr (entry + strlen (start), middle))
    fail_msg ("%s is not %s...%s", entry, start, middle);
}

/* A message of 15 packets: it went out, and all of it arrived. */
static void
test_j1939_acknowledged (void **state)
{
  g_autoptr (KinSocket) sender = NULL, receiver = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *entry = NULL, *statistics = NULL;
  char data[100] = { 1 }, got[100];

  (void) state;
  needs_can ();
  receiver = must_bind ("j1939:vcan0,any,any,0x91");
  sender =
      kin_connect_full ("j1939:vcan0,any,0x12300,0x91?j1939.errqueue=1&so.timestamping=" STAMPS,
                        "j1939:vcan0,any,any,0x81", LONG, NULL, &error);
  must (sender, error);
  must_send (sender, data, sizeof data);
  must_receive (receiver, got, sizeof got);
  receive_error (sender, &entry, &statistics);
  while (!strstr (entry, ", 2, ")) { /* it was scheduled before */
    g_free (entry);
    g_free (statistics);
    receive_error (sender, &entry, &statistics);
  }
  assert_error (entry, ORIGIN_TIMESTAMPING, TSTAMP_ACK, "42");
  assert_true (g_str_has_prefix (statistics, "(100, "));
}

/* Nobody is there: it is given up, with the reason. */
static void
test_j1939_aborted (void **state)
{
  g_autoptr (KinSocket) sender = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *entry = NULL, *statistics = NULL;
  char data[100] = { 1 };

  (void) state;
  needs_can ();
  sender = kin_connect_full ("j1939:vcan0,any,0x12300,0x92?j1939.errqueue=1",
                             "j1939:vcan0,any,any,0x82", LONG, NULL, &error);
  must (sender, error);
  must_send (sender, data, sizeof data);
  receive_error (sender, &entry, &statistics);
  assert_error (entry, ORIGIN_LOCAL, J1939_EE_INFO_TX_ABORT, "113"); /* EHOSTUNREACH */
}

/* The receiver is told how a long message comes in, from whom and of what kind. */
static void
test_j1939_receiving (void **state)
{
  g_autoptr (KinSocket) sender = NULL, receiver = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *entry = NULL, *statistics = NULL;
  char data[100] = { 1 }, got[100];

  (void) state;
  needs_can ();
  receiver = must_bind ("j1939:vcan0,any,any,0x93?j1939.errqueue=1&so.timestamping=" STAMPS);
  sender = kin_connect_full ("j1939:vcan0,any,0x12300,0x93", "j1939:vcan0,any,any,0x83", LONG, NULL,
                             &error);
  must (sender, error);
  must_send (sender, data, sizeof data);
  must_receive (receiver, got, sizeof got);
  receive_error (receiver, &entry, &statistics);
  assert_error (entry, ORIGIN_LOCAL, J1939_EE_INFO_RX_RTS, "42");
  assert_true (g_str_has_suffix (statistics, ", 100, 74496, 0, 0, 131, 147)"));
}

/* ---- Waiting ------------------------------------------------------------------------------- */

static void
must_time_out (gboolean is_done, const GError *error, Moment began)
{
  if (is_done || !g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT))
    fail_msg ("%s", error ? error->message : "it did not wait");
  assert_waited (began, SHORT);
}

static void
test_receives_time_out (void **state)
{
  static const char *const endpoints[] = {
    "can:vcan0?can.filter=7FE:7FF",
    "can-bcm:vcan0",
    "can-isotp:vcan0,7F1,7F2",
    "j1939:vcan0,any,any,0xa1",
  };

  (void) state;
  needs_can ();
  for (guint i = 0; i < G_N_ELEMENTS (endpoints); i++) {
    g_autoptr (KinSocket) socket = must_bind (endpoints[i]);
    g_autoptr (GError) error = NULL;
    Moment began;
    gssize n;
    char byte;

    must (kin_socket_set_timeout (socket, SHORT, &error), error);
    began = now ();
    n = kin_socket_recv (socket, &byte, 1, 0, &error);
    must_time_out (n >= 0, error, began);
  }
}

/* A message that nobody takes holds the next one up for a second, whatever SO_SNDTIMEO says. */
static void
test_isotp_send_times_out (void **state)
{
  g_autoptr (KinSocket) socket = NULL;
  g_autoptr (GError) error = NULL;
  char data[100] = { 1 };
  Moment began;
  gssize n;

  (void) state;
  needs_can ();
  socket = must_bind ("can-isotp:vcan0,7F3,7F4");
  must (kin_socket_set_timeout (socket, SHORT, &error), error);
  must_send (socket, data, sizeof data);
  began = now ();
  n = kin_socket_send (socket, data, sizeof data, 0, &error);
  must_time_out (n >= 0, error, began);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_options),
    cmocka_unit_test (test_bad_options),
    cmocka_unit_test (test_options_come_first),
    cmocka_unit_test (test_own_messages),
    cmocka_unit_test (test_manager),
    cmocka_unit_test (test_j1939_controls),
    cmocka_unit_test (test_j1939_acknowledged),
    cmocka_unit_test (test_j1939_aborted),
    cmocka_unit_test (test_j1939_receiving),
    cmocka_unit_test (test_receives_time_out),
    cmocka_unit_test (test_isotp_send_times_out),
  };

  return cmocka_run_group_tests (tests, setup, NULL);
}
