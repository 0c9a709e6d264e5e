#include "dataplane/kernel_port.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace tapstat::dataplane {

using flowstats::Result;

namespace {

PortFigures names_of(const PortRequest& request, size_t queues) {
  PortFigures f;
  f.name = request.name;
  f.device = request.device;
  f.driver = "AF_PACKET";
  f.kind = PortKind::kernel;
  f.queues = static_cast<uint16_t>(queues);
  return f;
}

}  // namespace

Result<std::unique_ptr<KernelPort>> KernelPort::open(const PortRequest& request, uint16_t queues,
                                                     uint32_t snap_bytes, const PacketPool& pool,
                                                     const PacketClock& clock) {
  NetworkInterface interface;
  std::optional<uint16_t> group;
  std::vector<std::unique_ptr<KernelQueue>> made;
  for (uint16_t q = 0; q < queues; ++q) {
    auto socket = PacketSocket::open(request.device);
    if (!socket) return tl::make_unexpected(socket.error());
    if (q == 0) {
      auto found = find_interface(socket->descriptor(), request.device);
      if (!found) return tl::make_unexpected(found.error());
      interface = std::move(*found);
    }
    if (auto listening = socket->listen(interface); !listening)
      return tl::make_unexpected(listening.error());
    if (queues > 1) {
      const auto joined = socket->join(interface, group);
      if (!joined) return tl::make_unexpected(joined.error());
      group = *joined;
    }
    made.push_back(
        std::make_unique<KernelQueue>(std::move(*socket), interface.link_type, pool, clock));
  }
  // Only when all are there does each get its share.
  for (const auto& queue : made)
    if (!queue->accept(snap_bytes))
      return flowstats::fail(flowstats::ExitStatus::environment,
                             "interface \"" + request.device + "\": the kernel refused a filter.");
  return std::unique_ptr<KernelPort>(
      new KernelPort(request, std::move(interface), std::move(made)));
}

KernelPort::KernelPort(const PortRequest& request, NetworkInterface interface,
                       std::vector<std::unique_ptr<KernelQueue>> queues)
    : LivePort(names_of(request, queues.size())),
      interface_(std::move(interface)),
      queues_(std::move(queues)),
      card_(interface_) {
  update();
}

std::vector<PortQueue*> KernelPort::queues() {
  std::vector<PortQueue*> all;
  for (const auto& queue : queues_) all.push_back(queue.get());
  return all;
}

/// The kernel's hash is the same for all interfaces, and the sockets of a group stand in the order
/// in which they were made, also after the interface was down: the number of queues says it all.
std::vector<uint16_t> KernelPort::spread() const { return {static_cast<uint16_t>(queues_.size())}; }

void KernelPort::look_at_interface(PortFigures& now) {
  PacketSocket& socket = queues_.front()->socket();
  const InterfaceState state = state_of_interface(socket.descriptor(), interface_.name);
  const bool is_another = state.index != 0 && state.index != interface_.index;
  if (is_another && queues_.size() == 1 && socket.bind_again(state.index))
    interface_.index = state.index;
  now.is_present = state.index == interface_.index;
  now.is_up = now.is_present && state.is_up;
}

void KernelPort::update() {
  PortFigures now;
  look_at_interface(now);
  uint64_t received = 0;
  bool is_closed = true;
  for (const auto& queue : queues_) {
    is_closed &= queue->is_closed();
    const PacketSocket::Counts counts = queue->socket().take_counts();
    delivered_ += counts.delivered;
    ring_missed_ += counts.missed;
    received += queue->received();
  }
  card_missed_ = std::max(card_missed_, card_.missed());
  card_errors_ = std::max(card_errors_, card_.errors());
  // At the end nothing should be left in the rings; if it is, nobody will take it.
  const uint64_t left = is_closed ? delivered_ - received : 0;
  now.packets = delivered_ - left;
  now.missed = ring_missed_ + card_missed_ + left;
  now.errors = card_errors_;
  now.speed_mbps = card_.speed_mbps();
  publish(now);
}

}  // namespace tapstat::dataplane
