/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin/peer.h: which process is at the other end, as the kernel knows it. */
/* clang-format off */
#ifndef KIN_PEER_H
#define KIN_PEER_H

#include <sys/types.h>

#include <kin/socket.h>

G_BEGIN_DECLS

/**
 * KinCredentials:
 * @pid: the process, as this process's PID namespace numbers it; 0: it is in none that is seen here
 * @uid: its effective user, as this user namespace numbers it
 * @gid: its effective group
 *
 * Who the peer was when it connected or, of one that listens, when it began to.
 */
typedef struct {
  pid_t pid;
  uid_t uid;
  gid_t gid;
} KinCredentials;

KIN_API gboolean kin_socket_peer_credentials (KinSocket *socket, KinCredentials *credentials,
                                              GError **error);
KIN_API gid_t   *kin_socket_peer_groups (KinSocket *socket, gsize *n_groups, GError **error);
KIN_API int      kin_socket_peer_pidfd (KinSocket *socket, GError **error);

G_END_DECLS

#endif
