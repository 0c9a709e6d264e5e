#include "exporters/directory_follower.h"

#include <utility>

namespace tapstat::exporters {

namespace {

using flowstats::ActiveConfig;
using flowstats::RecordHead;
using flowstats::Timestamp;

constexpr std::chrono::seconds kRetryAfter{1};

}  // namespace

DirectoryFollower::DirectoryFollower(const WriterOptions& options, DirectoryMaker& maker,
                                     const OutputRoom& room, WriteErrors& errors)
    : options_(options), maker_(maker), room_(room), errors_(errors) {}

flowstats::Result<void> DirectoryFollower::open_first(const ActiveConfig& config,
                                                      Timestamp first_packet) {
  return open({config, first_packet});
}

void DirectoryFollower::announce_config(const ActiveConfig& config, Timestamp since) {
  const std::lock_guard lock{mutex_};
  const uint32_t newest = pending_.empty() ? epoch() : pending_.back().config.epoch;
  if (config.epoch <= newest) return;
  pending_.push_back({config, since});
  next_epoch_.store(pending_.front().config.epoch, std::memory_order_release);
}

bool DirectoryFollower::is_due(const RecordHead& record) const {
  const bool late = options_.rotate.us > 0 &&
                    flowstats::elapsed(current_->since(), record.closed) >= options_.rotate;
  const bool elsewhere = room_.place() != current_->place() || current_->was_removed();
  if (!is_announced(record.epoch) && !late && !elsewhere) [[likely]]
    return false;
  return may_try();
}

bool DirectoryFollower::may_try() const {
  return retry_at_ == decltype(retry_at_){} || std::chrono::steady_clock::now() >= retry_at_;
}

std::filesystem::path DirectoryFollower::directory() const {
  const std::lock_guard lock{mutex_};
  return path_;
}

void DirectoryFollower::follow(const RecordHead& record) {
  if (is_announced(record.epoch)) return take(announced_up_to(record.epoch));
  take({config_, record.closed});
}

bool DirectoryFollower::follow_up_to(uint32_t epoch) {
  if (!is_announced(epoch) || !may_try()) return false;
  take(announced_up_to(epoch));
  return true;
}

void DirectoryFollower::follow_newest() {
  if (is_announced(kNoEpoch - 1)) take(announced_up_to(kNoEpoch - 1));
}

DirectoryFollower::Announced DirectoryFollower::announced_up_to(uint32_t limit) {
  const std::lock_guard lock{mutex_};
  Announced newest{config_, current_->since()};
  for (const Announced& a : pending_)
    if (a.config.epoch <= limit) newest = a;
  return newest;
}

void DirectoryFollower::forget_up_to(uint32_t epoch) {
  const std::lock_guard lock{mutex_};
  std::erase_if(pending_, [epoch](const Announced& a) { return a.config.epoch <= epoch; });
  next_epoch_.store(pending_.empty() ? kNoEpoch : pending_.front().config.epoch,
                    std::memory_order_release);
}

void DirectoryFollower::take(const Announced& wanted) {
  if (wanted.config.epoch != config_.epoch && wanted.config.same_output(config_))
    return enter(wanted.config);
  const auto opened = open(wanted);
  if (opened) return;
  errors_.note(opened.error().sentence, 0);
  retry_at_ = std::chrono::steady_clock::now() + kRetryAfter;
}

flowstats::Result<void> DirectoryFollower::open(const Announced& wanted) {
  const Place place = room_.place();
  if (options_.exit_records && wanted.config.logs.empty()) {  // they have a tree of their own
    current_ =
        std::make_shared<LogDirectory>(options_.base, options_, wanted.config, wanted.since, place);
    enter(wanted.config);
    return {};
  }
  auto made = maker_.make(place, wanted.config, wanted.since);
  if (!made) return tl::make_unexpected(std::move(made.error()));
  current_ = std::move(*made);
  {
    const std::lock_guard lock{mutex_};
    path_ = current_->path();
  }
  enter(wanted.config);
  maker_.announce(*current_);
  return {};
}

void DirectoryFollower::enter(const ActiveConfig& config) {
  retry_at_ = {};
  config_ = config;
  epoch_.store(config.epoch, std::memory_order_release);
  forget_up_to(config.epoch);
}

}  // namespace tapstat::exporters
