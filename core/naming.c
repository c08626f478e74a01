/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* naming: a socket is bound, listens, accepts, connects, is shut down.
 *
 * Each function here audits, makes the family's call (call.c), waits where the socket may (wait.c),
 * and words what failed (fail.c). */
#include "private.h"

#include <poll.h>
#include <string.h>

/* ---- Naming and connecting ----------------------------------------------------------------- */

gboolean
kin__socket_bind (KinSocket *socket, const KinAddress *address, const char *text, GError **error)
{
  int rc = kin__not_open (socket);

  if (!kin__audit ("socket.bind", socket->transport, socket, address, text, error))
    return FALSE;
  if (text) {
    g_free (kin__socket_more (socket)->text);
    socket->more->text = g_strdup (text);
  }
  if (socket->is_open && text)
    rc = kin__call_bind (socket, text, strlen (text));
  else if (socket->is_open)
    rc = kin__call_bind (socket, &address->sa, address->length);
  if (rc < 0)
    kin__fail (error, socket, "bind to", address, -rc);
  return rc == 0;
}

/* A row over another takes the inner endpoint's text, and no address. */
static gboolean
takes_address (KinSocket *socket, const char *operation, GError **error)
{
  if (!(socket->transport->row.flags & KIN_PROTOCOL_OVER))
    return TRUE;
  kin__fail (error, socket, operation, NULL, EOPNOTSUPP);
  return FALSE;
}

/**
 * kin_socket_bind:
 * @socket: a socket
 * @address: its address from now on
 * @error: return location, or %NULL
 *
 * bind(2). Audited as socket.bind.
 *
 * Returns: %TRUE, or %FALSE with %KIN_OS_ERROR
 */
gboolean
kin_socket_bind (KinSocket *socket, const KinAddress *address, GError **error)
{
  return takes_address (socket, "bind to", error)
         && kin__socket_bind (socket, address, NULL, error);
}

/**
 * kin_socket_listen:
 * @socket: a bound socket
 * @backlog: how many connections may wait to be accepted; the kernel's limit is
 *   net.core.somaxconn; less than 0 is 0
 * @error: return location, or %NULL
 *
 * listen(2).
 *
 * Returns: %TRUE, or %FALSE with %KIN_OS_ERROR
 */
gboolean
kin_socket_listen (KinSocket *socket, int backlog, GError **error)
{
  int rc = socket->is_open ? kin__call_listen (socket, MAX (backlog, 0)) : kin__not_open (socket);

  if (rc < 0)
    kin__fail (error, socket, "listen on", NULL, -rc);
  return rc == 0;
}

typedef struct {
  KinSocket *child;
  KinAddress peer;
} Accepting;

static gssize
attempt_accept (KinSocket *socket, gpointer call, int flags)
{
  Accepting *accepting = call;

  (void) flags;
  return kin__call_accept (socket, accepting->child, &accepting->peer);
}

/**
 * kin_socket_accept:
 * @socket: a listening socket
 * @peer: (out caller-allocates) (optional): who connected; length 0 where the family does not say
 * @error: return location, or %NULL
 *
 * accept4(2). The new socket is close-on-exec and has the default timeout, whatever the listener's.
 *
 * Returns: (transfer full) (nullable): the connection, or %NULL
 */
KinSocket *
kin_socket_accept (KinSocket *socket, KinAddress *peer, GError **error)
{
  Accepting accepting = {
    .child = kin__socket_alloc (socket->transport, socket->head.protocol),
    /* A slot that accepts from an inner socket says whose address it is by itself. */
    .peer = { .transport = socket->transport, .protocol = socket->head.protocol },
  };
  gssize rc = socket->is_open ? 0 : kin__not_open (socket);

  /* accept has no MSG_DONTWAIT, and of two that poll one may find the connection gone. */
  if (rc == 0 && (socket->timeout_usec == 0 || (socket->polled & KIN_WAITS_ACCEPT)))
    rc = kin__mode_set_nonblock (socket, TRUE);
  if (rc == 0)
    rc = attempt_accept (socket, &accepting, 0);
  if (rc == -EAGAIN || rc == -EINTR)
    rc = kin__retry (socket, KIN_WAITS_ACCEPT, attempt_accept, &accepting, (int) -rc);
  if (rc == 0) {
    /* A TCP connection inherits the listener's timeouts, a UNIX one does not. */
    accepting.child->has_kernel_time = socket->has_kernel_time;
    rc = kin__socket_start (accepting.child);
  }
  if (rc < 0) {
    kin__fail (error, socket, "accept from", NULL, (int) -rc);
    kin_socket_unref (accepting.child);
    return NULL;
  }
  if (peer)
    *peer = accepting.peer;
  return accepting.child;
}

