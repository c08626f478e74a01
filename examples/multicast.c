/* SPDX-License-Identifier: MIT */
/* multicast: sends a datagram to a group, or prints those that come.
 *
 *   multicast hear 'udp:239.1.1.1:5000?ip.join=eth0'
 *   multicast say 'udp:239.1.1.1:5000?ip.multicast-if=eth0' hello */
#include <kin/kin.h>

#include <stdio.h>
#include <string.h>

static gboolean
hear (const char *endpoint, GError **error)
{
  /* Bound to the group: datagrams to other addresses of this port do not come. */
  g_autoptr (KinSocket) socket = kin_bind (endpoint, error);
  KinAddress from;
  char data[65536];
  gssize n = socket ? 0 : -1;

  while (n >= 0) {
    n = kin_socket_recvfrom (socket, data, sizeof data, 0, &from, error);
    if (n >= 0) {
      g_autofree char *text = kin_address_format (&from);

      g_print ("%s: %.*s\n", text, (int) n, data);
      fflush (stdout);
    }
  }
  return FALSE;
}

static gboolean
say (const char *endpoint, const char *text, GError **error)
{
  g_autoptr (KinSocket) socket = kin_connect (endpoint, KIN_SECONDS (5), error);

  return socket && kin_socket_send (socket, text, strlen (text), 0, error) >= 0;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  gboolean is_done = FALSE;

  if (argc == 3 && strcmp (argv[1], "hear") == 0)
    is_done = hear (argv[2], &error);
  else if (argc == 4 && strcmp (argv[1], "say") == 0)
    is_done = say (argv[2], argv[3], &error);
  if (!is_done)
    g_printerr ("%s\n", error ? error->message : "usage: multicast hear|say ENDPOINT [TEXT]");
  return !is_done;
}
