/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* adopt: sockets made from numbers, as socket(2) takes them, and from descriptors that are there:
 * inherited, received, duplicated. And the reverse: a socket gives its descriptor away. */
#include "private.h"

#include <fcntl.h>
#include <unistd.h>

/* ---- From numbers -------------------------------------------------------------------------- */

/* What socket(2) takes in its type beside the type. */
#define TYPE_FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)

/**
 * kin_socket_new_from_numbers:
 * @domain: AF_…
 * @type: SOCK_STREAM, SOCK_DGRAM…; or'ed with SOCK_NONBLOCK the socket never waits
 * @protocol: IPPROTO_…, CAN_BCM, htons (ETH_P_ALL)…, as socket(2) takes it; 0: the kernel's choice
 * @error: return location, or %NULL
 *
 * socket(2), close-on-exec whether @type says SOCK_CLOEXEC or not: kin_socket_new() for programs
 * that have numbers, as Python's socket.socket (family, type, proto). Of a domain, type or protocol
 * that no family has a row for it is a socket all the same, with the scheme "domain 3", which no
 * endpoint begins with: its options are those of every socket, and its addresses are what the
 * program writes into a #KinAddress's sa and length, and (family, bytes) as tuples. Audited as
 * socket.__new__.
 *
 * Returns: (transfer full) (nullable): the socket, or %NULL with %KIN_OS_ERROR (EAFNOSUPPORT: the
 *   kernel has no such domain), or %KIN_ERROR_PLUGIN_REFUSED where a family has it and will not
 * load
 */
KinSocket *
kin_socket_new_from_numbers (int domain, int type, int protocol, GError **error)
{
  const KinTransport *transport =
      kin__transport_of_numbers (domain, type & ~TYPE_FLAGS, protocol, error);
  g_autoptr (KinSocket) socket = transport ? kin__socket_open (transport, protocol, error) : NULL;

  if (!socket || ((type & SOCK_NONBLOCK) && !kin_socket_set_timeout (socket, 0, error)))
    return NULL;
  return g_steal_pointer (&socket);
}

/* ---- From descriptors ---------------------------------------------------------------------- */

typedef struct {
  int domain, type, protocol;
} Numbers;

static int
get_int (int fd, int number, int *value)
{
  socklen_t size = sizeof *value;

  return getsockopt (fd, SOL_SOCKET, number, value, &size) < 0 ? -errno : 0;
}

static void
fail_descriptor (int fd, int code, GError **error)
{
  g_set_error (error, KIN_OS_ERROR, code, "cannot take over descriptor %d: %s", fd,
               g_strerror (code));
  errno = code;
}

static gboolean
ask_kernel (int fd, Numbers *numbers, GError **error)
{
  int rc = get_int (fd, SO_DOMAIN, &numbers->domain);

  if (rc == 0)
    rc = get_int (fd, SO_TYPE, &numbers->type);
  if (rc == 0)
    rc = get_int (fd, SO_PROTOCOL, &numbers->protocol);
  if (rc < 0)
    fail_descriptor (fd, -rc, error);
  return rc == 0;
}

KinSocket *
kin__socket_alloc_fd (const KinTransport *transport, int protocol, int fd, gboolean is_shared)
{
  KinSocket *socket = kin__socket_alloc (transport, protocol);

  socket->head.fd = fd;
  socket->is_shared = is_shared != 0;
  return socket;
}

static KinSocket *
take_over (int fd, const KinTransport *transport, int protocol, GError **error)
{
  KinSocket *socket = kin__socket_alloc_fd (transport, protocol, fd, TRUE);
  int flags, rc;

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
    kin__socket_stop (socket);
    kin_socket_unref (socket);
    return NULL;
  }
  return socket;
}

/**
 * kin_socket_new_from_fd_full:
 * @fd: a socket's descriptor, in any state
 * @domain: AF_…, or -1: as the kernel says (SO_DOMAIN)
 * @type: SOCK_STREAM…, or -1: as the kernel says (SO_TYPE)
 * @protocol: of socket(2), or -1: as the kernel says (SO_PROTOCOL)
 * @error: return location, or %NULL
 *
 * kin_socket_new_from_fd(), with numbers of the caller's that overrule what the kernel says, as the
 * family, type and proto that Python's socket.socket takes beside fileno. They say which family's
 * addresses and options the socket has; the descriptor is what it is.
 *
 * Returns: (transfer full) (nullable): the socket, or %NULL with the errors of
 *   kin_socket_new_from_fd()
 */
KinSocket *
kin_socket_new_from_fd_full (int fd, int domain, int type, int protocol, GError **error)
{
  const KinTransport *transport;
  Numbers numbers;

  if (!ask_kernel (fd, &numbers, error))
    return NULL;
  if (domain != -1)
    numbers.domain = domain;
  if (type != -1)
    numbers.type = type & ~TYPE_FLAGS;
  if (protocol != -1)
    numbers.protocol = protocol;
  transport = kin__transport_of_numbers (numbers.domain, numbers.type, numbers.protocol, error);
  return transport ? take_over (fd, transport, numbers.protocol, error) : NULL;
}

