/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* race: connects to whichever address of a name answers first, "Happy Eyeballs", RFC 8305.
 *
 * The addresses are tried in the resolver's order, families taking turns. An attempt has 250 ms to
 * itself; then the next starts beside it, and at once where one has failed. The first that connects
 * wins, and the others are closed.
 *
 * The socket that the caller has is not open yet. Its descriptor is an epoll that holds whatever
 * the race waits for: the look-up, a timer, the attempts. When there is a winner the socket becomes
 * it. Nothing in a step waits, so that a foreign event loop can drive it as kin_connect() does. */
#include "private.h"

#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* RFC 8305, section 8. */
#define ATTEMPT_DELAY_USEC 250000

typedef struct {
  KinSocket *socket;
  KinAddress address;
  int fd, events; /* as the epoll has them; fd -1: it has not; events 0: may go on at once */
  gboolean is_connecting;
} Attempt;

struct _KinRace {
  KinEndpoint *endpoint;
  KinSource *source;     /* or NULL */
  KinLookup *lookup;     /* NULL: it has ended */
  KinAddress *addresses; /* in the order in which they are tried */
  gsize n_addresses, next;
  GArray *attempts;                   /* those on the way */
  GString *failures;                  /* "192.0.2.1:80: Connection refused; …" */
  GPtrArray *errors;                  /* GError: each of these, where somebody asked; or NULL */
  GError *last;                       /* what failed last, and where */
  const KinTransport *last_transport; /* whose hints help; or NULL */
  int last_errno;
  gint64 next_at; /* when the next starts */
  guint n_steps;  /* how often something went on */
  int epoll, timer;
};

/* ---- What failed --------------------------------------------------------------------------- */

/* Without the scheme, which is the endpoint's. */
static void
add_failure (KinRace *race, const KinAddress *address, const char *reason)
{
  g_autofree char *text = kin_address_format (address);
  const char *colon = strchr (text, ':');

  g_string_append_printf (race->failures, "%s%s: %s", race->failures->len > 0 ? "; " : "",
                          colon ? colon + 1 : text, reason);
}

/* Takes why; errno is its code. */
static void
note_failure (KinRace *race, const Attempt *attempt, GError *why)
{
  gboolean is_plain = attempt->is_connecting && why->domain == KIN_OS_ERROR;

  race->last_errno = errno;
  race->last_transport = is_plain ? attempt->address.transport : NULL;
  add_failure (race, &attempt->address, is_plain ? g_strerror (why->code) : why->message);
  if (race->errors)
    g_ptr_array_add (race->errors, g_error_copy (why));
  g_clear_error (&race->last);
  race->last = why;
  race->n_steps++;
}

static void
fail_all (const KinRace *race, GError **error)
{
  g_autofree char *text = kin_endpoint_format (race->endpoint);
  const char *hint =
      race->last_transport ? kin__hint (race->last_transport, "connect", race->last->code) : NULL;

  text[strcspn (text, "?")] = 0;
  kin__error_deliver (error,
                      g_error_new (race->last->domain, race->last->code,
                                   "cannot connect to %s: %s%s%s", text, race->failures->str,
                                   hint ? "; " : "", hint ? hint : ""),
                      race->last_errno);
}

static void
fail_waiting (KinSocket *socket, int code, GError **error)
{
  KinRace *race = socket->more->race;
  g_autofree char *text = NULL;
  const char *hint = NULL;

  if (race->lookup) {
    kin__lookup_fail_waiting (race->lookup, code, error);
    return;
  }
  for (guint i = 0; i < race->attempts->len; i++) {
    const Attempt *attempt = &g_array_index (race->attempts, Attempt, i);
    const KinAddress *address = &attempt->address;

    if (race->errors) {
      GError *why = NULL;

      kin__fail (&why, attempt->socket, "connect to", address, code);
      g_ptr_array_add (race->errors, why);
    }
    add_failure (race, address,
                 code == KIN__TIMED_OUT   ? "timed out"
                 : code == KIN__CANCELLED ? "cancelled"
                                          : g_strerror (code));
    if (code == KIN__TIMED_OUT)
      hint = kin__hint_timed_out (address->transport, "connect");
  }
  for (; race->next < race->n_addresses; race->next++)
    add_failure (race, &race->addresses[race->next], "not tried");
  text = kin_endpoint_format (race->endpoint);
  text[strcspn (text, "?")] = 0;
  if (code == KIN__TIMED_OUT || code == KIN__CANCELLED)
    kin__error_set (error, code == KIN__TIMED_OUT ? KIN_ERROR_TIMED_OUT : KIN_ERROR_CANCELLED,
                    "cannot connect to %s: %s%s%s", text, race->failures->str, hint ? "; " : "",
                    hint ? hint : "");
  else
    kin__error_deliver (
        error,
        g_error_new (KIN_OS_ERROR, code, "cannot connect to %s: %s", text, race->failures->str),
        code);
}

