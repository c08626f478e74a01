/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* address: a sockaddr by its text and by its tuple.
 *
 * Each protocol has one codec, or several that tags tell apart; a scheme that families share has
 * those of each in turn, and a family is loaded only when those before it decline. */
#include "fields.h"

#include <string.h>

/* ---- To memory ----------------------------------------------------------------------------- */

sa_family_t
kin__transport_domain (const KinTransport *transport)
{
  const KinFamily *family = &transport->family->data;

  if (family->over_domain != 0)
    return (sa_family_t) family->over_domain;
  return family->domain == KIN_DOMAIN_DYNAMIC ? AF_UNSPEC : (sa_family_t) family->domain;
}

sa_family_t
kin__codec_domain (const KinTransport *transport, const KinAddressCodec *codec)
{
  return codec->domain != 0 ? codec->domain : kin__transport_domain (transport);
}

static KinShape
shape_of (const KinAddressCodec *codec, gint32 *protocol)
{
  return (KinShape){
    .fields = &codec->fields,
    .separator = codec->separator,
    .protocol = protocol,
    .room = sizeof (((KinAddress *) NULL)->sa),
  };
}

/* What the family says to do about a member that its set did not take. */
static void
add_hint (const KinTransport *transport, int rc, char **why)
{
  const char *hint = rc < 0 ? kin__hint (transport, "address", -rc) : NULL;
  g_autofree char *reason = NULL;

  if (!hint || !*why)
    return;
  reason = *why;
  *why = g_strdup_printf ("%s; %s", reason, hint);
}

static int
read_codec (const KinTransport *transport, const KinAddressCodec *codec, GVariant *tuple,
            const char *text, KinAddress *address, char **why)
{
  KinShape shape = shape_of (codec, &address->protocol);
  g_autoptr (GVariant) only = NULL;
  gsize length = MIN (codec->bytes, sizeof address->sa);
  int rc;

  memset (address, 0, sizeof *address);
  address->transport = transport;
  address->protocol = transport->row.protocol;
  address->sa.generic.sa_family = kin__codec_domain (transport, codec);
  if (tuple && (codec->flags & KIN_CODEC_BARE))
    tuple = only = g_variant_ref_sink (g_variant_new_tuple (&tuple, 1));
  rc = kin__fields_from (&shape, &address->sa, &length, tuple, text, why);
  address->length = (guint32) length;
  add_hint (transport, rc, why);
  /* Without a look-up it is no name, but a value that does not exist here. */
  return rc == -EADDRNOTAVAIL && !codec->resolve ? -EINVAL : rc;
}

/* 0, -EINVAL, -EADDRNOTAVAIL: a name, which codec looks up, or -EAFNOSUPPORT: another family's. */
static int
read_address (const KinTransport *transport, GVariant *tuple, const char *text, KinAddress *address,
              KinAddressCodec *codec, char **why)
{
  int rc = -ENOMSG;

  for (guint i = 0; kin__row (&transport->row.codecs, i, codec, sizeof *codec); i++) {
    rc = read_codec (transport, codec, tuple, text, address, why);
    if (rc != -ENOMSG && rc != -EAFNOSUPPORT)
      return rc;
  }
  if (rc == -EAFNOSUPPORT)
    return rc;
  if (text)
    return kin__complain (why, EINVAL, "must be %s", transport->row.grammar);
  return -EINVAL;
}

static gboolean
fail (const char *scheme, GVariant *tuple, const char *text, int rc, const char *why,
      GError **error)
{
  g_autofree char *what = NULL, *missing = NULL;

  if (text) {
    g_autofree char *whole = g_strconcat (scheme, ":", text, NULL);

    what = kin__quote (whole, -1);
  } else {
    g_autofree char *shown = kin__value_show (tuple);

    what = g_strdup_printf ("%s address %s", scheme, shown);
  }
  if (rc == -EADDRNOTAVAIL) {
    kin__error_set (error, KIN_ERROR_NOT_SUPPORTED,
                    "%s: %s; names are looked up in endpoints, not in addresses", what, why);
    return FALSE;
  }
  missing = kin__registry_missing (scheme);
  if (missing) {
    g_autofree char *where = kin__not_installed (missing);

    kin__error_set (error, KIN_ERROR_BAD_ENDPOINT, "%s: %s; %s belongs to family %s as well, %s",
                    what, why, scheme, missing, where);
  } else
    kin__error_set (error, KIN_ERROR_BAD_ENDPOINT, "%s: %s", what, why);
  return FALSE;
}

