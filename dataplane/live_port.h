/// What kernel interfaces and DPDK's devices have in common: queues, and figures that any thread
/// may read while the control thread brings them up to date.
#pragma once

#include <atomic>
#include <vector>

#include "dataplane/live_ports.h"
#include "dataplane/port_queue.h"

namespace tapstat::dataplane {

class LivePort {
 public:
  LivePort(const LivePort&) = delete;
  LivePort& operator=(const LivePort&) = delete;
  virtual ~LivePort() = default;

  [[nodiscard]] virtual std::vector<PortQueue*> queues() = 0;
  /// To which queue connections of a fixed list go, if both directions of each go to one: ports
  /// that agree in it may share workers. Kernel interfaces say something else that tells the same,
  /// and never what a device says. Empty: packets of a connection may be anywhere.
  [[nodiscard]] virtual std::vector<uint16_t> spread() const = 0;
  [[nodiscard]] virtual bool frames_may_be_cut() const = 0;

  /// Control thread: asks the port for its counts and its link.
  virtual void update() = 0;
  /// Any thread, as of the latest update().
  [[nodiscard]] PortFigures figures() const {
    PortFigures f = fixed_;
    f.is_up = is_up_.load(std::memory_order_relaxed);
    f.is_present = is_present_.load(std::memory_order_relaxed);
    f.speed_mbps = speed_mbps_.load(std::memory_order_relaxed);
    f.packets = packets_.load(std::memory_order_relaxed);
    f.missed = missed_.load(std::memory_order_relaxed);
    f.errors = errors_.load(std::memory_order_relaxed);
    f.no_buffer = no_buffer_.load(std::memory_order_relaxed);
    return f;
  }

 protected:
  /// `fixed`: the names and the number of queues.
  explicit LivePort(PortFigures fixed) : fixed_(std::move(fixed)) {}

  /// Control thread. Names and queues of `now` are not looked at.
  void publish(const PortFigures& now) {
    is_up_.store(now.is_up, std::memory_order_relaxed);
    is_present_.store(now.is_present, std::memory_order_relaxed);
    speed_mbps_.store(now.speed_mbps, std::memory_order_relaxed);
    packets_.store(now.packets, std::memory_order_relaxed);
    missed_.store(now.missed, std::memory_order_relaxed);
    errors_.store(now.errors, std::memory_order_relaxed);
    no_buffer_.store(now.no_buffer, std::memory_order_relaxed);
  }

 private:
  const PortFigures fixed_;
  std::atomic<bool> is_up_ = false, is_present_ = true;
  std::atomic<uint64_t> speed_mbps_ = 0, packets_ = 0, missed_ = 0, errors_ = 0, no_buffer_ = 0;
};

}  // namespace tapstat::dataplane
