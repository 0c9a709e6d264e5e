#include "flowstats/tcp/retransmission.h"

#include <cmath>

namespace tapstat::flowstats {

namespace {

using options::SegmentClass;

// Microseconds.
constexpr double kRtoMin = 100'000, kRtoWithoutSamples = 500'000;
constexpr double kReorderingWindowMin = 1'000, kReorderingWindowWithoutSamples = 5'000;
constexpr double kNoRecovery = -1;
constexpr int kDuplicateAcks = 3;  // RFC 5681 section 3.2

double mean(const end_to_end::RoundTrips& rtt) {
  return rtt.rtt_sum_us / (rtt.rtt_samples + 0.0001);
}

double pooled_deviation(const end_to_end::RoundTrips& a, const end_to_end::RoundTrips& b) {
  const double count = static_cast<double>(a.rtt_samples) + b.rtt_samples;
  if (count <= 2) return 0;
  const double sum = a.rtt_sum_us + b.rtt_sum_us;
  return std::sqrt((a.rtt_sum_of_squares + b.rtt_sum_of_squares - sum * sum / count) / (count - 1));
}

/// Time scales of the connection, microseconds.
struct Scales {
  double mean_rtt, rto, reordering_window;
  bool sampled;  // both sides have a sample
};

Scales time_scales(const RetransmissionEvidence& e) {
  const end_to_end::RoundTrips &a = *e.sender_rtt, &b = *e.receiver_rtt;
  Scales s{mean(a) + mean(b), kRtoWithoutSamples, kReorderingWindowWithoutSamples,
           a.rtt_samples != 0 && b.rtt_samples != 0};
  if (!s.sampled) return s;
  s.rto = s.mean_rtt + 4 * pooled_deviation(a, b);  // RFC 6298 section 2, with a plain deviation
  if (s.rto < kRtoMin) s.rto = kRtoMin;
  s.reordering_window = static_cast<double>(a.rtt_min.us + b.rtt_min.us);
  if (s.reordering_window < kReorderingWindowMin) s.reordering_window = kReorderingWindowMin;
  return s;
}

double recovery_time(const AnomalyContext& a, Timestamp now, bool sampled) {
  double recovery = kNoRecovery;
  if (a.kind == AnomalyContext::Kind::repeated)
    recovery = static_cast<double>((now - a.met_sent).us);
  else if (a.before != nullptr)
    recovery = static_cast<double>((now - a.before->sent).us);
  if (!sampled && recovery == kNoRecovery) recovery = static_cast<double>((now - a.met_sent).us);
  return recovery;
}

}  // namespace

SegmentClass classify_anomaly(const AnomalyContext& a, const RetransmissionEvidence& e) {
  if (a.length == 1 && e.receiver_window_is_zero && e.both_syns_seen)
    return SegmentClass::flow_control;

  const Scales scales = time_scales(e);
  const double recovery = recovery_time(a, e.now, scales.sampled);
  const SegmentClass prior =
      a.before != nullptr ? a.before->segment_class : SegmentClass::in_sequence;
  // A train of repetitions is one event: later segments take the class of the first.
  if (recovery < scales.mean_rtt && prior != SegmentClass::in_sequence) return prior;

  const bool same_id = e.ip_id_is_identifying && a.met->ip_id == e.ip_id;
  const bool fast = a.before != nullptr && a.before->acks > kDuplicateAcks && recovery < scales.rto;
  const bool late = recovery > scales.rto;
  if (a.met->acks > 0) {
    if (same_id) return SegmentClass::network_duplicate;
    if (fast) return SegmentClass::unnecessary_fast_retransmit;
    return late ? SegmentClass::unnecessary_rto : SegmentClass::unknown;
  }
  const bool hole = a.kind == AnomalyContext::Kind::hole;
  if (!hole && same_id) return SegmentClass::network_duplicate;
  if (fast) return SegmentClass::fast_retransmit;
  if (late) return SegmentClass::retransmission_rto;
  const auto since_following = static_cast<double>((e.now - a.met_sent).us);
  return hole && since_following < scales.reordering_window ? SegmentClass::reordering
                                                            : SegmentClass::unknown;
}

}  // namespace tapstat::flowstats
