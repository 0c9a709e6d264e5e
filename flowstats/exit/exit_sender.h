/// One end of a connection as a sender: what it sent, what came back, and what follows from both.
///
/// Sequence numbers are unwrapped to 64 bits, beginning in the second lap so that what lies a
/// little before the first one is no negative number. What follows in order is handled in
/// exit_sender_usual.h; everything else in exit_sender.cc. Owned by a follower, inside an ExitFlow.
#pragma once

#include <algorithm>
#include <cstdint>

#include "flowstats/exit/exit_segments.h"
#include "flowstats/exit/loss_recovery.h"
#include "flowstats/exit/outstanding_segments.h"
#include "flowstats/exit/rtt_rfc6298.h"
#include "flowstats/exit/segment_sizes.h"
#include "flowstats/exit/send_limits.h"
#include "flowstats/exit/tcp_option_list.h"
#include "flowstats/exit/window_estimate.h"
#include "flowstats/exit_record.h"
#include "flowstats/measurement.h"
#include "flowstats/wire/segment.h"

namespace tapstat::flowstats {

/// RFC 3168 section 6.1: the rest of the control bits.
inline constexpr uint8_t kEce = 0x40, kCwr = 0x80;

/// Marked on its way by a router (RFC 3168 section 5).
[[nodiscard]] inline bool is_congested(uint8_t tos) { return (tos & 3) == 3; }

/// Of an IPv4 packet, 0 when it tells nothing.
[[nodiscard]] inline uint16_t identification(const Segment& s, IpVersion version) {
  return s.ip_id_is_identifying && version == IpVersion::v4 ? s.ip_id : uint16_t{0};
}

/// A packet as the senders see it, with what all of them need.
struct ExitPacket {
  const Segment& segment;
  IpVersion ip_version;  // the connection's
  TcpTimestamps timestamps;
  int64_t now_us;    // never before the packet in front of it
  int64_t gap_us;    // since that one
  uint32_t payload;  // bytes
  const ExitRecords& settings;
  ExitSegments& segments;

  [[nodiscard]] bool has(uint8_t flag) const { return segment.has(flag); }
  [[nodiscard]] Transmission transmission() const {
    return {now_us, timestamps.value, identification(segment, ip_version), timestamps.present};
  }
};

class alignas(64) ExitSender {
 public:
  ExitSender() = default;

  /// Each packet of this end: counts it and what it says of this end's receive window. Returns
  /// whether that window is the same as before.
  [[nodiscard]] bool on_packet(const ExitPacket& packet);
  /// A SYN or SYN-ACK of this end.
  void on_syn(const ExitPacket& packet);
  /// A packet of this end that takes up sequence numbers, SYNs apart. `other_half_us`: smallest
  /// round trip between the observation point and this end, 0 when not known.
  void on_data(const ExitPacket& packet, uint32_t other_half_us);
  /// A packet of the other end, which advertises `window` bytes: its acknowledgment of what this
  /// end sent. No RST.
  void on_acknowledgment(const ExitPacket& packet, uint32_t window, bool window_is_same);
  /// A packet of the other end, whatever it says.
  void on_echo(const ExitPacket& packet) {
    if (echo_is_awaited_ && packet.payload != 0 && packet.timestamps.present &&
        seq_at_or_after(packet.timestamps.echo, echo_tsval_))
      take_echo(packet.now_us);
  }
  /// The SYNs of both ends were seen: what they agreed on.
  void agree(const ExitSender& other);

  /// Nothing is lost, repeated or out of order: the usual way (exit_flow_usual.h) may be taken,
  /// which leaves it so.
  [[nodiscard]] bool is_steady() const;
  [[nodiscard]] bool continues_with(uint32_t seq) const {
    return seq == static_cast<uint32_t>(max_);
  }
  [[nodiscard]] uint32_t outstanding() const { return static_cast<uint32_t>(max_ - una_); }
  [[nodiscard]] uint32_t progress_to(uint32_t ack) const {
    return ack - static_cast<uint32_t>(una_);
  }
  [[nodiscard]] uint32_t scaled(uint16_t window) const { return uint32_t{window} << shift_; }
  [[nodiscard]] uint8_t tos() const { return tos_; }
  [[nodiscard]] bool awaits_echo() const { return echo_is_awaited_; }
  void usual_packet(const Segment& segment, uint32_t window);
  void usual_echo(uint32_t echo, int64_t now_us);
  void usual_data(const Segment& segment, Transmission sent, uint32_t entries_max,
                  ExitSegments& segments);
  void usual_acknowledgment(uint32_t progress, uint32_t ack, uint32_t window, int64_t now_us,
                            Duration rto_floor, ExitSegments& segments);
  void await_echo(uint32_t tsval, int64_t sent_us) {
    echo_is_awaited_ = true;
    echo_tsval_ = tsval;
    echo_sent_us_ = sent_us;
  }

