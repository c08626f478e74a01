/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/replay.c: a log of datagrams sent again, with its timing.
 *
 * A line is what `kin watch --log` prints and the tools of CAN read and write: the time in seconds,
 * where it came from, and the datagram as its field writes it:
 *
 *   (1436509052.249713) vcan0 123#DEADBEEF
 *
 * A file is read as a whole before anything is sent, so that a bad line in it sends nothing. */
#include <errno.h>
#include <string.h>

#include "tool.h"

typedef struct {
  const Replay *replay;
  KinSocket *socket; /* NULL: the lines are only looked at */
  FILE *file;
  guint64 n_line;
  gint64 started, first; /* when, by our clock, and the log's time then; microseconds */
  gboolean is_by_line;   /* each goes to the address that it has */
  gboolean has_sent;
} Replaying;

/* What a line consists of; the texts are the line's. */
typedef struct {
  gint64 usec;
  char *address, *datagram;
} Entry;

/* "(1436509052.249713)": any number of digits behind the point. */
static gboolean
replay_parse_time (char **line, gint64 *usec)
{
  char *at = *line, *end;
  gint64 unit = KIN_SECONDS (1);

  if (*at++ != '(' || !g_ascii_isdigit (*at))
    return FALSE;
  *usec = (gint64) (g_ascii_strtoull (at, &end, 10) % G_MAXINT32) * KIN_SECONDS (1);
  if (*end == '.')
    for (end++; g_ascii_isdigit (*end); end++) {
      unit /= 10;
      *usec += (*end - '0') * unit;
    }
  *line = end + 1;
  return *end == ')';
}

static gboolean
replay_parse (char *line, Entry *entry)
{
  char *at = line;

  if (!replay_parse_time (&at, &entry->usec))
    return FALSE;
  at += strspn (at, " \t");
  entry->address = at;
  at += strcspn (at, " \t");
  if (at == entry->address || !*at)
    return FALSE;
  *at++ = 0;
  entry->datagram = at + strspn (at, " \t");
  return *entry->datagram != 0;
}

static gboolean
replay_fail_line (const Replaying *replaying, const char *line, GError **error)
{
  g_set_error (error, TOOL_ERROR, TOOL_ERROR_USAGE,
               "line %" G_GUINT64_FORMAT " of %s is no line of a log, like (1436509052.249713) %s "
               "%s: \"%s\"",
               replaying->n_line, replaying->replay->file,
               strchr (replaying->replay->row->example, ':') + 1, replaying->replay->row->datagram,
               line);
  return FALSE;
}

/* Until it is due. What a log has out of order is sent at once. */
static void
replay_wait (Replaying *replaying, gint64 usec)
{
  gint64 interval = replaying->replay->interval_usec, left;

  if (interval != KIN_FOREVER)
    left = replaying->has_sent ? interval : 0;
  else if (replaying->has_sent)
    left = usec - replaying->first - (g_get_monotonic_time () - replaying->started);
  else {
    replaying->started = g_get_monotonic_time ();
    replaying->first = usec;
    left = 0;
  }
  replaying->has_sent = TRUE;
  if (left > 0)
    g_usleep ((gulong) left);
}

static gboolean
replay_entry (Replaying *replaying, const Entry *entry, GError **error)
{
  const Replay *replay = replaying->replay;
  g_autoptr (GBytes) bytes = datagram_compose (replay->row, entry->datagram, error);
  g_autofree char *text = g_strdup_printf ("%s:%s", replay->row->scheme, entry->address);
  KinAddress to;

  if (!bytes || (replaying->is_by_line && !kin_address_parse (&to, text, error))) {
    g_prefix_error (error, "line %" G_GUINT64_FORMAT " of %s: ", replaying->n_line, replay->file);
    return FALSE;
  }
  if (!replaying->socket)
    return TRUE;
  replay_wait (replaying, entry->usec);
  return datagram_send (replaying->socket, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                        replaying->is_by_line ? &to : NULL, replay->timeout_usec, error);
}

/* All lines, once; empty ones are passed over. */
static gboolean
replay_lines (Replaying *replaying, GError **error)
{
  char *line = NULL;
  gboolean is_done = TRUE;
  gsize size = 0;

  replaying->n_line = 0;
  replaying->has_sent = FALSE;
  while (is_done && getline (&line, &size, replaying->file) >= 0) {
    g_autofree char *whole = g_strdup (g_strchomp (line));
    Entry entry;

    replaying->n_line++;
    if (*whole)
      is_done = replay_parse (line, &entry) ? replay_entry (replaying, &entry, error)
                                            : replay_fail_line (replaying, whole, error);
  }
  free (line);
  if (!is_done || !ferror (replaying->file))
    return is_done;
  g_set_error (error, KIN_OS_ERROR, errno, "cannot read %s: %s", replaying->replay->file,
               g_strerror (errno));
  return FALSE;
}

static gboolean
replay_rounds (Replaying *replaying, KinSocket *socket, GError **error)
{
  guint64 count = replaying->replay->count;
  gboolean is_file = fseek (replaying->file, 0, SEEK_SET) == 0;

  if (is_file && !replay_lines (replaying, error))
    return FALSE;
  if (!is_file && count != 1) {
    g_set_error (error, TOOL_ERROR, TOOL_ERROR_USAGE, "--count takes a log that is a file");
    return FALSE;
  }
  replaying->socket = socket;
  for (guint64 round = 0; count == 0 || round < count; round++) {
    if (is_file)
      rewind (replaying->file);
    if (!replay_lines (replaying, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
replay_run (const Replay *replay, KinSocket *socket, GError **error)
{
  gboolean is_input = strcmp (replay->file, "-") == 0, is_done;
  const char *rest = strchr (replay->endpoint, ':');
  Replaying replaying = { .replay = replay,
                          .is_by_line = rest && (rest[1] == 0 || rest[1] == '?'),
                          .file = is_input ? stdin : fopen (replay->file, "re") };

  if (!replaying.file) {
    g_set_error (error, KIN_OS_ERROR, errno, "cannot open %s: %s", replay->file,
                 g_strerror (errno));
    return FALSE;
  }
  is_done = replay_rounds (&replaying, socket, error);
  if (!is_input)
    fclose (replaying.file);
  return is_done;
}
