/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* host: an IPv4 or IPv6 address as people and as Python write it. Pure, but that a scope's name is
 * asked of the kernel.
 *
 * In text an IPv6 address stands in brackets, with its scope inside, and in a tuple it does not.
 * IPv4 is read as inet_aton(3) reads it, so 127.1 and 0x7f.1 are 127.0.0.1; what follows a blank,
 * which inet_aton ignores, is refused. A name whose last label is a number is an address that was
 * misspelt, and is not looked up. */
#include "ip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

/* ---- Reading ------------------------------------------------------------------------------- */

/* text: "fe80::1%eth0", without brackets. */
static int
read_six (IpHost *host, const char *text)
{
  char address[INET6_ADDRSTRLEN];
  const char *percent = strchr (text, '%');
  size_t n = percent ? (size_t) (percent - text) : strlen (text);

  if (n >= sizeof address || (percent && strlen (percent + 1) >= sizeof host->scope))
    return 0;
  memcpy (address, text, n);
  address[n] = 0;
  if (inet_pton (AF_INET6, address, &host->six) != 1 || (percent && percent[1] == 0))
    return 0;
  strcpy (host->scope, percent ? percent + 1 : "");
  return 1;
}

static int
read_bracketed (IpHost *host, const KinMember *member)
{
  char text[sizeof member->bytes];
  size_t n = member->length;

  if (n < 2 || member->bytes[n - 1] != ']')
    return 0;
  memcpy (text, member->bytes + 1, n - 2);
  text[n - 2] = 0;
  return read_six (host, text);
}

/* Whether the last label is a number: no name of a host. */
static int
ends_in_number (const char *name)
{
  const char *dot = strrchr (name, '.');
  const char *label = dot ? dot + 1 : name;

  if (*label == 0) /* example.org. */
    return 0;
  if (label[0] == '0' && (label[1] == 'x' || label[1] == 'X'))
    return label[2 + strspn (label + 2, "0123456789abcdefABCDEF")] == 0;
  return label[strspn (label, "0123456789")] == 0;
}

IpHostKind
ip_host_read (IpHost *host, KinForm form, const KinMember *member)
{
  const char *text = member->bytes;
  int is_bracketed = form == KIN_FORM_TEXT && text[0] == '[';

  memset (host, 0, sizeof *host);
  if ((member->kind != KIN_STRING && member->kind != KIN_BYTES) || strlen (text) != member->length)
    host->kind = IP_HOST_BAD;
  else if (*text == 0 || strcmp (text, "*") == 0 || strcmp (text, "<any>") == 0)
    host->kind = IP_HOST_ANY;
  else if (strcmp (text, "<broadcast>") == 0)
    host->kind = IP_HOST_BROADCAST;
  else if (is_bracketed || (form == KIN_FORM_TUPLE && strchr (text, ':')))
    host->kind = (is_bracketed ? read_bracketed (host, member) : read_six (host, text))
                     ? IP_HOST_6
                     : IP_HOST_BAD;
  else if (text[strspn (text, letters)] != 0)
    host->kind = IP_HOST_BAD;
  else if (inet_aton (text, &host->four))
    host->kind = IP_HOST_4;
  else
    host->kind = ends_in_number (text) ? IP_HOST_BAD : IP_HOST_NAME;
  return host->kind;
}

int
ip_scope_read (const char *scope, uint32_t *index)
{
  unsigned long number;
  char *end;

  *index = *scope ? if_nametoindex (scope) : 0;
  if (*index != 0 || *scope == 0)
    return 0;
  errno = 0;
  number = strtoul (scope, &end, 10);
  if (*scope < '0' || *scope > '9' || *end != 0 || errno != 0 || number > UINT32_MAX)
    return -ENODEV;
  *index = (uint32_t) number;
  return 0;
}

/* ---- Writing ------------------------------------------------------------------------------- */

static int
say (KinMember *member, const char *text)
{
  member->kind = KIN_STRING;
  member->length = (uint32_t) strlen (text);
  memcpy (member->bytes, text, member->length + 1);
  return 0;
}

static int
say_four (KinMember *member, const void *address)
{
  char text[INET_ADDRSTRLEN];

  return say (member, inet_ntop (AF_INET, address, text, sizeof text));
}

static int
say_six (KinMember *member, KinForm form, const void *address, uint32_t scope)
{
  char host[INET6_ADDRSTRLEN], name[IF_NAMESIZE], text[sizeof host + sizeof name + 4];

  inet_ntop (AF_INET6, address, host, sizeof host);
  if (form == KIN_FORM_TUPLE)
    return say (member, host);
  if (scope == 0)
    snprintf (text, sizeof text, "[%s]", host);
  /* An interface may be called nearly anything; text would not read every name back. */
  else if (if_indextoname (scope, name) && name[strspn (name, letters)] == 0)
    snprintf (text, sizeof text, "[%s%%%s]", host, name);
  else
    snprintf (text, sizeof text, "[%s%%%u]", host, scope);
  return say (member, text);
}

