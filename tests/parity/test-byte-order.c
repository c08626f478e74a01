/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-byte-order: numbers in the network's order and addresses as bytes, as Python's socket has
 * them.
 *
 * Needs: plugins
 */
#include "python.h"

#include <arpa/inet.h>

typedef gint64 (*Swap) (gint64 number, GError **error);

static void
check_swap (const char *name, Swap swap, gint64 last)
{
  const gint64 numbers[] = { 0, 1, 0x1234, last / 3, last };
  const gint64 wrong[] = { -1, last + 1, G_MAXINT64, G_MININT64 };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    g_autofree char *call = g_strdup_printf ("%s(%" G_GINT64_FORMAT ")", name, numbers[i]);
    g_autoptr (GError) error = NULL;

    assert_as_python (g_strdup_printf ("%" G_GINT64_FORMAT, swap (numbers[i], &error)), call);
    assert_null (error);
  }
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autofree char *call = g_strdup_printf ("%s(%" G_GINT64_FORMAT ")", name, wrong[i]);
    g_autofree char *theirs = python_says (call);
    g_autoptr (GError) error = NULL;

    assert_true (g_str_has_prefix (theirs, "OverflowError"));
    assert_int_equal (swap (wrong[i], &error), -1);
    assert_error (error, KIN_ERROR, KIN_ERROR_BAD_VALUE);
  }
}

/* clang-format off */
#define SWAPS(function, call, last) \
  static void function (void **state) { (void) state; check_swap (#call, kin_##call, last); }

SWAPS (test_ntohl, ntohl, G_MAXUINT32)
SWAPS (test_ntohs, ntohs, G_MAXUINT16)
SWAPS (test_htonl, htonl, G_MAXUINT32)
SWAPS (test_htons, htons, G_MAXUINT16)
/* clang-format on */

static char *
bytes_of (gconstpointer bytes, gsize length)
{
  g_autoptr (GVariant) value =
      g_variant_ref_sink (g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, length, 1));

  return kin_value_print (value);
}

static void
test_aton (void **state)
{
  static const char *const texts[] = { "127.0.0.1",  "127.1", "0x7f.1",
                                       "0177.0.0.1", "1",     "255.255.255.255" };
  static const char *const wrong[] = { "", "256.1.1.1", "1.2.3.4.5", "a", "1.2.3.", "::1" };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree char *call = g_strdup_printf ("inet_aton('%s')", texts[i]);
    g_autoptr (GError) error = NULL;
    guint8 bytes[4];

    must (kin_inet_aton (texts[i], bytes, &error), error);
    assert_as_python (bytes_of (bytes, 4), call);
  }
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autofree char *call = g_strdup_printf ("inet_aton('%s')", wrong[i]);
    g_autofree char *theirs = python_says (call);
    g_autoptr (GError) error = NULL;
    guint8 bytes[4];

    assert_true (g_str_has_prefix (theirs, "OSError"));
    assert_false (kin_inet_aton (wrong[i], bytes, &error));
    assert_error (error, KIN_ERROR, KIN_ERROR_BAD_VALUE);
  }
}

static void
test_ntoa (void **state)
{
  static const guint8 bytes[5] = { 192, 0, 2, 255, 9 };
  g_autoptr (GError) error = NULL;
  g_autofree char *text = kin_inet_ntoa (bytes, 4, &error);

  (void) state;
  assert_as_python (repr_of (text), "inet_ntoa(bytes([192, 0, 2, 255]))");
  for (gsize length = 0; length <= 5; length += length == 3 ? 2 : 1) {
    assert_null (kin_inet_ntoa (bytes, length, &error));
    assert_error (error, KIN_ERROR, KIN_ERROR_BAD_VALUE);
  }
}

static void
test_pton (void **state)
{
  static const struct {
    int family;
    const char *name, *text;
    gboolean is_right;
  } cases[] = {
    { AF_INET, "AF_INET", "192.0.2.1", TRUE },
    { AF_INET, "AF_INET", "127.1", FALSE },
    { AF_INET, "AF_INET", "0x7f.0.0.1", FALSE },
    { AF_INET6, "AF_INET6", "2001:db8::1", TRUE },
    { AF_INET6, "AF_INET6", "::ffff:1.2.3.4", TRUE },
    { AF_INET6, "AF_INET6", "fe80::1%lo", FALSE },
    { AF_INET6, "AF_INET6", "", FALSE },
  };
  g_autoptr (GError) error = NULL;
  guint8 bytes[16];

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *call = g_strdup_printf ("inet_pton(%s, '%s')", cases[i].name, cases[i].text);
    gssize n = kin_inet_pton (cases[i].family, cases[i].text, bytes, &error);

    if (cases[i].is_right) {
      must (n > 0, error);
      assert_as_python (bytes_of (bytes, (gsize) n), call);
    } else {
      g_autofree char *theirs = python_says (call);

      assert_true (g_str_has_prefix (theirs, "OSError"));
      assert_int_equal (n, -1);
      assert_error (error, KIN_ERROR, KIN_ERROR_BAD_VALUE);
    }
  }
  assert_int_equal (kin_inet_pton (AF_UNIX, "x", bytes, &error), -1);
  assert_error (error, KIN_OS_ERROR, EAFNOSUPPORT);
}

static void
test_ntop (void **state)
{
  static const guint8 bytes[17] = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
  g_autoptr (GError) error = NULL;
  g_autofree char *four = kin_inet_ntop (AF_INET, bytes, 4, &error);
  g_autofree char *six = kin_inet_ntop (AF_INET6, bytes, 16, &error);

  (void) state;
  assert_as_python (repr_of (four), "inet_ntop(AF_INET, bytes([32, 1, 13, 184]))");
  assert_as_python (repr_of (six), "inet_ntop(AF_INET6, bytes([32, 1, 13, 184] + 11 * [0] + [1]))");
  assert_null (kin_inet_ntop (AF_INET, bytes, 3, &error));
  assert_error (error, KIN_ERROR, KIN_ERROR_BAD_VALUE);
  assert_null (kin_inet_ntop (AF_INET6, bytes, 17, &error));
  assert_error (error, KIN_ERROR, KIN_ERROR_BAD_VALUE);
  assert_null (kin_inet_ntop (AF_UNIX, bytes, 4, &error));
  assert_error (error, KIN_OS_ERROR, EAFNOSUPPORT);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    ROW ("byte-order: ntohl(x)", test_ntohl),
    ROW ("byte-order: ntohs(x)", test_ntohs),
    ROW ("byte-order: htonl(x)", test_htonl),
    ROW ("byte-order: htons(x)", test_htons),
    ROW ("byte-order: inet_aton(ip_string)", test_aton),
    ROW ("byte-order: inet_ntoa(packed_ip)", test_ntoa),
    ROW ("byte-order: inet_pton(address_family, ip_string)", test_pton),
    ROW ("byte-order: inet_ntop(address_family, packed_ip)", test_ntop),
  };

  return cmocka_run_group_tests (tests, NULL, NULL);
}
