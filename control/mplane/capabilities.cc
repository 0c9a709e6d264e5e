#include "control/mplane/capabilities.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "control/mplane/token.h"
#include "control/text.h"
#include "flowstats/columns/mplane_elements.h"

namespace tapstat::control::mplane {

namespace {

using flowstats::Group;
using flowstats::MplaneVocabulary;

struct GroupLabel {
  Group group;
  std::string_view name;
};
/// In the order of every list.
constexpr std::array<GroupLabel, 5> kGroupLabels = {{{Group::core, "core"},
                                                     {Group::end_to_end, "end_to_end"},
                                                     {Group::options, "tcp_options"},
                                                     {Group::p2p, "p2p_stats"},
                                                     {Group::layer7, "layer7"}}};
constexpr std::string_view kLabelPrefix = "tstat-log_tcp_complete-";
constexpr std::string_view kProbeParameter = "System_ID";
constexpr std::string_view kAnyMoment = "now ... future";

std::vector<std::string> element_names(Group group, MplaneVocabulary vocabulary) {
  std::vector<std::string> names;
  for (auto& element : flowstats::mplane_elements(group, vocabulary))
    names.push_back(std::move(element.name));
  return names;
}

Message offer(std::string_view label, std::string_view verb, int version, std::string_view when) {
  Message message;
  message.kind = Kind::capability;
  message.verb = verb;
  message.version = version;
  message.label = label;
  message.when = when;
  return message;
}

std::string link_of(const CapabilityOptions& options) {
  return options.base_url.empty() ? "" : options.base_url + "/";
}

Message proxy_capability(const GroupLabel& g, const CapabilityOptions& options) {
  // Meant as indefinite; this text is part of the published tokens.
  Message message =
      offer(fmt::format("{}{}", kLabelPrefix, g.name), "measure", kVersion2014, "now + 0s");
  message.results = element_names(g.group, MplaneVocabulary::proxy_2014);
  if (options.unified) {
    message.registry = options.registry_uri;
    message.link = link_of(options);
  }
  message.token = computed_token(message);
  return message;
}

/// What tells one probe from another.
void describe_probe(Message& message, const CapabilityOptions& options) {
  message.parameters.emplace(kProbeParameter, options.system_id);
  message.metadata = options.metadata;
}

Message sdk_capability(const GroupLabel& g, const CapabilityOptions& options) {
  Message message =
      offer(fmt::format("{}{}", kLabelPrefix, g.name), "measure", kVersionSdk, kAnyMoment);
  message.registry = options.registry_uri;
  message.link = link_of(options);
  message.results = element_names(g.group, MplaneVocabulary::later);
  describe_probe(message, options);
  message.token = computed_token(message);
  return message;
}

std::set<std::string> result_names(const Message& message) {
  if (!message.results) return {};
  return {message.results->begin(), message.results->end()};
}

/// The same names, and values that the constraints allow.
bool parameters_fit(const std::map<std::string, std::string>& values,
                    const std::map<std::string, std::string>& constraints) {
  return std::equal(values.begin(), values.end(), constraints.begin(), constraints.end(),
                    [](const auto& value, const auto& constraint) {
                      return value.first == constraint.first &&
                             satisfies(value.second, constraint.second);
                    });
}

bool is_in_range(std::string_view value, std::string_view low, std::string_view high) {
  const auto first = number<double>(low), last = number<double>(high);
  if (!first || !last) return low <= value && value <= high;
  const auto wanted = number<double>(value);
  return wanted && *first <= *wanted && *wanted <= *last;
}

}  // namespace

Capabilities::Capabilities(const CapabilityOptions& options) : options_(options) {
  for (const GroupLabel& g : kGroupLabels) {
    proxy_2014_.push_back({g.group, proxy_capability(g, options_)});
    sdk_.push_back({g.group, sdk_capability(g, options_)});
  }
}

std::span<const Capability> Capabilities::of(Generation generation) const {
  return generation == Generation::proxy_2014 ? proxy_2014_ : sdk_;
}

const Capability* Capabilities::find(Generation generation, std::string_view token) const {
  const auto offered = of(generation);
  const auto found = std::find_if(offered.begin(), offered.end(),
                                  [token](const Capability& c) { return c.token() == token; });
  return found == offered.end() ? nullptr : &*found;
}

const Capability* Capabilities::match(const Message& specification) const {
  const bool early = specification.version == kVersion2014;
  const std::set<std::string> wanted = result_names(specification);
  for (const Capability& c : of(early ? Generation::proxy_2014 : Generation::sdk)) {
    if (!early && specification.registry != c.message.registry) continue;
    if (wanted == result_names(c.message) &&
        parameters_fit(specification.parameters, c.message.parameters))
      return &c;
  }
  return nullptr;
}

Message Capabilities::callback() const {
  Message message = offer("callback", "callback", kVersionSdk, kAnyMoment);
  message.registry = options_.registry_uri;
  // Hashed with what names the probe, so that two probes differ; sent without it.
  Message named = message;
  describe_probe(named, options_);
  message.token = computed_token(named);
  return message;
}

std::string size_text(const Message& capability) {
  return fmt::format("p/m/r {}/{}/{}", capability.parameters.size(), capability.metadata.size(),
                     capability.results ? capability.results->size() : 0);
}

bool satisfies(std::string_view value, std::string_view constraint) {
  constexpr std::string_view kRange = " ... ";
  if (value.empty() || value == "*") return false;
  if (constraint == "*") return true;
  if (const size_t at = constraint.find(kRange); at != std::string_view::npos)
    return is_in_range(value, constraint.substr(0, at), constraint.substr(at + kRange.size()));
  const auto allowed = split(constraint, ',');
  return std::any_of(allowed.begin(), allowed.end(),
                     [value](std::string_view one) { return trim(one) == value; });
}

}  // namespace tapstat::control::mplane
