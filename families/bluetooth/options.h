/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/bluetooth/options.h: options and control messages of Bluetooth sockets; part of
 * bluetooth.c. */
/* clang-format off */

#define TRUTH   .kind = KIN_BOOL, .size = sizeof (int)
#define NUMBER  .kind = KIN_UINT, .size = sizeof (uint32_t)
#define STRUCT(type, table) \
  .kind = KIN_STRUCT, .size = sizeof (type), .fields = KIN_TABLE (table)
#define READ    .flags = KIN_OPTION_READ
#define BOTH    .flags = KIN_OPTION_READ_WRITE

static const KinName bt_security_levels[] = {
  { "sdp",  BT_SECURITY_SDP },  { "low",  BT_SECURITY_LOW }, { "medium", BT_SECURITY_MEDIUM },
  { "high", BT_SECURITY_HIGH }, { "fips", BT_SECURITY_FIPS }, { NULL, 0 },
};

/* Of a link that exists the length of its key is told; who sets it asks for nothing by it. */
static const KinField bt_security_fields[] = {
  { .name = "level",    .kind = KIN_UINT, KIN_AT (struct bt_security, level),
    .names = bt_security_levels },
  { .name = "key_size", .kind = KIN_UINT, KIN_AT (struct bt_security, key_size),
    .flags = KIN_FIELD_OPTIONAL },
};

static const KinName bt_voices[] = {
  { "transparent",       BT_VOICE_TRANSPARENT },
  { "cvsd-16bit",        BT_VOICE_CVSD_16BIT },
  { "transparent-16bit", BT_VOICE_TRANSPARENT_16BIT },
  { NULL, 0 },
};

static const KinName bt_modes[] = {
  { "basic", BT_MODE_BASIC }, { "ertm", BT_MODE_ERTM }, { "streaming", BT_MODE_STREAMING },
  { "le-flowctl", BT_MODE_LE_FLOWCTL }, { "ext-flowctl", BT_MODE_EXT_FLOWCTL }, { NULL, 0 },
};

static const KinName l2cap_modes[] = {
  { "basic", 0 }, { "ertm", 3 }, { "streaming", 4 }, { NULL, 0 },
};

static const KinField l2cap_option_fields[] = {
  { .name = "omtu",     .kind = KIN_UINT, KIN_AT (struct l2cap_options, omtu) },
  { .name = "imtu",     .kind = KIN_UINT, KIN_AT (struct l2cap_options, imtu) },
  { .name = "flush_to", .kind = KIN_UINT, KIN_AT (struct l2cap_options, flush_to) },
  { .name = "mode",     .kind = KIN_UINT, KIN_AT (struct l2cap_options, mode),
    .names = l2cap_modes },
  { .name = "fcs",      .kind = KIN_UINT, KIN_AT (struct l2cap_options, fcs) },
  { .name = "max_tx",   .kind = KIN_UINT, KIN_AT (struct l2cap_options, max_tx) },
  { .name = "txwin",    .kind = KIN_UINT, KIN_AT (struct l2cap_options, txwin_size) },
};

static const KinField bt_conninfo_fields[] = {
  { .name = "handle",    .kind = KIN_UINT,  KIN_AT (struct bt_conninfo, hci_handle) },
  { .name = "dev_class", .kind = KIN_BYTES, KIN_AT (struct bt_conninfo, dev_class) },
};

/* The masks of events have a bit for each: 32 in the first, the others in the second. */
static const KinField hci_filter_fields[] = {
  { .name  = "types",   .kind = KIN_UINT, KIN_AT (struct hci_filter, type_mask),
    .flags = KIN_FIELD_HEX },
  { .name  = "events",  .kind = KIN_UINT, KIN_AT (struct hci_filter, event_mask[0]),
    .flags = KIN_FIELD_HEX },
  { .name  = "events-32", .kind = KIN_UINT, KIN_AT (struct hci_filter, event_mask[1]),
    .flags = KIN_FIELD_HEX },
  { .name  = "opcode",  .kind = KIN_UINT, KIN_AT (struct hci_filter, opcode),
    .flags = KIN_FIELD_HEX | KIN_FIELD_OPTIONAL | KIN_FIELD_LITTLE_ENDIAN },
};

