/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* family: reads the tables of a descriptor and checks it, once.
 *
 * A descriptor may be older than this libkin or newer: it and its vtable are cut or filled to our
 * length here, rows when they are read. After kin__family_take () no code asks again whether a
 * required slot is there. */
#include "private.h"

#include <string.h>

/* ---- Tables -------------------------------------------------------------------------------- */

const void *
kin__row (const KinTable *table, guint i, void *row, gsize size)
{
  const char *own;

  if (i >= table->count)
    return NULL;
  own = (const char *) table->rows + (gsize) i * table->stride;
  memset (row, 0, size);
  memcpy (row, own, MIN (size, table->stride));
  return own;
}

/**
 * kin_table_get:
 * @table: a family's table
 * @i: which row, from 0
 * @row: (out caller-allocates): a row's place, of the type that kin/family.h names for the table
 * @size: sizeof *@row
 *
 * Copies a row. A family built with another kin/family.h may have longer rows, whose end is cut, or
 * shorter ones, whose missing members are zero; so do not index a table's rows.
 *
 * Returns: %FALSE past the last row
 */
gboolean
kin_table_get (const KinTable *table, guint i, gpointer row, gsize size)
{
  return kin__row (table, i, row, size) != NULL;
}

/* ---- Checking a descriptor ----------------------------------------------------------------- */

