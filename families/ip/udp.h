/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/ip/udp.h: what options of UDP hold. */
/* clang-format off */
#ifndef KIN_IP_UDP_H
#define KIN_IP_UDP_H

#include "rows.h"

#include <linux/udp.h>

static const KinName ip_udp_encap_words[] = {
  { "none", 0 }, { "espinudp-non-ike", 1 }, { "espinudp", 2 }, { "l2tpinudp", 3 },
  { "gtp0", 4 }, { "gtp1u", 5 }, { "rxrpc", 6 }, { NULL, 0 },
};

#endif
