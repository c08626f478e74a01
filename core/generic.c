/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* generic: what every socket has, whatever its family: options, control messages, constants.
 *
 * The tables are those of a family, of socket(7) instead. SO_RCVTIMEO and SO_SNDTIMEO are not among
 * the options: timeouts are kin_socket_set_timeout(). Some sizes are the kernel's and some the C
 * library's: what a time is made of follows glibc, which picks the option's number to fit. */
#include "private.h"

#include <netdb.h>
#include <sys/time.h>
#include <time.h>

/* Newer than the kernel headers of some distributions; the same on all machines that glibc has
 * headers for asm-generic. */
#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif
#ifndef SO_PREFER_BUSY_POLL /* Linux 5.11 */
#define SO_PREFER_BUSY_POLL 69
#define SO_BUSY_POLL_BUDGET 70
#endif
#ifndef SO_NETNS_COOKIE /* Linux 5.14 */
#define SO_NETNS_COOKIE 71
#define SO_BUF_LOCK     72
#endif
#ifndef SO_RESERVE_MEM /* Linux 5.16 */
#define SO_RESERVE_MEM 73
#endif
#ifndef SO_TXREHASH /* Linux 5.18 */
#define SO_TXREHASH 74
#endif
#ifndef SO_RCVMARK /* Linux 5.19 */
#define SO_RCVMARK 75
#endif
#ifndef SCM_TS_OPT_ID /* Linux 6.13 */
#define SCM_TS_OPT_ID 81
#endif
#ifndef SO_RCVPRIORITY /* Linux 6.14 */
#define SO_RCVPRIORITY 82
#endif

/* ---- Options and control messages ---------------------------------------------------------- */

/* clang-format off */
static const KinName type_names[] = {
  { "stream",    SOCK_STREAM },
  { "dgram",     SOCK_DGRAM },
  { "raw",       SOCK_RAW },
  { "rdm",       SOCK_RDM },
  { "seqpacket", SOCK_SEQPACKET },
  { NULL,        0 },
};

static const KinField linger_fields[] = {
  { .name = "onoff",  .kind = KIN_BOOL, KIN_AT (struct linger, l_onoff) },
  { .name = "linger", .kind = KIN_INT,  KIN_AT (struct linger, l_linger) },
};

static const KinField timespec_fields[] = {
  { .name = "sec",  .kind = KIN_INT, KIN_AT (struct timespec, tv_sec) },
  { .name = "nsec", .kind = KIN_INT, KIN_AT (struct timespec, tv_nsec) },
};

static const KinField meminfo_fields[] = {
  { .name = "received",  .kind = KIN_UINT, .offset = 0,  .size = 4 },
  { .name = "rcvbuf",    .kind = KIN_UINT, .offset = 4,  .size = 4 },
  { .name = "sent",      .kind = KIN_UINT, .offset = 8,  .size = 4 },
  { .name = "sndbuf",    .kind = KIN_UINT, .offset = 12, .size = 4 },
  { .name = "forward",   .kind = KIN_UINT, .offset = 16, .size = 4 },
  { .name = "queued",    .kind = KIN_UINT, .offset = 20, .size = 4 },
  { .name = "optmem",    .kind = KIN_UINT, .offset = 24, .size = 4 },
  { .name = "backlog",   .kind = KIN_UINT, .offset = 28, .size = 4 },
  { .name = "drops",     .kind = KIN_UINT, .offset = 32, .size = 4 },
};

/* Flags are SOF_TIMESTAMPING_…, and of a virtual clock its index, Linux 5.14. */
static const KinField timestamping_fields[] = {
  { .name = "flags", .kind = KIN_UINT, .offset = 0, .size = 4, .flags = KIN_FIELD_HEX },
  { .name = "clock", .kind = KIN_INT,  .offset = 4, .size = 4, .flags = KIN_FIELD_OPTIONAL },
};

/* struct scm_timestamping: three times, of which the second is always 0. */
struct stamps {
  struct timespec software, none, hardware;
};

