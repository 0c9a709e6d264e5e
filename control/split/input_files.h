/// The captures that are to be split: opened, counted and put in the order of their first packets.
///
/// A file that the user named is closed again until the merge reaches it, so that any number can be
/// given; what was unpacked or copied is an unlinked temporary file and stays open. Control thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "control/split/overlap.h"
#include "dataplane/capture_file.h"
#include "dataplane/capture_stream.h"
#include "flowstats/base/result.h"

namespace tapstat::control::splitting {

struct InputFile {
  dataplane::CaptureFile capture;  // `file` is closed when it can be opened again by its name

  [[nodiscard]] TimeRange range() const;  // only with packets
  [[nodiscard]] flowstats::Result<dataplane::CaptureStream> open() const;
};

struct InputFiles {
  std::vector<InputFile> files;  // with packets; in the order of time
  uint64_t packets = 0, snapped_packets = 0;
  bool is_damaged = false;      // one of them ends early
  size_t descriptors_held = 0;  // by temporary files
  size_t open_peak = 0;         // that the merge has open at a time
  dataplane::CaptureForm form;  // of the pieces: what the captures have in common
  dataplane::LinkType link_type = dataplane::LinkType::ethernet;
  uint32_t compared_bytes = 0;  // the shortest that a capture may have cut its packets to
};

struct InputOptions {
  bool unpack = true;
  std::function<void(const std::string&)> note, error;  // sentences for standard error
};

/// The name that stands for standard input.
inline constexpr const char* kStandardInput = "-";

/// Errors: ExitStatus::input_unreadable (after a sentence for each file through `error`; the
/// returned one is the last), different link types included; ExitStatus::environment.
[[nodiscard]] flowstats::Result<InputFiles> open_input_files(
    const std::vector<std::filesystem::path>& names, const InputOptions& options);

}  // namespace tapstat::control::splitting
