/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/netlink/constants.h: Python's names, and those users of netlink(7) need. Included once,
 * in netlink.c. */
/* clang-format off */

static const KinConstant netlink_constants[] = {
  { .name = "AF_NETLINK",                .value = AF_NETLINK },
  { .name = "NETLINK_ADD_MEMBERSHIP",    .value = NETLINK_ADD_MEMBERSHIP },
  { .name = "NETLINK_AUDIT",             .value = NETLINK_AUDIT },
  { .name = "NETLINK_BROADCAST_ERROR",   .value = NETLINK_BROADCAST_ERROR },
  { .name = "NETLINK_CAP_ACK",           .value = NETLINK_CAP_ACK },
  { .name = "NETLINK_CONNECTOR",         .value = NETLINK_CONNECTOR },
  { .name = "NETLINK_CRYPTO",            .value = NETLINK_CRYPTO },
  { .name = "NETLINK_DNRTMSG",           .value = NETLINK_DNRTMSG },
  { .name = "NETLINK_DROP_MEMBERSHIP",   .value = NETLINK_DROP_MEMBERSHIP },
  { .name = "NETLINK_EXT_ACK",           .value = NETLINK_EXT_ACK },
  { .name = "NETLINK_FIREWALL",          .value = NETLINK_FIREWALL },
  { .name = "NETLINK_GENERIC",           .value = NETLINK_GENERIC },
  { .name = "NETLINK_GET_STRICT_CHK",    .value = NETLINK_GET_STRICT_CHK },
  { .name = "NETLINK_IP6_FW",            .value = NETLINK_IP6_FW },
  { .name = "NETLINK_KOBJECT_UEVENT",    .value = NETLINK_KOBJECT_UEVENT },
  { .name = "NETLINK_LISTEN_ALL_NSID",   .value = NETLINK_LISTEN_ALL_NSID },
  { .name = "NETLINK_LIST_MEMBERSHIPS",  .value = NETLINK_LIST_MEMBERSHIPS },
  { .name = "NETLINK_NETFILTER",         .value = NETLINK_NETFILTER },
  { .name = "NETLINK_NFLOG",             .value = NETLINK_NFLOG },
  { .name = "NETLINK_NO_ENOBUFS",        .value = NETLINK_NO_ENOBUFS },
  { .name = "NETLINK_PKTINFO",           .value = NETLINK_PKTINFO },
  { .name = "NETLINK_ROUTE",             .value = NETLINK_ROUTE },
  { .name = "NETLINK_SOCK_DIAG",         .value = NETLINK_SOCK_DIAG },
  { .name = "NETLINK_USERSOCK",          .value = NETLINK_USERSOCK },
  { .name = "NETLINK_XFRM",              .value = NETLINK_XFRM },
  { .name = "SOL_NETLINK",               .value = SOL_NETLINK },
};
