/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-netdb: look-ups that wait, that are left behind, that fail, by a resolver of the test's own;
 * and whose the addresses are that they find.
 *
 * Needs: inet plugins
 */
#include "sockets.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>

/* ---- The resolver: what it does its host's name says ---------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static gboolean is_held;
static gint n_waiting;

static void
hold (gboolean held)
{
  pthread_mutex_lock (&lock);
  is_held = held;
  pthread_cond_broadcast (&changed);
  pthread_mutex_unlock (&lock);
}

static void
hang (void)
{
  pthread_mutex_lock (&lock);
  g_atomic_int_inc (&n_waiting);
  while (is_held)
    pthread_cond_wait (&changed, &lock);
  g_atomic_int_add (&n_waiting, -1);
  pthread_mutex_unlock (&lock);
}

/* An address of a family that no plugin has. */
static struct addrinfo *
foreign_list (void)
{
  static const guint8 bytes[4] = { 1, 2, 3, 4 };
  struct addrinfo *list = g_new0 (struct addrinfo, 1);

  list->ai_family = AF_APPLETALK;
  list->ai_socktype = SOCK_DGRAM;
  list->ai_addrlen = sizeof (sa_family_t) + sizeof bytes;
  list->ai_addr = g_malloc0 (sizeof (struct sockaddr_storage));
  list->ai_addr->sa_family = AF_APPLETALK;
  memcpy (list->ai_addr->sa_data, bytes, sizeof bytes);
  return list;
}

static int
own_getaddrinfo (const char *host, const char *service, const struct addrinfo *hints,
                 struct addrinfo **list, gpointer user_data)
{
  assert_ptr_equal (user_data, &lock);
  if (!host || strcmp (host, "hang") == 0)
    hang ();
  else if (strcmp (host, "nothing") == 0) {
    *list = NULL;
    return 0;
  } else if (strcmp (host, "foreign") == 0) {
    *list = foreign_list ();
    return 0;
  } else if (strcmp (host, "system") == 0) {
    errno = EMFILE;
    return EAI_SYSTEM;
  } else if (strcmp (host, "again") == 0)
    return EAI_AGAIN;
  return getaddrinfo ("127.0.0.1", service, hints, list);
}

static void
own_freeaddrinfo (struct addrinfo *list, gpointer user_data)
{
  assert_ptr_equal (user_data, &lock);
  if (list->ai_family != AF_APPLETALK) {
    freeaddrinfo (list);
    return;
  }
  g_free (list->ai_addr);
  g_free (list);
}

static int
own_getnameinfo (const struct sockaddr *address, socklen_t length, char *host, socklen_t host_size,
                 char *service, socklen_t service_size, int flags, gpointer user_data)
{
  assert_ptr_equal (user_data, &lock);
  hang ();
  return getnameinfo (address, length, host, host_size, service, service_size,
                      flags | NI_NUMERICHOST | NI_NUMERICSERV);
}

/* With so many aliases that a first try has not the room. */
static int
large_entry (struct hostent *entry, char *room, gsize size)
{
  enum { N_ALIASES = 200 };
  char **words = (char **) room;
  char *at = room + (N_ALIASES + 3) * sizeof (char *);

  if (size < (N_ALIASES + 3) * sizeof (char *) + 4)
    return ERANGE;
  memcpy (at, "\x7f\0\0\x07", 4);
  for (guint i = 0; i < N_ALIASES; i++)
    words[i] = (char *) "alias";
  words[N_ALIASES] = NULL;
  words[N_ALIASES + 1] = at;
  words[N_ALIASES + 2] = NULL;
  *entry = (struct hostent){ .h_name = (char *) "large.test",
                             .h_aliases = words,
                             .h_addrtype = AF_INET,
                             .h_length = 4,
                             .h_addr_list = &words[N_ALIASES + 1] };
  return 0;
}

static int
answer_host (const char *host, struct hostent *entry, char *room, gsize size,
             struct hostent **result, int *code)
{
  int rc;

  *result = NULL;
  *code = NETDB_INTERNAL;
  if (strcmp (host, "hang") == 0)
    hang ();
  if (strcmp (host, "system") == 0)
    return EMFILE;
  if (strcmp (host, "large") != 0) {
    *code = strcmp (host, "data") == 0 ? NO_DATA : HOST_NOT_FOUND;
    return 0;
  }
  rc = large_entry (entry, room, size);
  if (rc == 0)
    *result = entry;
  return rc;
}

