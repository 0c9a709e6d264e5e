#include "control/split/capture_merge.h"

#include <algorithm>
#include <functional>

#include "control/number_text.h"
#include "dataplane/capture_name.h"

namespace tapstat::control::splitting {

using dataplane::CaptureStream;
using flowstats::Result;

namespace {
constexpr size_t kHeldBytesMin = size_t{64} << 10;  // of one capture
}

CaptureMerge::CaptureMerge(const InputFiles& inputs, size_t memory_bytes)
    : inputs_(inputs.files),
      memory_bytes_(std::max(kHeldBytesMin, memory_bytes / std::max<size_t>(1, inputs.open_peak))) {
}

/// Until the earliest packet of the capture is known, or it is at its end.
void CaptureMerge::read_on(uint32_t source) {
  Reader& reader = *readers_[source];
  bool is_open = true;
  while (is_open && !reader.waiting.is_ready()) {
    const CaptureStream::Step step = reader.stream.next();
    if (step == CaptureStream::Step::packet) {
      const dataplane::StreamPacket& found = reader.stream.packet();
      reader.waiting.push(make_packet(found.time_ns, found.wire_length, found.bytes, source));
      ++reader.packets;
      continue;
    }
    reader.waiting.end();
    is_open = false;
  }
  if (!reader.waiting.empty()) {
    heads_.push_back({reader.waiting.earliest_ns(), source});
    std::push_heap(heads_.begin(), heads_.end(), std::greater<>());
    return;
  }
  const dataplane::CaptureFile& capture = inputs_[source].capture;
  if (reader.packets < capture.packets)
    faults_.push_back(dataplane::quoted(capture.name) + " has changed since it was opened: only " +
                      grouped(reader.packets) + " of " + grouped(capture.packets) +
                      " packets could be read.");
  readers_[source].reset();
}

Result<void> CaptureMerge::open_what_begins() {
  while (opened_ < inputs_.size()) {
    const InputFile& input = inputs_[opened_];
    const int64_t begins_ns = input.range().first_ns - DisorderHeap::kDisorderNs;
    if (!heads_.empty() && begins_ns > heads_.front().time_ns) break;
    auto stream = input.open();
    if (!stream) return tl::make_unexpected(stream.error());
    readers_.push_back(std::make_unique<Reader>(std::move(*stream), memory_bytes_));
    read_on(static_cast<uint32_t>(opened_++));
  }
  return {};
}

Result<std::optional<Packet>> CaptureMerge::next() {
  if (const auto opened = open_what_begins(); !opened) return tl::make_unexpected(opened.error());
  if (heads_.empty()) return std::nullopt;
  const uint32_t source = heads_.front().source;
  std::pop_heap(heads_.begin(), heads_.end(), std::greater<>());
  heads_.pop_back();
  Packet packet = readers_[source]->waiting.pop();
  packet.is_late |= packet.time_ns < latest_ns_;  // of another capture, too
  latest_ns_ = std::max(latest_ns_, packet.time_ns);
  read_on(source);
  return packet;
}

}  // namespace tapstat::control::splitting
