#include "dataplane/capture_records.h"

#include <algorithm>
#include <cstring>

#include "dataplane/pcapng_format.h"

namespace tapstat::dataplane {

using flowstats::Timestamp;
using namespace pcapng;

namespace {

// https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/; the last is A. Kuznetzov's.
constexpr uint32_t kMicroseconds = 0xa1b2c3d4, kNanoseconds = 0xa1b23c4d, kPatched = 0xa1b2cd34;
constexpr size_t kPcapHeaderBytes = 24;
constexpr uint32_t kPatchedRecordHeaderBytes = 24;
constexpr uint32_t kLinkTypeBits = 0x03ffffff, kEthernet = 1, kFakedEthernetBytes = 14;

constexpr uint64_t kMicrosecondsPerSecond = 1'000'000;

uint32_t raw32(const uint8_t* at) {
  uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

/// libpcap gives both fields a sign when the file has this machine's byte order, and none when it
/// has to turn them.
Timestamp pcap_time(uint32_t seconds, uint32_t fraction, bool has_sign, bool has_nanoseconds) {
  const int64_t whole = has_sign ? int64_t{static_cast<int32_t>(seconds)} : int64_t{seconds};
  const int64_t part = has_sign ? int64_t{static_cast<int32_t>(fraction)} : int64_t{fraction};
  return {whole * int64_t{kMicrosecondsPerSecond} + (has_nanoseconds ? part / 1000 : part)};
}

uint32_t snap_length_of(uint32_t in_file) {
  return in_file == 0 || in_file > 0x7fffffff ? kCapturedLengthMax : in_file;
}

}  // namespace

uint16_t CaptureRecords::u16(const uint8_t* at) const {
  uint16_t value;
  std::memcpy(&value, at, sizeof value);
  return is_swapped_ ? __builtin_bswap16(value) : value;
}

uint32_t CaptureRecords::u32(const uint8_t* at) const {
  return is_swapped_ ? __builtin_bswap32(raw32(at)) : raw32(at);
}

void CaptureRecords::rewind() {
  format_ = Format::unknown;
  offset_ = option_ = 0;
  interfaces_.clear();
}

CaptureRecords::Step CaptureRecords::need(uint64_t offset, size_t count) {
  missing_ = {offset, count};
  return Step::missing;
}

/// The first bytes of the file decide about the format. Step::packet: known now.
CaptureRecords::Step CaptureRecords::start(const FileWindow& window) {
  const uint8_t* header = window.find(0, kPcapHeaderBytes);
  if (header == nullptr) return need(0, kPcapHeaderBytes);
  if (raw32(header) != kSectionHeader) return start_pcap(header);
  is_swapped_ = raw32(header + 8) != kByteOrderMagic;
  snap_length_ = 0;
  format_ = Format::pcapng;
  return Step::packet;
}

CaptureRecords::Step CaptureRecords::start_pcap(const uint8_t* header) {
  const auto is_magic = [](uint32_t magic) {
    return magic == kMicroseconds || magic == kNanoseconds || magic == kPatched;
  };
  is_swapped_ = !is_magic(raw32(header));
  const uint32_t magic = u32(header);
  if (!is_magic(magic)) return Step::damaged;
  const uint16_t major = u16(header + 4), minor = u16(header + 6);
  lengths_ = major != 2 || minor < 3 ? Lengths::wire_first
             : minor == 3            ? Lengths::smaller_first
                                     : Lengths::captured_first;
  has_nanoseconds_ = magic == kNanoseconds;
  snap_length_ = snap_length_of(u32(header + 16));
  record_header_ = 16;
  if (magic == kPatched) {
    record_header_ = kPatchedRecordHeaderBytes;
    if ((u32(header + 20) & kLinkTypeBits) == kEthernet)
      snap_length_ = std::min(snap_length_ + kFakedEthernetBytes, 0x7fffffffU);
  }
  offset_ = kPcapHeaderBytes;
  format_ = Format::pcap;
  return Step::packet;
}

CaptureRecords::Step CaptureRecords::next(const FileWindow& window) {
  if (format_ == Format::pcap) [[likely]]
    return next_pcap(window);
  if (format_ == Format::unknown) {
    const Step known = start(window);
    if (known != Step::packet) return known;
  }
  return format_ == Format::pcap ? next_pcap(window) : next_pcapng(window);
}

CaptureRecords::Step CaptureRecords::next_pcap(const FileWindow& window) {
  const uint8_t* header = window.find(offset_, record_header_);
  if (header == nullptr) return need(offset_, record_header_);
  uint32_t captured = u32(header + 8);
  const uint32_t wire = u32(header + 12);
  if (lengths_ == Lengths::wire_first || (lengths_ == Lengths::smaller_first && captured > wire))
    captured = wire;
  if (captured > kCapturedLengthMax) return Step::damaged;
  const uint32_t length = std::min(captured, snap_length_);
  if (window.find(offset_, record_header_ + length) == nullptr)
    return need(offset_, record_header_ + length);
  packet_ = {header + record_header_, length,
             pcap_time(u32(header), u32(header + 4), !is_swapped_, has_nanoseconds_)};
  offset_ += record_header_ + captured;
  return Step::packet;
}

CaptureRecords::Step CaptureRecords::next_pcapng(const FileWindow& window) {
  while (true) {
    if (option_ != 0) {
      const Step described = interface_options(window);
      if (described != Step::packet) return described;
    }
    const uint8_t* head = window.find(offset_, 8);
    if (head == nullptr) return need(offset_, 8);
    const uint32_t type = u32(head), length = u32(head + 4);
    if (length < kBlockFrameBytes || length % 4 != 0) return Step::damaged;
    if (type == kEnhancedPacket || type == kSimplePacket || type == kObsoletePacket) {
      const Step found = packet_block(window, type, length);
      if (found == Step::packet) offset_ += length;
      return found;
    }
    if (type == kInterface) {
      const Step begun = describe_interface(window, length);
      if (begun != Step::packet) return begun;
    }
    if (type == kSectionHeader) interfaces_.clear();
    offset_ += length;
  }
}

CaptureRecords::Step CaptureRecords::packet_block(const FileWindow& window, uint32_t type,
                                                  uint32_t length) {
  const bool is_simple = type == kSimplePacket;
  const uint32_t fixed = is_simple ? 4 : 20;
  if (length < kBlockFrameBytes + fixed) return Step::damaged;
  const uint8_t* block = window.find(offset_, 8 + fixed);
  if (block == nullptr) return need(offset_, 8 + fixed);
  const uint8_t* fields = block + 8;
  const uint32_t id = is_simple ? 0 : type == kObsoletePacket ? u16(fields) : u32(fields);
  const uint32_t captured = is_simple ? std::min(u32(fields), snap_length_) : u32(fields + 12);
  const uint64_t ticks = is_simple ? 0 : (uint64_t{u32(fields + 4)} << 32) | u32(fields + 8);
  if (id >= interfaces_.size() || captured > length - kBlockFrameBytes - fixed)
    return Step::damaged;
  if (window.find(offset_, 8 + fixed + captured) == nullptr)
    return need(offset_, 8 + fixed + captured);
  packet_ = {fields + fixed, captured, time_of(interfaces_[id], ticks)};
  return Step::packet;
}

/// Begins with the options of the interface whose block is at hand.
CaptureRecords::Step CaptureRecords::describe_interface(const FileWindow& window, uint32_t length) {
  constexpr uint32_t kFixedBytes = 8;
  if (length < kBlockFrameBytes + kFixedBytes) return Step::damaged;
  const uint8_t* block = window.find(offset_, 8 + kFixedBytes);
  if (block == nullptr) return need(offset_, 8 + kFixedBytes);
  if (snap_length_ == 0) snap_length_ = snap_length_of(u32(block + 12));
  interfaces_.emplace_back();
  option_ = offset_ + 8 + kFixedBytes;
  options_end_ = offset_ + length - 4;
  return Step::packet;
}

/// Step::packet: all options are read.
CaptureRecords::Step CaptureRecords::interface_options(const FileWindow& window) {
  Interface& interface = interfaces_.back();
  while (option_ + 4 <= options_end_) {
    const uint8_t* head = window.find(option_, 4);
    if (head == nullptr) return need(option_, 4);
    const uint16_t code = u16(head), length = u16(head + 2);
    if (code == kOptionEnd) break;
    if ((code == kOptionTimeResolution && length == 1) ||
        (code == kOptionTimeOffset && length == 8)) {
      const uint8_t* value = window.find(option_ + 4, length);
      if (value == nullptr) return need(option_, 4U + length);
      if (code == kOptionTimeResolution) {
        interface.is_binary = is_binary_resolution(*value);
        interface.ticks_per_second = ticks_per_second(*value);
        if (interface.ticks_per_second == 0) return Step::damaged;
      } else {
        const uint64_t low = u32(value + (is_swapped_ ? 4 : 0));
        const uint64_t high = u32(value + (is_swapped_ ? 0 : 4));
        interface.offset_us = ((high << 32) | low) * kMicrosecondsPerSecond;
      }
    }
    option_ += 4 + ((length + 3U) & ~3U);
  }
  option_ = 0;
  return Step::packet;
}

Timestamp CaptureRecords::time_of(const Interface& interface, uint64_t ticks) const {
  const uint64_t per_second = interface.ticks_per_second;
  uint64_t us = 0;
  if (per_second == kMicrosecondsPerSecond) {  // by far the most usual two without a division
    us = ticks;
  } else if (per_second == 1'000'000'000) {
    us = ticks / 1000;
  } else {
    uint64_t fraction = ticks % per_second;
    if (interface.is_binary)
      fraction = fraction * kMicrosecondsPerSecond / per_second;  // may wrap, as libpcap's
    else if (per_second > kMicrosecondsPerSecond)
      fraction /= per_second / kMicrosecondsPerSecond;
    else
      fraction *= kMicrosecondsPerSecond / per_second;
    us = ticks / per_second * kMicrosecondsPerSecond + fraction;
  }
  return {static_cast<int64_t>(us + interface.offset_us)};
}

}  // namespace tapstat::dataplane
