/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* registry: a plain table of families: add, find, list.
 *
 * What is linked in is added first, then what the plugin host finds by manifest, in search order.
 * The earlier of two that claim one name, domain or unshared scheme wins; the loser stays listed
 * with the reason. A family found by manifest is loaded when it is first needed.
 *
 * Entries and loaded families are never freed: addresses and sockets point into them. The lock
 * guards the table and loading; what was found is read without it. */
#include "private.h"

#include <string.h>

static GRecMutex lock;
static GPtrArray *entries; /* KinEntry, in search order */

/* Of the usable ones: whose scheme is whose. Every program compares all schemes with all at its
 * start, so they are in chains, of those that begin, end and are as long alike. */
typedef struct {
  const KinEntry *entry;
  const char *scheme;
  gboolean is_shared;
  guint next; /* in its chain: a claim's place in claims, from 1; 0: the end */
} Claim;
static GArray *claims;
static guint chains[256];

/* ---- Adding -------------------------------------------------------------------------------- */

static gboolean
is_usable (const KinEntry *entry)
{
  return entry->info.state == KIN_FAMILY_LISTED || entry->info.state == KIN_FAMILY_LOADED;
}

/* Most words differ in the first letter. */
static gboolean
is_same_word (const char *a, const char *b)
{
  return *a == *b && strcmp (a, b) == 0;
}

static guint *
chain_of (const char *scheme)
{
  gsize n = strlen (scheme);

  return &chains[((guchar) scheme[0] * 5u + (guchar) scheme[n - 1] * 3u + n)
                 % G_N_ELEMENTS (chains)];
}

/* The claim that keeps entry from one of its schemes; NULL: none. */
static const Claim *
find_claim (const KinEntry *entry)
{
  for (guint i = 0; entry->info.schemes[i]; i++)
    for (guint n = *chain_of (entry->info.schemes[i]); n > 0;) {
      const Claim *claim = &g_array_index (claims, Claim, n - 1);

      if (is_same_word (entry->info.schemes[i], claim->scheme)
          && !(entry->is_shared[i] && claim->is_shared))
        return claim;
      n = claim->next;
    }
  return NULL;
}

static const char *
describe_place (const KinEntry *entry)
{
  return entry->info.file ? entry->info.file : "the program itself";
}

static char *
find_conflict (const KinEntry *entry)
{
  const Claim *claim;

  for (guint i = 0; i < entries->len; i++) {
    const KinEntry *earlier = entries->pdata[i];

    if (!is_usable (earlier))
      continue;
    if (is_same_word (earlier->info.name, entry->info.name))
      return g_strdup_printf ("%s has a family %s already", describe_place (earlier),
                              entry->info.name);
    if (entry->info.domain != KIN_DOMAIN_DYNAMIC && earlier->info.domain == entry->info.domain)
      return g_strdup_printf ("family %s of %s has domain %d already", earlier->info.name,
                              describe_place (earlier), entry->info.domain);
  }
  claim = find_claim (entry);
  return claim ? g_strdup_printf ("family %s of %s has the scheme %s already",
                                  claim->entry->info.name, describe_place (claim->entry),
                                  claim->scheme)
               : NULL;
}

static void
claim_schemes (const KinEntry *entry)
{
  guint n = claims->len;

  g_array_set_size (claims, n + g_strv_length ((char **) entry->info.schemes));
  for (guint i = 0; entry->info.schemes[i]; i++) {
    guint *chain = chain_of (entry->info.schemes[i]);

    g_array_index (claims, Claim, n) =
        (Claim){ entry, entry->info.schemes[i], entry->is_shared[i], *chain };
    *chain = ++n;
  }
}

void
kin__registry_add (KinEntry *entry)
{
  if (is_usable (entry)) {
    char *conflict = find_conflict (entry);

    if (conflict) {
      entry->info.state = KIN_FAMILY_SHADOWED;
      entry->info.reason = conflict;
    } else
      claim_schemes (entry);
  }
  g_ptr_array_add (entries, entry);
}

