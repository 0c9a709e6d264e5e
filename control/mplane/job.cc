#include "control/mplane/job.h"

#include <algorithm>
#include <set>

#include "control/mplane/when.h"

namespace tapstat::control::mplane {
namespace {

/// Members that every answer repeats as they were sent. Version 0 never had registry, parameters
/// or metadata: its clients fail on them.
Message answer_to(const Job& job, Kind kind) {
  const Message& asked = job.specification;
  Message answer;
  answer.kind = kind;
  answer.verb = asked.verb;
  answer.version = asked.version;
  answer.token = asked.token;
  answer.results = asked.results;
  if (asked.version != kVersion2014) {
    answer.registry = asked.registry;
    answer.parameters = asked.parameters;
    answer.metadata = asked.metadata;
  }
  return answer;
}

size_t bytes_of(const std::map<std::string, std::string>& section) {
  size_t bytes = 0;
  for (const auto& [name, value] : section) bytes += name.size() + value.size();
  return bytes;
}

}  // namespace

std::string_view state_name(JobState state) { return kJobStateNames[static_cast<size_t>(state)]; }

Message receipt_of(const Job& job) {
  Message receipt = answer_to(job, Kind::receipt);
  receipt.when = job.when;
  if (job.specification.version != kVersion2014) receipt.label = job.specification.label;
  return receipt;
}

Message final_message(const Job& job) {
  if (job.state == JobState::failed) return exception(job.token(), job.failure);
  Message result = answer_to(job, Kind::result);
  result.label = job.specification.label;
  result.when = interval_text(job.on_at, job.off_at);
  return result;
}

bool same_schema(const Message& one, const Message& other) {
  const auto names_of = [](const Message& message) {
    const auto& names = message.results;
    return names ? std::set<std::string>(names->begin(), names->end()) : std::set<std::string>{};
  };
  return one.version == other.version && names_of(one) == names_of(other) &&
         std::equal(one.parameters.begin(), one.parameters.end(), other.parameters.begin(),
                    other.parameters.end(),
                    [](const auto& a, const auto& b) { return a.first == b.first; });
}

size_t text_bytes(const Job& job) {
  const Message& message = job.specification;
  size_t bytes = job.owner.size() + job.when.size() + job.failure.size() + message.verb.size() +
                 bytes_of(message.parameters) + bytes_of(message.metadata);
  for (const auto* text : {&message.registry, &message.label, &message.token})
    if (*text) bytes += (*text)->size();
  if (message.results)
    for (const std::string& name : *message.results) bytes += name.size();
  return bytes;
}

}  // namespace tapstat::control::mplane