static gboolean
is_over (const KinTransport *transport, GError **error)
{
  if (!(transport->row.flags & KIN_PROTOCOL_OVER))
    return FALSE;
  kin__error_set (error, KIN_ERROR_NOT_SUPPORTED,
                  "%s stands over another endpoint and has no addresses of its own",
                  transport->row.scheme);
  return TRUE;
}

/* One family's reading, as read_address (). Where it is a name the family joins the question. */
static int
read_or_ask (const KinTransport *transport, GVariant *tuple, const char *text, KinAddress *address,
             KinQuestion **question, char **why)
{
  g_autofree char *refused = NULL;
  KinAddressCodec codec;
  int rc = read_address (transport, tuple, text, address, &codec, why);

  if (rc != -EADDRNOTAVAIL)
    return rc;
  if (!*question)
    *question = kin__question_new (&codec, address, tuple, text, &refused);
  if (!*question)
    return kin__complain (why, EINVAL, "%s", refused);
  kin__question_add (*question, transport);
  return rc;
}

gboolean
kin__address_from (const char *scheme, GVariant *tuple, const char *text, KinAddress *address,
                   KinQuestion **question, GError **error)
{
  const KinTransport *transport = kin__registry_scheme (scheme, 0, error);
  KinQuestion *asked = NULL;
  g_autofree char *why = NULL;
  int rc = 0;

  if (!transport || is_over (transport, error))
    return FALSE;
  for (guint n = 1; transport; transport = kin__registry_scheme (scheme, n++, NULL)) {
    g_autofree char *own_why = NULL;
    int own = read_or_ask (transport, tuple, text, address, &asked, &own_why);

    if (own == 0) {
      kin__question_unref (asked);
      return TRUE;
    }
    /* What the first that it could be meant for said against it is told, but a name is what it
     * most likely is. */
    if (rc == 0 || rc == -EAFNOSUPPORT || (own == -EADDRNOTAVAIL && rc != -EADDRNOTAVAIL)) {
      rc = own;
      g_free (why);
      why = g_steal_pointer (&own_why);
    }
  }
  if (asked && question) {
    *question = asked;
    return TRUE;
  }
  kin__question_unref (asked);
  return fail (scheme, tuple, text, rc, why, error);
}

KinAddress *
kin__address_all (const char *scheme, GVariant *tuple, const char *text, gsize *n_addresses)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (KinAddress));
  const KinTransport *transport;
  guint n_dual = 0;

  for (guint n = 0; (transport = kin__registry_scheme (scheme, n, NULL)); n++) {
    gboolean is_dual = (transport->row.flags & KIN_PROTOCOL_DUAL) != 0;
    g_autofree char *why = NULL;
    KinAddressCodec codec;
    KinAddress address;

    if (read_address (transport, tuple, text, &address, &codec, &why) < 0)
      continue;
    g_array_insert_val (all, is_dual ? n_dual : all->len, address);
    n_dual += is_dual != 0;
  }
  *n_addresses = all->len;
  return (KinAddress *) g_array_free (all, FALSE);
}

char *
kin__scheme_of (const char *text, GError **error)
{
  gsize n = strspn (text, "abcdefghijklmnopqrstuvwxyz0123456789-");

  if (n > 0 && text[n] == ':')
    return g_strndup (text, n);
  kin__fail_text (text, error);
  return NULL;
}

/* Are its addresses tuples to Python, and not a path or a number alone? */
static gboolean
has_tuples (const KinTransport *transport)
{
  KinAddressCodec codec;

  return kin__row (&transport->row.codecs, 0, &codec, sizeof codec)
         && !(codec.flags & KIN_CODEC_BARE);
}

