/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-ip-options: every option of inet and inet6, and of every socket, is set on a socket and read
 * back from the kernel with a changed value, or a row here says why not.
 *
 * A truth is turned around and a number made one more, on a socket of its protocol; what needs
 * another value or another socket has a row. So a new option without one is tested, or fails. All
 * is done in a network namespace of its own, with an Ethernet of two ends, k0 and k1.
 *
 * Needs: inet inet6
 */
#include "net.h"

#include "ip-options.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

static const Row *
find_row (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (strcmp (rows[i].name, name) == 0)
      return &rows[i];
  return NULL;
}

/* ---- Sockets ------------------------------------------------------------------------------- */

static gboolean is_six;

static char *
fill_in (const char *pattern)
{
  GString *text = g_string_new (NULL);

  for (; *pattern; pattern++)
    if (*pattern == '#')
      g_string_append_c (text, is_six ? '6' : '4');
    else if (*pattern == '@')
      g_string_append (text, is_six ? "[::1]" : "127.0.0.1");
    else
      g_string_append_c (text, *pattern);
  return g_string_free (text, FALSE);
}

/* "tcp.nodelay" is for tcp#; ip.…, ipv6.… and so.… are for udp#. */
static const char *
usual_place (const char *name)
{
  static const char *const words[] = { "tcp", "mptcp", "sctp", "udplite" };
  static const char *const places[] = { "tcp#", "mptcp#", "sctp#", "udplite#" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_has_prefix (name, words[i]) && name[strlen (words[i])] == '.')
      return places[i];
  return "udp#";
}

/* The other end of the latest connection, and what it came from: both must outlive the test. */
static KinSocket *door, *server;

static void
close_others (void)
{
  g_clear_pointer (&server, kin_socket_unref);
  g_clear_pointer (&door, kin_socket_unref);
}

static KinSocket *
open_connection (const char *scheme, const char *settings)
{
  g_autoptr (GError) error = NULL;
  gboolean is_stream = !g_str_has_prefix (scheme, "udp");
  const char *host = strchr (scheme, '6') ? "[::1]" : "127.0.0.1";
  g_autofree char *bound = g_strdup_printf ("%s:%s:0", scheme, host), *to = NULL;
  KinSocket *socket;

  door = is_stream ? must_listen (bound) : must_bind (bound);
  to = local_text (door);
  socket = must_connect (to);
  server = is_stream ? must_accept (door) : NULL;

  if (settings) {
    g_auto (GStrv) pair = g_strsplit (settings, "=", 2);

    must (kin_socket_set_option_text (socket, pair[0], pair[1], &error), error);
  }
  return socket;
}

/* NULL: the kernel has no such protocol. */
static KinSocket *
open_place (const char *pattern)
{
  g_autofree char *place = fill_in (pattern);
  g_autoptr (GError) error = NULL;
  KinSocket *socket;

  if (*place == '=') {
    g_auto (GStrv) parts = g_strsplit (place + 1, "?", 2);

    return open_connection (parts[0], parts[1]);
  }
  if (strchr (place, ':'))
    return must_bind (place);
  socket = kin_socket_new (place, &error);
  if (!socket && errno != EPROTONOSUPPORT && errno != ESOCKTNOSUPPORT)
    fail_msg ("%s", error->message);
  return socket;
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
    return fill_in (text);
  if (option->kind == KIN_BOOL)
    return g_strdup (strcmp (before, "0") == 0 ? "1" : "0");
  if (option->kind == KIN_INT || option->kind == KIN_UINT)
    return g_strdup_printf ("%" G_GINT64_FORMAT, g_ascii_strtoll (before, NULL, 10) + 1);
  fail_msg ("%s: a row must say what it is to be set to", option->name);
  return NULL;
}

static void
check_both_ways (KinSocket *socket, const KinOption *option, const Row *row)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *before = read_option (socket, option);
  g_autofree char *text = change (option, before, row ? row->text : NULL), *after = NULL;

  must (kin_socket_set_option_text (socket, option->name, text, &error), error);
  after = read_option (socket, option);
  if (row && row->how == STAYS) {
    assert_string_equal (after, before);
  } else if (row && row->how == MOVES) {
    gint64 moved = g_ascii_strtoll (after, NULL, 10) - g_ascii_strtoll (text, NULL, 10);

    assert_in_range (moved, 0, 10000);
  } else {
    const char *back = row && row->back ? row->back : text;

    if (strcmp (after, back) != 0 || strcmp (after, before) == 0)
      fail_msg ("%s: was %s, set to %s, is %s", option->name, before, text, after);
  }
}

static void
check_write_only (KinSocket *socket, const KinOption *option, const Row *row)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = fill_in (row->text);

  assert_false (option->flags & KIN_OPTION_READ);
  must (kin_socket_set_option_text (socket, option->name, text, &error), error);
  if (row->code)
    assert_fails (kin_socket_set_option_text (socket, option->name, text, &error), row->code,
                  &error);
}