/* ---- The host of a sockaddr ---------------------------------------------------------------- */

IP_GET (ip_host4_get)
{
  (void) length;
  (void) form;
  return say_four (member, (const char *) base + field->offset);
}

static int
set_four (void *at, const IpHost *host)
{
  struct in_addr address = host->four;

  if (host->kind == IP_HOST_BAD)
    return -EINVAL;
  if (host->kind == IP_HOST_NAME)
    return -EADDRNOTAVAIL;
  if (host->kind == IP_HOST_6)
    return -EAFNOSUPPORT;
  if (host->kind == IP_HOST_ANY)
    address.s_addr = htonl (INADDR_ANY);
  else if (host->kind == IP_HOST_BROADCAST)
    address.s_addr = htonl (INADDR_BROADCAST);
  memcpy (at, &address, sizeof address);
  return 0;
}

IP_SET (ip_host4_set)
{
  IpHost host;

  (void) length;
  ip_host_read (&host, form, member);
  return set_four ((char *) base + field->offset, &host);
}

IP_GET (ip_host6_get)
{
  const struct sockaddr_in6 *address = base;

  return say_six (member, form, (const char *) base + field->offset,
                  length < sizeof *address ? 0 : address->sin6_scope_id);
}

static int
set_six (void *at, const IpHost *host)
{
  switch (host->kind) {
  case IP_HOST_ANY:
  case IP_HOST_6:
    memcpy (at, &host->six, sizeof host->six);
    return 0;
  case IP_HOST_NAME:
    return -EADDRNOTAVAIL;
  case IP_HOST_4:
  case IP_HOST_BROADCAST:
    return -EAFNOSUPPORT;
  case IP_HOST_BAD:
    break;
  }
  return -EINVAL;
}

IP_SET (ip_host6_set)
{
  struct sockaddr_in6 *address = base;
  IpHost host;
  int rc;

  (void) length;
  ip_host_read (&host, form, member);
  rc = set_six ((char *) base + field->offset, &host);
  return rc < 0 ? rc : ip_scope_read (host.scope, &address->sin6_scope_id);
}

/* ---- Addresses in options' structs --------------------------------------------------------- */

/* Nothing is looked up here. */
static int
without_names (int rc)
{
  return rc == -EADDRNOTAVAIL ? -EINVAL : rc;
}

IP_GET (ip_bare4_get)
{
  return ip_host4_get (field, base, length, form, member);
}

IP_SET (ip_bare4_set)
{
  return without_names (ip_host4_set (field, base, length, form, member));
}

IP_GET (ip_bare6_get)
{
  (void) length;
  return say_six (member, form, (const char *) base + field->offset, 0);
}

static int
read_bare6 (IpHost *host, KinForm form, const KinMember *member, struct in6_addr *address)
{
  ip_host_read (host, form, member);
  if (host->scope[0] != 0)
    return -EINVAL;
  return without_names (set_six (address, host));
}

IP_SET (ip_bare6_set)
{
  IpHost host;

  (void) length;
  return read_bare6 (&host, form, member, (struct in6_addr *) ((char *) base + field->offset));
}

IP_GET (ip_group4_get)
{
  const struct sockaddr_in *group =
      (const struct sockaddr_in *) ((const char *) base + field->offset);

  (void) length;
  (void) form;
  return say_four (member, &group->sin_addr);
}

IP_SET (ip_group4_set)
{
  struct sockaddr_in group = { .sin_family = AF_INET };
  IpHost host;
  int rc;

  (void) length;
  ip_host_read (&host, form, member);
  rc = without_names (set_four (&group.sin_addr, &host));
  if (rc == 0)
    memcpy ((char *) base + field->offset, &group, sizeof group);
  return rc;
}

IP_GET (ip_group6_get)
{
  const struct sockaddr_in6 *group =
      (const struct sockaddr_in6 *) ((const char *) base + field->offset);

  (void) length;
  return say_six (member, form, &group->sin6_addr, 0);
}

IP_SET (ip_group6_set)
{
  struct sockaddr_in6 group = { .sin6_family = AF_INET6 };
  IpHost host;
  int rc;

  (void) length;
  rc = read_bare6 (&host, form, member, &group.sin6_addr);
  if (rc == 0)
    memcpy ((char *) base + field->offset, &group, sizeof group);
  return rc;
}

IP_GET (ip_peer_get)
{
  sa_family_t family;

  memcpy (&family, (const char *) base + field->offset, sizeof family);
  return family == AF_INET6 ? ip_group6_get (field, base, length, form, member)
                            : ip_group4_get (field, base, length, form, member);
}

IP_SET (ip_peer_set)
{
  int rc = ip_group4_set (field, base, length, form, member);

  return rc == -EAFNOSUPPORT ? ip_group6_set (field, base, length, form, member) : rc;
}
