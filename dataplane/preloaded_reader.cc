#include "dataplane/preloaded_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

#include <rte_prefetch.h>

#include "dataplane/temporary_file.h"

namespace tapstat::dataplane {

using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

namespace {

/// Memory that can be had without swapping, by the kernel's own estimate, in bytes.
uint64_t memory_available() {
  std::ifstream lines("/proc/meminfo");
  std::string name, unit;
  uint64_t kib = 0;
  while (lines >> name >> kib) {
    if (name == "MemAvailable:") return kib * 1024;
    std::getline(lines, unit);
  }
  return ~uint64_t{0};  // unknown: the attempt will tell
}

}  // namespace

Result<std::unique_ptr<PreloadedReader>> PreloadedReader::load(const CaptureFile& capture,
                                                               const PacketPool& pool,
                                                               PacketTimeField time_field) {
  const std::string name = "\"" + capture.name.string() + "\"";
  if (capture.bytes + capture.packets * sizeof(Packet) > memory_available())
    return fail(ExitStatus::environment, name + " with " + readable_size(capture.bytes) +
                                             " is too large to be kept in memory. Use --source "
                                             "file.");
  std::unique_ptr<PreloadedReader> reader(new PreloadedReader(capture, pool, time_field));
  const auto loaded =
      read_at(capture.file.get(), {reader->memory_.data(), reader->memory_.size()}, 0);
  if (!loaded)
    return fail(ExitStatus::input_unreadable,
                "cannot read " + name + ": " + std::strerror(errno) + ".");
  reader->list_packets(*loaded, capture.packets);
  reader->start(capture);
  return reader;
}

void PreloadedReader::list_packets(size_t loaded, uint64_t packets) {
  const FileWindow whole{memory_.data(), 0, loaded};
  CaptureRecords records;
  auto* const list = static_cast<Packet*>(list_.data());
  while (listed_ < packets && records.next(whole) == CaptureRecords::Step::packet)
    list[listed_++] = records.packet();
}

void PreloadedReader::find_from_start() { next_ = 0; }

std::span<const CaptureRecords::Packet> PreloadedReader::find(uint16_t count) {
  // A new round has to wait for the packets of the last one.
  if (next_ == 0 && !memory_.all_back()) return {};
  if (next_ == listed_) end_early();
  const auto* const list = static_cast<const Packet*>(list_.data());
  const std::span<const Packet> found(list + next_, std::min<size_t>(count, listed_ - next_));
  next_ += found.size();
  for (size_t i = next_; i < std::min(next_ + count, listed_); ++i) rte_prefetch1(list[i].data);
  return found;
}

}  // namespace tapstat::dataplane
