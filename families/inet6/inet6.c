/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* inet6: TCP, UDP and their kin over IPv6.
 *
 * A host and a port: tcp6:[::1]:80. In text an address stands in brackets, with its scope inside,
 * by name or number: tcp6:[fe80::1%eth0]:80. In a tuple it does not, and flow label and scope are
 * members of their own, which may be left out: ('fe80::1', 80, 0, 2). A name and a port are as in
 * inet, and nothing or "*" is all addresses of this machine.
 *
 * Schemes without a 6 (tcp, udp…) are shared with inet. Bound to all addresses, such a socket takes
 * IPv4, too, whatever net.ipv6.bindv6only says; a peer is then [::ffff:192.0.2.1]. With a 6 it
 * never does. A raw socket's port is 0 or its protocol, and a ping socket's the identifier of its
 * echo requests.
 *
 * All of it is the kernel's: ipv6(7), tcp(7), udp(7), raw(7). Ours is that a group which an option
 * leaves out is the socket's own address. What inet has as well is in ../ip. */
#define IP4_LOCAL 0
#include "../ip/ip4.h"
#include "../ip/sctp.h"
#include "../ip/tcp.h"
#include "../ip/udp.h"

#include <errno.h>
#include <linux/in6.h>

/* ---- Addresses ----------------------------------------------------------------------------- */

/* clang-format off */
#define HOST \
  { .name = "host", .kind = KIN_CUSTOM, KIN_AT (struct sockaddr_in6, sin6_addr), \
    .flags = KIN_FIELD_HOST, .get = ip_host6_get, .set = ip_host6_set }
#define FLOW_AND_SCOPE \
  { .name = "flowinfo", .kind = KIN_UINT, KIN_AT (struct sockaddr_in6, sin6_flowinfo), .bits = 20, \
    .flags = KIN_FIELD_BIG_ENDIAN | KIN_FIELD_OPTIONAL | KIN_FIELD_TUPLE_ONLY }, \
  { .name = "scope_id", .kind = KIN_UINT, KIN_AT (struct sockaddr_in6, sin6_scope_id), \
    .flags = KIN_FIELD_OPTIONAL | KIN_FIELD_TUPLE_ONLY }

static const KinField inet6_address[] = {
  HOST,
  { .name = "port", .kind = KIN_CUSTOM, KIN_AT (struct sockaddr_in6, sin6_port), .bits = 16,
    .get = ip_port_get, .set = ip_port_set },
  FLOW_AND_SCOPE,
};

static const KinField inet6_ping_address[] = {
  HOST,
  { .name = "id",   .kind = KIN_UINT,   KIN_AT (struct sockaddr_in6, sin6_port),
    .flags = KIN_FIELD_BIG_ENDIAN | KIN_FIELD_OPTIONAL },
  FLOW_AND_SCOPE,
};

static const KinName inet6_raw_protocols[] = {
  { "ip",   IPPROTO_IP },  { "tcp", IPPROTO_TCP }, { "udp",  IPPROTO_UDP },  { "gre", IPPROTO_GRE },
  { "esp",  IPPROTO_ESP }, { "ah",  IPPROTO_AH },  { "icmp6", IPPROTO_ICMPV6 },
  { "pim",  IPPROTO_PIM }, { "sctp", IPPROTO_SCTP }, { "raw", IPPROTO_RAW }, { NULL,  0 },
};

static const KinField inet6_raw_address[] = {
  HOST,
  { .name = "port",     .kind = KIN_UINT,     KIN_AT (struct sockaddr_in6, sin6_port),
    .flags = KIN_FIELD_BIG_ENDIAN | KIN_FIELD_TUPLE_ONLY },
  FLOW_AND_SCOPE,
  { .name = "protocol", .kind = KIN_PROTOCOL, .names = inet6_raw_protocols,
    .flags = KIN_FIELD_TEXT_ONLY | KIN_FIELD_OPTIONAL, .fallback = IPPROTO_RAW },
};

static const KinAddressCodec inet6_codecs[] = {
  { .bytes  = sizeof (struct sockaddr_in6), .separator = ':',
    .fields = KIN_TABLE (inet6_address),    .resolve   = ip_resolve },
};

