/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* writer: what goes over a stream, gathered in a buffer.
 *
 * What does not fit is sent past an empty buffer. What could not be sent stays in the buffer, to be
 * flushed again. */
#include "private.h"

#include <string.h>

#define USUAL_SIZE 8192

struct _KinWriter {
  KinStream stream;
  guint8 *buffer;
  gsize used, size;    /* size 0: there is no buffer */
  gboolean has_failed; /* the last send */
};

/**
 * kin_writer_new:
 * @socket: an open stream; the writer takes a reference
 * @buffer_size: bytes; %KIN_BUFFER_DEFAULT; 0: send at once
 * @error: return location, or %NULL
 *
 * Makes a writer of what goes over @socket. It waits as the socket does, whose timeout holds for
 * each send.
 *
 * Returns: (transfer full) (nullable): the writer; %NULL with %KIN_ERROR_NOT_SUPPORTED: no stream,
 *   or %KIN_OS_ERROR: it is closed, or not connected yet
 */
KinWriter *
kin_writer_new (KinSocket *socket, gssize buffer_size, GError **error)
{
  KinWriter *writer = g_new0 (KinWriter, 1);

  if (!kin__stream_open (&writer->stream, socket, error)) {
    g_free (writer);
    return NULL;
  }
  writer->size = buffer_size < 0 ? USUAL_SIZE : (gsize) buffer_size;
  writer->buffer = g_malloc (writer->size);
  return writer;
}

/* Sends all of it, by as many sends as it takes; *done: how much that was, of a failure too. */
static gboolean
send_all (KinWriter *writer, const guint8 *data, gsize length, gsize *done, GError **error)
{
  KinSocket *socket = kin__stream_socket (&writer->stream, "write to", error);
  gssize n = 0;

  for (*done = 0; socket && *done < length && n >= 0; *done += (gsize) MAX (n, 0))
    n = kin_socket_send (socket, data + *done, length - *done, 0, error);
  writer->has_failed = n < 0;
  return socket && n >= 0;
}

/**
 * kin_writer_write:
 * @writer: a writer
 * @data: (array length=length) (element-type guint8): what to write
 * @length: bytes of @data
 * @written: (out) (optional): bytes that were sent or are in the buffer, of a failure too
 * @error: return location, or %NULL
 *
 * Writes all of @data: into the buffer, which is sent when it is full.
 *
 * Returns: %TRUE, or %FALSE with %KIN_ERROR_TIMED_OUT, %KIN_ERROR_CANCELLED or %KIN_OS_ERROR:
 *   EAGAIN on a socket that never waits, where the rest may be written later; EBADF after
 *   kin_writer_close()
 */
gboolean
kin_writer_write (KinWriter *writer, gconstpointer data, gsize length, gsize *written,
                  GError **error)
{
  gboolean is_well = kin__stream_socket (&writer->stream, "write to", error) != NULL;
  const guint8 *from = data;
  gsize done = 0;

  while (is_well && done < length) {
    gsize left = length - done, n = MIN (left, writer->size - writer->used);

    if (writer->used == 0 && left >= writer->size)
      is_well = send_all (writer, from + done, left, &n, error);
    else if (n > 0) {
      memcpy (writer->buffer + writer->used, from + done, n);
      writer->used += n;
    } else
      is_well = kin_writer_flush (writer, error);
    done += n;
  }
  if (written)
    *written = done;
  return is_well;
}

/**
 * kin_writer_printf:
 * @writer: a writer
 * @error: return location, or %NULL
 * @format: as printf(3) has it: "GET %s HTTP/1.0\r\n"
 * @...: what it asks for
 *
 * Writes text, a line where it ends as the protocol's lines do. For sockets that wait: it does not
 * say how far a failure came.
 *
 * Returns: as kin_writer_write()
 */
gboolean
kin_writer_printf (KinWriter *writer, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return kin_writer_write (writer, text, strlen (text), NULL, error);
}

/**
 * kin_writer_flush:
 * @writer: a writer
 * @error: return location, or %NULL
 *
 * Sends what is in the buffer.
 *
 * Returns: %TRUE, or %FALSE with the errors of kin_writer_write(), and what was not sent still in
 *   the buffer
 */
gboolean
kin_writer_flush (KinWriter *writer, GError **error)
{
  gsize done;
  gboolean is_well = send_all (writer, writer->buffer, writer->used, &done, error);

  writer->used -= done;
  if (writer->used > 0)
    memmove (writer->buffer, writer->buffer + done, writer->used);
  return is_well;
}

/**
 * kin_writer_fd:
 * @writer: a writer
 *
 * Returns: the socket's descriptor, still the socket's; -1 after kin_writer_close()
 */
int
kin_writer_fd (KinWriter *writer)
{
  return kin__stream_fd (&writer->stream);
}

/**
 * kin_writer_close:
 * @writer: a writer
 * @error: return location, or %NULL
 *
 * Flushes, and gives up the socket, whether that worked or not: later calls fail with EBADF. The
 * descriptor closes if nobody else uses it; the peer sees an end then, or after
 * kin_socket_shutdown(). Closing again does nothing.
 *
 * Returns: %TRUE, or %FALSE with the errors of kin_writer_flush(): what was in the buffer is lost
 */
gboolean
kin_writer_close (KinWriter *writer, GError **error)
{
  gboolean is_well = !writer->stream.socket || kin_writer_flush (writer, error);
  int saved = errno;

  kin__stream_close (&writer->stream);
  writer->used = 0;
  errno = saved;
  return is_well;
}

/**
 * kin_writer_free:
 * @writer: (nullable): a writer, or %NULL
 *
 * Closes it if it is not, without a word of what fails; so close it before, and look. It does not
 * send, and so does not wait, if the last send failed. Keeps errno.
 */
void
kin_writer_free (KinWriter *writer)
{
  int saved = errno;

  if (!writer)
    return;
  if (writer->has_failed)
    writer->used = 0;
  kin_writer_close (writer, NULL);
  g_free (writer->buffer);
  g_free (writer);
  errno = saved;
}
