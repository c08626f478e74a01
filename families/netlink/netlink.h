/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/netlink/netlink.h: what netlink.c, answer.c, describe.c and trip.c share. */
/* clang-format off */
#ifndef NETLINK_NETLINK_H
#define NETLINK_NETLINK_H

#include <linux/netlink.h>
#include <stddef.h>

#include <kin/family.h>

/* Options that are ours: 'NETL'. */
enum { NETLINK_OWN = 0x4e45544c, NETLINK_OWN_ERRORS = 1, NETLINK_OWN_MONITOR = 2 };

/* A refusal in a message of length bytes, an NLMSG_ERROR or the end of a dump: its errno, and what
 * the kernel says about it, "" where it says nothing. 0: it is none. */
int netlink_refusal (const void *data, size_t length, char *words, size_t size);

/* The first attribute of this type, of those that stand in length bytes; NULL: there is none, or it
 * is shorter than least. */
const void *netlink_attribute (const void *data, size_t length, unsigned type, size_t least,
                               size_t *size);

int netlink_describe (const KinAddress *from, const void *data, size_t length,
                      char *line, size_t size);
int netlink_trip (char *reason, size_t size);

extern const KinSocketOps netlink_ops;

#endif
