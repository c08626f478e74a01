/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* interface: network interfaces of the caller's namespace, by name and index. */
#include "private.h"

#include <net/if.h>
#include <string.h>

static void
interface_free (gpointer data)
{
  KinInterface *interface = data;

  g_free (interface->name);
  g_free (interface);
}

/* errno may be anything before: libc asks the kernel, and some failures are its own. */
static void
fail (const char *what, GError **error)
{
  int code = errno;

  kin__error_deliver (
      error, g_error_new (KIN_OS_ERROR, code, "cannot find %s: %s", what, g_strerror (code)), code);
}

/**
 * kin_if_nameindex:
 * @error: return location, or %NULL
 *
 * Lists the network interfaces, if_nameindex(3).
 *
 * Returns: (transfer full) (nullable) (element-type KinInterface): the interfaces, or %NULL with
 *   %KIN_OS_ERROR
 */
GPtrArray *
kin_if_nameindex (GError **error)
{
  struct if_nameindex *list = if_nameindex ();
  GPtrArray *interfaces;

  if (!list) {
    fail ("the network interfaces", error);
    return NULL;
  }
  interfaces = g_ptr_array_new_with_free_func (interface_free);
  for (guint i = 0; list[i].if_index != 0; i++) {
    KinInterface *interface = g_new (KinInterface, 1);

    *interface = (KinInterface){ list[i].if_index, g_strdup (list[i].if_name) };
    g_ptr_array_add (interfaces, interface);
  }
  if_freenameindex (list);
  return interfaces;
}

/**
 * kin_if_nametoindex:
 * @name: an interface's name, "eth0"
 * @error: return location, or %NULL
 *
 * Returns: its index, if_nametoindex(3); or 0 with %KIN_OS_ERROR, ENODEV: there is none
 */
guint
kin_if_nametoindex (const char *name, GError **error)
{
  g_autofree char *what = NULL;
  guint index;

  errno = 0;
  index = if_nametoindex (name);
  if (index != 0)
    return index;
  what = kin__quote (name, -1);
  if (errno == 0)
    errno = ENODEV;
  fail (what, error);
  return 0;
}

/**
 * kin_if_indextoname:
 * @index: an interface's index
 * @error: return location, or %NULL
 *
 * Returns: (transfer full) (nullable): its name, if_indextoname(3); or %NULL with %KIN_OS_ERROR,
 *   ENXIO: there is none, or %KIN_ERROR_BAD_VALUE: @index is negative, or has more than 32 bits
 */
char *
kin_if_indextoname (gint64 index, GError **error)
{
  char name[IF_NAMESIZE];
  g_autofree char *what = NULL;

  if (index < 0 || index > G_MAXUINT32) {
    kin__error_set (error, KIN_ERROR_BAD_VALUE,
                    "interface %" G_GINT64_FORMAT " is out of range (0 to 4294967295)", index);
    return NULL;
  }
  if (if_indextoname ((guint) index, name))
    return g_strdup (name);
  what = g_strdup_printf ("interface %" G_GINT64_FORMAT, index);
  fail (what, error);
  return NULL;
}
