/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-options: every option of every family, and of every socket, is set and read back from the
 * kernel with a changed value, or a row says why not.
 *
 * A truth is turned around and a number made one more, on a new socket of the family's first
 * protocol. What needs another value or another socket has a line in tests/families/NAME.options:
 *
 *   OPTION PLACE HOW TEXT [BACK|ERRNO]
 *   OPTION since 6.3      before that kernel it may answer ENOPROTOOPT
 *   for PREFIX PLACE      where options go whose names begin so
 *   own-network           this family is tried in a network namespace of its own, see net.h
 *
 * PLACE: a scheme: a new socket; an endpoint: one bound there; "=ENDPOINT": a connection to a
 * listener there, and the endpoint's options set on it; "-": as without the line.
 * HOW: one of the words below. TEXT: what it is set to; "+N": its member N is one more; "-": as
 * without the line. A case is all options of one scheme, so that it can be skipped where the kernel
 * lacks that. An option without a line is tested, or fails; so is a line without an option. */
#include "net.h"
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

typedef enum { BOTH, MOVES, STAYS, READ, WRITE, ABSENT } How;

static const char *const hows[] = {
  [BOTH] = "both",     /* what is read is TEXT, or BACK, and was another before */
  [MOVES] = "moves",   /* the kernel goes on counting: what is read is at most 10,000 more */
  [STAYS] = "stays",   /* the kernel takes it, but what is read is another thing */
  [READ] = "read",     /* it has a value */
  [WRITE] = "write",   /* the kernel has no way to read it; set twice, it answers ERRNO then */
  [ABSENT] = "absent", /* it takes a part of the kernel that may be missing: then ERRNO */
  NULL,
};

typedef struct {
  char *place, *text, *back; /* NULL: - */
  How how;
  int code;
  guint major, minor;
  gboolean has_how, is_used;
} Row;

typedef struct {
  char *prefix, *place;
} Default;

/* What a family's file says. */
typedef struct {
  const char *name;
  GHashTable *rows; /* by the option's name */
  GArray *defaults;
  gboolean has_own_network;
} Rows;

/* A case: the options of a family that are tried on one scheme. */
typedef struct {
  char *scheme, *name;
  Rows *rows;
  GArray *options; /* KinOption */
} Group;

/* ---- Rows ---------------------------------------------------------------------------------- */

static char *
take_word (const char *word)
{
  return strcmp (word, "-") == 0 ? NULL : g_strdup (word);
}

static Row *
row_of (Rows *rows, const char *option)
{
  Row *row = g_hash_table_lookup (rows->rows, option);

  if (!row) {
    row = g_new0 (Row, 1);
    g_hash_table_insert (rows->rows, g_strdup (option), row);
  }
  return row;
}

static void
take_row (Row *row, char **words)
{
  guint n = g_strv_length (words);

  if (n < 4 || n > 5)
    fail_msg ("%s: a line is OPTION PLACE HOW TEXT [BACK|ERRNO]", words[0]);
  while (hows[row->how] && strcmp (hows[row->how], words[2]) != 0)
    row->how++;
  if (!hows[row->how])
    fail_msg ("%s: there is no way \"%s\"", words[0], words[2]);
  row->has_how = TRUE;
  row->place = take_word (words[1]);
  row->text = take_word (words[3]);
  row->code = n == 5 ? rows_errno (words[4]) : 0;
  row->back = n == 5 && row->code == 0 ? g_strdup (words[4]) : NULL;
}

static void
take_line (char **words, gpointer data)
{
  Rows *rows = data;

  if (strcmp (words[0], "own-network") == 0)
    rows->has_own_network = TRUE;
  else if (strcmp (words[0], "for") == 0) {
    Default line = { g_strdup (words[1]), g_strdup (words[2]) };

    g_array_append_val (rows->defaults, line);
  } else if (g_strcmp0 (words[1], "since") == 0) {
    Row *row = row_of (rows, words[0]);

    assert_int_equal (sscanf (words[2], "%u.%u", &row->major, &row->minor), 2);
  } else
    take_row (row_of (rows, words[0]), words);
}

