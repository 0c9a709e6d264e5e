/// Segments of one TCP connection as layer-7 inspection is told of them, made of plain texts.
///
/// Counts packets, offsets and messages as a flow does: three packets of a handshake first, each
/// text in order, a message closed by PSH or FIN. The texts must outlive the views.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "flowstats/layer7/inspection.h"
#include "flowstats/wire/segment.h"

namespace tapstat::test {

inline flowstats::ByteRange bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

class TcpViews {
 public:
  static constexpr uint8_t kPushed = flowstats::tcp_flag::kAck | flowstats::tcp_flag::kPsh;

  flowstats::layer7::TcpSegmentView client(std::string_view text, uint8_t flags = kPushed) {
    return segment(flowstats::layer7::kClient, text, flags);
  }
  flowstats::layer7::TcpSegmentView server(std::string_view text, uint8_t flags = kPushed) {
    return segment(flowstats::layer7::kServer, text, flags);
  }
  flowstats::layer7::TcpSegmentView segment(size_t side, std::string_view text,
                                            uint8_t flags = kPushed) {
    flowstats::layer7::TcpSegmentView view;
    view.side = side;
    view.packets = ++packets_;
    view.flags = flags;
    view.length = static_cast<int32_t>(text.size());
    view.payload = bytes_of(text);
    view.offset = sent_[side];
    sent_[side] += static_cast<uint32_t>(text.size());
    const bool closes = (flags & (flowstats::tcp_flag::kPsh | flowstats::tcp_flag::kFin)) != 0;
    if (closes && sent_[side] != message_end_[side]) {
      ++messages_[side];
      message_end_[side] = sent_[side];
    }
    view.messages = messages_[side];
    view.message_end = message_end_[side];
    view.since_start = flowstats::milliseconds(packets_ - 1);
    view.time = flowstats::Timestamp{} + view.since_start;
    return view;
  }
  /// Bytes of a side that the observation point missed, and packets without payload.
  void lose(size_t side, uint32_t bytes) { sent_[side] += bytes; }
  void pass_until(uint32_t packets) { packets_ = packets; }

 private:
  uint32_t packets_ = 3;
  std::array<uint32_t, 2> sent_{}, messages_{}, message_end_{};
};

}  // namespace tapstat::test
