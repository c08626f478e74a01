/* SPDX-License-Identifier: MIT */
/* zero-copy: sends megabytes without copying them, through two buffers in turn.
 *
 *   zero-copy 'tcp:192.0.2.7:5000?so.zerocopy=1' 1000 */
#include <kin/kin.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define SIZE (1024 * 1024)

typedef struct {
  guint n_sent, n_done, n_copied; /* sends, not bytes */
} Count;

/* Until so many sends are the program's again. A report is of a range of them. */
static gboolean
reclaim (KinSocket *socket, Count *count, guint wanted, GError **error)
{
  while (count->n_done < wanted) {
    KinReport report;
    guint n;

    if (!kin_socket_wait (socket, POLLERR, KIN_SECONDS (60), error)
        || kin_socket_recv_report (socket, NULL, 0, &report, error) < 0)
      return FALSE;
    n = report.data - report.info + 1;
    count->n_done += n;
    count->n_copied += report.subtype == KIN_REPORT_COPIED ? n : 0;
  }
  return TRUE;
}

/* One call may send a part, and each call counts as one send. */
static gboolean
send_buffer (KinSocket *socket, const char *data, Count *count, GError **error)
{
  for (gsize done = 0; done < SIZE;) {
    gssize n = kin_socket_send (socket, data + done, SIZE - done, MSG_ZEROCOPY, error);

    if (n < 0)
      return FALSE;
    done += (gsize) n;
    count->n_sent++;
  }
  return TRUE;
}

static gboolean
send_all (KinSocket *socket, guint n_megabytes, GError **error)
{
  g_autofree char *first = g_malloc (SIZE), *second = g_malloc (SIZE);
  char *const buffers[2] = { first, second };
  guint ends[2] = { 0, 0 }; /* how many must be done before the buffer may be written again */
  Count count = { 0, 0, 0 };
  gboolean is_well = TRUE;

  for (guint i = 0; i < n_megabytes && is_well; i++) {
    is_well = reclaim (socket, &count, ends[i % 2], error);
    if (is_well) {
      memset (buffers[i % 2], (int) i, SIZE);
      is_well = send_buffer (socket, buffers[i % 2], &count, error);
    }
    ends[i % 2] = count.n_sent;
  }
  is_well = is_well && reclaim (socket, &count, count.n_sent, error);
  if (is_well)
    g_print ("%u sends, %u of them copied after all\n", count.n_sent, count.n_copied);
  return is_well;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = argc == 3 ? kin_connect (argv[1], KIN_SECONDS (5), &error) : NULL;

  if (socket && send_all (socket, (guint) strtoul (argv[2], NULL, 10), &error))
    return 0;
  g_printerr ("%s\n", error ? error->message : "usage: zero-copy ENDPOINT MEGABYTES");
  return 1;
}