static Rows *
read_rows (const char *name)
{
  g_autofree char *file = g_strconcat (name, ".options", NULL);
  Rows *rows = g_new0 (Rows, 1);

  rows->name = name;
  rows->rows = g_hash_table_new (g_str_hash, g_str_equal);
  rows->defaults = g_array_new (FALSE, FALSE, sizeof (Default));
  rows_read (file, NULL, take_line, rows);
  return rows;
}

static const char *
place_of (const Rows *rows, const char *option, const char *usual)
{
  const Row *row = g_hash_table_lookup (rows->rows, option);

  if (row && row->place)
    return row->place;
  for (guint i = 0; i < rows->defaults->len; i++) {
    const Default *line = &g_array_index (rows->defaults, Default, i);

    if (g_str_has_prefix (option, line->prefix))
      return line->place;
  }
  return usual;
}

/* ---- Sockets ------------------------------------------------------------------------------- */

/* The other end of the latest connection, and what it came from: both must outlive the test. */
static KinSocket *door, *server;

static void
close_others (void)
{
  g_clear_pointer (&server, kin_socket_unref);
  g_clear_pointer (&door, kin_socket_unref);
}

static void
set_all (KinSocket *socket, const char *settings)
{
  g_auto (GStrv) list = g_strsplit (settings ? settings : "", "&", -1);

  for (guint i = 0; list[i]; i++) {
    g_auto (GStrv) pair = g_strsplit (list[i], "=", 2);
    g_autoptr (GError) error = NULL;

    must (kin_socket_set_option_text (socket, pair[0], pair[1], &error), error);
  }
}

static KinSocket *
open_connection (const char *endpoint)
{
  g_auto (GStrv) parts = g_strsplit (endpoint, "?", 2);
  g_autoptr (KinSocket) socket = must_bind (parts[0]);
  g_autofree char *to = NULL;

  if (kin_socket_type (socket) == SOCK_DGRAM)
    door = g_steal_pointer (&socket);
  else {
    g_clear_pointer (&socket, kin_socket_unref);
    door = must_listen (parts[0]);
  }
  to = local_text (door);
  socket = must_connect (to);
  server = kin_socket_type (socket) == SOCK_DGRAM ? NULL : must_accept (door);
  set_all (socket, parts[1]);
  return g_steal_pointer (&socket);
}

static KinSocket *
open_place (const char *place)
{
  g_autoptr (GError) error = NULL;
  KinSocket *socket;

  if (*place == '=')
    return open_connection (place + 1);
  if (strchr (place, ':'))
    return must_bind (place);
  socket = kin_socket_new (place, &error);
  must (socket, error);
  return socket;
}

/* "=tcp4:127.0.0.1:0?tcp.repair=on" is of the scheme tcp4. */
static char *
scheme_of (const char *place)
{
  const char *start = place + (*place == '=');

  return g_strndup (start, strcspn (start, ":"));
}

/* NULL: the kernel has it. */
static char *
lack_of (const char *scheme)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = kin_socket_new (scheme, &error);

  if (!socket && errno != EPROTONOSUPPORT && errno != ESOCKTNOSUPPORT && errno != EAFNOSUPPORT)
    fail_msg ("%s", error->message);
  return socket ? NULL : g_strdup (error->message);
}

/* ---- One option ---------------------------------------------------------------------------- */

static char *
read_option (KinSocket *socket, const KinOption *option)
{
  g_autoptr (GError) error = NULL;
  char *text = kin_socket_get_option_text (socket, option->name, &error);

  must (text, error);
  return text;
}

static void
set_option (KinSocket *socket, const KinOption *option, const char *text)
{
  g_autoptr (GError) error = NULL;

  must (kin_socket_set_option_text (socket, option->name, text, &error), error);
}

