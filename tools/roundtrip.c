/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/roundtrip.c: can this machine talk to itself by one protocol?
 *
 * One end binds what the protocol's row says, the other, in a thread of its own because some
 * families' connect waits for accept, connects to where the first then is. Bytes go there and other
 * bytes come back. Nothing takes longer than the timeout. */
#include <string.h>

#include "tool.h"

#define TIMEOUT KIN_SECONDS (2)

static const char question[] = "kin asks:\0\1\2\xff", answer[] = "kin answers:\0\3\4\xfe";

typedef struct {
  const char *text; /* what to bind: "unix:@" */
  char *to;         /* where it then is */
  gboolean has_connections;
  GError *error;
} Trip;

/* Fails unless exactly these bytes come. */
static gboolean
trip_expect (KinSocket *socket, const char *bytes, gsize length, KinAddress *from, GError **error)
{
  char data[64];
  gsize n = 0;

  while (n < length) {
    gssize got = kin_socket_recvfrom (socket, data + n, sizeof data - n, 0, from, error);

    if (got < 0)
      return FALSE;
    if (got == 0)
      break;
    n += (gsize) got;
  }
  if (n == length && memcmp (data, bytes, length) == 0)
    return TRUE;
  g_set_error (error, TOOL_ERROR, TOOL_ERROR_FAILED, "%s: other bytes came than were sent",
               kin_socket_scheme (socket));
  return FALSE;
}

static gboolean
trip_send (KinSocket *socket, const char *bytes, gsize length, const KinAddress *to, GError **error)
{
  gssize n = to ? kin_socket_sendto (socket, bytes, length, 0, to, error)
                : kin_socket_send (socket, bytes, length, 0, error);

  if (n >= 0 && (gsize) n != length)
    g_set_error (error, TOOL_ERROR, TOOL_ERROR_FAILED, "%s: only a part was sent",
                 kin_socket_scheme (socket));
  return n == (gssize) length;
}

/* A datagram's answer needs an address to go to, so this end is bound as the other is. Where only
 * one socket can have that address, the family gives this one an address when it connects. */
static KinSocket *
trip_connect_datagrams (const Trip *trip, GError **error)
{
  g_autoptr (KinSocket) socket = kin_bind (trip->text, NULL);
  g_autoptr (KinEndpoint) endpoint = kin_endpoint_new (trip->to, error);
  KinAddress address;

  if (!socket)
    return endpoint ? kin_connect (trip->to, TIMEOUT, error) : NULL;
  if (!endpoint || !kin_endpoint_address (endpoint, &address, error)
      || !kin_socket_connect (socket, &address, error))
    return NULL;
  return g_steal_pointer (&socket);
}

static gpointer
trip_ask (gpointer data)
{
  Trip *trip = data;
  g_autoptr (KinSocket) socket = trip->has_connections
                                     ? kin_connect (trip->to, TIMEOUT, &trip->error)
                                     : trip_connect_datagrams (trip, &trip->error);

  if (socket && kin_socket_set_timeout (socket, TIMEOUT, &trip->error)
      && trip_send (socket, question, sizeof question, NULL, &trip->error))
    trip_expect (socket, answer, sizeof answer, NULL, &trip->error);
  return NULL;
}

static gboolean
trip_answer (const Trip *trip, KinSocket *socket, GError **error)
{
  g_autoptr (KinSocket) connection = NULL;
  KinAddress from = { .length = 0 };

  if (!trip->has_connections)
    return trip_expect (socket, question, sizeof question, &from, error)
           && trip_send (socket, answer, sizeof answer, &from, error);
  connection = kin_socket_accept (socket, NULL, error);
  return connection && kin_socket_set_timeout (connection, TIMEOUT, error)
         && trip_expect (connection, question, sizeof question, NULL, error)
         && trip_send (connection, answer, sizeof answer, NULL, error);
}

/* Of two ends' failures, the one that says more: an end whose partner failed can but time out. */
static void
trip_choose_error (GError *a, GError *b, GError **error)
{
  gboolean is_b = !a || (b && g_error_matches (a, KIN_ERROR, KIN_ERROR_TIMED_OUT));

  g_propagate_error (error, is_b ? b : a);
  if (is_b ? a : b)
    g_error_free (is_b ? a : b);
}

/* The socket lives until the asker has ended: closing it earlier could take the answer back. */
static gboolean
trip_run (Trip *trip, KinSocket *socket, GError **error)
{
  GThread *asker = g_thread_new ("asker", trip_ask, trip);
  GError *failure = NULL;

  trip_answer (trip, socket, &failure);
  g_thread_join (asker);
  if (!failure && !trip->error)
    return TRUE;
  trip_choose_error (failure, trip->error, error);
  return FALSE;
}

/* The family's own. */
static gboolean
trip_ask_family (const KinProtocol *row, GError **error)
{
  char reason[256] = "";
  int code = row->round_trip (reason, sizeof reason);

  if (code < 0)
    g_set_error_literal (error, KIN_OS_ERROR, -code, *reason ? reason : g_strerror (-code));
  return code >= 0;
}

static gboolean
trip_make (const KinProtocol *row, GError **error)
{
  g_autofree char *text = g_strdup_printf ("%s:%s", row->scheme, row->loopback), *to = NULL;
  gboolean has_connections = lookup_has_connections (row->type);
  g_autoptr (KinSocket) socket =
      has_connections ? kin_listen (text, error) : kin_bind (text, error);

  if (!socket || !kin_socket_set_timeout (socket, TIMEOUT, error))
    return FALSE;
  /* A family may fall back: what it is asked for is then not what was tried. */
  if (kin_socket_protocol (socket) != row->protocol) {
    g_set_error (error, KIN_OS_ERROR, EPROTONOSUPPORT, "protocol %d is used in its place",
                 kin_socket_protocol (socket));
    return FALSE;
  }
  to = lookup_local_text (socket);
  if (!to) {
    g_set_error (error, TOOL_ERROR, TOOL_ERROR_FAILED, "%s has no address when bound", text);
    return FALSE;
  }
  return trip_run (&(Trip){ .text = text, .to = to, .has_connections = has_connections }, socket,
                   error);
}

/* row: one with a loopback, or a round trip of its own. */
gboolean
roundtrip_run (const KinProtocol *row, GError **error)
{
  return row->round_trip ? trip_ask_family (row, error) : trip_make (row, error);
}
