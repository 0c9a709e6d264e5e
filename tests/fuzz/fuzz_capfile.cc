/// A whole capture file: refused with a sentence, or as many packets as were counted, no more than
/// fit it.
///
/// The input is the file; it is given to open_capture() by the name of an anonymous file in memory.
/// Files that would be unpacked are left out: their size is not bounded by the input's.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <pcap/pcap.h>

#include "dataplane/capture_file.h"
#include "dataplane/capture_unpack.h"
#include "flowstats/base/check.h"

using tapstat::dataplane::CaptureFile;
using tapstat::dataplane::CaptureOpenOptions;
using tapstat::dataplane::FileDescriptor;
using tapstat::flowstats::ExitStatus;
using tapstat::flowstats::Mode;

namespace {

void check_capture(const CaptureFile& capture, size_t size) {
  TAPSTAT_ASSERT(capture.packets <= size / 16);
  TAPSTAT_ASSERT(capture.snapped_packets <= capture.packets);
  TAPSTAT_ASSERT(capture.first.has_value() == (capture.packets > 0));
  char error[PCAP_ERRBUF_SIZE];
  pcap_t* pcap = pcap_open_offline(capture.file.path().c_str(), error);
  TAPSTAT_ASSERT(pcap != nullptr);
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  for (uint64_t i = 0; i < capture.packets; ++i)
    TAPSTAT_ASSERT(pcap_next_ex(pcap, &header, &bytes) == 1);
  pcap_close(pcap);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const FileDescriptor file(memfd_create("fuzz", MFD_CLOEXEC));
  if (!file.is_open() || write(file.get(), data, size) != static_cast<ssize_t>(size)) std::abort();
  if (tapstat::dataplane::detect_compression(file.get())) return 0;
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    CaptureOpenOptions options;
    options.mode = mode;
    const auto opened = open_capture(file.path(), options);
    if (opened) {
      check_capture(*opened, size);
    } else {
      TAPSTAT_ASSERT(opened.error().status == ExitStatus::input_unreadable);
      TAPSTAT_ASSERT(!opened.error().sentence.empty());
    }
  }
  return 0;
}
