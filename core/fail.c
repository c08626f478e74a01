/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fail: the one place that words the failure of an operation on a socket.
 *
 * A message is one line: "cannot connect to unix:/run/x.sock: Connection refused; the path is
 * there, but no program listens". It is made when the failure happens and only if somebody wants
 * it: the caller, or a socket that stands over the one that failed. Of a socket that stands over
 * another it has the other's sentence, domain and code. */
#include "private.h"

#include <string.h>

static gboolean
is_for (const KinHint *hint, const char *scheme)
{
  g_auto (GStrv) schemes = hint->schemes ? g_strsplit (hint->schemes, " ", -1) : NULL;

  return !schemes || g_strv_contains ((const char *const *) schemes, scheme);
}

const char *
kin__hint (const KinTransport *transport, const char *operation, int code)
{
  gsize length = strcspn (operation, " ");
  KinHint hint;

  for (guint i = 0; kin__row (&transport->family->data.hints, i, &hint, sizeof hint); i++)
    if (hint.code == code && strlen (hint.operation) == length
        && strncmp (hint.operation, operation, length) == 0
        && is_for (&hint, transport->row.scheme))
      return hint.sentence;
  return NULL;
}

const char *
kin__hint_timed_out (const KinTransport *transport, const char *operation)
{
  /* EAGAIN is what it would have been without the wait. The kernel's ETIMEDOUT is the same event
   * only where somebody had to answer. */
  const char *hint = kin__hint (transport, operation, EAGAIN);

  if (!hint && g_str_has_prefix (operation, "connect"))
    hint = kin__hint (transport, operation, ETIMEDOUT);
  return hint;
}

char *
kin__socket_text (KinSocket *socket, const KinAddress *address)
{
  const char *scheme = socket->transport->row.scheme;
  const KinMore *more = socket->more;
  KinAddress name;

  if (address && address->length > 0)
    return kin_address_format (address);
  if (more && more->text)
    return g_strconcat (scheme, ":", more->text, NULL);
  if (socket->is_open && kin__call_peer (socket, &name) == 0 && name.length > 0)
    return kin_address_format (&name);
  if (more && more->connecting.length > 0)
    return kin_address_format (&more->connecting);
  if (socket->is_open && kin__call_local (socket, &name) == 0 && name.length > 0)
    return kin_address_format (&name);
  return g_strdup (scheme);
}

/* As messages have it: a space at its end would be lost in them. */
static char *
show_socket (KinSocket *socket, const KinAddress *address)
{
  char *text = kin__socket_text (socket, address), *quoted;

  if (!strchr (text, ' '))
    return text;
  quoted = g_strdup_printf ("\"%s\"", text);
  g_free (text);
  return quoted;
}

static void
fail_in_words (GError **error, KinSocket *socket, const char *operation, const KinAddress *address,
               int code)
{
  gboolean is_over = socket->transport->row.flags & KIN_PROTOCOL_OVER;
  const GError *kept = is_over ? kin__nest_innermost (code) : NULL;
  /* Asking a family's slots for a name makes room for new failures. */
  g_autoptr (GError) inner = kept ? g_error_copy (kept) : NULL;
  g_autofree char *text = NULL;
  char sentence[512];
  const char *hint;
  GError *made;
  /* Before other slots are asked. */
  gboolean is_explained = kin__call_explain (socket, code, sentence, sizeof sentence) == 0;

  text = show_socket (socket, address);
  if (code == KIN__TIMED_OUT) {
    hint = kin__hint_timed_out (socket->transport, operation);
    made = g_error_new (KIN_ERROR, KIN_ERROR_TIMED_OUT, "cannot %s %s: timed out%s%s", operation,
                        text, hint ? "; " : "", hint ? hint : "");
    code = ETIMEDOUT;
  } else if (code == KIN__CANCELLED) {
    made = g_error_new (KIN_ERROR, KIN_ERROR_CANCELLED, "cannot %s %s: cancelled", operation, text);
    code = ECANCELED;
  } else if (inner) {
    made = g_error_new (inner->domain, inner->code, "cannot %s %s: %s", operation, text,
                        inner->message);
  } else if (code == EBADF && !socket->is_open) {
    made = g_error_new (KIN_OS_ERROR, code, "cannot %s %s: the socket is closed", operation, text);
  } else {
    hint = is_explained ? sentence : kin__hint (socket->transport, operation, code);
    made = g_error_new (KIN_OS_ERROR, code, "cannot %s %s: %s%s%s", operation, text,
                        g_strerror (code), hint ? "; " : "", hint ? hint : "");
  }
  kin__error_deliver (error, made, code);
}

void
kin__fail (GError **error, KinSocket *socket, const char *operation, const KinAddress *address,
           int code)
{
  if (code == EAGAIN || code == EINPROGRESS) {
    g_set_error_literal (error, KIN_OS_ERROR, code,
                         code == EAGAIN ? "the operation would wait"
                                        : "the connection is being made");
    errno = code;
  } else if (error || kin__nest_is_inside ())
    fail_in_words (error, socket, operation, address, code);
  else
    errno = code == KIN__TIMED_OUT ? ETIMEDOUT : code == KIN__CANCELLED ? ECANCELED : code;
}
