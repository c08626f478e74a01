/* SPDX-License-Identifier: MIT */
/* timestamps: when datagrams left this machine, and when they came to it.
 *
 *   timestamps hear udp::5000
 *   timestamps say udp:192.0.2.7:5000 */
#include <kin/kin.h>

#include <linux/net_tstamp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

static gboolean
stamp (KinSocket *socket, guint flags, GError **error)
{
  return kin_socket_set_option (socket, "so.timestamping", g_variant_new ("(u)", flags), error);
}

/* How long each waited in the kernel until this program had it. */
static gboolean
hear (const char *endpoint, GError **error)
{
  g_autoptr (KinSocket) socket = kin_bind (endpoint, error);
  g_autoptr (KinMessage) message = kin_message_new ();
  gint64 software, hardware;
  char data[65536];
  gssize n = socket
                     && stamp (socket,
                               SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_RX_HARDWARE
                                   | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RAW_HARDWARE,
                               error)
                 ? 0
                 : -1;

  kin_message_set_data (message, data, sizeof data);
  while (n >= 0) {
    n = kin_socket_recvmsg (socket, message, 0, error);
    if (n >= 0 && kin_message_get_times (message, &software, &hardware))
      g_print ("%.*s: %.1f us ago\n", (int) n, data,
               (double) g_get_real_time () - (double) software / 1000);
    fflush (stdout);
  }
  return FALSE;
}

/* Each send has a number, from 0 on; a report says which it is of. */
static gboolean
say (const char *endpoint, GError **error)
{
  g_autoptr (KinSocket) socket = kin_connect (endpoint, KIN_SECONDS (5), error);
  gboolean is_well =
      socket
      && stamp (socket,
                SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE
                    | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY,
                error);
  KinReport report;

  for (guint i = 0; i < 3 && is_well; i++) {
    is_well = kin_socket_send (socket, "hello", 5, 0, error) == 5;
    for (guint moments = 0; moments < 2 && is_well; moments++) {
      is_well = kin_socket_wait (socket, POLLERR, KIN_SECONDS (1), error)
                && kin_socket_recv_report (socket, NULL, 0, &report, error) >= 0;
      if (is_well) {
        g_autofree char *line = kin_report_format (&report);

        g_print ("%s\n", line);
      }
    }
  }
  return is_well;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  gboolean is_done = FALSE;

  if (argc == 3 && strcmp (argv[1], "hear") == 0)
    is_done = hear (argv[2], &error);
  else if (argc == 3 && strcmp (argv[1], "say") == 0)
    is_done = say (argv[2], &error);
  if (!is_done)
    g_printerr ("%s\n", error ? error->message : "usage: timestamps hear|say ENDPOINT");
  return !is_done;
}
