/// Who may use what over mPlane: identity -> roles, capability label -> roles; access where the two
/// sets meet.
///
/// Read once at start and again on reload from users.conf and caps.conf (2014) or from the sections
/// [Roles] and [Authorizations] of an INI file (sdk). Everything not named is denied. Without TLS
/// there is no check. Control plane's thread.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "control/http/exchange.h"
#include "control/mplane/capabilities.h"
#include "flowstats/base/result.h"

namespace tapstat::control::mplane {

/// The two names of one peer.
struct Client {
  bool checked = false;  // false: no TLS, everything is allowed
  std::string common_name;
  std::string identity{http::kUnauthenticated};  // owner of jobs, in both generations
};
[[nodiscard]] Client client_of(const http::Peer& peer);

struct RoleFiles {
  std::optional<std::filesystem::path> users, capabilities, component_ini;
};
/// users.conf and caps.conf in /etc/mplane, $HOME and $MPLANE_CONF_DIR, in that order.
[[nodiscard]] RoleFiles find_role_files();

class Roles {
 public:
  /// Errors: ExitStatus::usage; a file that cannot be read or has a wrong line, with its number.
  [[nodiscard]] static flowstats::Result<Roles> load(const RoleFiles& files);

  /// Roles of the peer; for version 0 its common name is looked up, else its identity.
  [[nodiscard]] std::set<std::string> of(const Client& client, Generation generation) const;
  [[nodiscard]] bool may_use(const Client& client, Generation generation,
                             std::string_view capability_label) const;
  [[nodiscard]] bool is_admin(const Client& client, Generation generation) const;

 private:
  std::map<std::string, std::set<std::string>, std::less<>> of_identity_, of_label_;
};

}  // namespace tapstat::control::mplane
