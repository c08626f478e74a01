/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* report: entries of the error queue, and times of what comes, as typed values.
 *
 * Families name the control message that holds an entry (KIN_OPTION_REPORT); all of them hold the
 * kernel's struct sock_extended_err. The times are every socket's: socket(7). */
#include "private.h"

#include <string.h>
#include <sys/time.h>
#include <time.h>

/* An entry, three times, what counters come along, and the packet's own control messages. */
#define CONTROL_SIZE 512

#define NSEC_PER_SEC G_GINT64_CONSTANT (1000000000)

/* struct sock_extended_err, which the offender's sockaddr follows; <linux/errqueue.h> cannot be
 * included beside glibc's <time.h>. */
typedef struct {
  guint32 code;
  guint8 origin, type, subtype, pad;
  guint32 info, data;
} ExtendedError;

/* ---- Times --------------------------------------------------------------------------------- */

static gint64
to_nsec (gint64 seconds, gint64 nsec)
{
  return seconds * NSEC_PER_SEC + nsec;
}

/* FALSE: it is no time. */
static gboolean
read_times (const KinControlItem *item, gint64 *software_nsec, gint64 *hardware_nsec)
{
  struct timespec times[3] = { { 0, 0 } }; /* the second is always 0 */
  struct timeval time;

  if (item->level != SOL_SOCKET)
    return FALSE;
  if (item->type == SO_TIMESTAMPING && item->length >= sizeof times)
    memcpy (times, item->data, sizeof times);
  else if (item->type == SO_TIMESTAMPNS && item->length >= sizeof *times)
    memcpy (times, item->data, sizeof *times);
  else if (item->type == SO_TIMESTAMP && item->length >= sizeof time) {
    memcpy (&time, item->data, sizeof time);
    times[0] = (struct timespec){ .tv_sec = time.tv_sec, .tv_nsec = time.tv_usec * 1000 };
  } else
    return FALSE;
  *software_nsec = to_nsec (times[0].tv_sec, times[0].tv_nsec);
  *hardware_nsec = to_nsec (times[2].tv_sec, times[2].tv_nsec);
  return TRUE;
}

/**
 * kin_message_get_times:
 * @message: a received message
 * @software_nsec: (out): when the kernel saw it, nanoseconds since 1970; 0: not said
 * @hardware_nsec: (out): when the network card saw it, nanoseconds of its own clock; 0: not said
 *
 * When a message came, from whichever of the options so.timestamp, so.timestampns and
 * so.timestamping is on: socket(7), Documentation/networking/timestamping.rst. The kernel begins to
 * stamp a moment after it was asked to; so.timestamping's first messages may have no time.
 *
 * Returns: whether either time came with it
 */
gboolean
kin_message_get_times (const KinMessage *message, gint64 *software_nsec, gint64 *hardware_nsec)
{
  KinControlItem item;

  *software_nsec = *hardware_nsec = 0;
  for (gsize at = 0; kin_message_next_control (message, &at, &item);)
    if (read_times (&item, software_nsec, hardware_nsec))
      return *software_nsec != 0 || *hardware_nsec != 0;
  return FALSE;
}

/* ---- Reports ------------------------------------------------------------------------------- */

static gboolean
has_reports (const KinSocket *socket)
{
  guint i = 0;
  KinControl row;

  return kin__option_next (&socket->transport->family->data.controls, KIN_OPTION_REPORT, &i, &row);
}

static gboolean
is_report (const KinSocket *socket, const KinControlItem *item)
{
  KinControl row;

  for (guint i = 0;
       kin__option_next (&socket->transport->family->data.controls, KIN_OPTION_REPORT, &i, &row);)
    if (row.level == item->level && row.number == item->type)
      return TRUE;
  return FALSE;
}

/* Of the socket's own family: an IPv4 host that an IPv6 socket hears of is mapped. Where nobody
 * reported it the kernel leaves zeros. */
static void
take_address (const KinSocket *socket, const void *from, gsize length, KinAddress *address)
{
  sa_family_t domain = AF_UNSPEC;

  address->length = 0;
  if (length >= sizeof domain)
    memcpy (&domain, from, sizeof domain);
  if (domain == AF_UNSPEC || domain != kin__transport_domain (socket->transport))
    return;
  address->transport = socket->transport;
  address->protocol = socket->head.protocol;
  address->length = (guint32) MIN (length, sizeof address->sa);
  memcpy (&address->sa, from, address->length);
}

static void
take_error (const KinSocket *socket, const guint8 *data, gsize length, KinReport *report)
{
  ExtendedError entry;

  memcpy (&entry, data, sizeof entry);
  report->errnum = (int) entry.code;
  report->origin = entry.origin;
  report->type = entry.type;
  report->subtype = entry.subtype;
  report->info = entry.info;
  report->data = entry.data;
  take_address (socket, data + sizeof entry, length - sizeof entry, &report->offender);
}

/**
 * kin_socket_keep_reports:
 * @socket: a socket
 * @error: return location, or %NULL
 *
 * Makes the kernel keep errors that come later for kin_socket_recv_report(): the option that the
 * family's table has for it, ip.recverr, ipv6.recverr (an IPv6 socket takes both: its peer may be
 * IPv4) or j1939.errqueue. Times and zero-copy sends are reported without it. On a TCP socket it
 * also makes errors end the connection at once that TCP would try to live through: ip(7).
 *
 * Returns: %TRUE, or %FALSE with %KIN_OS_ERROR; EOPNOTSUPP: the family has no error queue
 */
