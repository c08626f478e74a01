/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin listen: one connection, or each that comes, to standard input and output or to a command.
 *
 * With a command and --keep-open every connection has a thread of its own, which waits for its
 * command. Ctrl-C ends the program as SIGINT does; see path.c for what it removes first. */
#include <errno.h>
#include <unistd.h>

#include "tool.h"

static char *command, *wait_text;
static gboolean keeps_open;
static gint64 linger_usec = KIN_SECONDS (1);

static void
listen_announce (KinSocket *socket, const char *endpoint)
{
  g_autofree char *text = lookup_local_text (socket);

  tool_say ("listening on %s", text ? text : endpoint);
}

/* Bound, and listening where there are connections. */
static KinSocket *
listen_open (const char *text, GError **error)
{
  g_autoptr (KinEndpoint) endpoint = kin_endpoint_new (text, error);
  KinSocket *socket;
  KinProtocol row;

  if (!endpoint || !lookup_scheme (kin_endpoint_scheme (endpoint), &row, error))
    return NULL;
  if (command && !lookup_has_connections (row.type)) {
    g_set_error (error, TOOL_ERROR, TOOL_ERROR_USAGE,
                 "listen: --exec needs connections, and %s has none", row.scheme);
    return NULL;
  }
  path_before_bind (text);
  socket = lookup_has_connections (row.type) ? kin_listen (text, error) : kin_bind (text, error);
  path_after_bind ();
  return socket;
}

static gboolean
listen_pump (KinSocket *socket, gboolean answers, GError **error)
{
  Pump pump = {
    .in = STDIN_FILENO, .out = STDOUT_FILENO, .answers = answers, .linger_usec = linger_usec
  };

  return pump_run (socket, &pump, error);
}

static gpointer
listen_serve_in_thread (gpointer data)
{
  g_autoptr (KinSocket) socket = data;
  g_autoptr (GError) error = NULL;

  if (!exec_serve (socket, command, &error))
    tool_say ("%s", error->message);
  return NULL;
}

/* What one connection's failure, or a moment's shortage, leaves unharmed. */
static gboolean
listen_may_go_on (const GError *error)
{
  static const int codes[] = { ECONNABORTED, ECONNRESET, EPROTO,  EPERM,
                               EMFILE,       ENFILE,     ENOBUFS, ENOMEM };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    if (g_error_matches (error, KIN_OS_ERROR, codes[i]))
      return TRUE;
  return FALSE;
}

/* Takes the connection. FALSE: the program is to end. */
static gboolean
listen_serve (KinSocket *connection, GError **error)
{
  g_autoptr (KinSocket) socket = connection;
  g_autoptr (GError) failure = NULL;

  if (command && keeps_open) {
    g_thread_unref (g_thread_new ("connection", listen_serve_in_thread, g_steal_pointer (&socket)));
    return TRUE;
  }
  if (command ? exec_serve (socket, command, &failure) : listen_pump (socket, FALSE, &failure))
    return TRUE;
  if (!keeps_open || g_error_matches (failure, TOOL_ERROR, TOOL_ERROR_OUTPUT_CLOSED)) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  tool_say ("%s", failure->message);
  return TRUE;
}

static gboolean
listen_keep_open (KinSocket *listener, GError **error)
{
  for (;;) {
    g_autoptr (GError) failure = NULL;
    KinSocket *connection = kin_socket_accept (listener, NULL, &failure);

    if (connection && !listen_serve (connection, error))
      return FALSE;
    if (connection)
      continue;
    if (!listen_may_go_on (failure)) {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
    tool_say ("%s", failure->message);
    g_usleep (100 * 1000);
  }
}

/* Whoever comes second is refused at once. */
static gboolean
listen_once (KinSocket *listener, GError **error)
{
  KinSocket *connection = kin_socket_accept (listener, NULL, error);

  if (connection) {
    path_remove ();
    kin_socket_close (listener, NULL);
  }
  return connection && listen_serve (connection, error);
}

static gboolean
listen_on (const char *endpoint, GError **error)
{
  g_autoptr (KinSocket) listener = NULL;

  if (!tool_parse_seconds ("wait", wait_text, &linger_usec, error))
    return FALSE;
  listener = listen_open (endpoint, error);
  if (!listener)
    return FALSE;
  listen_announce (listener, endpoint);
  if (!lookup_has_connections (kin_socket_type (listener)))
    return listen_pump (listener, TRUE, error);
  return keeps_open ? listen_keep_open (listener, error) : listen_once (listener, error);
}

static int
listen_run (char **operands)
{
  g_autoptr (GError) error = NULL;
  gboolean is_done = listen_on (operands[0], &error);

  path_remove ();
  if (is_done)
    return TOOL_DONE;
  path_name_in_hint (operands[0], error);
  return tool_fail (error);
}

static const GOptionEntry options[] = {
  { "exec", 'e', 0, G_OPTION_ARG_FILENAME, &command,
    "run sh -c CMD with the connection as its input and output", "CMD" },
  { "keep-open", 'k', 0, G_OPTION_ARG_NONE, &keeps_open,
    "go on after the first connection, until Ctrl-C", NULL },
  { "wait", 'w', 0, G_OPTION_ARG_STRING, &wait_text, "as for kin connect, after the peer's end (1)",
    "S" },
  { 0 },
};

KIN_VERB (listen) = {
  .name = "listen",
  .operands = "ENDPOINT",
  .summary = "wait for a connection, and pass standard input and output",
  .details =
      "Takes one connection and ends with it; the standard error says where it listens. With\n"
      "--keep-open connections are served one after another; with --exec as well, each at once by\n"
      "a command of its own, whose end closes its connection.\n"
      "\n"
      "Datagrams are printed as they come, until Ctrl-C; input goes to the last sender.\n"
      "\n"
      "A path that it made is removed at the end, after Ctrl-C too.\n"
      "\n"
      "Examples:\n"
      "  kin listen unix:/tmp/hello.sock\n"
      "  kin listen --keep-open --exec 'cat' unix:/tmp/echo.sock\n"
      "  kin listen unix:@backup > disk.img\n"
      "  kin listen unix-dgram:/tmp/log.sock\n",
  .options = options,
  .min = 1,
  .max = 1,
  .run = listen_run,
};
