/* SPDX-License-Identifier: MIT */
/* fast-open: a question and its answer, the question with the connection's first packet.
 *
 *   fast-open 'tcp:192.0.2.7:7777?tcp.fastopen-connect=1' hello */
#include <kin/kin.h>

#include <string.h>

/* Of tcp.info, the member options: TCPI_OPT_SYN_DATA of <linux/tcp.h>. */
enum { OPTIONS = 5, SYN_DATA = 32 };

static gboolean
went_with_syn (KinSocket *socket)
{
  g_autoptr (GVariant) info = kin_socket_get_option (socket, "tcp.info", NULL);
  g_autoptr (GVariant) options = info ? g_variant_get_child_value (info, OPTIONS) : NULL;

  return options && (g_variant_get_int64 (options) & SYN_DATA);
}

static gboolean
ask (const char *endpoint, const char *question, GError **error)
{
  /* Nothing is sent yet where the kernel has the server's cookie: the first send connects. */
  g_autoptr (KinSocket) socket = kin_connect (endpoint, KIN_SECONDS (5), error);
  char answer[4096];
  gssize n;

  if (!socket || !kin_socket_set_timeout (socket, KIN_SECONDS (5), error)
      || kin_socket_send (socket, question, strlen (question), 0, error) < 0)
    return FALSE;
  n = kin_socket_recv (socket, answer, sizeof answer, 0, error);
  if (n < 0)
    return FALSE;
  g_print ("%.*s\n%s\n", (int) n, answer,
           went_with_syn (socket) ? "one round trip" : "two round trips");
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (argc == 3 && ask (argv[1], argv[2], &error))
    return 0;
  g_printerr ("%s\n", error ? error->message : "usage: fast-open ENDPOINT TEXT");
  return 1;
}