static const KinAddressCodec inet6_ping_codecs[] = {
  { .bytes  = sizeof (struct sockaddr_in6),   .separator = ':',
    .fields = KIN_TABLE (inet6_ping_address), .resolve   = ip_resolve },
};

static const KinAddressCodec inet6_raw_codecs[] = {
  { .bytes  = sizeof (struct sockaddr_in6),  .separator = ':',
    .fields = KIN_TABLE (inet6_raw_address), .resolve   = ip_resolve_host },
};

/* ---- Protocols ----------------------------------------------------------------------------- */

/* A one-to-many socket of SCTP sends to an address only, so that no stream can be tried with it. */
#define HOST_AND_PORT .codecs = KIN_TABLE (inet6_codecs), .grammar = "[HOST]:PORT"
#define LOCAL HOST_AND_PORT, .loopback = "[::1]:0"
#define SHARED (KIN_PROTOCOL_SHARED | KIN_PROTOCOL_DUAL)
#define REUSE "so.reuseaddr=1&"
#define DUAL  "ipv6.v6only=0"
#define ALONE "ipv6.v6only=1"
#define SHARED (KIN_PROTOCOL_SHARED | KIN_PROTOCOL_DUAL)

/* MPTCP's connect and accept wait in a TCP socket, which older kernels do not tell the time. */
static const KinProtocol inet6_protocols[] = {
  { .scheme = "tcp",      .type = SOCK_STREAM, .protocol = IPPROTO_TCP,
    .flags  = SHARED,                          .kernel_waits = KIN_WAITS_ALL,
    LOCAL,  .example = "tcp:[::1]:80",         .bind_options = REUSE DUAL },
  { .scheme = "tcp6",     .type = SOCK_STREAM, .protocol = IPPROTO_TCP,
    .kernel_waits = KIN_WAITS_ALL,
    LOCAL,  .example = "tcp6:[::1]:80",        .bind_options = REUSE ALONE },
  { .scheme = "udp",      .type = SOCK_DGRAM,  .protocol = IPPROTO_UDP,
    .flags  = SHARED,                          .kernel_waits = KIN_WAITS_ALL,
    LOCAL,  .example = "udp:[::1]:53",         .bind_options = DUAL },
  { .scheme = "udp6",     .type = SOCK_DGRAM,  .protocol = IPPROTO_UDP,
    .kernel_waits = KIN_WAITS_ALL,
    LOCAL,  .example = "udp6:[::1]:53",        .bind_options = ALONE },
  { .scheme = "udplite",  .type = SOCK_DGRAM,  .protocol = IPPROTO_UDPLITE,
    .flags  = SHARED,                          .kernel_waits = KIN_WAITS_ALL,
    LOCAL,  .example = "udplite:[::1]:5000",   .bind_options = DUAL },
  { .scheme = "udplite6", .type = SOCK_DGRAM,  .protocol = IPPROTO_UDPLITE,
    .kernel_waits = KIN_WAITS_ALL,
    LOCAL,  .example = "udplite6:[::1]:5000",  .bind_options = ALONE },
  { .scheme = "mptcp",    .type = SOCK_STREAM, .protocol = IP_IPPROTO_MPTCP,
    .flags  = SHARED,                          .kernel_waits = KIN_WAITS_RECEIVE | KIN_WAITS_SEND,
    LOCAL,  .example = "mptcp:[::1]:80",       .bind_options = REUSE DUAL,
    .ops    = &ip_mptcp_ops },
  { .scheme = "mptcp6",   .type = SOCK_STREAM, .protocol = IP_IPPROTO_MPTCP,
    .kernel_waits = KIN_WAITS_RECEIVE | KIN_WAITS_SEND,
    LOCAL,  .example = "mptcp6:[::1]:80",      .bind_options = REUSE ALONE,
    .ops    = &ip_mptcp_ops },
  { .scheme = "sctp",     .type = SOCK_STREAM, .protocol = IPPROTO_SCTP,
    .flags  = SHARED,                          .kernel_waits = KIN_WAITS_ALL,
    LOCAL,  .example = "sctp:[::1]:5000",      .bind_options = REUSE DUAL,
    .modules = "sctp" },
  { .scheme = "sctp6",    .type = SOCK_STREAM, .protocol = IPPROTO_SCTP,
    .kernel_waits = KIN_WAITS_ALL,
    LOCAL,  .example = "sctp6:[::1]:5000",     .bind_options = REUSE ALONE,
    .modules = "sctp" },
  { .scheme = "sctp-seqpacket",  .type = SOCK_DGRAM,  .protocol = IPPROTO_SCTP,
    .flags  = SHARED,                          .kernel_waits = KIN_WAITS_ALL,
    HOST_AND_PORT, .example = "sctp-seqpacket:[::1]:5000",
    .bind_options = REUSE DUAL, .modules = "sctp",
    .kernel_type = SOCK_SEQPACKET, .ops = &ip_many_ops },
  { .scheme = "sctp6-seqpacket", .type = SOCK_DGRAM,  .protocol = IPPROTO_SCTP,
    .kernel_waits = KIN_WAITS_ALL,
    HOST_AND_PORT, .example = "sctp6-seqpacket:[::1]:5000",
    .bind_options = REUSE ALONE, .modules = "sctp",
    .kernel_type = SOCK_SEQPACKET, .ops = &ip_many_ops },
  { .scheme = "icmp6",    .type = SOCK_DGRAM,  .protocol = IPPROTO_ICMPV6,
    .kernel_waits = KIN_WAITS_ALL,             .codecs = KIN_TABLE (inet6_ping_codecs),
    .grammar = "[HOST][:ID]",                  .example = "icmp6:[::1]" },
  { .scheme = "raw6",     .type = SOCK_RAW,    .protocol = IPPROTO_RAW,
    .kernel_waits = KIN_WAITS_ALL,             .codecs = KIN_TABLE (inet6_raw_codecs),
    .grammar = "[HOST][:PROTOCOL]",            .example = "raw6:[::1]:icmp6" },
};