static gboolean
add_descriptor (const KinFamily *own, GError **error)
{
  g_autofree char *reason = NULL;
  const KinLoaded *loaded = kin__family_take (own, &reason);
  const char **schemes;
  guint8 *is_shared;
  KinEntry *entry;

  if (!loaded) {
    kin__error_set (error, KIN_ERROR_PLUGIN_REFUSED, "cannot register a family: %s", reason);
    return FALSE;
  }
  entry = g_new0 (KinEntry, 1);
  entry->loaded = loaded;
  schemes = g_new0 (const char *, loaded->n_transports + 1);
  is_shared = g_new0 (guint8, loaded->n_transports);
  for (guint i = 0; i < loaded->n_transports; i++) {
    schemes[i] = loaded->transports[i].row.scheme;
    is_shared[i] = (loaded->transports[i].row.flags & KIN_PROTOCOL_SHARED) != 0;
  }
  entry->info.name = loaded->data.name;
  entry->info.summary = loaded->data.summary;
  entry->info.schemes = schemes;
  entry->info.domain = loaded->data.domain;
  entry->info.state = KIN_FAMILY_LOADED;
  entry->is_shared = is_shared;
  kin__registry_add (entry);
  if (entry->info.state == KIN_FAMILY_SHADOWED) {
    kin__error_set (error, KIN_ERROR_PLUGIN_REFUSED, "cannot register family %s: %s",
                    loaded->data.name, entry->info.reason);
    return FALSE;
  }
  return TRUE;
}

/* Locks; the first time it fills the table. */
static void
registry_enter (void)
{
  g_rec_mutex_lock (&lock);
  if (entries)
    return;
  entries = g_ptr_array_new ();
  claims = g_array_new (FALSE, FALSE, sizeof (Claim));
  for (guint i = 0; kin__builtin.families[i]; i++)
    add_descriptor (kin__builtin.families[i], NULL);
  if (kin__builtin.host)
    kin__builtin.host->scan ();
}

static void
registry_leave (void)
{
  g_rec_mutex_unlock (&lock);
}

/**
 * kin_register_family:
 * @family: a descriptor, constant and for ever
 * @error: return location, or %NULL
 *
 * Registers a family of the program's own, as if it were linked into libkin. Families that were
 * registered before keep what they claim.
 *
 * Returns: %TRUE, or %FALSE with %KIN_ERROR_PLUGIN_REFUSED
 */
gboolean
kin_register_family (const KinFamily *family, GError **error)
{
  gboolean is_added;

  registry_enter ();
  is_added = add_descriptor (family, error);
  registry_leave ();
  return is_added;
}

/* ---- Loading ------------------------------------------------------------------------------- */

static gboolean
refuse (KinEntry *entry, GError *why, GError **error)
{
  entry->info.reason = g_strdup (why->message);
  entry->info.state = KIN_FAMILY_REFUSED;
  entry->error_code = (KinError) why->code;
  kin__error_set (error, (KinError) why->code, "%s", why->message);
  g_error_free (why);
  return FALSE;
}

/* A load that failed is not tried again: the file would have to change under a running program. */
static gboolean
load (KinEntry *entry, GError **error)
{
  GError *why = NULL;

  if (entry->loaded)
    return TRUE;
  if (!is_usable (entry)) {
    kin__error_set (error, entry->error_code ? entry->error_code : KIN_ERROR_PLUGIN_REFUSED, "%s",
                    entry->info.reason);
    return FALSE;
  }
  entry->loaded = kin__builtin.host->load (entry, &why);
  if (!entry->loaded)
    return refuse (entry, why, error);
  entry->info.state = KIN_FAMILY_LOADED;
  return TRUE;
}

/* ---- Finding ------------------------------------------------------------------------------- */

static gboolean
has_scheme (const KinEntry *entry, const char *scheme)
{
  return g_strv_contains (entry->info.schemes, scheme);
}

/* The n-th usable entry with the scheme; if there is none at all, a refused one that would have it,
 * so that its reason is what the user reads. */
static KinEntry *
find_entry (const char *scheme, guint n)
{
  KinEntry *refused = NULL;
  gboolean is_any = n > 0;

  for (guint i = 0; i < entries->len; i++) {
    KinEntry *entry = entries->pdata[i];
    gboolean has = has_scheme (entry, scheme);

    if (has && is_usable (entry)) {
      if (n-- == 0)
        return entry;
      is_any = TRUE;
    } else if (entry->info.state == KIN_FAMILY_REFUSED
               && (has || strcmp (entry->info.name, scheme) == 0))
      refused = entry;
  }
  return is_any ? NULL : refused;
}

char *
kin__registry_missing (const char *scheme)
{
  return kin__builtin.host ? kin__builtin.host->known (scheme) : NULL;
}

const KinTransport *
kin__registry_scheme (const char *scheme, guint n, GError **error)
{
  const KinTransport *found = NULL;
  KinEntry *entry;

  registry_enter ();
  /* One that will not load is refused from then on, and the next one has its place. */
  do
    entry = find_entry (scheme, n);
  while (entry && is_usable (entry) && !load (entry, NULL));
  if (!entry && n == 0)
    kin__fail_scheme (scheme, error);
  else if (entry && load (entry, error))
    for (guint i = 0; i < entry->loaded->n_transports && !found; i++)
      if (strcmp (entry->loaded->transports[i].row.scheme, scheme) == 0)
        found = &entry->loaded->transports[i];
  registry_leave ();
  return found;
}

