/// Protocols that are known by sizes and disorder, not by words: RTMP, obfuscated ED2K, and
/// BitTorrent's encrypted handshake (MSE).
///
/// State of one flow, trivially copyable, owned by its worker. A size is that of a message, the
/// bytes between two segments with PSH; the first two of each side are kept. Source: Tstat's
/// published rules; the entropy is Shannon's, of the halves of bytes.
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/layer7/inspection.h"
#include "flowstats/measurement.h"
#include "flowstats/wire/segment.h"

namespace tapstat::flowstats::layer7 {

/// Sizes of the first two messages of a side.
struct FirstMessages {
  uint32_t count = 0;  // as far as two
  uint32_t end = 0;    // offset behind the latest that is kept
  std::array<uint32_t, 2> sizes{};

  [[nodiscard]] uint32_t both() const { return sizes[0] + sizes[1]; }
  /// The segment ends one of the messages that are kept.
  [[nodiscard]] bool is_ended_by(const TcpSegmentView& view) const {
    return count < sizes.size() && view.messages > count;
  }
  /// True when a message was added.
  bool note(const TcpSegmentView& view);
};

class TcpHeuristics {
 public:
  /// Payloads of a flow whose disorder is measured.
  static constexpr uint32_t kSamples = 4;
  static constexpr uint32_t kSampleBytesMax = 16'000;  // of each; what the counters hold
  static constexpr int32_t kObfuscatedEd2kMax = 55;    // length of the longest segment tested

  /// Keeps what the tests need of a segment: any with payload, PSH or FIN, in order of arrival.
  void note(const TcpSegmentView& view, const Inspection& settings);

  /// note() would change what is_mse() says, or an earlier one has.
  [[nodiscard]] bool learns_from(const TcpSegmentView& view) const {
    return changed_ || samples_ < kSamples || messages_[view.side].is_ended_by(view);
  }

  /// A segment with payload that changes nothing here. Of a flow whose protocol `is_named`, MSE is
  /// not asked any more.
  [[nodiscard]] bool passes_over(const TcpSegmentView& view, bool is_named) const {
    const bool may_be_short_answer =
        (view.flags & tcp_flag::kPsh) != 0 && view.length <= kObfuscatedEd2kMax;
    return has_first_byte_[view.side] && !may_be_short_answer &&
           !messages_[view.side].is_ended_by(view) && (is_named || !learns_from(view));
  }

  /// First byte of each side, and the sizes 1537 and 1537 or 3073 of the handshake's messages
  /// (Adobe's RTMP specification section 5.2). tstat mode: also a flow of one message a side.
  [[nodiscard]] bool is_rtmp(Mode mode) const;
  /// The first byte of the side's stream was seen.
  [[nodiscard]] bool has_start_of(size_t side) const { return has_first_byte_[side]; }
  /// The sizes that is_rtmp() reads can change.
  [[nodiscard]] bool rtmp_is_open() const {
    return messages_[0].count < 2 || messages_[1].count < 2;
  }

  /// A payload with PSH of one of three sizes, and later one of the size that answers it. corrected
  /// mode: from the other side, and neither is text.
  [[nodiscard]] bool answers_obfuscated_ed2k(const TcpSegmentView& view, Mode mode);

  /// Messages of 96 to 608 bytes on both sides, and disorder in both halves of the bytes. Worth its
  /// cost only when mse_may_have_changed().
  [[nodiscard]] bool is_mse(double entropy_threshold);
  [[nodiscard]] bool mse_may_have_changed() const { return changed_; }
  /// No later segment can change what is_mse() says.
  [[nodiscard]] bool is_settled() const {
    return samples_ == kSamples && !rtmp_is_open() && !changed_;
  }

 private:
  std::array<uint16_t, 16> high_{}, low_{};  // how often each half of a byte was seen
  std::array<FirstMessages, 2> messages_;
  std::array<uint8_t, 2> first_byte_{};  // of the stream of each side
  std::array<uint8_t, 2> asked_{};  // sizes of obfuscated ED2K that the side has sent, a bit each
  uint8_t samples_ = 0;
  bool changed_ = false;
  std::array<bool, 2> has_first_byte_{};
};

}  // namespace tapstat::flowstats::layer7