gboolean
kin_socket_keep_reports (KinSocket *socket, GError **error)
{
  return kin__option_enable (socket, KIN_OPTION_REPORT, "keep reports of", error);
}

/**
 * kin_socket_recv_report:
 * @socket: a socket
 * @data: (out caller-allocates) (array length=size) (element-type guint8) (nullable): what the
 *   report is about: the datagram that did not arrive, as far as ICMP gave it back; of a time the
 *   packet, headers included, unless SOF_TIMESTAMPING_OPT_TSONLY; of a zero-copy send nothing
 * @size: bytes of @data; 0: it is dropped
 * @report: (out caller-allocates): the report
 * @error: return location, or %NULL
 *
 * Takes the oldest entry off the error queue: recvmsg(2) with MSG_ERRQUEUE. It never waits,
 * whatever the socket's timeout: kin_socket_wait() with POLLERR does. It does not touch what waits
 * to be received. An error that is kept also fails the socket's next call once, until its report is
 * taken.
 *
 * Returns: bytes of @data, or -1; EAGAIN: there is no report; EOPNOTSUPP: the family has none
 */
gssize
kin_socket_recv_report (KinSocket *socket, gpointer data, gsize size, KinReport *report,
                        GError **error)
{
  union {
    struct cmsghdr header;
    char bytes[CONTROL_SIZE];
  } control;
  struct sockaddr_storage to;
  struct iovec vector = { .iov_base = data, .iov_len = size };
  struct msghdr header = {
    .msg_name = &to,
    .msg_namelen = sizeof to,
    .msg_iov = &vector,
    .msg_iovlen = 1,
    .msg_control = &control,
    .msg_controllen = sizeof control,
  };
  gssize n;

  memset (report, 0, sizeof *report);
  if (!has_reports (socket)) {
    kin__fail (error, socket, "receive a report of", NULL, EOPNOTSUPP);
    return -1;
  }
  n = kin__receive_message (socket, &header, MSG_ERRQUEUE, error);
  if (n < 0)
    return n;
  take_address (socket, &to, header.msg_namelen, &report->to);
  for (struct cmsghdr *at = CMSG_FIRSTHDR (&header); at; at = CMSG_NXTHDR (&header, at)) {
    KinControlItem item = {
      .level = at->cmsg_level,
      .type = at->cmsg_type,
      .data = CMSG_DATA (at),
      .length = at->cmsg_len - CMSG_LEN (0),
    };

    if (!read_times (&item, &report->software_nsec, &report->hardware_nsec)
        && is_report (socket, &item) && item.length >= sizeof (ExtendedError))
      take_error (socket, item.data, item.length, report);
  }
  return n;
}

/* ---- In words ------------------------------------------------------------------------------ */

/* Without the scheme, and the port that is none; nothing where there is no address. */
static void
append_address (GString *text, const char *before, const KinAddress *address)
{
  g_autofree char *whole = address->length > 0 ? kin_address_format (address) : NULL;
  const char *colon = whole ? strchr (whole, ':') : NULL;

  if (!whole)
    return;
  g_string_append_printf (text, "%s%s", before, colon ? colon + 1 : whole);
  if (g_str_has_suffix (text->str, ":0"))
    g_string_truncate (text, text->len - strlen (":0"));
}

static void
append_time (GString *text, const KinReport *report)
{
  static const char *const moments[] = { "sent", "scheduled", "acknowledged", "completed" };
  gboolean is_hardware = report->hardware_nsec != 0;
  gint64 nsec = is_hardware ? report->hardware_nsec : report->software_nsec;

  g_string_append_printf (text, "%u was %s at %" G_GINT64_FORMAT ".%09d%s", report->data,
                          report->info < G_N_ELEMENTS (moments) ? moments[report->info] : "seen",
                          nsec / NSEC_PER_SEC, (int) (nsec % NSEC_PER_SEC),
                          is_hardware ? " of the hardware's clock" : "");
}

static void
append_error (GString *text, const KinReport *report)
{
  static const char *const origins[] = { "nobody", "this machine", "icmp", "icmp6" };

  g_string_append_printf (text, "%s; %s", g_strerror (report->errnum),
                          report->origin < G_N_ELEMENTS (origins) ? origins[report->origin]
                                                                  : "another");
  if (report->origin == KIN_REPORT_ICMP || report->origin == KIN_REPORT_ICMP6)
    g_string_append_printf (text, " %u/%u", report->type, report->subtype);
  append_address (text, " from ", &report->offender);
  if (report->errnum == EMSGSIZE)
    g_string_append_printf (text, ", MTU %u", report->info);
  append_address (text, ", sent to ", &report->to);
}

/**
 * kin_report_format:
 * @report: a report
 *
 * One line for people: "Connection refused; icmp 3/3 from 127.0.0.1, sent to 127.0.0.1:9",
 * "zero-copy sends 0 to 3 are done", "7 was acknowledged at 1763890000.123456789".
 *
 * Returns: (transfer full): the line
 */
char *
kin_report_format (const KinReport *report)
{
  GString *text = g_string_new (NULL);

  if (report->origin == KIN_REPORT_TIME)
    append_time (text, report);
  else if (report->origin == KIN_REPORT_ZEROCOPY)
    g_string_append_printf (text, "zero-copy sends %u to %u are done%s", report->info, report->data,
                            report->subtype == KIN_REPORT_COPIED ? ", with a copy" : "");
  else
    append_error (text, report);
  return g_string_free (text, FALSE);
}
