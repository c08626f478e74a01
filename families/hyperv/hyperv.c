/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hyperv: sockets between a Hyper-V virtual machine and its host, by the names that Windows uses.
 *
 * An address is two GUIDs, the machine's and the service's:
 * hyperv:a42e7cda-d03f-480c-9cc2-a4de20abb878,000004d2-facb-11e6-bd58-64006a7986d3 is port 1234 of
 * the host. Linux speaks this protocol through AF_VSOCK, which has numbers instead, so this family
 * claims no domain: it borrows AF_VSOCK's calls and translates names. A service is
 * xxxxxxxx-facb-11e6-bd58-64006a7986d3, the x being the port in hexadecimal, as the kernel's
 * hv_sock has it; a machine is one that has a name for everybody: all (the wildcard), children,
 * loopback and parent. Other GUIDs have no number on Linux, and are refused.
 *
 * Children and parent are one number, 2: bound, it is for the guests of this host, and connected
 * to, it is the host. So an address has a number of its own for children, which bind turns into 2,
 * and a socket's own name turns back. See vsock(7), and Microsoft's "Make your own integration
 * services". */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include <kin/family.h>

/* clang-format off */
#define HYPERV_ZERO      "00000000-0000-0000-0000-000000000000"
#define HYPERV_BROADCAST "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"
#define HYPERV_CHILDREN  "90db8b89-0d35-4f79-8ce9-49ea0ac8b7cd"
#define HYPERV_LOOPBACK  "e0e16197-dd56-4a10-9195-5ee7a155a838"
#define HYPERV_PARENT    "a42e7cda-d03f-480c-9cc2-a4de20abb878"
#define HYPERV_SERVICE   "-facb-11e6-bd58-64006a7986d3"

enum {
  HYPERV_GUID_LENGTH     = 36,
  HYPERV_CID_LOCAL       = 1,
  HYPERV_CONNECT_TIMEOUT = sizeof (time_t) == sizeof (long) ? 6 : 8
};

/* No machine has this number, and no call gets it. */
#define HYPERV_CID_CHILDREN 0xfffffffeu

static const struct {
  const char *guid, *word;
  uint32_t    cid;
} hyperv_machines[] = {
  { HYPERV_ZERO,     "wildcard", VMADDR_CID_ANY },
  { HYPERV_CHILDREN, "children", HYPERV_CID_CHILDREN },
  { HYPERV_LOOPBACK, "loopback", HYPERV_CID_LOCAL },
  { HYPERV_PARENT,   "parent",   VMADDR_CID_HOST },
};
enum { HYPERV_N_MACHINES = sizeof hyperv_machines / sizeof *hyperv_machines };
/* clang-format on */

/* ---- The address --------------------------------------------------------------------------- */

/* 8-4-4-4-12 hexadecimal digits, without braces, into lower case. */
static int
hyperv_read_guid (const KinMember *member, char guid[HYPERV_GUID_LENGTH + 1])
{
  if ((member->kind != KIN_STRING && member->kind != KIN_BYTES)
      || member->length != HYPERV_GUID_LENGTH)
    return -EINVAL;
  for (int i = 0; i < HYPERV_GUID_LENGTH; i++) {
    char c = member->bytes[i];

    if (c >= 'A' && c <= 'F')
      c = (char) (c - 'A' + 'a');
    if (i == 8 || i == 13 || i == 18 || i == 23 ? c != '-' : !memchr ("0123456789abcdef", c, 16))
      return -EINVAL;
    guid[i] = c;
  }
  guid[HYPERV_GUID_LENGTH] = 0;
  return 0;
}

static void
hyperv_write (KinMember *member, const char *text)
{
  member->kind = KIN_STRING;
  member->length = (uint32_t) strlen (text);
  memcpy (member->bytes, text, member->length + 1);
}

