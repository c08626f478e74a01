/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/modules.c: would a socket of this family make the kernel load modules?
 *
 * A module is there when /proc/modules or /sys/module has it or modules.builtin lists it; not every
 * built-in one is in any of these. It can be loaded when modules.dep lists it. A kernel without
 * /proc/modules loads none. In a container the kernel's lists are often missing, and the kernel
 * loads modules all the same: then nothing is known. */
#include <string.h>
#include <sys/utsname.h>

#include "tool.h"

/* The kernel takes - and _ in a module's name for the same. */
static gboolean
modules_is_same (const char *a, gsize length, const char *name)
{
  if (strlen (name) != length)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if ((a[i] == '-' ? '_' : a[i]) != (name[i] == '-' ? '_' : name[i]))
      return FALSE;
  return TRUE;
}

/* Lines are "name …" or "path/name.ko…: …". */
static gboolean
modules_list_has (const char *list, const char *name)
{
  for (const char *line = list; line && *line;) {
    gsize length = strcspn (line, " :\n");
    const char *slash = memrchr (line, '/', length);
    const char *start = slash ? slash + 1 : line;
    const char *dot = memchr (start, '.', (gsize) (line + length - start));
    const char *end = dot ? dot : line + length;
    const char *newline = strchr (line, '\n');

    if (modules_is_same (start, (gsize) (end - start), name))
      return TRUE;
    line = newline ? newline + 1 : NULL;
  }
  return FALSE;
}

typedef struct {
  const char *root;
  char *loaded;             /* NULL: the kernel loads none */
  char *builtin, *loadable; /* NULL: no list at hand */
} Lists;

static char *
modules_read (const char *root, const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (root, folder, name, NULL);
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, NULL);
  return text;
}

/* Where one module was found; 0: nowhere, and so it cannot be loaded. */
enum { IS_THERE = 1, IS_LOADABLE = 2, IS_UNKNOWN = 4 };

static int
modules_find (const Lists *lists, const char *name)
{
  g_autofree char *plain = g_strdelimit (g_strdup (name), "-", '_');
  g_autofree char *folder = g_build_filename (lists->root, "/sys/module", plain, NULL);

  if (modules_list_has (lists->loaded, name) || modules_list_has (lists->builtin, name)
      || g_file_test (folder, G_FILE_TEST_EXISTS))
    return IS_THERE;
  if (!lists->loadable)
    return IS_UNKNOWN;
  return modules_list_has (lists->loadable, name) ? IS_LOADABLE : 0;
}

/* "a|b": one of them will do. */
static ModulesState
modules_word_state (const Lists *lists, const char *word)
{
  g_auto (GStrv) names = g_strsplit (word, "|", -1);
  int found = 0;

  for (guint i = 0; names[i]; i++)
    found |= modules_find (lists, names[i]);
  if (found & IS_THERE || found == 0)
    return MODULES_READY;
  return found & IS_LOADABLE ? MODULES_NOT_LOADED : MODULES_UNKNOWN;
}

/* words: of KinFamily.modules, or NULL. root: "/", but in tests. lacking: those that are not there,
 * to free. */
ModulesState
modules_state (const char *root, const char *words, char **lacking)
{
  g_auto (GStrv) all = g_strsplit (words ? words : "", " ", -1);
  g_autoptr (GPtrArray) missing = g_ptr_array_new ();
  g_autofree char *folder = NULL, *builtin = NULL, *loadable = NULL, *loaded = NULL;
  ModulesState state = MODULES_READY;
  struct utsname name;
  Lists lists;

  *lacking = NULL;
  loaded = modules_read (root, "proc", "modules");
  if (!loaded || uname (&name) < 0)
    return MODULES_READY;
  folder = g_build_filename ("lib/modules", name.release, NULL);
  builtin = modules_read (root, folder, "modules.builtin");
  loadable = modules_read (root, folder, "modules.dep");
  lists = (Lists){ .root = root, .loaded = loaded, .builtin = builtin, .loadable = loadable };
  for (guint i = 0; all[i]; i++) {
    ModulesState word_state = *all[i] ? modules_word_state (&lists, all[i]) : MODULES_READY;

    if (word_state != MODULES_READY)
      g_ptr_array_add (missing, all[i]);
    if (word_state != MODULES_READY && state != MODULES_NOT_LOADED)
      state = word_state;
  }
  g_ptr_array_add (missing, NULL);
  *lacking = g_strjoinv (" ", (char **) missing->pdata);
  return state;
}
