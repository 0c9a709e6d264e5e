#include "dataplane/pcapng_reader.h"

#include <algorithm>

#include "dataplane/pcapng_format.h"

namespace tapstat::dataplane {

using flowstats::ByteRange;
using namespace pcapng;

namespace {

constexpr size_t kInterfacesMax = 65'536;

uint64_t to_microseconds(uint64_t ticks, uint64_t per_second, int64_t offset_seconds) {
  const uint64_t seconds = ticks / per_second + static_cast<uint64_t>(offset_seconds);
  const auto fraction = static_cast<unsigned __int128>(ticks % per_second) * 1'000'000 / per_second;
  return seconds * 1'000'000 + static_cast<uint64_t>(fraction);
}

}  // namespace

PcapngReader::PcapngReader(const std::string& path) : file_(std::fopen(path.c_str(), "rbe")) {}

PcapngReader::Step PcapngReader::stop(const char* why) {
  damage_ = why;
  return Step::damaged;
}

uint16_t PcapngReader::u16(size_t at) const {
  const uint16_t value = ByteRange(body_.data(), body_.size()).u16(at);
  return is_swapped_ ? __builtin_bswap16(value) : value;
}

uint32_t PcapngReader::u32(size_t at) const {
  const uint32_t value = ByteRange(body_.data(), body_.size()).u32(at);
  return is_swapped_ ? __builtin_bswap32(value) : value;
}

/// Reads one block into body_. False at the end of the file (damage_ empty) or when the block is
/// cut or cannot be.
bool PcapngReader::read_block() {
  uint8_t head[12];
  block_offset_ = next_offset_;
  const size_t n = std::fread(head, 1, 8, file_.get());
  if (n == 0 && std::ferror(file_.get()) == 0) return false;
  damage_ = "file ends inside a record";
  if (n < 8) return false;
  const ByteRange fields(head, sizeof head);
  block_type_ = fields.u32(0);
  size_t have = 8;
  if (block_type_ == kSectionHeader) {  // the byte order of the length comes after the length
    if (std::fread(head + 8, 1, 4, file_.get()) != 4) return false;
    have = 12;
    const uint32_t magic = fields.u32(8);
    if (magic != kByteOrderMagic && magic != kByteOrderMagicSwapped) {
      damage_ = "section header without byte order";
      return false;
    }
    is_swapped_ = magic == kByteOrderMagicSwapped;
  } else if (is_swapped_) {
    block_type_ = __builtin_bswap32(block_type_);
  }
  const uint32_t length = is_swapped_ ? __builtin_bswap32(fields.u32(4)) : fields.u32(4);
  if (length < std::max<size_t>(kBlockFrameBytes, have + 4) || length % 4 != 0 ||
      length > kBlockBytesMax) {
    damage_ = "block length " + std::to_string(length) + " cannot be";
    return false;
  }
  body_.assign(head + 8, head + have);
  body_.resize(length - 8);
  const size_t rest = body_.size() - (have - 8);
  if (std::fread(body_.data() + (have - 8), 1, rest, file_.get()) != rest) return false;
  if (u32(body_.size() - 4) != length) {
    damage_ = "the two lengths of a block differ";
    return false;
  }
  body_.resize(body_.size() - 4);
  next_offset_ += length;
  damage_.clear();
  return true;
}

bool PcapngReader::start_section() {
  interfaces_.clear();
  return body_.size() >= 16 && u16(4) == 1;  // major version
}

bool PcapngReader::read_interface_options(Interface& interface) const {
  const ByteRange body(body_.data(), body_.size());
  size_t at = 8;
  while (body.has(at, 4)) {
    const uint16_t code = u16(at), length = u16(at + 2);
    at += 4;
    if (code == kOptionEnd || !body.has(at, length)) break;
    if (code == kOptionTimeResolution && length == 1) {
      interface.ticks_per_second = ticks_per_second(body.u8(at));
      if (interface.ticks_per_second == 0) return false;
    }
    if (code == kOptionTimeOffset && length == 8) {
      const uint64_t first = u32(at), second = u32(at + 4);
      interface.offset_seconds =
          static_cast<int64_t>(is_swapped_ ? (second << 32) | first : (first << 32) | second);
    }
    at += (length + 3U) & ~3U;
  }
  return true;
}

bool PcapngReader::describe_interface() {
  if (body_.size() < 8 || interfaces_.size() == kInterfacesMax) return false;
  Interface interface;
  interface.dlt = u16(0);
  interface.snap_length = u32(4);
  if (!read_interface_options(interface)) return false;
  interfaces_.push_back(interface);
  if (!first_) first_ = interface;
  return true;
}

bool PcapngReader::interface_differs() const {
  const Interface& latest = interfaces_.back();
  return latest.dlt != first_->dlt || latest.snap_length != first_->snap_length;
}

bool PcapngReader::enhanced_packet(bool is_obsolete_kind) {
  constexpr size_t kHeaderBytes = 20;
  if (body_.size() < kHeaderBytes) return false;
  const uint32_t id = is_obsolete_kind ? u16(0) : u32(0);
  const uint32_t captured = u32(12);
  if (id >= interfaces_.size() || captured > body_.size() - kHeaderBytes) return false;
  const Interface& interface = interfaces_[id];
  const uint64_t ticks = (uint64_t{u32(4)} << 32) | u32(8);
  packet_ = {interface.dlt,
             to_microseconds(ticks, interface.ticks_per_second, interface.offset_seconds), u32(16),
             ByteRange(body_.data() + kHeaderBytes, captured)};
  return true;
}

/// No time and no captured length: time 0, and as much as is there.
bool PcapngReader::simple_packet() {
  if (body_.size() < 4 || interfaces_.empty()) return false;
  const Interface& interface = interfaces_.front();
  const uint32_t wire_length = u32(0);
  uint32_t captured = wire_length;
  if (interface.snap_length != 0) captured = std::min(captured, interface.snap_length);
  if (captured > body_.size() - 4) return false;
  packet_ = {interface.dlt, 0, wire_length, ByteRange(body_.data() + 4, captured)};
  return true;
}

PcapngReader::Step PcapngReader::next() {
  if (file_ == nullptr) return stop("cannot be opened again");
  while (read_block()) {
    switch (block_type_) {
      case kSectionHeader:
        if (!start_section()) return stop("unknown version of pcapng");
        break;
      case kInterface: return describe_interface() ? Step::interface : stop("bad interface");
      case kEnhancedPacket:
      case kObsoletePacket:
        return enhanced_packet(block_type_ == kObsoletePacket) ? Step::packet
                                                               : stop("bad packet block");
      case kSimplePacket: return simple_packet() ? Step::packet : stop("bad packet block");
      default: break;
    }
  }
  return damage_.empty() ? Step::end : Step::damaged;
}

}  // namespace tapstat::dataplane
