/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* loop: sockets inside one process, without the kernel's data path.
 *
 * An address is any name, loop:hello; datagram sockets, loop-dgram:hello, have names of their own.
 * Binding to the empty name chooses a free one. A send copies into the queue of the other socket,
 * which takes loop.capacity bytes, and a doorbell that poll(2) understands rings when the queue was
 * empty before; what was sent before a close or shutdown can still be received.
 *
 * After a fork the sockets stay the parent's, whose memory has their queues: in the child every
 * operation on them says EBADF, and close gives up the child's share of the doorbell. The child may
 * open sockets of its own.
 *
 * There are no control messages, no urgent data and no options but the two below. */
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
  LOOP_LEVEL = 0x4c4f4f50, /* not the kernel's: so.… must not be taken for an option of ours */
  LOOP_CAPACITY = 1,
  LOOP_PENDING = 2
};

#define LOOP_LARGEST_CAPACITY (1u << 30)

/* ---- Life ---------------------------------------------------------------------------------- */

static int
loop_open (KinFamilySocket *socket, int domain, int type, int protocol)
{
  struct loop_end *end;
  int rc = protocol == 0 ? loop_move_in () : -EPROTONOSUPPORT;

  (void) domain;
  if (rc == 0)
    rc = loop_end_new (type, &end);
  if (rc < 0)
    return rc;
  loop_end_register (end);
  socket->fd = end->bell.fd;
  socket->state = end;
  return 0;
}

static int
loop_close (KinFamilySocket *socket)
{
  struct loop_end *end = socket->state, *pending;

  if (loop_enter (end) < 0) {
    /* In the child only what the socket alone has is surely whole: when the process forked another
     * thread may have been changing the rest. */
    loop_end_free (end);
    return 0;
  }
  loop_sever (end);
  for (pending = end->first_pending; pending; pending = pending->next_pending)
    loop_sever (pending);
  loop_leave (0);
  while ((pending = end->first_pending)) {
    end->first_pending = pending->next_pending;
    loop_end_free (pending);
  }
  loop_end_free (end);
  return 0;
}

/* ---- Data ---------------------------------------------------------------------------------- */

static size_t
loop_length (const struct msghdr *message)
{
  size_t length = 0;

  for (size_t i = 0; i < message->msg_iovlen; i++)
    length += message->msg_iov[i].iov_len;
  return length;
}

static ssize_t
loop_send_stream (struct loop_end *end, const struct msghdr *message)
{
  size_t n;
  int rc;

  if (!end->is_connected)
    return -ENOTCONN;
  if (message->msg_namelen > 0)
    return -EISCONN;
  if (end->out_ended)
    return -EPIPE;
  rc = loop_queue_prepare (&end->peer->queue);
  if (rc < 0)
    return rc;
  n = loop_queue_put_vectors (&end->peer->queue, message->msg_iov, message->msg_iovlen);
  if (n > 0)
    loop_bell_set_readable (&end->peer->bell, 1);
  else if (loop_length (message) > 0)
    return loop_no_room (end, end->peer);
  return (ssize_t) n;
}

/* Whom a datagram goes to; NULL: *rc says why nobody. */
static struct loop_end *
loop_find_target (struct loop_end *end, const struct msghdr *message, int *rc)
{
  struct loop_end *target = end->peer;
  struct loop_address name;

  if (message->msg_namelen > 0) {
    *rc = loop_read_address (&name, message->msg_name, message->msg_namelen);
    if (*rc < 0)
      return NULL;
    target = loop_find (SOCK_DGRAM, &name);
  }
  if (target)
    *rc = end->out_ended || target->in_ended            ? -EPIPE
          : target->is_connected && target->peer != end ? -EPERM
                                                        : 0;
  else
    *rc = message->msg_namelen > 0 || end->is_connected ? -ECONNREFUSED : -ENOTCONN;
  return *rc < 0 ? NULL : target;
}

