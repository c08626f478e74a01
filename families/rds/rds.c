/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rds: reliable datagrams between any number of programs, over one connection a pair of machines.
 *
 * A host and a port, rds:192.0.2.1:7200 or rds:[2001:db8::1]:7200: the sockaddrs of IPv4 and IPv6.
 * The host must be one of this machine's; there is none for all of them. Messages to 127.0.0.1 stay
 * in the kernel, others go by TCP (port 16385) or InfiniBand, whichever transport has the address.
 *
 * The kernel calls these sockets SOCK_SEQPACKET, but nothing is listened for or accepted: they are
 * used as UDP's are, so their row has SOCK_DGRAM. Ours is what connect does. The kernel sends
 * nothing without a name, so the socket gets that of this machine on the way to its peer. And the
 * kernel drops what a socket sent before the machines were connected, if it is closed until then:
 * so the peer's machine is pinged, as rds-ping(1) does it, and connect ends when it answers.
 *
 * A full receiver, of which the kernel says ENOBUFS or waits for ever, is waited for with the
 * socket's timeout. See networking/rds in the kernel's documentation, and rds(7) of rds-tools. */
#include "../ip/rows.h"
#include "info.h"
#include "rdma.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#ifndef AF_RDS
#define AF_RDS 21
#endif

/* ---- The address --------------------------------------------------------------------------- */

/* A whole sockaddr, of the length that its family has: the kernel tells them apart by that. */
static int
rds_peer_set (const KinField *field, void *base, size_t *length, KinForm form,
              const KinMember *member)
{
  int rc = ip_peer_set (field, base, length, form, member);
  sa_family_t family;

  memcpy (&family, base, sizeof family);
  *length = family == AF_INET6 ? sizeof (struct sockaddr_in6) : sizeof (struct sockaddr_in);
  return rc;
}

/* clang-format off */
static const KinField rds_address4[] = {
  { .name = "host", .kind = KIN_CUSTOM, KIN_AT (struct sockaddr_in, sin_addr),
    .flags = KIN_FIELD_HOST, .get = ip_host4_get, .set = ip_host4_set },
  { .name = "port", .kind = KIN_CUSTOM, KIN_AT (struct sockaddr_in, sin_port), .bits = 16,
    .get = ip_port_get, .set = ip_port_set },
};

static const KinField rds_address6[] = {
  { .name = "host", .kind = KIN_CUSTOM, KIN_AT (struct sockaddr_in6, sin6_addr),
    .flags = KIN_FIELD_HOST, .get = ip_host6_get, .set = ip_host6_set },
  { .name = "port", .kind = KIN_CUSTOM, KIN_AT (struct sockaddr_in6, sin6_port), .bits = 16,
    .get = ip_port_get, .set = ip_port_set },
  { .name = "flowinfo", .kind = KIN_UINT, KIN_AT (struct sockaddr_in6, sin6_flowinfo), .bits = 20,
    .flags = KIN_FIELD_BIG_ENDIAN | KIN_FIELD_OPTIONAL | KIN_FIELD_TUPLE_ONLY },
  { .name = "scope_id", .kind = KIN_UINT, KIN_AT (struct sockaddr_in6, sin6_scope_id),
    .flags = KIN_FIELD_OPTIONAL | KIN_FIELD_TUPLE_ONLY },
};

/* A host of IPv4 is declined by the first. */
static const KinAddressCodec rds_codecs[] = {
  { .bytes  = sizeof (struct sockaddr_in6), .separator = ':', .domain = AF_INET6,
    .fields = KIN_TABLE (rds_address6),     .resolve   = ip_resolve },
  { .bytes  = sizeof (struct sockaddr_in),  .separator = ':', .domain = AF_INET,
    .fields = KIN_TABLE (rds_address4),     .resolve   = ip_resolve },
};

/* Ports lie in one place. */
static const KinField rds_peer[] = {
  { .name = "host", .kind = KIN_CUSTOM, .offset = 0, .size = sizeof (struct sockaddr_in6),
    .get = ip_peer_get, .set = rds_peer_set },
  { .name = "port", .kind = KIN_UINT, KIN_AT (struct sockaddr_in6, sin6_port),
    .flags = KIN_FIELD_BIG_ENDIAN },
};

