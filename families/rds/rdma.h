/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/rds/rdma.h: what requests for the peer's memory hold: RDMA, over InfiniBand alone. All
 * addresses in them are pointers of this process, as numbers. */
/* clang-format off */
#ifndef KIN_RDS_RDMA_H
#define KIN_RDS_RDMA_H

#include "info.h"

#include <linux/rds.h>

#define FLAGS(type) \
  { .name = "flags", .kind = KIN_UINT, KIN_AT (type, flags), .flags = KIN_FIELD_HEX }

/* struct rds_get_mr_for_dest_args begins with a sockaddr_storage, whose host and port count. */
static const KinField rds_get_mr[] = {
  COUNT ("address",     struct rds_get_mr_args, vec.addr),
  COUNT ("bytes",       struct rds_get_mr_args, vec.bytes),
  COUNT ("cookie_addr", struct rds_get_mr_args, cookie_addr),
  FLAGS (struct rds_get_mr_args),
};

static const KinField rds_get_mr_for_dest[] = {
  { .name = "host", .kind = KIN_CUSTOM, KIN_AT (struct rds_get_mr_for_dest_args, dest_addr),
    .get  = ip_peer_get, .set = ip_peer_set },
  COUNT ("address",     struct rds_get_mr_for_dest_args, vec.addr),
  COUNT ("bytes",       struct rds_get_mr_for_dest_args, vec.bytes),
  COUNT ("cookie_addr", struct rds_get_mr_for_dest_args, cookie_addr),
  FLAGS (struct rds_get_mr_for_dest_args),
};

static const KinField rds_free_mr[] = {
  COUNT ("cookie", struct rds_free_mr_args, cookie),
  FLAGS (struct rds_free_mr_args),
};

static const KinField rds_rdma[] = {
  COUNT ("cookie",         struct rds_rdma_args, cookie),
  COUNT ("remote_address", struct rds_rdma_args, remote_vec.addr),
  COUNT ("remote_bytes",   struct rds_rdma_args, remote_vec.bytes),
  COUNT ("local_vec_addr", struct rds_rdma_args, local_vec_addr),
  COUNT ("nr_local",       struct rds_rdma_args, nr_local),
  FLAGS (struct rds_rdma_args),
  COUNT ("user_token",     struct rds_rdma_args, user_token),
};

static const KinField rds_rdma_status[] = {
  COUNT ("user_token", struct rds_rdma_notify, user_token),
  { .name = "status", .kind = KIN_INT, KIN_AT (struct rds_rdma_notify, status) },
};

#define ATOMIC \
  COUNT ("cookie",         struct rds_atomic_args, cookie), \
  COUNT ("local_address",  struct rds_atomic_args, local_addr), \
  COUNT ("remote_address", struct rds_atomic_args, remote_addr)
#define ATOMIC_END \
  FLAGS (struct rds_atomic_args), \
  COUNT ("user_token",     struct rds_atomic_args, user_token)

static const KinField rds_fetch_add[] = {
  ATOMIC,
  COUNT ("add",          struct rds_atomic_args, fadd.add),
  ATOMIC_END,
};

static const KinField rds_compare_swap[] = {
  ATOMIC,
  COUNT ("compare",      struct rds_atomic_args, cswp.compare),
  COUNT ("swap",         struct rds_atomic_args, cswp.swap),
  ATOMIC_END,
};

static const KinField rds_masked_fetch_add[] = {
  ATOMIC,
  COUNT ("add",          struct rds_atomic_args, m_fadd.add),
  COUNT ("nocarry_mask", struct rds_atomic_args, m_fadd.nocarry_mask),
  ATOMIC_END,
};

static const KinField rds_masked_compare_swap[] = {
  ATOMIC,
  COUNT ("compare",      struct rds_atomic_args, m_cswp.compare),
  COUNT ("swap",         struct rds_atomic_args, m_cswp.swap),
  COUNT ("compare_mask", struct rds_atomic_args, m_cswp.compare_mask),
  COUNT ("swap_mask",    struct rds_atomic_args, m_cswp.swap_mask),
  ATOMIC_END,
};

#endif
