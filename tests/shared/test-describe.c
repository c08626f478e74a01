/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-describe: what comes from a network may be anything. Each family's describe and log get
 * random bytes of every length, and datagrams of theirs with bits turned and ends cut off, in
 * memory that ends where they do and begins anywhere, and write lines of all sizes, none included;
 * compose gets such texts, and whatever log wrote. Under AddressSanitizer a byte read or written
 * too far is seen.
 *
 * The random numbers are the same each time; KIN_SEED=N takes others. */
#include "sockets.h"

#include <stdlib.h>

typedef int (*Writer) (const KinAddress *from, const void *data, size_t length, char *line,
                       size_t size);

enum { ROUNDS = 4000, LONGEST = 300, LARGE = 4096 };

static GRand *numbers;

static int
seed (void **state)
{
  const char *text = g_getenv ("KIN_SEED");

  (void) state;
  numbers = g_rand_new_with_seed (text ? (guint32) strtoul (text, NULL, 0) : 1);
  return 0;
}

/* Memory that ends where the size says, so that a byte more is seen, even of none; where it begins
 * is no number's place. *block is to be freed. */
static void *
room_for (gsize size, void **block)
{
  gsize before = (gsize) g_rand_int_range (numbers, 1, 9);

  *block = g_malloc (before + size);
  return (guint8 *) *block + before;
}

/* No line is refused for a right, -1: that is a mistake. A length means that many characters and a
 * NUL in the room; and one line, unless what came has ends of lines itself. */
static void
check_line (const char *scheme, Writer writer, const KinAddress *from, const guint8 *data,
            gsize length, gsize size)
{
  void *line_block, *data_block;
  char *line = room_for (size, &line_block);
  guint8 *exact = room_for (length, &data_block);
  int n;

  memset (line, 'x', size);
  memcpy (exact, data, length);
  n = writer (from, exact, length, line, size);
  if (n < -4095 || n == -EPERM || n >= (int) size)
    fail_msg ("%s: %" G_GSIZE_FORMAT " bytes: returns %d for a line of %" G_GSIZE_FORMAT, scheme,
              length, n, size);
  if (n >= 0 && (line[n] != 0 || strlen (line) != (gsize) n))
    fail_msg ("%s: %" G_GSIZE_FORMAT " bytes: says %d, wrote otherwise", scheme, length, n);
  if (n >= 0 && strchr (line, '\n') && !memchr (exact, '\n', length))
    fail_msg ("%s: more than a line: %s", scheme, line);
  g_free (data_block);
  g_free (line_block);
}

