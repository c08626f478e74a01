/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* inet: TCP, UDP and their kin over IPv4.
 *
 * A host and a port: tcp4:127.0.0.1:80. A host is an address, in any form that inet_aton(3) takes,
 * a name, or nothing or "*": all addresses of this machine. In text a port may be a service, http.
 * Names are looked up by libkin, through the hook resolve.
 *
 * Schemes without a 4 (tcp, udp…) are shared with inet6: one look-up serves both families, and with
 * this one alone tcp: is IPv4. A raw socket's address has no port, but a protocol in text:
 * raw4:127.0.0.1:icmp. A ping socket's port is the identifier of its echo requests.
 *
 * All of it is the kernel's: ip(7), tcp(7), udp(7), raw(7), icmp(7). Ours is that a group which
 * an option leaves out is the socket's own address. Options and control messages of TCP and UDP,
 * and those of IPv4, which IPv6 sockets have, too, are in ../ip. */
#define IP4_LOCAL KIN_FIELD_LOCAL
#include "../ip/ip4.h"
#include "../ip/sctp.h"
#include "../ip/tcp.h"
#include "../ip/udp.h"

#include <errno.h>

/* ---- Addresses ----------------------------------------------------------------------------- */

/* clang-format off */
static const KinField inet_address[] = {
  { .name = "host", .kind = KIN_CUSTOM, KIN_AT (struct sockaddr_in, sin_addr),
    .flags = KIN_FIELD_HOST, .get = ip_host4_get, .set = ip_host4_set },
  { .name = "port", .kind = KIN_CUSTOM, KIN_AT (struct sockaddr_in, sin_port), .bits = 16,
    .get = ip_port_get, .set = ip_port_set },
};

static const KinField inet_ping_address[] = {
  { .name = "host", .kind = KIN_CUSTOM, KIN_AT (struct sockaddr_in, sin_addr),
    .flags = KIN_FIELD_HOST, .get = ip_host4_get, .set = ip_host4_set },
  { .name = "id",   .kind = KIN_UINT,   KIN_AT (struct sockaddr_in, sin_port),
    .flags = KIN_FIELD_BIG_ENDIAN | KIN_FIELD_OPTIONAL },
};

static const KinName inet_raw_protocols[] = {
  { "ip",   IPPROTO_IP },   { "icmp", IPPROTO_ICMP }, { "igmp", IPPROTO_IGMP },
  { "ipip", IPPROTO_IPIP }, { "tcp",  IPPROTO_TCP },  { "udp",  IPPROTO_UDP },
  { "gre",  IPPROTO_GRE },  { "esp",  IPPROTO_ESP },  { "ah",   IPPROTO_AH },
  { "pim",  IPPROTO_PIM },  { "sctp", IPPROTO_SCTP }, { "raw",  IPPROTO_RAW },
  { NULL,   0 },
};

/* The kernel ignores the port. */
static const KinField inet_raw_address[] = {
  { .name = "host",     .kind = KIN_CUSTOM,   KIN_AT (struct sockaddr_in, sin_addr),
    .flags = KIN_FIELD_HOST, .get = ip_host4_get, .set = ip_host4_set },
  { .name = "port",     .kind = KIN_UINT,     KIN_AT (struct sockaddr_in, sin_port),
    .flags = KIN_FIELD_BIG_ENDIAN | KIN_FIELD_TUPLE_ONLY },
  { .name = "protocol", .kind = KIN_PROTOCOL, .names = inet_raw_protocols,
    .flags = KIN_FIELD_TEXT_ONLY | KIN_FIELD_OPTIONAL, .fallback = IPPROTO_RAW },
};

static const KinAddressCodec inet_codecs[] = {
  { .bytes  = sizeof (struct sockaddr_in), .separator = ':',
    .fields = KIN_TABLE (inet_address),    .resolve   = ip_resolve },
};

