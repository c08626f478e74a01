/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* host: finds families in folders, and loads one when the core asks for it.
 *
 * A family is two files, NAME.so and its manifest NAME.kin. The manifests of these folders are read
 * when the first endpoint or socket is made; of two that claim one thing the earlier wins:
 *   1. kin-1/families beside libkin's own file: what was installed with it
 *   2. kin-1/third-party beside it: what other packages install
 *   3. KIN_PLUGIN_PATH
 * A libkin linked into a program has no file, and looks where it was configured to be installed.
 *
 * A plugin is loaded at first use, in this order: what the manifest alone forbids, the file
 * (file.c), its form (elf.c), dlopen (loader.c), the manifest against the descriptor
 * (manifest-write.c); the core then checks the descriptor itself. Who may load what is to be
 * decided before dlopen: by the manifest in host_load, by the file in kin__file_open.
 *
 * Environment:
 *   KIN_PLUGIN_PATH   more folders with plugins, separated by colons. Not heeded where the program
 *                     has rights that its user has not: set-user-ID, file capabilities */
#include <dirent.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

/* ---- Folders ------------------------------------------------------------------------------- */

#ifdef KIN_IS_STATIC
const gboolean kin__is_static = TRUE;
#else
const gboolean kin__is_static = FALSE;
#endif

#define N_OWN_FOLDERS 2

static int
host_find_own_file (struct dl_phdr_info *object, size_t size, gpointer name)
{
  guintptr at = (guintptr) &kin__is_static - object->dlpi_addr;

  (void) size;
  for (guint i = 0; i < object->dlpi_phnum; i++) {
    const ElfW (Phdr) *segment = &object->dlpi_phdr[i];

    if (segment->p_type != PT_LOAD || at - segment->p_vaddr >= segment->p_memsz)
      continue;
    *(const char **) name = object->dlpi_name;
    return 1;
  }
  return 0;
}

/* The folder that libkin's own file was loaded from, so that an install may be moved. Where the
 * file's name is a link to another folder, that one. NULL: there is none. dladdr would tell the
 * file, too, but it reads all symbols for one that we do not want. */
static char *
host_library_folder (void)
{
  char *path, *real, *slash, target[PATH_MAX];
  const char *file = NULL;
  ssize_t n;

  if (kin__is_static || !dl_iterate_phdr (host_find_own_file, &file))
    return NULL;
  n = readlink (file, target, sizeof target);
  real = n > 0 && memchr (target, '/', (gsize) n) ? realpath (file, NULL) : NULL;
  path = g_canonicalize_filename (real ? real : file, NULL);
  free (real);
  slash = strrchr (path, '/');
  *slash = 0;
  return path;
}

static char *
host_folder (const char *library, const char *relative, const char *absolute)
{
  return library ? g_strconcat (library, "/", relative, NULL) : g_strdup (absolute);
}

/* Those of KIN_PLUGIN_PATH are behind the first two, and absolute: the program may go elsewhere
 * before it loads a plugin. */
static char **
host_folders (void)
{
  g_autofree char *library = host_library_folder ();
  const char *path = secure_getenv ("KIN_PLUGIN_PATH");
  g_auto (GStrv) asked = g_strsplit (path ? path : "", ":", -1);
  GPtrArray *folders = g_ptr_array_new ();

  g_ptr_array_add (folders, host_folder (library, KIN_FAMILIES_RELATIVE, KIN_FAMILIES_DIR));
  g_ptr_array_add (folders, host_folder (library, KIN_THIRD_PARTY_RELATIVE, KIN_THIRD_PARTY_DIR));
  for (guint i = 0; asked[i]; i++)
    if (*asked[i])
      g_ptr_array_add (folders, g_canonicalize_filename (asked[i], NULL));
  g_ptr_array_add (folders, NULL);
  return (char **) g_ptr_array_free (folders, FALSE);
}

/* ---- Finding ------------------------------------------------------------------------------- */

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* The manifests' names, each to be freed, sorted: what wins must not hang on the order of a
 * directory. */
static GPtrArray *
host_list_folder (DIR *stream)
{
  GPtrArray *names = g_ptr_array_new ();
  struct dirent *entry;

  while ((entry = readdir (stream)))
    if (g_str_has_suffix (entry->d_name, ".kin"))
      g_ptr_array_add (names, g_strdup (entry->d_name));
  g_ptr_array_sort (names, compare_names);
  return names;
}

