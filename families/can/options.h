/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/can/options.h: options and control messages, and what is in their structs. Included
 * once, in can.c. */
/* clang-format off */

/* ---- What options hold ---------------------------------------------------------------------- */

static const KinField can_filters[] = {
  { .name = "id",   .kind = KIN_CUSTOM, KIN_AT (struct can_filter, can_id),
    .get  = can_filter_get, .set = can_filter_set },
  { .name = "mask", .kind = KIN_CUSTOM, KIN_AT (struct can_filter, can_mask),
    .get  = can_mask_get,   .set = can_mask_set, .flags = KIN_FIELD_OPTIONAL,
    .fallback = UINT64_MAX },
};

static const KinName can_error_masks[] = { { "none", 0 }, { "all", CAN_ERR_MASK }, { 0 } };

/* Linux 6.9, struct can_raw_vcid_options. */
enum { CAN_XL_VCID_OPTS = 8 };
struct can_vcid_options { uint8_t flags, tx_vcid, rx_vcid, rx_vcid_mask; };

static const KinField can_vcid[] = {
  { .name = "flags",        .kind = KIN_UINT, KIN_AT (struct can_vcid_options, flags),
    .flags = KIN_FIELD_HEX },
  { .name = "tx_vcid",      .kind = KIN_UINT, KIN_AT (struct can_vcid_options, tx_vcid),
    .flags = KIN_FIELD_HEX | KIN_FIELD_OPTIONAL },
  { .name = "rx_vcid",      .kind = KIN_UINT, KIN_AT (struct can_vcid_options, rx_vcid),
    .flags = KIN_FIELD_HEX | KIN_FIELD_OPTIONAL },
  { .name = "rx_vcid_mask", .kind = KIN_UINT, KIN_AT (struct can_vcid_options, rx_vcid_mask),
    .flags = KIN_FIELD_HEX | KIN_FIELD_OPTIONAL, .fallback = 0xff },
};

#ifndef CAN_ISOTP_DYN_FC_PARMS          /* Linux 6.6 */
#define CAN_ISOTP_DYN_FC_PARMS 0x2000
#endif

static const KinName isotp_flags[] = {
  { "listen",        CAN_ISOTP_LISTEN_MODE },   { "ext-addr",      CAN_ISOTP_EXTEND_ADDR },
  { "tx-padding",    CAN_ISOTP_TX_PADDING },    { "rx-padding",    CAN_ISOTP_RX_PADDING },
  { "chk-pad-len",   CAN_ISOTP_CHK_PAD_LEN },   { "chk-pad-data",  CAN_ISOTP_CHK_PAD_DATA },
  { "half-duplex",   CAN_ISOTP_HALF_DUPLEX },   { "force-txstmin", CAN_ISOTP_FORCE_TXSTMIN },
  { "force-rxstmin", CAN_ISOTP_FORCE_RXSTMIN }, { "rx-ext-addr",   CAN_ISOTP_RX_EXT_ADDR },
  { "wait-tx-done",  CAN_ISOTP_WAIT_TX_DONE },  { "sf-broadcast",  CAN_ISOTP_SF_BROADCAST },
  { "cf-broadcast",  CAN_ISOTP_CF_BROADCAST },  { "dyn-fc-parms",  CAN_ISOTP_DYN_FC_PARMS },
  { 0 }
};

