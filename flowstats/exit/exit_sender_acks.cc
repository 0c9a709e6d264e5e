// What comes back to a sender: acknowledgments, selective ones, and echoes.
#include <array>

#include "flowstats/exit/exit_sender.h"

namespace tapstat::flowstats {
namespace {

/// In sequence; of two that start together, the one that holds the other.
bool comes_before(const SackBlock& a, const SackBlock& b) {
  return a.start == b.start ? seq_before(b.end, a.end) : seq_before(a.start, b.start);
}

}  // namespace

void ExitSender::on_acknowledgment(const ExitPacket& packet, uint32_t window, bool window_is_same) {
  const Segment& s = packet.segment;
  if (!is_known()) [[unlikely]]
    begin_at(s.ack);
  const uint64_t ack = unwrap(s.ack, una_);
  const bool has_sack = s.options.has(TcpOptions::kSack);
  const bool same = ack == una_;
  if (ack > una_) {
    // Beyond what was seen: the observation point missed segments, if the window allowed them.
    if (ack > max_ && edge_ != 0 && ack > edge_) return;
    on_progress(packet, ack);
  } else if (same && max_ > una_ && packet.payload == 0 && (window_is_same || has_sack) &&
             (s.flags & (tcp_flag::kSyn | tcp_flag::kFin)) == 0) {
    on_duplicate_ack();
  }
  if (has_sack) [[unlikely]]
    on_sack(packet, ack, !same);
  else
    sack_above_ = false;
  if (s.has(kEce) && !s.has(tcp_flag::kSyn)) [[unlikely]]
    on_congestion_echo(ack);
  if (ack >= una_) edge_ = ack + window;
  judge_limits(packet.now_us);
}

void ExitSender::on_progress(const ExitPacket& packet, uint64_t ack) {
  auto covered = outstanding_.acknowledge(packet.segments, static_cast<uint32_t>(ack));
  if (ack > max_) [[unlikely]] {
    covered.unfit = true;
    max_ = ack;
  }
  if (dup_run_ != 0) [[unlikely]] {
    if (!repaired_ && !recovery_.is_open()) {
      unrepaired_dup_acks_ += dup_run_;
      ++unrepaired_episodes_;
      bytes_reordered_ += static_cast<uint32_t>(ack - una_);
    }
    dup_run_ = 0;
  }
  una_ = ack;
  repaired_ = false;
  progress_us_ = packet.now_us;
  if (limits_.state() == SendLimit::congestion) window_.on_opening();
  if (recovery_.on_progress(una_, covered.retransmitted, packet.timestamps)) [[unlikely]]
    window_.on_episode_end(packet.now_us, rtt_.smoothed_us());
  if (!covered.unfit && covered.earliest_us != OutstandingSegments::kNoTime)
    take_sample(packet, covered.earliest_us);
}

void ExitSender::take_sample(const ExitPacket& packet, int64_t sent_us) {
  rtt_.on_sample(packet.now_us - sent_us, packet.settings.rto_min);
  recovery_.on_sample(rtt_.latest_us());
}

void ExitSender::on_duplicate_ack() {
  ++dup_acks_;
  if (dup_run_ == 0) ++dup_ack_episodes_;
  ++dup_run_;
}

void ExitSender::on_sack(const ExitPacket& packet, uint64_t ack, bool progress) {
  const SackBlocks blocks = read_sack_blocks(packet.segment.option_list());
  ++sack_segments_;
  sack_blocks_ += blocks.count;
  sack_above_ = false;
  if (blocks.count == 0) return;
  const SackBlock& latest = blocks.block[0];
  const SackBlock& second = blocks.block[1];
  const bool in_second = blocks.count > 1 && !seq_before(latest.start, second.start) &&
                         !seq_before(second.end, latest.end);
  if (in_second || !seq_before(static_cast<uint32_t>(ack), latest.end)) {
    // A block spans several segments when the receiver's interface joins them.
    const uint32_t segment = std::max<uint32_t>(sizes_.max(), 1);
    const uint32_t duplicates =
        seq_before(latest.start, latest.end)
            ? std::max((latest.end - latest.start + segment - 1) / segment, 1u)
            : 1;
    dsack_duplicates_ += duplicates;
    recovery_.on_duplicates(duplicates);
  }
  std::array<SackBlock, SackBlocks::kMax> above{};
  size_t count = 0;
  for (unsigned i = 0; i < blocks.count; ++i) {
    const uint64_t start = unwrap(blocks.block[i].start, una_);
    const uint64_t end = unwrap(blocks.block[i].end, una_);
    if (start <= una_ || start >= end || end > max_) continue;
    note_held(end);
    size_t at = count++;
    for (; at > 0 && comes_before(blocks.block[i], above[at - 1]); --at) above[at] = above[at - 1];
    above[at] = blocks.block[i];
  }
  sack_above_ = count != 0;
  const int64_t earliest_us = outstanding_.report(packet.segments, {above.data(), count});
  reassembly_max_ = std::max(reassembly_max_, reassembly_queue());
  if (!progress && earliest_us != OutstandingSegments::kNoTime) take_sample(packet, earliest_us);
}

void ExitSender::on_congestion_echo(uint64_t ack) {
  if (!ecn_agreed_ && syn_seen_) return;
  if (recovery_.on_congestion_echo(ack, max_, pipe(), rtt_)) window_.on_fast_retransmit();
}

void ExitSender::note_held(uint64_t end) {
  const auto una = static_cast<uint32_t>(una_);
  const uint32_t bytes = static_cast<uint32_t>(end) - una, before = held_end_ - una;
  if (before > outstanding() || bytes > before) held_end_ = static_cast<uint32_t>(end);
}

uint32_t ExitSender::reassembly_queue() const {
  if (!outstanding_.has_holes() && outstanding_.sacked_bytes() == 0) return 0;
  const uint32_t bytes = held_end_ - static_cast<uint32_t>(una_);
  return bytes <= outstanding() ? bytes : 0;
}

}  // namespace tapstat::flowstats
