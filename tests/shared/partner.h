/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/shared/partner.h: Python's sockets at the other end, beyond-partner.py. */
/* clang-format off */
#ifndef TEST_PARTNER_H
#define TEST_PARTNER_H

#include <sys/wait.h>

#include "sockets.h"

typedef struct {
  GPid pid;
  int  out;
} Partner;

static inline guint
port_of (KinSocket *socket)
{
  g_autofree char *text = local_text (socket);

  return (guint) g_ascii_strtoull (strrchr (text, ':') + 1, NULL, 10);
}

/* verb and what follows as beyond-partner.py has it; digit: "4" or "6". */
static inline void
start_partner (Partner *partner, const char *verb, const char *digit, guint port, const char *last)
{
  g_autofree char *program = g_build_filename (g_getenv ("KIN_SOURCE"),
                                               "tests/shared/beyond-partner.py", NULL);
  g_autofree char *number = g_strdup_printf ("%u", port);
  const char *argv[] = { "/usr/bin/python3", program, verb, digit, number, last, NULL };
  g_autoptr (GError) error = NULL;

  must (g_spawn_async_with_pipes (NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                                  NULL, &partner->pid, NULL, &partner->out, NULL, &error), error);
}

/* The line that it prints, once it has ended well. */
static inline void
assert_says (Partner *partner, const char *expected)
{
  g_autoptr (GString) said = g_string_new (NULL);
  char data[256];
  gssize n;
  int status;

  while ((n = read (partner->out, data, sizeof data)) > 0)
    g_string_append_len (said, data, n);
  close (partner->out);
  assert_int_equal (waitpid (partner->pid, &status, 0), partner->pid);
  assert_int_equal (status, 0);
  assert_string_equal (g_strchomp (said->str), expected);
}

#endif
