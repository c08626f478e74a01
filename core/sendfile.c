/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sendfile: a file over a stream, within one deadline.
 *
 * sendfile(2) where the kernel can, so that the bytes never pass through the program. Where it
 * cannot (a pipe, some of /proc, a family with a transport of its own) the first call says so, and
 * the file is read and sent: only then, for once something is out a failure is one.
 *
 * The file's size is not asked: what /proc has is of size 0, and a file may grow or shrink. */
#include "private.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK  (1024 * 1024) /* after each, progress, cancel and deadline are looked at */
#define BUFFER (64 * 1024)

typedef struct {
  KinSocket *socket;
  int fd;
  gboolean is_seekable;
  gint64 offset;
  guint64 left, sent; /* left: G_MAXUINT64 to the end */
  gint64 deadline;
  KinProgressFunc progress;
  gpointer user_data;
} Transfer;

static void
count_sent (Transfer *transfer, gsize n)
{
  transfer->sent += n;
  if (transfer->left != G_MAXUINT64)
    transfer->left -= n;
  if (transfer->progress && n > 0)
    transfer->progress (transfer->sent, transfer->user_data);
}

static void
fail_file (const Transfer *transfer, const char *operation, int code, GError **error)
{
  g_autofree char *text = error ? kin__socket_text (transfer->socket, NULL) : NULL;

  g_set_error (error, KIN_OS_ERROR, code, "cannot send a file to %s: cannot %s descriptor %d: %s",
               text, operation, transfer->fd, g_strerror (code));
  errno = code;
}

/* What ends it although the peer takes all that it is given. 0, -KIN__TIMED_OUT, -KIN__CANCELLED.
 */
static int
look_around (const Transfer *transfer)
{
  KinCancel *cancel = kin__socket_cancel (transfer->socket);

  if (cancel && kin_cancel_is_cancelled (cancel))
    return -KIN__CANCELLED;
  if (transfer->deadline >= 0 && g_get_monotonic_time () >= transfer->deadline)
    return -KIN__TIMED_OUT;
  return 0;
}

/* ---- sendfile(2) --------------------------------------------------------------------------- */

/* A count, 0 at the file's end, or -errno. */
static gssize
send_block (const Transfer *transfer)
{
  gsize n = (gsize) MIN (transfer->left, BLOCK);
  off_t from = (off_t) (transfer->offset + (gint64) transfer->sent);
  KinSigpipe signal;
  gssize done;

  kin__sigpipe_block (&signal);
  done = sendfile (transfer->socket->head.fd, transfer->fd, &from, n);
  if (done < 0)
    done = -errno;
  kin__sigpipe_restore (&signal, done >= 0 && (gsize) done == n);
  return done;
}

/* All that there was has gone. */
static gboolean
is_at_end (const Transfer *transfer)
{
  char byte;

  return transfer->left == 0
         || pread (transfer->fd, &byte, 1, (off_t) (transfer->offset + (gint64) transfer->sent))
                == 0;
}

/* 0, or -errno, -KIN__TIMED_OUT, -KIN__CANCELLED. */
static int
send_in_kernel (Transfer *transfer, gboolean may_block)
{
  guint n_idle = 0;

  while (transfer->left > 0) {
    gssize n = send_block (transfer);
    int rc = 0;

    if (n == 0)
      break;
    if (n < 0 && n != -EAGAIN && n != -EINTR)
      return (int) n;
    count_sent (transfer, (gsize) MAX (n, 0));
    n_idle = n == -EAGAIN ? n_idle + 1 : 0;
    if (n == -EAGAIN)
      rc = kin__wait (transfer->socket, POLLOUT, transfer->deadline);
    else if (!may_block)
      rc = look_around (transfer);
    if (rc == 0 && n_idle > 2)
      rc = kin__pause (transfer->socket, transfer->deadline);
    if (rc < 0)
      return is_at_end (transfer) ? 0 : rc;
  }
  return 0;
}

/* sendfile has no MSG_DONTWAIT: where the time is ours to keep, O_NONBLOCK is set for as long as it
 * takes. */
static int
send_by_kernel (Transfer *transfer)
{
  KinSocket *socket = transfer->socket;
  gboolean may_block =
      transfer->deadline < 0 && socket->timeout_usec < 0 && !(socket->polled & KIN_WAITS_SEND);
  gboolean had_nonblock = socket->has_nonblock;
  int rc;

  if (!socket->transport->family->is_kernel || socket->data_ops || !transfer->is_seekable)
    return -EOPNOTSUPP;
  rc = may_block ? 0 : kin__mode_set_nonblock (socket, TRUE);
  if (rc < 0)
    return rc;
  rc = send_in_kernel (transfer, may_block);
  if (!may_block && !had_nonblock)
    kin__mode_set_nonblock (socket, FALSE);
  return rc;
}

/* ---- Read and send ------------------------------------------------------------------------- */

/* A count, 0 at the file's end, or -errno, -KIN__TIMED_OUT, -KIN__CANCELLED: a pipe may have to be
 * waited for. */
static gssize
read_some (const Transfer *transfer, char *buffer)
{
  gsize n = (gsize) MIN (transfer->left, BUFFER);
  off_t from = (off_t) (transfer->offset + (gint64) transfer->sent);
  gssize done = -EINTR;

  while (done == -EINTR) {
    int rc = transfer->is_seekable
                 ? 0
                 : kin__wait_fd (transfer->fd, POLLIN, kin__socket_cancel (transfer->socket),
                                 transfer->deadline);

    if (rc < 0)
      return rc;
    done = transfer->is_seekable ? pread (transfer->fd, buffer, n, from)
                                 : read (transfer->fd, buffer, n);
    if (done < 0)
      done = -errno;
  }
  return done;
}

