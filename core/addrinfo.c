/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* addrinfo: getaddrinfo(3), waited for or answered by a callback. */
#include "private.h"

#include <netdb.h>
#include <string.h>

/* One question, and room for its answer. */
typedef struct {
  KinWorker worker;
  char *host, *service; /* as getaddrinfo takes them; or NULL */
  KinAddressHints hints;
  KinCalls calls;
  struct addrinfo *list; /* or NULL */
  int answer, code;      /* getaddrinfo's, and errno */
} Asked;

/* ---- Asking -------------------------------------------------------------------------------- */

static char *
describe (const char *host, const char *service)
{
  g_autofree char *name = host ? kin__quote (host, -1) : g_strdup ("no host");
  g_autofree char *port = service ? kin__quote (service, -1) : NULL;

  return g_strconcat (name, port ? " port " : NULL, port, NULL);
}

/* getaddrinfo reads numbers by strtoul(3), and makes 0 of 65536. */
static gboolean
is_service (const char *service)
{
  char *end;
  gint64 number;

  if (!service)
    return TRUE;
  number = g_ascii_strtoll (service, &end, 10);
  return end == service || *end != 0 || (number >= 0 && number <= G_MAXUINT16);
}

static void
clear (KinWorker *worker)
{
  Asked *asked = (Asked *) worker;

  if (asked->list)
    asked->calls.resolver.freeaddrinfo (asked->list, asked->calls.user_data);
  g_free (asked->host);
  g_free (asked->service);
}

static void
ask (KinWorker *worker)
{
  Asked *asked = (Asked *) worker;
  const struct addrinfo hints = {
    .ai_family = asked->hints.family,
    .ai_socktype = asked->hints.type,
    .ai_protocol = asked->hints.protocol,
    .ai_flags = asked->hints.flags,
  };
  struct addrinfo *list = NULL;

  errno = 0;
  asked->answer = asked->calls.resolver.getaddrinfo (asked->host, asked->service, &hints, &list,
                                                     asked->calls.user_data);
  asked->code = errno;
  asked->list = asked->answer == 0 ? list : NULL;
}

static Asked *
start (const char *host, const char *service, const KinAddressHints *hints, GError **error)
{
  g_autofree char *name = host ? kin__host_to_ascii (host) : NULL;
  g_autofree char *what = describe (host, service);
  Asked *asked;
  int rc;

  if (host && !name) {
    kin__error_set (
        error, KIN_ERROR_BAD_VALUE,
        "cannot look up %s: it has no form in ASCII (IDNA); is a label empty, or longer "
        "than 63 characters?",
        what);
    return NULL;
  }
  if (!is_service (service)) {
    kin__error_deliver (error,
                        g_error_new (KIN_RESOLVE_ERROR, EAI_SERVICE,
                                     "cannot look up %s: the port is out of range (0 to 65535)",
                                     what),
                        EADDRNOTAVAIL);
    return NULL;
  }
  asked = g_new0 (Asked, 1);
  asked->host = g_steal_pointer (&name);
  asked->service = g_strdup (service);
  if (hints)
    asked->hints = *hints;
  asked->calls = kin__resolver_calls ();
  rc = kin__worker_start (&asked->worker, ask, clear);
  if (rc == 0)
    return asked;
  kin__resolve_fail_waiting (what, -rc, error);
  kin__worker_drop (&asked->worker);
  return NULL;
}

/* ---- The answer ---------------------------------------------------------------------------- */

static void
info_free (gpointer data)
{
  KinAddressInfo *info = data;

  g_free (info->canonical_name);
  g_free (info);
}

static KinAddressInfo *
info_new (const struct addrinfo *at)
{
  KinAddressInfo *info = g_new0 (KinAddressInfo, 1);

  info->family = at->ai_family;
  info->type = at->ai_socktype;
  info->protocol = at->ai_protocol;
  info->canonical_name = g_strdup (at->ai_canonname);
  info->address.transport =
      kin__transport_of_numbers (at->ai_family, at->ai_socktype, at->ai_protocol, NULL);
  info->address.protocol = at->ai_protocol;
  info->address.length = at->ai_addrlen;
  memcpy (&info->address.sa, at->ai_addr, at->ai_addrlen);
  return info;
}

