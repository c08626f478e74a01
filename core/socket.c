/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* socket: made and ended, and what it is. */
#include "private.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* ---- Making and ending --------------------------------------------------------------------- */

KinSocket *
kin__socket_alloc (const KinTransport *transport, int protocol)
{
  KinSocket *socket = g_new0 (KinSocket, 1);

  socket->head.fd = -1;
  socket->head.protocol = protocol;
  socket->head.row = transport->own;
  socket->transport = transport;
  socket->timeout_usec = kin_get_default_timeout ();
  socket->ref_count = 1;
  return socket;
}

int
kin__socket_start (KinSocket *socket)
{
  socket->is_open = TRUE;
  socket->data_ops = socket->transport->data.send ? &socket->transport->data : NULL;
  return kin__mode_apply (socket);
}

void
kin__socket_stop (KinSocket *socket)
{
  socket->is_open = FALSE;
  socket->is_connecting = FALSE;
  socket->data_ops = NULL;
  socket->head.fd = -1;
  socket->head.state = NULL;
}

int
kin__socket_become (KinSocket *socket, KinSocket *other)
{
  socket->head = other->head;
  socket->transport = other->transport;
  socket->data_ops = other->data_ops;
  socket->is_open = TRUE;
  socket->is_connecting = FALSE;
  socket->has_kernel_time = other->has_kernel_time;
  socket->has_nonblock = other->has_nonblock;
  kin__socket_stop (other);
  return kin__mode_apply (socket);
}

KinSocket *
kin__socket_open (const KinTransport *transport, int protocol, GError **error)
{
  KinSocket *socket = kin__socket_alloc (transport, protocol);
  int rc;

  if (!kin__audit ("socket.__new__", transport, socket, NULL, NULL, error)) {
    kin_socket_unref (socket);
    return NULL;
  }
  rc = kin__call_open (socket);
  if (rc == 0)
    rc = kin__socket_start (socket);
  if (rc < 0) {
    kin__fail (error, socket, "open", NULL, -rc);
    kin_socket_unref (socket);
    return NULL;
  }
  return socket;
}

/**
 * kin_socket_new:
 * @scheme: a scheme, "unix-dgram"
 * @error: return location, or %NULL
 *
 * Makes a socket of a protocol, neither bound nor connected: socket(2), close-on-exec. Its family
 * is loaded if it is not yet. Audited as socket.__new__.
 *
 * Returns: (transfer full) (nullable): the socket, or %NULL
 */
KinSocket *
kin_socket_new (const char *scheme, GError **error)
{
  const KinTransport *transport = kin__registry_scheme (scheme, 0, error);

  return transport ? kin__socket_open (transport, transport->row.protocol, error) : NULL;
}

/**
 * kin_socket_ref:
 * @socket: a socket
 *
 * Returns: (transfer full): @socket
 */
KinSocket *
kin_socket_ref (KinSocket *socket)
{
  g_atomic_int_inc (&socket->ref_count);
  return socket;
}

/**
 * kin_socket_unref:
 * @socket: (nullable): a socket, or %NULL
 *
 * The last reference closes it. Keeps errno.
 */
void
kin_socket_unref (KinSocket *socket)
{
  int saved = errno;

  if (!socket || !g_atomic_int_dec_and_test (&socket->ref_count))
    return;
  if (socket->is_open)
    kin__call_close (socket);
  if (socket->more) {
    kin__race_free (socket->more->race);
    kin_endpoint_free (socket->more->late);
    kin_cancel_unref (socket->more->cancel);
    kin_socket_unref (socket->more->heir);
    g_free (socket->more->text);
    g_free (socket->more);
  }
  g_free (socket);
  errno = saved;
}

/**
 * kin_socket_close:
 * @socket: a socket
 * @error: return location, or %NULL
 *
 * close(2), whatever references there are, once every reader and writer of it is closed as well
 * (kin/stream.h). Operations on a closed socket fail with EBADF; closing it again does nothing. Not
 * while another thread is inside an operation on it: cancel that, or shut the socket down, first.
 *
 * Returns: %TRUE, or %FALSE with %KIN_OS_ERROR: data may be lost, the descriptor is gone all the
 *   same. ECONNRESET is no error here
 */
