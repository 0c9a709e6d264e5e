/// Capture files byte by byte, for what CaptureWriter does not write: old and odd headers, several
/// interfaces and sections, blocks of every kind, wrong values.
///
/// Values are written as given, in the byte order asked for. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <vector>

#include "tests/support/packet_builder.h"

namespace tapstat::tests {

class RawBytes {
 public:
  explicit RawBytes(bool big_endian) : big_endian_(big_endian) {}

  RawBytes& u8(uint8_t value) {
    bytes_.push_back(value);
    return *this;
  }
  RawBytes& u16(uint16_t value) { return integer(value, 2); }
  RawBytes& u32(uint32_t value) { return integer(value, 4); }
  RawBytes& u64(uint64_t value) { return integer(value, 8); }
  RawBytes& bytes(const FrameBytes& bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  RawBytes& pad4() {
    while (bytes_.size() % 4 != 0) bytes_.push_back(0);
    return *this;
  }
  [[nodiscard]] const FrameBytes& get() const { return bytes_; }
  [[nodiscard]] bool big_endian() const { return big_endian_; }

 private:
  RawBytes& integer(uint64_t value, int width) {
    for (int i = 0; i < width; ++i)
      bytes_.push_back(static_cast<uint8_t>(value >> 8 * (big_endian_ ? width - 1 - i : i)));
    return *this;
  }

  bool big_endian_;
  FrameBytes bytes_;
};

struct RawPcapHeader {
  uint32_t magic = 0xa1b2c3d4;
  uint16_t major = 2, minor = 4;
  uint32_t snap_length = 262144, link_type = 1;
};

/// A pcap file; records are added with their fields as given.
class RawPcap : public RawBytes {
 public:
  RawPcap(bool big_endian, RawPcapHeader header) : RawBytes(big_endian), magic_(header.magic) {
    u32(header.magic).u16(header.major).u16(header.minor).u32(0).u32(0);
    u32(header.snap_length).u32(header.link_type);
  }
  /// `first` and `second` are the two lengths in the order of the file.
  RawPcap& record(uint32_t seconds, uint32_t fraction, uint32_t first, uint32_t second,
                  const FrameBytes& data) {
    u32(seconds).u32(fraction).u32(first).u32(second);
    if (magic_ == 0xa1b2cd34) u32(1).u16(8).u8(0).u8(0);  // the patched form's extra fields
    bytes(data);
    return *this;
  }

 private:
  uint32_t magic_;
};

/// A pcapng file, block by block.
class RawPcapng : public RawBytes {
 public:
  explicit RawPcapng(bool big_endian) : RawBytes(big_endian) {}

  RawPcapng& section() {
    return block(0x0a0d0d0a, part().u32(0x1a2b3c4d).u16(1).u16(0).u64(~uint64_t{0}));
  }
  /// `options`: of interface_option(), one after the other.
  RawPcapng& interface(uint16_t link_type, uint32_t snap_length, const FrameBytes& options = {}) {
    return block(1, part().u16(link_type).u16(0).u32(snap_length).bytes(options));
  }
  [[nodiscard]] FrameBytes option(uint16_t code, const FrameBytes& value) const {
    return part().u16(code).u16(static_cast<uint16_t>(value.size())).bytes(value).pad4().get();
  }
  [[nodiscard]] FrameBytes resolution(uint8_t value) const { return option(9, {value}); }
  [[nodiscard]] FrameBytes time_offset(int64_t seconds) const {
    return option(14, part().u64(static_cast<uint64_t>(seconds)).get());
  }
  RawPcapng& enhanced(uint32_t interface, uint64_t ticks, const FrameBytes& data) {
    return block(6, part()
                        .u32(interface)
                        .u32(static_cast<uint32_t>(ticks >> 32))
                        .u32(static_cast<uint32_t>(ticks))
                        .u32(static_cast<uint32_t>(data.size()))
                        .u32(static_cast<uint32_t>(data.size()))
                        .bytes(data));
  }
  RawPcapng& obsolete(uint16_t interface, uint64_t ticks, const FrameBytes& data) {
    return block(2, part()
                        .u16(interface)
                        .u16(0)
                        .u32(static_cast<uint32_t>(ticks >> 32))
                        .u32(static_cast<uint32_t>(ticks))
                        .u32(static_cast<uint32_t>(data.size()))
                        .u32(static_cast<uint32_t>(data.size()))
                        .bytes(data));
  }
  RawPcapng& simple(uint32_t wire_length, const FrameBytes& data) {
    return block(3, part().u32(wire_length).bytes(data));
  }
  RawPcapng& block(uint32_t type, RawBytes body) {
    body.pad4();
    const auto length = static_cast<uint32_t>(12 + body.get().size());
    u32(type).u32(length).bytes(body.get()).u32(length);
    return *this;
  }
  [[nodiscard]] RawBytes part() const { return RawBytes(big_endian()); }
};

inline void write_bytes(const std::filesystem::path& file, const FrameBytes& bytes) {
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

}  // namespace tapstat::tests
