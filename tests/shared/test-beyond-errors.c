/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-beyond-errors: the error queue as typed values: what came back by ICMP, what this machine
 * itself refused, and what a router says of the path's MTU.
 *
 * Needs: inet inet6 unix loop
 */
#include "net.h"

#include <sys/wait.h>

/* ---- A router ------------------------------------------------------------------------------ */

/* Behind k1, in a namespace of its own: networks that take no more than 1400 bytes a packet. */
static const char *const here = "ip link set k1 netns %d\n"
                                "ip address add 192.0.2.1/24 dev k0\n"
                                "ip route add 198.51.100.0/24 via 192.0.2.2\n"
                                "ip route add 2001:db8:2::/64 via 2001:db8::2\n";
static const char *const there = "ip link set k1 up\n"
                                 "ip address add 192.0.2.2/24 dev k1\n"
                                 "ip address add 2001:db8::2/64 dev k1 nodad\n"
                                 "ip link add d0 mtu 1400 type veth peer name d1\n"
                                 "ip address add 198.51.100.1/24 dev d0\n"
                                 "ip address add 2001:db8:2::1/64 dev d0 nodad\n"
                                 "ip link set d0 up\n"
                                 "ip link set d1 up\n"
                                 "echo 1 > /proc/sys/net/ipv4/ip_forward\n"
                                 "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding\n";

static gboolean
run (const char *commands)
{
  const char *argv[] = { "sh", "-ec", commands, NULL };
  int status = -1;

  return g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                       &status, NULL)
         && status == 0;
}

/* A step is done in turns: who reads a byte goes on. */
static void
be_router (int fd)
{
  char byte;
  gboolean is_well = unshare (CLONE_NEWNET) == 0 && write (fd, "1", 1) == 1
                     && read (fd, &byte, 1) == 1 && run (there) && write (fd, "2", 1) == 1;

  while (is_well && read (fd, &byte, 1) > 0)
    ;
  _exit (!is_well);
}

typedef struct {
  pid_t pid;
  int fd;
} Router;

static gboolean
start_router (Router *router)
{
  g_autofree char *commands = NULL;
  int fds[2];
  char byte;

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
    return FALSE;
  router->pid = fork ();
  if (router->pid == 0) {
    close (fds[0]);
    be_router (fds[1]);
  }
  close (fds[1]);
  router->fd = fds[0];
  commands = g_strdup_printf (here, (int) router->pid);
  return read (router->fd, &byte, 1) == 1 && run (commands) && write (router->fd, "1", 1) == 1
         && read (router->fd, &byte, 1) == 1;
}

static void
stop_router (Router *router)
{
  int status;

  close (router->fd);
  assert_int_equal (waitpid (router->pid, &status, 0), router->pid);
  assert_int_equal (status, 0);
}

/* ---- Reports ------------------------------------------------------------------------------- */

static void
must_report (KinSocket *socket, KinReport *report, const char *text)
{
  g_autoptr (GError) error = NULL;
  char data[2000];
  gssize n;

  must (kin_socket_wait (socket, POLLERR, LONG, &error), error);
  n = kin_socket_recv_report (socket, data, sizeof data - 1, report, &error);
  must (n >= 0, error);
  data[n] = 0;
  if (text)
    assert_string_equal (data, text);
}

static void
assert_formats (const KinReport *report, const char *expected)
{
  g_autofree char *line = kin_report_format (report);

  assert_string_equal (line, expected);
}

static void
assert_address (const KinAddress *address, const char *expected)
{
  g_autofree char *text = kin_address_format (address);

  assert_string_equal (text, expected);
}

/* Nobody is at a port: an address that was free a moment ago. */
static char *
free_address (const char *endpoint)
{
  g_autoptr (KinSocket) gone = must_bind (endpoint);

  return local_text (gone);
}

