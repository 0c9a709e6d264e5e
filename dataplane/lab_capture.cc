#include "dataplane/lab_capture.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "dataplane/capture_name.h"
#include "dataplane/frame_path.h"
#include "dataplane/pcap_handle.h"
#include "dataplane/tuple_map.h"

namespace tapstat::dataplane {

using flowstats::Counter;
using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::FiveTuple;
using flowstats::IpVersion;
using flowstats::Result;
using flowstats::Segment;
using flowstats::Timestamp;

namespace {

constexpr flowstats::Duration kPassGap = flowstats::seconds(1);

/// Sender's and receiver's addresses as they stand in an IP header.
struct AddressBytes {
  std::array<uint8_t, 32> bytes{};
  size_t size = 0;  // of both
};

AddressBytes addresses_of(const Segment& s) {
  AddressBytes out;
  const auto put = [&](uint64_t word, int octets) {
    while (octets > 0) out.bytes[out.size++] = static_cast<uint8_t>(word >> (8 * --octets));
  };
  for (const flowstats::Direction d : {s.direction, opposite(s.direction)}) {
    const flowstats::IpAddress address = s.tuple.sender(d).address;
    if (s.tuple.ip_version == IpVersion::v6) put(address.high, 8);
    put(address.low, s.tuple.ip_version == IpVersion::v6 ? 8 : 4);
  }
  return out;
}

/// Where the addresses of the parsed header are: the place whose change changes what the parser
/// finds, which tells the inner header of a tunnel from the outer. 0 when there is none.
uint16_t find_addresses(const ParseRules& rules, std::vector<uint8_t> frame,
                        const AddressBytes& wanted, const FiveTuple& tuple) {
  auto at = frame.begin();
  for (;; ++at) {
    at = std::search(at, frame.end(), wanted.bytes.begin(),
                     wanted.bytes.begin() + static_cast<std::ptrdiff_t>(wanted.size));
    if (at == frame.end()) return 0;
    uint8_t& low_byte = *(at + static_cast<std::ptrdiff_t>(wanted.size / 2 - 1));
    low_byte ^= 0xff;
    Segment changed;
    bool is_ip = false;
    const Counter outcome = parse(rules, {frame.data(), frame.size()},
                                  static_cast<uint32_t>(frame.size()), changed, is_ip);
    low_byte ^= 0xff;
    if (outcome == Counter::analysed_packets && changed.tuple != tuple)
      return static_cast<uint16_t>(at - frame.begin());
  }
}

}  // namespace

Result<LabCapture> LabCapture::load(const std::vector<CaptureFile>& captures, uint16_t snap,
                                    const flowstats::Measurement& rules) {
  LabCapture lab;
  lab.link_type_ = captures.empty() ? LinkType::ethernet : captures.front().link_type;
  for (const CaptureFile& capture : captures) {
    if (capture.link_type != lab.link_type_)
      return fail(ExitStatus::input_unreadable,
                  quoted(captures.front().name) + " and " + quoted(capture.name) +
                      " have different link types; measure with them one after the other.");
    if (auto done = lab.read(capture, snap); !done) return tl::make_unexpected(done.error());
  }
  lab.locate_flows({rules.mode, lab.link_type_, rules.hash_seed});
  lab.sum_up();
  lab.find_busy_part(rules);
  if (lab.facts_.tcp_flows == 0)
    return fail(ExitStatus::input_unreadable,
                lab.facts_.tcp_segments == 0
                    ? "there is no TCP in the captures, so there is nothing to measure with."
                    : "no TCP connection begins in the captures (no SYN), so there is nothing to "
                      "measure with.");
  return lab;
}

LabCapture LabCapture::made_of(LinkType link_type, std::vector<uint8_t> bytes,
                               std::vector<LabPacket> packets) {
  LabCapture made;
  made.link_type_ = link_type;
  made.bytes_ = std::move(bytes);
  made.packets_ = std::move(packets);
  made.sum_up();
  made.facts_.busy_end = made.facts_.packets;
  return made;
}

Result<void> LabCapture::read(const CaptureFile& capture, uint16_t snap) {
  std::array<char, PCAP_ERRBUF_SIZE> error{};
  const PcapHandle pcap(pcap_open_offline(capture.file.path().c_str(), error.data()));
  if (pcap == nullptr)
    return fail(ExitStatus::input_unreadable,
                quoted(capture.name) + " can no longer be read (" + error.data() + ").");
  packets_.reserve(packets_.size() + capture.packets);
  bytes_.reserve(bytes_.size() +
                 capture.packets * std::min<uint64_t>(snap, capture.captured_length_max));
  pcap_pkthdr* header = nullptr;
  const u_char* frame = nullptr;
  for (uint64_t i = 0; i < capture.packets && pcap_next_ex(pcap.get(), &header, &frame) == 1; ++i) {
    LabPacket packet;
    packet.bytes_at = bytes_.size();
    packet.time_us = int64_t{header->ts.tv_sec} * 1'000'000 + header->ts.tv_usec;
    packet.wire_length = std::max(header->len, header->caplen);
    packet.captured_length = static_cast<uint16_t>(std::min<uint32_t>(header->caplen, snap));
    bytes_.insert(bytes_.end(), frame, frame + packet.captured_length);
    packets_.push_back(packet);
  }
  return {};
}

/// Addresses, directions, first and last packets; leaves out what cannot be rewritten.
void LabCapture::locate_flows(const ParseRules& rules) {
  TupleMap<size_t> last_packet;
  const auto left_out = [&](LabPacket& packet) {
    Segment s;
    bool is_ip = false;
    const std::vector<uint8_t> frame(bytes_of(packet), bytes_of(packet) + packet.captured_length);
    if (parse(rules, {frame.data(), frame.size()}, packet.captured_length, s, is_ip) !=
        Counter::analysed_packets)
      return false;
    const AddressBytes wanted = addresses_of(s);
    packet.addresses_at = find_addresses(rules, frame, wanted, s.tuple);
    packet.address_size = static_cast<uint8_t>(wanted.size / 2);
    packet.from_b = s.direction == flowstats::Direction::from_b;
    if (packet.addresses_at == 0) return true;
    facts_.tcp_segments += s.tuple.protocol == flowstats::kProtocolTcp ? 1 : 0;
    const auto index = static_cast<size_t>(&packet - packets_.data()) - facts_.left_out;
    const auto [known, is_first] = last_packet.try_emplace(s.tuple, index);
    packet.first_of_flow = is_first;
    known->second = index;
    return false;
  };
  size_t kept = 0;
  for (LabPacket& packet : packets_) {
    if (left_out(packet))
      ++facts_.left_out;
    else
      packets_[kept++] = packet;
  }
  packets_.resize(kept);
  for (const auto& [tuple, last] : last_packet) packets_[last].last_of_flow = true;
}

void LabCapture::sum_up() {
  uint64_t live = 0;
  Timestamp first{INT64_MAX}, last = flowstats::kNever;
  for (const LabPacket& packet : packets_) {
    facts_.wire_bytes += packet.wire_length;
    captured_length_max_ = std::max(captured_length_max_, packet.captured_length);
    first = std::min(first, Timestamp{packet.time_us});
    last = std::max(last, Timestamp{packet.time_us});
    facts_.tuples += packet.first_of_flow ? 1 : 0;
    live += packet.first_of_flow ? 1 : 0;
    facts_.tuples_live_max = std::max(facts_.tuples_live_max, live);
    live -= packet.last_of_flow ? 1 : 0;
  }
  facts_.packets = packets_.size();
  if (!packets_.empty()) pass_length_ = {(last - first).us + kPassGap.us};
}

void LabCapture::find_busy_part(const flowstats::Measurement& rules) {
  flowstats::Measurement measurement = rules;
  // A connection that uses a five-tuple again may be open while the one before it lingers.
  measurement.limits.tcp_flows_max =
      static_cast<uint32_t>(std::min<uint64_t>(2 * facts_.tuples + 64, 1U << 31));
  measurement.limits.slot_search_max = measurement.limits.tcp_flows_max;
  FramePath path(measurement, link_type_);
  std::vector<flowstats::TcpRecord> drained(64);
  std::vector<uint64_t> open_after;  // each burst
  std::array<FrameInMemory, kFramesPerBurst> burst;
  for (size_t at = 0; at < packets_.size(); at += kFramesPerBurst) {
    const size_t count = std::min(kFramesPerBurst, packets_.size() - at);
    for (size_t i = 0; i < count; ++i) {
      const LabPacket& p = packets_[at + i];
      burst[i] = {bytes_of(p), p.captured_length, p.time_us};
    }
    path.process({burst.data(), count});
    while (path.drain(drained) > 0) {
    }
    open_after.push_back(path.flows_open());
  }
  facts_.tcp_flows = path.counters().get(Counter::flows_created);
  if (open_after.empty()) return;
  facts_.flows_open_max = *std::max_element(open_after.begin(), open_after.end());
  const auto busy = [&](uint64_t open) { return 5 * open >= 4 * facts_.flows_open_max; };
  const auto begin = std::find_if(open_after.begin(), open_after.end(), busy);
  const auto end = std::find_if(open_after.rbegin(), open_after.rend(), busy).base();
  facts_.busy_begin = kFramesPerBurst * static_cast<uint64_t>(begin - open_after.begin());
  facts_.busy_end = std::min<uint64_t>(
      kFramesPerBurst * static_cast<uint64_t>(end - open_after.begin()), packets_.size());
}

}  // namespace tapstat::dataplane
