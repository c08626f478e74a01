/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* endpoint: "scheme:rest[?option=value&…]".
 *
 * Only the family that serves the scheme is loaded. An option is looked for in the family, then
 * among those that every socket has, and its value is checked here, before any socket is there.
 * Where the row stands over another endpoint, the rest is that one's text, and the options that
 * this family has not stay on it, as they were written. */
#include "fields.h"

#include <string.h>

static void
setting_clear (gpointer data)
{
  KinSetting *setting = data;

  g_free (setting->name);
  g_free (setting->text);
}

static KinEndpoint *
endpoint_alloc (void)
{
  KinEndpoint *endpoint = g_new0 (KinEndpoint, 1);

  endpoint->settings = g_array_new (FALSE, TRUE, sizeof (KinSetting));
  g_array_set_clear_func (endpoint->settings, setting_clear);
  return endpoint;
}

/* ---- Options ------------------------------------------------------------------------------- */

static gboolean
check_setting (const KinTransport *transport, const KinOption *row, const char *text,
               GError **error)
{
  gsize room = kin__value_room (row);
  g_autofree guint8 *data = g_malloc0 (room + 1);

  if (!(row->flags & KIN_OPTION_WRITE)) {
    kin__error_set (error, KIN_ERROR_NO_SUCH_OPTION, "option %s of %s can only be read", row->name,
                    transport->row.scheme);
    return FALSE;
  }
  return kin__value_parse (row, data, room, text, error) >= 0;
}

/* The option in the family or, of a shared scheme, in any: a name, or all addresses, may become
 * another's. */
static gboolean
find_option (const KinEndpoint *endpoint, const char *name, KinOption *row)
{
  const KinTransport *transport = endpoint->transport;

  if (kin__option_find (&transport->family->data.options, name, row))
    return TRUE;
  if (!(transport->row.flags & KIN_PROTOCOL_SHARED)
      || kin__option_find (kin_generic_options (), name, row))
    return FALSE;
  for (guint n = 0; (transport = kin__registry_scheme (endpoint->transport->row.scheme, n, NULL));
       n++)
    if (kin__option_find (&transport->family->data.options, name, row))
      return TRUE;
  return FALSE;
}

/* One "name=value". What is not this family's goes inward, where there is an inside. */
static gboolean
take_setting (KinEndpoint *endpoint, const char *piece, GString *inward, GError **error)
{
  const KinTransport *transport = endpoint->transport;
  const char *equals = strchr (piece, '=');
  g_autofree char *why = NULL, *name = NULL, *quoted = kin__quote (piece, -1);
  KinSetting setting;
  KinOption row;
  gsize length;

  if (!equals || equals == piece) {
    kin__error_set (error, KIN_ERROR_BAD_ENDPOINT, "option %s is not OPTION=VALUE", quoted);
    return FALSE;
  }
  name = kin__text_unescape (piece, (gsize) (equals - piece), &length, &why);
  if (!name || strlen (name) != length) {
    kin__error_set (error, KIN_ERROR_BAD_ENDPOINT, "option %s: %s", quoted,
                    name ? "its name has a NUL in it" : why);
    return FALSE;
  }
  if (!find_option (endpoint, name, &row)) {
    if (inward) {
      g_string_append_printf (inward, "%c%s", inward->len == 0 ? '?' : '&', piece);
      return TRUE;
    }
    if (!kin__option_find (kin_generic_options (), name, &row)) {
      kin__fail_option (transport, name, error);
      return FALSE;
    }
  }
  if (!check_setting (transport, &row, equals + 1, error))
    return FALSE;
  setting = (KinSetting){ .name = g_steal_pointer (&name),
                          .text = kin__text_tame (equals + 1),
                          .is_late = (row.flags & KIN_OPTION_LATE) != 0 };
  g_array_append_val (endpoint->settings, setting);
  return TRUE;
}

static gboolean
take_settings (KinEndpoint *endpoint, const char *options, GString *inward, GError **error)
{
  g_auto (GStrv) pieces = g_strsplit (options, "&", -1);

  if (*options == 0) {
    kin__error_set (error, KIN_ERROR_BAD_ENDPOINT,
                    "no option follows the ?; in an address it is written %%3F");
    return FALSE;
  }
  for (char **piece = pieces; *piece; piece++)
    if (!take_setting (endpoint, *piece, inward, error))
      return FALSE;
  return TRUE;
}

