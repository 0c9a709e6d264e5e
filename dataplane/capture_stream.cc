#include "dataplane/capture_stream.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "dataplane/capture_name.h"

namespace tapstat::dataplane {

using flowstats::ByteRange;
using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

namespace {

constexpr size_t kFileBuffer = size_t{1} << 18;

PcapHandle dead_handle(const CaptureForm& form) {
  const unsigned precision =
      form.has_nanoseconds ? PCAP_TSTAMP_PRECISION_NANO : PCAP_TSTAMP_PRECISION_MICRO;
  return PcapHandle(pcap_open_dead_with_tstamp_precision(
      form.dlt, static_cast<int>(form.snap_length), precision));
}

}  // namespace

Result<CaptureStream> CaptureStream::open(const std::string& path, const std::string& name,
                                          LinkType link_type) {
  const auto refuse = [&](const char* reason) {
    return fail(ExitStatus::input_unreadable,
                "cannot read capture " + quoted(std::filesystem::path(name)) + ": " + reason + ".");
  };
  CaptureStream stream;
  stream.buffer_ = std::make_unique<char[]>(kFileBuffer);
  FILE* file = fopen(path.c_str(), "rbe");
  if (file == nullptr) return refuse(std::strerror(errno));
  setvbuf(file, stream.buffer_.get(), _IOFBF, kFileBuffer);
  char error[PCAP_ERRBUF_SIZE] = "";
  stream.pcap_.reset(
      pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, error));
  if (stream.pcap_ == nullptr) {
    static_cast<void>(fclose(file));
    return refuse(error);
  }
  stream.dlt_ = pcap_datalink(stream.pcap_.get());
  stream.is_mixed_ = link_type == LinkType::mixed;
  return stream;
}

CaptureStream::Step CaptureStream::next() {
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  const int state = pcap_next_ex(pcap_.get(), &header, &bytes);
  if (state != 1) return state == PCAP_ERROR_BREAK ? Step::end : Step::damaged;
  // The precision asked for: what libpcap calls microseconds are nanoseconds.
  const int64_t time_ns = int64_t{header->ts.tv_sec} * 1'000'000'000 + header->ts.tv_usec;
  packet_ = {time_ns, std::max(header->len, header->caplen), ByteRange(bytes, header->caplen)};
  if (is_mixed_) {
    if (!packet_.bytes.has(0, kMixedHeaderLength)) return Step::damaged;
    dlt_ = packet_.bytes.u16(0);
    packet_.bytes = packet_.bytes.from(kMixedHeaderLength);
    packet_.wire_length -= kMixedHeaderLength;
  }
  return Step::packet;
}

uint32_t CaptureStream::snap_length() const {
  return static_cast<uint32_t>(pcap_snapshot(pcap_.get()));
}

std::array<uint8_t, 24> capture_header(const CaptureForm& form) {
  // libpcap alone knows which number in a file stands for its own number of a link type.
  std::array<uint8_t, 24> header{};
  char* memory = nullptr;
  size_t size = 0;
  FILE* file = open_memstream(&memory, &size);
  TAPSTAT_ASSERT(file != nullptr);
  const PcapHandle pcap = dead_handle(form);
  pcap_dumper_t* const dumper = pcap_dump_fopen(pcap.get(), file);
  TAPSTAT_ASSERT(dumper != nullptr);
  pcap_dump_close(dumper);  // and the file
  TAPSTAT_ASSERT(size == header.size());
  std::memcpy(header.data(), memory, size);
  std::free(memory);
  return header;
}

Result<PacketFilter> PacketFilter::compile(const std::string& expression, const CaptureForm& form) {
  const PcapHandle pcap = dead_handle(form);
  auto program = std::make_unique<bpf_program>();
  if (pcap_compile(pcap.get(), program.get(), expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
    return fail(ExitStatus::usage,
                "--filter \"" + expression + "\": " + pcap_geterr(pcap.get()) + ".");
  PacketFilter filter;
  filter.program_.reset(program.release());
  return filter;
}

bool PacketFilter::accepts(uint32_t wire_length, ByteRange bytes) const {
  pcap_pkthdr header{};
  header.caplen = static_cast<bpf_u_int32>(bytes.size());
  header.len = wire_length;
  return pcap_offline_filter(program_.get(), &header, bytes.data()) != 0;
}

}  // namespace tapstat::dataplane