/* ---- Connecting ---------------------------------------------------------------------------- */

/* Linux's connect may be called again after a signal or a timeout: it goes on waiting, and answers
 * 0 or EISCONN once it is done. Where the core polls, the end of a kernel's connect is read from
 * SO_ERROR; a family's own connect slot is called again. */

/* Whom to connect to: a sockaddr, or an inner endpoint's text. */
typedef struct {
  const void *address;
  gsize length;
} Target;

static gboolean
is_in_progress (int rc)
{
  return rc == -EINPROGRESS || rc == -EALREADY;
}

/* The kernel keeps the time, and starts it anew when a signal made us call again: for what is left.
 */
static int
connect_kept (KinSocket *socket, const Target *target)
{
  gint64 deadline = kin__deadline (socket->timeout_usec);
  int rc = kin__call_connect (socket, target->address, target->length), restored = 0;
  gboolean was_interrupted = rc == -EINTR;

  while (rc == -EINTR) {
    gint64 left = deadline < 0 ? 1 : deadline - g_get_monotonic_time ();

    rc = left > 0 ? 0 : -KIN__TIMED_OUT;
    if (rc == 0 && deadline >= 0)
      rc = kin__mode_set_kernel_time (socket, SO_SNDTIMEO, left);
    if (rc == 0)
      rc = kin__call_connect (socket, target->address, target->length);
  }
  if (was_interrupted && deadline >= 0)
    restored = kin__mode_set_kernel_time (socket, SO_SNDTIMEO, socket->timeout_usec);
  if (rc == -EISCONN && was_interrupted)
    rc = 0;
  if (deadline >= 0 && (rc == -EAGAIN || is_in_progress (rc)))
    rc = -KIN__TIMED_OUT;
  return rc == 0 ? restored : rc;
}

/* How a connect that is on its way stands. A kernel's socket is asked for its error; a family's
 * slot is called again. */
static int
ask_again (KinSocket *socket, const Target *target)
{
  socklen_t size = sizeof (int);
  int code = 0, rc;

  if (socket->transport->ops.connect)
    return kin__call_connect (socket, target->address, target->length);
  rc = kin__call_getsockopt (socket, SOL_SOCKET, SO_ERROR, &code, &size);
  return rc < 0 ? rc : -code;
}

static int
connect_polled (KinSocket *socket, const Target *target)
{
  gint64 deadline = kin__deadline (socket->timeout_usec);
  int rc = kin__mode_set_nonblock (socket, TRUE), restored;

  if (rc == 0)
    rc = kin__call_connect (socket, target->address, target->length);
  for (guint tries = 0; rc == -EAGAIN || rc == -EINTR || is_in_progress (rc); tries++) {
    gboolean is_started = is_in_progress (rc);

    rc = rc == -EAGAIN ? kin__pause (socket, deadline)
         : is_started  ? kin__wait (socket, POLLOUT, deadline)
                       : 0;
    if (rc == 0 && is_started && tries > 1) /* ready, and yet not: poll cannot tell */
      rc = kin__pause (socket, deadline);
    if (rc == 0)
      rc = is_started ? ask_again (socket, target)
                      : kin__call_connect (socket, target->address, target->length);
  }
  restored = kin__mode_set_nonblock (socket, socket->timeout_usec == 0);
  return rc == 0 ? restored : rc;
}

static int
connect_now (KinSocket *socket, const Target *target)
{
  if (!socket->is_open)
    return kin__not_open (socket);
  if (socket->timeout_usec == 0) {
    int rc = kin__mode_set_nonblock (socket, TRUE);

    return rc < 0 ? rc : kin__call_connect (socket, target->address, target->length);
  }
  if (socket->polled & KIN_WAITS_CONNECT)
    return connect_polled (socket, target);
  return connect_kept (socket, target);
}

