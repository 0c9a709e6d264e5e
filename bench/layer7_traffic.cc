#include "bench/layer7_traffic.h"

#include <algorithm>
#include <cstring>

#include "bench/layer7_scripts.h"
#include "bench/steady_traffic.h"

namespace tapstat::bench {
namespace {

/// Both sides say that they have finished; then the last acknowledgment.
const std::array<FlowScript::Line, 3> kClosing = {FlowScript::Line{0, kFin | kAck, 0, {}},
                                                  FlowScript::Line{1, kFin | kAck, 0, {}},
                                                  FlowScript::Line{0, kAck, 0, {}}};

/// Which script the flows of a mix have in turn.
std::vector<FlowScript (*)()> turns_of(Layer7Mix mix) {
  using namespace script;
  if (mix == Layer7Mix::tls) return {tls12, tls13};
  return {tls13, dns, http, tls12, tls13, unknown_tcp, dns, tls13, quic, tls12,
          tls13, dns, quic, tls13, http,  tls12,       dns, tls13, quic, unknown_udp};
}

}  // namespace

void FrameStore::add(const FlowIdentity& identity, const PlannedPacket& packet,
                     std::span<const uint8_t> payload) {
  constexpr size_t kAlignment = 64;
  ++time_us_;
  const size_t headers = encode_frame(identity, packet, time_us_, frame_) - packet.payload;
  uint8_t* const at = bytes_.data() + used_;
  std::memcpy(at, frame_.data(), headers);
  if (!payload.empty()) std::memcpy(at + headers, payload.data(), payload.size());
  const size_t captured = headers + payload.size();
  frames_.push_back({at, static_cast<uint32_t>(captured), time_us_});
  used_ += (captured + kAlignment - 1) / kAlignment * kAlignment;
}

Layer7Traffic::Layer7Traffic(Layer7Mix mix, uint32_t flows)
    : flows_(flows), block_((kBlock + 1) * kFrameBytesMax) {
  const auto turns = turns_of(mix);
  for (const auto make : turns) scripts_.push_back(std::make_unique<FlowScript>(make()));
  for (uint32_t i = 0; i < flows; ++i) {
    Flow& flow = flows_[i];
    flow.script = scripts_[i % scripts_.size()].get();
    flow.identity = numbered_flow(i);
    flow.identity.udp = flow.script->udp;
    flow.identity.port[1] = flow.script->server_port;
    if (!flow.script->round.empty()) talking_.push_back(i);
  }
}

const FlowScript::Line& Layer7Traffic::next_line(const Flow& flow) {
  const FlowScript& script = *flow.script;
  const size_t opening = script.opening.size();
  return flow.packets < opening ? script.opening[flow.packets]
                                : script.round[(flow.packets - opening) % script.round.size()];
}

void Layer7Traffic::send(Flow& flow, const FlowScript::Line& line, FrameStore& to) {
  PlannedPacket packet;
  packet.side = line.side;
  packet.flags = line.flags;
  packet.payload = line.length;
  packet.ip_id = static_cast<uint16_t>(flow.packets);
  packet.seq_offset = flow.sent[line.side];
  packet.ack_offset = flow.sent[1 - line.side];
  to.add(flow.identity, packet, line.payload);
  ++flow.packets;
  flow.sent[line.side] += line.length + ((line.flags & (kSyn | kFin)) != 0 ? 1 : 0);
}

std::span<const FrameInMemory> Layer7Traffic::open() {
  block_.clear();
  for (; block_.frames().size() + kFirstPackets <= kBlock && opened_ < flows_.size(); ++opened_) {
    Flow& flow = flows_[opened_];
    while (flow.packets < kFirstPackets && !is_silent(flow)) send(flow, next_line(flow), block_);
  }
  return block_.frames();
}

std::span<const FrameInMemory> Layer7Traffic::fill() {
  block_.clear();
  while (block_.frames().size() < kBlock) {
    Flow& flow = flows_[talking_[random_.below(static_cast<uint32_t>(talking_.size()))]];
    send(flow, next_line(flow), block_);
  }
  return block_.frames();
}

/// True when that was the flow's last packet.
bool Layer7Traffic::send_next(Flow& flow, uint32_t packets, FrameStore& to) {
  const bool closes = !flow.script->udp && flow.packets >= packets;
  send(flow, closes ? kClosing[flow.packets - packets] : next_line(flow), to);
  return is_silent(flow) ||
         flow.packets == (flow.script->udp ? packets : packets + kClosing.size());
}

FrameStore Layer7Traffic::whole(uint32_t concurrency, uint32_t packets) {
  FrameStore capture(flows_.size() * (packets + kClosing.size()) * 512);
  std::vector<uint32_t> open;
  uint32_t next = 0;
  const auto size = static_cast<uint32_t>(flows_.size());
  for (; next < std::min(concurrency, size); ++next) open.push_back(next);
  while (!open.empty() && capture.has_room()) {
    uint32_t& turn = open[random_.below(static_cast<uint32_t>(open.size()))];
    if (!send_next(flows_[turn], packets, capture)) continue;
    if (next < size) {
      turn = next++;
    } else {
      turn = open.back();
      open.pop_back();
    }
  }
  return capture;
}

}  // namespace tapstat::bench
