#include "flowstats/layer7/rtp_summary.h"

#include <cmath>

namespace tapstat::flowstats::layer7 {

namespace {

double quotient(double dividend, double divisor) { return divisor == 0 ? 0 : dividend / divisor; }

Spread spread_of(const JitterClock& clock) { return {clock.value, clock.max, clock.min}; }

/// Of the media bytes of n packets. Tstat divides the root by n - 1, not what is below it.
double deviation(double sum, double sum_of_squares, double n, Mode mode) {
  if (n < 2) return 0;
  const double squares = sum_of_squares - sum * sum / n;
  if (squares <= 0) return 0;
  return mode == Mode::tstat ? std::sqrt(squares) / (n - 1) : std::sqrt(squares / (n - 1));
}

void describe(const MediaStream& stream, const RtpStatistics& rtp, Mode mode, RtpSummary& summary) {
  const auto bytes = static_cast<double>(stream.bytes);
  summary.gap_ms = quotient(static_cast<double>(rtp.gaps.us) / 1000.0, rtp.in_sequence);
  summary.jitter = spread_of(rtp.jitter[RtpClock::of_type]);
  summary.jitter_8khz = spread_of(rtp.jitter[RtpClock::khz_8]);
  summary.jitter_90khz = spread_of(rtp.jitter[RtpClock::khz_90]);
  summary.losses = rtp.losses + (mode == Mode::corrected ? rtp.window.pending() : 0);
  summary.out_of_sequence = rtp.out_of_sequence;
  summary.duplicates = rtp.duplicates;
  summary.late = rtp.late;
  summary.was_restarted = rtp.was_restarted;
  summary.media_bytes = {quotient(bytes, stream.packets), static_cast<double>(rtp.media_bytes_max),
                         static_cast<double>(rtp.media_bytes_min)};
  summary.media_bytes_deviation = deviation(bytes, rtp.media_bytes_squared, stream.packets, mode);
}

/// Tstat's mean has the precision of a float, and now and then another last digit.
double mean_loss_percent(const RtcpStatistics& rtcp, Mode mode) {
  double mean = quotient(static_cast<double>(rtcp.fraction_sum), rtcp.reports);
  if (mode == Mode::tstat) mean = static_cast<float>(mean);
  return mean * 100.0 / 256.0;
}

void describe(const MediaStream& stream, const RtcpStatistics& rtcp, Mode mode,
              RtpSummary& summary) {
  summary.is_rtcp = true;
  const Duration total = elapsed(stream.first, stream.last);
  summary.gap_ms = quotient(static_cast<double>(total.us) / 1000.0, stream.packets);
  summary.jitter = {quotient(rtcp.jitter_sum, rtcp.reports), static_cast<double>(rtcp.jitter_max),
                    static_cast<double>(rtcp.jitter_min)};
  summary.reported_losses = rtcp.losses;
  summary.reported_loss_percent = mean_loss_percent(rtcp, mode);
  summary.sender_packets = rtcp.sender_packets;
  summary.sender_bytes = rtcp.sender_bytes;
  summary.rtt_ms = {quotient(rtcp.rtt_sum_ms, rtcp.round_trips), rtcp.rtt_max_ms, rtcp.rtt_min_ms};
  summary.round_trips = rtcp.round_trips;
  summary.rtcp_flags = rtcp.flags;
}

}  // namespace

RtpSummary summary_of(const MediaStream& stream, Mode mode) {
  RtpSummary summary;
  summary.first = stream.first;
  summary.packets = stream.packets;
  summary.bytes = stream.bytes;
  summary.types = stream.types.types();
  summary.type_counts = stream.types.counts();
  if (const RtpStatistics* rtp = stream.rtp()) describe(stream, *rtp, mode, summary);
  if (const RtcpStatistics* rtcp = stream.rtcp()) describe(stream, *rtcp, mode, summary);
  const double us_in_unit = summary.is_rtcp && mode == Mode::tstat ? 1e3 : 1e6;
  summary.duration = static_cast<double>(elapsed(stream.first, stream.last).us) / us_in_unit;
  summary.speed = quotient(static_cast<double>(stream.bytes) * 8, summary.duration);
  return summary;
}

}  // namespace tapstat::flowstats::layer7
