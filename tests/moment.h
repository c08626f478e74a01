/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* clang-format off */
/* moment.h - when a test's wait began, and that it was neither too short nor far too long.
 *
 * A timeout is the one thing that is timed: never early, late by at most ten times. The kernel keeps
 * SO_RCVTIMEO in ticks, and in an emulated machine a tick may come late, so that the time until the
 * last of them is short. Early is what is early by the kernel's own, coarse clock as well. */
#pragma once
#include <time.h>

#include <glib.h>

#define SHORT (200 * 1000)

typedef struct {
  gint64 exact, ticks;   /* in microseconds */
} Moment;

static inline Moment
now (void)
{
  struct timespec ticks;

  clock_gettime (CLOCK_MONOTONIC_COARSE, &ticks);
  return (Moment) { .exact = g_get_monotonic_time (),
                    .ticks = ticks.tv_sec * G_USEC_PER_SEC + ticks.tv_nsec / 1000 };
}

static inline gint64
waited_since (Moment began)
{
  Moment end = now ();

  return MAX (end.exact - began.exact, end.ticks - began.ticks);
}

static inline void
assert_waited (Moment began, gint64 asked)
{
  gint64 waited = waited_since (began);

  if (waited < asked || waited > 10 * asked)
    fail_msg ("waited for %" G_GINT64_FORMAT " us of %" G_GINT64_FORMAT, waited, asked);
}
