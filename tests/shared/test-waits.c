/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-waits: each operation of each protocol of each family that may wait keeps its timeout,
 * whether the kernel keeps it or the core polls: never early, late by at most ten times.
 *
 * A protocol with a loopback is tried there: accept, receive, and send until the peer takes no
 * more. Others, and other operations, have lines in tests/families/NAME.waits:
 *
 *   OPERATION ENDPOINT [TO]
 *
 *   connect      to it
 *   accept       listen there, and accept
 *   receive      bind it, and receive
 *   send         connect to it and send until that waits, or bind it and send to TO
 *
 *   none SCHEME WHY…   no operation of that scheme waits here
 *   own-network        this family is tried in a network namespace of its own, see net.h
 *   run COMMAND…       before its cases
 *
 * A case is a scheme. One of which nothing is said fails. */
#include "net.h"
#include "rows.h"

/* A case. */
typedef struct {
  char *name;
  KinProtocol row;
  const KinFamily *family;
  GPtrArray *lines; /* char **, all of the family's */
  gboolean has_own_network;
} Case;

static void
must_time_out (const char *scheme, const char *operation, gboolean is_done, const GError *error,
               Moment began)
{
  if (is_done || !g_error_matches (error, KIN_ERROR, KIN_ERROR_TIMED_OUT))
    fail_msg ("%s: %s: %s", scheme, operation, error ? error->message : "it did not wait");
  assert_waited (began, SHORT);
}

/* ---- Operations ---------------------------------------------------------------------------- */

static void
check_receive (const char *scheme, KinSocket *socket)
{
  g_autoptr (GError) error = NULL;
  Moment began;
  gssize n;
  char data[4096];

  must (kin_socket_set_timeout (socket, SHORT, &error), error);
  began = now ();
  n = kin_socket_recv (socket, data, sizeof data, 0, &error);
  must_time_out (scheme, "receive", n >= 0, error, began);
}

static void
check_accept (const char *scheme, KinSocket *door)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KinSocket) socket = NULL;
  Moment began;

  must (kin_socket_set_timeout (door, SHORT, &error), error);
  began = now ();
  socket = kin_socket_accept (door, NULL, &error);
  must_time_out (scheme, "accept", socket != NULL, error, began);
  must (kin_socket_set_timeout (door, LONG, &error), error);
}

/* Until the peer, who does not receive, takes no more. to: NULL: it is connected. */
static void
check_send (const char *scheme, KinSocket *socket, const KinAddress *to)
{
  static char data[8 * 1024];
  g_autoptr (GError) error = NULL;
  Moment began;
  gssize n;

  must (kin_socket_set_timeout (socket, SHORT, &error), error);
  do {
    began = now ();
    n = to ? kin_socket_sendto (socket, data, sizeof data, 0, to, &error)
           : kin_socket_send (socket, data, sizeof data, 0, &error);
  } while (n > 0);
  must_time_out (scheme, "send", n >= 0, error, began);
}

static void
check_connect (const char *scheme, const char *endpoint)
{
  g_autoptr (GError) error = NULL;
  Moment began = now ();
  KinSocket *socket = kin_connect (endpoint, SHORT, &error);

  must_time_out (scheme, "connect", socket != NULL, error, began);
}

/* ---- One protocol -------------------------------------------------------------------------- */

static void
check_loopback (const KinProtocol *row)
{
  g_autofree char *text = g_strdup_printf ("%s:%s", row->scheme, row->loopback), *to = NULL;
  gboolean has_connections = row->type == SOCK_STREAM || row->type == SOCK_SEQPACKET;
  g_autoptr (KinSocket) socket = has_connections ? must_listen (text) : must_bind (text);
  g_autoptr (KinSocket) client = NULL, server = NULL;

  if (!has_connections) {
    check_receive (row->scheme, socket);
    return;
  }
  to = local_text (socket);
  check_accept (row->scheme, socket);
  must (kin_socket_set_timeout (socket, LONG, NULL), NULL);
  client = start_and_accept (to, socket, &server);
  check_receive (row->scheme, server);
  check_receive (row->scheme, client);
  check_send (row->scheme, client, NULL);
}

static void
check_send_line (const char *scheme, const char *endpoint, const char *to)
{
  g_autoptr (KinSocket) socket = to ? must_bind (endpoint) : must_connect (endpoint);
  g_autoptr (GError) error = NULL;
  KinAddress address;

  if (to)
    must (kin_address_parse (&address, to, &error), error);
  check_send (scheme, socket, to ? &address : NULL);
}

static void
check_line (const char *scheme, char **words)
{
  g_autoptr (KinSocket) socket = NULL;

  print_message ("# %s %s\n", words[0], words[1]);
  if (strcmp (words[0], "connect") == 0)
    check_connect (scheme, words[1]);
  else if (strcmp (words[0], "accept") == 0) {
    socket = must_listen (words[1]);
    check_accept (scheme, socket);
  } else if (strcmp (words[0], "receive") == 0) {
    socket = must_bind (words[1]);
    check_receive (scheme, socket);
  } else if (strcmp (words[0], "send") == 0)
    check_send_line (scheme, words[1], words[2]);
  else
    fail_msg ("%s.waits: there is no operation %s", scheme, words[0]);
}

