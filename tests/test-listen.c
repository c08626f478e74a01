/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-listen: which family binds what means all addresses, names that are bound, sockets that a
 * service manager hands over.
 *
 * Wrap: socket
 */
#include "names.h"

#include <fcntl.h>
#include <sys/wait.h>

static int failing_domain, failing_code; /* socket(2) of it fails so */

int __real_socket (int domain, int type, int protocol);
int __wrap_socket (int domain, int type, int protocol);

int
__wrap_socket (int domain, int type, int protocol)
{
  if (domain != failing_domain)
    return __real_socket (domain, type, protocol);
  errno = failing_code;
  return -1;
}

static void
assert_local (KinSocket *socket, const char *start)
{
  g_autofree char *text = NULL;
  KinAddress address;

  assert_true (kin_socket_local (socket, &address, NULL));
  text = kin_address_format (&address);
  if (!g_str_has_prefix (text, start))
    fail_msg ("%s is not %s…", text, start);
}

static KinSocket *
must_listen (const char *endpoint)
{
  g_autoptr (GError) error = NULL;
  KinSocket *socket = kin_listen (endpoint, &error);

  if (!socket)
    fail_msg ("%s", error->message);
  return socket;
}

/* ---- All addresses ------------------------------------------------------------------------- */

static void
assert_reaches (const char *host, guint16 port, KinSocket *door)
{
  g_autofree char *endpoint = g_strdup_printf ("name:%s,%u", host, port);
  g_autoptr (KinSocket) client = kin_connect (endpoint, KIN_SECONDS (10), NULL);
  g_autoptr (KinSocket) server = client ? kin_socket_accept (door, NULL, NULL) : NULL;

  assert_non_null (server);
}

static void
test_one_socket_serves_both (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("name:*,0?name6.hops=9");
  g_autofree char *only = kin_socket_get_option_text (door, "name6.v6only", NULL);
  g_autofree char *hops = kin_socket_get_option_text (door, "name6.hops", NULL);
  g_autofree char *reuse = kin_socket_get_option_text (door, "so.reuseaddr", NULL);

  (void) state;
  assert_local (door, "name:::,");
  assert_string_equal (only, "0");
  assert_string_equal (hops, "9");
  assert_string_equal (reuse, "1");
  assert_reaches ("127.0.0.1", names_port_of (door), door);
  assert_reaches ("::1", names_port_of (door), door);
}

/* The endpoint's options come after the row's. */
static void
test_the_endpoint_has_the_last_word (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("name:*,0?name6.v6only=1");
  g_autofree char *endpoint = g_strdup_printf ("name:0.0.0.0,%u", names_port_of (door));
  g_autoptr (KinSocket) other = must_listen (endpoint);

  (void) state;
  assert_local (other, "name:0.0.0.0,");
}

static void
test_without_the_first_family (void **state)
{
  static const int codes[] = { EAFNOSUPPORT, EADDRNOTAVAIL };

  (void) state;
  failing_domain = AF_INET6;
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++) {
    g_autoptr (KinSocket) door = NULL;

    failing_code = codes[i];
    door = must_listen ("name:*,0?name6.hops=9&name4.ttl=8");
    assert_local (door, "name:0.0.0.0,");
    assert_reaches ("127.0.0.1", names_port_of (door), door);
  }
  failing_domain = 0;
}

/* What another reason keeps the first family from is told, not hidden by the second. */
static void
test_no_way_round (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("name:::,0?name6.v6only=1");
  g_autofree char *endpoint = g_strdup_printf ("name:*,%u", names_port_of (door));
  g_autoptr (GError) error = NULL;

  (void) state;
  assert_null (kin_listen (endpoint, &error));
  assert_int_equal (errno, EADDRINUSE);
  assert_kin_error (error, KIN_OS_ERROR, EADDRINUSE);
  failing_domain = AF_INET6;
  failing_code = EMFILE;
  assert_null (kin_listen ("name:*,0", &error));
  assert_kin_error (error, KIN_OS_ERROR, EMFILE);
  failing_domain = 0;
}

static void
test_names (void **state)
{
  g_autoptr (KinSocket) door = must_listen ("name:198.51.100.1+127.0.0.5+::1,0");
  g_autoptr (GError) error = NULL;

  (void) state;
  assert_local (door, "name:127.0.0.5,");
  assert_null (kin_listen ("name:eai-2,0", &error));
  assert_kin_error (error, KIN_RESOLVE_ERROR, EAI_NONAME);
  assert_null (kin_bind ("name:198.51.100.1+198.51.100.2,0", &error));
  assert_non_null (strstr (error->message, "198.51.100.2"));
  assert_kin_error (error, KIN_OS_ERROR, EADDRNOTAVAIL);
  names_hold (TRUE);
  kin_set_default_timeout (SHORT, NULL);
  assert_null (kin_bind ("name:hang,0", &error));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_TIMED_OUT);
  kin_set_default_timeout (KIN_FOREVER, NULL);
  names_hold (FALSE);
}

/* ---- Handed over --------------------------------------------------------------------------- */

/* In a child, whose descriptors from 3 on are free to be anything. Its exit code is the number of
 * the line that went wrong, at most 255; 0: none. */
#define CHILD_MUST(truth)                                                                          \
  do {                                                                                             \
    if (!(truth))                                                                                  \
      _exit (__LINE__ & 255 ? __LINE__ & 255 : 1);                                                 \
  } while (0)

