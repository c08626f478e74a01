/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin man: the manual page, from what the verbs say of themselves. The build writes kin.1 with it.
 *
 * In a verb's details lines that begin with two spaces are shown as they are; other lines make
 * paragraphs, which blank lines end. */
#include <stdio.h>
#include <string.h>

#include "tool.h"

/* Text as man(7) takes it: what troff would read, or make a better-looking character of. */
static void
man_put (const char *text, gsize length)
{
  static const char *const escapes[G_MAXUINT8 + 1] = {
    ['\\'] = "\\e",  ['-'] = "\\-",   ['\''] = "\\(aq", ['`'] = "\\(ga",
    ['^'] = "\\(ha", ['~'] = "\\(ti", ['"'] = "\\(dq",
  };

  /* At the start of a line a dot is a request. */
  if (length > 0 && text[0] == '.')
    fputs ("\\&", stdout);
  for (gsize i = 0; i < length; i++) {
    const char *escape = escapes[(guint8) text[i]];

    if (escape)
      fputs (escape, stdout);
    else
      putchar (text[i]);
  }
}

static void
man_put_text (const char *text)
{
  man_put (text, strlen (text));
}

/* ".MACRO text" */
static void
man_put_request (const char *request, const char *text)
{
  printf ("%s ", request);
  man_put_text (text);
  putchar ('\n');
}

static void
man_put_details (const char *details)
{
  gboolean is_verbatim = FALSE;

  puts (".PP");
  for (const char *line = details; *line;) {
    gsize length = strcspn (line, "\n");
    gboolean is_shown = g_str_has_prefix (line, "  ");

    if (is_shown != is_verbatim && length > 0)
      puts (is_shown ? ".PP\n.EX" : ".EE");
    if (length > 0)
      is_verbatim = is_shown;
    if (length == 0)
      puts (is_verbatim ? "" : ".PP");
    else {
      man_put (line, length);
      putchar ('\n');
    }
    line += length + (line[length] != 0);
  }
  if (is_verbatim)
    puts (".EE");
}

static void
man_put_option (const GOptionEntry *option)
{
  printf (".TP\n\\fB");
  if (option->short_name)
    printf ("\\-%c\\fR, \\fB", option->short_name);
  printf ("\\-\\-");
  man_put_text (option->long_name);
  printf ("\\fR");
  if (option->arg_description) {
    printf ("=\\fI");
    man_put_text (option->arg_description);
    printf ("\\fR");
  }
  putchar ('\n');
  man_put_text (option->description);
  putchar ('\n');
}

static void
man_put_verb (const KinVerb *verb)
{
  g_autofree char *title = g_strdup_printf ("kin %s %s", verb->name, verb->operands);

  man_put_request (".SS", g_strchomp (title));
  man_put_text (verb->summary);
  puts (".");
  man_put_details (verb->details);
  for (const GOptionEntry *option = verb->options; option && option->long_name; option++)
    man_put_option (option);
}

static void
man_put_synopsis (void)
{
  puts (".SH SYNOPSIS");
  for (guint i = 0; tool_verbs[i]; i++)
    if (!tool_verbs[i]->is_hidden) {
      printf (".B kin %s\n.RI [ OPTION... ]\n", tool_verbs[i]->name);
      if (*tool_verbs[i]->operands) {
        man_put_text (tool_verbs[i]->operands);
        putchar ('\n');
      }
      puts (".br");
    }
  puts (".B kin \\-\\-help\n|\n.B kin \\-\\-version");
}

/* Neither is in the tables. */
static const char man_description[] =
    ".SH DESCRIPTION\n"
    "Kin is sockets in which every address family is a plugin; this is its command.\n"
    "An endpoint is written\n"
    ".IR SCHEME : REST\n"
    "and may carry options,\n"
    ".IR SCHEME : REST ? NAME = VALUE & NAME = VALUE .\n"
    "What a REST looks like and which options there are is the family\\(aqs:\n"
    ".B kin families\n"
    "lists the schemes and\n"
    ".BI \"kin info \" SCHEME\n"
    "tells the rest.\n"
    "Characters that would end a part are written %XX.\n"
    ".PP\n"
    "Every verb has\n"
    ".BR \\-h \", \" \\-\\-help .\n"
    "Options may stand among the operands;\n"
    ".B \\-\\-\n"
    "ends them.\n";

static const char man_end[] =
    ".SH EXIT STATUS\n"
    ".TP\n.B 0\nDone.\n"
    ".TP\n.B 1\nThe operation failed: one line on the standard error says what the system "
    "answered.\n"
    ".TP\n.B 2\nWrong usage: a bad endpoint, scheme or option.\n"
    ".PP\n"
    "Ctrl\\-C ends it as SIGINT does.\n"
    ".SH ENVIRONMENT\n"
    ".TP\n.B KIN_PLUGIN_PATH\n"
    "More folders with plugins, parted by colons; looked into after the system\\(aqs own.\n"
    ".TP\n.B NO_COLOR\n"
    "Where it is set and not empty nothing is coloured. Elsewhere colour is for terminals alone.\n"
    ".SH SEE ALSO\n"
    ".BR socket (2),\n"
    ".BR socket (7),\n"
    ".BR socat (1),\n"
    ".BR nc (1)\n";

static int
man_run (char **operands)
{
  (void) operands;
  printf (".TH KIN 1 \"\" \"Kin %s\" \"User Commands\"\n", KIN_VERSION);
  puts (".SH NAME\nkin \\- sockets of every address family, from the command line");
  man_put_synopsis ();
  fputs (man_description, stdout);
  puts (".SH VERBS");
  for (guint i = 0; tool_verbs[i]; i++)
    if (!tool_verbs[i]->is_hidden)
      man_put_verb (tool_verbs[i]);
  fputs (man_end, stdout);
  return TOOL_DONE;
}

KIN_VERB (man) = {
  .name = "man",
  .operands = "",
  .summary = "print the manual page",
  .details = "Examples:\n"
             "  kin man | man --local-file -\n",
  .run = man_run,
  .is_hidden = TRUE,
};
