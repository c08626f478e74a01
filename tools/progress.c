/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/progress.c: how much has passed and how fast, in one line on a terminal.
 *
 * Elsewhere nothing is counted or printed. A thread writes the line, so that it also shows that
 * nothing moves. */
#include <unistd.h>

#include "tool.h"

enum { INTERVAL_USEC = 500 * 1000 };

static GMutex lock;
static GCond changed;
static GThread *writer; /* NULL: this is no terminal */
static gboolean is_over;
static guint64 total;
static gint64 began_at;

/* GLib puts a space that does not break between number and unit. */
static char *
progress_size (guint64 bytes)
{
  g_autofree char *text = g_format_size (bytes);
  g_auto (GStrv) parts = g_strsplit (text, "\u00a0", -1);

  return g_strjoinv (" ", parts);
}

static char *
progress_line (guint64 bytes, gint64 usec, gint64 since_began_usec)
{
  g_autofree char *all = progress_size (total);
  g_autofree char *rate =
      progress_size ((guint64) ((double) bytes * G_USEC_PER_SEC / (double) MAX (usec, 1)));

  return g_strdup_printf ("%s in %.1f s, %s/s", all, (double) since_began_usec / G_USEC_PER_SEC,
                          rate);
}

static gpointer
progress_write (gpointer data)
{
  gint64 then = began_at, now;
  guint64 before = 0;

  (void) data;
  g_mutex_lock (&lock);
  while (!is_over) {
    g_autofree char *line = NULL;

    g_cond_wait_until (&changed, &lock, then + INTERVAL_USEC);
    now = g_get_monotonic_time ();
    line = progress_line (total - before, now - then, now - began_at);
    tool_show (line);
    before = total;
    then = now;
  }
  g_mutex_unlock (&lock);
  return NULL;
}

void
progress_start (void)
{
  began_at = g_get_monotonic_time ();
  if (tool_is_terminal (STDERR_FILENO))
    writer = g_thread_new ("progress", progress_write, NULL);
}

void
progress_add (gsize n)
{
  if (!writer)
    return;
  g_mutex_lock (&lock);
  total += n;
  g_mutex_unlock (&lock);
}

/* The line is taken away, and what came of it all stays. */
void
progress_end (void)
{
  gint64 usec = g_get_monotonic_time () - began_at;
  g_autofree char *line = NULL;

  if (!writer)
    return;
  g_mutex_lock (&lock);
  is_over = TRUE;
  g_cond_signal (&changed);
  g_mutex_unlock (&lock);
  g_thread_join (writer);
  writer = NULL;
  tool_show (NULL);
  line = progress_line (total, usec, usec);
  tool_say ("%s", line);
}
