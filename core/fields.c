/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fields: walks a table of fields, from memory to a tuple or text and back.
 *
 * Addresses, options and control messages all come through here, so that ranges and messages are
 * the same everywhere. What a field's kind means is in atom.c, how it is written in text.c. */
#include "fields.h"

#include <string.h>

static gboolean
has_form (const KinField *row, KinForm form)
{
  return !(row->flags & (form == KIN_FORM_TUPLE ? KIN_FIELD_TEXT_ONLY : KIN_FIELD_TUPLE_ONLY));
}

/* A tag is looked at in any form. */
static gboolean
is_read (const KinField *row, KinForm form)
{
  return has_form (row, form) || (row->flags & KIN_FIELD_TAG);
}

/* ---- From memory --------------------------------------------------------------------------- */

/* A sockaddr inside a struct, up to the end of what came: whose it is says its first member. */
static KinAddress
load_address (const KinPlace *place, const KinField *row)
{
  KinAddress address = { .length = 0 };
  const KinLoaded *family = NULL;

  if (row->offset >= place->length)
    return address;
  address.length = (guint32) MIN (place->length - row->offset, sizeof address.sa);
  memcpy (&address.sa, place->base + row->offset, address.length);
  if (address.length >= sizeof (sa_family_t))
    family = kin__registry_domain (address.sa.generic.sa_family, NULL);
  if (family) {
    address.transport = &family->transports[0];
    address.protocol = address.transport->row.protocol;
  }
  return address;
}

/* An atom, or a nested address. A tag that does not match is ENOMSG. */
static int
load (const KinPlace *place, const KinField *row, const KinField *own, KinMember *scratch,
      KinAtom *atom)
{
  int rc = kin__atom_load (place, row, own, scratch, atom);

  if (rc == 0 && (row->flags & KIN_FIELD_TAG) && atom->number != row->fallback)
    return -ENOMSG;
  return rc;
}

static GVariant *
load_value (const KinPlace *place, const KinField *row, const KinField *own, gboolean *is_fallback,
            int *rc)
{
  KinMember scratch;
  KinAtom atom;

  if (row->kind == KIN_ADDRESS) {
    KinAddress address = load_address (place, row);

    *is_fallback = FALSE;
    return kin_address_to_tuple (&address);
  }
  *rc = load (place, row, own, &scratch, &atom);
  if (*rc < 0)
    return NULL;
  *is_fallback = kin__atom_is_fallback (place, row, &atom);
  return g_variant_ref_sink (kin__atom_to_value (&atom));
}

GVariant *
kin__fields_to_tuple (const KinShape *shape, gconstpointer base, gsize length, gboolean short_tail)
{
  KinPlace place = { shape, (guint8 *) base, length, KIN_FORM_TUPLE };
  g_autoptr (GPtrArray) children =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  const KinField *own;
  KinField row;
  gsize kept = 0;
  int rc = 0;

  for (guint i = 0; (own = kin__row (shape->fields, i, &row, sizeof row)); i++) {
    gboolean is_fallback = FALSE;
    GVariant *value;

    if (!is_read (&row, KIN_FORM_TUPLE))
      continue;
    value = load_value (&place, &row, own, &is_fallback, &rc);
    if (!value) {
      errno = -rc;
      return NULL;
    }
    if (!has_form (&row, KIN_FORM_TUPLE)) {
      g_variant_unref (value);
      continue;
    }
    g_ptr_array_add (children, value);
    if (!short_tail || !(row.flags & KIN_FIELD_OPTIONAL) || !is_fallback)
      kept = children->len;
  }
  return g_variant_new_tuple ((GVariant *const *) children->pdata, kept);
}

static int
append_text (const KinPlace *place, const KinField *row, const KinField *own, GString *text,
             gboolean *is_fallback)
{
  KinMember scratch;
  KinAtom atom;
  int rc;

  if (row->kind == KIN_ADDRESS) {
    KinAddress address = load_address (place, row);
    g_autofree char *nested = kin_address_format (&address);

    g_string_append_printf (text, "(%s)", nested);
    return 0;
  }
  rc = load (place, row, own, &scratch, &atom);
  if (rc < 0)
    return rc;
  *is_fallback = kin__atom_is_fallback (place, row, &atom);
  kin__atom_to_text (place->shape, row, &atom, text);
  return 0;
}

