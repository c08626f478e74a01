/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/packet/packet.h: what packet.c, describe.c and trip.c share. */
/* clang-format off */
#ifndef PACKET_PACKET_H
#define PACKET_PACKET_H

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include <kin/family.h>

int packet_describe (const KinAddress *from, const void *data, size_t length,
                     char *line, size_t size);
int packet_payload_describe (const KinAddress *from, const void *data, size_t length,
                             char *line, size_t size);

int packet_raw_trip (char *reason, size_t size);
int packet_dgram_trip (char *reason, size_t size);

#endif
