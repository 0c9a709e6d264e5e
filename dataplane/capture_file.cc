#include "dataplane/capture_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>

#include "dataplane/capture_name.h"
#include "dataplane/capture_rewrite.h"
#include "dataplane/capture_unpack.h"
#include "dataplane/pcap_handle.h"
#include "dataplane/temporary_file.h"

namespace tapstat::dataplane {

using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Mode;
using flowstats::Result;
using flowstats::Timestamp;

namespace {

enum class Format : uint8_t { pcap, pcap_nanoseconds, pcapng, snoop, unknown };

constexpr std::string_view kFormatNames[] = {"pcap", "pcap (nanoseconds)", "pcapng", "snoop", ""};

/// The first bytes of a file.
struct Head {
  std::array<uint8_t, 8> bytes{};
  size_t count = 0;
};

Head read_head(int fd) {
  Head head;
  const ssize_t n = pread(fd, head.bytes.data(), head.bytes.size(), 0);
  head.count = n > 0 ? static_cast<size_t>(n) : 0;
  return head;
}

Format format_of(const Head& head) {
  if (head.count < 4) return Format::unknown;
  if (head.count == 8 && std::memcmp(head.bytes.data(), "snoop\0\0\0", 8) == 0)
    return Format::snoop;
  switch (flowstats::ByteRange(head.bytes.data(), 4).u32(0)) {
    case 0xa1b2c3d4:
    case 0xd4c3b2a1:  // as libpcap writes it
    case 0xa1b2cd34:
    case 0x34cdb2a1:  // A. Kuznetzov's variant
    case 0xa1e2cb12:
    case 0x12cbe2a1: return Format::pcap;  // Navtel's variant
    case 0xa1b23c4d:
    case 0x4d3cb2a1: return Format::pcap_nanoseconds;
    case 0x0a0d0d0a: return Format::pcapng;
    default: return Format::unknown;
  }
}

tl::unexpected<flowstats::Error> not_a_capture(const std::filesystem::path& name,
                                               const Head& head) {
  std::string reason = "empty file";
  if (head.count > 0) reason = "first bytes";
  for (size_t i = 0; i < std::min<size_t>(head.count, 4); ++i) {
    char hex[4];
    std::snprintf(hex, sizeof hex, " %02x", head.bytes[i]);
    reason += hex;
  }
  return fail(ExitStatus::input_unreadable,
              quoted(name) + " is not a pcap or pcapng file (" + reason + ").");
}

constexpr size_t kScanBuffer = size_t{1} << 18;

/// What one pass over all packets finds.
struct Scan {
  std::string open_error;  // not empty: the file header is wrong and the rest unset
  int dlt = 0;
  uint64_t packets = 0, snapped_packets = 0, wire_bytes = 0;
  uint32_t captured_length_max = 0;
  Timestamp first, last, clock_max = flowstats::kNever;
  bool has_wrapped_seconds = false, has_wrapped_fractions = false;  // see rewrite_unsigned_times()
  std::string damage;
};

/// As DPDK's pcap port computes it.
Timestamp packet_time(const timeval& time) {
  return {static_cast<int64_t>(static_cast<uint64_t>(time.tv_sec) * 1'000'000U +
                               static_cast<uint64_t>(time.tv_usec))};
}

Scan scan_with_libpcap(const std::string& path) {
  Scan scan;
  char error[PCAP_ERRBUF_SIZE] = "";
  // A large buffer: libpcap's own opening reads 4 KiB at a time.
  const auto buffer = std::make_unique<char[]>(kScanBuffer);
  FILE* file = fopen(path.c_str(), "rb");
  if (file == nullptr) {
    scan.open_error = std::strerror(errno);
    return scan;
  }
  setvbuf(file, buffer.get(), _IOFBF, kScanBuffer);
  const PcapHandle pcap(pcap_fopen_offline(file, error));
  if (pcap == nullptr) {
    static_cast<void>(fclose(file));
    scan.open_error = error;
    return scan;
  }
  scan.dlt = pcap_datalink(pcap.get());
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  int state = 0;
  while ((state = pcap_next_ex(pcap.get(), &header, &bytes)) == 1) {
    scan.last = packet_time(header->ts);
    if (scan.packets++ == 0) scan.first = scan.last;
    scan.clock_max = std::max(scan.clock_max, scan.last);
    scan.snapped_packets += header->caplen < header->len ? 1 : 0;
    scan.wire_bytes += std::max(header->caplen, header->len);
    scan.captured_length_max = std::max(scan.captured_length_max, header->caplen);
    scan.has_wrapped_seconds |= header->ts.tv_sec < 0;
    scan.has_wrapped_fractions |= header->ts.tv_usec <= -1'000'000;
  }
  if (state == PCAP_ERROR) {
    scan.damage = pcap_geterr(pcap.get());
    if (scan.damage.find("truncated") != std::string::npos)
      scan.damage = "file ends inside a record";
  }
  return scan;
}

/// Opening one capture: each step replaces `file_` by what the next one reads.
class CaptureOpener {
 public:
  CaptureOpener(const std::filesystem::path& name, const CaptureOpenOptions& options)
      : name_(name), options_(options) {}

  Result<CaptureFile> open() {
    auto file = open_regular_file(name_);
    if (!file) return tl::make_unexpected(file.error());
    file_ = std::move(*file);
    if (const auto compression = detect_compression(file_.get())) {
      if (auto done = unpack_file(*compression); !done) return tl::make_unexpected(done.error());
    }
    const Head head = read_head(file_.get());
    format_ = format_of(head);
    if (format_ == Format::unknown) return not_a_capture(name_, head);
    if (auto done = prepare(); !done) return tl::make_unexpected(done.error());
    return describe();
  }

