/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* unix: sockets between programs of one machine.
 *
 * An address is a path, unix:/run/x.sock, whose file stays when its program ends, or an abstract
 * name, unix:@name, which is no file and goes with its last socket. In a tuple a path is text, and
 * an abstract name bytes that start with NUL, as in Python. A path fills sun_path but for one NUL;
 * of an abstract name every byte counts, NULs too. A socket that was not bound has the empty name;
 * binding to the empty name lets the kernel choose an abstract one.
 *
 * "./" before an at sign says that a path follows: unix:./@x is the file @x of this folder.
 *
 * All of it is the kernel's, descriptors and credentials that travel with the data included: see
 * unix(7). Stream, datagram and sequenced-packet sockets keep SO_RCVTIMEO and SO_SNDTIMEO in every
 * operation, in a connect that waits for a full backlog and in a send that waits for a slow reader,
 * too. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <kin/family.h>

#define HEAD offsetof (struct sockaddr_un, sun_path)

/* Numbers that libc's headers may be too old for. */
#if defined __sparc__
#define UNIX_NUMBER(generic, sparc, parisc) (sparc)
#elif defined __hppa__
#define UNIX_NUMBER(generic, sparc, parisc) (parisc)
#else
#define UNIX_NUMBER(generic, sparc, parisc) (generic)
#endif
/* clang-format off */
enum {
  UNIX_SCM_SECURITY  = 3,
  UNIX_SCM_PIDFD     = 4,
  UNIX_SO_PASSPIDFD  = UNIX_NUMBER (76, 0x55, 0x404a),   /* Linux 6.5 */
  UNIX_SO_PEERPIDFD  = UNIX_NUMBER (77, 0x56, 0x404b),   /* Linux 6.5 */
  UNIX_SO_PASSRIGHTS = UNIX_NUMBER (83, 0x5c, 0x4051),   /* Linux 6.16 */
  UNIX_SO_INQ        = UNIX_NUMBER (84, 0x5d, 0x4052),   /* Linux 6.17; also the message's type */
  UNIX_SIOCUNIXFILE  = 0x89e0
};
/* clang-format on */

/* ---- The address --------------------------------------------------------------------------- */

/* A path that text would take for an abstract name: an at sign behind any number of "./". */
static int
unix_looks_abstract (const char *path, size_t n)
{
  while (n >= 2 && memcmp (path, "./", 2) == 0) {
    path += 2;
    n -= 2;
  }
  return n > 0 && path[0] == '@';
}

static int
unix_path_get (const KinField *field, const void *base, size_t length, KinForm form,
               KinMember *member)
{
  const char *path = (const char *) base + field->offset;
  size_t n = length > HEAD ? length - HEAD : 0, prefix = 0;
  int is_abstract = n > 0 && path[0] == 0;

  /* A foreign program may have bound all 108 bytes; the kernel then returns one more, a NUL. */
  if (n > field->size)
    n = field->size;
  if (!is_abstract)
    n = strnlen (path, n);
  if (form == KIN_FORM_TEXT && !is_abstract && unix_looks_abstract (path, n))
    prefix = 2;
  memcpy (member->bytes, "./", prefix);
  memcpy (member->bytes + prefix, path, n);
  if (form == KIN_FORM_TEXT && is_abstract)
    member->bytes[0] = '@';
  member->kind = form == KIN_FORM_TUPLE && is_abstract ? KIN_BYTES : KIN_STRING;
  member->length = (uint32_t) (prefix + n);
  member->bytes[prefix + n] = 0;
  return 0;
}

static int
unix_path_set (const KinField *field, void *base, size_t *length, KinForm form,
               const KinMember *member)
{
  char *path = (char *) base + field->offset;
  const char *from = member->bytes;
  size_t n = member->length;
  int is_abstract;

  if (member->kind != KIN_STRING && member->kind != KIN_BYTES)
    return -EINVAL;
  is_abstract = n > 0 && from[0] == (form == KIN_FORM_TEXT ? '@' : 0);
  if (form == KIN_FORM_TEXT && !is_abstract && unix_looks_abstract (from, n)) {
    from += 2;
    n -= 2;
  }
  /* The kernel would end the path there, and bind another one than was asked for. */
  if (!is_abstract && memchr (from, 0, n))
    return -EILSEQ;
  if (n > field->size - (is_abstract ? 0u : 1u))
    return -ENAMETOOLONG;
  memcpy (path, from, n);
  if (is_abstract)
    path[0] = 0;
  *length = HEAD + n + (n > 0 && !is_abstract);
  return 0;
}

/* clang-format off */
static const KinField unix_address[] = {
  { .name = "path", .kind = KIN_CUSTOM, KIN_AT (struct sockaddr_un, sun_path),
    .get  = unix_path_get, .set = unix_path_set },
};

static const KinAddressCodec unix_codecs[] = {
  { .bytes  = sizeof (struct sockaddr_un), .flags = KIN_CODEC_BARE,
    .fields = KIN_TABLE (unix_address) },
};

/* ---- What options and control messages hold ------------------------------------------------ */

