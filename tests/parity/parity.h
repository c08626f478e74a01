/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/parity/parity.h: tests of what Python's socket documentation promises, one a row of
 * docs/python.md and named as it: ROW ("creation: socketpair TCP fallback", test_fallback). */
/* clang-format off */
#ifndef TEST_PARITY_H
#define TEST_PARITY_H

#include "../shared/sockets.h"

#define ROW(name, function) { name, function, NULL, NULL, NULL }

#endif
