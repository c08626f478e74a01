/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* message: what one sendmsg(2) or recvmsg(2) carries, apart from a socket.
 *
 * The control buffer is the kernel's own format, filled by what is added here or by recvmsg, and
 * read by the tables of a socket's family. Descriptors never become values: they are moved to an
 * array that closes them unless they are stolen. */
#include "private.h"

#include <string.h>
#include <unistd.h>

/* Room for the usual: credentials, a time, some descriptors. */
#define CONTROL_SIZE 512

struct _KinMessage {
  struct iovec vector; /* of kin_message_set_data () */
  const struct iovec *vectors;
  gsize n_vectors;
  KinAddress address;
  int flags;
  guint8 *control; /* aligned as malloc aligns */
  gsize control_size, control_length;
  gboolean is_received; /* control is what came, not what goes */
  int *fds;             /* as many as fit into control */
  gsize n_fds;
};

/**
 * kin_message_new:
 *
 * Returns: (transfer full): a message without buffers, that has room for 512 bytes of control
 *   messages
 */
KinMessage *
kin_message_new (void)
{
  KinMessage *message = g_new0 (KinMessage, 1);

  kin_message_set_control_size (message, CONTROL_SIZE);
  return message;
}

/**
 * kin_message_free:
 * @message: (nullable): a message, or %NULL
 *
 * Closes the descriptors that came with it and were not stolen.
 */
void
kin_message_free (KinMessage *message)
{
  if (!message)
    return;
  kin_message_clear (message);
  g_free (message->control);
  g_free (message->fds);
  g_free (message);
}

static void
clear_received (KinMessage *message)
{
  for (gsize i = 0; i < message->n_fds; i++)
    close (message->fds[i]);
  message->n_fds = 0;
  message->control_length = 0;
  message->is_received = FALSE;
  message->flags = 0;
  message->address.length = 0;
}

/**
 * kin_message_clear:
 * @message: a message
 *
 * Makes it as new, but for its control size. Closes the descriptors that came with it and were not
 * stolen; those that were added to be sent are their owner's.
 */
void
kin_message_clear (KinMessage *message)
{
  clear_received (message);
  message->n_vectors = 0;
}

/**
 * kin_message_set_data:
 * @message: a message
 * @data: (array length=length) (element-type guint8): one buffer, to send from or to receive into;
 *   used when the message is, so it must stay
 * @length: bytes of @data
 *
 * Gives a message one buffer, in place of those that it had.
 */
void
kin_message_set_data (KinMessage *message, gconstpointer data, gsize length)
{
  message->vector = (struct iovec){ .iov_base = (void *) data, .iov_len = length };
  kin_message_set_vectors (message, &message->vector, 1);
}

/**
 * kin_message_set_vectors:
 * @message: a message
 * @vectors: (type gpointer): @n_vectors buffers, used in order when the message is; they must stay
 * @n_vectors: how many; the kernel takes 1024
 *
 * Gives a message several buffers, in place of those that it had: writev(2).
 */
void
kin_message_set_vectors (KinMessage *message, const struct iovec *vectors, gsize n_vectors)
{
  message->vectors = vectors;
  message->n_vectors = n_vectors;
}

/**
 * kin_message_set_address:
 * @message: a message
 * @address: (nullable): where it is sent; %NULL: to the peer
 *
 * Gives a message that is sent its address. Copied.
 */
void
kin_message_set_address (KinMessage *message, const KinAddress *address)
{
  if (address)
    message->address = *address;
  else
    message->address.length = 0;
}

/**
 * kin_message_get_address:
 * @message: a message
 *
 * Returns: (transfer none): where it goes, or who sent it; length 0: not said
 */
const KinAddress *
kin_message_get_address (const KinMessage *message)
{
  return &message->address;
}

/**
 * kin_message_get_flags:
 * @message: a received message
 *
 * Returns: what recvmsg(2) said of it: MSG_TRUNC, MSG_CTRUNC, MSG_EOR, MSG_OOB, MSG_ERRQUEUE
 */
int
kin_message_get_flags (const KinMessage *message)
{
  return message->flags;
}

/* ---- Control messages to send -------------------------------------------------------------- */

/**
 * kin_message_set_control_size:
 * @message: a message; what it has of control messages is dropped
 * @size: bytes for control messages; 0: none are received
 *
 * A control message that does not fit is cut or dropped by the kernel, which sets MSG_CTRUNC.
 */
void
kin_message_set_control_size (KinMessage *message, gsize size)
{
  clear_received (message);
  g_free (message->control);
  g_free (message->fds);
  message->control = g_malloc0 (size);
  message->control_size = size;
  message->fds = g_new (int, size / sizeof (int));
}

/* Lengths that fit a socklen_t with its sign, as the kernel counts them. */
static gssize
control_length (gsize length, gsize (*measure) (gsize length), gsize most, GError **error)
{
  if (length <= most)
    return (gssize) measure (length);
  kin__error_set (error, KIN_ERROR_BAD_VALUE,
                  "a control message of %" G_GSIZE_FORMAT " bytes is too long", length);
  return -1;
}

