/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-names: look-ups: what they find, how they fail, that a deadline or a cancel leaves them
 * behind, and that an address needs none.
 *
 * Wrap: g_thread_try_new
 */
#include "names.h"

#include <sys/wait.h>

static guint n_threads;

GThread *__real_g_thread_try_new (const char *name, GThreadFunc func, gpointer data,
                                  GError **error);
GThread *__wrap_g_thread_try_new (const char *name, GThreadFunc func, gpointer data,
                                  GError **error);
static gboolean no_threads;

GThread *
__wrap_g_thread_try_new (const char *name, GThreadFunc func, gpointer data, GError **error)
{
  n_threads++;
  return no_threads ? NULL : __real_g_thread_try_new (name, func, data, error);
}

/* The addresses in one line; NULL: it failed. */
static char *
look_up (const char *text, gboolean is_passive, gint64 timeout, KinCancel *cancel, GError **error)
{
  g_autoptr (KinEndpoint) endpoint = kin_endpoint_new (text, error);
  g_autofree KinAddress *addresses = NULL;
  GString *line = g_string_new (NULL);
  gsize n;

  assert_non_null (endpoint);
  addresses = kin_endpoint_resolve (endpoint, is_passive, timeout, cancel, &n, error);
  for (gsize i = 0; i < n; i++) {
    g_autofree char *one = kin_address_format (&addresses[i]);

    g_string_append_printf (line, "%s%s", i > 0 ? " " : "", one);
  }
  return g_string_free (line, addresses == NULL);
}

static void
assert_found (const char *text, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *found = look_up (text, FALSE, KIN_SECONDS (10), NULL, &error);

  if (!found)
    fail_msg ("%s: %s", text, error->message);
  assert_string_equal (found, expected);
}

static void
test_found (void **state)
{
  (void) state;
  assert_found ("name:127.0.0.2+::1,80", "name:127.0.0.2,80 name:::1,80");
  assert_found ("name:::1+wait-50+127.0.0.2+127.0.0.3,7", "name:::1,7 name:127.0.0.2,7 "
                                                          "name:127.0.0.3,7");
  assert_found ("name:127.0.0.1,80?so.mark=1", "name:127.0.0.1,80");
}

static void
test_whose (void **state)
{
  g_autoptr (KinEndpoint) endpoint = kin_endpoint_new ("name:::1+127.0.0.1,80", NULL);
  g_autofree KinAddress *addresses = NULL;
  gsize n;

  (void) state;
  addresses = kin_endpoint_resolve (endpoint, FALSE, KIN_FOREVER, NULL, &n, NULL);
  assert_int_equal (n, 2);
  assert_string_equal (addresses[0].transport->family->data.name, "name6");
  assert_string_equal (addresses[1].transport->family->data.name, "name4");
}

/* What a tuple says beside the name goes with what is found. */
static void
test_tuple (void **state)
{
  g_autoptr (KinEndpoint) endpoint = kin_endpoint_new_tuple (
      "name", g_variant_new ("(sxx)", "::1+127.0.0.1", (gint64) 80, (gint64) 5), NULL);
  g_autofree KinAddress *addresses = NULL;
  g_autofree char *text = kin_endpoint_format (endpoint), *printed = NULL;
  g_autoptr (GVariant) tuple = NULL;
  gsize n;

  (void) state;
  assert_string_equal (text, "name:::1+127.0.0.1,80");
  addresses = kin_endpoint_resolve (endpoint, FALSE, KIN_FOREVER, NULL, &n, NULL);
  assert_int_equal (n, 1);
  tuple = kin_address_to_tuple (addresses);
  printed = kin_value_print (tuple);
  assert_string_equal (printed, "('::1', 80, 5)");
}

/* ---- A family that takes the sockaddrs of two ---------------------------------------------- */

static int
either6_set (const KinField *field, void *base, size_t *length, KinForm form,
             const KinMember *member)
{
  struct in_addr four;

  return inet_pton (AF_INET, member->bytes, &four) == 1
             ? -EAFNOSUPPORT
             : names_set (field, base, length, form, member);
}

