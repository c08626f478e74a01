/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* error: one place that words failures.
 *
 * A message is one line: "cannot connect to unix:/run/x.sock: Connection refused; the path is
 * there, but no program listens". It is made when the failure happens and only if somebody wants
 * it: the caller, or a socket that stands over the one that failed. */
#include "private.h"

#include <stdarg.h>
#include <string.h>

G_DEFINE_QUARK (kin - os - error - quark, kin_os_error)
G_DEFINE_QUARK (kin - resolve - error - quark, kin_resolve_error)
G_DEFINE_QUARK (kin - error - quark, kin_error)

/* What the innermost socket's failing call said, while an outer one's slot runs. */
static _Thread_local guint nesting;
static GPrivate innermost = G_PRIVATE_INIT ((GDestroyNotify) g_error_free);

static int
errno_of (KinError code)
{
  switch (code) {
  case KIN_ERROR_TIMED_OUT:
    return ETIMEDOUT;
  case KIN_ERROR_CANCELLED:
    return ECANCELED;
  case KIN_ERROR_NO_SUCH_SCHEME:
  case KIN_ERROR_NO_PLUGIN:
    return EAFNOSUPPORT;
  case KIN_ERROR_NO_SUCH_OPTION:
    return ENOPROTOOPT;
  case KIN_ERROR_PLUGIN_REFUSED:
    return ELIBBAD;
  case KIN_ERROR_DENIED:
    return EPERM;
  case KIN_ERROR_NOT_SUPPORTED:
    return EOPNOTSUPP;
  case KIN_ERROR_BAD_ENDPOINT:
  case KIN_ERROR_BAD_VALUE:
    return EINVAL;
  }
  return EINVAL;
}

/* Gives the error to the caller, and keeps it for the socket that stands over this one. */
static void
deliver (GError **error, GError *made, int code)
{
  if (nesting > 0 && !g_private_get (&innermost))
    g_private_replace (&innermost, g_error_copy (made));
  if (error)
    g_propagate_error (error, made);
  else
    g_error_free (made);
  errno = code;
}

void
kin__error_set (GError **error, KinError code, const char *format, ...)
{
  va_list arguments;

  if (error || nesting > 0) {
    va_start (arguments, format);
    deliver (error, g_error_new_valist (KIN_ERROR, (gint) code, format, arguments),
             errno_of (code));
    va_end (arguments);
  }
  errno = errno_of (code);
}

void
kin__nest_enter (void)
{
  if (nesting++ == 0)
    g_private_replace (&innermost, NULL);
}

void
kin__nest_leave (void)
{
  nesting--;
}

/* What the family says about this operation failing in this way. operation is a phrase whose first
 * word is the slot's: "connect to". */
static const char *
find_hint (const KinTransport *transport, const char *operation, int code)
{
  gsize length = strcspn (operation, " ");
  KinHint hint;

  for (guint i = 0; kin__row (&transport->family->data.hints, i, &hint, sizeof hint); i++)
    if (hint.code == code && strlen (hint.operation) == length
        && strncmp (hint.operation, operation, length) == 0)
      return hint.sentence;
  return NULL;
}

static void
fail_in_words (GError **error, KinSocket *socket, const char *operation, const KinAddress *address,
               int code)
{
  gboolean is_over = socket->transport->row.flags & KIN_PROTOCOL_OVER;
  GError *inner = is_over ? g_private_get (&innermost) : NULL, *made;
  g_autofree char *text = NULL;
  const char *hint, *reason;

  text = kin__socket_text (socket, address);
  if (code == KIN__TIMED_OUT) {
    made = g_error_new (KIN_ERROR, KIN_ERROR_TIMED_OUT, "cannot %s %s: timed out", operation, text);
    code = ETIMEDOUT;
  } else if (code == KIN__CANCELLED) {
    made = g_error_new (KIN_ERROR, KIN_ERROR_CANCELLED, "cannot %s %s: cancelled", operation, text);
    code = ECANCELED;
  } else if (inner) {
    made = g_error_new (inner->domain, inner->code, "cannot %s %s: %s", operation, text,
                        inner->message);
  } else {
    hint = find_hint (socket->transport, operation, code);
    reason = g_strerror (code);
    made = g_error_new (KIN_OS_ERROR, code, "cannot %s %s: %s%s%s", operation, text, reason,
                        hint ? "; " : "", hint ? hint : "");
  }
  if (nesting == 0)
    g_private_replace (&innermost, NULL);
  deliver (error, made, code);
}

void
kin__fail (GError **error, KinSocket *socket, const char *operation, const KinAddress *address,
           int code)
{
  if (code == EAGAIN || code == EINPROGRESS) {
    if (error)
      *error = g_error_new_literal (KIN_OS_ERROR, code,
                                    code == EAGAIN ? "the operation would wait"
                                                   : "the connection is being made");
    errno = code;
  } else if (error || nesting > 0)
    fail_in_words (error, socket, operation, address, code);
  else
    errno = code == KIN__TIMED_OUT ? ETIMEDOUT : code == KIN__CANCELLED ? ECANCELED : code;
}

char *
kin__quote (const char *text, gssize length)
{
  GString *quoted = g_string_new ("\"");
  const char *end = text + (length < 0 ? (gssize) strlen (text) : length);

  while (text < end && quoted->len < 80) {
    gunichar c = g_utf8_get_char_validated (text, end - text);

    if (c == (gunichar) -1 || c == (gunichar) -2 || !g_unichar_isprint (c)) {
      g_string_append_printf (quoted, "\\x%02x", (guchar) *text);
      text++;
    } else {
      if (c == '"' || c == '\\')
        g_string_append_c (quoted, '\\');
      g_string_append_unichar (quoted, c);
      text = g_utf8_next_char (text);
    }
  }
  g_string_append (quoted, text < end ? "…\"" : "\"");
  return g_string_free (quoted, FALSE);
}

/* Levenshtein's distance, of words of at most 31 letters. */
static guint
distance (const char *a, const char *b)
{
  gsize n = strlen (b);
  guint row[32];

  if (strlen (a) > 31 || n > 31)
    return G_MAXUINT;
  for (guint j = 0; j <= n; j++)
    row[j] = j;
  for (guint i = 1; a[i - 1]; i++) {
    guint diagonal = row[0];

    row[0] = i;
    for (guint j = 1; j <= n; j++) {
      guint above = row[j];

      row[j] = MIN (MIN (above, row[j - 1]) + 1, diagonal + (a[i - 1] != b[j - 1]));
      diagonal = above;
    }
  }
  return row[n];
}

const char *
kin__nearest (const char *word, const char *const *words)
{
  guint best = 1 + (guint) strlen (word) / 3;
  const char *nearest = NULL;

  for (; *words; words++) {
    guint d = distance (word, *words);

    if (d <= best && (!nearest || d < best)) {
      best = d;
      nearest = *words;
    }
  }
  return nearest;
}