gboolean
kin_socket_close (KinSocket *socket, GError **error)
{
  int rc;

  if (!socket->is_open) {
    if (socket->is_connecting)
      g_clear_pointer (&socket->more->race, kin__race_free);
    kin__socket_stop (socket);
    return TRUE;
  }
  if (kin__stream_inherit (socket))
    return TRUE;
  rc = kin__call_close (socket);
  kin__socket_stop (socket);
  if (rc == 0 || rc == -ECONNRESET || rc == -EINTR)
    return TRUE;
  kin__fail (error, socket, "close", NULL, -rc);
  return FALSE;
}

/* ---- What it is ---------------------------------------------------------------------------- */

KinMore *
kin__socket_more (KinSocket *socket)
{
  if (!socket->more)
    socket->more = g_new0 (KinMore, 1);
  return socket->more;
}

/**
 * kin_socket_fd:
 * @socket: a socket
 *
 * The descriptor, for what Kin has no call for. Poll what kin_socket_wants() says instead. Of a
 * family without the kernel it is a doorbell, for poll(2) alone.
 *
 * Returns: the descriptor, still the socket's; -1: it is closed, or has none yet
 */
int
kin_socket_fd (KinSocket *socket)
{
  return socket->head.fd;
}

/**
 * kin_socket_scheme:
 * @socket: a socket
 *
 * Returns: (transfer none): its scheme, "unix-dgram"; where no family has one "domain 3", see
 *   kin_socket_new_from_numbers()
 */
const char *
kin_socket_scheme (KinSocket *socket)
{
  return socket->transport->row.scheme;
}

/**
 * kin_socket_family:
 * @socket: a socket
 *
 * Returns: (transfer none) (nullable): its family's name, "inet"; %NULL: no family has its domain,
 *   see kin_socket_new_from_numbers()
 */
const char *
kin_socket_family (KinSocket *socket)
{
  return socket->transport->family->data.name;
}

/**
 * kin_socket_domain:
 * @socket: a socket
 *
 * Returns: AF_…, as socket(2) took it; %KIN_DOMAIN_DYNAMIC of a family without the kernel
 */
int
kin_socket_domain (KinSocket *socket)
{
  const KinFamily *family = &socket->transport->family->data;

  return family->over_domain ? family->over_domain : family->domain;
}

/**
 * kin_socket_type:
 * @socket: a socket
 *
 * How it behaves. The kernel may call it otherwise: one-to-many SCTP and RDS carry datagrams, and
 * their option so.type is SOCK_SEQPACKET's number.
 *
 * Returns: SOCK_STREAM, SOCK_DGRAM…, without flags
 */
int
kin_socket_type (KinSocket *socket)
{
  return socket->transport->row.type;
}

/**
 * kin_socket_protocol:
 * @socket: a socket
 *
 * Where a family falls back to a protocol that the kernel has (mptcp to TCP), it is that one. What
 * an accepted connection is, its option so.protocol says.
 *
 * Returns: the protocol as it was asked of socket(2)
 */
int
kin_socket_protocol (KinSocket *socket)
{
  return socket->head.protocol;
}

/* ", local tcp:127.0.0.1:80", unless it has no such name. */
static void
add_name (GString *string, const char *what, KinSocket *socket,
          int (*call) (KinSocket *, KinAddress *))
{
  g_autofree char *text = NULL;
  KinAddress address;

  if (call (socket, &address) < 0 || address.length == 0)
    return;
  text = kin_address_format (&address);
  g_string_append_printf (string, ", %s %s", what, text);
}

/**
 * kin_socket_to_string:
 * @socket: a socket
 *
 * What it is, in one line for logs and debuggers, as Python's repr of a socket: "tcp socket 5,
 * domain 2, type 1, protocol 6, local tcp:127.0.0.1:35110, peer tcp:127.0.0.1:80"; "tcp socket,
 * closed". Never fails, and keeps errno.
 *
 * Returns: (transfer full): the line
 */
