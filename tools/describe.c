/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/describe.c: rows of a family's tables in words. Rows of other plugins may be shorter or
 * longer than ours: kin_table_get () makes them ours. */
#include <string.h>

#include "tool.h"

/* "(cid, port)"; what may be left out in square brackets. */
static char *
describe_fields (const KinTable *fields, gboolean is_bare)
{
  GString *text = g_string_new (is_bare ? "" : "(");
  guint n = 0, n_open = 0;
  KinField field;

  for (guint i = 0; kin_table_get (fields, i, &field, sizeof field); i++) {
    gboolean is_optional = field.flags & KIN_FIELD_OPTIONAL;

    if (field.flags & KIN_FIELD_TEXT_ONLY)
      continue;
    g_string_append_printf (text, "%s%s%s", is_optional ? "[" : "", n++ > 0 ? ", " : "",
                            field.name ? field.name : "?");
    if (is_optional)
      n_open++;
  }
  for (; n_open > 0; n_open--)
    g_string_append_c (text, ']');
  if (!is_bare)
    g_string_append (text, n == 1 ? ",)" : ")");
  return g_string_free (text, FALSE);
}

/* "path", or "(addrtype, v1, v2, v3)": of all its codecs, those that differ. */
char *
describe_tuple (const KinProtocol *row)
{
  GString *text = g_string_new (NULL);
  KinAddressCodec codec;

  for (guint i = 0; kin_table_get (&row->codecs, i, &codec, sizeof codec); i++) {
    g_autofree char *form = describe_fields (&codec.fields, codec.flags & KIN_CODEC_BARE);

    if (!strstr (text->str, form))
      g_string_append_printf (text, "%s%s", i > 0 ? " or " : "", form);
  }
  return g_string_free (text, FALSE);
}

/* The example's; NULL where this machine cannot say: it may name an interface. */
char *
describe_example (const KinProtocol *row)
{
  g_autoptr (GVariant) tuple = NULL;
  KinAddress address;

  if (!row->example || row->flags & KIN_PROTOCOL_OVER
      || !kin_address_parse (&address, row->example, NULL))
    return NULL;
  tuple = lookup_tuple (&address);
  return tuple ? kin_value_print (tuple) : NULL;
}

char *
describe_kind (const KinOption *row)
{
  static const char *const words[] = {
    [KIN_UINT] = "integer",        [KIN_INT] = "integer",      [KIN_BOOL] = "truth",
    [KIN_TIME] = "seconds",        [KIN_STRING] = "text",      [KIN_BYTES] = "bytes",
    [KIN_INTERFACE] = "interface", [KIN_PROTOCOL] = "integer", [KIN_CUSTOM] = "value",
    [KIN_ADDRESS] = "address",     [KIN_LENGTH] = "length",    [KIN_FDS] = "descriptors",
  };
  GString *text = g_string_new (NULL);
  g_autofree char *fields = NULL;

  if (row->kind == KIN_STRUCT || row->kind == KIN_ARRAY) {
    fields = describe_fields (&row->fields, FALSE);
    g_string_printf (text, row->kind == KIN_ARRAY ? "[%s, ...]" : "%s", fields);
  } else
    g_string_append (text, row->kind < G_N_ELEMENTS (words) && words[row->kind] ? words[row->kind]
                                                                                : "unknown");
  for (const KinName *name = row->names; name && name->name; name++)
    g_string_append_printf (text, "|%s", name->name);
  return g_string_free (text, FALSE);
}

const char *
describe_access (const KinOption *row, gboolean is_control)
{
  static const char *const of_options[] = { "-", "read", "write", "read write" };
  static const char *const of_controls[] = { "-", "receive", "send", "receive send" };

  return (is_control ? of_controls : of_options)[row->flags & KIN_OPTION_READ_WRITE];
}

const char *
describe_socket_type (int type)
{
  switch (type) {
  case SOCK_STREAM:
    return "stream";
  case SOCK_DGRAM:
    return "datagrams";
  case SOCK_SEQPACKET:
    return "packets on a connection";
  case SOCK_RAW:
    return "raw";
  case SOCK_RDM:
    return "reliable datagrams";
  default:
    return "other";
  }
}
