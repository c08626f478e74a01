/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin/path.h: the way between two hosts: the longest packet that passes, and what routers mark. */
/* clang-format off */
#ifndef KIN_PATH_H
#define KIN_PATH_H

#include <kin/message.h>
#include <kin/socket.h>

G_BEGIN_DECLS

/**
 * KinEcn:
 * @KIN_ECN_NONE: the sender does not take part
 * @KIN_ECN_1: it does, ECT(1); L4S, RFC 9331
 * @KIN_ECN_0: it does, ECT(0)
 * @KIN_ECN_CONGESTED: a router was about to drop it, CE
 * @KIN_ECN_MASK: the bits of a traffic class that these are; the other six are DSCP
 *
 * Explicit Congestion Notification, RFC 3168.
 */
typedef enum {
  KIN_ECN_NONE = 0,
  KIN_ECN_1 = 1,
  KIN_ECN_0 = 2,
  KIN_ECN_CONGESTED = 3,
  KIN_ECN_MASK = 3
} KinEcn;

KIN_API gssize   kin_socket_path_mtu (KinSocket *socket, GError **error);
KIN_API gboolean kin_socket_tell_traffic_class (KinSocket *socket, GError **error);
KIN_API gboolean kin_message_add_traffic_class (KinMessage *message, KinSocket *socket,
                                                guint traffic_class, GError **error);
KIN_API int      kin_message_get_traffic_class (const KinMessage *message, KinSocket *socket);

G_END_DECLS

#endif
