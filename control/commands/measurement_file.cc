#include "control/commands/measurement_file.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "control/atomic_file.h"
#include "control/json_text.h"
#include "control/json_view.h"
#include "control/text.h"

namespace tapstat::control {
namespace {

using flowstats::ExitStatus;
using flowstats::Result;

Result<Measurement> read_one(const JsonView& item) {
  Measurement m;
  m.number = item["number"].whole().value_or(0);
  m.url = item["url"].text();
  m.token = item["token"].text();
  m.label = item["label"].text();
  m.when = item["when"].text();
  const std::string generation = item["generation"].text();
  if (m.number == 0 || m.url.empty() || m.token.empty() ||
      (generation != "2014" && generation != "sdk"))
    return flowstats::fail(ExitStatus::usage, "");
  m.generation = generation == "sdk" ? mplane::Generation::sdk : mplane::Generation::proxy_2014;
  return m;
}

std::string json_of(const std::vector<Measurement>& list) {
  JsonText json;
  json.object();
  json.key("measurements").array();
  for (const Measurement& m : list) {
    json.object();
    json.key("number").number(m.number);
    json.key("url").text(m.url);
    json.key("generation").text(generation_name(m.generation));
    json.key("token").text(m.token);
    json.key("label").text(m.label);
    json.key("when").text(m.when);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.str() + "\n";
}

}  // namespace

std::string_view generation_name(mplane::Generation generation) {
  return generation == mplane::Generation::sdk ? "sdk" : "2014";
}

std::optional<std::filesystem::path> default_measurement_path() {
  std::filesystem::path base;
  const char* const state = std::getenv("XDG_STATE_HOME");
  const char* const home = std::getenv("HOME");
  if (state != nullptr && *state == '/')  // relative ones are to be ignored
    base = state;
  else if (home != nullptr && *home == '/')
    base = std::filesystem::path(home) / ".local/state";
  else
    return std::nullopt;
  return base / "tapstat" / "measurements.json";
}

Result<MeasurementFile> MeasurementFile::load(std::filesystem::path path) {
  MeasurementFile file(std::move(path));
  std::error_code error;
  if (!std::filesystem::exists(file.path_, error) && !error) return file;
  const Result<std::string> text = read_config_file(file.path_);
  if (!text) return flowstats::fail(ExitStatus::environment, text.error().sentence);
  const auto refuse = [&] {
    return flowstats::fail(ExitStatus::usage, "\"" + file.path_.string() +
                                                  "\" is no list of measurements. Move it away.");
  };
  const std::optional<JsonDocument> document = JsonDocument::parse(*text);
  if (!document || !(*document)["measurements"].present()) return refuse();
  for (const JsonView& item : (*document)["measurements"].items()) {
    Result<Measurement> measurement = read_one(item);
    if (!measurement) return refuse();
    file.list_.push_back(*std::move(measurement));
  }
  return file;
}

const Measurement* MeasurementFile::find(std::string_view operand) const {
  const std::optional<uint64_t> wanted = number<uint64_t>(operand);
  for (const Measurement& m : list_)
    if (m.token == operand || (wanted && m.number == *wanted)) return &m;
  return nullptr;
}

uint64_t MeasurementFile::add(Measurement measurement) {
  remove(measurement.url, measurement.token);
  if (list_.size() >= kMeasurementsMax) list_.erase(list_.begin());
  uint64_t last = 0;
  for (const Measurement& m : list_) last = std::max(last, m.number);
  measurement.number = last + 1;
  list_.push_back(std::move(measurement));
  return last + 1;
}

void MeasurementFile::remove(const std::string& url, const std::string& token) {
  std::erase_if(list_, [&](const Measurement& m) { return m.url == url && m.token == token; });
}

Result<void> MeasurementFile::save() const {
  std::error_code error;
  std::filesystem::create_directories(path_.parent_path(), error);
  if (error)
    return flowstats::fail(
        ExitStatus::environment,
        "\"" + path_.string() + "\" cannot be written: " + error.message() + ".");
  return replace_file(path_, json_of(list_), 0600);
}

}  // namespace tapstat::control
