/// DNS over TCP: any split of a stream into segments in order, some of them sent again, gives the
/// messages of the stream in one piece; segments in any order do no harm.
///
/// The first 16 bytes of the input are lengths of segments, used again and again; the rest is the
/// stream.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "flowstats/layer7/dns_stream.h"

namespace {

using tapstat::flowstats::ByteRange;
using tapstat::flowstats::layer7::DnsStream;

constexpr size_t kLengths = 16;

struct Receiver {
  Receiver() { stream->start(); }
  void segment(ByteRange all, size_t from, size_t to) {
    stream->on_segment(
        static_cast<uint32_t>(from), all.from(from).first(to - from), [this](ByteRange message) {
          messages.emplace_back(reinterpret_cast<const char*>(message.data()), message.size());
        });
  }
  std::unique_ptr<DnsStream> stream = std::make_unique<DnsStream>();
  std::vector<std::string> messages;
};

/// Short and long segments: up to 15 bytes, or up to 8000.
size_t length_of(uint8_t byte) { return byte < 128 ? 1 + byte % 16U : 1 + (byte - 128U) * 63; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size <= kLengths) return 0;
  const ByteRange all{data + kLengths, size - kLengths};
  Receiver whole, split, disordered;
  whole.segment(all, 0, all.size());
  size_t turn = 0;
  for (size_t at = 0; at < all.size();) {
    const uint8_t byte = data[turn++ % kLengths];
    const size_t end = std::min(all.size(), at + length_of(byte));
    const size_t again = byte % 3 == 0 ? std::min<size_t>(at, byte) : 0;
    split.segment(all, at - again, end);
    if (byte % 5 != 0) disordered.segment(all, at, end);
    at = end;
  }
  if (whole.messages != split.messages ||
      whole.stream->messages_too_long() != split.stream->messages_too_long())
    std::abort();
  // What was left out comes now; messages that were complete before stay the first ones.
  disordered.segment(all, 0, all.size());
  if (disordered.messages != whole.messages) std::abort();
  return 0;
}
