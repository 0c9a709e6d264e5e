#include "dataplane/rx_pcap.h"

#include <algorithm>

#include <rte_bus_vdev.h>
#include <rte_lcore.h>
#include <rte_mempool.h>

#include "flowstats/base/check.h"

namespace tapstat::dataplane {

using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

namespace {

/// Buffers that this lcore can take: what lies in the pool's ring and in its own cache. Those in
/// the caches of other lcores are out of reach.
uint32_t buffers_within_reach(rte_mempool* pool) {
  uint32_t count = rte_mempool_ops_get_count(pool);
  if (const rte_mempool_cache* cache = rte_mempool_default_cache(pool, rte_lcore_id()))
    count += cache->len;
  return count;
}

tl::unexpected<flowstats::Error> port_failed(const std::string& device, const char* step,
                                             int error) {
  return fail(ExitStatus::environment,
              "cannot " + std::string(step) + " " + device + ": " + rte_strerror(-error) + ".");
}

}  // namespace

Result<PcapPort> PcapPort::open(const CaptureFile& capture, const PacketPool& pool,
                                unsigned number) {
  PcapPort port;
  const std::string device = "net_pcap" + std::to_string(number);
  const std::string arguments = "rx_pcap=" + capture.file.path();
  int error = rte_vdev_init(device.c_str(), arguments.c_str());
  if (error != 0) return port_failed(device, "create port", error);
  port.device_ = device;
  error = rte_eth_dev_get_port_by_name(device.c_str(), &port.port_);
  if (error != 0) return port_failed(device, "find port", error);
  const rte_eth_conf defaults{};
  error = rte_eth_dev_configure(port.port_, 1, 0, &defaults);
  if (error != 0) return port_failed(device, "configure port", error);
  constexpr uint16_t kDescriptors = 512;  // without meaning for a file
  error = rte_eth_rx_queue_setup(port.port_, 0, kDescriptors, SOCKET_ID_ANY, nullptr, pool.get());
  if (error != 0) return port_failed(device, "make the queue of", error);
  port.pool_ = pool.get();
  port.buffers_per_packet_ = buffers_per_packet(capture.captured_length_max);
  port.packets_ = capture.packets;
  if (auto started = port.start(); !started) return tl::make_unexpected(started.error());
  return port;
}

PcapPort::~PcapPort() {
  if (device_.empty()) return;
  rte_eth_dev_stop(port_);
  rte_eth_dev_close(port_);
  rte_vdev_uninit(device_.c_str());
}

void PcapPort::swap(PcapPort& other) noexcept {
  std::swap(device_, other.device_);
  std::swap(port_, other.port_);
  std::swap(pool_, other.pool_);
  std::swap(buffers_per_packet_, other.buffers_per_packet_);
  std::swap(buffers_free_, other.buffers_free_);
  std::swap(packets_, other.packets_);
  std::swap(remaining_, other.remaining_);
  std::swap(ended_early_, other.ended_early_);
}

Result<void> PcapPort::start() {
  const int error = rte_eth_dev_start(port_);
  if (error != 0)
    return fail(ExitStatus::input_unreadable, "cannot open the capture again from its start: " +
                                                  std::string(rte_strerror(-error)) + ".");
  remaining_ = packets_;
  ended_early_ = false;
  return {};
}

Result<void> PcapPort::rewind() {
  rte_eth_dev_stop(port_);  // closes the file; start opens it anew
  return start();
}

uint16_t PcapPort::receive(rte_mbuf** packets, uint16_t count) {
  TAPSTAT_ASSERT(count <= kBurstMax);
  uint16_t wanted = static_cast<uint16_t>(std::min<uint64_t>(count, remaining_));
  if (buffers_free_ < wanted * buffers_per_packet_) {
    buffers_free_ = buffers_within_reach(pool_);
    while (buffers_free_ < wanted * buffers_per_packet_) --wanted;
  }
  if (wanted == 0) return 0;
  const uint16_t received = rte_eth_rx_burst(port_, 0, packets, wanted);
  buffers_free_ -= received * buffers_per_packet_;
  remaining_ -= received;
  if (received < wanted) {
    ended_early_ = true;
    remaining_ = 0;
  }
  return received;
}

}  // namespace tapstat::dataplane