/* frame_txtime 0: the kernel keeps its own, 50 microseconds. */
static const KinField isotp_opts[] = {
  { .name = "flags",          .kind = KIN_CUSTOM, KIN_AT (struct can_isotp_options, flags),
    .get  = can_flags_get,    .set = can_flags_set, .names = isotp_flags },
  { .name = "frame_txtime",   .kind = KIN_UINT, KIN_AT (struct can_isotp_options, frame_txtime),
    .flags = KIN_FIELD_OPTIONAL },
  { .name = "ext_address",    .kind = KIN_UINT, KIN_AT (struct can_isotp_options, ext_address),
    .flags = KIN_FIELD_OPTIONAL | KIN_FIELD_HEX },
  { .name = "txpad_content",  .kind = KIN_UINT, KIN_AT (struct can_isotp_options, txpad_content),
    .flags = KIN_FIELD_OPTIONAL | KIN_FIELD_HEX, .fallback = CAN_ISOTP_DEFAULT_PAD_CONTENT },
  { .name = "rxpad_content",  .kind = KIN_UINT, KIN_AT (struct can_isotp_options, rxpad_content),
    .flags = KIN_FIELD_OPTIONAL | KIN_FIELD_HEX, .fallback = CAN_ISOTP_DEFAULT_PAD_CONTENT },
  { .name = "rx_ext_address", .kind = KIN_UINT, KIN_AT (struct can_isotp_options, rx_ext_address),
    .flags = KIN_FIELD_OPTIONAL | KIN_FIELD_HEX },
};

static const KinField isotp_fc[] = {
  { .name = "bs",     .kind = KIN_UINT, KIN_AT (struct can_isotp_fc_options, bs) },
  { .name = "stmin",  .kind = KIN_UINT, KIN_AT (struct can_isotp_fc_options, stmin),
    .flags = KIN_FIELD_OPTIONAL | KIN_FIELD_HEX },
  { .name = "wftmax", .kind = KIN_UINT, KIN_AT (struct can_isotp_fc_options, wftmax),
    .flags = KIN_FIELD_OPTIONAL },
};

static const KinName isotp_mtus[] = { { "can", CAN_MTU }, { "can-fd", CANFD_MTU }, { 0 } };

static const KinField isotp_ll[] = {
  { .name = "mtu",      .kind = KIN_UINT, KIN_AT (struct can_isotp_ll_options, mtu),
    .names = isotp_mtus },
  { .name = "tx_dl",    .kind = KIN_UINT, KIN_AT (struct can_isotp_ll_options, tx_dl),
    .flags = KIN_FIELD_OPTIONAL, .fallback = CAN_MAX_DLEN },
  { .name = "tx_flags", .kind = KIN_UINT, KIN_AT (struct can_isotp_ll_options, tx_flags),
    .flags = KIN_FIELD_OPTIONAL | KIN_FIELD_HEX },
};

static const KinField j1939_filters[] = {
  { .name = "name",      .kind = KIN_UINT, KIN_AT (struct j1939_filter, name),
    .flags = KIN_FIELD_HEX },
  { .name = "name_mask", .kind = KIN_UINT, KIN_AT (struct j1939_filter, name_mask),
    .flags = KIN_FIELD_HEX },
  { .name = "pgn",       .kind = KIN_UINT, KIN_AT (struct j1939_filter, pgn),
    .flags = KIN_FIELD_HEX | KIN_FIELD_OPTIONAL },
  { .name = "pgn_mask",  .kind = KIN_UINT, KIN_AT (struct j1939_filter, pgn_mask),
    .flags = KIN_FIELD_HEX | KIN_FIELD_OPTIONAL },
  { .name = "addr",      .kind = KIN_UINT, KIN_AT (struct j1939_filter, addr),
    .flags = KIN_FIELD_HEX | KIN_FIELD_OPTIONAL },
  { .name = "addr_mask", .kind = KIN_UINT, KIN_AT (struct j1939_filter, addr_mask),
    .flags = KIN_FIELD_HEX | KIN_FIELD_OPTIONAL },
};

/* ---- What control messages hold ------------------------------------------------------------- */

/* struct sock_extended_err: info is J1939_EE_INFO_* where the origin is 1, SO_EE_ORIGIN_LOCAL, and
 * SCM_TSTAMP_* where it is 4, SO_EE_ORIGIN_TIMESTAMPING. <linux/errqueue.h> cannot be included
 * beside glibc's <time.h>. */
struct can_error_entry {
  uint32_t error;
  uint8_t  origin, type, code, pad;
  uint32_t info, data;
};

