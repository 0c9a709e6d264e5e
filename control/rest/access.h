/// Who may use REST: roles reader and operator, by certificate, token or local socket.
///
/// Loopback without TLS serves readers; a change needs the token even there. Over TLS the roles of
/// the certificate's identity count ("reader", "operator" or "admin" in the role files), or the
/// token. The local socket is the operator's. Ten failures in a minute from one address: 429. The
/// Host header must name us (DNS rebinding). Control plane's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/http/router.h"
#include "control/mplane/roles.h"
#include "flowstats/base/result.h"

namespace tapstat::control::rest {

struct AccessOptions {
  std::optional<std::string> token;  // of the token file; absent: none is accepted
  std::vector<std::string> hosts;    // names in the Host header besides loopback's; IPv6 in []
};

/// The first line of a file with mode 0400 or 0600. Errors: ExitStatus::usage, with the mode and
/// what to do.
[[nodiscard]] flowstats::Result<std::string> read_token(const std::filesystem::path& path);

class Access {
 public:
  using Clock = std::chrono::steady_clock;
  /// `roles` gives the roles of a peer at the moment of the call; asked for peers with TLS only.
  Access(AccessOptions options, std::function<std::set<std::string>(const http::Peer&)> roles);

  /// Empty: admitted. Else the refusal: 401, 403, 421 (wrong Host) or 429.
  [[nodiscard]] std::optional<http::Response> admit(const http::Request& request, http::Needs needs,
                                                    Clock::time_point now);

 private:
  /// The role that the peer has without a token.
  [[nodiscard]] http::Needs own_role(const http::Peer& peer) const;
  [[nodiscard]] bool is_token(const std::string& bearer) const;
  [[nodiscard]] http::Response refuse(const http::Request& request, http::Needs needs) const;
  /// Seconds to wait after too many failures; 0: none.
  [[nodiscard]] int64_t wait_of(const std::string& address, Clock::time_point now);
  void note_failure(const std::string& address, Clock::time_point now);

  AccessOptions options_;
  std::function<std::set<std::string>(const http::Peer&)> roles_;
  std::map<std::string, std::deque<Clock::time_point>> failures_;  // by address; bounded
};

}  // namespace tapstat::control::rest
