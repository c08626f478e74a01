/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/pump.c: bytes between a socket and two descriptors, both ways at once.
 *
 * One poll waits for everything, each way has a buffer of its own, and nothing is read before the
 * buffer it goes to is empty: both sides may stop reading for as long as they like. The socket does
 * not block. The standard descriptors are shared with other programs and so are left as they are; a
 * write after POLLOUT does not block as long as it is not longer than PIPE_BUF.
 *
 * A connection. The end of input half-closes it. The peer's end ends it, too, but the peer may have
 * closed its half alone and still read: input that is there, or comes before a short silence, is
 * sent first.
 *
 * Datagrams. What one read gives is one datagram, as nc does it. There is no end to see: after the
 * end of input, silence is the end; where datagrams are answered, there is none. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

enum {
  INPUT_SIZE = 65536,
  DATAGRAM_SIZE = 61440,    /* of those sent: the tightest common limit is 65,507 bytes */
  OUTPUT_SIZE = 256 * 1024, /* of those received: with default limits none is longer */
  RETRY_USEC = 1000
};

typedef struct {
  guint8 *bytes;
  gsize at, end;
} Buffer;

typedef struct {
  KinSocket *socket;
  Pump *plan;
  KinMessage *message; /* datagrams */
  KinAddress sender;   /* of the last one; length 0: none that could be answered */
  Buffer up, down;     /* to the socket, from it */
  gsize write_size;    /* what one write may be */
  gint64 linger_usec;
  gint64 moved_at; /* when bytes moved last, by the monotonic clock */
  gboolean has_connection;
  gboolean input_ended, is_shut, peer_ended, output_gone;
  gboolean is_idle; /* the last step moved nothing */
} Flow;

static gboolean
buffer_is_empty (const Buffer *buffer)
{
  return buffer->at == buffer->end;
}

static gboolean
flow_wants_input (const Flow *flow)
{
  gboolean has_receiver = !flow->plan->answers || flow->sender.length > 0;

  return has_receiver && !flow->input_ended && buffer_is_empty (&flow->up);
}

static gboolean
flow_wants_receive (const Flow *flow)
{
  return !flow->peer_ended && !flow->output_gone && buffer_is_empty (&flow->down);
}

static gboolean
flow_has_sent_all (const Flow *flow)
{
  return flow->input_ended && buffer_is_empty (&flow->up);
}

/* Where nothing but sending is wanted, what else comes keeps nobody waiting. */
static void
flow_moved (Flow *flow)
{
  flow->is_idle = FALSE;
  if (!flow->plan->only_sends || !flow_has_sent_all (flow))
    flow->moved_at = g_get_monotonic_time ();
}

/* Nothing more can come of it, however long one waits. */
static gboolean
flow_is_over (const Flow *flow)
{
  if (flow->plan->ends_with_input)
    return flow_has_sent_all (flow);
  return flow->peer_ended && buffer_is_empty (&flow->down) && flow_has_sent_all (flow);
}

/* Is silence the end? */
static gboolean
flow_lingers (const Flow *flow)
{
  if (flow->plan->ends_with_input || flow->plan->answers || !buffer_is_empty (&flow->down))
    return FALSE;
  if (flow->plan->only_sends)
    return flow_has_sent_all (flow);
  return flow->has_connection ? flow->peer_ended && buffer_is_empty (&flow->up)
                              : flow_has_sent_all (flow);
}

static gboolean
flow_fail (const char *what, GError **error)
{
  int code = errno;

  g_set_error (error, KIN_OS_ERROR, code, "cannot %s: %s", what, g_strerror (code));
  return FALSE;
}

/* ---- Steps: each does what it can without waiting ------------------------------------------ */

static gboolean
flow_read_input (Flow *flow, GError **error)
{
  gsize size = flow->has_connection ? INPUT_SIZE : DATAGRAM_SIZE;
  ssize_t n = read (flow->plan->in, flow->up.bytes, size);

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return TRUE;
  if (n < 0)
    return flow_fail ("read the standard input", error);
  flow_moved (flow);
  flow->input_ended = n == 0;
  flow->up.at = 0;
  flow->up.end = (gsize) n;
  return TRUE;
}

static gboolean
flow_write_output (Flow *flow, GError **error)
{
  Buffer *down = &flow->down;
  ssize_t n =
      write (flow->plan->out, down->bytes + down->at, MIN (down->end - down->at, flow->write_size));

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return TRUE;
  if (n < 0 && errno == EPIPE && flow->plan->ends_with_input) {
    /* The command does not want to read; it may still have something to say. */
    flow->output_gone = TRUE;
    down->at = down->end = 0;
    return TRUE;
  }
  if (n < 0 && errno == EPIPE) {
    g_set_error_literal (error, TOOL_ERROR, TOOL_ERROR_OUTPUT_CLOSED, "the reader has gone");
    return FALSE;
  }
  if (n < 0)
    return flow_fail ("write to the standard output", error);
  down->at += (gsize) n;
  flow_moved (flow);
  return TRUE;
}

