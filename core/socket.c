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

/* Nobody can use what its last owner is about to end: no operation may reach the family after. */
static void
stop (KinSocket *socket)
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
  stop (other);
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

static int
get_int (int fd, int number, int *value)
{
  socklen_t size = sizeof *value;

  return getsockopt (fd, SOL_SOCKET, number, value, &size) < 0 ? -errno : 0;
}

static KinSocket *
adopt (const KinTransport *transport, int fd, int protocol, gboolean is_shared)
{
  KinSocket *socket = kin__socket_alloc (transport, protocol);

  socket->head.fd = fd;
  socket->is_shared = is_shared != 0;
  return socket;
}

/**
 * kin_socket_new_from_fd:
 * @fd: (transfer full): a socket's descriptor, in any state
 * @error: return location, or %NULL
 *
 * Takes a descriptor over; on failure it stays the caller's. Family, type and protocol are asked of
 * the kernel (SO_DOMAIN, SO_TYPE, SO_PROTOCOL; socket(7)). Audited as socket.__new__. Whoever made
 * it may have it still, so the socket counts as shared: it keeps its own time, by polling.
 *
 * Returns: (transfer full) (nullable): the socket; %NULL with %KIN_OS_ERROR, or
 *   %KIN_ERROR_NO_SUCH_SCHEME where no family serves it
 */
KinSocket *
kin_socket_new_from_fd (int fd, GError **error)
{
  int domain = 0, type = 0, protocol = 0, flags, rc;
  const KinTransport *transport;
  KinSocket *socket;

  rc = get_int (fd, SO_DOMAIN, &domain);
  if (rc == 0)
    rc = get_int (fd, SO_TYPE, &type);
  if (rc == 0)
    rc = get_int (fd, SO_PROTOCOL, &protocol);
  if (rc < 0) {
    g_set_error (error, KIN_OS_ERROR, -rc, "cannot take over descriptor %d: %s", fd,
                 g_strerror (-rc));
    errno = -rc;
    return NULL;
  }
  transport = kin__registry_domain (domain, type, protocol);
  if (!transport) {
    kin__error_set (error, KIN_ERROR_NO_SUCH_SCHEME,
                    "cannot take over descriptor %d: no family has domain %d, type %d, protocol %d",
                    fd, domain, type, protocol);
    return NULL;
  }
  socket = adopt (transport, fd, protocol, TRUE);
  if (!kin__audit ("socket.__new__", transport, socket, NULL, NULL, error)) {
    kin_socket_unref (socket);
    return NULL;
  }
  flags = fcntl (fd, F_GETFL);
  rc = flags < 0 ? -errno : kin__call_adopt (socket, NULL);
  if (rc == 0) {
    socket->was_nonblock = (flags & O_NONBLOCK) != 0;
    rc = kin__socket_start (socket);
    if (rc < 0)
      (void) kin__call_release (socket);
  }
  if (rc < 0) {
    kin__fail (error, socket, "take over", NULL, -rc);
    stop (socket);
    kin_socket_unref (socket);
    return NULL;
  }
  return socket;
}

/**
 * kin_socket_new_pair:
 * @scheme: a scheme, "unix"
 * @first: (out) (transfer full): one end
 * @second: (out) (transfer full): the other
 * @error: return location, or %NULL
 *
 * Makes two sockets that are connected to each other: socketpair(2), close-on-exec.
 *
 * Returns: %TRUE, or %FALSE with %KIN_OS_ERROR; EOPNOTSUPP where the family has no pairs
 */
