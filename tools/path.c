/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/path.c: removes what a bind made in the file system, and nothing else.
 *
 * No family is asked for: where an address is written as a bare string, nothing had that name
 * before bind and a socket has it afterwards, bind has made it. It is removed only while it is
 * still that very file, by device and inode. Signals that end the program remove it, too, and then
 * end the program as if they had not been caught; one process has one such path. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

static char *name; /* the path, or NULL: there was none so far */
static dev_t device;
static ino_t inode;
static volatile sig_atomic_t is_binding, is_ours;

/* Of a row over another the path is in the innermost endpoint. */
static const char *
path_innermost (const char *endpoint)
{
  for (;;) {
    const char *colon = strchr (endpoint, ':');
    g_autofree char *scheme = colon ? g_strndup (endpoint, (gsize) (colon - endpoint)) : NULL;
    KinProtocol row;

    if (!scheme || !lookup_scheme (scheme, &row, NULL) || !(row.flags & KIN_PROTOCOL_OVER))
      return endpoint;
    endpoint = colon + 1;
  }
}

static gboolean
path_find_address (const char *text, KinAddress *address)
{
  g_autoptr (KinEndpoint) endpoint = kin_endpoint_new (path_innermost (text), NULL);

  return endpoint && kin_endpoint_address (endpoint, address, NULL);
}

/* A bare string, or bytes where it is not UTF-8, in which no NUL says that it is something else. */
char *
path_of (const char *endpoint)
{
  g_autoptr (GVariant) tuple = NULL;
  const char *bytes = NULL;
  gsize length = 0;
  KinAddress address;

  if (!path_find_address (endpoint, &address))
    return NULL;
  tuple = lookup_tuple (&address);
  if (tuple && g_variant_is_of_type (tuple, G_VARIANT_TYPE_STRING))
    bytes = g_variant_get_string (tuple, &length);
  else if (tuple && g_variant_is_of_type (tuple, G_VARIANT_TYPE_BYTESTRING))
    bytes = g_variant_get_fixed_array (tuple, &length, 1);
  return length > 0 && !memchr (bytes, 0, length) ? g_strndup (bytes, length) : NULL;
}

/* The address, as messages have it; NULL: it has none, or a name that must be looked up. */
char *
path_address (const char *endpoint)
{
  KinAddress address;

  return path_find_address (endpoint, &address) ? kin_address_format (&address) : NULL;
}

/* Nothing had the name: a socket that has it now is what bind made. Async-signal-safe. */
static void
path_claim (void)
{
  struct stat status;

  if (!is_binding)
    return;
  is_binding = 0;
  if (lstat (name, &status) < 0 || !S_ISSOCK (status.st_mode))
    return;
  device = status.st_dev;
  inode = status.st_ino;
  is_ours = 1;
}

/* Async-signal-safe. */
void
path_remove (void)
{
  struct stat status;

  path_claim ();
  if (!is_ours)
    return;
  is_ours = 0;
  if (lstat (name, &status) == 0 && status.st_dev == device && status.st_ino == inode)
    unlink (name);
}

static void
path_on_signal (int number)
{
  path_remove ();
  signal (number, SIG_DFL);
  raise (number);
}

/* From here on a signal removes what a bind may have made: connecting from a bound path may take
 * its time, so signals cannot wait for path_after_bind (). Where the endpoint has no path nothing
 * is touched: several threads may come here then. */
void
path_before_bind (const char *endpoint)
{
  struct sigaction action = { .sa_handler = path_on_signal }, before;
  char *path = path_of (endpoint);
  struct stat status;

  if (!path || lstat (path, &status) == 0) {
    g_free (path);
    return;
  }
  g_free (name);
  name = path;
  is_binding = 1;
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++) {
    sigaction (signals[i], NULL, &before);
    if (before.sa_handler != SIG_IGN) /* nohup */
      sigaction (signals[i], &action, NULL);
  }
}

void
path_after_bind (void)
{
  path_claim ();
}

gboolean
path_is_path (const char *endpoint)
{
  g_autofree char *path = path_of (endpoint);

  return path != NULL;
}
