/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tipc: services of a cluster of machines, by name and not by place.
 *
 * A server binds a service's name, a type and an instance: tipc:name,1000,1. Or a range of
 * instances: tipc:range,1000,0,9. Whoever connects or sends to a name reaches one of the sockets
 * that have it, here or on another node; a datagram to a range reaches all. Scope says who may see
 * a binding: the cluster, as it is without a word, or this node. Each socket has an id besides, its
 * node and port, which the kernel chooses: tipc:id,0x0,1234.
 *
 * In a tuple the kind of address comes first, and a name's instance is there twice, as in Python.
 * The node behind a name's scope is where it is looked for; a tuple has no place for it.
 *
 * A connect is done once the server accepts. It waits for 8 s, tipc.conn-timeout, whatever
 * SO_SNDTIMEO says. It ends both ways at once. tipc-topology is the service that tells who comes
 * and goes; topology.c. All is the kernel's: Documentation/networking/tipc.rst, and http://tipc.io.
 */
#include <errno.h>
#include <linux/tipc.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "topology.h"

#include "constants.h"

/* ---- Operations: how a connection ends ----------------------------------------------------- */

/* The errno of what ended it; 0: the peer closed it, and nothing was lost. */
static int
tipc_end (struct msghdr *message)
{
  struct cmsghdr *control = CMSG_FIRSTHDR (message);
  uint32_t error, length;

  if (!control || control->cmsg_level != SOL_TIPC || control->cmsg_type != TIPC_ERRINFO)
    return 0;
  memcpy (&error, CMSG_DATA (control), sizeof error);
  memcpy (&length, CMSG_DATA (control) + sizeof error, sizeof length);
  return length > 0 || (error != TIPC_CONN_SHUTDOWN && error != TIPC_ERR_NO_PORT) ? ECONNRESET : 0;
}

/* A close without a shutdown is a reset to the kernel, though that is how every program closes. It
 * is the end here, unless something came back unread. Who asks for control messages is told. */
static ssize_t
tipc_recvmsg (KinFamilySocket *socket, struct msghdr *message, int flags)
{
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE (2 * sizeof (uint32_t))];
  } control;
  struct msghdr own = *message;
  ssize_t n;

  if (message->msg_controllen == 0) {
    own.msg_control = &control;
    own.msg_controllen = sizeof control;
  }
  n = recvmsg (socket->fd, &own, flags);
  if (n < 0)
    return -errno;
  if (message->msg_controllen == 0) {
    if (n == 0 && tipc_end (&own) != 0)
      return -tipc_end (&own);
    own.msg_control = NULL;
    own.msg_controllen = 0;
    own.msg_flags &= ~MSG_CTRUNC;
  }
  *message = own;
  return n;
}

/* Both ways at once, or not at all: the kernel has no half. */
static int
tipc_shutdown (KinFamilySocket *socket, int how)
{
  if (how != SHUT_RDWR)
    return -EOPNOTSUPP;
  return shutdown (socket->fd, how) < 0 ? -errno : 0;
}

static const KinSocketOps tipc_connection_ops = {
  .size = sizeof tipc_connection_ops,
  .shutdown = tipc_shutdown,
  .recvmsg = tipc_recvmsg,
};

/* clang-format off */

/* ---- Addresses ------------------------------------------------------------------------------ */

static const KinName tipc_kinds[] = {
  { "range", TIPC_SERVICE_RANGE }, { "name", TIPC_SERVICE_ADDR }, { "id", TIPC_SOCKET_ADDR }, { 0 }
};
static const KinName tipc_scopes[] = {
  { "zone", TIPC_ZONE_SCOPE }, { "cluster", TIPC_CLUSTER_SCOPE }, { "node", TIPC_NODE_SCOPE }, { 0 }
};

#define IN(member) KIN_AT (struct sockaddr_tipc, member)
#define SCOPE(without) \
  { .name = "scope",     .kind = KIN_INT,  IN (scope), .names = tipc_scopes, \
    .flags = KIN_FIELD_OPTIONAL, .fallback = (without) }

