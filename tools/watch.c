/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin watch: each datagram that comes, with its time, its sender and what was dropped before it.
 *
 * The time is the kernel's (SO_TIMESTAMPNS), and the number of those that found no room too
 * (SO_RXQ_OVFL); a family without them has the time at which we read it. What a datagram says is
 * the family's to tell, in its row's describe; else there is a dump. */
#include <string.h>

#include "tool.h"

enum { DATAGRAM_SIZE = 256 * 1024, LINE_SIZE = 16384, DUMP_WIDTH = 16 };

static char **questions, *count_text, *timeout_text, *time_word;
static gboolean is_json, is_log;

typedef enum { TIME_CLOCK, TIME_UNIX, TIME_DELTA, TIME_NONE } TimeForm;

typedef int (*WriteLine) (const KinAddress *from, const void *data, size_t length, char *line,
                          size_t size);

static const char *const time_words[] = { "clock", "unix", "delta", "none", NULL };

typedef struct {
  KinSocket *socket;
  KinProtocol row;
  KinMessage *message;
  guint8 *bytes;
  gsize length;
  TimeForm time_form;
  gint64 nsec, before_nsec; /* since 1970, of this one and the one before; 0: there was none */
  gint64 dropped;           /* in all */
  gboolean has_ended;       /* a connection: the peer closed it */
} Watching;

/* ---- What comes with a datagram ------------------------------------------------------------ */

static void
watch_read_time (Watching *watching)
{
  g_autoptr (GVariant) time =
      kin_message_get_control (watching->message, watching->socket, "so.timestampns");
  gint64 seconds = 0, nanoseconds = 0;

  watching->before_nsec = watching->nsec;
  if (time)
    g_variant_get (time, "(xx)", &seconds, &nanoseconds);
  watching->nsec =
      time ? seconds * 1000000000 + nanoseconds : g_get_real_time () * G_GINT64_CONSTANT (1000);
}

/* How many were dropped since the one before. The kernel's counter has 32 bits, and wraps. */
static guint32
watch_read_drops (Watching *watching)
{
  g_autoptr (GVariant) drops =
      kin_message_get_control (watching->message, watching->socket, "so.rxq-ovfl");
  gint64 before = watching->dropped;

  if (drops)
    watching->dropped = g_variant_get_int64 (drops);
  return (guint32) (watching->dropped - before);
}

/* The family's own line, by its describe or log; NULL: it has none for this. */
static char *
watch_write (const Watching *watching, WriteLine write_line)
{
  const KinAddress *from = kin_message_get_address (watching->message);
  char line[LINE_SIZE] = "";

  if (!write_line
      || write_line (from->length > 0 ? from : NULL, watching->bytes, watching->length, line,
                     sizeof line)
             < 0)
    return NULL;
  return tool_escape (line);
}

static char *
watch_describe (const Watching *watching)
{
  return watch_write (watching, watching->row.describe);
}

static char *
watch_sender (const Watching *watching)
{
  const KinAddress *from = kin_message_get_address (watching->message);

  return from->length > 0 ? kin_address_format (from) : NULL;
}

/* ---- As text ------------------------------------------------------------------------------- */

static void
watch_print_time (const Watching *watching)
{
  gint64 nsec = watching->nsec, delta = watching->before_nsec ? nsec - watching->before_nsec : 0;
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (nsec / 1000000000);
  g_autofree char *clock = g_date_time_format (time, "%H:%M:%S");
  g_autofree char *text = NULL;

  switch (watching->time_form) {
  case TIME_CLOCK:
    text = g_strdup_printf ("%s.%06d ", clock, (int) (nsec / 1000 % 1000000));
    break;
  case TIME_UNIX:
    text = g_strdup_printf ("%" G_GINT64_FORMAT ".%09d ", nsec / 1000000000,
                            (int) (nsec % 1000000000));
    break;
  case TIME_DELTA:
    text = g_strdup_printf ("%s%" G_GINT64_FORMAT ".%06d ", delta < 0 ? "-" : "+",
                            ABS (delta) / 1000000000, (int) (ABS (delta) / 1000 % 1000000));
    break;
  case TIME_NONE:
    return;
  }
  printf ("%s%s%s", tool_paint (stdout, TOOL_DIM), text, tool_paint (stdout, TOOL_PLAIN));
}

/* "  0010  68 65 6c 6c 6f        |hello|" */
static void
watch_print_dump (const guint8 *bytes, gsize length)
{
  for (gsize at = 0; at < length; at += DUMP_WIDTH) {
    gsize n = MIN (length - at, DUMP_WIDTH);

    printf ("  %04" G_GINT64_MODIFIER "x ", (guint64) at);
    for (gsize i = 0; i < DUMP_WIDTH; i++)
      if (i < n)
        printf (" %02x", bytes[at + i]);
      else
        fputs ("   ", stdout);
    fputs ("  |", stdout);
    for (gsize i = 0; i < n; i++)
      putchar (g_ascii_isprint (bytes[at + i]) ? bytes[at + i] : '.');
    puts ("|");
  }
}

