#include "exporters/spool.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace tapstat::exporters {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFolder = ".spool";
constexpr std::string_view kPart = ".part";

/// Without it the move itself may be lost with the power. Not every file system can do it: a
/// refusal is no error.
void sync_directory(const fs::path& directory) {
  if (const int opened = ::open(directory.c_str(), O_DIRECTORY | O_CLOEXEC); opened >= 0) {
    ::fsync(opened);
    ::close(opened);
  }
}

/// Makes a directory below `root` and what is missing above it, durably; returns errno.
int make_directory(const fs::path& root, const fs::path& below) {
  fs::path path = root;
  for (const fs::path& part : below) {
    const fs::path above = path;
    path /= part;
    if (::mkdir(path.c_str(), 0775) == 0)
      sync_directory(above);
    else if (errno != EEXIST)
      return errno;
  }
  return 0;
}

bool is_there(const fs::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

struct CountedStem {
  std::string_view stem;
  unsigned counter = 0;
};

/// The parts of STEMnSUFFIX.part.
std::optional<CountedStem> counted_stem(std::string_view part_name, std::string_view suffix) {
  const size_t ending = suffix.size() + kPart.size();
  if (part_name.size() <= ending || !part_name.ends_with(kPart)) return std::nullopt;
  std::string_view name = part_name.substr(0, part_name.size() - kPart.size());
  if (!name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  const size_t digits = name.find_last_not_of("0123456789") + 1;  // npos + 1 is 0
  CountedStem found{name.substr(0, digits)};
  const std::string_view number = name.substr(digits);
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), found.counter);
  if (error != std::errc{} || found.counter > Spool::kCounterMax) return std::nullopt;
  return found;
}

/// Fills `into` from `offset` of the file as far as it can.
size_t read_at(int descriptor, std::array<char, 65536>& into, size_t bytes, uint64_t offset) {
  size_t done = 0;
  while (done < bytes) {
    const ssize_t n =
        ::pread(descriptor, into.data() + done, bytes - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<size_t>(n);
  }
  return done;
}

}  // namespace

WholeBytes whole_lines(unsigned header_lines) {
  return [header_lines](int descriptor, uint64_t bytes) {
    std::array<char, 65536> block{};
    uint64_t lines = 0, whole = 0;
    for (uint64_t at = 0; at < bytes;) {
      const size_t n = read_at(descriptor, block, std::min<uint64_t>(block.size(), bytes - at), at);
      if (n == 0) break;
      const std::string_view text{block.data(), n};
      lines += static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
      if (const size_t end = text.rfind('\n'); end != std::string_view::npos) whole = at + end + 1;
      at += n;
    }
    return lines > header_lines ? whole : 0;
  };
}

WriteResult SpoolFile::append(std::string_view row) {
  buffer_.append(row);
  ++rows_;
  return buffer_.size() >= spool_->options_.buffer_bytes ? flush() : WriteResult{};
}

WriteResult SpoolFile::flush() {
  if (rows_ == 0) return {};
  if (!file_.is_open()) ++spool_->open_files_;
  const WriteResult result = file_.write({buffer_.text(), rows_, spool_->options_.lines});
  if (result.error == ENOENT) spool_->restore_directory(*this);
  written_ += result.bytes;
  buffer_.clear();
  rows_ = 0;
  if (spool_->open_files_ > spool_->options_.open_files_max) {
    file_.park();
    buffer_ = RowBuffer{};  // one of many: memory is not kept either
  }
  if (!file_.is_open()) --spool_->open_files_;
  return result;
}

Spool::Spool(SpoolOptions options)
    : options_(std::move(options)), folder_(options_.root / kFolder) {}

Spool::~Spool() {
  if (lock_ >= 0) ::close(lock_);
}

flowstats::Result<void> Spool::open() {
  const auto refuse = [this](const std::string& why) {
    return flowstats::fail(flowstats::ExitStatus::environment,
                           fmt::format("directory \"{}\" cannot be used for {} files: {}. Choose "
                                       "another.",
                                       options_.root.string(), options_.suffix, why));
  };
  const auto reason = [](int error) { return std::generic_category().message(error); };
  std::error_code failed;
  fs::create_directories(folder_, failed);
  if (failed) return refuse(failed.message());
  const fs::path lock = folder_ / fmt::format("lock{}", options_.suffix);
  if (lock_ >= 0) ::close(lock_);
  lock_ = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0664);
  if (lock_ < 0) return refuse(reason(errno));
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return {};
  return refuse(errno == EWOULDBLOCK ? "another tapstat writes there" : reason(errno));
}

