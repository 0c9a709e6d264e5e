/// Puts the packets of one capture into the order of time, as far as they are at most a second out
/// of it.
///
/// Holds what the last second of the capture brought, at most `bytes_max` of it (then the earliest
/// packet leaves sooner). What comes too late leaves at once and is marked. Packets of one time
/// keep their order. Control thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "control/split/packet.h"

namespace tapstat::control::splitting {

class DisorderHeap {
 public:
  static constexpr int64_t kDisorderNs = kSecondNs;

  explicit DisorderHeap(size_t bytes_max) : bytes_max_(bytes_max) {}

  void push(Packet packet);
  /// No more packets will come.
  void end() { is_ended_ = true; }

  [[nodiscard]] bool empty() const { return entries_.empty(); }
  /// The earliest packet may leave: nothing that can still come goes before it.
  [[nodiscard]] bool is_ready() const;
  [[nodiscard]] int64_t earliest_ns() const { return entries_.front().packet.time_ns; }
  [[nodiscard]] Packet pop();  // not when empty

 private:
  struct Entry {
    uint64_t number = 0;
    Packet packet;
  };
  static bool later(const Entry& x, const Entry& y);
  static size_t bytes_of(const Packet& packet) { return packet.captured_length + sizeof(Entry); }

  size_t bytes_max_, bytes_ = 0;
  uint64_t pushed_ = 0;
  int64_t newest_ns_ = std::numeric_limits<int64_t>::min(), left_ns_ = newest_ns_;
  bool is_ended_ = false;
  std::vector<Entry> entries_;  // a heap, the earliest in front
};

}  // namespace tapstat::control::splitting