static const KinField stamps_fields[] = {
  { .name = "sec",           .kind = KIN_INT, KIN_AT (struct stamps, software.tv_sec) },
  { .name = "nsec",          .kind = KIN_INT, KIN_AT (struct stamps, software.tv_nsec) },
  { .name = "hardware_sec",  .kind = KIN_INT, KIN_AT (struct stamps, hardware.tv_sec) },
  { .name = "hardware_nsec", .kind = KIN_INT, KIN_AT (struct stamps, hardware.tv_nsec) },
};

static const KinName clock_words[] = {
  { "realtime", CLOCK_REALTIME }, { "monotonic", CLOCK_MONOTONIC }, { "tai", CLOCK_TAI },
  { NULL,       0 },
};

static const KinField txtime_fields[] = {
  { .name = "clock", .kind = KIN_INT,  .offset = 0, .size = 4, .names = clock_words },
  { .name = "flags", .kind = KIN_UINT, .offset = 4, .size = 4,
    .flags = KIN_FIELD_OPTIONAL | KIN_FIELD_HEX },
};

#define INTEGER .kind = KIN_INT,  .size = sizeof (int)
#define TRUTH   .kind = KIN_BOOL, .size = sizeof (int)
#define READ    .flags = KIN_OPTION_READ
#define WRITE   .flags = KIN_OPTION_WRITE
#define BOTH    .flags = KIN_OPTION_READ_WRITE

