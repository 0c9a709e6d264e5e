#include "control/tstat_command_line.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

#include "control/text.h"
#include "flowstats/base/nearest.h"

namespace tapstat::control {
namespace {

using flowstats::ExitStatus;
using flowstats::Result;

constexpr const char* kConfFile = "tstat.conf";
/// Tstat's base directory when there is no file to name it after.
constexpr const char* kLiveDirectory = "stdin";

/// What becomes of a flag of Tstat.
enum class Fate : uint8_t { ours, nothing, note, refuse };

struct TstatFlag {
  std::string_view name;
  bool has_value = false;
  Fate fate = Fate::nothing;
  std::string_view words = "";  // ours: our flag; note, refuse: the sentence behind the flag
};

constexpr TstatFlag kFlags[] = {
    {"-s", true, Fate::ours, "-s"},
    {"-N", true, Fate::ours, "-N"},
    {"-Y", true, Fate::ours, "-Y"},
    {"-W", true, Fate::ours, "-W"},
    {"-T", true, Fate::ours, "-T"},
    {"-A", true, Fate::ours, "-A"},
    {"--keyvalue", true, Fate::ours, "--keyvalue"},
    {"--keyfile", true, Fate::ours, "--keyfile"},
    {"--keybase64", true, Fate::ours, "--keybase64"},
    {"--enc", false, Fate::ours, "--enc"},
    {"-0", false, Fate::ours, "-0"},
    {"-Z", false, Fate::ours, "--gzip"},
    {"-L", false, Fate::ours, "--logs=none"},
    {"-h", false, Fate::ours, "--help"},
    {"-v", false, Fate::ours, "--version"},
    {"-E", true, Fate::ours, "--snaplen"},
    {"-i", true, Fate::ours, "-i"},
    {"-l", false},
    {"-z", true},
    {"-S", false},  // there are no histogram files
    {"-c", false},  // several files are always one run
    {"-t", false},
    {"-w", false},
    {"-d", false},
    {"-G", true, Fate::note, "the limits stand in tapstat.toml, section [flows]"},
    {"-C", true, Fate::note, "it splits histograms, which are not written"},
    {"-H", true, Fate::note, "histograms are not written"},
    {"-g", false, Fate::note, "histograms are not written"},
    {"-R", true, Fate::note, "RRD files are not written; /metrics has the figures (--serve)"},
    {"-r", true, Fate::note, "RRD files are not written; /metrics has the figures (--serve)"},
    {"-B", true, Fate::note, "Skype is not looked for by its timing"},
    {"-F", true, Fate::note, "traces are filtered with --trace-filter"},
    {"-P", false, Fate::note, "traces are not compressed"},
    {"-Q", false, Fate::note, "counter names_overwritten says how often it happened"},
    {"-X", false, Fate::note,
     "names are switched off in tapstat.toml: [measurement] names = false"},
    {"-M", true, Fate::refuse, "inside is told by addresses only: use -N."},
    {"-f", true, Fate::refuse,
     "packets are not filtered here; let the switch or the kernel do it, or filter the capture."},
    {"-6", false, Fate::refuse, "IPv6 is always measured; leave its rows out afterwards."},
    {"-u", false, Fate::refuse,
     "UDP is always measured; [log] log_udp_complete = 0 in runtime.conf leaves its rows out."},
    {"--dag", true, Fate::refuse, "DAG cards are not supported; see -i."},
};

const TstatFlag* find_flag(std::string_view name) {
  const auto* const at = std::ranges::find(kFlags, name, &TstatFlag::name);
  return at == std::end(kFlags) ? nullptr : at;
}

auto usage(std::string sentence) { return flowstats::fail(ExitStatus::usage, std::move(sentence)); }

class Translation {
 public:
  explicit Translation(std::vector<std::string> words) : words_(std::move(words)) {}

  Result<TranslatedLine> run() {
    if (auto done = take_dpdk(); !done) return tl::make_unexpected(done.error());
    while (next_ < words_.size())
      if (auto done = take_word(); !done) return tl::make_unexpected(done.error());
    return finish();
  }

 private:
  /// "-l 1-4 -a 0000:3b:00.0 --" in front, as the DPDK builds of Tstat took it.
  Result<void> take_dpdk() {
    const auto end = std::ranges::find(words_, "--");
    if (end == words_.end()) return {};
    const auto count = static_cast<size_t>(end - words_.begin());
    while (next_ < count) {
      const std::string flag = words_[next_++];
      const bool known =
          flag == "-l" || flag == "-a" || flag == "-w" || flag == "--vdev" || flag == "-n";
      if (!known)
        return usage("\"" + flag +
                     "\" before \"--\": of DPDK's words only -l, -a, --vdev and -n are taken; the "
                     "rest is up to tapstat.");
      if (next_ == count) return usage("\"" + flag + "\" before \"--\" needs a value.");
      const std::string value = words_[next_++];
      if (flag == "-l") ours_.insert(ours_.end(), {"--cores", value});
      if (flag == "-a" || flag == "-w" || flag == "--vdev") add_port(value);
      if (flag == "-n") notes_.push_back("-n: DPDK finds the memory channels itself.");
    }
    is_live_ = true;
    next_ = count + 1;
    return {};
  }