static int
own_gethostbyname (const char *name, int family, struct hostent *entry, char *room, gsize size,
                   struct hostent **result, int *code, gpointer user_data)
{
  assert_ptr_equal (user_data, &lock);
  assert_int_equal (family, AF_INET);
  return answer_host (name, entry, room, size, result, code);
}

static int
own_gethostbyaddr (gconstpointer address, socklen_t length, int family, struct hostent *entry,
                   char *room, gsize size, struct hostent **result, int *code, gpointer user_data)
{
  assert_ptr_equal (user_data, &lock);
  assert_int_equal (length, 4);
  assert_int_equal (family, AF_INET);
  assert_memory_equal (address, "\x7f\0\0\x01", 4);
  return answer_host ("none", entry, room, size, result, code);
}

static int
setup (void **state)
{
  const KinResolver resolver = { sizeof resolver, own_getaddrinfo,   own_freeaddrinfo,
                                 own_getnameinfo, own_gethostbyname, own_gethostbyaddr };

  (void) state;
  g_main_context_default (); /* has a descriptor */
  return kin_set_resolver (&resolver, &lock, NULL) ? 0 : -1;
}

/* ---- Waiting -------------------------------------------------------------------------------- */

/* Every call that may wait, of a host that never answers; FALSE: it failed. */
static gboolean
look_up (guint which, gint64 timeout, KinCancel *cancel, GError **error)
{
  const KinAddressHints hints = { .family = AF_INET, .type = SOCK_STREAM };
  g_autoptr (KinHostEntry) entry = NULL;
  g_autoptr (GPtrArray) infos = NULL;
  g_autofree char *text = NULL;
  KinAddress address;

  switch (which) {
  case 0:
    return (infos = kin_getaddrinfo ("hang", "80", &hints, timeout, cancel, error)) != NULL;
  case 1:
    assert_true (kin_address_parse (&address, "tcp4:127.0.0.1:80", NULL));
    return kin_getnameinfo (&address, 0, timeout, cancel, NULL, NULL, error);
  case 2:
    return (text = kin_gethostbyname ("hang", timeout, cancel, error)) != NULL;
  case 3:
    return (entry = kin_gethostbyname_ex ("hang", timeout, cancel, error)) != NULL;
  case 4:
    return (entry = kin_gethostbyaddr ("hang", timeout, cancel, error)) != NULL;
  default:
    return (text = kin_getfqdn ("hang", timeout, cancel, error)) != NULL;
  }
}
enum { N_CALLS = 6 };

static void
assert_kin_error (GError **error, int code, int os_code)
{
  assert_int_equal (errno, os_code);
  assert_non_null (*error);
  if (!g_error_matches (*error, KIN_ERROR, code))
    fail_msg ("%s %d: %s", g_quark_to_string ((*error)->domain), (*error)->code, (*error)->message);
  g_clear_error (error);
}

/* The workers end by themselves. */
static void
let_go (guint n_fds)
{
  hold (FALSE);
  for (guint tries = 0; (g_atomic_int_get (&n_waiting) > 0 || count_fds () > n_fds) && tries < 5000;
       tries++)
    g_usleep (1000);
  assert_int_equal (count_fds (), n_fds);
}

static void
test_deadline (void **state)
{
  g_autoptr (GError) error = NULL;
  guint n_fds = count_fds ();

  (void) state;
  hold (TRUE);
  for (guint i = 0; i < N_CALLS; i++) {
    Moment began = now ();

    assert_false (look_up (i, SHORT, NULL, &error));
    assert_kin_error (&error, KIN_ERROR_TIMED_OUT, ETIMEDOUT);
    assert_waited (began, SHORT);
    assert_false (look_up (i, -2, NULL, &error));
    assert_kin_error (&error, KIN_ERROR_BAD_VALUE, EINVAL);
  }
  let_go (n_fds);
}

static gpointer
cancel_late (gpointer cancel)
{
  g_usleep (SHORT);
  kin_cancel_cancel (cancel);
  return NULL;
}

static void
test_cancel (void **state)
{
  guint n_fds = count_fds ();
  KinCancel *cancel = kin_cancel_new (NULL);
  g_autoptr (GError) error = NULL;

  (void) state;
  hold (TRUE);
  for (guint i = 0; i < N_CALLS; i++) {
    GThread *thread = g_thread_new ("cancel", cancel_late, cancel);

    assert_false (look_up (i, KIN_FOREVER, cancel, &error));
    assert_kin_error (&error, KIN_ERROR_CANCELLED, ECANCELED);
    g_thread_join (thread);
    kin_cancel_reset (cancel);
  }
  kin_cancel_unref (cancel);
  let_go (n_fds);
}

