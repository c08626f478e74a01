/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/output.c: what people read: one-line messages, exit codes, aligned columns.
 *
 * Names, summaries and reasons come from plugins, manifests and peers: nothing reaches a terminal
 * before control characters were escaped. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

#define COMPLAINT_USEC (10 * G_USEC_PER_SEC)
#define CLEAR_LINE     "\r\033[K"

static int is_line_shown;

GQuark
tool_error_quark (void)
{
  return g_quark_from_static_string ("kin-tool-error");
}

/* Control characters, and bytes that are not UTF-8, as \xNN. */
char *
tool_escape (const char *text)
{
  GString *line = g_string_new (NULL);

  while (*text) {
    gunichar c = g_utf8_get_char_validated (text, -1);
    gboolean is_valid = c < (gunichar) -2;
    const char *next = is_valid ? g_utf8_next_char (text) : text + 1;

    if (is_valid && !g_unichar_iscntrl (c))
      g_string_append_len (line, text, next - text);
    else
      for (const char *byte = text; byte < next; byte++)
        g_string_append_printf (line, "\\x%02x", (guint) (guchar) *byte);
    text = next;
  }
  return g_string_free (line, FALSE);
}

/* A terminal that understands how to clear a line. */
gboolean
tool_is_terminal (int fd)
{
  const char *term = g_getenv ("TERM");

  return isatty (fd) && term && strcmp (term, "dumb") != 0;
}

/* The last line of the terminal, in place of what was there; NULL takes it away. */
void
tool_show (const char *line)
{
  fprintf (stderr, CLEAR_LINE "%s", line ? line : "");
  g_atomic_int_set (&is_line_shown, line != NULL);
}

/* "kin: …" on the standard error. */
void
tool_say (const char *format, ...)
{
  g_autofree char *text = NULL, *line = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  line = tool_escape (text);
  fflush (stdout);
  fprintf (stderr, "%s%skin:%s %s\n", g_atomic_int_get (&is_line_shown) ? CLEAR_LINE : "",
           tool_paint (stderr, TOOL_BOLD), tool_paint (stderr, TOOL_PLAIN), line);
}

int
tool_exit_code (const GError *error)
{
  if (g_error_matches (error, TOOL_ERROR, TOOL_ERROR_USAGE)
      || g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_ENDPOINT)
      || g_error_matches (error, KIN_ERROR, KIN_ERROR_NO_SUCH_SCHEME)
      || g_error_matches (error, KIN_ERROR, KIN_ERROR_NO_SUCH_OPTION)
      || g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_VALUE))
    return TOOL_USAGE;
  return TOOL_FAILED;
}

/* Says it, and returns the exit code that goes with it. */
int
tool_fail (const GError *error)
{
  if (!g_error_matches (error, TOOL_ERROR, TOOL_ERROR_OUTPUT_CLOSED))
    tool_say ("%s", error->message);
  return tool_exit_code (error);
}

/* Says it, but what went wrong in the same way a moment ago: whoever serves many goes on. */
void
tool_complain (const GError *error)
{
  static GMutex lock;
  static GQuark domain;
  static int code;
  static gint64 said_at;
  gint64 now = g_get_monotonic_time ();
  gboolean is_news;

  g_mutex_lock (&lock);
  is_news = error->domain != domain || error->code != code || now - said_at > COMPLAINT_USEC;
  if (is_news) {
    domain = error->domain;
    code = error->code;
    said_at = now;
  }
  g_mutex_unlock (&lock);
  if (is_news)
    tool_say ("%s", error->message);
}

/* "0.5" of --OPTION to microseconds. text NULL: the option was not given, *usec stays. */
gboolean
tool_parse_seconds (const char *option, const char *text, gint64 *usec, GError **error)
{
  char *end = NULL;
  double seconds;

  if (!text)
    return TRUE;
  seconds = g_ascii_strtod (text, &end);
  if (end == text || *end || !(seconds >= 0 && seconds <= 1e9)) {
    g_set_error (error, TOOL_ERROR, TOOL_ERROR_USAGE,
                 "--%s takes seconds, 0 or more, like 0.5: not \"%s\"", option, text);
    return FALSE;
  }
  *usec = (gint64) (seconds * G_USEC_PER_SEC + 0.5); /* on i386 0.3 s is a little less */
  return TRUE;
}

/* "3" of --OPTION; 0 only where it may be. text NULL: the option was not given, *number stays. */
gboolean
tool_parse_count (const char *option, const char *text, guint64 least, guint64 *number,
                  GError **error)
{
  if (!text || g_ascii_string_to_unsigned (text, 10, least, G_MAXUINT64, number, NULL))
    return TRUE;
  g_set_error (error, TOOL_ERROR, TOOL_ERROR_USAGE,
               "--%s takes a number, %" G_GUINT64_FORMAT " or more: not \"%s\"", option, least,
               text);
  return FALSE;
}

/* An escape sequence where stream is a terminal that has colours and NO_COLOR does not forbid them
 * (no-color.org); else nothing. TOOL_PLAIN ends what another began. */
const char *
tool_paint (FILE *stream, const char *sequence)
{
  const char *forbids = g_getenv ("NO_COLOR");

  return (!forbids || !*forbids) && tool_is_terminal (fileno (stream)) ? sequence : "";
}

/* What is printed goes out now. FALSE: nobody gets it, and that has been said. */
gboolean
tool_flush (GError **error)
{
  if (fflush (stdout) == 0 && !ferror (stdout))
    return TRUE;
  if (errno == EPIPE)
    g_set_error_literal (error, TOOL_ERROR, TOOL_ERROR_OUTPUT_CLOSED, "the reader has gone");
  else
    g_set_error (error, KIN_OS_ERROR, errno, "cannot write to the standard output: %s",
                 g_strerror (errno));
  clearerr (stdout);
  return FALSE;
}

const char *
tool_style_head (guint row, guint column, const char *cell)
{
  (void) column;
  (void) cell;
  return row == 0 ? TOOL_BOLD : NULL;
}

/* rows: of GStrv of n_columns cells; a shorter row is one line that stands out of the columns.
 * style: how a cell is painted, or NULL; so may it return. */
void
tool_print_rows (GPtrArray *rows, guint n_columns, ToolStyle style)
{
  g_autofree glong *widths = g_new0 (glong, n_columns);

  for (guint i = 0; i < rows->len; i++) {
    char **cells = rows->pdata[i];

    if (g_strv_length (cells) == n_columns)
      for (guint column = 0; column < n_columns; column++)
        widths[column] = MAX (widths[column], g_utf8_strlen (cells[column], -1));
  }
  for (guint i = 0; i < rows->len; i++) {
    char **cells = rows->pdata[i];
    gboolean is_row = g_strv_length (cells) == n_columns;

    for (guint column = 0; cells[column]; column++) {
      glong length = g_utf8_strlen (cells[column], -1);
      gboolean is_last = !cells[column + 1] || (!cells[column + 2] && !*cells[column + 1]);

      const char *paint = style && is_row ? style (i, column, cells[column]) : NULL;

      printf ("%s%s%s", paint ? tool_paint (stdout, paint) : "", cells[column],
              paint ? tool_paint (stdout, TOOL_PLAIN) : "");
      if (is_row && !is_last)
        printf ("%*s", (int) (widths[column] - length + 2), "");
    }
    putchar ('\n');
  }
}
