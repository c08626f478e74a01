/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-ip-sctp: SCTP over IPv4 and IPv6: what comes and goes with a message, sockets of many
 * associations, and what both ends of a connection say of it.
 *
 * Needs: inet inet6
 */
#include "net.h"

#include <netinet/in.h>

static const char *const hosts[] = { "127.0.0.1", "[::1]" };

/* Every test skips where the kernel has no SCTP; first of all, for skip () frees nothing. */
static void
need_sctp (void)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("sctp4", NULL);

  if (!socket) {
    print_message ("# skipped: the kernel has no SCTP: modprobe sctp\n");
    skip ();
  }
}

static KinSocket *
open_many (guint i, const char *options)
{
  g_autofree char *text =
      g_strdup_printf ("sctp%c-seqpacket:%s:0%s", i == 0 ? '4' : '6', hosts[i], options);

  return must_bind (text);
}

static KinSocket *
connect_one (KinSocket *many, guint i)
{
  g_autofree char *own = local_text (many);
  g_autofree char *text =
      g_strdup_printf ("sctp%c:%s%s", i == 0 ? '4' : '6', hosts[i], strrchr (own, ':'));

  return must_connect (text);
}

/* ---- Control messages ---------------------------------------------------------------------- */

static void
must_add (KinMessage *message, KinSocket *socket, const char *name, const char *value)
{
  g_autoptr (GError) error = NULL;

  must (kin_message_add_control (message, socket, name, g_variant_new_parsed (value), &error),
        error);
}

static void
must_send_message (KinSocket *socket, KinMessage *message, const char *text)
{
  g_autoptr (GError) error = NULL;

  kin_message_set_data (message, text, strlen (text));
  must (kin_socket_sendmsg (socket, message, 0, &error) == (gssize) strlen (text), error);
}

/* The first members of a control message's value. */
static void
assert_starts (KinMessage *message, KinSocket *socket, const char *name, const char *start)
{
  g_autoptr (GVariant) value = kin_message_get_control (message, socket, name), all = NULL;
  g_autofree char *printed = NULL;

  if (!value) {
    all = kin_message_get_controls (message, socket);
    printed = kin_value_print (all);
    fail_msg ("%s did not come, but %s", name, printed);
  }
  printed = kin_value_print (value);
  if (!g_str_has_prefix (printed, start))
    fail_msg ("%s is %s", name, printed);
}

static void
check_controls (guint i)
{
  g_autoptr (KinSocket) many = open_many (i, "?sctp.recvrcvinfo=1&sctp.recvnxtinfo=1"), one = NULL;
  g_autoptr (KinMessage) message = kin_message_new (), second = kin_message_new ();
  g_autoptr (KinMessage) received = kin_message_new ();
  g_autoptr (GError) error = NULL;
  char data[100] = "";

  one = connect_one (many, i);
  must_add (message, one, "sctp.sndinfo", "(3, 0, 0x01020304, 7)");
  must_add (message, one, "sctp.prinfo", "(0x10, 5000)");
  must_send_message (one, message, "first");
  must_add (second, one, "sctp.sndrcv", "(4, 0, 0, 0x05060708, 0, 0, 0, 0)");
  must_send_message (one, second, "second");

  kin_message_set_data (received, data, sizeof data);
  must (kin_socket_recvmsg (many, received, 0, &error) == 5, error);
  assert_starts (received, many, "sctp.rcvinfo", "(3, 0, 0, 16909060, ");
  must (kin_socket_recvmsg (many, received, 0, &error) == 6, error);
  assert_string_equal (data, "second");
  assert_starts (received, many, "sctp.rcvinfo", "(4, 0, 0, 84281096, ");
}

static void
test_controls (void **state)
{
  (void) state;
  need_sctp ();
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    check_controls (i);
}