static gboolean
send_by_reading (Transfer *transfer, GError **error)
{
  g_autofree char *buffer = g_malloc (BUFFER);

  while (transfer->left > 0) {
    gssize n = read_some (transfer, buffer);
    gint64 rest = KIN_FOREVER;
    gboolean is_done;
    gsize done;

    if (n > 0 && transfer->sent > 0) {
      int rc = look_around (transfer);

      n = rc < 0 ? rc : n;
    }
    if (n == -KIN__TIMED_OUT || n == -KIN__CANCELLED)
      kin__fail (error, transfer->socket, "send a file to", NULL, (int) -n);
    else if (n < 0)
      fail_file (transfer, "read", (int) -n, error);
    if (n <= 0)
      return n == 0;
    if (transfer->deadline >= 0)
      rest = MAX (transfer->deadline - g_get_monotonic_time (), 0);
    is_done = kin_socket_send_all (transfer->socket, buffer, (gsize) n, 0, rest, &done, error);
    count_sent (transfer, done);
    if (!is_done)
      return FALSE;
  }
  return TRUE;
}

/* ---- The call ------------------------------------------------------------------------------ */

static gboolean
may_send (const Transfer *transfer, gint64 count, GError **error)
{
  KinSocket *socket = transfer->socket;
  struct stat status;

  if (!socket->is_open)
    kin__fail (error, socket, "send a file to", NULL, -kin__not_open (socket));
  else if (socket->transport->row.type != SOCK_STREAM)
    kin__error_set (error, KIN_ERROR_NOT_SUPPORTED,
                    "cannot send a file over %s, which is no stream",
                    socket->transport->row.scheme);
  else if (socket->timeout_usec == 0)
    kin__error_set (error, KIN_ERROR_NOT_SUPPORTED,
                    "cannot send a file over a socket that never waits; give it a timeout");
  else if (transfer->offset < 0 || count == 0 || count < -1)
    kin__error_set (error, KIN_ERROR_BAD_VALUE,
                    "cannot send %" G_GINT64_FORMAT " bytes of a file from %" G_GINT64_FORMAT
                    " on: a count is positive, or -1, and an offset is not negative",
                    count, transfer->offset);
  else if (fstat (transfer->fd, &status) < 0)
    fail_file (transfer, "read", errno, error);
  else if (S_ISDIR (status.st_mode))
    fail_file (transfer, "read", EISDIR, error);
  else if (!transfer->is_seekable && transfer->offset > 0)
    fail_file (transfer, "seek in", ESPIPE, error);
  else
    return TRUE;
  return FALSE;
}

/**
 * kin_socket_sendfile:
 * @socket: a connected stream that may wait
 * @fd: an open file, or whatever can be read; it stays the caller's
 * @offset: bytes from the file's start, wherever its position is; of what has no positions, 0
 * @count: bytes, more than 0; -1: to the file's end
 * @timeout_usec: microseconds for all of it, whatever the socket's own timeout; %KIN_FOREVER
 * @progress: (nullable) (scope call): called as it goes on, at least each MiB; or %NULL
 * @user_data: passed to @progress
 * @sent: (out) (optional): bytes that were sent, of a failure too
 * @error: return location, or %NULL
 *
 * Sends a file: sendfile(2), or read(2) and send(2) where the first sendfile says that the kernel
 * cannot. The file's end may come before @count. Afterwards, after a failure too, the position of
 * the file is @offset plus @sent; one without positions may have been read further, if it failed.
 * A closed peer is an error, EPIPE or ECONNRESET, and never a signal. A #KinCancel of the socket
 * ends it.
 *
 * With a deadline, a timeout of the socket or a cancel the descriptor has O_NONBLOCK meanwhile. A
 * socket with a timeout on which other threads receive at the same time needs
 * kin_socket_set_shared() before.
 *
 * Returns: %TRUE, or %FALSE with %KIN_ERROR_TIMED_OUT, %KIN_ERROR_CANCELLED, %KIN_OS_ERROR,
 *   %KIN_ERROR_BAD_VALUE, or %KIN_ERROR_NOT_SUPPORTED: no stream, or one that never waits
 */
gboolean
kin_socket_sendfile (KinSocket *socket, int fd, gint64 offset, gint64 count, gint64 timeout_usec,
                     KinProgressFunc progress, gpointer user_data, guint64 *sent, GError **error)
{
  Transfer transfer = {
    .socket = socket,
    .fd = fd,
    .is_seekable = lseek (fd, 0, SEEK_CUR) >= 0,
    .offset = offset,
    .left = count < 0 ? G_MAXUINT64 : (guint64) count,
    .progress = progress,
    .user_data = user_data,
  };
  gboolean is_done;
  int rc, saved;

  if (sent)
    *sent = 0;
  if (!may_send (&transfer, count, error))
    return FALSE;
  transfer.deadline = kin__deadline (timeout_usec);
  rc = send_by_kernel (&transfer);
  is_done = rc == 0;
  /* Nothing at all, or an error of whatever kind: what reads and sends shows whose it is. */
  if (transfer.sent == 0 && rc != -KIN__TIMED_OUT && rc != -KIN__CANCELLED)
    is_done = send_by_reading (&transfer, error);
  else if (rc < 0)
    kin__fail (error, socket, "send a file to", NULL, -rc);
  saved = errno;
  if (transfer.is_seekable)
    (void) lseek (fd, (off_t) (offset + (gint64) transfer.sent), SEEK_SET);
  if (sent)
    *sent = transfer.sent;
  errno = saved;
  return is_done;
}