static const KinAddressCodec inet_ping_codecs[] = {
  { .bytes  = sizeof (struct sockaddr_in),   .separator = ':',
    .fields = KIN_TABLE (inet_ping_address), .resolve   = ip_resolve },
};

static const KinAddressCodec inet_raw_codecs[] = {
  { .bytes  = sizeof (struct sockaddr_in),  .separator = ':',
    .fields = KIN_TABLE (inet_raw_address), .resolve   = ip_resolve_host },
};

/* ---- Protocols ----------------------------------------------------------------------------- */

/* A one-to-many socket of SCTP sends to an address only, so that no stream can be tried with it. */
#define HOST_AND_PORT .codecs = KIN_TABLE (inet_codecs), .grammar = "HOST:PORT"
#define LOCAL HOST_AND_PORT, .loopback = "127.0.0.1:0"

/* MPTCP's connect and accept wait in a TCP socket that before Linux 6.x did not know the times. */
static const KinProtocol inet_protocols[] = {
  { .scheme = "tcp",      .type = SOCK_STREAM, .protocol = IPPROTO_TCP,
    .flags  = KIN_PROTOCOL_SHARED,             .kernel_waits = KIN_WAITS_ALL,
    LOCAL,  .example = "tcp:127.0.0.1:80",     .bind_options = "so.reuseaddr=1" },
  { .scheme = "tcp4",     .type = SOCK_STREAM, .protocol = IPPROTO_TCP,
    .kernel_waits = KIN_WAITS_ALL,
    LOCAL,  .example = "tcp4:127.0.0.1:80",    .bind_options = "so.reuseaddr=1" },
  { .scheme = "udp",      .type = SOCK_DGRAM,  .protocol = IPPROTO_UDP,
    .flags  = KIN_PROTOCOL_SHARED,             .kernel_waits = KIN_WAITS_ALL,
    LOCAL,  .example = "udp:127.0.0.1:53" },
  { .scheme = "udp4",     .type = SOCK_DGRAM,  .protocol = IPPROTO_UDP,
    .kernel_waits = KIN_WAITS_ALL,
    LOCAL,  .example = "udp4:127.0.0.1:53" },
  { .scheme = "udplite",  .type = SOCK_DGRAM,  .protocol = IPPROTO_UDPLITE,
    .flags  = KIN_PROTOCOL_SHARED,             .kernel_waits = KIN_WAITS_ALL,
    LOCAL,  .example = "udplite:127.0.0.1:5000" },
  { .scheme = "udplite4", .type = SOCK_DGRAM,  .protocol = IPPROTO_UDPLITE,
    .kernel_waits = KIN_WAITS_ALL,
    LOCAL,  .example = "udplite4:127.0.0.1:5000" },
  { .scheme = "mptcp",    .type = SOCK_STREAM, .protocol = IP_IPPROTO_MPTCP,
    .flags  = KIN_PROTOCOL_SHARED,             .kernel_waits = KIN_WAITS_RECEIVE | KIN_WAITS_SEND,
    LOCAL,  .example = "mptcp:127.0.0.1:80",   .bind_options = "so.reuseaddr=1",
    .ops    = &ip_mptcp_ops },
  { .scheme = "mptcp4",   .type = SOCK_STREAM, .protocol = IP_IPPROTO_MPTCP,
    .kernel_waits = KIN_WAITS_RECEIVE | KIN_WAITS_SEND,
    LOCAL,  .example = "mptcp4:127.0.0.1:80",  .bind_options = "so.reuseaddr=1",
    .ops    = &ip_mptcp_ops },
  { .scheme = "sctp",     .type = SOCK_STREAM, .protocol = IPPROTO_SCTP,
    .flags  = KIN_PROTOCOL_SHARED,             .kernel_waits = KIN_WAITS_ALL,
    LOCAL,  .example = "sctp:127.0.0.1:5000",  .bind_options = "so.reuseaddr=1",
    .modules = "sctp" },
  { .scheme = "sctp4",    .type = SOCK_STREAM, .protocol = IPPROTO_SCTP,
    .kernel_waits = KIN_WAITS_ALL,
    LOCAL,  .example = "sctp4:127.0.0.1:5000", .bind_options = "so.reuseaddr=1",
    .modules = "sctp" },
  { .scheme = "sctp-seqpacket",  .type = SOCK_DGRAM,  .protocol = IPPROTO_SCTP,
    .flags  = KIN_PROTOCOL_SHARED,             .kernel_waits = KIN_WAITS_ALL,
    HOST_AND_PORT, .example = "sctp-seqpacket:127.0.0.1:5000",
    .bind_options = "so.reuseaddr=1", .modules = "sctp",
    .kernel_type = SOCK_SEQPACKET, .ops = &ip_many_ops },
  { .scheme = "sctp4-seqpacket", .type = SOCK_DGRAM,  .protocol = IPPROTO_SCTP,
    .kernel_waits = KIN_WAITS_ALL,
    HOST_AND_PORT, .example = "sctp4-seqpacket:127.0.0.1:5000",
    .bind_options = "so.reuseaddr=1", .modules = "sctp",
    .kernel_type = SOCK_SEQPACKET, .ops = &ip_many_ops },
  { .scheme = "icmp",     .type = SOCK_DGRAM,  .protocol = IPPROTO_ICMP,
    .kernel_waits = KIN_WAITS_ALL,             .codecs = KIN_TABLE (inet_ping_codecs),
    .grammar = "HOST[:ID]",                    .example = "icmp:127.0.0.1" },
  { .scheme = "raw4",     .type = SOCK_RAW,    .protocol = IPPROTO_RAW,
    .kernel_waits = KIN_WAITS_ALL,             .codecs = KIN_TABLE (inet_raw_codecs),
    .grammar = "HOST[:PROTOCOL]",              .example = "raw4:127.0.0.1:icmp" },
};