static const KinOption bluetooth_options[] = {
  { .name  = "bt.channel-policy", .help = "which radio a channel uses: 0, BR/EDR alone",
    .level = SOL_BLUETOOTH,  .number = BT_CHANNEL_POLICY, NUMBER, BOTH },
  { .name  = "bt.codec",          .help = "codecs that the controller offers, or the one to use",
    .level = SOL_BLUETOOTH,  .number = BT_CODEC,
    .kind  = KIN_BYTES,      .size   = 255,               BOTH },
  { .name  = "bt.defer-setup",    .help = "the first receive accepts a connection, not accept",
    .level = SOL_BLUETOOTH,  .number = BT_DEFER_SETUP,    TRUTH,
    .flags = KIN_OPTION_READ_WRITE | KIN_OPTION_LATE },
  { .name  = "bt.flushable",      .help = "packets may be dropped when they are late",
    .level = SOL_BLUETOOTH,  .number = BT_FLUSHABLE,      TRUTH,  BOTH },
  { .name  = "bt.mode",           .help = "how a channel of Low Energy controls its flow",
    .level = SOL_BLUETOOTH,  .number = BT_MODE,
    .kind  = KIN_UINT,       .size   = 1,                 .names  = bt_modes,
    .flags = KIN_OPTION_READ_WRITE | KIN_OPTION_LATE },
  { .name  = "bt.phy",            .help = "bits of the modulations that the link uses",
    .level = SOL_BLUETOOTH,  .number = BT_PHY,            NUMBER, READ },
  { .name  = "bt.pkt-seqnum",     .help = "give each packet's number with it",
    .level = SOL_BLUETOOTH,  .number = BT_PKT_SEQNUM,     TRUTH,  BOTH },
  { .name  = "bt.pkt-status",     .help = "say with each packet how well it was received",
    .level = SOL_BLUETOOTH,  .number = BT_PKT_STATUS,     TRUTH,  BOTH },
  { .name  = "bt.power",          .help = "the link must not sleep while there is data",
    .level = SOL_BLUETOOTH,  .number = BT_POWER,
    .kind  = KIN_BOOL,       .size   = 1,                 BOTH },
  { .name  = "bt.rcvmtu",         .help = "bytes of a packet that we take: Low Energy, SCO, HCI",
    .level = SOL_BLUETOOTH,  .number = BT_RCVMTU,
    .kind  = KIN_UINT,       .size   = 2,
    .flags = KIN_OPTION_READ_WRITE | KIN_OPTION_LATE },
  { .name  = "bt.security",       .help = "what the link must have: LEVEL[:KEY-SIZE]",
    .level = SOL_BLUETOOTH,  .number = BT_SECURITY,
    STRUCT (struct bt_security, bt_security_fields),      BOTH },
  { .name  = "bt.sndmtu",         .help = "bytes of a packet that we send: Low Energy, SCO, HCI",
    .level = SOL_BLUETOOTH,  .number = BT_SNDMTU,
    .kind  = KIN_UINT,       .size   = 2,
    .flags = KIN_OPTION_READ_WRITE | KIN_OPTION_LATE },
  { .name  = "bt.voice",          .help = "how SCO's voice is coded",
    .level = SOL_BLUETOOTH,  .number = BT_VOICE,
    .kind  = KIN_UINT,       .size   = 2,                 BOTH,   .names = bt_voices },
  { .name  = "hci.data-dir",      .help = "say with each packet which way it goes",
    .level = SOL_HCI,        .number = HCI_DATA_DIR,      TRUTH,  BOTH },
  { .name  = "hci.filter",        .help = "what to receive: TYPES:EVENTS:EVENTS-32[:OPCODE], bits",
    .level = SOL_HCI,        .number = HCI_FILTER,
    STRUCT (struct hci_filter, hci_filter_fields),        BOTH },
  { .name  = "hci.time-stamp",    .help = "give each packet's time with it",
    .level = SOL_HCI,        .number = HCI_TIME_STAMP,    TRUTH,  BOTH },
  { .name  = "l2cap.conninfo",    .help = "the link's handle, and the peer's class of device",
    .level = SOL_L2CAP,      .number = L2CAP_CONNINFO,
    STRUCT (struct bt_conninfo, bt_conninfo_fields),      READ },
  { .name  = "l2cap.lm",
    .help = "link mode, bits: 1 central, 2 auth, 4 encrypt, 32 secure",
    .level = SOL_L2CAP,      .number = L2CAP_LM,          NUMBER, BOTH },
  { .name  = "l2cap.options",     .help = "how a channel of BR/EDR is set up",
    .level = SOL_L2CAP,      .number = L2CAP_OPTIONS,
    STRUCT (struct l2cap_options, l2cap_option_fields),   BOTH },
  { .name  = "rfcomm.conninfo",   .help = "the link's handle, and the peer's class of device",
    .level = SOL_RFCOMM,     .number = RFCOMM_CONNINFO,
    STRUCT (struct bt_conninfo, bt_conninfo_fields),      READ },
  { .name  = "rfcomm.lm",
    .help = "link mode, bits: 1 central, 2 auth, 4 encrypt, 32 secure",
    .level = SOL_RFCOMM,     .number = RFCOMM_LM,         NUMBER, BOTH },
  { .name  = "sco.conninfo",      .help = "the link's handle, and the peer's class of device",
    .level = SOL_SCO,        .number = SCO_CONNINFO,
    STRUCT (struct bt_conninfo, bt_conninfo_fields),      READ },
  { .name  = "sco.options",       .help = "bytes of a packet",
    .level = SOL_SCO,        .number = SCO_OPTIONS,
    .kind  = KIN_UINT,       .size   = 2,                 READ },
};

static const KinControl bluetooth_controls[] = {
  { .name  = "bt.pkt-seqnum",     .help = "the packet's number",
    .level = SOL_BLUETOOTH,  .number = BT_SCM_PKT_SEQNUM,
    .kind  = KIN_UINT,       .size   = 2, READ,           .enabled_by = "bt.pkt-seqnum" },
  { .name  = "bt.pkt-status",
    .help = "0: it was received well; bits of 3: it may be wrong, or lost",
    .level = SOL_BLUETOOTH,  .number = BT_SCM_PKT_STATUS,
    .kind  = KIN_UINT,       .size   = 1, READ,           .enabled_by = "bt.pkt-status" },
  { .name  = "hci.data-dir",      .help = "1: it came from the controller, 0: it goes there",
    .level = SOL_HCI,        .number = HCI_CMSG_DIR,
    .kind  = KIN_INT,        .size   = sizeof (int), READ, .enabled_by = "hci.data-dir" },
  { .name  = "hci.time-stamp",    .help = "when it came or went, in microseconds",
    .level = SOL_HCI,        .number = HCI_CMSG_TSTAMP,
    .kind  = KIN_TIME,       .size   = 2 * sizeof (long), READ, .enabled_by = "hci.time-stamp" },
};
