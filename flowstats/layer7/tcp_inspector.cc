#include "flowstats/layer7/tcp_inspector.h"

#include <new>
#include <optional>

#include "flowstats/base/check.h"
#include "flowstats/layer7/kind.h"
#include "flowstats/layer7/p2p_signatures.h"
#include "flowstats/layer7/tcp_words.h"
#include "flowstats/wire/segment.h"

namespace tapstat::flowstats::layer7 {
namespace {

/// corrected mode: a handshake with long certificates takes more.
constexpr uint32_t kTlsPacketsMax = 200;
/// The last packet that is searched for words of peer-to-peer programs, but for ED2K flows.
constexpr uint32_t kPeerToPeerPacketsMax = 51;
/// tstat mode: a handshake without an answer is given up with the first payload behind this packet.
constexpr uint32_t kTlsAnswerPacketsMax = 10;

/// Guesses, which a protocol that names itself replaces.
constexpr uint32_t kGuesses = connection::kObfuscatedEd2k | connection::kMse;

void set_protocol(TcpInspection& flow, uint32_t bits) {
  if (bits != 0) flow.connection_type = (flow.connection_type & ~kGuesses) | bits;
}

}  // namespace

TcpInspector::TcpInspector(const Measurement& measurement)
    : mode_(measurement.mode),
      settings_(measurement.inspection),
      inspections_(settings_.tcp_flows_max),
      followers_(settings_.tcp_flows_max),
      buffers_(settings_.hello_buffers_max) {}

uint32_t TcpInspector::begin() {
  const uint32_t flow = inspections_.take();
  if (flow != kNoEntry) ::new (static_cast<void*>(&inspections_[flow])) TcpInspection;
  return flow;
}

/// Tstat counts a message again that is sent again.
TcpEffect TcpInspector::follow_http(TcpInspection& flow, const TcpSegmentView& view) {
  ByteRange payload = view.payload;
  bool in_head = view.side == kClient && flow.http.in_head();
  if (in_head) {
    const auto place = head_stream(flow).accept(view.offset, view.payload, buffers_, payload);
    if (place == TlsStream::Place::in_order && payload.empty()) return {};
    if (place != TlsStream::Place::in_order) {
      payload = view.payload;
      const bool is_request = begins_http_request(payload, mode_);
      if (place == TlsStream::Place::waits && !is_request)
        return {HttpPart::request_rest, HttpField::none};
      leave_head(flow);
      in_head = false;
    }
  }
  MessageStarts& starts = flow.messages[view.side];
  if (mode_ == Mode::corrected && !in_head && starts.has(view.offset)) return {};
  const HttpFollower::Seen seen = flow.http.on_segment(view.side, payload, mode_);
  if (seen.part == HttpPart::request || seen.part == HttpPart::response) starts.note(view.offset);
  if (view.side == kClient && (in_head || flow.http.in_head())) read_head(flow, view);
  return {seen.part, seen.continued};
}

/// Behind a segment that begins or continues a request's header part: what came before its turn.
/// What a flow that may be TLS kept for that is there, too.
void TcpInspector::read_head(TcpInspection& flow, const TcpSegmentView& view) {
  const bool is_cut = view.payload.size() < static_cast<size_t>(view.length);
  const bool in_tls = flow.is_open(TcpInspection::kTls);
  if (is_cut || in_tls) flow.http.leave_head();
  if (in_tls || (!flow.http.in_head() && flow.tls == kNoEntry)) return;
  TlsStream& stream = head_stream(flow);
  const uint32_t end = view.offset + static_cast<uint32_t>(view.payload.size());
  if (stream.expected() != end) {
    ByteRange already_read;
    stream.begin(view.offset, buffers_);
    static_cast<void>(stream.accept(view.offset, view.payload, buffers_, already_read));
  }
  while (flow.http.in_head()) {
    const ByteRange next = stream.next_waiting(buffers_);
    if (next.empty()) return;
    flow.http.read_head(next);
  }
  stream.close(buffers_);
}

void TcpInspector::leave_head(TcpInspection& flow) {
  if (!flow.http.in_head()) return;
  flow.http.leave_head();
  head_stream(flow).close(buffers_);
}

TcpEffect TcpInspector::on_segment(uint32_t flow, const TcpSegmentView& view) {
  TcpInspection& inspection = inspections_[flow];
  TcpEffect effect;
  if (inspection.is_open(TcpInspection::kHttp) && view.length > 0)
    effect = follow_http(inspection, view);
  if ((inspection.open & ~TcpInspection::kHttp) == 0) return effect;
  const bool mse_alone = (inspection.open & ~TcpInspection::kHttp) == TcpInspection::kMse;
  if (mse_alone && !inspection.heuristics.learns_from(view)) return effect;
  constexpr auto kBySizes = TcpInspection::kProtocol | TcpInspection::kMse;
  if ((inspection.open & kBySizes) != 0) inspection.heuristics.note(view, settings_);
  if (mode_ == Mode::tstat) {
    inspect_as_tstat(inspection, view);
  } else {
    inspect_corrected(inspection, view);
  }
  close_what_is_settled(inspection, view.packets);
  return effect;
}

void TcpInspector::inspect_as_tstat(TcpInspection& flow, const TcpSegmentView& view) {
  if (view.length > 0) {
    test_peer_to_peer(flow, view);
    if (flow.is_open(TcpInspection::kProtocol)) test_sizes(flow, view);
  }
  test_mse(flow, view);
  if (view.length <= 0 || !flow.is_open(TcpInspection::kProtocol)) return;
  if (flow.is_open(TcpInspection::kTls)) {
    if (view.payload.size() >= kWordSegmentMin) follow_tls(flow, view);
  } else {
    run_states(flow, view);
  }
  if (view.packets > kPacketsMax) end_protocol(flow);
}

/// Words first: what names itself is no matter of sizes.
void TcpInspector::inspect_corrected(TcpInspection& flow, const TcpSegmentView& view) {
  const auto named_beside = [&flow](uint32_t bits) {
    return (flow.connection_type & ~(kGuesses | bits)) != 0;
  };
  if (view.length > 0) {
    if (flow.is_open(TcpInspection::kProtocol)) gather_evidence(flow, view);
    // A tracker of BitTorrent speaks HTTP.
    if (!named_beside(connection::kHttp | connection::kP2p)) test_peer_to_peer(flow, view);
    if (flow.is_open(TcpInspection::kProtocol) && !named_beside(connection::kRtmp)) {
      test_sizes(flow, view);
    }
    const bool between_peers =
        flow.p2p.type == kP2pEd2k || (flow.p2p.type == kP2pBitTorrent && flow.p2p.subtype == 0);
    if (between_peers || (flow.connection_type & connection::kRtmp) != 0) end_protocol(flow);
  }
  test_mse(flow, view);
  const uint32_t packets_max = flow.is_open(TcpInspection::kTls) ? kTlsPacketsMax : kPacketsMax;
  if (view.length > 0 && view.packets > packets_max) end_protocol(flow);
}

void TcpInspector::test_peer_to_peer(TcpInspection& flow, const TcpSegmentView& view) const {
  if (!flow.is_open(TcpInspection::kPeerToPeer)) return;
  if (mode_ == Mode::tstat && view.length < kP2pLengthMin) return;
  const bool is_ed2k = flow.p2p.type == kP2pEd2k;
  if (view.packets > kPeerToPeerPacketsMax && !is_ed2k) return;
  if (count_ed2k_messages(flow, view)) {
    set_protocol(flow, connection::kP2p);
    return;
  }
  if (is_ed2k && view.packets > kPeerToPeerPacketsMax) return;
  const std::optional<uint8_t> subtype = bittorrent_subtype(view.payload);
  if (!subtype.has_value()) return;
  flow.p2p.type = kP2pBitTorrent;
  flow.p2p.subtype = *subtype;
  set_protocol(flow, connection::kP2p);
}

/// True when the segment belongs to messages of ED2K.
bool TcpInspector::count_ed2k_messages(TcpInspection& flow, const TcpSegmentView& view) const {
  if (mode_ == Mode::corrected) return flow.ed2k.on_segment(view, flow.p2p);
  const auto message = tstat_ed2k_message(view.payload, view.length);
  if (message.has_value()) count_ed2k(flow.p2p, *message);
  return message.has_value();
}

void TcpInspector::test_sizes(TcpInspection& flow, const TcpSegmentView& view) const {
  if (flow.heuristics.is_rtmp(mode_)) {
    flow.connection_type |= connection::kRtmp;
  } else {
    flow.connection_type &= ~connection::kRtmp;
  }
  if (flow.heuristics.answers_obfuscated_ed2k(view, mode_)) {
    // Anything encrypted may look like MSE.
    if (mode_ == Mode::corrected) flow.connection_type &= ~connection::kMse;
    flow.connection_type |= connection::kObfuscatedEd2k;
  }
}

void TcpInspector::test_mse(TcpInspection& flow, const TcpSegmentView& view) const {
  if (flow.connection_type != 0 || !flow.heuristics.mse_may_have_changed()) return;
  if (view.length <= 0 && (view.flags & tcp_flag::kFin) == 0) return;
  if (flow.heuristics.is_mse(settings_.entropy_threshold)) {
    flow.connection_type = connection::kMse;
  }
}

TlsFollower& TcpInspector::follower_of(TcpInspection& flow) {
  if (flow.tls == kNoEntry) {
    flow.tls = followers_.take();
    TAPSTAT_ASSERT(flow.tls != kNoEntry);
    ::new (static_cast<void*>(&followers_[flow.tls])) TlsFollower;
  }
  return followers_[flow.tls];
}

void TcpInspector::begin_tls(TcpInspection& flow, const TcpSegmentView& view) {
  leave_head(flow);
  follower_of(flow).begin(view, buffers_, mode_, settings_.fingerprints);
  flow.server_hello_seen = false;
  flow.open |= TcpInspection::kTls;
}

void TcpInspector::follow_tls(TcpInspection& flow, const TcpSegmentView& view) {
  const TlsFollower::Step step = followers_[flow.tls].on_segment(view, buffers_, mode_);
  if (step == TlsFollower::Step::server_hello) {
    flow.server_hello_seen = true;
    set_protocol(flow, connection::kTls);
  } else if (step == TlsFollower::Step::finished) {
    end_protocol(flow);
  } else if (mode_ == Mode::tstat && !flow.server_hello_seen &&
             view.packets > kTlsAnswerPacketsMax) {
    flow.close(TcpInspection::kTls);
    flow.states.move_to(TcpState::start);
  }
}

void TcpInspector::run_states(TcpInspection& flow, const TcpSegmentView& view) {
  set_protocol(flow, flow.states.on_segment(view));
  if (flow.states.state() == TcpState::tls_handshake) begin_tls(flow, view);
  if (flow.states.state() == TcpState::stopped) end_protocol(flow);
}

void TcpInspector::gather_evidence(TcpInspection& flow, const TcpSegmentView& view) {
  if (flow.is_open(TcpInspection::kTls)) {
    follow_tls(flow, view);
  } else if (flow.evidence.begins_tls(view, flow.connection_type)) {
    begin_tls(flow, view);
  } else if (flow.connection_type == 0 && !flow.heuristics.has_start_of(view.side) &&
             view.offset < TlsBuffers::kBytes) {
    // The start of a handshake may still come, out of order.
    follower_of(flow).hold(view, buffers_);
  }
  set_protocol(flow, flow.evidence.on_segment(view, flow.connection_type));
  const bool in_tls = flow.is_open(TcpInspection::kTls);
  const bool is_tls = (flow.connection_type & connection::kTls) != 0;
  if (flow.evidence.is_over(flow.connection_type) || (is_tls && !in_tls)) end_protocol(flow);
}

/// The follower keeps its findings, but gives back what it holds of the worker's buffers.
void TcpInspector::end_protocol(TcpInspection& flow) {
  flow.close(TcpInspection::kProtocol);
  flow.close(TcpInspection::kTls);
  if (flow.tls != kNoEntry) followers_[flow.tls].end(buffers_);
}

void TcpInspector::close_what_is_settled(TcpInspection& flow, uint32_t packets) {
  constexpr uint32_t kEncrypted = connection::kTls | connection::kSsh;
  const bool protocol_ended = !flow.is_open(TcpInspection::kProtocol);
  const bool is_named = (flow.connection_type & ~kGuesses) != 0;
  const bool is_ed2k = flow.p2p.type == kP2pEd2k;
  // tstat mode: a signature may stand in the bytes of any other protocol.
  const bool no_more_words = packets >= kPeerToPeerPacketsMax && !is_ed2k;
  const bool named_for_good = mode_ == Mode::corrected && is_named && protocol_ended && !is_ed2k;
  if (no_more_words || named_for_good) flow.close(TcpInspection::kPeerToPeer);
  if (!protocol_ended) return;
  if (flow.connection_type != 0 || flow.heuristics.is_settled()) flow.close(TcpInspection::kMse);
  if ((flow.open & ~TcpInspection::kHttp) != 0) return;
  const bool is_http =
      (flow.connection_type & connection::kHttp) != 0 && !flow.evidence.http_has_ended();
  const bool is_encrypted = (flow.connection_type & kEncrypted) != 0;
  const bool named_otherwise = mode_ == Mode::corrected && is_named && !is_http;
  if (!is_encrypted && !named_otherwise) return;
  leave_head(flow);
  flow.close(TcpInspection::kHttp);
}

void TcpInspector::fill(uint32_t flow, TcpFindings& findings) const {
  const TcpInspection& from = inspections_[flow];
  Shared& shared = findings.shared;
  shared.connection_type = from.connection_type & ~connection::kHttp2;
  if ((from.connection_type & connection::kHttp2) != 0) {
    findings.fingerprint.extended_type |= fingerprint::kHttp2ClearText;
  }
  shared.http_requests = from.http.requests();
  shared.http_responses = from.http.responses();
  if ((from.connection_type & connection::kHttp) != 0) {
    const bool tstat = mode_ == Mode::tstat;
    const HttpStatus& status = tstat ? from.states.http_status() : from.evidence.http_status();
    shared.http_type = tstat ? from.states.http_type() : from.evidence.http_type();
    shared.http_status = status.digits;
    shared.http_status_size = status.size;
  }
  findings.http_host = from.http.host();
  findings.p2p = from.p2p;
  if (from.tls == kNoEntry) return;
  const TlsFollower& tls = followers_[from.tls];
  tls.fill(shared, findings.halves, findings.fingerprint);
  findings.server_name = tls.server_name();
  findings.common_name = tls.common_name();
  findings.ja4 = tls.ja4();
  findings.alpn = tls.alpn();
  findings.outer_name = tls.outer_name();
  for (size_t side = 0; side < findings.tls_versions.size(); ++side) {
    findings.tls_versions[side] = tls.versions(side, findings.tls_version_texts[side]);
  }
}

void TcpInspector::end(uint32_t flow) {
  TcpInspection& inspection = inspections_[flow];
  if (inspection.tls != kNoEntry) {
    followers_[inspection.tls].end(buffers_);
    followers_.give_back(inspection.tls);
  }
  inspections_.give_back(flow);
}

size_t TcpInspector::bytes() const {
  return inspections_.bytes() + followers_.bytes() + buffers_.bytes();
}

void TcpInspector::touch() {
  inspections_.touch();
  followers_.touch();
  buffers_.touch();
}

}  // namespace tapstat::flowstats::layer7
