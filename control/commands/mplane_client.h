/// The client's side of mPlane's client-initiated workflow: capabilities, specifications,
/// redemptions and interrupts of one component. Control thread; blocks in `send`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/commands/remote_commands.h"
#include "control/http/client.h"
#include "control/mplane/capabilities.h"
#include "control/mplane/message.h"
#include "flowstats/base/result.h"

namespace tapstat::control {

/// Links that one page may have.
inline constexpr size_t kLinksMax = 64;

/// The paths that the links of a page lead to, in order; those to other hosts are left out.
[[nodiscard]] std::vector<std::string> links_of(std::string_view html);

/// A specification of `capability` for the time `when`: parameters from constraints of a single
/// value, and the token of that text. Errors: ExitStatus::usage, a scope that is none, or a
/// parameter with more than one possible value.
[[nodiscard]] flowstats::Result<mplane::Message> specification_of(const mplane::Message& capability,
                                                                  const std::string& when);

/// A redemption or interrupt; the token is enough.
[[nodiscard]] mplane::Message question(mplane::Kind kind, mplane::Generation generation,
                                       const std::string& token);

struct ComponentAnswer {
  mplane::Message message;
  std::string epochs, rows;  // of Tapstat-Epochs and Tapstat-Rows; empty when absent
};

class MplaneClient {
 public:
  /// `base` without a path.
  MplaneClient(http::Url base, SendHttp send) : base_(std::move(base)), send_(std::move(send)) {}

  /// Errors of all: ExitStatus::environment, no answer or one that is no mPlane.
  [[nodiscard]] flowstats::Result<std::vector<mplane::Message>> capabilities(
      mplane::Generation generation) const;
  [[nodiscard]] flowstats::Result<ComponentAnswer> post(const mplane::Message& message) const;

  [[nodiscard]] std::string origin() const { return base_.origin(); }

 private:
  [[nodiscard]] flowstats::Result<http::ClientResponse> get(const std::string& path) const;

  http::Url base_;
  SendHttp send_;
};

}  // namespace tapstat::control
