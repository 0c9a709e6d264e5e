#include "control/mplane/message.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/memorystream.h>

#include "control/mplane/json_check.h"

namespace tapstat::control::mplane {

namespace {

using Value = rapidjson::Value;

constexpr std::array<std::string_view, 9> kKindNames = {"capability", "withdrawal", "specification",
                                                        "interrupt",  "receipt",    "redemption",
                                                        "result",     "exception",  "envelope"};

std::string_view text_of(const Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

const Value* member(const Value& object, std::string_view name) {
  const auto found = object.FindMember(
      Value{rapidjson::StringRef(name.data(), static_cast<rapidjson::SizeType>(name.size()))});
  return found == object.MemberEnd() ? nullptr : &found->value;
}

/// Builds the value from checked JSON. Stops at the first fault.
class MessageReader {
 public:
  explicit MessageReader(const MessageLimits& limits) : limits_(limits) {}

  [[nodiscard]] const std::string& fault() const { return fault_; }
  [[nodiscard]] bool version_mismatch() const { return version_mismatch_; }

  bool read(const Value& object, Message& message, size_t envelopes = 0) {
    if (!read_kind(object, message) || !read_version(object, message)) return false;
    const bool common = read_texts(object, message) &&
                        read_texts_by_name(object, "parameters", message.parameters) &&
                        read_texts_by_name(object, "metadata", message.metadata) &&
                        read_results(object, message) && read_rows(object) &&
                        read_schedule(object, message);
    if (!common) return false;
    if (message.kind == Kind::envelope) return read_contents(object, message, envelopes + 1);
    return message.kind != Kind::exception || read_exception(object, message);
  }

 private:
  bool refuse(std::string_view reason) {
    fault_ = reason;
    return false;
  }

  bool read_kind(const Value& object, Message& message) {
    std::string_view found;
    const Value* verb = nullptr;
    for (size_t i = 0; i < kKindNames.size(); ++i) {
      const Value* value = member(object, kKindNames[i]);
      if (value == nullptr) continue;
      if (verb != nullptr) return refuse(fmt::format("two kinds: {} and {}", found, kKindNames[i]));
      verb = value;
      found = kKindNames[i];
      message.kind = static_cast<Kind>(i);
    }
    if (verb == nullptr) return refuse("no kind");
    if (!verb->IsString() || verb->GetStringLength() > limits_.name_bytes) return refuse(found);
    message.verb = text_of(*verb);
    return true;
  }

  bool read_version(const Value& object, Message& message) {
    const Value* value = member(object, "version");
    if (value == nullptr) return true;
    if (!value->IsUint64()) return refuse("version");
    if (value->GetUint64() > kVersionSdk)
      version_mismatch_ = true;
    else
      message.version = static_cast<int>(value->GetUint64());
    return true;
  }

  bool read_text(const Value& object, std::string_view name, size_t bytes_max,
                 std::optional<std::string>& text) {
    const Value* value = member(object, name);
    if (value == nullptr) return true;
    if (!value->IsString()) return refuse(name);
    if (value->GetStringLength() > bytes_max)
      return refuse(fmt::format("{} of more than {} bytes", name, bytes_max));
    text = text_of(*value);
    return true;
  }

  bool read_texts(const Value& object, Message& message) {
    const size_t any = limits_.string_bytes;
    if (!read_text(object, "registry", any, message.registry)) return false;
    if (!read_text(object, "label", limits_.label_bytes, message.label)) return false;
    if (!read_text(object, "link", any, message.link)) return false;
    if (!read_text(object, "export", any, message.export_url)) return false;
    if (!read_text(object, "when", any, message.when)) return false;
    if (!read_text(object, "token", any, message.token)) return false;
    return !message.token || is_token(*message.token, limits_.token_bytes) || refuse("token");
  }

  bool read_texts_by_name(const Value& object, std::string_view name,
                          std::map<std::string, std::string>& texts) {
    const Value* section = member(object, name);
    if (section == nullptr) return true;
    if (!section->IsObject()) return refuse(name);
    if (section->MemberCount() > limits_.parameters)
      return refuse(fmt::format("more than {} {}", limits_.parameters, name));
    for (const auto& entry : section->GetObject()) {
      if (!entry.value.IsString()) return refuse(name);
      if (!check_name(entry.name, name)) return false;
      texts.emplace(text_of(entry.name), text_of(entry.value));
    }
    return true;
  }

  bool check_name(const Value& name, std::string_view section) {
    if (name.GetStringLength() <= limits_.name_bytes) return true;
    return refuse(fmt::format("a name of more than {} bytes in {}", limits_.name_bytes, section));
  }

  bool check_results_length(const Value& array, std::string_view name) {
    if (array.Size() <= limits_.results) return true;
    return refuse(fmt::format("more than {} {}", limits_.results, name));
  }

  bool read_results(const Value& object, Message& message) {
    const Value* names = member(object, "results");
    if (names == nullptr) return true;
    if (!names->IsArray()) return refuse("results");
    if (!check_results_length(*names, "results")) return false;
    std::vector<std::string> results;
    for (const Value& name : names->GetArray()) {
      if (!name.IsString()) return refuse("results");
      if (!check_name(name, "results")) return false;
      results.emplace_back(text_of(name));
    }
    if (!results.empty()) message.results = std::move(results);
    return true;
  }

  /// Nothing of ours reads result values; their form counts all the same.
  bool read_rows(const Value& object) {
    constexpr std::string_view kName = "resultvalues";
    const Value* rows = member(object, kName);
    if (rows == nullptr) return true;
    if (!rows->IsArray()) return refuse(kName);
    for (const Value& row : rows->GetArray()) {
      if (!row.IsArray()) return refuse(kName);
      if (!check_results_length(row, "values in a row")) return false;
      if (!std::all_of(row.Begin(), row.End(), [](const Value& v) { return v.IsString(); }))
        return refuse(kName);
    }
    return true;
  }

  bool read_schedule(const Value& object, Message& message) {
    const Value* schedule = member(object, "schedule");
    message.has_schedule = schedule != nullptr;
    return schedule == nullptr || schedule->IsObject() || refuse("schedule");
  }

  /// An exception is its token and its text, whatever else was sent along.
  bool read_exception(const Value& object, Message& message) {
    if (!is_token(message.verb, limits_.token_bytes)) return refuse("exception");
    std::optional<std::string> text;
    if (!read_text(object, "message", limits_.string_bytes, text)) return false;
    message = exception(message.verb, text.value_or(""));
    return true;
  }

  /// Calls read() again, at most envelope_depth times in each other.
  bool read_contents(const Value& object, Message& message, size_t envelopes) {
    if (envelopes > limits_.envelope_depth)
      return refuse(fmt::format("more than {} envelopes in each other", limits_.envelope_depth));
    const Value* contents = member(object, "contents");
    if (contents == nullptr || !contents->IsArray()) return refuse("contents");
    if (contents->Size() > limits_.contents)
      return refuse(fmt::format("more than {} contents", limits_.contents));
    for (const Value& content : contents->GetArray()) {
      if (!content.IsObject()) return refuse("contents");
      if (!read(content, message.contents.emplace_back(), envelopes)) return false;
    }
    return true;
  }

  const MessageLimits& limits_;
  std::string fault_;
  bool version_mismatch_ = false;
};

}  // namespace

std::string_view kind_name(Kind kind) { return kKindNames[static_cast<size_t>(kind)]; }

bool is_token(std::string_view text, size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

Message exception(std::string_view token, std::string_view text) {
  Message message;
  message.verb = token;
  message.token = token;
  message.text = text;
  return message;
}

tl::expected<Message, MessageFault> parse_message(std::string_view json,
                                                  const MessageLimits& limits) {
  JsonCheck check = check_json(json, limits);
  const auto refused = [&check](std::string text) {
    std::string token = check.token.empty() ? std::string{kNoToken} : std::move(check.token);
    return tl::make_unexpected(MessageFault{std::move(token), std::move(text)});
  };
  const auto malformed = [&refused](std::string_view reason) {
    return refused(fmt::format("Malformed message: {}", reason));
  };
  if (!check.fault.empty()) return malformed(check.fault);
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  rapidjson::Document document;
  rapidjson::MemoryStream stream{json.data(), json.size()};
  document.ParseStream<kFlags>(stream);
  MessageReader reader{limits};
  Message message;
  if (!reader.read(document, message)) return malformed(reader.fault());
  if (reader.version_mismatch()) return refused("Version mismatch");
  return message;
}

}  // namespace tapstat::control::mplane