/* ---- Endpoints ----------------------------------------------------------------------------- */

/* By text or by tuple: an address, or a name. */
static gboolean
take_place (KinEndpoint *endpoint, const char *scheme, GVariant *tuple, const char *text,
            GError **error)
{
  if (!kin__address_from (scheme, tuple, text, &endpoint->address, &endpoint->question, error))
    return FALSE;
  endpoint->transport = endpoint->address.transport;
  if (endpoint->question) {
    endpoint->transport = endpoint->question->rest.transport;
    endpoint->address.length = 0;
  }
  endpoint->written = g_strdup (text);
  endpoint->tuple = tuple ? g_variant_ref (tuple) : NULL;
  return TRUE;
}

KinAddress *
kin__endpoint_all (const KinEndpoint *endpoint, gsize *n)
{
  const KinProtocol *row = &endpoint->transport->row;

  if (row->flags & KIN_PROTOCOL_SHARED)
    return kin__address_all (row->scheme, endpoint->tuple, endpoint->written, n);
  *n = 1;
  return g_memdup2 (&endpoint->address, sizeof endpoint->address);
}

/* Where the row stands over another: rest is the inner endpoint's text, then options. */
static gboolean
take_inner (KinEndpoint *endpoint, const char *text, GError **error)
{
  g_autofree char *rest = kin__text_tame (text);
  const char *options = strchr (rest, '?');
  g_autoptr (GString) inward = g_string_new (NULL);

  if (options && !take_settings (endpoint, options + 1, inward, error))
    return FALSE;
  g_string_prepend_len (inward, rest, options ? options - rest : -1);
  endpoint->inner = g_strdup (inward->str);
  endpoint->written = g_steal_pointer (&rest);
  return TRUE;
}

static gboolean
take_address (KinEndpoint *endpoint, const char *scheme, const char *rest, GError **error)
{
  g_autoptr (GVariant) tuple = NULL;
  g_autofree char *address = NULL;
  const char *options = rest;

  if (!kin__tuple_of (endpoint->transport, rest, &tuple, &options, error))
    return FALSE;
  options = strchr (options, '?');
  if (!tuple)
    address = g_strndup (rest, options ? (gsize) (options - rest) : strlen (rest));
  if (!take_place (endpoint, scheme, tuple, address, error))
    return FALSE;
  return !options || take_settings (endpoint, options + 1, NULL, error);
}

/**
 * kin_endpoint_new:
 * @text: "vsock:2:1234?so.rcvbuf=65536"; %XX escapes a byte. In place of the address there may be
 *   a tuple as Python writes it, "vsock:(2, 1234)?so.rcvbuf=65536", in which nothing is escaped
 * @error: return location, or %NULL
 *
 * Reads an endpoint, loads the family that it needs and checks its options. Opens nothing, and
 * looks no name up; for a name all the families are loaded that share its scheme.
 *
 * Returns: (transfer full) (nullable): the endpoint; or %NULL with %KIN_ERROR_BAD_ENDPOINT,
 *   %KIN_ERROR_BAD_VALUE, %KIN_ERROR_NO_SUCH_OPTION, %KIN_ERROR_NO_SUCH_SCHEME, or an error of
 *   loading the family
 */
KinEndpoint *
kin_endpoint_new (const char *text, GError **error)
{
  g_autoptr (KinEndpoint) endpoint = endpoint_alloc ();
  g_autofree char *scheme = kin__scheme_of (text, error);
  const char *rest;
  gboolean is_taken;

  if (!scheme)
    return NULL;
  endpoint->transport = kin__registry_scheme (scheme, 0, error);
  if (!endpoint->transport)
    return NULL;
  rest = text + strlen (scheme) + 1;
  if (endpoint->transport->row.flags & KIN_PROTOCOL_OVER)
    is_taken = take_inner (endpoint, rest, error);
  else
    is_taken = take_address (endpoint, scheme, rest, error);
  return is_taken ? g_steal_pointer (&endpoint) : NULL;
}

