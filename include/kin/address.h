/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin/address.h: what the kernel takes.
 *
 * A KinAddress is a sockaddr, its length and whose it is, by value: copy it, keep it, compare it;
 * there is nothing to free. It reads and writes as text ("unix:/run/x.sock") and as a tuple in the
 * form of Python's socket module ('/run/x.sock'). */
/* clang-format off */
#ifndef KIN_ADDRESS_H
#define KIN_ADDRESS_H

#include <kin/export.h>
#include <kin/family.h>

G_BEGIN_DECLS

KIN_API gboolean    kin_address_parse (KinAddress *address, const char *text, GError **error);
KIN_API char       *kin_address_format (const KinAddress *address);
KIN_API gboolean    kin_address_from_tuple (KinAddress *address, const char *scheme,
                                            GVariant *tuple, GError **error);
KIN_API GVariant   *kin_address_to_tuple (const KinAddress *address);
KIN_API const char *kin_address_scheme (const KinAddress *address);
KIN_API gboolean    kin_address_equal (const KinAddress *a, const KinAddress *b);

G_END_DECLS

#endif
