/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/packet/options.h: options and control messages, and what is in their structs. Included
 * once, in packet.c. */
/* clang-format off */

#ifndef SOL_PACKET
#define SOL_PACKET 263
#endif
#ifndef PACKET_VNET_HDR_SZ             /* Linux 6.5 */
#define PACKET_VNET_HDR_SZ 24
#endif

/* Options that the kernel has in another form: 'PACK'. */
enum { PACKET_OWN = 0x5041434b, PACKET_OWN_FILTER = 1 };

/* ---- What options hold ---------------------------------------------------------------------- */

static const KinField packet_filter[] = {
  { .name = "code", .kind = KIN_UINT, KIN_AT (struct sock_filter, code) },
  { .name = "jt",   .kind = KIN_UINT, KIN_AT (struct sock_filter, jt) },
  { .name = "jf",   .kind = KIN_UINT, KIN_AT (struct sock_filter, jf) },
  { .name = "k",    .kind = KIN_UINT, KIN_AT (struct sock_filter, k) },
};

static const KinName packet_members[] = {
  { "multicast", PACKET_MR_MULTICAST }, { "promisc", PACKET_MR_PROMISC },
  { "allmulti",  PACKET_MR_ALLMULTI },  { "unicast", PACKET_MR_UNICAST },
  { 0 }
};

static const KinField packet_membership[] = {
  { .name = "interface", .kind = KIN_INTERFACE, KIN_AT (struct packet_mreq, mr_ifindex) },
  { .name = "type",      .kind = KIN_UINT,      KIN_AT (struct packet_mreq, mr_type),
    .names = packet_members },
  { .name = "address",   .kind = KIN_BYTES,     KIN_AT (struct packet_mreq, mr_address),
    .count_offset = offsetof (struct packet_mreq, mr_alen), .count_size = sizeof (uint16_t),
    .flags = KIN_FIELD_OPTIONAL },
};

static const KinName packet_fanouts[] = {
  { "hash",     PACKET_FANOUT_HASH },     { "lb",  PACKET_FANOUT_LB },
  { "cpu",      PACKET_FANOUT_CPU },      { "rnd", PACKET_FANOUT_RND },
  { "rollover", PACKET_FANOUT_ROLLOVER }, { "qm",  PACKET_FANOUT_QM },
  { 0 }
};

/* One int: the number in its lower half. */
struct packet_fanout_option {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  uint16_t id, type;
#else
  uint16_t type, id;
#endif
};

static const KinField packet_fanout[] = {
  { .name = "id",   .kind = KIN_UINT, KIN_AT (struct packet_fanout_option, id) },
  { .name = "type", .kind = KIN_UINT, KIN_AT (struct packet_fanout_option, type),
    .flags = KIN_FIELD_OPTIONAL, .names = packet_fanouts },
};

static const KinField packet_ring[] = {
  { .name = "block_size",     .kind = KIN_UINT, KIN_AT (struct tpacket_req3, tp_block_size) },
  { .name = "block_nr",       .kind = KIN_UINT, KIN_AT (struct tpacket_req3, tp_block_nr) },
  { .name = "frame_size",     .kind = KIN_UINT, KIN_AT (struct tpacket_req3, tp_frame_size) },
  { .name = "frame_nr",       .kind = KIN_UINT, KIN_AT (struct tpacket_req3, tp_frame_nr) },
  { .name = "retire_blk_tov", .kind = KIN_UINT, KIN_AT (struct tpacket_req3, tp_retire_blk_tov),
    .flags = KIN_FIELD_OPTIONAL },
  { .name = "sizeof_priv",    .kind = KIN_UINT, KIN_AT (struct tpacket_req3, tp_sizeof_priv),
    .flags = KIN_FIELD_OPTIONAL },
  { .name = "feature_req_word", .kind = KIN_UINT,
    KIN_AT (struct tpacket_req3, tp_feature_req_word), .flags = KIN_FIELD_OPTIONAL },
};