static const KinOption options[] = {
  { .name  = "so.acceptconn",     .help   = "whether it listens",
    .level = SOL_SOCKET,          .number = SO_ACCEPTCONN,          TRUTH,   READ },
  { .name  = "so.bindtodevice",   .help   = "use this interface alone, by name",
    .level = SOL_SOCKET,          .number = SO_BINDTODEVICE,
    .kind  = KIN_STRING,          .size   = 16,                              BOTH },
  { .name  = "so.bindtoifindex",  .help   = "use this interface alone, by index",
    .level = SOL_SOCKET,          .number = SO_BINDTOIFINDEX,
    .kind  = KIN_INTERFACE,       .size   = sizeof (int),                    BOTH },
  { .name  = "so.broadcast",      .help   = "allow broadcasts",
    .level = SOL_SOCKET,          .number = SO_BROADCAST,           TRUTH,   BOTH },
  { .name  = "so.buf-lock",        .help   = "buffers that the kernel must not resize: 1, 2 or 3",
    .level = SOL_SOCKET,          .number = SO_BUF_LOCK,           INTEGER, BOTH },
  { .name  = "so.busy-poll",      .help   = "microseconds to poll the device when nothing waits",
    .level = SOL_SOCKET,          .number = SO_BUSY_POLL,           INTEGER, BOTH },
  { .name  = "so.busy-poll-budget", .help = "packets to take in one poll of the device",
    .level = SOL_SOCKET,          .number = SO_BUSY_POLL_BUDGET,   INTEGER, WRITE },
  { .name  = "so.cookie",         .help   = "a number that no other socket of this machine has",
    .level = SOL_SOCKET,          .number = SO_COOKIE,
    .kind  = KIN_UINT,            .size   = 8,                               READ },
  { .name  = "so.debug",          .help   = "let the kernel's protocol record what it does",
    .level = SOL_SOCKET,          .number = SO_DEBUG,               TRUTH,   BOTH },
  { .name  = "so.domain",         .help   = "its domain, as socket(2) took it",
    .level = SOL_SOCKET,          .number = SO_DOMAIN,              INTEGER, READ },
  { .name  = "so.dontroute",      .help   = "reach directly connected hosts only",
    .level = SOL_SOCKET,          .number = SO_DONTROUTE,           TRUTH,   BOTH },
  { .name  = "so.error",          .help   = "the error that waits, an errno; reading takes it away",
    .level = SOL_SOCKET,          .number = SO_ERROR,               INTEGER, READ },
  { .name  = "so.incoming-cpu",   .help   = "processor that handles what comes in",
    .level = SOL_SOCKET,          .number = SO_INCOMING_CPU,        INTEGER, BOTH },
  { .name  = "so.incoming-napi-id", .help = "queue of the device that handles what comes in",
    .level = SOL_SOCKET,          .number = SO_INCOMING_NAPI_ID,   INTEGER, READ },
  { .name  = "so.keepalive",      .help   = "probe a peer that is silent",
    .level = SOL_SOCKET,          .number = SO_KEEPALIVE,           TRUTH,   BOTH },
  { .name  = "so.linger",         .help   = "whether close waits for what is unsent, and seconds",
    .level = SOL_SOCKET,          .number = SO_LINGER,
    .kind  = KIN_STRUCT,          .size   = sizeof (struct linger),          BOTH,
    .fields = KIN_TABLE (linger_fields) },
  { .name  = "so.lock-filter",    .help   = "nobody may change the filter any more",
    .level = SOL_SOCKET,          .number = SO_LOCK_FILTER,         TRUTH,   BOTH },
  { .name  = "so.mark",           .help   = "mark of what it sends, for routing and filters",
    .level = SOL_SOCKET,          .number = SO_MARK,
    .kind  = KIN_UINT,            .size   = 4,                               BOTH },
  { .name  = "so.max-pacing-rate", .help  = "most bytes a second that it sends",
    .level = SOL_SOCKET,          .number = SO_MAX_PACING_RATE,
    .kind  = KIN_UINT,            .size   = sizeof (long),                   BOTH },
  { .name  = "so.meminfo",         .help   = "bytes of memory that it holds, and drops",
    .level = SOL_SOCKET,          .number = SO_MEMINFO,
    .kind  = KIN_STRUCT,          .size   = 36,                        READ,
    .fields = KIN_TABLE (meminfo_fields) },
  { .name  = "so.netns-cookie",    .help   = "a number that no other network namespace has",
    .level = SOL_SOCKET,          .number = SO_NETNS_COOKIE,
    .kind  = KIN_UINT,            .size   = 8,                         READ },
  { .name  = "so.oobinline",      .help   = "urgent data comes with the rest",
    .level = SOL_SOCKET,          .number = SO_OOBINLINE,           TRUTH,   BOTH },
  { .name  = "so.peek-off",       .help   = "where the next peek starts; -1: at the start",
    .level = SOL_SOCKET,          .number = SO_PEEK_OFF,            INTEGER, BOTH },
  { .name  = "so.prefer-busy-poll", .help = "poll the device rather than wait for interrupts",
    .level = SOL_SOCKET,          .number = SO_PREFER_BUSY_POLL,   TRUTH,   BOTH },
  { .name  = "so.priority",       .help   = "priority of what it sends, 0 to 6, or as root more",
    .level = SOL_SOCKET,          .number = SO_PRIORITY,            INTEGER, BOTH },
  { .name  = "so.protocol",       .help   = "its protocol, as socket(2) took it",
    .level = SOL_SOCKET,          .number = SO_PROTOCOL,            INTEGER, READ },
  { .name  = "so.rcvbuf",         .help   = "bytes that may wait unread; the kernel doubles it",
    .level = SOL_SOCKET,          .number = SO_RCVBUF,              INTEGER, BOTH },
  { .name  = "so.rcvbufforce",    .help   = "the same past the system's limit, with privilege",
    .level = SOL_SOCKET,          .number = SO_RCVBUFFORCE,         INTEGER, WRITE },
  { .name  = "so.rcvlowat",       .help   = "bytes that must be there to end a receive's wait",
    .level = SOL_SOCKET,          .number = SO_RCVLOWAT,            INTEGER, BOTH },
  { .name  = "so.rcvmark",         .help   = "say the mark of what comes",
    .level = SOL_SOCKET,          .number = SO_RCVMARK,            TRUTH,   BOTH },
  { .name  = "so.rcvpriority",     .help   = "say the priority of what comes",
    .level = SOL_SOCKET,          .number = SO_RCVPRIORITY,        TRUTH,   BOTH },
  { .name  = "so.reserve-mem",     .help   = "bytes of memory that are kept for it",
    .level = SOL_SOCKET,          .number = SO_RESERVE_MEM,        INTEGER, BOTH },
  { .name  = "so.reuseaddr",      .help   = "bind an address that was in use a moment ago",
    .level = SOL_SOCKET,          .number = SO_REUSEADDR,           TRUTH,   BOTH },
  { .name  = "so.reuseport",      .help   = "share the address with others that say so",
    .level = SOL_SOCKET,          .number = SO_REUSEPORT,           TRUTH,   BOTH },
  { .name  = "so.rxq-ovfl",       .help   = "say how many were dropped, with each that is received",
    .level = SOL_SOCKET,          .number = SO_RXQ_OVFL,            TRUTH,   BOTH },
  { .name  = "so.select-err-queue", .help = "an error queue with something in it wakes a poll",
    .level = SOL_SOCKET,          .number = SO_SELECT_ERR_QUEUE,    TRUTH,   BOTH },
  { .name  = "so.sndbuf",         .help   = "bytes that may wait unsent; the kernel doubles it",
    .level = SOL_SOCKET,          .number = SO_SNDBUF,              INTEGER, BOTH },
  { .name  = "so.sndbufforce",    .help   = "the same past the system's limit, with privilege",
    .level = SOL_SOCKET,          .number = SO_SNDBUFFORCE,         INTEGER, WRITE },
  { .name  = "so.sndlowat",       .help   = "bytes that must be free to end a send; always 1",
    .level = SOL_SOCKET,          .number = SO_SNDLOWAT,            INTEGER, READ },
  { .name  = "so.timestamp",      .help   = "say when each came, to the microsecond",
    .level = SOL_SOCKET,          .number = SO_TIMESTAMP,           TRUTH,   BOTH },
  { .name  = "so.timestamping",    .help   = "what to stamp, and how: SOF_TIMESTAMPING_* bits",
    .level = SOL_SOCKET,          .number = SO_TIMESTAMPING,
    .kind  = KIN_STRUCT,          .size   = 8,                         BOTH,
    .fields = KIN_TABLE (timestamping_fields) },
  { .name  = "so.timestampns",    .help   = "say when each came, to the nanosecond",
    .level = SOL_SOCKET,          .number = SO_TIMESTAMPNS,         TRUTH,   BOTH },
  { .name  = "so.txrehash",        .help   = "choose another path where one loses packets",
    .level = SOL_SOCKET,          .number = SO_TXREHASH,           INTEGER, BOTH },
  { .name  = "so.txtime",          .help   = "send at times that each message says, by this clock",
    .level = SOL_SOCKET,          .number = SO_TXTIME,
    .kind  = KIN_STRUCT,          .size   = 8,                         BOTH,
    .fields = KIN_TABLE (txtime_fields) },
  { .name  = "so.type",           .help   = "its type, as socket(2) took it",
    .level = SOL_SOCKET,          .number = SO_TYPE,                INTEGER, READ,
    .names = type_names },
  { .name  = "so.zerocopy",       .help   = "allow MSG_ZEROCOPY",
    .level = SOL_SOCKET,          .number = SO_ZEROCOPY,            TRUTH,   BOTH },
};

