/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qipcrtr: between the processors of a Qualcomm chip: QRTR, the IPC router.
 *
 * An address is a node, a processor, and a port: qipcrtr:1,16384. This node is 1 unless somebody
 * changed it; to bind, "any" stands for it, and port 0 for one that the kernel chooses. A socket
 * has no port before it is bound or sends. To send to, "any" is all nodes.
 *
 * Services are found by the name server, which is in the kernel since Linux 5.7, at the port
 * "control" of each node. qipcrtr-control speaks with it; its datagrams are struct qrtr_ctrl_pkt,
 * see packet.c. The family has no options and no control messages. */
#include <errno.h>
#include <linux/qrtr.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "packet.h"

/* ---- Operations: any node is this one ------------------------------------------------------ */

/* The sockaddr with this node in place of any. 0 or -errno. */
static int
qipcrtr_here (int fd, const void *address, size_t length, struct sockaddr_qrtr *here)
{
  struct sockaddr_qrtr own;
  socklen_t own_length = sizeof own;

  if (length < sizeof *here)
    return -EINVAL;
  memcpy (here, address, sizeof *here);
  if (here->sq_node != QRTR_NODE_BCAST)
    return 0;
  if (getsockname (fd, (struct sockaddr *) &own, &own_length) < 0)
    return -errno;
  here->sq_node = own.sq_node;
  return 0;
}

static int
qipcrtr_bind (KinFamilySocket *socket, const void *address, size_t length)
{
  struct sockaddr_qrtr here;
  int rc = qipcrtr_here (socket->fd, address, length, &here);

  if (rc == 0 && bind (socket->fd, (const struct sockaddr *) &here, sizeof here) < 0)
    rc = -errno;
  return rc;
}

/* To bind is to connect as well: what is bound there is the name server. */
static int
qipcrtr_control_connect (KinFamilySocket *socket, const void *address, size_t length)
{
  struct sockaddr_qrtr here;
  int rc = qipcrtr_here (socket->fd, address, length, &here);

  if (rc == 0 && connect (socket->fd, (const struct sockaddr *) &here, sizeof here) < 0)
    rc = -errno;
  return rc;
}

static const KinSocketOps qipcrtr_ops = { .size = sizeof qipcrtr_ops, .bind = qipcrtr_bind };
static const KinSocketOps qipcrtr_control_ops = {
  .size = sizeof qipcrtr_control_ops,
  .bind = qipcrtr_control_connect,
  .connect = qipcrtr_control_connect,
};

/* ---- For kin doctor ------------------------------------------------------------------------ */

/* What no service is: the name server has only the end of the list to say. */
static int
ask_for_nothing (int fd)
{
  const struct sockaddr_qrtr any = {
    .sq_family = AF_QIPCRTR,
    .sq_node = QRTR_NODE_BCAST,
    .sq_port = QRTR_PORT_CTRL,
  };
  struct pollfd answer = { .fd = fd, .events = POLLIN };
  char question[sizeof (struct qrtr_ctrl_pkt)], line[80], end[sizeof question];
  struct sockaddr_qrtr here;
  int rc = qipcrtr_here (fd, &any, sizeof any, &here);

  qipcrtr_packet_compose ("NEW_LOOKUP service=0xfffffffe", question, sizeof question, line,
                          sizeof line);
  if (rc < 0)
    return rc;
  if (sendto (fd, question, sizeof question, MSG_DONTWAIT, (const struct sockaddr *) &here,
              sizeof here)
      < 0)
    return -errno;
  if (poll (&answer, 1, 1000) <= 0)
    return -ETIMEDOUT;
  if (recv (fd, end, sizeof end, MSG_DONTWAIT) != sizeof end
      || qipcrtr_packet_describe (NULL, end, sizeof end, line, sizeof line) < 0
      || strncmp (line, "NEW_SERVER", strlen ("NEW_SERVER")) != 0)
    return -EBADMSG;
  return 0;
}

