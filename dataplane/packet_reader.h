/// The packets of one capture, burst by burst, as DPDK buffers: what a replay source reads from.
///
/// Whatever stands behind it, a reader delivers the packets that open_capture() counted, no more,
/// each with its time. receive() belongs to the one lcore that reads and is called once per burst;
/// open and rewind are the control thread's or that lcore's, never both at a time.
#pragma once

#include <cstdint>

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include "flowstats/base/byte_range.h"
#include "flowstats/base/result.h"
#include "flowstats/base/units.h"

namespace tapstat::dataplane {

/// Where the time of a packet lies in an mbuf: the field that DPDK's pcap port fills.
class PacketTimeField {
 public:
  /// After start_eal(). Errors: ExitStatus::environment.
  [[nodiscard]] static flowstats::Result<PacketTimeField> find();
  [[nodiscard]] flowstats::Timestamp read(const rte_mbuf* packet) const {
    return {static_cast<int64_t>(*RTE_MBUF_DYNFIELD(packet, offset_, const rte_mbuf_timestamp_t*))};
  }
  void write(rte_mbuf* packet, flowstats::Timestamp time) const {
    *RTE_MBUF_DYNFIELD(packet, offset_, rte_mbuf_timestamp_t*) =
        static_cast<rte_mbuf_timestamp_t>(time.us);
  }

 private:
  explicit PacketTimeField(int offset) : offset_(offset) {}
  int offset_;
};

/// Bytes of a packet that lie in its first buffer.
[[nodiscard]] inline flowstats::ByteRange first_buffer(const rte_mbuf* packet) {
  return {rte_pktmbuf_mtod(packet, const uint8_t*), packet->data_len};
}

class PacketReader {
 public:
  PacketReader() = default;
  PacketReader(const PacketReader&) = delete;
  PacketReader& operator=(const PacketReader&) = delete;
  virtual ~PacketReader() = default;

  /// Fills at most `count` (up to kBurstMax) entries of `packets` and returns how many. Less than
  /// asked, down to 0, when buffers or memory are short or nothing remains; the caller frees the
  /// packets.
  [[nodiscard]] virtual uint16_t receive(rte_mbuf** packets, uint16_t count) = 0;

  /// Packets still to come in this round; 0 at the end.
  [[nodiscard]] virtual uint64_t remaining() const = 0;
  /// The file gave fewer packets than open_capture() counted: it has changed since. remaining() is
  /// then 0.
  [[nodiscard]] virtual bool ended_early() const = 0;

  /// Starts again at the first packet. Errors: ExitStatus::input_unreadable.
  [[nodiscard]] virtual flowstats::Result<void> rewind() = 0;

 protected:
  PacketReader(PacketReader&&) = default;
  PacketReader& operator=(PacketReader&&) = default;
};

}  // namespace tapstat::dataplane
