/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* host-entry: gethostbyname(3) and gethostbyaddr(3), and this host's own name. */
#include "private.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

/* An entry that needs more is none. */
#define MAX_ROOM (1 << 20)

/* One question, and room for its answer. */
typedef struct {
  KinWorker worker;
  KinCalls calls;
  char *name;       /* or an address */
  int family;       /* of that address; AF_UNSPEC: it is a name */
  guint8 bytes[16]; /* the address */
  char *room;       /* what entry points to */
  struct hostent entry, *result;
  int answer, code; /* errno's number, and h_errno's */
} Asked;

/* ---- Asking -------------------------------------------------------------------------------- */

static void
clear (KinWorker *worker)
{
  Asked *asked = (Asked *) worker;

  g_free (asked->name);
  g_free (asked->room);
}

static int
ask_once (Asked *asked, gsize size)
{
  const KinResolver *call = &asked->calls.resolver;

  asked->result = NULL;
  if (asked->family == AF_UNSPEC)
    return call->gethostbyname (asked->name, AF_INET, &asked->entry, asked->room, size,
                                &asked->result, &asked->code, asked->calls.user_data);
  return call->gethostbyaddr (asked->bytes, asked->family == AF_INET ? 4 : 16, asked->family,
                              &asked->entry, asked->room, size, &asked->result, &asked->code,
                              asked->calls.user_data);
}

static void
ask (KinWorker *worker)
{
  Asked *asked = (Asked *) worker;

  for (gsize size = 1024; size <= MAX_ROOM; size *= 4) {
    g_free (asked->room);
    asked->room = g_malloc (size);
    asked->answer = ask_once (asked, size);
    if (asked->answer != ERANGE)
      return;
  }
}

/* ---- The answer ---------------------------------------------------------------------------- */

/* What to do, by h_errno. */
static const char *
hint_of (int code)
{
  switch (code) {
  case HOST_NOT_FOUND:
    return "; is the name spelt right?";
  case TRY_AGAIN:
    return "; no name server answered: is the network up, and is /etc/resolv.conf right?";
  case NO_DATA:
    return "; the name is there, and has no address of this family";
  default:
    return "";
  }
}

/* The wait ended with rc. */
static void
fail (const Asked *asked, int rc, GError **error)
{
  g_autofree char *what = kin__quote (asked->name, -1);

  if (rc < 0) /* the worker may be at it still */
    kin__resolve_fail_waiting (what, -rc, error);
  else if (asked->code == NETDB_INTERNAL || asked->code == NETDB_SUCCESS)
    kin__resolve_fail_waiting (what, asked->answer != 0 ? asked->answer : EIO, error);
  else
    kin__error_deliver (error,
                        g_error_new (KIN_HOST_ERROR, asked->code, "cannot look up %s: %s%s", what,
                                     hstrerror (asked->code), hint_of (asked->code)),
                        EADDRNOTAVAIL);
}

static KinHostEntry *
entry_new (const struct hostent *from)
{
  KinHostEntry *entry = g_new0 (KinHostEntry, 1);
  GPtrArray *addresses = g_ptr_array_new ();
  char text[INET6_ADDRSTRLEN];

  for (char **address = from->h_addr_list; *address; address++)
    if (inet_ntop (from->h_addrtype, *address, text, sizeof text))
      g_ptr_array_add (addresses, g_strdup (text));
  g_ptr_array_add (addresses, NULL);
  entry->name = g_strdup (from->h_name);
  entry->aliases = g_strdupv (from->h_aliases);
  entry->addresses = (char **) g_ptr_array_free (addresses, FALSE);
  entry->family = from->h_addrtype;
  return entry;
}

/* A name in ASCII, or an address of a family; taken. */
static KinHostEntry *
look_up (char *name, int family, gint64 deadline, KinCancel *cancel, GError **error)
{
  Asked *asked = g_new0 (Asked, 1);
  KinHostEntry *entry = NULL;
  int rc;

  asked->name = name;
  asked->family = family;
  if (family != AF_UNSPEC)
    inet_pton (family, name, asked->bytes);
  asked->calls = kin__resolver_calls ();
  rc = kin__worker_start (&asked->worker, ask, clear);
  if (rc == 0)
    rc = kin__worker_wait (&asked->worker, deadline, cancel);
  if (rc == 0 && asked->result)
    entry = entry_new (asked->result);
  else
    fail (asked, rc, error);
  kin__worker_drop (&asked->worker);
  return entry;
}

/**
 * kin_host_entry_free:
 * @entry: (nullable): an entry, or %NULL
 *
 * Frees an entry and all that is in it.
 */
void
kin_host_entry_free (KinHostEntry *entry)
{
  if (!entry)
    return;
  g_free (entry->name);
  g_strfreev (entry->aliases);
  g_strfreev (entry->addresses);
  g_free (entry);
}

/* ---- By name, and by address --------------------------------------------------------------- */

