/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/alg/alg.h: what alg.c, the tables, and operation.c, the sockets, share. */
/* clang-format off */
#ifndef KIN_ALG_H
#define KIN_ALG_H

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/if_alg.h>

#include <kin/family.h>

/* What libc's or the kernel's headers may be too old for. */
#ifndef SOL_ALG
#define SOL_ALG 279
#endif
#ifndef ALG_SET_DRBG_ENTROPY          /* Linux 5.11 */
#define ALG_SET_DRBG_ENTROPY 6
#endif
#ifndef ALG_SET_KEY_BY_KEY_SERIAL     /* Linux 6.2 */
#define ALG_SET_KEY_BY_KEY_SERIAL 7
#endif

/* struct sockaddr_alg with as long a name as bind(2) takes in all, since Linux 4.12. */
struct alg_address {
  uint16_t family;
  char     type[14];
  uint32_t feat, mask;
  char     name[104];
};
KIN_ASSERT (sizeof (struct alg_address) == 128, "bind(2) takes 128 bytes");
KIN_ASSERT (offsetof (struct alg_address, name) == offsetof (struct sockaddr_alg, salg_name),
            "the same layout as the kernel's");

enum {
  ALG_LARGEST_KEY = 4096,
  ALG_LARGEST_IV  = 64
};

/* Options of a connected socket, which the kernel knows as control messages: 'ALG '. */
enum {
  ALG_CONVERSATION = 0x414c4720,
  ALG_OP_UNSET     = -1
};

typedef enum {
  ALG_NEW,
  ALG_BOUND,      /* an algorithm */
  ALG_ACCEPTED,   /* an operation, the kernel's way */
  ALG_CONNECTED   /* an operation as a conversation */
} AlgRole;

typedef enum { ALG_HASH, ALG_SKCIPHER, ALG_AEAD, ALG_RNG, ALG_OTHER } AlgKind;

/* A socket that was made from a descriptor has none, and is the kernel's. */
typedef struct {
  pthread_mutex_t    lock;        /* of what follows algorithm */
  AlgRole            role;
  AlgKind            kind;
  struct alg_address address;
  uint32_t           address_length;
  int                algorithm;   /* connected: the bound socket; else -1 */
  /* What goes before a conversation's first byte. */
  int32_t            op;
  uint32_t           assoclen, iv_length;
  uint8_t            iv[ALG_LARGEST_IV];
  /* How far it is. */
  int                is_started, is_shut, is_over;
  uint64_t           n_sent, n_received;
} AlgState;

/* A system call's result: -errno in place of -1. */
static inline ssize_t
alg_result (ssize_t n)
{
  return n < 0 ? -errno : n;
}

/* operation.c: a new operation takes the place of fd. status: F_GETFL of the one before. */
int alg_begin (int fd, AlgState *state, int status);
extern const KinSocketOps alg_ops;

/* conversation.c */
ssize_t alg_sendmsg (KinFamilySocket *socket, const struct msghdr *message, int flags);
ssize_t alg_recvmsg (KinFamilySocket *socket, struct msghdr *message, int flags);
ssize_t alg_splice (KinFamilySocket *socket, int direction, int pipe, size_t n, unsigned flags);
int     alg_shutdown (KinFamilySocket *socket, int how);
int     alg_getsockopt (KinFamilySocket *socket, int level, int number, void *value,
                        socklen_t *size);
int     alg_setsockopt (KinFamilySocket *socket, int level, int number, const void *value,
                        socklen_t size);

#endif
