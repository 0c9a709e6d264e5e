/// Finds RTP and RTCP in UDP flows and measures each source: the work behind log_mm_complete.
///
/// A direction becomes a candidate (UdpType::first_rtp) with a datagram that looks like RTP or RTCP
/// between ports above 1024, and UdpType::rtp when a second one continues it; a datagram of no
/// known kind, more than 1000 sources, or more than 10 that sent once, end it. One engine a worker.
/// Sources and flows that have some are entries of pools made at construction; a source that finds
/// its pool empty is not measured and counted in refused().
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "flowstats/base/arena.h"
#include "flowstats/base/entry_pool.h"
#include "flowstats/layer7/inspection.h"
#include "flowstats/layer7/kind.h"
#include "flowstats/layer7/rtp_packet.h"
#include "flowstats/layer7/rtp_stream.h"
#include "flowstats/layer7/rtp_summary.h"
#include "flowstats/measurement.h"

namespace tapstat::flowstats::layer7 {

/// Part of every UDP flow. Until the flow has a source, the TTLs that its directions showed stand
/// here; the sums hold for 16 million datagrams.
struct RtpState {
  static constexpr uint32_t kNoFlow = (1U << 28) - 1;

  std::array<uint32_t, 2> ttl_sum{};
  std::array<uint8_t, 2> ttl_max{};
  std::array<uint8_t, 2> ttl_min{255, 255};
  uint32_t flow : 28 = kNoFlow;  // entry of the engine
  uint32_t dtls_seen : 2 = 0;    // bit of a side: DTLS while its type was UdpType::dtls
  uint32_t is_barred : 1 = 0;    // a port of 1024 or below

  void count_ttl(size_t side, uint8_t ttl) {
    ttl_sum[side] += ttl;
    ttl_max[side] = std::max(ttl_max[side], ttl);
    ttl_min[side] = std::min(ttl_min[side], ttl);
  }
};
static_assert(sizeof(RtpState) == 16);

class RtpEngine {
 public:
  explicit RtpEngine(const Measurement& measurement);

  /// For every datagram of the flow, after the signatures have set `type`, which changes when a
  /// direction becomes or ceases to be RTP.
  void on_datagram(RtpState& state, std::array<UdpType, 2>& type, const UdpDatagramView& datagram);

  /// A datagram of unknown type that on_datagram() would only count: then it is counted.
  [[nodiscard]] static bool passes_over(RtpState& state, const UdpDatagramView& datagram) {
    if (state.is_barred != 0) return true;
    if (state.flow != RtpState::kNoFlow || may_be_media(datagram.payload)) return false;
    state.count_ttl(datagram.side, datagram.ttl);
    return true;
  }

  /// Later datagrams of this side change nothing that could be reported, whatever they hold.
  [[nodiscard]] bool idle(const RtpState& state, const std::array<UdpType, 2>& type,
                          size_t side) const;

  /// At the end of the flow: visit(const RtpSummary&) for each line of log_mm_complete, in order:
  /// RTP then RTCP of the client, RTP then RTCP of the server, the newest source first. No line
  /// unless a direction is UdpType::rtp; then also for sources of a direction that ceased to be.
  template <class Visit>
  void for_each_stream(const RtpState& state, const std::array<UdpType, 2>& final_types,
                       Visit visit) const {
    if (!has_streams(state, final_types)) return;
    for (const size_t side : {kClient, kServer})
      for (const List& list : flows_[state.flow].halves[side].lists)
        for (uint32_t entry = list.newest; entry != kNoEntry; entry = links_[entry].next)
          visit(summary(flows_[state.flow], side, entry, final_types));
  }
  [[nodiscard]] static bool has_streams(const RtpState& state,
                                        const std::array<UdpType, 2>& final_types) {
    return state.flow != RtpState::kNoFlow &&
           (final_types[kClient] == UdpType::rtp || final_types[kServer] == UdpType::rtp);
  }

  /// Takes the flow's entries back.
  void end(RtpState& state);

  [[nodiscard]] uint64_t refused() const { return refused_; }
  [[nodiscard]] uint32_t streams_in_use() const { return streams_.in_use(); }
  [[nodiscard]] size_t bytes() const { return flows_.bytes() + streams_.bytes() + links_.bytes(); }
  void touch();

 private:
  /// Beside each entry of the pool of streams, so that a search reads little memory.
  struct Link {
    uint32_t ssrc, next;
    uint32_t sender_id;  // of the latest sender report; 0: none
  };
  struct List {
    uint32_t newest = kNoEntry;
    uint32_t latest = kNoEntry;  // that had a packet
    uint32_t size = 0, singles = 0;
  };
  struct Half {
    uint64_t ttl_sum = 0, datagrams = 0;
    std::array<List, 2> lists;  // RTP, RTCP
    uint8_t ttl_max = 0, ttl_min = 255;
    uint8_t media_kinds = 0;

    [[nodiscard]] bool has_streams() const {
      return lists[0].newest != kNoEntry || lists[1].newest != kNoEntry;
    }
  };
  struct Flow {
    std::array<Half, 2> halves;
  };

  [[nodiscard]] bool side_has_streams(const RtpState& state, size_t side) const;
  [[nodiscard]] bool is_over(const RtpState& state, UdpType type, size_t side) const;
  void count_ttl(RtpState& state, const UdpDatagramView& datagram);
  [[nodiscard]] bool open(RtpState& state, const UdpDatagramView& datagram);
  void begin(RtpState& state, UdpType& type, const UdpDatagramView& datagram);
  void follow(Flow& flow, UdpType& type, const UdpDatagramView& datagram);
  void on_rtp(Half& half, UdpType& type, const UdpDatagramView& datagram);
  void on_rtcp(Flow& flow, UdpType& type, const UdpDatagramView& datagram);
  void count_rtcp(Flow& flow, const UdpDatagramView& datagram, uint32_t entry,
                  const RtcpPacket& packet);
  [[nodiscard]] uint32_t find(List& list, uint32_t ssrc) const;
  [[nodiscard]] uint32_t add(List& list, uint32_t ssrc, const MediaStream& stream);
  [[nodiscard]] RtpSummary summary(const Flow& flow, size_t side, uint32_t entry,
                                   const std::array<UdpType, 2>& final_types) const;

  Mode mode_;
  EntryPool<Flow> flows_;
  EntryPool<MediaStream> streams_;
  Arena<Link> links_;
  uint64_t refused_ = 0;
};

}  // namespace tapstat::flowstats::layer7
