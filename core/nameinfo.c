/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nameinfo: getnameinfo(3): the host and the service of an address. */
#include "private.h"

#include <netdb.h>

/* One question, and room for its answer. */
typedef struct {
  KinWorker worker;
  KinAddress address;
  KinCalls calls;
  int flags, answer, code; /* getnameinfo's answer, and errno */
  char host[NI_MAXHOST], service[NI_MAXSERV];
} Asked;

static void
clear (KinWorker *worker)
{
  (void) worker;
}

static void
ask (KinWorker *worker)
{
  Asked *asked = (Asked *) worker;

  errno = 0;
  asked->answer = asked->calls.resolver.getnameinfo (
      &asked->address.sa.generic, asked->address.length, asked->host, sizeof asked->host,
      asked->service, sizeof asked->service, asked->flags, asked->calls.user_data);
  asked->code = errno;
}

static gboolean
may_look_up (const KinAddress *address, GError **error)
{
  g_autoptr (GVariant) tuple = kin__audit_hook ? kin_address_to_tuple (address) : NULL;

  return !tuple
         || kin__audit_call ("socket.getnameinfo", kin_address_scheme (address),
                             g_variant_new_tuple (&tuple, 1), error);
}

/* Gives out the strings that are wanted; FALSE: the wait, which ended with rc, or the look-up
 * failed. */
static gboolean
take (const Asked *asked, int rc, char **host, char **service, GError **error)
{
  if (rc < 0 || asked->answer != 0) {
    g_autofree char *what = kin_address_format (&asked->address);

    if (rc < 0)
      kin__resolve_fail_waiting (what, -rc, error);
    else
      kin__resolve_fail (what, asked->answer, asked->code, error);
    return FALSE;
  }
  if (host)
    *host = g_strdup (asked->host);
  if (service)
    *service = g_strdup (asked->service);
  return TRUE;
}

/**
 * kin_getnameinfo:
 * @address: an address
 * @flags: NI_…: NI_NUMERICHOST, NI_NUMERICSERV, NI_NAMEREQD, NI_NOFQDN, NI_DGRAM
 * @timeout_usec: microseconds for all of it, or %KIN_FOREVER
 * @cancel: (nullable): ends it from another thread
 * @host: (out) (optional): the host's name; where it has none its address, with %SCOPE where it has
 *   one
 * @service: (out) (optional): the service's name, or the port
 * @error: return location, or %NULL
 *
 * Looks up what an address is called, as getnameinfo(3) does, in a thread of its own, which a
 * timeout or @cancel leaves behind. An address never has a name in it: kin_address_from_tuple()
 * refuses those, and flow labels out of range. Audited as socket.getnameinfo.
 *
 * Returns: %TRUE; or %FALSE with %KIN_RESOLVE_ERROR, %KIN_OS_ERROR, %KIN_ERROR_TIMED_OUT,
 *   %KIN_ERROR_CANCELLED or %KIN_ERROR_DENIED
 */
gboolean
kin_getnameinfo (const KinAddress *address, int flags, gint64 timeout_usec, KinCancel *cancel,
                 char **host, char **service, GError **error)
{
  gint64 deadline = kin__deadline (timeout_usec);
  gboolean is_found;
  Asked *asked;
  int rc;

  if (!kin__check_timeout (timeout_usec, error) || !may_look_up (address, error))
    return FALSE;
  asked = g_new0 (Asked, 1);
  asked->address = *address;
  asked->flags = flags;
  asked->calls = kin__resolver_calls ();
  rc = kin__worker_start (&asked->worker, ask, clear);
  if (rc == 0)
    rc = kin__worker_wait (&asked->worker, deadline, cancel);
  is_found = take (asked, rc, host, service, error);
  kin__worker_drop (&asked->worker);
  return is_found;
}
