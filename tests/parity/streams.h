/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/parity/streams.h: Python's socket module at the far end of a connection, see streams.py. */
/* clang-format off */
#ifndef TEST_STREAMS_H
#define TEST_STREAMS_H

#include "parity.h"

#include <sys/socket.h>
#include <sys/wait.h>

typedef struct {
  GPid pid;
  KinSocket *door, *socket;
} Peer;

/* Python, which connects to the endpoint and plays its role. Aborts the test where it cannot. */
static inline Peer
peer_new (const char *endpoint, const char *role, const char *argument)
{
  const char *source = g_getenv ("KIN_SOURCE");
  g_autofree char *script = g_build_filename (source ? source : ".", "tests", "parity",
                                              "streams.py", NULL);
  Peer peer = { .door = must_listen (endpoint) };
  g_autofree char *where = local_text (peer.door);
  char *arguments[] = { (char *) "/usr/bin/python3", script, (char *) role, where,
                        (char *) argument, NULL };
  g_autoptr (GError) error = NULL;

  must (g_spawn_async (NULL, arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &peer.pid,
                       &error),
        error);
  peer.socket = must_accept (peer.door);
  return peer;
}

/* It came through: Python's own checks held. */
static inline void
peer_free (Peer *peer)
{
  int status;

  kin_socket_unref (peer->socket);
  kin_socket_unref (peer->door);
  assert_int_equal (waitpid (peer->pid, &status, 0), peer->pid);
  assert_int_equal (status, 0);
}

/* All that comes to the end. */
static inline char *
receive_text (KinSocket *socket)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  char data[500];
  gssize n;

  while ((n = kin_socket_recv (socket, data, sizeof data, 0, &error)) > 0)
    g_string_append_len (text, data, n);
  must (n == 0, error);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static inline void
make_pair (const char *scheme, KinSocket **first, KinSocket **second)
{
  g_autoptr (GError) error = NULL;

  must (kin_socket_new_pair (scheme, first, second, &error), error);
  must (kin_socket_set_timeout (*first, LONG, &error), error);
  must (kin_socket_set_timeout (*second, LONG, &error), error);
}

#endif
