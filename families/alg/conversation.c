/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* conversation: an operation for programs that know of nothing but bytes: a pipe, a relay.
 *
 * All that is sent belongs together; closing the sending half ends it, and the result comes,
 * followed by an end. What the kernel takes as control messages, alg.op, alg.iv and alg.assoclen,
 * are options, and go before the first byte. The algorithm's own socket is kept beside the
 * descriptor, since keys are set there; a key that is set later starts the operation anew.
 *
 * A hash, and an aead whose tag may be wrong, give nothing before all is there; a cipher gives
 * whole blocks as they come; random numbers come for ever. */
#include "alg.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* A socket that was made from a descriptor has no state, and is the kernel's. */
static AlgState *
conversation_of (const KinFamilySocket *socket)
{
  AlgState *state = socket->state;

  return state && state->role == ALG_CONNECTED ? state : NULL;
}

/* ---- Sending ------------------------------------------------------------------------------- */

static void
add_control (struct msghdr *message, int type, const void *data, size_t length)
{
  struct cmsghdr *control =
      (struct cmsghdr *) ((char *) message->msg_control + message->msg_controllen);

  control->cmsg_level = SOL_ALG;
  control->cmsg_type = type;
  control->cmsg_len = CMSG_LEN (length);
  memcpy (CMSG_DATA (control), data, length);
  message->msg_controllen += CMSG_SPACE (length);
}

