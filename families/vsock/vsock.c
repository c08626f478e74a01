/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vsock: sockets between a virtual machine and its host.
 *
 * An address is a context id, which says what machine, and a port, both of 32 bits: vsock:2:1234 is
 * port 1234 of the host. Ids: 0 the hypervisor, 1 this machine itself, 2 the host, others the
 * guests; any on bind. No network is needed, and nothing has to be set up.
 *
 * All of it is the kernel's, vsock(7), but for this machine's own id: /dev/vsock is asked for it,
 * as if it were an option. A transport carries the bytes: vsock_loopback in this machine, virtio,
 * vhost, Hyper-V's or VMware's to others. Datagrams only VMware's carries.
 *
 * connect has a timeout of its own, 2 s (vsock.connect-timeout), ignores SO_SNDTIMEO, and is given
 * up by a signal; so libkin polls it. It answers a closed port with ECONNRESET. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include <kin/family.h>

/* Numbers that the kernel's headers may be too old for. */
/* clang-format off */
#ifndef SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW
#define SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW 8   /* Linux 5.17: 64 bits of time on a 32-bit machine */
#endif
#ifndef VMADDR_FLAG_TO_HOST
#define VMADDR_FLAG_TO_HOST 1                 /* Linux 5.11 */
#endif
#ifndef SOL_VSOCK
#define SOL_VSOCK 287                         /* Linux 6.7 */
#endif
#ifndef VSOCK_RECVERR
#define VSOCK_RECVERR 1                       /* Linux 6.7 */
#endif
enum {
  VSOCK_CONNECT_TIMEOUT = sizeof (time_t) == sizeof (long) ? 6 : SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW
};

/* ---- The address --------------------------------------------------------------------------- */

static const KinName vsock_any[] = { { "any", UINT32_MAX }, { NULL, 0 } };
static const KinName vsock_flags[] = { { "to-host", VMADDR_FLAG_TO_HOST }, { NULL, 0 } };

/* Python's tuple has no flags. Before Linux 5.11 they are the first of svm_zero. */
static const KinField vsock_address[] = {
  { .name = "cid",   .kind = KIN_UINT, .names = vsock_any, KIN_AT (struct sockaddr_vm, svm_cid) },
  { .name = "port",  .kind = KIN_UINT, .names = vsock_any, KIN_AT (struct sockaddr_vm, svm_port) },
  { .name = "flags", .kind = KIN_UINT, .names = vsock_flags, .size = 1,
    .offset = offsetof (struct sockaddr_vm, svm_cid) + 4,
    .flags  = KIN_FIELD_OPTIONAL | KIN_FIELD_TEXT_ONLY },
};

static const KinAddressCodec vsock_codecs[] = {
  { .bytes = sizeof (struct sockaddr_vm), .separator = ':', .fields = KIN_TABLE (vsock_address) },
};

/* ---- What control messages hold ------------------------------------------------------------ */

/* struct sock_extended_err; <linux/errqueue.h> cannot be included beside glibc's <time.h>. */
struct vsock_extended_error {
  uint32_t code;
  uint8_t  origin, type, more, pad;
  uint32_t info, data;
};

static const KinName vsock_error_origins[] = { { "zerocopy", 5 }, { NULL, 0 } };

static const KinField vsock_error[] = {
  { .name = "errno",  .kind = KIN_UINT, KIN_AT (struct vsock_extended_error, code) },
  { .name = "origin", .kind = KIN_UINT, KIN_AT (struct vsock_extended_error, origin),
    .names = vsock_error_origins },
  { .name = "type",   .kind = KIN_UINT, KIN_AT (struct vsock_extended_error, type) },
  { .name = "code",   .kind = KIN_UINT, KIN_AT (struct vsock_extended_error, more) },
  { .name = "info",   .kind = KIN_UINT, KIN_AT (struct vsock_extended_error, info) },
  { .name = "data",   .kind = KIN_UINT, KIN_AT (struct vsock_extended_error, data) },
};
/* clang-format on */

/* ---- This machine's own id ----------------------------------------------------------------- */

static int
vsock_local_cid (uint32_t *cid)
{
  int fd = open ("/dev/vsock", O_RDONLY | O_CLOEXEC), rc = 0;

  if (fd < 0)
    return -errno;
  if (ioctl (fd, IOCTL_VM_SOCKETS_GET_LOCAL_CID, cid) < 0)
    rc = -errno;
  close (fd);
  return rc;
}