  [[nodiscard]] bool is_known() const { return initial_ != 0; }
  [[nodiscard]] bool syn_seen() const { return syn_seen_; }
  [[nodiscard]] bool syn_acked() const { return syn_seen_ && una_ >= initial_; }
  [[nodiscard]] bool fin_seen() const { return fin_seen_; }
  [[nodiscard]] bool fin_acked() const { return fin_seen_ && una_ == max_; }
  [[nodiscard]] uint32_t syn_seq() const { return static_cast<uint32_t>(initial_) - 1; }
  /// The other end would take a RST with this sequence number (RFC 9293 section 3.10.7.4).
  [[nodiscard]] bool accepts_reset(const Segment& segment) const;
  [[nodiscard]] uint32_t window() const { return window_now_; }
  [[nodiscard]] uint32_t rtt_min_us() const { return rtt_.min_us(); }
  /// Everything sent so far is acknowledged by this sequence number.
  [[nodiscard]] bool is_covered_by(uint32_t ack) const {
    return ack == static_cast<uint32_t>(max_);
  }

  /// As Local, and as Rem. Both must be called.
  void fill_local(ExitVariables& variables, const ExitRecords& settings) const;
  void fill_remote(ExitVariables& variables) const;
  void release(ExitSegments& segments) { outstanding_.clear(segments); }

 private:
  enum class Repeat : uint8_t { aside, not_sent_again, sent_again };

  void begin_at(uint32_t seq) { initial_ = una_ = max_ = (uint64_t{1} << 32) + seq; }
  [[nodiscard]] uint64_t unwrap(uint32_t seq, uint64_t near) const {
    return near + static_cast<uint64_t>(static_cast<int64_t>(
                      static_cast<int32_t>(seq - static_cast<uint32_t>(near))));
  }
  [[nodiscard]] uint32_t pipe() const;
  [[nodiscard]] bool has_evidence() const {
    return dup_run_ != 0 || sack_above_ || outstanding_.sacked_bytes() != 0;
  }
  void on_new(const ExitPacket& packet, uint64_t first, uint64_t end, uint8_t marks);
  /// Returns whether the part of [first, end) that is new may be taken.
  bool on_old(const ExitPacket& packet, uint64_t first, uint64_t end, uint32_t other_half_us);
  [[nodiscard]] Repeat judge_repeat(const ExitPacket& packet, uint64_t first, uint64_t end,
                                    uint32_t other_half_us);
  void on_repair(const ExitPacket& packet, uint64_t first, uint64_t old_end);
  void on_progress(const ExitPacket& packet, uint64_t ack);
  void on_duplicate_ack();
  void on_sack(const ExitPacket& packet, uint64_t ack, bool progress);
  void on_congestion_echo(uint64_t ack);
  void note_sent(uint32_t seq, Transmission sent) {
    sent_us_ = sent.time_us;
    latest_seq_ = seq;
    latest_tsval_ = sent.tsval;
    latest_ip_id_ = sent.ip_id;
  }
  /// A full segment without PSH leaves more behind; one with PSH does when acknowledgments, and not
  /// the application, set the pace.
  [[nodiscard]] bool fills_burst(uint32_t payload, bool pushed, int64_t now_us) const {
    return payload != 0 && payload == sizes_.now() &&
           (!pushed || now_us - progress_us_ <= rtt_.smoothed_us() / 8);
  }
  void take_echo(int64_t now_us) {
    echo_is_awaited_ = false;
    const auto sample = static_cast<uint32_t>(
        std::clamp<int64_t>(now_us - echo_sent_us_, 1, RttEstimator::kSampleMaxUs));
    receiver_rtt_us_ =
        receiver_rtt_us_ == 0 ? sample : receiver_rtt_us_ - receiver_rtt_us_ / 8 + sample / 8;
  }
  void take_sample(const ExitPacket& packet, int64_t sent_us);
  void note_held(uint64_t end);
  [[nodiscard]] uint32_t reassembly_queue() const;
  void judge_limits(int64_t now_us);
  void judge_usual_limits(uint32_t pipe, int64_t now_us);
  void set_window(uint32_t window, bool syn);
  void set_busy(bool busy, int64_t now_us) {
    if (busy == busy_) return;
    busy_ = busy;
    busy_us_ += busy ? -now_us : now_us;
  }

