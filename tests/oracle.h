/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/oracle.h: asks a Python script of tests/oracle whether lines are right. */
/* clang-format off */
#ifndef TEST_ORACLE_H
#define TEST_ORACLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>

/* How many things the script compared, its last line; fails the test where it found a fault. */
static inline guint64
ask_oracle (const char *script, const GString *lines)
{
  g_autofree char *here = g_path_get_dirname (__FILE__), *name = NULL, *input = NULL;
  g_autofree char *command = NULL, *output = NULL, *faults = NULL, *quoted = NULL;
  g_auto (GStrv) words = NULL;
  const char *source = getenv ("KIN_SOURCE");
  int fd, status = -1;

  input = g_build_filename (g_get_tmp_dir (), "kin-oracle-XXXXXX", NULL);
  fd = g_mkstemp (input);
  assert_true (fd >= 0);
  close (fd);
  assert_true (g_file_set_contents (input, lines->str, (gssize) lines->len, NULL));
  name = source ? g_build_filename (source, "tests", "oracle", script, NULL)
                : g_build_filename (here, "oracle", script, NULL);
  quoted = g_shell_quote (name);
  command = g_strdup_printf ("sh -c '/usr/bin/python3 \"$0\" < \"$1\"' %s %s", quoted, input);
  assert_true (g_spawn_command_line_sync (command, &output, &faults, &status, NULL));
  unlink (input);
  if (status != 0)
    fail_msg ("%s: status %d\n%s%s", script, status, output, faults);
  words = g_strsplit (g_strchomp (output), "\n", -1);
  return g_ascii_strtoull (words[g_strv_length (words) - 1], NULL, 10);
}

#endif
