/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin/netdb.h: names of hosts, services and protocols.
 *
 * What libc's netdb.h does, with a timeout and a #KinCancel for all that may wait, or with a
 * callback; errors keep getaddrinfo(3)'s code (%KIN_RESOLVE_ERROR) or h_errno (%KIN_HOST_ERROR).
 * A program may bring its own resolver. Any thread may call all but kin_set_resolver(). */
/* clang-format off */
#ifndef KIN_NETDB_H
#define KIN_NETDB_H

#include <kin/address.h>
#include <kin/cancel.h>

G_BEGIN_DECLS

struct addrinfo;   /* <netdb.h> */
struct hostent;

/* ---- Hosts and services to addresses ---- */

/**
 * KinAddressHints:
 * @family: AF_…, or 0 (AF_UNSPEC) for any
 * @type: SOCK_…, or 0 for any
 * @protocol: IPPROTO_…, or 0 for any
 * @flags: AI_…
 *
 * What is wanted of kin_getaddrinfo(), as getaddrinfo(3)'s hints.
 */
typedef struct {
  int family, type, protocol, flags;
} KinAddressHints;

/**
 * KinAddressInfo:
 * @family: AF_…
 * @type: SOCK_…
 * @protocol: IPPROTO_…
 * @canonical_name: (nullable): with AI_CANONNAME, of the first result; else %NULL
 * @address: the address; one of a registered family prints and reads back
 *
 * One answer of kin_getaddrinfo().
 */
typedef struct {
  int        family, type, protocol;
  char      *canonical_name;
  KinAddress address;
} KinAddressInfo;

/**
 * KinAddressInfoFunc:
 * @results: (nullable) (element-type KinAddressInfo): as kin_getaddrinfo() returns them, valid
 *   during the call; g_ptr_array_ref() keeps them. %NULL: it failed
 * @error: (nullable): why it failed, valid during the call
 * @user_data: as given to kin_getaddrinfo_async()
 *
 * The answer to kin_getaddrinfo_async().
 */
typedef void (*KinAddressInfoFunc) (GPtrArray *results, const GError *error, gpointer user_data);

KIN_API GPtrArray *kin_getaddrinfo (const char *host, const char *service,
                                    const KinAddressHints *hints, gint64 timeout_usec,
                                    KinCancel *cancel, GError **error);
KIN_API void       kin_getaddrinfo_async (const char *host, const char *service,
                                          const KinAddressHints *hints, gint64 timeout_usec,
                                          KinCancel *cancel, KinAddressInfoFunc callback,
                                          gpointer user_data);

/* ---- Addresses to hosts and services ---- */

KIN_API gboolean kin_getnameinfo (const KinAddress *address, int flags, gint64 timeout_usec,
                                  KinCancel *cancel, char **host, char **service,
                                  GError **error);

/* ---- Hosts ---- */

/**
 * KinHostEntry: (foreign)
 * @name: its official name
 * @aliases: (array zero-terminated=1): its other names
 * @addresses: (array zero-terminated=1): its addresses, as text
 * @family: AF_… of the addresses
 *
 * What gethostbyname(3) and gethostbyaddr(3) tell of a host.
 */
typedef struct {
  char  *name;
  char **aliases;
  char **addresses;
  int    family;
} KinHostEntry;

KIN_API void          kin_host_entry_free (KinHostEntry *entry);
KIN_API char         *kin_gethostbyname (const char *name, gint64 timeout_usec,
                                         KinCancel *cancel, GError **error);
KIN_API KinHostEntry *kin_gethostbyname_ex (const char *name, gint64 timeout_usec,
                                            KinCancel *cancel, GError **error);
KIN_API KinHostEntry *kin_gethostbyaddr (const char *address, gint64 timeout_usec,
                                         KinCancel *cancel, GError **error);
KIN_API char         *kin_getfqdn (const char *name, gint64 timeout_usec, KinCancel *cancel,
                                   GError **error);
KIN_API char         *kin_gethostname (GError **error);
KIN_API gboolean      kin_sethostname (const char *name, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KinHostEntry, kin_host_entry_free)

/* ---- Services and protocols ---- */

KIN_API int   kin_getservbyname (const char *name, const char *protocol, GError **error);
KIN_API char *kin_getservbyport (int port, const char *protocol, GError **error);
KIN_API int   kin_getprotobyname (const char *name, GError **error);
KIN_API char *kin_getprotobynumber (int number, GError **error);

/* ---- A resolver of one's own ---- */

/**
 * KinResolver:
 * @size: of this struct: sizeof (KinResolver); longer in later minors
 * @getaddrinfo: as getaddrinfo(3); @freeaddrinfo frees what it gives. EAI_SYSTEM leaves errno set
 * @freeaddrinfo: as freeaddrinfo(3); not without @getaddrinfo, nor that without it
 * @getnameinfo: as getnameinfo(3)
 * @gethostbyname: as gethostbyname2_r(3): @room is for what @entry points to; ERANGE asks for more
 * @gethostbyaddr: as gethostbyaddr_r(3)
 *
 * Functions that stand in for libc's; one that is %NULL is libc's. They are called in threads that
 * libkin starts, several at once, and may wait: a timeout leaves such a thread behind. Hosts that
 * are not ASCII come as IDNA has them.
 */
typedef struct {
  gsize size;
  int  (*getaddrinfo)   (const char *host, const char *service, const struct addrinfo *hints,
                         struct addrinfo **list, gpointer user_data);
  void (*freeaddrinfo)  (struct addrinfo *list, gpointer user_data);
  int  (*getnameinfo)   (const struct sockaddr *address, socklen_t length, char *host,
                         socklen_t host_size, char *service, socklen_t service_size, int flags,
                         gpointer user_data);
  int  (*gethostbyname) (const char *name, int family, struct hostent *entry, char *room,
                         gsize size, struct hostent **result, int *code, gpointer user_data);
  int  (*gethostbyaddr) (gconstpointer address, socklen_t length, int family,
                         struct hostent *entry, char *room, gsize size,
                         struct hostent **result, int *code, gpointer user_data);
} KinResolver;

KIN_API gboolean kin_set_resolver (const KinResolver *resolver, gpointer user_data,
                                   GError **error);

G_END_DECLS

#endif
