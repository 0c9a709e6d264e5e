/// Laws of exit records, tried on random conversations with loss, reordering, duplication and
/// repetition.
#include <map>
#include <memory>
#include <tuple>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "flowstats/exit/exit_flow.h"
#include "tests/property/arbitrary_step.h"
#include "tests/support/segment_source.h"

namespace tapstat::tests {
namespace {

using flowstats::ExitFlow;
using flowstats::ExitVariables;
using flowstats::Segment;
using Steps = std::vector<Step>;

constexpr uint32_t kPlenty = 10'000;
constexpr uint8_t kCongestionExperienced = 3;

struct Views {
  ExitVariables local, rem;
};

struct Following {
  std::array<bool, 2> internal{true, false};
  uint32_t segments_max = kPlenty;
  uint8_t tos = 0;  // of every packet
};

/// Both views of every connection, in the order of their first packets' tuples.
std::vector<Views> views_of(const SegmentSource& source, const Following& following = {}) {
  const flowstats::ExitRecords settings;
  flowstats::ExitSegments pool(following.segments_max);
  std::map<std::tuple<flowstats::Endpoint, flowstats::Endpoint>, std::unique_ptr<ExitFlow>> flows;
  for (Segment segment : source.segments()) {
    if (segment.tuple.protocol != flowstats::kProtocolTcp) continue;
    segment.tos = following.tos;
    auto& flow = flows[{segment.tuple.sender(flowstats::Direction::from_a),
                        segment.tuple.sender(flowstats::Direction::from_b)}];
    if (flow == nullptr) {
      flow = std::make_unique<ExitFlow>();
      flow->open(segment, following.internal, 1);
    }
    flow->on_segment(segment, settings, pool);
  }
  std::vector<Views> views;
  for (const auto& [ends, flow] : flows) {
    flowstats::ExitRecord local, rem;
    flow->fill(local, ExitFlow::View::local, settings);
    flow->fill(rem, ExitFlow::View::exchanged, settings);
    views.push_back({local.variables, rem.variables});
    flow->release(pool);
  }
  RC_ASSERT(pool.in_use() == 0u);
  return views;
}

std::vector<Views> views_of(const Steps& steps, const Following& following = {}) {
  const TalkWorld world{.far_from_boundaries = *rc::gen::arbitrary<bool>()};
  return views_of(SegmentSource(frames_of(steps, world)), following);
}

void check_sums(const ExitVariables& v) {
  int64_t time_us = 0;
  uint64_t bytes = 0;
  for (size_t i = 0; i < v.limit_time.size(); ++i) {
    RC_ASSERT(v.limit_time[i].us >= 0);
    time_us += v.limit_time[i].us;
    bytes += v.limit_bytes[i];
  }
  RC_ASSERT(time_us == (v.last - v.first).us);
  RC_ASSERT(bytes == v.data_bytes_out);
  RC_ASSERT(v.busy_time.us >= 0);
  RC_ASSERT(v.busy_time.us <= time_us);
}

void check_bounds(const ExitVariables& v) {
  RC_ASSERT(static_cast<int32_t>(v.send_max - v.send_una) >= 0);
  RC_ASSERT(v.retransmit_queue_now <= v.retransmit_queue_max);
  RC_ASSERT(v.packets_retransmitted <= v.packets_out);
  RC_ASSERT(v.bytes_retransmitted <= v.data_bytes_out);
  RC_ASSERT(v.congestion_signals <= v.packets_retransmitted + v.ecn_signals);
  RC_ASSERT(v.needless_recoveries <= v.fast_retransmits + v.timeouts + v.subsequent_timeouts);
  RC_ASSERT(v.unrepaired_dup_acks <= v.dup_acks_in);
  RC_ASSERT(v.reassembly_queue_now <= v.reassembly_queue_max);
  RC_ASSERT(v.rtt_min <= v.rtt_smoothed);
  RC_ASSERT(v.rtt_smoothed <= v.rtt_max);
  RC_ASSERT(v.rwin_sent_min <= v.rwin_sent_max);
}

RC_GTEST_PROP(ExitLaws, TimesAndBytesAddUpAndNothingIsBeyondItsBound, (const Steps& steps)) {
  for (const Views& views : views_of(steps)) {
    for (const ExitVariables* v : {&views.local, &views.rem}) {
      check_sums(*v);
      check_bounds(*v);
    }
  }
}

RC_GTEST_PROP(ExitLaws, WhatOneEndSentTheOtherReceived, (const Steps& steps)) {
  for (const auto& [local, rem] : views_of(steps)) {
    RC_ASSERT(local.packets_out == rem.packets_in);
    RC_ASSERT(local.data_bytes_in == rem.data_bytes_out);
    RC_ASSERT(local.bytes_acked == rem.bytes_received);
    RC_ASSERT(local.send_una == rem.receive_next);
    RC_ASSERT(local.dup_acks_in == rem.dup_acks_out);
    RC_ASSERT(local.rwin_sent_max == rem.rwin_received_max);
    RC_ASSERT(local.zero_windows_sent == rem.zero_windows_received);
  }
}

RC_GTEST_PROP(ExitLaws, ExchangingTheEndsExchangesTheViews, (const Steps& steps)) {
  const SegmentSource source(frames_of(steps, {}));
  const auto one = views_of(source), other = views_of(source, {.internal = {false, true}});
  RC_ASSERT(one.size() == other.size());
  for (size_t i = 0; i < one.size(); ++i) {
    RC_ASSERT(one[i].local == other[i].rem);
    RC_ASSERT(one[i].rem == other[i].local);
  }
}

/// A packet that a router has marked takes the general way, and differs in nothing else.
RC_GTEST_PROP(ExitLaws, TheUsualWayIsAShortcutOnly, (const Steps& steps)) {
  const SegmentSource source(frames_of(steps, {}));
  const auto usual = views_of(source);
  auto general = views_of(source, {.tos = kCongestionExperienced});
  RC_ASSERT(usual.size() == general.size());
  for (size_t i = 0; i < usual.size(); ++i) {
    for (ExitVariables* v : {&general[i].local, &general[i].rem}) {
      RC_ASSERT(v->ce_received == v->packets_in);
      v->ce_received = v->tos_in = v->tos_out = 0;
    }
    RC_ASSERT(usual[i].local == general[i].local);
    RC_ASSERT(usual[i].rem == general[i].rem);
  }
}

RC_GTEST_PROP(ExitLaws, ASmallPoolCostsNoCounter, (const Steps& steps)) {
  const SegmentSource source(frames_of(steps, {}));
  const auto whole = views_of(source), poor = views_of(source, {.segments_max = 3});
  RC_ASSERT(whole.size() == poor.size());
  for (size_t i = 0; i < whole.size(); ++i) {
    const ExitVariables &w = whole[i].local, &p = poor[i].local;
    RC_ASSERT(w.packets_out == p.packets_out);
    RC_ASSERT(w.data_bytes_out == p.data_bytes_out);
    RC_ASSERT(w.bytes_acked == p.bytes_acked);
    RC_ASSERT(w.send_max == p.send_max);
    RC_ASSERT(w.dup_acks_in == p.dup_acks_in);
    RC_ASSERT(w.state == p.state);
  }
}

}  // namespace
}  // namespace tapstat::tests
