#include "control/split/overlap.h"

#include <algorithm>
#include <functional>
#include <string_view>

namespace tapstat::control::splitting {
namespace {

uint64_t key_of(const Packet& packet, uint32_t compared_bytes) {
  const auto bytes = packet.bytes().first(compared_bytes);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  constexpr uint64_t kSpread = 0x9e3779b97f4a7c15ULL;  // 2^64 / golden ratio
  return std::hash<std::string_view>{}(text) ^ kSpread * packet.wire_length;
}

}  // namespace

OverlapFilter::OverlapFilter(std::vector<TimeRange> ranges, int64_t window_ns,
                             uint32_t compared_bytes)
    : ranges_(std::move(ranges)), window_ns_(window_ns), compared_bytes_(compared_bytes) {}

uint64_t& OverlapFilter::Chain::next_of(uint32_t source) {
  for (auto& [known, number] : next)
    if (known == source) return number;
  return next.emplace_back(source, first_number).second;
}

/// Whether a second capture covers this time.
bool OverlapFilter::is_in_overlap(const Packet& packet) {
  TimeRange& own = ranges_[packet.source];
  own.first_ns = std::min(own.first_ns, packet.time_ns);  // the first in the file may be younger
  while (begun_ < ranges_.size() && ranges_[begun_].first_ns <= packet.time_ns)
    active_.push_back(static_cast<uint32_t>(begun_++));
  std::erase_if(active_, [&](uint32_t source) { return ranges_[source].last_ns < packet.time_ns; });
  return std::any_of(active_.begin(), active_.end(),
                     [&](uint32_t source) { return source != packet.source; });
}

void OverlapFilter::forget_before(int64_t time_ns) {
  while (!order_.empty() && order_.front().first < time_ns) {
    const auto at = chains_.find(order_.front().second);
    if (at != chains_.end()) {
      Chain& chain = at->second;
      while (!chain.passed.empty() && chain.passed.front().time_ns < time_ns) {
        chain.passed.pop_front();
        ++chain.first_number;
      }
      if (chain.passed.empty()) chains_.erase(at);
    }
    order_.pop_front();
  }
}

/// With the first one that this capture has not been paired with.
bool OverlapFilter::pair(Chain& chain, const Packet& packet) {
  uint64_t& next = chain.next_of(packet.source);
  next = std::max(next, chain.first_number);
  for (; next < chain.first_number + chain.passed.size(); ++next) {
    const Passed& other = chain.passed[next - chain.first_number];
    const bool is_near = packet.time_ns - other.time_ns <= window_ns_ &&
                         other.time_ns - packet.time_ns <= window_ns_;
    if (other.source == packet.source || !is_near ||
        !ranges_[other.source].contains(packet.time_ns) ||
        !ranges_[packet.source].contains(other.time_ns))
      continue;
    ++next;
    return true;
  }
  return false;
}

bool OverlapFilter::is_duplicate(const Packet& packet) {
  if (!is_in_overlap(packet)) return false;
  forget_before(packet.time_ns - window_ns_);
  const uint64_t key = key_of(packet, compared_bytes_);
  Chain& chain = chains_[key];
  if (pair(chain, packet)) return true;
  chain.passed.push_back({packet.time_ns, packet.source});
  order_.emplace_back(packet.time_ns, key);
  chain.next_of(packet.source) = chain.first_number + chain.passed.size();
  return false;
}

}  // namespace tapstat::control::splitting
