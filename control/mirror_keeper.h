/// Keeps the mirror file in step with the settings, both ways.
///
/// Every change of the settings is written right after the change is in force; an edit by somebody
/// else becomes the new base first (Settings::adopt). Control plane's thread.
#pragma once

#include <filesystem>
#include <memory>
#include <utility>

#include "control/file_watch.h"
#include "control/messages.h"
#include "control/mplane/mirror_file.h"
#include "control/settings.h"
#include "flowstats/base/result.h"

namespace boost::asio {
class io_context;
}

namespace tapstat::control {

class MirrorKeeper {
 public:
  /// Writes the settings of now. The references outlive it. Errors: ExitStatus::environment.
  [[nodiscard]] static flowstats::Result<std::unique_ptr<MirrorKeeper>> create(
      boost::asio::io_context& io, const std::filesystem::path& path, Settings& settings,
      Messages& messages);

  void settings_changed();
  /// At the end: what the file shows without specifications.
  void restore_base();

 private:
  MirrorKeeper(boost::asio::io_context& io, mplane::MirrorFile file, Settings& settings,
               Messages& messages)
      : io_(io), file_(std::move(file)), settings_(settings), messages_(messages) {}
  void write(const RuntimeState& state);
  void take_edit();

  boost::asio::io_context& io_;
  mplane::MirrorFile file_;
  Settings& settings_;
  Messages& messages_;
  RuntimeState written_;
  bool due_ = false;  // a write has been posted
  std::unique_ptr<FileWatch> watch_;
};

}  // namespace tapstat::control
