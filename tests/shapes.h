/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/shapes.h: families of tables alone, one scheme for each shape that an address is known to
 * have, under domains that no kernel has.
 *
 * "shapes" has all but the hosts; "host4" and "host6" share the scheme ip; "wrap" stands over
 * another endpoint. Nothing here opens a socket. */
/* clang-format off */
#ifndef TEST_SHAPES_H
#define TEST_SHAPES_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <linux/if_alg.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/qrtr.h>
#include <linux/tipc.h>
#include <linux/vm_sockets.h>
#include <sys/un.h>

#include <cmocka.h>

#include "shapes-hooks.h"

enum { SHAPES_DOMAIN = 201, HOST4_DOMAIN = 202, HOST6_DOMAIN = 203 };

#define HOOKS(word) .get = word##_get, .set = word##_set
#define PACKED(fields_, type, separator_, ...) \
  { { .fields = KIN_TABLE (fields_), .bytes = sizeof (type), .separator = separator_, __VA_ARGS__ } }

/* ---- Addresses ----------------------------------------------------------------------------- */

static const KinName any_names[] = { { "any", UINT32_MAX }, { "host", 2 }, { 0 } };

static const KinField vsock_fields[] = {
  { .name = "cid",  .kind = KIN_UINT, .names = any_names, KIN_AT (struct sockaddr_vm, svm_cid) },
  { .name = "port", .kind = KIN_UINT, .names = any_names, KIN_AT (struct sockaddr_vm, svm_port) },
};
static const KinAddressCodec vsock_codecs[] = PACKED (vsock_fields, struct sockaddr_vm, ':');

#define CAN_INTERFACE \
  { .name = "interface", .kind = KIN_INTERFACE, KIN_AT (struct sockaddr_can, can_ifindex) }
static const KinField can_fields[] = { CAN_INTERFACE };
static const KinField isotp_fields[] = {
  CAN_INTERFACE,
  { .name = "rx_id", .kind = KIN_CUSTOM, HOOKS (id), KIN_AT (struct sockaddr_can, can_addr.tp.rx_id) },
  { .name = "tx_id", .kind = KIN_CUSTOM, HOOKS (id), KIN_AT (struct sockaddr_can, can_addr.tp.tx_id) },
};
static const KinName no_name[] = { { "any", 0 }, { 0 } };
static const KinField j1939_fields[] = {
  CAN_INTERFACE,
  { .name = "name", .kind = KIN_UINT, .flags = KIN_FIELD_HEX, .names = no_name,
    KIN_AT (struct sockaddr_can, can_addr.j1939.name) },
  { .name = "pgn",  .kind = KIN_UINT, .flags = KIN_FIELD_HEX, .digits = 5, .bits = 18,
    KIN_AT (struct sockaddr_can, can_addr.j1939.pgn) },
  { .name = "addr", .kind = KIN_UINT, .flags = KIN_FIELD_HEX, .digits = 2,
    KIN_AT (struct sockaddr_can, can_addr.j1939.addr) },
};
static const KinAddressCodec can_codecs[] = PACKED (can_fields, struct sockaddr_can, ',');
static const KinAddressCodec isotp_codecs[] = PACKED (isotp_fields, struct sockaddr_can, ',');
static const KinAddressCodec j1939_codecs[] = PACKED (j1939_fields, struct sockaddr_can, ',');

static const KinField path_fields[] = {
  { .name = "path", .kind = KIN_CUSTOM, HOOKS (path), KIN_AT (struct sockaddr_un, sun_path) },
};
static const KinAddressCodec path_codecs[] =
  PACKED (path_fields, struct sockaddr_un, 0, .flags = KIN_CODEC_BARE);

static const KinField alg_fields[] = {
  { .name = "type", .kind = KIN_STRING, KIN_AT (struct sockaddr_alg, salg_type) },
  { .name = "name", .kind = KIN_STRING, KIN_AT (struct sockaddr_alg, salg_name) },
  { .name = "feat", .kind = KIN_UINT, .flags = KIN_FIELD_OPTIONAL | KIN_FIELD_HEX,
    KIN_AT (struct sockaddr_alg, salg_feat) },
  { .name = "mask", .kind = KIN_UINT, .flags = KIN_FIELD_OPTIONAL | KIN_FIELD_HEX,
    KIN_AT (struct sockaddr_alg, salg_mask) },
};
static const KinAddressCodec alg_codecs[] =
  PACKED (alg_fields, struct sockaddr_alg, ',', .flags = KIN_CODEC_SHORT);