static int
vsock_getsockopt (KinFamilySocket *socket, int level, int number, void *value, socklen_t *length)
{
  uint32_t cid;
  int rc;

  if (level != AF_VSOCK || number != IOCTL_VM_SOCKETS_GET_LOCAL_CID)
    return getsockopt (socket->fd, level, number, value, length) < 0 ? -errno : 0;
  if (*length < sizeof cid)
    return -EINVAL;
  rc = vsock_local_cid (&cid);
  if (rc < 0)
    return rc;
  memcpy (value, &cid, sizeof cid);
  *length = sizeof cid;
  return 0;
}

/* ---- Ending a connection -------------------------------------------------------------------- */

/* Once the peer has closed, the kernel's shutdown makes it forget that: what is received next would
 * be ENOTCONN, where it was the end. Then there is nobody to be told, either. */
static int
vsock_shutdown (KinFamilySocket *socket, int how)
{
  char byte = 0;

  if (socket->row->type != SOCK_DGRAM && recv (socket->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0
      && send (socket->fd, &byte, 0, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EPIPE)
    return 0;
  return shutdown (socket->fd, how) < 0 ? -errno : 0;
}

/* ---- Can this kernel? ---------------------------------------------------------------------- */

static int
vsock_open (int type, const struct sockaddr_vm *address)
{
  int fd = socket (AF_VSOCK, type | SOCK_CLOEXEC, 0), code;

  if (fd >= 0 && bind (fd, (const struct sockaddr *) address, sizeof *address) == 0)
    return fd;
  code = errno;
  if (fd >= 0)
    close (fd);
  return -code;
}

/* Bytes that stay in this machine take a transport of their own; without it there may still be one
 * to the host. */
static int
vsock_probe (char *reason, size_t size)
{
  const struct sockaddr_vm own = { .svm_family = AF_VSOCK,
                                   .svm_cid = 1,
                                   .svm_port = VMADDR_PORT_ANY };
  int fd = vsock_open (SOCK_STREAM, &own);

  if (fd == -EADDRNOTAVAIL) {
    snprintf (reason, size, "nothing carries bytes inside this machine: modprobe vsock_loopback");
    return -ENODEV;
  }
  if (fd < 0)
    return fd;
  close (fd);
  return 0;
}

/* A datagram to the socket itself. VMware's guests have ids above 2; elsewhere its transport takes
 * this machine for a host. */
static int
vsock_send_to_itself (int fd)
{
  const struct timeval second = { .tv_sec = 1 };
  struct sockaddr_vm own = { .svm_family = AF_VSOCK };
  socklen_t length = sizeof own;
  uint32_t cid;
  char byte = 0;

  if (getsockname (fd, (struct sockaddr *) &own, &length) < 0)
    return -errno;
  own.svm_cid = VMADDR_CID_HOST;
  if (vsock_local_cid (&cid) == 0 && cid > VMADDR_CID_HOST && cid != VMADDR_CID_ANY)
    own.svm_cid = cid;
  if (setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second) < 0
      || sendto (fd, "v", 1, 0, (struct sockaddr *) &own, length) < 0 || recv (fd, &byte, 1, 0) < 0)
    return -errno;
  return byte == 'v' ? 0 : -EBADMSG;
}

static int
vsock_datagram_trip (char *reason, size_t size)
{
  const struct sockaddr_vm any = { .svm_family = AF_VSOCK,
                                   .svm_cid = VMADDR_CID_ANY,
                                   .svm_port = VMADDR_PORT_ANY };
  int fd = vsock_open (SOCK_DGRAM, &any), rc;

  if (fd == -ENODEV)
    snprintf (reason, size,
              "only VMware's transport has datagrams: "
              "modprobe vmw_vsock_vmci_transport");
  if (fd < 0)
    return fd;
  rc = vsock_send_to_itself (fd);
  close (fd);
  return rc;
}

/* ---- Tables -------------------------------------------------------------------------------- */

/* clang-format off */
enum { VSOCK_WAITS = KIN_WAITS_RECEIVE | KIN_WAITS_SEND | KIN_WAITS_ACCEPT };

static const KinProtocol vsock_protocols[] = {
  { .scheme   = "vsock",           .type       = SOCK_STREAM,
    .codecs   = KIN_TABLE (vsock_codecs),      .kernel_waits = VSOCK_WAITS,
    .grammar  = "CID:PORT[:to-host]",          .example      = "vsock:2:1234",
    .loopback = "1:any" },
  { .scheme   = "vsock-seqpacket", .type       = SOCK_SEQPACKET,
    .codecs   = KIN_TABLE (vsock_codecs),      .kernel_waits = VSOCK_WAITS,
    .grammar  = "CID:PORT[:to-host]",          .example      = "vsock-seqpacket:any:1234",
    .loopback = "1:any" },
  { .scheme   = "vsock-dgram",     .type       = SOCK_DGRAM,
    .codecs   = KIN_TABLE (vsock_codecs),      .kernel_waits = VSOCK_WAITS,
    .grammar  = "CID:PORT",                    .example      = "vsock-dgram:2:1234",
    .modules  = "vmw_vsock_vmci_transport",    .round_trip   = vsock_datagram_trip },
};

static const KinOption vsock_options[] = {
  { .name  = "vsock.buffer-max-size", .help   = "the most that vsock.buffer-size can be",
    .level = AF_VSOCK,                .number = SO_VM_SOCKETS_BUFFER_MAX_SIZE,
    .kind  = KIN_UINT,                .size   = 8, .flags = KIN_OPTION_READ_WRITE },
  { .name  = "vsock.buffer-min-size", .help   = "the least that vsock.buffer-size can be",
    .level = AF_VSOCK,                .number = SO_VM_SOCKETS_BUFFER_MIN_SIZE,
    .kind  = KIN_UINT,                .size   = 8, .flags = KIN_OPTION_READ_WRITE },
  { .name  = "vsock.buffer-size",     .help   = "bytes that the peer may send before they are read",
    .level = AF_VSOCK,                .number = SO_VM_SOCKETS_BUFFER_SIZE,
    .kind  = KIN_UINT,                .size   = 8, .flags = KIN_OPTION_READ_WRITE },
  { .name  = "vsock.connect-timeout", .help   = "when the kernel gives a connect up; 0: after 2 s",
    .level = AF_VSOCK,                .number = VSOCK_CONNECT_TIMEOUT,
    .kind  = KIN_TIME, .size = sizeof (struct timeval), .flags = KIN_OPTION_READ_WRITE },
  { .name  = "vsock.local-cid",       .help   = "this machine's own id, or any: it has none",
    .level = AF_VSOCK,                .number = IOCTL_VM_SOCKETS_GET_LOCAL_CID,
    .kind  = KIN_UINT,                .size   = 4, .flags = KIN_OPTION_READ,
    .names = vsock_any },
};

static const KinControl vsock_controls[] = {
  { .name  = "vsock.error", .help   = "of the error queue: which zero-copy sends are done",
    .level = SOL_VSOCK,     .number = VSOCK_RECVERR,
    .kind  = KIN_STRUCT,    .size   = sizeof (struct vsock_extended_error),
    .flags = KIN_OPTION_READ | KIN_OPTION_REPORT, .fields = KIN_TABLE (vsock_error),
    .enabled_by = "so.zerocopy" },
};

/* UINT32_MAX is what the kernel's header has as -1U. */
static const KinConstant vsock_constants[] = {
  { .name = "AF_VSOCK",                       .value = AF_VSOCK },
  { .name = "IOCTL_VM_SOCKETS_GET_LOCAL_CID", .value = IOCTL_VM_SOCKETS_GET_LOCAL_CID },
  { .name = "SOL_VSOCK",                      .value = SOL_VSOCK },
  { .name = "SO_VM_SOCKETS_BUFFER_MAX_SIZE",  .value = SO_VM_SOCKETS_BUFFER_MAX_SIZE },
  { .name = "SO_VM_SOCKETS_BUFFER_MIN_SIZE",  .value = SO_VM_SOCKETS_BUFFER_MIN_SIZE },
  { .name = "SO_VM_SOCKETS_BUFFER_SIZE",      .value = SO_VM_SOCKETS_BUFFER_SIZE },
  { .name = "SO_VM_SOCKETS_CONNECT_TIMEOUT",  .value = VSOCK_CONNECT_TIMEOUT },
  { .name = "VMADDR_CID_ANY",                 .value = UINT32_MAX },
  { .name = "VMADDR_CID_HOST",                .value = VMADDR_CID_HOST },
  { .name = "VMADDR_CID_HYPERVISOR",          .value = VMADDR_CID_HYPERVISOR },
  { .name = "VMADDR_CID_LOCAL",               .value = 1 },
  { .name = "VMADDR_FLAG_TO_HOST",            .value = VMADDR_FLAG_TO_HOST },
  { .name = "VMADDR_PORT_ANY",                .value = UINT32_MAX },
  { .name = "VM_SOCKETS_INVALID_VERSION",     .value = UINT32_MAX },
  { .name = "VSOCK_RECVERR",                  .value = VSOCK_RECVERR },
};

static const KinHint vsock_hints[] = {
  { .operation = "open",    .code     = EAFNOSUPPORT,
    .sentence  = "modprobe vsock; CONFIG_VSOCKETS" },
  { .operation = "open",    .code     = ENODEV,
    .sentence  = "only VMware's transport has datagrams: modprobe vmw_vsock_vmci_transport; "
                 "others have vsock: and vsock-seqpacket:" },
  { .operation = "open",    .code     = ESOCKTNOSUPPORT,
    .sentence  = "vsock-seqpacket takes Linux 5.14" },
  { .operation = "bind",    .code     = EACCES,
    .sentence  = "ports below 1024 take CAP_NET_BIND_SERVICE, as root has it" },
  { .operation = "bind",    .code     = EADDRINUSE,
    .sentence  = "`ss --vsock -alp` says which program has that port; any takes a free one" },
  { .operation = "bind",    .code     = EADDRNOTAVAIL,
    .sentence  = "this machine has another id: any takes all; 1 takes modprobe vsock_loopback, and "
                 "2 a host of virtual machines, modprobe vhost_vsock" },
  { .operation = "bind",    .code     = EINVAL,
    .sentence  = "the socket has an address already" },
  { .operation = "connect", .code     = ECONNRESET,
    .sentence  = "no program listens on that port there, or as many wait to be accepted as it lets "
                 "wait" },
  { .operation = "connect", .code     = EHOSTUNREACH,
    .sentence  = "there is no such machine, or it has no vsock device" },
  { .operation = "connect", .code     = EINVAL,
    .sentence  = "the socket listens, or the flags are none that this kernel knows" },
  { .operation = "connect", .code     = ENETUNREACH,
    .sentence  = "the transport has no way there: 2 is the host, 1 this machine" },
  { .operation = "connect", .code     = ENODEV,
    .sentence  = "nothing carries bytes there: to this machine, 1, modprobe vsock_loopback; to a "
                 "guest, vhost_vsock; to the host a guest has a vsock device" },
  { .operation = "connect", .code     = ESOCKTNOSUPPORT,
    .sentence  = "the transport to that machine has no packets: try vsock:" },
  { .operation = "connect", .code     = ETIMEDOUT,
    .sentence  = "there is no such machine, or it does not answer; the kernel gives up after "
                 "vsock.connect-timeout, 2 s at first" },
  { .operation = "get",     .code     = EACCES,
    .sentence  = "it takes the right to read /dev/vsock" },
  { .operation = "get",     .code     = ENOENT,
    .sentence  = "it takes /dev/vsock: modprobe vsock" },
  { .operation = "send",    .code     = EMSGSIZE,
    .sentence  = "a packet must fit both ends' buffers: raise vsock.buffer-size, and "
                 "vsock.buffer-max-size first" },
  { .operation = "send",    .code     = ENOMEM,   /* before Linux 6.7, of packets alone */
    .sentence  = "a packet must fit both ends' buffers: raise vsock.buffer-size, and "
                 "vsock.buffer-max-size first" },
  { .operation = "set",     .code     = ERANGE,
    .sentence  = "a time must be positive" },
};

static const KinSocketOps vsock_ops = {
  .size       = sizeof (KinSocketOps),
  .shutdown   = vsock_shutdown,
  .getsockopt = vsock_getsockopt,
};

/* ---- The descriptor ------------------------------------------------------------------------ */

KIN_FAMILY (vsock) = {
  KIN_STAMP,
  .domain    = AF_VSOCK,
  .name      = "vsock",
  .summary   = "sockets between a virtual machine and its host",
  .modules   = "vsock vsock_loopback|vmw_vsock_virtio_transport|vhost_vsock|hv_sock|"
               "vmw_vsock_vmci_transport",
  .protocols = KIN_TABLE (vsock_protocols),
  .options   = KIN_TABLE (vsock_options),
  .controls  = KIN_TABLE (vsock_controls),
  .constants = KIN_TABLE (vsock_constants),
  .hints     = KIN_TABLE (vsock_hints),
  .ops       = &vsock_ops,
  .probe     = vsock_probe,
};