/* Where a message's time is taken: numbers of enum rds_message_rxpath_latency. */
static const KinField rds_trace_points[] = {
  { .name = "count", .kind = KIN_UINT,  KIN_AT (struct rds_rx_trace_so, rx_traces) },
  { .name = "first", .kind = KIN_UINT,  KIN_AT (struct rds_rx_trace_so, rx_trace_pos[0]) },
  { .name = "second", .kind = KIN_UINT, KIN_AT (struct rds_rx_trace_so, rx_trace_pos[1]),
    .flags = KIN_FIELD_OPTIONAL },
  { .name = "third", .kind = KIN_UINT,  KIN_AT (struct rds_rx_trace_so, rx_trace_pos[2]),
    .flags = KIN_FIELD_OPTIONAL },
};

static const KinField rds_traces[] = {
  { .name = "count",  .kind = KIN_UINT, KIN_AT (struct rds_cmsg_rx_trace, rx_traces) },
  { .name = "first",  .kind = KIN_UINT, KIN_AT (struct rds_cmsg_rx_trace, rx_trace_pos[0]) },
  { .name = "second", .kind = KIN_UINT, KIN_AT (struct rds_cmsg_rx_trace, rx_trace_pos[1]) },
  { .name = "third",  .kind = KIN_UINT, KIN_AT (struct rds_cmsg_rx_trace, rx_trace_pos[2]) },
  { .name = "first_ns",  .kind = KIN_UINT, KIN_AT (struct rds_cmsg_rx_trace, rx_trace[0]) },
  { .name = "second_ns", .kind = KIN_UINT, KIN_AT (struct rds_cmsg_rx_trace, rx_trace[1]) },
  { .name = "third_ns",  .kind = KIN_UINT, KIN_AT (struct rds_cmsg_rx_trace, rx_trace[2]) },
};

/* As many numbers as there is room for; the first says how many count. */
static const KinField rds_zcopy_cookies[] = {
  { .name = "number", .kind = KIN_UINT, .offset = 0, .size = sizeof (uint32_t) },
};

static const KinName rds_transports[] = {
  { "ib",   RDS_TRANS_IB }, { "tcp", RDS_TRANS_TCP }, { "none", (uint32_t) RDS_TRANS_NONE },
  { NULL,   0 },
};
/* clang-format on */

/* ---- Operations ---------------------------------------------------------------------------- */

/* In sockaddr_in and sockaddr_in6 it lies in one place. */
static in_port_t *
port_of (struct sockaddr_storage *address)
{
  return &((struct sockaddr_in *) address)->sin_port;
}

static int
is_bound (int fd)
{
  struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
  socklen_t size = sizeof address;

  return getsockname (fd, (struct sockaddr *) &address, &size) == 0 && *port_of (&address) != 0;
}

/* The address of this machine from which the peer is reached: that of a UDP socket, which sends
 * nothing. */