static const KinField j1939_error[] = {
  { .name = "errno",  .kind = KIN_UINT, KIN_AT (struct can_error_entry, error) },
  { .name = "origin", .kind = KIN_UINT, KIN_AT (struct can_error_entry, origin) },
  { .name = "type",   .kind = KIN_UINT, KIN_AT (struct can_error_entry, type) },
  { .name = "code",   .kind = KIN_UINT, KIN_AT (struct can_error_entry, code) },
  { .name = "info",   .kind = KIN_UINT, KIN_AT (struct can_error_entry, info) },
  { .name = "data",   .kind = KIN_UINT, KIN_AT (struct can_error_entry, data) },
};

/* Attributes of a session in a row, each as long as it says; those that do not come are 0. */
#define STATISTIC(word, attribute) \
  { .name = word, .kind = KIN_CUSTOM, .fallback = attribute, \
    .get = j1939_statistic_get, .set = j1939_statistic_set }
static const KinField j1939_statistics[] = {
  STATISTIC ("bytes_acked", J1939_NLA_BYTES_ACKED),
  STATISTIC ("total_size",  J1939_NLA_TOTAL_SIZE),
  STATISTIC ("pgn",         J1939_NLA_PGN),
  STATISTIC ("src_name",    J1939_NLA_SRC_NAME),
  STATISTIC ("dest_name",   J1939_NLA_DEST_NAME),
  STATISTIC ("src_addr",    J1939_NLA_SRC_ADDR),
  STATISTIC ("dest_addr",   J1939_NLA_DEST_ADDR),
};
#undef STATISTIC

/* ---- Options --------------------------------------------------------------------------------- */

#define RAW(word)     .level = SOL_CAN_RAW,   .number = word
#define ISOTP(word)   .level = SOL_CAN_ISOTP, .number = word
#define J1939(word)   .level = SOL_CAN_J1939, .number = word
#define TRUTH         .kind = KIN_BOOL, .size = sizeof (int)
#define NUMBER(bytes) .kind = KIN_UINT, .size = bytes
#define STRUCT(type, members) \
  .kind = KIN_STRUCT, .size = sizeof (type), .fields = KIN_TABLE (members)
#define ARRAY(type, members) \
  .kind = KIN_ARRAY, .size = sizeof (type), .fields = KIN_TABLE (members)
#define BOTH  .flags = KIN_OPTION_READ_WRITE
#define READ  .flags = KIN_OPTION_READ
#define WRITE .flags = KIN_OPTION_WRITE

