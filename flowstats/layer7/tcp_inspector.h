/// Says what the TCP connections of a worker are: classes, peer-to-peer counts, TLS and HTTP.
///
/// One object per worker, used by its thread only; all memory is reserved at construction. A flow
/// that is inspected has a place of its own here, and one more while it speaks TLS. What a flow
/// costs falls with what can still be found out: the state machine ends after 50 packets or with
/// the flow's class, words of peer-to-peer programs after 51, BitTorrent's encrypted handshake with
/// the second message of each side; the counts of HTTP messages, which are columns of every flow,
/// remain, a look at the first bytes of each payload, and in corrected mode the messages of a side
/// that speaks ED2K. Nothing remains (`finished`) of a flow that
/// turned out to be encrypted, since its bytes look like HTTP by chance only, and in corrected mode
/// of one that is known to speak another protocol.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "flowstats/base/entry_pool.h"
#include "flowstats/layer7/ed2k_follower.h"
#include "flowstats/layer7/http_follower.h"
#include "flowstats/layer7/inspection.h"
#include "flowstats/layer7/kind.h"
#include "flowstats/layer7/tcp_evidence.h"
#include "flowstats/layer7/tcp_findings.h"
#include "flowstats/layer7/tcp_heuristics.h"
#include "flowstats/layer7/tcp_states.h"
#include "flowstats/layer7/tls_buffers.h"
#include "flowstats/layer7/tls_follower.h"
#include "flowstats/measurement.h"

namespace tapstat::flowstats::layer7 {

/// What is to be logged of a segment.
struct TcpEffect {
  HttpPart http = HttpPart::none;
  HttpField continued = HttpField::none;
};

/// What can still change something, of the segments of a side.
enum class Attention : uint8_t {
  none,
  words,  // payload that may_begin_word()
  all
};

/// Where the latest messages of a side began (corrected mode): a segment that begins there again is
/// a retransmission, and says nothing new.
class MessageStarts {
 public:
  [[nodiscard]] bool has(uint32_t offset) const {
    return std::find(starts_.begin(), starts_.end(), offset + 1) != starts_.end();
  }
  void note(uint32_t offset) {
    starts_[next_] = offset + 1;
    next_ = static_cast<uint8_t>((next_ + 1) % starts_.size());
  }

 private:
  std::array<uint32_t, 4> starts_{};  // from 1; 0: none
  uint8_t next_ = 0;
};

/// Inspection of one flow; kept in a pool. What each look reads stands together, in two cache lines
/// behind the counts of bytes that the heuristics begin with.
struct alignas(64) TcpInspection {
  /// What may still change a column, a bit each.
  enum Open : uint8_t {
    kProtocol = 1,    // state machine or evidence, and the heuristics beside it
    kPeerToPeer = 2,  // signatures
    kMse = 4,
    kTls = 8,   // the flow is in a TLS handshake or its first data
    kHttp = 16  // messages are counted; cleared last
  };
  static constexpr size_t kHotOffset = 64, kHotBytes = 128;

  TcpHeuristics heuristics;
  uint32_t connection_type = 0;  // connection bits
  uint32_t tls = kNoEntry;       // place of its TlsFollower
  uint8_t open = kProtocol | kPeerToPeer | kMse | kHttp;
  bool server_hello_seen = false;
  TcpStates states;      // tstat mode
  TcpEvidence evidence;  // corrected mode
  HttpFollower http;
  std::array<MessageStarts, 2> messages;
  p2p::Shared p2p;
  Ed2kFollower ed2k;  // corrected mode

  [[nodiscard]] bool is_open(Open what) const { return (open & what) != 0; }
  void close(Open what) { open = static_cast<uint8_t>(open & ~what); }
  [[nodiscard]] Attention attention(size_t side) const {
    if (open == 0) return Attention::none;
    const bool needs_all = (open & ~(kHttp | kPeerToPeer)) != 0 || http.awaits_rest(side) ||
                           (is_open(kPeerToPeer) && ed2k.follows(side));
    return needs_all ? Attention::all : Attention::words;
  }
};
static_assert(std::is_trivially_copyable_v<TcpInspection> && sizeof(TcpInspection) <= 512);

class TcpInspector {
 public:
  explicit TcpInspector(const Measurement& measurement);

