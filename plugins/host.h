/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* host.h: the parts of the plugin host.
 *
 * file.c opens what may be opened, manifest.c reads and writes manifests, elf.c looks at a plugin
 * before the dynamic linker does, loader.c hands it over, host.c puts them together. */
/* clang-format off */
#ifndef KIN_HOST_H
#define KIN_HOST_H

#include <sys/stat.h>

#include "private.h"

/* Functions that check return NULL, or why not, to be freed: what was expected and what found, in
 * words that follow "PATH is refused: ". */

/* ---- Files: file.c ------------------------------------------------------------------------- */

enum {
  KIN__MANIFEST_MOST = 64 * 1024,
  KIN__PLUGIN_MOST   = 64 * 1024 * 1024
};

/* Opens a regular file of at most so many bytes, for reading, without ever waiting; status is what
 * was opened. -1: *reason says why not, errno too. folder: openat(2)'s. */
int   kin__file_open (int folder, const char *name, goffset most, struct stat *status,
                      char **reason);
/* The path as one line of a message shows it; to be freed. */
char *kin__file_text (const char *path);

/* ---- Manifests: manifest.c ----------------------------------------------------------------- */

enum { KIN__SCHEMES_MOST = 64 };

/* A manifest, and the entry that it makes. */
typedef struct {
  KinEntry    entry;     /* first: the registry hands out this part */
  char       *stem;      /* the file's name without ".kin": what the family's must be */
  char       *text;      /* what was read; its header lines end in NUL, the constants in newlines */
  gsize       length;
  const char *machine;   /* this, and the entry's other strings, are parts of text */
  guint       major;
  guint32     flags;     /* KIN_FAMILY_… */
  const char *schemes[KIN__SCHEMES_MOST + 1];
  guint8      is_shared[KIN__SCHEMES_MOST];
} KinManifest;

/* Of a family of which nothing is known but its file's name. Takes stem. */
KinManifest *kin__manifest_new (const char *folder, char *stem);
void         kin__manifest_free (KinManifest *manifest);
/* The entry is listed as refused from now on. Takes reason: one line. */
void         kin__manifest_refuse (KinManifest *manifest, char *reason);
/* Takes text, of length bytes and a NUL. */
char        *kin__manifest_parse (KinManifest *manifest, char *text, gsize length);
/* Reads NAME.kin of the folder that is open as fd. Takes file_name. machine: kin__elf_machine (),
 * for which the plugin must be made; NULL: any. Never NULL: a bad manifest is refused. */
KinManifest *kin__manifest_read (int fd, const char *folder, char *file_name,
                                 const char *machine);
/* Does this libkin know such a header? line ends in NUL or newline. */
gboolean     kin__manifest_knows (const char *line);

/* ---- Manifests from descriptors: manifest-write.c ------------------------------------------ */

/* Has the unchecked descriptor a form that the functions below can read? */
gboolean     kin__manifest_can_describe (const KinFamily *family);
/* The manifest of a family, to be freed. */
char        *kin__manifest_write (const KinFamily *family);
/* The first line in which the family's manifest would be another one. */
char        *kin__manifest_compare (const KinManifest *manifest, const KinFamily *family);

/* ---- Plugins: elf.c, loader.c -------------------------------------------------------------- */

enum { KIN__MACHINE_SIZE = 32 };

/* What this libkin is made for: "64 little 62", class, byte order and e_machine of elf(5). */
void  kin__elf_machine (char words[KIN__MACHINE_SIZE]);
/* Is the file, of size bytes, a whole shared library for this machine? */
char *kin__elf_check (int fd, guint64 size);

/* Loads a plugin for ever; returns its descriptor, unchecked. KIN_ERROR_NO_PLUGIN: there is no such
 * file; or KIN_ERROR_PLUGIN_REFUSED. */
const KinFamily *kin__loader_open (const char *path, GError **error);

/* ---- The host: host.c ---------------------------------------------------------------------- */

/* Is libkin linked into the program, instead of a file of its own? */
extern const gboolean kin__is_static;
extern const KinHost  kin__plugin_host;

#endif