/* What is known of the next message, once it is there. */
static void
test_nxtinfo (void **state)
{
  g_autoptr (KinSocket) many = NULL, one = NULL;
  g_autoptr (KinMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  char data[100];

  (void) state;
  need_sctp ();
  message = kin_message_new ();
  many = open_many (0, "?sctp.recvnxtinfo=1");
  one = connect_one (many, 0);
  must_send (one, "first", 5);
  must_send (one, "second", 6);
  must_send (one, "third", 5);
  must_send (one, "end", 3);
  /* By the answer to the last the others have come. */
  while (get_number (one, "so.error") == 0) {
    g_autoptr (GVariant) status = kin_socket_get_option (one, "sctp.status", &error);
    g_autofree char *printed = NULL;

    must (status, error);
    printed = kin_value_print (status);
    if (g_str_has_prefix (printed, "(4, ") && strstr (printed, ", 0, 0, "))
      break;
    g_usleep (1000);
  }
  kin_message_set_data (message, data, sizeof data);
  must (kin_socket_recvmsg (many, message, 0, &error) == 5, error);
  assert_starts (message, many, "sctp.nxtinfo", "(0, ");
}

/* The first message may say what its association shall have, and which key it is signed with. */
static void
test_init (void **state)
{
  g_autoptr (KinSocket) many = NULL, other = NULL;
  g_autoptr (KinMessage) message = NULL, sign = NULL;
  g_autoptr (GError) error = NULL;
  const guint8 data_chunk = 0;
  KinAddress address;
  char data[16] = "";

  (void) state;
  need_sctp ();
  message = kin_message_new ();
  sign = kin_message_new ();
  many = open_many (0, "?sctp.auth-supported=1");
  must (
      kin_socket_setsockopt (many, IPPROTO_SCTP, 21 /* SCTP_AUTH_CHUNK */, &data_chunk, 1, &error),
      error);
  other = open_many (0, "?sctp.auth-supported=1");
  must (kin_socket_local (many, &address, &error), error);
  kin_message_set_address (message, &address);
  must_add (message, other, "sctp.init", "(5,)");
  must_send_message (other, message, "hello");
  must (kin_socket_recv (many, data, sizeof data, 0, &error) == 5, error);
  assert_string_equal (data, "hello");
  /* Key 7 was never given. */
  kin_message_set_address (sign, &address);
  must_add (sign, other, "sctp.authinfo", "(7,)");
  kin_message_set_data (sign, "x", 1);
  assert_fails (kin_socket_sendmsg (other, sign, 0, &error) >= 0, EINVAL, &error);
}

/* ---- Sockets of many associations ---------------------------------------------------------- */

/* Each of two peers is answered; neither has the other's. */
static void
check_many (guint i)
{
  g_autoptr (KinSocket) many = open_many (i, ""), first = connect_one (many, i);
  g_autoptr (KinSocket) second = connect_one (many, i);
  KinSocket *const ones[] = { first, second };
  g_autoptr (GError) error = NULL;
  char data[16];

  for (guint j = 0; j < 2; j++) {
    KinAddress from;

    must_send (ones[j], j == 0 ? "1" : "2", 1);
    must (kin_socket_recvfrom (many, data, sizeof data, 0, &from, &error) == 1, error);
    assert_int_equal (data[0], j == 0 ? '1' : '2');
    must (kin_socket_sendto (many, data, 1, 0, &from, &error) == 1, error);
    assert_receives (ones[j], j == 0 ? "1" : "2");
  }
}

/* Connected, it sends without an address, and to its peer alone. */
static void
check_connected (guint i)
{
  g_autoptr (KinSocket) many = open_many (i, ""), client = NULL;
  g_autofree char *to = local_text (many), *peer = NULL;
  g_autoptr (GError) error = NULL;
  KinAddress from;
  char data[16];

  client = must_connect (to);
  peer = peer_text (client);
  assert_string_equal (peer, to);
  must_send (client, "hello", 5);
  must (kin_socket_recvfrom (many, data, sizeof data, 0, &from, &error) == 5, error);
  must (kin_socket_sendto (many, "answer", 6, 0, &from, &error) == 6, error);
  assert_receives (client, "answer");
  assert_true (fcntl (kin_socket_fd (client), F_GETFD) & FD_CLOEXEC);
}

/* Without waiting in the kernel: the core polls, and the slot is called again. */
static void
check_connected_by_and_by (guint i)
{
  g_autoptr (KinSocket) many = open_many (i, ""), client = NULL;
  g_autofree char *to = local_text (many);
  g_autoptr (GError) error = NULL;

  client = kin_connect_start (to, &error);
  must (client, error);
  while (!kin_connect_continue (client, &error)) {
    if (!g_error_matches (error, KIN_OS_ERROR, EINPROGRESS))
      fail_msg ("%s", error->message);
    g_clear_error (&error);
    g_usleep (1000);
  }
  must (kin_socket_set_timeout (client, LONG, &error), error);
  must_send (client, "hello", 5);
  assert_receives (many, "hello");
}

/* Nobody is there: an end, and no next association. */
static void
check_refused (guint i)
{
  g_autoptr (KinSocket) many = open_many (i, ""), client = NULL;
  g_autofree char *to = local_text (many);
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&many, kin_socket_unref);
  assert_fails (kin_connect (to, LONG, &error) != NULL, ECONNREFUSED, &error);
  client = kin_connect_start (to, &error);
  while (client && !kin_connect_continue (client, &error)
         && g_error_matches (error, KIN_OS_ERROR, EINPROGRESS)) {
    g_clear_error (&error);
    g_usleep (1000);
  }
  assert_true (g_error_matches (error, KIN_OS_ERROR, ECONNREFUSED));
}

static void
test_many (void **state)
{
  (void) state;
  need_sctp ();
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++) {
    check_many (i);
    check_connected (i);
    check_connected_by_and_by (i);
    check_refused (i);
  }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_controls),
    cmocka_unit_test (test_nxtinfo),
    cmocka_unit_test (test_init),
    cmocka_unit_test (test_many),
  };

  return cmocka_run_group_tests (tests, net_setup, NULL);
}