  /// Takes a place for a flow; kNoEntry when all are taken, which the caller counts.
  [[nodiscard]] uint32_t begin();
  /// Brings what passes_over() reads.
  void prefetch(uint32_t flow) const {
    const char* const hot =
        reinterpret_cast<const char*>(&inspections_[flow]) + TcpInspection::kHotOffset;
    for (size_t offset = 0; offset < TcpInspection::kHotBytes; offset += 64)
      __builtin_prefetch(hot + offset, 1);
  }
  /// on_segment() would change nothing: most segments of flows that stay unknown or speak HTTP. No
  /// limit of packets ends with them, no message, sample or start of a side, and none of the words
  /// begins so.
  [[nodiscard]] bool passes_over(uint32_t flow, const TcpSegmentView& view) const {
    const TcpInspection& of = inspections_[flow];
    const bool is_http = of.connection_type == connection::kHttp;
    const bool is_followed = (is_http || of.connection_type == 0) &&
                             of.is_open(TcpInspection::kProtocol) &&
                             !of.is_open(TcpInspection::kTls) && !of.http.awaits_rest(view.side);
    if (!is_followed || view.packets > kPacketsMax || view.payload.size() < kWordSegmentMin)
      return false;
    if (!of.heuristics.passes_over(view, is_http)) return false;
    return mode_ == Mode::tstat ? of.states.passes_over(view)
                                : of.evidence.passes_over(view.payload, of.connection_type);
  }
  /// Each segment with payload, PSH or FIN, after the flow has counted it, from the flow's first
  /// on; those that attention() does not ask for may be left out.
  TcpEffect on_segment(uint32_t flow, const TcpSegmentView& view);
  /// Of the segments to come, until the next on_segment().
  [[nodiscard]] Attention attention(uint32_t flow, size_t side) const {
    return inspections_[flow].attention(side);
  }
  /// Nothing that can still be seen changes a column or gives a row.
  [[nodiscard]] bool finished(uint32_t flow) const { return inspections_[flow].open == 0; }
  /// The texts live until end().
  void fill(uint32_t flow, TcpFindings& findings) const;
  void end(uint32_t flow);

  [[nodiscard]] uint32_t in_use() const { return inspections_.in_use(); }
  [[nodiscard]] size_t bytes() const;
  /// See PageBlock::touch().
  void touch();
  /// Handshakes that found no buffer, since the last call.
  [[nodiscard]] uint64_t take_buffers_exhausted() { return buffers_.take_exhausted(); }

 private:
  /// The first payload behind this packet is the last that is inspected.
  static constexpr uint32_t kPacketsMax = 50;

  TcpEffect follow_http(TcpInspection& flow, const TcpSegmentView& view);
  [[nodiscard]] TlsStream& head_stream(TcpInspection& flow) {
    return follower_of(flow).stream(kClient);
  }
  void read_head(TcpInspection& flow, const TcpSegmentView& view);
  void leave_head(TcpInspection& flow);
  [[nodiscard]] bool count_ed2k_messages(TcpInspection& flow, const TcpSegmentView& view) const;
  void inspect_as_tstat(TcpInspection& flow, const TcpSegmentView& view);
  void inspect_corrected(TcpInspection& flow, const TcpSegmentView& view);
  void test_peer_to_peer(TcpInspection& flow, const TcpSegmentView& view) const;
  void test_sizes(TcpInspection& flow, const TcpSegmentView& view) const;
  void test_mse(TcpInspection& flow, const TcpSegmentView& view) const;
  [[nodiscard]] TlsFollower& follower_of(TcpInspection& flow);
  void begin_tls(TcpInspection& flow, const TcpSegmentView& view);
  void follow_tls(TcpInspection& flow, const TcpSegmentView& view);
  void run_states(TcpInspection& flow, const TcpSegmentView& view);
  void gather_evidence(TcpInspection& flow, const TcpSegmentView& view);
  void end_protocol(TcpInspection& flow);
  void close_what_is_settled(TcpInspection& flow, uint32_t packets);

  const Mode mode_;
  const Inspection settings_;
  EntryPool<TcpInspection> inspections_;
  // As many as inspections_, so that it is never empty; a flow without TLS touches none.
  EntryPool<TlsFollower> followers_;
  TlsBuffers buffers_;
};

}  // namespace tapstat::flowstats::layer7
