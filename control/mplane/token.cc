#include "control/mplane/token.h"

#include <algorithm>
#include <map>
#include <vector>

#include "control/mplane/md5.h"
#include "control/mplane/when.h"

namespace tapstat::control::mplane {

namespace {

enum class Part : uint8_t { names, values, stars };

/// Of what is sorted by code points already, one blank between.
std::string in_one_line(const std::vector<std::string>& texts) {
  std::string line;
  for (size_t i = 0; i < texts.size(); ++i) line += (i == 0 ? "" : " ") + texts[i];
  return line;
}

/// One part of a section, in the order of its names.
std::string joined(const std::map<std::string, std::string>& section, Part part) {
  std::vector<std::string> texts;
  texts.reserve(section.size());
  for (const auto& [name, value] : section)
    texts.push_back(part == Part::names ? name : part == Part::values ? value : "*");
  return in_one_line(texts);
}

std::string sorted_results(const Message& message) {
  std::vector<std::string> names = message.results.value_or(std::vector<std::string>{});
  std::sort(names.begin(), names.end());
  return in_one_line(names);
}

/// Stands in front of every hash of the later generation.
std::string registry_of(const Message& message) {
  return message.version == kVersion2014 ? "" : message.registry.value_or("");
}

}  // namespace

std::string md5_hex(std::string_view text) {
  const auto given = md5_of_openssl(text);
  const Md5Digest digest = given ? *given : md5_of_our_own(text);
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const uint8_t byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::string schema_hash(const Message& message) {
  std::string text = registry_of(message);
  if (message.version != kVersion2014) text += ' ';
  text += "p " + joined(message.parameters, Part::names);
  text += " r " + sorted_results(message);
  return md5_hex(text);
}

std::string computed_token(const Message& message) {
  const auto when = parse_when(message.when.value_or(""));
  if (!when) return {};
  const bool offer = message.kind == Kind::capability || message.kind == Kind::withdrawal;
  std::string text = registry_of(message) + message.verb;
  text += " w " + canonical(*when);
  text += " pk " + joined(message.parameters, Part::names);
  if (offer) {
    text += " pc " + joined(message.parameters, Part::values);
    text += " pv " + joined(message.parameters, Part::stars);
    text += " mk " + joined(message.metadata, Part::names);
    text += " mv " + joined(message.metadata, Part::values);
  } else {
    text += " pv " + joined(message.parameters, Part::values);
  }
  text += " r " + sorted_results(message);
  if (offer && message.version != kVersion2014)
    text += " ex " + message.export_url.value_or("None");
  return md5_hex(text);
}

}  // namespace tapstat::control::mplane
