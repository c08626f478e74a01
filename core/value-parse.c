/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* value-parse: reads values as Python writes them, the inverse of value.c's printing.
 *
 * The literals of Python's reference, "Lexical analysis", but for what a value cannot be: floating
 * point and complex numbers, sets, f-strings, \N{…}, and literals that are only put together. */
#include "fields.h"

#include <string.h>

/* Of brackets inside brackets. No value of Kin has more than four. */
#define MAX_DEPTH 32

typedef struct {
  const char *text, *at;
  guint depth;
  char *why; /* of the first failure */
} Reader;

static GVariant *read_value (Reader *reader);

/* at: where it went wrong. */
static gpointer complain (Reader *reader, const char *at, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static gpointer
complain (Reader *reader, const char *at, const char *format, ...)
{
  g_autofree char *words = NULL;
  va_list arguments;

  va_start (arguments, format);
  words = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (!reader->why)
    reader->why = g_strdup_printf ("character %ld: %s",
                                   g_utf8_pointer_to_offset (reader->text, at) + 1, words);
  return NULL;
}

static void
skip_blanks (Reader *reader)
{
  reader->at += strspn (reader->at, " \t\r\n\f");
}

/* ---- Numbers ------------------------------------------------------------------------------- */

/* Digits, one underscore allowed between two. FALSE: there are none. */
static gboolean
read_digits (const char **at, guint base, guint64 *number, gboolean *is_large)
{
  const char *start = *at;

  for (;; (*at)++) {
    int digit = g_ascii_xdigit_value (**at);

    if (**at == '_' && *at > start && (*at)[-1] != '_' && g_ascii_xdigit_value ((*at)[1]) >= 0)
      continue;
    if (digit < 0 || (guint) digit >= base)
      return *at > start;
    if (__builtin_mul_overflow (*number, base, number)
        || __builtin_add_overflow (*number, (guint64) digit, number))
      *is_large = TRUE;
  }
}

static guint
read_base (const char **at)
{
  static const struct {
    char letter;
    guint base;
  } bases[] = { { 'x', 16 }, { 'o', 8 }, { 'b', 2 } };

  for (gsize i = 0; **at == '0' && i < G_N_ELEMENTS (bases); i++)
    if (g_ascii_tolower ((*at)[1]) == bases[i].letter) {
      *at += (*at)[2] == '_' ? 3 : 2;
      return bases[i].base;
    }
  return 10;
}

static GVariant *
read_number (Reader *reader)
{
  const char *start = reader->at, *digits;
  gboolean is_negative = *start == '-', is_large = FALSE;
  guint64 number = 0;
  guint base;

  reader->at += *start == '-' || *start == '+';
  digits = reader->at;
  base = read_base (&reader->at);
  if (!read_digits (&reader->at, base, &number, &is_large))
    return complain (reader, start, "no number");
  if (*reader->at == '.' || (base == 10 && g_ascii_tolower (*reader->at) == 'e'))
    return complain (reader, start, "no value is a floating point number");
  if (g_ascii_isalnum (*reader->at) || *reader->at == '_')
    return complain (reader, reader->at, "'%c' in a number", *reader->at);
  if (base == 10 && *digits == '0' && number > 0)
    return complain (reader, start, "a number starts with 0; octal ones start with 0o");
  if (is_large || (is_negative && number > (guint64) G_MAXINT64 + 1))
    return complain (reader, start, "the number has more than 64 bits");
  if (is_negative)
    return g_variant_new_int64 ((gint64) (0 - number));
  return number <= G_MAXINT64 ? g_variant_new_int64 ((gint64) number)
                              : g_variant_new_uint64 (number);
}

/* ---- Strings and bytes --------------------------------------------------------------------- */

/* Up to max digits, at least min. FALSE: there are fewer. */
static gboolean
read_code (const char **at, guint base, guint min, guint max, guint32 *code)
{
  guint n = 0;

  for (*code = 0; n < max; n++) {
    int digit = g_ascii_xdigit_value (**at);

    if (digit < 0 || (guint) digit >= base)
      break;
    *code = *code * base + (guint32) digit;
    (*at)++;
  }
  return n >= min;
}

/* A character of text, or a byte. */
static gboolean
append_code (Reader *reader, const char *start, GString *bytes, gboolean is_text, guint32 code)
{
  if (!is_text && code > 0xff)
    complain (reader, start, "a byte is 0 to 255");
  else if (!is_text)
    g_string_append_c (bytes, (char) code);
  else if (code == 0)
    complain (reader, start, "text has no NUL; write it as bytes, b'...'");
  else if (!g_unichar_validate (code))
    complain (reader, start, "no character has that number");
  else
    g_string_append_unichar (bytes, code);
  return !reader->why;
}

/* What stands behind a backslash. */
static gboolean
read_escape (Reader *reader, GString *bytes, gboolean is_text)
{
  static const char letters[] = "\\'\"abfnrtv", meanings[] = "\\'\"\a\b\f\n\r\t\v";
  const char *start = reader->at - 1, *known = strchr (letters, *reader->at);
  char letter = *reader->at;
  gboolean is_whole = FALSE;
  guint32 code;

  reader->at += letter != 0;
  if (letter == '\n')
    return TRUE;
  if (letter != 0 && known) {
    g_string_append_c (bytes, meanings[known - letters]);
    return TRUE;
  }
  if (letter >= '0' && letter <= '7') {
    reader->at--;
    is_whole = read_code (&reader->at, 8, 1, 3, &code);
  } else if (letter == 'x')
    is_whole = read_code (&reader->at, 16, 2, 2, &code);
  else if (is_text && (letter == 'u' || letter == 'U'))
    is_whole = read_code (&reader->at, 16, letter == 'u' ? 4 : 8, letter == 'u' ? 4 : 8, &code);
  if (is_whole)
    return append_code (reader, start, bytes, is_text, code);
  complain (reader, start, "no escape; a backslash itself is written \\\\");
  return FALSE;
}

/* Up to the closing quote. */
static gboolean
read_quoted (Reader *reader, GString *bytes, gboolean is_text, gboolean is_raw)
{
  const char *start = reader->at;
  char quote = *reader->at++;

  while (*reader->at != quote) {
    char c = *reader->at;

    if (c == 0 || c == '\n') {
      complain (reader, start, "the quote is not closed");
      return FALSE;
    }
    if (!is_text && (c & 0x80)) {
      complain (reader, reader->at, "bytes beyond 127 are written \\xNN");
      return FALSE;
    }
    reader->at++;
    if (c != '\\')
      g_string_append_c (bytes, c);
    else if (is_raw) {
      g_string_append_c (bytes, c);
      if (*reader->at != 0 && strchr ("\\'\"\n", *reader->at))
        g_string_append_c (bytes, *reader->at++);
    } else if (!read_escape (reader, bytes, is_text))
      return FALSE;
  }
  reader->at++;
  return TRUE;
}

/* "'", "b'", "rb'": the length of what stands before the quote; -1: no string begins here. */
static int
prefix_length (const char *at, gboolean *is_text, gboolean *is_raw)
{
  static const char *const prefixes[] = { "", "b", "r", "u", "br", "rb" };
  int n = 0;

  while (n < 2 && at[n] != 0 && at[n] != '\'' && at[n] != '"')
    n++;

  if (at[n] != '\'' && at[n] != '"')
    return -1;
  for (gsize i = 0; i < G_N_ELEMENTS (prefixes); i++)
    if ((int) strlen (prefixes[i]) == n && g_ascii_strncasecmp (at, prefixes[i], (gsize) n) == 0) {
      *is_text = !strchr (prefixes[i], 'b');
      *is_raw = strchr (prefixes[i], 'r') != NULL;
      return n;
    }
  return -1;
}

static GVariant *
read_string (Reader *reader, int prefix, gboolean is_text, gboolean is_raw)
{
  g_autoptr (GString) bytes = g_string_new (NULL);

  reader->at += prefix;
  if (!read_quoted (reader, bytes, is_text, is_raw))
    return NULL;
  return is_text ? g_variant_new_string (bytes->str)
                 : g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes->str, bytes->len, 1);
}

