/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* resolver: looks names up, in a thread that a deadline may leave behind.
 *
 * getaddrinfo(3) can be neither limited nor ended. So a worker asks, and owns what it touches: the
 * question, which is constant, and room for the answer. Whoever waits polls the worker's eventfd;
 * at a deadline it drops its half and goes, and the worker frees all when it ends. */
#include "private.h"

#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* More than anybody waits for to be tried. */
#define MAX_RESULTS 64

struct _KinLookup {
  gint ref_count;
  KinQuestion *question;
  gboolean is_passive;
  int fd;         /* eventfd */
  gint has_ended; /* set once; what follows is whole then */
  int answer;     /* resolve's */
  KinAddress results[MAX_RESULTS];
};

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

/* The family that is not installed may be the one that the name, or the literal, is for. */
static char *
describe_failure (const KinQuestion *question, int code)
{
  const char *scheme = question->rest.transport->row.scheme, *hint = find_hint (code);
  g_autofree char *missing = NULL;

  if (code == EAI_ADDRFAMILY || code == EAI_NODATA || code == EAI_FAMILY)
    missing = kin__registry_missing (scheme);
  if (missing) {
    g_autofree char *where = kin__not_installed (missing);

    return g_strdup_printf ("; %s belongs to family %s as well, %s", scheme, missing, where);
  }
  return hint ? g_strconcat ("; ", hint, NULL) : g_strdup ("");
}

/* answer: 0 (nothing was found), -errno, or KIN_RESOLVE_FAILED (). */
static void
fail (const KinQuestion *question, int answer, GError **error)
{
  const char *scheme = question->rest.transport->row.scheme;
  int code = answer == 0 ? EAI_NODATA : answer + 4096;
  g_autofree char *hint = NULL;

  if (answer < 0 && answer > KIN_RESOLVE_FAILED (0)) {
    kin__error_deliver (error,
                        g_error_new (KIN_OS_ERROR, -answer, "cannot look up %s:%s: %s", scheme,
                                     question->text, g_strerror (-answer)),
                        -answer);
    return;
  }
  hint = describe_failure (question, code);
  kin__error_deliver (error,
                      g_error_new (KIN_RESOLVE_ERROR, code, "cannot look up %s:%s: %s%s", scheme,
                                   question->text, gai_strerror (code), hint),
                      EADDRNOTAVAIL);
}

void
kin__lookup_fail_waiting (const KinLookup *lookup, int code, GError **error)
{
  const KinQuestion *question = lookup->question;
  const char *scheme = question->rest.transport->row.scheme;

  if (code == KIN__TIMED_OUT)
    kin__error_set (error, KIN_ERROR_TIMED_OUT, "cannot look up %s:%s: timed out; %s", scheme,
                    question->text, find_hint (EAI_AGAIN));
  else if (code == KIN__CANCELLED)
    kin__error_set (error, KIN_ERROR_CANCELLED, "cannot look up %s:%s: cancelled", scheme,
                    question->text);
  else
    fail (question, -code, error);
}

/* ---- The worker ---------------------------------------------------------------------------- */

void
kin__lookup_drop (KinLookup *lookup)
{
  if (!lookup || !g_atomic_int_dec_and_test (&lookup->ref_count))
    return;
  kin__question_unref (lookup->question);
  if (lookup->fd >= 0)
    close (lookup->fd);
  g_free (lookup);
}

static gpointer
look_up (gpointer data)
{
  KinLookup *lookup = data;
  guint64 one = 1;

  lookup->answer =
      kin__question_ask (lookup->question, lookup->is_passive, lookup->results, MAX_RESULTS);
  g_atomic_int_set (&lookup->has_ended, TRUE);
  (void) !write (lookup->fd, &one, sizeof one);
  kin__lookup_drop (lookup);
  return NULL;
}

/* The program's signal handlers are for its own threads. */
static gboolean
start_worker (KinLookup *lookup, GError **error)
{
  sigset_t all, before;
  GThread *thread;

  g_atomic_int_inc (&lookup->ref_count);
  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  thread = g_thread_try_new ("kin-resolver", look_up, lookup, NULL);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  if (thread) {
    g_thread_unref (thread);
    return TRUE;
  }
  kin__lookup_drop (lookup);
  fail (lookup->question, -EAGAIN, error);
  return FALSE;
}

static gboolean
may_look_up (const KinQuestion *question, GError **error)
{
  return kin__audit ("socket.getaddrinfo", question->rest.transport, NULL, NULL, question->text,
                     error);
}

KinLookup *
kin__lookup_start (KinQuestion *question, gboolean is_passive, GError **error)
{
  KinLookup *lookup;

  if (!may_look_up (question, error))
    return NULL;
  lookup = g_new0 (KinLookup, 1);
  lookup->ref_count = 1;
  lookup->question = kin__question_ref (question);
  lookup->is_passive = is_passive;
  lookup->fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (lookup->fd < 0)
    fail (question, -errno, error);
  else if (start_worker (lookup, error))
    return lookup;
  kin__lookup_drop (lookup);
  return NULL;
}

int
kin__lookup_fd (const KinLookup *lookup)
{
  return lookup->fd;
}

gboolean
kin__lookup_has_ended (KinLookup *lookup)
{
  return g_atomic_int_get (&lookup->has_ended);
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
  rc = kin__wait_fd (lookup->fd, POLLIN, cancel, deadline);
  if (rc == 0 && kin__lookup_has_ended (lookup))
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
