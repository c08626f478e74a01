/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/batch.c: datagrams received by one call, to be sent by as few as may be. */
#include "tool.h"

#define DATAGRAM_SIZE (256 * 1024) /* with default limits none is longer */

void
batch_init (Batch *batch)
{
  batch->bytes = g_malloc (BATCH_MESSAGES * DATAGRAM_SIZE);
  for (guint i = 0; i < BATCH_MESSAGES; i++)
    batch->messages[i] = kin_message_new ();
}

void
batch_clear (Batch *batch)
{
  for (guint i = 0; i < BATCH_MESSAGES; i++)
    kin_message_free (batch->messages[i]);
  g_free (batch->bytes);
}

guint8 *
batch_bytes (const Batch *batch, guint i)
{
  return batch->bytes + i * DATAGRAM_SIZE;
}

gboolean
batch_is_empty (const Batch *batch)
{
  return batch->at == batch->n;
}

/* What is there; nothing is no error. */
gboolean
batch_receive (Batch *batch, KinSocket *socket, GError **error)
{
  GError *failure = NULL;
  gssize n;

  for (guint i = 0; i < BATCH_MESSAGES; i++)
    kin_message_set_data (batch->messages[i], batch_bytes (batch, i), DATAGRAM_SIZE);
  n = kin_socket_recvmmsg (socket, batch->messages, batch->lengths, BATCH_MESSAGES, 0, &failure);
  batch->at = 0;
  batch->n = (guint) MAX (n, 0);
  for (guint i = 0; i < batch->n; i++)
    if (kin_message_get_flags (batch->messages[i]) & MSG_TRUNC)
      tool_say ("a datagram was longer than %d bytes and was cut", DATAGRAM_SIZE);
  if (n < 0 && !pump_may_go_on (&failure)) {
    g_propagate_error (error, failure);
    return FALSE;
  }
  return TRUE;
}

/* Sends count of them, from batch->at on, where they fit; how many, or -1. */
gssize
batch_send (Batch *batch, guint count, KinSocket *socket, const KinAddress *to, GError **error)
{
  GError *failure = NULL;
  gssize n;

  for (guint i = batch->at; i < batch->at + count; i++) {
    kin_message_set_data (batch->messages[i], batch_bytes (batch, i), batch->lengths[i]);
    kin_message_set_address (batch->messages[i], to);
  }
  n = kin_socket_sendmmsg (socket, batch->messages + batch->at, count, 0, &failure);
  for (guint i = batch->at; i < batch->at + (guint) MAX (n, 0); i++)
    progress_add (batch->lengths[i]);
  if (n >= 0)
    return n;
  if (pump_may_go_on (&failure))
    return 0;
  g_propagate_error (error, failure);
  return -1;
}
