/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* file: opens what plugins come from. Every manifest and every plugin passes through here, and
 * nothing else decides which files are taken.
 *
 * Whatever lies in a plugin folder, a FIFO or a gigabyte of text included, costs a few system calls
 * and no waiting. Whose file it is and who else may write it is a question for the same place and
 * the same fstat: today any regular file will do. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

static const char *
file_kind (mode_t mode)
{
  switch (mode & S_IFMT) {
  case S_IFDIR:
    return "a directory";
  case S_IFIFO:
    return "a FIFO";
  case S_IFSOCK:
    return "a socket";
  case S_IFCHR:
  case S_IFBLK:
    return "a device";
  default:
    return "something else";
  }
}

static char *
check_status (const struct stat *status, goffset most)
{
  if (!S_ISREG (status->st_mode))
    return g_strdup_printf ("expected a regular file, found %s", file_kind (status->st_mode));
  if (status->st_size > most)
    return g_strdup_printf ("expected at most %" G_GINT64_FORMAT " bytes, found %" G_GINT64_FORMAT,
                            (gint64) most, (gint64) status->st_size);
  return NULL;
}

int
kin__file_open (int folder, const char *name, goffset most, struct stat *status, char **reason)
{
  /* Without O_NONBLOCK, opening a FIFO would wait for somebody to write to it. */
  int fd = openat (folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), code;

  *reason = NULL;
  if (fd >= 0 && fstat (fd, status) == 0) {
    *reason = check_status (status, most);
    if (!*reason)
      return fd;
    code = EINVAL;
  } else {
    code = errno;
    *reason = g_strdup_printf ("it cannot be opened: %s", g_strerror (code));
  }
  if (fd >= 0)
    close (fd);
  errno = code;
  return -1;
}

char *
kin__file_text (const char *path)
{
  for (const char *at = path; *at; at = g_utf8_next_char (at)) {
    gunichar c = g_utf8_get_char_validated (at, -1);

    if (c == (gunichar) -1 || c == (gunichar) -2 || !g_unichar_isprint (c))
      return g_strescape (path, "\"\\");
  }
  return g_strdup (path);
}
