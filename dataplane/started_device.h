/// A device of DPDK with a pool and running receive queues: everything between its name and its
/// first packet. Control thread only.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/live_ports.h"
#include "dataplane/mempool.h"
#include "flowstats/base/result.h"

namespace tapstat::dataplane {

/// Descriptors of each queue, where the driver allows them: for a card, 275 microseconds of the
/// shortest frames at 10 Gb/s.
inline constexpr uint16_t kCardDescriptors = 4'096;
inline constexpr uint16_t kVirtualDescriptors = 1'024;

class StartedDevice {
 public:
  struct Wish {
    uint16_t queues = 1;
    bool or_one = true;    // one queue will do when the port cannot spread packets over more
    unsigned workers = 1;  // that hold packets
    unsigned number = 0;   // tells the ports of a process apart
  };

  /// Errors: ExitStatus::environment.
  [[nodiscard]] static flowstats::Result<StartedDevice> start(const PortRequest& request,
                                                              const Wish& wish);
  StartedDevice(StartedDevice&& other) noexcept;
  StartedDevice& operator=(StartedDevice&&) = delete;
  /// Stops and closes it, and removes a virtual device that start() made.
  ~StartedDevice();

  /// Buffers of the pool of a port with so many queues.
  [[nodiscard]] static uint32_t buffers_needed(PortKind kind, uint16_t queues, unsigned workers);

  [[nodiscard]] uint16_t port() const { return port_; }  // DPDK's number
  [[nodiscard]] const std::string& driver() const { return driver_; }
  [[nodiscard]] uint16_t queues() const { return queues_; }
  [[nodiscard]] const PacketPool& pool() const { return pool_; }
  [[nodiscard]] uint32_t descriptors() const { return descriptors_; }
  /// live_port.h. Empty with one queue.
  [[nodiscard]] const std::vector<uint16_t>& spread() const { return spread_; }

 private:
  StartedDevice(uint16_t port, std::string created, PacketPool pool)
      : port_(port), created_(std::move(created)), pool_(std::move(pool)) {}
  [[nodiscard]] flowstats::Result<void> start_queues(const PortRequest& request, uint16_t queues);
  [[nodiscard]] int configure(const PortRequest& request, uint16_t receive, uint16_t transmit);
  [[nodiscard]] std::vector<uint16_t> try_spread() const;

  uint16_t port_;        // RTE_MAX_ETHPORTS: moved from
  std::string created_;  // the virtual device; empty: it was there
  PacketPool pool_;
  std::string driver_;
  uint16_t queues_ = 1;
  uint16_t descriptors_ = 0;
  std::vector<uint16_t> spread_;
};

}  // namespace tapstat::dataplane