static gboolean
may_look_up (const char *event, const char *name, GError **error)
{
  return !kin__audit_hook
         || kin__audit_call (event, NULL, g_variant_new ("(@*)", kin__audit_text (name)), error);
}

/* The first address of a host, which may be one already, as text; *family: of which it is. */
static char *
find_address (const char *host, int *family, gint64 deadline, KinCancel *cancel, GError **error)
{
  const KinAddressHints hints = { .family = *family, .type = SOCK_DGRAM };
  g_autoptr (GPtrArray) infos =
      kin__getaddrinfo (kin__host_special (host), NULL, &hints, deadline, cancel, error);
  const KinAddress *first;
  char text[NI_MAXHOST];
  int rc;

  if (!infos)
    return NULL;
  first = &((KinAddressInfo *) infos->pdata[0])->address;
  rc = getnameinfo (&first->sa.generic, first->length, text, sizeof text, NULL, 0, NI_NUMERICHOST);
  if (rc != 0) {
    kin__resolve_fail (host, rc, errno, error);
    return NULL;
  }
  text[strcspn (text, "%")] = 0; /* the scope */
  *family = first->sa.generic.sa_family;
  return g_strdup (text);
}

/**
 * kin_gethostbyname:
 * @name: a name, or an IPv4 address; "" is 0.0.0.0, "<broadcast>" 255.255.255.255
 * @timeout_usec: microseconds for all of it, or %KIN_FOREVER
 * @cancel: (nullable): ends it from another thread
 * @error: return location, or %NULL
 *
 * Gives a host's first IPv4 address, as Python's gethostbyname does: getaddrinfo(3) is asked, so
 * this fails as kin_getaddrinfo() does. Audited as socket.gethostbyname.
 *
 * Returns: (transfer full) (nullable): the address as text, or %NULL with the errors of
 *   kin_getaddrinfo()
 */
char *
kin_gethostbyname (const char *name, gint64 timeout_usec, KinCancel *cancel, GError **error)
{
  gint64 deadline = kin__deadline (timeout_usec);
  int family = AF_INET;

  if (!kin__check_timeout (timeout_usec, error)
      || !may_look_up ("socket.gethostbyname", name, error))
    return NULL;
  return find_address (name, &family, deadline, cancel, error);
}

/**
 * kin_gethostbyname_ex:
 * @name: a name, or an IPv4 address
 * @timeout_usec: microseconds for all of it, or %KIN_FOREVER
 * @cancel: (nullable): ends it from another thread
 * @error: return location, or %NULL
 *
 * Gives a host's official name, its aliases and its IPv4 addresses, gethostbyname(3), asked in a
 * thread of its own, which a timeout or @cancel leaves behind. A name that is not ASCII is looked
 * up as IDNA has it. Audited as socket.gethostbyname.
 *
 * Returns: (transfer full) (nullable): the entry; or %NULL with %KIN_HOST_ERROR, %KIN_OS_ERROR,
 *   %KIN_ERROR_BAD_VALUE (it has no form in ASCII), %KIN_ERROR_TIMED_OUT, %KIN_ERROR_CANCELLED or
 *   %KIN_ERROR_DENIED
 */
KinHostEntry *
kin_gethostbyname_ex (const char *name, gint64 timeout_usec, KinCancel *cancel, GError **error)
{
  gint64 deadline = kin__deadline (timeout_usec);
  g_autofree char *ascii = kin__host_to_ascii (name);

  if (!kin__check_timeout (timeout_usec, error)
      || !may_look_up ("socket.gethostbyname", name, error))
    return NULL;
  if (!ascii) {
    g_autofree char *quoted = kin__quote (name, -1);

    kin__error_set (error, KIN_ERROR_BAD_VALUE, "cannot look up %s: it has no form in ASCII (IDNA)",
                    quoted);
    return NULL;
  }
  return look_up (g_steal_pointer (&ascii), AF_UNSPEC, deadline, cancel, error);
}

/**
 * kin_gethostbyaddr:
 * @address: an IPv4 or IPv6 address, or a name, which is looked up first
 * @timeout_usec: microseconds for all of it, or %KIN_FOREVER
 * @cancel: (nullable): ends it from another thread
 * @error: return location, or %NULL
 *
 * Gives the official name, the aliases and the addresses of the host that has an address,
 * gethostbyaddr(3), asked in a thread of its own, which a timeout or @cancel leaves behind. Audited
 * as socket.gethostbyaddr.
 *
 * Returns: (transfer full) (nullable): the entry; or %NULL with %KIN_RESOLVE_ERROR (a name has no
 *   address), %KIN_HOST_ERROR (the address has no name), %KIN_OS_ERROR, %KIN_ERROR_BAD_VALUE,
 *   %KIN_ERROR_TIMED_OUT, %KIN_ERROR_CANCELLED or %KIN_ERROR_DENIED
 */