/* clang-format off */
static const KinField either6_fields[] = {
  { .name = "host", .kind = KIN_CUSTOM, .get = names_get, .set = either6_set,
    KIN_AT (struct sockaddr_in6, sin6_addr) },
  { .name = "port", .kind = KIN_UINT, .flags = KIN_FIELD_BIG_ENDIAN,
    KIN_AT (struct sockaddr_in6, sin6_port) },
  { .name = "flowinfo", .kind = KIN_UINT, .bits = 20,
    .flags = KIN_FIELD_BIG_ENDIAN | KIN_FIELD_OPTIONAL | KIN_FIELD_TUPLE_ONLY,
    KIN_AT (struct sockaddr_in6, sin6_flowinfo) },
};

static const KinAddressCodec either_codecs[] = {
  { .domain = AF_INET6, .bytes   = sizeof (struct sockaddr_in6), .separator = ',',
    .fields = KIN_TABLE (either6_fields), .resolve = names_resolve },
  { .domain = AF_INET,  .bytes   = sizeof (struct sockaddr_in),  .separator = ',',
    .fields = KIN_TABLE (name4_fields),   .resolve = names_resolve },
};

static const KinProtocol either_protocols[] = {
  { .scheme  = "either", .type = SOCK_DGRAM, .codecs = KIN_TABLE (either_codecs),
    .grammar = "HOST,PORT", .example = "either:127.0.0.1,80" },
};

static const KinFamily either_family = {
  KIN_STAMP, .domain = 211, .name = "either", .summary = "IPv4's and IPv6's addresses",
  .protocols = KIN_TABLE (either_protocols),
};
/* clang-format on */

static void
assert_either (const char *text, int domain, gsize length, const char *printed)
{
  g_autoptr (GVariant) tuple = NULL;
  g_autofree char *written = NULL, *value = NULL;
  KinAddress address, again;

  assert_true (kin_address_parse (&address, text, NULL));
  assert_int_equal (address.sa.generic.sa_family, domain);
  assert_int_equal (address.length, length);
  written = kin_address_format (&address);
  assert_string_equal (written, text);
  tuple = kin_address_to_tuple (&address);
  value = kin_value_print (tuple);
  assert_string_equal (value, printed);
  assert_true (kin_address_from_tuple (&again, "either", tuple, NULL));
  assert_true (kin_address_equal (&address, &again));
}

static void
test_two_domains (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autofree KinAddress *addresses = NULL;
  g_autoptr (KinEndpoint) endpoint = NULL;
  g_autoptr (GVariant) tuple = NULL;
  g_autofree char *foreign = NULL;
  KinAddress address;
  gsize n;

  (void) state;
  assert_true (kin_register_family (&either_family, NULL));
  assert_either ("either:127.0.0.1,80", AF_INET, sizeof (struct sockaddr_in), "('127.0.0.1', 80)");
  assert_either ("either:::1,80", AF_INET6, sizeof (struct sockaddr_in6), "('::1', 80, 0)");
  assert_found ("either:127.0.0.2+::1,80", "either:127.0.0.2,80 either:::1,80");

  /* What is said of one domain's sockaddr is not another's. */
  endpoint = kin_endpoint_new_tuple (
      "either", g_variant_new ("(sxx)", "0.0.0.0+::1", (gint64) 80, (gint64) 5), NULL);
  addresses = kin_endpoint_resolve (endpoint, FALSE, KIN_FOREVER, NULL, &n, &error);
  assert_int_equal (n, 2);
  foreign = kin_address_format (&addresses[0]);
  assert_string_equal (foreign, "either:0.0.0.0,80");

  /* The family's own domain is none of its addresses'. */
  assert_true (kin_address_parse (&address, "either:127.0.0.1,80", NULL));
  address.sa.generic.sa_family = 211;
  tuple = kin_address_to_tuple (&address);
  assert_true (g_variant_is_of_type (tuple, G_VARIANT_TYPE ("(xay)")));
  assert_false (kin_address_parse (&address, "either:127.0.0.1,65536", &error));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_BAD_ENDPOINT);
}

