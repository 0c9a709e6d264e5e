#include "flowstats/layer7/tcp_heuristics.h"

#include <algorithm>
#include <cmath>

#include "flowstats/layer7/tcp_words.h"

namespace tapstat::flowstats::layer7 {
namespace {

constexpr uint32_t kRtmpHello = 1537, kRtmpHellos = 2 * 1536 + 1;  // C0 + C1, S0 + S1 + S2

bool is_rtmp_answer(uint32_t size) { return size == kRtmpHello || size == kRtmpHellos; }

/// Bits per symbol of 16 symbols.
double entropy(const std::array<uint16_t, 16>& counts) {
  double total = 0;
  for (const uint16_t count : counts) total += count;
  double bits = 0;
  for (const uint16_t count : counts) {
    if (count == 0) continue;
    const double share = count / total;
    bits -= share * std::log2(share);
  }
  return bits;
}

bool is_mse_size(uint32_t size) { return size >= 96 && size <= 608; }

bool is_mse_start(const FirstMessages& messages) {
  return is_mse_size(messages.sizes[0]) || (messages.count > 1 && is_mse_size(messages.both()));
}

}  // namespace

bool FirstMessages::note(const TcpSegmentView& view) {
  if (!is_ended_by(view)) return false;
  sizes[count++] = view.message_end - end;
  end = view.message_end;
  return true;
}

void TcpHeuristics::note(const TcpSegmentView& view, const Inspection& settings) {
  changed_ |= messages_[view.side].note(view);
  if (view.length <= 0) return;
  if (view.offset == 0 && !view.payload.empty() && !has_first_byte_[view.side]) {
    has_first_byte_[view.side] = true;
    first_byte_[view.side] = view.payload.u8(0);
  }
  if (samples_ == kSamples) return;
  ++samples_;
  changed_ = true;
  const ByteRange sample = view.payload.first(std::min(settings.entropy_sample, kSampleBytesMax));
  const uint8_t* const bytes = sample.data();
  for (size_t i = 0; i < sample.size(); ++i) {
    ++high_[bytes[i] >> 4];
    ++low_[bytes[i] & 15];
  }
}

bool TcpHeuristics::is_rtmp(Mode mode) const {
  const auto client_byte = [](uint8_t b) { return b == 3 || b == 6 || b == 8; };
  const auto server_byte = [&](uint8_t b) { return client_byte(b) || b == 9 || b == 10; };
  if (!has_first_byte_[kClient] || !has_first_byte_[kServer]) return false;
  if (!client_byte(first_byte_[kClient]) || !server_byte(first_byte_[kServer])) return false;
  if (mode == Mode::tstat && rtmp_is_open()) return true;
  const FirstMessages& client = messages_[kClient];
  const FirstMessages& server = messages_[kServer];
  if (client.sizes[0] == kRtmpHello) return is_rtmp_answer(server.sizes[0]);
  return client.both() == kRtmpHello &&
         (is_rtmp_answer(server.sizes[0]) || is_rtmp_answer(server.both()));
}

bool TcpHeuristics::answers_obfuscated_ed2k(const TcpSegmentView& view, Mode mode) {
  struct Exchange {
    int32_t asked, answered;  // bytes of payload
  };
  constexpr Exchange kExchanges[] = {{11, 55}, {22, 18}, {6, 46}};
  constexpr uint8_t kFlags = tcp_flag::kPsh | tcp_flag::kAck;
  if ((view.flags & kFlags) != kFlags) return false;
  if (view.length > kObfuscatedEd2kMax) return false;
  if (mode == Mode::corrected && is_text(view.payload)) return false;
  bool answered = false;
  for (uint8_t bit = 1; const Exchange& exchange : kExchanges) {
    const uint8_t seen =
        mode == Mode::tstat ? asked_[kClient] | asked_[kServer] : asked_[1 - view.side];
    if (view.length == exchange.asked) asked_[view.side] |= bit;
    answered |= view.length == exchange.answered && (seen & bit) != 0;
    bit = static_cast<uint8_t>(bit << 1);
  }
  return answered;
}

bool TcpHeuristics::is_mse(double entropy_threshold) {
  changed_ = false;
  if (messages_[kClient].count == 0 || messages_[kServer].count == 0) return false;
  if (!is_mse_start(messages_[kClient]) || !is_mse_start(messages_[kServer])) return false;
  return entropy(high_) > entropy_threshold && entropy(low_) > entropy_threshold;
}

}  // namespace tapstat::flowstats::layer7
