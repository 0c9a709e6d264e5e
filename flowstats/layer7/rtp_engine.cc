#include "flowstats/layer7/rtp_engine.h"

#include <algorithm>
#include <memory>

namespace tapstat::flowstats::layer7 {

namespace {

constexpr uint16_t kLowPortMax = 1024;
constexpr uint32_t kMturnHeaderBytes = 12;  // with that of UDP
constexpr uint32_t kStreamsMax = 1000;      // of a direction and kind; beyond, it is no RTP
constexpr uint32_t kSinglesMax = 10;        // the same, of streams with one packet
constexpr size_t kRtpList = 0, kRtcpList = 1;

constexpr bool is_media(UdpType type) { return type == UdpType::first_rtp || type == UdpType::rtp; }

constexpr bool may_begin(UdpType type) { return type == UdpType::unknown || type == UdpType::dtls; }

constexpr uint8_t bit_of(MediaKind kind) { return static_cast<uint8_t>(kind); }

constexpr uint32_t behind_udp_header(uint32_t bytes) {
  return bytes > kUdpHeaderBytes ? bytes - kUdpHeaderBytes : 0;
}

}  // namespace

RtpEngine::RtpEngine(const Measurement& measurement)
    : mode_(measurement.mode),
      flows_(std::min(measurement.inspection.rtp_streams_max, RtpState::kNoFlow)),
      streams_(flows_.capacity()),
      links_(flows_.capacity()) {}

void RtpEngine::touch() {
  flows_.touch();
  streams_.touch();
  links_.touch();
}

bool RtpEngine::side_has_streams(const RtpState& state, size_t side) const {
  return state.flow != RtpState::kNoFlow && flows_[state.flow].halves[side].has_streams();
}

/// A direction that ceased to be RTP cannot become it again while its streams are kept. One of type
/// utp can still turn into dtls.
bool RtpEngine::is_over(const RtpState& state, UdpType type, size_t side) const {
  if (is_media(type)) return false;
  return (!may_begin(type) && type != UdpType::utp) || side_has_streams(state, side);
}

bool RtpEngine::idle(const RtpState& state, const std::array<UdpType, 2>& type, size_t side) const {
  if (state.is_barred != 0) return true;
  if (!is_over(state, type[side], side)) return false;
  // Its TTLs are reported with its streams when the other direction is RTP in the end.
  return !side_has_streams(state, side) || is_over(state, type[1 - side], 1 - side);
}

void RtpEngine::on_datagram(RtpState& state, std::array<UdpType, 2>& type,
                            const UdpDatagramView& datagram) {
  if (state.is_barred != 0) return;
  if (datagram.source_port <= kLowPortMax || datagram.destination_port <= kLowPortMax) {
    state.is_barred = 1;
    return;
  }
  count_ttl(state, datagram);
  UdpType& own = type[datagram.side];
  if (datagram.payload.size() < kMediaBytesMin) return;
  if (may_begin(own)) return begin(state, own, datagram);
  if (!is_media(own) || !side_has_streams(state, datagram.side)) return;
  follow(flows_[state.flow], own, datagram);
  if (is_over(state, own, datagram.side) && idle(state, type, datagram.side)) {
    end(state);
    state.is_barred = 1;
  }
}

void RtpEngine::count_ttl(RtpState& state, const UdpDatagramView& datagram) {
  const size_t side = datagram.side;
  if (state.flow == RtpState::kNoFlow) {
    state.count_ttl(side, datagram.ttl);
    return;
  }
  Half& half = flows_[state.flow].halves[side];
  half.ttl_sum += datagram.ttl;
  ++half.datagrams;
  half.ttl_max = std::max(half.ttl_max, datagram.ttl);
  half.ttl_min = std::min(half.ttl_min, datagram.ttl);
}

/// Takes an entry for the flow and moves what its state has counted there.
bool RtpEngine::open(RtpState& state, const UdpDatagramView& datagram) {
  if (state.flow != RtpState::kNoFlow) return true;
  const uint32_t entry = flows_.take();
  if (entry == kNoEntry) {
    ++refused_;
    return false;
  }
  Flow* flow = std::construct_at(&flows_[entry]);
  for (const size_t side : {kClient, kServer}) {
    Half& half = flow->halves[side];
    half.ttl_sum = state.ttl_sum[side];
    half.ttl_max = state.ttl_max[side];
    half.ttl_min = state.ttl_min[side];
    half.datagrams = side == datagram.side ? datagram.packets_of_side
                                           : datagram.packets - datagram.packets_of_side;
    if ((state.dtls_seen >> side & 1) != 0) half.media_kinds = bit_of(MediaKind::dtls);
  }
  state.flow = entry & RtpState::kNoFlow;
  return true;
}

void RtpEngine::begin(RtpState& state, UdpType& type, const UdpDatagramView& datagram) {
  const MediaKind kind = media_kind(datagram.payload);
  if (type == UdpType::dtls && kind == MediaKind::dtls) {
    if (state.flow == RtpState::kNoFlow)
      state.dtls_seen |= 1U << datagram.side;
    else
      flows_[state.flow].halves[datagram.side].media_kinds |= bit_of(kind);
  }
  if (kind != MediaKind::rtp && kind != MediaKind::rtcp) return;
  if (side_has_streams(state, datagram.side) || !open(state, datagram)) return;
  Flow& flow = flows_[state.flow];
  if (kind == MediaKind::rtp)
    on_rtp(flow.halves[datagram.side], type, datagram);
  else
    on_rtcp(flow, type, datagram);
}

void RtpEngine::follow(Flow& flow, UdpType& type, const UdpDatagramView& datagram) {
  Half& half = flow.halves[datagram.side];
  const MediaKind kind = media_kind(datagram.payload);
  if (kind == MediaKind::rtp) return on_rtp(half, type, datagram);
  if (kind == MediaKind::rtcp) return on_rtcp(flow, type, datagram);
  const bool is_misfit = kind == MediaKind::mturn && type == UdpType::first_rtp &&
                         datagram.payload.u16(2) + kMturnHeaderBytes != datagram.udp_length;
  if (kind == MediaKind::unknown || is_misfit)
    type = UdpType::unknown;
  else
    half.media_kinds |= bit_of(kind);
}

void RtpEngine::on_rtp(Half& half, UdpType& type, const UdpDatagramView& datagram) {
  const RtpHeader packet =
      read_rtp(datagram.payload, behind_udp_header(datagram.udp_length), mode_);
  List& list = half.lists[kRtpList];
  uint32_t entry = find(list, packet.ssrc);
  if (entry == kNoEntry) {
    // Tstat marks the kind neither with the direction's first packet nor with a new source of a
    // direction that is RTP already.
    if (type == UdpType::first_rtp) half.media_kinds |= bit_of(MediaKind::rtp);
    entry = add(list, packet.ssrc, MediaStream::of_rtp(packet, datagram.time));
    if (entry == kNoEntry) return;
    if (may_begin(type)) type = UdpType::first_rtp;
    if (list.size > kStreamsMax || list.singles > kSinglesMax) type = UdpType::unknown;
  } else {
    const MediaStream& stream = streams_[entry];
    const auto expected = static_cast<uint16_t>(stream.first_seq + stream.packets);
    if (type == UdpType::first_rtp && packet.seq != expected) return;
    type = UdpType::rtp;
    half.media_kinds |= bit_of(MediaKind::rtp);
    if (stream.packets == 1) --list.singles;
  }
  streams_[entry].add(packet, datagram.time, mode_);
}

void RtpEngine::on_rtcp(Flow& flow, UdpType& type, const UdpDatagramView& datagram) {
  Half& half = flow.halves[datagram.side];
  const RtcpPacket packet = read_rtcp(datagram.payload, mode_);
  if (is_media(type)) half.media_kinds |= bit_of(MediaKind::rtcp);
  List& list = half.lists[kRtcpList];
  uint32_t entry = find(list, packet.ssrc);
  if (entry == kNoEntry) {
    entry = add(list, packet.ssrc, MediaStream::of_rtcp(datagram.time));
    if (entry == kNoEntry) return;
    if (may_begin(type)) type = UdpType::first_rtp;
    if (list.size > kStreamsMax || list.singles > kSinglesMax) type = UdpType::unknown;
  } else {
    type = UdpType::rtp;
    if (streams_[entry].packets == 1) --list.singles;
  }
  count_rtcp(flow, datagram, entry, packet);
}

/// A report block that answers a sender report of the other direction gives the time from here to
/// the reporter and back.
void RtpEngine::count_rtcp(Flow& flow, const UdpDatagramView& datagram, uint32_t entry,
                           const RtcpPacket& packet) {
  MediaStream& stream = streams_[entry];
  // The two differ in the first fragment of a packet.
  const uint32_t bytes = mode_ == Mode::tstat ? behind_udp_header(datagram.ip_payload_length)
                                              : behind_udp_header(datagram.udp_length);
  stream.add(packet, bytes, datagram.time, mode_);
  if (packet.has_sender) links_[entry].sender_id = packet.sender_id;
  if (!packet.has_block || packet.last_sender_id == 0) return;
  uint32_t sender = flow.halves[1 - datagram.side].lists[kRtcpList].newest;
  while (sender != kNoEntry && links_[sender].sender_id != packet.last_sender_id)
    sender = links_[sender].next;
  if (sender != kNoEntry)
    stream.rtcp()->add_round_trip(streams_[sender].rtcp()->sender_time, datagram.time,
                                  packet.delay);
}

uint32_t RtpEngine::find(List& list, uint32_t ssrc) const {
  if (list.latest != kNoEntry && links_[list.latest].ssrc == ssrc) return list.latest;
  uint32_t entry = list.newest;
  while (entry != kNoEntry && links_[entry].ssrc != ssrc) entry = links_[entry].next;
  if (entry != kNoEntry) list.latest = entry;
  return entry;
}

uint32_t RtpEngine::add(List& list, uint32_t ssrc, const MediaStream& stream) {
  const uint32_t entry = streams_.take();
  if (entry == kNoEntry) {
    ++refused_;
    return kNoEntry;
  }
  std::construct_at(&streams_[entry], stream);
  links_[entry] = {ssrc, list.newest, 0};
  list.newest = list.latest = entry;
  ++list.size;
  ++list.singles;
  return entry;
}

RtpSummary RtpEngine::summary(const Flow& flow, size_t side, uint32_t entry,
                              const std::array<UdpType, 2>& final_types) const {
  RtpSummary summary = summary_of(streams_[entry], mode_);
  const Half& half = flow.halves[side];
  summary.side = static_cast<uint8_t>(side);
  summary.type = final_types;
  summary.media_kinds = {flow.halves[kClient].media_kinds, flow.halves[kServer].media_kinds};
  summary.ttl = {static_cast<double>(half.ttl_sum) / static_cast<double>(half.datagrams),
                 static_cast<double>(half.ttl_max), static_cast<double>(half.ttl_min)};
  summary.ssrc = links_[entry].ssrc;
  return summary;
}

void RtpEngine::end(RtpState& state) {
  if (state.flow == RtpState::kNoFlow) return;
  for (const Half& half : flows_[state.flow].halves)
    for (const List& list : half.lists)
      for (uint32_t entry = list.newest; entry != kNoEntry;) {
        const uint32_t next = links_[entry].next;
        streams_.give_back(entry);
        entry = next;
      }
  flows_.give_back(state.flow);
  state.flow = RtpState::kNoFlow;
}

}  // namespace tapstat::flowstats::layer7
