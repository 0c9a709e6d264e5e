#include "control/commands/mplane_text.h"

#include "control/commands/text_table.h"
#include "control/json_text.h"
#include "control/mplane/when.h"
#include "control/number_text.h"

namespace tapstat::control {
namespace {

using mplane::Kind;
using mplane::Message;
using mplane::WhenTime;

/// " (10.0 s)" for an interval of two absolute times.
std::string length_text(const std::string& when) {
  const auto scope = mplane::parse_when(when);
  if (!scope || !scope->end || scope->start.kind != WhenTime::Kind::absolute ||
      scope->end->kind != WhenTime::Kind::absolute)
    return "";
  return " (" + seconds_text(static_cast<double>(scope->end->at - scope->start.at) / 1e6) + ")";
}

void names(JsonText& json, const char* key, const std::vector<std::string>& values) {
  json.key(key).array();
  for (const std::string& value : values) json.text(value);
  json.end_array();
}

void pairs(JsonText& json, const char* key, const std::map<std::string, std::string>& values) {
  json.key(key).object();
  for (const auto& [name, value] : values) json.key(name).text(value);
  json.end_object();
}

void optional_text(JsonText& json, const char* key, const std::string& value) {
  if (!value.empty()) json.key(key).text(value);
}

/// `[ITEM, ...]` with the members that `write` makes of each.
template <class Items, class Write>
std::string array_json(const Items& items, Write write) {
  JsonText json;
  json.array();
  for (const auto& item : items) {
    json.object();
    write(json, item);
    json.end_object();
  }
  json.end_array();
  return json.str();
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  return out;
}

std::string capabilities_text(const std::vector<Message>& capabilities) {
  TextTable table;
  table.align_right(0);
  int number = 0;
  for (const Message& capability : capabilities)
    table.row({std::to_string(++number), printable(capability.label.value_or("")),
               mplane::size_text(capability), printable(capability.token.value_or(""))});
  return table.str();
}

std::string capabilities_json(const std::vector<Message>& capabilities) {
  uint64_t number = 0;
  return array_json(capabilities, [&number](JsonText& json, const Message& capability) {
    json.key("number").number(++number);
    json.key("label").text(capability.label.value_or(""));
    json.key("token").text(capability.token.value_or(""));
    json.key("when").text(capability.when.value_or(""));
    pairs(json, "parameters", capability.parameters);
    pairs(json, "metadata", capability.metadata);
    names(json, "results", capability.results.value_or(std::vector<std::string>{}));
  });
}

std::string measurements_text(const std::vector<MeasurementState>& measurements) {
  TextTable table;
  table.align_right(0);
  for (const auto& [m, state] : measurements)
    table.row({std::to_string(m.number), printable(m.label), state, printable(m.when),
               printable(m.token), printable(m.url)});
  return table.str();
}

std::string measurements_json(const std::vector<MeasurementState>& measurements) {
  return array_json(measurements, [](JsonText& json, const MeasurementState& one) {
    json.key("number").number(one.measurement.number);
    json.key("label").text(one.measurement.label);
    json.key("state").text(one.state);
    json.key("when").text(one.measurement.when);
    json.key("token").text(one.measurement.token);
    json.key("url").text(one.measurement.url);
    json.key("generation").text(generation_name(one.measurement.generation));
  });
}

std::string answer_text(const ComponentAnswer& answer) {
  const Message& message = answer.message;
  std::string text = std::string(kind_name(message.kind)) + " " + message.token.value_or("");
  if (message.label) text += " " + *message.label;
  if (message.kind == Kind::exception) text += ": " + message.text;
  if (message.when) text += ": " + *message.when + length_text(*message.when);
  if (!answer.epochs.empty()) text += ", epochs " + answer.epochs;
  if (!answer.rows.empty()) text += ", rows " + answer.rows;
  return printable(text);
}

std::string answers_json(const std::vector<ComponentAnswer>& answers) {
  return array_json(answers, [](JsonText& json, const ComponentAnswer& answer) {
    json.key("kind").text(kind_name(answer.message.kind));
    json.key("token").text(answer.message.token.value_or(""));
    optional_text(json, "label", answer.message.label.value_or(""));
    optional_text(json, "when", answer.message.when.value_or(""));
    optional_text(json, "message", answer.message.text);
    optional_text(json, "epochs", answer.epochs);
    optional_text(json, "rows", answer.rows);
  });
}

std::string_view state_text(const Message& answer, UtcMicroseconds now) {
  if (answer.kind == Kind::result) return "finished";
  if (answer.kind != Kind::receipt) return "unknown";
  const auto when = mplane::parse_when(answer.when.value_or(""));
  const bool later = when && when->start.kind == WhenTime::Kind::absolute && when->start.at > now;
  return later ? "pending" : "running";
}

}  // namespace tapstat::control