static const KinControl controls[] = {
  { .name  = "so.mark",            .help   = "mark of what came, or is sent",
    .level = SOL_SOCKET,          .number = SO_MARK,
    .kind  = KIN_UINT,            .size   = 4,                         BOTH,
    .enabled_by = "so.rcvmark" },
  { .name  = "so.priority",        .help   = "priority of what came, or is sent",
    .level = SOL_SOCKET,          .number = SO_PRIORITY,
    .kind  = KIN_UINT,            .size   = 4,                         BOTH,
    .enabled_by = "so.rcvpriority" },
  { .name  = "so.rxq-ovfl",       .help   = "how many were dropped since the socket is there",
    .level = SOL_SOCKET,          .number = SO_RXQ_OVFL,
    .kind  = KIN_UINT,            .size   = 4,                               READ,
    .enabled_by = "so.rxq-ovfl" },
  { .name  = "so.timestamp",      .help   = "when it came, microseconds since 1970",
    .level = SOL_SOCKET,          .number = SO_TIMESTAMP,
    .kind  = KIN_TIME,            .size   = sizeof (struct timeval),         READ,
    .enabled_by = "so.timestamp" },
  { .name  = "so.timestamping",    .help   = "when it came or went, by software and hardware",
    .level = SOL_SOCKET,          .number = SO_TIMESTAMPING,
    .kind  = KIN_STRUCT,          .size   = sizeof (struct stamps),    READ,
    .fields = KIN_TABLE (stamps_fields) },
  { .name  = "so.timestampns",    .help   = "when it came, seconds since 1970 and nanoseconds",
    .level = SOL_SOCKET,          .number = SO_TIMESTAMPNS,
    .kind  = KIN_STRUCT,          .size   = sizeof (struct timespec),        READ,
    .fields = KIN_TABLE (timespec_fields),
    .enabled_by = "so.timestampns" },
  { .name  = "so.ts-opt-id",       .help   = "the number that reports of its sending will have",
    .level = SOL_SOCKET,          .number = SCM_TS_OPT_ID,
    .kind  = KIN_UINT,            .size   = 4,                         WRITE },
  { .name  = "so.txtime",          .help   = "when to send it, nanoseconds of the socket's clock",
    .level = SOL_SOCKET,          .number = SO_TXTIME,
    .kind  = KIN_UINT,            .size   = 8,                         WRITE },
};

