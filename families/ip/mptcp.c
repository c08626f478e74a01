/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mptcp: a kernel without MPTCP, or with it turned off, opens TCP in its place.
 *
 * The same happens on the wire where the peer has it not: an MPTCP connection falls back to TCP by
 * itself (RFC 8684, section 3.7). So one word does for both, and what became of it can be asked:
 * the socket's protocol, and the options tcp.is-mptcp and mptcp.info. */
#include "rows.h"

#include <errno.h>

static int
mptcp_open (KinFamilySocket *opened, int domain, int type, int protocol)
{
  opened->fd = socket (domain, type | SOCK_CLOEXEC, protocol);
  /* Not built in, or net.mptcp.enabled is 0. */
  if (opened->fd < 0 && (errno == EPROTONOSUPPORT || errno == ENOPROTOOPT)
      && protocol == IP_IPPROTO_MPTCP) {
    opened->protocol = IPPROTO_TCP;
    opened->fd = socket (domain, type | SOCK_CLOEXEC, IPPROTO_TCP);
  }
  return opened->fd < 0 ? -errno : 0;
}

const KinSocketOps ip_mptcp_ops = {
  .size = sizeof (KinSocketOps),
  .open = mptcp_open,
  .setsockopt = ip_setsockopt,
};
