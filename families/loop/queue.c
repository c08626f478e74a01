/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* queue: bytes between two sockets of one process.
 *
 * A ring, made when the first byte comes. Whenever it runs empty it starts at its beginning again,
 * so a socket that carries short messages touches the same page all the time. */
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t
loop_least (size_t a, size_t b)
{
  return a < b ? a : b;
}

void
loop_queue_clear (struct loop_queue *queue)
{
  free (queue->bytes);
  *queue = (struct loop_queue){ .capacity = queue->capacity };
}

int
loop_queue_set_capacity (struct loop_queue *queue, uint32_t capacity)
{
  size_t size = capacity > queue->used ? capacity : queue->used;
  char *bytes, *old = queue->bytes;

  if (old) {
    bytes = malloc (size);
    if (!bytes)
      return -ENOBUFS;
    loop_queue_peek (queue, 0, bytes, queue->used);
    queue->bytes = bytes;
    queue->size = size;
    queue->start = 0;
    free (old);
  }
  queue->capacity = capacity;
  return 0;
}

int
loop_queue_prepare (struct loop_queue *queue)
{
  if (queue->bytes)
    return 0;
  queue->bytes = malloc (queue->capacity);
  if (!queue->bytes)
    return -ENOBUFS;
  queue->size = queue->capacity;
  return 0;
}

size_t
loop_queue_room (const struct loop_queue *queue)
{
  return queue->capacity > queue->used ? queue->capacity - queue->used : 0;
}

void
loop_queue_put (struct loop_queue *queue, const void *data, size_t n)
{
  size_t end = queue->start + queue->used, first;

  if (n == 0)
    return;
  if (end >= queue->size)
    end -= queue->size;
  first = loop_least (n, queue->size - end);
  memcpy (queue->bytes + end, data, first);
  memcpy (queue->bytes, (const char *) data + first, n - first);
  queue->used += n;
}

size_t
loop_queue_peek (const struct loop_queue *queue, size_t skip, void *data, size_t n)
{
  size_t at = queue->start + skip, first;

  n = loop_least (n, queue->used - skip);
  if (n == 0)
    return 0;
  if (at >= queue->size)
    at -= queue->size;
  first = loop_least (n, queue->size - at);
  memcpy (data, queue->bytes + at, first);
  memcpy ((char *) data + first, queue->bytes, n - first);
  return n;
}

void
loop_queue_drop (struct loop_queue *queue, size_t n)
{
  queue->used -= n;
  queue->start += n;
  if (queue->used == 0)
    queue->start = 0;
  else if (queue->start >= queue->size)
    queue->start -= queue->size;
}

size_t
loop_queue_put_vectors (struct loop_queue *queue, const struct iovec *vectors, size_t n)
{
  size_t done = 0;

  for (size_t i = 0; i < n; i++) {
    size_t length = loop_least (vectors[i].iov_len, loop_queue_room (queue));

    loop_queue_put (queue, vectors[i].iov_base, length);
    done += length;
  }
  return done;
}

size_t
loop_queue_peek_vectors (const struct loop_queue *queue, size_t skip, size_t most,
                         const struct iovec *vectors, size_t n)
{
  size_t done = 0;

  for (size_t i = 0; i < n && done < most; i++)
    done += loop_queue_peek (queue, skip + done, vectors[i].iov_base,
                             loop_least (vectors[i].iov_len, most - done));
  return done;
}
