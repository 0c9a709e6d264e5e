/// Congestion signals of one sender: timeouts, fast retransmits and ECN, each with the episode of
/// repairs that follows, and whether it proves to have been needless.
///
/// An episode lasts until everything is acknowledged that was outstanding at its start (RFC 6675
/// section 5). It was needless when every repair is reported as a duplicate (RFC 2883) or when an
/// acknowledgment echoes a time before the first repair (RFC 3522). Positions are unwrapped
/// sequence numbers. Owned by a follower.
#pragma once

#include <cstdint>

#include "flowstats/exit/rtt_rfc6298.h"
#include "flowstats/exit/tcp_option_list.h"
#include "flowstats/exit_record.h"

namespace tapstat::flowstats {

class LossRecovery {
 public:
  /// The sender when a segment is sent again.
  struct Repair {
    uint64_t max = 0;       // behind everything sent
    uint32_t pipe = 0;      // bytes in the network before it
    int64_t quiet_us = 0;   // since anything was sent or acknowledged
    bool first = false;     // repeats the first byte that is not acknowledged
    bool evidence = false;  // duplicate or selective acknowledgments since the last progress
    TcpTimestamps timestamps = {};  // of the repair
    Duration rto_floor;
  };
  enum class Signal : uint8_t { none, fast_retransmit, timeout };

  [[nodiscard]] Signal on_repair(const Repair& repair, RttEstimator& rtt);
  /// A SYN or SYN-ACK that is sent again: only a timer does that.
  void on_repeated_syn(bool evidence, RttEstimator& rtt, Duration rto_floor);
  /// Everything before `una` is acknowledged now; `retransmitted`: some of what is new was. True
  /// when an episode ends that was needed.
  [[nodiscard]] bool on_progress(uint64_t una, bool retransmitted, const TcpTimestamps& stamps);
  /// The receiver got `segments` twice. True when that ends an episode.
  bool on_duplicates(uint32_t segments);
  /// An acknowledgment of `ack` echoes congestion (RFC 3168 section 6.1.2).
  [[nodiscard]] bool on_congestion_echo(uint64_t ack, uint64_t max, uint32_t pipe,
                                        const RttEstimator& rtt);
  void on_sample(uint32_t sample_us) {
    if (!sample_is_awaited_) [[likely]]
      return;
    sample_is_awaited_ = false;
    rtt_sum_after_us_ += sample_us;
    ++rtt_samples_after_;
  }

  [[nodiscard]] bool is_open() const { return open_; }
  /// Nothing is going on: neither an episode, nor a timeout, nor a sample awaited.
  [[nodiscard]] bool is_quiet() const { return !open_ && backoff_ == 0 && !sample_is_awaited_; }
  [[nodiscard]] unsigned backoff() const { return backoff_; }
  void fill(ExitVariables& variables) const;

 private:
  void signal(uint32_t pipe, const RttEstimator& rtt);
  void count_timeout(bool evidence, uint32_t pipe, const RttEstimator& rtt);
  void begin(uint64_t max, bool fast);

  uint64_t recover_ = 0;      // while open
  uint64_t ecn_recover_ = 0;  // the next echo beyond it is another signal
  uint64_t pipe_sum_ = 0, rtt_sum_before_us_ = 0, rtt_sum_after_us_ = 0;
  uint32_t rtt_samples_after_ = 0;
  uint32_t fast_retransmits_ = 0, timeouts_ = 0, subsequent_timeouts_ = 0, abrupt_timeouts_ = 0;
  uint32_t needless_ = 0, acks_after_needless_ = 0, ecn_signals_ = 0;
  uint32_t repair_tsval_ = 0;  // of the episode's first repair
  uint16_t repairs_ = 0;       // of the episode that were not reported as duplicates
  uint8_t backoff_ = 0;
  bool open_ : 1 = false, fast_ : 1 = false;
  bool repair_is_stamped_ : 1 = false, sample_is_awaited_ : 1 = false;
};

}  // namespace tapstat::flowstats
