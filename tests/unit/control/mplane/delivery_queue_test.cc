#include "control/mplane/delivery_queue.h"

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using namespace std::chrono_literals;
using control::mplane::DeliveryQueue;
using control::mplane::Message;
namespace http = control::http;
namespace mplane = control::mplane;

/// A queue, its clock, and the requests that were sent and not answered.
struct World {
  struct Sent {
    std::string channel;
    std::string token;
    mplane::PollingOutside::Answered answered;
  };

  World() {
    outside.send = [this](const std::string& channel, const http::ClientRequest& request,
                          mplane::PollingOutside::Answered answered) {
      const auto message = mplane::parse_message(request.body);
      sent.push_back({channel, message ? *message->token + message->text : "", answered});
    };
    outside.delivered = [this](uint64_t job) { delivered.push_back(job); };
    outside.now = [this] { return now; };
    outside.jitter = [] { return 0.0; };
    outside.wake = [] {};
  }
  void add(const std::string& token, const std::string& text, uint64_t job = 0,
           const std::string& url = "http://a.example:1/r") {
    queue.add(*http::parse_url(url), mplane::exception(token, text), job);
    queue.advance();
  }
  /// Answers the oldest request: a status, or 0 for no answer. Gives what it carried.
  std::string answer(unsigned status) {
    if (sent.empty()) return "nothing sent";
    const Sent first = sent.front();
    sent.erase(sent.begin());
    http::ClientResponse response;
    response.status = status;
    if (status != 0)
      first.answered(response);
    else
      first.answered(flowstats::fail(flowstats::ExitStatus::environment, "no route."));
    queue.advance();
    return first.token;
  }
  void pass(std::chrono::milliseconds time) {
    now += time;
    queue.advance();
  }

  std::chrono::milliseconds now{1'000};
  std::vector<Sent> sent;
  std::vector<uint64_t> delivered;
  mplane::PollingOutside outside;
  mplane::PollerCounters counters;
  DeliveryQueue queue{outside, counters, 1h};
};

TEST(DeliveryQueue, SendsOneAtATimeInOrder) {
  World w;
  w.add("t", "1");
  w.add("t", "2", 5);
  w.add("u", "3");
  EXPECT_EQ(w.sent.size(), 1U);
  EXPECT_TRUE(w.queue.has_job(5));
  EXPECT_EQ(w.answer(200), "t1");
  EXPECT_EQ(w.answer(200), "t2");
  EXPECT_EQ(w.answer(200), "u3");
  EXPECT_EQ(w.delivered, std::vector<uint64_t>{5});
  EXPECT_FALSE(w.queue.has_job(5));
  EXPECT_EQ(w.counters.delivered, 3U);
  EXPECT_EQ(w.queue.next_due(), std::nullopt);
}

TEST(DeliveryQueue, ARefusedMessageDelaysItsTokenOnly) {
  World w;
  w.add("t", "1");
  w.add("t", "2");
  w.add("u", "3");
  EXPECT_EQ(w.answer(500), "t1");
  EXPECT_EQ(w.answer(200), "u3");
  EXPECT_TRUE(w.sent.empty());
  EXPECT_EQ(w.queue.next_due(), w.now + 1s);
  w.pass(1s);
  EXPECT_EQ(w.answer(500), "t1");
  EXPECT_EQ(w.queue.next_due(), w.now + 2s);
  w.pass(2s);
  EXPECT_EQ(w.answer(200), "t1");
  EXPECT_EQ(w.answer(200), "t2");
  EXPECT_EQ(w.counters.failures, 2U);
  EXPECT_EQ(w.counters.last_error, "delivery: http://a.example:1/r answered 500.");
}

TEST(DeliveryQueue, AHostWithoutAnAnswerDelaysItselfOnly) {
  World w;
  w.add("t", "1");
  w.add("u", "2");
  w.add("v", "3", 0, "http://b.example:1/r");
  EXPECT_EQ(w.answer(0), "t1");
  EXPECT_EQ(w.answer(200), "v3");
  EXPECT_TRUE(w.sent.empty());
  w.pass(1s);
  EXPECT_EQ(w.answer(0), "t1");
  w.pass(1s);
  EXPECT_TRUE(w.sent.empty()) << "the second pause is longer";
  w.pass(1s);
  EXPECT_EQ(w.answer(200), "t1");
  EXPECT_EQ(w.answer(200), "u2");
}

TEST(DeliveryQueue, GivesUpAfterTheRetentionTime) {
  World w;
  w.add("t", "1", 5);
  w.answer(500);
  w.pass(1h);
  EXPECT_TRUE(w.sent.empty());
  EXPECT_EQ(w.queue.size(), 0U);
  EXPECT_EQ(w.counters.dropped, 1U);
  EXPECT_TRUE(w.delivered.empty());
}

TEST(DeliveryQueue, TheOldestMakesRoomForTheNewest) {
  World w;
  for (size_t i = 0; i < mplane::kDeliveriesMax + 1; ++i) w.add("t", std::to_string(i));
  EXPECT_EQ(w.queue.size(), mplane::kDeliveriesMax);
  EXPECT_EQ(w.counters.dropped, 1U);
  EXPECT_EQ(w.answer(200), "t0") << "what is under way stays";
  EXPECT_EQ(w.answer(200), "t2");
}

}  // namespace
}  // namespace tapstat::tests