static gboolean
is_of (char **words, const char *scheme)
{
  gsize length = strlen (scheme);

  return words[1] && strncmp (words[1], scheme, length) == 0
         && (words[1][length] == 0 || words[1][length] == ':');
}

/* Skips what this kernel lacks, be it the family's own probe that says so. */
static void
need_protocol (const Case *one)
{
  char reason[256] = "";
  int code = one->family->probe ? -one->family->probe (reason, sizeof reason) : 0;

  if (code == 0) {
    g_autoptr (GError) error = NULL;
    g_autoptr (KinSocket) socket = kin_socket_new (one->row.scheme, &error);

    if (socket)
      return;
    code = errno;
    g_strlcpy (reason, error->message, sizeof reason);
  }
  if (code != EPROTONOSUPPORT && code != ESOCKTNOSUPPORT && code != EAFNOSUPPORT && code != ENODEV)
    fail_msg ("%s", *reason ? reason : g_strerror (code));
  print_message ("# skipped: %s\n", *reason ? reason : g_strerror (code));
  skip ();
}

static void
test_protocol (void **state)
{
  const Case *one = *state;
  const char *scheme = one->row.scheme;
  guint n = one->row.loopback != NULL;

  need_protocol (one);
  if (one->row.loopback)
    check_loopback (&one->row);
  for (guint i = 0; i < one->lines->len; i++) {
    char **words = one->lines->pdata[i];

    if (!is_of (words, scheme))
      continue;
    n++;
    if (strcmp (words[0], "none") != 0)
      check_line (scheme, words);
  }
  if (n == 0)
    fail_msg ("%s has no loopback, and no line says how it waits", scheme);
}

/* ---- All of them --------------------------------------------------------------------------- */

static int
enter_own_network (void **state)
{
  static gboolean is_inside;
  gboolean was_inside = is_inside;

  is_inside = TRUE;
  return was_inside ? 0 : net_setup (state);
}

/* What is to be run is run before the family's first case. */
static int
prepare (void **state)
{
  const Case *one = *state;

  if (one->has_own_network && enter_own_network (state) != 0)
    return -1;
  for (guint i = 0; i < one->lines->len; i++) {
    char **words = one->lines->pdata[i];
    int status = -1;

    if (strcmp (words[0], "run") != 0)
      continue;
    if (!g_spawn_sync (NULL, words + 1, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status,
                       NULL)
        || status != 0)
      return -1;
    g_free (words[0]);
    words[0] = g_strdup ("done");
  }
  return 0;
}

static void
take_line (char **words, gpointer lines)
{
  g_ptr_array_add (lines, g_strdupv (words));
}

static gboolean
wants_own_network (const GPtrArray *lines)
{
  for (guint i = 0; i < lines->len; i++)
    if (strcmp (((char **) lines->pdata[i])[0], "own-network") == 0)
      return TRUE;
  return FALSE;
}

static void
add_family (GPtrArray *all, const KinFamilyInfo *info)
{
  const KinFamily *family = kin_load_family (info->name, NULL);
  g_autofree char *file = g_strconcat (info->name, ".waits", NULL);
  GPtrArray *lines = g_ptr_array_new ();
  KinProtocol row;

  rows_read (file, NULL, take_line, lines);
  for (guint i = 0; family && kin_table_get (&family->protocols, i, &row, sizeof row); i++) {
    Case *one = g_new0 (Case, 1);

    one->name = g_strdup_printf ("%s: %s", info->name, row.scheme);
    one->row = row;
    one->family = family;
    one->lines = lines;
    one->has_own_network = wants_own_network (lines);
    g_ptr_array_add (all, one);
  }
}

/* Those with a network of their own come last: there is no way back from it. */
static void
add_cases (GArray *cases, const GPtrArray *all, gboolean has_own_network)
{
  for (guint i = 0; i < all->len; i++) {
    Case *one = all->pdata[i];
    struct CMUnitTest test = {
      .name = one->name, .test_func = test_protocol, .setup_func = prepare, .initial_state = one
    };

    if (one->has_own_network == has_own_network)
      g_array_append_val (cases, test);
  }
}

int
main (void)
{
  g_autoptr (GPtrArray) families = kin_list_families ();
  GPtrArray *all = g_ptr_array_new ();
  GArray *cases = g_array_new (FALSE, FALSE, sizeof (struct CMUnitTest));

  for (guint i = 0; i < families->len; i++)
    add_family (all, families->pdata[i]);
  add_cases (cases, all, FALSE);
  add_cases (cases, all, TRUE);
  return _cmocka_run_group_tests ("waits", (const struct CMUnitTest *) (void *) cases->data,
                                  cases->len, NULL, NULL);
}