gboolean
kin__socket_connect (KinSocket *socket, const KinAddress *address, const char *text, GError **error)
{
  Target target = { .address = text, .length = text ? strlen (text) : 0 };
  int rc;

  if (!kin__audit ("socket.connect", socket->transport, socket, address, text, error))
    return FALSE;
  if (text) {
    g_free (kin__socket_more (socket)->text);
    socket->more->text = g_strdup (text);
  } else
    target = (Target){ .address = &address->sa, .length = address->length };
  rc = connect_now (socket, &target);
  if (rc == 0)
    return TRUE;
  if (socket->timeout_usec == 0 && is_in_progress (rc)) {
    if (address)
      kin__socket_more (socket)->connecting = *address;
    socket->is_connecting = TRUE;
    rc = -EINPROGRESS;
  }
  kin__fail (error, socket, "connect to", address, -rc);
  return FALSE;
}

/**
 * kin_socket_connect:
 * @socket: a socket
 * @address: whom to connect to
 * @error: return location, or %NULL
 *
 * connect(2), within the socket's timeout. On a socket that never waits it fails with EINPROGRESS
 * while the connection is being made: wait as kin_socket_wants() says, for POLLOUT, then call
 * kin_connect_continue(). Audited as socket.connect.
 *
 * A full backlog is waited for: by the kernel where it keeps the time, else by asking again.
 *
 * Returns: %TRUE, or %FALSE
 */
gboolean
kin_socket_connect (KinSocket *socket, const KinAddress *address, GError **error)
{
  return takes_address (socket, "connect to", error)
         && kin__socket_connect (socket, address, NULL, error);
}

/* The options that an endpoint sets once its socket is connected. */
static gboolean
set_late_options (KinSocket *socket, GError **error)
{
  KinEndpoint *late = socket->more->late;
  gboolean is_done = !late || kin__set_options (socket, late, TRUE, FALSE, error);

  kin_endpoint_free (late);
  socket->more->late = NULL;
  return is_done;
}

/**
 * kin_connect_continue:
 * @socket: a socket that is being connected
 * @error: return location, or %NULL
 *
 * Goes on where kin_connect_start(), or kin_socket_connect() on a socket that never waits, left
 * off. While it fails with %KIN_OS_ERROR and EINPROGRESS, wait for POLLOUT as kin_socket_wants()
 * says and call it again; the descriptor may have changed. A name that is looked up, and its
 * addresses that are raced, are one descriptor until there is a connection.
 *
 * Returns: %TRUE: connected; %FALSE: not yet, or never
 */
gboolean
kin_connect_continue (KinSocket *socket, GError **error)
{
  const KinMore *more = socket->more;
  const KinAddress *address;
  Target target;
  int rc;

  if (!socket->is_connecting) {
    KinAddress peer;

    rc = socket->is_open ? kin__call_peer (socket, &peer) : -EBADF;
    if (rc != -EBADF && rc != -ENOTCONN)
      return TRUE;
    kin__fail (error, socket, "connect", NULL, -rc);
    return FALSE;
  }
  if (more->race) {
    rc = kin__race_step (socket, error);
    if (rc == -EINPROGRESS)
      kin__fail (error, socket, "connect to", NULL, EINPROGRESS);
    return rc == 0;
  }
  address = more->text ? NULL : &more->connecting;
  if (more->text)
    target = (Target){ .address = more->text, .length = strlen (more->text) };
  else
    target = (Target){ .address = &address->sa, .length = address->length };
  rc = socket->transport->ops.connect ? 0 : kin__wait (socket, POLLOUT, kin__deadline (0));
  if (rc == 0)
    rc = ask_again (socket, &target);
  if (rc == -KIN__TIMED_OUT || is_in_progress (rc))
    rc = -EINPROGRESS;
  else
    socket->is_connecting = FALSE;
  if (rc == 0)
    return set_late_options (socket, error);
  kin__fail (error, socket, "connect to", address, -rc);
  return FALSE;
}

/* ---- Ending -------------------------------------------------------------------------------- */

/**
 * kin_socket_shutdown:
 * @socket: a connected socket
 * @how: SHUT_RD, SHUT_WR or SHUT_RDWR
 * @error: return location, or %NULL
 *
 * shutdown(2). SHUT_WR is how a stream says that no more will come.
 *
 * Returns: %TRUE, or %FALSE with %KIN_OS_ERROR
 */
gboolean
kin_socket_shutdown (KinSocket *socket, int how, GError **error)
{
  int rc = socket->is_open ? kin__call_shutdown (socket, how) : kin__not_open (socket);

  if (rc < 0)
    kin__fail (error, socket, "shut down", NULL, -rc);
  return rc == 0;
}
