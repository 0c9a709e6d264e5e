/// All captures as one sequence of packets in the order of time.
///
/// A capture is opened when the merge comes near its first packet. Packets of one time come in the
/// order of the captures. Each capture is repaired by a DisorderHeap; what stays older than a
/// packet that has left is marked late. Control thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/split/disorder_heap.h"
#include "control/split/input_files.h"
#include "control/split/packet.h"

namespace tapstat::control::splitting {

class CaptureMerge {
 public:
  /// `inputs` outlive the merge. `memory_bytes`: for packets that are held back, of all captures
  /// that are open together.
  CaptureMerge(const InputFiles& inputs, size_t memory_bytes);

  /// The next packet; empty at the end. Errors: a capture that could be opened before cannot be
  /// now (ExitStatus::input_unreadable).
  [[nodiscard]] flowstats::Result<std::optional<Packet>> next();

  /// Captures that ended before the packet that open_capture() counted last: sentences.
  [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }

 private:
  struct Reader {
    Reader(dataplane::CaptureStream opened, size_t memory_bytes)
        : stream(std::move(opened)), waiting(memory_bytes) {}
    dataplane::CaptureStream stream;
    DisorderHeap waiting;
    uint64_t packets = 0;
  };
  /// The earliest packet of a reader.
  struct Head {
    int64_t time_ns = 0;
    uint32_t source = 0;
    bool operator>(const Head& other) const {
      return std::pair(time_ns, source) > std::pair(other.time_ns, other.source);
    }
  };
  [[nodiscard]] flowstats::Result<void> open_what_begins();
  void read_on(uint32_t source);

  const std::vector<InputFile>& inputs_;
  size_t memory_bytes_;  // of one capture
  size_t opened_ = 0;
  int64_t latest_ns_ = std::numeric_limits<int64_t>::min();  // of the packets that have left
  std::vector<std::unique_ptr<Reader>> readers_;             // by source; empty once at its end
  std::vector<Head> heads_;                                  // a heap, the earliest in front
  std::vector<std::string> faults_;
};

}  // namespace tapstat::control::splitting
