#include "dataplane/device_port.h"

#include <algorithm>

#include <rte_ethdev.h>

namespace tapstat::dataplane {

using flowstats::Result;
using flowstats::Timestamp;

namespace {

PortFigures names_of(const PortRequest& request, const StartedDevice& device) {
  PortFigures f;
  f.name = request.name;
  f.device = request.device;
  f.driver = device.driver();
  f.kind = request.kind;
  f.queues = device.queues();
  return f;
}

}  // namespace

uint16_t DeviceQueue::receive(rte_mbuf** packets, Timestamp* times, uint16_t count, Timestamp now) {
  if (port_.is_removed()) return 0;
  const auto wanted = static_cast<uint16_t>(std::min<uint32_t>(count, left_to_take_));
  if (wanted == 0) return 0;
  const uint16_t n = rte_eth_rx_burst(port_.device().port(), number_, packets, wanted);
  if (n == 0) return 0;
  std::fill_n(times, n, now);
  if (left_to_take_ != kNoLimit) left_to_take_ -= n;
  received_.store(received() + n, std::memory_order_relaxed);
  return n;
}

/// A card cannot be told to let nothing in but by stopping it, which empties its rings.
void DeviceQueue::refuse_more(Timestamp /*now*/) { left_to_take_ = port_.device().descriptors(); }

bool DeviceQueue::is_drained(Timestamp /*now*/) {
  left_to_take_ = 0;
  is_closed_.store(true, std::memory_order_release);
  return true;
}

bool DeviceQueue::may_nap() const { return port_.figures().kind != PortKind::pci; }

size_t DeviceQueue::bytes() const { return number_ == 0 ? port_.device().pool().bytes() : 0; }

Result<std::unique_ptr<DevicePort>> DevicePort::open(const PortRequest& request,
                                                     const StartedDevice::Wish& wish) {
  auto device = StartedDevice::start(request, wish);
  if (!device) return tl::make_unexpected(device.error());
  PortFigures names = names_of(request, *device);
  return std::unique_ptr<DevicePort>(new DevicePort(std::move(names), std::move(*device)));
}

DevicePort::DevicePort(PortFigures fixed, StartedDevice device)
    : LivePort(std::move(fixed)), device_(std::move(device)) {
  for (uint16_t q = 0; q < device_.queues(); ++q)
    queues_.push_back(std::make_unique<DeviceQueue>(*this, q));
  // Where the driver knows no such event, nothing is lost.
  static_cast<void>(rte_eth_dev_callback_register(device_.port(), RTE_ETH_EVENT_INTR_RMV,
                                                  &DevicePort::on_removal, this));
  update();
}

DevicePort::~DevicePort() {
  rte_eth_dev_callback_unregister(device_.port(), RTE_ETH_EVENT_INTR_RMV, &DevicePort::on_removal,
                                  this);
}

int DevicePort::on_removal(uint16_t /*port*/, rte_eth_event_type /*event*/, void* self,
                           void* /*unused*/) {
  static_cast<DevicePort*>(self)->is_removed_.store(true, std::memory_order_relaxed);
  return 0;
}

std::vector<PortQueue*> DevicePort::queues() {
  std::vector<PortQueue*> all;
  for (const auto& queue : queues_) all.push_back(queue.get());
  return all;
}

void DevicePort::update() {
  latest_.is_present = !is_removed();
  if (rte_eth_stats s{}; latest_.is_present && rte_eth_stats_get(device_.port(), &s) == 0) {
    delivered_ = s.ipackets;
    latest_.missed = s.imissed;
    latest_.errors = s.ierrors;
    latest_.no_buffer = s.rx_nombuf;
  }
  rte_eth_link link{};
  const bool is_told = latest_.is_present && rte_eth_link_get_nowait(device_.port(), &link) == 0;
  latest_.is_up = is_told && link.link_status == RTE_ETH_LINK_UP;
  const bool has_speed = latest_.is_up && link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN;
  latest_.speed_mbps = has_speed ? link.link_speed : 0;
  PortFigures now = latest_;
  now.packets = delivered_;
  if (std::ranges::all_of(queues_, [](const auto& queue) { return queue->is_closed(); })) {
    now.packets = 0;
    for (const auto& queue : queues_) now.packets += queue->received();
    now.missed += delivered_ > now.packets ? delivered_ - now.packets : 0;
  }
  publish(now);
}

}  // namespace tapstat::dataplane
