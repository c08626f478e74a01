/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* connect: from an endpoint to a socket, inside one deadline; and the same without waiting. */
#include "private.h"

#include <string.h>

/* What Python's create_server takes. */
#define BACKLOG 128

/* ---- From an endpoint ---------------------------------------------------------------------- */

/* "name=value&name=value", a row's own options for bind. */
static gboolean
set_row_options (KinSocket *socket, const char *text, GError **error)
{
  g_auto (GStrv) settings = g_strsplit (text ? text : "", "&", -1);

  for (char **setting = settings; *setting; setting++) {
    g_auto (GStrv) pair = g_strsplit (*setting, "=", 2);

    if (!kin_socket_set_option_text (socket, pair[0], pair[1] ? pair[1] : "", error))
      return FALSE;
  }
  return TRUE;
}

/* Once before the socket is bound or connected, and once after. */
static gboolean
set_options (KinSocket *socket, const KinEndpoint *endpoint, gboolean is_late, GError **error)
{
  for (guint i = 0; i < endpoint->settings->len; i++) {
    const KinSetting *setting = &g_array_index (endpoint->settings, KinSetting, i);

    if (setting->is_late == is_late
        && !kin_socket_set_option_text (socket, setting->name, setting->text, error))
      return FALSE;
  }
  return TRUE;
}

static KinSocket *
open_endpoint (const KinEndpoint *endpoint, KinAddress *address, GError **error)
{
  memset (address, 0, sizeof *address);
  if (!endpoint->inner && !kin_endpoint_resolve (endpoint, address, error))
    return NULL;
  return kin__socket_open (endpoint->transport,
                           endpoint->inner ? endpoint->transport->row.protocol : address->protocol,
                           error);
}

/* What connect and connect_start share. In progress is a success of the latter. */
static KinSocket *
connect_to (const char *text, gint64 timeout_usec, KinCancel *cancel, GError **error)
{
  g_autoptr (KinEndpoint) endpoint = kin_endpoint_new (text, error);
  g_autoptr (KinSocket) socket = NULL;
  KinAddress address;
  gboolean is_made;

  if (!endpoint)
    return NULL;
  socket = open_endpoint (endpoint, &address, error);
  is_made =
      socket && kin_socket_set_timeout (socket, timeout_usec, error)
      && (!cancel || kin_socket_set_cancel (socket, cancel, error))
      && set_options (socket, endpoint, FALSE, error)
      && kin__socket_connect (socket, endpoint->inner ? NULL : &address, endpoint->inner, error)
      && set_options (socket, endpoint, TRUE, error);
  return is_made || (socket && socket->is_connecting) ? g_steal_pointer (&socket) : NULL;
}

/**
 * kin_connect_cancellable:
 * @endpoint: an endpoint's text, "unix:/run/x.sock?so.rcvbuf=65536"
 * @timeout_usec: microseconds for all of it; 0: only what needs no waiting; %KIN_FOREVER
 * @cancel: (nullable): ends it from another thread
 * @error: return location, or %NULL
 *
 * kin_connect(), which can be cancelled. The socket does not keep @cancel.
 *
 * Returns: (transfer full) (nullable): the connection, or %NULL
 */
KinSocket *
kin_connect_cancellable (const char *endpoint, gint64 timeout_usec, KinCancel *cancel,
                         GError **error)
{
  g_autoptr (KinSocket) socket = connect_to (endpoint, timeout_usec, cancel, error);

  if (!socket)
    return NULL;
  if (socket->is_connecting) {
    errno = EINPROGRESS;
    return NULL;
  }
  socket->timeout_usec = kin_get_default_timeout ();
  if (!kin_socket_set_cancel (socket, NULL, error))
    return NULL;
  return g_steal_pointer (&socket);
}

/**
 * kin_connect:
 * @endpoint: an endpoint's text, "unix:/run/x.sock?so.rcvbuf=65536"
 * @timeout_usec: microseconds for all of it; 0: only what needs no waiting; %KIN_FOREVER
 * @error: return location, or %NULL
 *
 * Opens a socket, sets the endpoint's options and connects it. The socket has the default timeout.
 *
 * Returns: (transfer full) (nullable): the connection, or %NULL
 */
KinSocket *
kin_connect (const char *endpoint, gint64 timeout_usec, GError **error)
{
  return kin_connect_cancellable (endpoint, timeout_usec, NULL, error);
}

/**
 * kin_connect_start:
 * @endpoint: an endpoint's text
 * @error: return location, or %NULL
 *
 * Starts to connect and does not wait. The socket never waits (its timeout is 0) until
 * kin_socket_set_timeout() says otherwise. Call kin_connect_continue() before anything else.
 *
 * Returns: (transfer full) (nullable): the socket, connected or on the way; %NULL: it failed
 * already
 */
KinSocket *
kin_connect_start (const char *endpoint, GError **error)
{
  GError *why = NULL;
  KinSocket *socket = connect_to (endpoint, 0, NULL, &why);

  if (socket)
    g_clear_error (&why);
  else if (why)
    g_propagate_error (error, why);
  return socket;
}

/* ---- Listening ----------------------------------------------------------------------------- */

/**
 * kin_bind:
 * @endpoint: an endpoint's text, "unix-dgram:/run/x.sock"
 * @error: return location, or %NULL
 *
 * Opens a socket, sets what the protocol sets before a bind (as reusing an address), then the
 * endpoint's options, and binds it. The socket has the default timeout.
 *
 * Returns: (transfer full) (nullable): the socket, or %NULL
 */
KinSocket *
kin_bind (const char *endpoint, GError **error)
{
  g_autoptr (KinEndpoint) parsed = kin_endpoint_new (endpoint, error);
  g_autoptr (KinSocket) socket = NULL;
  KinAddress address;

  if (!parsed)
    return NULL;
  socket = open_endpoint (parsed, &address, error);
  if (!socket || !set_row_options (socket, parsed->transport->row.bind_options, error)
      || !set_options (socket, parsed, FALSE, error)
      || !kin__socket_bind (socket, parsed->inner ? NULL : &address, parsed->inner, error)
      || !set_options (socket, parsed, TRUE, error))
    return NULL;
  return g_steal_pointer (&socket);
}

/**
 * kin_listen:
 * @endpoint: an endpoint's text, "unix:/run/x.sock"
 * @error: return location, or %NULL
 *
 * kin_bind(), and listens with a backlog of 128.
 *
 * Returns: (transfer full) (nullable): the listening socket, or %NULL
 */
KinSocket *
kin_listen (const char *endpoint, GError **error)
{
  g_autoptr (KinSocket) socket = kin_bind (endpoint, error);

  if (!socket || !kin_socket_listen (socket, BACKLOG, error))
    return NULL;
  return g_steal_pointer (&socket);
}
