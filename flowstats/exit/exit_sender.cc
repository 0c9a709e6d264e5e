#include "flowstats/exit/exit_sender.h"

#include "flowstats/exit/exit_sender_usual.h"

namespace tapstat::flowstats {
namespace {

constexpr unsigned kShiftMax = 14;               // RFC 7323 section 2.3
constexpr uint64_t kGapMax = uint64_t{1} << 30;  // no window is larger

using Mark = OutstandingSegment::Mark;

}  // namespace

bool ExitSender::on_packet(const ExitPacket& packet) {
  const Segment& s = packet.segment;
  ++packets_;
  if (packet.payload != 0) {
    ++data_packets_;
    data_bytes_ += packet.payload;
  }
  ttl_ = s.ttl;
  tos_ = s.tos;
  if (is_congested(s.tos)) ++ce_sent_;
  if (packet.timestamps.present && !echo_is_awaited_)
    await_echo(packet.timestamps.value, packet.now_us);
  if (s.has(tcp_flag::kRst)) return true;
  const bool syn = s.has(tcp_flag::kSyn);
  if (!syn && !s.has(tcp_flag::kAck)) return true;
  const bool ece = !syn && s.has(kEce);
  if (ece != echoes_congestion_) [[unlikely]] {
    echoes_congestion_ = ece;
    if (ece) ++ece_sent_;
  }
  const uint32_t window = syn ? s.window : scaled(s.window);
  const bool same = has_window_ && window == window_now_;
  if (!same) set_window(window, syn);
  return same;
}

void ExitSender::set_window(uint32_t window, bool syn) {
  if (window == 0 && window_now_ != 0) ++zero_windows_;
  has_window_ = true;
  window_now_ = window;
  window_max_ = std::max(window_max_, window);
  if (!syn) window_min_ = std::min(window_min_, window);
}

bool ExitSender::is_steady() const {
  return is_known() && una_ >= initial_ && !fin_seen_ && edge_ != 0 && has_window_ &&
         recovery_.is_quiet() && !window_.is_watching() && !has_evidence() && !repaired_ &&
         !outstanding_.has_holes() && !echoes_congestion_ && !is_congested(tos_);
}

void ExitSender::on_syn(const ExitPacket& packet) {
  const Segment& s = packet.segment;
  const Transmission sent = packet.transmission();
  const bool answers = s.has(tcp_flag::kAck) && !syn_answered_;
  if (s.has(tcp_flag::kAck)) syn_answered_ = true;
  if (syn_seen_) {
    if (answers) return;  // in a simultaneous open, the SYN again with an acknowledgment
    const Transmission latest{sent_us_, latest_tsval_, latest_ip_id_, timestamps_sent_};
    if (s.seq != syn_seq() || (latest_seq_ == s.seq && sent.is_copy_of(latest))) return;
    ++packets_retransmitted_;
    recovery_.on_repeated_syn(has_evidence(), rtt_, packet.settings.rto_min);
    outstanding_.repeat(packet.segments, packet.settings.segments_per_side_max, s.seq, s.seq + 1,
                        sent, Mark::kRetransmitted);
  } else {
    if (is_known() && s.seq != syn_seq()) return;
    syn_seen_ = true;
    mss_option_ = s.options.has(TcpOptions::kMss) ? s.options.mss : uint16_t{0};
    if (s.options.has(TcpOptions::kWindowScale))
      window_scale_ = static_cast<int8_t>(std::min<unsigned>(s.options.window_scale, INT8_MAX));
    sack_permitted_ = s.options.has(TcpOptions::kSackPermitted);
    timestamps_sent_ = s.options.has(TcpOptions::kTimestamps);
    ecn_asked_ = s.has(kEce) && s.has(kCwr) != s.has(tcp_flag::kAck);
    if (!is_known()) {
      begin_at(s.seq + 1);
      --una_;
      max_ += packet.payload;
      outstanding_.append(packet.segments, packet.settings.segments_per_side_max, s.seq,
                          static_cast<uint32_t>(max_), sent, 0);
    }
  }
  note_sent(s.seq, sent);
}

void ExitSender::agree(const ExitSender& other) {
  if (window_scale_ >= 0 && other.window_scale_ >= 0)
    shift_ =
        static_cast<uint8_t>(std::min<unsigned>(static_cast<uint8_t>(window_scale_), kShiftMax));
  sack_agreed_ = sack_permitted_ && other.sack_permitted_;
  timestamps_agreed_ = timestamps_sent_ && other.timestamps_sent_;
  ecn_agreed_ = ecn_asked_ && other.ecn_asked_;
}

void ExitSender::on_data(const ExitPacket& packet, uint32_t other_half_us) {
  const Segment& s = packet.segment;
  if (!is_known()) [[unlikely]]
    begin_at(s.seq);
  const uint64_t first = unwrap(s.seq, max_);
  const uint64_t end = first + packet.payload + (s.has(tcp_flag::kFin) ? 1 : 0);
  if (packet.payload != 0) sizes_.add(packet.payload);
  if (first == max_ && !fin_seen_) [[likely]] {
    on_new(packet, first, end, 0);
  } else if (first >= max_) {
    if (!fin_seen_ && first - max_ <= kGapMax) {
      outstanding_.append(packet.segments, packet.settings.segments_per_side_max,
                          static_cast<uint32_t>(max_), s.seq, packet.transmission(), Mark::kHole);
      on_new(packet, first, end, 0);
    }
  } else if (on_old(packet, first, end, other_half_us) && end > max_ && !fin_seen_) {
    on_new(packet, max_, end, Mark::kRetransmitted);
  }
  judge_limits(packet.now_us);
  limits_.on_payload(packet.payload);
}

uint32_t ExitSender::pipe() const {
  const uint64_t out = max_ - una_, held = outstanding_.sacked_bytes();
  return out > held ? static_cast<uint32_t>(out - held) : 0;
}

void ExitSender::on_new(const ExitPacket& packet, uint64_t first, uint64_t end, uint8_t marks) {
  const Transmission sent = packet.transmission();
  outstanding_.append(packet.segments, packet.settings.segments_per_side_max,
                      static_cast<uint32_t>(first), static_cast<uint32_t>(end), sent, marks);
  max_ = end;
  if (packet.has(tcp_flag::kFin)) fin_seen_ = true;
  note_sent(packet.segment.seq, sent);
  queue_max_ = std::max(queue_max_, static_cast<uint32_t>(max_ - una_));
  if (outstanding_.has_holes()) [[unlikely]] {
    note_held(max_);
    reassembly_max_ = std::max(reassembly_max_, reassembly_queue());
  }
  window_.on_sent(pipe(), recovery_.is_open(), packet.now_us, rtt_.smoothed_us());
  burst_is_full_ = fills_burst(packet.payload, packet.has(tcp_flag::kPsh), packet.now_us);
}

ExitSender::Repeat ExitSender::judge_repeat(const ExitPacket& packet, uint64_t first, uint64_t end,
                                            uint32_t other_half_us) {
  if (packet.payload <= 1 && !packet.has(tcp_flag::kFin)) {
    if (una_ == max_ && first + 1 == max_) return Repeat::aside;             // keep-alive
    if (edge_ != 0 && edge_ <= una_ && first == una_) return Repeat::aside;  // of a closed window
  }
  if (end <= initial_) return Repeat::aside;  // before what was seen of this end
  const Transmission sent = packet.transmission();
  const auto seq = static_cast<uint32_t>(first);
  auto known = outstanding_.overlap(packet.segments, seq, static_cast<uint32_t>(end), sent);
  if (outstanding_.empty() || seq_before(seq, outstanding_.start())) {
    known.seen = true;  // and acknowledged
    const Transmission latest{sent_us_, latest_tsval_, latest_ip_id_, sent.has_tsval};
    known.copied = known.copied && seq == latest_seq_ && sent.is_copy_of(latest);
    known.late = known.late && sent.has_tsval && seq_before(seq, repair_end_) &&
                 !seq_before(seq, repair_seq_) && seq_before(sent.tsval, repair_tsval_);
  }
  if (known.seen) return known.copied || known.late ? Repeat::not_sent_again : Repeat::sent_again;
  if (sent.has_tsval) return known.is_late_for_hole ? Repeat::not_sent_again : Repeat::sent_again;
  // Without timestamps: a repair comes a round trip of the whole path after the hole.
  const int64_t whole_us = int64_t{rtt_.min_us()} + other_half_us;
  return packet.now_us - known.hole_since_us >= whole_us * 8 / 10 ? Repeat::sent_again
                                                                  : Repeat::not_sent_again;
}

bool ExitSender::on_old(const ExitPacket& packet, uint64_t first, uint64_t end,
                        uint32_t other_half_us) {
  const uint64_t old_end = std::min(end, max_);
  const Repeat repeat = judge_repeat(packet, first, old_end, other_half_us);
  if (repeat == Repeat::aside) return end > max_;
  const bool again = repeat == Repeat::sent_again;
  if (again) on_repair(packet, first, old_end);
  outstanding_.repeat(packet.segments, packet.settings.segments_per_side_max,
                      static_cast<uint32_t>(first), static_cast<uint32_t>(old_end),
                      packet.transmission(), again ? Mark::kRetransmitted : Mark::kUnfit);
  if (again) note_sent(packet.segment.seq, packet.transmission());
  return true;
}

void ExitSender::on_repair(const ExitPacket& packet, uint64_t first, uint64_t old_end) {
  ++packets_retransmitted_;
  bytes_retransmitted_ += std::min(static_cast<uint32_t>(old_end - first), packet.payload);
  repaired_ = true;
  if (packet.timestamps.present) {
    repair_seq_ = static_cast<uint32_t>(first);
    repair_end_ = static_cast<uint32_t>(old_end);
    repair_tsval_ = packet.timestamps.value;
  }
  LossRecovery::Repair repair;
  repair.max = max_;
  repair.pipe = pipe();
  repair.quiet_us = packet.now_us - std::max(sent_us_, progress_us_);
  repair.first = first <= una_;
  repair.evidence = has_evidence();
  repair.timestamps = packet.timestamps;
  repair.rto_floor = packet.settings.rto_min;
  switch (recovery_.on_repair(repair, rtt_)) {
    case LossRecovery::Signal::timeout:
      limits_.passed_in_congestion(packet.gap_us);
      window_.on_timeout(repair.pipe);
      break;
    case LossRecovery::Signal::fast_retransmit: window_.on_fast_retransmit(); break;
    case LossRecovery::Signal::none: break;
  }
}

void ExitSender::judge_limits(int64_t now_us) {
  SendLimit state = SendLimit::sender;
  bool closed = false;
  if (data_packets_ != 0) {
    closed = !fin_seen_ && edge_ != 0 && edge_ < max_ + sizes_.max();
    if (closed)
      state = SendLimit::receiver;
    else if (fin_acked())
      state = SendLimit::sender;
    else if (recovery_.is_open() || recovery_.backoff() != 0 ||
             (burst_is_full_ && window_.is_filled_by(pipe())))
      state = SendLimit::congestion;
  }
  set_busy(una_ >= initial_ && (max_ > una_ || closed), now_us);
  limits_.enter(state, now_us);
}

bool ExitSender::accepts_reset(const Segment& segment) const {
  const uint64_t at = unwrap(segment.seq, una_);
  return at >= una_ && at <= std::max(edge_, max_);
}

}  // namespace tapstat::flowstats
