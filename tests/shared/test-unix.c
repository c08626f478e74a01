/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-unix: the family unix: names, options, constants, and what to do about what fails.
 *
 * Needs: unix
 */
#include "unix.h"

/* ---- Names --------------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
  const char *text, *tuple;
  guint length;   /* of the sockaddr, sun_family not counted */
} names[] = {
  { "unix:/run/x.sock",      "'/run/x.sock'",      12 },
  { "unix:relative",         "'relative'",          9 },
  { "unix:",                 "''",                  0 },
  { "unix:@name",            "b'\\x00name'",        5 },
  { "unix:@",                "b'\\x00'",            1 },
  { "unix:@a%00b",           "b'\\x00a\\x00b'",     4 },
  { "unix:@a%00",            "b'\\x00a\\x00'",      3 },
  { "unix:@@",               "b'\\x00@'",           2 },
  { "unix:@%FF",             "b'\\x00\\xff'",       2 },
  { "unix:./@x",             "'@x'",                3 },
  { "unix:././@x",           "'./@x'",              5 },
  { "unix:./x",              "'./x'",               4 },
  { "unix:/tmp/%FF",         "b'/tmp/\\xff'",       7 },
  { "unix:/a%3Fb%25c",       "'/a?b%c'",            7 },
  { "unix:/\303\244",        "'/\303\244'",         4 },
  { "unix-dgram:/a,b:c(d[",  "'/a,b:c(d['",        10 },
  { "unix-seqpacket:@a b",   "b'\\x00a b'",         4 },
};
/* clang-format on */

static void
test_names (void **state)
{
  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) tuple = NULL;
    g_autofree char *text = NULL;
    KinAddress address, again;

    must (kin_address_parse (&address, names[i].text, &error), error);
    assert_int_equal (address.length, offsetof (struct sockaddr_un, sun_path) + names[i].length);
    assert_int_equal (address.sa.generic.sa_family, AF_UNIX);
    tuple = kin_address_to_tuple (&address);
    assert_prints (tuple, names[i].tuple);
    text = kin_address_format (&address);
    assert_string_equal (text, names[i].text);
    must (kin_address_from_tuple (&again, kin_address_scheme (&address), tuple, &error), error);
    assert_true (kin_address_equal (&address, &again));
  }
}

static void
check_length (const char *prefix, gsize length, gboolean fits)
{
  g_autofree char *filler = g_strnfill (length - strlen (prefix), 'n');
  g_autofree char *text = g_strdup_printf ("unix:%s%s", prefix, filler);
  g_autoptr (GError) error = NULL;
  KinAddress address;

  if (fits) {
    must (kin_address_parse (&address, text, &error), error);
    return;
  }
  assert_false (kin_address_parse (&address, text, &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_ENDPOINT));
}

static void
test_longest_names (void **state)
{
  (void) state;
  check_length ("/", 107, TRUE);
  check_length ("/", 108, FALSE);
  check_length ("@", 108, TRUE);
  check_length ("@", 109, FALSE);
  check_length ("./@", 109, TRUE);
  check_length ("./@", 110, FALSE);
}

static void
test_bad_names (void **state)
{
  const char *bad[] = { "unix:/a%00b", "unix:%00a", "unix:/a%", "unix:/a%0g", "unix:/a?nothing=1" };
  g_autoptr (GError) error = NULL;
  KinAddress address;

  (void) state;
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (KinEndpoint) endpoint = kin_endpoint_new (bad[i], &error);

    assert_null (endpoint);
    assert_non_null (error);
    assert_null (strchr (error->message, '\n'));
    g_clear_error (&error);
  }
  assert_false (kin_address_from_tuple (
      &address, "unix", g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, "a\0b", 3, 1), &error));
  assert_true (g_error_matches (error, KIN_ERROR, KIN_ERROR_BAD_ENDPOINT));
  g_clear_error (&error);
  assert_false (kin_address_from_tuple (&address, "unix", g_variant_new_int64 (1), &error));
  assert_non_null (error);
}

