/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/shared/ip-options.h: the rows of test-ip-options: what an option is set to, on which socket,
 * and why one is not set and read back. */
/* clang-format off */
#ifndef TEST_IP_OPTIONS_H
#define TEST_IP_OPTIONS_H

#include <errno.h>

#include <glib.h>

typedef enum {
  BOTH_WAYS,
  MOVES,      /* the kernel goes on counting: what is read is at most 10,000 more */
  STAYS,      /* the kernel takes it, but what is read is another thing */
  READ_ONLY,  /* it has a value */
  WRITE_ONLY, /* the kernel has no way to read it; set twice, it answers code the second time */
  NOT_HERE    /* it takes a part of the kernel that may be missing: then it answers code */
} How;

/* A # is the family's digit, 4 or 6, and @ its loopback address. */
typedef struct {
  const char *name;
  const char *where; /* a scheme: a new socket; "=SCHEME[?OPTIONS]": a connection, and options set
                        on it; else an endpoint to bind. NULL: by the name's first word */
  const char *text;  /* NULL: turned around, or one more. "+N": its member N is one more */
  How how;
  const char *back; /* what is read; NULL: text */
  int code;
} Row;

static const Row rows[] = {
  { "icmp.filter",       "raw4:127.0.0.1:icmp",    "7",      BOTH_WAYS,  NULL, 0 },
  { "icmp6.filter",      "raw6:@:icmp6",
    "00000000000000000000000000000000000000000000000000000000000000ff", BOTH_WAYS, NULL, 0 },
  { "ip.block-source",   "udp#::0?ip.join=lo:239.1.2.3", "lo:127.0.0.1:239.1.2.3",
    WRITE_ONLY, NULL, EADDRNOTAVAIL },
  { "ip.hdrincl",        "raw4:127.0.0.1:icmp",    NULL,     BOTH_WAYS,  NULL, 0 },
  { "ip.join",           NULL,             "lo:239.1.2.3", WRITE_ONLY, NULL, EADDRINUSE },
  { "ip.join-source",    NULL,             "lo:127.0.0.1:239.1.2.3",
    WRITE_ONLY, NULL, EADDRNOTAVAIL },
  { "ip.leave",          "udp#::0?ip.join=lo:239.1.2.3", "lo:239.1.2.3",
    WRITE_ONLY, NULL, EADDRNOTAVAIL },
  { "ip.leave-source",   "udp#::0?ip.join-source=lo:127.0.0.1:239.1.2.3",
    "lo:127.0.0.1:239.1.2.3", WRITE_ONLY, NULL, EINVAL },
  { "ip.local-port-range", NULL,           "40000:50000", BOTH_WAYS, NULL, 0 },
  { "ip.mtu",            "=udp4",          NULL,     READ_ONLY,  NULL, 0 },
  { "ip.mtu-discover",   NULL,             "do",     BOTH_WAYS,  NULL, 0 },
  { "ip.multicast-if",   NULL,             "lo",     WRITE_ONLY, NULL, 0 },
  { "ip.nodefrag",       "raw4:127.0.0.1:icmp",    NULL,     BOTH_WAYS,  NULL, 0 },
  { "ip.options",        NULL,             "01010101", BOTH_WAYS, NULL, 0 },
  { "ip.original-dst",   "=tcp#",          NULL,     NOT_HERE,   NULL, ENOPROTOOPT },
  { "ip.protocol",       "raw4:127.0.0.1:icmp",    NULL,     READ_ONLY,  NULL, 0 },
  { "ip.router-alert",   "raw4:127.0.0.1:icmp",    "1",      WRITE_ONLY, NULL, EADDRINUSE },
  { "ip.unblock-source",
    "udp#::0?ip.join=lo:239.1.2.3&ip.block-source=lo:127.0.0.1:239.1.2.3",
    "lo:127.0.0.1:239.1.2.3", WRITE_ONLY, NULL, EADDRNOTAVAIL },
  { "ip.unicast-if",     NULL,             "lo",     BOTH_WAYS,  NULL, 0 },
  { "ipv6.addr-preferences", NULL,         "2",      BOTH_WAYS,  "1026", 0 },
  { "ipv6.block-source", "udp6::0?ipv6.join=lo:[ff02::9]", "lo:[::1]:[ff02::9]",
    WRITE_ONLY, NULL, EADDRNOTAVAIL },
  { "ipv6.checksum",     "raw6:@:tcp",     "2",      BOTH_WAYS,  NULL, 0 },
  { "ipv6.dstopts",      NULL,             "0000010400000000", BOTH_WAYS, NULL, 0 },
  { "ipv6.flowlabel-mgr", NULL,            "[::1]:4660:get:excl:1", WRITE_ONLY, NULL, EPERM },
  { "ipv6.hdrincl",      "raw6:@:raw",     NULL,     BOTH_WAYS,  NULL, 0 },
  { "ipv6.hopopts",      NULL,             "0000010400000000", BOTH_WAYS, NULL, 0 },
  { "ipv6.join",         NULL,             "lo:[ff02::9]", WRITE_ONLY, NULL, EADDRINUSE },
  { "ipv6.join-anycast", NULL,             "k0:[2001:db8::9]", WRITE_ONLY, NULL, 0 },
  { "ipv6.join-source",  NULL,             "lo:[::1]:[ff02::9]",
    WRITE_ONLY, NULL, EADDRNOTAVAIL },
  { "ipv6.leave",        "udp6::0?ipv6.join=lo:[ff02::9]", "lo:[ff02::9]",
    WRITE_ONLY, NULL, EADDRNOTAVAIL },
  { "ipv6.leave-anycast", "udp6::0?ipv6.join-anycast=k0:[2001:db8::9]", "k0:[2001:db8::9]",
    WRITE_ONLY, NULL, ENOENT },
  { "ipv6.leave-source", "udp6::0?ipv6.join-source=lo:[::1]:[ff02::9]", "lo:[::1]:[ff02::9]",
    WRITE_ONLY, NULL, EINVAL },
  { "ipv6.mtu",          "=udp6",          "1280",   STAYS,      NULL, 0 },
  { "ipv6.mtu-discover", NULL,             "do",     BOTH_WAYS,  NULL, 0 },
  { "ipv6.multicast-if", NULL,             "lo",     BOTH_WAYS,  NULL, 0 },
  { "ipv6.original-dst", "=tcp6",          NULL,     NOT_HERE,   NULL, ENOPROTOOPT },
  { "ipv6.pathmtu",      "=udp6",          NULL,     READ_ONLY,  NULL, 0 },
  { "ipv6.pktinfo",      NULL,             "lo:[::1]", WRITE_ONLY, NULL, 0 },
  { "ipv6.router-alert", "raw6:@:raw",     "5",      WRITE_ONLY, NULL, EADDRINUSE },
  { "ipv6.rthdr",        NULL,             "0002040000000000" "20010db8000000000000000000000009",
    BOTH_WAYS, NULL, 0 },
  { "ipv6.rthdrdstopts", NULL,             "0000010400000000", BOTH_WAYS, NULL, 0 },
  { "ipv6.unblock-source",
    "udp6::0?ipv6.join=lo:[ff02::9]&ipv6.block-source=lo:[::1]:[ff02::9]",
    "lo:[::1]:[ff02::9]", WRITE_ONLY, NULL, EADDRNOTAVAIL },
  { "ipv6.unicast-if",   NULL,             "lo",     BOTH_WAYS,  NULL, 0 },
  { "mptcp.info",        "=mptcp#",        NULL,     READ_ONLY,  NULL, 0 },
  { "sctp.asconf-supported", NULL,         "1",      BOTH_WAYS,  NULL, 0 },
  { "sctp.assoc-number", "sctp#-seqpacket", NULL,    READ_ONLY,  NULL, 0 },
  { "sctp.associnfo",    NULL,             "+0",     BOTH_WAYS,  NULL, 0 },
  { "sctp.auth-supported", NULL,           "1",      BOTH_WAYS,  NULL, 0 },
  { "sctp.auto-asconf",  "sctp#::0",       NULL,     BOTH_WAYS,  NULL, 0 },
  { "sctp.autoclose",    "sctp#-seqpacket", NULL,    BOTH_WAYS,  NULL, 0 },
  { "sctp.context",      NULL,             "+0",     BOTH_WAYS,  NULL, 0 },
  { "sctp.default-prinfo", NULL,           "ttl:1000", BOTH_WAYS, NULL, 0 },
  { "sctp.default-sndinfo", NULL,          "+0",     BOTH_WAYS,  NULL, 0 },
  { "sctp.delayed-ack",  NULL,             "+0",     BOTH_WAYS,  NULL, 0 },
  { "sctp.ecn-supported", NULL,            "0",      BOTH_WAYS,  NULL, 0 },
  { "sctp.event",        NULL,             "0x8001:1", WRITE_ONLY, NULL, 0 },
  { "sctp.events",       NULL,             "1:1",    BOTH_WAYS,  NULL, 0 },
  { "sctp.initmsg",      NULL,             "20:30:5:1000", BOTH_WAYS, NULL, 0 },
  { "sctp.interleaving-supported", "sctp#::0?sctp.fragment-interleave=1", "1",
    NOT_HERE, NULL, EPERM },
  { "sctp.max-burst",    NULL,             "+0",     BOTH_WAYS,  NULL, 0 },
  { "sctp.maxseg",       NULL,             "1000",   BOTH_WAYS,  NULL, 0 },
  { "sctp.peer-addr-params", NULL,         "+1",     BOTH_WAYS,  NULL, 0 },
  { "sctp.pr-supported", NULL,             "0",      BOTH_WAYS,  NULL, 0 },
  { "sctp.reconfig-supported", NULL,       "1",      BOTH_WAYS,  NULL, 0 },
  { "sctp.rtoinfo",      NULL,             "+0",     BOTH_WAYS,  NULL, 0 },
  { "sctp.status",       "=sctp#",         NULL,     READ_ONLY,  NULL, 0 },
  { "sctp.stream-scheduler", NULL,         "1",      BOTH_WAYS,  NULL, 0 },
  { "so.acceptconn",     NULL,             NULL,     READ_ONLY,  NULL, 0 },
  { "so.bindtodevice",   NULL,             "lo",     BOTH_WAYS,  NULL, 0 },
  { "so.bindtoifindex",  NULL,             "lo",     BOTH_WAYS,  NULL, 0 },
  { "so.busy-poll-budget", NULL,           "16",     WRITE_ONLY, NULL, 0 },
  { "so.linger",         NULL,             "1:5",    BOTH_WAYS,  NULL, 0 },
  { "so.max-pacing-rate", NULL,            "1000000", BOTH_WAYS, NULL, 0 },
  { "so.rcvbuf",         NULL,             "65536",  BOTH_WAYS,  "131072", 0 },
  { "so.rcvbufforce",    NULL,             "65536",  WRITE_ONLY, NULL, 0 },
  { "so.rcvlowat",       "tcp4",           NULL,     BOTH_WAYS,  NULL, 0 },
  { "so.reserve-mem",    "tcp4",           "65536",  NOT_HERE,   NULL, EOPNOTSUPP },
  { "so.sndbuf",         NULL,             "65536",  BOTH_WAYS,  "131072", 0 },
  { "so.sndbufforce",    NULL,             "65536",  WRITE_ONLY, NULL, 0 },
  { "so.timestamping",   NULL,             "0x10",   BOTH_WAYS,  NULL, 0 },
  { "so.txrehash",       "tcp4",           "0",      BOTH_WAYS,  NULL, 0 },
  { "so.txtime",         NULL,             "monotonic:0x2", BOTH_WAYS, NULL, 0 },
  { "tcp.cc-info",       "=tcp#",          NULL,     READ_ONLY,  NULL, 0 },
  { "tcp.congestion",    NULL,             "reno",   BOTH_WAYS,  NULL, 0 },
  { "tcp.delack-max-us", NULL,             "100000", BOTH_WAYS,  NULL, 0 },
  { "tcp.fastopen-key",  NULL,             "000102030405060708090a0b0c0d0e0f",
    BOTH_WAYS, NULL, 0 },
  { "tcp.info",          "=tcp#",          NULL,     READ_ONLY,  NULL, 0 },
  { "tcp.is-mptcp",      "=tcp#",          NULL,     READ_ONLY,  NULL, 0 },
  { "tcp.md5sig",        NULL,             "@:616263", WRITE_ONLY, NULL, 0 },
  { "tcp.queue-seq",     "tcp#:@:0?tcp.repair=on&tcp.repair-queue=send", "12345",
    BOTH_WAYS, NULL, 0 },
  { "tcp.repair",        NULL,             "on",     BOTH_WAYS,  NULL, 0 },
  { "tcp.repair-options", "=tcp#?tcp.repair=on", "2:1400", WRITE_ONLY, NULL, 0 },
  { "tcp.repair-queue",  "tcp#:@:0?tcp.repair=on", "receive", BOTH_WAYS, NULL, 0 },
  { "tcp.repair-window", "=tcp#?tcp.repair=on", "+2", BOTH_WAYS, NULL, 0 },
  { "tcp.rto-max-ms",    NULL,             "60000",  BOTH_WAYS,  NULL, 0 },
  { "tcp.rto-min-us",    NULL,             "100000", BOTH_WAYS,  NULL, 0 },
  { "tcp.saved-syn",     NULL,             NULL,     READ_ONLY,  NULL, 0 },
  { "tcp.thin-dupack",   NULL,             "1",      STAYS,      NULL, 0 },
  { "tcp.timestamp",     "tcp#:@:0?tcp.repair=on", "1000", MOVES, NULL, 0 },
  { "tcp.ulp",           "=tcp#",          "tls",    NOT_HERE,   NULL, ENOENT },
  { "tcp.window-clamp",  NULL,             "100000", BOTH_WAYS,  NULL, 0 },
  { "udp.encap",         NULL,             "l2tpinudp", BOTH_WAYS, NULL, 0 },
  { "udplite.recv-cscov", NULL,            "20",     BOTH_WAYS,  NULL, 0 },
  { "udplite.send-cscov", NULL,            "20",     BOTH_WAYS,  NULL, 0 },
};
/* An older kernel may answer ENOPROTOOPT. */
static const struct {
  const char *name;
  guint major, minor;
} newer[] = {
  { "ip.local-port-range",  6, 3 },
  { "ip.protocol",          6, 4 },
  { "so.buf-lock",          5, 14 },
  { "so.busy-poll-budget",  5, 11 },
  { "so.netns-cookie",      5, 14 },
  { "so.prefer-busy-poll",  5, 11 },
  { "so.rcvmark",           5, 19 },
  { "so.rcvpriority",       6, 14 },
  { "so.reserve-mem",       5, 16 },
  { "so.txrehash",          5, 18 },
  { "tcp.delack-max-us",    6, 15 },
  { "tcp.is-mptcp",         6, 7 },
  { "tcp.rto-max-ms",       6, 15 },
  { "tcp.rto-min-us",       6, 15 },
};

#endif
