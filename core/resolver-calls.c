/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* resolver-calls: the functions that look names up, libc's or those that the program brought; what
 * they failed with, in words. */
#include "private.h"

#include <netdb.h>
#include <string.h>

/* ---- libc's -------------------------------------------------------------------------------- */

static int
libc_getaddrinfo (const char *host, const char *service, const struct addrinfo *hints,
                  struct addrinfo **list, gpointer user_data)
{
  (void) user_data;
  return getaddrinfo (host, service, hints, list);
}

static void
libc_freeaddrinfo (struct addrinfo *list, gpointer user_data)
{
  (void) user_data;
  freeaddrinfo (list);
}

static int
libc_getnameinfo (const struct sockaddr *address, socklen_t length, char *host, socklen_t host_size,
                  char *service, socklen_t service_size, int flags, gpointer user_data)
{
  (void) user_data;
  return getnameinfo (address, length, host, host_size, service, service_size, flags);
}

static int
libc_gethostbyname (const char *name, int family, struct hostent *entry, char *room, gsize size,
                    struct hostent **result, int *code, gpointer user_data)
{
  (void) user_data;
  return gethostbyname2_r (name, family, entry, room, size, result, code);
}

static int
libc_gethostbyaddr (gconstpointer address, socklen_t length, int family, struct hostent *entry,
                    char *room, gsize size, struct hostent **result, int *code, gpointer user_data)
{
  (void) user_data;
  return gethostbyaddr_r (address, length, family, entry, room, size, result, code);
}

#define LIBC                                                                                       \
  {                                                                                                \
    .size = sizeof (KinResolver), .getaddrinfo = libc_getaddrinfo,                                 \
    .freeaddrinfo = libc_freeaddrinfo, .getnameinfo = libc_getnameinfo,                            \
    .gethostbyname = libc_gethostbyname, .gethostbyaddr = libc_gethostbyaddr,                      \
  }

/* ---- Which it is --------------------------------------------------------------------------- */

static const KinResolver libc_calls = LIBC;
static KinCalls calls = { .resolver = LIBC };

/**
 * kin_set_resolver:
 * @resolver: (nullable): functions in place of libc's, or %NULL for libc's; copied
 * @user_data: passed to each of them; stays valid, for a look-up that was left behind may use it
 * @error: return location, or %NULL
 *
 * Sets what looks names up in this process: kin_getaddrinfo() and its like, and the endpoints of
 * families that look hosts up ("tcp:example.org:80"). Look-ups that have begun keep what they have.
 *
 * Set it before other threads run: it is not locked.
 *
 * Returns: %TRUE, or %FALSE with %KIN_ERROR_BAD_VALUE: one of getaddrinfo and freeaddrinfo alone
 */
gboolean
kin_set_resolver (const KinResolver *resolver, gpointer user_data, GError **error)
{
  KinResolver given = { 0 };

  if (resolver)
    memcpy (&given, resolver, MIN (resolver->size, sizeof given));
  if (!given.getaddrinfo != !given.freeaddrinfo) {
    kin__error_set (error, KIN_ERROR_BAD_VALUE,
                    "cannot use the resolver: it has getaddrinfo or freeaddrinfo alone, and one "
                    "frees what the other gives");
    return FALSE;
  }
  calls.resolver = libc_calls;
  calls.user_data = user_data;
  if (given.getaddrinfo) {
    calls.resolver.getaddrinfo = given.getaddrinfo;
    calls.resolver.freeaddrinfo = given.freeaddrinfo;
  }
  if (given.getnameinfo)
    calls.resolver.getnameinfo = given.getnameinfo;
  if (given.gethostbyname)
    calls.resolver.gethostbyname = given.gethostbyname;
  if (given.gethostbyaddr)
    calls.resolver.gethostbyaddr = given.gethostbyaddr;
  return TRUE;
}

KinCalls
kin__resolver_calls (void)
{
  return calls;
}

/* ---- What failed --------------------------------------------------------------------------- */

/* What to do, by getaddrinfo's code. */
static const struct {
  int code;
  const char *sentence;
} hints[] = {
  { EAI_NONAME, "is the name spelt right?" },
  { EAI_NODATA, "the name is there, and has no address of this family" },
  { EAI_ADDRFAMILY, "it has addresses of another family alone" },
  { EAI_AGAIN, "no name server answered: is the network up, and is /etc/resolv.conf right?" },
  { EAI_FAIL, "the name server gave no usable answer" },
  { EAI_SERVICE, "write the port as a number, or see /etc/services for its name" },
};

static const char *
find_hint (int code)
{
  for (gsize i = 0; i < G_N_ELEMENTS (hints); i++)
    if (hints[i].code == code)
      return hints[i].sentence;
  return NULL;
}

char *
kin__resolve_reason (int code)
{
  const char *hint = find_hint (code);

  return g_strconcat (gai_strerror (code), hint ? "; " : NULL, hint, NULL);
}

void
kin__resolve_fail (const char *what, int code, int os_code, GError **error)
{
  g_autofree char *reason = NULL;

  if (code == EAI_SYSTEM) {
    kin__resolve_fail_waiting (what, os_code != 0 ? os_code : EIO, error);
    return;
  }
  reason = kin__resolve_reason (code);
  kin__error_deliver (error,
                      g_error_new (KIN_RESOLVE_ERROR, code, "cannot look up %s: %s", what, reason),
                      EADDRNOTAVAIL);
}

void
kin__resolve_fail_waiting (const char *what, int code, GError **error)
{
  if (code == KIN__TIMED_OUT)
    kin__error_set (error, KIN_ERROR_TIMED_OUT, "cannot look up %s: timed out; %s", what,
                    find_hint (EAI_AGAIN));
  else if (code == KIN__CANCELLED)
    kin__error_set (error, KIN_ERROR_CANCELLED, "cannot look up %s: cancelled", what);
  else
    kin__error_deliver (
        error, g_error_new (KIN_OS_ERROR, code, "cannot look up %s: %s", what, g_strerror (code)),
        code);
}

gboolean
kin__resolve_may (const char *scheme, GVariant *host, GVariant *port, const KinAddressHints *wanted,
                  GError **error)
{
  return kin__audit_call ("socket.getaddrinfo", scheme,
                          g_variant_new ("(@*@*xxx)", host, port, (gint64) wanted->family,
                                         (gint64) wanted->type, (gint64) wanted->protocol),
                          error);
}
