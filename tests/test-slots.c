/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-slots: families that have operations of their own over the kernel's: a connect slot that is
 * never done, or done late; a protocol of their own; descriptors that will not do. */
#include "local.h"

#include <signal.h>
#include <sys/time.h>

static void
local_ignore (int number)
{
  (void) number;
}

static guint connects;
static guint connects_needed; /* 0: never done */

static int
late_connect (KinFamilySocket *socket, const void *address, size_t length)
{
  connects++;
  if (connects_needed == 0 || connects < connects_needed)
    return -EINPROGRESS;
  return connect (socket->fd, address, (socklen_t) length) < 0 ? -errno : 0;
}

static const KinSocketOps late_ops = {
  .size = sizeof late_ops,
  .connect = late_connect,
};

/* No slots: the kernel's calls. */
static const KinSocketOps prompt_ops = {
  .size = sizeof prompt_ops,
};

static const KinProtocol late_protocols[] = {
  LOCAL_ROW ("late", SOCK_STREAM, KIN_WAITS_RECEIVE | KIN_WAITS_SEND | KIN_WAITS_ACCEPT),
  { .scheme = "prompt",
    .type = SOCK_STREAM,
    .codecs = KIN_TABLE (local_codecs),
    .kernel_waits = KIN_WAITS_ALL,
    .grammar = "PATH",
    .example = "prompt:/x",
    .ops = &prompt_ops },
};

/* Not the kernel's word for it, so that it stands beside the family of local.h. */
static const KinFamily late_family = {
  KIN_STAMP,        .domain = KIN_DOMAIN_DYNAMIC,           .over_domain = AF_UNIX,
  .name = "late",   .summary = "a connect slot, for tests", .protocols = KIN_TABLE (late_protocols),
  .ops = &late_ops,
};

static int
setup (void **state)
{
  return local_setup (state) < 0 || !kin_register_family (&late_family, NULL) ? -1 : 0;
}

/* With no timeout at all, the kernel would wait and the slot does not. */
static void
test_connect_slot_is_called_again (void **state)
{
  g_autofree char *endpoint = local_endpoint ("late", "again");
  g_autoptr (KinSocket) door = kin_listen (endpoint, NULL), client = NULL;

  (void) state;
  assert_non_null (door);
  connects = 0;
  connects_needed = 4;
  client = kin_connect (endpoint, KIN_FOREVER, NULL);
  assert_non_null (client);
  assert_int_equal (connects, 4);
  local_unlink (endpoint);
}

/* A protocol's own slots stand in place of its family's, and what it has not is the kernel's. */
static void
test_slots_of_one_protocol (void **state)
{
  g_autofree char *endpoint = local_endpoint ("prompt", "prompt");
  g_autoptr (KinSocket) door = kin_listen (endpoint, NULL), client = NULL;

  (void) state;
  connects = connects_needed = 0;
  client = kin_connect (endpoint, KIN_SECONDS (20), NULL);
  assert_non_null (client);
  assert_int_equal (connects, 0);
  assert_int_equal (client->polled, 0);
  local_unlink (endpoint);
}

/* Its descriptor is writable all the time: the core must neither spin nor forget the time. */
static void
test_connect_slot_that_never_ends (void **state)
{
  g_autofree char *endpoint = local_endpoint ("late", "never");
  g_autoptr (GError) error = NULL;
  Moment began = now ();

  (void) state;
  connects = connects_needed = 0;
  assert_null (kin_connect (endpoint, SHORT, &error));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_TIMED_OUT);
  assert_waited (began, SHORT);
  assert_true (connects < 100);
}

static void
test_connect_slot_is_cancelled (void **state)
{
  g_autofree char *endpoint = local_endpoint ("late", "cancel");
  g_autoptr (KinCancel) cancel = kin_cancel_new (NULL);
  g_autoptr (GError) error = NULL;

  (void) state;
  connects_needed = 0;
  kin_cancel_cancel (cancel);
  assert_null (kin_connect_cancellable (endpoint, KIN_FOREVER, cancel, &error));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_CANCELLED);
}

