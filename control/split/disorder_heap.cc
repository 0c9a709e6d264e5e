#include "control/split/disorder_heap.h"

#include <algorithm>
#include <utility>

namespace tapstat::control::splitting {

bool DisorderHeap::later(const Entry& x, const Entry& y) {
  return std::pair(x.packet.time_ns, x.number) > std::pair(y.packet.time_ns, y.number);
}

void DisorderHeap::push(Packet packet) {
  newest_ns_ = std::max(newest_ns_, packet.time_ns);
  bytes_ += bytes_of(packet);
  entries_.push_back({pushed_++, std::move(packet)});
  std::push_heap(entries_.begin(), entries_.end(), later);
}

bool DisorderHeap::is_ready() const {
  return !entries_.empty() &&
         (is_ended_ || bytes_ > bytes_max_ || newest_ns_ - earliest_ns() > kDisorderNs);
}

Packet DisorderHeap::pop() {
  std::pop_heap(entries_.begin(), entries_.end(), later);
  Packet packet = std::move(entries_.back().packet);
  entries_.pop_back();
  bytes_ -= bytes_of(packet);
  packet.is_late = packet.time_ns < left_ns_;
  left_ns_ = std::max(left_ns_, packet.time_ns);
  return packet;
}

}  // namespace tapstat::control::splitting