 private:
  void note(const std::string& sentence) const {
    if (options_.note) options_.note(sentence);
  }

  Result<void> unpack_file(Compression compression) {
    const std::string what = quoted(name_) + " is " + std::string(compression_name(compression)) +
                             " data, not a capture.";
    if (!options_.unpack)
      return fail(ExitStatus::input_unreadable,
                  what + " Unpack it first, or leave out --no-unpack.");
    const auto size = unpacked_size(file_.get(), compression);
    note(what + " It will be unpacked to " + temporary_directory() + " (" +
         (size ? "about " + readable_size(*size) : "size unknown") +
         "); use --no-unpack to refuse.");
    auto unpacked = unpack(file_.get(), compression);
    if (!unpacked) return tl::make_unexpected(unpacked.error());
    file_ = std::move(unpacked->file);
    damage_ = std::move(unpacked->damage);
    wrapping_ = " in " + std::string(compression_name(compression));
    return {};
  }

  /// Scans; rewrites first what libpcap cannot deliver, and scans that.
  Result<void> prepare() {
    if (format_ == Format::snoop) return replace_by(rewrite_snoop(file_.path()));
    scan_ = scan_with_libpcap(file_.path());
    const bool is_stopped =
        !scan_.open_error.empty() || !scan_.damage.empty() || !link_type_from_dlt(scan_.dlt);
    if (format_ == Format::pcapng && is_stopped) {
      if (const auto at = find_differing_interface(file_.path())) return handle_differing(*at);
    }
    // Tstat reads a damaged fraction with its sign; beyond 2038 its numbers would make no sense.
    const bool is_wrapped = scan_.has_wrapped_seconds ||
                            (options_.mode == Mode::corrected && scan_.has_wrapped_fractions);
    if (format_ != Format::pcapng && is_wrapped) {
      note(quoted(name_) + " has packet times beyond 31 bits; it is copied to " +
           temporary_directory() + " with wider ones.");
      return replace_by(rewrite_unsigned_times(file_.path()));
    }
    return {};
  }

  /// `at`: offset of the interface description at which libpcap stops.
  Result<void> handle_differing(uint64_t at) {
    if (options_.mode == Mode::corrected) {
      note(quoted(name_) + " has interfaces of different kinds; it is copied to " +
           temporary_directory() + " with each packet's link type.");
      is_mixed_ = true;
      scan_.damage.clear();
      return replace_by(rewrite_mixed_pcapng(file_.path()));
    }
    note(quoted(name_) + " is read up to its second kind of interface, as Tstat does; " +
         std::to_string(file_size() - at) + " bytes remain unread. --mode corrected reads them.");
    scan_.damage.clear();
    return {};
  }

  Result<void> replace_by(Result<Rewritten> rewritten) {
    if (!rewritten) return tl::make_unexpected(rewritten.error());
    file_ = std::move(rewritten->file);
    const std::string damage_before = scan_.damage;
    scan_ = scan_with_libpcap(file_.path());
    scan_.damage = rewritten->damage.value_or(damage_before);
    return {};
  }

  [[nodiscard]] uint64_t file_size() const {
    struct stat status {};
    return fstat(file_.get(), &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
  }

  [[nodiscard]] std::string damage() const { return damage_ ? *damage_ : scan_.damage; }

  Result<CaptureFile> describe() {
    if (!scan_.open_error.empty())
      return fail(ExitStatus::input_unreadable,
                  quoted(name_) + " is not a capture that can be read (" + scan_.open_error + ").");
    const bool is_cut = damage() == "file ends inside a record";
    if (scan_.packets == 0 && !damage().empty() && !is_cut)
      return fail(ExitStatus::input_unreadable,
                  quoted(name_) + " has no packet that can be read (" + damage() + ").");
    const auto link_type = is_mixed_ ? LinkType::mixed : link_type_from_dlt(scan_.dlt);
    if (!link_type)
      return fail(ExitStatus::input_unreadable, "error: input: link type " +
                                                    std::to_string(scan_.dlt) +
                                                    " not supported (file=" + quoted(name_) + ")");
    if (format_ == Format::pcap_nanoseconds)
      note(quoted(name_) + " has times in nanoseconds; the time resolution here is 1 \u00b5s.");
    CaptureFile capture;
    capture.name = name_;
    capture.format = std::string(kFormatNames[static_cast<size_t>(format_)]) + wrapping_;
    capture.link_type = *link_type;
    capture.packets = scan_.packets;
    capture.bytes = file_size();
    capture.snapped_packets = scan_.snapped_packets;
    capture.wire_bytes = scan_.wire_bytes;
    capture.captured_length_max = scan_.captured_length_max;
    if (scan_.packets > 0) {
      capture.first = scan_.first;
      capture.last = scan_.last;
      capture.clock_max = scan_.clock_max;
    }
    if (!damage().empty()) capture.damage = damage();
    capture.file = std::move(file_);
    return capture;
  }

  const std::filesystem::path& name_;
  const CaptureOpenOptions& options_;
  FileDescriptor file_;
  Format format_ = Format::unknown;
  std::string wrapping_;               // " in gzip"
  std::optional<std::string> damage_;  // of the compressed stream
  bool is_mixed_ = false;
  Scan scan_;
};

}  // namespace

Result<CaptureFile> open_capture(const std::filesystem::path& name,
                                 const CaptureOpenOptions& options) {
  return CaptureOpener(name, options).open();
}

}  // namespace tapstat::dataplane
