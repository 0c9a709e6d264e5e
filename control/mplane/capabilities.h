/// What this probe offers over mPlane: five capabilities in two generations, derived from the
/// column registry, with the tokens that were published.
///
/// Immutable after construction. The order is that of every list: core, end_to_end, tcp_options,
/// p2p_stats, layer7.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/mplane/message.h"
#include "flowstats/group_mask.h"

namespace tapstat::control::mplane {

/// Told apart by path in lists and by the version in messages.
enum class Generation : uint8_t { proxy_2014, sdk };

struct CapabilityOptions {
  std::string system_id = "01";  // value of the parameter System_ID (sdk)
  std::map<std::string, std::string> metadata = {
      {"System_ID", "tStat-Proxy-01"}, {"System_type", "tStat"}, {"System_version", "0.1"}};
  std::string registry_uri =
      "https://raw.githubusercontent.com/fp7mplane/components/master/tstat/tstat-registry.json";
  std::string base_url;  // "https://probe.example:8888"; the link is this and "/"
  bool unified = false;  // 2014 messages also carry registry and link
};

struct Capability {
  flowstats::Group group{};
  Message message;  // label, token and all
  [[nodiscard]] const std::string& label() const { return *message.label; }
  [[nodiscard]] const std::string& token() const { return *message.token; }
};

class Capabilities {
 public:
  explicit Capabilities(const CapabilityOptions& options);

  [[nodiscard]] std::span<const Capability> of(Generation generation) const;
  [[nodiscard]] const Capability* find(Generation generation, std::string_view token) const;

  /// The capability that a specification of either version asks for: version, registry, parameter
  /// names and values, set of result names; label and scope take no part. nullptr: none.
  [[nodiscard]] const Capability* match(const Message& specification) const;

  /// Callback control of the component-initiated workflow.
  [[nodiscard]] Message callback() const;

 private:
  CapabilityOptions options_;
  std::vector<Capability> proxy_2014_, sdk_;
};

/// "p/m/r 0/0/42": how lists show the size of a capability.
[[nodiscard]] std::string size_text(const Message& capability);

/// The element registry of the sdk generation, self-contained, for /registry.json.
[[nodiscard]] std::string registry_json(const std::string& registry_uri);

/// Does `value` satisfy a capability's constraint ("*", "a ... b", "v1,v2", one value)?
[[nodiscard]] bool satisfies(std::string_view value, std::string_view constraint);

}  // namespace tapstat::control::mplane
