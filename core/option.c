/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* option: options of a socket, by name and typed, by name and text, or raw.
 *
 * A name belongs to the outermost family that has it; what every socket has (so.…) is asked of the
 * innermost, which is the one that has a kernel's socket, if any has. */
#include "private.h"

/* Whose the option is: the socket itself or one that it stands over. NULL: nobody's. */
static KinSocket *
find_owner (KinSocket *socket, const char *name, KinOption *row)
{
  KinSocket *inner;

  while (!kin__option_find (&socket->transport->family->data.options, name, row)) {
    inner = kin__socket_inner (socket);
    if (!inner)
      return kin__option_find (kin_generic_options (), name, row) ? socket : NULL;
    socket = inner;
  }
  return socket;
}

/* The owner of an option that may be used in this way, KIN_OPTION_READ or KIN_OPTION_WRITE. */
static KinSocket *
look_up (KinSocket *socket, const char *name, guint flag, KinOption *row, GError **error)
{
  KinSocket *owner = find_owner (socket, name, row);

  if (!owner) {
    kin__fail_option (socket->transport, name, error);
    return NULL;
  }
  if (!(row->flags & flag)) {
    kin__error_set (error, KIN_ERROR_NO_SUCH_OPTION, "option %s of %s can only be %s", name,
                    owner->transport->row.scheme, flag == KIN_OPTION_READ ? "set" : "read");
    return NULL;
  }
  return owner;
}

static void
fail (GError **error, KinSocket *socket, const char *verb, const char *name, int code)
{
  g_autofree char *operation = g_strdup_printf ("%s %s of", verb, name);

  kin__fail (error, socket, operation, NULL, code);
}

/* ---- Setting ------------------------------------------------------------------------------- */

/* From a value or, where that is NULL, from text. */
static gboolean
set (KinSocket *socket, const char *name, GVariant *value, const char *text, GError **error)
{
  KinOption row;
  KinSocket *owner = look_up (socket, name, KIN_OPTION_WRITE, &row, error);
  g_autofree guint8 *data = NULL;
  gsize room;
  gssize length;
  int rc;

  if (!owner)
    return FALSE;
  room = kin__value_room (&row);
  data = g_malloc0 (room + 1);
  length = value ? kin__value_set (&row, data, room, value, error)
                 : kin__value_parse (&row, data, room, text, error);
  if (length < 0)
    return FALSE;
  rc = kin__call_setsockopt (owner, row.level, row.number, row.kind == KIN_LENGTH ? NULL : data,
                             (socklen_t) length);
  if (rc < 0)
    fail (error, owner, "set", name, -rc);
  return rc >= 0;
}

/**
 * kin_socket_set_option:
 * @socket: a socket
 * @name: an option's name, "so.rcvbuf"; `kin info` lists them
 * @value: its value: an integer of any type, a boolean, a string, bytes, or for a struct a tuple
 *   and for an array a list of tuples. Times are microseconds. A floating reference is taken
 * @error: return location, or %NULL
 *
 * Sets an option, setsockopt(2).
 *
 * Returns: %TRUE, or %FALSE with %KIN_ERROR_NO_SUCH_OPTION, %KIN_ERROR_BAD_VALUE or %KIN_OS_ERROR
 */
gboolean
kin_socket_set_option (KinSocket *socket, const char *name, GVariant *value, GError **error)
{
  g_autoptr (GVariant) held = g_variant_ref_sink (value);

  return set (socket, name, held, NULL, error);
}

/**
 * kin_socket_set_option_text:
 * @socket: a socket
 * @name: an option's name, "so.linger"
 * @text: its value as an endpoint has it after the "=": "1:5". A struct's members split at ":", an
 *   array's items at ","; times are seconds with a point, bytes hexadecimal; %XX escapes a byte
 * @error: return location, or %NULL
 *
 * Sets an option from text.
 *
 * Returns: %TRUE, or %FALSE with the errors of kin_socket_set_option()
 */
gboolean
kin_socket_set_option_text (KinSocket *socket, const char *name, const char *text, GError **error)
{
  return set (socket, name, NULL, text, error);
}

/* One socket may lack what another of its family has: CAN has an error queue by each protocol. */
gboolean
kin__option_enable (KinSocket *socket, guint flag, const char *operation, GError **error)
{
  const KinFamily *family = &socket->transport->family->data;
  int rc = -EOPNOTSUPP;
  KinControl control;
  KinOption row;

  for (guint i = 0; kin__option_next (&family->controls, flag, &i, &control);)
    if (!control.enabled_by)
      rc = 0;
    else if (kin__option_find (&family->options, control.enabled_by, &row)) {
      int set = kin__call_setsockopt (socket, row.level, row.number, &(int){ 1 }, sizeof (int));

      rc = rc == 0 ? 0 : set;
    }
  if (rc < 0)
    kin__fail (error, socket, operation, NULL, -rc);
  return rc == 0;
}

