/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/ip/sctp.h: what options and control messages of SCTP hold, RFC 6458.
 *
 * An association that is left out is the only one of a one-to-one socket; of a one-to-many socket,
 * all in the future. The identifier of a payload's protocol (ppid) is in network order. */
/* clang-format off */
#ifndef KIN_IP_SCTP_H
#define KIN_IP_SCTP_H

#include "rows.h"

#include <linux/sctp.h>

#define MEMBER(type, member, word) \
  { .name = word, .kind = KIN_UINT, KIN_AT (struct type, member) }
#define OPTIONAL(type, member, word) \
  { .name = word, .kind = KIN_UINT, KIN_AT (struct type, member), .flags = KIN_FIELD_OPTIONAL }
#define FLAGS(type, member, word) \
  { .name = word, .kind = KIN_UINT, KIN_AT (struct type, member), .flags = KIN_FIELD_HEX }
#define PPID(type, member) \
  { .name = "ppid", .kind = KIN_UINT, KIN_AT (struct type, member), \
    .flags = KIN_FIELD_BIG_ENDIAN | KIN_FIELD_HEX }
#define HOST(type, member, word) \
  { .name = word, .kind = KIN_CUSTOM, KIN_AT (struct type, member), \
    .get = ip_peer_get, .set = ip_peer_set }
#define ASSOCIATION(type, member) \
  { .name = "association", .kind = KIN_INT, KIN_AT (struct type, member), \
    .flags = KIN_FIELD_OPTIONAL }

static const KinField ip_sctp_value_fields[] = {
  MEMBER (sctp_assoc_value, assoc_value, "value"),
  ASSOCIATION (sctp_assoc_value, assoc_id),
};

static const KinField ip_sctp_associnfo_fields[] = {
  MEMBER (sctp_assocparams, sasoc_asocmaxrxt, "max_retransmissions"),
  MEMBER (sctp_assocparams, sasoc_number_peer_destinations, "peer_destinations"),
  MEMBER (sctp_assocparams, sasoc_peer_rwnd, "peer_window"),
  MEMBER (sctp_assocparams, sasoc_local_rwnd, "local_window"),
  MEMBER (sctp_assocparams, sasoc_cookie_life, "cookie_life"),
  ASSOCIATION (sctp_assocparams, sasoc_assoc_id),
};

static const KinName ip_sctp_pr_words[] = {
  { "none", SCTP_PR_SCTP_NONE }, { "ttl",  SCTP_PR_SCTP_TTL }, { "rtx", SCTP_PR_SCTP_RTX },
  { "prio", SCTP_PR_SCTP_PRIO }, { NULL,   0 },
};

static const KinField ip_sctp_default_prinfo_fields[] = {
  { .name = "policy",          .kind = KIN_UINT, KIN_AT (struct sctp_default_prinfo, pr_policy),
    .names = ip_sctp_pr_words },
  MEMBER (sctp_default_prinfo, pr_value, "value"),
  ASSOCIATION (sctp_default_prinfo, pr_assoc_id),
};

static const KinField ip_sctp_sndinfo_fields[] = {
  MEMBER (sctp_sndinfo, snd_sid, "stream"),
  FLAGS (sctp_sndinfo, snd_flags, "flags"),
  PPID (sctp_sndinfo, snd_ppid),
  MEMBER (sctp_sndinfo, snd_context, "context"),
  ASSOCIATION (sctp_sndinfo, snd_assoc_id),
};

static const KinField ip_sctp_sack_fields[] = {
  MEMBER (sctp_sack_info, sack_delay, "delay"),
  MEMBER (sctp_sack_info, sack_freq, "frequency"),
  ASSOCIATION (sctp_sack_info, sack_assoc_id),
};

static const KinField ip_sctp_event_fields[] = {
  FLAGS (sctp_event, se_type, "type"),
  MEMBER (sctp_event, se_on, "on"),
  ASSOCIATION (sctp_event, se_assoc_id),
};

