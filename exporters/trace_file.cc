#include "exporters/trace_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <string_view>
#include <utility>

namespace tapstat::exporters {

using flowstats::Counter;
using flowstats::CounterBlock;
using flowstats::Timestamp;
using flowstats::TracedPacket;

namespace {

constexpr size_t kBufferBytes = size_t{1} << 20;
/// Two or three hours are open at a time, each with a file for a link type.
constexpr size_t kOpenFilesMax = 64;
constexpr uint32_t kMagicMicroseconds = 0xa1b2c3d4, kMagicNanoseconds = 0xa1b23c4d;
/// What tcpdump writes when frames are kept whole.
constexpr uint32_t kSnapLengthWhole = 262'144;

struct FileHead {
  uint32_t magic;
  uint16_t major = 2, minor = 4;
  uint32_t unused[2] = {};  // time zone and accuracy, which nobody sets
  uint32_t snap_length;
  uint32_t link_type;
};
static_assert(sizeof(FileHead) == 24);

struct PacketHead {
  uint32_t seconds, fraction;
  uint32_t captured, wire_length;
};
static_assert(sizeof(PacketHead) == 16);

template <class T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string file_head(const TraceFormat& format, uint16_t link_type) {
  FileHead head{};
  head.magic = format.nanoseconds ? kMagicNanoseconds : kMagicMicroseconds;
  head.snap_length = format.snap_length == 0 ? kSnapLengthWhole : format.snap_length;
  head.link_type = link_type;
  return std::string(bytes_of(head));
}

/// The format counts seconds from 1970 in 32 bits.
PacketHead packet_head(const TracedPacket& packet, bool nanoseconds) {
  constexpr int64_t kSecond = 1'000'000;
  constexpr int64_t kLast = std::numeric_limits<uint32_t>::max() * kSecond + kSecond - 1;
  const int64_t us = std::clamp<int64_t>(packet.time.us, 0, kLast);
  const auto fraction = static_cast<uint32_t>(us % kSecond);
  return {static_cast<uint32_t>(us / kSecond), nanoseconds ? fraction * 1'000 : fraction,
          packet.captured, packet.wire_length};
}

/// Whether all of `value` could be read.
template <class T>
bool read_at(int descriptor, uint64_t offset, T& value) {
  ssize_t n = 0;
  do n = pread(descriptor, &value, sizeof value, static_cast<off_t>(offset));
  while (n < 0 && errno == EINTR);
  return n == static_cast<ssize_t>(sizeof value);
}

}  // namespace

SpoolOptions trace_spool(std::filesystem::path root) {
  SpoolOptions options;
  options.root = std::move(root);
  options.suffix = ".tra";
  options.whole = [](int descriptor, uint64_t bytes) {
    return read_trace(descriptor, bytes).bytes;
  };
  options.lines = false;
  options.buffer_bytes = kBufferBytes;
  options.open_files_max = kOpenFilesMax;
  return options;
}

TraceFigures& TraceFigures::operator+=(const TraceFigures& later) {
  written += later.written;
  dropped_disk += later.dropped_disk;
  captured_bytes += later.captured_bytes;
  wire_bytes += later.wire_bytes;
  out_of_order += later.out_of_order;
  if (!first) first = later.first;
  if (later.last) last = later.last;
  return *this;
}

TraceFile::TraceFile(Spool& spool, const std::filesystem::path& directory, std::string_view stem,
                     const TraceFormat& format, uint16_t link_type, CounterBlock& counters)
    : format_(format),
      link_type_(link_type),
      spool_(spool),
      file_(spool.create(directory, stem, file_head(format, link_type))),
      counters_(counters) {}

void TraceFile::append(const TracedPacket& packet, bool is_copy) {
  const size_t bytes = sizeof(PacketHead) + packet.captured;
  if (is_full_ || (format_.bytes_max != 0 && file_->bytes() + bytes > format_.bytes_max)) {
    is_full_ = true;
    ++figures_.dropped_disk;
    if (!is_copy) counters_.add(Counter::trace_dropped_disk);
    return;
  }
  packet_ = bytes_of(packet_head(packet, format_.nanoseconds));
  packet_.append(reinterpret_cast<const char*>(packet.data()), packet.captured);
  pending_ += {
      1,           0,          packet.captured, packet.wire_length, packet.time < latest_ ? 1U : 0U,
      packet.time, packet.time};
  if (!is_copy) ++pending_to_count_;
  latest_ = packet.time;
  const WriteResult result = file_->append(packet_);
  if (file_->buffered() == 0) settle(result);
}

void TraceFile::flush() { settle(file_->flush()); }

Published TraceFile::publish() {
  Published done = spool_.publish(*file_);
  settle(done.last);
  if (done.error != 0) error_ = done.error;
  return done;
}

/// The buffer is empty now: what was in it is on the disk, or none of it.
void TraceFile::settle(const WriteResult& result) {
  if (result.error != 0) error_ = result.error;
  const bool lost = result.rows_lost > 0;
  if (lost)
    figures_.dropped_disk += pending_.written;
  else
    figures_ += pending_;
  counters_.add(lost ? Counter::trace_dropped_disk : Counter::trace_written, pending_to_count_);
  pending_ = {};
  pending_to_count_ = 0;
}

TraceContent read_trace(int descriptor, uint64_t bytes) {
  TraceContent content;
  FileHead head{};
  if (!read_at(descriptor, 0, head)) return content;
  const bool nanoseconds = head.magic == kMagicNanoseconds;
  if (!nanoseconds && head.magic != kMagicMicroseconds) return content;
  content.link_type = head.link_type;
  Timestamp latest = flowstats::kNever;
  PacketHead packet{};
  for (uint64_t at = sizeof head; read_at(descriptor, at, packet);) {
    at += sizeof packet + packet.captured;
    if (at > bytes) break;
    const Timestamp time{int64_t{packet.seconds} * 1'000'000 +
                         packet.fraction / (nanoseconds ? 1'000 : 1)};
    content.figures +=
        {1, 0, packet.captured, packet.wire_length, time < latest ? 1U : 0U, time, time};
    latest = time;
    content.bytes = at;
  }
  return content;
}

}  // namespace tapstat::exporters
