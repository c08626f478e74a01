/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/senders.c: datagrams that come at one socket, each sender's to a socket of its own.
 *
 * One poll waits for all. Datagrams are received in batches, and those of one sender that came
 * together are sent together. While one of them cannot be sent none is received: all go to the same
 * endpoint, and whoever waits for it makes the senders wait. An answer that its sender has no room
 * for is kept, and that sender's other answers are left where they are. */
#include <errno.h>
#include <poll.h>

#include "tool.h"

enum {
  ANSWER_SIZE = 61440, /* of a stream's bytes */
  RETRY_USEC = 5000,
  IDLE_SECONDS = 60
};

typedef struct {
  KinAddress address; /* length 0: it has no name, and gets no answers */
  KinSocket *to;
  GQueue answers; /* GBytes */
  gint64 moved_at;
} Sender;

typedef struct {
  const Relay *relay;
  gint64 idle_usec;
  KinSocket *door;
  GHashTable *senders; /* by address */
  Batch come, back;
  gsize sent;         /* of the datagram at come.at: a stream takes what it can */
  const Sender *slow; /* whom come.at waits for */
  gboolean had_one;
} Senders;

/* ---- Senders ------------------------------------------------------------------------------- */

static guint
sender_hash (gconstpointer key)
{
  const KinAddress *address = key;
  guint hash = 5381;

  for (guint i = 0; i < address->length; i++)
    hash = hash * 33 + address->sa.bytes[i];
  return hash;
}

static gboolean
sender_equal (gconstpointer a, gconstpointer b)
{
  return kin_address_equal (a, b);
}

static void
sender_free (gpointer data)
{
  Sender *sender = data;

  kin_socket_unref (sender->to);
  g_queue_clear_full (&sender->answers, (GDestroyNotify) g_bytes_unref);
  g_free (sender);
}

static void
sender_moved (Sender *sender)
{
  sender->moved_at = g_get_monotonic_time ();
}

/* The sender of an address, a new one with a socket of its own; NULL without an error: nobody but
 * the first is served. */
static Sender *
senders_find (Senders *senders, const KinAddress *address, GError **error)
{
  Sender *sender = g_hash_table_lookup (senders->senders, address);
  KinSocket *to;

  if (sender || (senders->had_one && !senders->relay->keeps_open))
    return sender;
  to = dial (senders->relay->to, senders->relay->source, senders->relay->timeout_usec, error);
  if (!to || !kin_socket_set_timeout (to, 0, error)) {
    kin_socket_unref (to);
    return NULL;
  }
  sender = g_new0 (Sender, 1);
  sender->address = *address;
  sender->to = to;
  sender_moved (sender);
  g_hash_table_insert (senders->senders, &sender->address, sender);
  senders->had_one = TRUE;
  return sender;
}

static void
senders_forget (Senders *senders, Sender *sender)
{
  if (senders->slow == sender)
    senders->slow = NULL;
  g_hash_table_remove (senders->senders, &sender->address);
}

/* One exchange failed: of several the others go on. */
static gboolean
senders_may_go_on (Senders *senders, GError *failure, GError **error)
{
  if (!senders->relay->keeps_open) {
    g_propagate_error (error, failure);
    return FALSE;
  }
  tool_complain (failure);
  g_error_free (failure);
  return TRUE;
}

/* ---- From the senders ---------------------------------------------------------------------- */

/* How many from come.at on are of the same sender. */
static guint
senders_count_run (const Senders *senders)
{
  const Batch *come = &senders->come;
  const KinAddress *first = kin_message_get_address (come->messages[come->at]);
  guint n = 1;

  while (come->at + n < come->n
         && kin_address_equal (first, kin_message_get_address (come->messages[come->at + n])))
    n++;
  return n;
}

/* A stream takes bytes, and perhaps not all. Whole datagrams that are done, or -1. */
static gssize
senders_send_bytes (Senders *senders, Sender *sender, GError **error)
{
  const Batch *come = &senders->come;
  gsize length = come->lengths[come->at];
  GError *failure = NULL;
  gssize n = kin_socket_send (sender->to, batch_bytes (come, come->at) + senders->sent,
                              length - senders->sent, 0, &failure);

  if (n < 0 && pump_may_go_on (&failure))
    return 0;
  if (n < 0) {
    g_propagate_error (error, failure);
    return -1;
  }
  progress_add ((gsize) n);
  senders->sent += (gsize) n;
  if (senders->sent < length)
    return 0;
  senders->sent = 0;
  return 1;
}