/* ---- Tuples, lists, dictionaries ----------------------------------------------------------- */

/* "KEY: VALUE", behind a key. */
static GVariant *
read_entry (Reader *reader, const char *start, GVariant *key)
{
  g_autoptr (GVariant) held = key ? g_variant_take_ref (key) : NULL;
  g_autoptr (GVariant) value = NULL;

  if (!held)
    return NULL;
  if (!g_variant_is_of_type (held, G_VARIANT_TYPE_STRING))
    return complain (reader, start, "the keys of a dictionary are text");
  skip_blanks (reader);
  if (*reader->at != ':')
    return complain (reader, reader->at, "a : is missing behind the key");
  reader->at++;
  value = read_value (reader);
  if (!value)
    return NULL;
  g_variant_take_ref (value);
  return g_variant_new_dict_entry (held, g_variant_new_variant (value));
}

/* All up to the closing bracket. FALSE: failed. */
static gboolean
read_items (Reader *reader, char close, GPtrArray *items, gboolean *ends_with_comma)
{
  const char *start = reader->at - 1;

  *ends_with_comma = FALSE;
  for (;;) {
    const char *item;
    GVariant *value;

    skip_blanks (reader);
    if (*reader->at == close) {
      reader->at++;
      return TRUE;
    }
    if (*reader->at == 0 || (items->len > 0 && !*ends_with_comma)) {
      complain (reader, *reader->at ? reader->at : start, "%s",
                *reader->at ? "a comma is missing" : "the bracket is not closed");
      return FALSE;
    }
    item = reader->at;
    value = read_value (reader);
    if (close == '}')
      value = read_entry (reader, item, value);
    if (!value)
      return FALSE;
    g_ptr_array_add (items, g_variant_take_ref (value));
    skip_blanks (reader);
    *ends_with_comma = *reader->at == ',';
    reader->at += *ends_with_comma;
  }
}