/* clang-format off */
static const struct {
  const char *free;       /* where nobody is */
  const char *socket;     /* what is bound, to send from */
  const char *to;         /* how that names the place: PORT stands for its port */
  guint       origin, type, subtype;
  const char *offender;
  const char *line;
} refusals[] = {
  { "udp4:127.0.0.1:0", "udp4:127.0.0.1:0", "udp4:127.0.0.1:PORT", KIN_REPORT_ICMP, 3, 3,
    "udp4:127.0.0.1:0",
    "Connection refused; icmp 3/3 from 127.0.0.1, sent to 127.0.0.1:PORT" },
  { "udp6:[::1]:0", "udp6:[::1]:0", "udp6:[::1]:PORT", KIN_REPORT_ICMP6, 1, 4,
    "udp6:[::1]:0",
    "Connection refused; icmp6 1/4 from [::1], sent to [::1]:PORT" },
  /* An IPv6 socket that sends to IPv4. */
  { "udp4:127.0.0.1:0", "udp:[::]:0", "udp:[::ffff:127.0.0.1]:PORT", KIN_REPORT_ICMP, 3, 3,
    "udp:[::ffff:127.0.0.1]:0",
    "Connection refused; icmp 3/3 from [::ffff:127.0.0.1], "
    "sent to [::ffff:127.0.0.1]:PORT" },
};
/* clang-format on */

static char *
with_port (const char *text, const char *address)
{
  g_auto (GStrv) parts = g_strsplit (text, "PORT", -1);

  return g_strjoinv (strrchr (address, ':') + 1, parts);
}

/* The report has the datagram, who refused it and where it went. What waits to be received is not
 * touched, and the socket's error is gone with the report. */
static void
check_refusal (guint i)
{
  g_autofree char *nobody = free_address (refusals[i].free);
  g_autofree char *to = with_port (refusals[i].to, nobody), *own = NULL, *back = NULL;
  g_autofree char *line = with_port (refusals[i].line, nobody);
  g_autoptr (KinSocket) socket = must_bind (refusals[i].socket), sender = NULL;
  g_autoptr (GError) error = NULL;
  KinAddress address;
  KinReport report;

  print_message ("# %s\n", refusals[i].to);
  own = local_text (socket);
  back = g_str_has_prefix (own, "udp:") ? with_port ("udp4:127.0.0.1:PORT", own) : g_strdup (own);
  sender = must_connect (back);
  must_send (sender, "payload", 7);

  must (kin_socket_keep_reports (socket, &error), error);
  must (kin_address_parse (&address, to, &error), error);
  must (kin_socket_sendto (socket, "hello", 5, 0, &address, &error) == 5, error);
  must_report (socket, &report, "hello");
  assert_int_equal (report.errnum, ECONNREFUSED);
  assert_int_equal (report.origin, refusals[i].origin);
  assert_int_equal (report.type, refusals[i].type);
  assert_int_equal (report.subtype, refusals[i].subtype);
  assert_address (&report.offender, refusals[i].offender);
  assert_address (&report.to, to);
  assert_formats (&report, line);

  assert_fails (kin_socket_recv_report (socket, NULL, 0, &report, &error) >= 0, EAGAIN, &error);
  assert_receives (socket, "payload");
  must (kin_socket_sendto (socket, "again", 5, 0, &address, &error) == 5, error);
  must_report (socket, &report, "again");
}

static void
test_refused (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    check_refusal (i);
}

/* Without kin_socket_keep_reports nothing is kept, and POLLERR alone is waited for in vain. */
static void
test_waiting (void **state)
{
  g_autoptr (KinSocket) socket = must_bind ("udp4:127.0.0.1:0");
  g_autofree char *own = local_text (socket);
  g_autoptr (KinSocket) sender = must_connect (own);
  g_autoptr (GError) error = NULL;

  (void) state;
  must_send (sender, "x", 1);
  assert_false (kin_socket_wait (socket, POLLERR, KIN_SECONDS (0.05), &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT));
  g_clear_error (&error);
  must (kin_socket_wait (socket, POLLIN, LONG, &error), error);
}

/* ---- The path ------------------------------------------------------------------------------ */

