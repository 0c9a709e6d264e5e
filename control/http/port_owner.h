/// Who listens on a TCP port, for the message that says that it is taken.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace tapstat::control::http {

/// `"python3" (pid 4711)`, from Linux's /proc/net/tcp{,6} and the descriptors of processes; empty
/// when nobody listens there or we may not see whose it is. `proc` is another root in tests.
[[nodiscard]] std::optional<std::string> port_owner(unsigned port,
                                                    const std::filesystem::path& proc = "/proc");

}  // namespace tapstat::control::http
