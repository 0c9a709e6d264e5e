/// A capture in memory, ready to be repeated with other addresses: what `tapstat bench` measures
/// with.
///
/// Keeps the first bytes of every frame and where its addresses are, and finds out with the
/// product's own path how many flows are open at the same time, and where in the capture that is
/// so. Control thread; read-only after load(), then any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/capture_file.h"
#include "dataplane/parse.h"
#include "flowstats/base/result.h"
#include "flowstats/measurement.h"

namespace tapstat::dataplane {

struct LabPacket {
  uint64_t bytes_at = 0;         // in LabCapture::bytes_of()
  int64_t time_us = 0;           // since 1970
  uint32_t wire_length = 0;      // bytes
  uint16_t captured_length = 0;  // bytes that are kept
  uint16_t addresses_at = 0;     // offset of the sender's address; the receiver's follows
  uint8_t address_size = 0;      // 4 or 16 bytes; 0: neither TCP nor UDP, nothing to rewrite
  bool from_b = false;           // the sender is endpoint b of the canonical tuple
  bool first_of_flow = false;    // no earlier packet has its five-tuple
  bool last_of_flow = false;     // no later one has
  bool ends_block = false;       // a block of a load that has this packet has no later one
};

struct LabCaptureFacts {
  uint64_t packets = 0, wire_bytes = 0;  // of what is kept
  uint64_t left_out = 0;      // packets whose addresses were not found, so that no copy can differ
  uint64_t tcp_segments = 0;  // analysed
  uint64_t tcp_flows = 0;     // opened, by the product's rules
  uint64_t flows_open_max = 0;   // TCP flows open at the same time, by the product's rules
  uint64_t tuples = 0;           // TCP and UDP
  uint64_t tuples_live_max = 0;  // of them between their first and last packets at the same time
  /// Packets [busy_begin, busy_end): from the first to the last moment with at least four fifths of
  /// flows_open_max.
  uint64_t busy_begin = 0, busy_end = 0;
};

class LabCapture {
 public:
  /// Memory that load() takes: `bytes` kept of each of `packets` packets, with their descriptions.
  [[nodiscard]] static uint64_t bytes_needed(uint64_t packets, uint16_t snap) {
    return packets * (snap + sizeof(LabPacket) + 4);
  }

  /// All captures in order, as one trace; `snap` bytes are kept of a frame. Errors:
  /// ExitStatus::input_unreadable when link types differ, a file cannot be read again, or no TCP
  /// flow begins.
  [[nodiscard]] static flowstats::Result<LabCapture> load(const std::vector<CaptureFile>& captures,
                                                          uint16_t snap,
                                                          const flowstats::Measurement& rules);

  /// One that was made: `packets` are all busy, bytes_at points into `bytes`.
  [[nodiscard]] static LabCapture made_of(LinkType link_type, std::vector<uint8_t> bytes,
                                          std::vector<LabPacket> packets);

  [[nodiscard]] std::span<const LabPacket> packets() const { return packets_; }
  [[nodiscard]] const uint8_t* bytes_of(const LabPacket& packet) const {
    return bytes_.data() + packet.bytes_at;
  }
  [[nodiscard]] const LabCaptureFacts& facts() const { return facts_; }
  [[nodiscard]] LinkType link_type() const { return link_type_; }
  [[nodiscard]] uint16_t captured_length_max() const { return captured_length_max_; }
  /// Packet time from one pass to the next.
  [[nodiscard]] flowstats::Duration pass_length() const { return pass_length_; }
  [[nodiscard]] size_t memory_bytes() const {
    return bytes_.capacity() + packets_.capacity() * sizeof(LabPacket);
  }

 private:
  [[nodiscard]] flowstats::Result<void> read(const CaptureFile& capture, uint16_t snap);
  void locate_flows(const ParseRules& rules);
  void sum_up();
  void find_busy_part(const flowstats::Measurement& rules);

  std::vector<uint8_t> bytes_;
  std::vector<LabPacket> packets_;
  LabCaptureFacts facts_;
  LinkType link_type_ = LinkType::ethernet;
  uint16_t captured_length_max_ = 0;
  flowstats::Duration pass_length_;
};

}  // namespace tapstat::dataplane
