/// Puts the segments of one direction in order, for the first part of a connection.
///
/// In order is the fast way and keeps nothing. What comes early waits in a buffer of the worker:
/// TlsBuffers::kBytes behind the first hole, in at most kRangesMax pieces; beyond that the stream
/// is lost, and says so. Bytes that came before are left out. One owner thread.
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/base/byte_range.h"
#include "flowstats/layer7/tls_buffers.h"

namespace tapstat::flowstats::layer7 {

class TlsStream {
 public:
  static constexpr size_t kRangesMax = 4;

  /// `offset` of the first byte that matters; what already waits behind it stays.
  void begin(uint32_t offset, TlsBuffers& buffers);
  enum class Place : uint8_t {
    in_order,  // next, or old
    waits,
    lost,  // it should wait and cannot
  };
  /// `in_order`: the part of a segment that is new and next; empty when there is none.
  [[nodiscard]] Place accept(uint32_t offset, ByteRange payload, TlsBuffers& buffers,
                             ByteRange& in_order);
  /// Waiting bytes that are next in order; empty when there are none. The view holds until the next
  /// call.
  [[nodiscard]] ByteRange next_waiting(TlsBuffers& buffers);
  [[nodiscard]] uint32_t expected() const { return expected_; }
  void close(TlsBuffers& buffers);

 private:
  /// Bytes that wait, counted from base_.
  struct Range {
    uint16_t from = 0, to = 0;
  };
  [[nodiscard]] bool keep(uint32_t offset, ByteRange payload, TlsBuffers& buffers);
  [[nodiscard]] bool insert(Range added);

  uint32_t expected_ = 0;       // offset of the next byte in order
  uint32_t base_ = 0;           // offset of the buffer's first byte
  uint32_t buffer_ = kNoEntry;  // taken when ranges_ are
  uint8_t range_count_ = 0;
  std::array<Range, kRangesMax> ranges_{};  // apart from each other, rising
};

}  // namespace tapstat::flowstats::layer7
