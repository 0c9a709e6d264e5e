#include "control/rest/waits.h"

#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using control::rest::Waits;

TEST(Waits, WhatIsReachedIsAnsweredAtOnce) {
  boost::asio::io_context io;
  const auto waits = std::make_shared<Waits>(io);
  std::vector<bool> answers;
  waits->add([] { return true; }, [&](bool reached) { answers.push_back(reached); });
  EXPECT_EQ(answers, std::vector<bool>{true});
}

TEST(Waits, EachIsAnsweredWhenItsOwnTimeComes) {
  boost::asio::io_context io;
  const auto waits = std::make_shared<Waits>(io);
  std::vector<int> order;
  int asked = 0;
  waits->add([&] { return ++asked >= 8; },
             [&](bool reached) { order.push_back(reached ? 1 : -1); });
  waits->add([&] { return asked >= 4; }, [&](bool reached) { order.push_back(reached ? 2 : -2); });
  io.run();
  EXPECT_EQ(order, (std::vector<int>{2, 1}));
}

TEST(Waits, TheDeadlineIsAnAnswerToo) {
  boost::asio::io_context io;
  const auto waits = std::make_shared<Waits>(io);
  const auto start = Waits::Clock::now();
  std::vector<bool> answers;
  waits->add([] { return false; }, [&](bool reached) { answers.push_back(reached); });
  io.run();
  EXPECT_EQ(answers, std::vector<bool>{false});
  EXPECT_GE(Waits::Clock::now() - start, Waits::kDeadline);
}

TEST(Waits, AnAnswerMayAskForTheNextWait) {
  boost::asio::io_context io;
  const auto waits = std::make_shared<Waits>(io);
  int asked = 0, answered = 0;
  waits->add([&] { return ++asked == 2; },
             [&](bool) {
               ++answered;
               waits->add([&] { return ++asked == 4; }, [&](bool) { ++answered; });
             });
  io.run();
  EXPECT_EQ(answered, 2);
}

TEST(Waits, AfterStopNobodyIsCalled) {
  boost::asio::io_context io;
  auto waits = std::make_shared<Waits>(io);
  bool called = false;
  waits->add([] { return false; }, [&](bool) { called = true; });
  waits->stop();
  waits.reset();
  io.run();
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace tapstat::tests