static const KinName netlink_names[] = {
  { "route", NETLINK_ROUTE }, { "kobject-uevent", NETLINK_KOBJECT_UEVENT }, { 0 }
};
static const KinField netlink_fields[] = {
  { .name = "protocol", .kind = KIN_PROTOCOL, .flags = KIN_FIELD_TEXT_ONLY, .names = netlink_names },
  { .name = "pid", .kind = KIN_UINT, .flags = KIN_FIELD_OPTIONAL,
    KIN_AT (struct sockaddr_nl, nl_pid) },
  { .name = "groups", .kind = KIN_UINT, .flags = KIN_FIELD_OPTIONAL,
    KIN_AT (struct sockaddr_nl, nl_groups) },
};
static const KinAddressCodec netlink_codecs[] = PACKED (netlink_fields, struct sockaddr_nl, ',');

static const KinField packet_fields[] = {
  { .name = "interface", .kind = KIN_INTERFACE, KIN_AT (struct sockaddr_ll, sll_ifindex) },
  { .name = "proto", .kind = KIN_UINT, .flags = KIN_FIELD_BIG_ENDIAN | KIN_FIELD_HEX, .digits = 4,
    KIN_AT (struct sockaddr_ll, sll_protocol) },
  { .name = "pkttype", .kind = KIN_UINT, .flags = KIN_FIELD_OPTIONAL,
    KIN_AT (struct sockaddr_ll, sll_pkttype) },
  { .name = "hatype", .kind = KIN_UINT, .flags = KIN_FIELD_OPTIONAL,
    KIN_AT (struct sockaddr_ll, sll_hatype) },
  { .name = "addr", .kind = KIN_BYTES, .flags = KIN_FIELD_OPTIONAL,
    .count_offset = offsetof (struct sockaddr_ll, sll_halen), .count_size = 1,
    KIN_AT (struct sockaddr_ll, sll_addr) },
};
static const KinAddressCodec packet_codecs[] = PACKED (packet_fields, struct sockaddr_ll, ',');

static const KinName tipc_kinds[] = {
  { "range", TIPC_SERVICE_RANGE }, { "name", TIPC_SERVICE_ADDR }, { "id", TIPC_SOCKET_ADDR }, { 0 }
};
static const KinName tipc_scopes[] = { { "cluster", 2 }, { "node", 3 }, { 0 } };
#define TIPC_TAG(number) \
  { .name = "kind", .kind = KIN_UINT, .flags = KIN_FIELD_TAG, .fallback = number, \
    .names = tipc_kinds, KIN_AT (struct sockaddr_tipc, addrtype) }
#define TIPC_NUMBER(word, member) \
  { .name = word, .kind = KIN_UINT, KIN_AT (struct sockaddr_tipc, addr.member) }
#define TIPC_SCOPE \
  { .name = "scope", .kind = KIN_INT, .flags = KIN_FIELD_OPTIONAL, .fallback = 2, \
    .names = tipc_scopes, KIN_AT (struct sockaddr_tipc, scope) }
static const KinField tipc_range_fields[] = {
  TIPC_TAG (TIPC_SERVICE_RANGE), TIPC_NUMBER ("type", nameseq.type),
  TIPC_NUMBER ("lower", nameseq.lower), TIPC_NUMBER ("upper", nameseq.upper), TIPC_SCOPE,
};
static const KinField tipc_name_fields[] = {
  TIPC_TAG (TIPC_SERVICE_ADDR), TIPC_NUMBER ("type", name.name.type),
  TIPC_NUMBER ("instance", name.name.instance),
  { .name = "again", .kind = KIN_UINT, .flags = KIN_FIELD_SHOWN | KIN_FIELD_TUPLE_ONLY,
    KIN_AT (struct sockaddr_tipc, addr.name.name.instance) },
  TIPC_SCOPE,
};
static const KinField tipc_id_fields[] = {
  TIPC_TAG (TIPC_SOCKET_ADDR), TIPC_NUMBER ("node", id.node), TIPC_NUMBER ("ref", id.ref),
  TIPC_SCOPE,
};
static const KinAddressCodec tipc_codecs[] = {
  { .fields = KIN_TABLE (tipc_range_fields), .bytes = sizeof (struct sockaddr_tipc), .separator = ',' },
  { .fields = KIN_TABLE (tipc_name_fields),  .bytes = sizeof (struct sockaddr_tipc), .separator = ',' },
  { .fields = KIN_TABLE (tipc_id_fields),    .bytes = sizeof (struct sockaddr_tipc), .separator = ',' },
};

