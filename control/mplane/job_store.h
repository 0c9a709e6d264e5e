/// The state file: jobs that survive the end of the process, in "mplane_jobs.json" of the state
/// directory.
///
/// One JSON document with a version, mode 0600, replaced as a whole so that a crash leaves the old
/// or the new one. Reading is strict: a file that is not ours is refused and stays as it is.
/// Control plane's thread; a write waits for the disk once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/mplane/job.h"
#include "dataplane/file_descriptor.h"
#include "flowstats/base/result.h"

namespace tapstat::control::mplane {

inline constexpr std::string_view kJobFileName = "mplane_jobs.json";
inline constexpr int kJobFileVersion = 1;
inline constexpr size_t kJobFileBytesMax = 64 << 20;

[[nodiscard]] std::string jobs_to_json(const std::list<Job>& jobs);
/// Errors: ExitStatus::usage, a sentence without the name of the file.
[[nodiscard]] flowstats::Result<std::vector<Job>> jobs_from_json(std::string_view json);

class JobStore {
 public:
  /// Makes the directory with mode 0700 when only its last part is missing, and locks it as long
  /// as the object lives. Errors: ExitStatus::environment, it cannot be used or another process
  /// does; ExitStatus::usage, the file in it is none of ours.
  [[nodiscard]] static flowstats::Result<JobStore> open(const std::filesystem::path& directory);

  /// What the file had at open(); once.
  [[nodiscard]] std::vector<Job> take_jobs() { return std::move(jobs_); }

  /// The latest state wins: a write that failed is made good by the next one.
  void write(const std::list<Job>& jobs);
  /// Why the last write failed; empty when it did not.
  [[nodiscard]] const std::string& last_error() const { return last_error_; }
  [[nodiscard]] uint64_t failures() const { return failures_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  JobStore(std::filesystem::path path, dataplane::FileDescriptor lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}
  std::filesystem::path path_;
  dataplane::FileDescriptor lock_;  // of the directory
  std::vector<Job> jobs_;
  std::string last_error_;
  uint64_t failures_ = 0;
};

}  // namespace tapstat::control::mplane
