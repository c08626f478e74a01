/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin connect: standard input and output to a socket, as nc does. */
#include <unistd.h>

#include "tool.h"

static char *timeout_text, *wait_text, *source;

static gboolean
connect_to (const char *endpoint, GError **error)
{
  Pump pump = { .in = STDIN_FILENO, .out = STDOUT_FILENO, .linger_usec = KIN_SECONDS (1) };
  gint64 timeout_usec = KIN_FOREVER;
  g_autoptr (KinSocket) socket = NULL;

  if (!tool_parse_seconds ("timeout", timeout_text, &timeout_usec, error)
      || !tool_parse_seconds ("wait", wait_text, &pump.linger_usec, error))
    return FALSE;
  socket = dial (endpoint, source, timeout_usec, error);
  return socket && pump_run (socket, &pump, error);
}

static int
connect_run (char **operands)
{
  g_autoptr (GError) error = NULL;

  gboolean is_done = connect_to (operands[0], &error);

  path_remove ();
  if (is_done)
    return TOOL_DONE;
  hint_complete (operands[0], error);
  hint_complete (source, error);
  return tool_fail (error);
}

static const GOptionEntry options[] = {
  { "bind", 'b', 0, G_OPTION_ARG_STRING, &source, "have this address, and connect from it",
    "ENDPOINT" },
  { "timeout", 't', 0, G_OPTION_ARG_STRING, &timeout_text,
    "give up connecting after so many seconds", "S" },
  { "wait", 'w', 0, G_OPTION_ARG_STRING, &wait_text,
    "how long silence lasts before it is the end (1); see below", "S" },
  { 0 },
};

KIN_VERB (connect) = {
  .name = "connect",
  .operands = "ENDPOINT",
  .summary = "connect, and pass standard input and output",
  .details =
      "On a connection the end of input closes the sending half, and the answers are still read;\n"
      "the peer's end ends all. Where the peer has only closed its sending half, input that comes\n"
      "before --wait seconds of silence is still sent.\n"
      "\n"
      "On datagrams each read of the input is one datagram: a line that is typed, at most 60 KiB\n"
      "of a file. After the end of input answers are taken until there were none for --wait\n"
      "seconds. Who has no name gets none in some families: --bind gives it one.\n"
      "\n"
      "Examples:\n"
      "  kin connect unix:/run/hello.sock\n"
      "  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | kin connect --timeout 5 tcp:example.org:80\n"
      "  kin connect unix:@backup < disk.img\n"
      "  kin connect --bind unix-dgram: unix-dgram:/run/answers.sock\n"
      "  logger -s hello 2>&1 | kin connect --wait 0 unix-dgram:/dev/log\n",
  .options = options,
  .min = 1,
  .max = 1,
  .run = connect_run,
};
