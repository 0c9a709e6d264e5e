#include "control/mplane/json_check.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

namespace tapstat::control::mplane {

namespace {

/// RapidJSON validates bytes but lets the escape of half a character pass.
bool has_lone_surrogate(std::string_view text) {
  for (size_t at = text.find('\xed'); at != std::string_view::npos; at = text.find('\xed', at + 1))
    if (at + 1 < text.size() && static_cast<uint8_t>(text[at + 1]) >= 0xa0) return true;
  return false;
}

/// A member of the outermost object whose value names the message.
struct TokenMember {
  std::string_view name;
  unsigned seen = 0;
  std::string value;  // empty: none that is a token
};

/// RapidJSON calls it for each value. It goes on after a fault, without storing anything, so that
/// the token is found wherever it stands; the first fault counts.
class CheckHandler {
 public:
  using Ch = char;

  explicit CheckHandler(const MessageLimits& limits) : limits_(limits) {}

  [[nodiscard]] const std::string& fault() const { return fault_; }
  [[nodiscard]] std::string token() const {
    for (const TokenMember& member : token_members_)
      if (member.seen == 1 && !member.value.empty()) return member.value;
    return {};
  }

  // Names are RapidJSON's. NOLINTBEGIN(readability-identifier-naming)
  bool Null() { return count_value(); }
  bool Bool(bool) { return count_value(); }
  bool Int(int) { return count_value(); }
  bool Uint(unsigned) { return count_value(); }
  bool Int64(int64_t) { return count_value(); }
  bool Uint64(uint64_t) { return count_value(); }
  bool Double(double) { return count_value(); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return count_value(); }

  bool String(const char* text, rapidjson::SizeType length, bool) {
    const std::string_view value{text, length};
    check_text(value);
    if (named_ != nullptr && is_token(value, limits_.token_bytes)) named_->value = value;
    return count_value();
  }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    const std::string_view name{text, length};
    check_text(name);
    named_ = nullptr;
    if (depth_ == 1)
      for (TokenMember& member : token_members_)
        if (member.name == name) note(member);
    if (fault_.empty() && !names_.back().emplace(name).second) complain("duplicate member");
    return true;
  }

  bool StartObject() { return open(); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool StartArray() { return open(); }
  bool EndArray(rapidjson::SizeType) { return close(); }
  // NOLINTEND(readability-identifier-naming)

 private:
  void complain(std::string_view reason) {
    if (!fault_.empty()) return;
    fault_ = reason;
    names_.clear();
  }

  void note(TokenMember& member) {
    ++member.seen;
    named_ = &member;
  }

  bool count_value() {
    named_ = nullptr;
    if (++values_ > limits_.values) complain(fmt::format("more than {} values", limits_.values));
    return true;
  }

  bool open() {
    count_value();
    if (++depth_ > limits_.depth)
      complain(fmt::format("nested deeper than {} levels", limits_.depth));
    if (fault_.empty()) names_.emplace_back();
    return true;
  }

  bool close() {
    --depth_;
    if (fault_.empty()) names_.pop_back();
    return true;
  }

  void check_text(std::string_view text) {
    if (text.size() > limits_.string_bytes)
      complain(fmt::format("a string of more than {} bytes", limits_.string_bytes));
    else if (text.find('\0') != std::string_view::npos)
      complain("NUL in a string");
    else if (has_lone_surrogate(text))
      complain("half a surrogate pair");
  }

  const MessageLimits& limits_;
  std::string fault_;
  size_t depth_ = 0, values_ = 0;
  std::vector<std::set<std::string, std::less<>>> names_;  // of the objects that are open
  std::vector<TokenMember> token_members_{{"token", 0, {}}, {"exception", 0, {}}};
  TokenMember* named_ = nullptr;  // whose value comes next
};

}  // namespace

JsonCheck check_json(std::string_view json, const MessageLimits& limits) {
  if (json.empty()) return {"empty body", {}};
  // The reader takes a NUL for the end of the text.
  if (const size_t nul = json.find('\0'); nul != std::string_view::npos)
    return {fmt::format("not valid JSON at byte {}", nul + 1), {}};
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  CheckHandler handler{limits};
  rapidjson::MemoryStream stream{json.data(), json.size()};
  rapidjson::Reader reader;
  if (const auto result = reader.Parse<kFlags>(stream, handler); result.IsError())
    return {fmt::format("not valid JSON at byte {}", result.Offset() + 1), {}};
  if (json[json.find_first_not_of(" \t\r\n")] != '{') return {"not an object", {}};
  return {handler.fault(), handler.token()};
}

}  // namespace tapstat::control::mplane
