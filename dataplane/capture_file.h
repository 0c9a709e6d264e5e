/// A capture file before it is replayed: what it is, how many packets it will deliver, and in what
/// state it is.
///
/// The DPDK pcap port tells neither the link type nor the end nor an error of a file, so all three
/// are established here first, with libpcap, the library that the port itself reads with. What
/// libpcap cannot deliver as it stands (compressed files, snoop, pcapng with several link types,
/// times beyond its 32 bits) is first copied into an unlinked temporary file. Control thread only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "dataplane/file_descriptor.h"
#include "dataplane/parse.h"
#include "flowstats/base/result.h"
#include "flowstats/base/units.h"
#include "flowstats/measurement.h"

namespace tapstat::dataplane {

struct CaptureFile {
  std::filesystem::path name;  // as the user gave it
  FileDescriptor file;         // what the port reads: the file itself, or an unlinked temporary
  std::string format;  // "pcap", "pcap (nanoseconds)", "pcapng", "snoop", "pcap in gzip" ...
  LinkType link_type = LinkType::ethernet;
  uint64_t packets = 0;          // that libpcap delivers until the end or the first damaged record
  uint64_t bytes = 0;            // size of what the port reads
  uint64_t snapped_packets = 0;  // captured shorter than on the wire
  uint64_t wire_bytes = 0;       // sum of the lengths on the wire
  uint32_t captured_length_max = 0;
  /// Of the first and last packet in file order; empty without packets.
  std::optional<flowstats::Timestamp> first, last;
  flowstats::Timestamp clock_max;     // largest packet time
  std::optional<std::string> damage;  // "file ends inside a record", ...: exit status 4
};

/// Receives one sentence for standard error, without newline and without "tapstat: ".
using NoteSink = std::function<void(const std::string&)>;

struct CaptureOpenOptions {
  bool unpack = true;  // gzip and zstd into an unlinked temporary file in $TMPDIR
  /// A pcapng file whose interfaces differ in link type or snap length: tstat mode reads it up to
  /// the second description, as Tstat does; corrected mode reads all of it.
  flowstats::Mode mode = flowstats::Mode::tstat;
  NoteSink note;  // may be empty
};

/// Opens, unpacks if needed, and reads the whole file once. Errors: ExitStatus::input_unreadable,
/// or ExitStatus::environment when the temporary file cannot be written; with the sentence for the
/// user.
[[nodiscard]] flowstats::Result<CaptureFile> open_capture(const std::filesystem::path& name,
                                                          const CaptureOpenOptions& options);

}  // namespace tapstat::dataplane
