/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/shared/rows.h: data of the tests that loop over all families' tables, in tests/families: a
 * file a family and test. A line is words between blanks; what follows a # is a comment;
 * "use FILE WORD…" stands for that file's lines, in which $1 is the first of these words. */
/* clang-format off */
#ifndef TEST_ROWS_H
#define TEST_ROWS_H

#include "sockets.h"

typedef void (*RowsTake) (char **words, gpointer data);

/* "$1" to "$9" are the words that the file is used with. */
static inline char *
rows_fill_in (const char *line, char **with)
{
  GString *text = g_string_new (NULL);

  for (; *line && *line != '#'; line++)
    if (*line == '$' && g_ascii_isdigit (line[1])) {
      g_string_append (text, with[line[1] - '1']);
      line++;
    } else
      g_string_append_c (text, *line);
  return g_string_free (text, FALSE);
}

/* FALSE: there is no such file. */
static inline gboolean
rows_read (const char *file, char **with, RowsTake take, gpointer data)
{
  g_autofree char *path = g_build_filename (g_getenv ("KIN_SOURCE"), "tests", "families", file, NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    g_autofree char *line = rows_fill_in (lines[i], with);
    g_auto (GStrv) words = NULL;

    if (g_shell_parse_argv (line, NULL, &words, NULL)) {
      if (strcmp (words[0], "use") != 0)
        take (words, data);
      else if (!rows_read (words[1], words + 2, take, data))
        fail_msg ("%s: there is no %s", file, words[1]);
    }
  }
  return TRUE;
}

/* The number of EADDRINUSE; 0: there is no such name. */
static inline int
rows_errno (const char *name)
{
  for (int code = 1; code < 200; code++)
    if (g_strcmp0 (strerrorname_np (code), name) == 0)
      return code;
  return 0;
}

#endif