static int
find_own (const struct sockaddr *peer, socklen_t length, struct sockaddr_storage *own)
{
  socklen_t size = sizeof *own;
  int guide = socket (peer->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = 0;

  if (guide < 0)
    return -errno;
  if (connect (guide, peer, length) < 0 || getsockname (guide, (struct sockaddr *) own, &size) < 0)
    rc = -errno;
  close (guide);
  *port_of (own) = 0;
  return rc;
}

static int
bind_on_the_way (int fd, const struct sockaddr *peer, socklen_t length)
{
  struct sockaddr_storage own = { .ss_family = AF_UNSPEC };
  int rc = find_own (peer, length, &own);

  return rc < 0 || bind (fd, (struct sockaddr *) &own, length) == 0 ? rc : -errno;
}

/* To a ping between two addresses of one machine the kernel's loopback answers the wrong one. */
static int
may_ping (int fd, const void *address, size_t length)
{
  struct sockaddr_storage peer = { .ss_family = AF_UNSPEC }, own = peer;
  socklen_t size = sizeof own;
  int guide, is_own;

  memcpy (&peer, address, length);
  getsockname (fd, (struct sockaddr *) &own, &size);
  *port_of (&own) = *port_of (&peer);
  if (memcmp (&own, &peer, length) == 0)
    return 1;
  *port_of (&peer) = 0;
  guide = socket (peer.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  is_own = guide >= 0 && bind (guide, (struct sockaddr *) &peer, (socklen_t) length) == 0;
  if (guide >= 0)
    close (guide);
  return !is_own;
}

/* Answers to pings come from port 0, which no socket has, and are empty. */
static int
is_pong (ssize_t n, struct sockaddr_storage *from)
{
  return n == 0 && *port_of (from) == 0;
}

static int
ping (int fd, const void *address, size_t length)
{
  struct sockaddr_storage peer;

  memcpy (&peer, address, length);
  *port_of (&peer) = 0;
  if (sendto (fd, "", 0, MSG_DONTWAIT, (struct sockaddr *) &peer, (socklen_t) length) < 0)
    return -errno;
  return -EINPROGRESS;
}

/* What others sent to a socket that was bound before stays there. */
static int
await_pong (int fd)
{
  struct sockaddr_storage from;
  socklen_t size = sizeof from;
  ssize_t n = recvfrom (fd, NULL, 0, MSG_PEEK | MSG_DONTWAIT, (struct sockaddr *) &from, &size);

  if (n < 0)
    return errno == EAGAIN ? -EINPROGRESS : -errno;
  if (is_pong (n, &from))
    recv (fd, NULL, 0, MSG_DONTWAIT);
  return 0;
}

/* Called again until the pong is there; state says that it is waited for. */
static int
rds_connect (KinFamilySocket *socket, const void *address, size_t length)
{
  static char is_on_its_way;
  int rc;

  if (length > sizeof (struct sockaddr_storage))
    return -EINVAL;
  if (socket->state)
    rc = await_pong (socket->fd);
  else {
    rc = is_bound (socket->fd) ? 0 : bind_on_the_way (socket->fd, address, (socklen_t) length);
    if (rc == 0 && connect (socket->fd, address, (socklen_t) length) < 0)
      rc = -errno;
    if (rc == 0 && may_ping (socket->fd, address, length))
      rc = ping (socket->fd, address, length);
  }
  socket->state = rc == -EINPROGRESS ? &is_on_its_way : NULL;
  return rc;
}

static int
rds_poll (KinFamilySocket *socket, int wanted)
{
  return socket->state ? POLLIN : wanted;
}

/* A pong that came late is nobody's message. */
static ssize_t
rds_recvmsg (KinFamilySocket *socket, struct msghdr *message, int flags)
{
  struct sockaddr_storage from;
  struct msghdr taken;
  ssize_t n;

  for (;;) {
    from.ss_family = AF_UNSPEC;
    taken = *message;
    taken.msg_name = &from;
    taken.msg_namelen = sizeof from;
    n = recvmsg (socket->fd, &taken, flags);
    if (n < 0)
      return -errno;
    if (from.ss_family == AF_UNSPEC || !is_pong (n, &from))
      break;
    if (flags & MSG_PEEK)
      recv (socket->fd, NULL, 0, MSG_DONTWAIT);
  }
  if (message->msg_name) {
    socklen_t room = message->msg_namelen;

    memcpy (message->msg_name, &from, taken.msg_namelen < room ? taken.msg_namelen : room);
    message->msg_namelen = taken.msg_namelen;
  }
  message->msg_controllen = taken.msg_controllen;
  message->msg_flags = taken.msg_flags;
  return n;
}

/* ENOBUFS: the receiver's buffer is full, its port is congested. No poll tells when it is not. */
static ssize_t
rds_sendmsg (KinFamilySocket *socket, const struct msghdr *message, int flags)
{
  ssize_t n = sendmsg (socket->fd, message, flags);

  if (n >= 0)
    return n;
  return errno == ENOBUFS ? -EAGAIN : -errno;
}

/* ---- Tables -------------------------------------------------------------------------------- */

/* clang-format off */
/* Of the kernel's own times comes ETIMEDOUT, as if from the peer: so libkin polls. */
static const KinProtocol rds_protocols[] = {
  { .scheme  = "rds", .type = SOCK_DGRAM, .kernel_type = SOCK_SEQPACKET,
    .flags   = KIN_PROTOCOL_REFUSES_NOSIGNAL,
    .codecs  = KIN_TABLE (rds_codecs), .grammar = "HOST:PORT or [HOST]:PORT",
    .example = "rds:127.0.0.1:7200",   .loopback = "127.0.0.1:0" },
};

#define LIST(word, number_, words, type, table) \
  { .name  = word,      .help   = words, \
    .level = SOL_RDS,   .number = number_, \
    .kind  = KIN_ARRAY, .size   = sizeof (type), .fields = KIN_TABLE (table), READ }

static const KinOption rds_options[] = {
  { .name  = "rds.cancel-sent-to",  .help   = "forget what was sent there and is not acknowledged",
    .level = SOL_RDS,               .number = RDS_CANCEL_SENT_TO,  WRITE,
    STRUCT (struct sockaddr_in6, rds_peer) },
  { .name  = "rds.cong-monitor",    .help   = "say which ports take messages again, not only wake",
    .level = SOL_RDS,               .number = RDS_CONG_MONITOR,    TRUTH,  WRITE },
  LIST ("rds.connections",      RDS_INFO_CONNECTIONS,      "all connections over IPv4",
        struct rds_info_connection,       rds_connections),
  LIST ("rds.connections6",     RDS6_INFO_CONNECTIONS,     "all connections",
        struct rds6_info_connection,      rds_connections6),
  LIST ("rds.counters",         RDS_INFO_COUNTERS,         "what was counted since the module came",
        struct rds_info_counter,          rds_counters),
  { .name  = "rds.free-mr",         .help   = "give memory back that the peer could reach (RDMA)",
    .level = SOL_RDS,               .number = RDS_FREE_MR,         WRITE,
    STRUCT (struct rds_free_mr_args, rds_free_mr) },
  { .name  = "rds.get-mr",          .help   = "let the peer reach memory of this process (RDMA)",
    .level = SOL_RDS,               .number = RDS_GET_MR,          WRITE,
    STRUCT (struct rds_get_mr_args, rds_get_mr) },
  { .name  = "rds.get-mr-for-dest", .help   = "let a host reach memory of this process (RDMA)",
    .level = SOL_RDS,               .number = RDS_GET_MR_FOR_DEST, WRITE,
    STRUCT (struct rds_get_mr_for_dest_args, rds_get_mr_for_dest) },
  LIST ("rds.ib-connections",   RDS_INFO_IB_CONNECTIONS,   "all of InfiniBand over IPv4",
        struct rds_info_rdma_connection,  rds_ib_connections),
  LIST ("rds.ib-connections6",  RDS6_INFO_IB_CONNECTIONS,  "all of InfiniBand",
        struct rds6_info_rdma_connection, rds_ib_connections6),
  LIST ("rds.recv-messages",    RDS_INFO_RECV_MESSAGES,    "what waits to be received, IPv4",
        struct rds_info_message,          rds_messages),
  LIST ("rds.recv-messages6",   RDS6_INFO_RECV_MESSAGES,   "what waits to be received",
        struct rds6_info_message,         rds_messages6),
  { .name  = "rds.recverr",         .help   = "say what becomes of RDMA requests, where it failed",
    .level = SOL_RDS,               .number = RDS_RECVERR,         TRUTH,  BOTH },
  LIST ("rds.retrans-messages", RDS_INFO_RETRANS_MESSAGES, "what waits to be acknowledged, IPv4",
        struct rds_info_message,          rds_messages),
  LIST ("rds.retrans-messages6", RDS6_INFO_RETRANS_MESSAGES, "what waits to be acknowledged",
        struct rds6_info_message,         rds_messages6),
  { .name  = "rds.rxpath-latency",  .help   = "say how long messages took to points of their way",
    .level = SOL_RDS,               .number = SO_RDS_MSG_RXPATH_LATENCY, WRITE,
    STRUCT (struct rds_rx_trace_so, rds_trace_points) },
  LIST ("rds.send-messages",    RDS_INFO_SEND_MESSAGES,    "what waits to be sent, IPv4",
        struct rds_info_message,          rds_messages),
  LIST ("rds.send-messages6",   RDS6_INFO_SEND_MESSAGES,   "what waits to be sent",
        struct rds6_info_message,         rds_messages6),
  LIST ("rds.sockets",          RDS_INFO_SOCKETS,          "all sockets of IPv4",
        struct rds_info_socket,           rds_sockets),
  LIST ("rds.sockets6",         RDS6_INFO_SOCKETS,         "all sockets",
        struct rds6_info_socket,          rds_sockets6),
  LIST ("rds.tcp-sockets",      RDS_INFO_TCP_SOCKETS,      "the TCP under all connections, IPv4",
        struct rds_info_tcp_socket,       rds_tcp_sockets),
  LIST ("rds.tcp-sockets6",     RDS6_INFO_TCP_SOCKETS,     "the TCP under all connections",
        struct rds6_info_tcp_socket,      rds_tcp_sockets6),
  { .name  = "rds.transport",       .help   = "what carries the messages: once, before bind",
    .level = SOL_RDS,               .number = SO_RDS_TRANSPORT,    NUMBER, BOTH,
    .names = rds_transports },
};

static const KinControl rds_controls[] = {
  { .name  = "rds.compare-swap",  .help   = "change the peer's memory if it is as expected (RDMA)",
    .level = SOL_RDS,             .number = RDS_CMSG_ATOMIC_CSWP,        WRITE,
    STRUCT (struct rds_atomic_args, rds_compare_swap) },
  { .name  = "rds.cong-update",   .help   = "bits of ports, modulo 64, that take messages again",
    .level = SOL_RDS,             .number = RDS_CMSG_CONG_UPDATE,        READ,
    .kind  = KIN_UINT,            .size   = sizeof (uint64_t), .enabled_by = "rds.cong-monitor" },
  { .name  = "rds.fetch-add",     .help   = "add to the peer's memory (RDMA)",
    .level = SOL_RDS,             .number = RDS_CMSG_ATOMIC_FADD,        WRITE,
    STRUCT (struct rds_atomic_args, rds_fetch_add) },
  { .name  = "rds.masked-compare-swap", .help = "the same of some bits (RDMA)",
    .level = SOL_RDS,             .number = RDS_CMSG_MASKED_ATOMIC_CSWP, WRITE,
    STRUCT (struct rds_atomic_args, rds_masked_compare_swap) },
  { .name  = "rds.masked-fetch-add", .help = "the same of some bits (RDMA)",
    .level = SOL_RDS,             .number = RDS_CMSG_MASKED_ATOMIC_FADD, WRITE,
    STRUCT (struct rds_atomic_args, rds_masked_fetch_add) },
  { .name  = "rds.rdma",          .help   = "read or write the peer's memory (RDMA)",
    .level = SOL_RDS,             .number = RDS_CMSG_RDMA_ARGS,          WRITE,
    STRUCT (struct rds_rdma_args, rds_rdma) },
  { .name  = "rds.rdma-dest",     .help   = "the memory that a message is about (RDMA)",
    .level = SOL_RDS,             .number = RDS_CMSG_RDMA_DEST,          BOTH,
    .kind  = KIN_UINT,            .size   = sizeof (uint64_t) },
  { .name  = "rds.rdma-map",      .help   = "let the receiver reach memory of this process (RDMA)",
    .level = SOL_RDS,             .number = RDS_CMSG_RDMA_MAP,           WRITE,
    STRUCT (struct rds_get_mr_args, rds_get_mr) },
  { .name  = "rds.rdma-status",   .help   = "what became of a request (RDMA)",
    .level = SOL_RDS,             .number = RDS_CMSG_RDMA_STATUS,        READ,
    STRUCT (struct rds_rdma_notify, rds_rdma_status) },
  { .name  = "rds.rxpath-latency", .help  = "nanoseconds to the points that were asked for",
    .level = SOL_RDS,             .number = RDS_CMSG_RXPATH_LATENCY,     READ,
    STRUCT (struct rds_cmsg_rx_trace, rds_traces) },
  { .name  = "rds.zcopy-completion", .help = "how many, then the cookies whose bytes are free",
    .level = SOL_RDS,             .number = RDS_CMSG_ZCOPY_COMPLETION,   READ,
    .kind  = KIN_ARRAY,           .size   = sizeof (uint32_t),
    .fields = KIN_TABLE (rds_zcopy_cookies) },
  { .name  = "rds.zcopy-cookie",  .help   = "what the end of a zero-copy send is told by",
    .level = SOL_RDS,             .number = RDS_CMSG_ZCOPY_COOKIE,       WRITE,
    .kind  = KIN_UINT,            .size   = sizeof (uint32_t) },
};

static const KinConstant rds_constants[] = {
  CONSTANT (AF_RDS),
  { .name = "PF_RDS", .value = AF_RDS },
  CONSTANT (RDS_CANCEL_SENT_TO),
  { .name = "RDS_CMSG_RDMA_ARGS",   .value = RDS_CMSG_RDMA_ARGS },
  { .name = "RDS_CMSG_RDMA_DEST",   .value = RDS_CMSG_RDMA_DEST },
  { .name = "RDS_CMSG_RDMA_MAP",    .value = RDS_CMSG_RDMA_MAP },
  { .name = "RDS_CMSG_RDMA_STATUS", .value = RDS_CMSG_RDMA_STATUS },
  /* An older name of RDS_CMSG_CONG_UPDATE, and Python's. */
  { .name = "RDS_CMSG_RDMA_UPDATE", .value = RDS_CMSG_CONG_UPDATE },
  CONSTANT (RDS_CONG_MONITOR),
  CONSTANT (RDS_FREE_MR),
  CONSTANT (RDS_GET_MR),
  CONSTANT (RDS_GET_MR_FOR_DEST),
  CONSTANT (RDS_RDMA_DONTWAIT),
  CONSTANT (RDS_RDMA_FENCE),
  CONSTANT (RDS_RDMA_INVALIDATE),
  CONSTANT (RDS_RDMA_NOTIFY_ME),
  CONSTANT (RDS_RDMA_READWRITE),
  CONSTANT (RDS_RDMA_SILENT),
  CONSTANT (RDS_RDMA_USE_ONCE),
  CONSTANT (RDS_RECVERR),
  CONSTANT (RDS_TRANS_IB),
  { .name = "RDS_TRANS_NONE",       .value = (uint32_t) RDS_TRANS_NONE },
  CONSTANT (RDS_TRANS_TCP),
  CONSTANT (SOL_RDS),
  CONSTANT (SO_RDS_MSG_RXPATH_LATENCY),
  CONSTANT (SO_RDS_TRANSPORT),
};

static const KinHint rds_hints[] = {
  { .operation = "open",    .code     = EAFNOSUPPORT,
    .sentence  = "load it: modprobe -a rds rds_tcp" },
  { .operation = "bind",    .code     = EADDRINUSE,
    .sentence  = "another socket has that port; 0 takes a free one" },
  { .operation = "bind",    .code     = EADDRNOTAVAIL,
    .sentence  = "it must be an address of this machine that a transport has: modprobe rds_tcp, or "
                 "rds_rdma for InfiniBand" },
  { .operation = "bind",    .code     = EINVAL,
    .sentence  = "a socket has one address of this machine: not all of them, no group, and a "
                 "link-local one with its scope; and it is bound once" },
  { .operation = "connect", .code     = EADDRNOTAVAIL,
    .sentence  = "no transport has the address of this machine on the way there: modprobe rds_tcp, "
                 "or rds_rdma for InfiniBand" },
  { .operation = "connect", .code     = EDESTADDRREQ,
    .sentence  = "a peer has one address: all of them are none" },
  { .operation = "connect", .code     = ENETUNREACH,
    .sentence  = "there is no route: ip route get ADDRESS" },
  { .operation = "send",    .code     = EMSGSIZE,
    .sentence  = "a message must fit the send buffer: raise so.sndbuf" },
  { .operation = "send",    .code     = ENOTCONN,
    .sentence  = "a socket that sends must be bound, or connected" },
  { .operation = "send",    .code     = EOPNOTSUPP,
    .sentence  = "the transport has no RDMA, which InfiniBand has; and of flags RDS takes "
                 "MSG_DONTWAIT alone" },
  { .operation = "set",     .code     = EINVAL,
    .sentence  = "that is done before, or after, the socket is bound" },
  { .operation = "set",     .code     = ENOTCONN,
    .sentence  = "bind it first" },
  { .operation = "set",     .code     = EOPNOTSUPP,
    .sentence  = "the transport is chosen once, before bind; and only InfiniBand has RDMA" },
  { .operation = "get",     .code     = ENOPROTOOPT,
    .sentence  = "its module is not loaded: rds_tcp, or rds_rdma for InfiniBand" },
  { .operation = "get",     .code     = ENOSPC,
    .sentence  = "the list is longer than 64 KiB" },
};

/* ---- The descriptor ------------------------------------------------------------------------ */

static const KinSocketOps rds_ops = {
  .size    = sizeof (KinSocketOps),
  .connect = rds_connect,
  .sendmsg = rds_sendmsg,
  .recvmsg = rds_recvmsg,
  .poll    = rds_poll,
};

KIN_FAMILY (rds) = {
  KIN_STAMP,
  .domain    = AF_RDS,
  .name      = "rds",
  .summary   = "reliable datagrams over TCP or InfiniBand",
  .modules   = "rds rds_tcp",
  .protocols = KIN_TABLE (rds_protocols),
  .options   = KIN_TABLE (rds_options),
  .controls  = KIN_TABLE (rds_controls),
  .constants = KIN_TABLE (rds_constants),
  .hints     = KIN_TABLE (rds_hints),
  .ops       = &rds_ops,
};
