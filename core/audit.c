/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit: shows a hook what is about to happen, and lets it refuse. */
#include "private.h"

#include <string.h>

KinAuditFunc kin__audit_hook;
static gpointer audit_data;

/**
 * kin_set_audit_hook:
 * @hook: (nullable) (scope forever): called before each audited event, or %NULL for none
 * @user_data: passed to @hook
 *
 * Sets the one audit hook of the process. Events have the names and arguments of Python's audit
 * events (Python's documentation, "Audit events table"). An event that the hook refuses fails with
 * %KIN_ERROR_DENIED and the hook's sentence, before any system call.
 *
 * Set it before the first socket is made and before other threads run: it is not locked.
 */
void
kin_set_audit_hook (KinAuditFunc hook, gpointer user_data)
{
  audit_data = user_data;
  kin__audit_hook = hook;
}

static gboolean
ask (KinAudit *audit, GError **error)
{
  g_autoptr (GVariant) arguments = g_variant_ref_sink (audit->arguments);
  g_autofree char *reason = NULL;

  audit->size = sizeof *audit;
  reason = kin__audit_hook (audit, audit_data);
  if (reason)
    kin__error_set (error, KIN_ERROR_DENIED, "%s%s%s is denied: %s", audit->event,
                    audit->scheme ? " on " : "", audit->scheme ? audit->scheme : "", reason);
  return !reason;
}

/* Of a socket: Python's arguments are its numbers when it is made, its address afterwards. */
static GVariant *
socket_arguments (const KinAudit *audit)
{
  g_autoptr (GVariant) address = NULL;

  if (strcmp (audit->event, "socket.__new__") == 0)
    return g_variant_new ("(xxx)", (gint64) audit->domain, (gint64) audit->type,
                          (gint64) audit->protocol);
  if (audit->address)
    address = kin_address_to_tuple (audit->address);
  else if (audit->text)
    address = g_variant_ref_sink (g_variant_new_string (audit->text));
  else
    address = g_variant_ref_sink (g_variant_new_maybe (G_VARIANT_TYPE_STRING, NULL));
  return g_variant_new_tuple (&address, 1);
}

gboolean
kin__audit (const char *event, const KinTransport *transport, KinSocket *socket,
            const KinAddress *address, const char *text, GError **error)
{
  KinAudit audit = {
    .event = event,
    .scheme = transport->row.scheme,
    .socket = socket && socket->is_open ? socket : NULL,
    .address = address,
    .text = text,
    .domain = transport->family->data.domain,
    .type = kin__kernel_type (&transport->row),
    .protocol = socket ? socket->head.protocol : transport->row.protocol,
  };

  if (!kin__audit_hook)
    return TRUE;
  audit.arguments = socket_arguments (&audit);
  return ask (&audit, error);
}

gboolean
kin__audit_call (const char *event, const char *scheme, GVariant *arguments, GError **error)
{
  return ask (&(KinAudit){ .event = event, .scheme = scheme, .arguments = arguments }, error);
}