  // In lines of 64 bytes. What payload and what acknowledges it need:
  uint64_t una_ = 0, max_ = 0;
  uint64_t edge_ = 0;  // what the other end allows: acknowledgment and window; 0: not known
  int64_t progress_us_ = 0;
  OutstandingSegments outstanding_;

  // What each packet of this end needs.
  uint32_t packets_ = 0, data_packets_ = 0;
  uint64_t data_bytes_ = 0;
  int64_t sent_us_ = 0;
  uint32_t window_now_ = 0;  // that this end advertises, as window_max_ and window_min_
  uint8_t ttl_ = 0, tos_ = 0, shift_ = 0;
  bool echo_is_awaited_ = false;
  // The latest data segment: what the network's copy right behind it is recognised by.
  uint32_t latest_seq_ = 0, latest_tsval_ = 0;
  uint16_t latest_ip_id_ = 0;
  SegmentSizes sizes_;
  uint32_t echo_tsval_ = 0;
  int64_t echo_sent_us_ = 0;

  // What new payload and new acknowledgments change.
  WindowEstimate window_;
  SendLimits limits_;
  uint32_t queue_max_ = 0;
  bool busy_ = false;
  bool burst_is_full_ = false;  // the latest segment is full, and more may wait behind it
  uint32_t receiver_rtt_us_ = 0;
  int64_t busy_us_ = 0;  // while busy: without the time at which that began
  RttEstimator rtt_;

  // Rarely touched from here on.
  bool fin_seen_ : 1 = false, syn_seen_ : 1 = false;
  bool syn_answered_ : 1 = false;  // this end has sent a SYN-ACK
  bool echoes_congestion_ : 1 = false;
  bool has_window_ : 1 = false;
  bool sack_above_ : 1 = false;  // the latest acknowledgment reported something selectively
  bool repaired_ : 1 = false;    // something was sent again since the latest progress
  bool ecn_agreed_ : 1 = false, timestamps_agreed_ : 1 = false, sack_agreed_ : 1 = false;
  bool sack_permitted_ : 1 = false, timestamps_sent_ : 1 = false, ecn_asked_ : 1 = false;
  int8_t window_scale_ = -1;
  uint16_t mss_option_ = 0;

  uint64_t initial_ = 0;  // of the first payload byte; 0: nothing is known of this end
  LossRecovery recovery_;
  uint32_t dup_run_ = 0;  // duplicate acknowledgments since the latest progress
  uint32_t window_max_ = 0, window_min_ = UINT32_MAX;
  uint32_t zero_windows_ = 0;
  uint32_t packets_retransmitted_ = 0, bytes_retransmitted_ = 0;
  uint32_t repair_seq_ = 0, repair_end_ = 0, repair_tsval_ = 0;  // latest, with timestamps
  uint32_t dup_acks_ = 0, dup_ack_episodes_ = 0;                 // that came for this end
  uint32_t sack_segments_ = 0, sack_blocks_ = 0, dsack_duplicates_ = 0;
  uint32_t unrepaired_dup_acks_ = 0, unrepaired_episodes_ = 0, bytes_reordered_ = 0;
  uint32_t ce_sent_ = 0, ece_sent_ = 0;
  // What the other end may hold beyond a hole: behind its last byte, and the most bytes up to
  // there.
  uint32_t held_end_ = 0, reassembly_max_ = 0;
};

}  // namespace tapstat::flowstats
