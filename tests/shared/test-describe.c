/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-describe: what comes from a network may be anything. Each family's describe and log get
 * random bytes, and datagrams of theirs with bits turned and ends cut off, in memory that ends
 * where they do, and write lines of all sizes; compose gets such texts. Under AddressSanitizer a
 * byte read or written too far is seen.
 *
 * The random numbers are the same each time; KIN_SEED=N takes others. */
#include "sockets.h"

#include <stdlib.h>

typedef int (*Writer) (const KinAddress *from, const void *data, size_t length, char *line,
                       size_t size);

enum { ROUNDS = 4000, LONGEST = 300 };

static GRand *numbers;

static int
seed (void **state)
{
  const char *text = g_getenv ("KIN_SEED");

  (void) state;
  numbers = g_rand_new_with_seed (text ? (guint32) strtoul (text, NULL, 0) : 1);
  return 0;
}

/* Of the memory that it gets it fills size bytes at most, and ends them with a NUL. */
static void
check_line (const char *scheme, Writer writer, const KinAddress *from, const guint8 *data,
            gsize length, gsize size)
{
  char *line = g_malloc (size);
  guint8 *exact = g_memdup2 (data, length);
  int n;

  memset (line, 'x', size);
  n = writer (from, length > 0 ? exact : data, length, line, size);
  if (n >= 0 && size > 0) {
    if (!memchr (line, 0, size))
      fail_msg ("%s: %" G_GSIZE_FORMAT " bytes: no NUL in a line of %" G_GSIZE_FORMAT, scheme,
                length, size);
    if ((gsize) n < size && strlen (line) != (gsize) n)
      fail_msg ("%s: says %d, wrote %" G_GSIZE_FORMAT, scheme, n, strlen (line));
  }
  g_free (exact);
  g_free (line);
}

static gsize
size_of_line (void)
{
  static const gsize sizes[] = { 1, 2, 80, 4096 };

  return g_rand_int_range (numbers, 0, 8) == 0 ? (gsize) g_rand_int_range (numbers, 1, 200)
                                               : sizes[g_rand_int_range (numbers, 0, 4)];
}

/* Of its own addresses, or bytes that are none. */
static const KinAddress *
sender_of (const KinProtocol *row, KinAddress *address)
{
  gint32 kind = g_rand_int_range (numbers, 0, 4);

  if (kind == 0 || !kin_address_parse (address, row->example, NULL))
    return NULL;
  if (kind == 1)
    for (guint i = sizeof address->sa.generic.sa_family; i < sizeof address->sa; i++)
      address->sa.bytes[i] = (guint8) g_rand_int (numbers);
  return address;
}

/* Random, or the family's own example with some bits turned, and cut off somewhere. */
static gsize
make_datagram (const KinProtocol *row, guint8 *data, gsize size)
{
  char reason[256];
  ssize_t n = -1;

  if (row->compose && row->datagram && g_rand_boolean (numbers))
    n = row->compose (row->datagram, data, size, reason, sizeof reason);
  if (n > 0) {
    for (gint32 i = g_rand_int_range (numbers, 0, 4); i > 0; i--)
      data[g_rand_int_range (numbers, 0, (gint32) n)] ^=
          (guint8) (1 << g_rand_int_range (numbers, 0, 8));
    return (gsize) g_rand_int_range (numbers, 0, (gint32) n + 1);
  }
  n = g_rand_int_range (numbers, 0, LONGEST + 1);
  /* Small numbers are lengths and kinds more often than large ones are. */
  for (gssize i = 0; i < n; i++)
    data[i] = (guint8) g_rand_int_range (numbers, 0, g_rand_boolean (numbers) ? 256 : 20);
  return (gsize) n;
}

static void
check_writers (const KinProtocol *row)
{
  guint8 data[64 * 1024];

  for (guint i = 0; i < ROUNDS; i++) {
    gsize length = make_datagram (row, data, sizeof data);
    KinAddress address;
    const KinAddress *from = sender_of (row, &address);

    if (row->describe)
      check_line (row->scheme, row->describe, from, data, length, size_of_line ());
    if (row->log)
      check_line (row->scheme, row->log, from, data, length, size_of_line ());
  }
}

/* The example with other characters here and there, in room that may be too small. */
static void
check_compose (const KinProtocol *row)
{
  gsize length = strlen (row->datagram);

  for (guint i = 0; i < ROUNDS; i++) {
    g_autofree char *text = g_strdup (row->datagram);
    gsize size = i % 2 ? 4096 : (gsize) g_rand_int_range (numbers, 1, 100);
    guint8 *data = g_malloc (size);
    char reason[80] = "";
    ssize_t n;

    for (gint32 j = g_rand_int_range (numbers, 0, 4); j > 0; j--)
      text[g_rand_int_range (numbers, 0, (gint32) length)] =
          (char) g_rand_int_range (numbers, 1, 128);
    text[g_rand_int_range (numbers, 0, (gint32) length + 1)] = 0;
    n = row->compose (text, data, size, reason, sizeof reason);
    if (n > (gssize) size)
      fail_msg ("%s: \"%s\" makes %d bytes in room for %" G_GSIZE_FORMAT, row->scheme, text,
                (int) n, size);
    if (n < 0 && !*reason)
      fail_msg ("%s: \"%s\" is refused without a word", row->scheme, text);
    g_free (data);
  }
}

/* What compose made of a text, log writes, and compose takes that back. */
static void
check_there_and_back (const KinProtocol *row)
{
  guint8 data[4096], again[4096];
  char line[4096], reason[256];
  ssize_t n = row->compose (row->datagram, data, sizeof data, reason, sizeof reason);
  const char *text;

  assert_true (n >= 0);
  assert_true (row->log (NULL, data, (gsize) n, line, sizeof line) > 0);
  text = strchr (line, ' ') ? strchr (line, ' ') + 1 : line;
  assert_int_equal (row->compose (text, again, sizeof again, reason, sizeof reason), n);
  assert_memory_equal (again, data, (gsize) n);
}

static void
test_all (void **state)
{
  g_autoptr (GPtrArray) families = kin_list_families ();
  KinProtocol row;
  guint n = 0;

  (void) state;
  for (guint i = 0; i < families->len; i++) {
    const KinFamilyInfo *info = families->pdata[i];
    const KinFamily *family = kin_load_family (info->name, NULL);

    for (guint j = 0; family && kin_table_get (&family->protocols, j, &row, sizeof row); j++) {
      if (row.describe || row.log) {
        print_message ("# %s\n", row.scheme);
        check_writers (&row);
        n++;
      }
      if (row.compose)
        check_compose (&row);
      if (row.compose && row.log)
        check_there_and_back (&row);
    }
  }
  print_message ("# %u protocols write their datagrams\n", n);
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_all),
  };

  return cmocka_run_group_tests (tests, seed, NULL);
}
