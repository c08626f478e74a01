/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/link.c: bytes between two sockets, both ways, until both have ended.
 *
 * Each way has a store of its own, and nothing is received before that is empty: either side may
 * stop reading for as long as it likes. Between two streams the store is a pipe, and the bytes
 * never come into this process; where the kernel or a family cannot do that, they are copied.
 * Packets keep their boundaries; of a stream to packets one receive makes one.
 *
 * The end of one side is passed on as a half-close. For a side that reads no more the other's bytes
 * are thrown away, so that it comes to read what there still is. A side that fails makes the
 * other's connection be reset: nobody shall take half for the whole. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "tool.h"

enum {
  PIPE_SIZE = 1 << 20,
  BUFFER_SIZE = 256 * 1024,
  DATAGRAM_SIZE = 61440 /* the tightest common limit is 65,507 bytes */
};

/* One direction. */
typedef struct {
  KinSocket *from, *to;
  int in, out;         /* the pipe; -1: there is none */
  guint8 *bytes;       /* the buffer; NULL: there is none */
  gsize size;          /* of the store; 0: there is none yet */
  gsize at, held;      /* what has not been passed on */
  KinMessage *message; /* packets come by it */
  gboolean has_ended;  /* nothing comes any more */
  gboolean is_closed;  /* and to knows, or takes no more */
} Way;

typedef struct {
  const Relay *relay;
  KinSocket *ends[2];
  Way ways[2]; /* ways[i] is from ends[i] */
  gint64 moved_at;
  gboolean lingers; /* one has ended, and the other has no way to know */
  gboolean is_idle; /* the last step moved nothing, though something was ready */
  GError *failure;  /* of a way, while the other goes on */
} Link;

/* ---- A way's store ------------------------------------------------------------------------- */

static void
way_open_buffer (Way *way, gsize least)
{
  gboolean makes_packets =
      kin_socket_type (way->from) == SOCK_STREAM && kin_socket_type (way->to) != SOCK_STREAM;

  way->size = makes_packets ? DATAGRAM_SIZE : MAX (BUFFER_SIZE, least);
  way->bytes = g_malloc (way->size);
  if (kin_socket_type (way->from) != SOCK_STREAM)
    way->message = kin_message_new ();
}

/* What is not had of the size is had of the pipe as it comes; of one that the user's limit leaves a
 * page or two copying is faster. */
static void
way_open (Way *way)
{
  int pipe[2], size;

  if (kin_socket_type (way->from) == SOCK_STREAM && kin_socket_type (way->to) == SOCK_STREAM
      && pipe2 (pipe, O_CLOEXEC | O_NONBLOCK) == 0) {
    fcntl (pipe[1], F_SETPIPE_SZ, PIPE_SIZE);
    size = fcntl (pipe[1], F_GETPIPE_SZ);
    way->out = pipe[0];
    way->in = pipe[1];
    way->size = (gsize) MAX (size, 0);
    if (way->size >= 65536)
      return;
    close (way->out);
    close (way->in);
    way->in = way->out = -1;
  }
  way_open_buffer (way, 0);
}

static void
way_close_pipe (Way *way)
{
  if (way->in < 0)
    return;
  close (way->in);
  close (way->out);
  way->in = way->out = -1;
}

/* Splicing is not possible after all: what the pipe holds goes to the buffer. */
static gboolean
way_leave_pipe (Way *way, GError **error)
{
  gsize held = way->held;

  way_open_buffer (way, held);
  for (gsize n = 0; n < held;) {
    gssize got = read (way->out, way->bytes + n, held - n);

    if (got <= 0) {
      g_set_error (error, KIN_OS_ERROR, errno, "cannot read a pipe: %s", g_strerror (errno));
      return FALSE;
    }
    n += (gsize) got;
  }
  way->at = 0;
  way_close_pipe (way);
  return TRUE;
}

static void
way_clear (Way *way)
{
  way_close_pipe (way);
  g_free (way->bytes);
  kin_message_free (way->message);
}

/* ---- Steps: each does what it can without waiting ------------------------------------------ */

static gboolean
way_wants_to_receive (const Way *way)
{
  return !way->has_ended && way->held == 0;
}

static gboolean
way_cannot_splice (const Way *way, int code)
{
  return way->in >= 0 && (code == EINVAL || code == EOPNOTSUPP);
}

