/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/tipc/topology.h: what is asked of the topology service, and what it tells. */
/* clang-format off */
#ifndef TIPC_TOPOLOGY_H
#define TIPC_TOPOLOGY_H

#include <kin/family.h>

int     tipc_topology_describe (const KinAddress *from, const void *data, size_t length,
                                char *line, size_t size);
ssize_t tipc_topology_compose (const char *text, void *data, size_t size,
                               char *reason, size_t reason_size);
int     tipc_topology_trip (char *reason, size_t size);

#endif