char *
kin__fields_to_text (const KinShape *shape, gconstpointer base, gsize length)
{
  KinPlace place = { shape, (guint8 *) base, length, KIN_FORM_TEXT };
  GString *text = g_string_new (NULL);
  const KinField *own;
  KinField row;
  gsize kept = 0;
  guint n = 0;

  for (guint i = 0; (own = kin__row (shape->fields, i, &row, sizeof row)); i++) {
    gboolean is_fallback = FALSE, is_shown = has_form (&row, KIN_FORM_TEXT);
    gsize before = text->len;
    int rc;

    if (!is_read (&row, KIN_FORM_TEXT))
      continue;
    if (is_shown && n++ > 0 && shape->separator)
      g_string_append_c (text, shape->separator);
    rc = append_text (&place, &row, own, text, &is_fallback);
    if (rc < 0) {
      g_string_free (text, TRUE);
      errno = -rc;
      return NULL;
    }
    if (!is_shown)
      g_string_truncate (text, before);
    else if (!(row.flags & KIN_FIELD_OPTIONAL) || !is_fallback)
      kept = text->len;
  }
  g_string_truncate (text, kept);
  return g_string_free (text, FALSE);
}

/* ---- To memory ----------------------------------------------------------------------------- */

/* What is read: a tuple's members or text's. */
typedef struct {
  GVariant *tuple;
  char **pieces;
  guint n;
} Input;

/* One of them. */
typedef struct {
  KinAtom atom;
  GVariant *value;
  char *buffer;
} Taken;

static void
taken_clear (Taken *taken)
{
  g_clear_pointer (&taken->value, g_variant_unref);
  g_free (taken->buffer);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Taken, taken_clear)

static int
take (const Input *input, guint position, const KinField *row, Taken *taken, char **why)
{
  g_autoptr (GVariant) child = NULL;
  g_autofree char *label = NULL, *shown = NULL;

  if (input->pieces)
    return kin__atom_from_text (row, input->pieces[position], &taken->atom, &taken->buffer, why);
  child = g_variant_get_child_value (input->tuple, position);
  taken->value = kin__value_unwrap (child);
  if (taken->value && kin__atom_from_value (taken->value, &taken->atom))
    return 0;
  label = kin__field_label (row);
  shown = kin__value_show (child);
  return kin__complain (why, EINVAL, "%scannot be %s", label, shown);
}

/* "(host, port[, flowinfo[, scope_id]])", "cid:port". */
static char *
describe_members (const KinPlace *place)
{
  gboolean is_text = place->form == KIN_FORM_TEXT;
  char separator[] = { place->shape->separator, 0 };
  GString *list = g_string_new (is_text ? "" : "(");
  guint n = 0, n_open = 0;
  KinField row;

  for (guint i = 0; kin__row (place->shape->fields, i, &row, sizeof row); i++) {
    if (!has_form (&row, place->form))
      continue;
    if (row.flags & KIN_FIELD_OPTIONAL) {
      g_string_append_c (list, '[');
      n_open++;
    }
    g_string_append_printf (list, "%s%s", n++ == 0 ? "" : is_text ? separator : ", ", row.name);
  }
  while (n_open-- > 0)
    g_string_append_c (list, ']');
  if (!is_text)
    g_string_append (list, n == 1 ? ",)" : ")");
  return g_string_free (list, FALSE);
}

/* Tags come first: how many members there should be depends on them. */
static int
check_tags (const KinPlace *place, const Input *input, char **why)
{
  KinField row;
  guint n = 0;

  for (guint i = 0; kin__row (place->shape->fields, i, &row, sizeof row); i++) {
    g_auto (Taken) taken = { .value = NULL };

    if (!has_form (&row, place->form) || n++ >= input->n || !(row.flags & KIN_FIELD_TAG))
      continue;
    if (take (input, n - 1, &row, &taken, why) < 0)
      return -ENOMSG;
    if (taken.atom.kind == KIN_STRING || taken.atom.kind == KIN_BYTES
        || taken.atom.number != row.fallback)
      return kin__complain (why, ENOMSG, "%s must be %" G_GUINT64_FORMAT, row.name, row.fallback);
  }
  return 0;
}

static int
check_count (const KinPlace *place, const Input *input, char **why)
{
  guint n = 0, n_required = 0;
  KinField row;
  g_autofree char *members = NULL;

  for (guint i = 0; kin__row (place->shape->fields, i, &row, sizeof row); i++)
    if (has_form (&row, place->form)) {
      n++;
      n_required += !(row.flags & KIN_FIELD_OPTIONAL);
    }
  if (input->n >= n_required && input->n <= n)
    return 0;
  members = describe_members (place);
  return kin__complain (why, EINVAL, "must be %s: %u member%s given", members, input->n,
                        input->n == 1 ? " is" : "s are");
}

/* Before the members: a hook may set what a later field, left out, must not erase (a scope). */
static void
store_fallbacks (KinPlace *place)
{
  const KinField *own;
  KinField row;

  for (guint i = 0; (own = kin__row (place->shape->fields, i, &row, sizeof row)); i++) {
    KinAtom atom = { .kind = row.kind == KIN_INT && (gint64) row.fallback < 0 ? KIN_INT : KIN_UINT,
                     .number = row.fallback };

    if (row.fallback != 0 && row.kind != KIN_PROTOCOL && row.kind != KIN_CUSTOM)
      kin__atom_store (place, &row, own, &atom, NULL);
  }
}

