/// The component-initiated workflow as a state machine without sockets: what to send next, and what
/// an answer means.
///
/// poller.h binds it to HTTP and timers; tests drive it with answers and times of their own. Order,
/// pauses and rules are those of docs/mplane.md. Control plane's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/http/client.h"
#include "control/mplane/delivery_queue.h"
#include "control/mplane/message.h"
#include "control/mplane/poller.h"

namespace tapstat::control::mplane {

inline constexpr std::chrono::milliseconds kPollIntervalMin{1'000}, kPollIntervalMax{8'000};
/// A client forgets capabilities that were not polled for 10 s; this leaves a second.
inline constexpr std::chrono::milliseconds kPollGapMax{9'000};
/// Where it is not told whether the client was connected to anew (it may have been restarted and
/// know nothing), the registration is repeated this often; it is idempotent.
inline constexpr std::chrono::milliseconds kRegistrationAgeMax{60'000};

/// How long after `arrival` the scope of a callback specification asks for the next poll: until its
/// end, else its start. Within the limits of the interval; empty when the scope says nothing.
[[nodiscard]] std::optional<std::chrono::milliseconds> callback_delay(std::string_view when,
                                                                      UtcMicroseconds arrival);

/// May results of a specification that was polled from `polled` go to `link`? To the same scheme,
/// host and port always; to a "host:port" of `result_hosts` with the same scheme, or with https.
[[nodiscard]] bool may_deliver_to(const http::Url& link, const http::Url& polled,
                                  const std::vector<std::string>& result_hosts);

class Polling {
 public:
  using Time = std::chrono::milliseconds;  // of a steady clock

  /// `base` is the parsed `options.url`; `registration` an envelope of capabilities.
  Polling(const PollerOptions& options, http::Url base, const Message& registration,
          PollingOutside outside);
  Polling(const Polling&) = delete;
  Polling& operator=(const Polling&) = delete;

  /// Sends what is due.
  void advance();
  /// When advance() has something to do next; empty while it only waits for answers.
  [[nodiscard]] std::optional<Time> next_due() const;

  [[nodiscard]] const PollerCounters& counters() const { return counters_; }

 private:
  using Answer = flowstats::Result<http::ClientResponse>;

  void ask(http::ClientRequest request, void (Polling::*then)(const Answer&));
  void on_registered(const Answer& answer);
  [[nodiscard]] bool note_refusals(const std::string& body);
  void on_polled(const Answer& answer);
  void schedule_after_good_poll(Time now, uint64_t connection);
  void failed(std::string sentence);

  void take(const Client& client, const Message& message);
  void take_specification(const Client& client, const Message& message);
  void answer_later(const http::Url& target, const Reply& reply);
  [[nodiscard]] std::optional<http::Url> target_of(const Message& specification) const;
  [[nodiscard]] http::Url target_of_token(const Message& question) const;
  [[nodiscard]] http::Url url_of(const std::string& path) const;

  PollerOptions options_;
  http::Url base_;
  std::string registration_;
  PollingOutside outside_;
  PollerCounters counters_;
  DeliveryQueue deliveries_;

  bool registered_ = false;
  bool asking_ = false;  // a registration or poll is under way
  bool polled_since_registered_ = false;
  unsigned failures_ = 0;  // of registrations and polls, in a row
  Time due_{}, registered_at_{};
  std::optional<Time> last_good_poll_;
  uint64_t connection_ = 0;       // that the registration went over; 0: not known
  std::optional<Time> callback_;  // delay that the last poll asked for
  /// By token: where the answers of specifications go whose link leads to another host.
  std::map<std::string, http::Url> elsewhere_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace tapstat::control::mplane
