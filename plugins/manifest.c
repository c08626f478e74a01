/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* manifest: what a program must know of a family before it loads the plugin.
 *
 *   kin-manifest 1
 *   name inet
 *   summary Internet sockets, IPv4
 *   abi 1.0                      KIN_MAJOR and KIN_MINOR of the header that it was built with
 *   machine 64 little 62         class, byte order and e_machine of elf(5)
 *   domain 2                     or "dynamic", or "dynamic over 40"
 *   flags 0                      KIN_FAMILY_…
 *   scheme tcp4
 *   shared-scheme tcp            other families may have it, too
 *   constants                    the headers end here
 *   IPPROTO_TCP 6
 *   BDADDR_ANY =00:00:00:00:00:00
 *   end
 *
 * kin-manifest writes it from the descriptor, and a plugin that would not get the very same lines
 * is refused. Lines are in this order; one of another kind after flags is a later libkin's, and is
 * left alone.
 *
 * It is read at the start of every program: the text is read in one piece and cut into strings
 * where it lies, and the constants are not looked at until somebody asks for one. */
#include <string.h>
#include <unistd.h>

#include "host.h"

#define FIRST_LINE "kin-manifest 1"
#define LAST_LINES "\nend\n"

enum { NAME_MOST = 23, SUMMARY_MOST = 255 };

/* ---- Headers ------------------------------------------------------------------------------- */

static gboolean
is_word (const char *text)
{
  gsize n = 0;

  while ((g_ascii_table[(guchar) text[n]] & (G_ASCII_LOWER | G_ASCII_DIGIT)) || text[n] == '-')
    n++;
  return n > 0 && n <= NAME_MOST && text[n] == 0;
}

/* Digits and then end: a NUL, or where the caller says so. Returns what follows end, or NULL. */
static const char *
read_number (const char *text, guint64 most, char end, guint64 *number)
{
  const char *at = text;

  for (*number = 0; g_ascii_isdigit (*at) && *number <= most; at++)
    *number = *number * 10 + (guint64) (*at - '0');
  return at > text && *at == end && *number <= most ? at + 1 : NULL;
}

static char *
complain (const char *key, const char *expected, const char *found)
{
  g_autofree char *quoted = kin__quote (found, -1);

  return g_strdup_printf ("%s: expected %s, found %s", key, expected, quoted);
}

#define DYNAMIC_OVER "dynamic over "
#define WORD         "1 to 23 lower-case letters, digits and '-'"

static char *
take_name (KinManifest *manifest, char *value)
{
  if (strcmp (value, manifest->stem) != 0) {
    g_autofree char *expected = g_strdup_printf ("that of the file, \"%s\"", manifest->stem);

    return complain ("name", expected, value);
  }
  return is_word (value) ? NULL : complain ("name", WORD, value);
}

static char *
take_summary (KinManifest *manifest, char *value)
{
  const guchar *at = (const guchar *) value;
  guchar bits = 0;

  for (; *at >= ' ' && *at != 0x7f; at++)
    bits |= *at;
  if (*at != 0)
    return complain ("summary", "no control characters", value);
  if ((const char *) at - value > SUMMARY_MOST)
    return complain ("summary", "at most 255 bytes", value);
  if ((bits & 0x80) && !g_utf8_validate (value, -1, NULL))
    return complain ("summary", "UTF-8", value);
  manifest->entry.info.summary = value;
  return NULL;
}

static char *
take_abi (KinManifest *manifest, char *value)
{
  guint64 major, minor;
  const char *rest = read_number (value, G_MAXUINT16, '.', &major);

  if (!rest || !read_number (rest, G_MAXUINT16, 0, &minor))
    return complain ("abi", "MAJOR.MINOR", value);
  manifest->major = (guint) major;
  return NULL;
}

static char *
take_machine (KinManifest *manifest, char *value)
{
  manifest->machine = value;
  return NULL;
}