static int
hyperv_machine_get (const KinField *field, const void *base, size_t length, KinForm form,
                    KinMember *member)
{
  uint32_t cid;

  (void) length;
  (void) form;
  memcpy (&cid, (const char *) base + field->offset, sizeof cid);
  for (int i = 0; i < HYPERV_N_MACHINES; i++)
    if (hyperv_machines[i].cid == cid) {
      hyperv_write (member, hyperv_machines[i].guid);
      return 0;
    }
  return -EOPNOTSUPP;
}

static int
hyperv_machine_set (const KinField *field, void *base, size_t *length, KinForm form,
                    const KinMember *member)
{
  char guid[HYPERV_GUID_LENGTH + 1] = "";
  int rc = hyperv_read_guid (member, guid);

  (void) length;
  for (int i = 0; i < HYPERV_N_MACHINES; i++) {
    int is_word = form == KIN_FORM_TEXT && strcmp (hyperv_machines[i].word, member->bytes) == 0;

    if (is_word || strcmp (hyperv_machines[i].guid, guid) == 0) {
      memcpy ((char *) base + field->offset, &hyperv_machines[i].cid, sizeof (uint32_t));
      return 0;
    }
  }
  return rc < 0 ? rc : -EOPNOTSUPP;
}

static int
hyperv_service_get (const KinField *field, const void *base, size_t length, KinForm form,
                    KinMember *member)
{
  char guid[HYPERV_GUID_LENGTH + 1];
  uint32_t port;

  (void) length;
  (void) form;
  memcpy (&port, (const char *) base + field->offset, sizeof port);
  snprintf (guid, sizeof guid, "%08x" HYPERV_SERVICE, port);
  hyperv_write (member, guid);
  return 0;
}

static int
hyperv_service_set (const KinField *field, void *base, size_t *length, KinForm form,
                    const KinMember *member)
{
  char guid[HYPERV_GUID_LENGTH + 1];
  int rc = hyperv_read_guid (member, guid);
  unsigned port;

  (void) length;
  (void) form;
  if (rc < 0)
    return rc;
  if (strcmp (guid + 8, HYPERV_SERVICE) != 0 || sscanf (guid, "%8x", &port) != 1)
    return -EOPNOTSUPP;
  memcpy ((char *) base + field->offset, &port, sizeof port);
  return 0;
}

/* clang-format off */
static const KinField hyperv_address[] = {
  { .name = "vm_id",      .kind = KIN_CUSTOM, KIN_AT (struct sockaddr_vm, svm_cid),
    .get  = hyperv_machine_get, .set = hyperv_machine_set },
  { .name = "service_id", .kind = KIN_CUSTOM, KIN_AT (struct sockaddr_vm, svm_port),
    .get  = hyperv_service_get, .set = hyperv_service_set },
};

static const KinAddressCodec hyperv_codecs[] = {
  { .bytes = sizeof (struct sockaddr_vm), .separator = ',', .fields = KIN_TABLE (hyperv_address) },
};
/* clang-format on */

/* ---- Operations ---------------------------------------------------------------------------- */

static int
hyperv_bind (KinFamilySocket *socket, const void *address, size_t length)
{
  struct sockaddr_vm own;

  if (length != sizeof own)
    return -EINVAL;
  memcpy (&own, address, sizeof own);
  if (own.svm_cid == HYPERV_CID_CHILDREN)
    own.svm_cid = VMADDR_CID_HOST;
  return bind (socket->fd, (struct sockaddr *) &own, sizeof own) < 0 ? -errno : 0;
}

static int
hyperv_error (int fd)
{
  int code = 0;
  socklen_t size = sizeof code;

  return getsockopt (fd, SOL_SOCKET, SO_ERROR, &code, &size) < 0 ? -errno : -code;
}

/* There is this slot because the kernel would look for machines of such numbers. While it is under
 * way state says so: the next call asks how it went, where the kernel would start anew. */
