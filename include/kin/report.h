/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kin/report.h: what the kernel reports later of what was sent, and when something came.
 *
 * A report is one entry of a socket's error queue: a router's or a peer's answer that a datagram
 * did not arrive, the time at which something left, or that the kernel is done with a buffer which
 * was sent without a copy (MSG_ZEROCOPY). */
/* clang-format off */
#ifndef KIN_REPORT_H
#define KIN_REPORT_H

#include <kin/address.h>
#include <kin/message.h>

G_BEGIN_DECLS

/**
 * KinReportOrigin:
 * @KIN_REPORT_NONE: nobody says
 * @KIN_REPORT_LOCAL: an error of this machine: too long for the path, no route
 * @KIN_REPORT_ICMP: an error that came by ICMP
 * @KIN_REPORT_ICMP6: an error that came by ICMPv6
 * @KIN_REPORT_TIME: when something went out, SO_TIMESTAMPING
 * @KIN_REPORT_ZEROCOPY: sends whose buffers are the program's again, MSG_ZEROCOPY
 * @KIN_REPORT_TXTIME: the time to send at was missed, or is none, SO_TXTIME
 *
 * Who says it: SO_EE_ORIGIN_… of <linux/errqueue.h>. Later kernels may have more.
 */
typedef enum {
  KIN_REPORT_NONE,
  KIN_REPORT_LOCAL,
  KIN_REPORT_ICMP,
  KIN_REPORT_ICMP6,
  KIN_REPORT_TIME,
  KIN_REPORT_ZEROCOPY,
  KIN_REPORT_TXTIME
} KinReportOrigin;

/**
 * KinReportMoment:
 * @KIN_REPORT_SENT: it left: the driver or the hardware has it
 * @KIN_REPORT_SCHEDULED: it was given to the packet scheduler
 * @KIN_REPORT_ACKNOWLEDGED: the peer has acknowledged all of it (streams)
 * @KIN_REPORT_COMPLETED: the hardware says that it is done (Linux 6.15)
 *
 * What a time is of: @info where the origin is %KIN_REPORT_TIME, SCM_TSTAMP_…
 */
typedef enum {
  KIN_REPORT_SENT,
  KIN_REPORT_SCHEDULED,
  KIN_REPORT_ACKNOWLEDGED,
  KIN_REPORT_COMPLETED
} KinReportMoment;

/**
 * KIN_REPORT_COPIED:
 *
 * @subtype where the origin is %KIN_REPORT_ZEROCOPY and the kernel had to copy after all.
 */
#define KIN_REPORT_COPIED 1

/**
 * KinReport:
 * @errnum: an errno; ENOMSG where it is a time, 0 where it is a zero-copy send
 * @origin: who says it
 * @type: ICMP's type
 * @subtype: ICMP's code; or %KIN_REPORT_COPIED
 * @info: EMSGSIZE: the path's MTU; a time: the #KinReportMoment; zero-copy: the first send done
 * @data: a time: which send, with SOF_TIMESTAMPING_OPT_ID; zero-copy: the last send done
 * @software_nsec: when, nanoseconds since 1970 by this machine's clock; 0: not said
 * @hardware_nsec: when, nanoseconds of the network card's clock; 0: not said
 * @offender: who reported it, without a port; length 0: nobody did
 * @to: where it was being sent; length 0: not said, as of a stream
 *
 * struct sock_extended_err of ip(7), and what comes with it.
 */
typedef struct {
  int             errnum;
  KinReportOrigin origin;
  guint8          type;
  guint8          subtype;
  guint32         info;
  guint32         data;
  gint64          software_nsec;
  gint64          hardware_nsec;
  KinAddress      offender;
  KinAddress      to;
} KinReport;

KIN_API gboolean kin_socket_keep_reports (KinSocket *socket, GError **error);
KIN_API gssize   kin_socket_recv_report (KinSocket *socket, gpointer data, gsize size,
                                         KinReport *report, GError **error);
KIN_API char    *kin_report_format (const KinReport *report);

KIN_API gboolean kin_message_get_times (const KinMessage *message, gint64 *software_nsec,
                                        gint64 *hardware_nsec);

G_END_DECLS

#endif