static void
watch_print (Watching *watching, guint32 drops)
{
  gboolean is_cut = kin_message_get_flags (watching->message) & MSG_TRUNC;
  g_autofree char *line = watch_describe (watching), *sender = watch_sender (watching);
  g_autofree char *name = sender ? tool_escape (sender) : g_strdup ("(no name)");

  if (drops > 0) {
    watch_print_time (watching);
    printf ("%s%u dropped%s\n", tool_paint (stdout, TOOL_RED), drops,
            tool_paint (stdout, TOOL_PLAIN));
  }
  watch_print_time (watching);
  if (line) {
    puts (line);
    return;
  }
  printf ("%s%s%s %" G_GSIZE_FORMAT " bytes%s\n", tool_paint (stdout, TOOL_BOLD), name,
          tool_paint (stdout, TOOL_PLAIN), watching->length, is_cut ? ", the rest was cut" : "");
  watch_print_dump (watching->bytes, watching->length);
}

/* A line of a log, "(1436509052.249713) vcan0 123#DEADBEEF". What is no such line is said aside, so
 * that a log has nothing else in it. */
static void
watch_print_log (const Watching *watching, guint32 drops)
{
  g_autofree char *line = watch_write (watching, watching->row.log);

  if (drops > 0)
    tool_say ("%u dropped", drops);
  if (line)
    printf ("(%010" G_GINT64_MODIFIER "d.%06d) %s\n", watching->nsec / 1000000000,
            (int) (watching->nsec / 1000 % 1000000), line);
  else
    tool_say ("%" G_GSIZE_FORMAT " bytes have no line in a log", watching->length);
}

/* ---- As JSON ------------------------------------------------------------------------------- */

static void
watch_print_json (Watching *watching, guint32 drops)
{
  g_autofree char *line = watch_describe (watching), *sender = watch_sender (watching);
  g_autofree char *time = g_strdup_printf ("%" G_GINT64_FORMAT ".%09d", watching->nsec / 1000000000,
                                           (int) (watching->nsec % 1000000000));
  g_autoptr (GString) hex = g_string_new (NULL);
  GString *json = g_string_new (NULL);

  for (gsize i = 0; i < watching->length; i++)
    g_string_append_printf (hex, "%02x", watching->bytes[i]);
  json_open (json, '{');
  json_name (json, "time");
  json_text (json, time);
  json_name (json, "from");
  json_text (json, sender);
  json_name (json, "length");
  json_number (json, (gint64) watching->length);
  json_name (json, "dropped");
  json_number (json, drops);
  json_name (json, "cut");
  json_truth (json, kin_message_get_flags (watching->message) & MSG_TRUNC);
  json_name (json, "data");
  json_text (json, hex->str);
  json_name (json, "text");
  json_text (json, line);
  json_close (json, '}');
  json_print (json);
}

/* ---- All that come ------------------------------------------------------------------------- */

static gboolean
watch_next (Watching *watching, GError **error)
{
  guint32 drops;
  gssize n;

  kin_message_set_data (watching->message, watching->bytes, DATAGRAM_SIZE);
  n = kin_socket_recvmsg (watching->socket, watching->message, 0, error);
  if (n < 0)
    return FALSE;
  watching->has_ended = n == 0 && lookup_has_connections (watching->row.type);
  if (watching->has_ended)
    return TRUE;
  watching->length = (gsize) n;
  watch_read_time (watching);
  drops = watch_read_drops (watching);
  if (is_json)
    watch_print_json (watching, drops);
  else if (is_log)
    watch_print_log (watching, drops);
  else
    watch_print (watching, drops);
  return tool_flush (error);
}

/* count 0: no end but silence, which then is no failure. */
static gboolean
watch_all (Watching *watching, guint64 count, GError **error)
{
  GError *failure = NULL;
  guint64 seen = 0;

  while (!watching->has_ended && (count == 0 || seen < count) && watch_next (watching, &failure))
    seen++;
  if (watching->has_ended && count > 0)
    g_set_error (&failure, TOOL_ERROR, TOOL_ERROR_FAILED, "watch: the other end closed %s",
                 watching->row.scheme);
  if (count == 0 && g_error_matches (failure, KIN_ERROR, KIN_ERROR_TIMED_OUT))
    g_clear_error (&failure);
  if (!failure)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}

static gboolean
watch_parse (Watching *watching, guint64 *count, gint64 *timeout_usec, GError **error)
{
  if (!tool_parse_count ("count", count_text, 1, count, error)
      || !tool_parse_seconds ("timeout", timeout_text, timeout_usec, error))
    return FALSE;
  if (is_log && (is_json || time_word)) {
    g_set_error (error, TOOL_ERROR, TOOL_ERROR_USAGE, "--log beside --%s: a log has a form already",
                 is_json ? "json" : "time");
    return FALSE;
  }
  for (guint i = 0; time_word && time_words[i]; i++)
    if (strcmp (time_word, time_words[i]) == 0) {
      watching->time_form = i;
      return TRUE;
    }
  if (time_word)
    g_set_error (error, TOOL_ERROR, TOOL_ERROR_USAGE,
                 "--time takes clock, unix, delta or none: not \"%s\"", time_word);
  return !time_word;
}

