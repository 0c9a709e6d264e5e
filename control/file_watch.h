/// Tells when a file was changed or replaced: inotify on its directory, with a poll for file
/// systems that do not tell.
///
/// Editors replace files, so the directory is watched (close-write, moved-to); the call comes after
/// 200 ms without another event; every 5 s size, time and inode are compared as a fallback. Control
/// plane's thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include "flowstats/base/result.h"

namespace boost::asio {
class io_context;
}

namespace tapstat::control {

struct FileWatchTimes {
  std::chrono::milliseconds quiet{200}, poll{5'000};
};

class FileWatch {
 public:
  /// Errors: ExitStatus::environment, the directory cannot be watched.
  [[nodiscard]] static flowstats::Result<std::unique_ptr<FileWatch>> create(
      boost::asio::io_context& io, const std::filesystem::path& file, std::function<void()> changed,
      FileWatchTimes times = {});
  ~FileWatch();

 private:
  class Impl;
  explicit FileWatch(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace tapstat::control
