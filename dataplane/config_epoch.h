/// The published configuration and the proof that a replaced one is no longer read (rte_rcu_qsbr).
///
/// Control publishes; each worker reads one pointer per burst and reports a quiescent point after
/// it. Reading takes no lock and writes nothing that another thread reads per packet.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "flowstats/active_config.h"

struct rte_rcu_qsbr;

namespace tapstat::dataplane {

class ConfigEpoch {
 public:
  ConfigEpoch(const flowstats::ActiveConfig& config, uint32_t readers);
  ~ConfigEpoch();
  ConfigEpoch(const ConfigEpoch&) = delete;
  ConfigEpoch& operator=(const ConfigEpoch&) = delete;

  /// Control. Replaces the configuration, waits until every reader that is online has passed a
  /// quiescent point, frees the old one.
  void publish(const flowstats::ActiveConfig& config);

  /// Reader `id`, on its own thread. The reference is valid until the next quiescent() of this
  /// reader.
  void online(uint32_t id);
  void offline(uint32_t id);
  [[nodiscard]] const flowstats::ActiveConfig& current() const {
    return *current_.load(std::memory_order_acquire);
  }
  void quiescent(uint32_t id);

 private:
  std::atomic<const flowstats::ActiveConfig*> current_;
  std::unique_ptr<std::byte[]> memory_;
  rte_rcu_qsbr* qsbr_;
};

}  // namespace tapstat::dataplane
