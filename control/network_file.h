/// Tstat's lists of networks, internal (-N), anonymised (-Y) or not (-W): text -> NetworkList.
///
/// One network a line: a.b.c.d/len, a.b.c.d/m.m.m.m, x:y::/len, or the old form of an address and
/// its mask on two lines.
/// `#` starts a comment. Host bits are cleared; 0.0.0.0 stands for everything whatever its length,
/// as in Tstat. All errors are reported, not only the first. Control thread, at start.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "flowstats/wire/network_list.h"

namespace tapstat::control {

struct NetworkFile {
  flowstats::NetworkList networks;
  std::vector<std::string> warnings;  // sentences
  std::vector<std::string> errors;    // "FILE:LINE: ..."; the list must not be used when not empty
};

/// What the networks are listed for, which warnings say.
enum class NetworkUse : uint8_t { internal, anonymised, not_anonymised };

/// `name` is what messages call the file.
[[nodiscard]] NetworkFile parse_network_file(std::string_view text, const std::string& name,
                                             NetworkUse use = NetworkUse::internal);

/// Reads and parses; a file that cannot be read is one error.
[[nodiscard]] NetworkFile load_network_file(const std::filesystem::path& path,
                                            NetworkUse use = NetworkUse::internal);

/// One network as a value of tapstat.toml. Empty, or a sentence that says what is wrong with it.
[[nodiscard]] std::string add_network(flowstats::NetworkList& networks, std::string_view text);

}  // namespace tapstat::control
