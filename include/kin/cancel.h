/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin/cancel.h: ends a wait from another thread, or from a signal handler. */
/* clang-format off */
#ifndef KIN_CANCEL_H
#define KIN_CANCEL_H

#include <kin/export.h>

G_BEGIN_DECLS

/**
 * KinCancel: (foreign)
 *
 * An eventfd that every wait it was given to looks at. It stays cancelled until it is reset. All
 * its functions but the last unref may be called from any thread.
 */
typedef struct _KinCancel KinCancel;

KIN_API KinCancel *kin_cancel_new (GError **error);
KIN_API KinCancel *kin_cancel_ref (KinCancel *cancel);
KIN_API void       kin_cancel_unref (KinCancel *cancel);
KIN_API void       kin_cancel_cancel (KinCancel *cancel);
KIN_API gboolean   kin_cancel_is_cancelled (KinCancel *cancel);
KIN_API void       kin_cancel_reset (KinCancel *cancel);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KinCancel, kin_cancel_unref)

G_END_DECLS

#endif
