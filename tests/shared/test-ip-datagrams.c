/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-ip-datagrams: a server on all addresses answers from the one that was asked, over IPv4, IPv6
 * and both. Who asks is a connected socket of the kernel's own, which hears no other address.
 *
 * Needs: inet inet6
 */
#include "net.h"

#include <netdb.h>

static const struct {
  const char *bound, *asked;
  const char *to; /* as recvfromto tells it */
} cases[] = {
  { "udp4::0", "127.0.0.6", "udp4:127.0.0.6:0" },
  { "udp4::0", "127.0.0.1", "udp4:127.0.0.1:0" },
  { "udp6::0", "2001:db8::1", "udp6:[2001:db8::1]:0" },
  { "udp6::0", "::1", "udp6:[::1]:0" },
  { "udp::0", "2001:db8::1", "udp:[2001:db8::1]:0" },
  { "udp::0", "127.0.0.6", "udp:[::ffff:127.0.0.6]:0" },
  { "udplite4::0", "127.0.0.6", "udplite4:127.0.0.6:0" },
};

/* To the server's port, with the server's protocol. */
static int
ask (const char *host, KinSocket *server, const char *question)
{
  g_autofree char *own = local_text (server);
  const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM };
  const struct timeval timeout = { .tv_sec = 20 };
  struct addrinfo *found;
  int fd;

  assert_int_equal (getaddrinfo (host, strrchr (own, ':') + 1, &hints, &found), 0);
  fd = socket (found->ai_family, SOCK_DGRAM, (int) get_number (server, "so.protocol"));
  assert_true (fd >= 0);
  assert_int_equal (setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout), 0);
  assert_int_equal (connect (fd, found->ai_addr, found->ai_addrlen), 0);
  assert_int_equal (send (fd, question, strlen (question), 0), strlen (question));
  freeaddrinfo (found);
  return fd;
}

/* NULL: the kernel has no such protocol. */
static KinSocket *
open_server (const char *endpoint)
{
  g_autoptr (GError) error = NULL;
  KinSocket *server = kin_bind (endpoint, &error);

  if (!server && errno != EPROTONOSUPPORT)
    fail_msg ("%s", error->message);
  return server;
}

static void
test_answers_from_what_was_asked (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (KinSocket) server = open_server (cases[i].bound);
    g_autoptr (GError) error = NULL;
    g_autofree char *told = NULL;
    KinAddress from, to;
    char data[32];
    int asker;

    print_message ("# %s asked at %s%s\n", cases[i].bound, cases[i].asked,
                   server ? "" : ": not here");
    if (!server)
      continue;
    must (kin_socket_set_timeout (server, LONG, &error), error);
    assert_int_equal (kin_socket_recvfromto (server, data, 1, MSG_DONTWAIT, &from, &to, &error),
                      -1);
    g_clear_error (&error);
    asker = ask (cases[i].asked, server, "who?");
    must (kin_socket_recvfromto (server, data, sizeof data, 0, &from, &to, &error) == 4, error);
    told = kin_address_format (&to);
    assert_string_equal (told, cases[i].to);
    must (kin_socket_sendfromto (server, "I", 1, 0, &to, &from, &error) == 1, error);
    assert_int_equal (recv (asker, data, sizeof data, 0), 1);
    assert_int_equal (data[0], 'I');
    close (asker);
  }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_answers_from_what_was_asked),
  };

  return cmocka_run_group_tests (tests, net_setup, NULL);
}
