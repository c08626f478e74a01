/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin/socket.h: an open socket of any family.
 *
 * A socket is blocking, non-blocking or has a timeout, as in Python; the timeout holds for each
 * call. Calls that may wait fail with KIN_ERROR_TIMED_OUT, KIN_ERROR_CANCELLED or, where the socket
 * must not wait, KIN_OS_ERROR with EAGAIN. Signals do not end them.
 *
 * Several threads may send, receive and accept on a socket at once. What changes the socket itself
 * is not for while another thread is inside an operation on it: kin_socket_close() (cancel or shut
 * down first), kin_socket_set_timeout(), kin_socket_set_cancel(), kin_socket_set_shared(). */
/* clang-format off */
#ifndef KIN_SOCKET_H
#define KIN_SOCKET_H

#include <kin/address.h>
#include <kin/cancel.h>
#include <kin/message.h>

G_BEGIN_DECLS

/**
 * KIN_SECONDS:
 * @seconds: a number, fractions too
 *
 * A time as Kin takes it: microseconds, in a #gint64. What is less than one but not 0 is one: a
 * short time is not none. Looks at @seconds more than once.
 */
#define KIN_SECONDS(seconds) \
  ((seconds) > 0 && (seconds) * 1e6 < 1 ? (gint64) 1 : (gint64) ((seconds) * 1e6))

/**
 * KIN_FOREVER:
 *
 * The timeout of a socket that waits as long as it takes. 0 is one that does not wait.
 */
#define KIN_FOREVER G_GINT64_CONSTANT (-1)

/**
 * KinSocket: (foreign)
 *
 * An open socket of any family: a descriptor, whose it is, and its timeout. Reference-counted; the
 * last reference closes it. See the head of this file for what threads may do with it.
 */

/* Making and ending */
KIN_API KinSocket *kin_socket_new (const char *scheme, GError **error);
KIN_API KinSocket *kin_socket_new_from_numbers (int domain, int type, int protocol,
                                                GError **error);
KIN_API KinSocket *kin_socket_new_from_fd (int fd, GError **error);
KIN_API KinSocket *kin_socket_new_from_fd_as (int fd, const char *scheme, GError **error);
KIN_API KinSocket *kin_socket_new_from_fd_full (int fd, int domain, int type, int protocol,
                                                GError **error);
KIN_API KinSocket *kin_socket_new_from_dup (int fd, GError **error);
KIN_API gboolean   kin_socket_new_pair (const char *scheme, KinSocket **first, KinSocket **second,
                                        GError **error);
KIN_API KinSocket *kin_socket_dup (KinSocket *socket, GError **error);
KIN_API KinSocket *kin_socket_ref (KinSocket *socket);
KIN_API void       kin_socket_unref (KinSocket *socket);
KIN_API gboolean   kin_socket_close (KinSocket *socket, GError **error);
KIN_API int        kin_socket_detach (KinSocket *socket, GError **error);
KIN_API gboolean   kin_close_fd (int fd, GError **error);

/* What it is */
KIN_API int         kin_socket_fd (KinSocket *socket);
KIN_API const char *kin_socket_scheme (KinSocket *socket);
KIN_API const char *kin_socket_family (KinSocket *socket);
KIN_API int         kin_socket_domain (KinSocket *socket);
KIN_API int         kin_socket_type (KinSocket *socket);
KIN_API int         kin_socket_protocol (KinSocket *socket);
KIN_API char       *kin_socket_to_string (KinSocket *socket);
KIN_API gboolean    kin_socket_get_inheritable (KinSocket *socket, GError **error);
KIN_API gboolean    kin_socket_set_inheritable (KinSocket *socket, gboolean is_inheritable,
                                                GError **error);
KIN_API gboolean    kin_socket_local (KinSocket *socket, KinAddress *address, GError **error);
KIN_API gboolean    kin_socket_peer (KinSocket *socket, KinAddress *address, GError **error);

/* Naming and connecting */
KIN_API gboolean   kin_socket_bind (KinSocket *socket, const KinAddress *address, GError **error);
KIN_API gboolean   kin_socket_listen (KinSocket *socket, int backlog, GError **error);
KIN_API KinSocket *kin_socket_accept (KinSocket *socket, KinAddress *peer, GError **error);
KIN_API gboolean   kin_socket_connect (KinSocket *socket, const KinAddress *address,
                                       GError **error);
KIN_API gboolean   kin_socket_shutdown (KinSocket *socket, int how, GError **error);

