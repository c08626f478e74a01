/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/shared/rot13.h: connections of the fixture rot13, a family over any other stream. */
/* clang-format off */
#ifndef TEST_ROT13_H
#define TEST_ROT13_H

#include "sockets.h"

/* What it stands over. */
static const char *const inners[] = {
  "unix:@kin-PID-rot13",
  "loop:rot13",
  "rot13:unix:@kin-PID-rot13",
  "rot13:rot13:loop:rot13",
};

static inline char *
over (const char *inner)
{
  return g_strconcat ("rot13:", own_name (inner), NULL);
}

static inline gpointer
connect_and_wait (gpointer endpoint)
{
  KinSocket *client = must_connect (endpoint);

  assert_receives (client, "hello");
  return client;
}

/* The acceptor's half of the handshake is its first send's. */
static inline Pair
pair_new (const char *at, const char *to)
{
  Pair pair = { .door = must_listen (at) };
  GThread *thread = g_thread_new ("connect", connect_and_wait, (gpointer) to);

  pair.server = must_accept (pair.door);
  must_send (pair.server, "hello", 5);
  pair.client = g_thread_join (thread);
  return pair;
}

/* Before the first call: where the fixture is. */
static inline int
rot13_setup (void **state)
{
  const char *fixtures = g_getenv ("KIN_FIXTURES");
  g_autofree char *folder = g_strconcat (fixtures ? fixtures : "tests/fixtures", "/rot13", NULL);

  (void) state;
  return g_setenv ("KIN_PLUGIN_PATH", folder, TRUE) ? 0 : -1;
}

#endif
