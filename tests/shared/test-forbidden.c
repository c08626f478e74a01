/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-forbidden: a sandbox that forbids sockets, tried on every protocol of every family.
 *
 * A seccomp filter answers socket(2) with each errno that sandboxes are known to choose. What opens
 * a socket then fails with that errno and a sentence that names the scheme; nothing stays open.
 *
 * Needs: plugins
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sockets.h"

#ifndef SYS_socketcall /* of i386 and s390x, where the C library calls it for socket */
#define SYS_socketcall SYS_socket
#endif

static void
forbid_sockets (int code)
{
  struct sock_filter steps[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 1, 0),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_socketcall, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned) code),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { .len = G_N_ELEMENTS (steps), .filter = steps };

  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
      || prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    _exit (2);
}

static guint
count_descriptors (void)
{
  guint n = 0;

  for (int fd = 0; fd < 1024; fd++)
    n += fcntl (fd, F_GETFD) >= 0;
  return n;
}

/* With no advice that is for raw or ping sockets alone. Says on stderr what is wrong; in the child
 * nothing may go to cmocka. */
static gboolean
is_refused_well (const KinProtocol *row, int code)
{
  g_autoptr (GError) error = NULL;
  guint before = count_descriptors ();
  g_autoptr (KinSocket) socket = kin_socket_new (row->scheme, &error);

  if (!socket && strstr (error->message, row->scheme) && strstr (error->message, g_strerror (code))
      && g_error_matches (error, KIN_OS_ERROR, code) && count_descriptors () == before
      && (strstr (row->scheme, "raw") || !strstr (error->message, "raw "))
      && (strstr (row->scheme, "icmp") || !strstr (error->message, "ping ")))
    return TRUE;
  g_printerr ("# %s, errno %d: %s\n", row->scheme, code, error ? error->message : "it opened");
  return FALSE;
}

/* In a child: a filter is for life. Returns how many protocols fail otherwise. */
static guint
try_all (GPtrArray *families, int code)
{
  guint n_bad = 0;
  KinProtocol row;

  forbid_sockets (code);
  for (guint f = 0; f < families->len; f++) {
    const KinFamily *family = families->pdata[f];

    if (family->domain == KIN_DOMAIN_DYNAMIC && !family->over_domain)
      continue;
    for (guint i = 0; kin_table_get (&family->protocols, i, &row, sizeof row); i++)
      if (!(row.flags & KIN_PROTOCOL_OVER) && !is_refused_well (&row, code))
        n_bad++;
  }
  return n_bad;
}

static void
check_code (int code)
{
  g_autoptr (GPtrArray) infos = kin_list_families ();
  g_autoptr (GPtrArray) families = g_ptr_array_new ();
  int status;
  pid_t child;

  for (guint i = 0; i < infos->len; i++) {
    g_autoptr (GError) error = NULL;
    const KinFamily *family = kin_load_family (((KinFamilyInfo *) infos->pdata[i])->name, &error);

    must (family, error);
    g_ptr_array_add (families, (gpointer) family);
  }
  assert_true (families->len > 0);
  child = fork ();
  if (child == 0)
    _exit (try_all (families, code) > 0);
  assert_int_equal (waitpid (child, &status, 0), child);
  if (WIFEXITED (status) && WEXITSTATUS (status) == 2) {
    print_message ("# the kernel, or its emulator, takes no seccomp filter\n");
    skip ();
  }
  assert_int_equal (status, 0);
}

static void
test_eperm (void **state)
{
  (void) state;
  check_code (EPERM);
}

static void
test_eacces (void **state)
{
  (void) state;
  check_code (EACCES);
}

static void
test_eafnosupport (void **state)
{
  (void) state;
  check_code (EAFNOSUPPORT);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_eperm),
    cmocka_unit_test (test_eacces),
    cmocka_unit_test (test_eafnosupport),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