static int
store_members (KinPlace *place, const Input *input, char **why)
{
  g_autofree char *name_why = NULL;
  const KinField *own;
  KinField row;
  guint n = 0;

  for (guint i = 0; (own = kin__row (place->shape->fields, i, &row, sizeof row)); i++) {
    g_auto (Taken) taken = { .value = NULL };
    int rc;

    if (!has_form (&row, place->form) || n++ >= input->n)
      continue;
    rc = take (input, n - 1, &row, &taken, why);
    if (rc == 0 && (row.flags & KIN_FIELD_SHOWN))
      rc = kin__number_check (&row, &taken.atom, why);
    else if (rc == 0)
      rc = kin__atom_store (place, &row, own, &taken.atom, why);
    if (rc == -EADDRNOTAVAIL) {
      g_free (name_why);
      name_why = g_steal_pointer (why);
    } else if (rc < 0)
      return rc;
  }
  if (!name_why)
    return 0;
  *why = g_steal_pointer (&name_why);
  return -EADDRNOTAVAIL;
}

static int
store (KinPlace *place, const Input *input, char **why)
{
  int rc = check_tags (place, input, why);

  if (rc == 0)
    rc = check_count (place, input, why);
  if (rc < 0)
    return rc;
  store_fallbacks (place);
  return store_members (place, input, why);
}

/* A tuple, or a list in its place. */
gboolean
kin__value_is_sequence (GVariant *value)
{
  return g_variant_is_of_type (value, G_VARIANT_TYPE_TUPLE)
         || (g_variant_is_of_type (value, G_VARIANT_TYPE_ARRAY)
             && !g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING));
}

static void
input_clear (Input *input)
{
  g_clear_pointer (&input->tuple, g_variant_unref);
  g_strfreev (input->pieces);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Input, input_clear)

/* What the place is to be filled from. */
static int
open_input (const KinPlace *place, GVariant *tuple, const char *text, Input *input, char **why)
{
  KinField row;

  if (tuple) {
    input->tuple = kin__value_unwrap (tuple);
    if (!input->tuple || !kin__value_is_sequence (input->tuple)) {
      g_autofree char *shown = kin__value_show (tuple), *members = describe_members (place);

      return kin__complain (why, EINVAL, "must be %s, not %s", members, shown);
    }
    input->n = (guint) g_variant_n_children (input->tuple);
    return 0;
  }
  input->pieces = kin__text_split (text, place->shape->separator);
  input->n = g_strv_length (input->pieces);
  /* Nothing is no member where the first may be left out, else one that is empty. */
  for (guint i = 0; kin__row (place->shape->fields, i, &row, sizeof row); i++)
    if (has_form (&row, KIN_FORM_TEXT)) {
      if (*text == 0 && (row.flags & KIN_FIELD_OPTIONAL))
        input->n = 0;
      break;
    }
  return 0;
}

int
kin__fields_from (const KinShape *shape, gpointer base, gsize *length, GVariant *tuple,
                  const char *text, char **why)
{
  KinPlace place = { shape, base, *length, tuple ? KIN_FORM_TUPLE : KIN_FORM_TEXT };
  g_auto (Input) input = { .n = 0 };
  int rc = open_input (&place, tuple, text, &input, why);

  if (rc == 0)
    rc = store (&place, &input, why);
  *length = place.length;
  return rc;
}

/* ---- For a look-up ------------------------------------------------------------------------- */

GArray *
kin__fields_members (const KinShape *shape, GVariant *tuple, const char *text, GString *written,
                     char **why)
{
  KinPlace place = { .shape = shape, .form = tuple ? KIN_FORM_TUPLE : KIN_FORM_TEXT };
  g_autoptr (GArray) members = g_array_new (FALSE, TRUE, sizeof (KinMember));
  g_auto (Input) input = { .n = 0 };
  KinField row;
  guint n = 0;

  if (open_input (&place, tuple, text, &input, why) < 0)
    return NULL;
  for (guint i = 0; kin__row (shape->fields, i, &row, sizeof row); i++) {
    gboolean is_given = has_form (&row, place.form) && n++ < input.n;
    g_auto (Taken) taken = { .value = NULL };
    KinMember member = { .kind = 0 };

    if (!has_form (&row, KIN_FORM_TEXT))
      continue;
    if (is_given) {
      if (take (&input, n - 1, &row, &taken, why) < 0
          || kin__atom_to_member (&row, &taken.atom, &member, why) < 0)
        return NULL;
      if (members->len > 0 && shape->separator)
        g_string_append_c (written, shape->separator);
      kin__atom_to_text (shape, &row, &taken.atom, written);
    }
    g_array_append_val (members, member);
  }
  return g_steal_pointer (&members);
}