static gssize
way_receive_packet (Way *way, GError **error)
{
  gssize n;

  kin_message_set_data (way->message, way->bytes, way->size);
  n = kin_socket_recvmsg (way->from, way->message, 0, error);
  if (n >= 0 && kin_message_get_flags (way->message) & MSG_TRUNC)
    tool_say ("a packet was longer than %" G_GSIZE_FORMAT " bytes and was cut", way->size);
  return n;
}

static gboolean
way_receive (Way *way, GError **error)
{
  GError *failure = NULL;
  gssize n;

  if (way->size == 0)
    way_open (way);
  if (way->in >= 0)
    n = kin_socket_splice (way->from, POLLIN, way->in, way->size, SPLICE_F_NONBLOCK, &failure);
  else if (way->message)
    n = way_receive_packet (way, &failure);
  else
    n = kin_socket_recv (way->from, way->bytes, way->size, 0, &failure);
  if (n < 0 && way_cannot_splice (way, errno)) {
    g_clear_error (&failure);
    return way_leave_pipe (way, error) && way_receive (way, error);
  }
  if (n < 0 && pump_may_go_on (&failure))
    return TRUE;
  if (n < 0) {
    g_propagate_error (error, failure);
    return FALSE;
  }
  way->at = 0;
  way->held = (gsize) n;
  way->has_ended = n == 0 && lookup_has_connections (kin_socket_type (way->from));
  return TRUE;
}

/* Passes on what is held, once. Returns bytes, or -1. */
static gssize
way_send (Way *way, GError **error)
{
  GError *failure = NULL;
  gssize n = way->in >= 0 ? kin_socket_splice (way->to, POLLOUT, way->out, way->held,
                                               SPLICE_F_NONBLOCK, &failure)
                          : kin_socket_send (way->to, way->bytes + way->at, way->held, 0, &failure);

  if (n < 0 && way_cannot_splice (way, errno)) {
    g_clear_error (&failure);
    return way_leave_pipe (way, error) ? way_send (way, error) : -1;
  }
  if (n < 0 && pump_may_go_on (&failure))
    return 0;
  if (n < 0) {
    g_propagate_error (error, failure);
    return -1;
  }
  way->at += (gsize) n;
  way->held -= (gsize) n;
  return n;
}

/* ---- Both ways ----------------------------------------------------------------------------- */

/* The peer of way->to does not read any more; it may still have something to say. What failed is
 * told at the end. */
static void
link_give_way_up (Link *link, Way *way, GError *failure)
{
  if (link->failure)
    g_error_free (failure);
  else
    link->failure = failure;
  way->held = 0;
  way->is_closed = TRUE;
  if (way->in >= 0) {
    way_close_pipe (way);
    way_open_buffer (way, 0);
  }
}

static gboolean
link_pass_on (Link *link, Way *way, GError **error)
{
  GError *failure = NULL;
  gssize n = way_send (way, &failure);

  if (n < 0 && g_error_matches (failure, KIN_OS_ERROR, EPIPE)) {
    link_give_way_up (link, way, failure);
    return TRUE;
  }
  if (n < 0) {
    g_propagate_error (error, failure);
    return FALSE;
  }
  if (n > 0) {
    link->moved_at = g_get_monotonic_time ();
    link->is_idle = FALSE;
  }
  progress_add ((gsize) n);
  return TRUE;
}

/* A side that has ended may have closed both halves, and then nobody reads what would be sent. */
static gboolean
link_has_hung_up (KinSocket *end)
{
  struct pollfd fd = { .fd = -1 };

  kin_socket_wants (end, POLLIN, &fd.fd);
  return poll (&fd, 1, 0) > 0 && fd.revents & POLLHUP;
}

static gboolean
link_pass_on_end (Link *link, guint i, GError **error)
{
  Way *way = &link->ways[i], *back = &link->ways[1 - i];
  gboolean is_understood = FALSE;

  way->is_closed = TRUE;
  if (lookup_has_connections (kin_socket_type (way->to))
      && !pump_half_close (way->to, &is_understood, error))
    return FALSE;
  if (!is_understood && !back->is_closed) {
    link->lingers = TRUE;
    link->moved_at = g_get_monotonic_time ();
  }
  if (!back->is_closed && back->held == 0 && link_has_hung_up (way->from))
    back->is_closed = TRUE;
  return TRUE;
}

