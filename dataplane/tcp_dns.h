/// DNS over TCP (corrected mode): the messages of a worker's flows to and from port 53, handed to
/// the writer like those over UDP.
///
/// A flow takes a place with its first payload; when all are taken its messages are not read.
/// Owner thread only; nothing allocates after construction.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/record_outlet.h"
#include "flowstats/base/arena.h"
#include "flowstats/base/entry_pool.h"
#include "flowstats/layer7/dns_stream.h"
#include "flowstats/layer7/inspection.h"
#include "flowstats/record.h"

namespace tapstat::dataplane {

class TcpDns {
 public:
  static constexpr uint16_t kPort = 53;        // RFC 7766
  static constexpr uint32_t kFlowsMax = 2048;  // read at the same time, 16 KiB each

  /// Flows are named by their entries, below `flows_max`; zero: nothing is read.
  TcpDns(uint32_t flows_max, RecordOutlet& outlet)
      : places_(flows_max), pairs_(flows_max == 0 ? 0 : kFlowsMax), outlet_(outlet) {}

  [[nodiscard]] static bool is_dns(const flowstats::FiveTuple& tuple) {
    return tuple.a_port == kPort || tuple.b_port == kPort;
  }
  /// A segment with payload of such a flow.
  void on_segment(uint32_t entry, const flowstats::layer7::TcpSegmentView& view,
                  const flowstats::Ends& ends);
  void end(uint32_t entry);

  [[nodiscard]] size_t bytes() const { return places_.bytes() + pairs_.bytes(); }

 private:
  struct Pair {
    std::array<flowstats::layer7::DnsStream, 2> streams;
    std::array<flowstats::Timestamp, 2> last;  // latest payload of each side
  };
  void hand_out(const Pair& pair, flowstats::ByteRange message, size_t side,
                const flowstats::Ends& ends, flowstats::Timestamp time);

  flowstats::Arena<uint32_t> places_;  // by entry, from 1; 0: none
  flowstats::EntryPool<Pair> pairs_;
  RecordOutlet& outlet_;
};

}  // namespace tapstat::dataplane
