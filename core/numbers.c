/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* numbers: which protocol the numbers of socket(2) name.
 *
 * Mostly a row of the family that serves the domain. The kernel has more: domains that no family
 * serves, types and protocols that have no row. For these a row is made, "domain 3": its operations
 * are the kernel's calls. Its addresses are read as the domain's family reads them, and where there
 * is none as Python gives what it does not know: (family, bytes). Such rows are never freed, since
 * addresses and sockets point into them; there is one for a domain, type and protocol. */
#include "private.h"

#include <pthread.h>

typedef struct {
  KinTransport transport;
  KinLoaded family; /* of a domain that no family serves */
  int domain;
  char scheme[24];
} Made;

/* pthread's, not GLib's, whose lock ThreadSanitizer does not see. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static GPtrArray *all; /* Made */

/* Its protocol is a default, and an address may say another. */
static gboolean
takes_any_protocol (const KinTransport *transport)
{
  gboolean is_said = transport->row.protocol == 0;
  KinAddressCodec codec;
  KinField field;

  for (guint i = 0; kin__row (&transport->row.codecs, i, &codec, sizeof codec); i++)
    for (guint j = 0; kin__row (&codec.fields, j, &field, sizeof field); j++)
      is_said |= field.kind == KIN_PROTOCOL;
  return is_said;
}

/* One that names its protocol is the better answer; then the type's first that takes any. 0 is the
 * kernel's choice. */
static const KinTransport *
find_row (const KinLoaded *family, int type, int protocol)
{
  const KinTransport *any = NULL;

  for (guint i = 0; i < family->n_transports; i++) {
    const KinTransport *transport = &family->transports[i];

    if (kin__kernel_type (&transport->row) != type)
      continue;
    if (transport->row.protocol == protocol)
      return transport;
    if (!any && (protocol == 0 || takes_any_protocol (transport)))
      any = transport;
  }
  return any;
}

/* Whose addresses such a socket most likely has. */
static const KinTransport *
find_like (const KinLoaded *family, int type)
{
  for (guint i = 0; i < family->n_transports; i++)
    if (kin__kernel_type (&family->transports[i].row) == type)
      return &family->transports[i];
  return &family->transports[0];
}

static Made *
make (const KinLoaded *family, int domain, int type, int protocol)
{
  Made *made = g_new0 (Made, 1);
  KinTransport *transport = &made->transport;

  made->domain = domain;
  made->family.data.domain = domain;
  made->family.is_kernel = TRUE;
  g_snprintf (made->scheme, sizeof made->scheme, "domain %d", domain);
  transport->family = family ? family : &made->family;
  if (family)
    transport->row.codecs = find_like (family, type)->row.codecs;
  transport->row.scheme = made->scheme;
  transport->row.type = type;
  transport->row.protocol = protocol;
  transport->own = &transport->row;
  return made;
}

static const KinTransport *
find_made (const KinLoaded *family, int domain, int type, int protocol)
{
  Made *found = NULL;

  pthread_mutex_lock (&lock);
  if (!all)
    all = g_ptr_array_new ();
  for (guint i = 0; i < all->len && !found; i++) {
    Made *made = all->pdata[i];

    if (made->domain == domain && made->transport.row.type == type
        && made->transport.row.protocol == protocol)
      found = made;
  }
  if (!found) {
    found = make (family, domain, type, protocol);
    g_ptr_array_add (all, found);
  }
  pthread_mutex_unlock (&lock);
  return &found->transport;
}

const KinTransport *
kin__transport_of_numbers (int domain, int type, int protocol, GError **error)
{
  GError *why = NULL;
  const KinLoaded *family = kin__registry_domain (domain, &why);
  const KinTransport *transport = family ? find_row (family, type, protocol) : NULL;

  if (why) {
    g_propagate_error (error, why);
    return NULL;
  }
  return transport ? transport : find_made (family, domain, type, protocol);
}
