/// The live ports of a probe: kernel interfaces, NICs by PCI address, DPDK's virtual devices.
///
/// Opened by the control thread after start_eal() and before workers run; the sources that it gives
/// out belong to the threads that receive. Everything that a port loses before a packet is received
/// is counted here, by reason, as the port itself or the kernel says it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataplane/packet_clock.h"
#include "flowstats/base/counters.h"
#include "flowstats/base/result.h"

namespace tapstat::dataplane {

class PacketSource;
struct SourceControl;

enum class PortKind : uint8_t { kernel, pci, vdev };

struct PortRequest {
  std::string name;  // for people: as configured
  PortKind kind = PortKind::kernel;
  std::string device;   // "eth1", "0000:3b:00.0", or "net_tap0,iface=tap0"
  uint16_t queues = 0;  // 0: one for each worker where the port can spread packets, else one
};

struct PortFigures {
  std::string name, device, driver;
  PortKind kind = PortKind::kernel;
  uint16_t queues = 1;
  bool is_up = false;       // link
  bool is_present = true;   // false: the device was removed
  uint64_t speed_mbps = 0;  // 0: not known
  uint64_t packets = 0;     // delivered, by the port's own count
  uint64_t missed = 0;      // the port, or the kernel's ring, had no room
  uint64_t errors = 0;      // CRC and the like
  uint64_t no_buffer = 0;   // the pool was empty
};

class LivePorts {
 public:
  /// Opens all of `requests` (at least one) for `workers` workers. Of a frame of a kernel interface
  /// the first `snap_bytes` are taken; devices give whole frames. Errors: ExitStatus::environment,
  /// with the port, the reason and what to do.
  [[nodiscard]] static flowstats::Result<std::unique_ptr<LivePorts>> open(
      std::span<const PortRequest> requests, unsigned workers, uint32_t snap_bytes);
  /// Memory that start_eal() should provide for the buffers of such ports.
  [[nodiscard]] static uint32_t memory_mib(std::span<const PortRequest> requests, unsigned workers,
                                           uint32_t snap_bytes);
  virtual ~LivePorts() = default;
  LivePorts(const LivePorts&) = delete;
  LivePorts& operator=(const LivePorts&) = delete;

  /// One for each worker when every port brings both directions of a connection to the same queue
  /// of as many as there are workers; else one for all. Once. `control` outlives them, and this
  /// object outlives them and their packets.
  [[nodiscard]] virtual std::vector<std::unique_ptr<PacketSource>> sources(
      const SourceControl& control) = 0;
  [[nodiscard]] virtual bool frames_may_be_cut() const = 0;

  /// Control thread, a few times a second: asks the ports for their counts and links.
  virtual void update() = 0;
  /// As of the latest update(); any thread.
  [[nodiscard]] virtual std::vector<PortFigures> figures() const = 0;
  /// Of all ports together, as of the latest update(): what the ledger needs. port_packets is what
  /// was delivered and what was lost, by the ports' own counts. Any thread.
  [[nodiscard]] virtual const flowstats::CounterBlock& counters() const = 0;
  /// As of the latest update(): whether somebody set the machine's clock, which packet times do not
  /// follow. Any thread.
  [[nodiscard]] virtual ClockFigures clock() const = 0;

 protected:
  LivePorts() = default;
};

}  // namespace tapstat::dataplane
