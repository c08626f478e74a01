/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* listen: from an endpoint to a socket that is bound, or listens; and those that a service manager
 * hands over. */
#include "private.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* What Python's create_server takes. */
#define BACKLOG 128

/* sd_listen_fds(3): the first of them. */
#define FIRST_FD 3

/* ---- Binding ------------------------------------------------------------------------------- */

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

/* address NULL: to the inner endpoint. */
static KinSocket *
bind_to (const KinEndpoint *endpoint, const KinAddress *address, gboolean is_one_of_several,
         GError **error)
{
  const KinTransport *transport = address ? address->transport : endpoint->transport;
  g_autoptr (KinSocket) socket =
      kin__socket_open (transport, address ? address->protocol : transport->row.protocol, error);

  if (!socket || !set_row_options (socket, transport->row.bind_options, error)
      || !kin__set_options (socket, endpoint, FALSE, is_one_of_several, error)
      || !kin__socket_bind (socket, address, endpoint->inner, error)
      || !kin__set_options (socket, endpoint, TRUE, is_one_of_several, error))
    return NULL;
  return g_steal_pointer (&socket);
}

/* To the first that can be had. Only a family or an address that this machine has not makes way for
 * the next: where one is in use, another's success would hide it. */
static KinSocket *
bind_to_any (const KinEndpoint *endpoint, const KinAddress *addresses, gsize n, GError **error)
{
  GError *why = NULL;
  KinSocket *socket = NULL;

  for (gsize i = 0; i < n; i++) {
    g_clear_error (&why);
    socket = bind_to (endpoint, &addresses[i], n > 1, &why);
    if (socket || (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL))
      break;
  }
  if (!socket && why)
    g_propagate_error (error, why);
  else
    g_clear_error (&why);
  return socket;
}

/**
 * kin_bind:
 * @endpoint: an endpoint's text, "unix-dgram:/run/x.sock", "udp::5000"
 * @error: return location, or %NULL
 *
 * Opens a socket, sets what the protocol sets before a bind (as reusing an address), then the
 * endpoint's options, and binds it. The socket has the default timeout.
 *
 * Where several families share the scheme and the endpoint means all addresses, the first one's
 * socket that serves all is taken: of tcp and udp that is IPv6's, for IPv4 as well, and IPv4's
 * where this machine has no IPv6. A name is looked up first, within the default timeout.
 *
 * Returns: (transfer full) (nullable): the socket, or %NULL
 */
KinSocket *
kin_bind (const char *endpoint, GError **error)
{
  g_autoptr (KinEndpoint) parsed = kin_endpoint_new (endpoint, error);

  g_autofree KinAddress *addresses = NULL;
  gsize n;

  if (!parsed)
    return NULL;
  if (parsed->inner)
    return bind_to (parsed, NULL, FALSE, error);
  addresses =
      kin__resolve (parsed, TRUE, kin__deadline (kin_get_default_timeout ()), NULL, &n, error);
  return addresses ? bind_to_any (parsed, addresses, n, error) : NULL;
}

/**
 * kin_listen:
 * @endpoint: an endpoint's text, "unix:/run/x.sock", "tcp::8080"
 * @error: return location, or %NULL
 *
 * kin_bind(), and listens with a backlog of 128. For another backlog: kin_bind() and
 * kin_socket_listen(). What a name leaves behind (a path in the file system) stays when the socket
 * is closed, as the kernel has it, and is the caller's to remove.
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

/* The family that serves the others of its scheme as well; NULL: none does. */
static const KinTransport *
find_dual (const char *scheme, GError **error)
{
  const KinTransport *transport = kin__registry_scheme (scheme, 0, error);

  for (guint n = 1; transport && !(transport->row.flags & KIN_PROTOCOL_DUAL); n++) {
    transport = kin__registry_scheme (scheme, n, NULL);
    if (!transport)
      kin__error_set (error, KIN_ERROR_NOT_SUPPORTED,
                      "no family serves %s for the other families as well", scheme);
  }
  return transport;
}

