/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin interfaces: the network interfaces of this machine, whose names endpoints may have.
 *
 * getifaddrs(3) tells each interface once for each of its addresses, and once for the link. */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netdb.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tool.h"

static gboolean is_json;

typedef struct {
  const char *name;
  guint index;
  int mtu;
  guint flags;
  int type;             /* ARPHRD_…; -1: not known */
  char *link;           /* the hardware's address, or NULL */
  GPtrArray *addresses; /* "192.0.2.1/24" */
} Interface;

/* ---- In words ------------------------------------------------------------------------------ */

typedef struct {
  guint number;
  const char *word;
} Word;

/* clang-format off */
static const Word flag_words[] = {
  { IFF_UP,          "up" },
  { IFF_RUNNING,     "running" },
  { IFF_LOOPBACK,    "loopback" },
  { IFF_POINTOPOINT, "point-to-point" },
  { IFF_BROADCAST,   "broadcast" },
  { IFF_MULTICAST,   "multicast" },
  { IFF_ALLMULTI,    "all-multicast" },
  { IFF_PROMISC,     "promiscuous" },
  { IFF_NOARP,       "no-arp" },
  { IFF_MASTER,      "master" },
  { IFF_SLAVE,       "slave" },
};

static const Word type_words[] = {
  { ARPHRD_ETHER,    "ethernet" },
  { ARPHRD_LOOPBACK, "loopback" },
  { ARPHRD_CAN,      "can" },
  { ARPHRD_PPP,      "ppp" },
  { ARPHRD_TUNNEL,   "tunnel" },
  { ARPHRD_TUNNEL6,  "tunnel" },
  { ARPHRD_SIT,      "tunnel" },
  { ARPHRD_IPGRE,    "tunnel" },
  { ARPHRD_NONE,     "none" },
};
/* clang-format on */

static GPtrArray *
interfaces_flags (guint flags)
{
  GPtrArray *words = g_ptr_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (flag_words); i++)
    if (flags & flag_words[i].number)
      g_ptr_array_add (words, (gpointer) flag_words[i].word);
  return words;
}

static char *
interfaces_type (int type)
{
  for (guint i = 0; i < G_N_ELEMENTS (type_words); i++)
    if ((int) type_words[i].number == type)
      return g_strdup (type_words[i].word);
  return type < 0 ? g_strdup ("unknown") : g_strdup_printf ("type %d", type);
}

/* ---- From the kernel ----------------------------------------------------------------------- */

static void
interface_free (gpointer data)
{
  Interface *interface = data;

  g_free (interface->link);
  g_ptr_array_unref (interface->addresses);
  g_free (interface);
}

/* What is in the address, as bits from its start. */
static guint
interfaces_count_bits (const guint8 *bytes, gsize n)
{
  guint bits = 0;

  for (gsize i = 0; i < n; i++)
    bits += (guint) __builtin_popcount (bytes[i]);
  return bits;
}

static void
interfaces_add_link (Interface *interface, const struct sockaddr *address)
{
  const struct sockaddr_ll *link = (const void *) address;
  GString *text = g_string_new (NULL);
  gboolean is_set = FALSE;

  interface->type = link->sll_hatype;
  for (guint i = 0; i < link->sll_halen && i < sizeof link->sll_addr; i++) {
    g_string_append_printf (text, "%s%02x", i > 0 ? ":" : "", link->sll_addr[i]);
    is_set |= link->sll_addr[i] != 0;
  }
  interface->link = g_string_free (text, !is_set);
}

static void
interfaces_add_address (Interface *interface, const struct ifaddrs *row)
{
  int family = row->ifa_addr->sa_family;
  gboolean is_6 = family == AF_INET6;
  socklen_t size = is_6 ? sizeof (struct sockaddr_in6) : sizeof (struct sockaddr_in);
  gsize offset =
      is_6 ? offsetof (struct sockaddr_in6, sin6_addr) : offsetof (struct sockaddr_in, sin_addr);
  char host[NI_MAXHOST];

  if ((family != AF_INET && !is_6)
      || getnameinfo (row->ifa_addr, size, host, sizeof host, NULL, 0, NI_NUMERICHOST) != 0)
    return;
  if (row->ifa_netmask)
    g_ptr_array_add (
        interface->addresses,
        g_strdup_printf (
            "%s/%u", host,
            interfaces_count_bits ((const guint8 *) row->ifa_netmask + offset, is_6 ? 16 : 4)));
  else
    g_ptr_array_add (interface->addresses, g_strdup (host));
}

/* -1: the kernel does not say. */
static int
interfaces_ask_mtu (const char *name)
{
  int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = -1;
  struct ifreq request = { .ifr_mtu = -1 };

  g_strlcpy (request.ifr_name, name, sizeof request.ifr_name);
  if (fd >= 0)
    rc = ioctl (fd, SIOCGIFMTU, &request);
  if (fd >= 0)
    close (fd);
  return rc < 0 ? -1 : request.ifr_mtu;
}

static Interface *
interfaces_find (GPtrArray *interfaces, const struct ifaddrs *row)
{
  Interface *interface;

  for (guint i = 0; i < interfaces->len; i++) {
    interface = interfaces->pdata[i];
    if (strcmp (interface->name, row->ifa_name) == 0)
      return interface;
  }
  interface = g_new0 (Interface, 1);
  *interface = (Interface){ .name = row->ifa_name,
                            .index = if_nametoindex (row->ifa_name),
                            .mtu = interfaces_ask_mtu (row->ifa_name),
                            .flags = row->ifa_flags,
                            .type = -1,
                            .addresses = g_ptr_array_new_with_free_func (g_free) };
  g_ptr_array_add (interfaces, interface);
  return interface;
}

