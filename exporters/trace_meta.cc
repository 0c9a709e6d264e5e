#include "exporters/trace_meta.h"

#include <cstring>

#include <fmt/core.h>

namespace tapstat::exporters {

using flowstats::Timestamp;

namespace {

std::string_view end_text(TraceEnd end) {
  switch (end) {
    case TraceEnd::hour: return "hour";
    case TraceEnd::size: return "size";
    case TraceEnd::stop: return "stop";
    case TraceEnd::killed: break;
  }
  return "killed";
}

std::string seconds_text(Timestamp time) {
  return fmt::format("{}.{:06}", time.us / 1'000'000, time.us % 1'000'000);
}

}  // namespace

std::string trace_meta(const std::optional<TraceRecipe>& recipe, const TraceAccount& account) {
  std::string text;
  const auto line = [&](std::string_view key, const auto& value) {
    text += fmt::format("{} {}\n", key, value);
  };
  const TraceFigures& f = account.figures;
  line("hour", account.hour.us / 1'000'000);
  line("link_type", account.link_type);
  if (recipe) {
    line("filter", recipe->filter);
    line("snaplen", recipe->snap_length);
    line("sample", recipe->sample);
    line("flow_limit", recipe->flow_limit);
  }
  if (f.first) line("first", seconds_text(*f.first));
  if (f.last) line("last", seconds_text(*f.last));
  if (account.end != TraceEnd::killed) {
    line("matched", f.written + f.dropped_disk + account.sampled_out + account.dropped_ring);
    line("sampled_out", account.sampled_out);
  }
  line("written", f.written);
  if (account.end != TraceEnd::killed) {
    line("dropped_ring", account.dropped_ring);
    line("dropped_disk", f.dropped_disk);
  }
  line("out_of_order", f.out_of_order);
  line("captured_bytes", f.captured_bytes);
  line("wire_bytes", f.wire_bytes);
  if (account.error != 0) line("error", std::strerror(account.error));
  line("end", end_text(account.end));
  return text;
}

}  // namespace tapstat::exporters
