/// One trace: a capture file in the classic format of tcpdump, written through the spool.
///
/// 24 bytes of header and 16 in front of each packet, in the byte order of this machine, which the
/// first number tells (https://www.tcpdump.org/manpages/pcap-savefile.5.html). Packets gather in
/// the spool's buffer; one that the disk does not take is lost whole and counted, and the file
/// stays at the end of its last whole packet. Trace writer's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "exporters/spool.h"
#include "flowstats/base/counters.h"
#include "flowstats/base/units.h"
#include "flowstats/trace_queue.h"

namespace tapstat::exporters {

struct TraceFormat {
  uint32_t snap_length = 128;  // bytes; 0: frames are whole
  bool nanoseconds = false;    // times with nine digits behind the second instead of six
  uint64_t bytes_max = 0;      // of a file; 0: no limit
};

/// A spool for traces below `root`: "NAME.tra", a buffer of 1 MiB for each open file.
[[nodiscard]] SpoolOptions trace_spool(std::filesystem::path root);

/// What became of the packets of a file.
struct TraceFigures {
  uint64_t written = 0, dropped_disk = 0;
  uint64_t captured_bytes = 0, wire_bytes = 0;  // of the written ones
  uint64_t out_of_order = 0;                    // of these, older than the one before them
  std::optional<flowstats::Timestamp> first, last;
  TraceFigures& operator+=(const TraceFigures& later);
};

class TraceFile {
 public:
  /// `link_type`: the number that stands in the file. `spool` and `counters` outlive the file.
  TraceFile(Spool& spool, const std::filesystem::path& directory, std::string_view stem,
            const TraceFormat& format, uint16_t link_type, flowstats::CounterBlock& counters);

  /// `is_copy`: the packet is in another trace, too, and counted there.
  void append(const flowstats::TracedPacket& packet, bool is_copy);
  void flush();
  /// Gives the file its final name. No packet follows.
  [[nodiscard]] Published publish();

  /// Complete after flush() and publish(). Drops are counted as soon as they are known.
  [[nodiscard]] const TraceFigures& figures() const { return figures_; }
  [[nodiscard]] bool is_full() const { return is_full_; }
  [[nodiscard]] uint16_t link_type() const { return link_type_; }
  [[nodiscard]] const std::filesystem::path& path() const { return file_->path(); }
  /// Of the last write that failed; 0 = none did.
  [[nodiscard]] int error() const { return error_; }

 private:
  void settle(const WriteResult& result);

  TraceFormat format_;
  uint16_t link_type_;
  Spool& spool_;
  std::unique_ptr<SpoolFile> file_;
  flowstats::CounterBlock& counters_;  // trace_written and trace_dropped_disk
  std::string packet_;                 // reused
  TraceFigures figures_;
  TraceFigures pending_;           // of the packets in the buffer, as if they were written
  uint64_t pending_to_count_ = 0;  // of these, those that are no copies
  flowstats::Timestamp latest_ = flowstats::kNever;
  bool is_full_ = false;
  int error_ = 0;
};

/// What is in a trace up to its last whole packet.
struct TraceContent {
  TraceFigures figures;
  uint32_t link_type = 0;
  uint64_t bytes = 0;  // 0: not a trace of ours, or no packet
};
[[nodiscard]] TraceContent read_trace(int descriptor, uint64_t bytes);

}  // namespace tapstat::exporters