/* After the peer's end: if it has closed both halves nobody reads what we would send, and a person
 * at a terminal is not waited for. */
static void
flow_see_end (Flow *flow)
{
  struct pollfd poll_fd = { .fd = -1 };

  flow->peer_ended = TRUE;
  kin_socket_wants (flow->socket, POLLIN, &poll_fd.fd);
  if (isatty (flow->plan->in) || (poll (&poll_fd, 1, 0) > 0 && poll_fd.revents & POLLHUP))
    flow->linger_usec = 0;
}

/* Where a call failed because it would have had to wait, that is no error. */
gboolean
pump_may_go_on (GError **error)
{
  if (!g_error_matches (*error, KIN_OS_ERROR, EAGAIN))
    return FALSE;
  g_clear_error (error);
  return TRUE;
}

static gssize
flow_receive_datagram (Flow *flow, GError **error)
{
  const KinAddress *from;
  gssize n;

  kin_message_set_data (flow->message, flow->down.bytes, OUTPUT_SIZE);
  n = kin_socket_recvmsg (flow->socket, flow->message, 0, error);
  if (n < 0)
    return n;
  if (kin_message_get_flags (flow->message) & MSG_TRUNC)
    tool_say ("a datagram was longer than %d bytes and was cut", OUTPUT_SIZE);
  from = kin_message_get_address (flow->message);
  flow->sender.length = 0;
  if (from)
    flow->sender = *from;
  return n;
}

static gboolean
flow_receive (Flow *flow, GError **error)
{
  GError *failure = NULL;
  gssize n = flow->has_connection
                 ? kin_socket_recv (flow->socket, flow->down.bytes, OUTPUT_SIZE, 0, &failure)
                 : flow_receive_datagram (flow, &failure);

  if (n < 0) {
    if (pump_may_go_on (&failure))
      return TRUE;
    g_propagate_error (error, failure);
    return FALSE;
  }
  flow->down.at = 0;
  flow->down.end = (gsize) n;
  flow_moved (flow);
  if (n == 0 && flow->has_connection)
    flow_see_end (flow);
  return TRUE;
}

/* A datagram that cannot be delivered does not end a listener. */
static gboolean
flow_answer_failed (Flow *flow, GError *failure)
{
  if (pump_may_go_on (&failure)) {
    /* The receiver's queue is full, and no poll on our side tells when it has room. */
    g_usleep (RETRY_USEC);
    return TRUE;
  }
  tool_say ("%s", failure->message);
  g_error_free (failure);
  flow->up.at = flow->up.end;
  return TRUE;
}

static gboolean
flow_send (Flow *flow, GError **error)
{
  Buffer *up = &flow->up;
  gsize length = up->end - up->at;
  GError *failure = NULL;
  gssize n =
      flow->plan->answers
          ? kin_socket_sendto (flow->socket, up->bytes + up->at, length, 0, &flow->sender, &failure)
          : kin_socket_send (flow->socket, up->bytes + up->at, length, 0, &failure);

  if (n < 0 && flow->plan->answers)
    return flow_answer_failed (flow, failure);
  if (n < 0) {
    if (pump_may_go_on (&failure))
      return TRUE;
    g_propagate_error (error, failure);
    return FALSE;
  }
  up->at += (gsize) n;
  flow_moved (flow);
  return TRUE;
}

/* Tells the peer that no more comes. is_understood, where it is not NULL: whether this family has a
 * way to. */
gboolean
pump_half_close (KinSocket *socket, gboolean *is_understood, GError **error)
{
  GError *failure = NULL;
  gboolean is_shut = kin_socket_shutdown (socket, SHUT_WR, &failure);
  gboolean is_unknown = g_error_matches (failure, KIN_OS_ERROR, EOPNOTSUPP)
                        || g_error_matches (failure, KIN_ERROR, KIN_ERROR_NOT_SUPPORTED);

  if (is_understood)
    *is_understood = !is_unknown;
  /* Not connected: the peer has gone already, which the next receive tells. */
  if (is_shut || is_unknown || g_error_matches (failure, KIN_OS_ERROR, ENOTCONN)) {
    g_clear_error (&failure);
    return TRUE;
  }
  g_propagate_error (error, failure);
  return FALSE;
}

