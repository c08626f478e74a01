/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin/value.h: values of addresses, options and control messages, written as Python writes them.
 *
 * A value is a GVariant: integers are x, or t for what x cannot hold; truth b; text s; bytes ay;
 * tuples (…); lists av or any array but ay; None an empty maybe. */
/* clang-format off */
#ifndef KIN_VALUE_H
#define KIN_VALUE_H

#include <kin/export.h>

G_BEGIN_DECLS

KIN_API char     *kin_value_print (GVariant *value);
KIN_API GVariant *kin_value_parse (const char *text, GError **error);

G_END_DECLS

#endif