static ssize_t
loop_send_datagram (struct loop_end *end, const struct msghdr *message)
{
  struct loop_record record = { .from = end->name };
  size_t length = loop_length (message);
  struct loop_end *target;
  int rc;

  target = loop_find_target (end, message, &rc);
  if (!target)
    return rc;
  if (length > LOOP_LARGEST_CAPACITY || sizeof record + length > target->queue.capacity)
    return -EMSGSIZE;
  rc = loop_queue_prepare (&target->queue);
  if (rc < 0)
    return rc;
  if (sizeof record + length > loop_queue_room (&target->queue))
    return loop_no_room (end, target);
  record.length = (uint32_t) length;
  loop_queue_put (&target->queue, &record, sizeof record);
  loop_queue_put_vectors (&target->queue, message->msg_iov, message->msg_iovlen);
  target->n_records++;
  loop_bell_set_readable (&target->bell, 1);
  return (ssize_t) length;
}

static ssize_t
loop_sendmsg (KinFamilySocket *socket, const struct msghdr *message, int flags)
{
  struct loop_end *end = socket->state;
  ssize_t n;
  int rc = message->msg_controllen > 0 || (flags & MSG_OOB) ? -EOPNOTSUPP : loop_enter (end);

  if (rc < 0)
    return rc;
  n = end->type == SOCK_STREAM ? loop_send_stream (end, message)
                               : loop_send_datagram (end, message);
  loop_leave (0);
  return n;
}

static ssize_t
loop_recv_stream (struct loop_end *end, struct msghdr *message, int flags)
{
  size_t n;

  message->msg_namelen = 0;
  if (!end->is_connected)
    return -ENOTCONN;
  if (end->queue.used == 0)
    return loop_nothing (end);
  n = loop_queue_peek_vectors (&end->queue, 0, end->queue.used, message->msg_iov,
                               message->msg_iovlen);
  if (!(flags & MSG_PEEK) && n > 0) {
    loop_queue_drop (&end->queue, n);
    loop_wake_senders (end);
  }
  return (ssize_t) n;
}

static ssize_t
loop_recv_datagram (struct loop_end *end, struct msghdr *message, int flags)
{
  socklen_t size = message->msg_namelen;
  struct loop_record record;
  size_t n;

  /* A call that fails leaves the message as it was: it may be made again. */
  if (end->n_records == 0)
    return loop_nothing (end);
  message->msg_namelen = 0;
  loop_queue_peek (&end->queue, 0, &record, sizeof record);
  n = loop_queue_peek_vectors (&end->queue, sizeof record, record.length, message->msg_iov,
                               message->msg_iovlen);
  if (n < record.length)
    message->msg_flags |= MSG_TRUNC;
  if (message->msg_name && record.from.name[0] != 0) {
    memcpy (message->msg_name, &record.from, size < sizeof record.from ? size : sizeof record.from);
    message->msg_namelen = sizeof record.from;
  }
  if (!(flags & MSG_PEEK)) {
    loop_queue_drop (&end->queue, sizeof record + record.length);
    end->n_records--;
    loop_wake_senders (end);
  }
  return (ssize_t) (flags & MSG_TRUNC ? record.length : n);
}

static ssize_t
loop_recvmsg (KinFamilySocket *socket, struct msghdr *message, int flags)
{
  struct loop_end *end = socket->state;
  ssize_t n;
  int rc = flags & MSG_OOB ? -EOPNOTSUPP : loop_enter (end);

  if (rc < 0)
    return rc;
  message->msg_flags = 0;
  message->msg_controllen = 0;
  n = end->type == SOCK_STREAM ? loop_recv_stream (end, message, flags)
                               : loop_recv_datagram (end, message, flags);
  loop_leave (0);
  return n;
}

/* ---- Options ------------------------------------------------------------------------------- */

static int
loop_getsockopt (KinFamilySocket *socket, int level, int number, void *value, socklen_t *size)
{
  struct loop_end *end = socket->state;
  uint32_t answer;
  int rc;

  if (level != LOOP_LEVEL || (number != LOOP_CAPACITY && number != LOOP_PENDING))
    return -ENOPROTOOPT;
  if (*size < sizeof answer)
    return -EINVAL;
  rc = loop_enter (end);
  if (rc < 0)
    return rc;
  answer = number == LOOP_CAPACITY
               ? end->queue.capacity
               : (uint32_t) (end->queue.used - end->n_records * sizeof (struct loop_record));
  memcpy (value, &answer, sizeof answer);
  *size = sizeof answer;
  return loop_leave (0);
}