gboolean
kin__tuple_of (const KinTransport *transport, const char *rest, GVariant **tuple, const char **end,
               GError **error)
{
  g_autofree char *why = NULL, *written = NULL, *quoted = NULL;

  *tuple = NULL;
  if (*rest != '(' || !has_tuples (transport))
    return TRUE;
  *tuple = kin__value_read (rest, end, &why);
  if (*tuple && kin__value_is_sequence (*tuple) && (**end == 0 || **end == '?'))
    return TRUE;
  if (*tuple)
    why = g_strdup (kin__value_is_sequence (*tuple) ? "something follows the tuple"
                                                    : "one member alone is written (member,)");
  g_clear_pointer (tuple, g_variant_unref);
  written = g_strconcat (transport->row.scheme, ":", rest, NULL);
  quoted = kin__quote (written, -1);
  kin__error_set (error, KIN_ERROR_BAD_ENDPOINT, "%s is no tuple: %s", quoted, why);
  return FALSE;
}

char *
kin__address_text (const KinTransport *transport, const char *rest)
{
  gboolean is_like_a_tuple = *rest == '(' && has_tuples (transport);

  return g_strconcat (transport->row.scheme, is_like_a_tuple ? ":%28" : ":", rest + is_like_a_tuple,
                      NULL);
}

/**
 * kin_address_parse:
 * @address: (out caller-allocates): the address
 * @text: "vsock:2:1234": a scheme and an address, without options; or with a tuple as Python
 *   writes it, "vsock:(2, 1234)"
 * @error: return location, or %NULL
 *
 * Reads an address. Looks no names up; kin_endpoint_new() takes options as well.
 *
 * Returns: %TRUE, or %FALSE with %KIN_ERROR_BAD_ENDPOINT, an error of loading the family, or
 *   %KIN_ERROR_NOT_SUPPORTED for a name and for a scheme that stands over another
 */
gboolean
kin_address_parse (KinAddress *address, const char *text, GError **error)
{
  g_autofree char *scheme = kin__scheme_of (text, error);
  const KinTransport *transport = scheme ? kin__registry_scheme (scheme, 0, error) : NULL;
  g_autoptr (GVariant) tuple = NULL;
  const char *rest, *end = "";

  if (!transport)
    return FALSE;
  rest = text + strlen (scheme) + 1;
  if (!kin__tuple_of (transport, rest, &tuple, &end, error))
    return FALSE;
  if (tuple && *end == 0)
    return kin__address_from (scheme, tuple, NULL, address, NULL, error);
  if (strchr (text, '?')) {
    g_autofree char *quoted = kin__quote (text, -1);

    kin__error_set (error, KIN_ERROR_BAD_ENDPOINT,
                    "%s: an address has no options; a ? in it is written %%3F", quoted);
    return FALSE;
  }
  return kin__address_from (scheme, NULL, rest, address, NULL, error);
}

/**
 * kin_address_from_tuple:
 * @address: (out caller-allocates): the address
 * @scheme: "vsock"
 * @tuple: the address in the form of Python's socket module, (2, 1234); a floating reference is
 *   taken
 * @error: return location, or %NULL
 *
 * Reads an address from a tuple. Looks no names up.
 *
 * Returns: %TRUE, or %FALSE with the errors of kin_address_parse()
 */
gboolean
kin_address_from_tuple (KinAddress *address, const char *scheme, GVariant *tuple, GError **error)
{
  g_autoptr (GVariant) held = g_variant_ref_sink (tuple);

  return kin__address_from (scheme, held, NULL, address, NULL, error);
}

/* ---- From memory --------------------------------------------------------------------------- */

/* Zeros past the length: hooks may read all of their field. FALSE: no table describes it. */
static gboolean
is_described (const KinAddress *address, KinAddress *padded)
{
  memset (padded, 0, sizeof *padded);
  padded->protocol = address->protocol;
  padded->length = (guint32) MIN (address->length, sizeof padded->sa);
  memcpy (&padded->sa, &address->sa, padded->length);
  return address->transport && padded->length >= sizeof (sa_family_t);
}

/* The codecs of an address, one after another; FALSE: there is no other. */
static gboolean
next_codec (const KinAddress *address, guint *i, KinAddressCodec *codec)
{
  while (kin__row (&address->transport->row.codecs, (*i)++, codec, sizeof *codec))
    if (address->sa.generic.sa_family == kin__codec_domain (address->transport, codec))
      return TRUE;
  return FALSE;
}

