/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* families/ip/tcp.h: what options of TCP and MPTCP hold. */
/* clang-format off */
#ifndef KIN_IP_TCP_H
#define KIN_IP_TCP_H

#include "rows.h"

#include <linux/tcp.h>

/* struct tcp_info of Linux 6.18. Older kernels fill a part of it, older headers know a part. */
struct ip_tcp_info {
  uint8_t  state, ca_state, retransmits, probes, backoff, options;
  uint8_t  window_scales;   /* two of four bits */
  uint8_t  more;            /* delivery_rate_app_limited, fastopen_client_fail */
  uint32_t rto, ato, snd_mss, rcv_mss;
  uint32_t unacked, sacked, lost, retrans, fackets;
  uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
  uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
  uint32_t rcv_rtt, rcv_space, total_retrans;
  uint64_t pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
  uint32_t segs_out, segs_in, notsent_bytes, min_rtt, data_segs_in, data_segs_out;
  uint64_t delivery_rate, busy_time, rwnd_limited, sndbuf_limited;
  uint32_t delivered, delivered_ce;
  uint64_t bytes_sent, bytes_retrans;
  uint32_t dsack_dups, reord_seen, rcv_ooopack, snd_wnd;
  uint32_t rcv_wnd, rehash;                                 /* Linux 6.2 */
  uint16_t total_rto, total_rto_recoveries;                 /* Linux 6.7 */
  uint32_t total_rto_time;
};

/* Members that share a byte. Nobody sets them. */
IP_GET (ip_snd_wscale_get);
IP_GET (ip_rcv_wscale_get);
IP_GET (ip_app_limited_get);
IP_GET (ip_fastopen_fail_get);
IP_SET (ip_nothing_set);

static const KinName ip_tcp_states[] = {
  { "established", 1 }, { "syn-sent",   2 },  { "syn-recv",  3 }, { "fin-wait-1", 4 },
  { "fin-wait-2",  5 }, { "time-wait",  6 },  { "close",     7 }, { "close-wait", 8 },
  { "last-ack",    9 }, { "listen",     10 }, { "closing",  11 }, { NULL,         0 },
};

static const KinName ip_tcp_ca_states[] = {
  { "open", 0 }, { "disorder", 1 }, { "cwr", 2 }, { "recovery", 3 }, { "loss", 4 }, { NULL, 0 },
};

#define INFO(word) { .name = #word, .kind = KIN_UINT, KIN_AT (struct ip_tcp_info, word) }
#define LATER(word) \
  { .name = #word, .kind = KIN_UINT, KIN_AT (struct ip_tcp_info, word), \
    .flags = KIN_FIELD_OPTIONAL }
#define BITS(word, byte, function) \
  { .name = word, .kind = KIN_CUSTOM, KIN_AT (struct ip_tcp_info, byte), \
    .get = function, .set = ip_nothing_set }

/* Times are microseconds but for last_…, which are milliseconds; sizes are bytes but for those that
 * count segments. What Linux 5.10 does not fill is optional. */
static const KinField ip_tcp_info_fields[] = {
  { .name = "state",    .kind = KIN_UINT, KIN_AT (struct ip_tcp_info, state),
    .names = ip_tcp_states },
  { .name = "ca_state", .kind = KIN_UINT, KIN_AT (struct ip_tcp_info, ca_state),
    .names = ip_tcp_ca_states },
  INFO (retransmits),
  INFO (probes),
  INFO (backoff),
  { .name = "options",  .kind = KIN_UINT, KIN_AT (struct ip_tcp_info, options),
    .flags = KIN_FIELD_HEX, .digits = 2 },
  BITS ("snd_wscale",                window_scales, ip_snd_wscale_get),
  BITS ("rcv_wscale",                window_scales, ip_rcv_wscale_get),
  BITS ("delivery_rate_app_limited", more,          ip_app_limited_get),
  BITS ("fastopen_client_fail",      more,          ip_fastopen_fail_get),
  INFO (rto),
  INFO (ato),
  INFO (snd_mss),
  INFO (rcv_mss),
  INFO (unacked),
  INFO (sacked),
  INFO (lost),
  INFO (retrans),
  INFO (fackets),
  INFO (last_data_sent),
  INFO (last_ack_sent),
  INFO (last_data_recv),
  INFO (last_ack_recv),
  INFO (pmtu),
  INFO (rcv_ssthresh),
  INFO (rtt),
  INFO (rttvar),
  INFO (snd_ssthresh),
  INFO (snd_cwnd),
  INFO (advmss),
  INFO (reordering),
  INFO (rcv_rtt),
  INFO (rcv_space),
  INFO (total_retrans),
  INFO (pacing_rate),
  INFO (max_pacing_rate),
  INFO (bytes_acked),
  INFO (bytes_received),
  INFO (segs_out),
  INFO (segs_in),
  INFO (notsent_bytes),
  INFO (min_rtt),
  INFO (data_segs_in),
  INFO (data_segs_out),
  INFO (delivery_rate),
  INFO (busy_time),
  INFO (rwnd_limited),
  INFO (sndbuf_limited),
  INFO (delivered),
  INFO (delivered_ce),
  INFO (bytes_sent),
  INFO (bytes_retrans),
  INFO (dsack_dups),
  INFO (reord_seen),
  INFO (rcv_ooopack),
  INFO (snd_wnd),
  LATER (rcv_wnd),
  LATER (rehash),
  LATER (total_rto),
  LATER (total_rto_recoveries),
  LATER (total_rto_time),
};
#undef INFO
#undef LATER
#undef BITS

