/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin/stream.h: a stream socket's bytes as a reader and a writer, with buffers and lines.
 *
 * What Python's makefile() and stdio's fdopen() are for. A reader and a writer each keep the
 * socket open: its descriptor closes once kin_socket_close() was called, or its last reference
 * given up, and every reader and writer of it is closed. After kin_socket_close() they go on; the
 * socket itself is closed for everybody else.
 *
 * Bytes are all that they know. Text in other encodings than UTF-8 is g_convert()'s business, and
 * whether it is UTF-8 g_utf8_validate() says.
 *
 * A reader belongs to one thread at a time, a writer to one, which may be another. */
/* clang-format off */
#ifndef KIN_STREAM_H
#define KIN_STREAM_H

#include <kin/socket.h>

G_BEGIN_DECLS

/**
 * KIN_BUFFER_DEFAULT:
 *
 * The usual size of a reader's or writer's buffer: 8192 bytes. 0 is none.
 */
#define KIN_BUFFER_DEFAULT (-1)

/**
 * KinReader: (foreign)
 *
 * Reads lines, blocks or all of a stream, with a buffer or without.
 */
typedef struct _KinReader KinReader;

/**
 * KinWriter: (foreign)
 *
 * Writes to a stream, with a buffer or without.
 */
typedef struct _KinWriter KinWriter;

KIN_API KinReader *kin_reader_new (KinSocket *socket, gssize buffer_size, GError **error);
KIN_API gssize     kin_reader_read (KinReader *reader, gpointer data, gsize size, GError **error);
KIN_API gboolean   kin_reader_read_exactly (KinReader *reader, gpointer data, gsize size,
                                            gsize *n_read, GError **error);
KIN_API char      *kin_reader_read_line (KinReader *reader, gsize max_length, gsize *length,
                                         GError **error);
KIN_API char      *kin_reader_read_until (KinReader *reader, char delimiter, gsize max_length,
                                          gsize *length, GError **error);
KIN_API GBytes    *kin_reader_read_all (KinReader *reader, gsize max_length, GError **error);
KIN_API int        kin_reader_fd (KinReader *reader);
KIN_API void       kin_reader_close (KinReader *reader);
KIN_API void       kin_reader_free (KinReader *reader);

KIN_API KinWriter *kin_writer_new (KinSocket *socket, gssize buffer_size, GError **error);
KIN_API gboolean   kin_writer_write (KinWriter *writer, gconstpointer data, gsize length,
                                     gsize *written, GError **error);
KIN_API gboolean   kin_writer_printf (KinWriter *writer, GError **error, const char *format, ...)
                                      G_GNUC_PRINTF (3, 4);
KIN_API gboolean   kin_writer_flush (KinWriter *writer, GError **error);
KIN_API int        kin_writer_fd (KinWriter *writer);
KIN_API gboolean   kin_writer_close (KinWriter *writer, GError **error);
KIN_API void       kin_writer_free (KinWriter *writer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KinReader, kin_reader_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KinWriter, kin_writer_free)

G_END_DECLS

#endif
