/// The readers of a replay: what `--source` chooses, one capture open at a time.
///
/// Made by the control thread before the first packet, with all memory; open() and close() belong
/// to the thread that receives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "dataplane/capture_file.h"
#include "dataplane/file_reader.h"
#include "dataplane/mempool.h"
#include "dataplane/packet_reader.h"
#include "dataplane/preloaded_reader.h"
#include "dataplane/reader_kind.h"
#include "dataplane/rx_pcap.h"

namespace tapstat::dataplane {

class CaptureReaders {
 public:
  /// `captures` outlive the readers; `lcores` may hold buffers, `workers` of them packets. Errors:
  /// as PacketPool::create() and PreloadedReader::load().
  [[nodiscard]] static flowstats::Result<CaptureReaders> create(
      ReaderKind kind, const std::vector<CaptureFile>& captures, PacketTimeField time_field,
      unsigned lcores, unsigned workers);

  /// A reader at the first packet of captures[index], valid until the next open() or close().
  /// Errors: ExitStatus::environment, ExitStatus::input_unreadable.
  [[nodiscard]] flowstats::Result<PacketReader*> open(size_t index);
  void close() { port_.reset(); }

  /// Memory of all buffers and of what they point to.
  [[nodiscard]] size_t bytes() const;

 private:
  CaptureReaders(const std::vector<CaptureFile>& captures, PacketPool pool)
      : captures_(&captures), pool_(std::move(pool)) {}

  const std::vector<CaptureFile>* captures_;
  PacketPool pool_;
  std::optional<PcapPort> port_;                             // dpdk
  std::unique_ptr<FileReader> file_;                         // file
  std::vector<std::unique_ptr<PreloadedReader>> preloaded_;  // preloaded: one for each capture
};

}  // namespace tapstat::dataplane
