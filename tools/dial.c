/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/dial.c: a connection to an endpoint, from an address of its own where one is given. */
#include <string.h>

#include "tool.h"

/* The options of an endpoint, which begin at its first question mark: in what stands before that
 * one is escaped. */
static gboolean
dial_set_options (KinSocket *socket, const char *endpoint, GError **error)
{
  const char *mark = strchr (endpoint, '?');
  g_auto (GStrv) settings = g_strsplit (mark ? mark + 1 : "", "&", -1);

  for (char **setting = settings; *setting; setting++) {
    g_auto (GStrv) pair = g_strsplit (*setting, "=", 2);

    if (!kin_socket_set_option_text (socket, pair[0], pair[1] ? pair[1] : "", error))
      return FALSE;
  }
  return TRUE;
}

static KinSocket *
dial_bind (const char *source, GError **error)
{
  KinSocket *socket;

  path_before_bind (source);
  socket = kin_bind (source, error);
  path_after_bind ();
  return socket;
}

/* source: where from, or NULL. timeout_usec: for all of it. The socket waits as long as it takes.
 */
KinSocket *
dial (const char *endpoint, const char *source, gint64 timeout_usec, GError **error)
{
  g_autoptr (KinEndpoint) to = NULL, from = NULL;
  g_autoptr (KinSocket) socket = NULL;
  KinAddress address;

  /* 0 would mean that the socket does not wait at all, and so never connects. */
  timeout_usec = timeout_usec == 0 ? 1 : timeout_usec;
  if (!source)
    return kin_connect (endpoint, timeout_usec, error);
  to = kin_endpoint_new (endpoint, error);
  from = to ? kin_endpoint_new (source, error) : NULL;
  if (!from)
    return NULL;
  if (strcmp (kin_endpoint_scheme (to), kin_endpoint_scheme (from)) != 0) {
    g_set_error (error, TOOL_ERROR, TOOL_ERROR_USAGE,
                 "--bind takes an endpoint of the same scheme, %s: not \"%s\"",
                 kin_endpoint_scheme (to), source);
    return NULL;
  }
  socket = kin_endpoint_resolve (to, &address, error) ? dial_bind (source, error) : NULL;
  if (socket && kin_socket_set_timeout (socket, timeout_usec, error)
      && dial_set_options (socket, endpoint, error) && kin_socket_connect (socket, &address, error)
      && kin_socket_set_timeout (socket, KIN_FOREVER, error))
    return g_steal_pointer (&socket);
  return NULL;
}