/* Passes on the run of one sender's datagrams at come.at. */
static gboolean
senders_pass_on_run (Senders *senders, GError **error)
{
  Batch *come = &senders->come;
  guint run = senders_count_run (senders);
  KinAddress address = *kin_message_get_address (come->messages[come->at]);
  GError *failure = NULL;
  Sender *sender = senders_find (senders, &address, &failure);
  gssize n = 0;

  if (sender && kin_socket_type (sender->to) == SOCK_STREAM)
    n = senders_send_bytes (senders, sender, &failure);
  else if (sender)
    n = batch_send (come, run, sender->to, NULL, &failure);
  if (failure || !sender) {
    come->at += run;
    senders->sent = 0;
    if (sender)
      senders_forget (senders, sender);
    return !failure || senders_may_go_on (senders, failure, error);
  }
  senders->slow = n == 0 ? sender : NULL;
  come->at += (guint) n;
  /* A message that was taken back has the address of its sender no more. */
  for (guint i = come->at; i < come->at + run - (guint) n; i++)
    kin_message_set_address (come->messages[i], &address);
  if (n > 0)
    sender_moved (sender);
  return TRUE;
}

/* ---- Back to the senders ------------------------------------------------------------------- */

static void
senders_keep_answers (Sender *sender, Batch *back)
{
  for (; !batch_is_empty (back); back->at++)
    g_queue_push_tail (&sender->answers,
                       g_bytes_new (batch_bytes (back, back->at), back->lengths[back->at]));
}

/* Answers that come with a socket's end, or error, are passed on before that. */
static gboolean
senders_receive_answers (Senders *senders, Sender *sender, gboolean *has_ended, GError **error)
{
  Batch *back = &senders->back;
  GError *failure = NULL;
  gssize n;

  if (!lookup_has_connections (kin_socket_type (sender->to)))
    return batch_receive (back, sender->to, error);
  n = kin_socket_recv (sender->to, back->bytes, ANSWER_SIZE, 0, &failure);
  *has_ended = n == 0;
  back->at = 0;
  back->n = n > 0;
  back->lengths[0] = (gsize) MAX (n, 0);
  if (n < 0 && !pump_may_go_on (&failure)) {
    g_propagate_error (error, failure);
    return FALSE;
  }
  return TRUE;
}

/* FALSE: the exchange is over; or it failed, and failure is set. */
static gboolean
senders_answer (Senders *senders, Sender *sender, GError **failure)
{
  Batch *back = &senders->back;
  gboolean has_ended = FALSE;

  if (!senders_receive_answers (senders, sender, &has_ended, failure))
    return FALSE;
  if (!batch_is_empty (back))
    sender_moved (sender);
  while (sender->address.length > 0 && !batch_is_empty (back)) {
    gssize n = batch_send (back, back->n - back->at, senders->door, &sender->address, failure);

    if (n < 0)
      return FALSE;
    back->at += (guint) n;
    if (n == 0)
      senders_keep_answers (sender, back);
  }
  return !has_ended;
}

/* Once more those that were kept. The same returns. */
static gboolean
senders_answer_again (Senders *senders, Sender *sender, GError **failure)
{
  GBytes *answer;

  while ((answer = g_queue_peek_head (&sender->answers))) {
    gsize length;
    gconstpointer bytes = g_bytes_get_data (answer, &length);
    gssize n = kin_socket_sendto (senders->door, bytes, length, 0, &sender->address, failure);

    if (n < 0)
      return pump_may_go_on (failure);
    progress_add (length);
    sender_moved (sender);
    g_bytes_unref (g_queue_pop_head (&sender->answers));
  }
  return TRUE;
}

/* ---- The loop ------------------------------------------------------------------------------ */

/* What is polled for: the door first, then the senders. A row without a descriptor but with events
 * is ready as it is. */
typedef struct {
  GArray *fds;          /* struct pollfd */
  GPtrArray *senders;   /* of the second row on */
  gint64 patience_usec; /* until something has to be done; KIN_FOREVER */
} Watch;

/* Where nothing is to be waited for, or asking fails, the call that follows says what is so. */
static void
watch_add (Watch *watch, KinSocket *socket, int wanted)
{
  struct pollfd fd = { .fd = -1 };
  int events = wanted ? kin_socket_wants (socket, wanted, &fd.fd) : 0;

  fd.events = (short) events;
  if (wanted && events <= 0) {
    fd = (struct pollfd){ .fd = -1, .events = (short) wanted };
    watch->patience_usec = 0;
  }
  g_array_append_val (watch->fds, fd);
}

