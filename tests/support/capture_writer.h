/// Writes capture files of every flavour that the probe reads, one packet at a time, with constant
/// memory.
///
/// Throws std::runtime_error when the file cannot be written. One thread.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "flowstats/base/units.h"
#include "tests/support/packet_builder.h"

namespace tapstat::tests {

struct TimedFrame {
  flowstats::Timestamp time;
  FrameBytes bytes;
};

/// Link-layer numbers of capture files (https://www.tcpdump.org/linktypes.html).
namespace link_type {
inline constexpr uint32_t kNull = 0, kEthernet = 1, kPpp = 9, kRawIp = 101, kCiscoHdlc = 104,
                          kLinuxCookedV1 = 113, kLinuxCookedV2 = 276;
}

enum class CaptureFormat : uint8_t { pcap_microseconds, pcap_nanoseconds, pcapng };

struct CaptureOptions {
  CaptureFormat format = CaptureFormat::pcap_microseconds;
  bool big_endian = false;
  uint32_t link_type = link_type::kEthernet;
  uint32_t snap_length = 262144;  // longer frames are cut; their length on the wire is kept
};

/// What a packet's record says beside its bytes.
struct RecordExtras {
  uint32_t nanoseconds = 0;               // below one microsecond; nanosecond captures only
  std::optional<uint32_t> wire_length{};  // if it is not the frame's size
};

class CaptureWriter {
 public:
  CaptureWriter(const std::filesystem::path& file, CaptureOptions options = {});

  void write(flowstats::Timestamp time, const FrameBytes& frame, RecordExtras extras = {}) {
    write(time, frame.data(), frame.size(), extras);
  }
  void write(flowstats::Timestamp time, const uint8_t* frame, size_t size,
             RecordExtras extras = {});
  /// Writes what is buffered; the destructor cannot report a full disk.
  void close();

 private:
  void put16(uint16_t value);
  void put32(uint32_t value);
  void put(const void* bytes, size_t size);
  void start_pcap();
  void start_pcapng();

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::filesystem::path name_;
  CaptureOptions options_;
  std::vector<char> buffer_;
  std::unique_ptr<std::FILE, Close> file_;
};

/// All frames of a list into one file.
void write_capture(const std::filesystem::path& file, const std::vector<TimedFrame>& frames,
                   CaptureOptions options = {});

}  // namespace tapstat::tests
