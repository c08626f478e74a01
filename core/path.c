/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* path: the way between two hosts, whichever family leads over it.
 *
 * Which option has the path's MTU (KIN_OPTION_MTU) and which control messages the traffic class
 * (KIN_OPTION_CLASS) says the family's table. There may be several of the latter: an IPv6 socket
 * carries IPv4, which has its own. */
#include "private.h"

#include <string.h>

/**
 * kin_socket_path_mtu:
 * @socket: a connected socket
 * @error: return location, or %NULL
 *
 * The longest packet, headers included, that the path to the peer is known to take now: IP_MTU of
 * ip(7), IPV6_MTU of ipv6(7). At first it is the MTU of this machine's interface; a packet that was
 * too long for a router makes it less.
 *
 * Returns: bytes, or -1 with %KIN_OS_ERROR: ENOTCONN: it is not connected; EOPNOTSUPP: the family's
 *   paths have none
 */
gssize
kin_socket_path_mtu (KinSocket *socket, GError **error)
{
  int rc = -EOPNOTSUPP, mtu = 0;
  KinOption row;

  for (guint i = 0;
       rc < 0
       && kin__option_next (&socket->transport->family->data.options, KIN_OPTION_MTU, &i, &row);) {
    socklen_t size = sizeof mtu;

    rc = kin__call_getsockopt (socket, row.level, row.number, &mtu, &size);
  }
  if (rc == 0)
    return mtu;
  kin__fail (error, socket, "tell the path MTU of", NULL, -rc);
  return -1;
}

/**
 * kin_socket_tell_traffic_class:
 * @socket: a datagram socket
 * @error: return location, or %NULL
 *
 * Makes the traffic class come with each datagram, for kin_message_get_traffic_class(): ip.recvtos
 * and, of an IPv6 socket, ipv6.recvtclass as well, since it may carry IPv4.
 *
 * Returns: %TRUE, or %FALSE with %KIN_OS_ERROR; EOPNOTSUPP: the family has none
 */
gboolean
kin_socket_tell_traffic_class (KinSocket *socket, GError **error)
{
  return kin__option_enable (socket, KIN_OPTION_CLASS, "tell the traffic class of", error);
}

/**
 * kin_message_add_traffic_class:
 * @message: a message to send
 * @socket: the socket that will send it
 * @traffic_class: the whole byte, 0 to 255: DSCP, and one of #KinEcn
 * @error: return location, or %NULL
 *
 * Sets the traffic class of this one datagram. Of an IPv6 socket both IPv6's control message and
 * IPv4's are added; the kernel takes the one that fits the peer.
 *
 * Returns: %TRUE, or %FALSE with %KIN_ERROR_BAD_VALUE, or %KIN_OS_ERROR and EOPNOTSUPP: the family
 *   has none
 */
gboolean
kin_message_add_traffic_class (KinMessage *message, KinSocket *socket, guint traffic_class,
                               GError **error)
{
  const KinTable *controls = &socket->transport->family->data.controls;
  gboolean is_done = FALSE;
  KinControl row;

  if (traffic_class > 255) {
    kin__error_set (error, KIN_ERROR_BAD_VALUE, "traffic class %u is out of range (0 to 255)",
                    traffic_class);
    return FALSE;
  }
  for (guint i = 0; kin__option_next (controls, KIN_OPTION_CLASS, &i, &row); is_done = TRUE)
    if (!kin_message_add_control (message, socket, row.name, g_variant_new_int64 (traffic_class),
                                  error))
      return FALSE;
  if (!is_done)
    kin__fail (error, socket, "send a traffic class on", NULL, EOPNOTSUPP);
  return is_done;
}

/**
 * kin_message_get_traffic_class:
 * @message: a received message
 * @socket: the socket it came from
 *
 * The traffic class that a datagram came with, after kin_socket_tell_traffic_class(). Its
 * %KIN_ECN_MASK bits are one of #KinEcn.
 *
 * Returns: 0 to 255; -1: it is not said
 */
int
kin_message_get_traffic_class (const KinMessage *message, KinSocket *socket)
{
  const KinTable *controls = &socket->transport->family->data.controls;
  KinControlItem item;
  KinControl row;

  for (gsize at = 0; kin_message_next_control (message, &at, &item);)
    for (guint i = 0; kin__option_next (controls, KIN_OPTION_CLASS, &i, &row);)
      if (row.level == item.level && row.number == item.type && item.length >= row.size) {
        int number = 0; /* IPv6 has an int, IPv4 a byte */

        if (row.size == sizeof number)
          memcpy (&number, item.data, sizeof number);
        else
          number = *(const guint8 *) item.data;
        return number;
      }
  return -1;
}