static const KinField packet_rollover[] = {
  { .name = "all",    .kind = KIN_UINT, KIN_AT (struct tpacket_rollover_stats, tp_all) },
  { .name = "huge",   .kind = KIN_UINT, KIN_AT (struct tpacket_rollover_stats, tp_huge) },
  { .name = "failed", .kind = KIN_UINT, KIN_AT (struct tpacket_rollover_stats, tp_failed) },
};

static const KinField packet_statistics[] = {
  { .name = "packets", .kind = KIN_UINT, KIN_AT (struct tpacket_stats, tp_packets) },
  { .name = "drops",   .kind = KIN_UINT, KIN_AT (struct tpacket_stats, tp_drops) },
};

static const KinName packet_versions[] = {
  { "v1", TPACKET_V1 }, { "v2", TPACKET_V2 }, { "v3", TPACKET_V3 }, { 0 }
};

/* ---- What control messages hold ------------------------------------------------------------- */

static const KinField packet_auxdata[] = {
  { .name = "status",    .kind = KIN_UINT, KIN_AT (struct tpacket_auxdata, tp_status) },
  { .name = "len",       .kind = KIN_UINT, KIN_AT (struct tpacket_auxdata, tp_len) },
  { .name = "snaplen",   .kind = KIN_UINT, KIN_AT (struct tpacket_auxdata, tp_snaplen) },
  { .name = "mac",       .kind = KIN_UINT, KIN_AT (struct tpacket_auxdata, tp_mac) },
  { .name = "net",       .kind = KIN_UINT, KIN_AT (struct tpacket_auxdata, tp_net) },
  { .name = "vlan_tci",  .kind = KIN_UINT, KIN_AT (struct tpacket_auxdata, tp_vlan_tci) },
  { .name = "vlan_tpid", .kind = KIN_UINT, KIN_AT (struct tpacket_auxdata, tp_vlan_tpid) },
};

/* struct sock_extended_err; <linux/errqueue.h> cannot be included beside glibc's <time.h>. */
struct packet_error_entry {
  uint32_t error;
  uint8_t  origin, type, code, pad;
  uint32_t info, data;
};

static const KinField packet_error[] = {
  { .name = "errno",  .kind = KIN_UINT, KIN_AT (struct packet_error_entry, error) },
  { .name = "origin", .kind = KIN_UINT, KIN_AT (struct packet_error_entry, origin) },
  { .name = "type",   .kind = KIN_UINT, KIN_AT (struct packet_error_entry, type) },
  { .name = "code",   .kind = KIN_UINT, KIN_AT (struct packet_error_entry, code) },
  { .name = "info",   .kind = KIN_UINT, KIN_AT (struct packet_error_entry, info) },
  { .name = "data",   .kind = KIN_UINT, KIN_AT (struct packet_error_entry, data) },
};

/* ---- Options --------------------------------------------------------------------------------- */

#define PACKET(word) .level = SOL_PACKET, .number = PACKET_##word
#define TRUTH        .kind = KIN_BOOL, .size = sizeof (int)
#define NUMBER       .kind = KIN_UINT, .size = sizeof (int)
#define STRUCT(type, members) \
  .kind = KIN_STRUCT, .size = sizeof (type), .fields = KIN_TABLE (members)
#define BOTH  .flags = KIN_OPTION_READ_WRITE
#define READ  .flags = KIN_OPTION_READ
#define WRITE .flags = KIN_OPTION_WRITE