static gsize
measure_len (gsize length)
{
  return CMSG_LEN (length);
}

static gsize
measure_space (gsize length)
{
  return CMSG_SPACE (length);
}

/**
 * kin_cmsg_len:
 * @length: bytes of data in a control message
 * @error: return location, or %NULL
 *
 * CMSG_LEN of cmsg(3), with a check: the header and the data, without what aligns the next one. A
 * control size (kin_message_set_control_size()) of this for one descriptor takes one; of
 * kin_cmsg_space() it takes two on 64 bits, for the kernel fills the padding as well.
 *
 * Returns: bytes; -1 with %KIN_ERROR_BAD_VALUE: more than 2^31 - 1
 */
gssize
kin_cmsg_len (gsize length, GError **error)
{
  return control_length (length, measure_len, G_MAXINT32 - CMSG_LEN (0), error);
}

/**
 * kin_cmsg_space:
 * @length: bytes of data in a control message
 * @error: return location, or %NULL
 *
 * CMSG_SPACE of cmsg(3), with a check: what a control message takes before another one.
 *
 * Returns: bytes; -1 with %KIN_ERROR_BAD_VALUE: more than 2^31 - 1
 */
gssize
kin_cmsg_space (gsize length, GError **error)
{
  return control_length (length, measure_space, G_MAXINT32 - CMSG_SPACE (1), error);
}

/**
 * kin_message_add_control_bytes:
 * @message: a message to send
 * @level: SOL_SOCKET, IPPROTO_IP…
 * @type: SCM_RIGHTS…
 * @data: (array length=length) (element-type guint8): its bytes
 * @length: bytes of @data
 * @error: return location, or %NULL
 *
 * Adds a control message by number, after those that are there (cmsg(3)).
 *
 * Returns: %TRUE, or %FALSE with %KIN_ERROR_BAD_VALUE: too long
 */
gboolean
kin_message_add_control_bytes (KinMessage *message, int level, int type, gconstpointer data,
                               gsize length, GError **error)
{
  struct cmsghdr header = { .cmsg_level = level, .cmsg_type = type };
  gsize used = message->is_received ? 0 : message->control_length, space;
  guint8 *at;

  if (length > G_MAXUINT16) {
    kin__error_set (error, KIN_ERROR_BAD_VALUE,
                    "a control message of %" G_GSIZE_FORMAT " bytes is too long", length);
    return FALSE;
  }
  space = CMSG_SPACE (length);
  header.cmsg_len = CMSG_LEN (length);
  if (used + space > message->control_size) {
    message->control_size = used + space;
    message->control = g_realloc (message->control, message->control_size);
    message->fds = g_renew (int, message->fds, message->control_size / sizeof (int));
  }
  at = message->control + used;
  memset (at, 0, space);
  memcpy (at, &header, sizeof header);
  if (length > 0)
    memcpy (at + CMSG_LEN (0), data, length);
  message->control_length = used + space;
  message->is_received = FALSE;
  return TRUE;
}

/* ---- Control messages received ------------------------------------------------------------- */

/**
 * kin_message_next_control:
 * @message: a received message
 * @position: (inout): where to go on; 0 at first
 * @item: (out caller-allocates): the next control message
 *
 * Walks over the control messages as recvmsg(2) left them, by their numbers, in order: what
 * Python's recvmsg returns as ancdata. Of one that was cut short the part that is there comes, one
 * of which not even the header fits does not. Descriptors in them stay the message's, see
 * kin_message_get_fds().
 *
 * Returns: %FALSE: there is none left
 */
gboolean
kin_message_next_control (const KinMessage *message, gsize *position, KinControlItem *item)
{
  gsize at = MIN (*position, message->control_length), left = message->control_length - at, size;
  struct cmsghdr header;

  if (!message->is_received || left < CMSG_LEN (0))
    return FALSE;
  memcpy (&header, message->control + at, sizeof header);
  if (header.cmsg_len < CMSG_LEN (0))
    return FALSE;
  size = MIN (header.cmsg_len, left);
  *item = (KinControlItem){
    .level = header.cmsg_level,
    .type = header.cmsg_type,
    .data = message->control + at + CMSG_LEN (0),
    .length = size - CMSG_LEN (0),
    /* The kernel's length is that of what it wrote: a cut one ends where the buffer does. */
    .is_cut = (message->flags & MSG_CTRUNC) && at + header.cmsg_len >= message->control_size,
  };
  *position = at + CMSG_ALIGN (size);
  return TRUE;
}

/* The descriptors in a control message, to fds where that is not NULL; how many. One that could not
 * be made, as a pidfd may, is -errno and none. */
static gsize
take_fds (const KinControlItem *item, int *fds)
{
  gsize n = 0;

  for (gsize i = 0; i + sizeof (int) <= item->length; i += sizeof (int)) {
    int fd;

    memcpy (&fd, (const guint8 *) item->data + i, sizeof fd);
    if (fd >= 0 && fds)
      fds[n] = fd;
    n += fd >= 0;
  }
  return n;
}

