/// Packets as a worker's ring holds them, and a ring that a test fills.
#pragma once

#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "flowstats/trace_queue.h"

namespace tapstat::tests {

/// Suitably aligned memory of one slot.
using SlotMemory = std::vector<uint64_t>;

[[nodiscard]] inline SlotMemory packet_slot(flowstats::Timestamp time, const std::string& bytes,
                                            uint32_t wire_length, uint16_t link_type = 1) {
  flowstats::TracedPacket packet;
  packet.kind = flowstats::TraceSlot::Kind::packet;
  packet.link_type = link_type;
  packet.time = time;
  packet.wire_length = wire_length;
  packet.captured = static_cast<uint32_t>(bytes.size());
  SlotMemory memory((sizeof packet + bytes.size() + 7) / 8);
  auto* const at = reinterpret_cast<char*>(memory.data());
  std::memcpy(at, &packet, sizeof packet);
  std::memcpy(at + sizeof packet, bytes.data(), bytes.size());
  return memory;
}

[[nodiscard]] inline const flowstats::TracedPacket& packet_in(const SlotMemory& memory) {
  return *reinterpret_cast<const flowstats::TracedPacket*>(memory.data());
}

[[nodiscard]] inline flowstats::TraceTally tally_of(flowstats::TraceHours hours,
                                                    uint64_t sampled_out, uint64_t dropped_ring) {
  flowstats::TraceTally tally;
  tally.kind = flowstats::TraceSlot::Kind::tally;
  tally.hours = hours;
  tally.sampled_out = sampled_out;
  tally.dropped_ring = dropped_ring;
  return tally;
}

class FilledSource final : public flowstats::TraceSource {
 public:
  void put(flowstats::Timestamp time) { slots_.push_back(packet_slot(time, "x", 1)); }
  void complete_to(flowstats::Timestamp time) { frontier_ = time; }
  void fill() { is_filling_ = true; }

  [[nodiscard]] const flowstats::TraceSlot* front() override {
    return slots_.empty() ? nullptr : &packet_in(slots_.front());
  }
  void pop() override { slots_.pop_front(); }
  [[nodiscard]] bool is_filling() const override { return is_filling_; }
  [[nodiscard]] flowstats::Timestamp frontier() const override { return frontier_; }

 private:
  std::deque<SlotMemory> slots_;
  flowstats::Timestamp frontier_ = flowstats::kNever;
  bool is_filling_ = false;
};

}  // namespace tapstat::tests