/* Once the wait for it has ended with rc. */
static GPtrArray *
take (Asked *asked, int rc, GError **error)
{
  g_autoptr (GPtrArray) infos = NULL;

  if (rc == 0 && asked->answer == 0) {
    infos = g_ptr_array_new_with_free_func (info_free);
    for (const struct addrinfo *at = asked->list; at; at = at->ai_next)
      if (at->ai_addr && at->ai_addrlen <= sizeof ((KinAddress *) NULL)->sa)
        g_ptr_array_add (infos, info_new (at));
  }
  if (!infos || infos->len == 0) {
    g_autofree char *what = describe (asked->host, asked->service);

    if (rc < 0)
      kin__resolve_fail_waiting (what, -rc, error);
    else
      kin__resolve_fail (what, infos ? EAI_NODATA : asked->answer, asked->code, error);
    return NULL;
  }
  return g_steal_pointer (&infos);
}

GPtrArray *
kin__getaddrinfo (const char *host, const char *service, const KinAddressHints *hints,
                  gint64 deadline, KinCancel *cancel, GError **error)
{
  Asked *asked = start (host, service, hints, error);
  GPtrArray *infos;

  if (!asked)
    return NULL;
  infos = take (asked, kin__worker_wait (&asked->worker, deadline, cancel), error);
  kin__worker_drop (&asked->worker);
  return infos;
}

const char *
kin__host_special (const char *host)
{
  if (*host == 0)
    return "0.0.0.0";
  return strcmp (host, "<broadcast>") == 0 ? "255.255.255.255" : host;
}

GVariant *
kin__audit_text (const char *text)
{
  return text ? g_variant_new_take_string (g_utf8_make_valid (text, -1))
              : g_variant_new_maybe (G_VARIANT_TYPE_STRING, NULL);
}

static gboolean
may_look_up (const char *host, const char *service, const KinAddressHints *hints, GError **error)
{
  static const KinAddressHints any;

  return !kin__audit_hook
         || kin__resolve_may (NULL, kin__audit_text (host), kin__audit_text (service),
                              hints ? hints : &any, error);
}

/**
 * kin_getaddrinfo:
 * @host: (nullable): a name, or an address ("127.0.0.1", "fe80::1%eth0"); %NULL: this machine, to
 *   bind with AI_PASSIVE, else to connect to
 * @service: (nullable): a port's number or a service's name; %NULL: port 0
 * @hints: (nullable): what is wanted, or %NULL for all
 * @timeout_usec: microseconds for all of it, or %KIN_FOREVER
 * @cancel: (nullable): ends it from another thread
 * @error: return location, or %NULL
 *
 * Looks a host and a service up, as getaddrinfo(3) does, best first. It is asked in a thread of its
 * own, which a timeout or @cancel leaves behind. A host that is not ASCII is looked up as IDNA has
 * it, whether AI_IDN is set or not; a port past 65535, of which glibc makes another, is refused.
 * Each address is its registered family's, by type and protocol, so it prints, and opens by its
 * scheme; where no family is, the sockaddr is there all the same. Audited as socket.getaddrinfo.
 *
 * Returns: (transfer full) (nullable) (element-type KinAddressInfo): the answers, at least one; or
 *   %NULL with %KIN_RESOLVE_ERROR, %KIN_OS_ERROR, %KIN_ERROR_BAD_VALUE (the host has no form in
 *   ASCII), %KIN_ERROR_TIMED_OUT, %KIN_ERROR_CANCELLED or %KIN_ERROR_DENIED
 */
