#include "dataplane/capture_readers.h"

#include <algorithm>

namespace tapstat::dataplane {

using flowstats::Result;

namespace {

constexpr unsigned kPortNumber = 0;  // one port is open at a time

uint32_t longest_packet(const std::vector<CaptureFile>& captures) {
  uint32_t longest = 0;
  for (const CaptureFile& c : captures) longest = std::max(longest, c.captured_length_max);
  return longest;
}

}  // namespace

Result<CaptureReaders> CaptureReaders::create(ReaderKind kind,
                                              const std::vector<CaptureFile>& captures,
                                              PacketTimeField time_field, unsigned lcores,
                                              unsigned workers) {
  const uint32_t longest = longest_packet(captures);
  auto pool = kind == ReaderKind::dpdk ? PacketPool::create("packets", longest, lcores)
                                       : PacketPool::create_without_room(
                                             "packets", lent_buffers_per_packet(longest), lcores);
  if (!pool) return tl::make_unexpected(pool.error());
  CaptureReaders readers(captures, std::move(*pool));
  if (kind == ReaderKind::file)
    readers.file_ = std::make_unique<FileReader>(readers.pool_, time_field, longest,
                                                 FileReader::blocks_for(workers));
  if (kind != ReaderKind::preloaded) return readers;
  for (const CaptureFile& capture : captures) {
    auto loaded = PreloadedReader::load(capture, readers.pool_, time_field);
    if (!loaded) return tl::make_unexpected(loaded.error());
    readers.preloaded_.push_back(std::move(*loaded));
  }
  return readers;
}

Result<PacketReader*> CaptureReaders::open(size_t index) {
  const CaptureFile& capture = (*captures_)[index];
  if (file_) {
    file_->open(capture);
    return file_.get();
  }
  if (!preloaded_.empty()) {
    PreloadedReader& reader = *preloaded_[index];
    if (auto again = reader.rewind(); !again) return tl::make_unexpected(again.error());
    return &reader;
  }
  port_.reset();
  auto port = PcapPort::open(capture, pool_, kPortNumber);
  if (!port) return tl::make_unexpected(port.error());
  port_.emplace(std::move(*port));
  return &*port_;
}

size_t CaptureReaders::bytes() const {
  size_t sum = pool_.bytes() + (file_ ? file_->bytes() : 0);
  for (const auto& reader : preloaded_) sum += reader->bytes();
  return sum;
}

}  // namespace tapstat::dataplane
