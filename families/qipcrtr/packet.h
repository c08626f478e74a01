/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/qipcrtr/packet.h: packets of the control protocol, as text. */
/* clang-format off */
#ifndef QIPCRTR_PACKET_H
#define QIPCRTR_PACKET_H

#include <kin/family.h>

int     qipcrtr_packet_describe (const KinAddress *from, const void *data, size_t length,
                                 char *line, size_t size);
ssize_t qipcrtr_packet_compose (const char *text, void *data, size_t size,
                                char *reason, size_t reason_size);

#endif
