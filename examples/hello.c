/* SPDX-License-Identifier: MIT */
#include <kin/kin.h>

int
main (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) peer = kin_connect ("unix:@hello", KIN_SECONDS (5), &error);
  gssize n = peer ? kin_socket_send (peer, "hello\n", 6, 0, &error) : -1;
  char answer[256] = "";
  n = n > 0 ? kin_socket_recv (peer, answer, sizeof answer, 0, &error) : n;
  g_print ("%.*s", (int) MAX (n, 0), answer);
  if (error)
    g_printerr ("%s\n", error->message);
  return error != NULL;
}
