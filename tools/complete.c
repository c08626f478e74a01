/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin complete: what the last of the words may become, a line each; shells ask it.
 *
 * All is read from tables: verbs and options from the verbs', schemes from the manifests, options
 * of an endpoint from the one family whose scheme it has. Nothing that fits is no line: the shell
 * then completes files. */
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "tool.h"

/* ---- Endpoints ----------------------------------------------------------------------------- */

static void
complete_offer (const char *typed, const char *head, const char *word, const char *tail)
{
  g_autofree char *text = g_strconcat (head, word, tail, NULL);
  g_autofree char *safe = tool_escape (text);

  if (g_str_has_prefix (text, typed))
    puts (safe);
}

static void
complete_schemes (const char *typed, const char *tail)
{
  g_autoptr (GPtrArray) families = kin_list_families ();

  for (guint i = 0; i < families->len; i++) {
    const KinFamilyInfo *info = families->pdata[i];

    if (info->state == KIN_FAMILY_LISTED || info->state == KIN_FAMILY_LOADED)
      for (guint s = 0; info->schemes[s]; s++)
        complete_offer (typed, "", info->schemes[s], tail);
  }
}

static void
complete_families (const char *typed)
{
  g_autoptr (GPtrArray) families = kin_list_families ();

  for (guint i = 0; i < families->len; i++)
    complete_offer (typed, "", ((const KinFamilyInfo *) families->pdata[i])->name, "");
}

/* head is all that stands before the name. */
static void
complete_option (const char *typed, const char *head, const KinOption *row)
{
  g_autofree char *named = g_strconcat (head, row->name, "=", NULL);

  if (!(row->flags & KIN_OPTION_WRITE))
    return;
  if (!g_str_has_prefix (typed, named)) {
    complete_offer (typed, head, row->name, "=");
    return;
  }
  for (const KinName *name = row->names; name && name->name; name++)
    complete_offer (typed, named, name->name, "");
  if (row->kind == KIN_BOOL) {
    complete_offer (typed, named, "0", "");
    complete_offer (typed, named, "1", "");
  }
}

static void
complete_options (const char *typed)
{
  const char *mark = strchr (typed, '?'), *last = strrchr (mark, '&');
  g_autofree char *scheme = g_strndup (typed, strcspn (typed, ":?"));
  g_autofree char *head = g_strndup (typed, (gsize) ((last ? last : mark) + 1 - typed));
  KinProtocol protocol;
  const KinFamily *family = lookup_scheme (scheme, &protocol, NULL);
  const KinTable *tables[] = { family ? &family->options : NULL, kin_generic_options () };
  KinOption row;

  for (guint t = family ? 0 : G_N_ELEMENTS (tables); t < G_N_ELEMENTS (tables); t++)
    for (guint i = 0; kin_table_get (tables[t], i, &row, sizeof row); i++)
      complete_option (typed, head, &row);
}

static void
complete_endpoint (const char *typed)
{
  if (strchr (typed, '?'))
    complete_options (typed);
  else if (!strchr (typed, ':'))
    complete_schemes (typed, ":");
}

static void
complete_interfaces (const char *typed)
{
  struct if_nameindex *names = if_nameindex ();

  for (struct if_nameindex *name = names; name && name->if_name; name++)
    complete_offer (typed, "", name->if_name, "");
  if (names)
    if_freenameindex (names);
}

/* What a word of a usage line stands for. */
static void
complete_word (const char *kind, const char *typed)
{
  if (strstr (kind, "ENDPOINT") || strstr (kind, "FROM") || strstr (kind, "TO"))
    complete_endpoint (typed);
  if (strstr (kind, "FAMILY"))
    complete_families (typed);
  if (strstr (kind, "SCHEME"))
    complete_schemes (typed, "");
  if (strstr (kind, "NAME"))
    complete_interfaces (typed);
}

/* ---- Words of a verb ----------------------------------------------------------------------- */

static void
complete_verbs (const char *typed)
{
  for (guint i = 0; tool_verbs[i]; i++)
    if (!tool_verbs[i]->is_hidden)
      complete_offer (typed, "", tool_verbs[i]->name, "");
  if (typed[0] == '-') {
    complete_offer (typed, "--", "help", "");
    complete_offer (typed, "--", "version", "");
  }
}

/* The option of which word is the name, and whose argument is still to come; or NULL. */
static const GOptionEntry *
complete_find_option (const KinVerb *verb, const char *word)
{
  gsize length = strlen (word);

  for (const GOptionEntry *option = verb->options; option && option->long_name; option++) {
    gboolean is_long = g_str_has_prefix (word, "--") && strcmp (word + 2, option->long_name) == 0;
    gboolean is_short =
        length > 1 && word[0] == '-' && word[1] != '-' && word[length - 1] == option->short_name;

    if ((is_long || is_short) && option->arg_description)
      return option;
  }
  return NULL;
}

/* "--bind=un": as the argument would be on its own. */
static void
complete_argument (const KinVerb *verb, const char *typed, const char *argument)
{
  g_autofree char *name = g_strndup (typed, (gsize) (argument - typed) - 1);
  const GOptionEntry *option = complete_find_option (verb, name);

  if (option)
    complete_word (option->arg_description, argument);
}

static void
complete_verb_options (const KinVerb *verb, const char *typed)
{
  const char *equals = strchr (typed, '=');

  if (equals) {
    complete_argument (verb, typed, equals + 1);
    return;
  }
  for (const GOptionEntry *option = verb->options; option && option->long_name; option++)
    complete_offer (typed, "--", option->long_name, option->arg_description ? "=" : "");
  complete_offer (typed, "--", "help", "");
}

/* The n-th word of the usage line; the last one again where it may be repeated. */
static void
complete_operand (const KinVerb *verb, guint n, const char *typed)
{
  g_auto (GStrv) kinds = g_strsplit (verb->operands, " ", -1);
  guint count = g_strv_length (kinds);

  if (n < count)
    complete_word (kinds[n], typed);
  else if (count > 0 && strstr (kinds[count - 1], "..."))
    complete_word (kinds[count - 1], typed);
}

/* words: the verb's, the last one unfinished. */
static void
complete_for_verb (const KinVerb *verb, char **words)
{
  const GOptionEntry *pending = NULL;
  gboolean has_ended = FALSE;
  guint n_operands = 0;

  for (; words[1]; words++) {
    gboolean is_argument = pending != NULL;

    pending = has_ended || is_argument ? NULL : complete_find_option (verb, words[0]);
    if (!is_argument && !has_ended && strcmp (words[0], "--") == 0)
      has_ended = TRUE;
    else if (!is_argument && (has_ended || words[0][0] != '-'))
      n_operands++;
  }
  if (pending)
    complete_word (pending->arg_description, words[0]);
  else if (words[0][0] == '-' && !has_ended)
    complete_verb_options (verb, words[0]);
  else
    complete_operand (verb, n_operands, words[0]);
}

static int
complete_run (char **words)
{
  const KinVerb *verb = words[1] ? tool_find_verb (words[0]) : NULL;

  if (!words[1])
    complete_verbs (words[0]);
  else if (verb)
    complete_for_verb (verb, words + 1);
  return TOOL_DONE;
}

KIN_VERB (complete) = {
  .name = "complete",
  .operands = "[--] WORD...",
  .summary = "print what the last word may become",
  .details = "Examples:\n"
             "  kin complete -- connect 'unix:/run/hello.sock?so.'\n",
  .min = 1,
  .max = G_MAXUINT,
  .run = complete_run,
  .is_hidden = TRUE,
};
