/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/test-tool-modules.c: what `kin doctor` makes of the kernel's lists of modules, in a tree of
 * files that looks like a system's.
 *
 * Files: ../tools/modules.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib/gstdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "../tools/tool.h"

static char *root;

static void
put (const char *path, const char *text)
{
  g_autofree char *full = g_build_filename (root, path, NULL);
  g_autofree char *folder = g_path_get_dirname (full);

  assert_int_equal (g_mkdir_with_parents (folder, 0700), 0);
  assert_true (g_file_set_contents (full, text, -1, NULL));
}

static void
put_list (const char *name, const char *text)
{
  g_autofree char *path = NULL;
  struct utsname kernel;

  uname (&kernel);
  path = g_build_filename ("lib/modules", kernel.release, name, NULL);
  put (path, text);
}

static void
remove_tree (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename (folder, name, NULL);

    remove_tree (path);
  }
  g_remove (folder);
}

static int
set_up (void **state)
{
  (void) state;
  root = g_dir_make_tmp ("kin-XXXXXX", NULL);
  return root ? 0 : -1;
}

static int
tear_down (void **state)
{
  (void) state;
  remove_tree (root);
  g_clear_pointer (&root, g_free);
  return 0;
}

static void
expect (ModulesState state, const char *words, const char *names)
{
  g_autofree char *lacking = NULL;

  assert_int_equal (modules_state (root, words, &lacking), state);
  assert_string_equal (lacking ? lacking : "", names);
}

/* A kernel that loads no modules: only a socket can tell. */
static void
test_no_modules (void **state)
{
  (void) state;
  expect (MODULES_READY, "vsock", "");
  expect (MODULES_READY, NULL, "");
}

static void
test_lists (void **state)
{
  (void) state;
  put ("proc/modules", "can_raw 20480 0 - Live 0x0\ncan 28672 1 can_raw, Live 0x0\n");
  put ("sys/module/tipc/refcnt", "1\n");
  put_list ("modules.builtin", "kernel/net/packet/af_packet.ko\nkernel/net/ipv6/ipv6.ko\n");
  put_list ("modules.dep", "kernel/net/vmw_vsock/vsock.ko.xz:\n"
                           "kernel/net/can/can-raw.ko: kernel/net/can/can.ko\n"
                           "kernel/net/vmw_vsock/vmw_vsock_virtio_transport.ko.zst: kernel/x.ko\n"
                           "kernel/net/qrtr/qrtr.ko:\n");
  expect (MODULES_READY, "can can-raw", "");
  expect (MODULES_READY, "can-raw", "");
  expect (MODULES_READY, "tipc", "");
  expect (MODULES_READY, "af_packet ipv6", "");
  expect (MODULES_NOT_LOADED, "vsock", "vsock");
  expect (MODULES_NOT_LOADED, "vsock can qrtr", "vsock qrtr");
  expect (MODULES_NOT_LOADED, "vmw_vsock_virtio_transport|vmw_vsock_vmci_transport",
          "vmw_vsock_virtio_transport|vmw_vsock_vmci_transport");
  expect (MODULES_READY, "qrtr|can", "");
  expect (MODULES_READY, NULL, "");
  expect (MODULES_READY, "", "");
  /* Parts of names are not names. */
  expect (MODULES_READY, "vsoc", "");
  expect (MODULES_READY, "sock", "");
  expect (MODULES_READY, "x", "");
}

/* In a container: the kernel may load what its lists, which are not here, would name. */
static void
test_no_lists (void **state)
{
  (void) state;
  put ("proc/modules", "can 28672 0 - Live 0x0\n");
  expect (MODULES_READY, "can", "");
  expect (MODULES_UNKNOWN, "vsock", "vsock");
  expect (MODULES_READY, "vsock|can", "");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown (test_no_modules, set_up, tear_down),
    cmocka_unit_test_setup_teardown (test_lists, set_up, tear_down),
    cmocka_unit_test_setup_teardown (test_no_lists, set_up, tear_down),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
