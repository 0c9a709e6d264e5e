#include "control/inputs.h"

#include <algorithm>

#include "control/number_text.h"

namespace tapstat::control {
namespace {

using flowstats::ExitStatus;
using flowstats::Timestamp;

InputFacts facts_of(const dataplane::CaptureFile& capture) {
  InputFacts facts;
  facts.name = capture.name;
  facts.format = capture.format;
  facts.link_type = dataplane::link_type_name(capture.link_type);
  facts.packets = capture.packets;
  facts.bytes = capture.bytes;
  facts.snapped_packets = capture.snapped_packets;
  facts.wire_bytes = capture.wire_bytes;
  facts.first = capture.first;
  facts.last = capture.last;
  facts.damage = capture.damage;
  return facts;
}

}  // namespace

uint64_t Inputs::packets() const {
  uint64_t sum = 0;
  for (const auto& capture : captures) sum += capture.packets;
  return sum;
}

Timestamp Inputs::first_packet() const {
  for (const auto& capture : captures)
    if (capture.first) return *capture.first;
  return Timestamp{0};
}

double Inputs::traffic_s() const {
  Timestamp last = first_packet();
  for (const auto& capture : captures)
    if (capture.first) last = std::max(last, capture.clock_max);
  return static_cast<double>((last - first_packet()).us) / 1e6;
}

Inputs open_inputs(const ReplayArguments& arguments, flowstats::Mode mode, Messages& messages) {
  Inputs inputs;
  dataplane::CaptureOpenOptions options;
  options.unpack = arguments.unpack;
  options.mode = mode;
  options.note = [&](const std::string& sentence) { messages.note(sentence); };
  for (const auto& name : arguments.files) {
    auto capture = dataplane::open_capture(name, options);
    if (!capture) {
      messages.error(capture.error().sentence);
      inputs.status = std::max(inputs.status, capture.error().status);
      InputFacts facts;
      facts.name = name;
      facts.error = capture.error().sentence;
      inputs.facts.push_back(std::move(facts));
      continue;
    }
    inputs.facts.push_back(facts_of(*capture));
    if (capture->damage) {
      messages.error("\"" + name.string() + "\": " + *capture->damage + "; the " +
                     grouped(capture->packets) + " packets before it are processed.");
      inputs.status = std::max(inputs.status, ExitStatus::input_damaged);
    }
    inputs.captures.push_back(std::move(*capture));
  }
  return inputs;
}

}  // namespace tapstat::control
