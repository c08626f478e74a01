/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit: shows a hook what is about to happen, and lets it refuse. */
#include "private.h"

KinAuditFunc kin__audit_hook;
static gpointer audit_data;

/**
 * kin_set_audit_hook:
 * @hook: (nullable): called before each audited event, or %NULL for none
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

gboolean
kin__audit (const char *event, const KinTransport *transport, KinSocket *socket,
            const KinAddress *address, const char *text, GError **error)
{
  g_autofree char *reason = NULL;

  if (!kin__audit_hook)
    return TRUE;
  reason = kin__audit_hook (
      &(KinAudit){
          .size = sizeof (KinAudit),
          .event = event,
          .scheme = transport->row.scheme,
          .socket = socket && socket->is_open ? socket : NULL,
          .address = address,
          .text = text,
          .domain = transport->family->data.domain,
          .type = transport->row.type,
          .protocol = socket ? socket->head.protocol : transport->row.protocol,
      },
      audit_data);
  if (!reason)
    return TRUE;
  kin__error_set (error, KIN_ERROR_DENIED, "%s on %s is denied: %s", event, transport->row.scheme,
                  reason);
  return FALSE;
}
