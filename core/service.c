/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* service: services and protocols, by name and by number: services(5), protocols(5).
 *
 * libc's functions that take room to answer in say ERANGE for more; an answer is copied out before
 * the room is freed. */
#include "private.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

/* An entry that needs more is none. */
#define MAX_ROOM (1 << 20)

/* What is looked for, and what is found of it: a name, or a number. */
typedef struct {
  const char *name;     /* NULL: by number */
  const char *protocol; /* of a service; or NULL */
  int number;           /* a port in the host's order */
  char *found_name;
  int found_number; /* -1: nothing */
} Entry;

/* One try; ERANGE: it needs more room. */
typedef int (*Find) (Entry *entry, char *room, gsize size);

static int
find_service (Entry *entry, char *room, gsize size)
{
  struct servent service, *found = NULL;
  int port = htons ((guint16) entry->number);
  int code = entry->name
                 ? getservbyname_r (entry->name, entry->protocol, &service, room, size, &found)
                 : getservbyport_r (port, entry->protocol, &service, room, size, &found);

  if (found) {
    entry->found_name = g_strdup (found->s_name);
    entry->found_number = ntohs ((guint16) found->s_port);
  }
  return code;
}

static int
find_protocol (Entry *entry, char *room, gsize size)
{
  struct protoent protocol, *found = NULL;
  int code = entry->name ? getprotobyname_r (entry->name, &protocol, room, size, &found)
                         : getprotobynumber_r (entry->number, &protocol, room, size, &found);

  if (found) {
    entry->found_name = g_strdup (found->p_name);
    entry->found_number = found->p_proto;
  }
  return code;
}

static void
look_up (Entry *entry, Find find)
{
  entry->found_number = -1;
  for (gsize size = 1024; size <= MAX_ROOM; size *= 4) {
    g_autofree char *room = g_malloc (size);

    if (find (entry, room, size) != ERANGE)
      return;
  }
}

/* ---- Services ------------------------------------------------------------------------------ */

/* "service "http" of udp" */
static void
fail_service (const Entry *entry, GError **error)
{
  g_autofree char *quoted = entry->name ? kin__quote (entry->name, -1) : NULL;
  g_autofree char *number = g_strdup_printf ("%d", entry->number);
  g_autofree char *protocol = entry->protocol ? kin__quote (entry->protocol, -1) : NULL;

  kin__error_set (error, KIN_ERROR_NOT_FOUND, "no service %s%s%s in /etc/services",
                  quoted ? quoted : number, protocol ? " of protocol " : "",
                  protocol ? protocol : "");
}

/**
 * kin_getservbyname:
 * @name: a service's name or alias, "http"
 * @protocol: (nullable): "tcp", "udp"; %NULL: any
 * @error: return location, or %NULL
 *
 * Gives a service's port, getservbyname(3). Reads what nsswitch.conf(5) says, on nearly all
 * machines a file, so it has no timeout. Audited as socket.getservbyname.
 *
 * Returns: the port, 0 to 65535; or -1 with %KIN_ERROR_NOT_FOUND or %KIN_ERROR_DENIED
 */
int
kin_getservbyname (const char *name, const char *protocol, GError **error)
{
  Entry entry = { .name = name, .protocol = protocol };

  if (kin__audit_hook
      && !kin__audit_call (
          "socket.getservbyname", NULL,
          g_variant_new ("(@*@*)", kin__audit_text (name), kin__audit_text (protocol)), error))
    return -1;
  look_up (&entry, find_service);
  if (entry.found_number < 0)
    fail_service (&entry, error);
  g_free (entry.found_name);
  return entry.found_number;
}

/**
 * kin_getservbyport:
 * @port: 0 to 65535
 * @protocol: (nullable): "tcp", "udp"; %NULL: any
 * @error: return location, or %NULL
 *
 * Gives the service of a port, getservbyport(3). Has no timeout, as kin_getservbyname(). Audited as
 * socket.getservbyport.
 *
 * Returns: (transfer full) (nullable): its name; or %NULL with %KIN_ERROR_BAD_VALUE (it is no
 *   port), %KIN_ERROR_NOT_FOUND or %KIN_ERROR_DENIED
 */
char *
kin_getservbyport (int port, const char *protocol, GError **error)
{
  Entry entry = { .number = port, .protocol = protocol };

  if (port < 0 || port > G_MAXUINT16) {
    kin__error_set (error, KIN_ERROR_BAD_VALUE, "port %d is out of range (0 to 65535)", port);
    return NULL;
  }
  if (kin__audit_hook
      && !kin__audit_call ("socket.getservbyport", NULL,
                           g_variant_new ("(x@*)", (gint64) port, kin__audit_text (protocol)),
                           error))
    return NULL;
  look_up (&entry, find_service);
  if (!entry.found_name)
    fail_service (&entry, error);
  return entry.found_name;
}

/* ---- Protocols ----------------------------------------------------------------------------- */

/**
 * kin_getprotobyname:
 * @name: a protocol's name or alias, "icmp"
 * @error: return location, or %NULL
 *
 * Gives the number of an internet protocol, getprotobyname(3): IPPROTO_ICMP. Has no timeout, as
 * kin_getservbyname().
 *
 * Returns: the number, or -1 with %KIN_ERROR_NOT_FOUND
 */
int
kin_getprotobyname (const char *name, GError **error)
{
  Entry entry = { .name = name };

  look_up (&entry, find_protocol);
  if (entry.found_number < 0) {
    g_autofree char *quoted = kin__quote (name, -1);

    kin__error_set (error, KIN_ERROR_NOT_FOUND, "no protocol %s in /etc/protocols", quoted);
  }
  g_free (entry.found_name);
  return entry.found_number;
}

/**
 * kin_getprotobynumber:
 * @number: an internet protocol's number
 * @error: return location, or %NULL
 *
 * Gives the name of an internet protocol, getprotobynumber(3). Has no timeout, as
 * kin_getservbyname().
 *
 * Returns: (transfer full) (nullable): its name, or %NULL with %KIN_ERROR_NOT_FOUND
 */
char *
kin_getprotobynumber (int number, GError **error)
{
  Entry entry = { .number = number };

  look_up (&entry, find_protocol);
  if (!entry.found_name)
    kin__error_set (error, KIN_ERROR_NOT_FOUND, "no protocol %d in /etc/protocols", number);
  return entry.found_name;
}