static int
hyperv_connect (KinFamilySocket *socket, const void *address, size_t length)
{
  static int under_way;
  int is_again = socket->state != NULL, rc = is_again ? hyperv_error (socket->fd) : 0;
  struct sockaddr_vm peer;

  if (length != sizeof peer)
    return -EINVAL;
  memcpy (&peer, address, sizeof peer);
  if (peer.svm_cid == HYPERV_CID_CHILDREN || peer.svm_cid == VMADDR_CID_ANY)
    return -EADDRNOTAVAIL;
  if (rc == 0 && connect (socket->fd, (struct sockaddr *) &peer, sizeof peer) < 0)
    rc = -errno;
  if (rc == -EISCONN && is_again)
    rc = 0;
  if (rc == -EALREADY)
    rc = -EINPROGRESS;
  socket->state = rc == -EINPROGRESS ? &under_way : NULL;
  return rc;
}

/* Once the peer has closed, the kernel's shutdown makes it forget that: what is received next would
 * be ENOTCONN, where it was the end. Then there is nobody to be told, either. */
static int
hyperv_shutdown (KinFamilySocket *socket, int how)
{
  char byte = 0;

  if (recv (socket->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0
      && send (socket->fd, &byte, 0, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EPIPE)
    return 0;
  return shutdown (socket->fd, how) < 0 ? -errno : 0;
}

static int
hyperv_local (KinFamilySocket *socket, KinAddress *address)
{
  struct sockaddr_vm own;
  socklen_t length = sizeof own;

  if (getsockname (socket->fd, (struct sockaddr *) &own, &length) < 0)
    return -errno;
  if (own.svm_cid == VMADDR_CID_HOST)
    own.svm_cid = HYPERV_CID_CHILDREN;
  memcpy (&address->sa, &own, sizeof own);
  address->length = length;
  return 0;
}

/* ---- Can this kernel? ---------------------------------------------------------------------- */

/* VMBus is not needed to talk to oneself, but another transport that does it. */
static int
hyperv_probe (char *reason, size_t size)
{
  const struct sockaddr_vm own = { .svm_family = AF_VSOCK,
                                   .svm_cid = HYPERV_CID_LOCAL,
                                   .svm_port = VMADDR_PORT_ANY };
  int fd = socket (AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0), rc = 0;

  if (fd < 0)
    return -errno;
  if (bind (fd, (const struct sockaddr *) &own, sizeof own) < 0)
    rc = -errno;
  close (fd);
  if (rc != -EADDRNOTAVAIL)
    return rc;
  snprintf (reason, size, "nothing carries bytes inside this machine: modprobe vsock_loopback");
  return -ENODEV;
}

/* ---- Tables -------------------------------------------------------------------------------- */

/* clang-format off */
static const KinProtocol hyperv_protocols[] = {
  { .scheme   = "hyperv", .type = SOCK_STREAM, .codecs = KIN_TABLE (hyperv_codecs),
    .kernel_waits = KIN_WAITS_RECEIVE | KIN_WAITS_SEND | KIN_WAITS_ACCEPT,
    .grammar  = "VM_ID,SERVICE_ID",
    .example  = "hyperv:" HYPERV_PARENT ",000004d2" HYPERV_SERVICE,
    .loopback = HYPERV_LOOPBACK ",ffffffff" HYPERV_SERVICE },
};

static const KinOption hyperv_options[] = {
  { .name  = "hyperv.connect-timeout", .help   = "when the kernel gives a connect up; 0: after 2 s",
    .level = AF_VSOCK,                 .number = HYPERV_CONNECT_TIMEOUT,
    .kind  = KIN_TIME, .size = sizeof (struct timeval), .flags = KIN_OPTION_READ_WRITE },
};

/* Windows' numbers. Not AF_HYPERV, 34, which is AF_ISDN here. */
static const KinConstant hyperv_constants[] = {
  { .name = "HVSOCKET_ADDRESS_FLAG_PASSTHRU", .value = 1 },
  { .name = "HVSOCKET_CONNECTED_SUSPEND",     .value = 4 },
  { .name = "HVSOCKET_CONNECT_TIMEOUT",       .value = 1 },
  { .name = "HVSOCKET_CONNECT_TIMEOUT_MAX",   .value = 300000 },
  { .name = "HV_GUID_BROADCAST",              .text  = HYPERV_BROADCAST },
  { .name = "HV_GUID_CHILDREN",               .text  = HYPERV_CHILDREN },
  { .name = "HV_GUID_LOOPBACK",               .text  = HYPERV_LOOPBACK },
  { .name = "HV_GUID_PARENT",                 .text  = HYPERV_PARENT },
  { .name = "HV_GUID_WILDCARD",               .text  = HYPERV_ZERO },
  { .name = "HV_GUID_ZERO",                   .text  = HYPERV_ZERO },
  { .name = "HV_PROTOCOL_RAW",                .value = 1 },
};

static const KinHint hyperv_hints[] = {
  { .operation = "address", .code     = EINVAL,
    .sentence  = "as in hyperv:parent,000004d2" HYPERV_SERVICE ", port 1234 in hexadecimal" },
  { .operation = "address", .code     = EOPNOTSUPP,
    .sentence  = "Linux has the wildcard, children, loopback and the parent, and services named "
                 "xxxxxxxx" HYPERV_SERVICE ", the x being a port" },
  { .operation = "open",    .code     = EAFNOSUPPORT,
    .sentence  = "modprobe hv_sock in a guest of Hyper-V, or vsock_loopback" },
  { .operation = "bind",    .code     = EACCES,
    .sentence  = "ports below 1024, 00000400" HYPERV_SERVICE ", take CAP_NET_BIND_SERVICE, as root "
                 "has it" },
  { .operation = "bind",    .code     = EADDRINUSE,
    .sentence  = "`ss --vsock -alp` says which program has that port; "
                 "ffffffff" HYPERV_SERVICE " takes a free one" },
  { .operation = "bind",    .code     = EADDRNOTAVAIL,
    .sentence  = "loopback takes modprobe vsock_loopback, children a host of virtual machines, "
                 "modprobe vhost_vsock; the parent is another machine; the wildcard takes all" },
  { .operation = "bind",    .code     = EINVAL,
    .sentence  = "the socket has an address already" },
  { .operation = "connect", .code     = EADDRNOTAVAIL,
    .sentence  = "wildcard and children are to listen at: connect to loopback or parent" },
  { .operation = "connect", .code     = ECONNRESET,
    .sentence  = "no program offers that service there, or as many wait to be accepted as it lets "
                 "wait" },
  { .operation = "connect", .code     = ENODEV,
    .sentence  = "nothing carries bytes there: to the parent, modprobe hv_sock in a guest of "
                 "Hyper-V; in this machine, modprobe vsock_loopback" },
  { .operation = "connect", .code     = ETIMEDOUT,
    .sentence  = "the machine does not answer; the kernel gives up after hyperv.connect-timeout, "
                 "2 s at first" },
  { .operation = "set",     .code     = ERANGE,
    .sentence  = "a time must be positive" },
};

static const KinSocketOps hyperv_ops = {
  .size     = sizeof (KinSocketOps),
  .bind     = hyperv_bind,
  .connect  = hyperv_connect,
  .shutdown = hyperv_shutdown,
  .local    = hyperv_local,
};

/* ---- The descriptor ------------------------------------------------------------------------ */

KIN_FAMILY (hyperv) = {
  KIN_STAMP,
  .domain      = KIN_DOMAIN_DYNAMIC,
  .over_domain = AF_VSOCK,
  .name        = "hyperv",
  .summary     = "sockets between a Hyper-V virtual machine and its host",
  .modules     = "vsock hv_sock|vsock_loopback",
  .protocols   = KIN_TABLE (hyperv_protocols),
  .options     = KIN_TABLE (hyperv_options),
  .constants   = KIN_TABLE (hyperv_constants),
  .hints       = KIN_TABLE (hyperv_hints),
  .ops         = &hyperv_ops,
  .probe       = hyperv_probe,
};
