/// The packets of a pcap or pcapng file where they lie: no copy, no system call.
///
/// Walks over whatever part of the file is in memory and says which bytes it needs next. Reads what
/// libpcap reads, with libpcap's numbers (sign, rounding and overflow of times, lengths cut to the
/// snap length, interchanged lengths of old versions), because open_capture() counted with it; it
/// may read on where libpcap stops, which the count prevents. One difference: libpcap turns the
/// identifier of a CAN frame in a cooked capture of the other byte order. Files with several link
/// types arrive here as the temporary file that open_capture() made of them. One thread, the one
/// that reads; memory grows with the number of interfaces of a section only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "flowstats/base/units.h"

namespace tapstat::dataplane {

/// A part of a file in memory.
struct FileWindow {
  const uint8_t* data = nullptr;
  uint64_t offset = 0;  // of the first byte, in the file
  size_t size = 0;

  /// The address of `count` bytes of the file from `at` on; nullptr when they are not all here.
  [[nodiscard]] const uint8_t* find(uint64_t at, size_t count) const {
    const uint64_t skipped = at - offset;
    return at >= offset && skipped <= size && count <= size - skipped ? data + skipped : nullptr;
  }
};

/// The longest packet of a pcap file, as in libpcap; blocks of a pcapng file may hold longer ones.
inline constexpr uint32_t kCapturedLengthMax = 262'144;

class CaptureRecords {
 public:
  enum class Step : uint8_t { packet, missing, damaged };

  struct Packet {
    const uint8_t* data = nullptr;
    uint32_t length = 0;
    flowstats::Timestamp time;
  };
  struct Range {
    uint64_t offset = 0;
    size_t count = 0;
  };

  /// The most bytes that missing() asks for, for packets of `captured_length_max` bytes.
  [[nodiscard]] static constexpr size_t window_needed(uint32_t captured_length_max) {
    return kHeaderBytesMax + captured_length_max;
  }

  /// The next packet. Step::missing: the bytes missing() are not in `window`; bring them and call
  /// again. Step::damaged: there is no way on, now and ever.
  [[nodiscard]] Step next(const FileWindow& window);
  [[nodiscard]] const Packet& packet() const { return packet_; }   // after Step::packet
  [[nodiscard]] const Range& missing() const { return missing_; }  // after Step::missing

  /// Back to the start of the file.
  void rewind();

 private:
  static constexpr size_t kHeaderBytesMax = 64;  // of a file, a record, a block or an option

  enum class Format : uint8_t { unknown, pcap, pcapng };
  enum class Lengths : uint8_t { captured_first, wire_first, smaller_first };
  struct Interface {
    uint64_t ticks_per_second = 1'000'000;
    uint64_t offset_us = 0;
    bool is_binary = false;
  };

  [[nodiscard]] uint16_t u16(const uint8_t* at) const;
  [[nodiscard]] uint32_t u32(const uint8_t* at) const;
  [[nodiscard]] Step need(uint64_t offset, size_t count);
  [[nodiscard]] Step start(const FileWindow& window);
  [[nodiscard]] Step start_pcap(const uint8_t* header);
  [[nodiscard]] Step next_pcap(const FileWindow& window);
  [[nodiscard]] Step next_pcapng(const FileWindow& window);
  [[nodiscard]] Step packet_block(const FileWindow& window, uint32_t type, uint32_t length);
  [[nodiscard]] Step describe_interface(const FileWindow& window, uint32_t length);
  [[nodiscard]] Step interface_options(const FileWindow& window);
  [[nodiscard]] flowstats::Timestamp time_of(const Interface& interface, uint64_t ticks) const;

  Format format_ = Format::unknown;
  Lengths lengths_ = Lengths::captured_first;
  bool is_swapped_ = false;       // the file's byte order is not this machine's
  bool has_nanoseconds_ = false;  // pcap
  uint32_t record_header_ = 16;   // pcap: bytes
  uint32_t snap_length_ = 0;      // 0: no interface was described yet
  uint64_t offset_ = 0;           // of the next record or block
  uint64_t option_ = 0;           // of the next option of the interface at hand; 0: none
  uint64_t options_end_ = 0;
  std::vector<Interface> interfaces_;  // of the section at hand
  Packet packet_;
  Range missing_;
};

}  // namespace tapstat::dataplane
