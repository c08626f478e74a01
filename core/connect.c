/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* connect: from an endpoint to a connection, inside one deadline; and the same without waiting.
 *
 * An address is connected to as it is, here. A name is looked up and its addresses are raced, in
 * race.c. */
#include "private.h"

#include <string.h>

/* ---- Options ------------------------------------------------------------------------------- */

static gboolean
is_for_another (const KinSocket *socket, const char *name)
{
  KinOption row;

  return !kin__option_find (&socket->transport->family->data.options, name, &row)
         && !kin__option_find (kin_generic_options (), name, &row);
}

gboolean
kin__set_options (KinSocket *socket, const KinEndpoint *endpoint, gboolean is_late,
                  gboolean is_one_of_several, GError **error)
{
  for (guint i = 0; i < endpoint->settings->len; i++) {
    const KinSetting *setting = &g_array_index (endpoint->settings, KinSetting, i);

    if (setting->is_late != is_late
        || (is_one_of_several && is_for_another (socket, setting->name)))
      continue;
    if (!kin_socket_set_option_text (socket, setting->name, setting->text, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
has_late_options (const KinEndpoint *endpoint)
{
  for (guint i = 0; i < endpoint->settings->len; i++)
    if (g_array_index (endpoint->settings, KinSetting, i).is_late)
      return TRUE;
  return FALSE;
}

/* ---- Where it comes from ------------------------------------------------------------------- */

KinSource *
kin__source_new (const char *text, GError **error)
{
  KinSource *source;

  if (!text)
    return NULL;
  source = g_new0 (KinSource, 1);
  source->endpoint = kin_endpoint_new (text, error);
  if (source->endpoint && (source->endpoint->inner || source->endpoint->question))
    kin__error_set (error, KIN_ERROR_NOT_SUPPORTED, "the source %s is no address", text);
  else if (source->endpoint) {
    source->addresses = kin__endpoint_all (source->endpoint, &source->n);
    return source;
  }
  kin__source_free (source);
  return NULL;
}

void
kin__source_free (KinSource *source)
{
  if (!source)
    return;
  kin_endpoint_free (source->endpoint);
  g_free (source->addresses);
  g_free (source);
}

gboolean
kin__source_bind (const KinSource *source, KinSocket *socket, GError **error)
{
  g_autofree char *text = NULL;

  if (!source)
    return TRUE;
  for (gsize i = 0; i < source->n; i++) {
    const KinAddress *address = &source->addresses[i];

    if (address->transport->family == socket->transport->family
        && address->transport->row.type == socket->transport->row.type)
      return kin__set_options (socket, source->endpoint, FALSE, TRUE, error)
             && kin_socket_bind (socket, address, error)
             && kin__set_options (socket, source->endpoint, TRUE, TRUE, error);
  }
  text = kin_endpoint_format (source->endpoint);
  kin__error_set (error, KIN_ERROR_BAD_VALUE, "the source %s is of another family, or kind", text);
  return FALSE;
}

/* ---- Connecting ---------------------------------------------------------------------------- */

/* What is given: where to, and how. */
typedef struct {
  KinEndpoint *endpoint;
  KinSource *source; /* or NULL */
  gint64 timeout_usec;
  KinCancel *cancel; /* or NULL */
  GPtrArray *errors; /* GError: of each address that fails; or NULL */
} Job;

static void
job_clear (Job *job)
{
  kin_endpoint_free (job->endpoint);
  kin__source_free (job->source);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

static gboolean
job_init (Job *job, const char *endpoint, const char *source, GError **error)
{
  job->endpoint = kin_endpoint_new (endpoint, error);
  if (!job->endpoint)
    return FALSE;
  if (source && job->endpoint->inner) {
    kin__error_set (error, KIN_ERROR_NOT_SUPPORTED,
                    "%s stands over another endpoint, and takes no source",
                    kin_endpoint_scheme (job->endpoint));
    return FALSE;
  }
  job->source = kin__source_new (source, error);
  return job->source || !source;
}

/* To one address, or to an inner endpoint: no thread, and no call that is not needed. In progress
 * is a success where nothing may wait. */
static KinSocket *
connect_to_one (Job *job, GError **error)
{
  const KinEndpoint *endpoint = job->endpoint;
  const KinAddress *address = endpoint->inner ? NULL : &endpoint->address;
  g_autoptr (KinSocket) socket = kin__socket_open (
      endpoint->transport, address ? address->protocol : endpoint->transport->row.protocol, error);
  gboolean is_made = socket && kin_socket_set_timeout (socket, job->timeout_usec, error)
                     && (!job->cancel || kin_socket_set_cancel (socket, job->cancel, error))
                     && kin__source_bind (job->source, socket, error)
                     && kin__set_options (socket, endpoint, FALSE, FALSE, error)
                     && kin__socket_connect (socket, address, endpoint->inner, error);

  /* With TCP Fast Open there is no peer yet, and what then fails has to be named. */
  if (is_made && address && endpoint->settings->len > 0)
    kin__socket_more (socket)->connecting = *address;
  if (is_made)
    return kin__set_options (socket, endpoint, TRUE, FALSE, error) ? g_steal_pointer (&socket)
                                                                   : NULL;
  if (!socket || !socket->is_connecting)
    return NULL;
  if (has_late_options (endpoint))
    kin__socket_more (socket)->late = g_steal_pointer (&job->endpoint);
  return g_steal_pointer (&socket);
}

static KinSocket *
start_race (Job *job, GError **error)
{
  return kin__race_start (g_steal_pointer (&job->endpoint), g_steal_pointer (&job->source),
                          job->errors, error);
}

static KinSocket *
connect_to_name (Job *job, gint64 deadline, GError **error)
{
  g_autoptr (KinSocket) socket = start_race (job, error);

  if (!socket)
    return NULL;
  if (job->cancel)
    kin__socket_more (socket)->cancel = kin_cancel_ref (job->cancel);
  return kin__race_run (socket, deadline, error) ? g_steal_pointer (&socket) : NULL;
}

/* An address is all of its attempts. */
static KinSocket *
connect_to_address (Job *job, GError **error)
{
  GError *why = NULL;
  KinSocket *socket = connect_to_one (job, &why);

  if (why && !socket && job->errors)
    g_ptr_array_add (job->errors, g_error_copy (why));
  if (why && !socket)
    g_propagate_error (error, why);
  else
    g_clear_error (&why);
  return socket;
}

static KinSocket *
connect_within (Job *job, GError **error)
{
  gint64 deadline = kin__deadline (job->timeout_usec);
  g_autoptr (KinSocket) socket = NULL;

  socket = job->endpoint->question ? connect_to_name (job, deadline, error)
                                   : connect_to_address (job, error);
  if (!socket)
    return NULL;
  if (socket->is_connecting) {
    kin__fail (error, socket, "connect to", NULL, EINPROGRESS);
    return NULL;
  }
  socket->timeout_usec = kin_get_default_timeout ();
  if (!kin_socket_set_cancel (socket, NULL, error))
    return NULL;
  return g_steal_pointer (&socket);
}

/**
 * kin_connect_all_errors:
 * @endpoint: an endpoint's text, "tcp:example.org:80?tcp.nodelay=1"
 * @source: (nullable): where to connect from, as for kin_connect_full()
 * @timeout_usec: microseconds for all of it; 0: only what needs no waiting; %KIN_FOREVER
 * @cancel: (nullable): ends it from another thread; the socket does not keep it
 * @errors: (out) (nullable) (transfer full) (element-type GError): why each address that was tried
 *   failed, in the order in which they did; none where it failed before any was tried, as in the
 *   look-up. %NULL where there is a connection. g_ptr_array_unref()
 * @error: return location, or %NULL
 *
 * kin_connect_full(), for who wants each attempt's error by itself: what Python's create_connection
 * has as all_errors.
 *
 * Returns: (transfer full) (nullable): the connection, or %NULL with the errors of
 *   kin_connect_full()
 */
KinSocket *
kin_connect_all_errors (const char *endpoint, const char *source, gint64 timeout_usec,
                        KinCancel *cancel, GPtrArray **errors, GError **error)
{
  g_auto (Job) job = { .timeout_usec = timeout_usec, .cancel = cancel };
  KinSocket *socket = NULL;

  *errors = job.errors = g_ptr_array_new_with_free_func ((GDestroyNotify) g_error_free);
  if (kin__check_timeout (timeout_usec, error) && job_init (&job, endpoint, source, error))
    socket = connect_within (&job, error);
  if (socket)
    g_clear_pointer (errors, g_ptr_array_unref);
  return socket;
}

/**
 * kin_connect_full:
 * @endpoint: an endpoint's text, "tcp:example.org:80?tcp.nodelay=1"
 * @source: (nullable): where to connect from: an endpoint's text with an address,
 * "tcp:192.0.2.7:0"; of the addresses of @endpoint's name only those of its family are tried with
 * success
 * @timeout_usec: microseconds for all of it; 0: only what needs no waiting; %KIN_FOREVER
 * @cancel: (nullable): ends it from another thread; the socket does not keep it
 * @error: return location, or %NULL
 *
 * Opens a socket, sets the endpoint's options and connects it. The socket has the default timeout.
 *
 * A name is looked up, in a thread of its own (see kin_endpoint_resolve()), and its addresses are
 * tried as RFC 8305 has it: families take turns, an attempt that is not done after 250 ms gets the
 * next beside it, the first connection is kept. Of a failure the error has every attempt's reason,
 * and the domain and code of the last. An address starts no thread.
 *
 * Returns: (transfer full) (nullable): the connection, or %NULL with the errors of
 *   kin_endpoint_new(), kin_endpoint_resolve() and kin_socket_connect()
 */
KinSocket *
kin_connect_full (const char *endpoint, const char *source, gint64 timeout_usec, KinCancel *cancel,
                  GError **error)
{
  g_auto (Job) job = { .timeout_usec = timeout_usec, .cancel = cancel };

  if (!kin__check_timeout (timeout_usec, error) || !job_init (&job, endpoint, source, error))
    return NULL;
  return connect_within (&job, error);
}

/**
 * kin_connect_cancellable:
 * @endpoint: an endpoint's text, "unix:/run/x.sock?so.rcvbuf=65536"
 * @timeout_usec: microseconds for all of it; 0: only what needs no waiting; %KIN_FOREVER
 * @cancel: (nullable): ends it from another thread
 * @error: return location, or %NULL
 *
 * kin_connect(), which can be cancelled. The socket does not keep @cancel.
 *
 * Returns: (transfer full) (nullable): the connection, or %NULL
 */
KinSocket *
kin_connect_cancellable (const char *endpoint, gint64 timeout_usec, KinCancel *cancel,
                         GError **error)
{
  return kin_connect_full (endpoint, NULL, timeout_usec, cancel, error);
}

/**
 * kin_connect:
 * @endpoint: an endpoint's text, "unix:/run/x.sock?so.rcvbuf=65536"
 * @timeout_usec: microseconds for all of it; 0: only what needs no waiting; %KIN_FOREVER
 * @error: return location, or %NULL
 *
 * kin_connect_full() without a source and a cancel. The time is the connecting's alone: a
 * connection may well be silent for longer. The socket's own is kin_get_default_timeout(), until
 * kin_socket_set_timeout().
 *
 * Returns: (transfer full) (nullable): the connection, or %NULL
 */
KinSocket *
kin_connect (const char *endpoint, gint64 timeout_usec, GError **error)
{
  return kin_connect_full (endpoint, NULL, timeout_usec, NULL, error);
}

/* ---- Without waiting ----------------------------------------------------------------------- */

/**
 * kin_connect_start_full:
 * @endpoint: an endpoint's text
 * @source: (nullable): where to connect from, as for kin_connect_full()
 * @error: return location, or %NULL
 *
 * Starts to connect and does not wait. The socket never waits (its timeout is 0) until
 * kin_socket_set_timeout() says otherwise. Call kin_connect_continue() before anything else.
 *
 * A name's look-up and race show as one descriptor: poll what kin_socket_wants() says for POLLOUT.
 *
 * Returns: (transfer full) (nullable): the socket, connected or on the way; %NULL: it failed
 * already
 */
KinSocket *
kin_connect_start_full (const char *endpoint, const char *source, GError **error)
{
  g_auto (Job) job = { .timeout_usec = 0 };
  GError *why = NULL;
  KinSocket *socket;

  if (!job_init (&job, endpoint, source, error))
    return NULL;
  if (job.endpoint->question) {
    socket = start_race (&job, error);
    if (socket)
      socket->timeout_usec = 0;
    return socket;
  }
  socket = connect_to_one (&job, &why);
  if (socket)
    g_clear_error (&why);
  else if (why)
    g_propagate_error (error, why);
  return socket;
}

/**
 * kin_connect_start:
 * @endpoint: an endpoint's text
 * @error: return location, or %NULL
 *
 * kin_connect_start_full() without a source.
 *
 * Returns: (transfer full) (nullable): the socket, connected or on the way; %NULL: it failed
 * already
 */
KinSocket *
kin_connect_start (const char *endpoint, GError **error)
{
  return kin_connect_start_full (endpoint, NULL, error);
}
