/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-error: what Python's exceptions are: an errno, a domain and a code, and a text.
 *
 * Needs: unix inet plugins
 */
#include "partner.h"

#include <netdb.h>
#include <netinet/in.h>

/* What the next look-up of a name answers, in place of libc's. */
static int answer, answer_errno;

__attribute__ ((visibility ("default"))) int
getaddrinfo (const char *host, const char *service, const struct addrinfo *hints,
             struct addrinfo **list)
{
  (void) host;
  (void) service;
  (void) hints;
  *list = NULL;
  errno = answer_errno;
  return answer;
}

static void
dead_address (KinAddress *address)
{
  g_autoptr (KinSocket) bound = must_bind ("tcp4:127.0.0.1:0");

  assert_true (kin_socket_local (bound, address, NULL));
}

/* ---- Domains ------------------------------------------------------------------------------- */

static void
test_os_error (void **state)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("tcp4", NULL);
  g_autofree char *wanted = NULL;
  g_autoptr (GError) error = NULL;
  KinAddress address;
  g_autofree char *to = NULL;

  (void) state;
  dead_address (&address);
  to = kin_address_format (&address);
  assert_false (kin_socket_connect (socket, &address, &error));
  assert_int_equal (errno, ECONNREFUSED);
  assert_true (error->domain == KIN_OS_ERROR);
  assert_int_equal (error->code, ECONNREFUSED);
  wanted = g_strdup_printf ("cannot connect to %s: %s", to, g_strerror (ECONNREFUSED));
  assert_true (g_str_has_prefix (error->message, wanted));
  /* And to whoever asks for no words. */
  errno = 0;
  assert_false (kin_socket_connect (socket, &address, NULL));
  assert_int_equal (errno, ECONNREFUSED);
}

static void
test_gaierror (void **state)
{
  static const int codes[] = { EAI_NONAME, EAI_AGAIN, EAI_FAIL, EAI_SERVICE };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++) {
    g_autoptr (GError) error = NULL;

    answer = codes[i];
    assert_null (kin_connect ("tcp4:some.host:80", LONG, &error));
    assert_int_equal (errno, EADDRNOTAVAIL);
    assert_true (g_error_matches (error, KIN_RESOLVE_ERROR, codes[i]));
    assert_non_null (strstr (error->message, gai_strerror (codes[i])));
    assert_non_null (strstr (error->message, "some.host"));
  }
}

static void
test_gaierror_system (void **state)
{
  g_autoptr (GError) error = NULL;

  (void) state;
  answer = EAI_SYSTEM;
  answer_errno = ENFILE;
  assert_fails (kin_connect ("tcp4:some.host:80", LONG, &error) != NULL, ENFILE, &error);
}

static void
test_timeout (void **state)
{
  g_autoptr (KinSocket) socket = must_bind (own_name ("unix-dgram:@kin-PID-timeout"));
  g_autoptr (GError) error = NULL;
  char byte;

  (void) state;
  assert_true (kin_socket_set_timeout (socket, 1000, NULL));
  assert_int_equal (kin_socket_recv (socket, &byte, 1, 0, &error), -1);
  assert_int_equal (errno, ETIMEDOUT);
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
  assert_true (g_str_has_suffix (error->message, ": timed out"));
}

/* ---- One errno for each of Python's classes ------------------------------------------------ */

static void
test_subclasses (void **state)
{
  static const char resets[] =
      "peer = socket.create_connection(('127.0.0.1', int(argument)))\n"
      "peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))\n"
      "peer.close()\n";
  g_autoptr (KinSocket) door = must_listen ("tcp4:127.0.0.1:0"), reset = NULL, refused = NULL;
  g_autoptr (KinSocket) a = NULL, b = NULL, datagram = kin_socket_new ("udp4", NULL);
  g_autofree char *port = port_of (door);
  g_autoptr (GError) error = NULL;
  KinAddress address;
  char byte;

  (void) state;
  partner_run (resets, port);
  reset = must_accept (door);
  assert_fails (kin_socket_recv (reset, &byte, 1, 0, &error) >= 0, ECONNRESET, &error);
  dead_address (&address);
  refused = kin_socket_new ("tcp4", NULL);
  assert_fails (kin_socket_connect (refused, &address, &error), ECONNREFUSED, &error);
  must (kin_socket_new_pair ("unix", &a, &b, &error), error);
  must (kin_socket_set_timeout (a, 0, &error), error);
  assert_fails (kin_socket_recv (a, &byte, 1, 0, &error) >= 0, EAGAIN, &error);
  must (kin_socket_close (b, &error), error);
  assert_fails (kin_socket_send (a, "x", 1, 0, &error) >= 0, EPIPE, &error);
  must (kin_address_parse (&address, "udp4:127.255.255.255:9", &error), error);
  assert_fails (kin_socket_sendto (datagram, "x", 1, 0, &address, &error) >= 0, EACCES, &error);
}