static int
interfaces_compare (gconstpointer a, gconstpointer b)
{
  const Interface *first = *(Interface *const *) a, *second = *(Interface *const *) b;

  return first->index < second->index ? -1 : first->index > second->index;
}

static GPtrArray *
interfaces_collect (const struct ifaddrs *rows)
{
  GPtrArray *interfaces = g_ptr_array_new_with_free_func (interface_free);

  for (const struct ifaddrs *row = rows; row; row = row->ifa_next) {
    /* An address with a label, eth0:1, is eth0's. */
    Interface *interface;

    row->ifa_name[strcspn (row->ifa_name, ":")] = 0;
    interface = interfaces_find (interfaces, row);
    if (row->ifa_addr && row->ifa_addr->sa_family == AF_PACKET)
      interfaces_add_link (interface, row->ifa_addr);
    else if (row->ifa_addr)
      interfaces_add_address (interface, row);
  }
  g_ptr_array_sort (interfaces, interfaces_compare);
  return interfaces;
}

/* ---- Shown --------------------------------------------------------------------------------- */

static char *
interfaces_join (GPtrArray *words)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < words->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? " " : "", (const char *) words->pdata[i]);
  return g_string_free (text, FALSE);
}

static void
interfaces_add_row (Listing *listing, const Interface *interface)
{
  g_autoptr (GPtrArray) flags = interfaces_flags (interface->flags);
  char **cells = listing_add_row (listing);

  cells[0] = g_strdup_printf ("%u", interface->index);
  cells[1] = tool_escape (interface->name);
  cells[2] = interfaces_type (interface->type);
  cells[3] = interface->mtu < 0 ? g_strdup ("-") : g_strdup_printf ("%d", interface->mtu);
  cells[4] = g_strdup (interface->link ? interface->link : "-");
  cells[5] = interfaces_join (flags);
  cells[6] = interfaces_join (interface->addresses);
}

static void
interfaces_add_words (GString *json, const char *name, GPtrArray *words)
{
  json_name (json, name);
  json_open (json, '[');
  for (guint i = 0; i < words->len; i++)
    json_text (json, words->pdata[i]);
  json_close (json, ']');
}

static void
interfaces_add_json (GString *json, const Interface *interface)
{
  g_autoptr (GPtrArray) flags = interfaces_flags (interface->flags);
  g_autofree char *type = interfaces_type (interface->type);

  json_open (json, '{');
  json_name (json, "index");
  json_number (json, interface->index);
  json_name (json, "name");
  json_text (json, interface->name);
  json_name (json, "type");
  json_text (json, type);
  json_name (json, "mtu");
  json_number (json, interface->mtu);
  json_name (json, "link");
  json_text (json, interface->link);
  interfaces_add_words (json, "flags", flags);
  interfaces_add_words (json, "addresses", interface->addresses);
  json_close (json, '}');
}

static void
interfaces_show (GPtrArray *interfaces)
{
  static const char *const heads[] = { "INDEX", "NAME",  "TYPE",      "MTU",
                                       "LINK",  "FLAGS", "ADDRESSES", NULL };
  Listing listing;

  listing_begin (&listing, G_N_ELEMENTS (heads) - 1, heads);
  for (guint i = 0; i < interfaces->len; i++) {
    interfaces_add_row (&listing, interfaces->pdata[i]);
    interfaces_add_json (listing.json, interfaces->pdata[i]);
  }
  listing_end (&listing, is_json);
}

/* Those that are named, in that order; what is not there is said. */
static int
interfaces_choose (GPtrArray *all, char **names, GPtrArray *chosen)
{
  int code = TOOL_DONE;

  for (; *names; names++) {
    gboolean is_there = FALSE;

    for (guint i = 0; i < all->len && !is_there; i++) {
      Interface *interface = all->pdata[i];

      is_there = strcmp (interface->name, *names) == 0;
      if (is_there)
        g_ptr_array_add (chosen, interface);
    }
    if (!is_there) {
      tool_say ("no network interface is called \"%s\"; kin interfaces lists them", *names);
      code = TOOL_FAILED;
    }
  }
  return code;
}

static int
interfaces_run (char **operands)
{
  g_autoptr (GPtrArray) all = NULL, chosen = g_ptr_array_new ();
  struct ifaddrs *rows = NULL;
  int code = TOOL_DONE;

  if (getifaddrs (&rows) < 0) {
    tool_say ("cannot list the network interfaces: %s", g_strerror (errno));
    return TOOL_FAILED;
  }
  all = interfaces_collect (rows);
  if (operands[0])
    code = interfaces_choose (all, operands, chosen);
  if (code == TOOL_DONE)
    interfaces_show (operands[0] ? chosen : all);
  freeifaddrs (rows);
  return code;
}

static const GOptionEntry options[] = {
  { "json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "a list of objects", NULL }, { 0 }
};

KIN_VERB (interfaces) = {
  .name = "interfaces",
  .operands = "[NAME...]",
  .summary = "list the network interfaces",
  .details = "Index, name, kind of link, largest packet, the link's own address, flags, and the\n"
             "internet addresses with the length of their prefixes.\n"
             "\n"
             "Examples:\n"
             "  kin interfaces\n"
             "  kin interfaces eth0\n"
             "  kin interfaces --json | jq -r '.[] | select(.type == \"can\") | .name'\n",
  .options = options,
  .max = G_MAXUINT,
  .run = interfaces_run,
};
