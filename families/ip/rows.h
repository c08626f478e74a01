/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/ip/rows.h: words that the tables of inet and inet6 are written with, and numbers that
 * the headers of Debian 12 are too old for. Linux has one number for all machines. */
/* clang-format off */
#ifndef KIN_IP_ROWS_H
#define KIN_IP_ROWS_H

#include "ip.h"

#define INTEGER .kind = KIN_INT,  .size = sizeof (int)
#define NUMBER  .kind = KIN_UINT, .size = sizeof (uint32_t)
#define TRUTH   .kind = KIN_BOOL, .size = sizeof (int)
#define READ    .flags = KIN_OPTION_READ
#define WRITE   .flags = KIN_OPTION_WRITE
#define BOTH    .flags = KIN_OPTION_READ_WRITE
/* A struct by its fields; of what comes before bytes of any length, see KinOption.size. */
#define STRUCT(type, table) \
  .kind = KIN_STRUCT, .size = sizeof (type), .fields = KIN_TABLE (table)

#define CONSTANT(word) { .name = #word, .value = word }

enum {
  IP_IP_LOCAL_PORT_RANGE  = 51,   /* Linux 6.3 */
  IP_IP_PROTOCOL          = 52,   /* Linux 6.4 */
  IP_SO_ORIGINAL_DST      = 80,   /* of IPv4 and of IPv6: <linux/netfilter_ipv4.h> */
  IP_TCP_IS_MPTCP         = 43,   /* Linux 6.7 */
  IP_TCP_RTO_MAX_MS       = 44,   /* Linux 6.15 */
  IP_TCP_RTO_MIN_US       = 45,   /* Linux 6.15 */
  IP_TCP_DELACK_MAX_US    = 46,   /* Linux 6.15 */
  IP_IPPROTO_MPTCP        = 262,
  IP_SOL_MPTCP            = 284,
  IP_SOL_RAW              = 255,
  IP_MPTCP_INFO           = 1,
  IP_ICMP_FILTER          = 1,    /* <linux/icmp.h> */
  IP_ICMPV6_FILTER        = 1,    /* <linux/icmpv6.h> */
  IP_SOL_UDPLITE          = 136,
  IP_UDPLITE_SEND_CSCOV   = 10,   /* <linux/udp.h> never had them */
  IP_UDPLITE_RECV_CSCOV   = 11,
};

#endif
