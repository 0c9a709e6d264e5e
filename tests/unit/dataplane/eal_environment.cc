/// DPDK starts once in a process: here, before the first test of this program, for all that need
/// it.
#include <optional>

#include <gtest/gtest.h>

#include "dataplane/eal.h"

namespace tapstat::dataplane {
namespace {

class EalEnvironment : public testing::Environment {
 public:
  void SetUp() override {
    auto eal = start_eal({.worker_lcores = 4, .memory_mib = 1'024});
    ASSERT_TRUE(eal) << eal.error().sentence;
    eal_.emplace(std::move(*eal));
  }
  void TearDown() override { eal_.reset(); }

 private:
  std::optional<Eal> eal_;
};

[[maybe_unused]] testing::Environment* const kEnvironment =
    testing::AddGlobalTestEnvironment(new EalEnvironment);

}  // namespace
}  // namespace tapstat::dataplane