static void
host_add_unreadable (const char *folder, int code)
{
  g_autofree char *shown = kin__file_text (folder);
  KinManifest *manifest = kin__manifest_new (folder, g_path_get_basename (folder));

  g_free ((char *) manifest->entry.info.file);
  manifest->entry.info.file = g_strdup (folder);
  kin__manifest_refuse (
      manifest, g_strdup_printf ("plugin folder %s cannot be read: %s", shown, g_strerror (code)));
  kin__registry_add (&manifest->entry);
}

/* is_asked: somebody named the folder, so that it should be there. */
static void
host_scan_folder (const char *folder, const char *machine, gboolean is_asked)
{
  DIR *stream = opendir (folder);
  g_autoptr (GPtrArray) names = NULL;

  if (!stream) {
    if (is_asked || errno != ENOENT)
      host_add_unreadable (folder, errno);
    return;
  }
  names = host_list_folder (stream);
  for (guint i = 0; i < names->len; i++)
    kin__registry_add (
        &kin__manifest_read (dirfd (stream), folder, names->pdata[i], machine)->entry);
  closedir (stream);
}

static void
host_scan (void)
{
  g_auto (GStrv) folders = host_folders ();
  char machine[KIN__MACHINE_SIZE];

  kin__elf_machine (machine);
  for (guint i = 0; folders[i]; i++)
    host_scan_folder (folders[i], machine, i >= N_OWN_FOLDERS);
}

static gboolean
host_serves (const KinManifest *manifest, const char *scheme)
{
  return manifest->entry.info.state == KIN_FAMILY_LISTED
         && (strcmp (manifest->entry.info.name, scheme) == 0
             || g_strv_contains (manifest->entry.info.schemes, scheme));
}

static gboolean
host_has (GPtrArray *families, const char *name)
{
  for (guint i = 0; i < families->len; i++)
    if (strcmp (((const KinFamilyInfo *) families->pdata[i])->name, name) == 0)
      return TRUE;
  return FALSE;
}

static char *
host_known (const char *scheme)
{
  g_autofree char *library = host_library_folder ();
  g_autofree char *folder = host_folder (library, KIN_KNOWN_RELATIVE, KIN_KNOWN_DIR);
  g_autoptr (GPtrArray) names = NULL, families = kin_list_families ();
  DIR *stream = opendir (folder);
  char *name = NULL;

  if (!stream)
    return NULL;
  names = host_list_folder (stream);
  for (guint i = 0; i < names->len; i++) {
    KinManifest *manifest = kin__manifest_read (dirfd (stream), folder, names->pdata[i], NULL);

    if (!name && host_serves (manifest, scheme) && !host_has (families, manifest->entry.info.name))
      name = g_strdup (manifest->entry.info.name);
    kin__manifest_free (manifest);
  }
  closedir (stream);
  return name;
}

/* ---- Loading ------------------------------------------------------------------------------- */

/* Every refusal of a plugin reads like this. */
static void
host_refuse (const KinEntry *entry, const char *why, GError **error)
{
  g_autofree char *shown = kin__file_text (entry->info.file);

  kin__error_set (error, KIN_ERROR_PLUGIN_REFUSED, "plugin %s is refused: %s", shown, why);
}

static const KinLoaded *
host_load (const KinEntry *entry, GError **error)
{
  const KinManifest *manifest = (const KinManifest *) entry;
  const KinLoaded *loaded = NULL;
  g_autofree char *why = NULL;
  const KinFamily *family;

  if (kin__is_static && (manifest->flags & KIN_FAMILY_USES_LIBKIN)) {
    host_refuse (entry,
                 "it opens other sockets through libkin.so, and this program has a libkin of its "
                 "own linked in; link the program with libkin.so",
                 error);
    return NULL;
  }
  family = kin__loader_open (entry->info.file, error);
  if (!family)
    return NULL;
  /* Of a descriptor without a form that we know, the core says what is wrong. */
  if (kin__manifest_can_describe (family))
    why = kin__manifest_compare (manifest, family);
  if (!why)
    loaded = kin__family_take (family, &why);
  if (why)
    host_refuse (entry, why, error);
  return loaded;
}

const KinHost kin__plugin_host = {
  .scan = host_scan,
  .load = host_load,
  .known = host_known,
  .folders = host_folders,
};