/* Says what is to be done, in a message without data, and so without waiting. */
static int
start (int fd, AlgState *state)
{
  _Alignas(struct cmsghdr) char controls[256] = { 0 };
  struct msghdr message = { .msg_control = controls };
  struct {
    uint32_t length;
    uint8_t bytes[ALG_LARGEST_IV];
  } iv = { .length = state->iv_length };

  if (state->is_started || state->kind == ALG_HASH || state->kind == ALG_RNG)
    return 0;
  /* The kernel would take that for decryption. */
  if (state->op == ALG_OP_UNSET)
    return -EINVAL;
  add_control (&message, ALG_SET_OP, &state->op, sizeof state->op);
  memcpy (iv.bytes, state->iv, sizeof iv.bytes);
  if (iv.length > 0)
    add_control (&message, ALG_SET_IV, &iv, sizeof iv.length + iv.length);
  if (state->assoclen > 0)
    add_control (&message, ALG_SET_AEAD_ASSOCLEN, &state->assoclen, sizeof state->assoclen);
  if (sendmsg (fd, &message, MSG_MORE | MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
    return -errno;
  state->is_started = 1;
  return 0;
}

/* Before anything is sent. has_controls: the message itself says what is to be done. */
static int
may_send (int fd, AlgState *state, int has_controls)
{
  int rc = 0;

  pthread_mutex_lock (&state->lock);
  if (state->is_shut)
    rc = -EPIPE;
  else if (has_controls)
    state->is_started = 1;
  else
    rc = start (fd, state);
  pthread_mutex_unlock (&state->lock);
  return rc;
}

/* A full buffer is emptied by a receive, but of an aead, whose receive waits for the last byte. */
static ssize_t
count_sent (AlgState *state, ssize_t n)
{
  if (n == -EAGAIN && state->kind == ALG_AEAD)
    return -EMSGSIZE;
  pthread_mutex_lock (&state->lock);
  state->n_sent += n > 0 ? (uint64_t) n : 0;
  pthread_mutex_unlock (&state->lock);
  return n;
}

ssize_t
alg_sendmsg (KinFamilySocket *socket, const struct msghdr *message, int flags)
{
  AlgState *state = conversation_of (socket);
  int rc;

  if (!state)
    return alg_result (sendmsg (socket->fd, message, flags));
  rc = may_send (socket->fd, state, message->msg_controllen > 0);
  return rc < 0 ? rc
                : count_sent (state, alg_result (sendmsg (socket->fd, message, flags | MSG_MORE)));
}

ssize_t
alg_splice (KinFamilySocket *socket, int direction, int pipe, size_t n, unsigned flags)
{
  AlgState *state = conversation_of (socket);
  int rc;

  /* What is received may not be due yet, which the kernel does not know. */
  if (state && (direction & POLLIN))
    return -EINVAL;
  if (!state)
    return alg_result (direction & POLLIN ? splice (socket->fd, NULL, pipe, NULL, n, flags)
                                          : splice (pipe, NULL, socket->fd, NULL, n, flags));
  rc = may_send (socket->fd, state, 0);
  return rc < 0 ? rc
                : count_sent (state, alg_result (splice (pipe, NULL, socket->fd, NULL, n,
                                                         flags | SPLICE_F_MORE)));
}

/* ---- Receiving ----------------------------------------------------------------------------- */

/* 1: all has been received; -EAGAIN: not before the sending half is closed. */
static int
may_receive (AlgState *state)
{
  int rc = 0;

  pthread_mutex_lock (&state->lock);
  if (state->is_over)
    rc = 1;
  else if (state->is_shut && state->kind == ALG_SKCIPHER)
    rc = state->n_received == state->n_sent;
  else if (!state->is_shut && state->kind != ALG_RNG && state->kind != ALG_SKCIPHER)
    rc = -EAGAIN;
  pthread_mutex_unlock (&state->lock);
  return rc;
}

ssize_t
alg_recvmsg (KinFamilySocket *socket, struct msghdr *message, int flags)
{
  AlgState *state = conversation_of (socket);
  int rc = state ? may_receive (state) : 0;
  ssize_t n;

  if (rc < 0)
    return rc;
  if (rc == 1) {
    message->msg_namelen = 0;
    message->msg_controllen = 0;
    message->msg_flags = 0;
    return 0;
  }
  n = alg_result (recvmsg (socket->fd, message, flags));
  if (!state || n < 0)
    return n;
  pthread_mutex_lock (&state->lock);
  state->n_received += (uint64_t) n;
  state->is_over |= state->kind == ALG_HASH || state->kind == ALG_AEAD;
  pthread_mutex_unlock (&state->lock);
  return n;
}

int
alg_shutdown (KinFamilySocket *socket, int how)
{
  AlgState *state = conversation_of (socket);
  int rc = 0;

  if (!state)
    return (int) alg_result (shutdown (socket->fd, how));
  pthread_mutex_lock (&state->lock);
  if (how != SHUT_RD && !state->is_shut) {
    rc = start (socket->fd, state);
    if (rc == 0 && state->kind != ALG_RNG)
      rc = (int) alg_result (send (socket->fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL));
    state->is_shut = rc == 0;
  }
  if (rc == 0 && how != SHUT_WR)
    state->is_over = 1;
  pthread_mutex_unlock (&state->lock);
  return rc;
}

/* ---- Options ------------------------------------------------------------------------------- */

/* The kernel changes an algorithm that no operation uses. */
static int
change_algorithm (int fd, AlgState *state, int number, const void *value, socklen_t size)
{
  int status = fcntl (fd, F_GETFL), rc, begun;

  if (dup3 (state->algorithm, fd, O_CLOEXEC) < 0)
    return -errno;
  rc = (int) alg_result (setsockopt (state->algorithm, SOL_ALG, number, value, size));
  begun = alg_begin (fd, state, status);
  return rc < 0 ? rc : begun;
}

static int
set_number (void *number, const void *value, socklen_t size)
{
  if (size != sizeof (uint32_t))
    return -EINVAL;
  memcpy (number, value, size);
  return 0;
}

static int
set_conversation (AlgState *state, int number, const void *value, socklen_t size)
{
  int32_t op;

  if (state->role == ALG_BOUND || state->role == ALG_ACCEPTED)
    return -EOPNOTSUPP;
  if (state->is_started)
    return -EBUSY;
  switch (number) {
  case ALG_SET_AEAD_ASSOCLEN:
    return set_number (&state->assoclen, value, size);
  case ALG_SET_OP:
    if (set_number (&op, value, size) < 0 || op < ALG_OP_UNSET || op > ALG_OP_ENCRYPT)
      return -EINVAL;
    state->op = op;
    return 0;
  case ALG_SET_IV:
    if (size > sizeof state->iv)
      return -EINVAL;
    memcpy (state->iv, value, size);
    state->iv_length = size;
    return 0;
  default:
    return -ENOPROTOOPT;
  }
}

int
alg_setsockopt (KinFamilySocket *socket, int level, int number, const void *value, socklen_t size)
{
  AlgState *state = socket->state;
  int rc;

  if (!state || (level != ALG_CONVERSATION && (level != SOL_ALG || state->role != ALG_CONNECTED)))
    return (int) alg_result (setsockopt (socket->fd, level, number, value, size));
  pthread_mutex_lock (&state->lock);
  rc = level == SOL_ALG ? change_algorithm (socket->fd, state, number, value, size)
                        : set_conversation (state, number, value, size);
  pthread_mutex_unlock (&state->lock);
  return rc;
}

int
alg_getsockopt (KinFamilySocket *socket, int level, int number, void *value, socklen_t *size)
{
  AlgState *state = socket->state;
  const void *from;
  uint32_t n = sizeof (uint32_t);

  if (!state || level != ALG_CONVERSATION)
    return (int) alg_result (getsockopt (socket->fd, level, number, value, size));
  from = number == ALG_SET_OP              ? (const void *) &state->op
         : number == ALG_SET_AEAD_ASSOCLEN ? (const void *) &state->assoclen
                                           : state->iv;
  pthread_mutex_lock (&state->lock);
  n = number == ALG_SET_IV ? state->iv_length : n;
  *size = *size < n ? *size : n;
  memcpy (value, from, *size);
  pthread_mutex_unlock (&state->lock);
  return 0;
}