/* Nothing is opened for what cannot be right. */
static void
test_arguments (void **state)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("udp4", NULL);
  static const char *const endpoints[] = { "tcp4:127.0.0.1:65536", "tcp4:127.0.0.1:-1", "unix",
                                           "tcp4:127.0.0.1:80?tcp.nodelay=perhaps" };
  g_autoptr (GError) error = NULL;
  guint before = count_fds ();
  KinAddress address;

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (endpoints); i++) {
    assert_null (kin_connect (endpoints[i], LONG, &error));
    assert_int_equal (errno, EINVAL);
    assert_true (error->domain == KIN_ERROR);
    g_clear_error (&error);
  }
  assert_false (kin_address_from_tuple (&address, "udp4",
                                        g_variant_new_parsed ("('127.0.0.1', 'port')"), &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_ENDPOINT));
  g_clear_error (&error);
  assert_false (kin_socket_set_option (socket, "so.rcvbuf", g_variant_new_string ("much"), &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_VALUE));
  g_clear_error (&error);
  assert_false (kin_socket_set_option (socket, "so.rcvbuf",
                                       g_variant_new_int64 (G_GINT64_CONSTANT (1) << 40), &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_VALUE));
  assert_true (count_fds () <= before); /* a look-up that ended may have had one */
}

/* ---- After close --------------------------------------------------------------------------- */

static void
assert_closed (const char *what, gboolean is_done, int code, int recycled)
{
  char byte;

  if (is_done || code != EBADF)
    fail_msg ("%s: %s, errno %d", what, is_done ? "done" : "failed", code);
  if (recv (recycled, &byte, 1, MSG_DONTWAIT | MSG_PEEK) >= 0 || errno != EAGAIN)
    fail_msg ("%s touched the descriptor's next owner", what);
}

#define CHECK(call)                                                                                \
  do {                                                                                             \
    gboolean is_done_;                                                                             \
                                                                                                   \
    errno = 0;                                                                                     \
    is_done_ = (call);                                                                             \
    assert_closed (#call, is_done_, errno, recycled);                                              \
  } while (0)

static void
check_data (KinSocket *socket, const KinAddress *address, int recycled)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  KinMessage *messages[] = { message };
  char data[8] = "x";
  struct iovec vector = { data, 1 };
  KinAddress from, to, unnamed = { .length = 0 };
  gsize length;

  kin_message_set_data (message, data, 1);
  CHECK (kin_socket_send (socket, data, 1, 0, NULL) >= 0);
  CHECK (kin_socket_recv (socket, data, 1, 0, NULL) >= 0);
  CHECK (kin_socket_sendto (socket, data, 1, 0, address, NULL) >= 0);
  CHECK (kin_socket_recvfrom (socket, data, 1, 0, &from, NULL) >= 0);
  CHECK (kin_socket_recvfromto (socket, data, 1, 0, &from, &to, NULL) >= 0);
  CHECK (kin_socket_sendfromto (socket, data, 1, 0, &unnamed, address, NULL) >= 0);
  CHECK (kin_socket_sendmsg (socket, message, 0, NULL) >= 0);
  CHECK (kin_socket_recvmsg (socket, message, 0, NULL) >= 0);
  CHECK (kin_socket_sendmmsg (socket, messages, 1, 0, NULL) >= 0);
  CHECK (kin_socket_recvmmsg (socket, messages, &length, 1, 0, NULL) >= 0);
  CHECK (kin_socket_send_vectors (socket, &vector, 1, 0, NULL) >= 0);
  CHECK (kin_socket_recv_vectors (socket, &vector, 1, 0, NULL) >= 0);
  CHECK (kin_socket_send_all (socket, data, 1, 0, LONG, NULL, NULL));
  CHECK (kin_socket_recv_exactly (socket, data, 1, 0, LONG, NULL, NULL));
}

static void
check_rest (KinSocket *socket, const KinAddress *address, int recycled)
{
  g_autoptr (GVariant) value = NULL;
  g_autofree char *text = NULL;
  KinAddress name;
  int number, fds[2];

  assert_int_equal (pipe2 (fds, O_CLOEXEC), 0);
  CHECK (kin_socket_splice (socket, POLLIN, fds[1], 1, 0, NULL) >= 0);
  close (fds[0]);
  close (fds[1]);
  CHECK (kin_socket_bind (socket, address, NULL));
  CHECK (kin_socket_listen (socket, 1, NULL));
  CHECK (kin_socket_accept (socket, NULL, NULL) != NULL);
  CHECK (kin_socket_connect (socket, address, NULL));
  CHECK (kin_connect_continue (socket, NULL));
  CHECK (kin_socket_shutdown (socket, SHUT_RDWR, NULL));
  CHECK (kin_socket_local (socket, &name, NULL));
  CHECK (kin_socket_peer (socket, &name, NULL));
  CHECK (kin_socket_dup (socket, NULL) != NULL);
  CHECK (kin_socket_detach (socket, NULL) >= 0);
  CHECK (kin_socket_set_timeout (socket, 0, NULL));
  CHECK (kin_socket_set_cancel (socket, NULL, NULL));
  CHECK (kin_socket_set_shared (socket, NULL));
  CHECK (kin_socket_wants (socket, POLLIN, NULL) >= 0);
  CHECK (kin_socket_wait (socket, POLLIN, LONG, NULL));
  CHECK (kin_socket_get_inheritable (socket, NULL));
  CHECK (kin_socket_set_inheritable (socket, TRUE, NULL));
  CHECK (kin_socket_getsockopt (socket, SOL_SOCKET, SO_TYPE, &number, sizeof number, NULL) >= 0);
  CHECK (kin_socket_setsockopt (socket, SOL_SOCKET, SO_RCVBUF, &number, sizeof number, NULL));
  CHECK ((value = kin_socket_get_option (socket, "so.type", NULL)) != NULL);
  CHECK ((text = kin_socket_get_option_text (socket, "so.type", NULL)) != NULL);
  CHECK (kin_socket_set_option_text (socket, "so.rcvbuf", "9999", NULL));
}

