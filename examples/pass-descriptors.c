/* SPDX-License-Identifier: MIT */
/* pass-descriptors: hands an open file to another program, which may not be allowed to open it.
 *
 *   pass-descriptors take unix:/run/files.sock       prints the file that it is handed
 *   pass-descriptors give unix:/run/files.sock /etc/hostname */
#include <kin/kin.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static gboolean
give (const char *endpoint, const char *path, GError **error)
{
  g_autoptr (KinSocket) peer = kin_connect (endpoint, KIN_SECONDS (5), error);
  g_autoptr (KinMessage) message = kin_message_new ();
  int fd = peer ? open (path, O_RDONLY | O_CLOEXEC) : -1;
  gboolean is_done;

  if (peer && fd < 0)
    g_set_error (error, KIN_OS_ERROR, errno, "cannot open %s: %s", path, g_strerror (errno));
  kin_message_set_data (message, "", 1); /* on a stream descriptors come with a byte at least */
  is_done = fd >= 0 && kin_message_add_fds (message, &fd, 1, error)
            && kin_socket_sendmsg (peer, message, 0, error) == 1;
  if (fd >= 0)
    close (fd); /* what is on its way is a copy */
  return is_done;
}

static gboolean
take (const char *endpoint, GError **error)
{
  g_autoptr (KinSocket) door = kin_listen (endpoint, error);
  g_autoptr (KinSocket) peer = door ? kin_socket_accept (door, NULL, error) : NULL;
  g_autoptr (KinMessage) message = kin_message_new ();
  const int *fds;
  char data[4096];
  gsize n_fds;
  gssize n;

  kin_message_set_data (message, data, 1);
  if (!peer || kin_socket_recvmsg (peer, message, 0, error) < 0)
    return FALSE;
  fds = kin_message_get_fds (message, &n_fds); /* close-on-exec; closed with the message */
  while (n_fds == 1 && (n = read (fds[0], data, sizeof data)) > 0)
    fwrite (data, 1, (size_t) n, stdout);
  return n_fds == 1;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (argc == 4 && strcmp (argv[1], "give") == 0 && give (argv[2], argv[3], &error))
    return 0;
  if (argc == 3 && strcmp (argv[1], "take") == 0 && take (argv[2], &error))
    return 0;
  g_printerr ("%s\n", error ? error->message : "usage: pass-descriptors give|take ENDPOINT [FILE]");
  return 1;
}
