/// Exit records as lines of a .web100 file: the key list in its first line, and a line for each
/// record.
///
/// ASCII, fields separated by one blank, lines ended by LF alone: SideStream's readers drop a line
/// with a blank too many and give the file up for an unknown key (docs/web100.md). A key list is
/// made at start and then read-only for any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "exporters/row_buffer.h"
#include "flowstats/base/result.h"
#include "flowstats/columns/web100.h"
#include "flowstats/exit_record.h"

namespace tapstat::exporters {

class Web100Keys {
 public:
  /// `default`: what is measured; `full`: the standard keys, 0 for what only the host knows; or
  /// names in either spelling, separated by commas or blanks, in any order. The two ends and the
  /// time of the start are in every list: a reader needs them to tell records apart. A name that no
  /// reader knows, or one that comes twice, is refused (ExitStatus::usage).
  [[nodiscard]] static flowstats::Result<Web100Keys> read(std::string_view text);

  /// The usual list.
  Web100Keys();

  /// "K: cid PollTime ..." with its line end.
  [[nodiscard]] std::string header() const;
  /// "C: ..." with its line end, the addresses as the record has them.
  void append_row(RowBuffer& out, const flowstats::ExitRecord& record) const;

 private:
  struct Key {
    std::string_view name;  // in the spelling that was asked for
    uint8_t variable = 0;   // place in kWeb100Variables
  };
  std::vector<Key> keys_;  // in file order
};

}  // namespace tapstat::exporters
