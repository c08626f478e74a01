/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tests/names.h: two families that share a scheme and look names up, for tests of the core.
 *
 * They stand over IPv4 and IPv6, "name:HOST,PORT". What a look-up does its name says, words between
 * '+':
 *   127.0.0.2  ::1    addresses, found in this order
 *   wait-200          it takes so many milliseconds
 *   hang              it does not end while names_hold () says so
 *   eai-2  errno-5    it fails with EAI_NONAME, or with an errno
 * A name without an address is found to have none. "*" is no name, but all addresses to each. "!" is
 * one that neither can express. */
/* clang-format off */
#ifndef TEST_NAMES_H
#define TEST_NAMES_H

#include "local.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>

static pthread_mutex_t names_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t  names_changed = PTHREAD_COND_INITIALIZER;
static gboolean        names_held;

/* Look-ups that hang do so from here on; then no more. */
static inline void
names_hold (gboolean is_held)
{
  pthread_mutex_lock (&names_lock);
  names_held = is_held;
  pthread_cond_broadcast (&names_changed);
  pthread_mutex_unlock (&names_lock);
}

static inline void
names_hang (void)
{
  pthread_mutex_lock (&names_lock);
  while (names_held)
    pthread_cond_wait (&names_changed, &names_lock);
  pthread_mutex_unlock (&names_lock);
}

/* ---- Addresses ----------------------------------------------------------------------------- */

static int
names_get (const KinField *field, const void *base, size_t length, KinForm form, KinMember *member)
{
  (void) length;
  (void) form;
  inet_ntop (field->size == 4 ? AF_INET : AF_INET6, (const char *) base + field->offset,
             member->bytes, sizeof member->bytes);
  member->kind = KIN_STRING;
  member->length = (uint32_t) strlen (member->bytes);
  return 0;
}

static int
names_set (const KinField *field, void *base, size_t *length, KinForm form, const KinMember *member)
{
  int domain = field->size == 4 ? AF_INET : AF_INET6;

  (void) length;
  (void) form;
  if (member->kind != KIN_STRING)
    return -EINVAL;
  if (strcmp (member->bytes, "*") == 0)
    return 0;
  if (strcmp (member->bytes, "!") == 0)
    return -EOPNOTSUPP;
  return inet_pton (domain, member->bytes, (char *) base + field->offset) == 1 ? 0 : -EADDRNOTAVAIL;
}

static inline gboolean
names_asks (const KinQuery *query, int domain)
{
  for (guint i = 0; i < query->n_domains; i++)
    if (query->domains[i] == domain)
      return TRUE;
  return FALSE;
}

static inline void
names_add (const KinQuery *query, const char *word, KinAddress *results, size_t max_results, int *n)
{
  in_port_t port = htons ((guint16) query->members[1].number);
  KinAddress *result = &results[*n];
  struct in6_addr six;
  struct in_addr four;

  if ((size_t) *n == max_results)
    return;
  if (inet_pton (AF_INET, word, &four) == 1 && names_asks (query, AF_INET)) {
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = port, .sin_addr = four };

    memcpy (&result->sa, &address, result->length = sizeof address);
    (*n)++;
  } else if (inet_pton (AF_INET6, word, &six) == 1 && names_asks (query, AF_INET6)) {
    struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = six };

    memcpy (&result->sa, &address, result->length = sizeof address);
    (*n)++;
  }
}

static int
names_resolve (const KinQuery *query, KinAddress *results, size_t max_results)
{
  g_auto (GStrv) words = g_strsplit (query->members[0].bytes, "+", -1);
  int n = 0;

  for (char **word = words; *word; word++)
    if (g_str_has_prefix (*word, "wait-"))
      g_usleep ((gulong) atoi (*word + 5) * 1000);
    else if (g_str_has_prefix (*word, "eai-"))
      return KIN_RESOLVE_FAILED (atoi (*word + 4));
    else if (g_str_has_prefix (*word, "errno-"))
      return -atoi (*word + 6);
    else if (strcmp (*word, "hang") == 0)
      names_hang ();
    else
      names_add (query, *word, results, max_results, &n);
  return n;
}

/* ---- Families ------------------------------------------------------------------------------ */

