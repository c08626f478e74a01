/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin relay: what comes at one endpoint goes to another, and back.
 *
 * With --keep-open each connection has a thread of its own, which may wait for its TO to be there.
 * Datagrams that come are one thread's work; see senders.c. */
#include "tool.h"

static char *timeout_text, *idle_text, *wait_text, *source;
static gboolean keeps_open;

/* Takes the connection. */
static gboolean
relay_serve (const Relay *relay, KinSocket *connection, GError **error)
{
  g_autoptr (KinSocket) first = connection;
  g_autoptr (KinSocket) second = dial (relay->to, relay->source, relay->timeout_usec, error);

  if (!second) {
    link_abort (first);
    return FALSE;
  }
  return link_run (relay, first, second, error);
}

typedef struct {
  const Relay *relay;
  KinSocket *connection;
} Guest;

static gpointer
relay_serve_in_thread (gpointer data)
{
  g_autofree Guest *guest = data;
  g_autoptr (GError) error = NULL;

  if (!relay_serve (guest->relay, guest->connection, &error))
    tool_complain (error);
  return NULL;
}

static gboolean
relay_connections (const Relay *relay, KinSocket *door, GError **error)
{
  KinSocket *connection = door_accept (door, relay->keeps_open, error);

  while (connection && relay->keeps_open) {
    Guest guest = { relay, connection };

    g_thread_unref (
        g_thread_new ("connection", relay_serve_in_thread, g_memdup2 (&guest, sizeof guest)));
    connection = door_accept (door, TRUE, error);
  }
  return connection && relay_serve (relay, connection, error);
}

static gboolean
relay_parse (Relay *relay, GError **error)
{
  g_autoptr (KinEndpoint) to = kin_endpoint_new (relay->to, error);

  if (!to || !tool_parse_seconds ("timeout", timeout_text, &relay->timeout_usec, error)
      || !tool_parse_seconds ("idle", idle_text, &relay->idle_usec, error)
      || !tool_parse_seconds ("wait", wait_text, &relay->linger_usec, error))
    return FALSE;
  if (!source || !path_is_path (source))
    return TRUE;
  g_set_error (error, TOOL_ERROR, TOOL_ERROR_USAGE,
               "relay: --bind takes no path, each connection needs a name of its own; "
               "\"unix-dgram:\" leaves the choice to the kernel");
  return FALSE;
}

static gboolean
relay_from (const char *from, Relay *relay, GError **error)
{
  g_autoptr (KinSocket) door =
      relay_parse (relay, error) ? door_open (from, DOOR_ANY, "relay", error) : NULL;
  gboolean is_done;

  if (!door)
    return FALSE;
  door_announce (door, from);
  progress_start ();
  is_done = lookup_has_connections (kin_socket_type (door)) ? relay_connections (relay, door, error)
                                                            : senders_run (relay, door, error);
  progress_end ();
  return is_done;
}

static int
relay_run (char **operands)
{
  Relay relay = { .to = operands[1],
                  .source = source,
                  .timeout_usec = KIN_FOREVER,
                  .idle_usec = KIN_FOREVER,
                  .linger_usec = KIN_SECONDS (1),
                  .keeps_open = keeps_open };
  g_autoptr (GError) error = NULL;
  gboolean is_done = relay_from (operands[0], &relay, &error);

  path_remove ();
  if (is_done)
    return TOOL_DONE;
  hint_complete (operands[0], error);
  hint_complete (operands[1], error);
  hint_complete (source, error);
  return tool_fail (error);
}

static const GOptionEntry options[] = {
  { "bind", 'b', 0, G_OPTION_ARG_STRING, &source, "connect to TO from this address", "ENDPOINT" },
  { "keep-open", 'k', 0, G_OPTION_ARG_NONE, &keeps_open, "serve all that come, until Ctrl-C",
    NULL },
  { "timeout", 't', 0, G_OPTION_ARG_STRING, &timeout_text,
    "give up connecting to TO after so many seconds", "S" },
  { "idle", 'i', 0, G_OPTION_ARG_STRING, &idle_text,
    "end what nothing has passed through for so long", "S" },
  { "wait", 'w', 0, G_OPTION_ARG_STRING, &wait_text,
    "after the end of a connection to datagrams, how long to wait for answers (1)", "S" },
  { 0 },
};

KIN_VERB (relay) = {
  .name = "relay",
  .operands = "FROM TO",
  .summary = "pass on what comes at one endpoint to another, and back",
  .details =
      "Listens at FROM, connects to TO when somebody comes, and passes bytes on both ways until\n"
      "both have ended. The end of one side half-closes the other; where one fails the other is\n"
      "reset. Any family goes with any. On a terminal it shows how much has passed and how fast.\n"
      "\n"
      "Datagrams keep their boundaries. Each sender has a socket to TO of its own and gets the\n"
      "answers that come there; it is forgotten after 60 seconds of silence, or --idle. Without\n"
      "--keep-open there is only the first one.\n"
      "\n"
      "Examples:\n"
      "  kin relay tcp:127.0.0.1:8080 unix:/run/hello.sock\n"
      "  kin relay --keep-open unix:/tmp/db.sock tcp:db.example.org:5432\n"
      "  kin relay --keep-open --idle 10 udp:127.0.0.1:5353 udp:192.0.2.1:53\n",
  .options = options,
  .min = 2,
  .max = 2,
  .run = relay_run,
};
