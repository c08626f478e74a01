/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-bluetooth: what the command does not reach: packets in words, addresses as bytes, control
 * messages, raw L2CAP, the user channel, and what waits on connections.
 *
 * Between the controllers hci0 and hci1 of this machine, where it has them.
 *
 * Needs: bluetooth
 */
#include "sockets.h"

#include <sys/wait.h>

static KinProtocol hci;

static int
setup (void **state)
{
  const KinFamily *family = kin_load_family ("bluetooth", NULL);

  (void) state;
  for (guint i = 0; family && kin_table_get (&family->protocols, i, &hci, sizeof hci); i++)
    if (strcmp (hci.scheme, "hci") == 0)
      return 0;
  return -1;
}

static void
need_controllers (void)
{
  if (access ("/sys/class/bluetooth/hci1", F_OK) == 0)
    return;
  print_message ("# the kernel has no two Bluetooth controllers: modprobe hci_vhci, btvirt -l2\n");
  skip ();
}

static void
run (const char *command)
{
  g_autoptr (GError) error = NULL;
  int status = -1;

  must (g_spawn_command_line_sync (command, NULL, NULL, &status, &error), error);
  if (status != 0)
    fail_msg ("%s: %d", command, status);
}

/* ---- Without a kernel ---------------------------------------------------------------------- */

/* clang-format off */
static const struct {
  const char *from, *bytes, *line;   /* line NULL: it is no packet */
} packets[] = {
  { "hci:0", "01 09 10 00", "[hci0] < HCI Command: Read BD ADDR (0x04|0x0009) plen 0" },
  { "hci:0", "01 01 fc 02 0a 0b", "[hci0] < HCI Command: Vendor (0x3f|0x0001) plen 2: 0a 0b" },
  { "hci:1", "04 0e 0a 01 09 10 00 42 00 00 01 aa 00",
    "[hci1] > HCI Event: Command Complete (0x0e) plen 10: Read BD ADDR (0x04|0x0009) ncmd 1: "
    "00 42 00 00 01 aa 00" },
  { "hci:0", "04 0f 04 00 01 05 04",
    "[hci0] > HCI Event: Command Status (0x0f) plen 4: Create Connection (0x01|0x0005) ncmd 1 "
    "status 0x00" },
  { "hci:0", "04 3e 02 02 00",
    "[hci0] > HCI Event: LE Meta Event (0x3e) plen 2: LE Advertising Report (0x02): 00" },
  { "hci:0", "02 2a 20 02 00 61 62", "[hci0]   ACL Data: Handle 42 flags 0x02 dlen 2: 61 62" },
  { "hci:0", "03 01 01 01 7f", "[hci0]   SCO Data: Handle 257 flags 0x00 dlen 1: 7f" },
  { "hci:0", "04 0e", NULL },
  { "hci:0", "09 00 00 00 00", NULL },
  { "hci:0", "", NULL },
  { "hci:none,monitor", "04 00 01 00 05 00 2a 00 01 00 61",
    "[hci1] < ACL Data TX: Handle 42 flags 0x00 dlen 1: 61" },
  { "hci:none,monitor", "07 00 00 00 04 00 01 01 01 7f",
    "[hci0] > SCO Data RX: Handle 257 flags 0x00 dlen 1: 7f" },
  { "hci:none,monitor", "00 00 00 00 10 00 00 01 42 00 00 01 aa 00 68 63 69 30 00 00 00 00",
    "[hci0] = New Index: 00:AA:01:00:00:42 (Primary,USB,hci0)" },
  { "hci:none,monitor", "01 00 02 00 00 00", "[hci2] = Delete Index" },
  { "hci:none,monitor", "08 00 00 00 00 00", "[hci0] = Open Index" },
  { "hci:none,monitor", "09 00 00 00 00 00", "[hci0] = Close Index" },
  { "hci:none,monitor", "0a 00 00 00 08 00 42 00 00 01 aa 00 f1 05",
    "[hci0] = Index Info: 00:AA:01:00:00:42 (manufacturer 1521)" },
  { "hci:none,monitor", "0c 00 ff ff 03 00 68 69 00", "= Note: hi" },
  { "hci:none,monitor", "0d 00 ff ff 08 00 06 03 6d 65 00 68 69 00", "= Log 6: me: hi" },
  { "hci:none,monitor", "0e 00 ff ff 11 00 01 00 00 00 02 00 01 16 00 01 00 00 00 03 61 62 00",
    "@ MGMT Open: ab (privileged) version 1.22" },
  { "hci:none,monitor", "0f 00 ff ff 04 00 01 00 00 00", "@ Close: 0x0001" },
  { "hci:none,monitor", "10 00 ff ff 06 00 01 00 00 00 01 00",
    "@ MGMT Command: Read Management Version Information (0x0001) plen 0" },
  { "hci:none,monitor", "63 00 ff ff 00 00", NULL },
  { "hci:none,monitor", "02 00", NULL },
  { "hci:none,control", "01 00 ff ff 06 00 01 00 00 01 16 00",
    "@ MGMT Event: Command Complete (0x0001) plen 6: Read Management Version Information (0x0001) "
    "status 0x00: 01 16 00" },
  { "hci:none,control", "04 00 01 00 00 00", "[hci1] @ MGMT Event: Index Added (0x0004) plen 0" },
};
/* clang-format on */