static const KinField qrtr_fields[] = {
  { .name = "node", .kind = KIN_UINT, KIN_AT (struct sockaddr_qrtr, sq_node) },
  { .name = "port", .kind = KIN_UINT, KIN_AT (struct sockaddr_qrtr, sq_port) },
};
static const KinAddressCodec qrtr_codecs[] = PACKED (qrtr_fields, struct sockaddr_qrtr, ',');

/* Bluetooth's two, which have no header of the kernel's. */
struct device_address {
  sa_family_t family;
  uint16_t    psm;
  uint8_t     device[6];
  uint16_t    cid;
  uint8_t     type;
};
static const KinField device_fields[] = {
  { .name = "device", .kind = KIN_CUSTOM, HOOKS (device), KIN_AT (struct device_address, device) },
  { .name = "psm",    .kind = KIN_UINT, .flags = KIN_FIELD_HEX | KIN_FIELD_LITTLE_ENDIAN,
    KIN_AT (struct device_address, psm) },
  { .name = "cid",    .kind = KIN_UINT, .flags = KIN_FIELD_OPTIONAL,
    KIN_AT (struct device_address, cid) },
  { .name = "type",   .kind = KIN_UINT, .flags = KIN_FIELD_OPTIONAL, .fallback = 1,
    KIN_AT (struct device_address, type) },
};
static const KinAddressCodec device_codecs[] =
  PACKED (device_fields, struct device_address, ',', .flags = KIN_CODEC_SHORT);

struct adapter_address {
  sa_family_t family;
  int16_t     adapter;
};
static const KinField adapter_fields[] = {
  { .name = "adapter", .kind = KIN_INT, KIN_AT (struct adapter_address, adapter) },
};
static const KinAddressCodec adapter_codecs[] = PACKED (adapter_fields, struct adapter_address, 0);

/* One that ends with its bytes, and a switch and a time before them. */
struct blob_address {
  sa_family_t    family;
  uint8_t        is_fast;
  struct timeval when;
  uint8_t        bytes[32];
};
static const KinField blob_fields[] = {
  { .name = "fast",  .kind = KIN_BOOL,  KIN_AT (struct blob_address, is_fast) },
  { .name = "when",  .kind = KIN_TIME,  KIN_AT (struct blob_address, when) },
  { .name = "bytes", .kind = KIN_BYTES, .flags = KIN_FIELD_OPTIONAL,
    KIN_AT (struct blob_address, bytes) },
};
static const KinAddressCodec blob_codecs[] =
  { { .fields = KIN_TABLE (blob_fields), .separator = ':',
      .bytes = offsetof (struct blob_address, bytes) } };

#define ROW(word, table, words, text) \
  { .scheme = word, .type = SOCK_DGRAM, .codecs = KIN_TABLE (table), .grammar = words, \
    .example = word ":" text }

static const KinProtocol shapes_protocols[] = {
  ROW ("s-adapter", adapter_codecs, "ADAPTER",                 "0"),
  ROW ("s-alg",     alg_codecs,     "TYPE,NAME[,FEAT[,MASK]]", "hash,sha256"),
  ROW ("s-blob",    blob_codecs,    "FAST:WHEN[:BYTES]",       "1:2.5:00ff"),
  ROW ("s-can",     can_codecs,     "INTERFACE",               "lo"),
  ROW ("s-device",  device_codecs,  "DEVICE,PSM[,CID[,TYPE]]", "AA:BB:CC:DD:EE:FF,0x1001"),
  ROW ("s-isotp",   isotp_codecs,   "INTERFACE,RX,TX",         "lo,123,18DA10F1"),
  ROW ("s-j1939",   j1939_codecs,   "INTERFACE,NAME,PGN,ADDR", "lo,any,0x12300,0x20"),
  ROW ("s-netlink", netlink_codecs, "PROTOCOL[,PID[,GROUPS]]", "route"),
  ROW ("s-packet",  packet_codecs,  "INTERFACE,PROTO[,…]",     "lo,0x0800"),
  ROW ("s-path",    path_codecs,    "PATH or @NAME",           "/run/x.sock"),
  ROW ("s-qrtr",    qrtr_codecs,    "NODE,PORT",               "1,4000"),
  ROW ("s-tipc",    tipc_codecs,    "name,TYPE,INSTANCE or range,TYPE,LOWER,UPPER or id,NODE,REF",
       "name,1000,1"),
  ROW ("s-vsock",   vsock_codecs,   "CID:PORT",                "2:1234"),
};

