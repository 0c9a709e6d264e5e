/// Packets of a capture as buffers that point to where their bytes were read to: no copy, no DPDK
/// port.
///
/// What is common to FileReader and PreloadedReader: packets that are found in a LentMemory become
/// buffers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/capture_file.h"
#include "dataplane/capture_records.h"
#include "dataplane/lent_memory.h"
#include "dataplane/mempool.h"
#include "dataplane/packet_reader.h"

namespace tapstat::dataplane {

/// Buffers that a packet of `captured_length` bytes takes when they point to its bytes. The first
/// one shows what the first buffer of the pcap port would hold, so that every source shows the
/// parser the same.
[[nodiscard]] constexpr uint32_t lent_buffers_per_packet(uint32_t captured_length) {
  constexpr uint32_t kBufferMax = 0xffff;  // DPDK's lengths of a buffer have 16 bits
  return captured_length <= kFirstBufferBytes
             ? 1
             : 1 + (captured_length - kFirstBufferBytes + kBufferMax - 1) / kBufferMax;
}

class RecordReader : public PacketReader {
 public:
  [[nodiscard]] uint16_t receive(rte_mbuf** packets, uint16_t count) final;
  [[nodiscard]] uint64_t remaining() const final { return remaining_; }
  [[nodiscard]] bool ended_early() const final { return ended_early_; }
  [[nodiscard]] flowstats::Result<void> rewind() final;

 protected:
  /// `pool` outlives the reader; its buffers need no room for data.
  RecordReader(const PacketPool& pool, PacketTimeField time_field)
      : pool_(pool.get()), time_field_(time_field) {}

  /// Takes what open_capture() found out, from the first packet on.
  void start(const CaptureFile& capture);

  /// The next packets, at most `count`, all in memory(). Nothing: memory is still out with
  /// packets, or end_early() was called.
  [[nodiscard]] virtual std::span<const CaptureRecords::Packet> find(uint16_t count) = 0;
  virtual void find_from_start() = 0;
  /// That the packets found last lie in; nullptr before there were any.
  [[nodiscard]] virtual LentMemory* memory() = 0;

  /// The file does not hold what was counted.
  void end_early();

 private:
  void fill(LentMemory& memory, rte_mbuf* first, const CaptureRecords::Packet& packet,
            rte_mbuf**& spare);
  void close_memory();

  rte_mempool* pool_;
  PacketTimeField time_field_;
  std::vector<rte_mbuf*> fresh_;  // room for the buffers of a burst
  uint32_t buffers_per_packet_ = 1;
  uint64_t packets_ = 0, remaining_ = 0;
  bool ended_early_ = false;
};

}  // namespace tapstat::dataplane
