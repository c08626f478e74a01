/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* names.h: look-ups, and the threads that they wait in; part of private.h. */
/* clang-format off */
#ifndef KIN_NAMES_H
#define KIN_NAMES_H

/* ---- Work that may wait: worker.c ---------------------------------------------------------- */

typedef struct _KinWorker KinWorker;
typedef void (*KinWork) (KinWorker *worker);

/* The head of a struct made by g_new0 () that owns all the work touches. */
struct _KinWorker {
  gint    ref_count;               /* the thread's, and that of who waits */
  int     fd;                      /* eventfd: readable once it has ended */
  gint    has_ended;               /* set once; what the work wrote is whole then */
  KinWork work;                    /* in the thread */
  KinWork clear;                   /* what the struct holds, before it is freed */
};

/* 0, or -errno; dropped by the caller in either case. */
int      kin__worker_start (KinWorker *worker, KinWork work, KinWork clear);
gboolean kin__worker_has_ended (KinWorker *worker);
/* Until it has ended. 0, or -errno, -KIN__TIMED_OUT, -KIN__CANCELLED. */
int      kin__worker_wait (KinWorker *worker, gint64 deadline, KinCancel *cancel);
/* Whether it has ended or not: it is left behind. NULL is fine. */
void     kin__worker_drop (KinWorker *worker);

/* ---- Names: resolver-calls.c, addrinfo.c, resolver.c --------------------------------------- */

KinCalls kin__resolver_calls (void);

/* Why getaddrinfo or getnameinfo failed: "REASON; HINT"; g_free. */
char    *kin__resolve_reason (int code);
/* A look-up of what: getaddrinfo's or getnameinfo's code, and errno where that is EAI_SYSTEM. */
void     kin__resolve_fail (const char *what, int code, int os_code, GError **error);
/* A wait for one ended with code: an errno, KIN__TIMED_OUT or KIN__CANCELLED. */
void     kin__resolve_fail_waiting (const char *what, int code, GError **error);
/* Audits socket.getaddrinfo. Only where there is a hook. host, port: as they were given, floating;
 * scheme may be NULL. */
gboolean kin__resolve_may (const char *scheme, GVariant *host, GVariant *port,
                           const KinAddressHints *hints, GError **error);
/* A host in ASCII, by IDNA where it is not; NULL: it has no such form; g_free. atom.c */
char    *kin__host_to_ascii (const char *host);

/* kin_getaddrinfo () without the audit, until a deadline. addrinfo.c */
GPtrArray *kin__getaddrinfo (const char *host, const char *service, const KinAddressHints *hints,
                             gint64 deadline, KinCancel *cancel, GError **error);
/* "" or "<broadcast>", which stand for an IPv4 address; else the host itself. addrinfo.c */
const char *kin__host_special (const char *host);
/* A string as an audit's argument; NULL is None. Floating. addrinfo.c */
GVariant   *kin__audit_text (const char *text);

/* An endpoint's look-up. */
typedef struct _KinLookup KinLookup;

/* Asks, audited; in a thread where it has to wait. */
KinLookup  *kin__lookup_start (KinQuestion *question, gboolean is_passive, GError **error);
/* Readable once it has ended. */
int         kin__lookup_fd (const KinLookup *lookup);
gboolean    kin__lookup_has_ended (KinLookup *lookup);
/* What it found, once it has ended: g_free; or NULL. */
KinAddress *kin__lookup_take (KinLookup *lookup, gsize *n, GError **error);
/* A wait for it ended with code: an errno, KIN__TIMED_OUT or KIN__CANCELLED. */
void        kin__lookup_fail_waiting (const KinLookup *lookup, int code, GError **error);
/* Whether it has ended or not: it is left behind. NULL is fine. */
void        kin__lookup_drop (KinLookup *lookup);

/* kin_endpoint_resolve () until a deadline. */
KinAddress *kin__resolve (const KinEndpoint *endpoint, gboolean is_passive, gint64 deadline,
                          KinCancel *cancel, gsize *n, GError **error);

#endif
