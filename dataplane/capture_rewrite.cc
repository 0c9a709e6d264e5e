#include "dataplane/capture_rewrite.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "dataplane/capture_records.h"
#include "dataplane/file_descriptor.h"
#include "dataplane/parse.h"
#include "dataplane/pcap_handle.h"
#include "dataplane/pcapng_reader.h"
#include "dataplane/temporary_file.h"

namespace tapstat::dataplane {

using flowstats::ByteRange;
using flowstats::Result;

namespace {

constexpr const char* kEndsInside = "file ends inside a record";

/// Writes one section with one interface, in this machine's byte order.
class PcapngWriter {
 public:
  PcapngWriter(TemporaryFile& out, int dlt) : out_(out) {
    words({0x0a0d0d0a, 28, 0x1a2b3c4d, 0x00000001, 0xffffffff, 0xffffffff, 28});  // version 1.0
    words({1, 20, static_cast<uint32_t>(dlt), 0, 20});  // no snap length; times in microseconds
  }

  /// `prefix` (at most 4 bytes) goes before the packet's own bytes.
  void add(uint64_t time_us, uint32_t wire_length, ByteRange prefix, ByteRange bytes) {
    const auto captured = static_cast<uint32_t>(prefix.size() + bytes.size());
    const uint32_t padding = (4 - captured % 4) % 4;
    const uint32_t length = 32 + captured + padding;
    words({6, length, 0, static_cast<uint32_t>(time_us >> 32), static_cast<uint32_t>(time_us),
           captured, wire_length + static_cast<uint32_t>(prefix.size())});
    out_.write(prefix.data(), prefix.size());
    out_.write(bytes.data(), bytes.size());
    const uint32_t zero = 0;
    out_.write(&zero, padding);
    words({length});
  }

 private:
  void words(std::initializer_list<uint32_t> values) {
    out_.write(values.begin(), values.size() * sizeof(uint32_t));
  }