/* ---- Beginning and end --------------------------------------------------------------------- */

static void
attempt_clear (gpointer data)
{
  kin_socket_unref (((Attempt *) data)->socket);
}

static KinRace *
race_alloc (KinEndpoint *endpoint, KinSource *source, GPtrArray *errors)
{
  KinRace *race = g_new0 (KinRace, 1);

  race->endpoint = endpoint;
  race->source = source;
  race->attempts = g_array_new (FALSE, FALSE, sizeof (Attempt));
  g_array_set_clear_func (race->attempts, attempt_clear);
  race->failures = g_string_new (NULL);
  race->errors = errors ? g_ptr_array_ref (errors) : NULL;
  race->epoll = epoll_create1 (EPOLL_CLOEXEC);
  race->timer = race->epoll < 0 ? -1 : timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  return race;
}

void
kin__race_free (KinRace *race)
{
  if (!race)
    return;
  g_array_unref (race->attempts);
  kin__lookup_drop (race->lookup);
  kin__source_free (race->source);
  kin_endpoint_free (race->endpoint);
  g_free (race->addresses);
  g_string_free (race->failures, TRUE);
  if (race->errors)
    g_ptr_array_unref (race->errors);
  g_clear_error (&race->last);
  if (race->timer >= 0)
    close (race->timer);
  if (race->epoll >= 0)
    close (race->epoll);
  g_free (race);
}

static int
watch (const KinRace *race, int operation, int fd, int events)
{
  struct epoll_event event = { .events = (guint32) events };

  return epoll_ctl (race->epoll, operation, fd, &event) < 0 ? -errno : 0;
}

/* The socket is not being connected any more; it is open if there was a winner. */
static void
end (KinSocket *socket)
{
  kin__race_free (socket->more->race);
  socket->more->race = NULL;
  socket->is_connecting = FALSE;
  if (socket->is_open) {
    g_clear_pointer (&socket->more->text, g_free);
    return;
  }
  socket->head.fd = -1;
  socket->data_ops = NULL;
}

KinSocket *
kin__race_start (KinEndpoint *endpoint, KinSource *source, GPtrArray *errors, GError **error)
{
  const KinAddress *rest = &endpoint->question->rest;
  KinSocket *socket = kin__socket_alloc (rest->transport, rest->protocol);
  KinRace *race = race_alloc (endpoint, source, errors);
  int rc = race->timer < 0 ? -errno : watch (race, EPOLL_CTL_ADD, race->timer, EPOLLIN);

  kin__socket_more (socket)->race = race;
  socket->more->text = g_strdup (endpoint->question->text);
  socket->head.fd = race->epoll;
  socket->data_ops = &kin__no_connection;
  socket->is_connecting = TRUE;
  if (rc == 0) {
    race->lookup = kin__lookup_start (endpoint->question, FALSE, error);
    if (!race->lookup) {
      kin_socket_unref (socket);
      return NULL;
    }
    rc = watch (race, EPOLL_CTL_ADD, kin__lookup_fd (race->lookup), EPOLLIN);
  }
  if (rc == 0)
    return socket;
  kin__fail (error, socket, "connect to", NULL, -rc);
  kin_socket_unref (socket);
  errno = -rc;
  return NULL;
}

/* ---- One step ------------------------------------------------------------------------------ */

