/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/private.h: what the core's files, and the plugin host, say to each other.
 *
 * The layers, each of which calls only those above it here: family tables, errors, registry, fields
 * (memory ⇄ value ⇄ text), addresses and endpoints, waiting, sockets, options and messages,
 * connecting. */
/* clang-format off: laid out by hand */
#ifndef KIN_PRIVATE_H
#define KIN_PRIVATE_H

#include <errno.h>

#include <kin/kin.h>

/* ---- Families in use: family.c, registry.c ---------------------------------------------------- */

/* A family whose descriptor was checked. Never freed: addresses and sockets point into it. */
typedef struct {
  KinFamily        data;           /* the descriptor, cut or filled to libkin's own length */
  const KinFamily *own;            /* the family's */
  KinSocketOps     ops;            /* the same */
  gboolean         is_kernel;      /* a NULL slot is the kernel's call, else EOPNOTSUPP */
  gboolean         has_fds;        /* a control message of its carries descriptors */
  KinTransport    *transports;
  guint            n_transports;
} KinLoaded;

struct _KinTransport {
  const KinLoaded   *family;
  KinProtocol        row;          /* cut or filled to libkin's own length */
  const KinProtocol *own;          /* what hooks get */
  KinSocketOps       data;         /* send, recv, sendmsg, recvmsg: the family's, with the rest filled
                                      in; all NULL where all are the kernel's */
};

/* A family as the registry knows it, loaded or not. Never freed. */
typedef struct {
  KinFamilyInfo    info;           /* what the public sees; strings are the entry's */
  const guint8    *is_shared;      /* beside info.schemes */
  const char      *constants;      /* "NAME value\n" lines of the manifest; NULL: ask the tables */
  const KinLoaded *loaded;         /* or NULL */
  GQuark           error_domain;   /* of a load that failed: it is not tried again */
  int              error_code;
} KinEntry;

/* What the plugin host does for the core; a build without plugins has none. */
typedef struct {
  /* Registers what manifests say, by kin__registry_add (). Called once, the registry's lock held. */
  void             (*scan) (void);
  /* Opens the plugin of an entry and returns its descriptor, still unchecked. */
  const KinFamily *(*load) (const KinEntry *entry, GError **error);
  /* The name of a family that is not installed and would serve the scheme (or has that name); NULL:
   * there is none. */
  char            *(*known) (const char *scheme);
} KinHost;

/* What the build links in: a generated file defines it. */
typedef struct {
  const KinHost          *host;      /* or NULL */
  const KinFamily *const *families;  /* NULL-terminated */
} KinBuiltin;
extern const KinBuiltin kin__builtin;

/* Takes entry's strings. The earlier of two that claim one name, domain or unshared scheme wins. */
void                kin__registry_add (KinEntry *entry);
/* The n-th family that serves the scheme, loaded now if it was not. NULL with no error set: there is
 * no n-th; the first always has an error. */
const KinTransport *kin__registry_scheme (const char *scheme, guint n, GError **error);
/* For adopted descriptors and foreign sockaddrs. type -1: any. NULL: no family has it. */
const KinTransport *kin__registry_domain (int domain, int type, int protocol);
char              **kin__registry_schemes (void);     /* of all families; g_strfreev */
/* Tests alone: forgets all families. */
void                kin__registry_reset (void);

/* Checks a descriptor and takes it into use; NULL: *reason says why not (g_free). */
const KinLoaded *kin__family_take (const KinFamily *own, char **reason);
/* Row i of a table, cut or filled with zeros to libkin's own size; returns the family's own row,
 * or NULL past the last one. */
const void *kin__row (const KinTable *table, guint i, void *row, gsize size);

/* ---- Errors: error.c --------------------------------------------------------------------------- */