/* ---- Options ------------------------------------------------------------------------------- */

struct pair { uint16_t first; uint32_t second; };
static const KinField pair_fields[] = {
  { .name = "first",  .kind = KIN_UINT, KIN_AT (struct pair, first) },
  { .name = "second", .kind = KIN_UINT, KIN_AT (struct pair, second), .flags = KIN_FIELD_OPTIONAL,
    .fallback = 7 },
};
static const KinField iv_fields[] = {
  { .name = "iv", .kind = KIN_BYTES, .offset = 4, .size = 64, .count_offset = 0, .count_size = 4 },
};
static const KinField error_fields[] = {
  { .name = "code",     .kind = KIN_UINT,    .offset = 0, .size = 4 },
  { .name = "offender", .kind = KIN_ADDRESS, .offset = 4 },
};
static const KinField words_fields[] = {
  { .name = "word", .kind = KIN_STRING, .offset = 0, .size = 8 },
  { .name = "n",    .kind = KIN_UINT,   .offset = 8, .size = 1, .flags = KIN_FIELD_OPTIONAL },
};
static const KinName word_names[] = { { "low", 1 }, { "high", 2 }, { 0 } };

#define OPTION(word, number_, kind_, size_, flags_, ...) \
  { .name = word, .help = word, .level = 1, .number = number_, .kind = kind_, .size = size_, \
    .flags = KIN_OPTION_##flags_, __VA_ARGS__ }

static const KinOption shapes_options[] = {
  OPTION ("s.bytes",  1, KIN_BYTES,     512, READ_WRITE),
  OPTION ("s.error",  2, KIN_STRUCT,    4,   READ,       .fields = KIN_TABLE (error_fields)),
  OPTION ("s.index",  3, KIN_INTERFACE, 4,   READ_WRITE),
  OPTION ("s.int",    4, KIN_INT,       2,   READ_WRITE),
  OPTION ("s.iv",     5, KIN_STRUCT,    4,   READ_WRITE, .fields = KIN_TABLE (iv_fields)),
  OPTION ("s.length", 6, KIN_LENGTH,    0,   WRITE),
  OPTION ("s.on",     7, KIN_BOOL,      4,   READ_WRITE),
  OPTION ("s.pair",   8, KIN_STRUCT,    sizeof (struct pair), READ_WRITE,
          .fields = KIN_TABLE (pair_fields)),
  OPTION ("s.pairs",  9, KIN_ARRAY,     sizeof (struct pair), READ_WRITE,
          .fields = KIN_TABLE (pair_fields)),
  OPTION ("s.string", 10, KIN_STRING,   16,  READ_WRITE),
  OPTION ("s.time",   11, KIN_TIME,     sizeof (struct timeval), READ_WRITE),
  OPTION ("s.time32", 12, KIN_TIME,     8,   READ_WRITE),
  OPTION ("s.time64", 13, KIN_TIME,     16,  READ_WRITE),
  OPTION ("s.word",   14, KIN_UINT,     8,   READ_WRITE, .names = word_names),
  OPTION ("s.words",  15, KIN_ARRAY,    9,   READ_WRITE, .fields = KIN_TABLE (words_fields)),
};

/* ---- Families ------------------------------------------------------------------------------ */

static const KinHint shapes_hints[] = {
  { .operation = "address", .code = ENODEV, .sentence = "ip link has those that there are" },
};

static const KinFamily shapes_family = {
  KIN_STAMP,
  .domain    = SHAPES_DOMAIN,
  .name      = "shapes",
  .summary   = "addresses of all shapes",
  .protocols = KIN_TABLE (shapes_protocols),
  .options   = KIN_TABLE (shapes_options),
  .hints     = KIN_TABLE (shapes_hints),
};

/* Only that it is there matters: no name is looked up here. */
static int
host_resolve (const KinQuery *query, KinAddress *results, size_t max_results)
{
  (void) query;
  (void) results;
  (void) max_results;
  return 0;
}

static const KinField host4_fields[] = {
  { .name = "host", .kind = KIN_CUSTOM, .flags = KIN_FIELD_HOST, HOOKS (host4),
    KIN_AT (struct sockaddr_in, sin_addr) },
  { .name = "port", .kind = KIN_UINT, .flags = KIN_FIELD_BIG_ENDIAN,
    KIN_AT (struct sockaddr_in, sin_port) },
};
static const KinField host6_fields[] = {
  { .name = "host", .kind = KIN_CUSTOM, .flags = KIN_FIELD_HOST, HOOKS (host6),
    KIN_AT (struct sockaddr_in6, sin6_addr) },
  { .name = "port", .kind = KIN_UINT, .flags = KIN_FIELD_BIG_ENDIAN,
    KIN_AT (struct sockaddr_in6, sin6_port) },
  { .name = "flowinfo", .kind = KIN_UINT, .bits = 20,
    .flags = KIN_FIELD_BIG_ENDIAN | KIN_FIELD_OPTIONAL | KIN_FIELD_TUPLE_ONLY,
    KIN_AT (struct sockaddr_in6, sin6_flowinfo) },
  { .name = "scope_id", .kind = KIN_UINT, .flags = KIN_FIELD_OPTIONAL | KIN_FIELD_TUPLE_ONLY,
    KIN_AT (struct sockaddr_in6, sin6_scope_id) },
};
static const KinAddressCodec host4_codecs[] =
  PACKED (host4_fields, struct sockaddr_in, ':', .resolve = host_resolve);
static const KinAddressCodec host6_codecs[] =
  PACKED (host6_fields, struct sockaddr_in6, ':', .resolve = host_resolve);

static const KinProtocol host4_protocols[] = {
  { .scheme = "ip", .type = SOCK_STREAM, .protocol = 6, .flags = KIN_PROTOCOL_SHARED,
    .codecs = KIN_TABLE (host4_codecs), .grammar = "HOST:PORT", .example = "ip:127.0.0.1:80" },
};
static const KinProtocol host6_protocols[] = {
  { .scheme = "ip", .type = SOCK_STREAM, .protocol = 6, .flags = KIN_PROTOCOL_SHARED,
    .codecs = KIN_TABLE (host6_codecs), .grammar = "[HOST]:PORT", .example = "ip:[::1]:80" },
  { .scheme = "ip6", .type = SOCK_STREAM, .protocol = 6,
    .codecs = KIN_TABLE (host6_codecs), .grammar = "[HOST]:PORT", .example = "ip6:[::1]:80" },
};
static const KinFamily host4_family = {
  KIN_STAMP,
  .domain    = HOST4_DOMAIN,
  .name      = "host4",
  .summary   = "four numbers",
  .protocols = KIN_TABLE (host4_protocols),
};
static const KinFamily host6_family = {
  KIN_STAMP,
  .domain    = HOST6_DOMAIN,
  .name      = "host6",
  .summary   = "eight numbers",
  .protocols = KIN_TABLE (host6_protocols),
};

static inline int
shapes_setup (void **state)
{
  (void) state;
  return kin_register_family (&shapes_family, NULL) && kin_register_family (&host4_family, NULL)
                 && kin_register_family (&host6_family, NULL)
             ? 0
             : -1;
}

/* A value from GVariant's text, so that tables of tests can hold it. */
static inline GVariant *
value_of (const char *text)
{
  GError *error = NULL;
  GVariant *value = g_variant_parse (NULL, text, NULL, NULL, &error);

  if (!value)
    fail_msg ("%s: %s", text, error->message);
  return value;
}

#define assert_message(error, code_, part) \
  do { \
    assert_non_null (error); \
    if (!g_error_matches (error, KIN_ERROR, (gint) (code_)) \
        || !strstr ((error)->message, part)) \
      fail_msg ("%d, \"%s\" instead of %d, \"%s\"", (error)->code, (error)->message, code_, part); \
    if (strpbrk ((error)->message, "\n\r\t\x1b")) \
      fail_msg ("not one clean line: %s", (error)->message); \
    g_clear_error (&(error)); \
  } while (0)

#endif
