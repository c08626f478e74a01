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
  static const char *const own[] = { "--help", "--version", "-V", "-h", NULL };
  const char *names[G_N_ELEMENTS (tool_verbs)] = { NULL };
  gboolean is_option = name[0] == '-';
  const char *nearest;

  for (guint i = 0, n = 0; tool_verbs[i]; i++)
    if (!tool_verbs[i]->is_hidden)
      names[n++] = tool_verbs[i]->name;
  nearest = lookup_nearest (name, is_option ? own : names);
  if (nearest)
    tool_say ("no such %s \"%s\"; did you mean \"%s\"?", is_option ? "option" : "verb", name,
              nearest);
  else if (is_option)
    tool_say ("no such option \"%s\"; kin --help lists what there is", name);
  else
    tool_say ("no such verb \"%s\"; kin --help lists them", name);
}

/* GLib's sentence ends in the option; "--help" is every verb's. */
static void
main_say_wrong_option (const KinVerb *verb, const GError *error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *wrong = strrchr (error->message, ' ') + 1, *nearest = NULL;
  g_autofree char *name = g_strndup (wrong, strcspn (wrong, "="));

  for (const GOptionEntry *option = verb->options; option && option->long_name; option++)
    g_ptr_array_add (names, g_strconcat ("--", option->long_name, NULL));
  g_ptr_array_add (names, g_strdup ("--help"));
  g_ptr_array_add (names, NULL);
  if (g_error_matches (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION))
    nearest = lookup_nearest (name, (const char *const *) names->pdata);
  if (nearest)
    tool_say ("%s: %s; did you mean %s?", verb->name, error->message, nearest);
  else
    tool_say ("%s: %s; see kin %s --help", verb->name, error->message, verb->name);
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
    main_say_wrong_option (verb, error);
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

/* given: the last two words as they were typed, of which an option may have taken one. */
static void
main_say_missing (const KinVerb *verb, char **operands, guint n, char *const given[2])
{
  g_auto (GStrv) wanted = g_strsplit (verb->operands, " ", -1);
  g_autofree char *name = g_strndup (wanted[n], strcspn (wanted[n], "."));
  gboolean is_taken = given[0] && given[0][0] == '-' && given[1][0] != '-'
                      && (n == 0 || operands[n - 1] != given[1]);

  if (is_taken)
    tool_say ("%s: %s is missing (%s took \"%s\" as its value); usage: kin %s %s", verb->name, name,
              given[0], given[1], verb->name, verb->operands);
  else
    tool_say ("%s: %s is missing; usage: kin %s %s", verb->name, name, verb->name, verb->operands);
}

static int
main_run_verb (const KinVerb *verb, int argc, char **argv)
{
  char *given[2] = { argc > 2 ? argv[argc - 2] : NULL, argv[argc - 1] };
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
    main_say_missing (verb, operands, n, given);
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

/* "kin help VERB" is "kin VERB --help". */
static int
main_help (const char *name)
{
  char *arguments[] = { (char *) name, (char *) "--help", NULL };
  const KinVerb *verb = name ? tool_find_verb (name) : NULL;

  if (verb)
    return main_run_verb (verb, 2, arguments);
  if (name) {
    main_say_no_verb (name);
    return TOOL_USAGE;
  }
  main_print_overview ();
  return TOOL_DONE;
}

int
main (int argc, char **argv)
{
  static const char *const help[] = { "--help", "-h", "help", NULL };
  const KinVerb *verb;

  main_fill_standard_descriptors ();
  signal (SIGPIPE, SIG_IGN);
  g_log_set_writer_func (main_log, NULL, NULL);
  if (argc < 2 || g_strv_contains (help, argv[1]))
    return main_finish (main_help (argc > 2 ? argv[2] : NULL));
  if (strcmp (argv[1], "--version") == 0 || strcmp (argv[1], "-V") == 0) {
    printf ("kin %s (plugin contract %d.%d)\n", KIN_VERSION, KIN_MAJOR, KIN_MINOR);
    return main_finish (TOOL_DONE);
  }
  verb = tool_find_verb (argv[1]);
  if (!verb)
    main_say_no_verb (argv[1]);
  return main_finish (verb ? main_run_verb (verb, argc - 1, argv + 1) : TOOL_USAGE);
}