/* ---- Options, control messages, constants -------------------------------------------------- */

static const KinOption inet_options[] = {
  { .name  = "icmp.filter",       .help   = "types of ICMP that a raw socket does not take",
    .level = IP_SOL_RAW,          .number = IP_ICMP_FILTER,            NUMBER,  BOTH },
#include "../ip/ip4-options.h"
#include "../ip/transport-options.h"
};

static const KinControl inet_controls[] = {
#include "../ip/ip4-controls.h"
#include "../ip/transport-controls.h"
};

static const KinConstant inet_constants[] = {
  CONSTANT (AF_INET),
  { .name = "ICMP_FILTER", .value = IP_ICMP_FILTER },
  CONSTANT (INADDR_ALLHOSTS_GROUP),
  CONSTANT (INADDR_ANY),
  CONSTANT (INADDR_BROADCAST),
  CONSTANT (INADDR_LOOPBACK),
  CONSTANT (INADDR_MAX_LOCAL_GROUP),
  CONSTANT (INADDR_NONE),
  CONSTANT (INADDR_UNSPEC_GROUP),
#include "../ip/protocol-constants.h"
#include "../ip/constants.h"
};

static const KinHint inet_hints[] = {
#include "../ip/hints.h"
};

/* ---- The descriptor ------------------------------------------------------------------------ */

static const KinSocketOps inet_ops = {
  .size       = sizeof (KinSocketOps),
  .setsockopt = ip_setsockopt,
};

KIN_FAMILY (inet) = {
  KIN_STAMP,
  .domain    = AF_INET,
  .name      = "inet",
  .summary   = "TCP, UDP and others over IPv4",
  .protocols = KIN_TABLE (inet_protocols),
  .options   = KIN_TABLE (inet_options),
  .controls  = KIN_TABLE (inet_controls),
  .constants = KIN_TABLE (inet_constants),
  .hints     = KIN_TABLE (inet_hints),
  .ops       = &inet_ops,
};
