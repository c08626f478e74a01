/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin/inet.h: numbers in the network's byte order, and internet addresses as bytes and text.
 *
 * What arpa/inet.h does, with the range checks of Python's socket module. Pure: any thread may call
 * them. */
/* clang-format off */
#ifndef KIN_INET_H
#define KIN_INET_H

#include <kin/export.h>

G_BEGIN_DECLS

KIN_API gint64   kin_ntohl (gint64 number, GError **error);
KIN_API gint64   kin_ntohs (gint64 number, GError **error);
KIN_API gint64   kin_htonl (gint64 number, GError **error);
KIN_API gint64   kin_htons (gint64 number, GError **error);

KIN_API gboolean kin_inet_aton (const char *text, guint8 *bytes, GError **error);
KIN_API char    *kin_inet_ntoa (gconstpointer bytes, gsize length, GError **error);
KIN_API gssize   kin_inet_pton (int family, const char *text, guint8 *bytes, GError **error);
KIN_API char    *kin_inet_ntop (int family, gconstpointer bytes, gsize length, GError **error);

G_END_DECLS

#endif