static const KinOption can_options[] = {
  { .name = "can.err-filter",
    .help = "error frames to receive: the sum of their classes CAN_ERR_*",
    RAW (CAN_RAW_ERR_FILTER),    NUMBER (sizeof (can_err_mask_t)), .names = can_error_masks, BOTH },
  { .name = "can.fd-frames",     .help = "CAN FD frames as well",
    RAW (CAN_RAW_FD_FRAMES),     TRUTH, BOTH },
  { .name = "can.filter",
    .help = "frames to receive: ID, ID:MASK, and ~ID:MASK for all others",
    RAW (CAN_RAW_FILTER),        ARRAY (struct can_filter, can_filters), BOTH },
  { .name = "can.join-filters",  .help = "a frame must match all filters, not one of them",
    RAW (CAN_RAW_JOIN_FILTERS),  TRUTH, BOTH },
  { .name = "can.loopback",      .help = "other sockets of this machine see what it sends",
    RAW (CAN_RAW_LOOPBACK),      TRUTH, BOTH },
  { .name = "can.recv-own-msgs", .help = "it receives what it sends itself",
    RAW (CAN_RAW_RECV_OWN_MSGS), TRUTH, BOTH },
  { .name = "can.xl-frames",     .help = "CAN XL frames as well, and FD ones",
    RAW (CAN_RAW_XL_FRAMES),     TRUTH, BOTH },
  { .name = "can.xl-vcid-opts",  .help = "virtual networks of CAN XL: which to send on and receive",
    RAW (CAN_XL_VCID_OPTS),      STRUCT (struct can_vcid_options, can_vcid), BOTH },
  { .name = "isotp.ll-opts",     .help = "frames to use: can or can-fd, bytes in each, FD flags",
    ISOTP (CAN_ISOTP_LL_OPTS),   STRUCT (struct can_isotp_ll_options, isotp_ll), BOTH },
  { .name = "isotp.opts",        .help = "flags, ns a frame takes, extended address, padding",
    ISOTP (CAN_ISOTP_OPTS),      STRUCT (struct can_isotp_options, isotp_opts), BOTH },
  { .name = "isotp.recv-fc",     .help = "flow control: block size, separation time, most waits",
    ISOTP (CAN_ISOTP_RECV_FC),   STRUCT (struct can_isotp_fc_options, isotp_fc), BOTH },
  { .name = "isotp.rx-stmin",    .help = "drop frames that come sooner after another, in ns",
    ISOTP (CAN_ISOTP_RX_STMIN),  NUMBER (4), BOTH },
  { .name = "isotp.tx-stmin",    .help = "ns between frames, whatever the receiver asks for",
    ISOTP (CAN_ISOTP_TX_STMIN),  NUMBER (4), BOTH },
  { .name = "j1939.errqueue",    .help = "tell what becomes of messages, in the error queue",
    J1939 (SO_J1939_ERRQUEUE),   TRUTH, BOTH },
  { .name = "j1939.filter",
    .help = "senders and groups to receive: NAME:MASK:PGN:MASK:ADDR:MASK",
    J1939 (SO_J1939_FILTER),     ARRAY (struct j1939_filter, j1939_filters), WRITE },
  { .name = "j1939.promisc",     .help = "receive what is for others, too",
    J1939 (SO_J1939_PROMISC),    TRUTH, BOTH },
  { .name = "j1939.send-prio",   .help = "priority of what is sent, 0 (urgent; for root) to 7",
    J1939 (SO_J1939_SEND_PRIO),  .kind = KIN_INT, .size = sizeof (int), BOTH },
};

static const KinControl can_controls[] = {
  { .name = "can.errqueue",    .help = "what a time of sending belongs to; with MSG_ERRQUEUE",
    RAW (SCM_CAN_RAW_ERRQUEUE),  STRUCT (struct can_error_entry, j1939_error),
    .flags = KIN_OPTION_READ | KIN_OPTION_REPORT },
  { .name = "j1939.dest-addr", .help = "address that it was sent to",
    J1939 (SCM_J1939_DEST_ADDR), NUMBER (1), READ },
  { .name = "j1939.dest-name", .help = "name that it was sent to",
    J1939 (SCM_J1939_DEST_NAME), NUMBER (8), READ },
  { .name = "j1939.errqueue",  .help = "what became of a message; with MSG_ERRQUEUE",
    J1939 (SCM_J1939_ERRQUEUE),  STRUCT (struct can_error_entry, j1939_error),
    .flags = KIN_OPTION_READ | KIN_OPTION_REPORT, .enabled_by = "j1939.errqueue" },
  { .name = "j1939.prio",      .help = "priority, 0 (urgent) to 7",
    J1939 (SCM_J1939_PRIO),      NUMBER (1), READ },
  { .name = "j1939.stats",     .help = "how far that message got, between whom; with MSG_ERRQUEUE",
    .level = SOL_SOCKET, .number = SCM_TIMESTAMPING_OPT_STATS,
    .kind = KIN_STRUCT, .size = 8, .fields = KIN_TABLE (j1939_statistics), READ,
    .enabled_by = "j1939.errqueue" },
};
#undef RAW
#undef ISOTP
#undef J1939
#undef TRUTH
#undef NUMBER
#undef STRUCT
#undef ARRAY
#undef BOTH
#undef READ
#undef WRITE
