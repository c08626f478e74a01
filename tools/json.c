/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/json.c: writes JSON, a value at a time; commas come by themselves.
 *
 *   json_open (json, '{');  json_name (json, "name");  json_text (json, "unix");  … */
#include <stdio.h>
#include <string.h>

#include "tool.h"

/* A value follows: is it the first of its list or object, or what a name announced? */
static void
json_separate (GString *json)
{
  char last = json->len > 0 ? json->str[json->len - 1] : '[';

  if (last == '}')
    g_string_append (json, ",\n ");
  else if (last != '[' && last != '{' && last != ' ')
    g_string_append (json, ", ");
}

void
json_open (GString *json, char bracket)
{
  json_separate (json);
  g_string_append_c (json, bracket);
}

void
json_close (GString *json, char bracket)
{
  g_string_append_c (json, bracket);
}

void
json_name (GString *json, const char *name)
{
  json_text (json, name);
  g_string_append (json, ": ");
}

/* NULL is null. Bytes that are not UTF-8 become U+FFFD: JSON has no other way. */
void
json_text (GString *json, const char *text)
{
  g_autofree char *valid = text ? g_utf8_make_valid (text, -1) : NULL;

  json_separate (json);
  if (!valid) {
    g_string_append (json, "null");
    return;
  }
  g_string_append_c (json, '"');
  for (const char *c = valid; *c; c++) {
    if (*c == '"' || *c == '\\')
      g_string_append_printf (json, "\\%c", *c);
    else if ((guchar) *c < 0x20 || *c == 0x7f)
      g_string_append_printf (json, "\\u%04x", (guint) *c);
    else
      g_string_append_c (json, *c);
  }
  g_string_append_c (json, '"');
}

void
json_number (GString *json, gint64 number)
{
  json_separate (json);
  g_string_append_printf (json, "%" G_GINT64_FORMAT, number);
}

void
json_truth (GString *json, gboolean truth)
{
  json_separate (json);
  g_string_append (json, truth ? "true" : "false");
}

/* Prints it on the standard output, and frees it. */
void
json_print (GString *json)
{
  puts (json->str);
  g_string_free (json, TRUE);
}
