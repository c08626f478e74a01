/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* reader: what comes over a stream, by blocks and by lines.
 *
 * Bytes that were received and not yet read lie in a buffer, between start and end. Nothing that
 * fails loses them: a line is taken once it is there as a whole. Without a buffer a reader receives
 * no byte more than it returns, so that somebody else can go on with the socket: a line comes byte
 * by byte. */
#include "private.h"

#include <string.h>

#define USUAL_SIZE 8192

struct _KinReader {
  KinStream stream;
  guint8 *buffer;
  gsize start, end, room;
  gsize size; /* received at once; 0: there is no buffer */
  gboolean has_timed_out;
};

/**
 * kin_reader_new:
 * @socket: an open stream; the reader takes a reference
 * @buffer_size: bytes; %KIN_BUFFER_DEFAULT; 0: receive nothing ahead
 * @error: return location, or %NULL
 *
 * Makes a reader of what comes over @socket. It waits as the socket does, whose timeout holds for
 * each receive. Once one has timed out the reader receives no more, as in Python: what it has still
 * comes. On a socket that never waits a read that finds nothing fails with EAGAIN, and may be tried
 * again.
 *
 * With a buffer it may have received more than it returned: do not receive from the socket
 * otherwise.
 *
 * Returns: (transfer full) (nullable): the reader; %NULL with %KIN_ERROR_NOT_SUPPORTED: no stream,
 *   or %KIN_OS_ERROR: it is closed, or not connected yet
 */
KinReader *
kin_reader_new (KinSocket *socket, gssize buffer_size, GError **error)
{
  KinReader *reader = g_new0 (KinReader, 1);

  if (!kin__stream_open (&reader->stream, socket, error)) {
    g_free (reader);
    return NULL;
  }
  reader->size = buffer_size < 0 ? USUAL_SIZE : (gsize) buffer_size;
  return reader;
}

/* As kin_socket_recv (). */
static gssize
receive (KinReader *reader, gpointer data, gsize size, GError **error)
{
  KinSocket *socket = kin__stream_socket (&reader->stream, "read from", error);
  gssize n;

  if (!socket)
    return -1;
  if (reader->has_timed_out) {
    g_autofree char *text = kin__socket_text (socket, NULL);

    g_set_error (error, KIN_OS_ERROR, EIO, "cannot read from %s: an earlier read timed out", text);
    errno = EIO;
    return -1;
  }
  n = kin_socket_recv (socket, data, size, 0, error);
  reader->has_timed_out = n < 0 && errno == ETIMEDOUT;
  return n;
}

/* Receives up to n bytes more into the buffer. As kin_socket_recv (). */
static gssize
fill (KinReader *reader, gsize n, GError **error)
{
  gsize held = reader->end - reader->start;
  gssize came;

  if (reader->start > 0 && (held == 0 || reader->room - reader->end < n)) {
    memmove (reader->buffer, reader->buffer + reader->start, held);
    reader->start = 0;
    reader->end = held;
  }
  if (reader->room - reader->end < n) {
    reader->room = MAX (2 * reader->room, held + n);
    reader->buffer = g_realloc (reader->buffer, reader->room);
  }
  came = receive (reader, reader->buffer + reader->end, n, error);
  reader->end += (gsize) MAX (came, 0);
  return came;
}

/* The next n bytes, with a NUL behind them. */
static char *
take (KinReader *reader, gsize n)
{
  char *text = g_malloc (n + 1);

  if (n > 0)
    memcpy (text, reader->buffer + reader->start, n);
  text[n] = 0;
  reader->start += n;
  return text;
}

/**
 * kin_reader_read:
 * @reader: a reader
 * @data: (out caller-allocates) (array length=size) (element-type guint8): where to put it
 * @size: bytes of @data
 * @error: return location, or %NULL
 *
 * Reads what there is: what is in the buffer or, if that is empty, what one receive brings.
 *
 * Returns: bytes read; 0: the stream has ended; -1 with %KIN_ERROR_TIMED_OUT, %KIN_ERROR_CANCELLED
 *   or %KIN_OS_ERROR: EAGAIN, EIO after a read that timed out, EBADF after kin_reader_close()
 */
gssize
kin_reader_read (KinReader *reader, gpointer data, gsize size, GError **error)
{
  gsize n;

  if (reader->start == reader->end) {
    gssize came = size >= reader->size ? receive (reader, data, size, error)
                                       : fill (reader, reader->size, error);

    if (came <= 0 || size >= reader->size)
      return came;
  }
  n = MIN (size, reader->end - reader->start);
  memcpy (data, reader->buffer + reader->start, n);
  reader->start += n;
  return (gssize) n;
}

/**
 * kin_reader_read_exactly:
 * @reader: a reader
 * @data: (out caller-allocates) (array length=size) (element-type guint8): where to put it
 * @size: how many bytes to read
 * @n_read: (out) (optional): bytes that are in @data, of a failure too
 * @error: return location, or %NULL
 *
 * Reads @size bytes, by as many receives as it takes.
 *
 * Returns: %TRUE, or %FALSE with %KIN_ERROR_ENDED: the stream ended before, or the errors of
 *   kin_reader_read()
 */
gboolean
kin_reader_read_exactly (KinReader *reader, gpointer data, gsize size, gsize *n_read,
                         GError **error)
{
  gsize done = 0;
  gssize n = 1;

  while (done < size && n > 0) {
    n = kin_reader_read (reader, (char *) data + done, size - done, error);
    done += (gsize) MAX (n, 0);
  }
  if (n_read)
    *n_read = done;
  if (n == 0)
    kin__error_set (error, KIN_ERROR_ENDED,
                    "cannot read %" G_GSIZE_FORMAT " bytes: the stream's end came after "
                    "%" G_GSIZE_FORMAT,
                    size, done);
  return n > 0;
}

