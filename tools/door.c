/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/door.c: where `kin listen`, `kin relay` and `kin watch` wait for others. */
#include <errno.h>

#include "tool.h"

enum { RETRY_USEC = 100 * 1000 };

static gboolean
door_fits (DoorKind kind, const char *who, const KinProtocol *row, GError **error)
{
  gboolean has_connections = lookup_has_connections (row->type);

  if (kind == DOOR_CONNECTIONS && !has_connections)
    g_set_error (error, TOOL_ERROR, TOOL_ERROR_USAGE, "%s needs connections, and %s has none", who,
                 row->scheme);
  else if (kind == DOOR_DATAGRAMS && has_connections)
    g_set_error (error, TOOL_ERROR, TOOL_ERROR_USAGE,
                 "%s needs datagrams, and %s has connections: kin listen takes those", who,
                 row->scheme);
  else
    return TRUE;
  return FALSE;
}

/* Bound, and listening where there are connections. who: what makes no sense with another kind. */
KinSocket *
door_open (const char *text, DoorKind kind, const char *who, GError **error)
{
  g_autoptr (KinEndpoint) endpoint = kin_endpoint_new (text, error);
  KinSocket *door;
  KinProtocol row;

  if (!endpoint || !lookup_scheme (kin_endpoint_scheme (endpoint), &row, error)
      || !door_fits (kind, who, &row, error))
    return NULL;
  path_before_bind (text);
  door = lookup_has_connections (row.type) ? kin_listen (text, error) : kin_bind (text, error);
  path_after_bind ();
  return door;
}

/* The standard error says where it is, as others may connect to it. */
void
door_announce (KinSocket *door, const char *text)
{
  g_autofree char *name = lookup_local_text (door);

  tool_say ("listening on %s", name ? name : text);
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
