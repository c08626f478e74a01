/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/datagram.c: datagrams as people of a field write them, by what a family's row says. */
#include <errno.h>
#include <string.h>

#include "tool.h"

enum { DATAGRAM_SIZE = 256 * 1024, REASON_SIZE = 256, RETRY_USEC = 1000 };

/* What DATA stands for. row: one with compose. */
GBytes *
datagram_compose (const KinProtocol *row, const char *text, GError **error)
{
  guint8 *bytes = g_malloc (DATAGRAM_SIZE);
  char reason[REASON_SIZE] = "";
  gssize n = row->compose (text, bytes, DATAGRAM_SIZE, reason, sizeof reason);

  if (n >= 0)
    return g_bytes_new_take (g_realloc (bytes, (gsize) MAX (n, 1)), (gsize) n);
  g_free (bytes);
  g_set_error (error, TOOL_ERROR, TOOL_ERROR_USAGE, "\"%s\" is no datagram of %s: %s", text,
               row->scheme, *reason ? reason : g_strerror ((int) -n));
  return NULL;
}

static gboolean
datagram_is_named (const char *endpoint, const char *option)
{
  const char *mark = strchr (endpoint, '?');
  g_auto (GStrv) settings = g_strsplit (mark ? mark + 1 : "", "&", -1);
  g_autofree char *start = g_strconcat (option, "=", NULL);

  for (char **setting = settings; *setting; setting++)
    if (g_str_has_prefix (*setting, start))
      return TRUE;
  return FALSE;
}

/* The options that let every kind of datagram through, but those that the endpoint names. A kernel
 * may be too old for some. */
void
datagram_set_options (KinSocket *socket, const KinProtocol *row, const char *endpoint)
{
  g_auto (GStrv) settings = g_strsplit (row->watch_options ? row->watch_options : "", "&", -1);

  for (char **setting = settings; *setting; setting++) {
    char *equals = strchr (*setting, '=');

    if (!equals)
      continue;
    *equals = 0;
    if (!datagram_is_named (endpoint, *setting))
      kin_socket_set_option_text (socket, *setting, equals + 1, NULL);
  }
}

/* No poll tells when a device whose queue is full (ENOBUFS) has room again, so it is asked until it
 * does: for timeout_usec, or a second where that is for ever. to: or NULL. */
gboolean
datagram_send (KinSocket *socket, gconstpointer data, gsize length, const KinAddress *to,
               gint64 timeout_usec, GError **error)
{
  gint64 deadline =
      g_get_monotonic_time () + (timeout_usec == KIN_FOREVER ? KIN_SECONDS (1) : timeout_usec);

  for (;;) {
    g_autoptr (GError) failure = NULL;
    gssize n = to ? kin_socket_sendto (socket, data, length, 0, to, &failure)
                  : kin_socket_send (socket, data, length, 0, &failure);

    if (n >= 0)
      return TRUE;
    if (!g_error_matches (failure, KIN_OS_ERROR, ENOBUFS) || g_get_monotonic_time () >= deadline) {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
    g_usleep (RETRY_USEC);
  }
}