/* What makes others speak. */
static gboolean
watch_ask (const Watching *watching, GError **error)
{
  for (char **question = questions; question && *question; question++) {
    g_autoptr (GBytes) bytes = watching->row.compose
                                   ? datagram_compose (&watching->row, *question, error)
                                   : g_bytes_new (*question, strlen (*question));

    if (!bytes
        || kin_socket_send (watching->socket, g_bytes_get_data (bytes, NULL),
                            g_bytes_get_size (bytes), 0, error)
               < 0)
      return FALSE;
  }
  return TRUE;
}

/* The row of the endpoint's scheme, which must have logs where they are asked for. */
static gboolean
watch_look_up (Watching *watching, const char *endpoint, GError **error)
{
  g_autoptr (KinEndpoint) parsed = kin_endpoint_new (endpoint, error);

  if (!parsed || !lookup_scheme (kin_endpoint_scheme (parsed), &watching->row, error))
    return FALSE;
  if (is_log && !watching->row.log)
    g_set_error (error, TOOL_ERROR, TOOL_ERROR_USAGE, "watch: %s has no logs, so there is no --log",
                 watching->row.scheme);
  return !is_log || watching->row.log;
}

/* Bound; or, where a service tells of something packet by packet on a connection, connected. */
static KinSocket *
watch_open (const KinProtocol *row, const char *endpoint, GError **error)
{
  if (row->type == SOCK_SEQPACKET && row->describe)
    return kin_connect (endpoint, KIN_FOREVER, error);
  return door_open (endpoint, DOOR_DATAGRAMS, "watch", error);
}

static gboolean
watch_at (const char *endpoint, GError **error)
{
  gint64 timeout_usec = KIN_FOREVER;
  Watching watching = { 0 };
  gboolean is_done;
  guint64 count = 0;

  if (!watch_parse (&watching, &count, &timeout_usec, error)
      || !watch_look_up (&watching, endpoint, error))
    return FALSE;
  watching.socket = watch_open (&watching.row, endpoint, error);
  if (!watching.socket)
    return FALSE;
  datagram_set_options (watching.socket, &watching.row, endpoint);
  /* A family of its own may know neither. */
  kin_socket_set_option_text (watching.socket, "so.timestampns", "1", NULL);
  kin_socket_set_option_text (watching.socket, "so.rxq-ovfl", "1", NULL);
  watching.message = kin_message_new ();
  watching.bytes = g_malloc (DATAGRAM_SIZE);
  is_done = watch_ask (&watching, error);
  if (is_done)
    door_announce (watching.socket, endpoint);
  is_done = is_done && kin_socket_set_timeout (watching.socket, timeout_usec, error)
            && watch_all (&watching, count, error);
  kin_message_free (watching.message);
  g_free (watching.bytes);
  kin_socket_unref (watching.socket);
  return is_done;
}

static int
watch_run (char **operands)
{
  g_autoptr (GError) error = NULL;
  gboolean is_done = watch_at (operands[0], &error);

  path_remove ();
  if (is_done)
    return TOOL_DONE;
  hint_complete (operands[0], error);
  return tool_fail (error);
}

static const GOptionEntry options[] = {
  { "count", 'n', 0, G_OPTION_ARG_STRING, &count_text, "end after so many", "N" },
  { "timeout", 't', 0, G_OPTION_ARG_STRING, &timeout_text, "end after so long without any", "S" },
  { "time", 'T', 0, G_OPTION_ARG_STRING, &time_word,
    "clock: the time of day (as it is without this); unix: seconds since 1970; delta: since the "
    "one before; none",
    "FORM" },
  { "log", 'L', 0, G_OPTION_ARG_NONE, &is_log,
    "as logs of that family have it, for `kin send --replay`", NULL },
  { "send", 's', 0, G_OPTION_ARG_STRING_ARRAY, &questions,
    "send this first, from the same socket; may be given again", "DATA" },
  { "json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "an object a line, the data in hex", NULL },
  { 0 },
};

KIN_VERB (watch) = {
  .name = "watch",
  .operands = "ENDPOINT",
  .summary = "show each datagram that comes",
  .details =
      "Binds ENDPOINT, or connects to it where a service tells of something packet by packet. A\n"
      "datagram is shown with the time at which the kernel had it, its sender, its length and a\n"
      "dump, or in one line as its family writes it; before it how many found no room and were\n"
      "dropped. Exit code 1 where --timeout came before --count.\n"
      "\n"
      "Examples:\n"
      "  kin watch unix-dgram:/tmp/log.sock\n"
      "  kin watch --count 1 --timeout 5 udp:127.0.0.1:5000\n"
      "  kin watch 'udp:239.1.1.1:5000?ip.join=eth0'\n"
      "  kin watch --log can: >trip.log\n"
      "  kin watch --json unix-dgram:/tmp/log.sock | jq -r .data | xxd -r -p\n",
  .options = options,
  .min = 1,
  .max = 1,
  .run = watch_run,
};
