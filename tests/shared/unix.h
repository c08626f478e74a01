/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/shared/unix.h: Python at the far end of a unix socket, see unix-partner.py. */
/* clang-format off */
#ifndef TEST_UNIX_H
#define TEST_UNIX_H

#include "sockets.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

typedef struct {
  GPid pid;
  KinSocket *door, *socket;
} Partner;

static inline char *
partner_script (void)
{
  const char *source = g_getenv ("KIN_SOURCE");

  return g_build_filename (source ? source : ".", "tests", "shared", "unix-partner.py", NULL);
}

/* Python, which connects and plays its role. options: of the door, and so of the connection. */
static inline Partner
partner_new (const char *role, const char *options)
{
  g_autofree char *name = g_strdup_printf ("kin-test-%d-%s", getpid (), role);
  g_autofree char *endpoint = g_strdup_printf ("unix-seqpacket:@%s%s", name, options);
  g_autofree char *script = partner_script ();
  char *arguments[] = { (char *) "python3", script, (char *) role, name, NULL };
  Partner partner = { .door = must_listen (endpoint) };
  g_autoptr (GError) error = NULL;

  must (g_spawn_async (NULL, arguments, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                       NULL, &partner.pid, &error),
        error);
  partner.socket = must_accept (partner.door);
  return partner;
}

static inline void
partner_free (Partner *partner)
{
  int status;

  kin_socket_unref (partner->socket);
  kin_socket_unref (partner->door);
  assert_int_equal (waitpid (partner->pid, &status, 0), partner->pid);
  assert_int_equal (status, 0);
}

/* A value as Python prints it. */
static inline void
assert_prints (GVariant *value, const char *text)
{
  g_autofree char *printed = NULL;

  assert_non_null (value);
  printed = kin_value_print (value);
  assert_string_equal (printed, text);
}

static inline char *
receive_text (KinSocket *socket)
{
  g_autoptr (GError) error = NULL;
  char data[500];
  gssize n = kin_socket_recv (socket, data, sizeof data, 0, &error);

  must (n > 0, error);
  return g_strndup (data, (gsize) n);
}

static inline GVariant *
must_get (KinSocket *socket, const char *name)
{
  g_autoptr (GError) error = NULL;
  GVariant *value = kin_socket_get_option (socket, name, &error);

  must (value, error);
  return value;
}

/* Turns an option on; FALSE: this kernel has not got it. */
static inline gboolean
turn_on (KinSocket *socket, const char *name)
{
  g_autoptr (GError) error = NULL;

  if (kin_socket_set_option (socket, name, g_variant_new_boolean (TRUE), &error))
    return TRUE;
  assert_int_equal (errno, ENOPROTOOPT);
  assert_true (g_error_matches (error, KIN_OS_ERROR, ENOPROTOOPT));
  return FALSE;
}

#endif
