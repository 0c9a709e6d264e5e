#include "dataplane/live_ports.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "dataplane/device_port.h"
#include "dataplane/kernel_port.h"
#include "dataplane/live_source.h"
#include "flowstats/base/check.h"

namespace tapstat::dataplane {

using flowstats::Counter;
using flowstats::CounterBlock;
using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

namespace {

constexpr uint32_t kBytesPerMib = 1 << 20;

uint16_t queues_of(const PortRequest& request, unsigned workers) {
  return request.queues != 0 ? request.queues : static_cast<uint16_t>(workers);
}

/// Of the pool that all kernel ports share.
uint32_t kernel_buffers(unsigned workers, uint32_t snap_bytes) {
  const uint32_t packets = workers * kInFlightPerWorker + 2 * kBurstMax;
  return packets * buffers_per_packet(snap_bytes) + (workers + 1) * 2 * kBufferCache;
}

bool is_kernel(const PortRequest& request) { return request.kind == PortKind::kernel; }

class OpenPorts final : public LivePorts {
 public:
  explicit OpenPorts(unsigned workers)
      : workers_(workers), clock_(read_clocks(), measure_ticks_hz()) {}

  Result<void> open(std::span<const PortRequest> requests, uint32_t snap_bytes) {
    if (std::ranges::any_of(requests, is_kernel)) {
      auto pool = PacketPool::create_for_port("kernel", kernel_buffers(workers_, snap_bytes),
                                              SOCKET_ID_ANY);
      if (!pool) return tl::make_unexpected(pool.error());
      kernel_pool_.emplace(std::move(*pool));
    }
    for (const PortRequest& request : requests) {
      auto port = is_kernel(request) ? open_kernel(request, snap_bytes) : open_device(request);
      if (!port) return tl::make_unexpected(port.error());
      ports_.push_back(std::move(*port));
    }
    return {};
  }

  std::vector<std::unique_ptr<PacketSource>> sources(const SourceControl& control) override {
    const bool is_shared = can_share_workers();
    std::vector<std::vector<PortQueue*>> queues(is_shared ? workers_ : 1);
    for (const auto& port : ports_) {
      const auto all = port->queues();
      for (size_t q = 0; q < all.size(); ++q) queues[q % queues.size()].push_back(all[q]);
    }
    std::vector<std::unique_ptr<PacketSource>> made;
    for (const auto& of_one : queues)
      made.push_back(std::make_unique<LiveSource>(of_one, clock_, control));
    return made;
  }

  bool frames_may_be_cut() const override {
    return std::ranges::any_of(ports_, [](const auto& p) { return p->frames_may_be_cut(); });
  }

  void update() override {
    clock_.update(read_clocks());
    PortFigures sum;
    for (const auto& port : ports_) {
      port->update();
      const PortFigures now = port->figures();
      sum.packets += now.packets;
      sum.missed += now.missed;
      sum.errors += now.errors;
      sum.no_buffer += now.no_buffer;
    }
    raise(Counter::port_packets, sum.packets + sum.missed + sum.errors + sum.no_buffer);
    raise(Counter::dropped_nic_missed, sum.missed);
    raise(Counter::dropped_nic_errors, sum.errors);
    raise(Counter::dropped_nic_nobuf, sum.no_buffer);
  }

  std::vector<PortFigures> figures() const override {
    std::vector<PortFigures> all;
    for (const auto& port : ports_) all.push_back(port->figures());
    return all;
  }
  const CounterBlock& counters() const override { return counters_; }
  ClockFigures clock() const override { return clock_.figures(); }

 private:
  using OpenedPort = Result<std::unique_ptr<LivePort>>;

  OpenedPort open_kernel(const PortRequest& request, uint32_t snap_bytes) {
    auto port =
        KernelPort::open(request, queues_of(request, workers_), snap_bytes, *kernel_pool_, clock_);
    if (!port) return tl::make_unexpected(port.error());
    return std::unique_ptr<LivePort>(std::move(*port));
  }

  OpenedPort open_device(const PortRequest& request) {
    StartedDevice::Wish wish;
    wish.queues = queues_of(request, workers_);
    wish.or_one = request.queues == 0;
    wish.workers = workers_;
    wish.number = static_cast<unsigned>(ports_.size());
    auto port = DevicePort::open(request, wish);
    if (!port) return tl::make_unexpected(port.error());
    return std::unique_ptr<LivePort>(std::move(*port));
  }

  /// The ports of a tap give a direction of a link each: queue q of all of them goes to worker q.
  [[nodiscard]] bool can_share_workers() const {
    if (workers_ == 1) return false;
    const auto spread = ports_.front()->spread();
    return !spread.empty() && std::ranges::all_of(ports_, [&](const auto& port) {
      return port->figures().queues == workers_ && port->spread() == spread;
    });
  }

  /// Counters never fall, whatever a driver says.
  void raise(Counter counter, uint64_t to) {
    const uint64_t now = counters_.get(counter);
    if (to > now) counters_.add(counter, to - now);
  }

  unsigned workers_;
  PacketClock clock_;
  std::optional<PacketPool> kernel_pool_;  // of all kernel ports
  std::vector<std::unique_ptr<LivePort>> ports_;
  CounterBlock counters_;
};

}  // namespace

Result<std::unique_ptr<LivePorts>> LivePorts::open(std::span<const PortRequest> requests,
                                                   unsigned workers, uint32_t snap_bytes) {
  TAPSTAT_ASSERT(!requests.empty() && workers > 0 && snap_bytes > 0);
  auto ports = std::make_unique<OpenPorts>(workers);
  if (auto opened = ports->open(requests, snap_bytes); !opened)
    return tl::make_unexpected(opened.error());
  return std::unique_ptr<LivePorts>(std::move(ports));
}

uint32_t LivePorts::memory_mib(std::span<const PortRequest> requests, unsigned workers,
                               uint32_t snap_bytes) {
  constexpr uint64_t kPerBuffer = kDataRoom + 320;  // with the heads of DPDK's objects
  uint64_t buffers =
      std::ranges::any_of(requests, is_kernel) ? kernel_buffers(workers, snap_bytes) : 0;
  for (const PortRequest& r : requests)
    if (!is_kernel(r))
      buffers += StartedDevice::buffers_needed(r.kind, queues_of(r, workers), workers);
  // A pool is filled up to the next power of two.
  const uint64_t pools = (requests.size() + 1) * kBuffersMin + 2 * buffers;
  constexpr uint64_t kForDpdk = 64;  // MiB: rings, drivers, what lies between
  return static_cast<uint32_t>(pools * kPerBuffer / kBytesPerMib + kForDpdk);
}

}  // namespace tapstat::dataplane
