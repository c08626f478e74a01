/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pair: two sockets that are connected to each other.
 *
 * The kernel makes pairs of few families. Of any other that has connections, and an address by
 * which this machine can talk to itself (KinProtocol's loopback), a pair is a listener there, a
 * connect and an accept. Anybody on this machine may connect first: both names are compared, and a
 * stranger is not taken for the other end. */
#include "private.h"

#include <poll.h>

/* Bytes between two sockets of one machine need no more, unless somebody filters them. */
#define PAIR_USEC KIN_SECONDS (5)

typedef struct {
  KinSocket *door, *client, *server;
} Ends;

/* ---- By the kernel ------------------------------------------------------------------------- */

static int
make_by_kernel (const KinTransport *transport, Ends *ends)
{
  const KinFamily *family = &transport->family->data;
  int domain = family->over_domain ? family->over_domain : family->domain;
  int protocol = transport->row.protocol, fds[2], rc;

  if (!transport->family->is_kernel || family->ops || transport->row.ops)
    return -EOPNOTSUPP;
  if (socketpair (domain, kin__kernel_type (&transport->row) | SOCK_CLOEXEC, protocol, fds) < 0)
    return -errno;
  ends->client = kin__socket_alloc_fd (transport, protocol, fds[0], FALSE);
  ends->server = kin__socket_alloc_fd (transport, protocol, fds[1], FALSE);
  rc = kin__socket_start (ends->client);
  return rc < 0 ? rc : kin__socket_start (ends->server);
}

static void
fail_pair (const KinTransport *transport, int code, GError **error)
{
  g_autoptr (KinSocket) none = kin__socket_alloc (transport, transport->row.protocol);

  kin__fail (error, none, "make a pair of", NULL, code);
}

/* ---- Over the loopback --------------------------------------------------------------------- */

static gboolean
can_connect (const KinTransport *transport)
{
  int type = transport->row.type;

  return transport->row.loopback && !(transport->row.flags & KIN_PROTOCOL_OVER)
         && (type == SOCK_STREAM || type == SOCK_SEQPACKET);
}

static gboolean
open_door (const KinTransport *transport, KinAddress *at, Ends *ends, GError **error)
{
  g_autofree char *text = g_strconcat (transport->row.scheme, ":", transport->row.loopback, NULL);
  KinAddress address;

  ends->door = kin__socket_open (transport, transport->row.protocol, error);
  return ends->door && kin_address_parse (&address, text, error)
         && kin_socket_set_timeout (ends->door, PAIR_USEC, error)
         && kin_socket_bind (ends->door, &address, error)
         && kin_socket_listen (ends->door, 1, error) && kin_socket_local (ends->door, at, error);
}

/* TRUE as well while it is on its way: some families' connect ends when it is accepted. */
static gboolean
start_client (const KinTransport *transport, const KinAddress *at, Ends *ends, GError **error)
{
  GError *why = NULL;

  ends->client = kin__socket_open (transport, transport->row.protocol, error);
  if (!ends->client || !kin_socket_set_timeout (ends->client, 0, error))
    return FALSE;
  if (kin_socket_connect (ends->client, at, &why))
    return TRUE;
  if (ends->client->is_connecting) {
    g_clear_error (&why);
    return TRUE;
  }
  g_propagate_error (error, why);
  return FALSE;
}

static gboolean
finish_client (KinSocket *client, GError **error)
{
  gint64 deadline = kin__deadline (PAIR_USEC);

  while (client->is_connecting) {
    GError *why = NULL;
    int rc = kin__wait (client, POLLOUT, deadline);

    if (rc < 0) {
      kin__fail (error, client, "connect", NULL, -rc);
      return FALSE;
    }
    if (!kin_connect_continue (client, &why) && !client->is_connecting) {
      g_propagate_error (error, why);
      return FALSE;
    }
    g_clear_error (&why);
  }
  return TRUE;
}

/* Each is where the other says that its peer is. */
static gboolean
is_each_others (const Ends *ends, GError **error)
{
  KinAddress client, server, clients_peer, servers_peer;

  if (!kin_socket_local (ends->client, &client, error)
      || !kin_socket_local (ends->server, &server, error)
      || !kin_socket_peer (ends->client, &clients_peer, error)
      || !kin_socket_peer (ends->server, &servers_peer, error))
    return FALSE;
  if (kin_address_equal (&client, &servers_peer) && kin_address_equal (&server, &clients_peer))
    return TRUE;
  kin__error_deliver (error,
                      g_error_new (KIN_OS_ERROR, ECONNABORTED,
                                   "cannot make a pair of %s: another program connected first",
                                   ends->client->transport->row.scheme),
                      ECONNABORTED);
  return FALSE;
}

static gboolean
connect_ends (const KinTransport *transport, Ends *ends, GError **error)
{
  gint64 timeout = kin_get_default_timeout ();
  KinAddress at;

  if (!open_door (transport, &at, ends, error) || !start_client (transport, &at, ends, error))
    return FALSE;
  ends->server = kin_socket_accept (ends->door, NULL, error);
  return ends->server && finish_client (ends->client, error) && is_each_others (ends, error)
         && kin_socket_set_timeout (ends->client, timeout, error);
}

/**
 * kin_socket_new_pair:
 * @scheme: a scheme, "unix"
 * @first: (out) (transfer full): one end
 * @second: (out) (transfer full): the other
 * @error: return location, or %NULL
 *
 * Makes two sockets that are connected to each other, close-on-exec: socketpair(2). Where the
 * kernel has no pairs of the family ("tcp4"), they are connected over the loopback, as Python's
 * socketpair does for AF_INET. Audited as socket.__new__, then as what is done for it.
 *
 * Returns: %TRUE, or %FALSE with %KIN_OS_ERROR; EOPNOTSUPP where the protocol has no connections,
 *   ECONNABORTED where another program connected first
 */
gboolean
kin_socket_new_pair (const char *scheme, KinSocket **first, KinSocket **second, GError **error)
{
  const KinTransport *transport = kin__registry_scheme (scheme, 0, error);
  Ends ends = { .door = NULL };
  gboolean is_done;
  int rc;

  *first = *second = NULL;
  if (!transport || !kin__audit ("socket.__new__", transport, NULL, NULL, NULL, error))
    return FALSE;
  rc = make_by_kernel (transport, &ends);
  is_done = rc == 0;
  if (rc == -EOPNOTSUPP && can_connect (transport))
    is_done = connect_ends (transport, &ends, error);
  else if (rc < 0)
    fail_pair (transport, -rc, error);
  kin_socket_unref (ends.door);
  if (!is_done) {
    kin_socket_unref (ends.client);
    kin_socket_unref (ends.server);
    return FALSE;
  }
  *first = ends.client;
  *second = ends.server;
  return TRUE;
}