static void
test_fails (void **state)
{
  static const struct {
    const char *name, *message;
    int code, is_os;
  } cases[] = {
    { "eai-2", "cannot look up name:eai-2,80: Name or service not known; is the name spelt right?",
      EAI_NONAME, FALSE },
    { "eai-3", "no name server answered", EAI_AGAIN, FALSE },
    { "eai-4", "the name server gave no usable answer", EAI_FAIL, FALSE },
    { "nothing",
      "cannot look up name:nothing,80: No address associated with hostname; the name is "
      "there",
      EAI_NODATA, FALSE },
    { "errno-5", "cannot look up name:errno-5,80: Input/output error", EIO, TRUE },
  };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *text = g_strdup_printf ("name:%s,80", cases[i].name);
    g_autoptr (GError) error = NULL, again = NULL;

    assert_null (look_up (text, FALSE, KIN_FOREVER, NULL, &error));
    assert_int_equal (errno, cases[i].is_os ? cases[i].code : EADDRNOTAVAIL);
    if (!strstr (error->message, cases[i].message))
      fail_msg ("%s", error->message);
    assert_null (kin_connect (text, KIN_FOREVER, &again));
    assert_int_equal (errno, cases[i].is_os ? cases[i].code : EADDRNOTAVAIL);
    assert_string_equal (again->message, error->message);
    assert_kin_error (error, cases[i].is_os ? KIN_OS_ERROR : KIN_RESOLVE_ERROR, cases[i].code);
  }
}

static void
test_what_no_address_can_say (void **state)
{
  const char *message =
      "\"name:!,80\": host \"!\": Operation not supported; a host is digits or a name";
  g_autoptr (GError) error = NULL;

  (void) state;
  assert_null (kin_connect ("name:!,80", KIN_FOREVER, &error));
  assert_string_equal (error->message, message);
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_BAD_ENDPOINT);
}

static void
test_address_needs_no_thread (void **state)
{
  g_autofree char *any = NULL;

  (void) state;
  n_threads = 0;
  assert_found ("name:127.0.0.1,80", "name:127.0.0.1,80");
  assert_found ("name:::1,80", "name:::1,80");
  any = look_up ("name:*,80", TRUE, KIN_FOREVER, NULL, NULL);
  assert_string_equal (any, "name:::,80 name:0.0.0.0,80");
  assert_int_equal (n_threads, 0);
  assert_found ("name:127.0.0.1+::1,80", "name:127.0.0.1,80 name:::1,80");
  assert_int_equal (n_threads, 1);
}

static void
test_no_thread_to_be_had (void **state)
{
  g_autoptr (GError) error = NULL;
  guint before = names_count_fds ();

  (void) state;
  no_threads = TRUE;
  assert_null (look_up ("name:127.0.0.1+::1,80", FALSE, KIN_FOREVER, NULL, &error));
  assert_kin_error (error, KIN_OS_ERROR, EAGAIN);
  assert_null (kin_connect ("name:127.0.0.1+::1,80", KIN_FOREVER, &error));
  assert_kin_error (error, KIN_OS_ERROR, EAGAIN);
  no_threads = FALSE;
  assert_int_equal (names_count_fds (), before);
}

static void
check_times_out (char *(*call) (const char *, GError **) )
{
  g_autoptr (GError) error = NULL;
  Moment began = now ();

  assert_null (call ("name:hang+127.0.0.1,80", &error));
  assert_int_equal (errno, ETIMEDOUT);
  assert_waited (began, SHORT);
  assert_non_null (strstr (error->message, "cannot look up name:hang+127.0.0.1,80: timed out; no "
                                           "name server answered"));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_TIMED_OUT);
}

static char *
look_up_shortly (const char *text, GError **error)
{
  return look_up (text, FALSE, SHORT, NULL, error);
}

static char *
connect_shortly (const char *text, GError **error)
{
  return (char *) kin_connect (text, SHORT, error);
}

