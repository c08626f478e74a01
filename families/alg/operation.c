/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* operation: algorithms, and operations on them.
 *
 * To the kernel a bound socket is an algorithm, and each accept on it opens an operation. So it is
 * here: an accepted socket is the kernel's own. It sends with MSG_MORE up to the last piece, and a
 * cipher's direction goes with the first as control messages. To connect, which the kernel does not
 * know, is a conversation: see conversation.c.
 *
 * Receives wait without regard to SO_RCVTIMEO, so libkin polls. The sockets of algorithms, hashes
 * and random numbers know no poll(2), and never wait. */
#include "alg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static AlgState *
state_new (void)
{
  AlgState *state = calloc (1, sizeof *state);

  if (!state)
    return NULL;
  pthread_mutex_init (&state->lock, NULL);
  state->algorithm = -1;
  state->op = ALG_OP_UNSET;
  return state;
}

static void
state_free (AlgState *state)
{
  if (!state)
    return;
  if (state->algorithm >= 0)
    close (state->algorithm);
  pthread_mutex_destroy (&state->lock);
  free (state);
}

/* ---- Life ---------------------------------------------------------------------------------- */

static int
alg_open (KinFamilySocket *opened, int domain, int type, int protocol)
{
  opened->fd = socket (domain, type | SOCK_CLOEXEC, protocol);
  if (opened->fd < 0)
    return -errno;
  opened->state = state_new ();
  if (opened->state)
    return 0;
  close (opened->fd);
  return -ENOMEM;
}

static int
alg_close (KinFamilySocket *socket)
{
  state_free (socket->state);
  return (int) alg_result (close (socket->fd));
}

/* One that others made has no state, and is the kernel's. A conversation is one socket's. */
static int
alg_adopt (KinFamilySocket *socket, const KinFamilySocket *from)
{
  const AlgState *other = from ? from->state : NULL;
  AlgState *state;

  if (!other)
    return 0;
  if (other->role == ALG_CONNECTED)
    return -EOPNOTSUPP;
  state = malloc (sizeof *state);
  if (!state)
    return -ENOMEM;
  *state = *other;
  pthread_mutex_init (&state->lock, NULL);
  socket->state = state;
  return 0;
}

static void
alg_release (KinFamilySocket *socket)
{
  state_free (socket->state);
  socket->state = NULL;
}

/* ---- Algorithms and operations ------------------------------------------------------------- */

static void
remember (AlgState *state, AlgRole role, const struct alg_address *address, uint32_t length)
{
  static const char *const types[] = { "hash", "skcipher", "aead", "rng" };

  state->role = role;
  state->address = *address;
  state->address_length = length;
  for (state->kind = ALG_HASH; state->kind < ALG_OTHER; state->kind++)
    if (strcmp (types[state->kind], address->type) == 0)
      return;
}

static int
bind_algorithm (const KinFamilySocket *socket, AlgRole role, const void *address, size_t length)
{
  struct alg_address name = { .family = 0 };

  if (length > sizeof name)
    return -EINVAL;
  memcpy (&name, address, length);
  if (bind (socket->fd, address, (socklen_t) length) < 0)
    return -errno;
  if (socket->state)
    remember (socket->state, role, &name, (uint32_t) length);
  return 0;
}

static int
alg_bind (KinFamilySocket *socket, const void *address, size_t length)
{
  const AlgState *state = socket->state;

  /* Options that an accepted socket would not heed. */
  if (state && (state->op != ALG_OP_UNSET || state->iv_length > 0 || state->assoclen > 0))
    return -EINVAL;
  return bind_algorithm (socket, ALG_BOUND, address, length);
}

/* The kernel fails an accept that asks for the peer's name. */
static int
alg_accept (KinFamilySocket *socket, KinFamilySocket *child, KinAddress *peer)
{
  const AlgState *bound = socket->state;
  AlgState *state = bound ? state_new () : NULL;

  if (bound && !state)
    return -ENOMEM;
  child->fd = accept4 (socket->fd, NULL, NULL, SOCK_CLOEXEC);
  if (child->fd < 0) {
    int code = errno;

    state_free (state);
    return -code;
  }
  child->state = state;
  if (state)
    remember (state, ALG_ACCEPTED, &bound->address, bound->address_length);
  peer->length = 0;
  return 0;
}