/* Sets errno, and error where it is not NULL. */
void kin__error_set (GError **error, KinError code, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* The one place that says that an operation on a socket failed. code is an errno, KIN__TIMED_OUT or
 * KIN__CANCELLED. address: whom it was for, or NULL. Keeps what an inner socket said. */
void kin__fail (GError **error, KinSocket *socket, const char *operation,
                const KinAddress *address, int code);
enum { KIN__TIMED_OUT = 0x10001, KIN__CANCELLED = 0x10002 };

/* Around each slot of a row that stands over another: failures inside are kept for the outer one. */
void kin__nest_enter (void);
void kin__nest_leave (void);

/* The text in double quotes, control characters and non-UTF-8 bytes as \xNN; at most about 80. */
char *kin__quote (const char *text, gssize length);
/* The nearest of the words by edit distance, where one is near enough to be meant; or NULL. */
const char *kin__nearest (const char *word, const char *const *words);

/* ---- Fields: fields.c ------------------------------------------------------------------------- */

/* A struct that is read or written by its fields. */
typedef struct {
  const KinTable *fields;
  char            separator;      /* between members in text; 0: one member */
  gint32         *protocol;       /* KIN_PROTOCOL's place, or NULL */
} KinShape;

/* Memory to tuple, and to text without a scheme. length: what of base is valid. NULL: a member's get
 * says that it cannot be written (errno). short_tail: leave out members that equal their fallback */
GVariant *kin__fields_to_tuple (const KinShape *shape, const void *base, gsize length,
                                gboolean short_tail);
char     *kin__fields_to_text (const KinShape *shape, const void *base, gsize length);
/* Back. base holds size bytes, zeroed by the caller; *length is what was there, and a path's end
 * changes it. On failure error is KIN_ERROR with the given code, "WHAT: …", and errno is set:
 * EADDRNOTAVAIL where a member is a name that must be looked up. */
gboolean kin__fields_from_tuple (const KinShape *shape, void *base, gsize *length,
                                 GVariant *tuple, const char *what, KinError code, GError **error);
gboolean kin__fields_from_text (const KinShape *shape, void *base, gsize *length,
                                const char *text, const char *what, KinError code,
                                GError **error);

/* The value of an option or control message (row: libkin's own copy of it). get: NULL where the
 * bytes do not fit the row. set, parse: return how many bytes of data are used, or -1; KIN_LENGTH
 * returns the length itself and writes nothing. */
GVariant *kin__value_get (const KinOption *row, gconstpointer data, gsize length);
gssize    kin__value_set (const KinOption *row, gpointer data, gsize size, GVariant *value,
                          GError **error);
char     *kin__value_format (const KinOption *row, gconstpointer data, gsize length);
gssize    kin__value_parse (const KinOption *row, gpointer data, gsize size, const char *text,
                            GError **error);

/* %XX undone: new bytes, NUL-terminated, their number in *length; NULL: a bad escape (error). */
char *kin__unescape (const char *text, gsize n, gsize *length, const char *what, GError **error);

/* ---- Addresses and endpoints: address.c, endpoint.c ------------------------------------------- */

/* What follows the scheme, options left off. */
gboolean kin__address_from_text (const KinTransport *transport, const char *rest,
                                 KinAddress *address, GError **error);
gboolean kin__address_from_value (const KinTransport *transport, GVariant *tuple,
                                  KinAddress *address, GError **error);

typedef struct {
  char *name, *text;               /* both unescaped */
} KinSetting;

struct _KinEndpoint {
  const KinTransport *transport;
  KinAddress          address;     /* length 0: see inner */
  char               *inner;       /* of a row over another: its endpoint's text, with the options
                                      that this family has not */
  GArray             *settings;    /* KinSetting, in order */
};

/* ---- Calls: call.c ---------------------------------------------------------------------------- */

/* What an operation is, decided here and nowhere else: the family's slot, the kernel's call, the
 * inner socket's, or EOPNOTSUPP. None waits longer than its slot does, or records an error. All
 * return a count, or 0, or -errno. */
int kin__call_open (KinSocket *socket);
int kin__call_close (KinSocket *socket);
int kin__call_bind (KinSocket *socket, const void *address, gsize length);
int kin__call_listen (KinSocket *socket, int backlog);
int kin__call_accept (KinSocket *socket, KinSocket *child, KinAddress *peer);
int kin__call_connect (KinSocket *socket, const void *address, gsize length);
int kin__call_shutdown (KinSocket *socket, int how);
int kin__call_local (KinSocket *socket, KinAddress *address);
int kin__call_peer (KinSocket *socket, KinAddress *address);
int kin__call_getsockopt (KinSocket *socket, int level, int number, void *value, socklen_t *size);
int kin__call_setsockopt (KinSocket *socket, int level, int number, const void *value,
                          socklen_t size);
/* What to poll *fd for until something in wanted may work; 0: now. */
int kin__call_poll (KinSocket *socket, int wanted, int *fd);
/* The socket underneath one whose row stands over another; NULL: none, or none yet. */
KinSocket *kin__socket_inner (KinSocket *socket);
/* Fills transport->data. */
void kin__call_fill_data (KinTransport *transport);

/* ---- Sockets: socket.c, naming.c, data.c, wait.c-------------------------------------------------- */

/* What few sockets need, made when first needed. */
typedef struct {
  KinCancel *cancel;
  char      *text;                 /* of a row over another: the inner endpoint's text */
  KinAddress connecting;           /* where a connect that has not ended goes */
} KinMore;

/* 72 bytes: a malloc chunk of 80. */
struct _KinSocket {
  KinFamilySocket     head;
  const KinSocketOps *data_ops;    /* NULL: send and receive are the kernel's */
  const KinTransport *transport;
  gint64              timeout_usec;
  KinMore            *more;        /* or NULL */
  gint                ref_count;
  guint16             send_flags;  /* what every send gets: MSG_NOSIGNAL, MSG_DONTWAIT */
  guint16             recv_flags;  /* MSG_DONTWAIT, or 0 */
  guint8              polled;      /* KIN_WAITS_…: what the core polls for, not the kernel */
  guint8              is_open;
  guint8              is_shared;       /* others have the same description */
  guint8              has_kernel_time; /* SO_RCVTIMEO and SO_SNDTIMEO may be set */
  guint8              has_nonblock;    /* we set O_NONBLOCK */
  guint8              is_connecting;   /* between connect and its end */
};

/* "unix:/run/x.sock", as messages name a socket: address, else its peer, itself, its scheme. */
char      *kin__socket_text (KinSocket *socket, const KinAddress *address);
KinMore   *kin__socket_more (KinSocket *socket);
KinCancel *kin__socket_cancel (KinSocket *socket);
/* A socket of the transport, open; audited as socket.__new__. protocol: of socket(2). */
KinSocket *kin__socket_open (const KinTransport *transport, int protocol, GError **error);
/* The same, without the audit and not open yet. */
KinSocket *kin__socket_alloc (const KinTransport *transport, int protocol);
/* The family, or the kernel, has given it a descriptor: now it is open. 0 or -errno. */
int        kin__socket_start (KinSocket *socket);
/* Around bind and connect: text instead of an address where the row stands over another. */
gboolean   kin__socket_bind (KinSocket *socket, const KinAddress *address, const char *text,
                             GError **error);
gboolean   kin__socket_connect (KinSocket *socket, const KinAddress *address, const char *text,
                                GError **error);

/* Timeout, cancel and sharing as they now are, told to the kernel. 0 or -errno. */
int        kin__mode_apply (KinSocket *socket);
int        kin__mode_set_nonblock (KinSocket *socket, gboolean is_on);
int        kin__mode_set_kernel_time (KinSocket *socket, int number, gint64 timeout_usec);

/* After a first try that failed with code: waits and tries again, as the socket's mode has it.
 * operation: one of KIN_WAITS_…; attempt makes one call with flags added and returns -errno.
 * Returns what attempt does, or -KIN__TIMED_OUT or -KIN__CANCELLED. */
typedef gssize (*KinAttempt) (KinSocket *socket, gpointer call, int flags);
gssize     kin__retry (KinSocket *socket, guint operation, KinAttempt attempt, gpointer call,
                       int code);
/* Until something in wanted (POLLIN, POLLOUT) may work. deadline: g_get_monotonic_time(), or
 * KIN_FOREVER. 0, or -errno, -KIN__TIMED_OUT, -KIN__CANCELLED. */
int        kin__wait (KinSocket *socket, int wanted, gint64 deadline);
/* A few milliseconds, where no poll can tell when to ask again. The same returns. */
int        kin__pause (KinSocket *socket, gint64 deadline);
/* timeout_usec from now, or KIN_FOREVER; saturates. */
gint64     kin__deadline (gint64 timeout_usec);
int        kin__cancel_fd (KinCancel *cancel);

/* ---- Messages: message.c ---------------------------------------------------------------------- */

/* Fills header from message before sendmsg; before recvmsg; takes what came out of recvmsg, its
 * descriptors first: nothing can fail after that. */
void kin__message_to_send (KinMessage *message, struct msghdr *header);
void kin__message_to_receive (KinMessage *message, struct msghdr *header);
void kin__message_received (KinMessage *message, KinSocket *socket, const struct msghdr *header);

/* ---- Audit: audit.c --------------------------------------------------------------------------- */

extern KinAuditFunc kin__audit_hook;
/* TRUE where there is no hook or it lets the event happen. */
gboolean kin__audit (const char *event, const KinTransport *transport, KinSocket *socket,
                     const KinAddress *address, const char *text, GError **error);

#endif