static gsize
read_hex (const char *text, guint8 *bytes)
{
  gsize n = 0;

  for (; *text; text += text[2] ? 3 : 2)
    bytes[n++] = (guint8) (g_ascii_xdigit_value (text[0]) << 4 | g_ascii_xdigit_value (text[1]));
  return n;
}

static void
test_describe (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (packets); i++) {
    guint8 bytes[64];
    gsize length = read_hex (packets[i].bytes, bytes);
    /* As long as it is, so that a sanitizer sees what is read behind its end. */
    g_autofree guint8 *exact = g_memdup2 (bytes, length);
    char line[300] = "", small[8] = "";
    KinAddress from;
    int n;

    must (kin_address_parse (&from, packets[i].from, NULL), NULL);
    n = hci.describe (&from, exact, length, line, sizeof line);
    if (!packets[i].line) {
      assert_true (n < 0);
      continue;
    }
    assert_string_equal (line, packets[i].line);
    assert_int_equal (n, strlen (line));
    /* Cut where there is no room, and never without its end. */
    assert_int_equal (hci.describe (&from, exact, length, small, sizeof small), 7);
    assert_memory_equal (small, line, 7);
    assert_int_equal (small[7], 0);
    /* Cut packets are read no further than they go. */
    for (gsize cut = 0; cut < length; cut++) {
      g_autofree guint8 *part = g_memdup2 (bytes, cut);

      assert_true (hci.describe (&from, part, cut, line, sizeof line) < (int) sizeof line);
    }
  }
}

/* What goes on the air is little-endian, and a device's last byte the first. */
static void
test_memory (void **state)
{
  static const guint8 expected[] = { 0x02, 0x10, 0xff, 0xee, 0xdd, 0xcc,
                                     0xbb, 0xaa, 0x41, 0x00, 0x02 };
  KinAddress address;

  (void) state;
  assert_true (kin_address_parse (&address, "l2cap:AA:BB:CC:DD:EE:FF,0x1002,0x41,le-random", NULL));
  assert_int_equal (address.length, 14);
  assert_memory_equal (address.sa.bytes + 2, expected, sizeof expected);
}

/* Python's SCO address is bytes. */
static void
test_tuples (void **state)
{
  g_autoptr (GVariant) bytes = g_variant_ref_sink (
      g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, "aa:bb:cc:dd:ee:0f", 17, 1));
  g_autoptr (GVariant) again = NULL;
  KinAddress address;

  (void) state;
  assert_true (kin_address_from_tuple (&address, "sco", bytes, NULL));
  again = kin_address_to_tuple (&address);
  assert_string_equal (g_variant_get_string (again, NULL), "AA:BB:CC:DD:EE:0F");
}

/* ---- Controllers --------------------------------------------------------------------------- */

/* The answer to a command, which is complete: the bytes behind its status. */
static void
must_command (KinSocket *socket, const guint8 *command, gsize length, guint8 *answer, gsize size)
{
  must_send (socket, command, length);
  for (int i = 0; i < 50; i++) {
    g_autoptr (GError) error = NULL;
    guint8 packet[300];
    gssize n = kin_socket_recv (socket, packet, sizeof packet, 0, &error);

    must (n > 0, error);
    if (n >= 7 + (gssize) size && packet[0] == 4 && packet[1] == 0x0e
        && memcmp (packet + 4, command + 1, 2) == 0) {
      assert_int_equal (packet[6], 0);
      memcpy (answer, packet + 7, size);
      return;
    }
  }
  fail_msg ("no answer among 50 packets");
}

static const guint8 read_address[] = { 1, 0x09, 0x10, 0 };

/* What the kernel says of a socket that is bound to it. */
static void
assert_is_controller (const guint8 *device, const char *endpoint)
{
  g_autoptr (KinSocket) socket = must_bind (endpoint);
  g_autofree char *found = local_text (socket), *said = NULL;

  said = g_strdup_printf ("sco:%02X:%02X:%02X:%02X:%02X:%02X", device[5], device[4], device[3],
                          device[2], device[1], device[0]);
  assert_string_equal (found, said);
}

