/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/ip/ip4.h: what options and control messages of IPv4 hold, and those of both that are
 * alike. inet6 has IPv4's, too: an IPv6 socket may carry IPv4. */
/* clang-format off */
#ifndef KIN_IP_IP4_H
#define KIN_IP_IP4_H

#include "rows.h"

/* struct sock_extended_err; <linux/errqueue.h> cannot be included beside glibc's <time.h>. */
struct ip_extended_error {
  uint32_t code;
  uint8_t  origin, type, icmp_code, pad;
  uint32_t info, data;
};

static const KinName ip_error_origins[] = {
  { "none",  0 }, { "local",  1 }, { "icmp", 2 }, { "icmp6", 3 }, { "timestamping", 4 },
  { "zerocopy", 5 }, { "txtime", 6 }, { NULL, 0 },
};

static const KinField ip_error_fields[] = {
  { .name = "errno",    .kind = KIN_UINT, KIN_AT (struct ip_extended_error, code) },
  { .name = "origin",   .kind = KIN_UINT, KIN_AT (struct ip_extended_error, origin),
    .names = ip_error_origins },
  { .name = "type",     .kind = KIN_UINT, KIN_AT (struct ip_extended_error, type) },
  { .name = "code",     .kind = KIN_UINT, KIN_AT (struct ip_extended_error, icmp_code) },
  { .name = "info",     .kind = KIN_UINT, KIN_AT (struct ip_extended_error, info) },
  { .name = "data",     .kind = KIN_UINT, KIN_AT (struct ip_extended_error, data) },
  { .name = "offender", .kind = KIN_ADDRESS, .offset = sizeof (struct ip_extended_error),
    .size = sizeof (struct sockaddr_in6) },
};

static const KinName ip_mtu_discover_words[] = {
  { "dont", 0 }, { "want", 1 }, { "do", 2 }, { "probe", 3 }, { "interface", 4 }, { "omit", 5 },
  { NULL,   0 },
};

/* A group that is left out is the socket's own address, see join.c. */
static const KinField ip4_group_fields[] = {
  { .name = "interface", .kind = KIN_INTERFACE, KIN_AT (struct group_req, gr_interface),
    .flags = KIN_FIELD_OPTIONAL },
  { .name = "group",     .kind = KIN_CUSTOM,    KIN_AT (struct group_req, gr_group),
    .flags = KIN_FIELD_OPTIONAL, .get = ip_group4_get, .set = ip_group4_set },
};

static const KinField ip4_source_fields[] = {
  { .name = "interface", .kind = KIN_INTERFACE, KIN_AT (struct group_source_req, gsr_interface) },
  { .name = "source",    .kind = KIN_CUSTOM,    KIN_AT (struct group_source_req, gsr_source),
    .get = ip_group4_get, .set = ip_group4_set },
  { .name = "group",     .kind = KIN_CUSTOM,    KIN_AT (struct group_source_req, gsr_group),
    .flags = KIN_FIELD_OPTIONAL, .get = ip_group4_get, .set = ip_group4_set },
};

static const KinField ip4_multicast_if_fields[] = {
  { .name = "interface", .kind = KIN_INTERFACE, KIN_AT (struct ip_mreqn, imr_ifindex) },
  { .name = "address",   .kind = KIN_CUSTOM,    KIN_AT (struct ip_mreqn, imr_address),
    .flags = KIN_FIELD_OPTIONAL, .get = ip_bare4_get, .set = ip_bare4_set },
};

/* IP4_LOCAL: the flag, or 0 in inet6, whose own message says it of IPv4 peers, too. */
static const KinField ip4_pktinfo_fields[] = {
  { .name = "interface",   .kind = KIN_INTERFACE, KIN_AT (struct in_pktinfo, ipi_ifindex) },
  { .name = "local",       .kind = KIN_CUSTOM,    KIN_AT (struct in_pktinfo, ipi_spec_dst),
    .flags = KIN_FIELD_OPTIONAL | IP4_LOCAL, .get = ip_bare4_get, .set = ip_bare4_set },
  { .name = "destination", .kind = KIN_CUSTOM,    KIN_AT (struct in_pktinfo, ipi_addr),
    .flags = KIN_FIELD_OPTIONAL, .get = ip_bare4_get, .set = ip_bare4_set },
};

/* One number: the low half, then the high one. */
#if __BYTE_ORDER == __LITTLE_ENDIAN
enum { IP_LOW_HALF = 0, IP_HIGH_HALF = 2 };
#else
enum { IP_LOW_HALF = 2, IP_HIGH_HALF = 0 };
#endif
static const KinField ip4_port_range_fields[] = {
  { .name = "lowest",  .kind = KIN_UINT, .offset = IP_LOW_HALF,  .size = sizeof (uint16_t) },
  { .name = "highest", .kind = KIN_UINT, .offset = IP_HIGH_HALF, .size = sizeof (uint16_t) },
};

static const KinField ip_unicast_if_fields[] = {
  { .name = "interface", .kind = KIN_INTERFACE, .size = sizeof (uint32_t),
    .flags = KIN_FIELD_BIG_ENDIAN },
};

/* A sockaddr that is all there is. */
static const KinField ip_address_fields[] = {
  { .name = "address", .kind = KIN_ADDRESS, .size = sizeof (struct sockaddr_in6) },
};

#endif