static gboolean
watch_is_ready (const Watch *watch, guint i)
{
  const struct pollfd *fd = &g_array_index (watch->fds, struct pollfd, i);

  return fd->revents || (fd->fd < 0 && fd->events);
}

static void
watch_wait_at_most (Watch *watch, gint64 usec)
{
  usec = MAX (usec, 0);
  if (watch->patience_usec < 0 || usec < watch->patience_usec)
    watch->patience_usec = usec;
}

static void
senders_fill_watch (Senders *senders, Watch *watch)
{
  gint64 now = g_get_monotonic_time ();
  GHashTableIter iter;
  gpointer value;

  g_array_set_size (watch->fds, 0);
  g_ptr_array_set_size (watch->senders, 0);
  watch->patience_usec = KIN_FOREVER;
  watch_add (watch, senders->door, batch_is_empty (&senders->come) ? POLLIN : 0);
  g_hash_table_iter_init (&iter, senders->senders);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const Sender *sender = value;
    gboolean is_full = sender->answers.length > 0;

    g_ptr_array_add (watch->senders, value);
    watch_add (watch, sender->to, (is_full ? 0 : POLLIN) | (sender == senders->slow ? POLLOUT : 0));
    watch_wait_at_most (watch, sender->moved_at + senders->idle_usec - now);
    if (is_full)
      watch_wait_at_most (watch, RETRY_USEC);
  }
}

/* Waits until something may be done. */
static gboolean
senders_wait (Senders *senders, Watch *watch, GError **error)
{
  int msec;

  senders_fill_watch (senders, watch);
  msec = watch->patience_usec < 0 ? -1
                                  : (int) CLAMP ((watch->patience_usec + 999) / 1000, 0, G_MAXINT);
  if (poll ((struct pollfd *) (void *) watch->fds->data, watch->fds->len, msec) >= 0
      || errno == EINTR)
    return TRUE;
  g_set_error (error, KIN_OS_ERROR, errno, "cannot wait: %s", g_strerror (errno));
  return FALSE;
}

/* What can be done for one sender. FALSE: it is to be forgotten. */
static gboolean
senders_serve (Senders *senders, Sender *sender, gboolean is_ready, GError **failure)
{
  if (g_get_monotonic_time () - sender->moved_at >= senders->idle_usec)
    return FALSE;
  if (is_ready && sender == senders->slow)
    senders->slow = NULL;
  if (sender->answers.length > 0)
    return senders_answer_again (senders, sender, failure);
  return !is_ready || senders_answer (senders, sender, failure);
}

static gboolean
senders_step (Senders *senders, const Watch *watch, GError **error)
{
  for (guint i = 0; i < watch->senders->len; i++) {
    Sender *sender = watch->senders->pdata[i];
    GError *failure = NULL;

    if (!senders_serve (senders, sender, watch_is_ready (watch, i + 1), &failure))
      senders_forget (senders, sender);
    if (failure && !senders_may_go_on (senders, failure, error))
      return FALSE;
  }
  if (watch_is_ready (watch, 0) && !batch_receive (&senders->come, senders->door, error))
    return FALSE;
  while (!batch_is_empty (&senders->come) && !senders->slow)
    if (!senders_pass_on_run (senders, error))
      return FALSE;
  return TRUE;
}

/* Until the first sender's exchange is over, or for ever. */
gboolean
senders_run (const Relay *relay, KinSocket *door, GError **error)
{
  Watch watch = { .fds = g_array_new (FALSE, FALSE, sizeof (struct pollfd)),
                  .senders = g_ptr_array_new () };
  Senders senders = {
    .relay = relay,
    .idle_usec = relay->idle_usec < 0 ? KIN_SECONDS (IDLE_SECONDS) : relay->idle_usec,
    .door = door,
    .senders = g_hash_table_new_full (sender_hash, sender_equal, NULL, sender_free),
  };
  gboolean is_well = kin_socket_set_timeout (door, 0, error);

  batch_init (&senders.come);
  batch_init (&senders.back);
  while (is_well
         && (relay->keeps_open || !senders.had_one || g_hash_table_size (senders.senders) > 0))
    is_well = senders_wait (&senders, &watch, error) && senders_step (&senders, &watch, error);
  g_hash_table_unref (senders.senders);
  batch_clear (&senders.come);
  batch_clear (&senders.back);
  g_array_unref (watch.fds);
  g_ptr_array_unref (watch.senders);
  return is_well;
}
