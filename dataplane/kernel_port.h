/// A network interface of the kernel as a live port: a packet socket for each queue, connections
/// divided among them by the kernel.
///
/// Why not DPDK's own port for it: docs/decisions/0017. The interface may go down and come up
/// again: nothing is to be done. If it is removed, the port waits for one of that name; with one
/// queue it then goes on there, with several the kernel does not let it (is_present stays false).
/// Control thread, but for the queues (port_queue.h).
#pragma once

#include <memory>
#include <vector>

#include "dataplane/kernel_queue.h"
#include "dataplane/live_port.h"
#include "dataplane/network_interface.h"

namespace tapstat::dataplane {

class KernelPort final : public LivePort {
 public:
  /// The first `snap_bytes` of each frame are taken into buffers of `pool`, which outlives the port
  /// as `clock` does. Errors: ExitStatus::environment.
  [[nodiscard]] static flowstats::Result<std::unique_ptr<KernelPort>> open(
      const PortRequest& request, uint16_t queues, uint32_t snap_bytes, const PacketPool& pool,
      const PacketClock& clock);

  [[nodiscard]] std::vector<PortQueue*> queues() override;
  [[nodiscard]] std::vector<uint16_t> spread() const override;
  [[nodiscard]] bool frames_may_be_cut() const override { return true; }
  void update() override;

 private:
  KernelPort(const PortRequest& request, NetworkInterface interface,
             std::vector<std::unique_ptr<KernelQueue>> queues);
  void look_at_interface(PortFigures& now);

  NetworkInterface interface_;
  std::vector<std::unique_ptr<KernelQueue>> queues_;
  CardCounts card_;
  uint64_t card_missed_ = 0, card_errors_ = 0;
  uint64_t delivered_ = 0, ring_missed_ = 0;  // by the kernel's counts
};

}  // namespace tapstat::dataplane
