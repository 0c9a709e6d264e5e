/// A whole capture file through CaptureRecords, a window at a time: the same packets as libpcap
/// reads, time, length and bytes, as many as open_capture() counted.
///
/// The first byte chooses how the windows are cut, the rest is the file. Files that would be
/// unpacked are left out: their size is not bounded by the input's.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <pcap/pcap.h>

#include "dataplane/capture_file.h"
#include "dataplane/capture_records.h"
#include "dataplane/capture_unpack.h"
#include "flowstats/base/check.h"

using tapstat::dataplane::CaptureFile;
using tapstat::dataplane::CaptureOpenOptions;
using tapstat::dataplane::CaptureRecords;
using tapstat::dataplane::FileDescriptor;
using tapstat::dataplane::FileWindow;
using tapstat::dataplane::LinkType;
using tapstat::flowstats::Mode;

namespace {

std::vector<uint8_t> contents(const CaptureFile& capture) {
  std::vector<uint8_t> bytes(capture.bytes);
  TAPSTAT_ASSERT(pread(capture.file.get(), bytes.data(), bytes.size(), 0) ==
                 static_cast<ssize_t>(bytes.size()));
  return bytes;
}

/// The file through windows of exactly what is asked for and `extra` bytes, each in memory of its
/// own size, so that the address sanitizer sees a read beyond it.
class Windows {
 public:
  Windows(const std::vector<uint8_t>& file, size_t extra) : file_(file), extra_(extra) {}

  [[nodiscard]] bool bring(const CaptureRecords::Range& range) {
    if (range.offset > file_.size() || range.count > file_.size() - range.offset) return false;
    const auto from = file_.begin() + static_cast<std::ptrdiff_t>(range.offset);
    const size_t count = std::min(range.count + extra_, file_.size() - range.offset);
    memory_.assign(from, from + static_cast<std::ptrdiff_t>(count));
    memory_.shrink_to_fit();
    window_ = {memory_.data(), range.offset, memory_.size()};
    return true;
  }
  [[nodiscard]] const FileWindow& window() const { return window_; }

 private:
  const std::vector<uint8_t>& file_;
  size_t extra_;
  std::vector<uint8_t> memory_;
  FileWindow window_;
};

/// libpcap turns the identifier of a CAN frame in a cooked capture of the other byte order.
bool may_hold_can(const CaptureFile& capture, const uint8_t* bytes, uint32_t length) {
  return capture.link_type == LinkType::linux_cooked_v1 && length >= 20 && bytes[14] == 0 &&
         (bytes[15] == 0x0c || bytes[15] == 0x0d);
}

void compare(const CaptureFile& capture, size_t extra) {
  const std::vector<uint8_t> file = contents(capture);
  Windows windows(file, extra);
  CaptureRecords records;
  char error[PCAP_ERRBUF_SIZE];
  pcap_t* pcap = pcap_open_offline(capture.file.path().c_str(), error);
  TAPSTAT_ASSERT(pcap != nullptr);
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  for (uint64_t i = 0; i < capture.packets; ++i) {
    TAPSTAT_ASSERT(pcap_next_ex(pcap, &header, &bytes) == 1);
    CaptureRecords::Step step = records.next(windows.window());
    while (step == CaptureRecords::Step::missing) {
      TAPSTAT_ASSERT(records.missing().count <=
                     CaptureRecords::window_needed(capture.captured_length_max));
      TAPSTAT_ASSERT(windows.bring(records.missing()));
      step = records.next(windows.window());
    }
    TAPSTAT_ASSERT(step == CaptureRecords::Step::packet);
    const CaptureRecords::Packet& packet = records.packet();
    TAPSTAT_ASSERT(packet.length == header->caplen);
    TAPSTAT_ASSERT(static_cast<uint64_t>(packet.time.us) ==
                   static_cast<uint64_t>(header->ts.tv_sec) * 1'000'000 +
                       static_cast<uint64_t>(header->ts.tv_usec));
    if (!may_hold_can(capture, bytes, packet.length))
      TAPSTAT_ASSERT(packet.length == 0 || std::memcmp(packet.data, bytes, packet.length) == 0);
  }
  pcap_close(pcap);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t extra = size_t{data[0]} * data[0];
  const FileDescriptor file(memfd_create("fuzz", MFD_CLOEXEC));
  const auto length = static_cast<ssize_t>(size - 1);
  if (!file.is_open() || write(file.get(), data + 1, size - 1) != length) std::abort();
  if (tapstat::dataplane::detect_compression(file.get())) return 0;
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    CaptureOpenOptions options;
    options.mode = mode;
    const auto opened = open_capture(file.path(), options);
    if (opened) compare(*opened, extra);
  }
  return 0;
}