static void
test_after_close (void **state)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("udp4", NULL);
  g_autoptr (GError) error = NULL;
  KinAddress address;
  int recycled[2], fd = kin_socket_fd (socket);

  (void) state;
  must (kin_address_parse (&address, "udp4:127.0.0.1:9", &error), error);
  must (kin_socket_close (socket, &error), error);
  /* Somebody else has the number now. */
  assert_int_equal (socketpair (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, recycled), 0);
  assert_int_equal (recycled[0], fd);
  check_data (socket, &address, recycled[0]);
  check_rest (socket, &address, recycled[0]);
  must (kin_socket_close (socket, &error), error);
  assert_true (fcntl (recycled[0], F_GETFD) & FD_CLOEXEC);
  assert_int_equal (send (recycled[1], "x", 1, 0), 1);
  for (guint i = 0; i < 2; i++)
    assert_int_equal (close (recycled[i]), 0);
}

/* ---- Others -------------------------------------------------------------------------------- */

static void
test_nonblocking (void **state)
{
  g_autoptr (KinSocket) door = must_bind ("tcp4:127.0.0.1:0"), waiting = NULL;
  g_autoptr (KinSocket) refused =
      kin_socket_new_from_numbers (AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0, NULL);
  g_autoptr (KinSocket) slow =
      kin_socket_new_from_numbers (AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0, NULL);
  g_autofree char *at = local_text (door);
  g_autoptr (GError) error = NULL;
  KinAddress address;

  (void) state;
  must (kin_socket_local (door, &address, &error), error);
  assert_fails (kin_socket_connect (refused, &address, &error), EINPROGRESS, &error);
  must (kin_socket_wait (refused, POLLOUT, LONG, &error), error);
  assert_fails (kin_connect_continue (refused, &error), ECONNREFUSED, &error);

  must (kin_socket_listen (door, 0, &error), error);
  waiting = must_connect (at);
  assert_fails (kin_socket_connect (slow, &address, &error), EINPROGRESS, &error);
  assert_fails (kin_socket_connect (slow, &address, &error), EINPROGRESS, &error); /* EALREADY */
  assert_fails (kin_connect_continue (slow, &error), EINPROGRESS, &error);
  kin_socket_unref (kin_socket_accept (door, NULL, NULL)); /* makes room */
  must (kin_socket_wait (slow, POLLOUT, LONG, &error), error);
  must (kin_connect_continue (slow, &error), error);
  must (kin_connect_continue (slow, &error), error);
  (void) kin_socket_connect (slow, &address, NULL); /* Linux tells the end of a connect once */
  assert_fails (kin_socket_connect (slow, &address, &error), EISCONN, &error);
}

/* What there was room for, and the kernel's word that it is not all. */
static void
test_cut_control (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GVariant) controls = NULL;
  g_autofree char *shown = NULL;
  g_autoptr (GError) error = NULL;
  char byte;

  (void) state;
  must (kin_socket_new_pair ("unix-dgram", &a, &b, &error), error);
  must (kin_socket_set_option_text (b, "unix.passcred", "1", &error), error);
  must_send (a, "x", 1);
  kin_message_set_data (message, &byte, 1);
  kin_message_set_control_size (message, CMSG_LEN (4)); /* of twelve bytes */
  must (kin_socket_recvmsg (b, message, 0, &error) == 1, error);
  assert_true (kin_message_get_flags (message) & MSG_CTRUNC);
  controls = kin_message_get_controls (message, b);
  assert_int_equal (g_variant_n_children (controls), 1);
  shown = kin_value_print (controls);
  assert_true (g_str_has_prefix (shown, "[(1, 2, b'")); /* not a credential of half a number */
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("error: error", test_os_error),
    ROW ("error: gaierror", test_gaierror),
    ROW ("error: gaierror EAI_SYSTEM", test_gaierror_system),
    ROW ("error: timeout", test_timeout),
    ROW ("error: OSError subclasses", test_subclasses),
    ROW ("error: argument errors", test_arguments),
    ROW ("error: use after close", test_after_close),
    ROW ("error: non-blocking connect errors", test_nonblocking),
    ROW ("error: RuntimeWarning on truncated cmsg", test_cut_control),
  };

  return cmocka_run_group_tests_name ("error", tests, NULL, NULL);
}