static const KinField unix_credentials[] = {
  { .name = "pid", .kind = KIN_INT,  KIN_AT (struct ucred, pid) },
  { .name = "uid", .kind = KIN_UINT, KIN_AT (struct ucred, uid) },
  { .name = "gid", .kind = KIN_UINT, KIN_AT (struct ucred, gid) },
};

static const KinField unix_groups[] = {
  { .name = "gid", .kind = KIN_UINT, .offset = 0, .size = sizeof (gid_t) },
};

/* ---- Tables -------------------------------------------------------------------------------- */

static const KinProtocol unix_protocols[] = {
  { .scheme = "unix",           .type = SOCK_STREAM,    .codecs   = KIN_TABLE (unix_codecs),
    .kernel_waits = KIN_WAITS_ALL, .grammar = "PATH or @NAME",
    .example = "unix:/run/x.sock", .loopback = "" },
  { .scheme = "unix-dgram",     .type = SOCK_DGRAM,     .codecs   = KIN_TABLE (unix_codecs),
    .kernel_waits = KIN_WAITS_ALL, .grammar = "PATH or @NAME",
    .example = "unix-dgram:@name", .loopback = "" },
  { .scheme = "unix-seqpacket", .type = SOCK_SEQPACKET, .codecs   = KIN_TABLE (unix_codecs),
    .kernel_waits = KIN_WAITS_ALL, .grammar = "PATH or @NAME",
    .example = "unix-seqpacket:@name", .loopback = "" },
};

static const KinOption unix_options[] = {
  { .name  = "unix.inq",        .help   = "say how many bytes wait, with each that is received",
    .level = SOL_SOCKET,        .number = UNIX_SO_INQ,
    .kind  = KIN_BOOL,          .size   = sizeof (int), .flags  = KIN_OPTION_WRITE },
  { .name  = "unix.passcred",   .help   = "receive the senders' credentials",
    .level = SOL_SOCKET,        .number = SO_PASSCRED,
    .kind  = KIN_BOOL,          .size   = sizeof (int), .flags  = KIN_OPTION_READ_WRITE },
  { .name  = "unix.passpidfd",  .help   = "receive a descriptor of the sending process",
    .level = SOL_SOCKET,        .number = UNIX_SO_PASSPIDFD,
    .kind  = KIN_BOOL,          .size   = sizeof (int), .flags  = KIN_OPTION_READ_WRITE },
  { .name  = "unix.passrights", .help   = "receive descriptors; on unless it is turned off",
    .level = SOL_SOCKET,        .number = UNIX_SO_PASSRIGHTS,
    .kind  = KIN_BOOL,          .size   = sizeof (int), .flags  = KIN_OPTION_READ_WRITE },
  { .name  = "unix.passsec",    .help   = "receive the senders' security labels",
    .level = SOL_SOCKET,        .number = SO_PASSSEC,
    .kind  = KIN_BOOL,          .size   = sizeof (int), .flags  = KIN_OPTION_READ_WRITE },
  { .name  = "unix.peercred",   .help   = "process, user and group of the peer when it connected",
    .level = SOL_SOCKET,        .number = SO_PEERCRED,
    .kind  = KIN_STRUCT,        .size   = sizeof (struct ucred), .flags = KIN_OPTION_READ,
    .fields = KIN_TABLE (unix_credentials) },
  { .name  = "unix.peergroups", .help   = "supplementary groups of the peer when it connected",
    .level = SOL_SOCKET,        .number = SO_PEERGROUPS,
    .kind  = KIN_ARRAY,         .size   = sizeof (gid_t), .flags = KIN_OPTION_READ,
    .fields = KIN_TABLE (unix_groups) },
  { .name  = "unix.peerpidfd",  .help   = "a new descriptor of the peer's process, yours to close",
    .level = SOL_SOCKET,        .number = UNIX_SO_PEERPIDFD,
    .kind  = KIN_INT,           .size   = sizeof (int), .flags  = KIN_OPTION_READ },
  { .name  = "unix.peersec",    .help   = "security label of the peer when it connected",
    .level = SOL_SOCKET,        .number = SO_PEERSEC,
    .kind  = KIN_STRING,        .size   = 1024, .flags  = KIN_OPTION_READ },
};

/* With one message at most one of each comes, rights before the process's descriptor. */
static const KinControl unix_controls[] = {
  { .name  = "unix.credentials", .help   = "process, user and group of the sender",
    .level = SOL_SOCKET,         .number = SCM_CREDENTIALS,
    .kind  = KIN_STRUCT,         .size   = sizeof (struct ucred),
    .flags = KIN_OPTION_READ_WRITE, .fields = KIN_TABLE (unix_credentials) },
  { .name  = "unix.inq",         .help   = "bytes that wait to be received",
    .level = SOL_SOCKET,         .number = UNIX_SO_INQ,
    .kind  = KIN_INT,            .size   = sizeof (int), .flags  = KIN_OPTION_READ },
  { .name  = "unix.pidfd",       .help   = "a descriptor of the sending process",
    .level = SOL_SOCKET,         .number = UNIX_SCM_PIDFD,
    .kind  = KIN_FDS,            .size   = sizeof (int), .flags  = KIN_OPTION_READ },
  { .name  = "unix.rights",      .help   = "descriptors, 253 at most",
    .level = SOL_SOCKET,         .number = SCM_RIGHTS,
    .kind  = KIN_FDS,            .size   = sizeof (int), .flags  = KIN_OPTION_READ_WRITE },
  { .name  = "unix.security",    .help   = "security label of the sender",
    .level = SOL_SOCKET,         .number = UNIX_SCM_SECURITY,
    .kind  = KIN_STRING,         .size   = 1024, .flags  = KIN_OPTION_READ },
};

