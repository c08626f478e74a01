/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/test-plugins.c: what the plugin host makes of files, and of plugins of another time.
 *
 * Needs: plugins */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "host.h"

static char *folder; /* a new one for each test */

static int
make_folder (void **state)
{
  (void) state;
  folder = g_dir_make_tmp ("kin-test-XXXXXX", NULL);
  return folder ? 0 : -1;
}

static int
remove_folder (void **state)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  const char *name;

  (void) state;
  while ((name = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename (folder, name, NULL);

    g_remove (path);
  }
  g_dir_close (dir);
  g_rmdir (folder);
  g_clear_pointer (&folder, g_free);
  return 0;
}

static char *
path_of (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

/* Takes reason; it is one line and has the words. */
static void
assert_reason (char *reason, const char *words)
{
  if (!reason)
    fail_msg ("nothing is said of: %s", words);
  if (!strstr (reason, words))
    fail_msg ("\"%s\" is not in: %s", words, reason);
  assert_null (strchr (reason, '\n'));
  assert_true (g_utf8_validate (reason, -1, NULL));
  g_free (reason);
}

/* ---- Files -------------------------------------------------------------------------------- */

static void
assert_not_opened (const char *name, const char *words)
{
  g_autofree char *path = path_of (name);
  struct stat status;
  char *reason;

  assert_int_equal (kin__file_open (AT_FDCWD, path, 1000, &status, &reason), -1);
  assert_int_not_equal (errno, 0);
  assert_reason (reason, words);
}

static void
test_files_that_are_none (void **state)
{
  g_autofree char *fifo = path_of ("fifo"), *directory = path_of ("directory");
  g_autofree char *dangling = path_of ("dangling"), *device = path_of ("device");
  g_autofree char *loop = path_of ("link-loop");

  (void) state;
  assert_int_equal (mkfifo (fifo, 0600), 0);
  assert_int_equal (mkdir (directory, 0700), 0);
  assert_int_equal (symlink ("nowhere", dangling), 0);
  assert_int_equal (symlink ("/dev/null", device), 0);
  assert_int_equal (symlink ("link-loop", loop), 0);
  assert_not_opened ("fifo", "found a FIFO");
  assert_not_opened ("directory", "found a directory");
  assert_not_opened ("dangling", "No such file");
  assert_not_opened ("device", "found a device");
  assert_not_opened ("link-loop", "Too many levels");
}

static void
test_files_by_size (void **state)
{
  g_autofree char *path = path_of ("file"), *reason = NULL;
  struct stat status;
  int fd = open (path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

  (void) state;
  assert_int_equal (ftruncate (fd, 1000), 0);
  close (fd);
  fd = kin__file_open (AT_FDCWD, path, 1000, &status, &reason);
  assert_true (fd >= 0);
  assert_null (reason);
  assert_int_equal (status.st_size, 1000);
  assert_int_equal (fcntl (fd, F_GETFD), FD_CLOEXEC);
  close (fd);
  assert_int_equal (truncate (path, 1001), 0);
  assert_not_opened ("file", "expected at most 1000 bytes, found 1001");
  assert_int_equal (truncate (path, (off_t) 5 << 30), 0);
  assert_not_opened ("file", "expected at most 1000 bytes, found 5368709120");
}

static void
test_paths_in_messages (void **state)
{
  static const char *const paths[][2] = {
    { "/usr/lib/kin-1/größe.so", "/usr/lib/kin-1/größe.so" },
    { "/x/\033[31mred.so", "/x/\\033[31mred.so" },
    { "/x/a\nb.so", "/x/a\\nb.so" },
    { "/x/\xff.so", "/x/\\377.so" },
  };

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_autofree char *text = kin__file_text (paths[i][0]);

    assert_string_equal (text, paths[i][1]);
  }
}

/* ---- ELF headers -------------------------------------------------------------------------- */

typedef struct {
  ElfW (Ehdr) header;
  ElfW (Phdr) rows[2];
  char rest[104];
} Image;

static const ElfW (Ehdr) * own_header (void)
{
  static ElfW (Ehdr) header;
  int fd = open ("/proc/self/exe", O_RDONLY | O_CLOEXEC);

  assert_int_equal (read (fd, &header, sizeof header), sizeof header);
  close (fd);
  return &header;
}

static Image
make_image (void)
{
  Image image = { .header = *own_header () };

  image.header.e_type = ET_DYN;
  image.header.e_phoff = offsetof (Image, rows);
  image.header.e_phnum = G_N_ELEMENTS (image.rows);
  image.header.e_phentsize = sizeof image.rows[0];
  image.header.e_shoff = image.header.e_shnum = 0;
  for (guint i = 0; i < G_N_ELEMENTS (image.rows); i++)
    image.rows[i].p_type = PT_LOAD;
  image.rows[0].p_filesz = sizeof image;
  image.rows[1].p_offset = offsetof (Image, rest);
  image.rows[1].p_filesz = sizeof image.rest;
  return image;
}

static char *
check_image (const Image *image, gsize size)
{
  int fd = memfd_create ("image", MFD_CLOEXEC);
  char *reason;

  assert_int_equal (write (fd, image, size), size);
  reason = kin__elf_check (fd, size);
  close (fd);
  return reason;
}

#define assert_bad_image(words, ...)                                                               \
  do {                                                                                             \
    Image bad = make_image ();                                                                     \
    __VA_ARGS__;                                                                                   \
    assert_reason (check_image (&bad, sizeof bad), words);                                         \
  } while (0)

static void
test_elf (void **state)
{
  Image image = make_image ();

  (void) state;
  assert_null (check_image (&image, sizeof image));
  for (gsize n = 0; n < sizeof image; n++)
    assert_reason (check_image (&image, n), n < sizeof image.header ? "ELF" : "cut short");
  assert_bad_image ("starts with \"#!/b\"", memcpy (&bad, "#!/bin/sh", 9));
  assert_bad_image ("found \"? ", bad.header.e_ident[EI_CLASS] = 7);
  assert_bad_image ("expected machine", bad.header.e_ident[EI_CLASS] ^= 3);
  assert_bad_image ("expected machine", bad.header.e_ident[EI_DATA] ^= 3);
  assert_bad_image ("expected machine", bad.header.e_machine ^= 1);
  assert_bad_image ("found type 2", bad.header.e_type = ET_EXEC);
  assert_bad_image ("program headers", bad.header.e_phentsize--);
  assert_bad_image ("program headers", bad.header.e_phnum = 0);
  assert_bad_image ("program headers", bad.header.e_phnum = 0xffff);
  assert_bad_image ("program headers", bad.header.e_phoff = sizeof bad);
  assert_bad_image ("program headers", bad.header.e_phoff -= sizeof bad);
  assert_bad_image ("a segment", bad.rows[1].p_filesz++);
  assert_bad_image ("a segment", bad.rows[1].p_offset++);
  assert_bad_image ("a segment", bad.rows[1].p_offset -= sizeof bad);
  assert_bad_image ("a segment", bad.rows[1].p_filesz -= sizeof bad);
  assert_bad_image ("section headers", bad.header.e_shoff = sizeof bad + 1);
  assert_bad_image ("section headers", bad.header.e_shoff = 64; bad.header.e_shnum = 9999;
                    bad.header.e_shentsize = 64);
}

/* The machine's words are those of its ELF header. */
static void
test_elf_machine (void **state)
{
  const ElfW (Ehdr) *own = own_header ();
  char words[KIN__MACHINE_SIZE];
  g_autofree char *expected =
      g_strdup_printf ("%d %s %d", (int) sizeof (void *) * 8,
                       G_BYTE_ORDER == G_LITTLE_ENDIAN ? "little" : "big", own->e_machine);

  (void) state;
  kin__elf_machine (words);
  assert_string_equal (words, expected);
}

/* ---- Loading ------------------------------------------------------------------------------ */

static void
assert_option (KinSocket *socket, const char *name, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *found = kin_socket_get_option_text (socket, name, &error);

  assert_null (error);
  assert_string_equal (found, text);
}

static int
open_partner (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  assert_int_equal (bind (fd, (struct sockaddr *) &address, sizeof address), 0);
  return fd;
}

/* A socket of the plugin's, and one of the kernel's, whose bytes the plugin turns. */
static void
exchange (const char *age)
{
  g_autofree char *ours = path_of ("ours"), *theirs = path_of ("theirs"), *text = NULL;
  g_autofree char *linger = g_strconcat (age, ".linger", NULL);
  g_autofree char *priority = g_strconcat (age, ".priority", NULL);
  g_autofree char *endpoint =
      g_strconcat (age, ":", ours, "?", linger, "=1:5&", priority, "=3", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = kin_bind (endpoint, &error);
  int partner = open_partner (theirs);
  KinAddress address, from;
  char data[8];

  assert_null (error);
  assert_option (socket, linger, "1:5");
  assert_option (socket, priority, "3");
  assert_true (kin_socket_set_option_text (socket, priority, "4", NULL));
  assert_option (socket, priority, "4");
  text = g_strconcat (age, ":", theirs, NULL);
  assert_true (kin_address_parse (&address, text, NULL));
  assert_true (kin_socket_connect (socket, &address, &error));
  assert_int_equal (kin_socket_send (socket, "ab", 2, 0, &error), 2);
  assert_int_equal (recv (partner, data, sizeof data, 0), 2);
  assert_memory_equal (data, "\x9e\x9d", 2);

  assert_true (kin_socket_local (socket, &from, &error));
  assert_int_equal (sendto (partner, "\x9c\x9b", 2, 0, &from.sa.generic, from.length), 2);
  assert_true (kin_socket_set_timeout (socket, KIN_SECONDS (5), NULL));
  assert_int_equal (kin_socket_recv (socket, data, sizeof data, 0, &error), 2);
  assert_memory_equal (data, "cd", 2);

  /* With an address it is sendmsg's, which this family leaves to the kernel. */
  assert_int_equal (kin_socket_sendto (socket, "ab", 2, 0, &address, &error), 2);
  assert_int_equal (recv (partner, data, sizeof data, 0), 2);
  assert_memory_equal (data, "ab", 2);
  assert_null (error);
  close (partner);
}

static KinFamilyState
state_of (const char *name)
{
  g_autoptr (GPtrArray) families = kin_list_families ();

  for (guint i = 0; i < families->len; i++) {
    const KinFamilyInfo *info = families->pdata[i];

    if (strcmp (info->name, name) == 0)
      return info->state;
  }
  fail_msg ("there is no family %s", name);
  return KIN_FAMILY_REFUSED;
}

/* Of a family built with another kin/family.h, every table's second row. */
static void
read_tables (const char *age, guint minor)
{
  const KinFamily *family = kin_load_family (age, NULL);
  KinProtocol protocol;
  KinOption option;
  KinHint hint;

  assert_non_null (family);
  assert_int_equal (family->minor, minor);
  assert_true (kin_table_get (&family->protocols, 1, &protocol, sizeof protocol));
  assert_true (g_str_has_suffix (protocol.scheme, "-stream"));
  assert_null (protocol.bind_options);
  assert_null (protocol.describe);
  assert_null (protocol.log);
  assert_null (protocol.compose);
  assert_null (protocol.datagram);
  assert_null (protocol.watch_options);
  assert_true (kin_table_get (&family->options, 1, &option, sizeof option));
  assert_int_equal (option.number, SO_PRIORITY);
  assert_null (option.names);
  assert_true (kin_table_get (&family->hints, 1, &hint, sizeof hint));
  assert_string_equal (hint.operation, "connect");
  assert_int_equal (hint.code, 0);
  assert_null (family->probe);
  assert_int_not_equal (family->protocols.stride, sizeof protocol);
  assert_int_not_equal (family->options.stride, sizeof option);
  assert_int_not_equal (family->hints.stride, sizeof hint);
  assert_int_not_equal (family->ops->size, sizeof (KinSocketOps));
}

static void
check_age (const char *age, guint minor)
{
  g_autofree char *text = g_strconcat (age, "-stream:/run/a+b", NULL), *again = NULL;
  g_autofree char *printed = NULL;
  g_autoptr (GVariant) tuple = NULL;
  KinAddress address;

  assert_int_equal (state_of (age), KIN_FAMILY_LISTED);
  assert_true (kin_address_parse (&address, text, NULL));
  assert_int_equal (state_of (age), KIN_FAMILY_LOADED);
  again = kin_address_format (&address);
  tuple = g_variant_ref_sink (kin_address_to_tuple (&address));
  printed = kin_value_print (tuple);
  assert_string_equal (again, text);
  assert_string_equal (printed, "'/run/a+b'");
  read_tables (age, minor);
  exchange (age);
}

static void
test_older_plugin (void **state)
{
  (void) state;
  check_age ("older", KIN_MINOR);
}

static void
test_newer_plugin (void **state)
{
  (void) state;
  check_age ("newer", KIN_MINOR + 1);
}

/* A program with a libkin of its own does not even look for the plugin. */
static void
test_plugin_that_uses_libkin (void **state)
{
  g_autoptr (GError) error = NULL;

  (void) state;
  assert_null (kin_load_family ("uses", &error));
  assert_int_equal (error->domain, KIN_ERROR);
  assert_int_equal (error->code, kin__is_static ? KIN_ERROR_PLUGIN_REFUSED : KIN_ERROR_NO_PLUGIN);
  assert_non_null (
      strstr (error->message, kin__is_static ? "a libkin of its own" : "/uses.so is not there"));
}

/* Found before anything is loaded; an entry for what is not there. */
static void
test_constants_from_manifests (void **state)
{
  g_autoptr (GVariant) number = kin_get_constant ("AGES_SECOND");
  g_autoptr (GVariant) text = kin_get_constant ("AGES_TEXT");
  g_autoptr (GVariant) bytes = kin_get_constant ("USES_BYTES");

  (void) state;
  assert_int_equal (state_of ("older"), KIN_FAMILY_LISTED);
  assert_int_equal (g_variant_get_int64 (number), -2);
  assert_string_equal (g_variant_get_string (text, NULL), "of its own");
  assert_true (g_variant_is_of_type (bytes, G_VARIANT_TYPE_STRING));
  assert_null (kin_get_constant ("AGES_"));
  assert_null (kin_get_constant ("end"));
}

/* A relative folder is meant from where the program then was; an empty one is none. */
static void
test_folders (void **state)
{
  g_autoptr (GPtrArray) families = kin_list_families ();
  gboolean is_older = FALSE;

  (void) state;
  for (guint i = 0; i < families->len; i++) {
    const KinFamilyInfo *info = families->pdata[i];

    assert_true (g_path_is_absolute (info->file));
    assert_false (g_str_has_prefix (info->name, "twin"));
    is_older |= strcmp (info->name, "older") == 0;
  }
  assert_true (is_older);
}

/* The folders of the fixtures, and one with a manifest that has no plugin. */
static int
find_plugins (void **state)
{
  const char *fixtures = g_getenv ("KIN_FIXTURES");
  g_autofree char *path = NULL, *manifest = NULL, *text = NULL, *twins = NULL;
  g_autoptr (GPtrArray) families = NULL;
  char machine[KIN__MACHINE_SIZE];

  make_folder (state);
  manifest = path_of ("uses.kin");
  kin__elf_machine (machine);
  text = g_strdup_printf ("kin-manifest 1\nname uses\nsummary \nabi %d.0\nmachine %s\n"
                          "domain dynamic\nflags 1\nscheme uses\nconstants\n"
                          "USES_BYTES =\xff\xfe\nend\n",
                          KIN_MAJOR, machine);
  path = g_strdup_printf ("../older::%s/newer:%s", fixtures, folder);
  twins = g_build_filename (fixtures, "twins", NULL);
  if (!g_file_set_contents (manifest, text, -1, NULL) || chdir (twins) < 0)
    return -1;
  g_setenv ("KIN_PLUGIN_PATH", path, TRUE);
  families = kin_list_families ();
  return chdir ("/") == 0 && families->len >= 3 ? remove_folder (state) : -1;
}

#define in_folder(test) cmocka_unit_test_setup_teardown (test, make_folder, remove_folder)

int
main (void)
{
  const struct CMUnitTest tests[] = {
    in_folder (test_files_that_are_none),
    in_folder (test_files_by_size),
    cmocka_unit_test (test_paths_in_messages),
    cmocka_unit_test (test_elf),
    cmocka_unit_test (test_elf_machine),
    cmocka_unit_test (test_folders),
    cmocka_unit_test (test_constants_from_manifests),
    in_folder (test_older_plugin),
    in_folder (test_newer_plugin),
    cmocka_unit_test (test_plugin_that_uses_libkin),
  };

  return cmocka_run_group_tests_name ("plugins", tests, find_plugins, NULL);
}