/**
 * kin_socket_setsockopt:
 * @socket: a socket
 * @level: SOL_SOCKET, or another
 * @number: the option's number
 * @value: (array length=length) (element-type guint8) (nullable): its bytes, or %NULL where the
 *   option is a length alone
 * @length: how many
 * @error: return location, or %NULL
 *
 * Sets an option by its numbers, setsockopt(2), or the family's own call in its place. Nothing is
 * checked. Timeouts (SO_RCVTIMEO, SO_SNDTIMEO) are Kin's: kin_socket_set_timeout().
 *
 * Returns: %TRUE, or %FALSE with %KIN_OS_ERROR
 */
gboolean
kin_socket_setsockopt (KinSocket *socket, int level, int number, gconstpointer value, gsize length,
                       GError **error)
{
  int rc = length > G_MAXINT
               ? -EINVAL
               : kin__call_setsockopt (socket, level, number, value, (socklen_t) length);
  g_autofree char *name = NULL;

  if (rc >= 0)
    return TRUE;
  name = g_strdup_printf ("option %d of level %d", number, level);
  fail (error, socket, "set", name, -rc);
  return FALSE;
}

/* ---- Getting ------------------------------------------------------------------------------- */

/* What the option is now; NULL: it cannot be read. */
static guint8 *
get (KinSocket *socket, const char *name, KinOption *row, gsize *length, GError **error)
{
  KinSocket *owner = look_up (socket, name, KIN_OPTION_READ, row, error);
  g_autofree guint8 *data = NULL;
  socklen_t size;
  int rc;

  if (!owner)
    return NULL;
  size = (socklen_t) kin__value_room (row);
  data = g_malloc0 (size + 1);
  rc = kin__call_getsockopt (owner, row->level, row->number, data, &size);
  if (rc < 0) {
    fail (error, owner, "get", name, -rc);
    return NULL;
  }
  *length = MIN (size, kin__value_room (row));
  return g_steal_pointer (&data);
}

static void
fail_size (const char *name, gsize length, GError **error)
{
  kin__error_set (error, KIN_ERROR_BAD_VALUE,
                  "%s: this kernel's value of %" G_GSIZE_FORMAT " bytes is not what the family's "
                  "table says",
                  name, length);
}

/**
 * kin_socket_get_option:
 * @socket: a socket
 * @name: an option's name, "so.rcvbuf"
 * @error: return location, or %NULL
 *
 * Reads an option, getsockopt(2).
 *
 * Returns: (transfer full) (nullable): its value, see kin_socket_set_option(); or %NULL with
 *   %KIN_ERROR_NO_SUCH_OPTION, %KIN_OS_ERROR, or %KIN_ERROR_BAD_VALUE where what the kernel gave
 *   does not fit the option's description
 */
GVariant *
kin_socket_get_option (KinSocket *socket, const char *name, GError **error)
{
  KinOption row;
  gsize length;
  g_autofree guint8 *data = get (socket, name, &row, &length, error);
  GVariant *value;

  if (!data)
    return NULL;
  value = kin__value_get (&row, data, length);
  if (!value)
    fail_size (name, length, error);
  return value ? g_variant_ref_sink (value) : NULL;
}

/**
 * kin_socket_get_option_text:
 * @socket: a socket
 * @name: an option's name, "so.linger"
 * @error: return location, or %NULL
 *
 * Reads an option as text, which kin_socket_set_option_text() and an endpoint take.
 *
 * Returns: (transfer full) (nullable): the text, or %NULL with the errors of
 *   kin_socket_get_option()
 */
char *
kin_socket_get_option_text (KinSocket *socket, const char *name, GError **error)
{
  KinOption row;
  gsize length;
  g_autofree guint8 *data = get (socket, name, &row, &length, error);
  char *text;

  if (!data)
    return NULL;
  text = kin__value_format (&row, data, length);
  if (!text)
    fail_size (name, length, error);
  return text;
}

/**
 * kin_socket_getsockopt:
 * @socket: a socket
 * @level: SOL_SOCKET, or another
 * @number: the option's number
 * @value: (out caller-allocates) (array length=size) (element-type guint8): where its bytes go
 * @size: how many there is room for
 * @error: return location, or %NULL
 *
 * Reads an option by its numbers, getsockopt(2), or the family's own call in its place.
 *
 * Returns: how many bytes it has, or -1 with %KIN_OS_ERROR
 */
gssize
kin_socket_getsockopt (KinSocket *socket, int level, int number, gpointer value, gsize size,
                       GError **error)
{
  socklen_t length = (socklen_t) MIN (size, G_MAXINT);
  int rc = kin__call_getsockopt (socket, level, number, value, &length);
  g_autofree char *name = NULL;

  if (rc >= 0)
    return (gssize) length;
  name = g_strdup_printf ("option %d of level %d", number, level);
  fail (error, socket, "get", name, -rc);
  return -1;
}