/* One packet of a controller, and which way it went by what came with it. */
static void
assert_sees (KinSocket *socket, guint8 kind, gint64 way)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GVariant) direction = NULL, time = NULL;
  g_autoptr (GError) error = NULL;
  gint64 apart;
  guint8 packet[300];

  kin_message_set_data (message, packet, sizeof packet);
  must (kin_socket_recvmsg (socket, message, 0, &error) > 0, error);
  assert_int_equal (packet[0], kind);
  direction = kin_message_get_control (message, socket, "hci.data-dir");
  assert_int_equal (g_variant_get_int64 (direction), way);
  time = kin_message_get_control (message, socket, "hci.time-stamp");
  apart = g_get_real_time () - g_variant_get_int64 (time);
  assert_true (apart >= 0 && apart < 100 * G_USEC_PER_SEC);
  assert_string_equal (kin_address_scheme (kin_message_get_address (message)), "hci");
}

/* The kernel shows a command to all but the socket it came from. */
static void
test_raw (void **state)
{
  static const char filter[] = "hci:0?hci.filter=0x12:0x4000:0:0x1009";
  g_autofree char *endpoint = NULL;
  g_autoptr (KinSocket) socket = NULL, watcher = NULL;
  guint8 device[6];

  (void) state;
  need_controllers ();
  endpoint = g_strconcat (filter, "&hci.data-dir=1&hci.time-stamp=1", NULL);
  socket = must_bind (filter);
  watcher = must_bind (endpoint);
  must_command (socket, read_address, sizeof read_address, device, sizeof device);
  assert_is_controller (device, "sco:hci0");
  assert_sees (watcher, 1, 0);
  assert_sees (watcher, 4, 1);
}

static void
test_user_channel (void **state)
{
  static const guint8 reset[] = { 1, 0x03, 0x0c, 0 };
  g_autoptr (KinSocket) socket = NULL;
  g_autofree char *name = NULL;
  guint8 device[6];

  (void) state;
  need_controllers ();
  /* Both: one does not see the link's end when the other goes down. */
  run ("sh -c 'hciconfig hci0 down && hciconfig hci1 down'");
  socket = must_bind ("hci:1,user");
  name = local_text (socket);
  assert_string_equal (name, "hci:1,user");
  must_command (socket, reset, sizeof reset, NULL, 0);
  must_command (socket, read_address, sizeof read_address, device, sizeof device);
  g_clear_pointer (&socket, kin_socket_unref);
  run ("sh -c 'for i in hci0 hci1; do for words in up \"sspmode 0\" noauth piscan; do "
       "hciconfig $i $words || exit; done; done'");
  assert_is_controller (device, "sco:hci1");
}

/* ---- L2CAP and SCO ------------------------------------------------------------------------- */

/* Signalling by hand, as l2ping does it: an echo request and its answer. */
static void
must_echo (KinSocket *socket)
{
  static const char request[] = "\x08\xc8\x03\0kin", answer[] = "\x09\xc8\x03\0kin";

  must_send (socket, request, 7);
  for (int i = 0; i < 50; i++) {
    g_autoptr (GError) error = NULL;
    char data[100];
    gssize n = kin_socket_recv (socket, data, sizeof data, 0, &error);

    must (n > 0, error);
    if (n == 7 && memcmp (data, answer, 7) == 0)
      return;
  }
  fail_msg ("no echo among 50 packets");
}

static void
test_echo (void **state)
{
  g_autoptr (KinSocket) socket = NULL;

  (void) state;
  need_controllers ();
  socket = must_connect ("l2cap-raw:hci1,0x0");
  must_echo (socket);
}

static void
must_pair (Pair *pair, const char *endpoint)
{
  g_autofree char *to = NULL;

  pair->door = must_listen (endpoint);
  to = local_text (pair->door);
  pair->client = must_connect (to);
  pair->server = must_accept (pair->door);
}