static gboolean
is_word (const char *text, gsize longest)
{
  gsize n = text ? strspn (text, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;

  return n > 0 && n <= longest && text[n] == 0;
}

/* The slots that a family without a kernel underneath must have; the name of a missing one. */
static const char *
find_missing_slot (const KinSocketOps *ops)
{
  if (!ops->open)
    return "open";
  if (!ops->close)
    return "close";
  if (!ops->send && !ops->sendmsg)
    return "send or sendmsg";
  if (!ops->recv && !ops->recvmsg)
    return "recv or recvmsg";
  return NULL;
}

/* Every row but a codec's starts with its name. */
static gboolean
has_names (const KinTable *table)
{
  const char *name;

  if (table->count > 0 && (!table->rows || table->stride < sizeof name))
    return FALSE;
  for (guint i = 0; kin__row (table, i, &name, sizeof name); i++)
    if (!name)
      return FALSE;
  return TRUE;
}

static const char *
check_tables (const KinFamily *data)
{
  const KinTable *tables[] = { &data->protocols, &data->options, &data->controls, &data->constants,
                               &data->hints };
  KinAddressCodec codec;
  KinProtocol row;

  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    if (!has_names (tables[i]))
      return "a table has no rows, or a row has no name";
  for (guint i = 0; kin__row (&data->protocols, i, &row, sizeof row); i++)
    for (guint j = 0; kin__row (&row.codecs, j, &codec, sizeof codec); j++)
      if (!has_names (&codec.fields))
        return "a field has no name";
  return NULL;
}

/* The slots that a protocol has: its own, or the family's. */
static void
read_ops (const KinFamily *data, const KinProtocol *row, KinSocketOps *ops)
{
  const KinSocketOps *own = row->ops ? row->ops : data->ops;

  memset (ops, 0, sizeof *ops);
  if (own)
    memcpy (ops, own, MIN (own->size, sizeof *ops));
}

static gboolean
has_no_kernel (const KinFamily *data)
{
  return data->domain == KIN_DOMAIN_DYNAMIC && data->over_domain == 0;
}

/* Returns why not, to be freed, or NULL. */
static char *
check_slots (const KinFamily *data, const KinProtocol *row)
{
  const char *missing = NULL;
  KinSocketOps ops;

  read_ops (data, row, &ops);
  if (has_no_kernel (data))
    missing = find_missing_slot (&ops);
  if (missing)
    return g_strdup_printf ("it has no slot %s, which a family without the kernel needs", missing);
  if ((row->flags & KIN_PROTOCOL_OVER) && !ops.inner)
    return g_strdup ("a protocol over another endpoint needs the slot inner");
  return NULL;
}

static const char *
check_protocols (const KinFamily *data)
{
  KinProtocol row;

  if (data->protocols.count == 0)
    return "it has no protocol";
  for (guint i = 0; kin__row (&data->protocols, i, &row, sizeof row); i++) {
    if (!is_word (row.scheme, 23))
      return "a scheme is not lower-case letters, digits and '-', 23 at most";
    if (!row.grammar || !row.example)
      return "a protocol has no grammar or no example";
    if (!(row.flags & KIN_PROTOCOL_OVER) && row.codecs.count == 0)
      return "a protocol has no address codec";
    if ((row.flags & KIN_PROTOCOL_OVER) && data->domain != KIN_DOMAIN_DYNAMIC)
      return "a protocol over another endpoint needs KIN_DOMAIN_DYNAMIC";
  }
  return NULL;
}

/* Why libkin cannot use what a plugin calls its descriptor; NULL: it can. Sets data. */
static char *
check_family (const KinFamily *own, KinFamily *data)
{
  const char *wrong;
  char *why = NULL;
  KinProtocol row;

  if (own->magic != KIN_MAGIC)
    return g_strdup ("its kin_family is not a descriptor: it does not start with KIN_STAMP");
  if (own->major != KIN_MAJOR)
    return g_strdup_printf ("it is made for major %d of kin/family.h, this libkin has major %d",
                            own->major, KIN_MAJOR);
  if (own->size < offsetof (KinFamily, ops))
    return g_strdup_printf ("its descriptor has %u bytes, at least %u are needed", own->size,
                            (guint) offsetof (KinFamily, ops));
  memset (data, 0, sizeof *data);
  memcpy (data, own, MIN (own->size, sizeof *data));
  if (!is_word (data->name, 23))
    return g_strdup ("its name is not lower-case letters, digits and '-', 23 at most");
  if (!data->summary)
    return g_strdup ("it has no summary");
  wrong = check_tables (data);
  if (!wrong)
    wrong = check_protocols (data);
  if (wrong)
    return g_strdup (wrong);
  for (guint i = 0; !why && kin__row (&data->protocols, i, &row, sizeof row); i++)
    why = check_slots (data, &row);
  return why;
}

/* Which operations that may wait are slots, and not the kernel's calls. */
static guint
find_own_waits (const KinTransport *transport)
{
  const KinSocketOps *ops = &transport->ops;
  /* One data slot makes all four the family's; see kin__call_fill_data (). */
  gboolean has_data = ops->send || ops->recv || ops->sendmsg || ops->recvmsg;

  if (!transport->family->is_kernel)
    return KIN_WAITS_ALL;
  return (ops->accept ? KIN_WAITS_ACCEPT : 0u) | (ops->connect ? KIN_WAITS_CONNECT : 0u)
         | (has_data ? KIN_WAITS_RECEIVE | KIN_WAITS_SEND : 0u);
}

const KinLoaded *
kin__family_take (const KinFamily *own, char **reason)
{
  KinLoaded *loaded = g_new0 (KinLoaded, 1);
  KinControl control;

  *reason = check_family (own, &loaded->data);
  if (*reason) {
    g_free (loaded);
    return NULL;
  }
  loaded->is_kernel = !has_no_kernel (&loaded->data);
  for (guint i = 0; kin__row (&loaded->data.controls, i, &control, sizeof control); i++)
    loaded->has_fds |= control.kind == KIN_FDS;
  loaded->n_transports = loaded->data.protocols.count;
  loaded->transports = g_new0 (KinTransport, loaded->n_transports);
  for (guint i = 0; i < loaded->n_transports; i++) {
    KinTransport *transport = &loaded->transports[i];

    transport->family = loaded;
    transport->own = kin__row (&loaded->data.protocols, i, &transport->row, sizeof transport->row);
    read_ops (&loaded->data, &transport->row, &transport->ops);
    transport->own_waits = find_own_waits (transport);
    kin__call_fill_data (transport);
    kin__datagram_describe (transport);
  }
  return loaded;
}
