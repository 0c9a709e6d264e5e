#include "dataplane/started_device.h"

#include <algorithm>
#include <array>
#include <span>

#include <rte_bus_vdev.h>
#include <rte_dev.h>
#include <rte_ethdev.h>

#include "dataplane/port_queue.h"
#include "dataplane/symmetric_rss.h"

namespace tapstat::dataplane {

using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

namespace {

constexpr uint16_t kNoPort = RTE_MAX_ETHPORTS;
constexpr uint16_t kFrameMax = 9'600;  // of a card that can spread a frame over several buffers

tl::unexpected<flowstats::Error> failed(const PortRequest& request, const std::string& step,
                                        int error, const std::string& advice = {}) {
  return fail(ExitStatus::environment, "port \"" + request.device + "\": cannot " + step + ": " +
                                           rte_strerror(-error) + "." + advice);
}

struct FoundDevice {
  uint16_t port = kNoPort;
  std::string created;
};

Result<FoundDevice> find_virtual(const PortRequest& request) {
  FoundDevice found;
  const size_t comma = request.device.find(',');
  const std::string name = request.device.substr(0, comma);
  const std::string arguments = comma == std::string::npos ? "" : request.device.substr(comma + 1);
  if (rte_eth_dev_get_port_by_name(name.c_str(), &found.port) == 0) return found;
  if (const int error = rte_vdev_init(name.c_str(), arguments.c_str()); error != 0)
    return failed(request, "make the virtual device", error,
                  " Is the driver one of net_tap, net_memif, net_ring, net_pcap, net_af_packet, "
                  "followed by a number? -vv shows what DPDK says.");
  found.created = name;
  if (const int error = rte_eth_dev_get_port_by_name(name.c_str(), &found.port); error != 0)
    return failed(request, "find the virtual device", error);
  return found;
}

Result<FoundDevice> find_card(const PortRequest& request) {
  FoundDevice found;
  int error = rte_eth_dev_get_port_by_name(request.device.c_str(), &found.port);
  if (error != 0 && rte_dev_probe(request.device.c_str()) == 0)
    error = rte_eth_dev_get_port_by_name(request.device.c_str(), &found.port);
  if (error != 0)
    return failed(request, "use it as a network card", error,
                  " It must be bound to vfio-pci, and a driver of this program must know it; "
                  "tapstat doctor looks.");
  return found;
}

rte_eth_dev_info info_of(uint16_t port) {
  rte_eth_dev_info info{};
  static_cast<void>(rte_eth_dev_info_get(port, &info));  // zeros are as good as an error
  return info;
}

/// The queues in the table of a port that spreads packets by hash; empty when it does not tell.
std::vector<uint16_t> rss_table(uint16_t port, uint16_t entries) {
  constexpr size_t kGroup = RTE_ETH_RETA_GROUP_SIZE;
  std::vector<rte_eth_rss_reta_entry64> groups((entries + kGroup - 1) / kGroup);
  for (auto& group : groups) group.mask = ~uint64_t{0};
  if (entries == 0 || rte_eth_dev_rss_reta_query(port, groups.data(), entries) != 0) return {};
  std::vector<uint16_t> table(entries);
  for (size_t i = 0; i < table.size(); ++i) table[i] = groups[i / kGroup].reta[i % kGroup];
  return table;
}

}  // namespace

uint32_t StartedDevice::buffers_needed(PortKind kind, uint16_t queues, unsigned workers) {
  const uint32_t descriptors = kind == PortKind::pci ? kCardDescriptors : kVirtualDescriptors;
  return queues * descriptors + workers * (kInFlightPerWorker + 2 * kBufferCache);
}

StartedDevice::StartedDevice(StartedDevice&& other) noexcept
    : port_(std::exchange(other.port_, kNoPort)),
      created_(std::move(other.created_)),
      pool_(std::move(other.pool_)),
      driver_(std::move(other.driver_)),
      queues_(other.queues_),
      descriptors_(other.descriptors_),
      spread_(std::move(other.spread_)) {}

StartedDevice::~StartedDevice() {
  if (port_ == kNoPort) return;
  rte_eth_dev_stop(port_);
  rte_eth_dev_close(port_);
  if (!created_.empty()) rte_vdev_uninit(created_.c_str());
}

int StartedDevice::configure(const PortRequest& request, uint16_t receive, uint16_t transmit) {
  const rte_eth_dev_info info = info_of(port_);
  auto key = symmetric_rss_key();
  rte_eth_conf conf{};
  if (receive > 1) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_key = key.data();
    conf.rx_adv_conf.rss_conf.rss_key_len =
        info.hash_key_size != 0 ? info.hash_key_size : uint8_t{kRssKeyBytesMin};
    conf.rx_adv_conf.rss_conf.rss_hf = rss_fields_needed() & info.flow_type_rss_offloads;
  }
  if (request.kind == PortKind::pci && (info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) != 0) {
    conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
    conf.rxmode.mtu = std::min(info.max_mtu, kFrameMax);
  }
  conf.intr_conf.rmv = (*info.dev_flags & RTE_ETH_DEV_INTR_RMV) != 0;
  return rte_eth_dev_configure(port_, receive, transmit, &conf);
}

