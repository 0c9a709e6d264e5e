/// `tapstat split` over two captures: merged by time, every packet is in one piece or is counted,
/// and a piece has its packets in the order of the merge.
///
/// Input: first byte = grouping (bits 0 and 1), a few shared files (2), duplicates are kept (3),
/// small pieces are left out (4); then records of ten bytes: which capture (bit 0), none of the
/// usual frames (1), time step in milliseconds (signed), and a coded segment
/// (tests/support/coded_segment.h).
/// Captures are files in memory; the pieces are files below $TMPDIR.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "control/split/capture_merge.h"
#include "control/split/distributor.h"
#include "control/split/input_files.h"
#include "control/split/overlap.h"
#include "control/split/packet_view.h"
#include "dataplane/capture_stream.h"
#include "flowstats/base/check.h"
#include "tests/support/coded_segment.h"
#include "tests/support/temp_dir.h"

namespace {

using namespace tapstat;
using namespace tapstat::control::splitting;
using Octets = std::vector<uint8_t>;

constexpr size_t kRecord = 2 + tests::kSegmentCode;
constexpr size_t kPacketsMax = 200;
constexpr int kEthernetDlt = 1;
constexpr int64_t kStartNs = 1'600'000'000 * kSecondNs;
constexpr size_t kCaptures = 2;

struct Captured {
  int64_t time_ns = 0;
  Octets bytes;
  auto operator<=>(const Captured&) const = default;
};
using Sequence = std::vector<Captured>;

Captured copy_of(const Packet& packet) {
  return {packet.time_ns,
          Octets(packet.bytes().data(), packet.bytes().data() + packet.bytes().size())};
}

Octets capture_bytes(const Sequence& packets) {
  const auto header = dataplane::capture_header({kEthernetDlt, 65'535, false});
  Octets bytes(header.begin(), header.end());
  for (const Captured& packet : packets) {
    const auto size = static_cast<uint32_t>(packet.bytes.size());
    const std::array<uint32_t, 4> head = {static_cast<uint32_t>(packet.time_ns / kSecondNs),
                                          static_cast<uint32_t>(packet.time_ns % kSecondNs / 1'000),
                                          size, size};
    const auto* const raw = reinterpret_cast<const uint8_t*>(head.data());
    bytes.insert(bytes.end(), raw, raw + sizeof head);
    bytes.insert(bytes.end(), packet.bytes.begin(), packet.bytes.end());
  }
  return bytes;
}

Sequence read_capture(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  Sequence packets;
  size_t at = sizeof(dataplane::capture_header({}));
  while (at < bytes.size()) {
    std::array<uint32_t, 4> head{};
    TAPSTAT_ASSERT(bytes.size() - at >= sizeof head);
    std::memcpy(head.data(), bytes.data() + at, sizeof head);
    at += sizeof head;
    TAPSTAT_ASSERT(bytes.size() - at >= head[2]);
    const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    packets.push_back(
        {head[0] * kSecondNs + head[1] * int64_t{1'000}, {from, from + std::ptrdiff_t{head[2]}}});
    at += head[2];
  }
  return packets;
}

std::array<Sequence, kCaptures> packets_of(const uint8_t* data, size_t size) {
  std::array<Sequence, kCaptures> captures;
  int64_t time_ns = kStartNs;
  for (size_t i = 0; i < kPacketsMax && (i + 1) * kRecord <= size; ++i) {
    const uint8_t* const record = data + i * kRecord;
    time_ns += int64_t{static_cast<int8_t>(record[1])} * 1'000'000;
    Octets frame = tests::coded_segment(record + 2);
    if ((record[0] & 2) != 0) frame[12] = record[0];  // another EtherType
    captures[record[0] & 1].push_back({time_ns, std::move(frame)});
  }
  return captures;
}

/// All of `part`, in this order, are in `whole`.
bool is_subsequence(const Sequence& part, const Sequence& whole) {
  auto at = whole.begin();
  for (const Captured& packet : part) {
    at = std::find(at, whole.end(), packet);
    if (at == whole.end()) return false;
    ++at;
  }
  return true;
}

Sequence sorted(Sequence packets) {
  std::sort(packets.begin(), packets.end());
  return packets;
}

SplitOptions options_of(uint8_t choice, const std::filesystem::path& directory) {
  SplitOptions options;
  options.output = directory;
  options.grouping = static_cast<Grouping>(choice & 3);
  options.buckets = (choice & 4) != 0 ? 2 : 0;
  options.keep_duplicates = (choice & 8) != 0;
  options.packets_min = (choice & 16) != 0 ? 3 : 0;
  options.keep_other = true;
  options.memory_bytes = kMemoryBytesMin;
  return options;
}

/// The merge alone: everything once, in the order of time but for what is marked late.
Sequence merged(const InputFiles& inputs, const Sequence& all) {
  CaptureMerge merge(inputs, kMemoryBytesMin);
  Sequence sequence;
  int64_t latest_ns = 0;
  for (auto packet = merge.next(); packet && *packet; packet = merge.next()) {
    TAPSTAT_ASSERT((*packet)->is_late || (*packet)->time_ns >= latest_ns);
    latest_ns = std::max(latest_ns, (*packet)->time_ns);
    sequence.push_back(copy_of(**packet));
  }
  TAPSTAT_ASSERT(merge.faults().empty());
  TAPSTAT_ASSERT(sorted(sequence) == sorted(all));
  return sequence;
}

void check_split(const InputFiles& inputs, const SplitOptions& options, const Sequence& sequence) {
  std::vector<TimeRange> ranges;
  for (const InputFile& input : inputs.files) ranges.push_back(input.range());
  OverlapFilter overlap(ranges, 0, inputs.compared_bytes);
  CaptureMerge merge(inputs, kMemoryBytesMin);
  Distributor distributor(options, {}, {options.output, inputs.form, 2, 0});
  uint64_t duplicates = 0;
  for (auto packet = merge.next(); packet && *packet; packet = merge.next()) {
    const PacketView view = view_packet(inputs.link_type, (*packet)->bytes());
    if (!options.keep_duplicates && overlap.is_duplicate(**packet)) {
      ++duplicates;
      distributor.note_duplicate(view);
    } else {
      distributor.put(**packet, view);
    }
  }
  const auto finished = distributor.finish({"a", "b"});
  TAPSTAT_ASSERT(finished.has_value());
  const PlacedCounts placed = distributor.counts();
  TAPSTAT_ASSERT(placed.written + placed.filtered + placed.skipped + duplicates == sequence.size());
  TAPSTAT_ASSERT(placed.skipped == 0 && placed.open_peak <= 2);
  Sequence pieces;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(options.output)) {
    TAPSTAT_ASSERT(entry.path().extension() != ".part");
    if (entry.path().extension() != ".pcap") continue;
    const Sequence piece = read_capture(entry.path());
    TAPSTAT_ASSERT(is_subsequence(piece, sequence));
    pieces.insert(pieces.end(), piece.begin(), piece.end());
  }
  TAPSTAT_ASSERT(pieces.size() == placed.written);
  if (placed.filtered + duplicates == 0) TAPSTAT_ASSERT(sorted(pieces) == sorted(sequence));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::array<Sequence, kCaptures> captures = packets_of(data + 1, size - 1);
  std::array<dataplane::FileDescriptor, kCaptures> files;
  std::vector<std::filesystem::path> names;
  Sequence all;
  for (size_t i = 0; i < kCaptures; ++i) {
    const Octets bytes = capture_bytes(captures[i]);
    files[i] = dataplane::FileDescriptor(memfd_create("fuzz", MFD_CLOEXEC));
    if (!files[i].is_open() ||
        write(files[i].get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
      std::abort();
    names.push_back(files[i].path());
    all.insert(all.end(), captures[i].begin(), captures[i].end());
  }
  InputOptions how;
  how.note = how.error = [](const std::string&) {};
  const auto inputs = open_input_files(names, how);
  TAPSTAT_ASSERT(inputs.has_value());
  const tests::TempDir directory;
  check_split(*inputs, options_of(data[0], directory.path()), merged(*inputs, all));
  return 0;
}
