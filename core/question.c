/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* question: a name in the place of an address: what is asked, whose resolve, and for whom.
 *
 * The families that share a scheme and take the text for a name ask together: the first one's
 * resolve makes one look-up for all, and the sa_family of a result says whose it is. */
#include "fields.h"

#include <string.h>

KinQuestion *
kin__question_new (const KinAddressCodec *codec, const KinAddress *rest, GVariant *tuple,
                   const char *text, char **why)
{
  KinShape shape = { .fields = &codec->fields, .separator = codec->separator };
  g_autoptr (GVariant) only = NULL;
  GString *written = g_string_new (NULL);
  KinQuestion *question;
  GArray *members;

  if (tuple && (codec->flags & KIN_CODEC_BARE))
    tuple = only = g_variant_ref_sink (g_variant_new_tuple (&tuple, 1));
  members = kin__fields_members (&shape, tuple, text, written, why);
  if (!members) {
    g_string_free (written, TRUE);
    return NULL;
  }
  question = g_new0 (KinQuestion, 1);
  question->ref_count = 1;
  question->codec = *codec;
  question->rest = *rest;
  question->text = g_string_free (written, FALSE);
  question->members = members;
  question->transports = g_ptr_array_new ();
  question->domains = g_array_new (FALSE, FALSE, sizeof (int));
  return question;
}

void
kin__question_add (KinQuestion *question, const KinTransport *transport)
{
  KinAddressCodec codec;
  int before = AF_UNSPEC;

  for (guint i = 0; kin__row (&transport->row.codecs, i, &codec, sizeof codec); i++) {
    int domain = kin__codec_domain (transport, &codec);

    if (i > 0 && domain == before)
      continue;
    g_ptr_array_add (question->transports, (gpointer) transport);
    g_array_append_val (question->domains, domain);
    before = domain;
  }
}

KinQuestion *
kin__question_ref (KinQuestion *question)
{
  g_atomic_int_inc (&question->ref_count);
  return question;
}

void
kin__question_unref (KinQuestion *question)
{
  if (!question || !g_atomic_int_dec_and_test (&question->ref_count))
    return;
  g_free (question->text);
  g_array_unref (question->members);
  g_ptr_array_unref (question->transports);
  g_array_unref (question->domains);
  g_free (question);
}

int
kin__question_ask (const KinQuestion *question, gboolean is_passive, const KinCalls *calls,
                   KinAddress *results, gsize max_results)
{
  KinQuery query = {
    .size = sizeof query,
    .is_passive = is_passive != 0,
    .type = question->rest.transport->row.type,
    .protocol = question->rest.protocol,
    .members = (const KinMember *) question->members->data,
    .domains = (const int *) question->domains->data,
    .n_members = question->members->len,
    .n_domains = question->domains->len,
    .getaddrinfo = calls->resolver.getaddrinfo,
    .freeaddrinfo = calls->resolver.freeaddrinfo,
    .resolver_data = calls->user_data,
  };

  return question->codec.resolve (&query, results, max_results);
}

/* What a tuple says beside the name (a scope, a flow label) and the look-up left at zero. */
static void
add_rest (const KinQuestion *question, KinAddress *address)
{
  static const guint8 zeros[sizeof address->sa];
  KinField row;

  if (address->transport != question->rest.transport
      || address->sa.generic.sa_family != question->rest.sa.generic.sa_family)
    return;
  for (guint i = 0; kin__row (&question->codec.fields, i, &row, sizeof row); i++)
    if ((row.flags & KIN_FIELD_TUPLE_ONLY) && row.offset + (gsize) row.size <= address->length
        && memcmp (address->sa.bytes + row.offset, zeros, row.size) == 0)
      memcpy (address->sa.bytes + row.offset, question->rest.sa.bytes + row.offset, row.size);
}

gsize
kin__question_assign (const KinQuestion *question, KinAddress *results, gsize n)
{
  gsize kept = 0;

  for (gsize i = 0; i < n; i++)
    for (guint j = 0; j < question->domains->len; j++) {
      const KinTransport *transport = question->transports->pdata[j];

      if (results[i].sa.generic.sa_family != g_array_index (question->domains, int, j)
          || results[i].length > sizeof results[i].sa)
        continue;
      results[kept] = results[i];
      results[kept].transport = transport;
      results[kept].protocol =
          transport == question->rest.transport ? question->rest.protocol : transport->row.protocol;
      add_rest (question, &results[kept++]);
      break;
    }
  return kept;
}