static const KinField tipc_range[] = {
  { .name = "addr_type", .kind = KIN_UINT, IN (addrtype), .names = tipc_kinds,
    .flags = KIN_FIELD_TAG, .fallback = TIPC_SERVICE_RANGE },
  { .name = "type",      .kind = KIN_UINT, IN (addr.nameseq.type) },
  { .name = "lower",     .kind = KIN_UINT, IN (addr.nameseq.lower) },
  { .name = "upper",     .kind = KIN_UINT, IN (addr.nameseq.upper) },
  SCOPE (TIPC_CLUSTER_SCOPE),
};

static const KinField tipc_name[] = {
  { .name = "addr_type", .kind = KIN_UINT, IN (addrtype), .names = tipc_kinds,
    .flags = KIN_FIELD_TAG, .fallback = TIPC_SERVICE_ADDR },
  { .name = "type",      .kind = KIN_UINT, IN (addr.name.name.type) },
  { .name = "instance",  .kind = KIN_UINT, IN (addr.name.name.instance) },
  { .name = "v3",        .kind = KIN_UINT, IN (addr.name.name.instance),
    .flags = KIN_FIELD_SHOWN | KIN_FIELD_TUPLE_ONLY },
  SCOPE (TIPC_CLUSTER_SCOPE),
  { .name = "node",      .kind = KIN_UINT, IN (addr.name.domain),
    .flags = KIN_FIELD_TEXT_ONLY | KIN_FIELD_OPTIONAL | KIN_FIELD_HEX },
};

/* The kernel writes ids with scope 0, and never reads it. */
static const KinField tipc_id[] = {
  { .name = "addr_type", .kind = KIN_UINT, IN (addrtype), .names = tipc_kinds,
    .flags = KIN_FIELD_TAG, .fallback = TIPC_SOCKET_ADDR },
  { .name = "node",      .kind = KIN_UINT, IN (addr.id.node), .flags = KIN_FIELD_HEX },
  { .name = "port",      .kind = KIN_UINT, IN (addr.id.ref) },
  { .name = "v3",        .kind = KIN_UINT, IN (addr.name.domain),
    .flags = KIN_FIELD_TAG | KIN_FIELD_TUPLE_ONLY, .fallback = 0 },
  SCOPE (0),
};

/* The topology service's name, 1,1: in text there is but the node. */
static const KinField tipc_topology[] = {
  { .name = "addr_type", .kind = KIN_UINT, IN (addrtype),
    .flags = KIN_FIELD_TAG | KIN_FIELD_TUPLE_ONLY, .fallback = TIPC_SERVICE_ADDR },
  { .name = "type",      .kind = KIN_UINT, IN (addr.name.name.type),
    .flags = KIN_FIELD_TAG | KIN_FIELD_TUPLE_ONLY, .fallback = TIPC_TOP_SRV },
  { .name = "instance",  .kind = KIN_UINT, IN (addr.name.name.instance),
    .flags = KIN_FIELD_TAG | KIN_FIELD_TUPLE_ONLY, .fallback = TIPC_TOP_SRV },
  { .name = "v3",        .kind = KIN_UINT, IN (addr.name.name.instance),
    .flags = KIN_FIELD_SHOWN | KIN_FIELD_TUPLE_ONLY },
  { .name = "scope",     .kind = KIN_INT,  IN (scope), .names = tipc_scopes,
    .flags = KIN_FIELD_OPTIONAL | KIN_FIELD_TUPLE_ONLY, .fallback = TIPC_CLUSTER_SCOPE },
  { .name = "node",      .kind = KIN_UINT, IN (addr.name.domain),
    .flags = KIN_FIELD_TEXT_ONLY | KIN_FIELD_OPTIONAL | KIN_FIELD_HEX },
};