/* ---- Constants ----------------------------------------------------------------------------- */

#define CONSTANT(word) { .name = #word, .value = word }

static const KinConstant constants[] = {
  /* Domains for which there is no family here: sockets by number, with addresses as bytes. */
  CONSTANT (AF_APPLETALK),
  CONSTANT (AF_ASH),
  CONSTANT (AF_ATMPVC),
  CONSTANT (AF_ATMSVC),
  CONSTANT (AF_AX25),
  CONSTANT (AF_BRIDGE),
  CONSTANT (AF_ECONET),
  CONSTANT (AF_IPX),
  CONSTANT (AF_IRDA),
  CONSTANT (AF_KEY),
  CONSTANT (AF_LLC),
  CONSTANT (AF_NETBEUI),
  CONSTANT (AF_NETROM),
  CONSTANT (AF_PPPOX),
  CONSTANT (AF_ROSE),
  CONSTANT (AF_ROUTE),
  CONSTANT (AF_SECURITY),
  CONSTANT (AF_SNA),
  CONSTANT (AF_UNSPEC),
  CONSTANT (AF_WANPIPE),
  CONSTANT (AF_X25),
  CONSTANT (AI_ADDRCONFIG),
  CONSTANT (AI_ALL),
  CONSTANT (AI_CANONNAME),
  CONSTANT (AI_NUMERICHOST),
  CONSTANT (AI_NUMERICSERV),
  CONSTANT (AI_PASSIVE),
  CONSTANT (AI_V4MAPPED),
  CONSTANT (EAI_ADDRFAMILY),
  CONSTANT (EAI_AGAIN),
  CONSTANT (EAI_BADFLAGS),
  CONSTANT (EAI_FAIL),
  CONSTANT (EAI_FAMILY),
  CONSTANT (EAI_MEMORY),
  CONSTANT (EAI_NODATA),
  CONSTANT (EAI_NONAME),
  CONSTANT (EAI_OVERFLOW),
  CONSTANT (EAI_SERVICE),
  CONSTANT (EAI_SOCKTYPE),
  CONSTANT (EAI_SYSTEM),
  CONSTANT (MSG_CMSG_CLOEXEC),
  CONSTANT (MSG_CONFIRM),
  CONSTANT (MSG_CTRUNC),
  CONSTANT (MSG_DONTROUTE),
  CONSTANT (MSG_DONTWAIT),
  CONSTANT (MSG_EOR),
  CONSTANT (MSG_ERRQUEUE),
  CONSTANT (MSG_FASTOPEN),
  CONSTANT (MSG_MORE),
  CONSTANT (MSG_NOSIGNAL),
  CONSTANT (MSG_OOB),
  CONSTANT (MSG_PEEK),
  CONSTANT (MSG_TRUNC),
  CONSTANT (MSG_WAITALL),
  CONSTANT (MSG_WAITFORONE),
  CONSTANT (MSG_ZEROCOPY),
  CONSTANT (NI_DGRAM),
  CONSTANT (NI_IDN),
  CONSTANT (NI_MAXHOST),
  CONSTANT (NI_MAXSERV),
  CONSTANT (NI_NAMEREQD),
  CONSTANT (NI_NOFQDN),
  CONSTANT (NI_NUMERICHOST),
  CONSTANT (NI_NUMERICSERV),
  CONSTANT (SHUT_RD),
  CONSTANT (SHUT_RDWR),
  CONSTANT (SHUT_WR),
  CONSTANT (SOCK_CLOEXEC),
  CONSTANT (SOCK_DGRAM),
  CONSTANT (SOCK_NONBLOCK),
  CONSTANT (SOCK_RAW),
  CONSTANT (SOCK_RDM),
  CONSTANT (SOCK_SEQPACKET),
  CONSTANT (SOCK_STREAM),
  CONSTANT (SOL_SOCKET),
  CONSTANT (SOMAXCONN),
  CONSTANT (SO_ACCEPTCONN),
  CONSTANT (SO_BINDTODEVICE),
  CONSTANT (SO_BINDTOIFINDEX),
  CONSTANT (SO_BROADCAST),
  CONSTANT (SO_BUF_LOCK),
  CONSTANT (SO_BUSY_POLL),
  CONSTANT (SO_BUSY_POLL_BUDGET),
  CONSTANT (SO_COOKIE),
  CONSTANT (SO_DEBUG),
  CONSTANT (SO_DOMAIN),
  CONSTANT (SO_DONTROUTE),
  CONSTANT (SO_ERROR),
  CONSTANT (SO_INCOMING_CPU),
  CONSTANT (SO_INCOMING_NAPI_ID),
  CONSTANT (SO_KEEPALIVE),
  CONSTANT (SO_LINGER),
  CONSTANT (SO_LOCK_FILTER),
  CONSTANT (SO_MARK),
  CONSTANT (SO_MAX_PACING_RATE),
  CONSTANT (SO_MEMINFO),
  CONSTANT (SO_NETNS_COOKIE),
  CONSTANT (SO_OOBINLINE),
  CONSTANT (SO_PEEK_OFF),
  CONSTANT (SO_PREFER_BUSY_POLL),
  CONSTANT (SO_PRIORITY),
  CONSTANT (SO_PROTOCOL),
  CONSTANT (SO_RCVBUF),
  CONSTANT (SO_RCVBUFFORCE),
  CONSTANT (SO_RCVLOWAT),
  CONSTANT (SO_RCVMARK),
  CONSTANT (SO_RCVPRIORITY),
  CONSTANT (SO_RCVTIMEO),
  CONSTANT (SO_RESERVE_MEM),
  CONSTANT (SO_REUSEADDR),
  CONSTANT (SO_REUSEPORT),
  CONSTANT (SO_RXQ_OVFL),
  CONSTANT (SO_SELECT_ERR_QUEUE),
  CONSTANT (SO_SNDBUF),
  CONSTANT (SO_SNDBUFFORCE),
  CONSTANT (SO_SNDLOWAT),
  CONSTANT (SO_SNDTIMEO),
  CONSTANT (SO_TIMESTAMP),
  CONSTANT (SO_TIMESTAMPING),
  CONSTANT (SO_TIMESTAMPNS),
  CONSTANT (SO_TXREHASH),
  CONSTANT (SO_TXTIME),
  CONSTANT (SO_TYPE),
  CONSTANT (SO_ZEROCOPY),
};
/* clang-format on */

/**
 * kin_generic_options:
 *
 * Returns: (transfer none): the options that every socket has, socket(7); rows are #KinOption, to
 * be read by kin_table_get()
 */
const KinTable *
kin_generic_options (void)
{
  static const KinTable table = KIN_TABLE (options);

  return &table;
}

/**
 * kin_generic_controls:
 *
 * Returns: (transfer none): the control messages that any family may send; rows are #KinControl
 */
const KinTable *
kin_generic_controls (void)
{
  static const KinTable table = KIN_TABLE (controls);

  return &table;
}

/**
 * kin_generic_constants:
 *
 * Returns: (transfer none): the constants of Python's socket module that are of no family; rows are
 *   #KinConstant
 */
const KinTable *
kin_generic_constants (void)
{
  static const KinTable table = KIN_TABLE (constants);

  return &table;
}