/* The next of those left that is of another family than the one before. */
static void
interleave (KinAddress *addresses, gsize n)
{
  for (gsize i = 1; i < n; i++) {
    sa_family_t before = addresses[i - 1].sa.generic.sa_family;
    gsize other = i;
    KinAddress taken;

    while (other < n && addresses[other].sa.generic.sa_family == before)
      other++;
    if (other == n)
      return;
    taken = addresses[other];
    memmove (&addresses[i + 1], &addresses[i], (other - i) * sizeof taken);
    addresses[i] = taken;
  }
}

static gboolean
take_addresses (KinRace *race, GError **error)
{
  race->addresses = kin__lookup_take (race->lookup, &race->n_addresses, error);
  if (!race->addresses)
    return FALSE;
  /* The worker may hold it a moment longer. */
  (void) watch (race, EPOLL_CTL_DEL, kin__lookup_fd (race->lookup), 0);
  kin__lookup_drop (race->lookup);
  race->lookup = NULL;
  race->n_steps++;
  interleave (race->addresses, race->n_addresses);
  return TRUE;
}

/* Tells the epoll what the attempt waits for now; a family's connect may change its descriptor. */
static int
watch_attempt (KinRace *race, Attempt *attempt)
{
  int fd = -1, events = kin__call_poll (attempt->socket, POLLOUT, &fd), rc = 0;

  if (events < 0)
    return events;
  if (events == 0)
    fd = -1;
  if (attempt->fd == fd && attempt->events == events)
    return 0;
  attempt->events = events;
  if (attempt->fd >= 0 && attempt->fd != fd)
    (void) watch (race, EPOLL_CTL_DEL, attempt->fd, 0); /* it may be closed, and gone by itself */
  if (fd >= 0)
    rc = watch (race, attempt->fd == fd ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, events);
  attempt->fd = rc < 0 ? -1 : fd;
  return rc;
}

static gboolean
is_one_of_several (const KinRace *race)
{
  return race->endpoint->question->transports->len > 1;
}

static gboolean
start_connect (const KinRace *race, Attempt *attempt, GError **error)
{
  const KinAddress *address = &attempt->address;

  attempt->socket = kin__socket_open (address->transport, address->protocol, error);
  attempt->is_connecting =
      attempt->socket && kin_socket_set_timeout (attempt->socket, 0, error)
      && kin__source_bind (race->source, attempt->socket, error)
      && kin__set_options (attempt->socket, race->endpoint, FALSE, is_one_of_several (race), error);
  return attempt->is_connecting && kin__socket_connect (attempt->socket, address, NULL, error);
}

/* What has become of an attempt: 0: connected, -EINPROGRESS, or another: it failed, and is noted.
 */
static int
judge (KinRace *race, Attempt *attempt, gboolean is_done, GError *why)
{
  int rc;

  if (is_done) {
    attempt->is_connecting = FALSE;
    if (kin__set_options (attempt->socket, race->endpoint, TRUE, is_one_of_several (race), &why))
      return 0;
  }
  if (g_error_matches (why, KIN_OS_ERROR, EINPROGRESS) && attempt->socket->is_connecting) {
    rc = watch_attempt (race, attempt);
    g_clear_error (&why);
    if (rc == 0)
      return -EINPROGRESS;
    kin__fail (&why, attempt->socket, "wait for", &attempt->address, -rc);
  }
  note_failure (race, attempt, why);
  return -ECONNABORTED;
}

/* Those on the way. Returns how many failed; *winner is the index of one that connected. */
static guint
go_on (KinRace *race, int *winner)
{
  guint n_failed = 0;

  for (guint i = 0; i < race->attempts->len;) {
    Attempt *attempt = &g_array_index (race->attempts, Attempt, i);
    GError *why = NULL;
    gboolean is_done = kin_connect_continue (attempt->socket, &why);
    int rc = judge (race, attempt, is_done, why);

    if (rc == 0) {
      *winner = (int) i;
      return n_failed;
    }
    if (rc == -EINPROGRESS)
      i++;
    else {
      g_array_remove_index (race->attempts, i);
      n_failed++;
    }
  }
  return n_failed;
}

