#include "control/trace_plan.h"

#include <memory>
#include <string>
#include <utility>

#include "control/config_value.h"
#include "exporters/web100_names.h"

namespace tapstat::control {
namespace {

using flowstats::Duration;
using flowstats::ExitStatus;
using flowstats::Result;

constexpr const char* kDefaultFilter = "tcp port 8000";
/// A replay would rather wait than get two workers' packets in the wrong order.
constexpr std::chrono::milliseconds kReplayHoldBack{60'000};

auto refuse(std::string sentence) {
  return flowstats::fail(ExitStatus::usage, "[output.trace] " + std::move(sentence));
}

Result<TracePlan> make_plan_of(const TraceArguments& arguments, const TraceConfig& config) {
  TracePlan plan;
  const std::string expression = arguments.filter.value_or(config.filter.value_or(kDefaultFilter));
  auto filter = dataplane::TraceFilter::compile(expression);
  if (!filter) return tl::make_unexpected(std::move(filter.error()));
  plan.tap.filter = std::make_shared<const dataplane::TraceFilter>(std::move(*filter));
  take(plan.tap.snap_length, config.snap_length);
  take(plan.tap.sample, config.sample);
  take(plan.tap.flow_limit, config.flow_limit);
  take(plan.tap.windows.pre, config.pre);
  take(plan.tap.windows.post, config.post);
  if (config.ring) plan.tap.ring_bytes = *config.ring;
  if (plan.tap.windows.pre.us + plan.tap.windows.post.us >= flowstats::kHour.us)
    return refuse("pre and post must be less than an hour together.");
  const std::string node = config.node.value_or(exporters::default_node());
  if (auto good = exporters::check_node(node); !good)
    return refuse("node: " + good.error().sentence);
  exporters::TraceDestination& to = plan.writer.destination;
  to.root = arguments.directory.value_or(config.directory.value_or(std::filesystem::path{}));
  to.node = node;
  to.windows = plan.tap.windows;
  to.format = {plan.tap.snap_length, config.nanoseconds.value_or(false),
               config.size_max.value_or(0)};
  to.recipe = {plan.tap.filter->expression(), plan.tap.snap_length, plan.tap.sample,
               plan.tap.flow_limit};
  plan.writer.hold_back = kReplayHoldBack;
  return plan;
}

}  // namespace

void store_trace(TraceConfig& config, std::string_view name, const toml::node& node,
                 const std::filesystem::path& directory) {
  const std::pair<std::string_view, std::optional<uint32_t>*> counts[] = {
      {"snaplen", &config.snap_length},
      {"sample", &config.sample},
      {"flow_limit", &config.flow_limit}};
  for (const auto& [key, target] : counts)
    if (key == name) *target = static_cast<uint32_t>(node.as_integer()->get());
  if (name == "enabled") config.enabled = node.as_boolean()->get();
  if (name == "nsec") config.nanoseconds = node.as_boolean()->get();
  if (!node.is_string()) return;
  const std::string& text = node.as_string()->get();
  if (name == "directory") config.directory = (directory / text).lexically_normal();
  if (name == "node") config.node = text;
  if (name == "filter") config.filter = text;
  if (name == "pre") config.pre = parse_duration(text);
  if (name == "post") config.post = parse_duration(text);
  if (name == "size_max") config.size_max = parse_size(text);
  if (name == "ring") config.ring = parse_size(text);
}

Result<std::optional<TracePlan>> plan_trace(const TraceArguments& arguments,
                                            const TraceConfig& config) {
  if (!arguments.directory && !config.enabled.value_or(false)) {
    if (!arguments.filter) return std::nullopt;
    return flowstats::fail(ExitStatus::usage,
                           "--trace-filter needs --trace, or enabled in [output.trace] of "
                           "tapstat.toml.");
  }
  auto plan = make_plan_of(arguments, config);
  if (!plan) return tl::make_unexpected(std::move(plan.error()));
  return std::optional<TracePlan>(std::move(*plan));
}

Result<void> check_trace(const TraceConfig& config) {
  auto plan = make_plan_of({}, config);
  if (!plan) return tl::make_unexpected(std::move(plan.error()));
  return {};
}

}  // namespace tapstat::control
