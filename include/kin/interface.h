/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin/interface.h: network interfaces, by name and index: those of the network namespace that the
 * calling thread is in. */
/* clang-format off */
#ifndef KIN_INTERFACE_H
#define KIN_INTERFACE_H

#include <kin/export.h>

G_BEGIN_DECLS

/**
 * KinInterface:
 * @index: its index, from 1
 * @name: its name: "eth0"
 *
 * A network interface.
 */
typedef struct {
  guint index;
  char *name;
} KinInterface;

KIN_API GPtrArray *kin_if_nameindex (GError **error);
KIN_API guint      kin_if_nametoindex (const char *name, GError **error);
KIN_API char      *kin_if_indextoname (gint64 index, GError **error);

G_END_DECLS

#endif