/* Data */
KIN_API gssize kin_socket_send (KinSocket *socket, gconstpointer data, gsize length, int flags,
                                GError **error);
KIN_API gssize kin_socket_recv (KinSocket *socket, gpointer data, gsize size, int flags,
                                GError **error);
KIN_API gssize kin_socket_sendto (KinSocket *socket, gconstpointer data, gsize length, int flags,
                                  const KinAddress *to, GError **error);
KIN_API gssize kin_socket_recvfrom (KinSocket *socket, gpointer data, gsize size, int flags,
                                    KinAddress *from, GError **error);
KIN_API gssize kin_socket_sendmsg (KinSocket *socket, KinMessage *message, int flags,
                                   GError **error);
KIN_API gssize kin_socket_recvmsg (KinSocket *socket, KinMessage *message, int flags,
                                   GError **error);
KIN_API gssize kin_socket_send_controls (KinSocket *socket, gconstpointer data, gsize length,
                                         int flags, GVariant *controls, GError **error);
KIN_API gssize kin_socket_sendmmsg (KinSocket *socket, KinMessage *const *messages, gsize n,
                                    int flags, GError **error);
KIN_API gssize kin_socket_recvmmsg (KinSocket *socket, KinMessage *const *messages, gsize *lengths,
                                    gsize n, int flags, GError **error);
KIN_API gssize kin_socket_splice (KinSocket *socket, int direction, int pipe, gsize n,
                                  guint flags, GError **error);
KIN_API gssize kin_socket_send_vectors (KinSocket *socket, const struct iovec *vectors,
                                        gsize n_vectors, int flags, GError **error);
KIN_API gssize kin_socket_recv_vectors (KinSocket *socket, const struct iovec *vectors,
                                        gsize n_vectors, int flags, GError **error);
KIN_API gssize kin_socket_recvfromto (KinSocket *socket, gpointer data, gsize size, int flags,
                                      KinAddress *from, KinAddress *to, GError **error);
KIN_API gssize kin_socket_sendfromto (KinSocket *socket, gconstpointer data, gsize length,
                                      int flags, const KinAddress *from, const KinAddress *to,
                                      GError **error);

/* Descriptors */
KIN_API gssize kin_socket_send_fds (KinSocket *socket, gconstpointer data, gsize length,
                                    const int *fds, gsize n_fds, int flags, const KinAddress *to,
                                    GError **error);
KIN_API gssize kin_socket_recv_fds (KinSocket *socket, gpointer data, gsize size, int *fds,
                                    gsize max_fds, gsize *n_fds, int flags, KinAddress *from,
                                    int *message_flags, GError **error);

/* All of it, within one deadline */
KIN_API gboolean kin_socket_send_all (KinSocket *socket, gconstpointer data, gsize length,
                                      int flags, gint64 timeout_usec, gsize *sent,
                                      GError **error);
KIN_API gboolean kin_socket_recv_exactly (KinSocket *socket, gpointer data, gsize size, int flags,
                                          gint64 timeout_usec, gsize *received, GError **error);

/* A file */
/**
 * KinProgressFunc:
 * @sent: bytes that were sent until now
 * @user_data: as given to kin_socket_sendfile()
 *
 * Called in the thread that sends, each time that some went out.
 */
typedef void (*KinProgressFunc) (guint64 sent, gpointer user_data);

KIN_API gboolean kin_socket_sendfile (KinSocket *socket, int fd, gint64 offset, gint64 count,
                                      gint64 timeout_usec, KinProgressFunc progress,
                                      gpointer user_data, guint64 *sent, GError **error);

/* Waiting */
KIN_API gboolean kin_socket_set_timeout (KinSocket *socket, gint64 timeout_usec, GError **error);
KIN_API gint64   kin_socket_get_timeout (KinSocket *socket);
KIN_API gboolean kin_set_default_timeout (gint64 timeout_usec, GError **error);
KIN_API gint64   kin_get_default_timeout (void);
KIN_API gboolean kin_socket_set_cancel (KinSocket *socket, KinCancel *cancel, GError **error);
KIN_API gboolean kin_socket_set_shared (KinSocket *socket, GError **error);
KIN_API int      kin_socket_wants (KinSocket *socket, int wanted, int *fd);
KIN_API gboolean kin_socket_wait (KinSocket *socket, int wanted, gint64 timeout_usec,
                                  GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KinSocket, kin_socket_unref)

G_END_DECLS

#endif
