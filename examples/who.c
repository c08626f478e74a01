/* SPDX-License-Identifier: MIT */
/* who: says which process connects, and when that process ends.
 *
 *   who unix:/run/who.sock */
#include <kin/kin.h>

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static gboolean
tell (KinSocket *peer, GError **error)
{
  struct pollfd process = { .events = POLLIN };
  g_autofree gid_t *groups = NULL;
  KinCredentials who;
  gsize n_groups;

  if (!kin_socket_peer_credentials (peer, &who, error))
    return FALSE;
  groups = kin_socket_peer_groups (peer, &n_groups, error);
  if (!groups)
    return FALSE;
  g_print ("process %d of user %u, group %u and %u more\n", (int) who.pid, who.uid, who.gid,
           (guint) n_groups);
  fflush (stdout);

  process.fd = kin_socket_peer_pidfd (peer, error); /* this process, and no later one */
  if (process.fd < 0)
    return FALSE;
  poll (&process, 1, -1);
  close (process.fd);
  g_print ("it has ended\n");
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) door = argc == 2 ? kin_listen (argv[1], &error) : NULL;
  g_autoptr (KinSocket) peer = door ? kin_socket_accept (door, NULL, &error) : NULL;

  if (peer && tell (peer, &error))
    return 0;
  g_printerr ("%s\n", error ? error->message : "usage: who ENDPOINT");
  return 1;
}