static gsize
size_of_line (void)
{
  static const gsize sizes[] = { 0, 1, 2, 80, 4096 };

  return g_rand_int_range (numbers, 0, 8) == 0 ? (gsize) g_rand_int_range (numbers, 1, 200)
                                               : sizes[g_rand_int_range (numbers, 0, 5)];
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

/* Small numbers are lengths and kinds more often than large ones are. */
static void
fill_randomly (guint8 *data, gsize length)
{
  for (gsize i = 0; i < length; i++)
    data[i] = (guint8) g_rand_int_range (numbers, 0, g_rand_boolean (numbers) ? 256 : 20);
}

/* Random, or the family's own example with some bits turned, and cut off somewhere. */
static gsize
make_datagram (const KinProtocol *row, guint8 *data, gsize size)
{
  char reason[256];
  gsize length;
  ssize_t n = -1;

  if (row->compose && row->datagram && g_rand_boolean (numbers))
    n = row->compose (row->datagram, data, size, reason, sizeof reason);
  if (n > 0) {
    for (gint32 i = g_rand_int_range (numbers, 0, 4); i > 0; i--)
      data[g_rand_int_range (numbers, 0, (gint32) n)] ^=
          (guint8) (1 << g_rand_int_range (numbers, 0, 8));
    return (gsize) (g_rand_boolean (numbers) ? n : g_rand_int_range (numbers, 0, (gint32) n + 1));
  }
  length = g_rand_int_range (numbers, 0, 50) == 0
               ? LARGE
               : (gsize) g_rand_int_range (numbers, 0, LONGEST + 1);
  fill_randomly (data, length);
  return length;
}

static void
check_both (const KinProtocol *row, const KinAddress *from, const guint8 *data, gsize length)
{
  if (row->describe)
    check_line (row->scheme, row->describe, from, data, length, size_of_line ());
  if (row->log)
    check_line (row->scheme, row->log, from, data, length, size_of_line ());
}

static void
check_writers (const KinProtocol *row)
{
  guint8 data[64 * 1024];
  KinAddress address;

  for (gsize length = 0; length <= LONGEST; length++) {
    fill_randomly (data, length);
    check_both (row, sender_of (row, &address), data, length);
  }
  for (guint i = 0; i < ROUNDS; i++) {
    gsize length = make_datagram (row, data, sizeof data);

    check_both (row, sender_of (row, &address), data, length);
  }
}

/* Room of any size for the datagram, and for the sentence. */
static void
check_composed (const KinProtocol *row, const char *text, gsize size, gsize reason_size)
{
  void *data_block, *reason_block;
  guint8 *data = room_for (size, &data_block);
  char *reason = room_for (reason_size, &reason_block);
  ssize_t n;

  memset (reason, 0, reason_size);
  n = row->compose (text, data, size, reason, reason_size);
  if (n > (gssize) size || n < -4095)
    fail_msg ("%s: \"%s\" makes %d bytes in room for %" G_GSIZE_FORMAT, row->scheme, text, (int) n,
              size);
  if (reason_size > 0 && !memchr (reason, 0, reason_size))
    fail_msg ("%s: \"%s\" is refused without an end", row->scheme, text);
  if (n < 0 && reason_size > 1 && !*reason)
    fail_msg ("%s: \"%s\" is refused without a word", row->scheme, text);
  g_free (reason_block);
  g_free (data_block);
}

/* The example with other characters here and there, in room that may be too small. */
static void
check_compose (const KinProtocol *row)
{
  gsize length = strlen (row->datagram);

  for (guint i = 0; i < ROUNDS; i++) {
    g_autofree char *text = g_strdup (row->datagram);

    for (gint32 j = g_rand_int_range (numbers, 0, 4); j > 0; j--)
      text[g_rand_int_range (numbers, 0, (gint32) length)] =
          (char) g_rand_int_range (numbers, 1, 128);
    text[g_rand_int_range (numbers, 0, (gint32) length + 1)] = 0;
    check_composed (row, text, i % 2 ? LARGE : (gsize) g_rand_int_range (numbers, 0, 100),
                    size_of_line ());
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

/* Log may leave out what no frame has, so that the first way back may change a byte; then the text
 * stands for these bytes and no others. What it writes, compose takes. */
static gssize
log_and_compose (const KinProtocol *row, const guint8 *data, gsize length, guint8 *again,
                 gsize size)
{
  char line[4 * LARGE], reason[256];
  int n = row->log (NULL, data, length, line, sizeof line);
  const char *text;
  ssize_t got;

  if (n < 0)
    return n;
  text = strchr (line, ' ') ? strchr (line, ' ') + 1 : line;
  got = row->compose (text, again, size, reason, sizeof reason);
  if (got < 0)
    fail_msg ("%s: what is logged, %s, is refused: %s", row->scheme, text, reason);
  return got;
}

static void
check_logged (const KinProtocol *row)
{
  guint8 data[64 * 1024], first[2 * LARGE], second[2 * LARGE];
  guint n_logged = 0;

  for (guint i = 0; i < ROUNDS; i++) {
    gsize length = make_datagram (row, data, sizeof data);
    gssize n = log_and_compose (row, data, length, first, sizeof first);

    if (n < 0)
      continue;
    n_logged++;
    assert_int_equal (log_and_compose (row, first, (gsize) n, second, sizeof second), n);
    assert_memory_equal (first, second, (gsize) n);
  }
  assert_true (n_logged > ROUNDS / 100);
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
      if (row.compose && row.log) {
        check_there_and_back (&row);
        check_logged (&row);
      }
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
