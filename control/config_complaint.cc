#include "control/config_complaint.h"

#include <algorithm>
#include <sstream>
#include <vector>

#include "control/config_value.h"
#include "control/text.h"
#include "flowstats/base/nearest.h"

namespace tapstat::control {
namespace {

std::vector<std::string> choices_of(const ConfigKey& key) {
  std::vector<std::string> out;
  if (key.choices.empty()) return out;
  for (const std::string_view choice : split(key.choices, ',')) out.emplace_back(choice);
  return out;
}

std::vector<std::string> quoted_all(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const std::string& name : names) out.push_back(toml_quoted(name));
  return out;
}

std::string must_be(const std::string& typed, const std::vector<std::string>& names) {
  return "must be " + one_of_text(quoted_all(names)) + "." + flowstats::did_you_mean(typed, names);
}

}  // namespace

std::string range_text(const ConfigKey& key) {
  switch (key.type) {
    case ConfigType::integer: return std::to_string(key.min) + " to " + std::to_string(key.max);
    case ConfigType::duration: return duration_text({key.min}) + " to " + duration_text({key.max});
    case ConfigType::boolean: return "true or false";
    default: return key.choices.empty() ? "-" : one_of_text(choices_of(key));
  }
}

std::string value_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return toml_quoted(text->get());
  if (node.is_table()) return "{...}";
  std::ostringstream out;
  node.visit([&](const auto& n) { out << n; });
  return out.str();
}

std::string complaint(const ConfigKey& key, const toml::node& node) {
  const auto* text = node.as_string();
  const auto in_range = [&](int64_t n) { return n >= key.min && n <= key.max; };
  switch (key.type) {
    case ConfigType::boolean: return node.is_boolean() ? "" : "must be true or false.";
    case ConfigType::integer: {
      const auto* n = node.as_integer();
      if (n != nullptr && in_range(n->get())) return "";
      return "must be a whole number of " + range_text(key) + ".";
    }
    case ConfigType::text:
      return text != nullptr && !text->get().empty() ? "" : "must be a text in quotes, not empty.";
    case ConfigType::choice: {
      const auto names = choices_of(key);
      if (text == nullptr) return must_be("", names);
      return std::ranges::find(names, text->get()) != names.end() ? ""
                                                                  : must_be(text->get(), names);
    }
    case ConfigType::duration: {
      const auto d = text != nullptr ? parse_duration(text->get()) : std::nullopt;
      if (!d) return "not a duration. Examples: \"30s\", \"5m\", \"1h\".";
      return in_range(d->us) ? "" : "must be " + range_text(key) + ".";
    }
    case ConfigType::size: {
      const auto n = text != nullptr ? parse_size(text->get()) : std::nullopt;
      return n && *n <= static_cast<uint64_t>(key.max)
                 ? ""
                 : "not a size. Examples: \"512MiB\", \"10GiB\".";
    }
    case ConfigType::cores:
      return text != nullptr && is_core_list(text->get())
                 ? ""
                 : "not a list of cores. Examples: \"4-7\", \"0,2,4\".";
    case ConfigType::address:
      return text != nullptr && is_host_and_port(text->get())
                 ? ""
                 : "not an address and port. Example: \"127.0.0.1:8888\".";
    case ConfigType::text_list: break;
  }
  const auto* list = node.as_array();
  if (list == nullptr) return "must be a list of texts in brackets.";
  const auto names = choices_of(key);
  for (const toml::node& element : *list) {
    const auto* item = element.as_string();
    if (item == nullptr) return "must be a list of texts in brackets.";
    if (!names.empty() && std::ranges::find(names, item->get()) == names.end())
      return toml_quoted(item->get()) + " " + must_be(item->get(), names);
  }
  return "";
}

}  // namespace tapstat::control
