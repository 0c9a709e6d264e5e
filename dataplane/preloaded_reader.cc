#include "dataplane/preloaded_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include <rte_prefetch.h>

#include "dataplane/capture_name.h"
#include "dataplane/process_pages.h"
#include "dataplane/temporary_file.h"

namespace tapstat::dataplane {

using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

Result<std::unique_ptr<PreloadedReader>> PreloadedReader::load(const CaptureFile& capture,
                                                               const PacketPool& pool,
                                                               PacketTimeField time_field) {
  const std::string name = quoted(capture.name);
  const auto available = memory_available();  // unknown: the attempt will tell
  if (available && capture.bytes + capture.packets * sizeof(Packet) > *available)
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