char *
kin_socket_to_string (KinSocket *socket)
{
  GString *string = g_string_new (socket->transport->row.scheme);
  int saved = errno;

  g_string_append (string, " socket");
  if (!socket->is_open && !socket->is_connecting) {
    g_string_append (string, ", closed");
  } else {
    g_string_append_printf (string, " %d, domain %d, type %d, protocol %d", socket->head.fd,
                            kin_socket_domain (socket), kin_socket_type (socket),
                            kin_socket_protocol (socket));
    if (socket->is_open) {
      add_name (string, "local", socket, kin__call_local);
      add_name (string, "peer", socket, kin__call_peer);
    }
    if (socket->is_connecting) {
      g_autofree char *text = kin__socket_text (socket, &socket->more->connecting);

      g_string_append_printf (string, ", connecting to %s", text);
    }
  }
  errno = saved;
  return g_string_free (string, FALSE);
}

/* Its descriptor's flags, fcntl(2); -1 with errno and error. */
static int
get_fd_flags (KinSocket *socket, GError **error)
{
  int rc = socket->is_open ? fcntl (socket->head.fd, F_GETFD) : kin__not_open (socket);

  if (rc >= 0)
    return rc;
  kin__fail (error, socket, "ask the inheritance of", NULL, socket->is_open ? errno : -rc);
  return -1;
}

/**
 * kin_socket_get_inheritable:
 * @socket: a socket
 * @error: return location, or %NULL
 *
 * Whether a program that this one becomes, or starts, has the descriptor too: FD_CLOEXEC is off.
 * All that Kin makes is not inheritable; an adopted descriptor is as it came.
 *
 * Returns: %TRUE; %FALSE: it is not, or, with @error set, the socket is closed
 */
gboolean
kin_socket_get_inheritable (KinSocket *socket, GError **error)
{
  int flags = get_fd_flags (socket, error);

  return flags >= 0 && !(flags & FD_CLOEXEC);
}

/**
 * kin_socket_set_inheritable:
 * @socket: a socket
 * @is_inheritable: whether programs that are started from now on have its descriptor
 * @error: return location, or %NULL
 *
 * fcntl(2), F_SETFD. The other program takes the descriptor, by its number, over with
 * kin_socket_new_from_fd(); two that use it share its timeouts, kin_socket_set_shared().
 *
 * Returns: %TRUE, or %FALSE with %KIN_OS_ERROR
 */
gboolean
kin_socket_set_inheritable (KinSocket *socket, gboolean is_inheritable, GError **error)
{
  int flags = get_fd_flags (socket, error);

  if (flags < 0)
    return FALSE;
  flags = is_inheritable ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC;
  if (fcntl (socket->head.fd, F_SETFD, flags) == 0)
    return TRUE;
  kin__fail (error, socket, "set the inheritance of", NULL, errno);
  return FALSE;
}

/**
 * kin_socket_local:
 * @socket: a socket
 * @address: (out caller-allocates): its own address; of a socket over another, the inner one's
 * @error: return location, or %NULL
 *
 * getsockname(2).
 *
 * Returns: %TRUE, or %FALSE with %KIN_OS_ERROR
 */
gboolean
kin_socket_local (KinSocket *socket, KinAddress *address, GError **error)
{
  int rc = socket->is_open ? kin__call_local (socket, address) : kin__not_open (socket);

  if (rc < 0)
    kin__fail (error, socket, "tell the address of", NULL, -rc);
  return rc == 0;
}

/**
 * kin_socket_peer:
 * @socket: a connected socket
 * @address: (out caller-allocates): its peer's address; of a socket over another, the inner one's
 * @error: return location, or %NULL
 *
 * getpeername(2).
 *
 * Returns: %TRUE, or %FALSE with %KIN_OS_ERROR
 */
gboolean
kin_socket_peer (KinSocket *socket, KinAddress *address, GError **error)
{
  int rc = socket->is_open ? kin__call_peer (socket, address) : kin__not_open (socket);

  if (rc < 0)
    kin__fail (error, socket, "tell the peer of", NULL, -rc);
  return rc == 0;
}