  Result<void> take_word() {
    std::string word = words_[next_++];
    if (!word.starts_with('-') || word == "-") {
      files_.push_back(std::move(word));
      return {};
    }
    if (word.starts_with("--"))
      return take_flag(word.substr(0, word.find('=')), value_behind(word));
    // "-lS", "-sout": the rest of the word is further flags, or the value.
    while (word.size() >= 2) {
      const std::string flag = word.substr(0, 2);
      const TstatFlag* const known = find_flag(flag);
      std::optional<std::string> rest;
      if (known != nullptr && known->has_value && word.size() > 2) rest = word.substr(2);
      word = rest ? "" : "-" + word.substr(2);
      if (auto done = take_flag(flag, std::move(rest)); !done) return done;
    }
    return {};
  }

  static std::optional<std::string> value_behind(const std::string& word) {
    const size_t equals = word.find('=');
    if (equals == word.npos) return std::nullopt;
    return word.substr(equals + 1);
  }

  Result<void> take_flag(const std::string& name, std::optional<std::string> value) {
    const TstatFlag* const flag = find_flag(name);
    if (flag == nullptr) {
      std::vector<std::string> names;
      for (const TstatFlag& f : kFlags) names.emplace_back(f.name);
      return usage("unknown flag of Tstat \"" + name + "\"." +
                   flowstats::did_you_mean(name, names) +
                   " Tstat's flags are in docs/operations.md.");
    }
    if (flag->has_value && !value) {
      if (next_ == words_.size()) return usage("flag " + name + " of Tstat needs a value.");
      value = words_[next_++];
    }
    const std::string sentence = name + ": " + std::string(flag->words);
    if (flag->fate == Fate::refuse) return usage(sentence);
    if (flag->fate == Fate::note) notes_.push_back(sentence + ".");
    if (name == "-l") is_live_ = true;
    if (name == "-z") messages_ = *value;
    if (flag->fate != Fate::ours) return {};
    if (name == "-i") {
      add_port(*value);
      return {};
    }
    if (name == "-E") {
      snap_ = *value;
      return {};
    }
    if (name == "-s") has_directory_ = true;
    ours_.emplace_back(flag->words);
    if (value) ours_.push_back(std::move(*value));
    return {};
  }

  void add_port(const std::string& port) { ports_.push_back(port); }

  Result<TranslatedLine> finish() {
    if (!is_live_ && !ports_.empty()) return usage("-i needs -l: live capture.");
    if (is_live_ && !files_.empty())
      return usage("\"" + files_.front() + "\": -l measures live ports, files are for a replay.");
    TranslatedLine line;
    line.words = {is_live_ ? "run" : "replay"};
    for (const std::string& port : ports_) line.words.insert(line.words.end(), {"-i", port});
    line.words.insert(line.words.end(), ours_.begin(), ours_.end());
    if (is_live_) {
      if (!has_directory_) line.words.insert(line.words.end(), {"-s", kLiveDirectory});
      if (snap_) line.words.insert(line.words.end(), {"--snaplen", *snap_});
    }
    line.words.insert(line.words.end(), files_.begin(), files_.end());
    line.notes = std::move(notes_);
    line.messages = std::move(messages_);
    return line;
  }

  std::vector<std::string> words_;
  size_t next_ = 0;
  bool is_live_ = false, has_directory_ = false;
  std::vector<std::string> ours_, ports_, files_, notes_;
  std::optional<std::string> snap_;
  std::optional<std::filesystem::path> messages_;
};

}  // namespace

std::vector<std::string> words_of_tstat_conf(std::string_view text) {
  std::vector<std::string> words;
  for (std::string_view line : split(text, '\n')) {
    line = line.substr(0, line.find('#'));
    std::string word;
    for (const char c : std::string(line) + ' ') {
      if (std::isspace(static_cast<unsigned char>(c)) == 0) {
        word += c;
      } else if (!word.empty()) {
        words.push_back(std::exchange(word, {}));
      }
    }
  }
  return words;
}

Result<TranslatedLine> translate_tstat(std::vector<std::string> words) {
  std::string notice;
  if (words.empty() && std::filesystem::exists(kConfFile)) {
    const auto text = read_config_file(kConfFile);
    if (!text) return tl::make_unexpected(text.error());
    words = words_of_tstat_conf(*text);
    notice = std::string("no arguments: those of \"") + kConfFile + "\" in this directory count.";
  }
  if (words.empty())
    return usage(
        "no arguments, and no tstat.conf in this directory. Example: tapstat-tstat -l -i eth1 -s "
        "out");
  auto line = Translation(std::move(words)).run();
  if (line && !notice.empty()) line->notes.insert(line->notes.begin(), notice);
  return line;
}

}  // namespace tapstat::control
