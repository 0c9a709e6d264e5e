/// A capture file read by this program itself: `--source file`.
///
/// A window of the file at a time is read into one of a few blocks of memory, and the packets point
/// into it; a burst never spans two windows. Why read and not map: a file that shrinks while it is
/// mapped ends the process with SIGBUS, in whichever thread looks at a packet; one that is written
/// to changes packets under the parser's eyes. A block that is read once and used again stays in
/// the second-level cache, so the copy costs no more than the page faults of a mapping would
/// (bench/README.md). Reading ahead of the window is the kernel's: the reader tells it that it goes
/// through the file in order.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/record_reader.h"

namespace tapstat::dataplane {

class FileReader final : public RecordReader {
 public:
  static constexpr size_t kWindowBytes = size_t{256} << 10;

  /// Blocks that keep packets flowing while all of `workers` hold some.
  [[nodiscard]] static constexpr unsigned blocks_for(unsigned workers) {
    return workers == 1 ? 2 : 4 * (workers + 1);
  }

  /// For captures whose packets have at most `captured_length_max` bytes. Takes its memory here.
  FileReader(const PacketPool& pool, PacketTimeField time_field, uint32_t captured_length_max,
             unsigned blocks);

  /// Starts with the first packet of `capture`, which stays open until the next one is.
  void open(const CaptureFile& capture);

  [[nodiscard]] size_t bytes() const;

 private:
  enum class Move : uint8_t { moved, busy, end };

  [[nodiscard]] std::span<const CaptureRecords::Packet> find(uint16_t count) override;
  void find_from_start() override;
  [[nodiscard]] LentMemory* memory() override { return block_; }
  [[nodiscard]] Move move_to(const CaptureRecords::Range& range);
  [[nodiscard]] LentMemory* block_that_is_back();

  int fd_ = -1;
  size_t block_bytes_;
  std::vector<std::unique_ptr<LentMemory>> blocks_;
  LentMemory* block_ = nullptr;  // at hand, with the window in it
  FileWindow window_;
  CaptureRecords records_;
  std::array<CaptureRecords::Packet, kBurstMax> found_;
};

}  // namespace tapstat::dataplane
