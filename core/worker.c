/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* worker: what may wait and can be neither limited nor ended, in a thread that a deadline may leave
 * behind.
 *
 * A KinWorker is the head of a struct that owns all the work touches: the question, which is
 * constant, and room for the answer. Whoever waits polls the eventfd; at a deadline it drops its
 * half and goes, and the thread frees all when it ends. */
#include "private.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

void
kin__worker_drop (KinWorker *worker)
{
  if (!worker || !g_atomic_int_dec_and_test (&worker->ref_count))
    return;
  worker->clear (worker);
  if (worker->fd >= 0)
    close (worker->fd);
  g_free (worker);
}

static gpointer
run (gpointer data)
{
  KinWorker *worker = data;
  guint64 one = 1;

  worker->work (worker);
  g_atomic_int_set (&worker->has_ended, TRUE);
  (void) !write (worker->fd, &one, sizeof one);
  kin__worker_drop (worker);
  return NULL;
}

int
kin__worker_start (KinWorker *worker, KinWork work, KinWork clear)
{
  sigset_t all, before;
  GThread *thread;

  *worker = (KinWorker){ .ref_count = 1, .work = work, .clear = clear };
  worker->fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (worker->fd < 0)
    return -errno;
  g_atomic_int_inc (&worker->ref_count);
  /* The program's signal handlers are for its own threads. */
  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  thread = g_thread_try_new ("kin-resolver", run, worker, NULL);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  if (thread) {
    g_thread_unref (thread);
    return 0;
  }
  kin__worker_drop (worker);
  return -EAGAIN;
}

gboolean
kin__worker_has_ended (KinWorker *worker)
{
  return g_atomic_int_get (&worker->has_ended);
}

int
kin__worker_wait (KinWorker *worker, gint64 deadline, KinCancel *cancel)
{
  int rc = kin__wait_fd (worker->fd, POLLIN, cancel, deadline);

  return rc == 0 && !kin__worker_has_ended (worker) ? -EIO : rc;
}
