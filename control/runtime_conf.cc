#include "control/runtime_conf.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>

#include "control/runtime_keys.h"
#include "control/text.h"
#include "flowstats/base/nearest.h"

namespace tapstat::control {
namespace {

using flowstats::GroupMask;

struct BitName {
  uint32_t bit;
  std::string_view name;
};

/// The order of the names in Tstat's message, which is not that of the bits.
constexpr std::array<BitName, 6> kVideoNames = {{{1, "End_to_end"},
                                                 {2, "Layer7"},
                                                 {8, "VideoInfo"},
                                                 {16, "YouTube"},
                                                 {4, "Options"},
                                                 {32, "Advanced"}}};

std::string video_level_text(uint32_t level) {
  std::string out = "Video log level set to " + std::to_string(level) + " (Core";
  for (const BitName& n : kVideoNames)
    if ((level & n.bit) != 0) out += " + " + std::string(n.name);
  return out + ")";
}

constexpr std::string_view kUrlLogs = "HTTP URL log";

std::string url_text(uint32_t httplog_full_url) {
  constexpr std::array<std::string_view, 3> kVerbs = {"Disabling ", "Enabling partial ",
                                                      "Enabling full "};
  return std::string(kVerbs[httplog_full_url]) + std::string(kUrlLogs);
}

/// Decimal integer, 0x hexadecimal or decimal float.
std::optional<double> parse_value(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) {
    uint64_t value = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data() + 2, last, value, 16);
    if (text.size() == 2 || error != std::errc{} || end != last) return std::nullopt;
    return static_cast<double>(value);
  }
  const auto value = number<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

/// Words of a line; "=" may touch its neighbours and counts as a word of its own.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!(line = trim(line)).empty()) {
    const size_t end = line[0] == '=' ? 1 : std::min(line.find_first_of(" \t="), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

class Parser {
 public:
  Parser(const std::string& name, const RuntimeState& before, RuntimeRead read)
      : name_(name), before_(before), read_(read) {
    out_.state = before;
  }

  void line(std::string_view text) {
    ++line_;
    text = trim(text.substr(0, text.find('#')));
    if (text.empty()) return;
    if (text[0] == '[') return section_line(text);
    assignment(text);
  }

  RuntimeConf finish() {
    if (!out_.errors.empty()) {
      out_.state = before_;
      out_.announcements.clear();
      out_.not_built.clear();
      out_.overruled.clear();
      return std::move(out_);
    }
    const RuntimeState& now = out_.state;
    const bool start = read_ == RuntimeRead::start;
    const auto announce_if = [this](bool wanted, std::string text) {
      if (wanted) out_.announcements.push_back(std::move(text));
    };
    announce_if(now.logs == 0 && before_.logs != 0, "All logs disabled");
    announce_if(start || now.groups != before_.groups, tcp_level_text(now.groups));
    announce_if(start || now.video_level != before_.video_level, video_level_text(now.video_level));
    announce_if(now.http_full_url != before_.http_full_url, url_text(now.http_full_url));
    announce_if((start && dump_section_) || now.dump_engine != before_.dump_engine,
                now.dump_engine ? "Enabling dump engine" : "Disabling dump engine");
    return std::move(out_);
  }

 private:
  void error(const std::string& sentence) {
    out_.errors.push_back(name_ + ":" + std::to_string(line_) + ": " + sentence);
  }

  void section_line(std::string_view text) {
    section_ = nullptr;
    skipping_ = false;
    const size_t close = text.find(']');
    const std::string name =
        lower_case(trim(text.substr(1, close == std::string_view::npos ? close : close - 1)));
    if (close != text.size() - 1) {
      error("a section is a name in brackets on a line of its own, such as [log].");
      skipping_ = true;
      return;
    }
    for (const RuntimeSection& section : kRuntimeSections)
      if (section.name == name) section_ = &section;
    if (section_ != nullptr) {
      if (section_->name == "dump") {
        dump_section_ = true;
        out_.state.dump_engine = false;
      }
      return;
    }
    std::vector<std::string> names;
    for (const RuntimeSection& section : kRuntimeSections) names.emplace_back(section.name);
    error("unknown section [" + name + "]." + flowstats::did_you_mean(name, names));
    skipping_ = true;
  }

  const RuntimeKey* find_key(std::string_view name) {
    for (const RuntimeKey& key : section_->keys)
      if (key.name == name) return &key;
    error("unknown option \"" + std::string(name) + "\" in [" + std::string(section_->name) + "]." +
          advice(name));
    return nullptr;
  }

  /// The section that has the key, else the nearest key of this one.
  [[nodiscard]] std::string advice(std::string_view name) const {
    for (const RuntimeSection& section : kRuntimeSections)
      if (std::ranges::find(section.keys, name, &RuntimeKey::name) != section.keys.end())
        return " It belongs to [" + std::string(section.name) + "].";
    std::vector<std::string> names;
    for (const RuntimeKey& key : section_->keys) names.emplace_back(key.name);
    return flowstats::did_you_mean(name, names);
  }

  void assignment(std::string_view text) {
    if (skipping_) return;
    auto words = words_of(text);
    const std::string_view name = words[0];
    if (section_ == nullptr)
      return error("\"" + std::string(name) +
                   "\" stands before any section ([log], [options], [dump]).");
    const RuntimeKey* key = find_key(name);
    if (key == nullptr) return;
    words.erase(words.begin());
    const bool equals = !words.empty() && words[0] == "=";
    if (equals) words.erase(words.begin());
    if (equals && words.empty()) return error(std::string(name) + " = : the value is missing.");
    if (words.size() > 1)
      return error("second value \"" + std::string(words[1]) + "\" after " + std::string(name) +
                   "; one assignment a line.");
    double value = 1;
    if (!words.empty()) {
      const auto parsed = parse_value(words[0]);
      if (!parsed) return wrong(*key, words[0], "not a number. Examples: 1, 0x1, 1.0.");
      value = *parsed;
    }
    apply(*key, value, words.empty() ? "1" : words[0]);
  }

  void wrong(const RuntimeKey& key, std::string_view text, std::string_view reason) {
    error(std::string(key.name) + " = " + std::string(text) + ": " + std::string(reason));
  }

  void apply(const RuntimeKey& key, double value, std::string_view text) {
    const double most = key.target == RuntimeTarget::http_url      ? 2
                        : key.target == RuntimeTarget::dump_number ? 4294967295.0
                                                                   : 1;
    if (value < 0 || value > most || value != std::floor(value)) {
      return wrong(key, text,
                   key.target == RuntimeTarget::http_url ? "must be 0, 1 or 2."
                   : key.target == RuntimeTarget::dump_number
                       ? "must be a whole number of at least 0."
                       : "must be 0 or 1.");
    }
    const bool on = value > 0;
    if (on && !key.built && key.target != RuntimeTarget::dump_number)
      out_.not_built.emplace_back(key.name);
    set(key, on, static_cast<uint32_t>(value));
  }

  void set(const RuntimeKey& key, bool on, uint32_t value) {
    RuntimeState& state = out_.state;
    const auto set_bit = [&](uint32_t mask) { return on ? mask | key.bit : mask & ~key.bit; };
    switch (key.target) {
      case RuntimeTarget::log:
        announce((state.logs & key.bit) != 0, on, std::string(key.name));
        state.logs = set_bit(state.logs);
        break;
      case RuntimeTarget::engine_histogram:
        announce(state.histogram_engine, on, "histo engine logs");
        state.histogram_engine = on;
        break;
      case RuntimeTarget::engine_rrd:
        announce(state.rrd_engine, on, "rrd engine logs");
        state.rrd_engine = on;
        break;
      case RuntimeTarget::tcp_group:
        state.groups = GroupMask{static_cast<uint8_t>(set_bit(state.groups.bits()))};
        break;
      case RuntimeTarget::video_group: state.video_level = set_bit(state.video_level); break;
      case RuntimeTarget::http_url:
        if (on && state.strict_privacy) out_.overruled.emplace_back(key.name);
        state.http_full_url = state.strict_privacy ? 0 : value;
        break;
      case RuntimeTarget::dump_switch: state.dump_engine = state.dump_engine || on; break;
      case RuntimeTarget::dump_number: break;
    }
  }

  void announce(bool was, bool is, const std::string& what) {
    if (was != is) out_.announcements.push_back((is ? "Enabling " : "Disabling ") + what);
  }

  const std::string& name_;
  const RuntimeState before_;
  const RuntimeRead read_;
  RuntimeConf out_;
  unsigned line_ = 0;
  const RuntimeSection* section_ = nullptr;
  bool dump_section_ = false;
  bool skipping_ = false;  // inside an unknown section: its keys were not meant for another one
};

}  // namespace

std::vector<std::string> notes_about(const RuntimeConf& file, const std::string& name) {
  std::vector<std::string> notes;
  if (!file.not_built.empty()) notes.push_back(not_built_sentence(name, file.not_built));
  for (const std::string& key : file.overruled)
    notes.push_back(name + ": " + key + " has no effect: strict privacy (-0) keeps it at 0.");
  return notes;
}

std::string announcement_line(std::string_view time, std::string_view announcement) {
  const bool round = announcement.ends_with(kUrlLogs);
  std::string line(1, round ? '(' : '[');
  line += time;
  line += round ? ") " : "] ";
  return line += announcement;
}

std::string tcp_level_text(GroupMask groups) {
  std::string out = "TCP log level set to " + std::to_string(groups.bits()) + " (Core";
  for (const flowstats::GroupName& name : flowstats::kGroupNames)
    if (groups.has(name.group)) out += " + " + std::string(name.tstat_name);
  return out + ")";
}

RuntimeConf parse_runtime_conf(std::string_view text, const std::string& name,
                               const RuntimeState& before, RuntimeRead read) {
  Parser parser(name, before, read);
  for (const std::string_view line : split(text, '\n')) parser.line(line);
  return parser.finish();
}

RuntimeConf load_runtime_conf(const std::filesystem::path& path, const RuntimeState& before,
                              RuntimeRead read) {
  const auto text = read_config_file(path);
  if (text) return parse_runtime_conf(*text, path.string(), before, read);
  RuntimeConf out;
  out.state = before;
  out.errors.push_back("tapstat: " + text.error().sentence);
  return out;
}

flowstats::ActiveConfig active_config(const RuntimeState& state, uint32_t epoch) {
  return {.epoch = epoch,
          .groups = state.groups,
          .logs = flowstats::LogMask{state.logs},
          .http_privacy = static_cast<uint8_t>(state.http_full_url)};
}

}  // namespace tapstat::control
