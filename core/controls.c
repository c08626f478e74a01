/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* controls: control messages by their names, one or several, and a send that has them, in one call.
 *
 * Several are given as one value, so that a program writes what it means in a line, and a binding
 * passes on a dictionary:
 *
 *   kin_socket_send_controls (socket, data, n, 0,
 *                             g_variant_new_parsed ("{'ip.ttl': <3>, 'ip.tos': <16>}"), &error);
 */
#include "fields.h"

#include <string.h>

gboolean
kin__control_find (KinSocket *socket, const char *name, int level, int type, KinControl *row)
{
  const KinTable *tables[] = { &socket->transport->family->data.controls, kin_generic_controls () };

  for (guint t = 0; t < G_N_ELEMENTS (tables); t++)
    for (guint i = 0; kin__row (tables[t], i, row, sizeof *row); i++)
      if (name ? strcmp (row->name, name) == 0 : row->level == level && row->number == type)
        return TRUE;
  return FALSE;
}

/**
 * kin_message_add_control:
 * @message: a message to send
 * @socket: whose family's control messages are meant
 * @name: its name, "unix.credentials"; `kin info` lists them
 * @value: its value, of the row's kind; floating references are taken
 * @error: return location, or %NULL
 *
 * Adds a typed control message, after those that are there.
 *
 * Returns: %TRUE, or %FALSE with %KIN_ERROR_NO_SUCH_OPTION or %KIN_ERROR_BAD_VALUE
 */
gboolean
kin_message_add_control (KinMessage *message, KinSocket *socket, const char *name, GVariant *value,
                         GError **error)
{
  g_autoptr (GVariant) held = g_variant_ref_sink (value);
  guint8 data[1024] = { 0 };
  KinControl row;
  gssize length;

  if (!kin__control_find (socket, name, 0, 0, &row) || !(row.flags & KIN_OPTION_WRITE)
      || row.kind == KIN_FDS) {
    g_autofree char *quoted = kin__quote (name, -1);

    kin__error_set (error, KIN_ERROR_NO_SUCH_OPTION,
                    "%s has no control message %s that takes a value",
                    socket->transport->row.scheme, quoted);
    return FALSE;
  }
  length = kin__value_set (&row, data, sizeof data, held, error);
  return length >= 0
         && kin_message_add_control_bytes (message, row.level, row.number, data, (gsize) length,
                                           error);
}

/* A dictionary's entry, or a tuple: the name and the value. */
static gboolean
add_pair (KinMessage *message, KinSocket *socket, GVariant *pair, GError **error)
{
  g_autoptr (GVariant) name = NULL, value = NULL;

  if (pair && g_variant_is_container (pair) && g_variant_n_children (pair) == 2) {
    name = g_variant_get_child_value (pair, 0);
    value = g_variant_get_child_value (pair, 1);
  }
  if (name && g_variant_is_of_type (name, G_VARIANT_TYPE_STRING))
    return kin_message_add_control (message, socket, g_variant_get_string (name, NULL), value,
                                    error);
  kin__error_set (error, KIN_ERROR_BAD_VALUE,
                  "control messages must be a dictionary, or a list of (name, value)");
  return FALSE;
}

/**
 * kin_message_add_controls:
 * @message: a message to send
 * @socket: whose family's control messages are meant
 * @controls: names and values: a dictionary (a{sv}), or a list of tuples (name, value) as
 *   kin_message_get_controls() has them; a floating reference is taken
 * @error: return location, or %NULL
 *
 * Adds typed control messages, in their order, after those that are there. `kin info` lists the
 * names; a value is as kin_message_add_control() takes it, and may be one of the row's words.
 *
 * Returns: %TRUE, or %FALSE with %KIN_ERROR_NO_SUCH_OPTION or %KIN_ERROR_BAD_VALUE, and those
 *   before the one that failed added
 */
gboolean
kin_message_add_controls (KinMessage *message, KinSocket *socket, GVariant *controls,
                          GError **error)
{
  g_autoptr (GVariant) held = g_variant_ref_sink (controls);

  if (!g_variant_is_of_type (held, G_VARIANT_TYPE_ARRAY))
    return add_pair (message, socket, NULL, error);
  for (gsize i = 0; i < g_variant_n_children (held); i++) {
    g_autoptr (GVariant) child = g_variant_get_child_value (held, i);
    g_autoptr (GVariant) pair = kin__value_unwrap (child);

    if (!add_pair (message, socket, pair, error))
      return FALSE;
  }
  return TRUE;
}

/**
 * kin_socket_send_controls:
 * @socket: a connected socket
 * @data: (array length=length) (element-type guint8): what to send
 * @length: bytes of @data
 * @flags: MSG_…, or 0
 * @controls: control messages that go with it, see kin_message_add_controls(); a floating reference
 *   is taken
 * @error: return location, or %NULL
 *
 * kin_socket_send() with control messages. It makes a #KinMessage and drops it: who sends much has
 * one, and kin_socket_sendmsg().
 *
 * Returns: bytes sent; -1: the errors of kin_message_add_controls() and kin_socket_sendmsg()
 */
gssize
kin_socket_send_controls (KinSocket *socket, gconstpointer data, gsize length, int flags,
                          GVariant *controls, GError **error)
{
  g_autoptr (KinMessage) message = kin_message_new ();

  kin_message_set_data (message, data, length);
  if (!kin_message_add_controls (message, socket, controls, error))
    return -1;
  return kin_socket_sendmsg (socket, message, flags, error);
}
