#include "flowstats/tcp/retransmission.h"

#include <gtest/gtest.h>

namespace tapstat::flowstats {
namespace {

using options::SegmentClass;
using Kind = AnomalyContext::Kind;

constexpr Timestamp kSent{1'000'000'000};
constexpr uint16_t kId = 77, kOtherId = 78;

/// One row of the decision, with times in milliseconds since the met record was sent.
struct Case {
  const char* name;
  Kind kind;
  int64_t after_ms;  // now - sent of the met record
  bool has_before;
  int64_t before_age_ms;  // now - sent of the record before
  uint8_t before_acks;
  SegmentClass before_class;
  uint8_t met_acks;
  uint16_t ip_id;
  bool sampled;  // both sides have one sample: 20 ms and 1 ms
  int64_t length;
  bool zero_window;
  SegmentClass expected;
};

constexpr SegmentClass kIn = SegmentClass::in_sequence;

const Case kCases[] = {
    {"window probe", Kind::repeated, 1000, true, 2000, 1, kIn, 0, kOtherId, true, 1, true,
     SegmentClass::flow_control},
    {"two bytes are no probe", Kind::repeated, 1000, true, 2000, 1, kIn, 0, kOtherId, true, 2, true,
     SegmentClass::retransmission_rto},
    {"same id, not acknowledged", Kind::repeated, 60, true, 60, 1, kIn, 0, kId, true, 100, false,
     SegmentClass::network_duplicate},
    {"three duplicate acks", Kind::repeated, 60, true, 60, 4, kIn, 0, kOtherId, true, 100, false,
     SegmentClass::fast_retransmit},
    {"two duplicate acks", Kind::repeated, 60, true, 60, 3, kIn, 0, kOtherId, true, 100, false,
     SegmentClass::unknown},
    {"after the time-out", Kind::repeated, 101, true, 101, 1, kIn, 0, kOtherId, true, 100, false,
     SegmentClass::retransmission_rto},
    {"exactly the time-out", Kind::repeated, 100, true, 100, 1, kIn, 0, kOtherId, true, 100, false,
     SegmentClass::unknown},
    {"no samples: half a second", Kind::repeated, 400, true, 400, 1, kIn, 0, kOtherId, false, 100,
     false, SegmentClass::unknown},
    {"no samples: more", Kind::repeated, 501, true, 501, 1, kIn, 0, kOtherId, false, 100, false,
     SegmentClass::retransmission_rto},
    {"train takes the class before it", Kind::repeated, 6, true, 6, 1,
     SegmentClass::retransmission_rto, 0, kOtherId, true, 100, false,
     SegmentClass::retransmission_rto},
    {"unknown is inherited too", Kind::repeated, 6, true, 6, 1, SegmentClass::unknown, 0, kId, true,
     100, false, SegmentClass::unknown},
    {"no train beyond the mean", Kind::repeated, 60, true, 60, 1, SegmentClass::retransmission_rto,
     0, kOtherId, true, 100, false, SegmentClass::unknown},
    {"acknowledged, late", Kind::repeated, 500, true, 500, 1, kIn, 2, kOtherId, true, 100, false,
     SegmentClass::unnecessary_rto},
    {"acknowledged, duplicate acks", Kind::repeated, 60, true, 60, 9, kIn, 2, kOtherId, true, 100,
     false, SegmentClass::unnecessary_fast_retransmit},
    {"acknowledged, same id", Kind::repeated, 500, true, 500, 9, kIn, 2, kId, true, 100, false,
     SegmentClass::network_duplicate},
    {"acknowledged, otherwise", Kind::repeated, 60, true, 60, 1, kIn, 2, kOtherId, true, 100, false,
     SegmentClass::unknown},
    {"hole just after its successor", Kind::hole, 1, true, 31, 1, kIn, 0, kOtherId, true, 100,
     false, SegmentClass::reordering},
    {"hole, same id is no duplicate", Kind::hole, 1, true, 31, 1, kIn, 0, kId, true, 100, false,
     SegmentClass::reordering},
    {"hole, later than the smallest RTTs", Kind::hole, 21, true, 31, 1, kIn, 0, kOtherId, true, 100,
     false, SegmentClass::unknown},
    {"hole, late wins over close", Kind::hole, 1, true, 200, 1, kIn, 0, kOtherId, true, 100, false,
     SegmentClass::retransmission_rto},
    {"hole, fast retransmit", Kind::hole, 30, true, 60, 4, kIn, 0, kOtherId, true, 100, false,
     SegmentClass::fast_retransmit},
    {"hole at the head, no samples: age of the successor", Kind::hole, 600, false, 0, 0, kIn, 0,
     kOtherId, false, 100, false, SegmentClass::retransmission_rto},
    {"hole at the head, samples: no recovery time", Kind::hole, 600, false, 0, 0, kIn, 0, kOtherId,
     true, 100, false, SegmentClass::unknown},
};

class RetransmissionClass : public testing::TestWithParam<Case> {};

TEST_P(RetransmissionClass, IsDecided) {
  const Case& c = GetParam();
  end_to_end::Half sender, receiver;
  if (c.sampled) {
    sender.on_sample(milliseconds(20));
    receiver.on_sample(milliseconds(1));
  }
  SegmentRecord met;
  met.sent = kSent;
  met.ip_id = kId;
  met.acks = c.met_acks;
  const Timestamp now = kSent + milliseconds(c.after_ms);
  SegmentRecord before;
  before.sent = Timestamp{now.us - milliseconds(c.before_age_ms).us};
  before.acks = c.before_acks;
  before.segment_class = c.before_class;
  const RetransmissionEvidence evidence{now,  &sender,       &receiver, c.ip_id,
                                        true, c.zero_window, true};
  EXPECT_EQ(
      classify_anomaly({c.kind, c.has_before ? &before : nullptr, &met, kSent, c.length}, evidence),
      c.expected);
}

INSTANTIATE_TEST_SUITE_P(Table, RetransmissionClass, testing::ValuesIn(kCases),
                         [](const auto& tested) {
                           std::string name = tested.param.name;
                           for (char& ch : name)
                             if (!isalnum(static_cast<unsigned char>(ch))) ch = '_';
                           return name;
                         });

TEST(Retransmission, AnIdThatIdentifiesNothingIsNoDuplicate) {
  end_to_end::Half none;
  SegmentRecord met;
  met.sent = kSent;
  met.ip_id = kId;
  const RetransmissionEvidence evidence{
      kSent + milliseconds(60), &none, &none, kId, false, false, true};
  EXPECT_EQ(classify_anomaly({Kind::repeated, nullptr, &met, kSent, 100}, evidence),
            SegmentClass::unknown);
}

TEST(Retransmission, AProbeNeedsBothHandshakes) {
  end_to_end::Half none;
  SegmentRecord met;
  met.sent = kSent;
  const RetransmissionEvidence evidence{
      kSent + milliseconds(60), &none, &none, kOtherId, true, true, false};
  EXPECT_EQ(classify_anomaly({Kind::repeated, nullptr, &met, kSent, 1}, evidence),
            SegmentClass::unknown);
}

}  // namespace
}  // namespace tapstat::flowstats
