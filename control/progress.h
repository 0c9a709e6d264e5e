/// The progress of a replay on standard error: one line redrawn four times a second on a terminal,
/// else a plain line every ten seconds. Control thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "control/messages.h"
#include "dataplane/packet_pipeline.h"

namespace tapstat::control {

/// The figures of one line.
struct ProgressFigures {
  uint64_t packets = 0;
  uint64_t packets_expected = 0;  // 0: unknown (repeated until stopped)
  double packets_per_s = 0, bits_per_s = 0;
  uint64_t flows_open = 0;
  uint64_t lost = 0;
  std::string lost_reason;  // "ring-full"; the line names it when lost > 0
};

[[nodiscard]] std::string progress_line(const ProgressFigures& figures);

class Progress {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Form : uint8_t { off, redrawn, plain };

  Progress(Messages& messages, Form form, uint64_t packets_expected, Clock::time_point now)
      : messages_(messages),
        form_(form),
        packets_expected_(packets_expected),
        printed_at_(now),
        measured_at_(now) {}

  /// Prints when it is time.
  void update(const dataplane::PipelineProgress& progress, Clock::time_point now);
  /// Removes the redrawn line.
  void finish() { messages_.erase_status(); }

  /// The figures as of now, with rates since the last call.
  [[nodiscard]] ProgressFigures figures(const dataplane::PipelineProgress& progress,
                                        Clock::time_point now);

 private:
  Messages& messages_;
  Form form_;
  uint64_t packets_expected_;
  Clock::time_point printed_at_, measured_at_;
  uint64_t packets_before_ = 0, bytes_before_ = 0;
  double packets_per_s_ = 0, bits_per_s_ = 0;
};

}  // namespace tapstat::control
