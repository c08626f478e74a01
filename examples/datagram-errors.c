/* SPDX-License-Identifier: MIT */
/* datagram-errors: sends a datagram, and prints what comes back of it within a second.
 *
 *   datagram-errors udp:192.0.2.7:9 100
 *   datagram-errors 'udp4:192.0.2.7:9?ip.mtu-discover=do' 1472 */
#include <kin/kin.h>

#include <poll.h>
#include <stdlib.h>

static void
print_reports (KinSocket *socket)
{
  KinReport report;

  /* POLLERR: there is a report, or an error. */
  while (kin_socket_wait (socket, POLLERR, KIN_SECONDS (1), NULL)
         && kin_socket_recv_report (socket, NULL, 0, &report, NULL) >= 0) {
    g_autofree char *line = kin_report_format (&report);

    g_print ("%s\n", line);
  }
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = argc == 3 ? kin_connect (argv[1], KIN_SECONDS (5), &error) : NULL;
  gsize length = argc == 3 ? strtoul (argv[2], NULL, 10) : 0;
  g_autofree char *data = g_malloc0 (length + 1);

  if (!socket || !kin_socket_keep_reports (socket, &error)) {
    g_printerr ("%s\n", error ? error->message : "usage: datagram-errors ENDPOINT BYTES");
    return 1;
  }
  if (kin_socket_send (socket, data, length, 0, &error) < 0)
    g_printerr ("%s\n", error->message);
  print_reports (socket);
  g_print ("the path's MTU is %d\n", (int) kin_socket_path_mtu (socket, NULL));
  return 0;
}