/* What may not be cut is refused by this machine, which says how much would pass. */
static void
check_local_mtu (const char *endpoint, const char *peer)
{
  g_autofree char *to = free_address (peer), *text = g_strconcat (to, endpoint, NULL);
  g_autoptr (KinSocket) socket = must_connect (text);
  g_autoptr (GError) error = NULL;
  char data[4000] = "";
  KinReport report;

  must (kin_socket_keep_reports (socket, &error), error);
  assert_int_equal (kin_socket_path_mtu (socket, &error), 1500);
  assert_false (kin_socket_send (socket, data, sizeof data, 0, &error) >= 0);
  assert_true (g_error_matches (error, KIN_OS_ERROR, EMSGSIZE));
  assert_non_null (strstr (error->message, "ip.mtu"));
  g_clear_error (&error);
  must_report (socket, &report, NULL);
  assert_int_equal (report.errnum, EMSGSIZE);
  assert_int_equal (report.origin, KIN_REPORT_LOCAL);
  assert_int_equal (report.info, 1500);
  assert_int_equal (report.offender.length, 0);
  assert_address (&report.to, to);
}

static void
test_local_mtu (void **state)
{
  (void) state;
  check_local_mtu ("?ip.mtu-discover=do", "udp4:127.0.0.1:0");
  check_local_mtu ("?ipv6.mtu-discover=do", "udp6:[::1]:0");
}

/* A router drops what is too long and says so; from then on the path's MTU is known. */
static void
check_router_mtu (const char *endpoint, guint origin, const char *offender)
{
  g_autoptr (KinSocket) socket = must_connect (endpoint);
  g_autoptr (GError) error = NULL;
  char data[1430] = "";
  KinReport report;

  must (kin_socket_keep_reports (socket, &error), error);
  assert_int_equal (kin_socket_path_mtu (socket, &error), 1500);
  must_send (socket, data, sizeof data);
  must_report (socket, &report, NULL);
  assert_int_equal (report.errnum, EMSGSIZE);
  assert_int_equal (report.origin, origin);
  assert_int_equal (report.info, 1400);
  assert_address (&report.offender, offender);
  assert_int_equal (kin_socket_path_mtu (socket, &error), 1400);
  assert_false (kin_socket_send (socket, data, sizeof data, 0, &error) >= 0);
  assert_true (g_error_matches (error, KIN_OS_ERROR, EMSGSIZE));
}

static void
test_router_mtu (void **state)
{
  Router router = { .fd = -1 };

  (void) state;
  assert_true (start_router (&router));
  check_router_mtu ("udp4:198.51.100.7:9?ip.mtu-discover=do", KIN_REPORT_ICMP, "udp4:192.0.2.2:0");
  check_router_mtu ("udp6:[2001:db8:2::7]:9?ipv6.mtu-discover=do", KIN_REPORT_ICMP6,
                    "udp6:[2001:db8::2]:0");
  stop_router (&router);
}

/* ---- What has no reports, or no MTU -------------------------------------------------------- */

/* And what waits there stays. */
static void
check_without (const char *scheme)
{
  g_autoptr (KinSocket) socket = must_bind (scheme), sender = NULL;
  g_autofree char *own = local_text (socket);
  g_autoptr (GError) error = NULL;
  KinReport report;
  char data[8];

  sender = must_connect (own);
  must_send (sender, "x", 1);
  assert_fails (kin_socket_keep_reports (socket, &error), EOPNOTSUPP, &error);
  assert_fails (kin_socket_recv_report (socket, data, sizeof data, &report, &error) >= 0,
                EOPNOTSUPP, &error);
  assert_fails (kin_socket_path_mtu (socket, &error) >= 0, EOPNOTSUPP, &error);
  assert_receives (socket, "x");
}

static void
test_without (void **state)
{
  g_autoptr (KinSocket) socket = must_bind ("udp4:127.0.0.1:0");
  g_autoptr (GError) error = NULL;
  KinReport report;

  (void) state;
  check_without ("unix-dgram:");
  check_without ("loop-dgram:errors");
  assert_fails (kin_socket_path_mtu (socket, &error) >= 0, ENOTCONN, &error);
  must (kin_socket_close (socket, &error), error);
  assert_fails (kin_socket_recv_report (socket, NULL, 0, &report, &error) >= 0, EBADF, &error);
  assert_fails (kin_socket_keep_reports (socket, &error), EBADF, &error);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_refused),    cmocka_unit_test (test_waiting),
    cmocka_unit_test (test_local_mtu),  cmocka_unit_test (test_without),
    cmocka_unit_test (test_router_mtu),
  };

  return cmocka_run_group_tests (tests, net_setup, NULL);
}