/* Another value than the one it has. */
static char *
change (const KinOption *option, const char *before, const char *text)
{
  if (text && *text == '+') {
    g_auto (GStrv) members = g_strsplit (before, ":", -1);
    char **member = &members[atoi (text + 1)];
    char *more = g_strdup_printf ("%" G_GINT64_FORMAT, g_ascii_strtoll (*member, NULL, 10) + 1);

    g_free (*member);
    *member = more;
    return g_strjoinv (":", members);
  }
  if (text)
    return g_strdup (text);
  if (option->kind == KIN_BOOL)
    return g_strdup (strcmp (before, "0") == 0 ? "1" : "0");
  if (option->kind == KIN_INT || option->kind == KIN_UINT)
    return g_strdup_printf ("%" G_GINT64_FORMAT, g_ascii_strtoll (before, NULL, 10) + 1);
  fail_msg ("%s: a line must say what it is to be set to", option->name);
  return NULL;
}

static void
check_both_ways (KinSocket *socket, const KinOption *option, const Row *row)
{
  g_autofree char *before = read_option (socket, option);
  g_autofree char *text = change (option, before, row->text), *after = NULL;
  const char *back = row->back ? row->back : text;
  gint64 moved;

  set_option (socket, option, text);
  after = read_option (socket, option);
  moved = g_ascii_strtoll (after, NULL, 10) - g_ascii_strtoll (text, NULL, 10);
  if (row->how == STAYS)
    assert_string_equal (after, before);
  else if (row->how == MOVES)
    assert_in_range (moved, 0, 10000);
  else if (strcmp (after, back) != 0 || strcmp (after, before) == 0)
    fail_msg ("%s: was %s, set to %s, is %s", option->name, before, text, after);
}

static void
check_write_only (KinSocket *socket, const KinOption *option, const Row *row)
{
  g_autoptr (GError) error = NULL;

  if (option->flags & KIN_OPTION_READ)
    fail_msg ("%s can be read", option->name);
  set_option (socket, option, row->text);
  if (row->code)
    assert_fails (kin_socket_set_option_text (socket, option->name, row->text, &error), row->code,
                  &error);
}

static void
check_absent (KinSocket *socket, const KinOption *option, const Row *row)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (row->text && kin_socket_set_option_text (socket, option->name, row->text, &error)) {
    if (option->flags & KIN_OPTION_READ) {
      text = read_option (socket, option);
      assert_string_equal (text, row->text);
    }
    return;
  }
  if (!row->text)
    text = kin_socket_get_option_text (socket, option->name, &error);
  if (!text && !g_error_matches (error, KIN_OS_ERROR, row->code)
      && !g_error_matches (error, KIN_OS_ERROR, ENOENT))
    fail_msg ("%s", error->message);
}

/* A kernel before the one that had it first; distributions take some into older ones. */
static gboolean
is_too_new (KinSocket *socket, const KinOption *option, const Row *row)
{
  g_autoptr (GError) error = NULL;
  struct utsname kernel;
  guint major, minor;

  assert_int_equal (uname (&kernel), 0);
  assert_int_equal (sscanf (kernel.release, "%u.%u", &major, &minor), 2);
  if (major > row->major || (major == row->major && minor >= row->minor))
    return FALSE;
  if (option->flags & KIN_OPTION_READ)
    g_free (kin_socket_get_option_text (socket, option->name, &error));
  else
    kin_socket_set_option_text (socket, option->name, row->text ? row->text : "1", &error);
  return g_error_matches (error, KIN_OS_ERROR, ENOPROTOOPT);
}

static void
check_option (const KinOption *option, Rows *rows, const char *place)
{
  static const Row usual = { .how = BOTH };
  const Row *row = g_hash_table_lookup (rows->rows, option->name);
  g_autoptr (KinSocket) socket = NULL;
  How how;

  row = row ? row : &usual;
  how = row->has_how || (option->flags & KIN_OPTION_WRITE) ? row->how : READ;
  print_message ("# %s on %s\n", option->name, place);
  socket = open_place (place);
  if (is_too_new (socket, option, row))
    print_message ("# the kernel is too old for %s\n", option->name);
  else if (how == ABSENT)
    check_absent (socket, option, row);
  else if (how == WRITE)
    check_write_only (socket, option, row);
  else if (how == READ)
    g_free (read_option (socket, option));
  else
    check_both_ways (socket, option, row);
  close_others ();
}

/* ---- Cases --------------------------------------------------------------------------------- */