GPtrArray *
kin_getaddrinfo (const char *host, const char *service, const KinAddressHints *hints,
                 gint64 timeout_usec, KinCancel *cancel, GError **error)
{
  gint64 deadline = kin__deadline (timeout_usec);

  if (!kin__check_timeout (timeout_usec, error) || !may_look_up (host, service, hints, error))
    return NULL;
  return kin__getaddrinfo (host, service, hints, deadline, cancel, error);
}

/* ---- By a callback ------------------------------------------------------------------------- */

/* Ready when the worker has ended, the cancel is cancelled or the time is over. */
typedef struct {
  GSource source;
  Asked *asked;  /* NULL: it could not begin */
  GError *error; /* and why not */
  KinCancel *cancel;
  gint64 deadline;
  KinAddressInfoFunc callback;
  gpointer user_data;
} Awaited;

/* How the wait has ended, as kin__worker_wait (); -EAGAIN: it has not. */
static int
state_of (const Awaited *awaited)
{
  if (kin__worker_has_ended (&awaited->asked->worker))
    return 0;
  if (awaited->cancel && kin_cancel_is_cancelled (awaited->cancel))
    return -KIN__CANCELLED;
  return awaited->deadline >= 0 && g_get_monotonic_time () >= awaited->deadline ? -KIN__TIMED_OUT
                                                                                : -EAGAIN;
}

static gboolean
dispatch (GSource *source, GSourceFunc unused, gpointer unused_data)
{
  Awaited *awaited = (Awaited *) source;
  g_autoptr (GPtrArray) infos = NULL;

  (void) unused;
  (void) unused_data;
  if (awaited->asked) {
    int rc = state_of (awaited);

    if (rc == -EAGAIN)
      return G_SOURCE_CONTINUE;
    infos = take (awaited->asked, rc, &awaited->error);
  }
  awaited->callback (infos, awaited->error, awaited->user_data);
  return G_SOURCE_REMOVE;
}

static void
finalize (GSource *source)
{
  Awaited *awaited = (Awaited *) source;

  if (awaited->asked)
    kin__worker_drop (&awaited->asked->worker);
  g_clear_error (&awaited->error);
  kin_cancel_unref (awaited->cancel);
}

/**
 * kin_getaddrinfo_async:
 * @host: (nullable): as kin_getaddrinfo()'s
 * @service: (nullable): as kin_getaddrinfo()'s
 * @hints: (nullable): as kin_getaddrinfo()'s
 * @timeout_usec: microseconds for all of it, or %KIN_FOREVER
 * @cancel: (nullable): ends it
 * @callback: (scope async): called once with the answer, or with why there is none
 * @user_data: passed to @callback
 *
 * Does what kin_getaddrinfo() does, and returns at once. @callback is called in the thread-default
 * #GMainContext of the calling thread, never before this function has returned; so that context has
 * to run.
 */
void
kin_getaddrinfo_async (const char *host, const char *service, const KinAddressHints *hints,
                       gint64 timeout_usec, KinCancel *cancel, KinAddressInfoFunc callback,
                       gpointer user_data)
{
  static GSourceFuncs functions = { .dispatch = dispatch, .finalize = finalize };
  GSource *source = g_source_new (&functions, sizeof (Awaited));
  Awaited *awaited = (Awaited *) source;

  g_source_set_name (source, "kin-getaddrinfo");
  awaited->callback = callback;
  awaited->user_data = user_data;
  awaited->cancel = cancel ? kin_cancel_ref (cancel) : NULL;
  awaited->deadline = kin__deadline (timeout_usec);
  if (kin__check_timeout (timeout_usec, &awaited->error)
      && may_look_up (host, service, hints, &awaited->error))
    awaited->asked = start (host, service, hints, &awaited->error);
  if (awaited->asked) {
    g_source_add_unix_fd (source, awaited->asked->worker.fd, G_IO_IN);
    if (cancel)
      g_source_add_unix_fd (source, kin__cancel_fd (cancel), G_IO_IN);
    g_source_set_ready_time (source, awaited->deadline);
  } else
    g_source_set_ready_time (source, 0);
  g_source_attach (source, g_main_context_get_thread_default ());
  g_source_unref (source);
}