/* Another program may fill sun_path to its end, without a NUL. */
static void
test_foreign_name (void **state)
{
  g_autofree char *folder = g_dir_make_tmp ("kin-test-XXXXXX", NULL);
  struct sockaddr_un full = { .sun_family = AF_UNIX };
  g_autofree char *path = g_strnfill (sizeof full.sun_path, 'p'), *text = NULL;
  g_autoptr (KinSocket) client = NULL;
  g_autoptr (GVariant) tuple = NULL;
  int fds[] = { socket (AF_UNIX, SOCK_STREAM, 0), socket (AF_UNIX, SOCK_STREAM, 0) };
  KinAddress address;

  (void) state;
  memcpy (path, folder, strlen (folder));
  path[strlen (folder)] = '/';
  memcpy (full.sun_path, path, sizeof full.sun_path);
  assert_int_equal (bind (fds[0], (struct sockaddr *) &full, sizeof full), 0);
  assert_int_equal (listen (fds[0], 1), 0);
  assert_int_equal (connect (fds[1], (struct sockaddr *) &full, sizeof full), 0);
  client = kin_socket_new_from_fd (fds[1], NULL);
  assert_non_null (client);
  assert_true (kin_socket_peer (client, &address, NULL));
  text = kin_address_format (&address);
  assert_string_equal (text + strlen ("unix:"), path);
  tuple = kin_address_to_tuple (&address);
  assert_string_equal (g_variant_get_string (tuple, NULL), path);
  close (fds[0]);
  assert_int_equal (unlink (path), 0);
  assert_int_equal (rmdir (folder), 0);
}

static void
check_chosen_name (const char *scheme)
{
  g_autofree char *endpoint = g_strconcat (scheme, ":", NULL), *text = NULL;
  g_autoptr (KinSocket) socket = must_bind (endpoint);
  g_autoptr (GVariant) tuple = NULL;
  KinAddress address;

  assert_true (kin_socket_local (socket, &address, NULL));
  tuple = kin_address_to_tuple (&address);
  text = kin_address_format (&address);
  assert_true (g_variant_is_of_type (tuple, G_VARIANT_TYPE_BYTESTRING));
  assert_int_equal (g_variant_n_children (tuple), 6); /* NUL and five digits */
  assert_true (g_str_has_prefix (text + strlen (scheme), ":@"));
}

static void
test_chosen_names (void **state)
{
  (void) state;
  check_chosen_name ("unix");
  check_chosen_name ("unix-dgram");
  check_chosen_name ("unix-seqpacket");
}

static void
test_unnamed (void **state)
{
  g_autoptr (KinSocket) to = must_bind (own_name ("unix-dgram:@kin-PID-to")), from = NULL;
  g_autofree char *own = NULL;
  KinAddress sender;
  char byte;

  (void) state;
  from = must_connect (own_name ("unix-dgram:@kin-PID-to"));
  own = local_text (from);
  assert_string_equal (own, "unix-dgram:");
  must_send (from, "x", 1);
  assert_int_equal (kin_socket_recvfrom (to, &byte, 1, 0, &sender, NULL), 1);
  assert_int_equal (sender.length, 0);
}

static void
test_names_with_python (void **state)
{
  Partner partner = partner_new ("names", "");
  g_autofree char *seen = receive_text (partner.socket);
  g_autofree char *expected = g_strdup_printf ("'' b'\\x00kin-test-%d-names'", getpid ());

  (void) state;
  assert_string_equal (seen, expected);
  partner_free (&partner);
}

/* ---- Options and constants ----------------------------------------------------------------- */

static void
test_inq (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (GVariant) waiting = NULL;
  char data[4];

  (void) state;
  assert_true (kin_socket_new_pair ("unix", &a, &b, NULL));
  if (!turn_on (b, "unix.inq")) {
    print_message ("# the kernel has no SO_INQ for AF_UNIX (Linux 6.17)\n");
    skip ();
  }
  must_send (a, "0123456789", 10);
  kin_message_set_data (message, data, sizeof data);
  assert_int_equal (kin_socket_recvmsg (b, message, 0, NULL), 4);
  waiting = kin_message_get_control (message, b, "unix.inq");
  assert_prints (waiting, "6");
}

