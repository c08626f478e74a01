/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netlink: messages to and from the kernel.
 *
 * netlink:route talks to the routing protocol; netlink:kobject-uevent,0,1 is port 0 (the kernel
 * chooses) and multicast groups 1, a bit mask of the first 32; netlink.join joins any. The protocol
 * is not in the sockaddr but in socket(2): tuples have (port, groups) only, as Python's.
 *
 * A refusal is a message, unless netlink.errors makes an error of it: see answer.c. netlink(7) and
 * rtnetlink(7). */
#include "netlink.h"

#include <errno.h>

#ifndef NETLINK_SMC
#define NETLINK_SMC 22
#endif

/* clang-format off */

static const KinName netlink_protocols_names[] = {
  { "route",          NETLINK_ROUTE },          { "usersock",      NETLINK_USERSOCK },
  { "sock-diag",      NETLINK_SOCK_DIAG },      { "nflog",         NETLINK_NFLOG },
  { "xfrm",           NETLINK_XFRM },           { "selinux",       NETLINK_SELINUX },
  { "iscsi",          NETLINK_ISCSI },          { "audit",         NETLINK_AUDIT },
  { "fib-lookup",     NETLINK_FIB_LOOKUP },     { "connector",     NETLINK_CONNECTOR },
  { "netfilter",      NETLINK_NETFILTER },      { "dnrtmsg",       NETLINK_DNRTMSG },
  { "kobject-uevent", NETLINK_KOBJECT_UEVENT }, { "generic",       NETLINK_GENERIC },
  { "scsitransport",  NETLINK_SCSITRANSPORT },  { "ecryptfs",      NETLINK_ECRYPTFS },
  { "rdma",           NETLINK_RDMA },           { "crypto",        NETLINK_CRYPTO },
  { "smc",            NETLINK_SMC },
  { 0 }
};

static const KinField netlink_address[] = {
  { .name  = "protocol", .kind = KIN_PROTOCOL, .flags = KIN_FIELD_TEXT_ONLY,
    .names = netlink_protocols_names },
  { .name  = "pid",      .kind = KIN_UINT,     KIN_AT (struct sockaddr_nl, nl_pid),
    .flags = KIN_FIELD_OPTIONAL },
  { .name  = "groups",   .kind = KIN_UINT,     KIN_AT (struct sockaddr_nl, nl_groups),
    .flags = KIN_FIELD_OPTIONAL },
};

static const KinAddressCodec netlink_codecs[] = {
  { .bytes = sizeof (struct sockaddr_nl), .separator = ',', .fields = KIN_TABLE (netlink_address) },
};

static const KinProtocol netlink_protocols[] = {
  { .scheme  = "netlink", .type = SOCK_RAW, .codecs = KIN_TABLE (netlink_codecs),
    .kernel_waits = KIN_WAITS_RECEIVE | KIN_WAITS_SEND,
    .grammar = "PROTOCOL[,PID[,GROUPS]]", .example = "netlink:kobject-uevent,0,1",
    .describe = netlink_describe, .round_trip = netlink_trip,
    .watch_options = "netlink.monitor=1" },
};

static const KinField netlink_pktinfo[] = {
  { .name = "group", .kind = KIN_UINT, KIN_AT (struct nl_pktinfo, group) },
};

static const KinField netlink_groups[] = {
  { .name = "groups", .kind = KIN_UINT, .offset = 0, .size = sizeof (uint32_t),
    .flags = KIN_FIELD_HEX },
};

#define NETLINK(word) .level = SOL_NETLINK, .number = NETLINK_##word
#define OWN(word)     .level = NETLINK_OWN, .number = NETLINK_OWN_##word
#define TRUTH         .kind = KIN_BOOL, .size = sizeof (int)
#define NUMBER        .kind = KIN_UINT, .size = sizeof (uint32_t)
#define BOTH          .flags = KIN_OPTION_READ_WRITE
#define LATE          .flags = KIN_OPTION_WRITE | KIN_OPTION_LATE

