#include "control/mirror_keeper.h"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace tapstat::control {

using flowstats::Result;

Result<std::unique_ptr<MirrorKeeper>> MirrorKeeper::create(boost::asio::io_context& io,
                                                           const std::filesystem::path& path,
                                                           Settings& settings, Messages& messages) {
  auto file = mplane::MirrorFile::open(path);
  if (!file) return tl::make_unexpected(file.error());
  std::unique_ptr<MirrorKeeper> keeper(new MirrorKeeper(io, std::move(*file), settings, messages));
  keeper->written_ = settings.effective();
  if (auto written = keeper->file_.write(keeper->written_); !written)
    return tl::make_unexpected(written.error());
  auto watch = FileWatch::create(io, path, [k = keeper.get()] { k->take_edit(); });
  if (!watch) return tl::make_unexpected(watch.error());
  keeper->watch_ = std::move(*watch);
  return keeper;
}

void MirrorKeeper::settings_changed() {
  if (std::exchange(due_, true)) return;
  boost::asio::post(io_, [this] {
    due_ = false;
    take_edit();
    write(settings_.effective());
  });
}

void MirrorKeeper::restore_base() {
  watch_.reset();
  take_edit();
  write(settings_.base());
}

void MirrorKeeper::write(const RuntimeState& state) {
  if (const auto written = file_.write(state); !written)
    return messages_.error(written.error().sentence);
  written_ = state;
}

void MirrorKeeper::take_edit() {
  if (!file_.changed_by_others()) return;
  const std::string name = file_.path().string();
  const RuntimeConf edited = load_runtime_conf(file_.path(), written_, RuntimeRead::reload);
  const ReloadOutcome outcome = settings_.adopt(edited, written_, name);
  messages_.located_errors(outcome.errors);
  for (const std::string& note : outcome.notes) messages_.note(note);
}

}  // namespace tapstat::control
