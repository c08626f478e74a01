/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/shared/loop.h: a connection of the family loop. */
/* clang-format off */
#ifndef TEST_LOOP_H
#define TEST_LOOP_H

#include "sockets.h"

static inline Pair
pair_new (const char *endpoint)
{
  Pair pair = { .door = must_listen (endpoint) };

  pair.client = must_connect (endpoint);
  pair.server = must_accept (pair.door);
  return pair;
}

#endif
