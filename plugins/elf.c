/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* elf: looks at a plugin before the dynamic linker does.
 *
 * dlopen maps what the program headers say without asking how long the file is: the first touch of
 * a page that a truncated file lacks is a SIGBUS. And what it says of a file for another machine
 * depends on the C library. So the headers are checked here; see elf(5). */
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

enum { HEADERS_MOST = 64 };

/* The header of the file that this code is in, which the linker puts at its start: what a plugin
 * has to be like. */
extern const ElfW (Ehdr) __ehdr_start __attribute__ ((visibility ("hidden")));

/* e_machine is at the same place in files of both classes. */
static void
describe_machine (const ElfW (Ehdr) * header, char words[KIN__MACHINE_SIZE])
{
  guint8 class = header->e_ident[EI_CLASS], order = header->e_ident[EI_DATA];
  guint machine = header->e_machine;

  if (order != __ehdr_start.e_ident[EI_DATA])
    machine = GUINT16_SWAP_LE_BE (header->e_machine);
  g_snprintf (words, KIN__MACHINE_SIZE, "%s %s %u",
              class == ELFCLASS64   ? "64"
              : class == ELFCLASS32 ? "32"
                                    : "?",
              order == ELFDATA2LSB   ? "little"
              : order == ELFDATA2MSB ? "big"
                                     : "?",
              machine);
}

void
kin__elf_machine (char words[KIN__MACHINE_SIZE])
{
  describe_machine (&__ehdr_start, words);
}

static char *
check_header (const ElfW (Ehdr) * header)
{
  char expected[KIN__MACHINE_SIZE], found[KIN__MACHINE_SIZE];

  if (memcmp (header->e_ident, ELFMAG, SELFMAG) != 0) {
    g_autofree char *start = kin__quote ((const char *) header->e_ident, SELFMAG);

    return g_strdup_printf ("expected an ELF file, found one that starts with %s", start);
  }
  kin__elf_machine (expected);
  describe_machine (header, found);
  if (strcmp (expected, found) != 0)
    return g_strdup_printf ("expected machine \"%s\", found \"%s\" (class, byte order and "
                            "e_machine of elf(5))",
                            expected, found);
  if (header->e_type != ET_DYN)
    return g_strdup_printf ("expected a shared library, ELF type %d, found type %d", ET_DYN,
                            header->e_type);
  if (header->e_phentsize != sizeof (ElfW (Phdr)) || header->e_phnum == 0
      || header->e_phnum > HEADERS_MOST)
    return g_strdup_printf ("expected 1 to %d program headers of %d bytes, found %d of %d",
                            HEADERS_MOST, (int) sizeof (ElfW (Phdr)), header->e_phnum,
                            header->e_phentsize);
  return NULL;
}

static char *
check_inside (const char *what, guint64 offset, guint64 length, guint64 size)
{
  if (offset <= size && length <= size - offset)
    return NULL;
  return g_strdup_printf ("it is cut short or damaged: expected %s, %" G_GUINT64_FORMAT
                          " bytes at %" G_GUINT64_FORMAT ", found a file of %" G_GUINT64_FORMAT,
                          what, length, offset, size);
}

char *
kin__elf_check (int fd, guint64 size)
{
  ElfW (Ehdr) header;
  ElfW (Phdr) rows[HEADERS_MOST];
  gsize length;
  char *reason;

  if (pread (fd, &header, sizeof header, 0) != sizeof header)
    return g_strdup_printf ("expected an ELF file, found %" G_GUINT64_FORMAT " bytes", size);
  reason = check_header (&header);
  if (reason)
    return reason;
  length = header.e_phnum * sizeof *rows;
  reason = check_inside ("program headers", header.e_phoff, length, size);
  if (!reason && pread (fd, rows, length, (off_t) header.e_phoff) != (gssize) length)
    return g_strdup ("its program headers cannot be read");
  for (guint i = 0; i < header.e_phnum && !reason; i++)
    reason = check_inside ("a segment", rows[i].p_offset, rows[i].p_filesz, size);
  /* Nobody needs these at run time; but they come last, so a file that has them is whole. */
  if (!reason)
    reason = check_inside ("section headers", header.e_shoff,
                           (guint64) header.e_shnum * header.e_shentsize, size);
  return reason;
}
