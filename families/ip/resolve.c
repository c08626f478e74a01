/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* resolve: ports, and the look-up of hosts and services. */
#include "ip.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

/* ---- Ports --------------------------------------------------------------------------------- */

IP_GET (ip_port_get)
{
  uint16_t port;

  (void) length;
  (void) form;
  memcpy (&port, (const char *) base + field->offset, sizeof port);
  member->kind = KIN_UINT;
  member->number = ntohs (port);
  return 0;
}

/* Text's port. 0, -ERANGE, -EINVAL, or -EADDRNOTAVAIL: a service. */
static int
read_port (const KinMember *member, uint64_t *number)
{
  const char *text = member->bytes;
  size_t n = member->length, n_digits = strspn (text, "0123456789");

  if (n == 0 || strlen (text) != n)
    return -EINVAL;
  if (n_digits < n) /* a service has a letter, RFC 6335 */
    return text[strspn (text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")]
                   || !strpbrk (text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
               ? -EINVAL
               : -EADDRNOTAVAIL;
  *number = 0;
  for (const char *digit = text; *digit; digit++) {
    *number = *number * 10 + (uint64_t) (*digit - '0');
    if (*number > UINT16_MAX)
      return -ERANGE;
  }
  return 0;
}

IP_SET (ip_port_set)
{
  uint64_t number = member->number;
  uint16_t port;
  int rc = 0;

  (void) length;
  if (form == KIN_FORM_TEXT && member->kind == KIN_STRING)
    rc = read_port (member, &number);
  else if (member->kind != KIN_UINT && member->kind != KIN_INT && member->kind != KIN_BOOL)
    rc = -EINVAL;
  else if (member->kind == KIN_INT || number > UINT16_MAX)
    rc = -ERANGE;
  if (rc < 0)
    return rc;
  port = htons ((uint16_t) number);
  memcpy ((char *) base + field->offset, &port, sizeof port);
  return 0;
}

/* ---- Names --------------------------------------------------------------------------------- */

static int
is_asked (const KinQuery *query, int domain)
{
  for (uint32_t i = 0; i < query->n_domains; i++)
    if (query->domains[i] == domain)
      return 1;
  return 0;
}

/* What getaddrinfo takes for the host; 0 or -errno. */
static int
read_host (const KinQuery *query, const KinMember *member, char *text, size_t size)
{
  KinForm form =
      member->bytes[0] == '[' || !strchr (member->bytes, ':') ? KIN_FORM_TEXT : KIN_FORM_TUPLE;
  size_t skip = member->bytes[0] == '[';
  IpHost host;

  switch (ip_host_read (&host, form, member)) {
  case IP_HOST_BAD:
    return -EINVAL;
  case IP_HOST_6:
    if (!is_asked (query, AF_INET6))
      return -EAFNOSUPPORT;
    break;
  case IP_HOST_4:
  case IP_HOST_BROADCAST:
    if (!is_asked (query, AF_INET))
      return -EAFNOSUPPORT;
    break;
  case IP_HOST_ANY:
  case IP_HOST_NAME:
    break;
  }
  if (host.kind == IP_HOST_ANY)
    text[0] = 0;
  else if (host.kind == IP_HOST_BROADCAST)
    snprintf (text, size, "255.255.255.255");
  else
    snprintf (text, size, "%.*s", (int) (member->length - 2 * skip), member->bytes + skip);
  return 0;
}

/* The port as getaddrinfo takes it, which would make 0 of 65536. */
static int
read_service (const KinMember *member, char *text, size_t size)
{
  uint64_t number = member->number;
  int rc = 0;

  text[0] = 0;
  if (member->kind == KIN_STRING)
    rc = read_port (member, &number);
  else if (member->kind == 0)
    return 0;
  if (rc == -EADDRNOTAVAIL)
    return snprintf (text, size, "%s", member->bytes) < (int) size ? 0 : -EINVAL;
  if (rc == 0 && number > UINT16_MAX)
    rc = -ERANGE;
  if (rc == 0)
    snprintf (text, size, "%u", (unsigned) number);
  return rc;
}

static size_t
take (const KinQuery *query, const struct addrinfo *list, int only, KinAddress *results,
      size_t room)
{
  size_t n = 0;

  for (const struct addrinfo *at = list; at && n < room; at = at->ai_next) {
    if (!is_asked (query, at->ai_family) || at->ai_addrlen > sizeof results->sa
        || (only != AF_UNSPEC && at->ai_family != only))
      continue;
    memset (&results[n], 0, sizeof results[n]);
    memcpy (results[n].sa.bytes, at->ai_addr, at->ai_addrlen);
    results[n].length = at->ai_addrlen;
    n++;
  }
  return n;
}

/* getaddrinfo knows the services of TCP and of UDP, and little of other protocols; a type makes it
 * give each address once. */
static int
look_up (const KinQuery *query, const char *host, const char *service, struct addrinfo **list)
{
  struct addrinfo hints = {
    .ai_family = query->n_domains == 1 ? query->domains[0] : AF_UNSPEC,
    .ai_socktype = query->type == SOCK_DGRAM ? SOCK_DGRAM : SOCK_STREAM,
    .ai_flags = query->is_passive ? AI_PASSIVE : 0,
  };
  int rc;

  errno = 0;
  rc = query->getaddrinfo (*host ? host : NULL, *service ? service : "0", &hints, list,
                           query->resolver_data);
  if (rc == EAI_SYSTEM)
    return errno != 0 ? -errno : -EIO;
  return rc == 0 ? 0 : KIN_RESOLVE_FAILED (rc);
}

static int
resolve (const KinQuery *query, const char *service, KinAddress *results, size_t max_results)
{
  char host[sizeof query->members->bytes];
  struct addrinfo *list;
  size_t n;
  int rc;

  if (query->n_members < 1 || query->n_domains < 1)
    return -EINVAL;
  rc = read_host (query, &query->members[0], host, sizeof host);
  if (rc == 0)
    rc = look_up (query, host, service, &list);
  if (rc < 0)
    return rc;
  if (*host == 0 && query->is_passive) {
    /* getaddrinfo has 0.0.0.0 first, which would leave IPv6 out. */
    n = take (query, list, AF_INET6, results, max_results);
    n += take (query, list, AF_INET, results + n, max_results - n);
  } else
    n = take (query, list, AF_UNSPEC, results, max_results);
  query->freeaddrinfo (list, query->resolver_data);
  return n > 0 ? (int) n : KIN_RESOLVE_FAILED (EAI_ADDRFAMILY);
}

int
ip_resolve (const KinQuery *query, KinAddress *results, size_t max_results)
{
  char service[64] = "";
  int rc = query->n_members > 1 ? read_service (&query->members[1], service, sizeof service) : 0;

  return rc < 0 ? rc : resolve (query, service, results, max_results);
}

int
ip_resolve_host (const KinQuery *query, KinAddress *results, size_t max_results)
{
  return resolve (query, "", results, max_results);
}
