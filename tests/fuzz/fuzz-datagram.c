/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fuzz-datagram: what comes from a network, to be described and logged, and what people type, to be
 * composed, of every protocol that has such a hook. What is logged composes, and the datagram that
 * it composes is logged so. */
#include "fuzz.h"

#include <errno.h>

enum { LINE = 16 * 1024, DATA = 8 * 1024 };

typedef struct {
  KinProtocol row;
  KinAddress from; /* length 0: none */
} Row;

static GArray *rows;

static void
take_family (const KinFamily *family)
{
  Row one;

  for (guint i = 0; kin_table_get (&family->protocols, i, &one.row, sizeof one.row); i++) {
    if (!kin_address_parse (&one.from, one.row.example, NULL))
      one.from.length = 0;
    if (one.row.describe || one.row.log || one.row.compose)
      g_array_append_val (rows, one);
  }
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  (void) argc;
  (void) argv;
  rows = g_array_new (FALSE, FALSE, sizeof (Row));
  fuzz_families (take_family);
  return 0;
}

/* In a line of exactly that size; NULL: refused. */
static char *
write_line (const Row *one, gboolean is_log, const void *data, gsize length, gsize size)
{
  g_autofree char *line = g_malloc (size);
  g_autofree void *block = NULL;
  uint8_t *exact = fuzz_exact (&(Input){ data, length }, &block);
  int n = (is_log ? one->row.log : one->row.describe) (one->from.length > 0 ? &one->from : NULL,
                                                       exact, length, line, size);

  if (n >= (int) size || (n >= 0 && strlen (line) != (gsize) n))
    FAULT ("%s: returns %d for a line of %" G_GSIZE_FORMAT, one->row.scheme, n, size);
  return n >= 0 ? g_steal_pointer (&line) : NULL;
}

/* -1: refused. */
static gssize
compose (const Row *one, const char *text, guint8 *data, gsize size)
{
  char reason[256] = "";
  ssize_t n = one->row.compose (text, data, size, reason, sizeof reason);

  if (n > (ssize_t) size || (n < 0 && !*reason))
    FAULT ("%s: \"%s\" makes %d bytes: \"%s\"", one->row.scheme, text, (int) n, reason);
  return n;
}

/* What is logged, composed and logged again. */
static char *
there_and_back (const Row *one, const char *line)
{
  const char *text = strchr (line, ' ') ? strchr (line, ' ') + 1 : line;
  g_autofree guint8 *data = g_malloc (DATA);
  gssize n = compose (one, text, data, DATA);
  char *again;

  if (n < 0)
    FAULT ("%s: what is logged is refused: %s", one->row.scheme, text);
  again = write_line (one, TRUE, data, (gsize) n, LINE);
  if (!again)
    FAULT ("%s: what is composed of %s is not logged", one->row.scheme, text);
  return again;
}

/* Log may leave out, or fill up, what no datagram of the kind has: once. */
static void
check_logged (const Row *one, const char *line)
{
  g_autofree char *second = there_and_back (one, line), *third = there_and_back (one, second);

  if (strcmp (second, third) != 0)
    FAULT ("%s: %s is logged again as %s", one->row.scheme, second, third);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  Input input = { data, size };
  const Row *one = &g_array_index (rows, Row, fuzz_below (&input, rows->len));
  gsize room = fuzz_below (&input, 200) + 1;
  g_autofree char *line = NULL, *text = NULL;
  guint8 datagram[DATA];

  if (one->row.describe) {
    g_free (write_line (one, FALSE, input.at, input.left, room));
    g_free (write_line (one, FALSE, input.at, input.left, LINE));
  }
  if (one->row.log && input.left < 1500)
    line = write_line (one, TRUE, input.at, input.left, LINE);
  if (line && one->row.compose)
    check_logged (one, line);
  text = one->row.compose ? fuzz_text (&input) : NULL;
  if (text)
    (void) compose (one, text, datagram, room % 2 ? DATA : room);
  return 0;
}