/**
 * kin_has_dual_stack:
 * @scheme: a scheme that families share, "tcp"
 * @error: return location, or %NULL
 *
 * Whether one socket of this machine serves all families of the scheme, as kin_listen ("tcp::80")
 * would have it: one is made and told to. Python's socket.has_dualstack_ipv6. Where it does not,
 * that kin_listen() serves the first family that this machine has.
 *
 * Returns: %TRUE, or %FALSE with what came in its way: %KIN_OS_ERROR (EAFNOSUPPORT: no IPv6 here),
 *   or %KIN_ERROR_NOT_SUPPORTED where no family of the scheme can
 */
gboolean
kin_has_dual_stack (const char *scheme, GError **error)
{
  const KinTransport *transport = find_dual (scheme, error);
  g_autoptr (KinSocket) socket =
      transport ? kin__socket_open (transport, transport->row.protocol, error) : NULL;

  return socket && set_row_options (socket, transport->row.bind_options, error);
}

/* ---- Handed over --------------------------------------------------------------------------- */

/* A variable's number; -1: it is not there, or none. */
static gint64
read_number (const char *variable)
{
  const char *text = g_getenv (variable);
  guint64 number;

  if (!text || !g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT - FIRST_FD, &number, NULL))
    return -1;
  return (gint64) number;
}

/* One for each socket: a name, or "unknown". */
static char **
read_names (guint n)
{
  const char *text = g_getenv ("LISTEN_FDNAMES");
  g_auto (GStrv) given = g_strsplit (text ? text : "", ":", -1);
  char **names = g_new0 (char *, n + 1);
  guint n_given = g_strv_length (given);

  for (guint i = 0; i < n; i++)
    names[i] = g_strdup (i < n_given && *given[i] ? given[i] : "unknown");
  return names;
}

static void
give_back (GPtrArray *sockets)
{
  for (guint i = 0; i < sockets->len; i++)
    kin_socket_detach (sockets->pdata[i], NULL);
  g_ptr_array_unref (sockets);
}

/**
 * kin_listen_fds:
 * @names: (out) (optional) (transfer full) (array zero-terminated=1): what the service manager
 * calls each socket, "unknown" where it does not say; g_strfreev()
 * @error: return location, or %NULL
 *
 * Takes over the sockets that a service manager hands to this process, as sd_listen_fds(3) does:
 * descriptors from 3 on, as LISTEN_FDS says, if LISTEN_PID is this process. Each may be of any
 * family that there is, bound, listening or connected; see kin_socket_new_from_fd(). They become
 * close-on-exec, and the variables are taken out of the environment, so a second call finds none.
 * Call it before other threads run: the environment is not locked.
 *
 * Returns: (transfer full) (element-type KinSocket) (nullable): the sockets, none where nothing was
 *   handed over; %NULL with the errors of kin_socket_new_from_fd(): one of them is no socket, or of
 *   no family that there is. Then all stay open, and the variables are still there
 */
GPtrArray *
kin_listen_fds (char ***names, GError **error)
{
  static const char *const variables[] = { "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES",
                                           "LISTEN_PIDFDID" };
  GPtrArray *sockets = g_ptr_array_new_with_free_func ((GDestroyNotify) kin_socket_unref);
  gint64 n = read_number ("LISTEN_PID") == getpid () ? read_number ("LISTEN_FDS") : 0;

  for (int fd = FIRST_FD; fd < FIRST_FD + n; fd++) {
    KinSocket *socket = kin_socket_new_from_fd (fd, error);

    if (!socket) {
      give_back (sockets);
      return NULL;
    }
    g_ptr_array_add (sockets, socket);
  }
  for (int fd = FIRST_FD; fd < FIRST_FD + n; fd++)
    (void) fcntl (fd, F_SETFD, FD_CLOEXEC);
  if (names)
    *names = read_names (sockets->len);
  for (guint i = 0; i < G_N_ELEMENTS (variables); i++)
    g_unsetenv (variables[i]);
  return sockets;
}