static void
test_sco (void **state)
{
  g_autoptr (GVariant) status = NULL, info = NULL;
  g_autoptr (KinMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  char data[100];
  Pair pair;

  (void) state;
  need_controllers ();
  message = kin_message_new ();
  must_pair (&pair, "sco:hci1");
  /* One is 2 bytes to the kernel and the other 4. */
  assert_int_equal (get_number (pair.server, "sco.options"), 64);
  assert_int_equal (get_number (pair.server, "bt.sndmtu"), 64);
  assert_int_equal (get_number (pair.server, "bt.rcvmtu"), 64);
  info = kin_socket_get_option (pair.server, "sco.conninfo", &error);
  must (info, error);
  assert_true (g_variant_is_of_type (info, G_VARIANT_TYPE ("(xay)")));
  /* Before Linux 6.2 accepted sockets take the option and say nothing. */
  must (kin_socket_set_option_text (pair.client, "bt.pkt-status", "1", &error), error);
  must_send (pair.server, "voice", 5);
  kin_message_set_data (message, data, sizeof data);
  assert_int_equal (kin_socket_recvmsg (pair.client, message, 0, &error), 5);
  assert_memory_equal (data, "voice", 5);
  status = kin_message_get_control (message, pair.client, "bt.pkt-status");
  assert_non_null (status);
  assert_int_equal (g_variant_get_int64 (status), 0);
  pair_free (&pair);
}

/* No end of one way alone, and a stream's end is an end. */
static void
test_ends (void **state)
{
  static const char *const endpoints[] = { "l2cap:hci1,0", "l2cap-stream:hci1,0", "rfcomm:hci1,0" };

  (void) state;
  need_controllers ();
  for (guint i = 0; i < G_N_ELEMENTS (endpoints); i++) {
    g_autoptr (GError) error = NULL;
    Pair pair;

    must_pair (&pair, endpoints[i]);
    assert_fails (kin_socket_shutdown (pair.client, SHUT_WR, &error), EOPNOTSUPP, &error);
    /* RFCOMM's first moments are its own: who ends them waits for 20 seconds. */
    must_send (pair.server, "first", 5);
    assert_receives (pair.client, "first");
    must_send (pair.client, "last", 4);
    assert_receives (pair.server, "last");
    must (kin_socket_shutdown (pair.client, SHUT_RDWR, &error), error);
    assert_receives (pair.server, "");
    assert_receives (pair.server, "");
    pair_free (&pair);
  }
}

/* ---- Waiting ------------------------------------------------------------------------------- */

static void
must_time_out (const char *endpoint, gboolean is_done, const GError *error, Moment began)
{
  if (is_done || !g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT))
    fail_msg ("%s: %s", endpoint, error ? error->message : "it did not wait");
  assert_waited (began, SHORT);
}

static void
test_receives_wait (void **state)
{
  static const char *const endpoints[] = { "l2cap:hci1,0", "l2cap-stream:hci1,0", "rfcomm:hci1,0",
                                           "sco:hci1" };

  (void) state;
  need_controllers ();
  for (guint i = 0; i < G_N_ELEMENTS (endpoints); i++) {
    g_autoptr (GError) error = NULL;
    Pair pair;
    Moment began;
    gssize n;
    char byte;

    must_pair (&pair, endpoints[i]);
    must (kin_socket_set_timeout (pair.server, SHORT, &error), error);
    began = now ();
    n = kin_socket_recv (pair.server, &byte, 1, 0, &error);
    must_time_out (endpoints[i], n >= 0, error, began);
    pair_free (&pair);
  }
}

/* Who defers has not accepted before the first receive. An echo passes after what a door's close
 * says of its connection, which would be taken for the next one's. */
static void
test_connects_wait (void **state)
{
  static const char *const endpoints[] = { "l2cap:hci1,0?bt.defer-setup=1",
                                           "l2cap-stream:hci1,0?bt.defer-setup=1",
                                           "rfcomm:hci1,0?bt.defer-setup=1" };
  g_autoptr (KinSocket) link = NULL;

  (void) state;
  need_controllers ();
  /* The link itself takes longer to make than is waited for. */
  link = must_connect ("l2cap-raw:hci1,0x0");
  for (guint i = 0; i < G_N_ELEMENTS (endpoints); i++) {
    KinSocket *door = must_listen (endpoints[i]);
    g_autofree char *to = local_text (door);
    g_autoptr (GError) error = NULL;
    Moment began = now ();
    gboolean is_done = kin_connect (to, SHORT, &error) != NULL;

    must_time_out (endpoints[i], is_done, error, began);
    kin_socket_unref (door);
    must_echo (link);
  }
}

/* RFCOMM's receiver gives credit for a few packets; L2CAP's basic mode drops what is not read. */
static void
test_send_waits (void **state)
{
  static char data[4096];
  g_autoptr (GError) error = NULL;
  Moment began;
  gssize n;
  Pair pair;

  (void) state;
  need_controllers ();
  must_pair (&pair, "rfcomm:hci1,0");
  must (kin_socket_set_timeout (pair.client, SHORT, &error), error);
  do {
    began = now ();
    n = kin_socket_send (pair.client, data, sizeof data, 0, &error);
  } while (n == sizeof data);
  if (n < 0)
    must_time_out ("rfcomm", FALSE, error, began);
  pair_free (&pair);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_describe),      cmocka_unit_test (test_memory),
    cmocka_unit_test (test_tuples),        cmocka_unit_test (test_raw),
    cmocka_unit_test (test_echo),          cmocka_unit_test (test_sco),
    cmocka_unit_test (test_ends),          cmocka_unit_test (test_receives_wait),
    cmocka_unit_test (test_connects_wait), cmocka_unit_test (test_send_waits),
    cmocka_unit_test (test_user_channel),
  };

  return cmocka_run_group_tests (tests, setup, NULL);
}