static char *
take_domain (KinManifest *manifest, char *value)
{
  guint64 number;

  if (read_number (value, G_MAXINT32, 0, &number) && number > 0)
    manifest->entry.info.domain = (int) number;
  else if (strcmp (value, "dynamic") == 0
           || (g_str_has_prefix (value, DYNAMIC_OVER)
               && read_number (value + strlen (DYNAMIC_OVER), G_MAXINT32, 0, &number)
               && number > 0))
    manifest->entry.info.domain = KIN_DOMAIN_DYNAMIC;
  else
    return complain ("domain", "a number, \"dynamic\" or \"dynamic over\" a number", value);
  return NULL;
}

static char *
take_flags (KinManifest *manifest, char *value)
{
  guint64 flags;

  if (!read_number (value, G_MAXUINT32, 0, &flags))
    return complain ("flags", "a number", value);
  manifest->flags = (guint32) flags;
  return NULL;
}

static char *
take_scheme (KinManifest *manifest, char *value, gboolean is_shared)
{
  guint n = 0;

  if (!is_word (value))
    return complain ("scheme", WORD, value);
  for (; manifest->schemes[n]; n++)
    if (*manifest->schemes[n] == *value && strcmp (manifest->schemes[n], value) == 0)
      return complain ("scheme", "each once", value);
  if (n == KIN__SCHEMES_MOST)
    return complain ("scheme", "at most 64", value);
  manifest->schemes[n] = value;
  manifest->is_shared[n] = is_shared != FALSE;
  return NULL;
}

/* ---- Reading ------------------------------------------------------------------------------- */

/* What each manifest has once. */
static const struct {
  const char *key;
  char *(*take) (KinManifest *manifest, char *value);
} headers[] = {
  { "name", take_name },       { "summary", take_summary }, { "abi", take_abi },
  { "machine", take_machine }, { "domain", take_domain },   { "flags", take_flags },
};

/* What follows "key " if the line starts with that, or NULL. */
static char *
value_of (char *line, const char *key)
{
  gsize length;

  if (*line != *key) /* which tells most of them apart, at every program's start */
    return NULL;
  length = strlen (key);
  return strncmp (line, key, length) == 0 && line[length] == ' ' ? line + length + 1 : NULL;
}

/* The next line, cut off with a NUL. */
static char *
cut_line (char **at)
{
  char *line = *at, *end = strchr (line, '\n');

  *end = 0;
  *at = end + 1;
  return line;
}

/* The form that all manifests have, so that what follows finds the end of each line. */
static char *
check_frame (const char *text, gsize length)
{
  const char *nul = memchr (text, 0, length);

  if (!g_str_has_prefix (text, FIRST_LINE "\n")) {
    g_autofree char *quoted = kin__quote (text, (gssize) strcspn (text, "\n"));

    return g_strdup_printf ("expected \"%s\" as its first line, found %s", FIRST_LINE, quoted);
  }
  if (nul)
    return g_strdup_printf ("expected text, found a NUL after %u bytes", (guint) (nul - text));
  if (length < strlen (LAST_LINES) || strcmp (text + length - strlen (LAST_LINES), LAST_LINES) != 0)
    return g_strdup ("expected \"end\" as its last line: it is cut short");
  return NULL;
}

static char *
parse_headers (KinManifest *manifest, char **at, const char *end)
{
  char *reason = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (headers) && !reason; i++) {
    char *line = *at < end ? cut_line (at) : "", *value = value_of (line, headers[i].key);

    reason = value ? headers[i].take (manifest, value) : complain ("line", headers[i].key, line);
  }
  return reason;
}

static char *
parse_schemes (KinManifest *manifest, char **at, const char *end)
{
  char *reason = NULL;

  while (!reason && *at < end) {
    char *line = cut_line (at), *value;

    if ((value = value_of (line, "scheme")))
      reason = take_scheme (manifest, value, FALSE);
    else if ((value = value_of (line, "shared-scheme")))
      reason = take_scheme (manifest, value, TRUE);
    else if (strcmp (line, "constants") == 0) {
      manifest->entry.constants = *at;
      return manifest->schemes[0] ? NULL : g_strdup ("expected a line \"scheme\", found none");
    }
  }
  return reason ? reason : g_strdup ("expected a line \"constants\", found none");
}