/* How many bytes up to the first delimiter and with it, most at the most, or to the stream's end.
 * 0: it has ended. -1, and nothing is taken. */
static gssize
measure (KinReader *reader, char delimiter, gsize most, GError **error)
{
  for (gsize scanned = 0;;) {
    gsize held = MIN (reader->end - reader->start, most);
    gssize came;

    if (held > scanned) {
      const guint8 *from = reader->buffer + reader->start;
      const guint8 *at = memchr (from + scanned, delimiter, held - scanned);

      if (at)
        return at - from + 1;
    }
    if (held == most)
      return (gssize) most;
    scanned = held;
    came = fill (reader, MAX (reader->size, 1), error);
    if (came <= 0)
      return came < 0 ? -1 : (gssize) held;
  }
}

/**
 * kin_reader_read_until:
 * @reader: a reader
 * @delimiter: a byte
 * @max_length: bytes at the most; 0: as long as memory lasts
 * @length: (out) (optional): bytes returned
 * @error: return location, or %NULL
 *
 * Reads up to a delimiter, which is the last byte then: getdelim(3), and with '\n' Python's
 * readline. It is not where @max_length bytes came without one, or the stream ended.
 *
 * Returns: (transfer full) (nullable): the bytes and a NUL; %NULL without an error: the stream has
 *   ended; %NULL with the errors of kin_reader_read(): what came is read by the next call
 */
char *
kin_reader_read_until (KinReader *reader, char delimiter, gsize max_length, gsize *length,
                       GError **error)
{
  gssize n = measure (reader, delimiter, max_length > 0 ? max_length : G_MAXSSIZE, error);

  if (length)
    *length = (gsize) MAX (n, 0);
  return n > 0 ? take (reader, (gsize) n) : NULL;
}

/**
 * kin_reader_read_line:
 * @reader: a reader
 * @max_length: bytes at the most, its end not counted; 0: as long as memory lasts
 * @length: (out) (optional): bytes returned
 * @error: return location, or %NULL
 *
 * Reads a line, without its end, "\n" or "\r\n". The last line need not have one. A "\r" elsewhere
 * is a byte as any other.
 *
 * Returns: (transfer full) (nullable): the line and a NUL; %NULL without an error: the stream has
 *   ended; %NULL with EMSGSIZE, longer than @max_length, or the errors of kin_reader_read(): what
 *   came is read by the next call
 */
char *
kin_reader_read_line (KinReader *reader, gsize max_length, gsize *length, GError **error)
{
  gsize most = max_length > 0 && max_length < G_MAXSSIZE - 2 ? max_length + 2 : G_MAXSSIZE;
  gssize n = measure (reader, '\n', most, error), end = n;
  const guint8 *from;
  char *line;

  if (length)
    *length = 0;
  if (n <= 0)
    return NULL;
  from = reader->buffer + reader->start;
  if (from[end - 1] == '\n')
    end -= end > 1 && from[end - 2] == '\r' ? 2 : 1;
  if (max_length > 0 && (gsize) end > max_length) {
    g_set_error (error, KIN_OS_ERROR, EMSGSIZE,
                 "cannot read a line: it is longer than %" G_GSIZE_FORMAT " bytes", max_length);
    errno = EMSGSIZE;
    return NULL;
  }
  if (length)
    *length = (gsize) end;
  line = take (reader, (gsize) n);
  line[end] = 0;
  return line;
}

/**
 * kin_reader_read_all:
 * @reader: a reader
 * @max_length: bytes at the most; 0: as long as memory lasts
 * @error: return location, or %NULL
 *
 * Reads to the stream's end.
 *
 * Returns: (transfer full) (nullable): all bytes, perhaps none; %NULL with EMSGSIZE, more than
 *   @max_length, or the errors of kin_reader_read(): what came is read by the next call
 */
GBytes *
kin_reader_read_all (KinReader *reader, gsize max_length, GError **error)
{
  gssize came = 1;
  gsize n = 0;

  while (came > 0 && (max_length == 0 || n <= max_length)) {
    came = fill (reader, MAX (n, USUAL_SIZE), error);
    n = reader->end - reader->start;
  }
  if (came < 0)
    return NULL;
  if (max_length > 0 && n > max_length) {
    g_set_error (error, KIN_OS_ERROR, EMSGSIZE,
                 "cannot read all of a stream: it is longer than %" G_GSIZE_FORMAT " bytes",
                 max_length);
    errno = EMSGSIZE;
    return NULL;
  }
  return g_bytes_new_take (take (reader, n), n);
}

/**
 * kin_reader_fd:
 * @reader: a reader
 *
 * Returns: the socket's descriptor, still the socket's; -1 after kin_reader_close()
 */
int
kin_reader_fd (KinReader *reader)
{
  return kin__stream_fd (&reader->stream);
}

/**
 * kin_reader_close:
 * @reader: a reader
 *
 * Gives up the socket, and what the reader has: later calls fail with EBADF. The descriptor closes
 * if nobody else uses it. Closing again does nothing.
 */
void
kin_reader_close (KinReader *reader)
{
  kin__stream_close (&reader->stream);
  reader->start = reader->end = 0;
}

/**
 * kin_reader_free:
 * @reader: (nullable): a reader, or %NULL
 *
 * Closes it. Keeps errno.
 */
void
kin_reader_free (KinReader *reader)
{
  if (!reader)
    return;
  kin_reader_close (reader);
  g_free (reader->buffer);
  g_free (reader);
}
