/// Tstat's own command line -> the words of tapstat's: `tapstat-tstat -l -i eth1 -s out` is
/// `tapstat run -i eth1 -s out`, and with files it is `tapstat replay`.
///
/// What Tstat does and this program does not is said in one line each; what would change the
/// numbers in silence is refused. Control thread, before anything else.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "flowstats/base/result.h"

namespace tapstat::control {

struct TranslatedLine {
  std::vector<std::string> words;                 // for parse_command_line()
  std::vector<std::string> notes;                 // sentences for the user
  std::optional<std::filesystem::path> messages;  // -z: where both streams go
};

/// `words` without the program's name; words of DPDK may stand before "--". With no words at all
/// those of tstat.conf in the current directory count, as with Tstat. Errors: ExitStatus::usage.
[[nodiscard]] flowstats::Result<TranslatedLine> translate_tstat(std::vector<std::string> words);

/// Options of a tstat.conf: separated by blanks or lines; "#" begins a comment.
[[nodiscard]] std::vector<std::string> words_of_tstat_conf(std::string_view text);

}  // namespace tapstat::control
