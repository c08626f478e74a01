/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cancel: an eventfd that waits look at. */
#include "private.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct _KinCancel {
  gint ref_count;
  int fd;
};

/**
 * kin_cancel_new:
 * @error: return location, or %NULL
 *
 * Makes a cancel, not cancelled. Costs one descriptor, eventfd(2), which a child after fork(2)
 * shares: a cancel there is one here.
 *
 * Returns: (transfer full) (nullable): the cancel, or %NULL with %KIN_OS_ERROR
 */
KinCancel *
kin_cancel_new (GError **error)
{
  int fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  KinCancel *cancel;

  if (fd < 0) {
    int code = errno;

    g_set_error (error, KIN_OS_ERROR, code, "cannot make a cancel: %s", g_strerror (code));
    errno = code;
    return NULL;
  }
  cancel = g_new (KinCancel, 1);
  *cancel = (KinCancel){ .ref_count = 1, .fd = fd };
  return cancel;
}

/**
 * kin_cancel_ref:
 * @cancel: a cancel
 *
 * Returns: (transfer full): @cancel
 */
KinCancel *
kin_cancel_ref (KinCancel *cancel)
{
  g_atomic_int_inc (&cancel->ref_count);
  return cancel;
}

/**
 * kin_cancel_unref:
 * @cancel: (nullable): a cancel, or %NULL
 *
 * The last reference closes its descriptor. A socket holds one of its own.
 */
void
kin_cancel_unref (KinCancel *cancel)
{
  if (cancel && g_atomic_int_dec_and_test (&cancel->ref_count)) {
    close (cancel->fd);
    g_free (cancel);
  }
}

/**
 * kin_cancel_cancel:
 * @cancel: a cancel
 *
 * Ends every wait that @cancel was given to, now and until it is reset, with
 * %KIN_ERROR_CANCELLED. Keeps errno; may be called from a signal handler.
 */
void
kin_cancel_cancel (KinCancel *cancel)
{
  guint64 one = 1;
  int saved = errno;

  /* EAGAIN, the counter is full: cancelled long ago. */
  (void) !write (cancel->fd, &one, sizeof one);
  errno = saved;
}

/**
 * kin_cancel_is_cancelled:
 * @cancel: a cancel
 *
 * Returns: whether it is
 */
gboolean
kin_cancel_is_cancelled (KinCancel *cancel)
{
  struct pollfd poll_fd = { .fd = cancel->fd, .events = POLLIN };

  return poll (&poll_fd, 1, 0) > 0;
}

/**
 * kin_cancel_reset:
 * @cancel: a cancel
 *
 * Makes it ready to be used again. Waits that have not yet noticed go on.
 */
void
kin_cancel_reset (KinCancel *cancel)
{
  guint64 count;

  (void) !read (cancel->fd, &count, sizeof count);
}

int
kin__cancel_fd (KinCancel *cancel)
{
  return cancel->fd;
}
