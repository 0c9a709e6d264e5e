/// The mPlane component: routes, inline wait, timers, state file and mirror around the
/// specifications.
///
/// Client-initiated workflow over the routes; the component-initiated one (poller.h) calls
/// carry_out(). Control plane's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "control/audit_log.h"
#include "control/group_holds.h"
#include "control/http/router.h"
#include "control/mplane/capabilities.h"
#include "control/mplane/roles.h"
#include "control/mplane/specifications.h"

namespace boost::asio {
class io_context;
}

namespace tapstat::control::mplane {

struct ComponentOptions {
  CapabilityOptions capabilities;
  SpecificationLimits limits;
  MessageLimits message_limits;
  size_t body_bytes_max = 256 << 10;
  std::chrono::milliseconds inline_wait{5'000};          // 0 to 10 s
  std::optional<std::filesystem::path> state_directory;  // absent: jobs end with the process
  std::optional<std::string> registry;     // the document at /registry.json; absent: our own
  std::function<UtcMicroseconds()> clock;  // of the machine; for tests
};

class Component {
 public:
  /// The references outlive it. Errors: ExitStatus::environment, a state directory that cannot be
  /// used; ExitStatus::usage, a state file that is none of ours.
  [[nodiscard]] static flowstats::Result<std::unique_ptr<Component>> create(
      boost::asio::io_context& io, const ComponentOptions& options, Roles roles, GroupHolds& holds,
      AuditLog& audit);
  ~Component();

  /// Every path of docs/mplane.md; the family without prefixes.
  [[nodiscard]] http::RouteFamily routes();

  /// Takes up the jobs of the state file and starts the timers.
  void start();
  /// Timers off; jobs stay in the state file.
  void stop();

  /// For the poller, one message (not an envelope): the answer at once (never waits), and the later
  /// final answer of the job through `ended` (may be empty), unless an interrupt through this
  /// function was answered with it. A specification of scope "now" gets its receipt, then `ended`.
  [[nodiscard]] Reply carry_out(const Client& client, const Message& message,
                                std::function<void(const Reply&)> ended);
  void delivered(uint64_t job);

  void replace_roles(Roles roles);
  [[nodiscard]] const Roles& roles() const;
  [[nodiscard]] const Capabilities& capabilities() const;
  [[nodiscard]] const Specifications& specifications() const;
  /// Why the state file could not be written; empty when it could, or when there is none.
  [[nodiscard]] const std::string& state_file_error() const;

 private:
  class Impl;
  explicit Component(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace tapstat::control::mplane
