/// The packets of one capture with all that its file says: nanoseconds, lengths, link type.
///
/// For programs that pass packets on instead of measuring them (`tapstat split`); the packet path
/// reads with CaptureRecords. Built on libpcap: both byte orders, microseconds and nanoseconds,
/// pcapng. Also what else such a program needs of libpcap: filter expressions and the header of a
/// capture file. Control thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "dataplane/capture_file.h"
#include "dataplane/pcap_handle.h"
#include "flowstats/base/byte_range.h"
#include "flowstats/base/result.h"

namespace tapstat::dataplane {

/// A packet where libpcap has it: valid until the next one is read.
struct StreamPacket {
  int64_t time_ns = 0;  // since 1970
  uint32_t wire_length = 0;
  flowstats::ByteRange bytes;
};

class CaptureStream {
 public:
  enum class Step : uint8_t { packet, end, damaged };

  /// At the first packet of the file `path`, which open_capture() found to be of type `link_type`.
  /// LinkType::mixed is read as what its packets are; all must be of one type (dlt()). Errors:
  /// ExitStatus::input_unreadable with a sentence that calls the file `name`.
  [[nodiscard]] static flowstats::Result<CaptureStream> open(const std::string& path,
                                                             const std::string& name,
                                                             LinkType link_type);

  /// Goes on to the next packet. Step::damaged: the file is read no further.
  [[nodiscard]] Step next();
  [[nodiscard]] const StreamPacket& packet() const { return packet_; }  // after Step::packet

  /// libpcap's number of the link type; of a mixed capture, that of the packet at hand.
  [[nodiscard]] int dlt() const { return dlt_; }
  [[nodiscard]] uint32_t snap_length() const;

 private:
  CaptureStream() = default;

  std::unique_ptr<char[]> buffer_;  // of the file; outlives it
  PcapHandle pcap_;
  StreamPacket packet_;
  int dlt_ = 0;
  bool is_mixed_ = false;
};

/// What the header of a capture file says.
struct CaptureForm {
  int dlt = 0;
  uint32_t snap_length = 0;  // bytes
  bool has_nanoseconds = false;
};

/// The 24 bytes that a capture file begins with, in this machine's byte order.
[[nodiscard]] std::array<uint8_t, 24> capture_header(const CaptureForm& form);

/// A filter in the language of pcap-filter(7). One thread at a time.
class PacketFilter {
 public:
  /// Errors: ExitStatus::usage with libpcap's reason.
  [[nodiscard]] static flowstats::Result<PacketFilter> compile(const std::string& expression,
                                                               const CaptureForm& form);
  [[nodiscard]] bool accepts(uint32_t wire_length, flowstats::ByteRange bytes) const;

 private:
  struct Free {
    void operator()(bpf_program* program) const {
      pcap_freecode(program);
      delete program;
    }
  };
  std::unique_ptr<bpf_program, Free> program_;
};

}  // namespace tapstat::dataplane
