#include "control/commands/mplane_commands.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "control/commands/mplane_text.h"
#include "control/text.h"
#include "flowstats/base/nearest.h"

namespace tapstat::control {
namespace {

using flowstats::ExitStatus;
using flowstats::Result;
using mplane::Generation;
using mplane::Kind;
using mplane::Message;
using Action = MplaneArguments::Action;

constexpr std::chrono::milliseconds kWaitPause{500};

Generation generation_of(const MplaneArguments& arguments, const http::Url& base) {
  if (arguments.generation) return *arguments.generation;
  return base.path.starts_with("/v1") ? Generation::sdk : Generation::proxy_2014;
}

Result<http::Url> checked_url(const MplaneArguments& arguments) {
  const std::optional<http::Url> url = http::parse_url(arguments.url);
  if (!url || url->scheme == "unix")
    return flowstats::fail(ExitStatus::usage, "--url \"" + arguments.url +
                                                  "\": not an address. Example: "
                                                  "https://probe.example:8888");
  if (url->scheme == "https" && !arguments.ca)
    return flowstats::fail(ExitStatus::usage,
                           "--url \"" + arguments.url +
                               "\": https needs --ca, --cert and --key. Example: --ca ca.pem "
                               "--cert me.pem --key me.key");
  return *url;
}

}  // namespace

MplaneCommands::MplaneCommands(Parts parts)
    : parts_(std::move(parts)), generation_(generation_of(parts_.arguments, parts_.base)) {
  parts_.base.path = "/";
}

Result<MplaneCommands::Outcome> MplaneCommands::run() {
  Done done;
  switch (parts_.arguments.action) {
    case Action::listcap: done = list_capabilities(); break;
    case Action::runcap: done = run_capability(); break;
    case Action::listmeas: done = list_measurements(); break;
    case Action::redeem: done = ask_one_or_all(Kind::redemption); break;
    case Action::interrupt: done = ask_one_or_all(Kind::interrupt); break;
  }
  if (!done) return tl::make_unexpected(done.error());
  const bool answers =
      parts_.arguments.action != Action::listcap && parts_.arguments.action != Action::listmeas;
  if (answers && parts_.arguments.json) outcome_.text = answers_json(answers_);
  return outcome_;
}

MplaneCommands::Done MplaneCommands::list_capabilities() {
  const auto found = MplaneClient(parts_.base, parts_.send).capabilities(generation_);
  if (!found) return tl::make_unexpected(found.error());
  outcome_.text = parts_.arguments.json ? capabilities_json(*found)
                  : found->empty()
                      ? parts_.base.origin() + " offers you no capability of generation " +
                            std::string(generation_name(generation_)) + ".\n"
                      : capabilities_text(*found);
  return {};
}

/// By number, as listcap shows them, by label, or by what follows the label's last '-'.
Result<Message> MplaneCommands::chosen_capability() const {
  const std::string& operand = parts_.arguments.operand;
  auto found = MplaneClient(parts_.base, parts_.send).capabilities(generation_);
  if (!found) return tl::make_unexpected(found.error());
  const std::optional<size_t> wanted = number<size_t>(operand);
  std::vector<std::string> labels;
  for (size_t i = 0; i < found->size(); ++i) {
    const std::string& label = *(*found)[i].label;
    const bool named = label == operand || label.substr(label.rfind('-') + 1) == operand;
    if (named || (wanted && i + 1 == *wanted)) return std::move((*found)[i]);
    labels.push_back(label);
  }
  return flowstats::fail(ExitStatus::usage, "runcap \"" + operand + "\": " + parts_.base.origin() +
                                                " offers " + std::to_string(labels.size()) +
                                                " capabilities, and this is none of them." +
                                                flowstats::did_you_mean(operand, labels));
}

MplaneCommands::Done MplaneCommands::run_capability() {
  const Result<Message> capability = chosen_capability();
  if (!capability) return tl::make_unexpected(capability.error());
  const Result<Message> specification = specification_of(*capability, parts_.arguments.when);
  if (!specification) return tl::make_unexpected(specification.error());
  const auto answer = MplaneClient(parts_.base, parts_.send).post(*specification);
  if (!answer) return tl::make_unexpected(answer.error());
  Measurement measurement;
  measurement.url = parts_.base.origin();
  measurement.generation = generation_;
  measurement.token = answer->message.token.value_or(*specification->token);
  measurement.label = *capability->label;
  measurement.when = parts_.arguments.when;
  const bool begun = answer->message.kind == Kind::receipt;
  if (begun) measurement.number = parts_.measurements.add(measurement);
  if (begun && parts_.arguments.wait) return wait_for(measurement, *answer);
  take(measurement, *answer);
  if (!begun) return {};
  outcome_.text +=
      "Fetch the result with: tapstat mplane redeem " + std::to_string(measurement.number) + "\n";
  return {};
}

MplaneCommands::Done MplaneCommands::wait_for(const Measurement& measurement,
                                              const ComponentAnswer& receipt) {
  // Whoever interrupts the wait fetches the result later; an error is told at the end.
  static_cast<void>(parts_.measurements.save());
  parts_.say(answer_text(receipt));
  while (true) {
    parts_.pause();
    const auto answer = ask(measurement, Kind::redemption);
    if (!answer) return tl::make_unexpected(answer.error());
    if (answer->message.kind == Kind::receipt) continue;
    take(measurement, *answer);
    return {};
  }
}

MplaneCommands::Done MplaneCommands::list_measurements() {
  std::vector<MeasurementState> states;
  for (const Measurement& measurement : parts_.measurements.list()) {
    const auto answer = ask(measurement, Kind::redemption);
    states.push_back({measurement, answer ? std::string(state_text(answer->message, parts_.now()))
                                          : "no answer"});
  }
  outcome_.text = parts_.arguments.json ? measurements_json(states)
                  : states.empty()      ? "You started no measurement that was not fetched.\n"
                                        : measurements_text(states);
  return {};
}

/// One that this client started, else the token of any other at --url.
Measurement MplaneCommands::chosen_measurement() const {
  if (const Measurement* const known = parts_.measurements.find(parts_.arguments.operand))
    return *known;
  Measurement measurement;
  measurement.url = parts_.base.origin();
  measurement.generation = generation_;
  measurement.token = parts_.arguments.operand;
  return measurement;
}

Result<ComponentAnswer> MplaneCommands::ask(const Measurement& measurement, Kind kind) const {
  const std::optional<http::Url> url = http::parse_url(measurement.url);
  if (!url)
    return flowstats::fail(ExitStatus::environment, "\"" + measurement.url + "\" is no address.");
  return MplaneClient(*url, parts_.send)
      .post(question(kind, measurement.generation, measurement.token));
}

MplaneCommands::Done MplaneCommands::ask_and_take(const Measurement& measurement, Kind kind) {
  const auto answer = ask(measurement, kind);
  if (!answer) return tl::make_unexpected(answer.error());
  take(measurement, *answer);
  return {};
}

MplaneCommands::Done MplaneCommands::ask_one_or_all(Kind kind) {
  if (parts_.arguments.operand != "all") return ask_and_take(chosen_measurement(), kind);
  const std::vector<Measurement> all = parts_.measurements.list();  // take() removes from it
  for (const Measurement& measurement : all)
    if (const Done done = ask_and_take(measurement, kind); !done) {
      outcome_.status = done.error().status;  // higher than that of an exception
      outcome_.errors.push_back(done.error().sentence);
    }
  return {};
}

/// Notes an answer for the output; what is over is forgotten.
void MplaneCommands::take(const Measurement& measurement, const ComponentAnswer& answer) {
  answers_.push_back(answer);
  if (answer.message.kind == Kind::exception) {
    outcome_.status = std::max(outcome_.status, ExitStatus::records_lost);
    outcome_.errors.push_back(measurement.url + " answers: " + printable(answer.message.text) +
                              " (" + printable(measurement.token) + ").");
  } else {
    outcome_.text += answer_text(answer) + "\n";
  }
  if (answer.message.kind != Kind::receipt)
    parts_.measurements.remove(measurement.url, measurement.token);
}

int mplane_command(const MplaneArguments& arguments, Messages& messages) {
  const auto refuse = [&messages](const flowstats::Error& error) {
    messages.error(error.sentence);
    return static_cast<int>(error.status);
  };
  const Result<http::Url> base = checked_url(arguments);
  if (!base) return refuse(base.error());
  const auto path = default_measurement_path();
  if (!path)
    return refuse({ExitStatus::usage, "measurements have no place: set XDG_STATE_HOME or HOME."});
  Result<MeasurementFile> measurements = MeasurementFile::load(*path);
  if (!measurements) return refuse(measurements.error());
  std::optional<http::ClientTls> tls;
  if (arguments.ca) tls = http::ClientTls{*arguments.ca, arguments.certificate, arguments.key};
  http::HttpClient client(std::move(tls));
  MplaneCommands commands({arguments, *base,
                           [&client](const http::ClientRequest& r) { return client.send(r); },
                           *measurements, [] { std::this_thread::sleep_for(kWaitPause); },
                           [&messages](const std::string& text) { messages.note(text); },
                           [] {
                             return std::chrono::duration_cast<std::chrono::microseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                 .count();
                           }});
  const auto outcome = commands.run();
  if (const auto saved = measurements->save(); !saved) messages.note(saved.error().sentence);
  if (!outcome) return refuse(outcome.error());
  std::string text = outcome->text;
  while (text.ends_with('\n')) text.pop_back();
  if (!text.empty()) messages.document(text);
  for (const std::string& error : outcome->errors) messages.error(error);
  return static_cast<int>(outcome->status);
}

}  // namespace tapstat::control
