#include "control/http/deadline.h"

#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using control::http::Deadline;
using std::chrono::milliseconds;

TEST(Deadline, OnlyTheLastSettingCounts) {
  boost::asio::io_context io;
  Deadline deadline(io);
  std::string called;
  deadline.set(milliseconds(0), [&] { called += "first"; });
  deadline.set(milliseconds(1), [&] { called += "second"; });
  io.run();
  EXPECT_EQ(called, "second");
}

/// The first callback stops the second one although that is due as well.
TEST(Deadline, IsSilentAfterCancelAndAfterItsEnd) {
  boost::asio::io_context io;
  std::optional<Deadline> first(std::in_place, io), second(std::in_place, io);
  int called = 0;
  first->set(milliseconds(0), [&] {
    ++called;
    second->cancel();
  });
  second->set(milliseconds(0), [&] {
    ++called;
    first->cancel();
  });
  io.run();
  EXPECT_EQ(called, 1);
  first->set(milliseconds(0), [&] { ++called; });
  first.reset();
  io.restart();
  io.run();
  EXPECT_EQ(called, 1);
}

}  // namespace
}  // namespace tapstat::tests
