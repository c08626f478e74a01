/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/private.h: what the core's files, and the plugin host, say to each other.
 *
 * The layers, each of which calls only those above it here: family tables, errors, registry, fields
 * (memory ⇄ value ⇄ text), addresses and endpoints, waiting, sockets, options and messages,
 * connecting. */
/* clang-format off */
#ifndef KIN_PRIVATE_H
#define KIN_PRIVATE_H

#include <errno.h>
#include <signal.h>

#include <kin/kin.h>

/* ---- Families in use: family.c, registry.c ------------------------------------------------- */

/* A family whose descriptor was checked. Never freed: addresses and sockets point into it. */
typedef struct {
  KinFamily        data;           /* the descriptor, cut or filled to libkin's own length */
  gboolean         is_kernel;      /* fd is a kernel's socket, and a NULL slot its call; else
                                      EOPNOTSUPP */
  gboolean         has_fds;        /* a control message of its carries descriptors */
  KinTransport    *transports;
  guint            n_transports;
} KinLoaded;

/* The control message that tells the local address of a datagram, and where in it that is. */
typedef struct {
  int         level, number;
  guint       length;              /* of the control message's data */
  guint       offset, size;        /* of the local address in it; size 0: there is none */
  guint       host;                /* offset of the host in a sockaddr */
  guint       address_length;      /* of a sockaddr */
  const char *enabled_by;          /* the option that must be on; or NULL */
} KinLocal;

struct _KinTransport {
  const KinLoaded   *family;
  KinProtocol        row;          /* cut or filled to libkin's own length */
  const KinProtocol *own;          /* what hooks get */
  KinSocketOps       ops;          /* the row's, else the family's, cut or filled as well */
  guint              own_waits;    /* KIN_WAITS_…: the operations that are slots in there */
  KinSocketOps       data;         /* send, recv, sendmsg, recvmsg: of ops, the rest filled in; all
                                      NULL where all are the kernel's */
  KinLocal           local;
};

/* A family as the registry knows it, loaded or not. Never freed. */
typedef struct {
  KinFamilyInfo    info;           /* what the public sees; strings are the entry's */
  const guint8    *is_shared;      /* beside info.schemes */
  const char      *constants;      /* "NAME value\n" lines of the manifest; NULL: ask the tables */
  const KinLoaded *loaded;         /* or NULL */
  KinError         error_code;     /* of a load that failed: it is not tried again; or 0 */
} KinEntry;

/* What the plugin host does for the core; a build without plugins has none. */
typedef struct {
  /* Registers what manifests say, by kin__registry_add (). Called once, with the lock held. */
  void             (*scan) (void);
  /* Opens the plugin of an entry and takes its descriptor into use. */
  const KinLoaded *(*load) (const KinEntry *entry, GError **error);
  /* The name of a family that is not there and would serve the scheme (or has that name); NULL:
   * there is none. */
  char            *(*known) (const char *scheme);
  /* Where families are looked for, in order; g_strfreev. */
  char           **(*folders) (void);
} KinHost;

/* What the build links in: a generated file defines it. */
typedef struct {
  const KinHost          *host;      /* or NULL */
  const KinFamily *const *families;  /* NULL-terminated */
} KinBuiltin;
extern const KinBuiltin kin__builtin;

/* Takes entry's strings. The earlier of two that claim one name, domain or unshared scheme wins. */
void                kin__registry_add (KinEntry *entry);
/* The n-th family that serves the scheme, loaded now if it was not. NULL with no error set: there
 * is no n-th; the first always has an error. */
const KinTransport *kin__registry_scheme (const char *scheme, guint n, GError **error);
/* The family that serves the domain, loaded now if it was not. NULL, no error set: none does. */
const KinLoaded    *kin__registry_domain (int domain, GError **error);
char              **kin__registry_schemes (void);     /* of all families; g_strfreev */
/* Where the n-th family's constants are: lines of its manifest or, where those are NULL, a table.
 * FALSE: there is no n-th. */
gboolean            kin__registry_constants (guint n, const char **lines, const KinTable **table);
/* A family that is not installed and would serve the scheme, by its name; g_free. Or NULL. */
char               *kin__registry_missing (const char *scheme);

/* Checks a descriptor and takes it into use; NULL: *reason says why not (g_free). */
const KinLoaded *kin__family_take (const KinFamily *own, char **reason);
/* What socket(2)'s numbers name, type without flags: a family's row, or one that is made for them:
 * the kernel's calls, and addresses as the domain's family, if there is one, reads them. NULL, with
 * error: that family will not load. numbers.c */
