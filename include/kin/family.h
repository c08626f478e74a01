/* SPDX-License-Identifier: MIT */
/* kin/family.h: what an address family tells libkin. A plugin's author includes this and no more.
 *
 * A family is one constant KinFamily, a plugin's only exported symbol, and the tables it names.
 * Most families are nothing else. Describe where the members of an address lie, and libkin reads
 * and writes its text and its tuple; the same description serves options and control messages:
 *
 *   static const KinField fields[] = {
 *     { .name = "cid",  .kind = KIN_UINT, KIN_AT (struct sockaddr_vm, svm_cid) },
 *     { .name = "port", .kind = KIN_UINT, KIN_AT (struct sockaddr_vm, svm_port) },
 *   };
 *
 * A member written in a way of its own (a host, a path) has two small functions, get and set. Where
 * the kernel's behaviour is not enough, or there is no kernel, the family has operations. It never
 * prints, reports, keeps time or asks for memory on libkin's behalf: timeouts, EINTR, cancellation,
 * audit and error messages are libkin's. It needs neither libkin nor GLib to link.
 *
 * Growth. Members are only appended, and zero means "as before": write designated initialisers.
 * KinFamily and KinSocketOps carry their size, tables that of a row, so an older plugin's missing
 * members read zero. The types marked "frozen" do not change within a major. Enumerators only grow.
 * Everything a family hands over is constant and stays for ever: a plugin is never unloaded. */
