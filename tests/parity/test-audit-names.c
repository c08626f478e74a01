/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-audit-names: audit events of look-ups. What Kin's hook sees is what Python's sees when it
 * does the same; and a hook that refuses stops the call.
 *
 * Needs: inet plugins
 */
#include "python.h"

#include <netdb.h>

/* "('localhost', None)": of the last event of that name. */
typedef struct {
  const char *event;
  gboolean is_refused;
  char *arguments;
} Watched;

static char *
hook (const KinAudit *audit, gpointer data)
{
  Watched *watched = data;

  if (strcmp (audit->event, watched->event) != 0)
    return NULL;
  g_free (watched->arguments);
  watched->arguments = kin_value_print (audit->arguments);
  return watched->is_refused ? g_strdup ("not in this test") : NULL;
}

typedef gboolean (*Call) (GError **error);

/* ours: the call in C; theirs: in Python, where a hook of its own prints what it sees. */
static void
check (const char *event, Call ours, const char *theirs)
{
  g_autofree char *call =
      g_strdup_printf ("[seen := [], sys.addaudithook(lambda event, arguments: event == '%s' and "
                       "seen.append(arguments)), %s, seen[0]][-1]",
                       event, theirs);
  Watched watched = { .event = event };
  g_autoptr (GError) error = NULL;
  gboolean is_done;

  kin_set_audit_hook (hook, &watched);
  is_done = ours (&error);
  kin_set_audit_hook (NULL, NULL);
  must (is_done, error);
  assert_as_python (g_strdup (watched.arguments), call);

  watched.is_refused = TRUE;
  kin_set_audit_hook (hook, &watched);
  is_done = ours (&error);
  kin_set_audit_hook (NULL, NULL);
  assert_false (is_done);
  assert_int_equal (errno, EPERM);
  assert_error (error, KIN_ERROR, KIN_ERROR_DENIED);
  g_free (watched.arguments);
}

static gboolean
by_getaddrinfo (GError **error)
{
  const KinAddressHints hints = { AF_INET, SOCK_STREAM, IPPROTO_TCP, AI_NUMERICHOST };
  g_autoptr (GPtrArray) infos = kin_getaddrinfo ("127.0.0.1", "80", &hints, LONG, NULL, error);

  return infos != NULL;
}

static gboolean
by_gethostbyname (GError **error)
{
  g_autofree char *address = kin_gethostbyname ("127.0.0.1", LONG, NULL, error);

  return address != NULL;
}

static gboolean
by_gethostbyaddr (GError **error)
{
  g_autoptr (KinHostEntry) entry = kin_gethostbyaddr ("127.0.0.1", LONG, NULL, error);

  return entry != NULL;
}

static gboolean
by_gethostname (GError **error)
{
  g_autofree char *name = kin_gethostname (error);

  return name != NULL;
}

static gboolean
by_getnameinfo (GError **error)
{
  KinAddress address;

  return kin_address_parse (&address, "tcp4:127.0.0.1:80", error)
         && kin_getnameinfo (&address, NI_NUMERICHOST, LONG, NULL, NULL, NULL, error);
}

static gboolean
by_getservbyname (GError **error)
{
  return kin_getservbyname ("http", "tcp", error) > 0;
}

static gboolean
by_getservbyport (GError **error)
{
  g_autofree char *name = kin_getservbyport (80, "tcp", error);

  return name != NULL;
}

/* Nobody is to be renamed: the hook refuses, and has seen the name. */
static void
test_sethostname (void **state)
{
  Watched watched = { .event = "socket.sethostname", .is_refused = TRUE };
  g_autoptr (GError) error = NULL;
  gboolean is_done;

  (void) state;
  kin_set_audit_hook (hook, &watched);
  is_done = kin_sethostname ("kin-test", &error);
  kin_set_audit_hook (NULL, NULL);
  assert_false (is_done);
  assert_int_equal (errno, EPERM);
  assert_error (error, KIN_ERROR, KIN_ERROR_DENIED);
  assert_string_equal (watched.arguments, "(b'kin-test',)");
  g_free (watched.arguments);
}

/* clang-format off */
#define CHECK(function, event, ours, theirs) \
  static void function (void **state) { (void) state; check (event, ours, theirs); }

CHECK (test_getaddrinfo,   "socket.getaddrinfo",   by_getaddrinfo,
       "getaddrinfo('127.0.0.1', '80', 2, 1, 6, AI_NUMERICHOST)")
CHECK (test_gethostbyname, "socket.gethostbyname", by_gethostbyname, "gethostbyname('127.0.0.1')")
CHECK (test_gethostbyaddr, "socket.gethostbyaddr", by_gethostbyaddr, "gethostbyaddr('127.0.0.1')")
CHECK (test_gethostname,   "socket.gethostname",   by_gethostname,   "gethostname()")
CHECK (test_getnameinfo,   "socket.getnameinfo",   by_getnameinfo,
       "getnameinfo(('127.0.0.1', 80), NI_NUMERICHOST)")
CHECK (test_getservbyname, "socket.getservbyname", by_getservbyname, "getservbyname('http', 'tcp')")
CHECK (test_getservbyport, "socket.getservbyport", by_getservbyport, "getservbyport(80, 'tcp')")
/* clang-format on */

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("audit: socket.getaddrinfo", test_getaddrinfo),
    ROW ("audit: socket.gethostbyname", test_gethostbyname),
    ROW ("audit: socket.gethostbyaddr", test_gethostbyaddr),
    ROW ("audit: socket.gethostname", test_gethostname),
    ROW ("audit: socket.getnameinfo", test_getnameinfo),
    ROW ("audit: socket.getservbyname", test_getservbyname),
    ROW ("audit: socket.getservbyport", test_getservbyport),
    ROW ("audit: socket.sethostname", test_sethostname),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
