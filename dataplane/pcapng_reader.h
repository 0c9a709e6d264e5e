/// Reads the packets of a pcapng file whose interfaces differ, which libpcap does not.
///
/// Source: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html. Several sections,
/// either byte order, enhanced, simple and obsolete packet blocks; other blocks are skipped. Blocks
/// of at most kBlockBytesMax bytes. Control thread only.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/file_descriptor.h"
#include "flowstats/base/byte_range.h"

namespace tapstat::dataplane {

inline constexpr uint32_t kBlockBytesMax = 16U << 20;

/// A packet as a capture file has it, before any framing of ours.
struct CapturedPacket {
  int dlt = 0;
  uint64_t time_us = 0;  // since 1970
  uint32_t wire_length = 0;
  flowstats::ByteRange bytes;  // valid until the next read
};

class PcapngReader {
 public:
  enum class Step : uint8_t { packet, interface, end, damaged };

  /// `path` names a file that begins with a section header block.
  explicit PcapngReader(const std::string& path);

  /// Goes on to the next packet or interface description, or to where reading stops.
  [[nodiscard]] Step next();

  [[nodiscard]] const CapturedPacket& packet() const { return packet_; }  // after Step::packet
  /// After Step::interface: the link type or snap length differs from that of the first interface.
  [[nodiscard]] bool interface_differs() const;
  [[nodiscard]] uint64_t block_offset() const { return block_offset_; }  // in the file
  [[nodiscard]] const std::string& damage() const { return damage_; }    // after Step::damaged

 private:
  struct Interface {
    uint16_t dlt = 0;
    uint32_t snap_length = 0;
    uint64_t ticks_per_second = 1'000'000;
    int64_t offset_seconds = 0;
  };
  [[nodiscard]] Step stop(const char* why);
  [[nodiscard]] bool read_block();
  [[nodiscard]] uint16_t u16(size_t at) const;
  [[nodiscard]] uint32_t u32(size_t at) const;
  [[nodiscard]] bool start_section();
  [[nodiscard]] bool describe_interface();
  [[nodiscard]] bool read_interface_options(Interface& interface) const;
  [[nodiscard]] bool enhanced_packet(bool is_obsolete_kind);
  [[nodiscard]] bool simple_packet();

  FileStream file_;
  bool is_swapped_ = false;  // the section's byte order is not big endian
  uint32_t block_type_ = 0;
  uint64_t block_offset_ = 0, next_offset_ = 0;
  std::vector<uint8_t> body_;  // of the block at hand, without the lengths
  std::vector<Interface> interfaces_;
  std::optional<Interface> first_;
  CapturedPacket packet_;
  std::string damage_;
};

}  // namespace tapstat::dataplane