/* ---- What options and control messages hold ------------------------------------------------ */

/* A group that is left out is the socket's own address, see ../ip/join.c. */
static const KinField inet6_group_fields[] = {
  { .name = "interface", .kind = KIN_INTERFACE, KIN_AT (struct group_req, gr_interface),
    .flags = KIN_FIELD_OPTIONAL },
  { .name = "group",     .kind = KIN_CUSTOM,    KIN_AT (struct group_req, gr_group),
    .flags = KIN_FIELD_OPTIONAL, .get = ip_group6_get, .set = ip_group6_set },
};

static const KinField inet6_source_fields[] = {
  { .name = "interface", .kind = KIN_INTERFACE, KIN_AT (struct group_source_req, gsr_interface) },
  { .name = "source",    .kind = KIN_CUSTOM,    KIN_AT (struct group_source_req, gsr_source),
    .get = ip_group6_get, .set = ip_group6_set },
  { .name = "group",     .kind = KIN_CUSTOM,    KIN_AT (struct group_source_req, gsr_group),
    .flags = KIN_FIELD_OPTIONAL, .get = ip_group6_get, .set = ip_group6_set },
};

static const KinField inet6_anycast_fields[] = {
  { .name = "interface", .kind = KIN_INTERFACE, KIN_AT (struct ipv6_mreq, ipv6mr_interface) },
  { .name = "address",   .kind = KIN_CUSTOM,    KIN_AT (struct ipv6_mreq, ipv6mr_multiaddr),
    .get = ip_bare6_get, .set = ip_bare6_set },
};

static const KinField inet6_pktinfo_fields[] = {
  { .name = "interface", .kind = KIN_INTERFACE, KIN_AT (struct in6_pktinfo, ipi6_ifindex) },
  { .name = "address",   .kind = KIN_CUSTOM,    KIN_AT (struct in6_pktinfo, ipi6_addr),
    .flags = KIN_FIELD_OPTIONAL | KIN_FIELD_LOCAL, .get = ip_bare6_get, .set = ip_bare6_set },
};

