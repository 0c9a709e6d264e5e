/// A capture that was read into memory as a whole before the first packet: `--source preloaded`.
///
/// For measurements: no disk and no system call while packets flow. Where each packet lies is found
/// when the file is loaded, because following the records through memory that is in no cache costs
/// a miss for each packet, one after the other; a list can be read ahead of.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/record_reader.h"
#include "flowstats/base/arena.h"

namespace tapstat::dataplane {

class PreloadedReader final : public RecordReader {
 public:
  /// Errors: ExitStatus::environment when there is not enough memory, ExitStatus::input_unreadable
  /// when the file cannot be read.
  [[nodiscard]] static flowstats::Result<std::unique_ptr<PreloadedReader>> load(
      const CaptureFile& capture, const PacketPool& pool, PacketTimeField time_field);

  [[nodiscard]] size_t bytes() const { return memory_.bytes() + list_.size(); }

 private:
  using Packet = CaptureRecords::Packet;

  PreloadedReader(const CaptureFile& capture, const PacketPool& pool, PacketTimeField time_field)
      : RecordReader(pool, time_field),
        memory_(capture.bytes),
        list_(capture.packets * sizeof(Packet)) {}
  [[nodiscard]] std::span<const Packet> find(uint16_t count) override;
  void find_from_start() override;
  [[nodiscard]] LentMemory* memory() override { return &memory_; }
  void list_packets(size_t loaded, uint64_t packets);

  LentMemory memory_;
  flowstats::PageBlock list_;
  size_t listed_ = 0;
  size_t next_ = 0;  // packet
};

}  // namespace tapstat::dataplane
