/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/parity/partner.h: Python's own socket module at the other end: a child that knows nothing of
 * Kin. Its script is in the test; what goes wrong in it ends it with a traceback and exit code 1. */
/* clang-format off */
#ifndef TEST_PARTNER_H
#define TEST_PARTNER_H

#include "parity.h"

#include <sys/wait.h>

/* What every script starts with; argument is its one argument. */
#define PARTNER_IMPORTS                                                    \
  "import array, errno, fcntl, os, select, socket, struct, sys, time\n"    \
  "socket.setdefaulttimeout(20)\n"                                         \
  "argument = sys.argv[1]\n"

static inline pid_t
partner_start (const char *script, const char *argument)
{
  g_autofree char *whole = g_strconcat (PARTNER_IMPORTS, script, NULL);
  pid_t child = fork ();

  assert_true (child >= 0);
  if (child == 0) {
    execl ("/usr/bin/python3", "python3", "-c", whole, argument, NULL);
    _exit (127);
  }
  return child;
}

static inline void
partner_end (pid_t child)
{
  int status = -1;

  assert_int_equal (waitpid (child, &status, 0), child);
  if (status != 0)
    fail_msg ("the partner ended with status %d", status);
}

/* From start to end: it needs nothing of this process meanwhile. */
static inline void
partner_run (const char *script, const char *argument)
{
  partner_end (partner_start (script, argument));
}

/* "47110": the port of what is bound to an internet address. */
static inline char *
port_of (KinSocket *socket)
{
  g_autofree char *text = local_text (socket);

  return g_strdup (strrchr (text, ':') + 1);
}

#endif
