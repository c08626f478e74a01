/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/ip/ip.h: what the families inet and inet6 share: how hosts and ports are written, the
 * look-up of names, groups that are joined. A static helper, linked into each.
 *
 * Rows of tables that both have are in files of their own, which are included in the middle of a
 * table: options.h, transports.h and so on. */
/* clang-format off */
#ifndef KIN_IP_H
#define KIN_IP_H

#include <stdint.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <kin/family.h>

/* ---- Hosts: host.c ------------------------------------------------------------------------- */

/* What is written where a host may stand. */
typedef enum {
  IP_HOST_BAD,         /* neither an address nor a name */
  IP_HOST_ANY,         /* "", "*", "<any>": all addresses of this machine */
  IP_HOST_BROADCAST,   /* "<broadcast>" */
  IP_HOST_4,           /* 127.0.0.1, and what inet_aton takes: 127.1, 0x7f.1 */
  IP_HOST_6,           /* ::1, in text [::1]; with a scope [fe80::1%eth0] */
  IP_HOST_NAME
} IpHostKind;

typedef struct {
  IpHostKind      kind;
  struct in_addr  four;
  struct in6_addr six;
  char            scope[64];   /* what follows the %, or "" */
} IpHost;

IpHostKind ip_host_read (IpHost *host, KinForm form, const KinMember *member);
/* An interface's index, by name or number; 0 or -ENODEV. */
int        ip_scope_read (const char *scope, uint32_t *index);

#define IP_GET(name) \
  int name (const KinField *field, const void *base, size_t length, KinForm form, \
            KinMember *member)
#define IP_SET(name) \
  int name (const KinField *field, void *base, size_t *length, KinForm form, \
            const KinMember *member)

/* The host of a sockaddr_in or sockaddr_in6. -EAFNOSUPPORT: it is the other's. */
IP_GET (ip_host4_get);
IP_SET (ip_host4_set);
IP_GET (ip_host6_get);
IP_SET (ip_host6_set);

/* An in_addr or in6_addr alone, in an option's struct: no names, no scope. */
IP_GET (ip_bare4_get);
IP_SET (ip_bare4_set);
IP_GET (ip_bare6_get);
IP_SET (ip_bare6_set);

/* A sockaddr_storage of which only the host counts, in an option's struct. */
IP_GET (ip_group4_get);
IP_SET (ip_group4_set);
IP_GET (ip_group6_get);
IP_SET (ip_group6_set);
/* The same of either family. */
IP_GET (ip_peer_get);
IP_SET (ip_peer_set);

/* ---- Ports and names: resolve.c ------------------------------------------------------------ */

/* A port in network order. A word in text is a service, which is looked up as a host's name is. */
IP_GET (ip_port_get);
IP_SET (ip_port_set);

/* getaddrinfo(3): one look-up for all domains asked, in the order of RFC 6724. Members: host, and
 * optionally a port. To bind to all addresses, IPv6 comes first: its socket takes IPv4, too. */
int ip_resolve (const KinQuery *query, KinAddress *results, size_t max_results);
/* The same of hosts alone: what follows the host is no port. */
int ip_resolve_host (const KinQuery *query, KinAddress *results, size_t max_results);

/* ---- Operations ---------------------------------------------------------------------------- */

/* join.c: fills a group that an option leaves out. */
int ip_setsockopt (KinFamilySocket *socket, int level, int number, const void *value,
                   socklen_t size);
/* mptcp.c: TCP where the kernel has no MPTCP. */
extern const KinSocketOps ip_mptcp_ops;
/* many.c: an SCTP socket of many associations is one of datagrams to libkin. */
extern const KinSocketOps ip_many_ops;

#endif
