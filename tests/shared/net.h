/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/shared/net.h: a network namespace for tests of internet families: a loopback whose MTU is an
 * Ethernet's, and an Ethernet of two ends, k0 (2001:db8::1) and k1. */
/* clang-format off */
#ifndef TEST_NET_H
#define TEST_NET_H

#include "sockets.h"

#include <sched.h>

/* Of a group of tests. As root, or in a user namespace. */
static inline int
net_setup (void **state)
{
  int status = -1;

  (void) state;
  if (unshare (CLONE_NEWNET | (geteuid () == 0 ? 0 : CLONE_NEWUSER)) < 0
      || !g_spawn_command_line_sync ("sh -ec 'ip link set lo mtu 1500 up\n"
                                     "ip link add k0 type veth peer name k1\n"
                                     "ip address add 2001:db8::1/64 dev k0 nodad\n"
                                     "ip link set k0 up\n"
                                     "ip link set k1 up'",
                                     NULL, NULL, &status, NULL))
    return -1;
  return status;
}

#endif
