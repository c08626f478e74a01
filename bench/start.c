/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* start: what Kin costs before the first byte. bench/run.py counts what the modes take.
 *
 *   register   registers all families, loads none
 *   nothing    starts and ends
 *   heap N     prints the bytes of heap that N sockets hold, a socket */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kin/kin.h>

static void
check (int is_true, const char *what)
{
  if (!is_true) {
    perror (what);
    exit (1);
  }
}

/* Half of them connected, half accepted. */
static void
heap (long n)
{
  KinSocket *door = kin_listen ("unix:@kin-bench-heap", NULL);
  size_t before = 0, after;

  check (door != NULL, "kin_listen");
  for (long i = 0; i < n / 2 + 1; i++) {
    KinSocket *near = kin_connect ("unix:@kin-bench-heap", KIN_SECONDS (5), NULL), *far;

    check (near != NULL, "kin_connect");
    far = kin_socket_accept (door, NULL, NULL);
    check (far != NULL, "kin_socket_accept");
    if (i == 0)
      before = mallinfo2 ().uordblks;
  }
  after = mallinfo2 ().uordblks;
  printf ("%.1f\n", (double) (after - before) / (double) (n / 2 * 2));
}

int
main (int argc, char **argv)
{
  const char *mode = argc > 1 ? argv[1] : "";

  if (strcmp (mode, "heap") == 0 && argc > 2)
    heap (atol (argv[2]));
  else if (strcmp (mode, "register") == 0)
    g_ptr_array_unref (kin_list_families ());
  else if (strcmp (mode, "nothing") != 0) {
    fprintf (stderr, "usage: start register | nothing | heap N\n");
    return 2;
  }
  return 0;
}
