/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin send: one datagram for each DATA, or a stream's bytes.
 *
 * A connection may have answers, which must be read, or its peer stops reading, too. So bytes of a
 * stream go through a pipe to the pump that `kin connect` has, and its output to nowhere. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

static char *file_name, *log_name, *count_text, *interval_text, *timeout_text, *wait_text, *source;
static gboolean is_hex, by_lines;

typedef struct {
  KinProtocol row;
  GPtrArray *messages;  /* GBytes */
  guint64 count;        /* how often all of them are sent; 0: for ever */
  gint64 interval_usec; /* KIN_FOREVER: none was said */
  gint64 timeout_usec;
  gint64 linger_usec;
} Sending;

/* ---- What is sent -------------------------------------------------------------------------- */

/* "DEADBEEF"; between the bytes there may be one of ": .-". */
static GBytes *
send_parse_hex (const char *text, GError **error)
{
  GByteArray *bytes = g_byte_array_new ();
  const char *at = text;

  while (*at) {
    int high = g_ascii_xdigit_value (at[0]), low = high < 0 ? -1 : g_ascii_xdigit_value (at[1]);
    guint8 byte = (guint8) (high * 16 + low);

    if (low < 0) {
      g_set_error (error, TOOL_ERROR, TOOL_ERROR_USAGE,
                   "send: --hex takes two digits a byte, like DEADBEEF or de:ad:be:ef: not \"%s\"",
                   text);
      g_byte_array_unref (bytes);
      return NULL;
    }
    g_byte_array_append (bytes, &byte, 1);
    at += 2;
    if (*at && strchr (": .-", *at) && at[1])
      at++;
  }
  return g_byte_array_free_to_bytes (bytes);
}

/* An argument, or a line. */
static gboolean
send_add (GPtrArray *messages, const KinProtocol *row, const char *text, gsize length,
          GError **error)
{
  GBytes *bytes = is_hex         ? send_parse_hex (text, error)
                  : row->compose ? datagram_compose (row, text, error)
                                 : g_bytes_new (text, length);

  if (bytes)
    g_ptr_array_add (messages, bytes);
  return bytes != NULL;
}

static gboolean
send_add_input (GPtrArray *messages, const KinProtocol *row, int fd, GError **error)
{
  g_autoptr (GIOChannel) channel = g_io_channel_unix_new (fd);
  g_autofree char *text = NULL;
  gsize length, at = 0;

  g_io_channel_set_encoding (channel, NULL, NULL);
  if (g_io_channel_read_to_end (channel, &text, &length, error) != G_IO_STATUS_NORMAL) {
    g_prefix_error (error, "cannot read %s: ", file_name ? file_name : "the standard input");
    return FALSE;
  }
  if (!by_lines && !is_hex) {
    g_ptr_array_add (messages, g_bytes_new (text, length));
    return TRUE;
  }
  while (at < length) {
    const char *newline = memchr (text + at, '\n', length - at);
    gsize n = newline ? (gsize) (newline - text) - at : length - at;

    text[at + n] = 0;
    if (!send_add (messages, row, text + at, n, error))
      return FALSE;
    at += n + 1;
  }
  return TRUE;
}

/* The messages; NULL without an error: the input's bytes as they come. */
static GPtrArray *
send_collect (char **operands, int input, const Sending *sending, GError **error)
{
  GPtrArray *messages;
  gboolean is_done = TRUE;

  if (!operands[0] && sending->row.type == SOCK_STREAM && !by_lines && !is_hex
      && sending->count == 1)
    return NULL;
  messages = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  for (guint i = 0; is_done && operands[i]; i++)
    is_done = send_add (messages, &sending->row, operands[i], strlen (operands[i]), error);
  if (!operands[0])
    is_done = send_add_input (messages, &sending->row, input, error);
  if (is_done)
    return messages;
  g_ptr_array_unref (messages);
  return NULL;
}

/* ---- How ----------------------------------------------------------------------------------- */

typedef gboolean (*SendOne) (gpointer to, gconstpointer data, gsize length, GError **error);

