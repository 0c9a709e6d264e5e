#include <algorithm>
#include <string_view>
#include <variant>
#include <vector>

#include "control/json_text.h"
#include "control/mplane/message.h"

namespace tapstat::control::mplane {

namespace {

using Section = std::map<std::string, std::string>;
using MemberValue = std::variant<std::string_view, uint64_t, const Section*,
                                 const std::vector<std::string>*, const std::vector<Message>*>;

struct Member {
  std::string_view name;
  MemberValue value;
};

/// The members that the message has, sorted by code points.
std::vector<Member> members_of(const Message& m) {
  std::vector<Member> members{{kind_name(m.kind), m.verb}};
  const auto add = [&members](bool present, std::string_view name, auto value) {
    if (present) members.push_back({name, MemberValue{value}});
  };
  if (m.kind == Kind::exception) {
    add(true, "message", std::string_view{m.text});
    return members;
  }
  const auto add_text = [&add](std::string_view name, const std::optional<std::string>& text) {
    add(text.has_value(), name, text ? std::string_view{*text} : std::string_view{});
  };
  add(m.kind == Kind::envelope, "contents", &m.contents);
  add_text("export", m.export_url);
  add_text("label", m.label);
  add_text("link", m.link);
  add(!m.metadata.empty(), "metadata", &m.metadata);
  add(!m.parameters.empty(), "parameters", &m.parameters);
  add_text("registry", m.registry);
  if (m.results) add(!m.results->empty(), "results", &*m.results);
  add_text("token", m.token);
  add(true, "version", static_cast<uint64_t>(m.version));
  add_text("when", m.when);
  std::sort(members.begin(), members.end(),
            [](const Member& a, const Member& b) { return a.name < b.name; });
  return members;
}

void write(JsonText& json, const Message& message);

/// Writes a member's value by its type.
struct ValueWriter {
  JsonText& json;

  void operator()(std::string_view text) const { json.text(text); }
  void operator()(uint64_t number) const { json.number(number); }
  void operator()(const Section* section) const {
    json.object();
    for (const auto& [name, value] : *section) json.key(name).text(value);
    json.end_object();
  }
  void operator()(const std::vector<std::string>* names) const {
    json.array();
    for (const std::string& name : *names) json.text(name);
    json.end_array();
  }
  void operator()(const std::vector<Message>* contents) const {
    json.array();
    for (const Message& content : *contents) write(json, content);
    json.end_array();
  }
};

/// As deep as the envelopes are nested.
void write(JsonText& json, const Message& message) {
  json.object();
  for (const Member& member : members_of(message)) {
    json.key(member.name);
    std::visit(ValueWriter{json}, member.value);
  }
  json.end_object();
}

}  // namespace

std::string to_json(const Message& message) {
  JsonText json;
  write(json, message);
  return json.str();
}

}  // namespace tapstat::control::mplane