static const KinAddressCodec tipc_codecs[] = {
  { .bytes = sizeof (struct sockaddr_tipc), .separator = ',', .fields = KIN_TABLE (tipc_range) },
  { .bytes = sizeof (struct sockaddr_tipc), .separator = ',', .fields = KIN_TABLE (tipc_name) },
  { .bytes = sizeof (struct sockaddr_tipc), .separator = ',', .fields = KIN_TABLE (tipc_id) },
};
/* A connection's other end has an id. */
static const KinAddressCodec tipc_topology_codecs[] = {
  { .bytes = sizeof (struct sockaddr_tipc), .separator = ',', .fields = KIN_TABLE (tipc_id) },
  { .bytes = sizeof (struct sockaddr_tipc), .separator = ',', .fields = KIN_TABLE (tipc_topology) },
};

/* ---- What options and control messages hold ------------------------------------------------- */

static const KinName tipc_importances[] = {
  { "low",  TIPC_LOW_IMPORTANCE },  { "medium",   TIPC_MEDIUM_IMPORTANCE },
  { "high", TIPC_HIGH_IMPORTANCE }, { "critical", TIPC_CRITICAL_IMPORTANCE }, { 0 }
};
static const KinName tipc_group_flags[] = {
  { "none", 0 }, { "loopback", TIPC_GROUP_LOOPBACK }, { "events", TIPC_GROUP_MEMBER_EVTS },
  { "both", TIPC_GROUP_LOOPBACK | TIPC_GROUP_MEMBER_EVTS }, { 0 }
};
/* The kernel wants no value at all: a length of 0. */
static const KinName tipc_now[] = { { "now", 0 }, { 0 } };

static const KinField tipc_group[] = {
  { .name = "type",     .kind = KIN_UINT, KIN_AT (struct tipc_group_req, type) },
  { .name = "instance", .kind = KIN_UINT, KIN_AT (struct tipc_group_req, instance) },
  { .name = "scope",    .kind = KIN_UINT, KIN_AT (struct tipc_group_req, scope),
    .names = tipc_scopes, .flags = KIN_FIELD_OPTIONAL, .fallback = TIPC_CLUSTER_SCOPE },
  { .name = "flags",    .kind = KIN_UINT, KIN_AT (struct tipc_group_req, flags),
    .names = tipc_group_flags, .flags = KIN_FIELD_OPTIONAL },
};

static const KinName tipc_errors[] = {
  { "ok",          TIPC_OK },              { "no-name",  TIPC_ERR_NO_NAME },
  { "no-port",     TIPC_ERR_NO_PORT },     { "no-node",  TIPC_ERR_NO_NODE },
  { "overload",    TIPC_ERR_OVERLOAD },    { "shutdown", TIPC_CONN_SHUTDOWN }, { 0 }
};
static const KinField tipc_error[] = {
  { .name = "error",  .kind = KIN_UINT, .offset = 0, .size = 4, .names = tipc_errors },
  { .name = "length", .kind = KIN_UINT, .offset = 4, .size = 4 },
};
static const KinField tipc_service[] = {
  { .name = "type",  .kind = KIN_UINT, KIN_AT (struct tipc_service_range, type) },
  { .name = "lower", .kind = KIN_UINT, KIN_AT (struct tipc_service_range, lower) },
  { .name = "upper", .kind = KIN_UINT, KIN_AT (struct tipc_service_range, upper) },
};

/* ---- Tables --------------------------------------------------------------------------------- */

#define GRAMMAR \
  "name,TYPE,INSTANCE[,SCOPE[,NODE]] or range,TYPE,LOWER,UPPER[,SCOPE] or id,NODE,PORT"
/* A name that no program of sense has, and that only this node sees. */
#define LOOPBACK "name,1262177792,0,node"
#define WAITS (KIN_WAITS_RECEIVE | KIN_WAITS_SEND | KIN_WAITS_ACCEPT)

