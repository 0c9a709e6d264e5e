/// The packets of one queue of each live port, as one trace that ends when control says so.
///
/// With one queue a burst is what the queue gives. With several, packets are put in the order of
/// their times: a tap gives each direction of a link on a port of its own, and an answer must not
/// come before its question. So a packet waits until no queue can bring an earlier one (some
/// milliseconds where a kernel interface is silent). Owned by the thread that receives (a worker,
/// or the dispatcher). The queues belong to their ports.
#pragma once

#include <array>
#include <vector>

#include "dataplane/burst.h"
#include "dataplane/packet_clock.h"
#include "dataplane/packet_source.h"
#include "dataplane/port_queue.h"

namespace tapstat::dataplane {

class LiveSource final : public PacketSource {
 public:
  /// Packets of an idle port come at most so late: a thread that naps, a kernel that collects.
  static constexpr flowstats::Duration kLateMax = flowstats::seconds(1);

  /// At least one queue; they, `clock` and `control` outlive the source.
  LiveSource(const std::vector<PortQueue*>& queues, const PacketClock& clock,
             const SourceControl& control);
  ~LiveSource() override;

  [[nodiscard]] State receive(Burst& burst) override;
  [[nodiscard]] flowstats::Timestamp last_frame() const override { return last_frame_; }
  [[nodiscard]] flowstats::Timestamp clock() const override { return clock_; }
  /// kLateMax before the packet clock.
  [[nodiscard]] flowstats::Timestamp silent_until() const override;
  [[nodiscard]] bool may_nap() const override { return may_nap_; }
  [[nodiscard]] size_t bytes() const override;

 private:
  /// A queue and what was received from it ahead of its turn.
  struct Lane {
    PortQueue* queue = nullptr;
    std::array<rte_mbuf*, kBurst> packets{};
    std::array<flowstats::Timestamp, kBurst> times{};
    uint16_t first = 0, count = 0;
  };

  void receive_one(Burst& burst);
  void receive_in_order(Burst& burst);
  [[nodiscard]] Lane* earliest(flowstats::Timestamp bound);
  [[nodiscard]] bool all_drained();

  std::vector<Lane> lanes_;
  const PacketClock& packet_clock_;
  const SourceControl& control_;
  bool may_nap_ = true;
  bool has_begun_ = false;  // nothing is taken before the first receive()
  bool stopping_ = false, finished_ = false;
  flowstats::Timestamp now_;
  flowstats::Timestamp last_frame_ = flowstats::kNever;
  flowstats::Timestamp clock_ = flowstats::kNever;
};

}  // namespace tapstat::dataplane
