/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* resolver: looks up the names that endpoints have, in a worker. */
#include "private.h"

#include <netdb.h>
#include <string.h>

/* More than anybody waits for to be tried. */
#define MAX_RESULTS 64

struct _KinLookup {
  KinWorker worker;
  KinQuestion *question;
  gboolean is_passive;
  KinCalls calls;
  int answer; /* resolve's */
  KinAddress results[MAX_RESULTS];
};

/* ---- What failed --------------------------------------------------------------------------- */

/* The family that is not installed may be the one that the name, or the literal, is for. */
static char *
describe_failure (const KinQuestion *question, int code)
{
  const char *scheme = question->rest.transport->row.scheme;
  g_autofree char *missing = NULL;

  if (code == EAI_ADDRFAMILY || code == EAI_NODATA || code == EAI_FAMILY)
    missing = kin__registry_missing (scheme);
  if (missing) {
    g_autofree char *where = kin__not_installed (missing);

    return g_strdup_printf ("%s; %s belongs to family %s as well, %s", gai_strerror (code), scheme,
                            missing, where);
  }
  return kin__resolve_reason (code);
}

static char *
describe (const KinQuestion *question)
{
  return g_strconcat (question->rest.transport->row.scheme, ":", question->text, NULL);
}

/* answer: 0 (nothing was found), -errno, or KIN_RESOLVE_FAILED (). */
static void
fail (const KinQuestion *question, int answer, GError **error)
{
  int code = answer == 0 ? EAI_NODATA : answer + 4096;
  g_autofree char *what = describe (question), *reason = NULL;

  if (answer < 0 && answer > KIN_RESOLVE_FAILED (0)) {
    kin__resolve_fail_waiting (what, -answer, error);
    return;
  }
  reason = describe_failure (question, code);
  kin__error_deliver (error,
                      g_error_new (KIN_RESOLVE_ERROR, code, "cannot look up %s: %s", what, reason),
                      EADDRNOTAVAIL);
}

void
kin__lookup_fail_waiting (const KinLookup *lookup, int code, GError **error)
{
  g_autofree char *what = describe (lookup->question);

  kin__resolve_fail_waiting (what, code, error);
}

/* ---- Asking -------------------------------------------------------------------------------- */

void
kin__lookup_drop (KinLookup *lookup)
{
  if (lookup)
    kin__worker_drop (&lookup->worker);
}

static void
clear (KinWorker *worker)
{
  kin__question_unref (((KinLookup *) worker)->question);
}

static void
look_up (KinWorker *worker)
{
  KinLookup *lookup = (KinLookup *) worker;

  lookup->answer = kin__question_ask (lookup->question, lookup->is_passive, &lookup->calls,
                                      lookup->results, MAX_RESULTS);
}

/* A member as Python has the argument: text, a number, or None. */
static GVariant *
argument_of (const KinQuestion *question, guint i)
{
  static const KinMember none;
  const KinMember *member =
      i < question->members->len ? &g_array_index (question->members, KinMember, i) : &none;

  if (member->kind == 0)
    return g_variant_new_maybe (G_VARIANT_TYPE_STRING, NULL);
  if (member->kind == KIN_STRING || member->kind == KIN_BYTES)
    return g_variant_new_take_string (g_utf8_make_valid (member->bytes, (gssize) member->length));
  return g_variant_new_int64 ((gint64) member->number);
}

static gboolean
may_look_up (const KinQuestion *question, GError **error)
{
  const KinTransport *transport = question->rest.transport;
  const KinAddressHints hints = {
    .family = question->domains->len == 1 ? g_array_index (question->domains, int, 0) : AF_UNSPEC,
    .type = transport->row.type,
    .protocol = question->rest.protocol,
  };

  return !kin__audit_hook
         || kin__resolve_may (transport->row.scheme, argument_of (question, 0),
                              argument_of (question, 1), &hints, error);
}