/* What follows from the state: the half-close, and the end of a command's input. */
static gboolean
flow_pass_on_ends (Flow *flow, GError **error)
{
  Pump *plan = flow->plan;
  gboolean is_read = flow->output_gone || (flow->peer_ended && buffer_is_empty (&flow->down));

  if (plan->ends_with_input && is_read && plan->out >= 0) {
    close (plan->out);
    plan->out = -1;
  }
  if (!flow->has_connection || plan->ends_with_input || flow->is_shut || !flow_has_sent_all (flow))
    return TRUE;
  flow->is_shut = TRUE;
  return pump_half_close (flow->socket, NULL, error);
}

/* ---- The loop ------------------------------------------------------------------------------ */

/* How long poll may wait, in milliseconds; -1: for ever. */
static int
flow_patience (const Flow *flow)
{
  gint64 left;

  if (!flow_lingers (flow))
    return -1;
  left = flow->moved_at + flow->linger_usec - g_get_monotonic_time ();
  return (int) CLAMP ((left + 999) / 1000, 0, G_MAXINT);
}

/* Waits until something may move. Returns 1; 0 where silence has been the end; -1 on failure.
 *
 * After a step that moved nothing the socket is left alone for a moment: it may be one of which no
 * poll tells when it has something. */
static int
flow_wait (Flow *flow, struct pollfd fds[3], GError **error)
{
  int wanted =
      (flow_wants_receive (flow) ? POLLIN : 0) | (buffer_is_empty (&flow->up) ? 0 : POLLOUT);
  int patience = flow_patience (flow), n;
  gboolean pauses = wanted && flow->is_idle && (patience < 0 || patience > PUMP_PAUSE_MSEC);
  gboolean is_ready = FALSE;

  fds[0] = (struct pollfd){ .fd = flow_wants_input (flow) ? flow->plan->in : -1, .events = POLLIN };
  fds[1] = (struct pollfd){ .fd = buffer_is_empty (&flow->down) ? -1 : flow->plan->out,
                            .events = POLLOUT };
  fds[2] = (struct pollfd){ .fd = -1 };
  if (wanted && !pauses) {
    int events = kin_socket_wants (flow->socket, wanted, &fds[2].fd);

    if (events < 0) {
      errno = -events;
      flow_fail ("wait for the socket", error);
      return -1;
    }
    is_ready = events == 0;
    fds[2].events = (short) events;
  }
  n = poll (fds, 3, is_ready ? 0 : pauses ? PUMP_PAUSE_MSEC : patience);
  if (n < 0 && errno != EINTR) {
    flow_fail ("wait", error);
    return -1;
  }
  return n != 0 || is_ready || pauses;
}

static gboolean
flow_step (Flow *flow, const struct pollfd fds[3], GError **error)
{
  gboolean may_receive = flow_wants_receive (flow);

  flow->is_idle = TRUE;
  /* Both of the socket's directions are tried whatever poll said: a family that stands over
   * another socket may have to read in order to send. */
  if (!buffer_is_empty (&flow->up) && !flow_send (flow, error))
    return FALSE;
  if (may_receive && !flow_receive (flow, error))
    return FALSE;
  if (fds[1].revents && !flow_write_output (flow, error))
    return FALSE;
  if (fds[0].revents && !flow_read_input (flow, error))
    return FALSE;
  return flow_pass_on_ends (flow, error);
}

static gboolean
flow_run (Flow *flow, GError **error)
{
  struct pollfd fds[3];

  while (!flow_is_over (flow)) {
    int state = flow_wait (flow, fds, error);

    if (state < 0 || (state > 0 && !flow_step (flow, fds, error)))
      return FALSE;
    if (state == 0)
      return TRUE;
  }
  return TRUE;
}

/* Until the end; see above for what that is. Leaves the socket open. */
gboolean
pump_run (KinSocket *socket, Pump *pump, GError **error)
{
  struct stat status;
  Flow flow = {
    .socket = socket,
    .plan = pump,
    .linger_usec = pump->linger_usec,
    .has_connection = lookup_has_connections (kin_socket_type (socket)),
    .message = kin_message_new (),
    .up.bytes = g_malloc (INPUT_SIZE),
    .down.bytes = g_malloc (OUTPUT_SIZE),
  };
  gboolean is_file = fstat (pump->out, &status) == 0 && S_ISREG (status.st_mode);
  gboolean is_done;

  flow.write_size = is_file ? OUTPUT_SIZE : PIPE_BUF;
  is_done = kin_socket_set_timeout (socket, 0, error) && flow_run (&flow, error);
  kin_message_free (flow.message);
  g_free (flow.up.bytes);
  g_free (flow.down.bytes);
  return is_done;
}
