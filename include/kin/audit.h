/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin/audit.h: a hook that sees what Python's audit events name, and may refuse it. */
/* clang-format off */
#ifndef KIN_AUDIT_H
#define KIN_AUDIT_H

#include <kin/address.h>

G_BEGIN_DECLS

/**
 * KinAudit:
 * @size: of this struct; longer in later minors
 * @event: Python's name: "socket.connect"
 * @scheme: whose socket or name it is, or NULL
 * @socket: the socket; NULL in "socket.__new__"
 * @address: the address, or NULL
 * @text: of a row over another endpoint, that endpoint's text; or NULL
 * @domain: of socket(2), or %KIN_DOMAIN_DYNAMIC
 * @type: of socket(2)
 * @protocol: of socket(2)
 * @arguments: a tuple of what Python's event has for arguments, but for the socket itself
 *
 * What is about to happen. Valid during the call only.
 */
typedef struct {
  gsize             size;
  const char       *event;
  const char       *scheme;
  KinSocket        *socket;
  const KinAddress *address;
  const char       *text;
  int               domain;
  int               type;
  int               protocol;
  GVariant         *arguments;
} KinAudit;

/**
 * KinAuditFunc:
 * @audit: what is about to happen
 * @user_data: as given to kin_set_audit_hook()
 *
 * Called before the system call, in the thread that makes it. May not use Kin's sockets.
 *
 * Returns: (nullable) (transfer full): NULL to let it happen, or why not: one sentence
 */
typedef char *(*KinAuditFunc) (const KinAudit *audit, gpointer user_data);

KIN_API void kin_set_audit_hook (KinAuditFunc hook, gpointer user_data);

G_END_DECLS

#endif