/* Every row is understood by this kernel, or this kernel is too old for it: nothing else. */
static void
test_all_options (void **state)
{
  const KinFamily *family = kin_load_family ("unix", NULL);
  g_autoptr (KinSocket) a = NULL, b = NULL;
  guint n_read = 0, n_set = 0;
  KinOption row;

  (void) state;
  assert_true (kin_socket_new_pair ("unix", &a, &b, NULL));
  for (guint i = 0; kin_table_get (&family->options, i, &row, sizeof row); i++) {
    g_autoptr (GVariant) value = NULL;
    gboolean is_set = row.kind == KIN_BOOL && turn_on (a, row.name);

    n_set += is_set ? 1 : 0;
    if (!(row.flags & KIN_OPTION_READ))
      continue;
    value = kin_socket_get_option (a, row.name, NULL);
    if (!value && errno != ENOPROTOOPT)
      fail_msg ("%s: %s", row.name, g_strerror (errno));
    n_read += value != NULL;
    if (is_set)
      assert_true (g_variant_get_boolean (value));
    if (value && strcmp (row.name, "unix.peerpidfd") == 0)
      close ((int) g_variant_get_int64 (value));
  }
  assert_true (n_set >= 2); /* passcred and passsec are older than any Linux that Kin supports */
  assert_true (n_read >= 4);
}

static void
test_constants (void **state)
{
  g_autofree char *script = partner_script (), *output = NULL;
  char *arguments[] = { (char *) "python3", script, (char *) "constants", NULL };
  g_auto (GStrv) lines = NULL;
  guint n = 0;

  (void) state;
  assert_true (g_spawn_sync (NULL, arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, NULL,
                             NULL, NULL));
  lines = g_strsplit (output, "\n", -1);
  for (guint i = 0; lines[i] && *lines[i]; i++) {
    g_auto (GStrv) pair = g_strsplit (lines[i], " ", 2);
    g_autoptr (GVariant) value = kin_get_constant (pair[0]);

    if (!value)
      fail_msg ("Kin has no %s", pair[0]);
    assert_prints (value, pair[1]);
    n++;
  }
  assert_true (n >= 7); /* AF_UNIX, two SCM_, four SO_ */
}

/* ---- What to do about it ------------------------------------------------------------------- */

static void
assert_says (GError **error, int code, const char *words)
{
  g_autoptr (GError) said = g_steal_pointer (error);

  assert_int_equal (errno, code);
  assert_non_null (said);
  if (!g_error_matches (said, KIN_OS_ERROR, code) || !strstr (said->message, words))
    fail_msg ("%s", said->message);
}

static void
test_hints (void **state)
{
  g_autofree char *folder = g_dir_make_tmp ("kin-test-XXXXXX", NULL);
  g_autofree char *endpoint = g_strdup_printf ("unix:%s/x", folder);
  g_autofree char *datagram = g_strdup_printf ("unix-dgram:%s/x", folder);
  g_autofree char *below = g_strdup_printf ("unix:%s/no/x", folder);
  g_autoptr (GError) error = NULL;
  KinSocket *door = must_listen (endpoint);
  static char huge[1 << 22];
  g_autoptr (KinMessage) message = kin_message_new ();
  g_autoptr (KinSocket) to = NULL;

  (void) state;
  assert_null (kin_listen (endpoint, &error));
  assert_says (&error, EADDRINUSE,
               "in use; if the program that made it has ended, remove the path");
  assert_null (kin_connect (datagram, LONG, &error));
  assert_says (&error, EPROTOTYPE, "a socket of another type");
  kin_socket_unref (door);
  assert_null (kin_connect (endpoint, LONG, &error));
  assert_says (&error, ECONNREFUSED, "no program listens there");
  assert_int_equal (unlink (strchr (endpoint, ':') + 1), 0);
  assert_null (kin_connect (endpoint, LONG, &error));
  assert_says (&error, ENOENT, "is the program that listens on it running?");
  assert_null (kin_listen (below, &error));
  assert_says (&error, ENOENT, "mkdir");
  assert_null (kin_connect ("unix:", LONG, &error));
  assert_says (&error, EINVAL, "the empty name can only be bound");
  to = must_bind (own_name ("unix-dgram:@kin-PID-huge"));
  door = must_connect (own_name ("unix-dgram:@kin-PID-huge"));
  assert_int_equal (kin_socket_send (door, huge, sizeof huge, 0, &error), -1);
  assert_says (&error, EMSGSIZE, "raise so.sndbuf");
  g_clear_pointer (&to, kin_socket_unref);
  assert_int_equal (kin_socket_send (door, "x", 1, 0, &error), -1);
  assert_says (&error, ECONNREFUSED, "is gone");
  assert_true (kin_message_add_fds (message, (int[]){ G_MAXINT }, 1, NULL));
  assert_int_equal (kin_socket_sendmsg (door, message, 0, &error), -1);
  assert_says (&error, EBADF, "; a descriptor in the message is closed");
  kin_socket_unref (door);
  assert_int_equal (rmdir (folder), 0);
}