gboolean
kin_socket_new_pair (const char *scheme, KinSocket **first, KinSocket **second, GError **error)
{
  const KinTransport *transport = kin__registry_scheme (scheme, 0, error);
  const KinFamily *family;
  int fds[2], rc;

  *first = *second = NULL;
  if (!transport || !kin__audit ("socket.__new__", transport, NULL, NULL, NULL, error))
    return FALSE;
  family = &transport->family->data;
  rc = -EOPNOTSUPP;
  if (transport->family->is_kernel && !family->ops && !transport->row.ops)
    rc =
        socketpair (family->over_domain ? family->over_domain : family->domain,
                    kin__kernel_type (&transport->row) | SOCK_CLOEXEC, transport->row.protocol, fds)
                < 0
            ? -errno
            : 0;
  *first = adopt (transport, rc < 0 ? -1 : fds[0], transport->row.protocol, FALSE);
  *second = adopt (transport, rc < 0 ? -1 : fds[1], transport->row.protocol, FALSE);
  if (rc == 0) {
    rc = kin__socket_start (*first);
    rc = kin__socket_start (*second) < 0 ? -errno : rc;
  }
  if (rc < 0) {
    kin__fail (error, *first, "make a pair of", NULL, -rc);
    g_clear_pointer (first, kin_socket_unref);
    g_clear_pointer (second, kin_socket_unref);
    errno = -rc;
  }
  return rc == 0;
}

/* The descriptor's duplicate, and what the family has beside it. */
static int
duplicate_into (KinSocket *duplicate, const KinSocket *socket)
{
  int fd = fcntl (socket->head.fd, F_DUPFD_CLOEXEC, 0), rc;

  if (fd < 0)
    return -errno;
  duplicate->head.fd = fd;
  rc = kin__call_adopt (duplicate, socket);
  if (rc < 0)
    close (fd);
  return rc;
}

/**
 * kin_socket_dup:
 * @socket: a socket whose descriptor is the kernel's
 * @error: return location, or %NULL
 *
 * Makes another socket on the same open file description: fcntl(2), F_DUPFD_CLOEXEC. It has the
 * same timeout. Both count as shared from now on. A socket that is more than its descriptor (of the
 * family loop, of a row over another, a conversation with alg) has no duplicate.
 *
 * Returns: (transfer full) (nullable): the duplicate, or %NULL with %KIN_OS_ERROR; EOPNOTSUPP where
 *   there can be none
 */
KinSocket *
kin_socket_dup (KinSocket *socket, GError **error)
{
  KinSocket *duplicate = adopt (socket->transport, -1, socket->head.protocol, TRUE);
  int rc = socket->is_open ? duplicate_into (duplicate, socket) : kin__not_open (socket);

  if (rc == 0) {
    socket->is_shared = TRUE;
    duplicate->is_open = TRUE;
    rc = kin__mode_apply (socket);
  }
  if (rc < 0) {
    kin__fail (error, socket, "duplicate", NULL, -rc);
    kin_socket_unref (duplicate);
    return NULL;
  }
  duplicate->timeout_usec = socket->timeout_usec;
  duplicate->has_nonblock = socket->has_nonblock;
  (void) kin__socket_start (duplicate);
  return duplicate;
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
    stop (socket);
    return TRUE;
  }
  if (kin__stream_inherit (socket))
    return TRUE;
  rc = kin__call_close (socket);
  stop (socket);
  if (rc == 0 || rc == -ECONNRESET || rc == -EINTR)
    return TRUE;
  kin__fail (error, socket, "close", NULL, -rc);
  return FALSE;
}

/**
 * kin_socket_detach:
 * @socket: a socket whose descriptor is the kernel's
 * @error: return location, or %NULL
 *
 * Closes @socket and gives its descriptor away, open; a timeout that the kernel kept is taken off.
 * What the family kept beside it (netlink.errors; where a packet-dgram socket is connected to) is
 * gone.
 *
 * Returns: the descriptor, the caller's to close; -1 with %KIN_OS_ERROR, EOPNOTSUPP where the
 * socket is more than a descriptor
 */
int
kin_socket_detach (KinSocket *socket, GError **error)
{
  int fd = socket->head.fd,
      rc = socket->is_open ? kin__call_release (socket) : kin__not_open (socket);

  if (rc == 0) {
    socket->timeout_usec = KIN_FOREVER;
    rc = kin__mode_apply (socket);
  }
  if (rc < 0) {
    kin__fail (error, socket, "detach", NULL, -rc);
    return -1;
  }
  stop (socket);
  return fd;
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
 * Returns: (transfer none): its scheme, "unix-dgram"
 */
const char *
kin_socket_scheme (KinSocket *socket)
{
  return socket->transport->row.scheme;
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
