/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/dial.c: a connection to an endpoint, from an address of its own where one is given. */
#include <string.h>

#include "tool.h"

/* source: where from, or NULL. timeout_usec: for all of it. The socket waits as long as it takes.
 */
KinSocket *
dial (const char *endpoint, const char *source, gint64 timeout_usec, GError **error)
{
  g_autoptr (KinEndpoint) to = NULL, from = NULL;
  KinSocket *socket;

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
  path_before_bind (source);
  socket = kin_connect_full (endpoint, source, timeout_usec, NULL, error);
  path_after_bind ();
  return socket;
}