/* Root may do everything; a child that is nobody may not. */
static void
test_permission_hints (void **state)
{
  g_autofree char *folder = g_dir_make_tmp ("kin-test-XXXXXX", NULL); /* mode 0700 */
  g_autofree char *endpoint = g_strdup_printf ("unix:%s/x", folder);
  pid_t child;
  int status;

  (void) state;
  if (getuid () != 0) {
    print_message ("# only root can become nobody\n");
    rmdir (folder);
    skip ();
  }
  kin_load_family ("unix", NULL);
  child = fork ();
  if (child == 0) {
    GError *error = NULL;

    if (setresuid (65534, 65534, 65534) < 0 || kin_listen (endpoint, &error) || errno != EACCES
        || !strstr (error->message, "denied; it takes the right to make a file there"))
      _exit (1);
    g_clear_error (&error);
    if (kin_connect (endpoint, 0, &error) || errno != EACCES
        || !strstr (error->message, "denied; it takes the right to write"))
      _exit (2);
    _exit (0);
  }
  assert_int_equal (waitpid (child, &status, 0), child);
  assert_int_equal (status, 0);
  assert_int_equal (rmdir (folder), 0);
}

/* ---- Two processes on one socket ----------------------------------------------------------- */

static void
test_fork (void **state)
{
  g_autoptr (KinSocket) a = NULL, b = NULL;
  int status;
  pid_t child;

  (void) state;
  assert_true (kin_socket_new_pair ("unix-seqpacket", &a, &b, NULL));
  child = fork ();
  if (child == 0) {
    char data[16] = "";

    if (kin_socket_send (a, "from the child", 14, 0, NULL) != 14
        || kin_socket_recv (a, data, sizeof data, 0, NULL) != 9 || !kin_socket_close (a, NULL)
        || !kin_socket_close (b, NULL))
      _exit (1);
    _exit (0);
  }
  assert_receives (b, "from the child");
  must_send (b, "to either", 9);
  assert_int_equal (waitpid (child, &status, 0), child);
  assert_int_equal (status, 0);
  must_send (a, "from the parent", 15);
  assert_receives (b, "from the parent");
}

int
main (void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test (test_names),
    cmocka_unit_test (test_longest_names),
    cmocka_unit_test (test_bad_names),
    cmocka_unit_test (test_foreign_name),
    cmocka_unit_test (test_chosen_names),
    cmocka_unit_test (test_unnamed),
    cmocka_unit_test (test_names_with_python),
    cmocka_unit_test (test_inq),
    cmocka_unit_test (test_all_options),
    cmocka_unit_test (test_constants),
    cmocka_unit_test (test_hints),
    cmocka_unit_test (test_permission_hints),
    cmocka_unit_test (test_fork),
  };

  return cmocka_run_group_tests_name ("unix", tests, NULL, NULL);
}