/* The kernel rounds what is left of a timeout up to a tick, which a faster timer never lets pass.
 */
static void
test_connect_through_a_fast_timer (void **state)
{
  g_autofree char *endpoint = local_endpoint ("local", "fast");
  g_autoptr (KinSocket) door = kin_bind (endpoint, NULL), first = NULL;
  struct itimerval timer = { { 0, 1000 }, { 0, 1000 } }, none = { { 0, 0 }, { 0, 0 } };
  g_autoptr (GError) error = NULL;
  Moment began;

  (void) state;
  assert_true (kin_socket_listen (door, 0, NULL));
  first = kin_connect (endpoint, KIN_FOREVER, NULL);
  assert_non_null (first);
  signal (SIGALRM, local_ignore);
  setitimer (ITIMER_REAL, &timer, NULL);
  began = now ();
  assert_null (kin_connect (endpoint, SHORT, &error));
  setitimer (ITIMER_REAL, &none, NULL);
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_TIMED_OUT);
  assert_waited (began, SHORT);
  local_unlink (endpoint);
}

/* ---- Continuing what is not being connected ------------------------------------------------ */

static void
test_continue_without_a_connect (void **state)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("local", NULL);
  g_autoptr (GError) error = NULL;

  (void) state;
  assert_false (kin_connect_continue (socket, &error));
  assert_kin_error (error, KIN_OS_ERROR, ENOTCONN);
  kin_socket_close (socket, NULL);
  assert_false (kin_connect_continue (socket, &error));
  assert_kin_error (error, KIN_OS_ERROR, EBADF);
}

static void
test_options_of_a_closed_socket (void **state)
{
  g_autoptr (KinSocket) socket = kin_socket_new ("local", NULL);
  g_autoptr (GError) error = NULL;

  (void) state;
  kin_socket_close (socket, NULL);
  assert_null (kin_socket_get_option (socket, "so.type", &error));
  assert_int_equal (errno, EBADF);
  assert_kin_error (error, KIN_OS_ERROR, EBADF);
  assert_false (kin_socket_set_option_text (socket, "so.rcvbuf", "4096", &error));
  assert_kin_error (error, KIN_OS_ERROR, EBADF);
}

/* ---- Descriptors --------------------------------------------------------------------------- */

static void
test_rows_without_a_name (void **state)
{
  static const KinOption nameless[] = { { .help = "no name", .kind = KIN_BOOL, .size = 4 } };
  static const KinProtocol protocols[] = { LOCAL_ROW ("nameless", SOCK_STREAM, 0) };
  KinFamily *family = g_new (KinFamily, 1);
  g_autoptr (GError) error = NULL;

  (void) state;
  *family = late_family;
  family->name = "nameless";
  family->protocols = (KinTable) KIN_TABLE (protocols);
  family->options = (KinTable) KIN_TABLE (nameless);
  assert_false (kin_register_family (family, &error));
  assert_non_null (strstr (error->message, "a row has no name"));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_PLUGIN_REFUSED);
  family->options = (KinTable){ NULL, 3, sizeof (KinOption) };
  assert_false (kin_register_family (family, &error));
  assert_kin_error (error, KIN_ERROR, KIN_ERROR_PLUGIN_REFUSED);
  g_free (family);
}

static void
test_odd_constants (void **state)
{
  (void) state;
  assert_null (kin_get_constant (""));
  assert_null (kin_get_constant ("SO_TYPE 3"));
  assert_true (KIN_SECONDS (3600) == G_GINT64_CONSTANT (3600000000));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_connect_slot_is_called_again),
    cmocka_unit_test (test_slots_of_one_protocol),
    cmocka_unit_test (test_connect_slot_that_never_ends),
    cmocka_unit_test (test_connect_slot_is_cancelled),
    cmocka_unit_test (test_connect_through_a_fast_timer),
    cmocka_unit_test (test_continue_without_a_connect),
    cmocka_unit_test (test_options_of_a_closed_socket),
    cmocka_unit_test (test_rows_without_a_name),
    cmocka_unit_test (test_odd_constants),
  };

  return cmocka_run_group_tests (tests, setup, local_teardown);
}
