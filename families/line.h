/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/line.h: the line of text that a describe or log hook writes, piece by piece. */
/* clang-format off */
#ifndef KIN_LINE_H
#define KIN_LINE_H

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* length may grow past size: what has no room is counted. */
typedef struct {
  char  *text;
  size_t size, length;
} Line;

static inline void line_add (Line *line, const char *format, ...)
  __attribute__ ((format (printf, 2, 3)));

static inline void
line_add (Line *line, const char *format, ...)
{
  size_t room = line->length < line->size ? line->size - line->length : 0;
  va_list arguments;
  int n;

  va_start (arguments, format);
  n = vsnprintf (room > 0 ? line->text + line->length : NULL, room, format, arguments);
  va_end (arguments);
  line->length += n > 0 ? (size_t) n : 0;
}

/* What a hook returns of a line that must be whole. */
static inline int
line_end (const Line *line)
{
  return line->length < line->size ? (int) line->length : -ENOSPC;
}

/* And of one that may be cut. */
static inline int
line_end_cut (const Line *line)
{
  return line->size == 0 || line->length < line->size ? line_end (line) : (int) line->size - 1;
}

#endif
