/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin: ping-pong by Kin, which opens its own sockets, as programs do. "loop" is a transport, too.
 */
#include <kin/kin.h>

typedef KinSocket *End;

#include "pingpong.h"

/* clang-format off */
static const struct {
  const char *transport, *endpoint;
} doors[] = {
  { "unix", "unix:"            },
  { "tcp",  "tcp:127.0.0.1:0"  },
  { "udp",  "udp:127.0.0.1:0"  },
  { "loop", "loop:bench"       },
};
/* clang-format on */

static KinAddress to;

static const char *
find_door (const char *transport)
{
  for (size_t i = 0; i < G_N_ELEMENTS (doors); i++)
    if (strcmp (doors[i].transport, transport) == 0)
      return doors[i].endpoint;
  fprintf (stderr, "no such transport: %s\n", transport);
  exit (2);
}

static void
open_stream (const char *endpoint, End ends[2])
{
  KinSocket *door = kin_listen (endpoint, NULL);
  char *text;

  check (door && kin_socket_local (door, &to, NULL), "kin_listen");
  text = kin_address_format (&to);
  ends[0] = kin_connect (text, KIN_FOREVER, NULL);
  check (ends[0] != NULL, "kin_connect");
  ends[1] = kin_socket_accept (door, NULL, NULL);
  check (ends[1] != NULL, "kin_socket_accept");
  kin_socket_unref (door);
  g_free (text);
}

static void
open_datagram (const char *endpoint, End ends[2])
{
  KinAddress near;

  ends[0] = kin_bind (endpoint, NULL);
  ends[1] = kin_bind (endpoint, NULL);
  check (ends[0] && kin_socket_local (ends[0], &near, NULL), "kin_bind");
  check (ends[1] && kin_socket_local (ends[1], &to, NULL), "kin_bind");
  check (kin_socket_connect (ends[1], &near, NULL), "kin_socket_connect");
}

static void
end_open (const char *transport, int timeout, End ends[2])
{
  gint64 time = timeout < 0 ? KIN_FOREVER : KIN_SECONDS (timeout);

  (is_udp (transport) ? open_datagram : open_stream) (find_door (transport), ends);
  for (int i = 0; i < 2; i++)
    check (kin_socket_set_timeout (ends[i], time, NULL), "kin_socket_set_timeout");
}

static int
end_fd (End end)
{
  return kin_socket_fd (end);
}

static ssize_t
end_send (End end)
{
  return kin_socket_send (end, out, SIZE, 0, NULL);
}

static ssize_t
end_recv (End end)
{
  return kin_socket_recv (end, in, sizeof in, 0, NULL);
}

static ssize_t
end_sendto (End end)
{
  return kin_socket_sendto (end, out, SIZE, 0, &to, NULL);
}

static ssize_t
end_recvfrom (End end)
{
  KinAddress from;

  return kin_socket_recvfrom (end, in, sizeof in, 0, &from, NULL);
}