static int
qipcrtr_control_trip (char *reason, size_t size)
{
  int fd = socket (AF_QIPCRTR, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

  if (fd < 0)
    return -errno;
  rc = ask_for_nothing (fd);
  close (fd);
  if (rc < 0)
    snprintf (reason, size, "the name server of this node does not answer: %s", strerror (-rc));
  return rc;
}

/* clang-format off */

/* ---- Tables --------------------------------------------------------------------------------- */

static const KinName qipcrtr_any[]     = { { "any",     QRTR_NODE_BCAST }, { 0 } };
static const KinName qipcrtr_control[] = { { "control", QRTR_PORT_CTRL },  { 0 } };

#define NODE .name = "node", .kind = KIN_UINT, KIN_AT (struct sockaddr_qrtr, sq_node), \
             .names = qipcrtr_any
#define PORT .name = "port", .kind = KIN_UINT, KIN_AT (struct sockaddr_qrtr, sq_port), \
             .names = qipcrtr_control

static const KinField qipcrtr_address[] = { { NODE }, { PORT } };

static const KinField qipcrtr_control_address[] = {
  { NODE, .flags = KIN_FIELD_OPTIONAL, .fallback = QRTR_NODE_BCAST },
  { PORT, .flags = KIN_FIELD_OPTIONAL, .fallback = QRTR_PORT_CTRL },
};

static const KinAddressCodec qipcrtr_codecs[] = {
  { .bytes  = sizeof (struct sockaddr_qrtr), .separator = ',',
    .fields = KIN_TABLE (qipcrtr_address) },
};
static const KinAddressCodec qipcrtr_control_codecs[] = {
  { .bytes  = sizeof (struct sockaddr_qrtr), .separator = ',',
    .fields = KIN_TABLE (qipcrtr_control_address) },
};

/* A send to another node that does not keep up waits whatever the timeout. */
static const KinProtocol qipcrtr_protocols[] = {
  { .scheme   = "qipcrtr",         .type     = SOCK_DGRAM, .codecs = KIN_TABLE (qipcrtr_codecs),
    .kernel_waits = KIN_WAITS_RECEIVE,       .ops     = &qipcrtr_ops,
    .flags    = KIN_PROTOCOL_REFUSES_NOSIGNAL,
    .grammar  = "NODE,PORT",       .example  = "qipcrtr:1,16384",
    .loopback = "any,0" },
  { .scheme   = "qipcrtr-control", .type     = SOCK_DGRAM,
    .codecs   = KIN_TABLE (qipcrtr_control_codecs),
    .kernel_waits = KIN_WAITS_RECEIVE,       .ops     = &qipcrtr_control_ops,
    .flags    = KIN_PROTOCOL_REFUSES_NOSIGNAL,
    .grammar  = "[NODE[,PORT]]",   .example  = "qipcrtr-control:",
    .describe = qipcrtr_packet_describe,     .compose = qipcrtr_packet_compose,
    .datagram = "NEW_LOOKUP service=15",     .round_trip = qipcrtr_control_trip },
};

static const KinConstant qipcrtr_constants[] = {
  { .name = "AF_QIPCRTR",           .value = AF_QIPCRTR },
  { .name = "QRTR_NODE_BCAST",      .value = QRTR_NODE_BCAST },
  { .name = "QRTR_PORT_CTRL",       .value = QRTR_PORT_CTRL },
  { .name = "QRTR_TYPE_BYE",        .value = QRTR_TYPE_BYE },
  { .name = "QRTR_TYPE_DATA",       .value = QRTR_TYPE_DATA },
  { .name = "QRTR_TYPE_DEL_CLIENT", .value = QRTR_TYPE_DEL_CLIENT },
  { .name = "QRTR_TYPE_DEL_LOOKUP", .value = QRTR_TYPE_DEL_LOOKUP },
  { .name = "QRTR_TYPE_DEL_SERVER", .value = QRTR_TYPE_DEL_SERVER },
  { .name = "QRTR_TYPE_EXIT",       .value = QRTR_TYPE_EXIT },
  { .name = "QRTR_TYPE_HELLO",      .value = QRTR_TYPE_HELLO },
  { .name = "QRTR_TYPE_NEW_LOOKUP", .value = QRTR_TYPE_NEW_LOOKUP },
  { .name = "QRTR_TYPE_NEW_SERVER", .value = QRTR_TYPE_NEW_SERVER },
  { .name = "QRTR_TYPE_PING",       .value = QRTR_TYPE_PING },
  { .name = "QRTR_TYPE_RESUME_TX",  .value = QRTR_TYPE_RESUME_TX },
};

static const KinHint qipcrtr_hints[] = {
  { .operation = "open",    .code = EAFNOSUPPORT,    .sentence = "load it: modprobe qrtr" },
  { .operation = "bind",    .code = EACCES,
    .sentence = "ports below 0x4000 take CAP_NET_ADMIN" },
  { .operation = "bind",    .code = EADDRINUSE,
    .sentence = "another socket has the port: port 0 is one that is free" },
  { .operation = "bind",    .code = EINVAL,
    .sentence = "only this node's address can be bound: qipcrtr:any,PORT; and a socket only "
                "once" },
  { .operation = "send",    .code = ECONNRESET,      .sentence = "there is no such node" },
  { .operation = "send",    .code = EDESTADDRREQ,    .sentence = "say where to, or connect it" },
  { .operation = "send",    .code = ENODEV,          .sentence = "no socket has that port" },
  { .operation = "send",    .code = ENOTCONN,
    .sentence = "say where to, or connect it; to all nodes only control packets go" },
};

/* ---- The descriptor ------------------------------------------------------------------------- */

KIN_FAMILY (qipcrtr) = {
  KIN_STAMP,
  .domain    = AF_QIPCRTR,
  .name      = "qipcrtr",
  .summary   = "between the processors of a Qualcomm chip",
  .modules   = "qrtr",
  .protocols = KIN_TABLE (qipcrtr_protocols),
  .constants = KIN_TABLE (qipcrtr_constants),
  .hints     = KIN_TABLE (qipcrtr_hints),
};
