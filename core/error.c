/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* error: errors are given to the caller and kept for the socket that stands over this one; words
 * are made printable. */
#include "private.h"

#include <stdarg.h>
#include <string.h>

/* clang-format off */
/**
 * kin_os_error_quark:
 *
 * Returns: the error domain %KIN_OS_ERROR
 */
G_DEFINE_QUARK (kin-os-error-quark, kin_os_error)

/**
 * kin_resolve_error_quark:
 *
 * Returns: the error domain %KIN_RESOLVE_ERROR
 */
G_DEFINE_QUARK (kin-resolve-error-quark, kin_resolve_error)

/**
 * kin_host_error_quark:
 *
 * Returns: the error domain %KIN_HOST_ERROR
 */
G_DEFINE_QUARK (kin-host-error-quark, kin_host_error)

/**
 * kin_error_quark:
 *
 * Returns: the error domain %KIN_ERROR
 */
G_DEFINE_QUARK (kin-error-quark, kin_error)
/* clang-format on */

/* What the innermost socket's failing call said, while an outer one's slot runs. */
static _Thread_local guint nesting;
static _Thread_local int innermost_errno;
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
  case KIN_ERROR_ENDED:
    return ENODATA;
  case KIN_ERROR_NOT_FOUND:
    return ENOENT;
  }
  return EINVAL;
}

void
kin__error_deliver (GError **error, GError *made, int code)
{
  if (nesting > 0 && !g_private_get (&innermost)) {
    g_private_replace (&innermost, g_error_copy (made));
    innermost_errno = code;
  }
  if (nesting == 0)
    g_private_replace (&innermost, NULL);
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
    kin__error_deliver (error, g_error_new_valist (KIN_ERROR, (gint) code, format, arguments),
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
kin__nest_leave (gboolean is_well)
{
  if (--nesting == 0 && is_well)
    g_private_replace (&innermost, NULL);
}

guint
kin__nest_pause (void)
{
  guint depth = nesting;

  nesting = 0;
  return depth;
}

void
kin__nest_resume (guint depth)
{
  nesting = depth;
}

gboolean
kin__nest_is_inside (void)
{
  return nesting > 0;
}

const GError *
kin__nest_innermost (int code)
{
  return code == innermost_errno ? g_private_get (&innermost) : NULL;
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
  g_string_append (quoted, text < end ? "...\"" : "\"");
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