char *
kin__manifest_parse (KinManifest *manifest, char *text, gsize length)
{
  char *at = text + strlen (FIRST_LINE) + 1, *end = text + length;
  char *reason = check_frame (text, length);

  manifest->text = text;
  manifest->length = length;
  if (!reason)
    reason = parse_headers (manifest, &at, end);
  if (!reason)
    reason = parse_schemes (manifest, &at, end);
  return reason;
}

gboolean
kin__manifest_knows (const char *line)
{
  char *start = (char *) line;

  for (guint i = 0; i < G_N_ELEMENTS (headers); i++)
    if (value_of (start, headers[i].key))
      return TRUE;
  return value_of (start, "scheme") || value_of (start, "shared-scheme");
}

static char *
read_text (int folder, const char *file_name, gsize *length, char **reason)
{
  struct stat status;
  int fd = kin__file_open (folder, file_name, KIN__MANIFEST_MOST, &status, reason);
  char *text;
  gssize n;

  if (fd < 0)
    return NULL;
  *length = (gsize) status.st_size;
  text = g_malloc (*length + 1);
  n = read (fd, text, *length);
  close (fd);
  if (n == (gssize) *length) {
    text[n] = 0;
    return text;
  }
  *reason = g_strdup_printf ("expected %u bytes, found %d", (guint) *length, (int) n);
  g_free (text);
  return NULL;
}

/* A name to list a family by whose file has none that can be one. */
static char *
make_name (const char *stem)
{
  char *name = g_strndup (stem, NAME_MOST);

  for (char *at = name; *at; at++)
    if (!g_ascii_islower (*at) && !g_ascii_isdigit (*at))
      *at = '-';
  return name;
}

KinManifest *
kin__manifest_new (const char *folder, char *stem)
{
  KinManifest *manifest = g_new0 (KinManifest, 1);

  manifest->stem = stem;
  manifest->entry.info.name = stem;
  manifest->entry.info.summary = "";
  manifest->entry.info.schemes = manifest->schemes;
  manifest->entry.info.file = g_strconcat (folder, "/", stem, ".so", NULL);
  manifest->entry.info.domain = KIN_DOMAIN_DYNAMIC;
  manifest->entry.is_shared = manifest->is_shared;
  return manifest;
}

void
kin__manifest_free (KinManifest *manifest)
{
  if (manifest->entry.info.name != manifest->stem)
    g_free ((char *) manifest->entry.info.name);
  g_free ((char *) manifest->entry.info.file);
  g_free ((char *) manifest->entry.info.reason);
  g_free (manifest->stem);
  g_free (manifest->text);
  g_free (manifest);
}

void
kin__manifest_refuse (KinManifest *manifest, char *reason)
{
  manifest->entry.info.state = KIN_FAMILY_REFUSED;
  manifest->entry.info.reason = reason;
  if (!is_word (manifest->stem))
    manifest->entry.info.name = make_name (manifest->stem);
}

static char *
check_machine (const KinManifest *manifest, const char *machine)
{
  if (manifest->major != KIN_MAJOR)
    return g_strdup_printf (
        "expected a plugin for major %d of kin/family.h, found one for major %u", KIN_MAJOR,
        manifest->major);
  if (strcmp (manifest->machine, machine) != 0) {
    g_autofree char *quoted = kin__quote (manifest->machine, -1);

    return g_strdup_printf ("expected machine \"%s\", found %s (class, byte order and e_machine of "
                            "elf(5))",
                            machine, quoted);
  }
  return NULL;
}

KinManifest *
kin__manifest_read (int fd, const char *folder, char *file_name, const char *machine)
{
  gsize length;
  char *why, *text = read_text (fd, file_name, &length, &why);
  KinManifest *manifest;

  file_name[strlen (file_name) - strlen (".kin")] = 0;
  manifest = kin__manifest_new (folder, file_name);
  if (text)
    why = kin__manifest_parse (manifest, text, length);
  if (!why && machine)
    why = check_machine (manifest, machine);
  if (why) {
    g_autofree char *path = g_strconcat (folder, "/", manifest->stem, ".kin", NULL);
    g_autofree char *shown = kin__file_text (path);

    kin__manifest_refuse (manifest, g_strdup_printf ("manifest %s is refused: %s", shown, why));
    g_free (why);
  }
  return manifest;
}
