#include "dataplane/tcp_dns.h"

#include "flowstats/layer7/dns_answers.h"
#include "flowstats/layer7/dns_message.h"

namespace tapstat::dataplane {

using flowstats::kNoEntry;
using flowstats::Mode;
namespace layer7 = flowstats::layer7;

void TcpDns::on_segment(uint32_t entry, const layer7::TcpSegmentView& view,
                        const flowstats::Ends& ends) {
  if (places_[entry] == 0) {
    const uint32_t taken = pairs_.take();
    if (taken == kNoEntry) return outlet_.counters.add(flowstats::Counter::dns_segments_unread);
    places_[entry] = taken + 1;
    for (size_t side = 0; side < 2; ++side) {
      pairs_[taken].streams[side].start();
      pairs_[taken].last[side] = flowstats::kNever;
    }
  }
  Pair& pair = pairs_[places_[entry] - 1];
  layer7::DnsStream& stream = pair.streams[view.side];
  const uint32_t too_long = stream.messages_too_long();
  pair.last[view.side] = view.time;
  stream.on_segment(view.offset, view.payload, [&](flowstats::ByteRange message) {
    hand_out(pair, message, view.side, ends, view.time);
  });
  if (stream.messages_too_long() != too_long) [[unlikely]]
    outlet_.counters.add(flowstats::Counter::dns_messages_too_long,
                         stream.messages_too_long() - too_long);
}

void TcpDns::hand_out(const Pair& pair, flowstats::ByteRange message, size_t side,
                      const flowstats::Ends& ends, flowstats::Timestamp time) {
  const size_t other = 1 - side;
  const bool for_names =
      layer7::may_name_flows(message, ends.port[side], ends.port[other], Mode::corrected);
  const bool for_log = outlet_.logs.has(flowstats::Log::dns_complete) &&
                       layer7::is_plausible_dns_message(message, ends.port[side], ends.port[other]);
  if (!for_names && !for_log) return;
  outlet_.hand_out_dns(message, {.flow = ends,
                                 .side = side,
                                 .time = time,
                                 .last = pair.last,
                                 .for_names = for_names,
                                 .for_log = for_log});
}

void TcpDns::end(uint32_t entry) {
  if (places_[entry] == 0) return;
  pairs_.give_back(places_[entry] - 1);
  places_[entry] = 0;
}

}  // namespace tapstat::dataplane
