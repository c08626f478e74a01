/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/shapes-hooks.h: fields that are written in a way of their own, for shapes.h: a path, a CAN
 * identifier, a device's address, hosts. */
/* clang-format off */
#ifndef TEST_SHAPES_HOOKS_H
#define TEST_SHAPES_HOOKS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/can.h>

#include "private.h"

static int
path_get (const KinField *field, const void *base, size_t length, KinForm form, KinMember *member)
{
  const char *path = (const char *) base + field->offset;
  size_t n = length > field->offset ? length - field->offset : 0;
  int is_abstract = n > 0 && path[0] == 0;

  member->length = (uint32_t) (is_abstract ? n : strnlen (path, n));
  member->kind = is_abstract && form == KIN_FORM_TUPLE ? KIN_BYTES : KIN_STRING;
  memcpy (member->bytes, path, member->length);
  if (is_abstract && form == KIN_FORM_TEXT)
    member->bytes[0] = '@';
  return 0;
}

static int
path_set (const KinField *field, void *base, size_t *length, KinForm form, const KinMember *member)
{
  char *path = (char *) base + field->offset;
  size_t n = member->length;
  int is_abstract = n > 0 && member->bytes[0] == (form == KIN_FORM_TEXT ? '@' : 0);

  if (member->kind != KIN_STRING && member->kind != KIN_BYTES)
    return -EINVAL;
  if (!is_abstract && memchr (member->bytes, 0, n))
    return -EILSEQ;
  if (n + !is_abstract > field->size)
    return -ENAMETOOLONG;
  memcpy (path, member->bytes, n);
  if (is_abstract)
    path[0] = 0;
  *length = field->offset + n + (n > 0 && !is_abstract);
  return 0;
}

/* A CAN identifier: 3 hexadecimal digits or 8 in text, the kernel's number in a tuple. */
static int
id_get (const KinField *field, const void *base, size_t length, KinForm form, KinMember *member)
{
  uint32_t id;

  (void) length;
  memcpy (&id, (const char *) base + field->offset, sizeof id);
  member->kind = form == KIN_FORM_TUPLE ? KIN_UINT : KIN_STRING;
  member->number = id;
  if (form == KIN_FORM_TEXT)
    member->length = (uint32_t) snprintf (member->bytes, sizeof member->bytes,
                                          id & CAN_EFF_FLAG ? "%08X" : "%03X", id & CAN_EFF_MASK);
  return 0;
}

static int
id_set (const KinField *field, void *base, size_t *length, KinForm form, const KinMember *member)
{
  uint32_t id = (uint32_t) member->number;
  int n = 0;

  (void) length;
  if (form == KIN_FORM_TUPLE) {
    if (member->kind != KIN_UINT)
      return -EINVAL;
    if (member->number > UINT32_MAX)
      return -ERANGE;
  } else {
    if (sscanf (member->bytes, "%8x%n", &id, &n) != 1 || (size_t) n != member->length)
      return -EINVAL;
    id |= n == 8 ? CAN_EFF_FLAG : 0;
  }
  memcpy ((char *) base + field->offset, &id, sizeof id);
  return 0;
}

/* AA:BB:CC:DD:EE:FF, stored back to front. */
static int
device_get (const KinField *field, const void *base, size_t length, KinForm form, KinMember *member)
{
  const uint8_t *at = (const uint8_t *) base + field->offset;

  (void) length;
  (void) form;
  member->kind = KIN_STRING;
  member->length = (uint32_t) snprintf (member->bytes, sizeof member->bytes,
                                        "%02X:%02X:%02X:%02X:%02X:%02X", at[5], at[4], at[3], at[2],
                                        at[1], at[0]);
  return 0;
}

static int
device_set (const KinField *field, void *base, size_t *length, KinForm form,
            const KinMember *member)
{
  uint8_t *at = (uint8_t *) base + field->offset;
  unsigned b[6];
  int n = 0;

  (void) length;
  (void) form;
  if (member->kind != KIN_STRING
      || sscanf (member->bytes, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[5], &b[4], &b[3], &b[2], &b[1],
                 &b[0], &n) != 6
      || n != 17 || member->length != 17)
    return -EINVAL;
  for (int i = 0; i < 6; i++)
    at[i] = (uint8_t) b[i];
  return 0;
}

static int
host4_get (const KinField *field, const void *base, size_t length, KinForm form, KinMember *member)
{
  (void) length;
  (void) form;
  inet_ntop (AF_INET, (const char *) base + field->offset, member->bytes, sizeof member->bytes);
  member->kind = KIN_STRING;
  member->length = (uint32_t) strlen (member->bytes);
  return 0;
}

static int
host4_set (const KinField *field, void *base, size_t *length, KinForm form,
           const KinMember *member)
{
  (void) length;
  if (member->kind != KIN_STRING || strlen (member->bytes) != member->length
      || (form == KIN_FORM_TEXT && member->bytes[0] == '['))
    return -EINVAL;
  return inet_pton (AF_INET, member->bytes, (char *) base + field->offset) == 1 ? 0
                                                                                : -EADDRNOTAVAIL;
}

/* The scope, a member of its own in a tuple, stands after % in text. */
static int
host6_get (const KinField *field, const void *base, size_t length, KinForm form, KinMember *member)
{
  const struct sockaddr_in6 *address = base;
  char host[INET6_ADDRSTRLEN];

  (void) length;
  inet_ntop (AF_INET6, (const char *) base + field->offset, host, sizeof host);
  if (form == KIN_FORM_TUPLE)
    snprintf (member->bytes, sizeof member->bytes, "%s", host);
  else if (address->sin6_scope_id)
    snprintf (member->bytes, sizeof member->bytes, "[%s%%%u]", host, address->sin6_scope_id);
  else
    snprintf (member->bytes, sizeof member->bytes, "[%s]", host);
  member->kind = KIN_STRING;
  member->length = (uint32_t) strlen (member->bytes);
  return 0;
}

static int
host6_set (const KinField *field, void *base, size_t *length, KinForm form,
           const KinMember *member)
{
  struct sockaddr_in6 *address = base;
  char host[264], *end, *scope;

  (void) length;
  if (member->kind != KIN_STRING || strlen (member->bytes) != member->length)
    return -EINVAL;
  strcpy (host, member->bytes + (form == KIN_FORM_TEXT && member->bytes[0] == '['));
  end = strchr (host, ']');
  if (form == KIN_FORM_TEXT && (member->bytes[0] != '[' || !end || end[1]))
    return -EADDRNOTAVAIL;
  if (end)
    *end = 0;
  scope = strchr (host, '%');
  if (scope) {
    *scope++ = 0;
    address->sin6_scope_id = (uint32_t) atoi (scope);
    if (address->sin6_scope_id == 0)
      return -ENODEV;
  }
  return inet_pton (AF_INET6, host, (char *) base + field->offset) == 1 ? 0 : -EADDRNOTAVAIL;
}

#endif