fs::path Spool::final_path(const fs::path& directory, std::string_view stem,
                           unsigned counter) const {
  return options_.root / directory / fmt::format("{}{}{}", stem, counter, options_.suffix);
}

fs::path Spool::part_path(std::string_view stem, unsigned counter) const {
  return folder_ / fmt::format("{}{}{}{}", stem, counter, options_.suffix, kPart);
}

std::unique_ptr<SpoolFile> Spool::create(const fs::path& directory, std::string_view stem,
                                         std::string header) {
  unsigned counter = 0;
  while (counter < kCounterMax &&
         (is_there(final_path(directory, stem, counter)) || is_there(part_path(stem, counter))))
    ++counter;
  const fs::path path =
      options_.in_place ? final_path(directory, stem, counter) : part_path(stem, counter);
  std::unique_ptr<SpoolFile> file{new SpoolFile{path, std::move(header)}};
  file->spool_ = this;
  file->directory_ = directory;
  file->stem_ = stem;
  file->counter_ = counter;
  begin(*file);
  return file;
}

/// So that the next write finds it; when that fails, it fails too, and says why.
void Spool::restore_directory(const SpoolFile& file) {
  if (!is_there(folder_)) static_cast<void>(open());
  if (options_.in_place) static_cast<void>(make_directory(options_.root, file.directory_));
}

/// The name is taken at once: nobody else is given it.
void Spool::begin(SpoolFile& file) {
  restore_directory(file);
  file.written_ += file.file_.write({}).bytes;
  if (open_files_ >= options_.open_files_max) file.file_.park();
  if (file.file_.is_open()) ++open_files_;
}

int Spool::move(fs::path& path, const fs::path& directory, std::string_view stem,
                unsigned counter) const {
  if (const int error = make_directory(options_.root, directory); error != 0) return error;
  for (; counter <= kCounterMax; ++counter) {
    const fs::path target = final_path(directory, stem, counter);
    if (::renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) == 0) {
      path = target;
      sync_directory(target.parent_path());
      return 0;
    }
    if (errno != EEXIST) return errno;
  }
  return EEXIST;
}

Published Spool::publish(SpoolFile& file) {
  Published done;
  done.last = file.flush();
  done.path = file.path();
  if (file.file_.is_open())
    --open_files_;
  else  // the disk is asked through a descriptor
    done.error = file.file_.write({}).error;
  if (!file.file_.exists()) return done;
  if (const int error = file.file_.close(); error != 0) done.error = error;
  if (options_.in_place) {
    sync_directory(done.path.parent_path());
  } else if (const int error = move(done.path, file.directory_, file.stem_, file.counter_);
             error != 0) {
    done.error = error;
  }
  return done;
}

Recovered Spool::recover_one(const fs::path& part, const fs::path& directory) {
  Recovered result{part};
  const int descriptor = ::open(part.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return {part, false, 0, errno};
  struct stat status {};
  ::fstat(descriptor, &status);
  const auto bytes = static_cast<uint64_t>(status.st_size);
  const uint64_t whole = options_.whole(descriptor, bytes);
  result.bytes_cut = bytes - whole;
  if (whole == 0) {
    if (::unlink(part.c_str()) != 0) result.error = errno;
  } else if (::ftruncate(descriptor, static_cast<off_t>(whole)) != 0 ||
             ::fdatasync(descriptor) != 0) {
    result.error = errno;
  } else {
    const std::string name = part.filename().string();
    const auto counted = counted_stem(name, options_.suffix);
    result.error = move(result.path, directory, counted->stem, counted->counter);
    result.published = result.error == 0;
  }
  ::close(descriptor);
  return result;
}

std::vector<Recovered> Spool::recover(
    const std::function<fs::path(std::string_view file_name)>& directory_of) {
  std::vector<fs::path> parts;
  std::error_code failed;
  for (fs::directory_iterator at{folder_, failed}, end; !failed && at != end; at.increment(failed))
    if (counted_stem(at->path().filename().string(), options_.suffix)) parts.push_back(at->path());
  std::sort(parts.begin(), parts.end());
  std::vector<Recovered> results;
  for (const fs::path& part : parts)
    if (const fs::path directory = directory_of(part.filename().string()); !directory.empty())
      results.push_back(recover_one(part, directory));
  return results;
}

}  // namespace tapstat::exporters