/* clang-format off */
#ifndef KIN_FAMILY_H
#define KIN_FAMILY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#define KIN_ASSERT(truth, words) static_assert (truth, words)
#else
#define KIN_ASSERT(truth, words) _Static_assert (truth, words)
#endif
#define KIN_FROZEN(type, on_64, on_32) \
  KIN_ASSERT (sizeof (type) == (sizeof (void *) == 8 ? (on_64) : (on_32)), #type " is frozen")

#define KIN_MAGIC 0x004e494bu     /* "KIN\0" */
#define KIN_MAJOR 1               /* another major is refused */
#define KIN_MINOR 0               /* a newer minor is taken; what it adds is not seen */
#define KIN_DOMAIN_DYNAMIC (-1)   /* the family is not the kernel's, or borrows over_domain */

typedef struct _KinSocket    KinSocket;      /* libkin's own; a family sees its head, below */
typedef struct _KinTransport KinTransport;   /* a protocol as libkin registered it */
typedef struct _KinSocketOps KinSocketOps;   /* what a family does itself, below */

/* A table: its rows, how many, and how long one is. Frozen. Write KIN_TABLE (rows). */
typedef struct {
  const void *rows;
  uint16_t    count, stride;
} KinTable;
KIN_FROZEN (KinTable, 16, 8);
#define KIN_FIT(n) ((uint16_t) ((n) + 0 * sizeof (char[(n) <= UINT16_MAX ? 1 : -1])))
#define KIN_TABLE(array) \
  { (array), KIN_FIT (sizeof (array) / sizeof *(array)), KIN_FIT (sizeof *(array)) }

/* An address, by value. Frozen. sa is what the kernel takes, at most 128 bytes; a family of its own
 * makes do with them and leaves the first two, sa_family, AF_UNSPEC. libkin writes transport and
 * protocol: a family that fills an address writes sa and length. */
typedef struct {
  const KinTransport *transport;   /* whose it is: the sockaddr cannot tell, CAN has four */
  int32_t             protocol;    /* what socket(2) took or takes; see KIN_PROTOCOL */
  uint32_t            length;      /* of sa; 0: there is no address */
  union {
    struct sockaddr         generic;
    struct sockaddr_storage storage;
    uint8_t                 bytes[128];
  } sa;
} KinAddress;
KIN_FROZEN (KinAddress, 144, 140);

/* ---- Values -------------------------------------------------------------------------------- */
/* How a value lies in memory. Integers of all types are taken where they fit; given out are x, or t
 * for what x cannot hold. */
typedef enum {
  KIN_UINT = 1,    /* 1, 2, 4 or 8 bytes */
  KIN_INT,         /* the same, signed */
  KIN_BOOL,        /* an integer, 0 or not */
  KIN_TIME,        /* struct timeval, 8 or 16 bytes as size says; microseconds, in text seconds */
  KIN_STRING,      /* characters padded with NUL; ay where they are not UTF-8 */
  KIN_BYTES,       /* size bytes at most; how many: the count member, or all there is. ay */
  KIN_INTERFACE,   /* index of a network interface, given as its name; 0 is "". Asks the kernel */
  KIN_PROTOCOL,    /* field: not in the sockaddr, but the protocol of socket(2) */
  KIN_CUSTOM,      /* field: through get and set */
  KIN_ADDRESS,     /* field: a sockaddr, up to the end of what came (an error queue's offender) */
  KIN_STRUCT,      /* option, control message: the fields, a tuple */
  KIN_ARRAY,       /* the same, repeated */
  KIN_LENGTH,      /* option: NULL, and the value is the length */
  KIN_FDS          /* control message: descriptors; the KinMessage's, never a value */
} KinKind;

/* A word for a number. Frozen; a row of zeros ends the array. */
typedef struct {
  const char *name;
  uint64_t    value __attribute__ ((aligned (8)));
} KinName;
KIN_FROZEN (KinName, 16, 16);

typedef enum {
  KIN_FORM_TUPLE,   /* as Python has it: "::1", b"\0name" */
  KIN_FORM_TEXT     /* as people write it: "[::1]", "@name"; %XX is undone before, redone after */
} KinForm;

/* One value between memory and its form. Frozen. Always the caller's. */
typedef struct {
  uint32_t kind;         /* KIN_UINT, KIN_INT, KIN_BOOL, KIN_STRING or KIN_BYTES */
  uint32_t length;       /* of bytes, which also end in a NUL that is not counted */
  uint64_t number __attribute__ ((aligned (8)));
  char     bytes[264];
} KinMember;
KIN_FROZEN (KinMember, 280, 280);

/* One member of an address, or of an option's or control message's struct. */
typedef struct _KinField KinField;
struct _KinField {
  const char    *name;           /* as messages call it: "port" */
  uint8_t        kind;           /* KinKind */
  uint8_t        digits;         /* KIN_FIELD_HEX: write at least so many */
  uint8_t        bits;           /* the range where it is smaller than size; 0: all of size.
                                    KIN_CUSTOM: what -ERANGE means; 0: nobody can say */
  uint8_t        count_size;     /* KIN_BYTES, and a KIN_CUSTOM that may be left out: bytes of the
                                    count member; 0: there is none */
  uint16_t       count_offset;   /* where the number of bytes is kept */
  uint16_t       offset, size;   /* KIN_AT () */
  uint16_t       flags;          /* KIN_FIELD_… */
  uint64_t       fallback;       /* an optional field's; of a tag, the value it must have */
  const KinName *names;          /* words that text may use, and is written with; or NULL */
  /* KIN_CUSTOM, both or neither. Pure: no waiting, allocation or state. base is the sockaddr or
   * struct, length what is valid of it. Return 0 or -errno.
   * field is the row as the family wrote it.
   * get: fills member; kind, number and length come zeroed.
   * set: libkin has checked nothing, member may be of any kind. A path's end changes *length.
   *      -EADDRNOTAVAIL: well formed, but a name: resolve is asked.
   *      -EAFNOSUPPORT: well formed, but of another family that shares the scheme. */
  int (*get) (const KinField *field, const void *base, size_t length,
              KinForm form, KinMember *member);
  int (*set) (const KinField *field, void *base, size_t *length,
              KinForm form, const KinMember *member);
};
enum {
  KIN_FIELD_BIG_ENDIAN = 1,
  KIN_FIELD_OPTIONAL   = 2,     /* may be left out, and all after it */
  KIN_FIELD_HEX        = 4,     /* text has it as 0x… */
  KIN_FIELD_TUPLE_ONLY = 8,
  KIN_FIELD_TEXT_ONLY  = 16,
  KIN_FIELD_TAG        = 32,    /* tells codecs of one row apart: must be fallback */
  KIN_FIELD_SHOWN      = 64,    /* a number that is given out, checked, and not stored */
  KIN_FIELD_HOST       = 128,   /* a host name: set and resolve get it in ASCII (IDNA) */
  KIN_FIELD_LOCAL      = 256,   /* control message: the address of this machine that a datagram came
                                   to or goes from: the bytes of the address's KIN_FIELD_HOST */
  KIN_FIELD_LITTLE_ENDIAN = 512   /* in memory on every machine, as Bluetooth and USB have it */
};
#define KIN_AT(type, member) \
  .offset = offsetof (type, member), .size = sizeof (((type *) 0)->member)

/* ---- Addresses and protocols --------------------------------------------------------------- */
struct addrinfo;   /* <netdb.h> */

/* What resolve is asked. libkin's, and longer in later minors: test size before a new member. */
typedef struct {
  uint32_t         size, is_passive;   /* is_passive: to bind, not to connect */
  int32_t          type, protocol;     /* of socket(2) */
  const KinMember *members;            /* the fields that text has, in order; kind 0: left out */
  const int       *domains;            /* of all the families that share the scheme */
  uint32_t         n_members, n_domains;
  /* getaddrinfo(3) and freeaddrinfo(3), libc's or, in their place, the program's own; the last
   * argument is resolver_data. */
  int            (*getaddrinfo) (const char *host, const char *service,
                                 const struct addrinfo *hints, struct addrinfo **list, void *data);
  void           (*freeaddrinfo) (struct addrinfo *list, void *data);
  void            *resolver_data;
} KinQuery;

typedef struct {
  KinTable fields;      /* KinField, in the tuple's order */
  uint16_t bytes;       /* the sockaddr's length, unless a set changes it */
  uint8_t  flags;       /* KIN_CODEC_… */
  char     separator;   /* between members in text, where no [ ] or ( ) is open */
  /* Looks names up; NULL: there are none. May wait: libkin calls it in a thread of its own, which a
   * deadline abandons, so it owns what it touches. Fills results, best first, for every domain
   * asked; sa_family says whose each is. Returns how many, -errno, or KIN_RESOLVE_FAILED (). */
  int    (*resolve) (const KinQuery *query, KinAddress *results, size_t max_results);
  /* sa_family, where it is not the family's own domain: a family may take IPv4's sockaddr. Of
   * several such codecs the next is asked when a set answers -EAFNOSUPPORT. 0: the domain. */
  uint16_t domain;
} KinAddressCodec;
enum {
  KIN_CODEC_BARE  = 1,   /* the tuple is its only member, without brackets: a path */
  KIN_CODEC_SHORT = 2    /* members at the end that equal their fallback are not given out */
};
#define KIN_RESOLVE_FAILED(eai) (-4096 - ((eai) < 0 ? -(eai) : (eai)))

typedef struct {
  const char *scheme;             /* "tcp"; lower case, digits, '-'; at most 23 characters */
  int32_t     type, protocol;     /* of socket(2) */
  uint32_t    flags;              /* KIN_PROTOCOL_… */
  uint32_t    kernel_waits;       /* KIN_WAITS_…; 0: libkin polls, slow and never wrong */
  KinTable    codecs;             /* KinAddressCodec: one, or alternatives told apart by tags */
  const char *grammar, *example;  /* "CID:PORT", "vsock:2:1234": printed, and tested */
  const char *bind_options;       /* options that bind sets before its endpoint's, or NULL */
  /* What to bind so that this machine can talk to itself, with no more than the kernel: the
   * endpoint's text after the scheme, "127.0.0.1:0". `kin doctor` and the tests bind it, connect to
   * where it then is, and pass bytes both ways. NULL: a round trip takes more than that. */
  const char *loopback;
  const char *modules;            /* kernel modules that it needs beside the family's; or NULL */
  /* One datagram as people of its field write it, in one line; NULL: a hex dump. Pure, but for the
   * names of interfaces. from may be NULL. Writes at most size bytes, NUL included. Returns the
   * line's length, or -errno. Text that came in it stands there as it came: who shows the line
   * escapes it. */
  int       (*describe) (const KinAddress *from, const void *data, size_t length,
                         char *line, size_t size);
  const KinSocketOps *ops;        /* of this protocol, in place of the family's; NULL: those */
  /* A round trip where two sockets bound to loopback do not make one: the kernel asked and its
   * answer understood, a frame that comes back. For `kin doctor`, so nothing that others would
   * notice: no frame on a bus that is not virtual. May wait, a second at most; leaves nothing
   * behind. Returns 0, or -errno and one sentence. */
  int       (*round_trip) (char *reason, size_t size);
  /* The same datagram as logs of its field have it, in one line without the time: from's text after
   * the scheme, a blank, and what compose takes, "vcan0 123#DEADBEEF". NULL: there is no such form.
   * All else as in describe. */
  int       (*log) (const KinAddress *from, const void *data, size_t length,
                    char *line, size_t size);
  /* Its reverse, what people type for a datagram: writes the datagram, at most size bytes, and
   * returns its length; or -errno and one sentence, what is wrong and how to write it. Pure. */
  ssize_t   (*compose) (const char *text, void *data, size_t size,
                        char *reason, size_t reason_size);
  const char *datagram;           /* beside compose: an example, "123#DEADBEEF": printed, tested */
  /* Options that `kin watch` sets, and `kin send` beside compose, where the kernel has them and the
   * endpoint does not name them: so that no kind of datagram is kept from them; or NULL. */
  const char *watch_options;
  /* What socket(2) and SO_TYPE call it, where it does not behave as that: RDS's sockets are
   * SOCK_SEQPACKET, and datagrams are what they carry. 0: type. */
  int32_t     kernel_type;
} KinProtocol;
enum {
  KIN_PROTOCOL_SHARED = 1,   /* other families may serve the scheme, if they all say so: tcp */
  KIN_PROTOCOL_OVER   = 2,   /* stands over another endpoint, "tls:tcp:host:443"; see inner */
  /* Of the families that share the scheme and take the text for an address (tcp::80: all of this
   * machine's), this one is bound first: with bind_options it serves the others as well. */
  KIN_PROTOCOL_DUAL   = 4,
  KIN_PROTOCOL_REFUSES_NOSIGNAL = 8   /* such a send fails; without it no SIGPIPE comes */
};
enum {   /* operations whose blocking call keeps SO_RCVTIMEO or SO_SNDTIMEO on fd */
  KIN_WAITS_RECEIVE = 1, KIN_WAITS_SEND = 2, KIN_WAITS_ACCEPT = 4, KIN_WAITS_CONNECT = 8,
  KIN_WAITS_ALL = 15
};

/* ---- Options, control messages, constants, hints ------------------------------------------- */
/* Sorted by name. What every socket has (so.…) is libkin's own. The levels of a dynamic family must
 * not be the kernel's: SOL_SOCKET is 1 on most machines. Take four letters, 'LOOP'. */
typedef struct {
  const char    *name, *help;      /* "tcp.nodelay"; one line, no full stop */
  int32_t        level, number;
  uint16_t       size;             /* of one value; where bytes end it, of what precedes them */
  uint8_t        kind, flags;      /* KinKind, KIN_OPTION_… */
  KinTable       fields;           /* KinField, of KIN_STRUCT and KIN_ARRAY */
  const KinName *names;            /* as in KinField */
  const char    *enabled_by;       /* control message: the option that must be 1 for it to come */
} KinOption;
typedef KinOption KinControl;      /* READ: comes with a message; WRITE: goes with one */
enum {
  KIN_OPTION_READ = 1, KIN_OPTION_WRITE = 2, KIN_OPTION_READ_WRITE = 3,
  KIN_OPTION_LATE = 4,  /* an endpoint sets it once its socket is bound or connected, not before */
  /* What a row is, for libkin's own calls: */
  KIN_OPTION_REPORT = 8,    /* control message: an entry of the error queue, the kernel's struct
                               sock_extended_err, and the sockaddr of who reported it or nothing */
  KIN_OPTION_CLASS  = 16,   /* control message: the traffic class, DSCP and ECN; a byte or an int */
  KIN_OPTION_MTU    = 32    /* option: the MTU of the path to the peer, an int */
};

typedef struct {
  const char *name, *text;         /* Python's name; text instead of value: BDADDR_ANY */
  int64_t     value;
} KinConstant;

typedef struct {
  const char *operation;           /* open, bind, listen, accept, connect, send, receive,
                                      shut, set, get; address: a KinField's set failed */
  const char *sentence;            /* what to do about it: "load it: modprobe vsock_loopback" */
  int32_t     code;                /* errno */
  const char *schemes;             /* for these alone, between blanks: "raw4 raw6"; NULL: all */
} KinHint;

/* ---- Operations ---------------------------------------------------------------------------- */
/* The head of a socket: all that operations see of it. Frozen. libkin makes and frees it, and may
 * move it between two calls: keep state, not the head. */
typedef struct {
  int                fd;           /* the one that is polled; -1 from open on, until there is one */
  int32_t            protocol;     /* as asked of socket(2) */
  void              *state;        /* the family's; freed by close */
  const KinProtocol *row;          /* the family's own row: which of its schemes this is */
} KinFamilySocket;
KIN_FROZEN (KinFamilySocket, 24, 16);
struct mmsghdr;

/* Every slot returns a count, or 0, or -errno. What is passed is the caller's and valid during the
 * call only. Several threads may call at once, close alone apart. A slot prints nothing, sets no
 * error and keeps no time; what an inner socket's failing call said, libkin keeps and repeats.
 *
 * No slot waits, but in the kernel, where kernel_waits says so. Otherwise libkin passes
 * MSG_DONTWAIT, and -EAGAIN means: poll, then call again. flags hold the socket's own already, so a
 * slot that adds to the kernel's call passes them on.
 *
 * NULL is the kernel's call on fd; in a dynamic family without over_domain, -EOPNOTSUPP. Such a
 * family must have open, close, and sendmsg and recvmsg or send and recv. */
struct _KinSocketOps {
  uint32_t size;   /* sizeof (KinSocketOps) */
  /* -- life -- */
  /* Makes state, and fd, close-on-exec, if there can be one. domain is over_domain where that is
   * set. A failure leaves nothing: close is not called. */
  int (*open) (KinFamilySocket *socket, int domain, int type, int protocol);
  /* Ends all, fd included; last call, nothing is retried. Flushes only what does not wait. After a
   * fork the child calls it, too: it must leave the parent's socket whole. */
  int (*close) (KinFamilySocket *socket);
  /* -- naming and connecting: address is a sockaddr; in a row OVER another, the inner endpoint's
   *    text as written, escapes, options and a NUL (not counted in length) included -- */
  int (*bind) (KinFamilySocket *socket, const void *address, size_t length);
  int (*listen) (KinFamilySocket *socket, int backlog);
  /* Sets fd and state of child, whose other members are there, and peer's sa and length; length 0:
   * no name. Any handshake is left to the child's first send or recv. */
  int (*accept) (KinFamilySocket *socket, KinFamilySocket *child, KinAddress *peer);
  /* -EINPROGRESS: called again, with the same address, when poll says so. -EAGAIN: the peer's
   * backlog is full and no poll will tell; a socket that may wait asks again after some ms.
   * In a dynamic family fd may change until it returns 0: libkin looks after each call. */
  int (*connect) (KinFamilySocket *socket, const void *address, size_t length);
  int (*shutdown) (KinFamilySocket *socket, int how);
  /* Own name, peer's name. Length 0: unnamed. */
  int (*local) (KinFamilySocket *socket, KinAddress *address);
  int (*peer) (KinFamilySocket *socket, KinAddress *address);
  /* -- data: short counts are fine on a stream. Where only sendmsg or recvmsg is there, it serves
   *    send or recv, too; an address or control message always comes through it. A recvmsg that
   *    fails leaves the msghdr as it was: it is called again with it -- */
  ssize_t (*send) (KinFamilySocket *socket, const void *data, size_t length, int flags);
  ssize_t (*recv) (KinFamilySocket *socket, void *data, size_t length, int flags);
  ssize_t (*sendmsg) (KinFamilySocket *socket, const struct msghdr *message, int flags);
  ssize_t (*recvmsg) (KinFamilySocket *socket, struct msghdr *message, int flags);
  /* Return how many messages. NULL beside a sendmsg or recvmsg of its own, and in a row OVER
   * another: libkin calls that. Only the first message may be waited for. */
  int (*sendmmsg) (KinFamilySocket *socket, struct mmsghdr *messages, unsigned count, int flags);
  int (*recvmmsg) (KinFamilySocket *socket, struct mmsghdr *messages, unsigned count, int flags);
  /* POLLIN: socket to pipe, POLLOUT: pipe to socket. NULL beside data slots of its own:
   * -EOPNOTSUPP, and the caller copies. flags are splice(2)'s. */
  ssize_t (*splice) (KinFamilySocket *socket, int direction, int pipe, size_t n, unsigned flags);
  /* -- waiting -- */
  /* wanted: POLLIN to receive or accept, POLLOUT to send or connect, or both. Returns what to wait
   * for on fd until one of them may work; 0: one may now; -errno. NULL: wanted itself. fd may be
   * ready once too often, never too seldom: a send that waits for input takes it into a buffer, and
   * fails (-ENOBUFS) when that is full, else libkin would spin. Of two threads, one of which waits
   * for input in order to send, either may take what the other polls for: let them take turns. */
  int (*poll) (KinFamilySocket *socket, int wanted);
  /* -- options: to the kernel with what is not the family's own -- */
  int (*getsockopt) (KinFamilySocket *socket, int level, int number, void *value,
                     socklen_t *size);
  int (*setsockopt) (KinFamilySocket *socket, int level, int number, const void *value,
                     socklen_t size);
  /* Of a row OVER another: the socket underneath, or NULL; it stays the family's. Options that the
   * family has not, and its NULL listen, shutdown, local, peer and poll, go there. */
  KinSocket *(*inner) (KinFamilySocket *socket);
  /* -- errors -- */
  /* What else is known about the errno with which a slot failed just now, in the same thread: the
   * kernel's own words. One sentence, which stands in place of a hint. Returns 0, or -ENOENT where
   * nothing more is known. NULL: nothing ever is. */
  int (*explain) (KinFamilySocket *socket, int code, char *sentence, size_t size);
  /* -- descriptors: of a family that has a close of its own, or state: both or neither. Without
   *    them its sockets are not duplicated, and not detached -- */
  /* Makes state for fd: a duplicate of from's, or, from being NULL, one that another program or
   * library made. -EOPNOTSUPP: not as from is now. A failure leaves nothing. */
  int (*adopt) (KinFamilySocket *socket, const KinFamilySocket *from);
  /* Ends state, and leaves fd open. */
  void (*release) (KinFamilySocket *socket);
};

/* ---- The descriptor: the last lines of a plugin -------------------------------------------- */
typedef struct {
  uint32_t            magic, size;                                     /* KIN_STAMP */
  uint16_t            major, minor;
  uint32_t            flags;                                           /* KIN_FAMILY_… */
  int32_t             domain;        /* AF_…, or KIN_DOMAIN_DYNAMIC */
  int32_t             over_domain;   /* AF_… whose kernel calls a dynamic family makes; 0: none */
  const char         *name, *summary;                                  /* "vsock"; one line */
  const char         *modules;       /* kernel modules it needs, all: "vsock a|b"; or NULL */
  KinTable            protocols, options, controls, constants, hints;  /* KinProtocol, … */
  const KinSocketOps *ops;                                             /* NULL: the kernel's */
  /* Can this kernel? 0, or -errno and one sentence. May open sockets, and so load modules: libkin
   * looks for modules first. Leaves nothing behind. NULL: one socket of the first row opens. */
  int               (*probe) (char *reason, size_t size);
} KinFamily;
enum { KIN_FAMILY_USES_LIBKIN = 1 };   /* links libkin: a program with a static one refuses it */
#define KIN_STAMP \
  .magic = KIN_MAGIC, .size = sizeof (KinFamily), .major = KIN_MAJOR, .minor = KIN_MINOR

/* KIN_FAMILY (vsock) = { KIN_STAMP, .domain = AF_VSOCK, … }; */
#ifdef KIN_STATIC
#define KIN_FAMILY(word) \
  extern const KinFamily kin_family_##word; const KinFamily kin_family_##word
#else
#define KIN_FAMILY(word) \
  extern const KinFamily kin_family __attribute__ ((visibility ("default"))); \
  const KinFamily kin_family
#endif

#ifdef __cplusplus
}
#endif
#endif