static GVariant *
describe_tuple (const KinAddress *address, KinAddress *padded)
{
  KinAddressCodec codec;

  for (guint i = 0; next_codec (address, &i, &codec);) {
    KinShape shape = shape_of (&codec, &padded->protocol);
    g_autoptr (GVariant) tuple = kin__fields_to_tuple (&shape, &padded->sa, padded->length,
                                                       (codec.flags & KIN_CODEC_SHORT) != 0);

    if (tuple && (codec.flags & KIN_CODEC_BARE) && g_variant_n_children (tuple) == 1)
      return g_variant_get_child_value (tuple, 0);
    if (tuple)
      return g_variant_ref_sink (g_steal_pointer (&tuple));
  }
  return NULL;
}

/**
 * kin_address_to_tuple:
 * @address: an address
 *
 * Writes an address as Python's socket module has it: `(2, 1234)`, `'/run/x.sock'`,
 * `b'\0name'`. One that no table describes is `(family, bytes)`; none at all, length 0, is None.
 *
 * Returns: (transfer full): the value; print it with kin_value_print()
 */
GVariant *
kin_address_to_tuple (const KinAddress *address)
{
  KinAddress padded;
  GVariant *tuple = NULL;
  GVariant *members[2];

  if (is_described (address, &padded))
    tuple = describe_tuple (address, &padded);
  if (tuple)
    return tuple;
  if (padded.length < sizeof (sa_family_t))
    return g_variant_ref_sink (g_variant_new_maybe (G_VARIANT_TYPE_VARIANT, NULL));
  members[0] = g_variant_new_int64 (padded.sa.generic.sa_family);
  members[1] =
      g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, padded.sa.bytes + sizeof (sa_family_t),
                                 padded.length - sizeof (sa_family_t), 1);
  return g_variant_ref_sink (g_variant_new_tuple (members, 2));
}

static char *
describe_text (const KinAddress *address, KinAddress *padded)
{
  KinAddressCodec codec;

  for (guint i = 0; next_codec (address, &i, &codec);) {
    KinShape shape = shape_of (&codec, &padded->protocol);
    char *text = kin__fields_to_text (&shape, &padded->sa, padded->length);

    if (text)
      return text;
  }
  return NULL;
}

/**
 * kin_address_format:
 * @address: an address
 *
 * Writes an address as text, which kin_address_parse() reads back: "vsock:2:1234". One that no
 * table describes is written as its tuple, which it does not read.
 *
 * Returns: (transfer full): the text
 */
char *
kin_address_format (const KinAddress *address)
{
  KinAddress padded;
  g_autofree char *rest = NULL;
  g_autoptr (GVariant) tuple = NULL;

  if (is_described (address, &padded))
    rest = describe_text (address, &padded);
  if (rest)
    return kin__address_text (address->transport, rest);
  tuple = kin_address_to_tuple (address);
  return kin_value_print (tuple);
}

/**
 * kin_address_scheme:
 * @address: an address
 *
 * Returns: (nullable): the scheme that its text starts with; %NULL: it is nobody's
 */
const char *
kin_address_scheme (const KinAddress *address)
{
  return address->transport ? address->transport->row.scheme : NULL;
}

/**
 * kin_address_equal:
 * @a: an address
 * @b: another
 *
 * Compares the sockaddrs of two addresses, and whose they are: the same bytes are something else to
 * another family, or to a protocol that reads them in another way. The socket's type does not
 * matter: one path is the same for streams and datagrams.
 *
 * Returns: whether they are the same address
 */
gboolean
kin_address_equal (const KinAddress *a, const KinAddress *b)
{
  gboolean is_same_form =
      a->transport == b->transport
      || (a->transport && b->transport && a->transport->family == b->transport->family
          && a->transport->row.codecs.rows == b->transport->row.codecs.rows);

  return is_same_form && a->length == b->length
         && memcmp (&a->sa, &b->sa, MIN (a->length, sizeof a->sa)) == 0;
}