static const KinField inet6_pathmtu_fields[] = {
  { .name = "address", .kind = KIN_CUSTOM, KIN_AT (struct ip6_mtuinfo, ip6m_addr),
    .get = ip_group6_get, .set = ip_group6_set },
  { .name = "mtu",     .kind = KIN_UINT,   KIN_AT (struct ip6_mtuinfo, ip6m_mtu) },
};

static const KinName inet6_flowlabel_actions[] = {
  { "get", IPV6_FL_A_GET }, { "put", IPV6_FL_A_PUT }, { "renew", IPV6_FL_A_RENEW }, { NULL, 0 },
};

static const KinName inet6_flowlabel_shares[] = {
  { "none", IPV6_FL_S_NONE }, { "excl", IPV6_FL_S_EXCL }, { "process", IPV6_FL_S_PROCESS },
  { "user", IPV6_FL_S_USER }, { "any",  IPV6_FL_S_ANY },  { NULL,      0 },
};

static const KinField inet6_flowlabel_fields[] = {
  { .name = "destination", .kind = KIN_CUSTOM, KIN_AT (struct in6_flowlabel_req, flr_dst),
    .get = ip_bare6_get, .set = ip_bare6_set },
  { .name = "label",       .kind = KIN_UINT,   KIN_AT (struct in6_flowlabel_req, flr_label),
    .flags = KIN_FIELD_BIG_ENDIAN, .bits = 20 },
  { .name = "action",      .kind = KIN_UINT,   KIN_AT (struct in6_flowlabel_req, flr_action),
    .names = inet6_flowlabel_actions },
  { .name = "share",       .kind = KIN_UINT,   KIN_AT (struct in6_flowlabel_req, flr_share),
    .names = inet6_flowlabel_shares },
  { .name = "flags",       .kind = KIN_UINT,   KIN_AT (struct in6_flowlabel_req, flr_flags),
    .flags = KIN_FIELD_OPTIONAL },
  { .name = "expires",     .kind = KIN_UINT,   KIN_AT (struct in6_flowlabel_req, flr_expires),
    .flags = KIN_FIELD_OPTIONAL },
  { .name = "linger",      .kind = KIN_UINT,   KIN_AT (struct in6_flowlabel_req, flr_linger),
    .flags = KIN_FIELD_OPTIONAL },
};

static const KinField inet6_flowinfo_fields[] = {
  { .name = "flowinfo", .kind = KIN_UINT, .size = sizeof (uint32_t),
    .flags = KIN_FIELD_BIG_ENDIAN | KIN_FIELD_HEX },
};

/* ---- Options, control messages, constants -------------------------------------------------- */

static const KinOption inet6_options[] = {
  { .name  = "icmp6.filter",      .help   = "types of ICMPv6 that a raw socket does not take",
    .level = IPPROTO_ICMPV6,      .number = IP_ICMPV6_FILTER,
    .kind  = KIN_BYTES,           .size   = 32,                        BOTH },
#include "../ip/ip4-options.h"
#include "options.h"
#include "../ip/transport-options.h"
};

