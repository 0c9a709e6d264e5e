#include "control/file_watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace tapstat::control {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using boost::system::error_code;

constexpr uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE |
                             IN_MODIFY | IN_DELETE_SELF | IN_MOVE_SELF;

/// What tells two states of a file apart without reading it.
struct Stamp {
  bool exists = false;
  uint64_t device = 0, inode = 0, size = 0;
  int64_t seconds = 0, nanoseconds = 0;
  bool operator==(const Stamp&) const = default;
};

Stamp stamp_of(const fs::path& file) {
  struct stat facts {};
  if (stat(file.c_str(), &facts) != 0) return {};
  return {true,
          facts.st_dev,
          facts.st_ino,
          static_cast<uint64_t>(facts.st_size),
          facts.st_mtim.tv_sec,
          facts.st_mtim.tv_nsec};
}

/// A name in a directory, as it is asked for and as the kernel numbers it.
struct WatchedName {
  fs::path directory;
  std::string name;
  int number = -1;
};

fs::path directory_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

/// The name itself, and where it leads when it is a symbolic link.
std::vector<WatchedName> names_of(const fs::path& file) {
  std::vector<WatchedName> names = {{directory_of(file), file.filename().string()}};
  std::error_code error;
  if (!fs::is_symlink(fs::symlink_status(file, error))) return names;
  const fs::path target = fs::weakly_canonical(file, error);
  if (!error && target != file) names.push_back({directory_of(target), target.filename().string()});
  return names;
}

/// A new name of something complete: a link. A new regular file is still being written and will be
/// closed.
bool complete_when_created(const fs::path& file) {
  struct stat facts {};
  if (lstat(file.c_str(), &facts) != 0) return false;
  return S_ISLNK(facts.st_mode) || facts.st_nlink > 1;
}

}  // namespace

class FileWatch::Impl : public std::enable_shared_from_this<FileWatch::Impl> {
 public:
  Impl(asio::io_context& io, fs::path file, std::function<void()> changed, FileWatchTimes times)
      : file_(std::move(file)),
        changed_(std::move(changed)),
        times_(times),
        inotify_(io),
        quiet_(io),
        poll_(io) {}

  /// 0 or the error number.
  int start() {
    const int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (descriptor < 0) return errno;
    error_code error;
    inotify_.assign(descriptor, error);
    if (error) {
      close(descriptor);
      return error.value();
    }
    seen_ = stamp_of(file_);
    follow_names();
    if (names_.front().number < 0) return names_error_;
    read();
    wait_for_poll();
    return 0;
  }

  void stop() {
    stopped_ = true;
    error_code ignored;
    inotify_.close(ignored);
    quiet_.cancel();
    poll_.cancel();
  }

 private:
  /// Directories come and go and links are turned round: the watches follow the present names.
  void follow_names() {
    std::vector<WatchedName> now = names_of(file_);
    names_error_ = 0;
    for (WatchedName& name : now) {
      name.number =
          inotify_add_watch(inotify_.native_handle(), name.directory.c_str(), kEvents | IN_ONLYDIR);
      if (name.number < 0 && names_error_ == 0) names_error_ = errno;
    }
    for (const WatchedName& before : names_)
      if (before.number >= 0 &&
          std::ranges::none_of(now, [&](const auto& n) { return n.number == before.number; }))
        inotify_rm_watch(inotify_.native_handle(), before.number);
    names_ = std::move(now);
  }

  void read() {
    inotify_.async_read_some(asio::buffer(events_),
                             [self = shared_from_this()](error_code error, size_t bytes) {
                               if (self->stopped_ || error) return;
                               self->take_events(bytes);
                               self->read();
                             });
  }

  void take_events(size_t bytes) {
    for (size_t at = 0; at + sizeof(inotify_event) <= bytes;) {
      inotify_event event{};
      std::memcpy(&event, events_.data() + at, sizeof event);
      const char* const text = events_.data() + at + sizeof event;
      take(event, {text, strnlen(text, event.len)});
      at += sizeof event + event.len;
    }
  }

  void take(const inotify_event& event, std::string_view name) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) return touch();
    if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0) return touch();
    for (const WatchedName& watched : names_) {
      if (watched.number != event.wd || watched.name != name) continue;
      if ((event.mask & IN_MODIFY) != 0) return touch_again();
      if ((event.mask & IN_CREATE) != 0 && !complete_when_created(watched.directory / watched.name))
        return touch_again();
      return touch();
    }
  }

  /// Somebody is still at it: a pending call waits longer, but none begins.
  void touch_again() {
    if (pending_) touch();
  }

  void touch() {
    pending_ = true;
    quiet_.expires_after(times_.quiet);
    quiet_.async_wait([self = shared_from_this()](error_code error) {
      if (self->stopped_ || error) return;
      self->pending_ = false;
      self->follow_names();
      self->seen_ = stamp_of(self->file_);
      self->changed_();
    });
  }

  void wait_for_poll() {
    poll_.expires_after(times_.poll);
    poll_.async_wait([self = shared_from_this()](error_code error) {
      if (self->stopped_ || error) return;
      self->follow_names();
      if (!self->pending_ && stamp_of(self->file_) != self->seen_) self->touch();
      self->wait_for_poll();
    });
  }

  const fs::path file_;
  const std::function<void()> changed_;
  const FileWatchTimes times_;
  asio::posix::stream_descriptor inotify_;
  asio::steady_timer quiet_, poll_;
  alignas(inotify_event) std::array<char, 8192> events_{};
  std::vector<WatchedName> names_;
  int names_error_ = 0;
  Stamp seen_;
  bool pending_ = false, stopped_ = false;
};

FileWatch::FileWatch(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

FileWatch::~FileWatch() { impl_->stop(); }

flowstats::Result<std::unique_ptr<FileWatch>> FileWatch::create(asio::io_context& io,
                                                                const fs::path& file,
                                                                std::function<void()> changed,
                                                                FileWatchTimes times) {
  std::unique_ptr<FileWatch> watch(
      new FileWatch(std::make_shared<Impl>(io, file, std::move(changed), times)));
  if (const int error = watch->impl_->start(); error != 0) {
    return flowstats::fail(flowstats::ExitStatus::environment,
                           "changes in the directory of \"" + file.string() +
                               "\" cannot be watched: " + std::strerror(error) + ".");
  }
  return watch;
}

}  // namespace tapstat::control