/* All of them, as often as was said, with a pause between any two. */
static gboolean
send_all (const Sending *sending, SendOne send_one, gpointer to, GError **error)
{
  gboolean is_first = TRUE;

  for (guint64 round = 0; sending->count == 0 || round < sending->count; round++)
    for (guint i = 0; i < sending->messages->len; i++) {
      gsize length;
      gconstpointer data = g_bytes_get_data (sending->messages->pdata[i], &length);

      if (!is_first && sending->interval_usec > 0)
        g_usleep ((gulong) sending->interval_usec);
      is_first = FALSE;
      if (!send_one (to, data, length, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
send_message (gpointer socket, gconstpointer data, gsize length, GError **error)
{
  return datagram_send (socket, data, length, NULL, kin_socket_get_timeout (socket), error);
}

/* What a connection of packets still has to say is not wanted, but waited for: who closes with
 * something unread resets it. Without a connection nothing is, but what was sent may last as long
 * as the socket does. */
static gboolean
send_end (KinSocket *socket, gint64 linger_usec, GError **error)
{
  guint8 bytes[65536];

  if (!lookup_has_connections (kin_socket_type (socket))) {
    g_usleep (wait_text ? (gulong) linger_usec : 0);
    return TRUE;
  }
  if (!pump_half_close (socket, NULL, error)
      || !kin_socket_set_timeout (socket, MAX (linger_usec, 1), error))
    return FALSE;
  while (kin_socket_recv (socket, bytes, sizeof bytes, 0, NULL) > 0)
    ;
  return TRUE;
}

typedef struct {
  const Sending *sending;
  int fd;
} Feed;

/* An error is that the pump has closed its end, and has said why. */
static gboolean
send_feed_one (gpointer to, gconstpointer data, gsize length, GError **error)
{
  const Feed *feed = to;
  const char *bytes = data;

  (void) error;
  while (length > 0) {
    ssize_t n = write (feed->fd, bytes, length);

    if (n < 0 && errno != EINTR)
      return FALSE;
    bytes += MAX (n, 0);
    length -= (gsize) MAX (n, 0);
  }
  return TRUE;
}

static gpointer
send_feed (gpointer data)
{
  Feed *feed = data;

  send_all (feed->sending, send_feed_one, feed, NULL);
  close (feed->fd);
  return NULL;
}

static gboolean
send_pump (const Sending *sending, KinSocket *socket, int input, GError **error)
{
  Pump pump = { .in = input, .only_sends = TRUE, .linger_usec = sending->linger_usec };
  gboolean is_done;

  pump.out = open ("/dev/null", O_WRONLY | O_CLOEXEC);
  is_done = pump_run (socket, &pump, error);
  close (pump.out);
  return is_done;
}

static gboolean
send_stream (const Sending *sending, KinSocket *socket, int input, GError **error)
{
  gboolean is_done;
  GThread *thread;
  Feed feed;
  int fds[2];

  if (!sending->messages)
    return send_pump (sending, socket, input, error);
  if (pipe2 (fds, O_CLOEXEC) < 0) {
    g_set_error (error, KIN_OS_ERROR, errno, "cannot make a pipe: %s", g_strerror (errno));
    return FALSE;
  }
  feed = (Feed){ sending, fds[1] };
  thread = g_thread_new ("feed", send_feed, &feed);
  is_done = send_pump (sending, socket, fds[0], error);
  close (fds[0]);
  g_thread_join (thread);
  return is_done;
}

/* A log's lines. */
static gboolean
send_log (const char *endpoint, const Sending *sending, KinSocket *socket, GError **error)
{
  return replay_run (&(Replay){ .file = log_name,
                                .endpoint = endpoint,
                                .row = &sending->row,
                                .count = sending->count,
                                .interval_usec = sending->interval_usec,
                                .timeout_usec = sending->timeout_usec },
                     socket, error);
}

/* What is to be sent is known, and well written, before there is a connection. */
static gboolean
send_prepare (const char *endpoint, char **operands, Sending *sending, int input, GError **error)
{
  g_autoptr (KinEndpoint) parsed = kin_endpoint_new (endpoint, error);
  GError *failure = NULL;

  if (!parsed || !lookup_scheme (kin_endpoint_scheme (parsed), &sending->row, error))
    return FALSE;
  if (log_name && !sending->row.compose) {
    g_set_error (error, TOOL_ERROR, TOOL_ERROR_USAGE, "send: %s has no logs to replay",
                 sending->row.scheme);
    return FALSE;
  }
  if (!log_name)
    sending->messages = send_collect (operands, input, sending, &failure);
  if (failure)
    g_propagate_error (error, failure);
  return !failure;
}

static gboolean
send_to (const char *endpoint, Sending *sending, int input, GError **error)
{
  g_autoptr (KinSocket) socket = dial (endpoint, source, sending->timeout_usec, error);

  if (!socket)
    return FALSE;
  if (sending->row.compose)
    datagram_set_options (socket, &sending->row, endpoint);
  if (sending->row.type == SOCK_STREAM)
    return send_stream (sending, socket, input, error);
  return kin_socket_set_timeout (socket, sending->timeout_usec, error)
         && (log_name ? send_log (endpoint, sending, socket, error)
                      : send_all (sending, send_message, socket, error))
         && send_end (socket, sending->linger_usec, error);
}

static int
send_open_input (char **operands, GError **error)
{
  int fd = STDIN_FILENO;

  if ((file_name || log_name) && operands[0]) {
    g_set_error (error, TOOL_ERROR, TOOL_ERROR_USAGE,
                 "send: \"%s\" beside --%s: send one or the other", operands[0],
                 file_name ? "file" : "replay");
    return -1;
  }
  if (log_name && (file_name || is_hex || by_lines)) {
    g_set_error (error, TOOL_ERROR, TOOL_ERROR_USAGE, "send: --replay beside --%s: a log is lines",
                 file_name ? "file"
                 : is_hex  ? "hex"
                           : "lines");
    return -1;
  }
  if (file_name)
    fd = open (file_name, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    g_set_error (error, KIN_OS_ERROR, errno, "cannot open %s: %s", file_name, g_strerror (errno));
  return fd;
}

static int
send_run (char **operands)
{
  Sending sending = { .count = 1,
                      .interval_usec = KIN_FOREVER,
                      .timeout_usec = KIN_FOREVER,
                      .linger_usec = KIN_SECONDS (1) };
  g_autoptr (GError) error = NULL;
  gboolean is_done;
  int input;

  is_done = tool_parse_count ("count", count_text, 0, &sending.count, &error)
            && tool_parse_seconds ("interval", interval_text, &sending.interval_usec, &error)
            && tool_parse_seconds ("timeout", timeout_text, &sending.timeout_usec, &error)
            && tool_parse_seconds ("wait", wait_text, &sending.linger_usec, &error)
            && (input = send_open_input (operands + 1, &error)) >= 0
            && send_prepare (operands[0], operands + 1, &sending, input, &error)
            && send_to (operands[0], &sending, input, &error);
  if (sending.messages)
    g_ptr_array_unref (sending.messages);
  path_remove ();
  if (is_done)
    return TOOL_DONE;
  hint_complete (operands[0], error);
  hint_complete (source, error);
  return tool_fail (error);
}

static const GOptionEntry options[] = {
  { "hex", 'x', 0, G_OPTION_ARG_NONE, &is_hex, "DATA, or each line of the input, is bytes in hex",
    NULL },
  { "file", 'f', 0, G_OPTION_ARG_FILENAME, &file_name, "send this file, not the standard input",
    "FILE" },
  { "lines", 'l', 0, G_OPTION_ARG_NONE, &by_lines,
    "each line of the input is a datagram, without its end", NULL },
  { "replay", 'r', 0, G_OPTION_ARG_FILENAME, &log_name,
    "send what `kin watch --log` or candump -L recorded, with its timing or that of --interval",
    "FILE" },
  { "count", 'n', 0, G_OPTION_ARG_STRING, &count_text,
    "send all of it so many times (1); 0: until Ctrl-C", "N" },
  { "interval", 'i', 0, G_OPTION_ARG_STRING, &interval_text, "pause so long between any two", "S" },
  { "bind", 'b', 0, G_OPTION_ARG_STRING, &source, "send from this address", "ENDPOINT" },
  { "timeout", 't', 0, G_OPTION_ARG_STRING, &timeout_text,
    "give up connecting, or sending a datagram, after so long", "S" },
  { "wait", 'w', 0, G_OPTION_ARG_STRING, &wait_text,
    "at the end, how long to wait for a silent peer's own (1), or to stay where there is none (0)",
    "S" },
  { 0 },
};

KIN_VERB (send) = {
  .name = "send",
  .operands = "ENDPOINT [DATA...]",
  .summary = "send datagrams, or a stream's bytes",
  .details =
      "Each DATA is one datagram; without any, all of the standard input is, or of --file. On a\n"
      "stream they follow each other with nothing between. Answers are not shown: kin connect\n"
      "does that.\n"
      "\n"
      "Where a family has a way to write a datagram (kin info shows it), DATA and the lines of\n"
      "--lines are written that way; --hex is for its bytes. A log is replayed to ENDPOINT, or,\n"
      "where nothing follows ENDPOINT's scheme, each line to the address that it has.\n"
      "\n"
      "Examples:\n"
      "  kin send unix-dgram:/dev/log '<13>hello'\n"
      "  kin send --hex udp:192.168.1.255:9?so.broadcast=1 ffffffffffff\n"
      "  kin send --count 10 --interval 0.5 unix-dgram:/tmp/log.sock tick\n"
      "  journalctl -f | kin send --lines udp:loghost:514\n"
      "  kin send --file disk.img unix:@backup\n"
      "  kin send can:can0 123#DEADBEEF\n"
      "  kin send --replay trip.log can:\n",
  .options = options,
  .min = 1,
  .max = G_MAXUINT,
  .run = send_run,
};