/* A bind sets the first 32 groups anew, so they are joined after it. */
static const KinOption netlink_options[] = {
  { .name = "netlink.broadcast-error", .help = "who sends to a group hears of those without room",
    NETLINK (BROADCAST_ERROR), TRUTH, BOTH },
  { .name = "netlink.cap-ack",         .help = "acknowledgements without the request in them",
    NETLINK (CAP_ACK),         TRUTH, BOTH },
  { .name = "netlink.errors",          .help = "a refusal that comes is an error, with its words",
    OWN (ERRORS),              TRUTH, BOTH },
  { .name = "netlink.ext-ack",         .help = "refusals with words",
    NETLINK (EXT_ACK),         TRUTH, BOTH },
  { .name = "netlink.groups",          .help = "the groups that it is in, 32 to a number",
    NETLINK (LIST_MEMBERSHIPS), .kind = KIN_ARRAY, .size = sizeof (uint32_t),
    .fields = KIN_TABLE (netlink_groups), .flags = KIN_OPTION_READ },
  { .name = "netlink.join",            .help = "join this multicast group, by number",
    NETLINK (ADD_MEMBERSHIP),  NUMBER, LATE },
  { .name = "netlink.leave",           .help = "leave this multicast group",
    NETLINK (DROP_MEMBERSHIP), NUMBER, LATE },
  { .name = "netlink.listen-all-nsid", .help = "hear all network namespaces that have an id here",
    NETLINK (LISTEN_ALL_NSID), TRUTH, BOTH },
  { .name = "netlink.monitor",         .help = "join the groups that ip monitor joins",
    OWN (MONITOR),             TRUTH, LATE },
  { .name = "netlink.no-enobufs",      .help = "messages that found no room are not told of",
    NETLINK (NO_ENOBUFS),      TRUTH, BOTH },
  { .name = "netlink.pktinfo",         .help = "say the group that each message came to",
    NETLINK (PKTINFO),         TRUTH, BOTH },
  { .name = "netlink.strict-check",    .help = "requests are checked to the last byte",
    NETLINK (GET_STRICT_CHK),  TRUTH, BOTH },
};

static const KinControl netlink_controls[] = {
  { .name = "netlink.nsid",    .help = "id of the network namespace that it came from",
    NETLINK (LISTEN_ALL_NSID), .kind = KIN_INT, .size = sizeof (int), .flags = KIN_OPTION_READ,
    .enabled_by = "netlink.listen-all-nsid" },
  { .name = "netlink.pktinfo", .help = "the group that it came to; 0: to this socket alone",
    NETLINK (PKTINFO), .kind = KIN_STRUCT, .size = sizeof (struct nl_pktinfo),
    .fields = KIN_TABLE (netlink_pktinfo), .flags = KIN_OPTION_READ,
    .enabled_by = "netlink.pktinfo" },
};

#include "constants.h"

static const KinHint netlink_hints[] = {
  { .operation = "open",    .code = EPROTONOSUPPORT,
    .sentence = "the kernel has no such protocol, or not its module: modprobe nfnetlink, "
                "xfrm_user or scsi_transport_iscsi" },
  { .operation = "open",    .code = EPERM,
    .sentence = "it takes CAP_NET_ADMIN: be root" },
  { .operation = "bind",    .code = EADDRINUSE,
    .sentence = "another socket has this port: take 0, and the kernel chooses one" },
  { .operation = "bind",    .code = EINVAL,
    .sentence = "it is bound to another port, or the protocol has not these groups" },
  { .operation = "bind",    .code = EPERM,
    .sentence = "this protocol's groups are for root" },
  { .operation = "listen",  .code = EOPNOTSUPP,
    .sentence = "bind it and receive: kin watch netlink:route" },
  { .operation = "send",    .code = ECONNREFUSED,
    .sentence = "nobody has this port; 0 is the kernel" },
  { .operation = "send",    .code = EPERM,
    .sentence = "to other programs and to groups only root sends" },
  { .operation = "receive", .code = ENOBUFS,
    .sentence = "messages were lost: ask anew for all, or raise so.rcvbuf" },
  { .operation = "receive", .code = EPERM,
    .sentence = "the kernel refuses: it takes CAP_NET_ADMIN" },
  { .operation = "set",     .code = EINVAL,          .sentence = "the protocol has no such group" },
  { .operation = "set",     .code = EPERM,
    .sentence = "it takes CAP_NET_ADMIN, or, for all namespaces, CAP_NET_BROADCAST: be root" },
};

KIN_FAMILY (netlink) = {
  KIN_STAMP,
  .domain    = AF_NETLINK,
  .name      = "netlink",
  .summary   = "messages to and from the kernel",
  .protocols = KIN_TABLE (netlink_protocols),
  .options   = KIN_TABLE (netlink_options),
  .controls  = KIN_TABLE (netlink_controls),
  .constants = KIN_TABLE (netlink_constants),
  .hints     = KIN_TABLE (netlink_hints),
  .ops       = &netlink_ops,
};
