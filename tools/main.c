/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin: sockets of every family, from the command line.
 *
 * To add a verb, add a file: tools/NAME.c, with `KIN_VERB (NAME) = { … };` as its last lines. The
 * build looks for such lines in tools/ and writes verbs.h, one row `VERB (NAME)` for each.
 *
 * Exit codes: 0 done, 1 the operation failed, 2 wrong usage. Ctrl-C ends it as SIGINT does. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

#define VERB(word) extern const KinVerb kin_verb_##word;
#include "verbs.h"
#undef VERB

const KinVerb *const tool_verbs[] = {
#define VERB(word) &kin_verb_##word,
#include "verbs.h"
#undef VERB
  NULL,
};

static const char overview[] = "Usage:\n"
                               "  kin VERB [OPTION...] [OPERAND...]\n"
                               "\n"
                               "Sockets of every address family, each of which is a plugin.\n"
                               "\n"
                               "Verbs:\n";

static const char overview_end[] =
    "\n"
    "Options:\n"
    "  -h, --help       this; kin VERB --help: more on a verb, with examples\n"
    "  -V, --version    the version\n"
    "\n"
    "Addresses are written SCHEME:REST[?OPTION=VALUE&...]; kin info SCHEME says more.\n"
    "Exit codes: 0 done, 1 the operation failed, 2 wrong usage.\n"
    "\n"
    "Examples:\n"
    "  kin families\n"
    "  kin doctor\n"
    "  kin listen unix:/tmp/hello.sock\n"
    "  kin connect unix:/tmp/hello.sock\n";

static void
main_print_overview (void)
{
  fputs (overview, stdout);
  for (guint i = 0; tool_verbs[i]; i++)
    if (!tool_verbs[i]->is_hidden)
      printf ("  %-10s %s\n", tool_verbs[i]->name, tool_verbs[i]->summary);
  fputs (overview_end, stdout);
}

const KinVerb *
tool_find_verb (const char *name)
{
  for (guint i = 0; tool_verbs[i]; i++)
    if (strcmp (tool_verbs[i]->name, name) == 0)
      return tool_verbs[i];
  return NULL;
}

static void
main_say_no_verb (const char *name)
{
  const char *names[G_N_ELEMENTS (tool_verbs)] = { NULL };
  const char *nearest;

  for (guint i = 0, n = 0; tool_verbs[i]; i++)
    if (!tool_verbs[i]->is_hidden)
      names[n++] = tool_verbs[i]->name;
  nearest = lookup_nearest (name, names);
  if (name[0] == '-')
    tool_say ("no such option \"%s\"; kin --help lists what there is", name);
  else if (nearest)
    tool_say ("no such verb \"%s\"; did you mean \"%s\"?", name, nearest);
  else
    tool_say ("no such verb \"%s\"; kin --help lists them", name);
}

static gboolean
main_parse_options (const KinVerb *verb, int *argc, char ***argv, gboolean *is_help)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GOptionContext) context = g_option_context_new (verb->operands);
  g_autofree char *program = g_strdup_printf ("kin %s", verb->name);
  const GOptionEntry help[] = { { "help", 'h', 0, G_OPTION_ARG_NONE, is_help, "show this", NULL },
                                { 0 } };
  gboolean is_parsed;

  g_set_prgname (program);
  g_option_context_set_summary (context, verb->summary);
  g_option_context_set_description (context, verb->details);
  g_option_context_set_help_enabled (context, FALSE);
  if (verb->options)
    g_option_context_add_main_entries (context, verb->options, NULL);
  g_option_context_add_main_entries (context, help, NULL);
  is_parsed = g_option_context_parse (context, argc, argv, &error);
  if (!is_parsed)
    tool_say ("%s: %s; see %s --help", verb->name, error->message, program);
  else if (*is_help) {
    /* GLib's own way to print it would turn characters beyond ASCII into question marks. */
    g_autofree char *text = g_option_context_get_help (context, TRUE, NULL);

    fputs (text, stdout);
  }
  return is_parsed;
}

/* GOptionContext leaves the "--" that ends the options in place where what follows looks like one.
 */
static char **
main_operands (char **arguments)
{
  char **end = arguments;

  while (*end && strcmp (*end, "--") != 0)
    end++;
  for (; *end; end++)
    end[0] = end[1];
  return arguments;
}

static int
main_run_verb (const KinVerb *verb, int argc, char **argv)
{
  gboolean is_help = FALSE;
  char **operands;
  guint n;

  if (!main_parse_options (verb, &argc, &argv, &is_help))
    return TOOL_USAGE;
  if (is_help)
    return TOOL_DONE;
  operands = main_operands (argv + 1);
  n = g_strv_length (operands);
  if (n < verb->min) {
    tool_say ("%s: what for? usage: kin %s %s", verb->name, verb->name, verb->operands);
    return TOOL_USAGE;
  }
  if (n > verb->max) {
    tool_say ("%s: \"%s\" is one operand too many; see kin %s --help", verb->name,
              operands[verb->max], verb->name);
    return TOOL_USAGE;
  }
  return verb->run (operands);
}

/* A socket must not land on a standard descriptor that the caller left closed. */
static void
main_fill_standard_descriptors (void)
{
  int fd = open ("/dev/null", O_RDWR);

  while (fd >= 0 && fd <= 2)
    fd = open ("/dev/null", O_RDWR);
  if (fd >= 0)
    close (fd);
}

static GLogWriterOutput
main_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  (void) user_data;
  if (level & (G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG))
    return G_LOG_WRITER_HANDLED;
  for (gsize i = 0; i < n_fields; i++)
    if (strcmp (fields[i].key, "MESSAGE") == 0)
      tool_say ("%s", (const char *) fields[i].value);
  return G_LOG_WRITER_HANDLED;
}

/* A full disk must not pass for success. */
static int
main_finish (int code)
{
  errno = 0;
  if (fflush (stdout) == 0 && !ferror (stdout))
    return code;
  if (errno != EPIPE)
    tool_say ("cannot write to the standard output: %s", g_strerror (errno));
  return code == TOOL_DONE ? TOOL_FAILED : code;
}

int
main (int argc, char **argv)
{
  const KinVerb *verb;

  main_fill_standard_descriptors ();
  signal (SIGPIPE, SIG_IGN);
  g_log_set_writer_func (main_log, NULL, NULL);
  if (argc < 2 || strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0) {
    main_print_overview ();
    return main_finish (TOOL_DONE);
  }
  if (strcmp (argv[1], "--version") == 0 || strcmp (argv[1], "-V") == 0) {
    printf ("kin %s (plugin contract %d.%d)\n", KIN_VERSION, KIN_MAJOR, KIN_MINOR);
    return main_finish (TOOL_DONE);
  }
  verb = tool_find_verb (argv[1]);
  if (!verb)
    main_say_no_verb (argv[1]);
  return main_finish (verb ? main_run_verb (verb, argc - 1, argv + 1) : TOOL_USAGE);
}
