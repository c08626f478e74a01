/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-explain: what a family knows of a failure stands in place of its hint, if it is of this
 * failure. */
#include "local.h"

static int known; /* the errno that explain knows about */

static ssize_t
told_recv (KinFamilySocket *socket, void *data, size_t length, int flags)
{
  (void) socket;
  (void) data;
  (void) length;
  (void) flags;
  return -EPROTO;
}

static int
told_explain (KinFamilySocket *socket, int code, char *sentence, size_t size)
{
  (void) socket;
  if (code != known)
    return -ENOENT;
  g_strlcpy (sentence, "the words of the kernel", size);
  return 0;
}

static const KinSocketOps told_ops = {
  .size = sizeof told_ops,
  .recv = told_recv,
  .explain = told_explain,
};

static const KinProtocol told_protocols[] = {
  LOCAL_ROW ("told", SOCK_DGRAM, KIN_WAITS_ALL),
};

static const KinHint told_hints[] = {
  { .operation = "receive", .code = EPROTO, .sentence = "the family's hint" },
};

static const KinFamily told_family = {
  KIN_STAMP,
  .domain = KIN_DOMAIN_DYNAMIC,
  .over_domain = AF_UNIX,
  .name = "told",
  .summary = "an explain slot, for tests",
  .protocols = KIN_TABLE (told_protocols),
  .hints = KIN_TABLE (told_hints),
  .ops = &told_ops,
};

static int
setup (void **state)
{
  return local_setup (state) < 0 || !kin_register_family (&told_family, NULL) ? -1 : 0;
}

static void
expect (int code, const char *end)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = kin_socket_new ("told", &error);
  char data[4];

  known = code;
  assert_non_null (socket);
  assert_int_equal (kin_socket_recv (socket, data, sizeof data, 0, &error), -1);
  assert_int_equal (error->code, EPROTO);
  assert_true (g_str_has_suffix (error->message, end));
}

static void
test_words_in_place_of_the_hint (void **state)
{
  (void) state;
  expect (EPROTO, "; the words of the kernel");
}

static void
test_of_another_failure (void **state)
{
  (void) state;
  expect (EINVAL, "; the family's hint");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_words_in_place_of_the_hint),
    cmocka_unit_test (test_of_another_failure),
  };

  return cmocka_run_group_tests (tests, setup, local_teardown);
}
