#include "control/progress.h"

#include <algorithm>

#include <fmt/format.h>

#include "control/ledger.h"
#include "control/number_text.h"

namespace tapstat::control {
namespace {

using flowstats::Counter;
using std::chrono::milliseconds;

constexpr milliseconds kRedrawEvery{250};
constexpr milliseconds kPlainEvery{10'000};
constexpr milliseconds kRateOver{1'000};
constexpr int kBarCells = 20;

std::string bar(double part) {
  const int filled = static_cast<int>(part * kBarCells);
  std::string cells(static_cast<size_t>(filled), '=');
  if (filled < kBarCells) cells += '>';
  cells.resize(kBarCells + 1, ' ');
  return "[" + cells + "]";
}

/// What most of the loss is counted as: "ring-full".
std::string reason_of(const Equation& packets) {
  constexpr std::string_view kPrefix = "dropped_";
  const LedgerTerm* most = nullptr;
  for (const LedgerTerm& part : packets.parts)
    if (part.loss && (most == nullptr || part.value > most->value)) most = &part;
  if (most == nullptr) return "";
  std::string reason(most->name);
  if (reason.starts_with(kPrefix)) reason.erase(0, kPrefix.size());
  std::ranges::replace(reason, '_', '-');
  return reason;
}

}  // namespace

std::string progress_line(const ProgressFigures& f) {
  std::string line;
  if (f.packets_expected > 0) {
    const double part =
        std::min(1.0, static_cast<double>(f.packets) / static_cast<double>(f.packets_expected));
    line = fmt::format("{:3.0f} % {}  ", part * 100, bar(part));
  }
  line += fmt::format("{} pkt  {}  {}  flows {} open  ", grouped(f.packets),
                      packet_rate_text(f.packets_per_s), bit_rate_text(f.bits_per_s),
                      grouped(f.flows_open));
  line += f.lost == 0 ? "lost 0" : fmt::format("LOST {} ({})", grouped(f.lost), f.lost_reason);
  if (f.packets_expected > f.packets && f.packets_per_s > 0)
    line += fmt::format("  ETA {:.0f} s",
                        static_cast<double>(f.packets_expected - f.packets) / f.packets_per_s);
  return line;
}

ProgressFigures Progress::figures(const dataplane::PipelineProgress& p, Clock::time_point now) {
  ProgressFigures f;
  f.packets = p.counters[Counter::rx_packets];
  f.packets_expected = packets_expected_;
  f.flows_open = p.flows_open;
  const Ledger ledger = make_ledger(p.counters, {p.flows_open, udp_flows_open(p.counters)});
  f.lost = ledger.packets_lost();
  f.lost_reason = reason_of(ledger.packets);
  const double seconds = std::chrono::duration<double>(now - measured_at_).count();
  if (now - measured_at_ >= kRateOver || packets_before_ == 0) {
    const uint64_t bytes = p.counters[Counter::rx_bytes];
    packets_per_s_ = seconds > 0 ? static_cast<double>(f.packets - packets_before_) / seconds : 0;
    bits_per_s_ = seconds > 0 ? 8.0 * static_cast<double>(bytes - bytes_before_) / seconds : 0;
    packets_before_ = f.packets;
    bytes_before_ = bytes;
    measured_at_ = now;
  }
  f.packets_per_s = packets_per_s_;
  f.bits_per_s = bits_per_s_;
  return f;
}

void Progress::update(const dataplane::PipelineProgress& progress, Clock::time_point now) {
  if (form_ == Form::off ||
      now - printed_at_ < (form_ == Form::redrawn ? kRedrawEvery : kPlainEvery))
    return;
  printed_at_ = now;
  ProgressFigures f = figures(progress, now);
  if (form_ == Form::plain) return messages_.status_line(progress_line(f));
  messages_.status(" " + progress_line(f));
}

}  // namespace tapstat::control