static const KinField name4_fields[] = {
  { .name = "host", .kind = KIN_CUSTOM, .flags = KIN_FIELD_HOST, .get = names_get, .set = names_set,
    KIN_AT (struct sockaddr_in, sin_addr) },
  { .name = "port", .kind = KIN_UINT, .flags = KIN_FIELD_BIG_ENDIAN,
    KIN_AT (struct sockaddr_in, sin_port) },
};

static const KinField name6_fields[] = {
  { .name = "host", .kind = KIN_CUSTOM, .flags = KIN_FIELD_HOST, .get = names_get, .set = names_set,
    KIN_AT (struct sockaddr_in6, sin6_addr) },
  { .name = "port", .kind = KIN_UINT, .flags = KIN_FIELD_BIG_ENDIAN,
    KIN_AT (struct sockaddr_in6, sin6_port) },
  { .name = "flowinfo", .kind = KIN_UINT, .bits = 20,
    .flags = KIN_FIELD_BIG_ENDIAN | KIN_FIELD_OPTIONAL | KIN_FIELD_TUPLE_ONLY,
    KIN_AT (struct sockaddr_in6, sin6_flowinfo) },
};

#define NAMES_CODEC(fields_, type) \
  { { .bytes = sizeof (type), .separator = ',', \
      .resolve = names_resolve, .fields = KIN_TABLE (fields_) } }
static const KinAddressCodec name4_codecs[] = NAMES_CODEC (name4_fields, struct sockaddr_in);
static const KinAddressCodec name6_codecs[] = NAMES_CODEC (name6_fields, struct sockaddr_in6);

#define NAMES_ROWS(codecs_, options_, flags_) \
  { { .scheme = "name", .type = SOCK_STREAM, .flags = KIN_PROTOCOL_SHARED | (flags_), \
      .kernel_waits = KIN_WAITS_ALL, .codecs = KIN_TABLE (codecs_), .bind_options = options_, \
      .grammar = "HOST,PORT", .example = "name:127.0.0.1,80" }, \
    { .scheme = "name-dgram", .type = SOCK_DGRAM, .flags = KIN_PROTOCOL_SHARED | (flags_), \
      .kernel_waits = KIN_WAITS_ALL, .codecs = KIN_TABLE (codecs_), .bind_options = options_, \
      .grammar = "HOST,PORT", .example = "name-dgram:127.0.0.1,80" } }
static const KinProtocol name4_protocols[] = NAMES_ROWS (name4_codecs, "so.reuseaddr=1", 0);
static const KinProtocol name6_protocols[] =
  NAMES_ROWS (name6_codecs, "so.reuseaddr=1&name6.v6only=0", KIN_PROTOCOL_DUAL);

static const KinOption name6_options[] = {
  { .name  = "name6.hops", .help   = "time to live", .level = IPPROTO_IPV6,
    .number = IPV6_UNICAST_HOPS,
    .kind  = KIN_INT,      .size   = 4,              .flags = KIN_OPTION_READ_WRITE },
  { .name  = "name6.late", .help   = "traffic class",  .level = IPPROTO_IPV6,
    .number = IPV6_TCLASS,
    .kind  = KIN_INT,      .size   = 4, .flags = KIN_OPTION_READ_WRITE | KIN_OPTION_LATE },
  { .name  = "name6.v6only", .help = "no IPv4",      .level = IPPROTO_IPV6, .number = IPV6_V6ONLY,
    .kind  = KIN_BOOL,     .size   = 4,              .flags = KIN_OPTION_READ_WRITE },
};

static const KinField name4_pktinfo_fields[] = {
  { .name = "interface", .kind = KIN_INTERFACE, KIN_AT (struct in_pktinfo, ipi_ifindex) },
  { .name = "local", .kind = KIN_CUSTOM, .flags = KIN_FIELD_LOCAL, .get = names_get,
    .set = names_set, KIN_AT (struct in_pktinfo, ipi_spec_dst) },
  { .name = "header", .kind = KIN_CUSTOM, .get = names_get, .set = names_set,
    KIN_AT (struct in_pktinfo, ipi_addr) },
};
static const KinOption name4_options[] = {
  { .name  = "name4.pktinfo", .help = "say where it came to", .level = IPPROTO_IP,
    .number = IP_PKTINFO, .kind = KIN_BOOL, .size = 4, .flags = KIN_OPTION_READ_WRITE },
  { .name  = "name4.ttl",  .help   = "time to live", .level = IPPROTO_IP, .number = IP_TTL,
    .kind  = KIN_INT,      .size   = 4,              .flags = KIN_OPTION_READ_WRITE },
};
static const KinControl name4_controls[] = {
  { .name  = "name4.pktinfo", .help = "where it came to", .level = IPPROTO_IP,
    .number = IP_PKTINFO, .kind = KIN_STRUCT, .size = sizeof (struct in_pktinfo),
    .fields = KIN_TABLE (name4_pktinfo_fields), .flags = KIN_OPTION_READ_WRITE,
    .enabled_by = "name4.pktinfo" },
};

