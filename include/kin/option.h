/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin/option.h: options of a socket, by name and typed, or by number and raw.
 *
 * A name is looked for in the socket's family, then among those that every socket has (so.…). Of a
 * socket that stands over another the outermost family that has the name takes it. */
/* clang-format off */
#ifndef KIN_OPTION_H
#define KIN_OPTION_H

#include <kin/address.h>

G_BEGIN_DECLS

KIN_API gboolean  kin_socket_set_option (KinSocket *socket, const char *name, GVariant *value,
                                         GError **error);
KIN_API GVariant *kin_socket_get_option (KinSocket *socket, const char *name, GError **error);
KIN_API gboolean  kin_socket_set_option_text (KinSocket *socket, const char *name,
                                              const char *text, GError **error);
KIN_API char     *kin_socket_get_option_text (KinSocket *socket, const char *name,
                                              GError **error);
KIN_API gboolean  kin_socket_setsockopt (KinSocket *socket, int level, int number,
                                         gconstpointer value, gsize length, GError **error);
KIN_API gssize    kin_socket_getsockopt (KinSocket *socket, int level, int number, gpointer value,
                                         gsize size, GError **error);

G_END_DECLS

#endif
