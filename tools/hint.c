/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/hint.c: completes the library's sentence where the command knows more: what is at the path
 * that a family says to remove, and which scheme a text without one was meant for.
 *
 * No family is asked for: families are told by their tables. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "tool.h"

/* How a family's hint ends that a socket may have been left behind. */
static const char left_behind[] = "; if the program that made it has ended, remove the path";

/* ---- Paths --------------------------------------------------------------------------------- */

/* As a shell takes it. */
static char *
hint_quote (const char *path)
{
  static const char plain[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "/._-+,=:@";
  g_autofree char *safe = g_strconcat (path[0] == '-' ? "./" : "", path, NULL);

  return strspn (safe, plain) == strlen (safe) ? g_steal_pointer (&safe) : g_shell_quote (safe);
}

/* 0: some program's socket has the address; ECONNREFUSED: none has; or another errno. Asked by a
 * socket for datagrams, which nobody notices: a connection would be accepted. */
static int
hint_ask_who_has (const char *address)
{
  const char *rest = strchr (address, ':');
  g_autofree char *scheme = g_strndup (address, (gsize) (rest - address));
  const KinFamily *family;
  KinProtocol row;

  family = lookup_scheme (scheme, &row, NULL);
  for (guint i = 0; family && kin_table_get (&family->protocols, i, &row, sizeof row); i++) {
    g_autofree char *text = g_strconcat (row.scheme, rest, NULL);
    g_autoptr (KinSocket) socket = NULL;

    if (row.type != SOCK_DGRAM)
      continue;
    socket = kin_connect (text, 0, NULL);
    /* EPROTOTYPE: one of another type has it; EPERM: one that hears its peer alone. */
    return socket || errno == EPROTOTYPE || errno == EPERM ? 0 : errno;
  }
  return EOPNOTSUPP;
}

/* In place of "remove the path": NULL: nothing. */
static char *
hint_describe_path (const char *path, const char *address)
{
  g_autofree char *quoted = NULL;
  struct stat status;
  int who;

  if (!path || lstat (path, &status) < 0 || S_ISLNK (status.st_mode))
    return NULL;
  if (!S_ISSOCK (status.st_mode))
    return g_strdup_printf ("; that path is a %s, not a socket",
                            S_ISDIR (status.st_mode) ? "folder" : "file");
  who = hint_ask_who_has (address);
  if (who == 0)
    return g_strdup ("; a running program has that path");
  quoted = hint_quote (path);
  return who == ECONNREFUSED
             ? g_strdup_printf ("; the program that made that path has ended: rm %s", quoted)
             : NULL;
}

static void
hint_complete_path (const char *endpoint, GError *error)
{
  g_autofree char *address = path_address (endpoint), *path = NULL, *clause = NULL;
  gsize length = strlen (error->message) - strlen (left_behind);
  char *message;

  /* The sentence may be about another endpoint. */
  if (!address || !strstr (error->message, address))
    return;
  path = path_of (endpoint);
  clause = hint_describe_path (path, address);
  message = g_strdup_printf ("%.*s%s", (int) length, error->message, clause ? clause : "");
  g_free (error->message);
  error->message = message;
}

/* ---- Schemes ------------------------------------------------------------------------------- */

/* Is an address of the row written with this character first? */
static gboolean
hint_may_begin (const KinProtocol *row, char first)
{
  const char *rest = row->example ? strchr (row->example, ':') : NULL;
  const char *word = row->grammar ? strchr (row->grammar, first) : NULL;

  return (rest && rest[1] == first) || (word && (word == row->grammar || word[-1] == ' '));
}

/* Loads families until one has such a scheme. */
static char *
hint_find_scheme (char first)
{
  g_autoptr (GPtrArray) families = kin_list_families ();
  KinProtocol row;

  for (guint i = 0; i < families->len; i++) {
    const KinFamilyInfo *info = families->pdata[i];
    const KinFamily *family = kin_load_family (info->name, NULL);

    for (guint j = 0; family && kin_table_get (&family->protocols, j, &row, sizeof row); j++)
      if (hint_may_begin (&row, first))
        return g_strdup (row.scheme);
  }
  return NULL;
}

/* "/tmp/x.sock", "../x" and "@x" say by their first character what they are. */
static void
hint_complete_scheme (const char *endpoint, GError *error)
{
  char first = endpoint[strspn (endpoint, ".")];
  g_autofree char *scheme = g_ascii_ispunct (first) ? hint_find_scheme (first) : NULL;

  if (!scheme || !strstr (error->message, endpoint))
    return;
  g_free (error->message);
  error->message = g_strdup_printf ("\"%s\" is not an endpoint: did you mean %s:%s?", endpoint,
                                    scheme, endpoint);
}

/* endpoint: one of those that the verb was given, or NULL; error is changed only where it is about
 * that one. */
void
hint_complete (const char *endpoint, GError *error)
{
  if (!endpoint)
    return;
  if (g_str_has_suffix (error->message, left_behind))
    hint_complete_path (endpoint, error);
  else if (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_ENDPOINT)
           && !g_ascii_isalnum (*endpoint))
    hint_complete_scheme (endpoint, error);
}