static gboolean
link_step (Link *link, const gboolean ready[2], GError **error)
{
  link->is_idle = TRUE;
  for (guint i = 0; i < 2; i++) {
    Way *way = &link->ways[i];
    gboolean may_send = ready[1 - i];

    if (way_wants_to_receive (way) && ready[i]) {
      if (!way_receive (way, error))
        return FALSE;
      link->is_idle &= way->held == 0 && !way->has_ended;
      may_send = TRUE;
    }
    if (way->is_closed)
      way->held = 0;
    if (way->held > 0 && may_send && !link_pass_on (link, way, error))
      return FALSE;
    if (!way->is_closed && way->has_ended && way->held == 0 && !link_pass_on_end (link, i, error))
      return FALSE;
  }
  return TRUE;
}

/* ---- The loop ------------------------------------------------------------------------------ */

/* What silence there may be before it is the end; KIN_FOREVER: any. */
static gint64
link_patience (const Link *link)
{
  return link->lingers ? link->relay->linger_usec : link->relay->idle_usec;
}

static int
link_time_left (const Link *link)
{
  gint64 patience = link_patience (link), left;

  if (patience < 0)
    return -1;
  left = link->moved_at + patience - g_get_monotonic_time ();
  return (int) CLAMP ((left + 999) / 1000, 0, G_MAXINT);
}

/* What to wait for at one end, in fd. 1: something may work there now; 0: not yet; -1 with errno.
 */
static int
link_ask (Link *link, guint i, struct pollfd *fd)
{
  int wanted = (way_wants_to_receive (&link->ways[i]) ? POLLIN : 0)
               | (link->ways[1 - i].held > 0 ? POLLOUT : 0);
  int events;

  *fd = (struct pollfd){ .fd = -1 };
  if (wanted == 0)
    return wanted;
  events = kin_socket_wants (link->ends[i], wanted, &fd->fd);
  fd->events = (short) events;
  return events < 0 ? events : events == 0;
}

/* Waits until something may move. 1; 0: silence has been the end; -1 with errno. */
static int
link_wait (Link *link, gboolean ready[2])
{
  struct pollfd fds[2];
  int n;

  if (link->is_idle)
    g_usleep (PUMP_PAUSE_MSEC * 1000);
  for (guint i = 0; i < 2; i++) {
    ready[i] = link_ask (link, i, &fds[i]);
    if (ready[i] < 0)
      return -1;
  }
  n = poll (fds, 2, ready[0] || ready[1] ? 0 : link_time_left (link));
  if (n < 0)
    return errno == EINTR ? 1 : -1;
  if (n == 0 && !ready[0] && !ready[1])
    return 0;
  for (guint i = 0; i < 2; i++)
    ready[i] |= fds[i].revents != 0;
  return 1;
}

static gboolean
link_move (Link *link, GError **error)
{
  gboolean ready[2];

  while (!link->ways[0].is_closed || !link->ways[1].is_closed) {
    int state = link_wait (link, ready);

    if (state == 0 && link->lingers)
      return TRUE;
    if (state == 0) {
      g_set_error (error, TOOL_ERROR, TOOL_ERROR_FAILED, "nothing has moved for %g s",
                   (double) link->relay->idle_usec / G_USEC_PER_SEC);
      return FALSE;
    }
    if (state < 0) {
      g_set_error (error, KIN_OS_ERROR, errno, "cannot wait: %s", g_strerror (errno));
      return FALSE;
    }
    if (!link_step (link, ready, error))
      return FALSE;
  }
  return TRUE;
}

/* What is closed from now on is reset, where the family can: its peer must not take it for an end.
 */
void
link_abort (KinSocket *socket)
{
  kin_socket_set_option_text (socket, "so.linger", "1:0", NULL);
}

/* Until both have ended, or one fails. Leaves the sockets open. */
gboolean
link_run (const Relay *relay, KinSocket *first, KinSocket *second, GError **error)
{
  Link link = {
    .relay = relay,
    .ends = { first, second },
    .ways = { { .from = first, .to = second, .in = -1, .out = -1 },
              { .from = second, .to = first, .in = -1, .out = -1 } },
    .moved_at = g_get_monotonic_time (),
  };
  gboolean is_done = kin_socket_set_timeout (first, 0, error)
                     && kin_socket_set_timeout (second, 0, error) && link_move (&link, error);

  for (guint i = 0; i < 2; i++) {
    way_clear (&link.ways[i]);
    if (!is_done)
      link_abort (link.ends[i]);
  }
  if (is_done && link.failure) {
    g_propagate_error (error, link.failure);
    return FALSE;
  }
  g_clear_error (&link.failure);
  return is_done;
}
