/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/lookup.c: from what people type to families and rows of their tables. */
#include <string.h>

#include "tool.h"

const KinFamilyInfo *
lookup_family (GPtrArray *families, const char *name)
{
  for (guint i = 0; i < families->len; i++) {
    const KinFamilyInfo *info = families->pdata[i];

    if (info->state != KIN_FAMILY_SHADOWED && strcmp (info->name, name) == 0)
      return info;
  }
  return NULL;
}

/* Silence would look like success. */
void
lookup_say_none (void)
{
  g_auto (GStrv) folders = kin_plugin_folders ();
  g_autofree char *list = g_strjoinv (", ", folders);

  tool_say ("no family is installed%s%s", *list ? "; looked in " : "", list);
}

static gboolean
lookup_is_usable (const KinFamilyInfo *info)
{
  return info->state == KIN_FAMILY_LISTED || info->state == KIN_FAMILY_LOADED;
}

/* The first family that serves the scheme, loaded, and its row. */
const KinFamily *
lookup_scheme (const char *scheme, KinProtocol *row, GError **error)
{
  g_autoptr (GPtrArray) families = kin_list_families ();
  const KinFamily *family = NULL;
  const char *name = scheme;

  for (guint i = 0; i < families->len && name == scheme; i++) {
    const KinFamilyInfo *info = families->pdata[i];

    if (lookup_is_usable (info) && g_strv_contains (info->schemes, scheme))
      name = info->name;
  }
  family = kin_load_family (name, error);
  for (guint i = 0; family && kin_table_get (&family->protocols, i, row, sizeof *row); i++)
    if (strcmp (row->scheme, scheme) == 0)
      return family;
  if (family)
    g_set_error (error, KIN_ERROR, KIN_ERROR_NO_SUCH_SCHEME, "family %s has no scheme \"%s\"",
                 family->name, scheme);
  return NULL;
}

/* Families that share a scheme are told apart by the sockaddr's. */
const char *
lookup_family_of (const KinAddress *address)
{
  g_autoptr (GPtrArray) families = kin_list_families ();
  const char *scheme = kin_address_scheme (address), *name = "";

  for (guint i = 0; i < families->len; i++) {
    const KinFamilyInfo *info = families->pdata[i];

    if (info->state != KIN_FAMILY_LOADED || !g_strv_contains (info->schemes, scheme))
      continue;
    name = info->name;
    if (info->domain == address->sa.generic.sa_family)
      break;
  }
  return name;
}

/* As Python has it; NULL: it cannot be written. */
GVariant *
lookup_tuple (const KinAddress *address)
{
  GVariant *tuple = kin_address_to_tuple (address);

  return tuple ? g_variant_take_ref (tuple) : NULL;
}

/* Where a socket is, as text that another may connect to; NULL where it has no address. */
char *
lookup_local_text (KinSocket *socket)
{
  const char *scheme = kin_socket_scheme (socket);
  g_autofree char *text = NULL;
  KinAddress address;

  if (!kin_socket_local (socket, &address, NULL) || address.length == 0)
    return NULL;
  text = kin_address_format (&address);
  /* A row that stands over another has the address of the socket underneath. */
  if (strcmp (kin_address_scheme (&address), scheme) != 0)
    return g_strdup_printf ("%s:%s", scheme, text);
  return g_steal_pointer (&text);
}

gboolean
lookup_has_connections (int type)
{
  return type == SOCK_STREAM || type == SOCK_SEQPACKET;
}

static guint
lookup_distance (const char *a, const char *b)
{
  gsize n = strlen (b);
  g_autofree guint *row = g_new (guint, n + 1);

  for (gsize j = 0; j <= n; j++)
    row[j] = (guint) j;
  for (gsize i = 0; a[i]; i++) {
    guint diagonal = row[0];

    row[0] = (guint) i + 1;
    for (gsize j = 0; j < n; j++) {
      guint above = row[j + 1], changed = diagonal + (a[i] != b[j]);

      row[j + 1] = MIN (changed, MIN (above, row[j]) + 1);
      diagonal = above;
    }
  }
  return row[n];
}

/* The word that was meant: at most a third of it is wrong, or it was cut short. Or NULL. */
const char *
lookup_nearest (const char *word, const char *const *words)
{
  const char *nearest = NULL;
  guint least = G_MAXUINT;

  for (guint i = 0; words[i]; i++) {
    guint distance = lookup_distance (word, words[i]);
    gboolean is_start = strlen (word) >= 2 && g_str_has_prefix (words[i], word);

    if (distance < least && (is_start || distance <= MAX (1, strlen (words[i]) / 3))) {
      least = distance;
      nearest = words[i];
    }
  }
  return nearest;
}
