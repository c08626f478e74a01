/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* connect: names, and the operations that find and join sockets. */
#include "loop.h"

#include <errno.h>
#include <string.h>

#define LOOP_LARGEST_BACKLOG 4096

int
loop_read_address (struct loop_address *name, const void *address, size_t length)
{
  if (length <= offsetof (struct loop_address, name) || length > sizeof *name)
    return -EINVAL;
  memset (name, 0, sizeof *name);
  memcpy (name, address, length);
  return 0;
}

static void
loop_write_address (const struct loop_address *name, KinAddress *address)
{
  memcpy (address->sa.bytes, name, sizeof *name);
  address->length = sizeof *name;
}

int
loop_bind (KinFamilySocket *socket, const void *address, size_t length)
{
  struct loop_end *end = socket->state;
  struct loop_address name;
  int rc = loop_read_address (&name, address, length);

  if (rc == 0)
    rc = loop_enter (end);
  if (rc < 0)
    return rc;
  if (end->is_bound || (end->type == SOCK_STREAM && end->is_connected))
    return loop_leave (-EINVAL);
  if (name.name[0] != 0 && loop_find (end->type, &name))
    return loop_leave (-EADDRINUSE);
  loop_publish (end, &name);
  return loop_leave (0);
}

int
loop_listen (KinFamilySocket *socket, int backlog)
{
  struct loop_end *end = socket->state;
  int rc = loop_enter (end);

  if (rc < 0)
    return rc;
  if (end->type != SOCK_STREAM)
    return loop_leave (-EOPNOTSUPP);
  if (!end->is_bound || end->is_connected)
    return loop_leave (-EINVAL);
  if (backlog < 0 || backlog > LOOP_LARGEST_BACKLOG)
    backlog = LOOP_LARGEST_BACKLOG;
  end->is_listening = 1;
  end->backlog = backlog == 0 ? 1 : (uint32_t) backlog;
  return loop_leave (0);
}

/* Joins end to other, made for it, which then waits at the listener to be accepted. */
static int
loop_connect_stream (struct loop_end *end, const struct loop_address *name, struct loop_end *other)
{
  struct loop_end *listener;

  if (end->is_listening)
    return -EINVAL;
  if (end->is_connected)
    return -EISCONN;
  listener = loop_find (SOCK_STREAM, name);
  if (!listener || !listener->is_listening || listener->in_ended)
    return -ECONNREFUSED;
  if (listener->n_pending >= listener->backlog)
    return -EAGAIN;
  other->name = end->peer_name = listener->name;
  other->peer_name = end->name;
  other->queue.capacity = listener->queue.capacity;
  other->generation = end->generation;
  other->is_connected = end->is_connected = 1;
  other->peer = end;
  end->peer = other;
  if (listener->n_pending++ == 0)
    listener->first_pending = other;
  else
    listener->last_pending->next_pending = other;
  listener->last_pending = other;
  loop_bell_set_readable (&listener->bell, 1);
  return 0;
}

/* As in unix(7), a connected socket takes datagrams from its peer only. */
static int
loop_connect_datagram (struct loop_end *end, const struct loop_address *name)
{
  struct loop_end *target = loop_find (SOCK_DGRAM, name);

  if (!target)
    return -ECONNREFUSED;
  if (target->is_connected && target->peer != end)
    return -EPERM;
  loop_follow (end, target);
  end->peer_name = target->name;
  end->is_connected = 1;
  return 0;
}

/* Never -EINPROGRESS: both ends are joined at once. */
int
loop_connect (KinFamilySocket *socket, const void *address, size_t length)
{
  struct loop_end *end = socket->state, *other = NULL;
  struct loop_address name;
  int rc = loop_read_address (&name, address, length);

  if (rc == 0 && end->type == SOCK_STREAM)
    rc = loop_end_new (SOCK_STREAM, &other);
  if (rc < 0)
    return rc;
  rc = loop_enter (end);
  if (rc == 0)
    rc = loop_leave (other ? loop_connect_stream (end, &name, other)
                           : loop_connect_datagram (end, &name));
  if (rc < 0 && other)
    loop_end_free (other);
  return rc;
}

int
loop_accept (KinFamilySocket *socket, KinFamilySocket *child, KinAddress *peer)
{
  struct loop_end *end = socket->state, *accepted;
  int rc = loop_enter (end);

  if (rc < 0)
    return rc;
  accepted = end->first_pending;
  if (!end->is_listening || (!accepted && end->in_ended))
    return loop_leave (-EINVAL);
  if (!accepted)
    return loop_leave (loop_nothing (end));
  end->first_pending = accepted->next_pending;
  end->n_pending--;
  accepted->next_pending = NULL;
  child->fd = accepted->bell.fd;
  child->state = accepted;
  loop_write_address (&accepted->peer_name, peer);
  return loop_leave (0);
}

int
loop_shutdown (KinFamilySocket *socket, int how)
{
  struct loop_end *end = socket->state, *peer;
  uint8_t ends_in = how == SHUT_RD || how == SHUT_RDWR;
  uint8_t ends_out = how == SHUT_WR || how == SHUT_RDWR;
  int rc = ends_in || ends_out ? loop_enter (end) : -EINVAL;

  if (rc < 0)
    return rc;
  if (end->type == SOCK_STREAM && !end->is_connected && !end->is_listening)
    return loop_leave (-ENOTCONN);
  end->in_ended |= ends_in;
  end->out_ended |= ends_out;
  loop_wake (end);
  loop_wake_senders (end);
  peer = end->type == SOCK_STREAM ? end->peer : NULL;
  if (peer) {
    peer->out_ended |= ends_in;
    peer->in_ended |= ends_out;
    loop_wake (peer);
  }
  return loop_leave (0);
}

int
loop_local (KinFamilySocket *socket, KinAddress *address)
{
  struct loop_end *end = socket->state;
  int rc = loop_enter (end);

  if (rc < 0)
    return rc;
  loop_write_address (&end->name, address);
  return loop_leave (0);
}

int
loop_peer (KinFamilySocket *socket, KinAddress *address)
{
  struct loop_end *end = socket->state;
  int rc = loop_enter (end);

  if (rc < 0)
    return rc;
  if (!end->is_connected)
    return loop_leave (-ENOTCONN);
  loop_write_address (&end->peer_name, address);
  return loop_leave (0);
}