Result<void> StartedDevice::start_queues(const PortRequest& request, uint16_t queues) {
  uint16_t transmit = 0;
  int error = configure(request, queues, transmit);
  // Some drivers want as many transmit queues, which we do not use.
  if (error != 0) error = configure(request, queues, transmit = queues);
  if (error != 0) return failed(request, "have " + std::to_string(queues) + " queues", error);
  descriptors_ = request.kind == PortKind::pci ? kCardDescriptors : kVirtualDescriptors;
  uint16_t transmit_descriptors = kVirtualDescriptors;
  static_cast<void>(rte_eth_dev_adjust_nb_rx_tx_desc(port_, &descriptors_, &transmit_descriptors));
  const auto node = static_cast<unsigned>(rte_eth_dev_socket_id(port_));
  for (uint16_t q = 0; q < queues && error == 0; ++q)
    error = rte_eth_rx_queue_setup(port_, q, descriptors_, node, nullptr, pool_.get());
  for (uint16_t q = 0; q < transmit && error == 0; ++q)
    error = rte_eth_tx_queue_setup(port_, q, transmit_descriptors, node, nullptr);
  if (error != 0) return failed(request, "make its queues", error);
  if (error = rte_eth_dev_start(port_); error != 0) return failed(request, "start it", error);
  // Not every virtual device has the notion.
  if (error = rte_eth_promiscuous_enable(port_); error != 0 && error != -ENOTSUP)
    return failed(request, "be promiscuous", error);
  static_cast<void>(rte_eth_stats_reset(port_));
  queues_ = queues;
  return {};
}

/// What the port itself says about its key, fields and table.
std::vector<uint16_t> StartedDevice::try_spread() const {
  const rte_eth_dev_info info = info_of(port_);
  std::array<uint8_t, kRssKeyBytesMax> key{};
  rte_eth_rss_conf conf{};
  conf.rss_key = key.data();
  conf.rss_key_len = info.hash_key_size != 0 ? info.hash_key_size : uint8_t{kRssKeyBytesMin};
  if (conf.rss_key_len > key.size() || rte_eth_dev_rss_hash_conf_get(port_, &conf) != 0) return {};
  if ((conf.rss_hf & rss_fields_needed()) != rss_fields_needed()) return {};
  return try_rss(std::span(key).first(conf.rss_key_len), rss_table(port_, info.reta_size));
}

Result<StartedDevice> StartedDevice::start(const PortRequest& request, const Wish& wish) {
  auto found = request.kind == PortKind::pci ? find_card(request) : find_virtual(request);
  if (!found) return tl::make_unexpected(found.error());
  auto pool = PacketPool::create_for_port("port" + std::to_string(wish.number),
                                          buffers_needed(request.kind, wish.queues, wish.workers),
                                          rte_eth_dev_socket_id(found->port));
  if (!pool) {
    if (!found->created.empty()) rte_vdev_uninit(found->created.c_str());
    return tl::make_unexpected(pool.error());
  }
  StartedDevice device(found->port, std::move(found->created), std::move(*pool));
  const rte_eth_dev_info info = info_of(device.port_);
  if (info.driver_name != nullptr) device.driver_ = info.driver_name;
  const bool may_spread = wish.queues > 1 && wish.queues <= info.max_rx_queues;
  Result<void> started;
  if (may_spread) {
    started = device.start_queues(request, wish.queues);
    if (started) device.spread_ = device.try_spread();
    if (!device.spread_.empty()) return device;
    if (started) rte_eth_dev_stop(device.port_);
  }
  if (wish.queues > 1 && !wish.or_one)
    return fail(ExitStatus::environment,
                "port \"" + request.device + "\": " + std::to_string(wish.queues) +
                    " queues were asked for, but its driver (" + device.driver_ +
                    ") cannot bring both directions of a connection to the same one. Leave queues "
                    "out: one is then read, and connections are divided among the workers here.");
  if (auto one = device.start_queues(request, 1); !one) return tl::make_unexpected(one.error());
  return device;
}

}  // namespace tapstat::dataplane
