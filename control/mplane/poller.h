/// The component-initiated workflow: registers our capabilities with a client or supervisor, polls
/// it for specifications and delivers receipts and results.
///
/// Retries forever with growing pauses; nothing here touches the measurement. Registers again after
/// a gap between two successful polls, after a 428 and after any reconnect (docs/mplane.md).
/// Control plane's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/http/client.h"
#include "control/mplane/component.h"

namespace tapstat::control::mplane {

struct PollerOptions {
  std::string url;  // "https://192.0.2.11:8889"
  std::optional<http::ClientTls> tls;
  std::string register_path = "/register/capability", specification_path = "/show/specification",
              result_path = "/register/result";
  std::chrono::milliseconds interval{5'000};  // 1 to 8 s
  std::vector<std::string> result_hosts;      // further "host:port" that results may be sent to
  std::chrono::milliseconds retention{86'400'000};
};

struct PollerCounters {
  uint64_t registrations = 0, polls = 0, failures = 0, delivered = 0, refused_links = 0;
  uint64_t dropped = 0;  // deliveries that were too old or too many
  std::string last_error;
};

class Poller {
 public:
  /// The references outlive it. Errors: ExitStatus::usage, a wrong URL.
  [[nodiscard]] static flowstats::Result<std::unique_ptr<Poller>> create(
      boost::asio::io_context& io, const PollerOptions& options, Component& component);
  ~Poller();
  void start();
  void stop();
  [[nodiscard]] const PollerCounters& counters() const;

 private:
  class Impl;
  explicit Poller(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapstat::control::mplane
