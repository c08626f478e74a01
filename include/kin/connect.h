/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin/connect.h: from an endpoint to a socket in one call. */
/* clang-format off */
#ifndef KIN_CONNECT_H
#define KIN_CONNECT_H

#include <kin/endpoint.h>
#include <kin/socket.h>

G_BEGIN_DECLS

KIN_API KinSocket *kin_connect (const char *endpoint, gint64 timeout_usec, GError **error);
KIN_API KinSocket *kin_connect_cancellable (const char *endpoint, gint64 timeout_usec,
                                            KinCancel *cancel, GError **error);
KIN_API KinSocket *kin_connect_full (const char *endpoint, const char *source,
                                     gint64 timeout_usec, KinCancel *cancel, GError **error);
KIN_API KinSocket *kin_connect_all_errors (const char *endpoint, const char *source,
                                           gint64 timeout_usec, KinCancel *cancel,
                                           GPtrArray **errors, GError **error);
KIN_API KinSocket *kin_connect_start (const char *endpoint, GError **error);
KIN_API KinSocket *kin_connect_start_full (const char *endpoint, const char *source,
                                           GError **error);
KIN_API gboolean   kin_connect_continue (KinSocket *socket, GError **error);
KIN_API KinSocket *kin_listen (const char *endpoint, GError **error);
KIN_API KinSocket *kin_bind (const char *endpoint, GError **error);
KIN_API gboolean   kin_has_dual_stack (const char *scheme, GError **error);
KIN_API GPtrArray *kin_listen_fds (char ***names, GError **error);

G_END_DECLS

#endif
