#include "flowstats/layer7/tls_stream.h"

#include <algorithm>

namespace tapstat::flowstats::layer7 {

void TlsStream::begin(uint32_t offset, TlsBuffers& buffers) {
  if (offset != expected_) close(buffers);
  expected_ = offset;
}

TlsStream::Place TlsStream::accept(uint32_t offset, ByteRange payload, TlsBuffers& buffers,
                                   ByteRange& in_order) {
  in_order = {};
  const auto ahead = static_cast<int32_t>(offset - expected_);
  if (ahead > 0) return keep(offset, payload, buffers) ? Place::waits : Place::lost;
  in_order = payload.from(size_t{0U - static_cast<uint32_t>(ahead)});
  expected_ += static_cast<uint32_t>(in_order.size());
  return Place::in_order;
}

ByteRange TlsStream::next_waiting(TlsBuffers& buffers) {
  while (range_count_ > 0) {
    const Range first = ranges_[0];
    const auto passed = static_cast<int32_t>(expected_ - base_);  // bytes of the buffer
    if (passed < first.from) return {};
    std::copy(ranges_.begin() + 1, ranges_.begin() + range_count_, ranges_.begin());
    --range_count_;
    if (passed >= first.to) continue;
    expected_ = base_ + first.to;
    return buffers.read(buffer_, static_cast<size_t>(passed), first.to);
  }
  buffers.release(buffer_);
  return {};
}

void TlsStream::close(TlsBuffers& buffers) {
  buffers.release(buffer_);
  range_count_ = 0;
}

bool TlsStream::keep(uint32_t offset, ByteRange payload, TlsBuffers& buffers) {
  if (payload.empty()) return true;
  if (buffer_ == kNoEntry) {
    base_ = expected_;
    buffer_ = buffers.take();
    if (buffer_ == kNoEntry) return false;
  }
  const size_t from = offset - base_;
  if (from > TlsBuffers::kBytes || payload.size() > TlsBuffers::kBytes - from) return false;
  if (!insert({static_cast<uint16_t>(from), static_cast<uint16_t>(from + payload.size())})) {
    return false;
  }
  buffers.write(buffer_, from, payload);
  return true;
}

bool TlsStream::insert(Range added) {
  std::array<Range, kRangesMax + 1> merged;
  size_t count = 0;
  bool is_placed = false;
  for (size_t i = 0; i < range_count_; ++i) {
    const Range range = ranges_[i];
    if (range.to < added.from) {
      merged[count++] = range;
    } else if (range.from > added.to) {
      if (!is_placed) merged[count++] = added;
      is_placed = true;
      merged[count++] = range;
    } else {
      added = {std::min(added.from, range.from), std::max(added.to, range.to)};
    }
  }
  if (!is_placed) merged[count++] = added;
  if (count > kRangesMax) return false;
  std::copy_n(merged.begin(), count, ranges_.begin());
  range_count_ = static_cast<uint8_t>(count);
  return true;
}

}  // namespace tapstat::flowstats::layer7