static const KinField ip_sctp_events_fields[] = {
  OPTIONAL (sctp_event_subscribe, sctp_data_io_event, "data_io"),
  OPTIONAL (sctp_event_subscribe, sctp_association_event, "association"),
  OPTIONAL (sctp_event_subscribe, sctp_address_event, "address"),
  OPTIONAL (sctp_event_subscribe, sctp_send_failure_event, "send_failure"),
  OPTIONAL (sctp_event_subscribe, sctp_peer_error_event, "peer_error"),
  OPTIONAL (sctp_event_subscribe, sctp_shutdown_event, "shutdown"),
  OPTIONAL (sctp_event_subscribe, sctp_partial_delivery_event, "partial_delivery"),
  OPTIONAL (sctp_event_subscribe, sctp_adaptation_layer_event, "adaptation_layer"),
  OPTIONAL (sctp_event_subscribe, sctp_authentication_event, "authentication"),
  OPTIONAL (sctp_event_subscribe, sctp_sender_dry_event, "sender_dry"),
  OPTIONAL (sctp_event_subscribe, sctp_stream_reset_event, "stream_reset"),
  OPTIONAL (sctp_event_subscribe, sctp_assoc_reset_event, "assoc_reset"),
  OPTIONAL (sctp_event_subscribe, sctp_stream_change_event, "stream_change"),
  OPTIONAL (sctp_event_subscribe, sctp_send_failure_event_event,
            "send_failure_event"),
};

static const KinField ip_sctp_initmsg_fields[] = {
  MEMBER (sctp_initmsg, sinit_num_ostreams, "out_streams"),
  OPTIONAL (sctp_initmsg, sinit_max_instreams, "max_in_streams"),
  OPTIONAL (sctp_initmsg, sinit_max_attempts, "max_attempts"),
  OPTIONAL (sctp_initmsg, sinit_max_init_timeo, "max_timeout"),
};

static const KinField ip_sctp_peer_fields[] = {
  HOST (sctp_paddrparams, spp_address, "peer"),
  MEMBER (sctp_paddrparams, spp_hbinterval, "heartbeat"),
  MEMBER (sctp_paddrparams, spp_pathmaxrxt, "max_retransmissions"),
  MEMBER (sctp_paddrparams, spp_pathmtu, "mtu"),
  MEMBER (sctp_paddrparams, spp_sackdelay, "sack_delay"),
  FLAGS (sctp_paddrparams, spp_flags, "flags"),
  OPTIONAL (sctp_paddrparams, spp_ipv6_flowlabel, "flow_label"),
  OPTIONAL (sctp_paddrparams, spp_dscp, "dscp"),
  ASSOCIATION (sctp_paddrparams, spp_assoc_id),
};

static const KinField ip_sctp_rtoinfo_fields[] = {
  MEMBER (sctp_rtoinfo, srto_initial, "initial"),
  MEMBER (sctp_rtoinfo, srto_max, "max"),
  MEMBER (sctp_rtoinfo, srto_min, "min"),
  ASSOCIATION (sctp_rtoinfo, srto_assoc_id),
};

static const KinName ip_sctp_states[] = {
  { "empty", SCTP_EMPTY },                         { "closed", SCTP_CLOSED },
  { "cookie-wait", SCTP_COOKIE_WAIT },             { "cookie-echoed", SCTP_COOKIE_ECHOED },
  { "established", SCTP_ESTABLISHED },             { "shutdown-pending", SCTP_SHUTDOWN_PENDING },
  { "shutdown-sent", SCTP_SHUTDOWN_SENT },         { "shutdown-received", SCTP_SHUTDOWN_RECEIVED },
  { "shutdown-ack-sent", SCTP_SHUTDOWN_ACK_SENT }, { NULL, 0 },
};

