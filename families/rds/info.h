/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/rds/info.h: what the kernel tells of all RDS sockets and connections, as rds-info(1)
 * prints it. An array each, read through any socket. */
/* clang-format off */
#ifndef KIN_RDS_INFO_H
#define KIN_RDS_INFO_H

#include "../ip/ip.h"

#include <linux/rds.h>

#define HOST4(word, type, member) \
  { .name = word, .kind = KIN_CUSTOM, KIN_AT (type, member), \
    .get  = ip_bare4_get, .set = ip_bare4_set }
#define HOST6(word, type, member) \
  { .name = word, .kind = KIN_CUSTOM, KIN_AT (type, member), \
    .get  = ip_bare6_get, .set = ip_bare6_set }
#define PORT(word, type, member) \
  { .name = word, .kind = KIN_UINT, KIN_AT (type, member), .flags = KIN_FIELD_BIG_ENDIAN }
#define COUNT(word, type, member) \
  { .name = word, .kind = KIN_UINT, KIN_AT (type, member) }

static const KinField rds_counters[] = {
  { .name = "name", .kind = KIN_STRING, KIN_AT (struct rds_info_counter, name) },
  COUNT ("value", struct rds_info_counter, value),
};

#define CONNECTION(host, type) \
  host  ("local", type, laddr),       host  ("peer",    type, faddr), \
  COUNT ("sent",  type, next_tx_seq), COUNT ("received", type, next_rx_seq), \
  { .name = "transport", .kind = KIN_STRING, KIN_AT (type, transport) }, \
  { .name = "flags",     .kind = KIN_UINT,   KIN_AT (type, flags), .flags = KIN_FIELD_HEX }
static const KinField rds_connections[]  = { CONNECTION (HOST4, struct rds_info_connection) };
static const KinField rds_connections6[] = { CONNECTION (HOST6, struct rds6_info_connection) };

#define MESSAGE(host, type) \
  host  ("local", type, laddr), PORT  ("local_port", type, lport), \
  host  ("peer",  type, faddr), PORT  ("peer_port",  type, fport), \
  COUNT ("seq",   type, seq),   COUNT ("length",     type, len), \
  { .name = "flags", .kind = KIN_UINT, KIN_AT (type, flags), .flags = KIN_FIELD_HEX }
static const KinField rds_messages[]  = { MESSAGE (HOST4, struct rds_info_message) };
static const KinField rds_messages6[] = { MESSAGE (HOST6, struct rds6_info_message) };

#define SOCKET(host, type) \
  host  ("local",  type, bound_addr),     PORT  ("local_port", type, bound_port), \
  host  ("peer",   type, connected_addr), PORT  ("peer_port",  type, connected_port), \
  COUNT ("sndbuf", type, sndbuf),         COUNT ("rcvbuf",     type, rcvbuf), \
  COUNT ("inode",  type, inum)
static const KinField rds_sockets[]  = { SOCKET (HOST4, struct rds_info_socket) };
static const KinField rds_sockets6[] = { SOCKET (HOST6, struct rds6_info_socket) };

#define TCP_SOCKET(host, type) \
  host  ("local", type, local_addr), PORT ("local_port", type, local_port), \
  host  ("peer",  type, peer_addr),  PORT ("peer_port",  type, peer_port), \
  COUNT ("header_left", type, hdr_rem),           COUNT ("data_left",     type, data_rem), \
  COUNT ("sent",        type, last_sent_nxt),     COUNT ("expected_acknowledged", type, \
                                                         last_expected_una), \
  COUNT ("acknowledged", type, last_seen_una)
static const KinField rds_tcp_sockets[]  = { TCP_SOCKET (HOST4, struct rds_info_tcp_socket) };
static const KinField rds_tcp_sockets6[] = { TCP_SOCKET (HOST6, struct rds6_info_tcp_socket) };

#define IB_CONNECTION(host, type) \
  host  ("local", type, src_addr), host ("peer", type, dst_addr), \
  { .name = "local_gid", .kind = KIN_BYTES, KIN_AT (type, src_gid) }, \
  { .name = "peer_gid",  .kind = KIN_BYTES, KIN_AT (type, dst_gid) }, \
  COUNT ("max_send_wr",  type, max_send_wr),  COUNT ("max_recv_wr",  type, max_recv_wr), \
  COUNT ("max_send_sge", type, max_send_sge), COUNT ("rdma_mr_max",  type, rdma_mr_max), \
  COUNT ("rdma_mr_size", type, rdma_mr_size), COUNT ("tos",          type, tos), \
  COUNT ("sl",           type, sl),           COUNT ("cache_allocs", type, cache_allocs)
static const KinField rds_ib_connections[]  = { IB_CONNECTION (HOST4,
                                                               struct rds_info_rdma_connection) };
static const KinField rds_ib_connections6[] = { IB_CONNECTION (HOST6,
                                                               struct rds6_info_rdma_connection) };

#endif