const KinLoaded *
kin__registry_domain (int domain, GError **error)
{
  KinEntry *found = NULL;
  const KinLoaded *loaded = NULL;

  registry_enter ();
  for (guint i = 0; i < entries->len; i++) {
    KinEntry *entry = entries->pdata[i];

    if (entry->info.domain == domain && (!found || is_usable (entry)))
      found = entry;
  }
  if (found && domain != KIN_DOMAIN_DYNAMIC && load (found, error))
    loaded = found->loaded;
  registry_leave ();
  return loaded;
}

char **
kin__registry_schemes (void)
{
  GPtrArray *all = g_ptr_array_new ();

  registry_enter ();
  for (guint i = 0; i < entries->len; i++) {
    const KinEntry *entry = entries->pdata[i];

    for (guint j = 0; is_usable (entry) && entry->info.schemes[j]; j++)
      g_ptr_array_add (all, g_strdup (entry->info.schemes[j]));
  }
  registry_leave ();
  g_ptr_array_add (all, NULL);
  return (char **) g_ptr_array_free (all, FALSE);
}

/**
 * kin_list_families:
 *
 * Every family that was seen: linked in, registered, found by manifest; those refused and shadowed
 * as well, as they are now. Loads none.
 *
 * Returns: (transfer full) (element-type KinFamilyInfo): the list, in search order; what its
 *   members point to stays for ever
 */
GPtrArray *
kin_list_families (void)
{
  GPtrArray *list;

  registry_enter ();
  list = g_ptr_array_new_full (entries->len, g_free);
  for (guint i = 0; i < entries->len; i++) {
    const KinEntry *entry = entries->pdata[i];

    g_ptr_array_add (list, g_memdup2 (&entry->info, sizeof entry->info));
  }
  registry_leave ();
  return list;
}

/**
 * kin_plugin_folders:
 *
 * Where families are looked for: those of the installation, then those of KIN_PLUGIN_PATH. None in
 * a libkin without plugins.
 *
 * Returns: (transfer full): the folders, in search order
 */
char **
kin_plugin_folders (void)
{
  return kin__builtin.host ? kin__builtin.host->folders () : g_new0 (char *, 1);
}

/**
 * kin_load_family:
 * @name: a family's name, "vsock"
 * @error: return location, or %NULL
 *
 * Loads the family if it is not loaded yet. Read its tables by kin_table_get().
 *
 * Returns: (transfer none) (nullable): its descriptor, cut or filled to this libkin's length; or
 *   %NULL with %KIN_ERROR_NO_SUCH_SCHEME, %KIN_ERROR_NO_PLUGIN or %KIN_ERROR_PLUGIN_REFUSED
 */
const KinFamily *
kin_load_family (const char *name, GError **error)
{
  const KinFamily *found = NULL;
  KinEntry *entry = NULL;

  registry_enter ();
  for (guint i = 0; i < entries->len; i++) {
    KinEntry *candidate = entries->pdata[i];

    if (strcmp (candidate->info.name, name) == 0 && (!entry || !is_usable (entry)))
      entry = candidate;
  }
  if (!entry)
    kin__fail_scheme (name, error);
  else if (load (entry, error))
    found = &entry->loaded->data;
  registry_leave ();
  return found;
}

/**
 * kin_preload:
 * @names: (array zero-terminated=1): names of families
 * @error: return location, or %NULL
 *
 * Loads families now: before a program changes its root, forks, drops its rights or enters
 * seccomp(2), after which plugins may be out of reach.
 *
 * Returns: %TRUE, or %FALSE as kin_load_family(); those named before the one that failed are loaded
 */
gboolean
kin_preload (const char *const *names, GError **error)
{
  for (; *names; names++)
    if (!kin_load_family (*names, error))
      return FALSE;
  return TRUE;
}

gboolean
kin__registry_constants (guint n, const char **lines, const KinTable **table)
{
  const KinEntry *found = NULL;

  registry_enter ();
  for (guint i = 0; i < entries->len && !found; i++) {
    const KinEntry *entry = entries->pdata[i];

    if (is_usable (entry) && (entry->constants || entry->loaded) && n-- == 0)
      found = entry;
  }
  if (found) {
    *lines = found->constants;
    *table = found->loaded ? &found->loaded->data.constants : NULL;
  }
  registry_leave ();
  return found != NULL;
}