static const KinField ip_sctp_status_fields[] = {
  { .name = "state",           .kind = KIN_INT, KIN_AT (struct sctp_status, sstat_state),
    .names = ip_sctp_states },
  MEMBER (sctp_status, sstat_rwnd, "window"),
  MEMBER (sctp_status, sstat_unackdata, "unacknowledged"),
  MEMBER (sctp_status, sstat_penddata, "pending"),
  MEMBER (sctp_status, sstat_instrms, "in_streams"),
  MEMBER (sctp_status, sstat_outstrms, "out_streams"),
  MEMBER (sctp_status, sstat_fragmentation_point, "fragmentation"),
  HOST (sctp_status, sstat_primary.spinfo_address, "primary"),
  MEMBER (sctp_status, sstat_primary.spinfo_state, "primary_state"),
  MEMBER (sctp_status, sstat_primary.spinfo_cwnd, "primary_cwnd"),
  MEMBER (sctp_status, sstat_primary.spinfo_srtt, "primary_srtt"),
  MEMBER (sctp_status, sstat_primary.spinfo_rto, "primary_rto"),
  MEMBER (sctp_status, sstat_primary.spinfo_mtu, "primary_mtu"),
  ASSOCIATION (sctp_status, sstat_assoc_id),
};

/* ---- Control messages ---------------------------------------------------------------------- */

static const KinField ip_sctp_authinfo_fields[] = {
  MEMBER (sctp_authinfo, auth_keynumber, "key"),
};

static const KinField ip_sctp_nxtinfo_fields[] = {
  MEMBER (sctp_nxtinfo, nxt_sid, "stream"),
  FLAGS (sctp_nxtinfo, nxt_flags, "flags"),
  PPID (sctp_nxtinfo, nxt_ppid),
  MEMBER (sctp_nxtinfo, nxt_length, "length"),
  ASSOCIATION (sctp_nxtinfo, nxt_assoc_id),
};

static const KinField ip_sctp_prinfo_fields[] = {
  { .name = "policy",          .kind = KIN_UINT, KIN_AT (struct sctp_prinfo, pr_policy),
    .names = ip_sctp_pr_words },
  MEMBER (sctp_prinfo, pr_value, "value"),
};

static const KinField ip_sctp_rcvinfo_fields[] = {
  MEMBER (sctp_rcvinfo, rcv_sid, "stream"),
  MEMBER (sctp_rcvinfo, rcv_ssn, "sequence"),
  FLAGS (sctp_rcvinfo, rcv_flags, "flags"),
  PPID (sctp_rcvinfo, rcv_ppid),
  MEMBER (sctp_rcvinfo, rcv_tsn, "tsn"),
  MEMBER (sctp_rcvinfo, rcv_cumtsn, "cumulative_tsn"),
  MEMBER (sctp_rcvinfo, rcv_context, "context"),
  ASSOCIATION (sctp_rcvinfo, rcv_assoc_id),
};

static const KinField ip_sctp_sndrcv_fields[] = {
  MEMBER (sctp_sndrcvinfo, sinfo_stream, "stream"),
  MEMBER (sctp_sndrcvinfo, sinfo_ssn, "sequence"),
  FLAGS (sctp_sndrcvinfo, sinfo_flags, "flags"),
  PPID (sctp_sndrcvinfo, sinfo_ppid),
  MEMBER (sctp_sndrcvinfo, sinfo_context, "context"),
  MEMBER (sctp_sndrcvinfo, sinfo_timetolive, "lifetime"),
  MEMBER (sctp_sndrcvinfo, sinfo_tsn, "tsn"),
  MEMBER (sctp_sndrcvinfo, sinfo_cumtsn, "cumulative_tsn"),
  ASSOCIATION (sctp_sndrcvinfo, sinfo_assoc_id),
};

#undef MEMBER
#undef OPTIONAL
#undef FLAGS
#undef PPID
#undef HOST
#undef ASSOCIATION

#endif