static const KinHint names_hints[] = {
  { .operation = "address", .code = EOPNOTSUPP, .sentence = "a host is digits or a name" },
  { .operation = "connect", .code = ECONNREFUSED, .sentence = "nothing listens on that port" },
};

static const KinFamily name4_family = {
  KIN_STAMP, .domain = KIN_DOMAIN_DYNAMIC, .over_domain = AF_INET, .name = "name4",
  .summary = "IPv4, for tests", .protocols = KIN_TABLE (name4_protocols),
  .options = KIN_TABLE (name4_options), .controls = KIN_TABLE (name4_controls),
  .hints = KIN_TABLE (names_hints),
};
static const KinFamily name6_family = {
  KIN_STAMP, .domain = KIN_DOMAIN_DYNAMIC, .over_domain = AF_INET6, .name = "name6",
  .summary = "IPv6, for tests", .protocols = KIN_TABLE (name6_protocols),
  .options = KIN_TABLE (name6_options), .hints = KIN_TABLE (names_hints),
};

static inline gboolean
names_has_worker (void)
{
  g_autoptr (GDir) folder = g_dir_open ("/proc/self/task", 0, NULL);
  gboolean has = FALSE;
  const char *task;

  while (!has && (task = g_dir_read_name (folder))) {
    g_autofree char *path = g_strdup_printf ("/proc/self/task/%s/comm", task), *name = NULL;

    has = g_file_get_contents (path, &name, NULL, NULL) && strcmp (name, "kin-resolver\n") == 0;
  }
  return has;
}

/* Descriptors, once no worker has one any more: they end by themselves. */
static inline guint
names_count_fds (void)
{
  for (guint tries = 0; names_has_worker () && tries < 5000; tries++)
    g_usleep (1000);
  return count_fds ();
}

static inline int
names_setup (void **state)
{
  (void) state;
  return kin_register_family (&name4_family, NULL) && kin_register_family (&name6_family, NULL)
           ? 0 : -1;
}

/* ---- Doors --------------------------------------------------------------------------------- */

static inline guint16
names_port_of (KinSocket *socket)
{
  KinAddress address;

  assert_true (kin_socket_local (socket, &address, NULL));
  return ntohs (((struct sockaddr_in *) &address.sa)->sin_port);   /* in sockaddr_in6, too */
}

/* Listens at an address; *port 0: any, which is then told. */
static inline KinSocket *
names_listen (const char *host, guint16 *port)
{
  g_autofree char *endpoint = g_strdup_printf ("name:%s,%u", host, *port);
  g_autoptr (GError) error = NULL;
  KinSocket *door = kin_listen (endpoint, &error);

  if (!door)
    fail_msg ("%s", error->message);
  *port = names_port_of (door);
  return door;
}

/* Listens and answers no more: its backlog is full, and the kernel drops what comes. */
typedef struct {
  KinSocket *door, *callers[3];
} Silent;

static inline Silent
names_listen_silently (const char *host, guint16 *port)
{
  Silent silent = { .door = names_listen (host, port) };
  g_autofree char *to = g_strdup_printf ("name:%s,%u", host, *port);

  assert_true (kin_socket_listen (silent.door, 0, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (silent.callers); i++)
    silent.callers[i] = kin_connect_start (to, NULL);
  return silent;
}

static inline void
names_silent_free (Silent *silent)
{
  for (guint i = 0; i < G_N_ELEMENTS (silent->callers); i++)
    kin_socket_unref (silent->callers[i]);
  kin_socket_unref (silent->door);
}

#endif