/* The topology service's row stands last: another seqpacket socket is of the plain one. */
static const KinProtocol tipc_protocols[] = {
  { .scheme  = "tipc",           .type     = SOCK_STREAM,    .codecs  = KIN_TABLE (tipc_codecs),
    .kernel_waits = WAITS,       .grammar  = GRAMMAR,        .example = "tipc:name,1000,1",
    .loopback = LOOPBACK,        .ops      = &tipc_connection_ops },
  { .scheme  = "tipc-seqpacket", .type     = SOCK_SEQPACKET, .codecs  = KIN_TABLE (tipc_codecs),
    .kernel_waits = WAITS,       .grammar  = GRAMMAR,
    .example = "tipc-seqpacket:range,1000,0,9,node",         .loopback = LOOPBACK,
    .ops     = &tipc_connection_ops },
  { .scheme  = "tipc-rdm",       .type     = SOCK_RDM,       .codecs  = KIN_TABLE (tipc_codecs),
    .kernel_waits = WAITS,       .grammar  = GRAMMAR,
    .example = "tipc-rdm:id,0x1001001,1234",                 .loopback = LOOPBACK },
  { .scheme  = "tipc-dgram",     .type     = SOCK_DGRAM,     .codecs  = KIN_TABLE (tipc_codecs),
    .kernel_waits = WAITS,       .grammar  = GRAMMAR,
    .example = "tipc-dgram:name,1000,1",                     .loopback = LOOPBACK },
  { .scheme  = "tipc-topology",  .type     = SOCK_SEQPACKET,
    .codecs  = KIN_TABLE (tipc_topology_codecs),             .kernel_waits = WAITS,
    .ops     = &tipc_connection_ops,
    .grammar = "[NODE]",         .example  = "tipc-topology:",
    .describe = tipc_topology_describe,                      .compose  = tipc_topology_compose,
    .datagram = "PORTS type=1000 lower=0 upper=99",          .round_trip = tipc_topology_trip },
};

#define OPTION(name_, number_, kind_, flags_) \
  .name = name_, .level = SOL_TIPC, .number = number_, .kind = kind_, .size = 4, .flags = flags_
#define READ  KIN_OPTION_READ
#define WRITE KIN_OPTION_WRITE
#define BOTH  KIN_OPTION_READ_WRITE

static const KinOption tipc_options[] = {
  { OPTION ("tipc.conn-timeout",     TIPC_CONN_TIMEOUT,     KIN_UINT,   BOTH),
    .help = "milliseconds that a connect without a timeout waits; 8000" },
  { OPTION ("tipc.dest-droppable",   TIPC_DEST_DROPPABLE,   KIN_BOOL,   BOTH),
    .help = "drop what cannot be delivered, instead of returning it" },
  { OPTION ("tipc.group",            TIPC_GROUP_JOIN,       KIN_UINT,   READ),
    .help = "type of the group that it is in; 0: none" },
  { .name = "tipc.group-join",       .level = SOL_TIPC,     .number = TIPC_GROUP_JOIN,
    .kind = KIN_STRUCT,              .size  = sizeof (struct tipc_group_req), .flags = WRITE,
    .fields = KIN_TABLE (tipc_group),
    .help = "join a group as a member: type, instance, scope, flags" },
  { OPTION ("tipc.group-leave",      TIPC_GROUP_LEAVE,      KIN_LENGTH, WRITE), .names = tipc_now,
    .help = "leave the group: now" },
  { OPTION ("tipc.importance",       TIPC_IMPORTANCE,       KIN_UINT,   BOTH),
    .names = tipc_importances,
    .help = "low, medium, high or critical: the higher, the later dropped" },
  { OPTION ("tipc.mcast-broadcast",  TIPC_MCAST_BROADCAST,  KIN_LENGTH, WRITE), .names = tipc_now,
    .help = "from now on multicast by the links' broadcast: now" },
  { OPTION ("tipc.mcast-replicast",  TIPC_MCAST_REPLICAST,  KIN_LENGTH, WRITE), .names = tipc_now,
    .help = "from now on multicast by a copy for each node: now" },
  { OPTION ("tipc.node-recvq-depth", TIPC_NODE_RECVQ_DEPTH, KIN_UINT,   READ),
    .help = "messages that wait on this node; 0 since Linux 3.10" },
  { OPTION ("tipc.nodelay",          TIPC_NODELAY,          KIN_BOOL,   WRITE),
    .help = "do not wait for more to fill a packet: streams" },
  { OPTION ("tipc.sock-recvq-depth", TIPC_SOCK_RECVQ_DEPTH, KIN_UINT,   READ),
    .help = "messages that wait to be received" },
  { OPTION ("tipc.sock-recvq-used",  TIPC_SOCK_RECVQ_USED,  KIN_UINT,   READ),
    .help = "bytes of memory that they take" },
  { OPTION ("tipc.src-droppable",    TIPC_SRC_DROPPABLE,    KIN_BOOL,   BOTH),
    .help = "drop what cannot be sent at once; not for streams" },
};