  TemporaryFile& out_;
};

Result<Rewritten> finish(TemporaryFile& out, std::optional<std::string> damage) {
  auto file = out.finish();
  if (!file) return tl::make_unexpected(file.error());
  return Rewritten{std::move(*file), std::move(damage)};
}

/// RFC 1761 numbers, where a DLT with the same header exists.
int dlt_of_snoop(uint32_t datalink) {
  constexpr uint32_t kIeee8023 = 0, kEthernet = 4, kFddi = 8;
  if (datalink == kIeee8023 || datalink == kEthernet) return DLT_EN10MB;
  return datalink == kFddi ? DLT_FDDI : kUnknownDlt;
}

std::optional<std::string> copy_snoop_records(std::FILE* file, PcapngWriter& writer,
                                              const TemporaryFile& out) {
  constexpr uint32_t kHeaderBytes = 24;
  std::array<uint8_t, kHeaderBytes> head;
  std::vector<uint8_t> body;
  while (!out.failed()) {
    const size_t n = std::fread(head.data(), 1, head.size(), file);
    if (n == 0) return std::nullopt;
    if (n < head.size()) return kEndsInside;
    const ByteRange fields(head.data(), head.size());
    const uint32_t wire_length = fields.u32(0), captured = fields.u32(4), record = fields.u32(8);
    if (captured > kCapturedLengthMax || record < kHeaderBytes ||
        record - kHeaderBytes < captured || record - kHeaderBytes > kBlockBytesMax)
      return "record length " + std::to_string(record) + " cannot be";
    body.resize(record - kHeaderBytes);
    const size_t got = std::fread(body.data(), 1, body.size(), file);
    if (got < captured) return kEndsInside;  // padding may be missing after the last record
    const uint64_t time_us = uint64_t{fields.u32(16)} * 1'000'000 + fields.u32(20);
    writer.add(time_us, wire_length, {}, {body.data(), captured});
    if (got < body.size()) return std::nullopt;
  }
  return std::nullopt;
}

/// libpcap gives 32-bit fields with a sign. Asked for nanoseconds it multiplies microseconds by
/// 1,000, exactly. A negative fraction of less than a second is one that a writer forgot to borrow
/// for.
uint64_t unsigned_time_us(const timeval& time, bool has_nanoseconds) {
  constexpr int64_t kWrap = int64_t{1} << 32;
  const int64_t second = has_nanoseconds ? 1'000'000'000 : 1'000'000;
  const int64_t seconds = time.tv_sec < 0 ? time.tv_sec + kWrap : time.tv_sec;
  int64_t fraction = has_nanoseconds ? time.tv_usec : time.tv_usec / 1000;
  if (fraction <= -second) fraction += kWrap;
  return static_cast<uint64_t>(seconds * 1'000'000 +
                               (has_nanoseconds ? fraction / 1000 : fraction));
}

bool is_nanosecond_file(const std::string& path) {
  const FileStream file(std::fopen(path.c_str(), "rbe"));
  std::array<uint8_t, 4> magic{};
  if (file == nullptr || std::fread(magic.data(), 1, magic.size(), file.get()) != magic.size())
    return false;
  const uint32_t value = ByteRange(magic.data(), magic.size()).u32(0);
  return value == 0xa1b23c4d || value == 0x4d3cb2a1;
}

}  // namespace

Result<Rewritten> rewrite_snoop(const std::string& path) {
  constexpr size_t kFileHeaderBytes = 16;
  auto out = TemporaryFile::create();
  if (!out) return tl::make_unexpected(out.error());
  const FileStream file(std::fopen(path.c_str(), "rbe"));
  std::array<uint8_t, kFileHeaderBytes> head{};
  if (file == nullptr || std::fread(head.data(), 1, head.size(), file.get()) != head.size())
    return flowstats::fail(flowstats::ExitStatus::input_unreadable, "file header cut");
  const ByteRange fields(head.data(), head.size());
  const bool is_version_2 = fields.u32(8) == 2;
  PcapngWriter writer(*out, is_version_2 ? dlt_of_snoop(fields.u32(12)) : kUnknownDlt);
  return finish(*out, copy_snoop_records(file.get(), writer, *out));
}

Result<Rewritten> rewrite_mixed_pcapng(const std::string& path) {
  auto out = TemporaryFile::create();
  if (!out) return tl::make_unexpected(out.error());
  PcapngReader reader(path);
  PcapngWriter writer(*out, kMixedDlt);
  PcapngReader::Step step = PcapngReader::Step::interface;
  while (!out->failed() &&
         (step == PcapngReader::Step::interface || step == PcapngReader::Step::packet)) {
    step = reader.next();
    if (step != PcapngReader::Step::packet) continue;
    const CapturedPacket& packet = reader.packet();
    const std::array<uint8_t, kMixedHeaderLength> prefix = {static_cast<uint8_t>(packet.dlt >> 8),
                                                            static_cast<uint8_t>(packet.dlt), 0, 0};
    writer.add(packet.time_us, packet.wire_length, {prefix.data(), prefix.size()},
               packet.bytes.first(kCapturedLengthMax - kMixedHeaderLength));
  }
  std::optional<std::string> damage;
  if (step == PcapngReader::Step::damaged) damage = reader.damage();
  return finish(*out, std::move(damage));
}

Result<Rewritten> rewrite_unsigned_times(const std::string& path) {
  auto out = TemporaryFile::create();
  if (!out) return tl::make_unexpected(out.error());
  char error[PCAP_ERRBUF_SIZE];
  const PcapHandle pcap(
      pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, error));
  if (pcap == nullptr) return flowstats::fail(flowstats::ExitStatus::input_unreadable, error);
  const bool has_nanoseconds = is_nanosecond_file(path);
  PcapngWriter writer(*out, pcap_datalink(pcap.get()));
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  while (!out->failed() && pcap_next_ex(pcap.get(), &header, &bytes) == 1)
    writer.add(unsigned_time_us(header->ts, has_nanoseconds), header->len, {},
               {bytes, header->caplen});
  return finish(*out, std::nullopt);
}

std::optional<uint64_t> find_differing_interface(const std::string& path) {
  PcapngReader reader(path);
  while (true) {
    const PcapngReader::Step step = reader.next();
    if (step == PcapngReader::Step::interface && reader.interface_differs())
      return reader.block_offset();
    if (step == PcapngReader::Step::end || step == PcapngReader::Step::damaged) return std::nullopt;
  }
}

}  // namespace tapstat::dataplane