/* ---- By a callback -------------------------------------------------------------------------- */

typedef struct {
  guint n_calls;
  GThread *thread;
  GPtrArray *results;
  GError *error;
} Answer;

static void
take (GPtrArray *results, const GError *error, gpointer user_data)
{
  Answer *answer = user_data;

  assert_true (!results != !error);
  answer->n_calls++;
  answer->thread = g_thread_self ();
  answer->results = results ? g_ptr_array_ref (results) : NULL;
  answer->error = error ? g_error_copy (error) : NULL;
}

/* In the context that was the thread's own when it was asked, and in no other. */
static Answer
ask (const char *host, gint64 timeout, KinCancel *cancel)
{
  const KinAddressHints hints = { .family = AF_INET, .type = SOCK_STREAM };
  g_autoptr (GMainContext) context = g_main_context_new ();
  Answer answer = { .n_calls = 0 };

  g_main_context_push_thread_default (context);
  kin_getaddrinfo_async (host, "80", &hints, timeout, cancel, take, &answer);
  g_main_context_pop_thread_default (context);
  assert_int_equal (answer.n_calls, 0);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  assert_int_equal (answer.n_calls, 0);
  while (answer.n_calls == 0)
    g_main_context_iteration (context, TRUE);
  assert_ptr_equal (answer.thread, g_thread_self ());
  assert_false (g_main_context_iteration (context, FALSE));
  assert_int_equal (answer.n_calls, 1);
  return answer;
}

static void
assert_answered (Answer answer, int code)
{
  assert_null (answer.results);
  if (!g_error_matches (answer.error, KIN_ERROR, code))
    fail_msg ("%s", answer.error->message);
  g_error_free (answer.error);
}

static char *
refuse (const KinAudit *audit, gpointer user_data)
{
  (void) user_data;
  return strcmp (audit->event, "socket.getaddrinfo") == 0 ? g_strdup ("not here") : NULL;
}

static void
test_callback (void **state)
{
  guint n_fds = count_fds ();
  KinCancel *cancel = kin_cancel_new (NULL);
  Answer answer = ask ("there", LONG, cancel);
  Moment began;
  GThread *thread;

  (void) state;
  assert_int_equal (answer.results->len, 1);
  assert_int_equal (((KinAddressInfo *) answer.results->pdata[0])->family, AF_INET);
  g_ptr_array_unref (answer.results);

  hold (TRUE);
  began = now ();
  assert_answered (ask ("hang", SHORT, cancel), KIN_ERROR_TIMED_OUT);
  assert_waited (began, SHORT);
  thread = g_thread_new ("cancel", cancel_late, cancel);
  assert_answered (ask ("hang", KIN_FOREVER, cancel), KIN_ERROR_CANCELLED);
  g_thread_join (thread);
  assert_answered (ask ("there", -2, NULL), KIN_ERROR_BAD_VALUE);
  assert_answered (ask ("\xff", LONG, NULL), KIN_ERROR_BAD_VALUE);
  kin_set_audit_hook (refuse, NULL);
  assert_answered (ask ("there", LONG, NULL), KIN_ERROR_DENIED);
  kin_set_audit_hook (NULL, NULL);
  kin_cancel_unref (cancel);
  let_go (n_fds);
}

/* ---- What is found, and what fails ---------------------------------------------------------- */

/* What has a family prints and reads back; what has none is there as bytes. */
static void
test_whose (void **state)
{
  const KinAddressHints hints = { .family = AF_INET, .type = SOCK_DGRAM };
  g_autoptr (GPtrArray) found = kin_getaddrinfo ("there", "53", &hints, LONG, NULL, NULL);
  g_autoptr (GPtrArray) foreign = kin_getaddrinfo ("foreign", NULL, &hints, LONG, NULL, NULL);
  g_autofree char *text = NULL, *bytes = NULL;
  const KinAddressInfo *info;
  KinAddress again;

  (void) state;
  assert_non_null (found);
  info = found->pdata[0];
  text = kin_address_format (&info->address);
  assert_string_equal (text, "udp:127.0.0.1:53");
  assert_true (kin_address_parse (&again, text, NULL));
  assert_true (kin_address_equal (&again, &info->address));

  assert_non_null (foreign);
  info = foreign->pdata[0];
  assert_int_equal (info->family, AF_APPLETALK);
  bytes = kin_address_format (&info->address);
  assert_string_equal (bytes, "(5, b'\\x01\\x02\\x03\\x04')");
}