static GVariant *
read_bracket (Reader *reader)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  GVariant *const *values;
  gboolean ends_with_comma;
  char open = *reader->at++;

  if (++reader->depth > MAX_DEPTH)
    return complain (reader, reader->at - 1, "more than %d brackets in one another", MAX_DEPTH);
  if (!read_items (reader, open == '(' ? ')' : open == '[' ? ']' : '}', items, &ends_with_comma))
    return NULL;
  reader->depth--;
  values = (GVariant *const *) items->pdata;
  if (open == '(' && items->len == 1 && !ends_with_comma)
    return g_variant_ref (values[0]);
  if (open == '(')
    return g_variant_new_tuple (values, items->len);
  if (open == '{')
    return g_variant_new_array (G_VARIANT_TYPE ("{sv}"), values, items->len);
  for (guint i = 0; i < items->len; i++) {
    GVariant *item = items->pdata[i];

    items->pdata[i] = g_variant_ref_sink (g_variant_new_variant (item));
    g_variant_unref (item);
  }
  return g_variant_new_array (G_VARIANT_TYPE_VARIANT, values, items->len);
}

/* ---- Any ----------------------------------------------------------------------------------- */

static GVariant *
read_word (Reader *reader)
{
  gsize n = strspn (reader->at, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_");
  const char *start = reader->at;

  reader->at += n;
  if (n == 4 && strncmp (start, "True", n) == 0)
    return g_variant_new_boolean (TRUE);
  if (n == 5 && strncmp (start, "False", n) == 0)
    return g_variant_new_boolean (FALSE);
  if (n == 4 && strncmp (start, "None", n) == 0)
    return g_variant_new_maybe (G_VARIANT_TYPE_VARIANT, NULL);
  if (n > 0)
    return complain (reader, start, "text is written in quotes: '%.*s'", (int) MIN (n, 40), start);
  return complain (reader, start, *start ? "no value begins so" : "a value is missing");
}

/* Floating, or a reference of its own; or NULL. */
static GVariant *
read_value (Reader *reader)
{
  gboolean is_text, is_raw;
  int prefix;

  skip_blanks (reader);
  if (*reader->at != 0 && strchr ("([{", *reader->at))
    return read_bracket (reader);
  if (g_ascii_isdigit (*reader->at) || *reader->at == '-' || *reader->at == '+')
    return read_number (reader);
  prefix = prefix_length (reader->at, &is_text, &is_raw);
  return prefix >= 0 ? read_string (reader, prefix, is_text, is_raw) : read_word (reader);
}

GVariant *
kin__value_read (const char *text, const char **end, char **why)
{
  Reader reader = { .text = text, .at = text };
  const char *valid;
  GVariant *value;

  if (!g_utf8_validate (text, -1, &valid)) {
    *why = g_strdup ("it is not UTF-8; bytes are written b'\\xNN'");
    return NULL;
  }
  value = read_value (&reader);
  *end = reader.at;
  *why = reader.why;
  return value ? g_variant_take_ref (value) : NULL;
}

/**
 * kin_value_parse:
 * @text: a value as Python writes it: `('127.0.0.1', 80)`, `b'\x00name'`, `[1, None]`
 * @error: return location, or %NULL
 *
 * Reads what kin_value_print() writes, and all else of Python's literals that a value can be:
 * integers of 64 bits in base 2, 8, 10 and 16, text and bytes with their escapes, also raw, True,
 * False, None, tuples in their brackets, lists, and dictionaries whose keys are text. See Python's
 * reference, "Literals". No floating point, no `\N{...}`, no literals side by side; no NUL in
 * text.
 *
 * Integers become x, or t beyond; text s; bytes ay; True and False b; None an empty mv; tuples
 * tuples; lists av; dictionaries a{sv}.
 *
 * Returns: (transfer full) (nullable): the value; or %NULL with %KIN_ERROR_BAD_VALUE, which says
 *   where and why
 */
GVariant *
kin_value_parse (const char *text, GError **error)
{
  g_autofree char *why = NULL, *quoted = NULL;
  const char *end = "";
  GVariant *value = kin__value_read (text, &end, &why);

  end += strspn (end, " \t\r\n\f");
  if (value && *end == 0)
    return value;
  g_clear_pointer (&value, g_variant_unref);
  quoted = kin__quote (text, -1);
  if (!why)
    why = g_strdup_printf ("character %ld: something follows the value",
                           g_utf8_pointer_to_offset (text, end) + 1);
  kin__error_set (error, KIN_ERROR_BAD_VALUE, "%s is no value: %s", quoted, why);
  return NULL;
}
