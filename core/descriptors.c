/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* descriptors: open files that go from process to process beside data, SCM_RIGHTS of unix(7).
 *
 * What can get lost on the way without a word is refused or made good here: a family that carries
 * none ignores them, a stream drops them where no byte goes with them, and what is received beyond
 * what was asked for would stay open for ever. */
#include "private.h"

#include <string.h>
#include <unistd.h>

/* SCM_MAX_FD, which the kernel's headers keep to themselves. */
#define MAX_FDS 253

/* Beside descriptors: credentials and labels, which the kernel writes first. */
#define OTHER_CONTROLS 512

/**
 * kin_message_add_fds:
 * @message: a message to send
 * @fds: (array length=n_fds): descriptors, which stay the caller's
 * @n_fds: how many; the kernel takes 253 in one message
 * @error: return location, or %NULL
 *
 * Adds descriptors, SCM_RIGHTS of unix(7).
 *
 * Returns: %TRUE, or %FALSE with %KIN_ERROR_BAD_VALUE
 */
gboolean
kin_message_add_fds (KinMessage *message, const int *fds, gsize n_fds, GError **error)
{
  if (n_fds > MAX_FDS) {
    kin__error_set (error, KIN_ERROR_BAD_VALUE,
                    "%" G_GSIZE_FORMAT " descriptors are too many for one message, which takes %d",
                    n_fds, MAX_FDS);
    return FALSE;
  }
  for (gsize i = 0; i < n_fds; i++)
    if (fds[i] < 0) {
      kin__error_set (error, KIN_ERROR_BAD_VALUE, "%d is no descriptor", fds[i]);
      return FALSE;
    }
  return kin_message_add_control_bytes (message, SOL_SOCKET, SCM_RIGHTS, fds, n_fds * sizeof *fds,
                                        error);
}

static gboolean
can_send_fds (KinSocket *socket, gsize length, GError **error)
{
  const char *scheme = socket->transport->row.scheme;

  if (!socket->transport->family->has_fds) {
    kin__error_set (error, KIN_ERROR_NOT_SUPPORTED, "%s carries no descriptors", scheme);
    return FALSE;
  }
  if (length == 0 && socket->transport->row.type == SOCK_STREAM) {
    kin__error_set (error, KIN_ERROR_BAD_VALUE,
                    "descriptors would be lost: on %s a byte of data at least goes with them",
                    scheme);
    return FALSE;
  }
  return TRUE;
}

/**
 * kin_socket_send_fds:
 * @socket: a socket of a family that carries descriptors (unix)
 * @data: (array length=length) (element-type guint8): what goes with them
 * @length: bytes of @data; on a stream one at least
 * @fds: (array length=n_fds): descriptors, which stay the caller's
 * @n_fds: how many; the kernel takes 253
 * @flags: MSG_…, or 0
 * @to: (nullable): where to; %NULL: to the peer it is connected to
 * @error: return location, or %NULL
 *
 * Sends data and descriptors in one message: Python's socket.send_fds, with the flags and the
 * address that it ignores. Several buffers are kin_message_set_vectors() and
 * kin_message_add_fds(). Audited as socket.sendmsg.
 *
 * Returns: bytes of @data that were sent, the descriptors with the first; -1 with
 *   %KIN_ERROR_NOT_SUPPORTED, %KIN_ERROR_BAD_VALUE or the errors of kin_socket_sendmsg()
 */
gssize
kin_socket_send_fds (KinSocket *socket, gconstpointer data, gsize length, const int *fds,
                     gsize n_fds, int flags, const KinAddress *to, GError **error)
{
  g_autoptr (KinMessage) message = kin_message_new ();

  kin_message_set_data (message, data, length);
  kin_message_set_address (message, to);
  if (n_fds > 0
      && (!can_send_fds (socket, length, error)
          || !kin_message_add_fds (message, fds, n_fds, error)))
    return -1;
  return kin_socket_sendmsg (socket, message, flags, error);
}

/* Moves the first of those that were sent to fds, and closes the others and what else came as a
 * descriptor, such as a pidfd. How many of those that were sent there were. */
static gsize
take_rights (KinMessage *message, int *fds, gsize max_fds)
{
  gsize n_all, n = 0;
  g_autofree int *all = kin_message_steal_fds (message, &n_all);
  KinControlItem item;

  for (gsize at = 0; kin_message_next_control (message, &at, &item);)
    if (item.level == SOL_SOCKET && item.type == SCM_RIGHTS)
      for (gsize i = 0; i + sizeof (int) <= item.length; i += sizeof (int), n++)
        if (n < max_fds)
          memcpy (&fds[n], (const guint8 *) item.data + i, sizeof (int));
  for (gsize i = 0; i < n_all; i++) {
    gboolean is_taken = FALSE;

    for (gsize k = 0; k < MIN (n, max_fds); k++)
      is_taken |= fds[k] == all[i];
    if (!is_taken)
      close (all[i]);
  }
  return n;
}

/**
 * kin_socket_recv_fds:
 * @socket: a socket
 * @data: (out caller-allocates) (array length=size) (element-type guint8): where to put the data
 * @size: bytes of @data
 * @fds: (out caller-allocates) (array length=max_fds): where to put descriptors
 * @max_fds: how many there is room for
 * @n_fds: (out): how many came; they are the caller's to close, and close-on-exec
 * @flags: MSG_…, or 0
 * @from: (out) (optional): who sent it; length 0: the family does not say
 * @message_flags: (out) (optional): what recvmsg(2) said: MSG_TRUNC, MSG_CTRUNC…
 * @error: return location, or %NULL
 *
 * Receives a message with its descriptors: Python's socket.recv_fds. What there is no room for is
 * closed, and @message_flags has MSG_CTRUNC. Other control messages are dropped.
 *
 * Returns: bytes received; 0: the peer has ended a stream; -1, and no descriptors, with the errors
 *   of kin_socket_recvmsg()
 */
gssize
kin_socket_recv_fds (KinSocket *socket, gpointer data, gsize size, int *fds, gsize max_fds,
                     gsize *n_fds, int flags, KinAddress *from, int *message_flags, GError **error)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  gsize n_came;
  gssize n;

  *n_fds = 0;
  kin_message_set_control_size (message, OTHER_CONTROLS
                                             + CMSG_SPACE (MIN (max_fds, MAX_FDS) * sizeof (int)));
  kin_message_set_data (message, data, size);
  n = kin_socket_recvmsg (socket, message, flags, error);
  if (from)
    *from = *kin_message_get_address (message);
  if (n < 0)
    return -1;
  n_came = take_rights (message, fds, max_fds);
  *n_fds = MIN (n_came, max_fds);
  if (message_flags)
    *message_flags = kin_message_get_flags (message) | (n_came > max_fds ? MSG_CTRUNC : 0);
  return n;
}
