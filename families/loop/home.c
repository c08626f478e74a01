/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* home: what the sockets of a process share, and how they know of each other.
 *
 * One lock guards all sockets: a pair of calls takes it twice without a system call, and nothing
 * that takes long is done under it. It lies in a page that the kernel fills with zeros in the child
 * of a fork, and zeros are an unlocked lock: whatever another thread of the parent was doing, the
 * child starts with an empty home of its own. */
#include "loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LOOP_USUAL_CAPACITY 65536u

struct loop_home {
  pthread_mutex_t lock;
  uint64_t generation; /* 0: no socket was opened in this process */
  uint64_t n_chosen;   /* names that were chosen for binds to the empty one */
  struct loop_end *bound, *waiting;
};

static struct loop_home *loop_home;
static uint64_t loop_generations; /* lies elsewhere, so that the child counts on */

int
loop_move_in (void)
{
  struct loop_home *none = NULL, *page;
  int rc = 0;

  if (__atomic_load_n (&loop_home, __ATOMIC_ACQUIRE))
    return 0;
  page = mmap (NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED)
    return -errno;
  if (madvise (page, sizeof *page, MADV_WIPEONFORK) < 0)
    rc = -errno;
  if (rc < 0
      || !__atomic_compare_exchange_n (&loop_home, &none, page, 0, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE))
    munmap (page, sizeof *page);
  return rc;
}

int
loop_enter (const struct loop_end *end)
{
  if (end->generation != __atomic_load_n (&loop_home->generation, __ATOMIC_RELAXED))
    return -EBADF;
  pthread_mutex_lock (&loop_home->lock);
  return 0;
}

int
loop_leave (int rc)
{
  pthread_mutex_unlock (&loop_home->lock);
  return rc;
}

/* ---- Sockets ------------------------------------------------------------------------------- */

int
loop_end_new (int type, struct loop_end **made)
{
  struct loop_end *end = calloc (1, sizeof *end);
  int rc;

  if (!end)
    return -ENOMEM;
  rc = loop_bell_open (&end->bell);
  if (rc < 0) {
    free (end);
    return rc;
  }
  end->type = type;
  end->queue.capacity = LOOP_USUAL_CAPACITY;
  *made = end;
  return 0;
}

void
loop_end_free (struct loop_end *end)
{
  loop_bell_close (&end->bell);
  loop_queue_clear (&end->queue);
  free (end);
}

void
loop_end_register (struct loop_end *end)
{
  pthread_mutex_lock (&loop_home->lock);
  if (loop_home->generation == 0)
    __atomic_store_n (&loop_home->generation, ++loop_generations, __ATOMIC_RELAXED);
  end->generation = loop_home->generation;
  loop_leave (0);
}

/* ---- Names --------------------------------------------------------------------------------- */

struct loop_end *
loop_find (int type, const struct loop_address *name)
{
  for (struct loop_end *end = loop_home->bound; end; end = end->next_bound)
    if (end->type == type && strncmp (end->name.name, name->name, sizeof name->name) == 0)
      return end;
  return NULL;
}

void
loop_publish (struct loop_end *end, const struct loop_address *name)
{
  struct loop_address chosen = *name;

  while (chosen.name[0] == 0 || loop_find (end->type, &chosen))
    snprintf (chosen.name, sizeof chosen.name, "auto%llu",
              (unsigned long long) ++loop_home->n_chosen);
  end->name = chosen;
  end->is_bound = 1;
  end->next_bound = loop_home->bound;
  loop_home->bound = end;
}

/* ---- Waiting ------------------------------------------------------------------------------- */

void
loop_wake (struct loop_end *end)
{
  loop_bell_set_readable (&end->bell, 1);
  loop_bell_set_writable (&end->bell, 1);
}

/* Senders of datagrams are all woken, whomever they wait for: a socket that several threads use may
 * wait for several others. */
void
loop_wake_senders (struct loop_end *end)
{
  struct loop_end *sender;

  if (end->type == SOCK_STREAM && end->peer)
    loop_bell_set_writable (&end->peer->bell, 1);
  if (!end->was_full)
    return;
  end->was_full = 0;
  while ((sender = loop_home->waiting)) {
    loop_home->waiting = sender->next_waiting;
    sender->is_waiting = 0;
    loop_bell_set_writable (&sender->bell, 1);
  }
}

int
loop_no_room (struct loop_end *sender, struct loop_end *end)
{
  loop_bell_set_writable (&sender->bell, 0);
  if (end->type == SOCK_DGRAM) {
    end->was_full = 1;
    if (!sender->is_waiting) {
      sender->is_waiting = 1;
      sender->next_waiting = loop_home->waiting;
      loop_home->waiting = sender;
    }
  }
  return -EAGAIN;
}

/* The bell falls silent no earlier than here: a receive that finds something makes no system call,
 * and a poll may wake once too often. */
int
loop_nothing (struct loop_end *end)
{
  if (end->in_ended)
    return 0;
  loop_bell_set_readable (&end->bell, 0);
  return -EAGAIN;
}

/* ---- Peers --------------------------------------------------------------------------------- */

/* Takes a datagram socket from among its peer's fans. */
static void
loop_unfollow (struct loop_end *fan)
{
  struct loop_end **at = &fan->peer->fans;

  while (*at != fan)
    at = &(*at)->next_fan;
  *at = fan->next_fan;
  fan->peer = NULL;
}

void
loop_follow (struct loop_end *fan, struct loop_end *peer)
{
  if (fan->peer)
    loop_unfollow (fan);
  fan->peer = peer;
  fan->next_fan = peer->fans;
  peer->fans = fan;
}

static void
loop_sever_lists (struct loop_end *end)
{
  struct loop_end **at;

  for (at = &loop_home->bound; *at; at = &(*at)->next_bound)
    if (*at == end) {
      *at = end->next_bound;
      break;
    }
  for (at = &loop_home->waiting; *at; at = &(*at)->next_waiting)
    if (*at == end) {
      *at = end->next_waiting;
      break;
    }
}

void
loop_sever (struct loop_end *end)
{
  struct loop_end *fan;

  end->in_ended = 1;
  loop_wake_senders (end);
  loop_sever_lists (end);
  if (end->peer && end->type == SOCK_STREAM) {
    end->peer->in_ended = end->peer->out_ended = 1;
    end->peer->peer = NULL;
    loop_wake (end->peer);
  } else if (end->peer)
    loop_unfollow (end);
  while ((fan = end->fans)) {
    end->fans = fan->next_fan;
    fan->peer = NULL;
  }
}