static const KinControl inet6_controls[] = {
#include "../ip/ip4-controls.h"
  { .name  = "ipv6.dontfrag",     .help   = "never cut this into fragments",
    .level = IPPROTO_IPV6,        .number = IPV6_DONTFRAG,             TRUTH,   WRITE },
  { .name  = "ipv6.dstopts",      .help   = "destination options header",
    .level = IPPROTO_IPV6,        .number = IPV6_DSTOPTS,
    .kind  = KIN_BYTES,           .size   = 1024,                      BOTH,
    .enabled_by = "ipv6.recvdstopts" },
  { .name  = "ipv6.error",        .help   = "an error of the error queue, and who reported it",
    .level = IPPROTO_IPV6,        .number = IPV6_RECVERR,
    STRUCT (struct ip_extended_error, ip_error_fields),
    .flags = KIN_OPTION_READ | KIN_OPTION_REPORT, .enabled_by = "ipv6.recverr" },
  { .name  = "ipv6.flowinfo",     .help   = "traffic class and flow label",
    .level = IPPROTO_IPV6,        .number = IPV6_FLOWINFO,
    STRUCT (uint32_t, inet6_flowinfo_fields),                          BOTH,
    .enabled_by = "ipv6.recvflowinfo" },
  { .name  = "ipv6.fragsize",     .help   = "bytes of the longest fragment that it came in",
    .level = IPPROTO_IPV6,        .number = IPV6_RECVFRAGSIZE,         INTEGER, READ,
    .enabled_by = "ipv6.recvfragsize" },
  { .name  = "ipv6.hoplimit",     .help   = "routers that it may still pass, and one more",
    .level = IPPROTO_IPV6,        .number = IPV6_HOPLIMIT,             INTEGER, BOTH,
    .enabled_by = "ipv6.recvhoplimit" },
  { .name  = "ipv6.hopopts",      .help   = "hop-by-hop options header",
    .level = IPPROTO_IPV6,        .number = IPV6_HOPOPTS,
    .kind  = KIN_BYTES,           .size   = 1024,                      BOTH,
    .enabled_by = "ipv6.recvhopopts" },
  { .name  = "ipv6.origdstaddr",  .help   = "where it was going",
    .level = IPPROTO_IPV6,        .number = IPV6_ORIGDSTADDR,
    STRUCT (struct sockaddr_in6, ip_address_fields),                   READ,
    .enabled_by = "ipv6.recvorigdstaddr" },
  { .name  = "ipv6.pathmtu",      .help   = "a peer, and the new MTU of the path to it",
    .level = IPPROTO_IPV6,        .number = IPV6_PATHMTU,
    STRUCT (struct ip6_mtuinfo, inet6_pathmtu_fields),                 READ,
    .enabled_by = "ipv6.recvpathmtu" },
  { .name  = "ipv6.pktinfo",      .help   = "where it came in, or goes out, and its address here",
    .level = IPPROTO_IPV6,        .number = IPV6_PKTINFO,
    STRUCT (struct in6_pktinfo, inet6_pktinfo_fields),                 BOTH,
    .enabled_by = "ipv6.recvpktinfo" },
  { .name  = "ipv6.rthdr",        .help   = "routing header",
    .level = IPPROTO_IPV6,        .number = IPV6_RTHDR,
    .kind  = KIN_BYTES,           .size   = 1024,                      BOTH,
    .enabled_by = "ipv6.recvrthdr" },
  { .name  = "ipv6.rthdrdstopts", .help   = "destination options for each router",
    .level = IPPROTO_IPV6,        .number = IPV6_RTHDRDSTOPTS,
    .kind  = KIN_BYTES,           .size   = 1024,                      WRITE },
  { .name  = "ipv6.tclass",       .help   = "traffic class: DSCP and ECN",
    .level = IPPROTO_IPV6,        .number = IPV6_TCLASS,               INTEGER,
    .flags = KIN_OPTION_READ_WRITE | KIN_OPTION_CLASS, .enabled_by = "ipv6.recvtclass" },
#include "../ip/transport-controls.h"
};

static const KinConstant inet6_constants[] = {
  CONSTANT (AF_INET6),
  { .name = "ICMPV6_FILTER", .value = IP_ICMPV6_FILTER },
#include "../ip/protocol-constants.h"
#include "constants.h"
#include "../ip/constants.h"
};

static const KinHint inet6_hints[] = {
#include "../ip/hints.h"
};

/* ---- The descriptor ------------------------------------------------------------------------ */

static const KinSocketOps inet6_ops = {
  .size       = sizeof (KinSocketOps),
  .setsockopt = ip_setsockopt,
};

KIN_FAMILY (inet6) = {
  KIN_STAMP,
  .domain    = AF_INET6,
  .name      = "inet6",
  .summary   = "TCP, UDP and others over IPv6",
  .protocols = KIN_TABLE (inet6_protocols),
  .options   = KIN_TABLE (inet6_options),
  .controls  = KIN_TABLE (inet6_controls),
  .constants = KIN_TABLE (inet6_constants),
  .hints     = KIN_TABLE (inet6_hints),
  .ops       = &inet6_ops,
};
