/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* text: one value as people write it, and what keeps values apart.
 *
 * A separator counts where no [ or ( is open, so that authenc(hmac(sha1),cbc(aes)) and [::1] are
 * one member each. %XX is a byte, everywhere but in a host in brackets, where % starts a scope. */
#include "fields.h"

#include <string.h>

/* ---- Splitting and escaping ---------------------------------------------------------------- */

static gboolean
is_opening (char c)
{
  return c == '[' || c == '(';
}

static gboolean
is_closing (char c)
{
  return c == ']' || c == ')';
}

char **
kin__text_split (const char *text, char separator)
{
  GPtrArray *pieces = g_ptr_array_new ();
  const char *start = text, *at;
  guint depth = 0;

  for (at = text; *at; at++)
    if (is_opening (*at))
      depth++;
    else if (is_closing (*at) && depth > 0)
      depth--;
    else if (depth == 0 && separator && *at == separator) {
      g_ptr_array_add (pieces, g_strndup (start, (gsize) (at - start)));
      start = at + 1;
    }
  g_ptr_array_add (pieces, g_strdup (start));
  g_ptr_array_add (pieces, NULL);
  return (char **) g_ptr_array_free (pieces, FALSE);
}

char *
kin__text_unescape (const char *text, gsize n, gsize *length, char **why)
{
  GString *plain = g_string_sized_new (n);

  for (gsize i = 0; i < n; i++) {
    if (text[i] != '%') {
      g_string_append_c (plain, text[i]);
    } else if (i + 2 < n && g_ascii_isxdigit (text[i + 1]) && g_ascii_isxdigit (text[i + 2])) {
      g_string_append_c (plain, (char) (g_ascii_xdigit_value (text[i + 1]) << 4
                                        | g_ascii_xdigit_value (text[i + 2])));
      i += 2;
    } else {
      g_autofree char *bad = kin__quote (text + i, (gssize) MIN (n - i, 3));

      g_string_free (plain, TRUE);
      kin__complain (why, EINVAL, "%s is a bad escape: %% is written %%25", bad);
      return NULL;
    }
  }
  if (length)
    *length = plain->len;
  return g_string_free (plain, FALSE);
}

/* Which opening brackets nothing closes: they would hide what follows. */
static GArray *
find_unclosed (const char *bytes, gsize n)
{
  GArray *open = g_array_new (FALSE, FALSE, sizeof (gsize));

  for (gsize i = 0; i < n; i++)
    if (is_opening (bytes[i]))
      g_array_append_val (open, i);
    else if (is_closing (bytes[i]) && open->len > 0)
      g_array_set_size (open, open->len - 1);
  return open;
}

/* How many of the bytes are a character that may stand as it is; 0: none, the first is escaped. */
static gsize
count_plain (const char *bytes, gsize n)
{
  gunichar c = g_utf8_get_char_validated (bytes, (gssize) n);

  if (c == 0 || c == (gunichar) -1 || c == (gunichar) -2 || !g_unichar_isprint (c))
    return 0;
  return (gsize) (g_utf8_next_char (bytes) - bytes);
}

static void
append_escaped (GString *text, const KinShape *shape, const char *bytes, gsize n)
{
  g_autoptr (GArray) unclosed = find_unclosed (bytes, n);
  guint depth = 0, next = 0;

  for (gsize i = 0, step; i < n; i += step) {
    char c = bytes[i];
    gboolean is_unclosed = next < unclosed->len && g_array_index (unclosed, gsize, next) == i;

    step = count_plain (bytes + i, n - i);
    if (is_unclosed)
      next++;
    if (step == 0 || strchr ("?%", c) || (shape->escaped && strchr (shape->escaped, c))
        || (shape->separator && (is_unclosed || (depth == 0 && c == shape->separator)))) {
      g_string_append_printf (text, "%%%02X", (guchar) c);
      step = 1;
      continue;
    }
    g_string_append_len (text, bytes + i, (gssize) step);
    if (is_opening (c))
      depth++;
    else if (is_closing (c) && depth > 0)
      depth--;
  }
}

char *
kin__text_tame (const char *text)
{
  GString *tame = g_string_new (NULL);

  for (gsize n = strlen (text), step; n > 0; n -= step, text += step) {
    step = count_plain (text, n);
    if (step > 0)
      g_string_append_len (tame, text, (gssize) step);
    else
      g_string_append_printf (tame, "%%%02X", (guchar) *text);
    step = MAX (step, 1);
  }
  return g_string_free (tame, FALSE);
}

/* ---- A value as text ----------------------------------------------------------------------- */

static void
append_time (GString *text, gint64 usec)
{
  guint64 magnitude = usec < 0 ? -(guint64) usec : (guint64) usec;
  guint64 rest = magnitude % G_USEC_PER_SEC;

  g_string_append_printf (text, "%s%" G_GUINT64_FORMAT, usec < 0 ? "-" : "",
                          magnitude / G_USEC_PER_SEC);
  if (rest == 0)
    return;
  g_string_append_printf (text, ".%06" G_GUINT64_FORMAT, rest);
  while (text->str[text->len - 1] == '0')
    g_string_truncate (text, text->len - 1);
}

static void
append_number (GString *text, const KinField *row, const KinAtom *atom)
{
  for (const KinName *name = row->names; name && name->name; name++)
    if (name->value == atom->number) {
      g_string_append (text, name->name);
      return;
    }
  if (atom->kind == KIN_INT)
    g_string_append_printf (text, "%" G_GINT64_FORMAT, (gint64) atom->number);
  else if (row->flags & KIN_FIELD_HEX)
    g_string_append_printf (text, "0x%0*" G_GINT64_MODIFIER "x", row->digits, atom->number);
  else
    g_string_append_printf (text, "%" G_GUINT64_FORMAT, atom->number);
}

static void
append_hex (GString *text, const KinAtom *atom)
{
  for (gsize i = 0; i < atom->length; i++)
    g_string_append_printf (text, "%02x", (guchar) atom->bytes[i]);
}

/* In brackets: as it is, both ways. */
static gboolean
is_host_literal (const KinField *row, const char *bytes, gsize length)
{
  return (row->flags & KIN_FIELD_HOST) && length > 0 && bytes[0] == '[';
}

void
kin__atom_to_text (const KinShape *shape, const KinField *row, const KinAtom *atom, GString *text)
{
  if (row->kind == KIN_TIME)
    append_time (text, (gint64) atom->number);
  else if (row->kind == KIN_BYTES)
    append_hex (text, atom);
  else if (atom->kind != KIN_STRING && atom->kind != KIN_BYTES)
    append_number (text, row, atom);
  else if (is_host_literal (row, atom->bytes, atom->length))
    g_string_append_len (text, atom->bytes, (gssize) atom->length);
  else
    append_escaped (text, shape, atom->bytes, atom->length);
}

/* ---- Text as a value ----------------------------------------------------------------------- */

/* -12, 12, 0x1f. 0, -EINVAL, or -ERANGE: beyond 64 bits. */
static int
parse_number (const char *text, KinAtom *atom)
{
  gboolean is_negative = *text == '-';
  const char *digits = text + is_negative;
  guint base = g_str_has_prefix (digits, "0x") ? 16 : 10;
  guint64 number;
  GError *error = NULL;

  if (base == 16)
    digits += 2;
  if (!g_ascii_isxdigit (*digits))
    return -EINVAL;
  if (!g_ascii_string_to_unsigned (digits, base, 0, G_MAXUINT64, &number, &error)) {
    gboolean is_big =
        g_error_matches (error, G_NUMBER_PARSER_ERROR, G_NUMBER_PARSER_ERROR_OUT_OF_BOUNDS);

    g_error_free (error);
    return is_big ? -ERANGE : -EINVAL;
  }
  if (is_negative && number > (guint64) G_MAXINT64 + 1)
    return -ERANGE;
  *atom = (KinAtom){ .kind = is_negative && number > 0 ? KIN_INT : KIN_UINT,
                     .number = is_negative ? -number : number };
  return 0;
}

/* Seconds, with at most six digits after a point. */
static int
parse_time (const char *text, KinAtom *atom)
{
  gboolean is_negative = *text == '-';
  const char *point = strchr (text, '.');
  g_autofree char *whole = g_strndup (text, point ? (gsize) (point - text) : strlen (text));
  gsize n = point ? strlen (point + 1) : 0;
  guint64 fraction = 0;
  gint64 usec;
  int rc = strpbrk (whole, "xX") ? -EINVAL : parse_number (whole, atom);

  if (rc < 0)
    return rc;
  if (point && (n == 0 || n > 6 || strspn (point + 1, "0123456789") != n))
    return -EINVAL;
  for (gsize i = 0; i < 6; i++)
    fraction = fraction * 10 + (i < n ? (guint64) (point[1 + i] - '0') : 0);
  if (atom->kind == KIN_UINT && atom->number > G_MAXINT64)
    return -ERANGE;
  if (__builtin_mul_overflow ((gint64) atom->number, G_USEC_PER_SEC, &usec)
      || (is_negative ? __builtin_sub_overflow (usec, (gint64) fraction, &usec)
                      : __builtin_add_overflow (usec, (gint64) fraction, &usec)))
    return -ERANGE;
  *atom = (KinAtom){ .kind = usec < 0 ? KIN_INT : KIN_UINT, .number = (guint64) usec };
  return 0;
}

static const KinName truths[] = { { "0", 0 },    { "1", 1 },  { "false", 0 },
                                  { "true", 1 }, { "no", 0 }, { "yes", 1 },
                                  { "off", 0 },  { "on", 1 }, { NULL, 0 } };

static gboolean
find_word (const KinName *names, const char *word, KinAtom *atom)
{
  for (; names && names->name; names++)
    if (strcmp (names->name, word) == 0) {
      *atom = (KinAtom){ .kind = KIN_UINT, .number = names->value };
      return TRUE;
    }
  return FALSE;
}

static char *
list_words (const KinName *names)
{
  GString *list = g_string_new (NULL);

  for (; names && names->name; names++)
    g_string_append_printf (list, "%s%s", list->len == 0 ? "" : ", ", names->name);
  return g_string_free (list, FALSE);
}

static int
complain_number (const KinField *row, const char *text, gsize length, char **why)
{
  g_autofree char *label = kin__field_label (row), *shown = kin__quote (text, (gssize) length);
  g_autofree char *words = list_words (row->names);

  if (row->kind == KIN_TIME)
    return kin__complain (why, EINVAL, "%s%s is not a number of seconds, as 1.5", label, shown);
  if (row->kind == KIN_BOOL)
    return kin__complain (why, EINVAL, "%s%s is neither 1 nor 0", label, shown);
  if (*words)
    return kin__complain (why, EINVAL, "%s%s is not a number and %s %s", label, shown,
                          row->names[1].name ? "none of the words" : "not the word", words);
  return kin__complain (why, EINVAL, "%s%s is not a number", label, shown);
}

static int
number_from_text (const KinField *row, const char *text, gsize length, KinAtom *atom, char **why)
{
  int rc;

  if (strlen (text) != length)
    rc = -EINVAL;
  else if (find_word (row->names, text, atom))
    rc = 0;
  else if (row->kind == KIN_BOOL)
    rc = find_word (truths, text, atom) ? 0 : -EINVAL;
  else
    rc = row->kind == KIN_TIME ? parse_time (text, atom) : parse_number (text, atom);
  if (rc == -ERANGE)
    return kin__complain_range (why, row, text);
  return rc < 0 ? complain_number (row, text, length, why) : 0;
}

/* In place. */
static int
bytes_from_hex (const KinField *row, char *text, gsize length, KinAtom *atom, char **why)
{
  g_autofree char *label = kin__field_label (row);

  for (gsize i = 0; i < length; i += 2) {
    if (!g_ascii_isxdigit (text[i]) || i + 1 == length || !g_ascii_isxdigit (text[i + 1])) {
      g_autofree char *shown = kin__quote (text + i, (gssize) (length - i));

      return kin__complain (why, EINVAL, "%sis bytes, two hexadecimal digits each; %s is not",
                            label, shown);
    }
    text[i / 2] = (char) (g_ascii_xdigit_value (text[i]) << 4 | g_ascii_xdigit_value (text[i + 1]));
  }
  *atom = (KinAtom){ .kind = KIN_BYTES, .bytes = text, .length = length / 2 };
  return 0;
}

int
kin__atom_from_text (const KinField *row, const char *text, KinAtom *atom, char **buffer,
                     char **why)
{
  gsize length = strlen (text);

  *buffer = is_host_literal (row, text, length) ? g_strdup (text)
                                                : kin__text_unescape (text, length, &length, why);
  if (!*buffer)
    return -EINVAL;
  switch (row->kind) {
  case KIN_BYTES:
    return bytes_from_hex (row, *buffer, length, atom, why);
  case KIN_STRING:
  case KIN_INTERFACE:
  case KIN_CUSTOM:
  case KIN_ADDRESS:
    *atom = (KinAtom){ .kind = KIN_STRING, .bytes = *buffer, .length = length };
    return 0;
  default:
    return number_from_text (row, *buffer, length, atom, why);
  }
}
