#include "dataplane/config_epoch.h"

#include <memory>

#include <rte_rcu_qsbr.h>

#include "flowstats/base/check.h"

namespace tapstat::dataplane {

using flowstats::ActiveConfig;

namespace {

/// The variable with room to align it to a cache line.
size_t memory_for(uint32_t readers) {
  return rte_rcu_qsbr_get_memsize(readers) + RTE_CACHE_LINE_SIZE;
}

}  // namespace

ConfigEpoch::ConfigEpoch(const ActiveConfig& config, uint32_t readers)
    : current_(new ActiveConfig(config)), memory_(new std::byte[memory_for(readers)]()) {
  void* place = memory_.get();
  size_t space = memory_for(readers);
  qsbr_ = static_cast<rte_rcu_qsbr*>(
      std::align(RTE_CACHE_LINE_SIZE, rte_rcu_qsbr_get_memsize(readers), place, space));
  TAPSTAT_ASSERT(qsbr_ != nullptr);
  const int status = rte_rcu_qsbr_init(qsbr_, readers);
  TAPSTAT_ASSERT(status == 0);
  for (uint32_t id = 0; id < readers; ++id) rte_rcu_qsbr_thread_register(qsbr_, id);
}

ConfigEpoch::~ConfigEpoch() { delete current_.load(std::memory_order_relaxed); }

uint64_t ConfigEpoch::publish(const ActiveConfig& config) {
  const ActiveConfig* old = current_.exchange(new ActiveConfig(config), std::memory_order_acq_rel);
  const uint64_t token = rte_rcu_qsbr_start(qsbr_);
  replaced_.push_back({std::unique_ptr<const ActiveConfig>(old), token});
  return token;
}

bool ConfigEpoch::in_force(uint64_t token) {
  if (rte_rcu_qsbr_check(qsbr_, token, false) != 1) return false;
  std::erase_if(replaced_, [token](const Replaced& r) { return r.token <= token; });
  return true;
}

void ConfigEpoch::online(uint32_t id) { rte_rcu_qsbr_thread_online(qsbr_, id); }
void ConfigEpoch::offline(uint32_t id) { rte_rcu_qsbr_thread_offline(qsbr_, id); }
void ConfigEpoch::quiescent(uint32_t id) { rte_rcu_qsbr_quiescent(qsbr_, id); }

}  // namespace tapstat::dataplane