/* What an endpoint said of the buffers, it said to the algorithm's socket. */
static void
copy_buffer (int from, int to, int number)
{
  int size;
  socklen_t length = sizeof size;

  if (getsockopt (from, SOL_SOCKET, number, &size, &length) == 0) {
    size /= 2; /* the kernel doubles it, and gives it out so */
    setsockopt (to, SOL_SOCKET, number, &size, sizeof size);
  }
}

/* A new operation takes the descriptor's place. status: what F_GETFL said of the one before. */
int
alg_begin (int fd, AlgState *state, int status)
{
  int flags = SOCK_CLOEXEC | (status & O_NONBLOCK ? SOCK_NONBLOCK : 0);
  int operation = accept4 (state->algorithm, NULL, NULL, flags), rc;

  if (operation < 0)
    return -errno;
  copy_buffer (state->algorithm, operation, SO_SNDBUF);
  copy_buffer (state->algorithm, operation, SO_RCVBUF);
  rc = dup3 (operation, fd, O_CLOEXEC) < 0 ? -errno : 0;
  close (operation);
  state->is_started = state->is_shut = state->is_over = 0;
  state->n_sent = state->n_received = 0;
  return rc;
}

static int
alg_connect (KinFamilySocket *socket, const void *address, size_t length)
{
  AlgState *state = socket->state;
  int status = fcntl (socket->fd, F_GETFL), rc;

  if (!state)
    return -EOPNOTSUPP;
  if (state->role != ALG_NEW)
    return -EISCONN;
  rc = bind_algorithm (socket, ALG_BOUND, address, length);
  if (rc < 0)
    return rc;
  state->algorithm = fcntl (socket->fd, F_DUPFD_CLOEXEC, 0);
  if (state->algorithm < 0)
    return -errno;
  rc = alg_begin (socket->fd, state, status);
  if (rc == 0)
    state->role = ALG_CONNECTED;
  return rc;
}

/* ---- Names and waiting ------------------------------------------------------------------------
 */

static int
name_of (const AlgState *state, int is_named, KinAddress *address)
{
  if (!state)
    return -EOPNOTSUPP;
  address->length = is_named ? state->address_length : 0;
  memcpy (&address->sa, &state->address, address->length);
  return 0;
}

static int
alg_local (KinFamilySocket *socket, KinAddress *address)
{
  const AlgState *state = socket->state;

  return name_of (state, state && state->role == ALG_BOUND, address);
}

static int
alg_peer (KinFamilySocket *socket, KinAddress *address)
{
  const AlgState *state = socket->state;

  if (state && state->role < ALG_ACCEPTED)
    return -ENOTCONN;
  return name_of (state, 1, address);
}

/* An accept never waits either. */
static int
alg_poll (KinFamilySocket *socket, int wanted)
{
  const AlgState *state = socket->state;
  int can_poll = state && state->role >= ALG_ACCEPTED
                 && (state->kind == ALG_SKCIPHER || state->kind == ALG_AEAD);

  return can_poll ? wanted : 0;
}

const KinSocketOps alg_ops = {
  .size = sizeof (KinSocketOps),
  .open = alg_open,
  .close = alg_close,
  .bind = alg_bind,
  .accept = alg_accept,
  .connect = alg_connect,
  .shutdown = alg_shutdown,
  .local = alg_local,
  .peer = alg_peer,
  .sendmsg = alg_sendmsg,
  .recvmsg = alg_recvmsg,
  .splice = alg_splice,
  .poll = alg_poll,
  .getsockopt = alg_getsockopt,
  .setsockopt = alg_setsockopt,
  .adopt = alg_adopt,
  .release = alg_release,
};
