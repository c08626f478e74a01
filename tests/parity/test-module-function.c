/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-module-function: interfaces, the host's name, names of numbers, as Python's socket has them.
 *
 * Needs: inet unix plugins
 */
#include "python.h"

#include <net/if.h>
#include <sched.h>

static void
test_nameindex (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = kin_if_nameindex (&error);
  GString *text = g_string_new ("[");

  (void) state;
  must (list, error);
  for (guint i = 0; i < list->len; i++) {
    const KinInterface *interface = list->pdata[i];

    g_string_append_printf (text, "%s(%u, '%s')", i > 0 ? ", " : "", interface->index,
                            interface->name);
  }
  g_string_append_c (text, ']');
  assert_as_python (g_string_free (text, FALSE), "if_nameindex()");
}

static void
test_nametoindex (void **state)
{
  g_autoptr (GError) error = NULL;

  (void) state;
  assert_as_python (g_strdup_printf ("%u", kin_if_nametoindex ("lo", &error)),
                    "if_nametoindex('lo')");
  assert_int_equal (kin_if_nametoindex ("nosuch0", &error), 0);
  assert_error (error, KIN_OS_ERROR, ENODEV);
  assert_int_equal (kin_if_nametoindex ("a-name-that-is-too-long", &error), 0);
  assert_error (error, KIN_OS_ERROR, ENODEV);
}

static void
test_indextoname (void **state)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = kin_if_indextoname (1, &error);

  (void) state;
  must (name, error);
  assert_as_python (repr_of (name), "if_indextoname(1)");
  assert_null (kin_if_indextoname (0, &error));
  assert_error (error, KIN_OS_ERROR, ENXIO);
  assert_null (kin_if_indextoname (-1, &error));
  assert_error (error, KIN_ERROR, KIN_ERROR_BAD_VALUE);
  assert_null (kin_if_indextoname (G_GINT64_CONSTANT (1) << 32, &error));
  assert_error (error, KIN_ERROR, KIN_ERROR_BAD_VALUE);
}

/* In a UTS namespace of its own: the last test, for it stays there. */
static void
test_sethostname (void **state)
{
  g_autofree char *long_name = g_strnfill (65, 'x'), *name = NULL;
  g_autoptr (GError) error = NULL;

  (void) state;
  if (unshare (CLONE_NEWUTS | (geteuid () == 0 ? 0 : CLONE_NEWUSER)) < 0) {
    g_clear_pointer (&long_name, g_free);
    print_message ("# no right to make a UTS namespace\n");
    skip ();
  }
  must (kin_sethostname ("kin-test", &error), error);
  name = kin_gethostname (&error);
  assert_string_equal (name, "kin-test");
  assert_as_python (repr_of (name), "gethostname()");
  assert_false (kin_sethostname (long_name, &error));
  assert_error (error, KIN_OS_ERROR, EINVAL);
}

static void
test_names_of_numbers (void **state)
{
  g_autofree char *family = kin_constant_name ("AF_", AF_INET);
  g_autofree char *type = kin_constant_name ("SOCK_", SOCK_DGRAM);
  g_autofree char *none = kin_constant_name ("AF_", 9999);
  g_autofree char *flags = kin_constant_flags ("MSG_", MSG_PEEK | MSG_DONTWAIT);

  (void) state;
  assert_as_python (g_strdup (family),
                    "type('', (), {'__repr__': lambda s: AddressFamily(2).name})()");
  assert_as_python (g_strdup (type), "type('', (), {'__repr__': lambda s: SocketKind(2).name})()");
  assert_null (none);
  assert_non_null (strstr (flags, "MSG_PEEK"));
  assert_non_null (strstr (flags, "MSG_DONTWAIT"));
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("module-function: if_nameindex()", test_nameindex),
    ROW ("module-function: if_nametoindex(if_name)", test_nametoindex),
    ROW ("module-function: if_indextoname(if_index)", test_indextoname),
    ROW ("module-function: AddressFamily / SocketKind / MsgFlag / AddressInfo",
         test_names_of_numbers),
    ROW ("module-function: sethostname(name)", test_sethostname),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