/* fanout-data takes a pointer: kin_socket_setsockopt (). */
static const KinOption packet_options[] = {
  { .name = "packet.auxdata",         .help = "say each frame's length, VLAN and checksum state",
    PACKET (AUXDATA),         TRUTH,  BOTH },
  { .name = "packet.copy-thresh",     .help = "of a ring: frames longer than that are queued, too",
    PACKET (COPY_THRESH),     NUMBER, BOTH },
  { .name = "packet.drop-membership", .help = "INTERFACE:TYPE[:ADDRESS], leave it",
    PACKET (DROP_MEMBERSHIP), STRUCT (struct packet_mreq, packet_membership), WRITE },
  { .name = "packet.fanout",          .help = "ID:TYPE, share frames with the sockets of this "
                "group",
    PACKET (FANOUT), STRUCT (struct packet_fanout_option, packet_fanout),
    .flags = KIN_OPTION_READ_WRITE | KIN_OPTION_LATE },
  { .name = "packet.filter",          .help = "CODE:JT:JF:K,..., a classic BPF program; empty: "
                "none",
    .level = PACKET_OWN, .number = PACKET_OWN_FILTER, .kind = KIN_ARRAY,
    .size = sizeof (struct sock_filter), .fields = KIN_TABLE (packet_filter), BOTH },
  { .name = "packet.hdrlen",          .help = "of a ring: bytes before each frame, version 1",
    PACKET (HDRLEN),          NUMBER, READ },
  { .name = "packet.ignore-outgoing", .help = "frames that this machine sends do not come",
    PACKET (IGNORE_OUTGOING), TRUTH,  BOTH },
  { .name = "packet.loss",            .help = "of a ring: skip malformed frames when sending",
    PACKET (LOSS),            TRUTH,  BOTH },
  { .name = "packet.membership",      .help = "INTERFACE:promisc, or allmulti, multicast:ADDRESS, "
                                              "unicast:ADDRESS",
    PACKET (ADD_MEMBERSHIP), STRUCT (struct packet_mreq, packet_membership), WRITE },
  { .name = "packet.origdev",         .help = "addresses have the interface below a bond or bridge",
    PACKET (ORIGDEV),         TRUTH,  BOTH },
  { .name = "packet.qdisc-bypass",    .help = "send past the interface's queue, straight to the "
                                              "driver",
    PACKET (QDISC_BYPASS),    TRUTH,  BOTH },
  { .name = "packet.reserve",         .help = "of a ring: bytes to leave free before each frame",
    PACKET (RESERVE),         NUMBER, BOTH },
  { .name = "packet.rollover-stats",  .help = "of a fanout that rolls over, how often it did",
    PACKET (ROLLOVER_STATS), STRUCT (struct tpacket_rollover_stats, packet_rollover), READ },
  { .name = "packet.rx-ring",         .help = "a ring to receive in, for mmap(2) of the descriptor",
    PACKET (RX_RING), STRUCT (struct tpacket_req3, packet_ring), WRITE },
  { .name = "packet.statistics",      .help = "frames that came, and found no room, since last "
                "read",
    PACKET (STATISTICS), STRUCT (struct tpacket_stats, packet_statistics), READ },
  { .name = "packet.timestamp",       .help = "of a ring: SOF_TIMESTAMPING_* bits",
    PACKET (TIMESTAMP),       NUMBER, BOTH },
  { .name = "packet.tx-has-off",      .help = "of a ring: each frame says where its data begins",
    PACKET (TX_HAS_OFF),      TRUTH,  BOTH },
  { .name = "packet.tx-ring",         .help = "a ring to send from, for mmap(2) of the descriptor",
    PACKET (TX_RING), STRUCT (struct tpacket_req3, packet_ring), WRITE },
  { .name = "packet.version",         .help = "of a ring: v1, v2 or v3",
    PACKET (VERSION),         NUMBER, BOTH, .names = packet_versions },
  { .name = "packet.vnet-hdr",        .help = "each frame comes behind a struct virtio_net_hdr",
    PACKET (VNET_HDR),        TRUTH,  BOTH },
  { .name = "packet.vnet-hdr-sz",     .help = "bytes of that struct, 0, 10 or 12 (Linux 6.5)",
    PACKET (VNET_HDR_SZ),     NUMBER, BOTH },
};

static const KinControl packet_controls[] = {
  { .name = "packet.auxdata", .help = "its length, VLAN and checksum state",
    PACKET (AUXDATA), STRUCT (struct tpacket_auxdata, packet_auxdata), READ,
    .enabled_by = "packet.auxdata" },
  { .name = "packet.tx-timestamp", .help = "of the error queue: what a time of sending belongs to",
    PACKET (TX_TIMESTAMP), STRUCT (struct packet_error_entry, packet_error),
    .flags = KIN_OPTION_READ | KIN_OPTION_REPORT },
};

#undef PACKET
#undef TRUTH
#undef NUMBER
#undef STRUCT
#undef BOTH
#undef READ
#undef WRITE
