#include "exporters/web100_rows.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "exporters/value_text.h"
#include "exporters/web100_names.h"
#include "flowstats/base/nearest.h"

namespace tapstat::exporters {

namespace {

using flowstats::ExitStatus;
using flowstats::kWeb100Names;
using flowstats::kWeb100Variables;
using flowstats::Side;

constexpr std::array<std::string_view, 6> kIdentity = {
    "LocalAddress", "LocalPort", "RemAddress", "RemPort", "StartTimeSec", "StartTimeUsec"};

constexpr std::string_view kSeparators = ", \t\n";

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const size_t begin = text.find_first_not_of(kSeparators);
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const size_t end = std::min(text.find_first_of(kSeparators), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

/// The variable of either spelling, and that spelling with the life of the program.
std::optional<std::pair<size_t, std::string_view>> known(std::string_view word) {
  for (size_t i = 0; i < kWeb100Names.size(); ++i) {
    if (kWeb100Names[i].name == word) return std::pair{i, kWeb100Names[i].name};
    if (kWeb100Names[i].canonical == word) return std::pair{i, kWeb100Names[i].canonical};
  }
  return std::nullopt;
}

std::string suggestion(std::string_view word) {
  std::vector<std::string> names;
  for (const flowstats::Web100Name& n : kWeb100Names) {
    names.emplace_back(n.name);
    if (!n.canonical.empty()) names.emplace_back(n.canonical);
  }
  return flowstats::did_you_mean(word, names);
}

/// By variable; empty: not in the list.
using Spellings = std::array<std::string_view, kWeb100Names.size()>;

flowstats::Result<Spellings> chosen(std::string_view text) {
  Spellings list;
  for (const std::string_view word : words_of(text)) {
    const auto found = known(word);
    if (!found)
      return flowstats::fail(ExitStatus::usage,
                             fmt::format("\"{}\" is no key of exit records: readers give up a file "
                                         "with a key that they do not know.{} `tapstat describe "
                                         "columns` lists them under web100.",
                                         word, suggestion(word)));
    std::string_view& spelling = list[found->first];
    if (!spelling.empty())
      return flowstats::fail(
          ExitStatus::usage,
          fmt::format("The keys \"{}\" and \"{}\" of exit records are the same variable. Leave one "
                      "out.",
                      spelling, word));
    spelling = found->second;
  }
  for (const std::string_view name : kIdentity)
    if (std::string_view& spelling = list[known(name)->first]; spelling.empty()) spelling = name;
  return list;
}

}  // namespace

Web100Keys::Web100Keys() {
  for (size_t i = 0; i < kWeb100Variables.size(); ++i)
    if (kWeb100Variables[i].is_usual())
      keys_.push_back({kWeb100Names[i].name, static_cast<uint8_t>(i)});
}

flowstats::Result<Web100Keys> Web100Keys::read(std::string_view text) {
  Web100Keys keys;
  if (text == "default") return keys;
  keys.keys_.clear();
  if (text == "full") {
    for (size_t i = 0; i < flowstats::kWeb100StandardKeys; ++i)
      keys.keys_.push_back({kWeb100Names[i].name, static_cast<uint8_t>(i)});
    return keys;
  }
  const auto list = chosen(text);
  if (!list) return tl::make_unexpected(list.error());
  for (size_t i = 0; i < list->size(); ++i)
    if (!(*list)[i].empty()) keys.keys_.push_back({(*list)[i], static_cast<uint8_t>(i)});
  return keys;
}

std::string Web100Keys::header() const {
  std::string line = "K: cid PollTime";
  for (const Key& key : keys_) {
    line += ' ';
    line += key.name;
  }
  return line + '\n';
}

void Web100Keys::append_row(RowBuffer& out, const flowstats::ExitRecord& record) const {
  out.append("C: ");
  char* at = write_integer(out.space(kIntegerCharsMax + 1 + kPollTimeChars), uint64_t{record.cid});
  *at++ = ' ';
  out.commit(write_poll_time(at, record.poll));
  for (const Key& key : keys_) {
    out.append(" ");
    append_value(out, kWeb100Variables[key.variable].column.read(record, Side::flow));
  }
  out.append("\n");
}

}  // namespace tapstat::exporters