static int
loop_setsockopt (KinFamilySocket *socket, int level, int number, const void *value, socklen_t size)
{
  struct loop_end *end = socket->state;
  uint32_t capacity;
  int rc;

  if (level != LOOP_LEVEL || number != LOOP_CAPACITY)
    return -ENOPROTOOPT;
  if (size != sizeof capacity)
    return -EINVAL;
  memcpy (&capacity, value, sizeof capacity);
  if (capacity == 0 || capacity > LOOP_LARGEST_CAPACITY)
    return -EINVAL;
  rc = loop_enter (end);
  if (rc < 0)
    return rc;
  rc = loop_queue_set_capacity (&end->queue, capacity);
  loop_wake_senders (end);
  return loop_leave (rc);
}

static const KinSocketOps loop_ops = {
  .size = sizeof loop_ops,
  .open = loop_open,
  .close = loop_close,
  .bind = loop_bind,
  .listen = loop_listen,
  .accept = loop_accept,
  .connect = loop_connect,
  .shutdown = loop_shutdown,
  .local = loop_local,
  .peer = loop_peer,
  .sendmsg = loop_sendmsg,
  .recvmsg = loop_recvmsg,
  .getsockopt = loop_getsockopt,
  .setsockopt = loop_setsockopt,
};

/* ---- Tables -------------------------------------------------------------------------------- */
/* clang-format off */

static const KinField loop_fields[] = {
  { .name = "name", .kind = KIN_STRING, KIN_AT (struct loop_address, name) },
};

static const KinAddressCodec loop_codecs[] = {
  { .bytes  = sizeof (struct loop_address), .flags = KIN_CODEC_BARE,
    .fields = KIN_TABLE (loop_fields) },
};

static const KinProtocol loop_protocols[] = {
  { .scheme  = "loop",       .type    = SOCK_STREAM, .codecs = KIN_TABLE (loop_codecs),
    .grammar = "NAME",       .example = "loop:hello", .loopback = "" },
  { .scheme  = "loop-dgram", .type    = SOCK_DGRAM,  .codecs = KIN_TABLE (loop_codecs),
    .grammar = "NAME",       .example = "loop-dgram:hello", .loopback = "" },
};

static const KinOption loop_options[] = {
  { .name  = "loop.capacity", .help   = "bytes that may wait to be received here",
    .level = LOOP_LEVEL,      .number = LOOP_CAPACITY,
    .kind  = KIN_UINT,        .size   = sizeof (uint32_t), .flags = KIN_OPTION_READ_WRITE },
  { .name  = "loop.pending",  .help   = "bytes that wait to be received here",
    .level = LOOP_LEVEL,      .number = LOOP_PENDING,
    .kind  = KIN_UINT,        .size   = sizeof (uint32_t), .flags = KIN_OPTION_READ },
};

static const KinHint loop_hints[] = {
  { .operation = "bind",    .code     = EADDRINUSE,
    .sentence  = "another socket of this process has that name" },
  { .operation = "bind",    .code     = EINVAL,
    .sentence  = "the socket has a name already, or is connected" },
  { .operation = "connect", .code     = EAGAIN,
    .sentence  = "as many wait to be accepted as the listener lets wait" },
  { .operation = "connect", .code     = ECONNREFUSED,
    .sentence  = "no socket of this process has that name and listens: loop ends at the process" },
  { .operation = "listen",  .code     = EINVAL,
    .sentence  = "bind it first" },
  { .operation = "send",    .code     = EMSGSIZE,
    .sentence  = "a datagram must fit the receiver's loop.capacity" },
};

KIN_FAMILY (loop) = {
  KIN_STAMP,
  .domain    = KIN_DOMAIN_DYNAMIC,
  .name      = "loop",
  .summary   = "sockets inside one process, without the kernel",
  .protocols = KIN_TABLE (loop_protocols),
  .options   = KIN_TABLE (loop_options),
  .hints     = KIN_TABLE (loop_hints),
  .ops       = &loop_ops,
};
