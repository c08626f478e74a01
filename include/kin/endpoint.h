/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin/endpoint.h: what a person writes, "scheme:rest[?option=value&…]", or a typed tuple. */
/* clang-format off */
#ifndef KIN_ENDPOINT_H
#define KIN_ENDPOINT_H

#include <kin/address.h>
#include <kin/cancel.h>

G_BEGIN_DECLS

/**
 * KinEndpoint: (foreign)
 *
 * A parsed endpoint: whose it is, its address or the name that has to be looked up, and its
 * options. Constant once made; any thread may read it.
 */
typedef struct _KinEndpoint KinEndpoint;

KIN_API KinEndpoint *kin_endpoint_new (const char *text, GError **error);
KIN_API KinEndpoint *kin_endpoint_new_tuple (const char *scheme, GVariant *tuple, GError **error);
KIN_API void         kin_endpoint_free (KinEndpoint *endpoint);
KIN_API char        *kin_endpoint_format (const KinEndpoint *endpoint);
KIN_API const char  *kin_endpoint_scheme (const KinEndpoint *endpoint);
KIN_API gboolean     kin_endpoint_address (const KinEndpoint *endpoint, KinAddress *address,
                                           GError **error);
KIN_API KinAddress  *kin_endpoint_resolve (const KinEndpoint *endpoint, gboolean is_passive,
                                           gint64 timeout_usec, KinCancel *cancel,
                                           gsize *n_addresses, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KinEndpoint, kin_endpoint_free)

G_END_DECLS

#endif