static const KinField ip_tcp_md5sig_fields[] = {
  { .name = "peer", .kind = KIN_CUSTOM, KIN_AT (struct tcp_md5sig, tcpm_addr),
    .get = ip_peer_get, .set = ip_peer_set },
  { .name = "key",  .kind = KIN_BYTES,  KIN_AT (struct tcp_md5sig, tcpm_key),
    .count_offset = offsetof (struct tcp_md5sig, tcpm_keylen), .count_size = sizeof (uint16_t) },
};

static const KinField ip_tcp_repair_fields[] = {
  { .name = "code",  .kind = KIN_UINT, KIN_AT (struct tcp_repair_opt, opt_code) },
  { .name = "value", .kind = KIN_UINT, KIN_AT (struct tcp_repair_opt, opt_val) },
};

static const KinField ip_tcp_window_fields[] = {
  { .name = "snd_wl1",    .kind = KIN_UINT, KIN_AT (struct tcp_repair_window, snd_wl1) },
  { .name = "snd_wnd",    .kind = KIN_UINT, KIN_AT (struct tcp_repair_window, snd_wnd) },
  { .name = "max_window", .kind = KIN_UINT, KIN_AT (struct tcp_repair_window, max_window) },
  { .name = "rcv_wnd",    .kind = KIN_UINT, KIN_AT (struct tcp_repair_window, rcv_wnd) },
  { .name = "rcv_wup",    .kind = KIN_UINT, KIN_AT (struct tcp_repair_window, rcv_wup) },
};

static const KinName ip_tcp_repair_words[] = {
  { "off", 0 }, { "on", 1 }, { "off-no-probe", (uint64_t) -1 }, { NULL, 0 },
};

static const KinName ip_tcp_queue_words[] = {
  { "none", 0 }, { "receive", 1 }, { "send", 2 }, { NULL, 0 },
};

/* ---- MPTCP --------------------------------------------------------------------------------- */

/* struct mptcp_info of Linux 6.10. */
struct ip_mptcp_info {
  uint8_t  subflows, add_addr_signal, add_addr_accepted, subflows_max, add_addr_signal_max,
           add_addr_accepted_max;
  uint32_t flags, token;
  uint64_t write_seq __attribute__ ((aligned (8)));
  uint64_t snd_una, rcv_nxt;
  uint8_t  local_addr_used, local_addr_max, csum_enabled;   /* Linux 5.16 */
  uint32_t retransmits;                                     /* Linux 6.5 */
  uint64_t bytes_retrans __attribute__ ((aligned (8)));
  uint64_t bytes_sent, bytes_received, bytes_acked;
  uint8_t  subflows_total;
  uint8_t  pad[3];
  uint32_t last_data_sent, last_data_recv, last_ack_recv;   /* Linux 6.10; milliseconds */
};

#define INFO(word) { .name = #word, .kind = KIN_UINT, KIN_AT (struct ip_mptcp_info, word) }
#define LATER(word) \
  { .name = #word, .kind = KIN_UINT, KIN_AT (struct ip_mptcp_info, word), \
    .flags = KIN_FIELD_OPTIONAL }

static const KinField ip_mptcp_info_fields[] = {
  INFO (subflows),
  INFO (add_addr_signal),
  INFO (add_addr_accepted),
  INFO (subflows_max),
  INFO (add_addr_signal_max),
  INFO (add_addr_accepted_max),
  { .name = "flags", .kind = KIN_UINT, KIN_AT (struct ip_mptcp_info, flags),
    .flags = KIN_FIELD_HEX },
  INFO (token),
  INFO (write_seq),
  INFO (snd_una),
  INFO (rcv_nxt),
  LATER (local_addr_used),
  LATER (local_addr_max),
  LATER (csum_enabled),
  LATER (retransmits),
  LATER (bytes_retrans),
  LATER (bytes_sent),
  LATER (bytes_received),
  LATER (bytes_acked),
  LATER (subflows_total),
  LATER (last_data_sent),
  LATER (last_data_recv),
  LATER (last_ack_recv),
};
#undef INFO
#undef LATER

#endif
