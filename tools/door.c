/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/door.c: where `kin listen` and `kin relay` wait for others. */
#include <errno.h>

#include "tool.h"

enum { RETRY_USEC = 100 * 1000 };

/* Bound, and listening where there are connections; the standard error says where. who: what makes
 * no sense without connections, or NULL. */
KinSocket *
door_open (const char *text, const char *who, GError **error)
{
  g_autoptr (KinEndpoint) endpoint = kin_endpoint_new (text, error);
  g_autofree char *name = NULL;
  gboolean has_connections;
  KinSocket *door;
  KinProtocol row;

  if (!endpoint || !lookup_scheme (kin_endpoint_scheme (endpoint), &row, error))
    return NULL;
  has_connections = lookup_has_connections (row.type);
  if (who && !has_connections) {
    g_set_error (error, TOOL_ERROR, TOOL_ERROR_USAGE, "%s needs connections, and %s has none", who,
                 row.scheme);
    return NULL;
  }
  path_before_bind (text);
  door = has_connections ? kin_listen (text, error) : kin_bind (text, error);
  path_after_bind ();
  if (!door)
    return NULL;
  name = lookup_local_text (door);
  tool_say ("listening on %s", name ? name : text);
  return door;
}

/* What one connection's failure, or a moment's shortage, leaves unharmed. */
static gboolean
door_outlasts (const GError *error)
{
  static const int codes[] = { ECONNABORTED, ECONNRESET, EPROTO,  EPERM,
                               EMFILE,       ENFILE,     ENOBUFS, ENOMEM };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    if (g_error_matches (error, KIN_OS_ERROR, codes[i]))
      return TRUE;
  return FALSE;
}

/* The next connection. Without keeps_open it is the only one: the door is closed behind it, and a
 * path that it made is gone. With it NULL means that the door is of no use any more. */
KinSocket *
door_accept (KinSocket *door, gboolean keeps_open, GError **error)
{
  for (;;) {
    g_autoptr (GError) failure = NULL;
    KinSocket *connection = kin_socket_accept (door, NULL, &failure);

    if (connection && !keeps_open) {
      path_remove ();
      kin_socket_close (door, NULL);
    }
    if (connection)
      return connection;
    if (!keeps_open || !door_outlasts (failure)) {
      g_propagate_error (error, g_steal_pointer (&failure));
      return NULL;
    }
    tool_complain (failure);
    g_usleep (RETRY_USEC);
  }
}
