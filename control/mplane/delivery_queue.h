/// Receipts, results and exceptions on their way to a polled client: in order for each token, tried
/// again until they arrive or are too old.
///
/// One delivery at a time for each host. A host that does not answer delays its own deliveries
/// only; an answer other than 200 delays the deliveries of that token only. Lives in memory: what
/// is lost with the process stays redeemable. Control plane's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "control/http/client.h"
#include "control/mplane/message.h"
#include "control/mplane/poller.h"

namespace tapstat::control::mplane {

/// Longest pause before something is tried again, without jitter.
inline constexpr std::chrono::milliseconds kPauseMax{30'000};
/// Messages that wait, over all hosts; the oldest one makes room.
inline constexpr size_t kDeliveriesMax = 1'024;

/// The pause after `failures` failed attempts in a row (at least one): 1, 2, 4, ... 30 s, and up to
/// a quarter more by `jitter`, which is in [0, 1).
[[nodiscard]] std::chrono::milliseconds pause_after(unsigned failures, double jitter);

/// What polling and delivering need from outside.
struct PollingOutside {
  using Answered = std::function<void(flowstats::Result<http::ClientResponse>)>;
  /// One request at a time for each `channel`; `answered` is called once, later.
  std::function<void(const std::string& channel, http::ClientRequest, Answered answered)> send;
  /// As Component::carry_out and Component::delivered.
  std::function<Reply(const Client&, const Message&, std::function<void(const Reply&)> ended)>
      carry_out;
  std::function<void(uint64_t job)> delivered;
  std::function<std::chrono::milliseconds()> now;  // of a steady clock
  std::function<UtcMicroseconds()> utc;
  std::function<double()> jitter;  // in [0, 1)
  std::function<void()> wake;      // something may be due earlier than was said
};

/// A POST of one message.
[[nodiscard]] http::ClientRequest post_message(const http::Url& url, std::string body);
/// "URL answered 503." or the sentence of the failure; empty when it was answered with 200.
[[nodiscard]] std::string what_failed(const http::Url& url,
                                      const flowstats::Result<http::ClientResponse>& answer);

class DeliveryQueue {
 public:
  using Time = std::chrono::milliseconds;

  /// The references outlive it.
  DeliveryQueue(const PollingOutside& outside, PollerCounters& counters, Time retention)
      : outside_(outside), counters_(counters), retention_(retention) {}

  /// `job`: the job whose final answer this is; 0 when it is none.
  void add(const http::Url& target, const Message& message, uint64_t job);
  /// Is a final answer of this job on its way?
  [[nodiscard]] bool has_job(uint64_t job) const;

  /// Sends what is due.
  void advance();
  /// When advance() has something to do next; empty while it only waits for answers.
  [[nodiscard]] std::optional<Time> next_due() const;
  [[nodiscard]] size_t size() const;

 private:
  struct Delivery {
    uint64_t id = 0;
    http::Url target;
    std::string token, body;
    uint64_t job = 0;
    Time not_before{}, give_up_at{};
    unsigned failures = 0;  // answers other than 200
  };
  /// Of one host, in the order in which they came.
  struct Channel {
    std::deque<Delivery> waiting;
    uint64_t under_way = 0;  // id of a delivery; 0: none
    unsigned failures = 0;   // in a row, without any answer
    Time not_before{};
  };
  struct Ready {
    const Delivery* delivery = nullptr;
    std::optional<Time> next;  // when there may be one
  };

  [[nodiscard]] static Ready ready(const Channel& channel, Time now);
  void give_up_old(Channel& channel, Time now);
  void send(const std::string& name, Channel& channel, const Delivery& delivery);
  void answered(const std::string& name, const flowstats::Result<http::ClientResponse>& answer);
  void drop_oldest();

  const PollingOutside& outside_;
  PollerCounters& counters_;
  Time retention_;
  std::map<std::string, Channel> channels_;  // by origin
  uint64_t last_id_ = 0;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace tapstat::control::mplane
