/// A capture file before it is replayed: what it is, how many packets it will deliver, and in what state it is.
///
/// The DPDK pcap port tells neither the link type nor the end nor an error of a file, so all three are established here
/// first, with libpcap, the library that the port itself reads with. Control thread only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "dataplane/parse.h"
#include "flowstats/base/result.h"
#include "flowstats/base/units.h"

namespace tapstat::dataplane {

/// An open file descriptor, closed with its owner.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor();
  [[nodiscard]] int get() const { return fd_; }
  /// "/proc/self/fd/N": a name that works for unlinked files and for names with commas, which a vdev string cannot carry.
  [[nodiscard]] std::string path() const;

 private:
  int fd_ = -1;
};

struct CaptureFile {
  std::filesystem::path name;  // as the user gave it
  FileDescriptor file;         // what the port reads: the file itself, or an unlinked temporary
  std::string format;          // "pcap", "pcap (nanoseconds)", "pcapng", "snoop" ...
  LinkType link_type = LinkType::ethernet;
  uint64_t packets = 0;            // that libpcap delivers until the end or the first damaged record
  uint64_t bytes = 0;              // size of the capture as read (after unpacking)
  uint64_t snapped_packets = 0;    // captured shorter than on the wire
  uint32_t captured_length_max = 0;
  std::optional<flowstats::Timestamp> first, last;   // of the first and last packet in file order; empty without packets
  flowstats::Timestamp clock_max;                    // largest packet time
  std::optional<std::string> damage;  // "file ends inside a record", ...: readable part only, exit status 4
};

struct CaptureOpenOptions {
  bool unpack = true;  // gzip and zstd into an unlinked temporary file in $TMPDIR
  /// Receives notes for standard error, without newline and without "tapstat: ".
  std::function<void(const std::string&)> note;
};

/// Opens, unpacks if needed, and reads the whole file once. Errors: ExitStatus::input_unreadable with the sentence for the user.
[[nodiscard]] flowstats::Result<CaptureFile> open_capture(const std::filesystem::path& name,
                                                          const CaptureOpenOptions& options);

}  // namespace tapstat::dataplane
