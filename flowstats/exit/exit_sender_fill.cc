// A sender's part of an exit record.
#include "flowstats/exit/exit_sender.h"

namespace tapstat::flowstats {

void ExitSender::fill_local(ExitVariables& v, const ExitRecords& settings) const {
  v.sack = sack_agreed_;
  v.timestamps = timestamps_agreed_;
  v.ecn = ecn_agreed_;
  v.window_scale_sent = window_scale_;
  v.mss_sent = mss_option_;
  v.timestamp_sent = timestamps_sent_;
  v.packets_out = packets_;
  v.data_packets_out = data_packets_;
  v.data_bytes_out = data_bytes_;
  v.packets_retransmitted = packets_retransmitted_;
  v.bytes_retransmitted = bytes_retransmitted_;
  v.send_initial = static_cast<uint32_t>(initial_);
  v.send_una = static_cast<uint32_t>(una_);
  v.send_next = v.send_max = static_cast<uint32_t>(max_);
  v.bytes_acked = una_ > initial_ ? una_ - initial_ : 0;
  limits_.fill(v, v.last.us, (v.last - v.first).us, data_bytes_);
  window_.fill(v);
  recovery_.fill(v);
  v.dup_acks_in = dup_acks_;
  v.sack_segments_received = sack_segments_;
  v.sack_blocks_received = sack_blocks_;
  v.dsack_duplicates = dsack_duplicates_;
  v.unrepaired_dup_acks = unrepaired_dup_acks_;
  v.unrepaired_episodes = unrepaired_episodes_;
  v.bytes_reordered = bytes_reordered_;
  v.ece_sent = ece_sent_;
  v.retransmit_queue_now = static_cast<uint32_t>(max_ - una_);
  v.retransmit_queue_max = queue_max_;
  v.rwin_sent_now = window_now_;
  v.rwin_sent_max = window_max_;
  v.rwin_sent_min = window_min_ == UINT32_MAX ? 0 : window_min_;
  v.zero_windows_sent = zero_windows_;
  v.rtt_samples = rtt_.samples();
  v.rtt_latest.us = rtt_.latest_us();
  v.rtt_smoothed.us = rtt_.smoothed_us();
  v.rtt_variance.us = rtt_.variance_us();
  v.rtt_max.us = rtt_.max_us();
  v.rtt_min.us = rtt_.min_us();
  v.rtt_sum.us = static_cast<int64_t>(rtt_.sum_us());
  v.rto_now = rtt_.rto(settings.rto_min, recovery_.backoff());
  v.rto_max.us = rtt_.rto_max_us();
  v.rto_min.us = rtt_.rto_min_us();
  v.receiver_rtt.us = receiver_rtt_us_;
  v.mss_now = sizes_.now();
  v.mss_max = sizes_.max();
  v.mss_min = sizes_.min();
  v.tos_out = tos_;
  v.busy_time.us = busy_us_ + (busy_ ? v.last.us : 0);
}

void ExitSender::fill_remote(ExitVariables& v) const {
  v.window_scale_received = window_scale_;
  v.mss_received = mss_option_;
  v.timestamp_received = timestamps_sent_;
  v.packets_in = packets_;
  v.data_packets_in = data_packets_;
  v.data_bytes_in = data_bytes_;
  v.receive_initial = static_cast<uint32_t>(initial_);
  v.receive_next = static_cast<uint32_t>(una_);
  v.bytes_received = una_ > initial_ ? una_ - initial_ : 0;
  v.dup_acks_out = dup_acks_;
  v.dup_ack_episodes = dup_ack_episodes_;
  v.ce_received = ce_sent_;
  v.reassembly_queue_now = reassembly_queue();
  v.reassembly_queue_max = reassembly_max_;
  v.rwin_received_now = window_now_;
  v.rwin_received_max = window_max_;
  v.rwin_received_min = window_min_ == UINT32_MAX ? 0 : window_min_;
  v.zero_windows_received = zero_windows_;
  v.ttl_in = ttl_;
  v.tos_in = tos_;
}

}  // namespace tapstat::flowstats
