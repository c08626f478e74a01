/* SPDX-License-Identifier: MIT */
/* hello: says hello to whoever listens at an endpoint, and prints the answer. */
#include <kin/kin.h>

int
main (int argc, char **argv)
{
  const char *endpoint = argc > 1 ? argv[1] : "unix:@hello";
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) peer = kin_connect (endpoint, KIN_SECONDS (5), &error);
  char answer[256];
  gssize n = peer ? kin_socket_send (peer, "hello\n", 6, 0, &error) : -1;

  if (n >= 0)
    n = kin_socket_recv (peer, answer, sizeof answer, 0, &error);
  g_print ("%.*s", n > 0 ? (int) n : 0, answer);
  if (error)
    g_printerr ("%s\n", error->message);
  return error ? 1 : 0;
}
