#include "flowstats/layer7/dns_stream.h"

#include <algorithm>
#include <cstring>

namespace tapstat::flowstats::layer7 {

size_t DnsStream::take(uint32_t offset, ByteRange payload) {
  const auto ahead = static_cast<int32_t>(offset - next_);
  if (ahead < 0)  // seen before, or of a message that is passed over
    return std::min(payload.size(), static_cast<size_t>(-int64_t{ahead}));
  const size_t at = offset - start_;
  if (at >= kWindowBytes) return 0;
  const ByteRange fitting = payload.first(kWindowBytes - at);
  if (ahead > 0) {
    store_early(at, fitting);
    return 0;
  }
  std::memcpy(window_.data() + at, fitting.data(), fitting.size());
  next_ += static_cast<uint32_t>(fitting.size());
  join_early();
  return fitting.size();
}

void DnsStream::store_early(size_t at, ByteRange bytes) {
  const auto begin = static_cast<uint32_t>(at);
  const auto end = static_cast<uint32_t>(at + bytes.size());
  if (early_begin_ == early_end_) {
    early_begin_ = begin;
    early_end_ = end;
  } else if (begin <= early_end_ && end >= early_begin_) {
    early_begin_ = std::min(early_begin_, begin);
    early_end_ = std::max(early_end_, end);
  } else {
    return;
  }
  std::memcpy(window_.data() + at, bytes.data(), bytes.size());
}

void DnsStream::join_early() {
  const size_t known = contiguous();
  if (early_begin_ == early_end_ || known < early_begin_) return;
  if (known < early_end_) next_ = start_ + early_end_;
  early_begin_ = early_end_ = 0;
}

ByteRange DnsStream::first_message() {
  const size_t known = contiguous();
  if (known < 2) return {};
  const size_t bytes = size_t{2} + ByteRange{window_.data(), 2}.u16(0);
  if (bytes <= kWindowBytes) return bytes <= known ? ByteRange{window_.data(), bytes} : ByteRange{};
  ++messages_too_long_;
  // All of the window belongs to this message; holes in it do not matter.
  early_begin_ = early_end_ = 0;
  next_ = start_ += static_cast<uint32_t>(bytes);
  return {};
}

void DnsStream::drop(size_t bytes) {
  const size_t end = std::max<size_t>(contiguous(), early_end_);
  std::memmove(window_.data(), window_.data() + bytes, end - bytes);
  start_ += static_cast<uint32_t>(bytes);
  if (early_begin_ != early_end_) {
    early_begin_ -= static_cast<uint32_t>(bytes);
    early_end_ -= static_cast<uint32_t>(bytes);
  }
}

}  // namespace tapstat::flowstats::layer7
