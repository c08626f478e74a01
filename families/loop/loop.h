/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* loop.h: the parts of the family loop.
 *
 * bell.c and queue.c know one doorbell and one queue of bytes, home.c what the sockets of a process
 * share, connect.c the operations that find and join sockets, loop.c the others and the tables. */
/* clang-format off */
#ifndef LOOP_H
#define LOOP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <kin/family.h>

/* ---- The doorbell: bell.c ------------------------------------------------------------------ */

/* What makes a socket of our own visible to poll and epoll. Zeros: nothing there, room to write. */
struct loop_bell {
  int fd;            /* the one that is polled */
  int rope;          /* the other half of the socketpair */
  int is_readable;   /* fd has a byte to read */
  int is_stuffed;    /* fd's send buffer is full: not writable */
};

int  loop_bell_open (struct loop_bell *bell);
void loop_bell_close (struct loop_bell *bell);
void loop_bell_set_readable (struct loop_bell *bell, int is_readable);
void loop_bell_set_writable (struct loop_bell *bell, int is_writable);

/* ---- Bytes on their way: queue.c ----------------------------------------------------------- */

/* A ring. Zeros and a capacity make an empty one. */
struct loop_queue {
  char    *bytes;      /* NULL until prepared */
  size_t   size;       /* of bytes: capacity, or more where that was lowered under used */
  size_t   start;      /* index of the first */
  size_t   used;       /* how many */
  uint32_t capacity;   /* how many there may be */
};

void   loop_queue_clear (struct loop_queue *queue);
int    loop_queue_set_capacity (struct loop_queue *queue, uint32_t capacity);
/* Makes bytes, or -ENOBUFS; to be called before a put. */
int    loop_queue_prepare (struct loop_queue *queue);
size_t loop_queue_room (const struct loop_queue *queue);
/* At most as much as there is room. */
void   loop_queue_put (struct loop_queue *queue, const void *data, size_t n);
/* Copies up to n of the bytes that follow the first skip; they stay. */
size_t loop_queue_peek (const struct loop_queue *queue, size_t skip, void *data, size_t n);
void   loop_queue_drop (struct loop_queue *queue, size_t n);
/* The same for vectors: put takes what there is room for, peek up to most. Both return how many. */
size_t loop_queue_put_vectors (struct loop_queue *queue, const struct iovec *vectors, size_t n);
size_t loop_queue_peek_vectors (const struct loop_queue *queue, size_t skip, size_t most,
                                const struct iovec *vectors, size_t n);

/* ---- Sockets, and what they share: home.c -------------------------------------------------- */

struct loop_address {
  sa_family_t family;      /* AF_UNSPEC: the kernel knows nothing of us */
  char        name[108];   /* padded with NUL */
};

/* What precedes a datagram in its queue. */
struct loop_record {
  struct loop_address from;
  uint32_t            length;
};

/* A socket. Its peer is the other end of a stream, or whom a datagram socket sends to. */
struct loop_end {
  uint64_t            generation;     /* of the process that opened it */
  int                 type;           /* SOCK_STREAM or SOCK_DGRAM */
  struct loop_bell    bell;
  struct loop_address name, peer_name;
  struct loop_queue   queue;          /* what came in */
  uint32_t            n_records;      /* datagrams in it */
  uint8_t             is_bound, is_listening, is_connected;
  uint8_t             in_ended;       /* nothing more will come in */
  uint8_t             out_ended;      /* nothing more can go out */
  uint8_t             was_full;       /* a datagram did not fit: its sender waits */
  uint8_t             is_waiting;     /* this is such a sender */
  struct loop_end    *peer;           /* NULL: none, or gone */
  struct loop_end    *fans;           /* datagram sockets whose peer this is */
  struct loop_end    *first_pending, *last_pending;   /* of a listener: not yet accepted */
  uint32_t            n_pending, backlog;
  struct loop_end    *next_bound, *next_fan, *next_waiting, *next_pending;   /* in those lists */
};

int  loop_end_new (int type, struct loop_end **made);
void loop_end_free (struct loop_end *end);
/* Makes end one of this process's sockets. */
void loop_end_register (struct loop_end *end);

/* What the sockets of a process share is there after this, or -errno. */
int  loop_move_in (void);
/* Takes the lock, or says -EBADF: the socket is the parent's. */
int  loop_enter (const struct loop_end *end);
/* Gives it back and returns rc. */
int  loop_leave (int rc);

/* All below with the lock held. */
struct loop_end *loop_find (int type, const struct loop_address *name);
void loop_publish (struct loop_end *end, const struct loop_address *name);   /* "": chooses one */
void loop_follow (struct loop_end *fan, struct loop_end *peer);
void loop_sever (struct loop_end *end);           /* nobody reaches end after this */
void loop_wake (struct loop_end *end);            /* whoever waits for it looks again */
void loop_wake_senders (struct loop_end *end);    /* room in its queue, or never again */
int  loop_no_room (struct loop_end *sender, struct loop_end *end);   /* -EAGAIN */
int  loop_nothing (struct loop_end *end);         /* nothing to receive: 0 at the end, or -EAGAIN */

/* ---- Finding and joining: connect.c -------------------------------------------------------- */

int loop_bind (KinFamilySocket *socket, const void *address, size_t length);
int loop_listen (KinFamilySocket *socket, int backlog);
int loop_connect (KinFamilySocket *socket, const void *address, size_t length);
int loop_accept (KinFamilySocket *socket, KinFamilySocket *child, KinAddress *peer);
int loop_shutdown (KinFamilySocket *socket, int how);
int loop_local (KinFamilySocket *socket, KinAddress *address);
int loop_peer (KinFamilySocket *socket, KinAddress *address);
/* A sockaddr as the caller has it, any length, or -EINVAL. */
int loop_read_address (struct loop_address *name, const void *address, size_t length);

#endif