/* The first two come with a message of length 0 that could not be delivered, and came back. */
static const KinControl tipc_controls[] = {
  { .name  = "tipc.destname", .help   = "the name or range that it was sent to",
    .level = SOL_TIPC,        .number = TIPC_DESTNAME,
    .kind  = KIN_STRUCT,      .size   = sizeof (struct tipc_service_range), .flags = READ,
    .fields = KIN_TABLE (tipc_service) },
  { .name  = "tipc.errinfo",  .help   = "why it came back, and its length",
    .level = SOL_TIPC,        .number = TIPC_ERRINFO,
    .kind  = KIN_STRUCT,      .size   = 8,                                  .flags = READ,
    .fields = KIN_TABLE (tipc_error) },
  { .name  = "tipc.retdata",  .help   = "what came back, 1024 bytes of it at most",
    .level = SOL_TIPC,        .number = TIPC_RETDATA,
    .kind  = KIN_BYTES,       .size   = 1024,                               .flags = READ },
};

#define NOBODY "no socket has that name, or none that this node sees: tipc nametable show"

static const KinHint tipc_hints[] = {
  { .operation = "open",    .code = EAFNOSUPPORT,    .sentence = "load it: modprobe tipc" },
  { .operation = "bind",    .code = EACCES,          .sentence = "types below 64 are TIPC's own" },
  { .operation = "bind",    .code = EAFNOSUPPORT,
    .sentence = "the kernel chooses a socket's id; bind a name, or a range" },
  { .operation = "bind",    .code = EINVAL,
    .sentence = "lower is greater than upper, or the socket is connected or in a group" },
  { .operation = "listen",  .code = EINVAL,          .sentence = "the socket is connected" },
  { .operation = "connect", .code = ECONNREFUSED,
    .sentence = "the socket that has the name does not listen, or is of another type" },
  { .operation = "connect", .code = EHOSTUNREACH,         .sentence = NOBODY },
  { .operation = "connect", .code = EINVAL,
    .sentence = "a connection goes to a name or an id, not to a range" },
  { .operation = "connect", .code = ETIMEDOUT,       .sentence = "it did not accept in time" },
  { .operation = "send",    .code = ECONNREFUSED,    .sentence = "nobody is there" },
  { .operation = "send",    .code = EDESTADDRREQ,    .sentence = "say where to, or connect it" },
  { .operation = "send",    .code = EHOSTUNREACH,         .sentence = NOBODY },
  { .operation = "send",    .code = EMSGSIZE,
    .sentence = "a message has at most 66000 bytes" },
  { .operation = "receive", .code = ECONNRESET,
    .sentence = "the peer ended, or did not answer, before it had read all" },
  { .operation = "set",     .code = EACCES,
    .sentence = "group types below 64 are TIPC's own, and a socket is in one group at most" },
  { .operation = "set",     .code = EINVAL,
    .sentence = "out of range; or, of groups, the socket is in none, or has no datagrams" },
  { .operation = "set",     .code = ENOPROTOOPT,     .sentence = "not for sockets of this type" },
  { .operation = "shut",    .code = EOPNOTSUPP,
    .sentence = "a connection of TIPC ends both ways at once: SHUT_RDWR" },
};

/* ---- The descriptor ------------------------------------------------------------------------- */

KIN_FAMILY (tipc) = {
  KIN_STAMP,
  .domain    = AF_TIPC,
  .name      = "tipc",
  .summary   = "services of a cluster, by name and not by place",
  .modules   = "tipc",
  .protocols = KIN_TABLE (tipc_protocols),
  .options   = KIN_TABLE (tipc_options),
  .controls  = KIN_TABLE (tipc_controls),
  .constants = KIN_TABLE (tipc_constants),
  .hints     = KIN_TABLE (tipc_hints),
};