/* The next address. 0: connected, and the last of the attempts; else as judge (). */
static int
start_next (KinRace *race)
{
  Attempt attempt = { .address = race->addresses[race->next++], .fd = -1 };
  GError *why = NULL;
  gboolean is_done = start_connect (race, &attempt, &why);
  int rc = judge (race, &attempt, is_done, why);

  race->n_steps++;
  race->next_at = g_get_monotonic_time () + ATTEMPT_DELAY_USEC;
  if (rc == 0 || rc == -EINPROGRESS)
    g_array_append_val (race->attempts, attempt);
  else
    kin_socket_unref (attempt.socket);
  return rc;
}

static void
set_timer (const KinRace *race)
{
  struct itimerspec when = { .it_value = { 0, 0 } };
  guint64 count;

  (void) !read (race->timer, &count, sizeof count);
  if (race->next < race->n_addresses) {
    when.it_value.tv_sec = (time_t) (race->next_at / G_USEC_PER_SEC);
    when.it_value.tv_nsec = (long) (race->next_at % G_USEC_PER_SEC) * 1000;
  }
  timerfd_settime (race->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/* 0: attempt *winner is connected; -EINPROGRESS; -ECONNABORTED: it failed, errno and error. */
static int
advance (KinRace *race, int *winner, GError **error)
{
  guint n_due;

  *winner = -1;
  if (race->lookup && !kin__lookup_has_ended (race->lookup))
    return -EINPROGRESS;
  if (race->lookup && !take_addresses (race, error))
    return -ECONNABORTED;
  n_due = go_on (race, winner);
  if (*winner >= 0)
    return 0;
  while (race->next < race->n_addresses
         && (n_due > 0 || race->attempts->len == 0 || g_get_monotonic_time () >= race->next_at)) {
    int rc = start_next (race);

    n_due -= n_due > 0;
    n_due += rc != 0 && rc != -EINPROGRESS;
    if (rc == 0) {
      *winner = (int) race->attempts->len - 1;
      return 0;
    }
  }
  set_timer (race);
  return race->attempts->len > 0 ? -EINPROGRESS : -ECONNABORTED;
}

int
kin__race_step (KinSocket *socket, GError **error)
{
  KinRace *race = socket->more->race;
  /* What one attempt said is no answer to whom stands over the race. */
  guint nesting = kin__nest_pause ();
  GError *why = NULL;
  int winner, rc = advance (race, &winner, &why), code = errno;

  kin__nest_resume (nesting);
  if (rc == -EINPROGRESS)
    return rc;
  if (rc == 0) {
    Attempt *attempt = &g_array_index (race->attempts, Attempt, (guint) winner);
    int moved = kin__socket_become (socket, attempt->socket);

    socket->more->connecting = attempt->address;

    end (socket);
    if (moved == 0)
      return 0;
    kin__fail (error, socket, "connect to", NULL, -moved);
    return moved;
  }
  if (why)
    kin__error_deliver (error, why, code);
  else
    fail_all (race, error);
  code = errno;
  end (socket);
  errno = code;
  return -code;
}

int
kin__race_poll (const KinSocket *socket)
{
  const KinRace *race = socket->more->race;
  gboolean is_ready = FALSE;

  for (guint i = 0; i < race->attempts->len; i++)
    is_ready |= g_array_index (race->attempts, Attempt, i).events == 0;
  return is_ready ? 0 : POLLIN;
}

gboolean
kin__race_run (KinSocket *socket, gint64 deadline, GError **error)
{
  int rc = kin__race_step (socket, error);
  guint n_steps = 0, n_idle = 0;

  while (rc == -EINPROGRESS) {
    /* Ready, and yet nothing went on: poll cannot tell. */
    n_idle = socket->more->race->n_steps == n_steps ? n_idle + 1 : 0;
    n_steps = socket->more->race->n_steps;
    rc = kin__wait (socket, POLLOUT, deadline);
    if (rc == 0 && n_idle > 1)
      rc = kin__pause (socket, deadline);
    if (rc < 0) {
      fail_waiting (socket, -rc, error);
      return FALSE;
    }
    rc = kin__race_step (socket, error);
  }
  return rc == 0;
}