const KinTransport *kin__transport_of_numbers (int domain, int type, int protocol,
                                               GError **error);
/* Row i of a table, cut or filled with zeros to libkin's own size; returns the family's own row,
 * or NULL past the last one. */
const void *kin__row (const KinTable *table, guint i, void *row, gsize size);

/* ---- Errors: error.c ----------------------------------------------------------------------- */

/* Sets errno, and error where it is not NULL. */
void kin__error_set (GError **error, KinError code, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* The same with an error already made, which it takes; code is for errno. */
void kin__error_deliver (GError **error, GError *made, int code);

/* Around each slot of a row that stands over another: failures inside are kept for it. */
void kin__nest_enter (void);
/* is_well: the slot came through, and what failed inside does not matter. */
void kin__nest_leave (gboolean is_well);
gboolean kin__nest_is_inside (void);
/* Between them failures are kept for nobody. */
guint    kin__nest_pause (void);
void     kin__nest_resume (guint depth);
/* The first failure since the outermost slot was entered, if that is what the slot then answered;
 * NULL: none, or another. */
const GError *kin__nest_innermost (int code);

/* The text in double quotes, control characters and non-UTF-8 bytes as \xNN; at most about 80. */
char *kin__quote (const char *text, gssize length);
/* The nearest of the words by edit distance, where one is near enough to be meant; or NULL. */
const char *kin__nearest (const char *word, const char *const *words);

/* ---- What nothing has, and what may have been meant: unknown.c ------------------------------ */

/* KIN_ERROR_NO_SUCH_SCHEME, or KIN_ERROR_NO_PLUGIN; of a family's name as well. */
void kin__fail_scheme (const char *scheme, GError **error);
/* "which is not installed: no inet6.kin in …"; g_free. */
char *kin__not_installed (const char *family);
/* KIN_ERROR_BAD_ENDPOINT: it begins with no scheme. */
void kin__fail_text (const char *text, GError **error);
/* KIN_ERROR_NO_SUCH_OPTION. */
void kin__fail_option (const KinTransport *transport, const char *name, GError **error);

/* ---- Values of options and control messages: option-value.c -------------------------------- */

/* row is libkin's own copy. get, floating: NULL where the bytes do not fit the row. set, parse:
 * return how many bytes of data are used, or -1; KIN_LENGTH returns the length itself and writes
 * nothing. Text is as in an endpoint, %XX for what would end it. */
GVariant *kin__value_get (const KinOption *row, gconstpointer data, gsize length);
gssize    kin__value_set (const KinOption *row, gpointer data, gsize size, GVariant *value,
                          GError **error);
char     *kin__value_format (const KinOption *row, gconstpointer data, gsize length);
gssize    kin__value_parse (const KinOption *row, gpointer data, gsize size, const char *text,
                            GError **error);
/* How many bytes a value may take. */
gsize     kin__value_room (const KinOption *row);
gboolean  kin__option_find (const KinTable *options, const char *name, KinOption *row);
/* The next row from *i on that has a flag, KIN_OPTION_…; *i is then behind it. */
gboolean  kin__option_next (const KinTable *options, guint flag, guint *i, KinOption *row);
/* Turns on what makes the control messages with a flag come; at least one that the kernel knows.
 * option.c */
gboolean  kin__option_enable (KinSocket *socket, guint flag, const char *operation,
                              GError **error);

/* ---- Addresses and endpoints: address.c, endpoint.c ---------------------------------------- */

/* What a look-up calls: it has a copy from its beginning to its end. No function is NULL. */
typedef struct {
  KinResolver resolver;
  gpointer    user_data;
} KinCalls;

/* A name in the place of an address. Constant once made. */
typedef struct {
  gint            ref_count;
  KinAddressCodec codec;           /* whose resolve is asked */
  char           *text;            /* "example.org:80", as endpoints have it */
  GArray         *members;         /* KinMember: what it is asked */
  GPtrArray      *transports;      /* const KinTransport: all that take it for a name */
  GArray         *domains;         /* int: the sa_family of each */
  KinAddress      rest;            /* what is said beside the name; whose resolve is asked */
} KinQuestion;

/* codec and rest: of the family that is asked. NULL: *why says what is wrong. */
KinQuestion *kin__question_new (const KinAddressCodec *codec, const KinAddress *rest,
                                GVariant *tuple, const char *text, char **why);
void         kin__question_add (KinQuestion *question, const KinTransport *transport);
KinQuestion *kin__question_ref (KinQuestion *question);
void         kin__question_unref (KinQuestion *question);
/* Calls resolve, which may wait. */
int          kin__question_ask (const KinQuestion *question, gboolean is_passive,
                                const KinCalls *calls, KinAddress *results, gsize max_results);
/* Says of each result whose it is; drops those that are nobody's. Returns how many are left. */
gsize        kin__question_assign (const KinQuestion *question, KinAddress *results, gsize n);

/* *tuple: of a text whose rest begins with one, "(2, 1234)?so.mark=1", where the scheme's addresses
 * are tuples; *end: what follows it. *tuple is NULL where it is in text form. */
gboolean kin__tuple_of (const KinTransport *transport, const char *rest, GVariant **tuple,
                        const char **end, GError **error);
/* The scheme and what follows, which kin__tuple_of () does not take for a tuple. */
char    *kin__address_text (const KinTransport *transport, const char *rest);
/* From a tuple or, where that is NULL, from what follows the scheme, options left off: by each
 * family that serves the scheme, until one takes it. A name makes *question, where question is not
 * NULL; else it is an error. */
gboolean kin__address_from (const char *scheme, GVariant *tuple, const char *text,
                            KinAddress *address, KinQuestion **question, GError **error);
/* The same, no name, by each family that takes it; those that serve the others first. g_free. */
KinAddress *kin__address_all (const char *scheme, GVariant *tuple, const char *text, gsize *n);
/* The addresses that an endpoint without a name has to bind: of a shared scheme more than one, for
 * what means something to each family; g_free. */
KinAddress *kin__endpoint_all (const KinEndpoint *endpoint, gsize *n);
/* The sa_family of a family's addresses: none of the kernel's where it does not know them. */
sa_family_t kin__transport_domain (const KinTransport *transport);
sa_family_t kin__codec_domain (const KinTransport *transport, const KinAddressCodec *codec);
/* What stands before the first colon; NULL: no scheme does. */
char    *kin__scheme_of (const char *text, GError **error);

typedef struct {
  char    *name, *text;            /* text: as kin_socket_set_option_text () takes it */
  gboolean is_late;                /* set after bind or connect */
} KinSetting;

struct _KinEndpoint {
  const KinTransport *transport;
  KinAddress          address;     /* length 0: see question, inner */
  KinQuestion        *question;    /* a name; or NULL. transport is the first that it may become */
  char               *inner;       /* of a row over another: its endpoint's text, with the options
                                      that this family has not */
  char               *written;     /* all that follows the scheme; of an address no options, and
                                      NULL if it came as a tuple */
  GVariant           *tuple;       /* of an address that did; or NULL */
  GArray             *settings;    /* KinSetting, in order */
};

/* ---- Calls: call.c ------------------------------------------------------------------------- */

/* What an operation is, decided here and nowhere else: the family's slot, the kernel's call, the
 * inner socket's, or EOPNOTSUPP. None waits longer than its slot does, or records an error. All
 * return a count, or 0, or -errno. */
int kin__call_open (KinSocket *socket);
/* The type of socket(2). */
static inline int
kin__kernel_type (const KinProtocol *row)
{
  return row->kernel_type != 0 ? row->kernel_type : row->type;
}
int kin__call_close (KinSocket *socket);
/* Of a descriptor that the family did not open; from: whose duplicate it is, or NULL. */
int kin__call_adopt (KinSocket *socket, const KinSocket *from);
int kin__call_release (KinSocket *socket);
int kin__call_bind (KinSocket *socket, const void *address, gsize length);
int kin__call_listen (KinSocket *socket, int backlog);
int kin__call_accept (KinSocket *socket, KinSocket *child, KinAddress *peer);
int kin__call_connect (KinSocket *socket, const void *address, gsize length);
int kin__call_shutdown (KinSocket *socket, int how);
int kin__call_local (KinSocket *socket, KinAddress *address);
int kin__call_peer (KinSocket *socket, KinAddress *address);
gssize kin__call_splice (KinSocket *socket, int direction, int pipe, gsize n, guint flags);
int kin__call_explain (KinSocket *socket, int code, char *sentence, gsize size);
int kin__call_getsockopt (KinSocket *socket, int level, int number, void *value, socklen_t *size);
int kin__call_setsockopt (KinSocket *socket, int level, int number, const void *value,
                          socklen_t size);
/* What to poll *fd for until something in wanted may work; 0: now. */
int kin__call_poll (KinSocket *socket, int wanted, int *fd);
/* The socket underneath one whose row stands over another; NULL: none, or none yet. */
KinSocket *kin__socket_inner (KinSocket *socket);
/* Fills transport->data. */
void kin__call_fill_data (KinTransport *transport);
extern const KinSocketOps kin__no_connection;      /* data slots that answer ENOTCONN */

/* ---- Sockets: socket.c, naming.c, data.c, wait.c ------------------------------------------- */

typedef struct _KinRace KinRace;

/* What few sockets need, made when first needed. */
typedef struct {
  KinCancel   *cancel;
  char        *text;               /* of a row over another: the inner endpoint's text; of a race
                                      the name */
  KinAddress   connecting;         /* where a connect that has not ended goes; for messages also
                                      where one went that left it to the first send */
  KinRace     *race;               /* the socket is not open yet, and no one address's */
  KinEndpoint *late;               /* of such a connect: whose options come at its end; or NULL */
  KinSocket   *heir;               /* of a socket with streams: see stream.c; or NULL */
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
  guint8              recv_flags;  /* MSG_DONTWAIT, or 0 */
  guint8              polled;      /* KIN_WAITS_…: what the core polls for, not the kernel */
  guint8              is_open;
  guint8              is_shared;       /* others have the same description */
  guint8              has_kernel_time; /* SO_RCVTIMEO and SO_SNDTIMEO may be set */
  guint8              has_nonblock;    /* we set O_NONBLOCK */
  guint8              was_nonblock;    /* and so had it whoever gave us the descriptor */
  guint8              is_connecting;   /* between connect and its end */
  guint8              tells_local;     /* transport->local's option was set; atomic */
};

/* Of a socket that is not open: it was closed, or its race goes on. */
static inline int
kin__not_open (const KinSocket *socket)
{
  return socket->is_connecting ? -ENOTCONN : -EBADF;
}

KinMore   *kin__socket_more (KinSocket *socket);
KinCancel *kin__socket_cancel (KinSocket *socket);
/* A socket of the transport, open; audited as socket.__new__. protocol: of socket(2). */
KinSocket *kin__socket_open (const KinTransport *transport, int protocol, GError **error);
/* The same, without the audit and not open yet. */
KinSocket *kin__socket_alloc (const KinTransport *transport, int protocol);
/* The same around a descriptor. */
KinSocket *kin__socket_alloc_fd (const KinTransport *transport, int protocol, int fd,
                                 gboolean is_shared);
/* The family, or the kernel, has given it a descriptor: now it is open. 0 or -errno. */
int        kin__socket_start (KinSocket *socket);
/* It is nobody's any more: no operation may reach the family after. */
void       kin__socket_stop (KinSocket *socket);
/* Takes over all that other has, and closes it; keeps its own time and cancel. 0 or -errno. */
int        kin__socket_become (KinSocket *socket, KinSocket *other);
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
/* The rest of a send or receive whose first try failed with code: -1, errno and error, or what came
 * later. flags: the caller's, who may have said MSG_DONTWAIT for this once. data.c */
gssize     kin__finish (KinSocket *socket, guint operation, KinAttempt attempt, gpointer call,
                        int flags, const KinAddress *address, int code, GError **error);
/* sendmsg and recvmsg as the socket's mode has them: a count, or -1 with errno and error. data.c */
gssize     kin__send_message (KinSocket *socket, struct msghdr *header, int flags,
                              const KinAddress *address, GError **error);
gssize     kin__receive_message (KinSocket *socket, struct msghdr *header, int flags,
                                 GError **error);
/* Until something in wanted (POLLIN, POLLOUT) may work. deadline: g_get_monotonic_time(), or
 * KIN_FOREVER. 0, or -errno, -KIN__TIMED_OUT, -KIN__CANCELLED. */
int        kin__wait (KinSocket *socket, int wanted, gint64 deadline);
/* The same of any descriptor; cancel may be NULL. */
int        kin__wait_fd (int fd, int events, KinCancel *cancel, gint64 deadline);
/* A few milliseconds, where no poll can tell when to ask again. The same returns. */
int        kin__pause (KinSocket *socket, gint64 deadline);
/* FALSE, with error: it is neither a time nor KIN_FOREVER. */
gboolean   kin__check_timeout (gint64 timeout_usec, GError **error);
/* timeout_usec from now, or KIN_FOREVER; saturates. */
gint64     kin__deadline (gint64 timeout_usec);
int        kin__cancel_fd (KinCancel *cancel);

/* Fills transport->local. datagram.c */
void       kin__datagram_describe (KinTransport *transport);

/* Around splice(2) and sendfile(2), which raise SIGPIPE whatever they are told: it is blocked in
 * this thread meanwhile, and taken. is_whole: all went, so there was none; a part may have gone
 * before the peer closed. splice.c */
typedef struct {
  sigset_t before;
  gboolean was_pending;
} KinSigpipe;
void       kin__sigpipe_block (KinSigpipe *signal);
void       kin__sigpipe_restore (const KinSigpipe *signal, gboolean is_whole);

/* ---- Failures: fail.c ---------------------------------------------------------------------- */

/* The one place that says that an operation on a socket failed. code is an errno, KIN__TIMED_OUT or
 * KIN__CANCELLED. address: whom it was for, or NULL. */
void  kin__fail (GError **error, KinSocket *socket, const char *operation,
                 const KinAddress *address, int code);
enum { KIN__TIMED_OUT = 0x10001, KIN__CANCELLED = 0x10002 };
/* What the family says about this operation failing in this way; or NULL. operation is a phrase
 * whose first word is the slot's: "connect to". */
const char *kin__hint (const KinTransport *transport, const char *operation, int code);
const char *kin__hint_timed_out (const KinTransport *transport, const char *operation);
/* "unix:/run/x.sock", as messages name a socket: address, else its peer, itself, its scheme. */
char *kin__socket_text (KinSocket *socket, const KinAddress *address);

#include "names.h"

/* ---- Connecting: connect.c, race.c --------------------------------------------------------- */

/* An endpoint's options, those before bind or connect or those after. is_one_of_several: the socket
 * may be of another family next time; an option that only another one has is passed over. */
gboolean kin__set_options (KinSocket *socket, const KinEndpoint *endpoint, gboolean is_late,
                           gboolean is_one_of_several, GError **error);

/* Where connections come from. */
typedef struct {
  KinEndpoint *endpoint;
  KinAddress  *addresses;          /* at most one of a family */
  gsize        n;
} KinSource;

/* text NULL: NULL and no error. */
KinSource *kin__source_new (const char *text, GError **error);
void       kin__source_free (KinSource *source);
/* Binds to the source of the socket's family; source may be NULL. */
gboolean   kin__source_bind (const KinSource *source, KinSocket *socket, GError **error);

/* A socket whose name is being looked up; see more->race. Takes endpoint and source. errors: gets a
 * GError of each attempt that fails; or NULL. */
KinSocket *kin__race_start (KinEndpoint *endpoint, KinSource *source, GPtrArray *errors,
                            GError **error);
/* What can be done without waiting. 0: connected; -EINPROGRESS, without error; or -errno: the race
 * has ended, and the socket is none. */
int        kin__race_step (KinSocket *socket, GError **error);
/* To its end, or the deadline's. */
gboolean   kin__race_run (KinSocket *socket, gint64 deadline, GError **error);
/* What to poll its descriptor for; 0: go on at once. */
int        kin__race_poll (const KinSocket *socket);
void       kin__race_free (KinRace *race);

/* ---- Messages: message.c, controls.c -------------------------------------------------------- */

/* The row of a control message by its name or, where that is NULL, by its numbers: the family's,
 * else the generic. */
gboolean kin__control_find (KinSocket *socket, const char *name, int level, int type,
                            KinControl *row);

/* Fills header from message before sendmsg; before recvmsg; takes what came out of recvmsg, its
 * descriptors first: nothing can fail after that. */
void kin__message_to_send (KinMessage *message, struct msghdr *header);
void kin__message_to_receive (KinMessage *message, struct msghdr *header);
void kin__message_received (KinMessage *message, KinSocket *socket, const struct msghdr *header);

/* ---- Streams: stream.c, reader.c, writer.c ------------------------------------------------- */

/* What a reader or a writer keeps of its socket; nothing once it is closed. */
typedef struct {
  KinSocket *socket, *heir;
} KinStream;

gboolean   kin__stream_open (KinStream *stream, KinSocket *socket, GError **error);
/* Whom to send to and receive from; NULL: the stream is closed. */
KinSocket *kin__stream_socket (const KinStream *stream, const char *operation, GError **error);
int        kin__stream_fd (const KinStream *stream);
void       kin__stream_close (KinStream *stream);
/* The socket is being closed. TRUE: its streams have it, and it is. */
gboolean   kin__stream_inherit (KinSocket *socket);

/* ---- Audit: audit.c ------------------------------------------------------------------------ */

extern G_GNUC_INTERNAL KinAuditFunc kin__audit_hook;
/* TRUE where there is no hook or it lets the event happen. */
gboolean kin__audit (const char *event, const KinTransport *transport, KinSocket *socket,
                     const KinAddress *address, const char *text, GError **error);
/* The same for what is no socket's. Only where there is a hook. arguments: of Python's
 * event, floating. scheme: may be NULL. */
gboolean kin__audit_call (const char *event, const char *scheme, GVariant *arguments,
                          GError **error);

#endif