static void
assert_fails_to_resolve (const char *host, GQuark domain, int code, int os_code, const char *words)
{
  g_autoptr (GError) error = NULL;

  assert_null (kin_getaddrinfo (host, "80", NULL, LONG, NULL, &error));
  assert_int_equal (errno, os_code);
  if (!g_error_matches (error, domain, code) || !strstr (error->message, words))
    fail_msg ("%s %d: %s", g_quark_to_string (error->domain), error->code, error->message);
}

static void
test_resolve_errors (void **state)
{
  (void) state;
  assert_fails_to_resolve ("again", KIN_RESOLVE_ERROR, EAI_AGAIN, EADDRNOTAVAIL,
                           gai_strerror (EAI_AGAIN));
  assert_fails_to_resolve ("nothing", KIN_RESOLVE_ERROR, EAI_NODATA, EADDRNOTAVAIL,
                           gai_strerror (EAI_NODATA));
  assert_fails_to_resolve ("system", KIN_OS_ERROR, EMFILE, EMFILE, g_strerror (EMFILE));
}

static void
assert_no_host (KinHostEntry *entry, GQuark domain, int code, const char *words, GError **error)
{
  assert_null (entry);
  if (!g_error_matches (*error, domain, code) || !strstr ((*error)->message, words))
    fail_msg ("%s %d: %s", g_quark_to_string ((*error)->domain), (*error)->code, (*error)->message);
  g_clear_error (error);
}

static void
test_host_errors (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = NULL;

  (void) state;
  assert_no_host (kin_gethostbyname_ex ("none", LONG, NULL, &error), KIN_HOST_ERROR, HOST_NOT_FOUND,
                  hstrerror (HOST_NOT_FOUND), &error);
  assert_int_equal (errno, EADDRNOTAVAIL);
  assert_no_host (kin_gethostbyname_ex ("data", LONG, NULL, &error), KIN_HOST_ERROR, NO_DATA,
                  hstrerror (NO_DATA), &error);
  assert_no_host (kin_gethostbyaddr ("127.0.0.1", LONG, NULL, &error), KIN_HOST_ERROR,
                  HOST_NOT_FOUND, "127.0.0.1", &error);
  assert_no_host (kin_gethostbyaddr ("again", LONG, NULL, &error), KIN_RESOLVE_ERROR, EAI_AGAIN,
                  "again", &error);
  assert_no_host (kin_gethostbyname_ex ("system", LONG, NULL, &error), KIN_OS_ERROR, EMFILE,
                  g_strerror (EMFILE), &error);
  /* Of a host that nobody knows the name is what was given. */
  name = kin_getfqdn ("again", LONG, NULL, &error);
  assert_string_equal (name, "again");
}

static void
test_large_entry (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinHostEntry) entry = kin_gethostbyname_ex ("large", LONG, NULL, &error);

  (void) state;
  must (entry, error);
  assert_string_equal (entry->name, "large.test");
  assert_int_equal (g_strv_length (entry->aliases), 200);
  assert_string_equal (entry->aliases[199], "alias");
  assert_string_equal (entry->addresses[0], "127.0.0.7");
  assert_null (entry->addresses[1]);
}

static void
test_half_a_resolver (void **state)
{
  const KinResolver half = { .size = sizeof half, .getaddrinfo = own_getaddrinfo };
  g_autoptr (GError) error = NULL;

  (void) state;
  assert_false (kin_set_resolver (&half, NULL, &error));
  assert_kin_error (&error, KIN_ERROR_BAD_VALUE, EINVAL);
  /* The one before is in use still. */
  assert_fails_to_resolve ("nothing", KIN_RESOLVE_ERROR, EAI_NODATA, EADDRNOTAVAIL, "nothing");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_deadline),       cmocka_unit_test (test_cancel),
    cmocka_unit_test (test_callback),       cmocka_unit_test (test_whose),
    cmocka_unit_test (test_resolve_errors), cmocka_unit_test (test_host_errors),
    cmocka_unit_test (test_large_entry),    cmocka_unit_test (test_half_a_resolver),
  };

  return cmocka_run_group_tests (tests, setup, NULL);
}
