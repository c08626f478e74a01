/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin listen: one connection, or each that comes, to standard input and output or to a command.
 *
 * With a command and --keep-open every connection has a thread of its own, which waits for its
 * command. Ctrl-C ends the program as SIGINT does; see path.c for what it removes first. */
#include <unistd.h>

#include "tool.h"

static char *command, *wait_text;
static gboolean keeps_open;
static gint64 linger_usec = KIN_SECONDS (1);

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

/* All that come, or one: then whoever comes second is refused at once. */
static gboolean
listen_serve_all (KinSocket *door, GError **error)
{
  do {
    KinSocket *connection = door_accept (door, keeps_open, error);

    if (!connection || !listen_serve (connection, error))
      return FALSE;
  } while (keeps_open);
  return TRUE;
}

static gboolean
listen_on (const char *endpoint, GError **error)
{
  g_autoptr (KinSocket) door = NULL;

  if (!tool_parse_seconds ("wait", wait_text, &linger_usec, error))
    return FALSE;
  door = door_open (endpoint, command ? DOOR_CONNECTIONS : DOOR_ANY, "listen: --exec", error);
  if (!door)
    return FALSE;
  door_announce (door, endpoint);
  return lookup_has_connections (kin_socket_type (door)) ? listen_serve_all (door, error)
                                                         : listen_pump (door, TRUE, error);
}

static int
listen_run (char **operands)
{
  g_autoptr (GError) error = NULL;
  gboolean is_done = listen_on (operands[0], &error);

  path_remove ();
  if (is_done)
    return TOOL_DONE;
  hint_complete (operands[0], error);
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
