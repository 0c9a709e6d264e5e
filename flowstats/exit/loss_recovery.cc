#include "flowstats/exit/loss_recovery.h"

#include <algorithm>

#include "flowstats/base/serial_number.h"

namespace tapstat::flowstats {

void LossRecovery::signal(uint32_t pipe, const RttEstimator& rtt) {
  pipe_sum_ += pipe;
  rtt_sum_before_us_ += rtt.latest_us();
  sample_is_awaited_ = true;
}

void LossRecovery::count_timeout(bool evidence, uint32_t pipe, const RttEstimator& rtt) {
  if (backoff_ == 0) {
    ++timeouts_;
    signal(pipe, rtt);
  } else {
    ++subsequent_timeouts_;
  }
  if (!evidence) ++abrupt_timeouts_;
  if (backoff_ != UINT8_MAX) ++backoff_;
}

void LossRecovery::begin(uint64_t max, bool fast) {
  recover_ = max;
  open_ = true;
  fast_ = fast;
  repairs_ = 0;
}

LossRecovery::Signal LossRecovery::on_repair(const Repair& repair, RttEstimator& rtt) {
  Signal found = Signal::none;
  // Nine tenths: the observation point sees both events a little later or earlier than the sender.
  const int64_t wait_us = rtt.rto(repair.rto_floor, backoff_).us / 10 * 9;
  if (repair.first && repair.quiet_us >= wait_us) {
    count_timeout(repair.evidence, repair.pipe, rtt);
    rtt.on_backoff(repair.rto_floor, backoff_);
    begin(repair.max, false);
    found = Signal::timeout;
  } else if (!open_ && repair.evidence) {
    ++fast_retransmits_;
    signal(repair.pipe, rtt);
    begin(repair.max, true);
    found = Signal::fast_retransmit;
  }
  if (!open_) return found;  // a probe of the tail (RFC 8985 section 7), or needless
  if (repairs_ == 0) {
    repair_tsval_ = repair.timestamps.value;
    repair_is_stamped_ = repair.timestamps.present;
  }
  if (repairs_ != UINT16_MAX) ++repairs_;
  return found;
}

void LossRecovery::on_repeated_syn(bool evidence, RttEstimator& rtt, Duration rto_floor) {
  count_timeout(evidence, 0, rtt);
  rtt.on_backoff(rto_floor, backoff_);
}

bool LossRecovery::on_progress(uint64_t una, bool retransmitted, const TcpTimestamps& stamps) {
  backoff_ = 0;
  if (!open_) return false;
  if (retransmitted && repair_is_stamped_ && stamps.present &&
      seq_before(stamps.echo, repair_tsval_)) {
    ++needless_;
    if (fast_) ++acks_after_needless_;
    open_ = false;
    return false;
  }
  if (una < recover_) return false;
  open_ = false;
  return true;
}

bool LossRecovery::on_duplicates(uint32_t segments) {
  if (!open_ || repairs_ == 0) return false;
  const auto repairs = static_cast<uint16_t>(std::min<uint32_t>(repairs_, segments));
  if (fast_) acks_after_needless_ += repairs;
  repairs_ = static_cast<uint16_t>(repairs_ - repairs);
  if (repairs_ != 0) return false;
  ++needless_;
  open_ = false;
  return true;
}

bool LossRecovery::on_congestion_echo(uint64_t ack, uint64_t max, uint32_t pipe,
                                      const RttEstimator& rtt) {
  if (open_ || ack <= ecn_recover_) return false;
  ++ecn_signals_;
  ecn_recover_ = max;
  signal(pipe, rtt);
  return true;
}

void LossRecovery::fill(ExitVariables& variables) const {
  variables.fast_retransmits = fast_retransmits_;
  variables.timeouts = timeouts_;
  variables.subsequent_timeouts = subsequent_timeouts_;
  variables.abrupt_timeouts = abrupt_timeouts_;
  variables.timeouts_in_a_row = backoff_;
  variables.ecn_signals = ecn_signals_;
  variables.congestion_signals = fast_retransmits_ + timeouts_ + ecn_signals_;
  variables.needless_recoveries = needless_;
  variables.acks_after_needless_recovery = acks_after_needless_;
  variables.congestion_pipe_sum = pipe_sum_;
  variables.rtt_sum_before_congestion.us = static_cast<int64_t>(rtt_sum_before_us_);
  variables.rtt_sum_after_congestion.us = static_cast<int64_t>(rtt_sum_after_us_);
  variables.rtt_samples_after_congestion = rtt_samples_after_;
}

}  // namespace tapstat::flowstats
