/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/qipcrtr/packet.c: packets of the control protocol, as text: struct qrtr_ctrl_pkt.
 *
 *   NEW_LOOKUP service=15                                    tell me of this service; 0 is all
 *   NEW_SERVER service=15 version=1 instance=2 node=1 port=16384
 *   BYE node=3
 *
 * Words that are left out are 0. A service's version is the low byte of the kernel's instance, as
 * qrtr-lookup has it. All numbers are little-endian. */
#include <endian.h>
#include <errno.h>
#include <linux/qrtr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../line.h"
#include "packet.h"

/* clang-format off */

/* A member of a packet; of several in one number each has its bits. */
typedef struct {
  const char *name;
  uint8_t     offset, shift, bits;
} Member;

static const Member server_members[] = {
  { "service",  offsetof (struct qrtr_ctrl_pkt, server.service),  0, 32 },
  { "version",  offsetof (struct qrtr_ctrl_pkt, server.instance), 0, 8 },
  { "instance", offsetof (struct qrtr_ctrl_pkt, server.instance), 8, 24 },
  { "node",     offsetof (struct qrtr_ctrl_pkt, server.node),     0, 32 },
  { "port",     offsetof (struct qrtr_ctrl_pkt, server.port),     0, 32 },
};
static const Member client_members[] = {
  { "node", offsetof (struct qrtr_ctrl_pkt, client.node), 0, 32 },
  { "port", offsetof (struct qrtr_ctrl_pkt, client.port), 0, 32 },
};

#define SERVER server_members, sizeof server_members / sizeof *server_members
#define CLIENT client_members, sizeof client_members / sizeof *client_members

static const struct {
  const char   *name;
  uint32_t      command;
  const Member *members;
  size_t        n_members;
} kinds[] = {
  { "DATA",       QRTR_TYPE_DATA,       NULL, 0 },
  { "HELLO",      QRTR_TYPE_HELLO,      NULL, 0 },
  { "BYE",        QRTR_TYPE_BYE,        CLIENT },
  { "NEW_SERVER", QRTR_TYPE_NEW_SERVER, SERVER },
  { "DEL_SERVER", QRTR_TYPE_DEL_SERVER, SERVER },
  { "DEL_CLIENT", QRTR_TYPE_DEL_CLIENT, CLIENT },
  { "RESUME_TX",  QRTR_TYPE_RESUME_TX,  CLIENT },
  { "EXIT",       QRTR_TYPE_EXIT,       NULL, 0 },
  { "PING",       QRTR_TYPE_PING,       NULL, 0 },
  { "NEW_LOOKUP", QRTR_TYPE_NEW_LOOKUP, SERVER },
  { "DEL_LOOKUP", QRTR_TYPE_DEL_LOOKUP, SERVER },
};
/* clang-format on */

enum { N_KINDS = sizeof kinds / sizeof *kinds };

static uint32_t
load (const void *packet, size_t offset)
{
  uint32_t number;

  memcpy (&number, (const char *) packet + offset, sizeof number);
  return le32toh (number);
}

static void
store (void *packet, size_t offset, uint32_t number)
{
  number = htole32 (number);
  memcpy ((char *) packet + offset, &number, sizeof number);
}

static uint32_t
max_of (const Member *member)
{
  return UINT32_MAX >> (32 - member->bits);
}

/* ---- To text ------------------------------------------------------------------------------- */

/* A lookup's answers end with a server that is none. */
static int
is_end (const struct qrtr_ctrl_pkt *packet)
{
  return load (packet, 0) == QRTR_TYPE_NEW_SERVER && packet->server.service == 0
         && packet->server.instance == 0 && packet->server.node == 0 && packet->server.port == 0;
}

int
qipcrtr_packet_describe (const KinAddress *from, const void *data, size_t length, char *line,
                         size_t size)
{
  struct qrtr_ctrl_pkt packet;
  Line text = { line, size, 0 };
  size_t i = 0;

  (void) from;
  if (length != sizeof packet)
    return -EINVAL;
  memcpy (&packet, data, sizeof packet);
  while (i < N_KINDS && kinds[i].command != load (&packet, 0))
    i++;
  if (i == N_KINDS)
    return -EINVAL;
  line_add (&text, "%s", kinds[i].name);
  if (is_end (&packet))
    line_add (&text, " (these are all)");
  else
    for (size_t j = 0; j < kinds[i].n_members; j++) {
      const Member *member = &kinds[i].members[j];
      uint32_t number = load (&packet, member->offset) >> member->shift;

      line_add (&text, " %s=%u", member->name, number & max_of (member));
    }
  return line_end (&text);
}

/* ---- From text ----------------------------------------------------------------------------- */

static int
take_member (const Member *member, const char *value, size_t n, struct qrtr_ctrl_pkt *packet)
{
  unsigned long long number;
  char *end;

  if (n == 0 || *value < '0' || *value > '9')
    return -EINVAL;
  errno = 0;
  number = strtoull (value, &end, 0);
  if (end != value + n)
    return -EINVAL;
  if (errno != 0 || number > max_of (member))
    return -ERANGE;
  store (packet, member->offset,
         (load (packet, member->offset) & ~(max_of (member) << member->shift))
             | (uint32_t) number << member->shift);
  return 0;
}

/* "port=16384", of a kind's members. */
static int
take_word (size_t kind, const char *word, size_t n, struct qrtr_ctrl_pkt *packet)
{
  for (size_t i = 0; i < kinds[kind].n_members; i++) {
    const Member *member = &kinds[kind].members[i];
    size_t length = strlen (member->name);

    if (n > length && word[length] == '=' && memcmp (word, member->name, length) == 0)
      return take_member (member, word + length + 1, n - length - 1, packet);
  }
  return -EINVAL;
}

/* Of the first word; N_KINDS: there is no such. */
static size_t
find_kind (const char *word, size_t n)
{
  size_t i = 0;

  while (i < N_KINDS && (strlen (kinds[i].name) != n || memcmp (kinds[i].name, word, n) != 0))
    i++;
  return i;
}

ssize_t
qipcrtr_packet_compose (const char *text, void *data, size_t size, char *reason, size_t reason_size)
{
  const char *word = text + strspn (text, " ");
  size_t n = strcspn (word, " "), kind = find_kind (word, n);
  struct qrtr_ctrl_pkt packet = { 0 };
  int rc;

  if (kind == N_KINDS) {
    snprintf (reason, reason_size,
              "it begins with the packet's kind: NEW_LOOKUP service=15, NEW_SERVER service=15 "
              "version=1 instance=2 node=1 port=16384");
    return -EINVAL;
  }
  store (&packet, 0, kinds[kind].command);
  for (word += n; word += strspn (word, " "), (n = strcspn (word, " ")) > 0; word += n) {
    rc = take_word (kind, word, n, &packet);
    if (rc < 0) {
      snprintf (reason, reason_size, "%.*s %s %s", (int) n, word,
                rc == -ERANGE ? "is too much for" : "is no word of", kinds[kind].name);
      return rc;
    }
  }
  if (size < sizeof packet) {
    snprintf (reason, reason_size, "there is no room for it");
    return -ENOBUFS;
  }
  memcpy (data, &packet, sizeof packet);
  return sizeof packet;
}