/**
 * kin_endpoint_new_tuple:
 * @scheme: "vsock"
 * @tuple: the address in the form of Python's socket module, (2, 1234); where the scheme stands
 * over another endpoint, that one's text. A floating reference is taken
 * @error: return location, or %NULL
 *
 * Makes an endpoint without options.
 *
 * Returns: (transfer full) (nullable): the endpoint; or %NULL with the errors of kin_endpoint_new()
 */
KinEndpoint *
kin_endpoint_new_tuple (const char *scheme, GVariant *tuple, GError **error)
{
  g_autoptr (GVariant) held = g_variant_ref_sink (tuple);
  g_autoptr (KinEndpoint) endpoint = endpoint_alloc ();
  const KinTransport *transport = kin__registry_scheme (scheme, 0, error);

  if (!transport)
    return NULL;
  if ((transport->row.flags & KIN_PROTOCOL_OVER)
      && g_variant_is_of_type (held, G_VARIANT_TYPE_STRING)) {
    endpoint->transport = transport;
    if (!take_inner (endpoint, g_variant_get_string (held, NULL), error))
      return NULL;
  } else if (!take_place (endpoint, scheme, held, NULL, error))
    return NULL;
  return g_steal_pointer (&endpoint);
}

/**
 * kin_endpoint_free:
 * @endpoint: (nullable): an endpoint, or %NULL
 *
 * Frees an endpoint. Sockets made from it go on.
 */
void
kin_endpoint_free (KinEndpoint *endpoint)
{
  if (!endpoint)
    return;
  kin__question_unref (endpoint->question);
  g_free (endpoint->inner);
  g_free (endpoint->written);
  g_clear_pointer (&endpoint->tuple, g_variant_unref);
  g_array_unref (endpoint->settings);
  g_free (endpoint);
}

/**
 * kin_endpoint_format:
 * @endpoint: an endpoint
 *
 * Writes an endpoint as text, which kin_endpoint_new() reads back. Numbers and escapes are written
 * in one way: the text may differ from the one that was read, but not from its own reading.
 *
 * Returns: (transfer full): the text
 */
char *
kin_endpoint_format (const KinEndpoint *endpoint)
{
  g_autofree char *address = NULL;
  GString *text;

  if (endpoint->inner)
    return g_strconcat (endpoint->transport->row.scheme, ":", endpoint->written, NULL);
  address = endpoint->question ? kin__address_text (endpoint->transport, endpoint->question->text)
                               : kin_address_format (&endpoint->address);
  text = g_string_new (address);
  for (guint i = 0; i < endpoint->settings->len; i++) {
    const KinSetting *setting = &g_array_index (endpoint->settings, KinSetting, i);

    g_string_append_printf (text, "%c%s=%s", i == 0 ? '?' : '&', setting->name, setting->text);
  }
  return g_string_free (text, FALSE);
}

/**
 * kin_endpoint_scheme:
 * @endpoint: an endpoint
 *
 * Returns: the scheme that its text starts with
 */
const char *
kin_endpoint_scheme (const KinEndpoint *endpoint)
{
  return endpoint->transport->row.scheme;
}

/**
 * kin_endpoint_address:
 * @endpoint: an endpoint
 * @address: (out caller-allocates): its address
 * @error: return location, or %NULL
 *
 * Gives the address that the endpoint has. For one that has a name see kin_endpoint_resolve().
 *
 * Returns: %TRUE, or %FALSE with %KIN_ERROR_NOT_SUPPORTED: it has a name, or its scheme stands over
 *   another endpoint
 */
gboolean
kin_endpoint_address (const KinEndpoint *endpoint, KinAddress *address, GError **error)
{
  if (endpoint->inner) {
    kin__error_set (error, KIN_ERROR_NOT_SUPPORTED,
                    "%s stands over another endpoint and has no address of its own",
                    endpoint->transport->row.scheme);
    return FALSE;
  }
  if (endpoint->question) {
    kin__error_set (error, KIN_ERROR_NOT_SUPPORTED, "%s:%s is a name, and was not looked up",
                    endpoint->transport->row.scheme, endpoint->question->text);
    return FALSE;
  }
  *address = endpoint->address;
  return TRUE;
}