static void
check_not_here (KinSocket *socket, const KinOption *option, const Row *row)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (row->text && kin_socket_set_option_text (socket, option->name, row->text, &error)) {
    text = read_option (socket, option);
    assert_string_equal (text, row->text);
    return;
  }
  if (!row->text)
    text = kin_socket_get_option_text (socket, option->name, &error);
  if (!text && !g_error_matches (error, KIN_OS_ERROR, row->code)
      && !g_error_matches (error, KIN_OS_ERROR, ENOENT))
    fail_msg ("%s", error->message);
}

static gboolean
is_too_new (const char *name)
{
  struct utsname kernel;
  guint major, minor;

  assert_int_equal (uname (&kernel), 0);
  assert_int_equal (sscanf (kernel.release, "%u.%u", &major, &minor), 2);
  for (guint i = 0; i < G_N_ELEMENTS (newer); i++)
    if (strcmp (newer[i].name, name) == 0)
      return major < newer[i].major || (major == newer[i].major && minor < newer[i].minor);
  return FALSE;
}

/* A kernel before the one that had it first; distributions take some into older ones. */
static gboolean
is_absent (KinSocket *socket, const KinOption *option)
{
  g_autoptr (GError) error = NULL;

  if (!is_too_new (option->name))
    return FALSE;
  if (option->flags & KIN_OPTION_READ)
    g_free (kin_socket_get_option_text (socket, option->name, &error));
  else
    kin_socket_set_option_text (socket, option->name, "1", &error);
  return g_error_matches (error, KIN_OS_ERROR, ENOPROTOOPT);
}

/* FALSE: the kernel lacks its protocol. */
static gboolean
check_option (const KinOption *option)
{
  const Row *row = find_row (option->name);
  g_autoptr (KinSocket) socket =
      open_place (row && row->where ? row->where : usual_place (option->name));
  How how = row ? row->how : (option->flags & KIN_OPTION_WRITE) ? BOTH_WAYS : READ_ONLY;

  if (!socket)
    return FALSE;
  print_message ("# %s\n", option->name);
  if (is_absent (socket, option))
    print_message ("# the kernel is too old for %s\n", option->name);
  else if (how == NOT_HERE)
    check_not_here (socket, option, row);
  else if (how == WRITE_ONLY)
    check_write_only (socket, option, row);
  else if (how == READ_ONLY)
    g_free (read_option (socket, option));
  else
    check_both_ways (socket, option, row);
  close_others ();
  return TRUE;
}

/* Protocols that a kernel may lack are cases of their own. */
static gboolean
is_of (const KinOption *option, const char *word)
{
  if (word)
    return g_str_has_prefix (option->name, word);
  return !g_str_has_prefix (option->name, "sctp.") && !g_str_has_prefix (option->name, "udplite.");
}

static void
check_table (const KinTable *table, const char *word)
{
  gboolean is_there = TRUE;
  KinOption option;
  guint n = 0;

  for (guint i = 0; is_there && kin_table_get (table, i, &option, sizeof option); i++)
    if (is_of (&option, word)) {
      is_there = check_option (&option);
      n++;
    }
  assert_true (n > 0);
  if (!is_there && word) {
    print_message ("# skipped: the kernel has no protocol %s\n", word);
    skip ();
  }
  assert_true (is_there);
}

static void
check_family (const char *name, const char *word)
{
  const KinFamily *family = kin_load_family (name, NULL);

  is_six = strcmp (name, "inet6") == 0;
  check_table (&family->options, word);
}

static void
test_inet (void **state)
{
  (void) state;
  check_family ("inet", NULL);
}

static void
test_inet6 (void **state)
{
  (void) state;
  check_family ("inet6", NULL);
}

static void
test_udplite (void **state)
{
  (void) state;
  check_family ("inet", "udplite.");
  check_family ("inet6", "udplite.");
}

static void
test_sctp (void **state)
{
  (void) state;
  check_family ("inet", "sctp.");
  check_family ("inet6", "sctp.");
}

static void
test_every_socket (void **state)
{
  (void) state;
  is_six = FALSE;
  check_table (kin_generic_options (), NULL);
}

/* A row for an option that is gone would hide that it is. */
static void
test_rows_are_of_options (void **state)
{
  const KinTable *tables[] = { &kin_load_family ("inet", NULL)->options,
                               &kin_load_family ("inet6", NULL)->options, kin_generic_options () };
  KinOption option;

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    gboolean is_there = FALSE;

    for (guint t = 0; t < G_N_ELEMENTS (tables); t++)
      for (guint j = 0; kin_table_get (tables[t], j, &option, sizeof option); j++)
        is_there |= strcmp (option.name, rows[i].name) == 0;
    if (!is_there)
      fail_msg ("%s is no option", rows[i].name);
  }
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_inet),         cmocka_unit_test (test_inet6),
    cmocka_unit_test (test_udplite),      cmocka_unit_test (test_sctp),
    cmocka_unit_test (test_every_socket), cmocka_unit_test (test_rows_are_of_options),
  };

  return cmocka_run_group_tests (tests, net_setup, NULL);
}
