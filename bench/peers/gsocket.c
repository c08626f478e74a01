/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gsocket: ping-pong by GSocket, of GLib's GIO. */
#include <gio/gio.h>

typedef GSocket *End;

#include "pingpong.h"

static GSocketAddress *to;

static void
end_open (const char *transport, int timeout, End ends[2])
{
  struct sockaddr_in far;
  int fds[2];

  open_pair (transport, fds, &far);
  if (is_udp (transport))
    to = g_socket_address_new_from_native (&far, sizeof far);
  for (int i = 0; i < 2; i++) {
    ends[i] = g_socket_new_from_fd (fds[i], NULL);
    check (ends[i] != NULL, "g_socket_new_from_fd");
    g_socket_set_blocking (ends[i], timeout != 0);
    g_socket_set_timeout (ends[i], (guint) MAX (timeout, 0));
  }
}

static int
end_fd (End end)
{
  return g_socket_get_fd (end);
}

static ssize_t
end_send (End end)
{
  return g_socket_send (end, out, SIZE, NULL, NULL);
}

static ssize_t
end_recv (End end)
{
  return g_socket_receive (end, in, sizeof in, NULL, NULL);
}

static ssize_t
end_sendto (End end)
{
  return g_socket_send_to (end, to, out, SIZE, NULL, NULL);
}

static ssize_t
end_recvfrom (End end)
{
  GSocketAddress *from = NULL;
  ssize_t n = g_socket_receive_from (end, &from, in, sizeof in, NULL, NULL);

  g_clear_object (&from);
  return n;
}