static gboolean
find_row (KinSocket *socket, const KinControlItem *item, KinControl *row)
{
  return kin__control_find (socket, NULL, item->level, item->type, row);
}

void
kin__message_to_send (KinMessage *message, struct msghdr *header)
{
  gsize length = message->is_received ? 0 : message->control_length;

  *header = (struct msghdr){
    .msg_iov = (struct iovec *) message->vectors,
    .msg_iovlen = message->n_vectors,
    .msg_control = length > 0 ? message->control : NULL,
    .msg_controllen = length,
  };
  if (message->address.length > 0) {
    header->msg_name = &message->address.sa;
    header->msg_namelen = message->address.length;
  }
}

void
kin__message_to_receive (KinMessage *message, struct msghdr *header)
{
  clear_received (message);
  *header = (struct msghdr){
    .msg_name = &message->address.sa,
    .msg_namelen = sizeof message->address.sa,
    .msg_iov = (struct iovec *) message->vectors,
    .msg_iovlen = message->n_vectors,
    .msg_control = message->control_size > 0 ? message->control : NULL,
    .msg_controllen = message->control_size,
  };
}

void
kin__message_received (KinMessage *message, KinSocket *socket, const struct msghdr *header)
{
  KinControlItem item;
  KinControl row;

  message->control_length = MIN ((gsize) header->msg_controllen, message->control_size);
  message->is_received = TRUE;
  message->flags = header->msg_flags & ~MSG_CMSG_CLOEXEC; /* the kernel gives it back */
  message->address.transport = socket->transport;
  message->address.protocol = socket->head.protocol;
  message->address.length = MIN (header->msg_namelen, (socklen_t) sizeof message->address.sa);
  if (socket->transport->family->has_fds)
    for (gsize at = 0; kin_message_next_control (message, &at, &item);)
      if (find_row (socket, &item, &row) && row.kind == KIN_FDS)
        message->n_fds += take_fds (&item, message->fds + message->n_fds);
}

/* One as a value: NULL where the row's fields do not fit what came. Of descriptors, how many. */
static GVariant *
control_value (const KinControl *row, const KinControlItem *item)
{
  if (row->kind == KIN_FDS)
    return g_variant_new_int64 ((gint64) take_fds (item, NULL));
  return kin__value_get (row, item->data, item->length);
}

/**
 * kin_message_get_controls:
 * @message: a received message
 * @socket: the socket it came from
 *
 * All control messages, in order: ('unix.credentials', (pid, uid, gid)), by the tables of the
 * socket's family; one that no table knows, or that was cut short, is (level, type, bytes). Of one
 * that carries descriptors the value is how many; they are in kin_message_get_fds(), in the same
 * order.
 *
 * Returns: (transfer full): a list of tuples
 */
GVariant *
kin_message_get_controls (const KinMessage *message, KinSocket *socket)
{
  GVariantBuilder list;
  KinControlItem item;
  KinControl row;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("av"));
  for (gsize at = 0; kin_message_next_control (message, &at, &item);) {
    GVariant *value = find_row (socket, &item, &row) ? control_value (&row, &item) : NULL;

    if (value)
      g_variant_builder_add (&list, "v", g_variant_new ("(sv)", row.name, value));
    else
      g_variant_builder_add (&list, "v",
                             g_variant_new ("(xx@ay)", (gint64) item.level, (gint64) item.type,
                                            g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE,
                                                                       item.data, item.length, 1)));
  }
  return g_variant_ref_sink (g_variant_builder_end (&list));
}

/**
 * kin_message_get_control:
 * @message: a received message
 * @socket: the socket it came from
 * @name: a control message's name
 *
 * Returns: (transfer full) (nullable): the value of the first of that name, or %NULL
 */
GVariant *
kin_message_get_control (const KinMessage *message, KinSocket *socket, const char *name)
{
  KinControlItem item;
  KinControl row;

  for (gsize at = 0; kin_message_next_control (message, &at, &item);)
    if (find_row (socket, &item, &row) && strcmp (row.name, name) == 0) {
      GVariant *value = control_value (&row, &item);

      return value ? g_variant_ref_sink (value) : NULL;
    }
  return NULL;
}

/**
 * kin_message_get_fds:
 * @message: a received message
 * @n_fds: (out): how many
 *
 * Returns: (transfer none) (array length=n_fds): descriptors that came with it, close-on-exec; they
 *   are closed when the message is cleared, freed or received into
 */
const int *
kin_message_get_fds (const KinMessage *message, gsize *n_fds)
{
  *n_fds = message->n_fds;
  return message->fds;
}

/**
 * kin_message_steal_fds:
 * @message: a received message
 * @n_fds: (out): how many
 *
 * Returns: (transfer full) (array length=n_fds): the descriptors, now the caller's to close, in an
 *   array to g_free()
 */
int *
kin_message_steal_fds (KinMessage *message, gsize *n_fds)
{
  *n_fds = message->n_fds;
  message->n_fds = 0;
  return g_memdup2 (message->fds, *n_fds * sizeof (int));
}