KinHostEntry *
kin_gethostbyaddr (const char *address, gint64 timeout_usec, KinCancel *cancel, GError **error)
{
  gint64 deadline = kin__deadline (timeout_usec);
  g_autofree char *text = NULL;
  int family = AF_UNSPEC;

  if (!kin__check_timeout (timeout_usec, error)
      || !may_look_up ("socket.gethostbyaddr", address, error))
    return NULL;
  if (*address == 0) {
    kin__error_set (error, KIN_ERROR_BAD_VALUE,
                    "cannot look up \"\": it stands for all addresses; name one");
    return NULL;
  }
  text = find_address (address, &family, deadline, cancel, error);
  return text ? look_up (g_steal_pointer (&text), family, deadline, cancel, error) : NULL;
}

/* ---- This host ----------------------------------------------------------------------------- */

/**
 * kin_gethostname:
 * @error: return location, or %NULL
 *
 * Gives this machine's name, gethostname(2), which need not be fully qualified. Audited as
 * socket.gethostname.
 *
 * Returns: (transfer full) (nullable): the name, or %NULL with %KIN_OS_ERROR or %KIN_ERROR_DENIED
 */
char *
kin_gethostname (GError **error)
{
  char name[HOST_NAME_MAX + 1] = "";

  if (kin__audit_hook
      && !kin__audit_call ("socket.gethostname", NULL, g_variant_new_tuple (NULL, 0), error))
    return NULL;
  if (gethostname (name, sizeof name) == 0)
    return g_strdup (name);
  kin__resolve_fail_waiting ("this host's name", errno, error);
  return NULL;
}

/**
 * kin_sethostname:
 * @name: a name of at most 64 bytes
 * @error: return location, or %NULL
 *
 * Sets this machine's name, or that of the UTS namespace, sethostname(2). Takes CAP_SYS_ADMIN.
 * Audited as socket.sethostname.
 *
 * Returns: %TRUE, or %FALSE with %KIN_OS_ERROR (EPERM; EINVAL: it is too long) or %KIN_ERROR_DENIED
 */
gboolean
kin_sethostname (const char *name, GError **error)
{
  gsize length = strlen (name);
  g_autofree char *quoted = NULL;
  int code;

  if (kin__audit_hook
      && !kin__audit_call (
          "socket.sethostname", NULL,
          g_variant_new ("(@ay)", g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, name, length, 1)),
          error))
    return FALSE;
  if (sethostname (name, length) == 0)
    return TRUE;
  code = errno;
  quoted = kin__quote (name, -1);
  kin__error_deliver (error,
                      g_error_new (KIN_OS_ERROR, code, "cannot name this host %s: %s%s", quoted,
                                   g_strerror (code),
                                   code == EPERM    ? "; that takes CAP_SYS_ADMIN"
                                   : code == EINVAL ? "; a name has at most 64 bytes"
                                                    : ""),
                      code);
  return FALSE;
}

/* Whether a look-up's failure only says that nothing is known. */
static gboolean
is_unknown (const GError *error)
{
  return error->domain != KIN_ERROR || error->code == KIN_ERROR_BAD_VALUE;
}

/**
 * kin_getfqdn:
 * @name: (nullable): a name or an address; %NULL, "", "0.0.0.0" and "::" stand for this host
 * @timeout_usec: microseconds for all of it, or %KIN_FOREVER
 * @cancel: (nullable): ends it from another thread
 * @error: return location, or %NULL
 *
 * Gives a host's fully qualified name, as Python's getfqdn finds it: the first that has a dot in it
 * of the official name and the aliases that kin_gethostbyaddr() tells, else the official name.
 * Where nothing is known of the host it is @name itself, or kin_gethostname(). Audited as these two
 * are.
 *
 * Returns: (transfer full) (nullable): the name; or %NULL with %KIN_ERROR_TIMED_OUT,
 *   %KIN_ERROR_CANCELLED, %KIN_ERROR_DENIED, or %KIN_OS_ERROR
 */
char *
kin_getfqdn (const char *name, gint64 timeout_usec, KinCancel *cancel, GError **error)
{
  g_autofree char *asked = g_strstrip (g_strdup (name ? name : ""));
  g_autoptr (KinHostEntry) entry = NULL;
  g_autoptr (GError) why = NULL;

  if (!kin__check_timeout (timeout_usec, error))
    return NULL;
  if (*asked == 0 || strcmp (asked, "0.0.0.0") == 0 || strcmp (asked, "::") == 0) {
    g_free (asked);
    asked = kin_gethostname (error);
  }
  if (!asked)
    return NULL;
  entry = kin_gethostbyaddr (asked, timeout_usec, cancel, &why);
  if (!entry && is_unknown (why))
    return g_steal_pointer (&asked);
  if (!entry) {
    int code = errno;

    kin__error_deliver (error, g_steal_pointer (&why), code);
    return NULL;
  }
  for (char **alias = entry->aliases; *alias && !strchr (entry->name, '.'); alias++)
    if (strchr (*alias, '.'))
      return g_strdup (*alias);
  return g_strdup (entry->name);
}
