/// Buffers for TLS handshakes that come in several segments: a bounded pool of one worker.
///
/// A handshake whose messages lie whole in their segments, in order, takes none. Header parts of
/// HTTP requests that come out of order wait here as well. When all are in use, what would have
/// been kept is lost for the flow and counted. One owner thread.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "flowstats/base/byte_range.h"
#include "flowstats/base/entry_pool.h"

namespace tapstat::flowstats::layer7 {

class TlsBuffers {
 public:
  static constexpr size_t kBytes = size_t{16} << 10;

  explicit TlsBuffers(uint32_t count) : pool_(count) {}

  /// kNoEntry, and counted, when all are in use.
  [[nodiscard]] uint32_t take() {
    const uint32_t buffer = pool_.take();
    if (buffer == kNoEntry) ++exhausted_;
    return buffer;
  }
  /// Gives `buffer` back if it is one, and makes it none.
  void release(uint32_t& buffer) {
    if (buffer != kNoEntry) pool_.give_back(buffer);
    buffer = kNoEntry;
  }
  /// Precondition: offset + bytes.size() <= kBytes.
  void write(uint32_t buffer, size_t offset, ByteRange bytes) {
    TAPSTAT_ASSERT(offset <= kBytes && bytes.size() <= kBytes - offset);
    if (!bytes.empty()) std::memcpy(pool_[buffer].data() + offset, bytes.data(), bytes.size());
  }
  [[nodiscard]] ByteRange read(uint32_t buffer, size_t from, size_t to) const {
    TAPSTAT_ASSERT(from <= to && to <= kBytes);
    return {pool_[buffer].data() + from, to - from};
  }

  [[nodiscard]] uint32_t in_use() const { return pool_.in_use(); }
  [[nodiscard]] size_t bytes() const { return pool_.bytes(); }
  void touch() { pool_.touch(); }
  /// Requests since the last call that found no buffer.
  [[nodiscard]] uint64_t take_exhausted() {
    const uint64_t count = exhausted_;
    exhausted_ = 0;
    return count;
  }

 private:
  EntryPool<std::array<uint8_t, kBytes>> pool_;
  uint64_t exhausted_ = 0;
};

}  // namespace tapstat::flowstats::layer7
