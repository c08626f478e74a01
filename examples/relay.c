/* SPDX-License-Identifier: MIT */
/* relay: takes one connection at FROM, makes one to TO, and passes bytes on both ways.
 *
 *   relay unix:/run/web.sock tcp:example.org:80 */
#include <kin/kin.h>

#include <sys/socket.h>

typedef struct {
  KinSocket *from, *to;
  GError *error;
} Way;

/* The end of one way is passed on, and is not the end of the other. */
static gpointer
pass_on (gpointer data)
{
  Way *way = data;
  char bytes[64 * 1024];
  gssize n;

  do {
    n = kin_socket_recv (way->from, bytes, sizeof bytes, 0, &way->error);
    if (n > 0
        && !kin_socket_send_all (way->to, bytes, (gsize) n, 0, KIN_FOREVER, NULL, &way->error))
      n = -1;
  } while (n > 0);
  /* A failure ends both ways. An end that is gone has nothing left to shut: no failure. */
  kin_socket_shutdown (way->to, n == 0 ? SHUT_WR : SHUT_RDWR, NULL);
  if (n < 0)
    kin_socket_shutdown (way->from, SHUT_RDWR, NULL);
  return NULL;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) door = argc == 3 ? kin_listen (argv[1], &error) : NULL;
  g_autoptr (KinSocket) near = door ? kin_socket_accept (door, NULL, &error) : NULL;
  g_autoptr (KinSocket) far = near ? kin_connect (argv[2], KIN_SECONDS (10), &error) : NULL;
  Way there = { .from = near, .to = far }, back = { .from = far, .to = near };

  if (far) {
    GThread *thread = g_thread_new ("back", pass_on, &back);

    pass_on (&there);
    g_thread_join (thread);
    error = there.error ? there.error : back.error;
    if (there.error)
      g_clear_error (&back.error);
  }
  if (far && !error)
    return 0;
  g_printerr ("%s\n", error ? error->message : "usage: relay FROM TO");
  return 1;
}