static void
test_group (void **state)
{
  const Group *group = *state;
  char *lack = lack_of (group->scheme);

  if (lack) {
    print_message ("# skipped: %s\n", lack);
    g_free (lack);
    skip ();
  }
  for (guint i = 0; i < group->options->len; i++) {
    const KinOption *option = &g_array_index (group->options, KinOption, i);

    check_option (option, group->rows, place_of (group->rows, option->name, group->scheme));
  }
}

static int
enter_own_network (void **state)
{
  static gboolean is_inside;
  gboolean was_inside = is_inside;

  is_inside = TRUE;
  return was_inside ? 0 : net_setup (state);
}

static Group *
group_of (GPtrArray *groups, Rows *rows, const char *place)
{
  g_autofree char *scheme = scheme_of (place);
  Group *group;

  for (guint i = 0; i < groups->len; i++) {
    group = groups->pdata[i];
    if (group->rows == rows && strcmp (group->scheme, scheme) == 0)
      return group;
  }
  group = g_new0 (Group, 1);
  group->name = g_strdup_printf ("%s: %s", rows->name, scheme);
  group->scheme = g_steal_pointer (&scheme);
  group->rows = rows;
  group->options = g_array_new (FALSE, FALSE, sizeof (KinOption));
  g_ptr_array_add (groups, group);
  return group;
}

static void
add_table (GPtrArray *groups, Rows *rows, const KinTable *options, const char *usual)
{
  KinOption option;

  for (guint i = 0; kin_table_get (options, i, &option, sizeof option); i++) {
    Group *group = group_of (groups, rows, place_of (rows, option.name, usual));
    Row *row = g_hash_table_lookup (rows->rows, option.name);

    g_array_append_val (group->options, option);
    if (row)
      row->is_used = TRUE;
  }
}

static void
add_family (GPtrArray *groups, GPtrArray *all, const KinFamilyInfo *info)
{
  const KinFamily *family = kin_load_family (info->name, NULL);
  Rows *rows = read_rows (info->name);
  KinProtocol first;

  if (family && kin_table_get (&family->protocols, 0, &first, sizeof first))
    add_table (groups, rows, &family->options, first.scheme);
  g_ptr_array_add (all, rows);
}

/* A line for an option that is gone would hide that it is. */
static void
test_lines_are_of_options (void **state)
{
  const GPtrArray *all = *state;
  GHashTableIter iter;
  gpointer name, row;

  for (guint i = 0; i < all->len; i++) {
    const Rows *rows = all->pdata[i];

    g_hash_table_iter_init (&iter, rows->rows);
    while (g_hash_table_iter_next (&iter, &name, &row))
      if (!((Row *) row)->is_used)
        fail_msg ("%s.options: %s is no option of %s", rows->name, (char *) name, rows->name);
  }
}

/* Those with a network of their own come last: there is no way back from it. */
static void
add_cases (GArray *cases, const GPtrArray *groups, gboolean has_own_network)
{
  for (guint i = 0; i < groups->len; i++) {
    Group *group = groups->pdata[i];
    struct CMUnitTest one = { .name = group->name,
                              .test_func = test_group,
                              .setup_func = has_own_network ? enter_own_network : NULL,
                              .initial_state = group };

    if (group->rows->has_own_network == has_own_network)
      g_array_append_val (cases, one);
  }
}

int
main (void)
{
  g_autoptr (GPtrArray) families = kin_list_families ();
  GPtrArray *groups = g_ptr_array_new (), *all = g_ptr_array_new ();
  GArray *cases = g_array_new (FALSE, FALSE, sizeof (struct CMUnitTest));
  Rows *generic = read_rows ("generic");
  const struct CMUnitTest lines = { "lines are of options", test_lines_are_of_options, NULL, NULL,
                                    all };

  for (guint i = 0; i < families->len; i++)
    add_family (groups, all, families->pdata[i]);
  add_table (groups, generic, kin_generic_options (), "udp4");
  g_ptr_array_add (all, generic);
  add_cases (cases, groups, FALSE);
  add_cases (cases, groups, TRUE);
  g_array_append_val (cases, lines);
  return _cmocka_run_group_tests ("options", (const struct CMUnitTest *) (void *) cases->data,
                                  cases->len, NULL, NULL);
}