/* Those left behind end later, by themselves, and free what they have. */
static void
test_deadline_leaves_it_behind (void **state)
{
  guint before = names_count_fds ();

  (void) state;
  names_hold (TRUE);
  check_times_out (look_up_shortly);
  check_times_out (connect_shortly);
  names_hold (FALSE);
  assert_int_equal (names_count_fds (), before);
}

static gpointer
cancel_late (gpointer cancel)
{
  g_usleep (SHORT / 2);
  kin_cancel_cancel (cancel);
  return NULL;
}

static void
test_cancel_leaves_it_behind (void **state)
{
  g_autoptr (KinCancel) cancel = kin_cancel_new (NULL);
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("cancel", cancel_late, cancel);

  (void) state;
  names_hold (TRUE);
  assert_null (look_up ("name:hang,80", FALSE, KIN_FOREVER, cancel, &error));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_CANCELLED);
  assert_null (kin_connect_cancellable ("name:hang,80", KIN_FOREVER, cancel, &error));
  assert_int_equal (errno, ECANCELED);
  assert_non_null (strstr (error->message, "cannot look up name:hang,80: cancelled"));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_CANCELLED);
  g_thread_join (thread);
  names_hold (FALSE);
}

static char *
refuse_look_ups (const KinAudit *audit, gpointer seen)
{
  g_autofree char *arguments = kin_value_print (audit->arguments);

  if (strcmp (audit->event, "socket.getaddrinfo") != 0)
    return NULL;
  g_string_append_printf (seen, "%s%s;", audit->scheme, arguments);
  return g_strdup ("names are not for us");
}

static void
test_audit (void **state)
{
  GString *seen = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  (void) state;
  kin_set_audit_hook (refuse_look_ups, seen);
  assert_null (look_up ("name:::1+127.0.0.1,80", FALSE, KIN_FOREVER, NULL, &error));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_DENIED);
  assert_null (kin_connect ("name:wait-1+::1,80", KIN_FOREVER, &error));
  assert_int_equal (errno, EPERM);
  assert_non_null (strstr (error->message, "names are not for us"));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_DENIED);
  assert_found ("name:::1,80", "name:::1,80");
  kin_set_audit_hook (NULL, NULL);
  assert_string_equal (seen->str,
                       "name('::1+127.0.0.1', 80, 0, 1, 0);name('wait-1+::1', 80, 0, 1, 0);");
  g_string_free (seen, TRUE);
}

static int
leave_a_worker_behind (void)
{
  names_setup (NULL);
  names_hold (TRUE);
  return kin_connect ("name:hang,80", SHORT, NULL) || errno != ETIMEDOUT ? 1 : 7;
}

/* One that nothing waits for any more keeps no program from ending, and breaks none that does. */
static void
test_exit_with_a_worker (void **state)
{
  pid_t child = fork ();
  int status;

  (void) state;
  if (child == 0) {
    execl ("/proc/self/exe", "test-names", "leave a worker behind", NULL);
    _exit (1);
  }
  assert_int_equal (waitpid (child, &status, 0), child);
  assert_true (WIFEXITED (status));
  assert_int_equal (WEXITSTATUS (status), 7);
}

int
main (int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_found),
    cmocka_unit_test (test_whose),
    cmocka_unit_test (test_tuple),
    cmocka_unit_test (test_two_domains),
    cmocka_unit_test (test_fails),
    cmocka_unit_test (test_what_no_address_can_say),
    cmocka_unit_test (test_address_needs_no_thread),
    cmocka_unit_test (test_no_thread_to_be_had),
    cmocka_unit_test (test_deadline_leaves_it_behind),
    cmocka_unit_test (test_cancel_leaves_it_behind),
    cmocka_unit_test (test_audit),
    cmocka_unit_test (test_exit_with_a_worker),
  };

  (void) argv;
  if (argc > 1)
    return leave_a_worker_behind ();
  return cmocka_run_group_tests (tests, names_setup, NULL);
}