/**
 * kin_socket_new_from_fd:
 * @fd: a socket's descriptor, in any state
 * @error: return location, or %NULL
 *
 * Takes a descriptor over; on failure it stays the caller's. Family, type and protocol are asked of
 * the kernel (SO_DOMAIN, SO_TYPE, SO_PROTOCOL; socket(7)); what no family has is a socket as
 * kin_socket_new_from_numbers() makes them. The descriptor is inheritable or not as it was. Audited
 * as socket.__new__.
 *
 * Whoever made it may have it still, so the socket counts as shared: it keeps its own time, by
 * polling. Its timeout is the default one, whether the descriptor had O_NONBLOCK or not.
 *
 * This is how a socket comes in from another process: inherited by its number, or received with a
 * message (kin_message_steal_fds()).
 *
 * Returns: (transfer full) (nullable): the socket; %NULL with %KIN_OS_ERROR (EBADF, ENOTSOCK), or
 *   the errors of kin_socket_new_from_numbers()
 */
KinSocket *
kin_socket_new_from_fd (int fd, GError **error)
{
  return kin_socket_new_from_fd_full (fd, -1, -1, -1, error);
}

/* Of the families that share a scheme the descriptor's own, else the first. */
static const KinTransport *
find_scheme (const char *scheme, int domain, GError **error)
{
  const KinTransport *first = kin__registry_scheme (scheme, 0, error), *next = first;

  for (guint n = 1; next && kin__transport_domain (next) != domain; n++)
    next = kin__registry_scheme (scheme, n, NULL);
  return next ? next : first;
}

/**
 * kin_socket_new_from_fd_as:
 * @fd: a socket's descriptor, in any state
 * @scheme: whose it is: "tcp4", "hyperv"
 * @error: return location, or %NULL
 *
 * kin_socket_new_from_fd(), with a scheme of the caller's in place of what the kernel says: for a
 * family that stands over another's domain, which the kernel cannot tell from it.
 *
 * Returns: (transfer full) (nullable): the socket; %NULL with the errors of
 *   kin_socket_new_from_fd() and of kin_socket_new(), and EOPNOTSUPP where the scheme's sockets are
 *   not the kernel's
 */
KinSocket *
kin_socket_new_from_fd_as (int fd, const char *scheme, GError **error)
{
  const KinTransport *transport;
  Numbers numbers;

  if (!ask_kernel (fd, &numbers, error))
    return NULL;
  transport = find_scheme (scheme, numbers.domain, error);
  if (transport && !transport->family->is_kernel) {
    g_set_error (error, KIN_OS_ERROR, EOPNOTSUPP,
                 "cannot take over descriptor %d as %s, whose sockets are not the kernel's", fd,
                 scheme);
    errno = EOPNOTSUPP;
    return NULL;
  }
  return transport ? take_over (fd, transport, numbers.protocol, error) : NULL;
}

/**
 * kin_socket_new_from_dup:
 * @fd: a socket's descriptor, which stays the caller's
 * @error: return location, or %NULL
 *
 * kin_socket_new_from_fd() on a duplicate of @fd, close-on-exec: Python's socket.fromfd, which asks
 * for the family and the type that are detected here.
 *
 * Returns: (transfer full) (nullable): the socket, or %NULL with the errors of
 *   kin_socket_new_from_fd()
 */
KinSocket *
kin_socket_new_from_dup (int fd, GError **error)
{
  int duplicate = fcntl (fd, F_DUPFD_CLOEXEC, 0), code;
  KinSocket *socket;

  if (duplicate < 0) {
    fail_descriptor (fd, errno, error);
    return NULL;
  }
  socket = kin_socket_new_from_fd (duplicate, error);
  if (!socket) {
    code = errno;
    close (duplicate);
    errno = code;
  }
  return socket;
}

/* ---- Duplicates, and the way out ----------------------------------------------------------- */

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
  KinSocket *duplicate = kin__socket_alloc_fd (socket->transport, socket->head.protocol, -1, TRUE);
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
 * kin_socket_detach:
 * @socket: a socket whose descriptor is the kernel's
 * @error: return location, or %NULL
 *
 * Closes @socket and gives its descriptor away, open; a timeout that the kernel kept is taken off.
 * What the family kept beside it (netlink.errors; where a packet-dgram socket is connected to) is
 * gone.
 *
 * Returns: the descriptor, the caller's to close; -1 with %KIN_OS_ERROR: EBADF where it is closed,
 *   or was detached, already; EOPNOTSUPP where the socket is more than a descriptor
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
  kin__socket_stop (socket);
  return fd;
}

/**
 * kin_close_fd:
 * @fd: a descriptor that is no #KinSocket's: detached, or received with a message
 * @error: return location, or %NULL
 *
 * close(2), with Kin's errors: Python's socket.close (fd). The descriptor is gone whatever it
 * returns, but for EBADF. ECONNRESET is no error here.
 *
 * Returns: %TRUE, or %FALSE with %KIN_OS_ERROR; EBADF: it was not open
 */
gboolean
kin_close_fd (int fd, GError **error)
{
  int code = close (fd) < 0 ? errno : 0;

  if (code == 0 || code == ECONNRESET || code == EINTR)
    return TRUE;
  g_set_error (error, KIN_OS_ERROR, code, "cannot close descriptor %d: %s", fd, g_strerror (code));
  errno = code;
  return FALSE;
}
