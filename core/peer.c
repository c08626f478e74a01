/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* peer: which process is at the other end.
 *
 * SO_PEERCRED, SO_PEERGROUPS and SO_PEERPIDFD are every socket's to ask, and answered by families
 * whose peers are processes of this machine. */
#include "private.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the kernel headers of some distributions. */
enum { PEER_PIDFD = 77 }; /* SO_PEERPIDFD, Linux 6.5 */

#define FIRST_GROUPS 32

/* What every socket has is asked of the innermost. */
static KinSocket *
innermost (KinSocket *socket)
{
  KinSocket *inner = kin__socket_inner (socket);

  return inner ? innermost (inner) : socket;
}

/* Of another family than AF_UNIX the kernel answers, too: nobody, process 0. */
static int
get_credentials (KinSocket *socket, KinCredentials *credentials)
{
  struct ucred known = { .pid = 0 };
  socklen_t size = sizeof known;
  int rc = kin__call_getsockopt (innermost (socket), SOL_SOCKET, SO_PEERCRED, &known, &size);

  if (rc == -ENOPROTOOPT || (rc == 0 && known.pid == 0 && known.uid == (uid_t) -1))
    return -EOPNOTSUPP;
  if (rc < 0)
    return rc;
  *credentials = (KinCredentials){ .pid = known.pid, .uid = known.uid, .gid = known.gid };
  return 0;
}

/**
 * kin_socket_peer_credentials:
 * @socket: a connected socket, or one of a pair
 * @credentials: (out caller-allocates): who the peer is
 * @error: return location, or %NULL
 *
 * SO_PEERCRED of unix(7): fixed by the kernel when the peer connected or listened, so a peer cannot
 * pretend, and a descriptor that was passed on still names the first. Of the three only the user
 * and group are fit to decide what is allowed: a number of a process is taken again once it has
 * ended; see kin_socket_peer_pidfd(). Who sent one message is the control message unix.credentials.
 *
 * Returns: %TRUE, or %FALSE with %KIN_OS_ERROR; EOPNOTSUPP: the family's peers are no processes of
 *   this machine, or nobody is connected
 */
gboolean
kin_socket_peer_credentials (KinSocket *socket, KinCredentials *credentials, GError **error)
{
  int rc = get_credentials (socket, credentials);

  if (rc < 0)
    kin__fail (error, socket, "tell the peer of", NULL, -rc);
  return rc == 0;
}

/**
 * kin_socket_peer_groups:
 * @socket: a connected socket
 * @n_groups: (out): how many
 * @error: return location, or %NULL
 *
 * The supplementary groups of the peer when it connected, SO_PEERGROUPS (Linux 4.13).
 *
 * Returns: (transfer full) (array length=n_groups) (nullable): the groups, an array to g_free();
 *   %NULL with %KIN_OS_ERROR
 */
gid_t *
kin_socket_peer_groups (KinSocket *socket, gsize *n_groups, GError **error)
{
  socklen_t size = FIRST_GROUPS * sizeof (gid_t);
  gid_t *groups = g_malloc (size);
  KinCredentials credentials;
  int rc = get_credentials (socket, &credentials);

  if (rc == 0)
    rc = kin__call_getsockopt (innermost (socket), SOL_SOCKET, SO_PEERGROUPS, groups, &size);
  if (rc == -ERANGE) { /* size is what it takes */
    groups = g_realloc (groups, size);
    rc = kin__call_getsockopt (innermost (socket), SOL_SOCKET, SO_PEERGROUPS, groups, &size);
  }
  *n_groups = rc < 0 ? 0 : size / sizeof (gid_t);
  if (rc == 0)
    return groups;
  g_free (groups);
  kin__fail (error, socket, "tell the peer's groups of", NULL, -rc);
  return NULL;
}

/**
 * kin_socket_peer_pidfd:
 * @socket: a connected socket
 * @error: return location, or %NULL
 *
 * A descriptor of the peer's process, that stays this process's whatever becomes of its number:
 * poll(2) tells when it has ended, pidfd_send_signal(2) reaches no other. SO_PEERPIDFD (Linux 6.5).
 *
 * On an older kernel it is pidfd_open(2) of the number that the peer had when it connected. If it
 * has ended since, and another process got its number, that one is what comes: there, do not decide
 * by it what the peer may do.
 *
 * Returns: the descriptor, close-on-exec, the caller's to close; -1 with %KIN_OS_ERROR; ESRCH: the
 *   process has ended, or is not seen in this PID namespace
 */
int
kin_socket_peer_pidfd (KinSocket *socket, GError **error)
{
  KinCredentials credentials;
  int fd = -1, rc = get_credentials (socket, &credentials);
  socklen_t size = sizeof fd;

  if (rc == 0)
    rc = kin__call_getsockopt (innermost (socket), SOL_SOCKET, PEER_PIDFD, &fd, &size);
  if (rc == -ENOPROTOOPT) {
    fd = credentials.pid > 0 ? (int) syscall (SYS_pidfd_open, credentials.pid, 0) : -1;
    rc = fd >= 0 ? 0 : credentials.pid > 0 ? -errno : -ESRCH;
  } else if (rc == -EINVAL || rc == -ENODATA) /* so does Linux say it, by its age */
    rc = -ESRCH;
  if (rc == 0)
    return fd;
  kin__fail (error, socket, "open the peer's process of", NULL, -rc);
  return -1;
}
