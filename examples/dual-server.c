/* SPDX-License-Identifier: MIT */
/* dual-server: echoes what IPv4 and IPv6 clients send, each in a thread of its own.
 *
 *   dual-server tcp::7777 */
#include <kin/kin.h>

/* A client that ends, fails or is silent for a minute ends its thread, and nothing else. */
static gpointer
serve (gpointer data)
{
  g_autoptr (KinSocket) client = data;
  g_autoptr (GError) error = NULL;
  char bytes[4096];
  gssize n = kin_socket_set_timeout (client, KIN_SECONDS (60), &error) ? 1 : -1;

  while (n > 0) {
    n = kin_socket_recv (client, bytes, sizeof bytes, 0, &error);
    if (n > 0 && !kin_socket_send_all (client, bytes, (gsize) n, 0, KIN_SECONDS (60), NULL, &error))
      n = -1;
  }
  if (error)
    g_printerr ("%s\n", error->message);
  return NULL;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) door = kin_listen (argc > 1 ? argv[1] : "tcp::7777", &error);
  KinSocket *client = NULL;
  KinAddress peer;

  if (door && kin_socket_local (door, &peer, &error))
    g_printerr ("listening on %s\n", kin_address_format (&peer));
  while (door && (client = kin_socket_accept (door, &peer, &error))) {
    g_autofree char *text = kin_address_format (&peer);

    g_printerr ("%s\n", text);
    g_thread_unref (g_thread_new ("client", serve, client));
  }
  g_printerr ("%s\n", error->message);
  return 1;
}
