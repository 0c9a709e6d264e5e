#include "exporters/directory_maker.h"

#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "exporters/output_directory.h"

namespace tapstat::exporters {

using flowstats::ActiveConfig;
using flowstats::Result;
using flowstats::Timestamp;

DirectoryMaker::DirectoryMaker(const WriterOptions& options, flowstats::CounterBlock& counters,
                               Writer::Announce announce)
    : options_(options), counters_(counters), announce_(std::move(announce)) {}

Result<void> DirectoryMaker::prepare() const {
  if (options_.full.what != WhenFull::spool) return {};
  std::error_code failed;
  std::filesystem::create_directories(options_.full.spool, failed);
  if (!failed) return {};
  return flowstats::fail(flowstats::ExitStatus::environment,
                         fmt::format("the spool \"{}\" cannot be made: {}. Choose another with "
                                     "[output.tstat] spool.",
                                     options_.full.spool.string(), failed.message()));
}

Result<std::shared_ptr<LogDirectory>> DirectoryMaker::make(Place place, const ActiveConfig& config,
                                                           Timestamp since) {
  const std::lock_guard lock{mutex_};
  auto path =
      create_output_directory(place == Place::spool ? options_.full.spool : options_.base, since);
  if (!path) return tl::make_unexpected(std::move(path.error()));
  made_.push_back(*path);
  if (place == Place::spool) spooled_.push_back(*path);
  counters_.add(flowstats::Counter::directories_created);
  return std::make_shared<LogDirectory>(*path, options_, config, since, place);
}

void DirectoryMaker::announce(const LogDirectory& directory) {
  const std::lock_guard lock{mutex_};
  announce_(fmt::format("[{}] created new outdir {}", message_time(directory.since()),
                        directory.path().string()));
}

}  // namespace tapstat::exporters