static const KinConstant unix_constants[] = {
  { .name = "AF_UNIX",         .value = AF_UNIX },
  { .name = "SCM_CREDENTIALS", .value = SCM_CREDENTIALS },
  { .name = "SCM_INQ",         .value = UNIX_SO_INQ },
  { .name = "SCM_PIDFD",       .value = UNIX_SCM_PIDFD },
  { .name = "SCM_RIGHTS",      .value = SCM_RIGHTS },
  { .name = "SCM_SECURITY",    .value = UNIX_SCM_SECURITY },
  { .name = "SIOCUNIXFILE",    .value = UNIX_SIOCUNIXFILE },
  { .name = "SO_INQ",          .value = UNIX_SO_INQ },
  { .name = "SO_PASSCRED",     .value = SO_PASSCRED },
  { .name = "SO_PASSPIDFD",    .value = UNIX_SO_PASSPIDFD },
  { .name = "SO_PASSRIGHTS",   .value = UNIX_SO_PASSRIGHTS },
  { .name = "SO_PASSSEC",      .value = SO_PASSSEC },
  { .name = "SO_PEERCRED",     .value = SO_PEERCRED },
  { .name = "SO_PEERGROUPS",   .value = SO_PEERGROUPS },
  { .name = "SO_PEERPIDFD",    .value = UNIX_SO_PEERPIDFD },
  { .name = "SO_PEERSEC",      .value = SO_PEERSEC },
};

static const KinHint unix_hints[] = {
  { .operation = "bind",    .code     = EACCES,
    .sentence  = "it takes the right to make a file there, and to enter the path's folders" },
  { .operation = "bind",    .code     = EADDRINUSE,
    .sentence  = "if the program that made it has ended, remove the path" },
  { .operation = "bind",    .code     = EINVAL,
    .sentence  = "the socket has a name already" },
  { .operation = "bind",    .code     = ENOENT,
    .sentence  = "a folder of the path is not there: mkdir -p it" },
  { .operation = "bind",    .code     = EPERM,
    .sentence  = "the file system takes no sockets" },
  { .operation = "bind",    .code     = EROFS,
    .sentence  = "the file system is read-only" },
  { .operation = "connect", .code     = EACCES,
    .sentence  = "it takes the right to write the socket's file, and to enter its folders" },
  { .operation = "connect", .code     = EAGAIN,
    .sentence  = "as many wait to be accepted as the listener lets wait" },
  { .operation = "connect", .code     = ECONNREFUSED,
    .sentence  = "no program listens there; if the program that made it has ended, remove "
                 "the path" },
  { .operation = "connect", .code     = EINVAL,
    .sentence  = "the empty name can only be bound, or the socket listens" },
  { .operation = "connect", .code     = ENOENT,
    .sentence  = "the path is not there: is the program that listens on it running?" },
  { .operation = "connect", .code     = EPROTOTYPE,
    .sentence  = "a socket of another type has that name: try unix:, unix-dgram: or "
                 "unix-seqpacket:" },
  { .operation = "send",    .code     = EBADF,
    .sentence  = "a descriptor in the message is closed" },
  { .operation = "send",    .code     = ECONNREFUSED,
    .sentence  = "the program that received there is gone" },
  { .operation = "send",    .code     = EMSGSIZE,
    .sentence  = "a message must fit the send buffer: raise so.sndbuf" },
  { .operation = "send",    .code     = EPROTOTYPE,
    .sentence  = "a socket of another type has that name: try unix:, unix-dgram: or "
                 "unix-seqpacket:" },
  { .operation = "send",    .code     = EPERM,
    .sentence  = "only root may send other credentials than its own" },
  { .operation = "send",    .code     = ETOOMANYREFS,
    .sentence  = "too many descriptors are under way: raise RLIMIT_NOFILE, or receive them" },
};

/* ---- The descriptor ------------------------------------------------------------------------ */

KIN_FAMILY (unix) = {
  KIN_STAMP,
  .domain    = AF_UNIX,
  .name      = "unix",
  .summary   = "sockets between programs of one machine",
  .protocols = KIN_TABLE (unix_protocols),
  .options   = KIN_TABLE (unix_options),
  .controls  = KIN_TABLE (unix_controls),
  .constants = KIN_TABLE (unix_constants),
  .hints     = KIN_TABLE (unix_hints),
};
