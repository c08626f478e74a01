/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/ip/constants.h: rows of both families' tables of constants. Included in the middle of a
 * table. */
/* clang-format off */
  CONSTANT (IPPROTO_TCP),
  CONSTANT (IPPROTO_UDP),