KinLookup *
kin__lookup_start (KinQuestion *question, gboolean is_passive, GError **error)
{
  KinLookup *lookup;
  int rc;

  if (!may_look_up (question, error))
    return NULL;
  lookup = g_new0 (KinLookup, 1);
  lookup->question = kin__question_ref (question);
  lookup->is_passive = is_passive;
  lookup->calls = kin__resolver_calls ();
  rc = kin__worker_start (&lookup->worker, look_up, clear);
  if (rc == 0)
    return lookup;
  fail (question, rc, error);
  kin__lookup_drop (lookup);
  return NULL;
}

int
kin__lookup_fd (const KinLookup *lookup)
{
  return lookup->worker.fd;
}

gboolean
kin__lookup_has_ended (KinLookup *lookup)
{
  return kin__worker_has_ended (&lookup->worker);
}

KinAddress *
kin__lookup_take (KinLookup *lookup, gsize *n, GError **error)
{
  gsize found = (gsize) CLAMP (lookup->answer, 0, MAX_RESULTS);

  *n = kin__question_assign (lookup->question, lookup->results, found);
  if (*n > 0)
    return g_memdup2 (lookup->results, *n * sizeof (KinAddress));
  fail (lookup->question, MIN (lookup->answer, 0), error);
  return NULL;
}

/* ---- Waiting for it ------------------------------------------------------------------------ */

KinAddress *
kin__resolve (const KinEndpoint *endpoint, gboolean is_passive, gint64 deadline, KinCancel *cancel,
              gsize *n, GError **error)
{
  KinAddress *addresses = NULL, address;
  KinLookup *lookup;
  int rc;

  *n = 0;
  if (!endpoint->question && is_passive && !endpoint->inner)
    return kin__endpoint_all (endpoint, n);
  if (!endpoint->question) {
    if (!kin_endpoint_address (endpoint, &address, error))
      return NULL;
    *n = 1;
    return g_memdup2 (&address, sizeof address);
  }
  lookup = kin__lookup_start (endpoint->question, is_passive, error);
  if (!lookup)
    return NULL;
  rc = kin__worker_wait (&lookup->worker, deadline, cancel);
  if (rc == 0)
    addresses = kin__lookup_take (lookup, n, error);
  else
    kin__lookup_fail_waiting (lookup, -rc, error);
  kin__lookup_drop (lookup);
  return addresses;
}

/**
 * kin_endpoint_resolve:
 * @endpoint: an endpoint
 * @is_passive: whether the addresses are to be bound, not connected to
 * @timeout_usec: microseconds for all of it, or %KIN_FOREVER
 * @cancel: (nullable): ends it from another thread
 * @n_addresses: (out): how many
 * @error: return location, or %NULL
 *
 * Gives the addresses that an endpoint stands for: its own, or, where it has a name, what a look-up
 * finds, best first, of all families that share its scheme. To bind, all of this machine's
 * ("tcp::80") are one of each such family. getaddrinfo(3) is asked in a thread of
 * its own, which a timeout or @cancel leaves behind; an endpoint without a name starts none. Names
 * that are not ASCII are looked up as IDNA has them. Audited as socket.getaddrinfo.
 *
 * Returns: (transfer full) (nullable) (array length=n_addresses): addresses, to be g_free()d; or
 *   %NULL with %KIN_RESOLVE_ERROR, %KIN_OS_ERROR, %KIN_ERROR_TIMED_OUT, %KIN_ERROR_CANCELLED,
 *   %KIN_ERROR_DENIED, or %KIN_ERROR_NOT_SUPPORTED: its scheme stands over another endpoint
 */
KinAddress *
kin_endpoint_resolve (const KinEndpoint *endpoint, gboolean is_passive, gint64 timeout_usec,
                      KinCancel *cancel, gsize *n_addresses, GError **error)
{
  if (!kin__check_timeout (timeout_usec, error))
    return NULL;
  return kin__resolve (endpoint, is_passive, kin__deadline (timeout_usec), cancel, n_addresses,
                       error);
}