static void
put (int fd, int where)
{
  CHILD_MUST (fd >= 0 && (fd == where || dup2 (fd, where) == where));
}

static int
run (void (*body) (void))
{
  pid_t child = fork ();
  int status;

  if (child == 0) {
    body ();
    _exit (0);
  }
  assert_int_equal (waitpid (child, &status, 0), child);
  return WIFEXITED (status) ? WEXITSTATUS (status) : -1;
}

static void
set_number (const char *name, int number)
{
  g_autofree char *text = g_strdup_printf ("%d", number);

  g_setenv (name, text, TRUE);
}

static void
take_two (void)
{
  KinSocket *stream = kin_listen ("name:127.0.0.1,0", NULL);
  KinSocket *datagram = kin_bind ("name-dgram:127.0.0.1,0", NULL);
  g_autoptr (GPtrArray) sockets = NULL, again = NULL;
  g_auto (GStrv) names = NULL;
  int fds[] = { kin_socket_detach (stream, NULL), kin_socket_detach (datagram, NULL) };

  fds[0] = fcntl (fds[0], F_DUPFD, 20);
  fds[1] = fcntl (fds[1], F_DUPFD, 20);
  put (fds[0], 3);
  put (fds[1], 4);
  set_number ("LISTEN_PID", getpid ());
  g_setenv ("LISTEN_FDS", "2", TRUE);
  g_setenv ("LISTEN_FDNAMES", "web:", TRUE);
  sockets = kin_listen_fds (&names, NULL);
  CHILD_MUST (sockets && sockets->len == 2);
  CHILD_MUST (kin_socket_fd (sockets->pdata[0]) == 3 && kin_socket_fd (sockets->pdata[1]) == 4);
  CHILD_MUST (kin_socket_type (sockets->pdata[0]) == SOCK_STREAM);
  CHILD_MUST (kin_socket_type (sockets->pdata[1]) == SOCK_DGRAM);
  CHILD_MUST (strcmp (names[0], "web") == 0 && strcmp (names[1], "unknown") == 0 && !names[2]);
  CHILD_MUST (fcntl (3, F_GETFD) == FD_CLOEXEC && fcntl (4, F_GETFD) == FD_CLOEXEC);
  CHILD_MUST (!g_getenv ("LISTEN_PID") && !g_getenv ("LISTEN_FDS") && !g_getenv ("LISTEN_FDNAMES"));
  again = kin_listen_fds (NULL, NULL);
  CHILD_MUST (again && again->len == 0);
}

/* The domains of the fixture are borrowed, so a descriptor is nobody's until a family claims it. */
static const KinProtocol claiming_protocols[] = {
  { .scheme = "claims",
    .type = SOCK_STREAM,
    .codecs = KIN_TABLE (name4_codecs),
    .grammar = "HOST,PORT",
    .example = "claims:127.0.0.1,80" },
  { .scheme = "claims-dgram",
    .type = SOCK_DGRAM,
    .codecs = KIN_TABLE (name4_codecs),
    .grammar = "HOST,PORT",
    .example = "claims-dgram:127.0.0.1,80" },
};

static const KinFamily claiming_family = {
  KIN_STAMP,
  .domain = AF_INET,
  .name = "claims",
  .summary = "IPv4, for tests",
  .protocols = KIN_TABLE (claiming_protocols),
};

static void
take_for_another (void)
{
  g_autoptr (GPtrArray) sockets = NULL;

  set_number ("LISTEN_PID", getpid () + 1);
  g_setenv ("LISTEN_FDS", "1", TRUE);
  sockets = kin_listen_fds (NULL, NULL);
  CHILD_MUST (sockets && sockets->len == 0);
}

static void
take_what_is_no_socket (void)
{
  KinSocket *stream = kin_listen ("name:127.0.0.1,0", NULL);
  int pipes[2], fd = fcntl (kin_socket_detach (stream, NULL), F_DUPFD, 20);
  g_autoptr (GError) error = NULL;

  CHILD_MUST (pipe (pipes) == 0);
  put (fd, 3);
  put (fcntl (pipes[0], F_DUPFD, 20), 4);
  set_number ("LISTEN_PID", getpid ());
  g_setenv ("LISTEN_FDS", "2", TRUE);
  CHILD_MUST (!kin_listen_fds (NULL, &error));
  CHILD_MUST (errno == ENOTSOCK && strstr (error->message, "descriptor 4"));
  CHILD_MUST (fcntl (3, F_GETFD) >= 0 && fcntl (4, F_GETFD) >= 0);
  CHILD_MUST (g_getenv ("LISTEN_FDS"));
  g_setenv ("LISTEN_FDS", "99999999999999999999", TRUE);
  CHILD_MUST (kin_listen_fds (NULL, NULL)->len == 0);
}

static void
test_handed_over (void **state)
{
  (void) state;
  assert_true (kin_register_family (&claiming_family, NULL));
  assert_int_equal (run (take_two), 0);
  assert_int_equal (run (take_for_another), 0);
  assert_int_equal (run (take_what_is_no_socket), 0);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_one_socket_serves_both),
    cmocka_unit_test (test_the_endpoint_has_the_last_word),
    cmocka_unit_test (test_without_the_first_family),
    cmocka_unit_test (test_no_way_round),
    cmocka_unit_test (test_names),
    cmocka_unit_test (test_handed_over),
  };

  return cmocka_run_group_tests (tests, names_setup, NULL);
}
