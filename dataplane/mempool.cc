#include "dataplane/mempool.h"

#include <algorithm>
#include <bit>
#include <string>

#include <rte_errno.h>
#include <rte_mempool.h>

namespace tapstat::dataplane {

using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

namespace {

uint32_t buffers_wanted(uint32_t buffers_per_packet, unsigned lcores) {
  // DPDK moves buffers from a cache to the pool when it is one and a half times full.
  const uint32_t cached = lcores * (kBufferCache + kBufferCache / 2);
  const uint32_t burst = kBurstMax * buffers_per_packet;
  const uint32_t wanted = std::bit_ceil(cached + 2 * burst + 1) - 1;
  return wanted > kBuffersMin ? wanted : kBuffersMin;
}

}  // namespace

Result<PacketPool> PacketPool::create(const std::string& name, uint32_t captured_length_max,
                                      unsigned lcores) {
  return make(name, buffers_wanted(buffers_per_packet(captured_length_max), lcores), kDataRoom);
}

Result<PacketPool> PacketPool::create_without_room(const std::string& name,
                                                   uint32_t buffers_per_packet, unsigned lcores) {
  return make(name, buffers_wanted(buffers_per_packet, lcores), 0);
}

Result<PacketPool> PacketPool::create_for_port(const std::string& name, uint32_t buffers,
                                               int node) {
  const uint32_t filled = std::max(std::bit_ceil(buffers + 1) - 1, kBuffersMin);
  auto pool = make(name, filled, kDataRoom, node);
  // Without hugepages all memory is of one node for DPDK.
  return pool || node == SOCKET_ID_ANY ? std::move(pool) : make(name, filled, kDataRoom);
}

Result<PacketPool> PacketPool::make(const std::string& name, uint32_t buffers, uint16_t data_room,
                                    int node) {
  PacketPool pool;
  pool.pool_.reset(
      rte_pktmbuf_pool_create(name.c_str(), buffers, kBufferCache, 0, data_room, node));
  if (pool.pool_ == nullptr)
    return fail(ExitStatus::environment,
                "cannot make the packet pool of " + std::to_string(buffers) + " x " +
                    std::to_string(data_room) + " bytes: " + rte_strerror(rte_errno) + ".");
  return pool;
}

size_t PacketPool::bytes() const {
  const rte_mempool& p = *pool_;
  return size_t{p.size} * (p.header_size + p.elt_size + p.trailer_size);
}

}  // namespace tapstat::dataplane
