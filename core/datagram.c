/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* datagram: a machine with several addresses answers from the one that was asked.
 *
 * A socket bound to all addresses learns with each datagram which it came to, and says with an
 * answer which it goes from: by a control message, one that has a field for it (KIN_FIELD_LOCAL),
 * of the size of the host in the family's addresses. */
#include "private.h"

#include <string.h>

/* What the caller's other options bring along must not push ours out. */
#define CONTROL_SIZE 512

/* ---- Where it is --------------------------------------------------------------------------- */

/* The field with the flag; FALSE: there is none. */
static gboolean
find_field (const KinTable *fields, guint flag, KinField *row)
{
  for (guint i = 0; kin__row (fields, i, row, sizeof *row); i++)
    if (row->flags & flag)
      return TRUE;
  return FALSE;
}

void
kin__datagram_describe (KinTransport *transport)
{
  const KinTable *controls = &transport->family->data.controls;
  KinAddressCodec codec;
  KinField host, local;
  KinControl control;

  if (!kin__row (&transport->row.codecs, 0, &codec, sizeof codec)
      || !find_field (&codec.fields, KIN_FIELD_HOST, &host))
    return;
  for (guint i = 0; kin__row (controls, i, &control, sizeof control); i++)
    if (find_field (&control.fields, KIN_FIELD_LOCAL, &local) && local.size == host.size
        && local.offset + local.size <= control.size && control.size <= CONTROL_SIZE / 2)
      transport->local = (KinLocal){
        .level = control.level,
        .number = control.number,
        .length = control.size,
        .offset = local.offset,
        .size = local.size,
        .host = host.offset,
        .address_length = codec.bytes,
        .enabled_by = control.enabled_by,
      };
}

/* Once for each socket; twice does no harm. */
static int
enable (KinSocket *socket)
{
  const KinLocal *local = &socket->transport->local;
  const int one = 1;
  KinOption row;
  int rc = 0;

  if (local->size == 0)
    return -EOPNOTSUPP;
  if (__atomic_load_n (&socket->tells_local, __ATOMIC_RELAXED))
    return 0;
  if (local->enabled_by
      && kin__option_find (&socket->transport->family->data.options, local->enabled_by, &row))
    rc = kin__call_setsockopt (socket, row.level, row.number, &one, sizeof one);
  if (rc == 0)
    __atomic_store_n (&socket->tells_local, TRUE, __ATOMIC_RELAXED);
  return rc;
}

/* ---- Receiving and answering --------------------------------------------------------------- */

static void
take_local (const KinSocket *socket, struct msghdr *header, KinAddress *to)
{
  const KinLocal *local = &socket->transport->local;

  for (struct cmsghdr *at = CMSG_FIRSTHDR (header); at; at = CMSG_NXTHDR (header, at)) {
    if (at->cmsg_level != local->level || at->cmsg_type != local->number
        || at->cmsg_len < CMSG_LEN (local->length))
      continue;
    memset (to, 0, sizeof *to);
    to->transport = socket->transport;
    to->protocol = socket->head.protocol;
    to->length = local->address_length;
    to->sa.generic.sa_family = kin__transport_domain (socket->transport);
    memcpy (to->sa.bytes + local->host, (guint8 *) CMSG_DATA (at) + local->offset, local->size);
    return;
  }
}

/**
 * kin_socket_recvfromto:
 * @socket: a datagram socket
 * @data: (out caller-allocates) (array length=size) (element-type guint8): where to put it
 * @size: bytes of @data
 * @flags: MSG_…, or 0
 * @from: (out caller-allocates): who sent it
 * @to: (out caller-allocates): the address of this machine that it was sent to, without a port; of
 * a multicast or broadcast over IPv4 the receiving interface's own. Length 0: it came before the
 *   first such call
 * @error: return location, or %NULL
 *
 * Receives a datagram and learns which of this machine's addresses it came to, for a socket that is
 * bound to all: recvmsg(2) with IP_PKTINFO of ip(7), IPV6_PKTINFO of ipv6(7). The socket's first
 * such call makes the kernel tell; set that option before you bind, by its name, if nothing may be
 * missed.
 *
 * Returns: bytes received, or -1; EOPNOTSUPP: the family does not tell
 */
gssize
kin_socket_recvfromto (KinSocket *socket, gpointer data, gsize size, int flags, KinAddress *from,
                       KinAddress *to, GError **error)
{
  union {
    struct cmsghdr header;
    char bytes[CONTROL_SIZE];
  } control;
  struct iovec vector = { .iov_base = data, .iov_len = size };
  struct msghdr header = {
    .msg_name = &from->sa,
    .msg_namelen = sizeof from->sa,
    .msg_iov = &vector,
    .msg_iovlen = 1,
    .msg_control = &control,
    .msg_controllen = sizeof control,
  };
  int rc = enable (socket);
  gssize n;

  from->length = to->length = 0;
  if (rc < 0) {
    kin__fail (error, socket, "receive from", NULL, -rc);
    return -1;
  }
  n = kin__receive_message (socket, &header, flags, error);
  if (n < 0)
    return n;
  from->transport = socket->transport;
  from->protocol = socket->head.protocol;
  from->length = MIN (header.msg_namelen, (socklen_t) sizeof from->sa);
  take_local (socket, &header, to);
  return n;
}

/**
 * kin_socket_sendfromto:
 * @socket: a datagram socket
 * @data: (array length=length) (element-type guint8): what to send
 * @length: bytes of @data
 * @flags: MSG_…, or 0
 * @from: the address of this machine that it goes from, as kin_socket_recvfromto() gave it; its
 * port does not matter. Length 0: what the kernel chooses. No multicast address is one to send from
 * @to: (nullable): where to; %NULL: to the peer it is connected to
 * @error: return location, or %NULL
 *
 * Sends a datagram from one of this machine's addresses. Audited as socket.sendto.
 *
 * Returns: bytes sent, or -1; EOPNOTSUPP: the family has no such choice
 */
gssize
kin_socket_sendfromto (KinSocket *socket, gconstpointer data, gsize length, int flags,
                       const KinAddress *from, const KinAddress *to, GError **error)
{
  const KinLocal *local = &socket->transport->local;
  union {
    struct cmsghdr header;
    char bytes[CONTROL_SIZE];
  } control = { .bytes = { 0 } };
  struct iovec vector = { .iov_base = (void *) data, .iov_len = length };
  struct msghdr header = { .msg_iov = &vector, .msg_iovlen = 1 };

  if (from->length == 0)
    return kin_socket_sendto (socket, data, length, flags, to, error);
  if (local->size == 0 || from->transport != socket->transport) {
    kin__fail (error, socket, "send from", from, local->size == 0 ? EOPNOTSUPP : EAFNOSUPPORT);
    return -1;
  }
  if (to && to->length > 0) {
    header.msg_name = (void *) &to->sa;
    header.msg_namelen = to->length;
  }
  header.msg_control = &control;
  header.msg_controllen = CMSG_SPACE (local->length);
  control.header.cmsg_level = local->level;
  control.header.cmsg_type = local->number;
  control.header.cmsg_len = CMSG_LEN (local->length);
  memcpy ((guint8 *) CMSG_DATA (&control.header) + local->offset, from->sa.bytes + local->host,
          local->size);
  if (G_UNLIKELY (kin__audit_hook)
      && !kin__audit ("socket.sendto", socket->transport, socket, to, NULL, error))
    return -1;
  return kin__send_message (socket, &header, flags, to, error);
}
