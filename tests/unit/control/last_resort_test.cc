// The end of a process that the system refuses memory or a thread.
#include "control/last_resort.h"

#include <csignal>
#include <new>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <gtest/gtest.h>

#include "flowstats/base/result.h"

namespace tapstat::control {
namespace {

const auto environment =
    testing::ExitedWithCode(static_cast<int>(flowstats::ExitStatus::environment));

/// Thrown where nobody catches it.
template <class Exception>
void end_by(const Exception& exception) {
  install_last_resort();
  std::thread([&] { throw exception; }).join();
}

TEST(LastResort, NoMemory) {
  EXPECT_EXIT(end_without_memory(), environment,
              "^tapstat: there is no memory left\\..* lost\\.\n$");
}

TEST(LastResort, NoMemoryForALibrary) {
  EXPECT_EXIT(end_by(std::bad_alloc()), environment, "^tapstat: there is no memory left\\.");
}

TEST(LastResort, NoThread) {
  const auto too_many = std::make_error_code(std::errc::resource_unavailable_try_again);
  EXPECT_EXIT(end_by(std::system_error(too_many)), environment,
              "^tapstat: the system refused something: Resource temporarily unavailable\\.");
}

TEST(LastResort, ADefectStaysOne) {
  EXPECT_EXIT(end_by(std::logic_error("unheard of")), testing::KilledBySignal(SIGABRT), "");
}

}  // namespace
}  // namespace tapstat::control
