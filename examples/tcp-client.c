/* SPDX-License-Identifier: MIT */
/* tcp-client: asks a web server for a page, and prints the answer.
 *
 *   tcp-client tcp:example.org:80 /index.html */
#include <kin/kin.h>

#include <stdio.h>
#include <string.h>

/* All that comes until the server ends the connection. */
static gboolean
print_answer (KinSocket *server, GError **error)
{
  char data[16 * 1024];
  gssize n;

  while ((n = kin_socket_recv (server, data, sizeof data, 0, error)) > 0)
    fwrite (data, 1, (size_t) n, stdout);
  return n == 0;
}

static gboolean
get (const char *endpoint, const char *path, GError **error)
{
  /* Five seconds for the look-up and all the addresses that the name has. */
  g_autoptr (KinSocket) server = kin_connect (endpoint, KIN_SECONDS (5), error);
  g_autofree char *request = g_strdup_printf ("GET %s HTTP/1.0\r\n\r\n", path);

  return server && kin_socket_set_timeout (server, KIN_SECONDS (10), error)
         && kin_socket_send_all (server, request, strlen (request), 0, KIN_SECONDS (10), NULL,
                                 error)
         && print_answer (server, error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (argc == 3 && get (argv[1], argv[2], &error))
    return 0;
  g_printerr ("%s\n", error ? error->message : "usage: tcp-client ENDPOINT PATH");
  return 1;
}
