/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin/export.h: what a declaration of libkin's public interface starts with.
 *
 * Everything else in the library has hidden visibility. */
/* clang-format off */
#ifndef KIN_EXPORT_H
#define KIN_EXPORT_H

#include <glib.h>

#define KIN_API __attribute__ ((visibility ("default"))) extern

#endif
