/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* loader: from a plugin's path to its descriptor. The only caller of dlopen.
 *
 * A plugin is loaded with all its symbols bound and none given away, and stays for ever: addresses
 * and sockets point into it, and unloading is where plugin systems crash. So one that turns out to
 * be bad after dlopen is not used, but stays mapped. */
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include "host.h"

/* dlopen takes a path, not the descriptor that was checked: /proc/self/fd/3 will not do, because
 * glibc goes by the name first and returns what it loaded under that name before. */
static gboolean
is_still (const char *path, const struct stat *checked)
{
  struct stat now;

  return stat (path, &now) == 0 && now.st_dev == checked->st_dev && now.st_ino == checked->st_ino
         && now.st_size == checked->st_size && now.st_mtim.tv_sec == checked->st_mtim.tv_sec
         && now.st_mtim.tv_nsec == checked->st_mtim.tv_nsec;
}

static const KinFamily *
link_plugin (const char *path, const struct stat *checked, char **reason)
{
  void *plugin = dlopen (path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  const KinFamily *family;

  if (!plugin) {
    *reason = g_strdup_printf ("the dynamic linker says: %s", dlerror ());
    return NULL;
  }
  if (!is_still (path, checked)) {
    *reason = g_strdup ("the file was changed while it was being loaded");
    return NULL;
  }
  family = dlsym (plugin, "kin_family");
  if (!family)
    *reason = g_strdup ("expected a symbol kin_family, found none: it is no plugin of Kin");
  return family;
}

const KinFamily *
kin__loader_open (const char *path, GError **error)
{
  g_autofree char *shown = kin__file_text (path), *reason = NULL;
  const KinFamily *family = NULL;
  struct stat checked;
  int fd = kin__file_open (AT_FDCWD, path, KIN__PLUGIN_MOST, &checked, &reason);

  if (fd < 0 && errno == ENOENT) {
    kin__error_set (error, KIN_ERROR_NO_PLUGIN,
                    "plugin %s is not there, though its manifest is: install it again", shown);
    return NULL;
  }
  if (fd >= 0) {
    reason = kin__elf_check (fd, (guint64) checked.st_size);
    if (!reason)
      family = link_plugin (path, &checked, &reason);
    close (fd);
  }
  if (reason)
    kin__error_set (error, KIN_ERROR_PLUGIN_REFUSED, "plugin %s is refused: %s", shown, reason);
  return family;
}
