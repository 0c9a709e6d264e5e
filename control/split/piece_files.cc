#include "control/split/piece_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace tapstat::control::splitting {
namespace {

constexpr size_t kRecordHeaderBytes = 16;

void append_word(std::vector<uint8_t>& to, uint32_t value) {
  uint8_t bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  to.insert(to.end(), bytes, bytes + sizeof value);
}

void append_record(std::vector<uint8_t>& to, const Packet& packet, bool has_nanoseconds) {
  int64_t second = packet.time_ns / kSecondNs, fraction_ns = packet.time_ns % kSecondNs;
  if (fraction_ns < 0) {
    fraction_ns += kSecondNs;
    --second;
  }
  append_word(to, static_cast<uint32_t>(second));
  append_word(to, static_cast<uint32_t>(has_nanoseconds ? fraction_ns : fraction_ns / 1'000));
  append_word(to, packet.captured_length);
  append_word(to, packet.wire_length);
  to.insert(to.end(), packet.memory.get(), packet.memory.get() + packet.captured_length);
}

bool write_all(int fd, const uint8_t* bytes, size_t count) {
  while (count > 0) {
    const ssize_t written = write(fd, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes += written;
    count -= static_cast<size_t>(written);
  }
  return true;
}

}  // namespace

PieceFiles::PieceFiles(PieceOptions options)
    : options_(std::move(options)), header_(dataplane::capture_header(options_.form)) {}

std::filesystem::path PieceFiles::part_of(const std::string& name) const {
  return options_.directory / (name + ".part");
}

std::list<Piece*>& PieceFiles::size_class(size_t capacity) {
  const size_t steps = std::bit_width(capacity / kBufferBytesMin) - 1;
  return buffered_[std::min(steps, kSizes - 1)];
}

void PieceFiles::fail(const std::string& what, const std::string& name, int reason) {
  if (error_.empty())
    error_ =
        what + " \"" + (options_.directory / name).string() + "\": " + std::strerror(reason) + ".";
}

/// Space for `bytes` more in the piece's buffer, which is written first if it would grow too large.
void PieceFiles::make_room(Piece& piece, size_t bytes) {
  if (!piece.buffer_.empty() && piece.buffer_.size() + bytes > kBufferBytesMax) flush(piece);
  const size_t capacity = piece.buffer_.capacity();
  const size_t needed = piece.buffer_.size() + bytes;
  if (needed <= capacity) return;
  if (capacity > 0) size_class(capacity).erase(piece.buffered_);
  piece.buffer_.reserve(std::bit_ceil(std::max(needed, kBufferBytesMin)));
  buffered_bytes_ += piece.buffer_.capacity() - capacity;
  auto& list = size_class(piece.buffer_.capacity());
  piece.buffered_ = list.insert(list.end(), &piece);
}

void PieceFiles::add(Piece& piece, const Packet& packet) {
  if (!error_.empty()) return;
  const bool is_first = piece.packets_ == 0;
  make_room(piece, kRecordHeaderBytes + packet.captured_length + (is_first ? header_.size() : 0));
  if (is_first) piece.buffer_.insert(piece.buffer_.end(), header_.begin(), header_.end());
  append_record(piece.buffer_, packet, options_.form.has_nanoseconds);
  ++piece.packets_;
  while (buffered_bytes_ > options_.buffer_bytes_max && error_.empty()) flush_largest();
}

void PieceFiles::flush_largest() {
  for (size_t i = kSizes; i-- > 0;)
    if (!buffered_[i].empty()) return flush(*buffered_[i].front());
}

void PieceFiles::leave_buffer(Piece& piece) {
  if (piece.buffer_.capacity() == 0) return;
  size_class(piece.buffer_.capacity()).erase(piece.buffered_);
  buffered_bytes_ -= piece.buffer_.capacity();
  std::vector<uint8_t>().swap(piece.buffer_);  // its memory too
}

void PieceFiles::flush(Piece& piece) {
  if (error_.empty() && open(piece) &&
      !write_all(piece.file_.get(), piece.buffer_.data(), piece.buffer_.size()))
    fail("cannot write", piece.name_ + ".part", errno);
  leave_buffer(piece);
}

void PieceFiles::make_folder_of(const std::string& name) {
  const std::string folder = name.substr(0, name.rfind('/') + 1);
  if (folder == folder_) return;
  std::error_code error;
  std::filesystem::create_directories(options_.directory / folder, error);
  if (error) return fail("cannot make", folder, error.value());
  folder_ = folder;
}

/// A name that is taken gets a number: two connections may begin in the same microsecond.
int PieceFiles::create(Piece& piece) {
  constexpr std::string_view kSuffix = ".pcap";
  const std::string wanted = piece.name_;
  make_folder_of(wanted);
  for (;;) {
    const int fd = ::open(part_of(piece.name_).c_str(),
                          O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) return fd;
    piece.name_ = wanted.substr(0, wanted.size() - kSuffix.size()) + "." +
                  std::to_string(++piece.repetition_) + std::string(kSuffix);
  }
}

bool PieceFiles::open(Piece& piece) {
  if (piece.file_.is_open()) {
    open_.splice(open_.end(), open_, piece.open_);
    return true;
  }
  while (open_.size() >= options_.open_max) close_file(*open_.front());
  const int fd = piece.is_created_
                     ? ::open(part_of(piece.name_).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)
                     : create(piece);
  if (fd < 0) {
    fail("cannot open", piece.name_ + ".part", errno);
    return false;
  }
  files_created_ += piece.is_created_ ? 0 : 1;
  piece.is_created_ = true;
  piece.file_ = dataplane::FileDescriptor(fd);
  piece.open_ = open_.insert(open_.end(), &piece);
  open_peak_ = std::max(open_peak_, open_.size());
  return true;
}

void PieceFiles::close_file(Piece& piece) {
  if (!piece.file_.is_open()) return;
  open_.erase(piece.open_);
  // Some file systems report only here that there was no space.
  if (::close(piece.file_.release()) != 0) fail("cannot write", piece.name_ + ".part", errno);
}

void PieceFiles::close(Piece& piece) {
  if (!piece.buffer_.empty()) flush(piece);
  close_file(piece);
}

void PieceFiles::drop(Piece& piece) {
  leave_buffer(piece);
  close_file(piece);
  if (!piece.is_created_) return;
  if (::unlink(part_of(piece.name_).c_str()) != 0)
    fail("cannot remove", piece.name_ + ".part", errno);
  --files_created_;
}

void PieceFiles::publish(const std::string& name) {
  if (!error_.empty()) return;
  const std::filesystem::path part = part_of(name);
  if (::rename(part.c_str(), (options_.directory / name).c_str()) != 0)
    fail("cannot rename", name + ".part", errno);
}

}  // namespace tapstat::control::splitting
