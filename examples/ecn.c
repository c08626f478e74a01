/* SPDX-License-Identifier: MIT */
/* ecn: answers each datagram with what routers marked it as, itself marked as willing (ECT(0)).
 *
 *   ecn udp::5000 */
#include <kin/kin.h>

#include <stdio.h>
#include <string.h>

static const char *const words[] = { "not ECT", "ECT(1)", "ECT(0)", "CE" };

static gboolean
serve (KinSocket *socket, GError **error)
{
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (KinMessage) answer = kin_message_new ();
  char data[2048];
  gssize n = 0;

  while (n >= 0) {
    int traffic_class;
    const char *word;

    kin_message_set_data (message, data, sizeof data);
    n = kin_socket_recvmsg (socket, message, 0, error);
    traffic_class = n < 0 ? -1 : kin_message_get_traffic_class (message, socket);
    if (traffic_class < 0)
      continue;
    word = words[traffic_class & KIN_ECN_MASK];
    g_print ("%.*s: %s\n", (int) n, data, word);
    fflush (stdout);
    kin_message_clear (answer);
    kin_message_set_data (answer, word, strlen (word));
    kin_message_set_address (answer, kin_message_get_address (message));
    if (!kin_message_add_traffic_class (answer, socket, KIN_ECN_0, error)
        || kin_socket_sendmsg (socket, answer, 0, error) < 0)
      n = -1;
  }
  return FALSE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = argc == 2 ? kin_bind (argv[1], &error) : NULL;

  if (!socket || !kin_socket_tell_traffic_class (socket, &error) || !serve (socket, &error))
    g_printerr ("%s\n", error ? error->message : "usage: ecn ENDPOINT");
  return 1;
}
