/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* generic: what every socket has, whatever its family: options, control messages, constants.
 *
 * The tables are those of a family, of socket(7) instead. SO_RCVTIMEO and SO_SNDTIMEO are not among
 * the options: timeouts are kin_socket_set_timeout(). Some sizes are the kernel's and some the C
 * library's: what a time is made of follows glibc, which picks the option's number to fit. */
#include "private.h"

#include <netdb.h>
#include <sys/time.h>

/* Newer than the kernel headers of some distributions; the same on all machines that glibc has
 * headers for asm-generic. */
#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
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
  { .name  = "so.busy-poll",      .help   = "microseconds to poll the device when nothing waits",
    .level = SOL_SOCKET,          .number = SO_BUSY_POLL,           INTEGER, BOTH },
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
  { .name  = "so.oobinline",      .help   = "urgent data comes with the rest",
    .level = SOL_SOCKET,          .number = SO_OOBINLINE,           TRUTH,   BOTH },
  { .name  = "so.peek-off",       .help   = "where the next peek starts; -1: at the start",
    .level = SOL_SOCKET,          .number = SO_PEEK_OFF,            INTEGER, BOTH },
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
  { .name  = "so.timestampns",    .help   = "say when each came, to the nanosecond",
    .level = SOL_SOCKET,          .number = SO_TIMESTAMPNS,         TRUTH,   BOTH },
  { .name  = "so.type",           .help   = "its type, as socket(2) took it",
    .level = SOL_SOCKET,          .number = SO_TYPE,                INTEGER, READ,
    .names = type_names },
  { .name  = "so.zerocopy",       .help   = "allow MSG_ZEROCOPY",
    .level = SOL_SOCKET,          .number = SO_ZEROCOPY,            TRUTH,   BOTH },
};

static const KinControl controls[] = {
  { .name  = "so.rxq-ovfl",       .help   = "how many were dropped since the socket is there",
    .level = SOL_SOCKET,          .number = SO_RXQ_OVFL,
    .kind  = KIN_UINT,            .size   = 4,                               READ },
  { .name  = "so.timestamp",      .help   = "when it came, microseconds since 1970",
    .level = SOL_SOCKET,          .number = SO_TIMESTAMP,
    .kind  = KIN_TIME,            .size   = sizeof (struct timeval),         READ },
  { .name  = "so.timestampns",    .help   = "when it came, seconds since 1970 and nanoseconds",
    .level = SOL_SOCKET,          .number = SO_TIMESTAMPNS,
    .kind  = KIN_STRUCT,          .size   = sizeof (struct timespec),        READ,
    .fields = KIN_TABLE (timespec_fields) },
};

/* ---- Constants ----------------------------------------------------------------------------- */

#define CONSTANT(word) { .name = #word, .value = word }

static const KinConstant constants[] = {
  CONSTANT (AF_UNSPEC),
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
  CONSTANT (SO_BUSY_POLL),
  CONSTANT (SO_COOKIE),
  CONSTANT (SO_DEBUG),
  CONSTANT (SO_DOMAIN),
  CONSTANT (SO_DONTROUTE),
  CONSTANT (SO_ERROR),
  CONSTANT (SO_INCOMING_CPU),
  CONSTANT (SO_KEEPALIVE),
  CONSTANT (SO_LINGER),
  CONSTANT (SO_LOCK_FILTER),
  CONSTANT (SO_MARK),
  CONSTANT (SO_MAX_PACING_RATE),
  CONSTANT (SO_OOBINLINE),
  CONSTANT (SO_PEEK_OFF),
  CONSTANT (SO_PRIORITY),
  CONSTANT (SO_PROTOCOL),
  CONSTANT (SO_RCVBUF),
  CONSTANT (SO_RCVBUFFORCE),
  CONSTANT (SO_RCVLOWAT),
  CONSTANT (SO_RCVTIMEO),
  CONSTANT (SO_REUSEADDR),
  CONSTANT (SO_REUSEPORT),
  CONSTANT (SO_RXQ_OVFL),
  CONSTANT (SO_SELECT_ERR_QUEUE),
  CONSTANT (SO_SNDBUF),
  CONSTANT (SO_SNDBUFFORCE),
  CONSTANT (SO_SNDLOWAT),
  CONSTANT (SO_SNDTIMEO),
  CONSTANT (SO_TIMESTAMP),
  CONSTANT (SO_TIMESTAMPNS),
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
