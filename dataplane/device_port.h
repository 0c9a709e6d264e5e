/// A device of DPDK as a live port: a network card by PCI address, or a virtual device.
///
/// Several queues only where the port proves that both directions of a connection come to the same
/// one (symmetric_rss.h). Packets have the time at which they were polled. A card that is pulled
/// out is noticed and no longer polled. Control thread, but for the queues (port_queue.h).
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include <rte_ethdev.h>

#include "dataplane/live_port.h"
#include "dataplane/started_device.h"

namespace tapstat::dataplane {

class DevicePort;

/// Polls one queue of a port.
class DeviceQueue final : public PortQueue {
 public:
  DeviceQueue(const DevicePort& port, uint16_t number) : port_(port), number_(number) {}

  [[nodiscard]] uint16_t receive(rte_mbuf** packets, flowstats::Timestamp* times, uint16_t count,
                                 flowstats::Timestamp now) override;
  [[nodiscard]] flowstats::Timestamp silent_until(flowstats::Timestamp now) const override {
    return now;
  }
  void refuse_more(flowstats::Timestamp now) override;
  [[nodiscard]] bool is_drained(flowstats::Timestamp now) override;
  [[nodiscard]] LinkType link_type() const override { return LinkType::ethernet; }
  [[nodiscard]] bool may_nap() const override;
  [[nodiscard]] size_t bytes() const override;

  /// Any thread: given out by receive() so far; and whether that was all.
  [[nodiscard]] uint64_t received() const { return received_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool is_closed() const { return is_closed_.load(std::memory_order_acquire); }

 private:
  static constexpr uint32_t kNoLimit = ~uint32_t{0};

  const DevicePort& port_;
  uint16_t number_;
  uint32_t left_to_take_ = kNoLimit;  // after refuse_more(): what the queue held then, at most
  std::atomic<uint64_t> received_ = 0;
  std::atomic<bool> is_closed_ = false;
};

class DevicePort final : public LivePort {
 public:
  /// Errors: ExitStatus::environment.
  [[nodiscard]] static flowstats::Result<std::unique_ptr<DevicePort>> open(
      const PortRequest& request, const StartedDevice::Wish& wish);
  ~DevicePort() override;

  [[nodiscard]] std::vector<PortQueue*> queues() override;
  [[nodiscard]] std::vector<uint16_t> spread() const override { return device_.spread(); }
  [[nodiscard]] bool frames_may_be_cut() const override { return false; }
  void update() override;

  [[nodiscard]] const StartedDevice& device() const { return device_; }
  /// Any thread.
  [[nodiscard]] bool is_removed() const { return is_removed_.load(std::memory_order_relaxed); }

 private:
  DevicePort(PortFigures fixed, StartedDevice device);
  static int on_removal(uint16_t port, rte_eth_event_type event, void* self, void* unused);

  StartedDevice device_;
  std::atomic<bool> is_removed_ = false;  // written by DPDK's interrupt thread
  PortFigures latest_;                    // by the port's own counts
  uint64_t delivered_ = 0;                // by the same
  std::vector<std::unique_ptr<DeviceQueue>> queues_;
};

}  // namespace tapstat::dataplane
