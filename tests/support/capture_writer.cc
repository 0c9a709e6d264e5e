#include "tests/support/capture_writer.h"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace tapstat::tests {
namespace {

constexpr size_t kBufferBytes = 1 << 20;
constexpr uint32_t kMagicMicroseconds = 0xa1b2c3d4, kMagicNanoseconds = 0xa1b23c4d;
constexpr uint32_t kSectionHeader = 0x0a0d0d0a, kInterfaceDescription = 1, kEnhancedPacket = 6;

}  // namespace

CaptureWriter::CaptureWriter(const std::filesystem::path& file, CaptureOptions options)
    : name_(file), options_(options), buffer_(kBufferBytes), file_(std::fopen(file.c_str(), "wb")) {
  if (!file_) throw std::runtime_error("cannot write " + name_.string());
  std::setvbuf(file_.get(), buffer_.data(), _IOFBF, buffer_.size());
  if (options_.format == CaptureFormat::pcapng)
    start_pcapng();
  else
    start_pcap();
}

void CaptureWriter::put(const void* bytes, size_t size) {
  if (size == 0) return;  // an empty frame has no address
  if (std::fwrite(bytes, 1, size, file_.get()) != size)
    throw std::runtime_error("cannot write " + name_.string());
}

void CaptureWriter::put16(uint16_t value) {
  if (options_.big_endian == (std::endian::native == std::endian::little))
    value = __builtin_bswap16(value);
  put(&value, sizeof value);
}

void CaptureWriter::put32(uint32_t value) {
  if (options_.big_endian == (std::endian::native == std::endian::little))
    value = __builtin_bswap32(value);
  put(&value, sizeof value);
}

void CaptureWriter::start_pcap() {
  put32(options_.format == CaptureFormat::pcap_nanoseconds ? kMagicNanoseconds
                                                           : kMagicMicroseconds);
  put16(2);  // version 2.4
  put16(4);
  put32(0);
  put32(0);
  put32(options_.snap_length);
  put32(options_.link_type);
}

void CaptureWriter::start_pcapng() {
  put32(kSectionHeader);
  put32(28);
  put32(0x1a2b3c4d);
  put16(1);  // version 1.0
  put16(0);
  put32(0xffffffff);  // section length unknown
  put32(0xffffffff);
  put32(28);
  put32(kInterfaceDescription);
  put32(20);
  put16(static_cast<uint16_t>(options_.link_type));
  put16(0);
  put32(options_.snap_length);
  put32(20);
}

void CaptureWriter::write(flowstats::Timestamp time, const uint8_t* frame, size_t size,
                          RecordExtras extras) {
  const auto captured = static_cast<uint32_t>(std::min<size_t>(size, options_.snap_length));
  const uint32_t on_wire = extras.wire_length.value_or(static_cast<uint32_t>(size));
  if (options_.format == CaptureFormat::pcapng) {
    const uint32_t padding = (4 - captured % 4) % 4;
    const uint32_t block = 32 + captured + padding;
    put32(kEnhancedPacket);
    put32(block);
    put32(0);
    put32(static_cast<uint32_t>(static_cast<uint64_t>(time.us) >> 32));
    put32(static_cast<uint32_t>(time.us));
    put32(captured);
    put32(on_wire);
    put(frame, captured);
    put("\0\0\0", padding);
    put32(block);
    return;
  }
  const auto fraction = static_cast<uint32_t>(time.us % 1'000'000);
  put32(static_cast<uint32_t>(time.us / 1'000'000));
  put32(options_.format == CaptureFormat::pcap_nanoseconds ? fraction * 1000 + extras.nanoseconds
                                                           : fraction);
  put32(captured);
  put32(on_wire);
  put(frame, captured);
}

void CaptureWriter::close() {
  if (file_ && std::fclose(file_.release()) != 0)
    throw std::runtime_error("cannot write " + name_.string());
}

void write_capture(const std::filesystem::path& file, const std::vector<TimedFrame>& frames,
                   CaptureOptions options) {
  CaptureWriter writer(file, options);
  for (const TimedFrame& frame : frames) writer.write(frame.time, frame.bytes);
  writer.close();
}

}  // namespace tapstat::tests
