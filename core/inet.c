/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* inet: byte order and internet addresses, arpa/inet.h with range checks. */
#include "private.h"

#include <arpa/inet.h>
#include <string.h>

/* ---- Byte order ---------------------------------------------------------------------------- */

static gboolean
is_in_range (const char *call, gint64 number, gint64 last, GError **error)
{
  if (number >= 0 && number <= last)
    return TRUE;
  kin__error_set (error, KIN_ERROR_BAD_VALUE,
                  "%s: %" G_GINT64_FORMAT " is out of range (0 to %" G_GINT64_FORMAT ")", call,
                  number, last);
  return FALSE;
}

/**
 * kin_ntohl:
 * @number: 32 bits in the network's byte order
 * @error: return location, or %NULL
 *
 * Returns: @number in the host's byte order, ntohl(3); or -1 with %KIN_ERROR_BAD_VALUE: it is
 *   negative, or has more than 32 bits
 */
gint64
kin_ntohl (gint64 number, GError **error)
{
  return is_in_range ("ntohl", number, G_MAXUINT32, error) ? (gint64) ntohl ((guint32) number) : -1;
}

/**
 * kin_ntohs:
 * @number: 16 bits in the network's byte order
 * @error: return location, or %NULL
 *
 * Returns: @number in the host's byte order, ntohs(3); or -1 with %KIN_ERROR_BAD_VALUE: it is
 *   negative, or has more than 16 bits
 */
gint64
kin_ntohs (gint64 number, GError **error)
{
  return is_in_range ("ntohs", number, G_MAXUINT16, error) ? (gint64) ntohs ((guint16) number) : -1;
}

/**
 * kin_htonl:
 * @number: 32 bits in the host's byte order
 * @error: return location, or %NULL
 *
 * Returns: @number in the network's byte order, htonl(3); or -1 with %KIN_ERROR_BAD_VALUE: it is
 *   negative, or has more than 32 bits
 */
gint64
kin_htonl (gint64 number, GError **error)
{
  return is_in_range ("htonl", number, G_MAXUINT32, error) ? (gint64) htonl ((guint32) number) : -1;
}

/**
 * kin_htons:
 * @number: 16 bits in the host's byte order
 * @error: return location, or %NULL
 *
 * Returns: @number in the network's byte order, htons(3); or -1 with %KIN_ERROR_BAD_VALUE: it is
 *   negative, or has more than 16 bits
 */
gint64
kin_htons (gint64 number, GError **error)
{
  return is_in_range ("htons", number, G_MAXUINT16, error) ? (gint64) htons ((guint16) number) : -1;
}

/* ---- IPv4 ---------------------------------------------------------------------------------- */

static void
fail_text (const char *text, const char *expected, GError **error)
{
  g_autofree char *quoted = kin__quote (text, -1);

  kin__error_set (error, KIN_ERROR_BAD_VALUE, "%s is no address: expected %s", quoted, expected);
}

/**
 * kin_inet_aton:
 * @text: an IPv4 address in any form that inet_aton(3) reads: "127.0.0.1", "127.1", "0x7f.1",
 *   "0177.0.0.1", "2130706433"
 * @bytes: (out caller-allocates) (array fixed-size=4): the address, in network order
 * @error: return location, or %NULL
 *
 * Reads an IPv4 address. What follows a blank, which inet_aton(3) passes over, is refused.
 *
 * Returns: %TRUE, or %FALSE with %KIN_ERROR_BAD_VALUE
 */
gboolean
kin_inet_aton (const char *text, guint8 *bytes, GError **error)
{
  struct in_addr address;

  if (strpbrk (text, " \t\n\v\f\r") || !inet_aton (text, &address)) {
    fail_text (text, "IPv4, one to four numbers between dots", error);
    return FALSE;
  }
  memcpy (bytes, &address, sizeof address);
  return TRUE;
}

/**
 * kin_inet_ntoa:
 * @bytes: (array length=length) (element-type guint8): an IPv4 address in network order
 * @length: how many bytes: 4
 * @error: return location, or %NULL
 *
 * Returns: (transfer full) (nullable): the address as text, "127.0.0.1"; or %NULL with
 *   %KIN_ERROR_BAD_VALUE: @length is not 4
 */
char *
kin_inet_ntoa (gconstpointer bytes, gsize length, GError **error)
{
  return kin_inet_ntop (AF_INET, bytes, length, error);
}

/* ---- Either -------------------------------------------------------------------------------- */

/* How many bytes an address has; 0: the family has no such addresses. */
static gsize
length_of (int family, GError **error)
{
  if (family == AF_INET)
    return 4;
  if (family == AF_INET6)
    return 16;
  kin__error_deliver (error,
                      g_error_new (KIN_OS_ERROR, EAFNOSUPPORT,
                                   "address family %d is neither AF_INET nor AF_INET6", family),
                      EAFNOSUPPORT);
  return 0;
}

/**
 * kin_inet_pton:
 * @family: AF_INET or AF_INET6
 * @text: an address as RFC 4291 and dotted quads write it: no short forms, no %SCOPE
 * @bytes: (out caller-allocates) (array fixed-size=16): the address, in network order; of IPv4 the
 *   first 4
 * @error: return location, or %NULL
 *
 * Reads an address strictly, inet_pton(3).
 *
 * Returns: how many bytes it has, 4 or 16; or -1 with %KIN_ERROR_BAD_VALUE, or %KIN_OS_ERROR
 *   EAFNOSUPPORT: another family
 */
gssize
kin_inet_pton (int family, const char *text, guint8 *bytes, GError **error)
{
  gsize length = length_of (family, error);

  if (length == 0)
    return -1;
  if (inet_pton (family, text, bytes) == 1)
    return (gssize) length;
  fail_text (text, length == 4 ? "IPv4, four numbers between dots" : "IPv6, without a scope",
             error);
  return -1;
}

/**
 * kin_inet_ntop:
 * @family: AF_INET or AF_INET6
 * @bytes: (array length=length) (element-type guint8): an address in network order
 * @length: how many bytes: 4 or 16
 * @error: return location, or %NULL
 *
 * Returns: (transfer full) (nullable): the address as text, inet_ntop(3); or %NULL with
 *   %KIN_ERROR_BAD_VALUE: it has not as many bytes as the family's addresses; or %KIN_OS_ERROR
 *   EAFNOSUPPORT: another family
 */
char *
kin_inet_ntop (int family, gconstpointer bytes, gsize length, GError **error)
{
  gsize expected = length_of (family, error);
  char text[INET6_ADDRSTRLEN];

  if (expected == 0)
    return NULL;
  if (length != expected) {
    kin__error_set (error, KIN_ERROR_BAD_VALUE,
                    "an address of family %d has %" G_GSIZE_FORMAT " bytes, not %" G_GSIZE_FORMAT,
                    family, expected, length);
    return NULL;
  }
  return g_strdup (inet_ntop (family, bytes, text, sizeof text));
}
