#include "dataplane/file_reader.h"

#include <fcntl.h>

#include <cstring>

namespace tapstat::dataplane {

namespace {
constexpr size_t kPageBytes = 4096;
}

FileReader::FileReader(const PacketPool& pool, PacketTimeField time_field,
                       uint32_t captured_length_max, unsigned blocks)
    : RecordReader(pool, time_field),
      block_bytes_(
          (kWindowBytes + CaptureRecords::window_needed(captured_length_max) + kPageBytes - 1) /
          kPageBytes * kPageBytes) {
  for (unsigned i = 0; i < blocks; ++i)
    blocks_.push_back(std::make_unique<LentMemory>(block_bytes_));
}

size_t FileReader::bytes() const {
  size_t sum = 0;
  for (const auto& block : blocks_) sum += block->bytes();
  return sum;
}

void FileReader::open(const CaptureFile& capture) {
  fd_ = capture.file.get();
  // Advice: without effect on what is read, so a refusal is none of our concern.
  static_cast<void>(posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL));
  start(capture);
}

void FileReader::find_from_start() {
  // Whether the window at hand is back is for move_to() to find out.
  window_ = {};
  records_.rewind();
}

/// Walks over the records of the window, or moves on when it has none.
std::span<const CaptureRecords::Packet> FileReader::find(uint16_t count) {
  using Step = CaptureRecords::Step;
  uint16_t n = 0;
  while (n < count) {
    const Step step = records_.next(window_);
    if (step == Step::packet) {
      found_[n++] = records_.packet();
      continue;
    }
    if (n > 0) break;  // what was found goes first
    const Move move = step == Step::missing ? move_to(records_.missing()) : Move::end;
    if (move == Move::moved) continue;
    if (move == Move::end) end_early();
    break;
  }
  return {found_.data(), n};
}

/// The block at hand if possible: it is in the cache.
LentMemory* FileReader::block_that_is_back() {
  if (block_ != nullptr) {
    block_->close();
    if (block_->all_back()) return block_;
  }
  for (const auto& block : blocks_)
    if (block->all_back()) return block.get();
  return nullptr;
}

/// Makes the window hold `range` of the file. busy: all blocks are out with packets. end: the file
/// does not go that far.
FileReader::Move FileReader::move_to(const CaptureRecords::Range& range) {
  if (range.count > block_bytes_) return Move::end;
  LentMemory* block = block_that_is_back();
  if (block == nullptr) return Move::busy;
  // The start of the record at hand is here already.
  const uint8_t* kept_from = window_.find(range.offset, 0);
  const size_t kept =
      kept_from == nullptr ? 0 : window_.size - static_cast<size_t>(kept_from - window_.data);
  if (kept > 0) std::memmove(block->data(), kept_from, kept);
  const size_t got =
      read_at(fd_, {block->data() + kept, block_bytes_ - kept}, range.offset + kept).value_or(0);
  window_ = {block->data(), range.offset, kept + got};
  block_ = block;
  return window_.size >= range.count ? Move::moved : Move::end;
}

}  // namespace tapstat::dataplane
