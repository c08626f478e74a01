/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/ip/transport-controls.h: rows of both families' tables of control messages: of SCTP, TCP
 * and UDP. Included in the middle of a table. */
/* clang-format off */
#include "sctp-controls.h"
  { .name  = "tcp.inq",           .help   = "bytes that wait to be received",
    .level = IPPROTO_TCP,         .number = TCP_CM_INQ,                INTEGER, READ,
    .enabled_by = "tcp.inq" },
  { .name  = "udp.gro",           .help   = "what came is datagrams of so many bytes each",
    .level = IPPROTO_UDP,         .number = UDP_GRO,                   INTEGER, READ,
    .enabled_by = "udp.gro" },
  { .name  = "udp.segment",       .help   = "cut this into datagrams of so many bytes",
    .level = IPPROTO_UDP,         .number = UDP_SEGMENT,
    .kind  = KIN_UINT,            .size   = 2,                         WRITE },
