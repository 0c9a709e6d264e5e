/// The published configuration and the proof that a replaced one is no longer read (rte_rcu_qsbr).
///
/// Control publishes; each worker reads one pointer per burst and reports a quiescent point after
/// it. Reading takes no lock and writes nothing that another thread reads per packet.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "flowstats/active_config.h"

struct rte_rcu_qsbr;

namespace tapstat::dataplane {

class ConfigEpoch {
 public:
  ConfigEpoch(const flowstats::ActiveConfig& config, uint32_t readers);
  ~ConfigEpoch();
  ConfigEpoch(const ConfigEpoch&) = delete;
  ConfigEpoch& operator=(const ConfigEpoch&) = delete;

  /// Control. Replaces the configuration and returns at once; the token is for in_force().
  uint64_t publish(const flowstats::ActiveConfig& config);
  /// Control. True when every reader that is online has passed a quiescent point since: nothing is
  /// made under the replaced configuration any more, and it is freed. A worker that waits for room
  /// in its record ring delays this, never the caller.
  [[nodiscard]] bool in_force(uint64_t token);

  /// Reader `id`, on its own thread. The reference is valid until the next quiescent() of this
  /// reader.
  void online(uint32_t id);
  void offline(uint32_t id);
  [[nodiscard]] const flowstats::ActiveConfig& current() const {
    return *current_.load(std::memory_order_acquire);
  }
  void quiescent(uint32_t id);

 private:
  struct Replaced {
    std::unique_ptr<const flowstats::ActiveConfig> config;
    uint64_t token;
  };
  std::atomic<const flowstats::ActiveConfig*> current_;
  std::vector<Replaced> replaced_;  // control's; not known to be unread yet, oldest first
  std::unique_ptr<std::byte[]> memory_;
  rte_rcu_qsbr* qsbr_;
};

}  // namespace tapstat::dataplane
