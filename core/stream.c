/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* stream: what a reader and a writer stand on: a socket that stays open for them.
 *
 * Python counts the file objects of a socket, and closes its descriptor after the last. Here each
 * has a reference on the socket, which does for a program that gives up its own. For one that
 * closes the socket there is an heir: a socket that nobody sees, to which kin_socket_close() leaves
 * the descriptor as long as there are streams. */
#include "private.h"

gboolean
kin__stream_open (KinStream *stream, KinSocket *socket, GError **error)
{
  KinMore *more;

  if (!socket->is_open) {
    kin__fail (error, socket, "make a stream of", NULL, -kin__not_open (socket));
    return FALSE;
  }
  if (socket->transport->row.type != SOCK_STREAM) {
    kin__error_set (error, KIN_ERROR_NOT_SUPPORTED,
                    "cannot read or write lines and blocks over %s, which is no stream",
                    socket->transport->row.scheme);
    return FALSE;
  }
  more = kin__socket_more (socket);
  if (!more->heir)
    more->heir = kin__socket_alloc (socket->transport, socket->head.protocol);
  *stream = (KinStream){ kin_socket_ref (socket), kin_socket_ref (more->heir) };
  return TRUE;
}

KinSocket *
kin__stream_socket (const KinStream *stream, const char *operation, GError **error)
{
  if (stream->socket)
    return stream->heir->is_open ? stream->heir : stream->socket;
  g_set_error (error, KIN_OS_ERROR, EBADF, "cannot %s a stream that is closed", operation);
  errno = EBADF;
  return NULL;
}

int
kin__stream_fd (const KinStream *stream)
{
  KinSocket *socket = stream->socket ? kin__stream_socket (stream, "ask", NULL) : NULL;

  return socket ? kin_socket_fd (socket) : -1;
}

void
kin__stream_close (KinStream *stream)
{
  g_clear_pointer (&stream->heir, kin_socket_unref);
  g_clear_pointer (&stream->socket, kin_socket_unref);
}

gboolean
kin__stream_inherit (KinSocket *socket)
{
  KinSocket *heir = socket->more ? g_steal_pointer (&socket->more->heir) : NULL;
  gboolean is_wanted = heir && g_atomic_int_get (&heir->ref_count) > 1;

  if (is_wanted) {
    heir->more = g_steal_pointer (&socket->more);
    heir->timeout_usec = socket->timeout_usec;
    heir->is_shared = socket->is_shared;
    heir->was_nonblock = socket->was_nonblock;
    kin__socket_become (heir, socket);
  }
  kin_socket_unref (heir);
  return is_wanted;
}
