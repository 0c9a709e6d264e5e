/// What this binary is: version, commit and build options. The values are set by the build.
#pragma once

#include <string>
#include <string_view>

namespace tapstat::control {

[[nodiscard]] std::string_view version();  // "0.1.0"
[[nodiscard]] std::string_view
commit();  // "a1b2c3d", "-dirty" with local changes, "unknown" outside a checkout
/// The text of --version.
[[nodiscard]] std::string version_text(std::string_view dpdk_version);

}  // namespace tapstat::control
