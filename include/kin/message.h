/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin/message.h: what one sendmsg(2) or recvmsg(2) carries.
 *
 * Buffers, an address, flags, control messages and descriptors. Made once and used again and again:
 * the calls that send and receive allocate nothing. */
/* clang-format off */
#ifndef KIN_MESSAGE_H
#define KIN_MESSAGE_H

#include <sys/uio.h>

#include <kin/address.h>

G_BEGIN_DECLS

/**
 * KinMessage: (foreign)
 *
 * Belongs to one thread at a time.
 */
typedef struct _KinMessage KinMessage;

/**
 * KinControlItem:
 * @level: SOL_SOCKET, IPPROTO_IPV6…
 * @type: SCM_RIGHTS, IPV6_PKTINFO…
 * @data: its bytes, in the message until that is used again
 * @length: bytes of @data
 * @is_cut: it fills the buffer to its end, and MSG_CTRUNC says that there was more
 *
 * A control message that came, by its numbers.
 */
typedef struct {
  int           level, type;
  gconstpointer data;
  gsize         length;
  gboolean      is_cut;
} KinControlItem;

KIN_API KinMessage       *kin_message_new (void);
KIN_API void              kin_message_free (KinMessage *message);
KIN_API void              kin_message_clear (KinMessage *message);

KIN_API void              kin_message_set_data (KinMessage *message, gconstpointer data,
                                                gsize length);
KIN_API void              kin_message_set_vectors (KinMessage *message,
                                                   const struct iovec *vectors, gsize n_vectors);
KIN_API void              kin_message_set_address (KinMessage *message, const KinAddress *address);
KIN_API const KinAddress *kin_message_get_address (const KinMessage *message);
KIN_API int               kin_message_get_flags (const KinMessage *message);

KIN_API gboolean          kin_message_add_control (KinMessage *message, KinSocket *socket,
                                                   const char *name, GVariant *value,
                                                   GError **error);
KIN_API gboolean          kin_message_add_controls (KinMessage *message, KinSocket *socket,
                                                    GVariant *controls, GError **error);
KIN_API gboolean          kin_message_add_control_bytes (KinMessage *message, int level, int type,
                                                         gconstpointer data, gsize length,
                                                         GError **error);
KIN_API gboolean          kin_message_add_fds (KinMessage *message, const int *fds, gsize n_fds,
                                               GError **error);
KIN_API void              kin_message_set_control_size (KinMessage *message, gsize size);
KIN_API gboolean          kin_message_next_control (const KinMessage *message, gsize *position,
                                                    KinControlItem *item);
KIN_API GVariant         *kin_message_get_controls (const KinMessage *message, KinSocket *socket);
KIN_API GVariant         *kin_message_get_control (const KinMessage *message, KinSocket *socket,
                                                   const char *name);
KIN_API const int        *kin_message_get_fds (const KinMessage *message, gsize *n_fds);
KIN_API int              *kin_message_steal_fds (KinMessage *message, gsize *n_fds);

/* How long control messages are */
KIN_API gssize            kin_cmsg_len (gsize length, GError **error);
KIN_API gssize            kin_cmsg_space (gsize length, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KinMessage, kin_message_free)

G_END_DECLS

#endif
