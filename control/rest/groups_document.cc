#include "control/rest/groups_document.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <rapidjson/encodedstream.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include "control/json_text.h"
#include "control/utc_text.h"
#include "flowstats/base/nearest.h"

namespace tapstat::control::rest {
namespace {

constexpr std::string_view kForm = R"(Example: {"p2p": false, "options": null}.)";

void holders(JsonText& json, std::string_view name, const std::vector<Holder>& list) {
  const auto moment = [&json](std::string_view member, std::optional<UtcMicroseconds> time) {
    json.key(member);
    if (time)
      json.text(utc_text(*time));
    else
      json.null();
  };
  json.key(name).array();
  for (const Holder& holder : list) {
    json.object();
    json.key("kind").text(holder.kind);
    json.key("who").text(as_utf8(holder.who));
    json.key("token").text(as_utf8(holder.token));
    moment("since", holder.since);
    moment("until", holder.until);
    json.end_object();
  }
  json.end_array();
}

/// RapidJSON's events of one flat object; `fault` says why they stop. Nothing is ever nested, so
/// the depth is bounded by the first refused event.
class WordsHandler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, WordsHandler> {
 public:
  explicit WordsHandler(std::span<const GroupView> groups) : groups_(groups) {}

  bool Default() {
    return refuse(open_ ? "\"" + name_ + "\" must be true, false or null."
                        : "The body must be one JSON object.");
  }
  bool StartObject() {
    if (open_) return Default();
    return open_ = true;
  }
  bool EndObject(rapidjson::SizeType) { return true; }
  bool Bool(bool value) { return open_ ? set(value) : Default(); }
  bool Null() { return open_ ? set(std::nullopt) : Default(); }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    name_ = as_utf8({text, size});
    const auto found = std::ranges::find(groups_, name_, &GroupView::name);
    if (found == groups_.end()) {
      std::vector<std::string> names;
      for (const GroupView& view : groups_) names.push_back(view.name);
      return refuse("unknown group \"" + name_ + "\"." + flowstats::did_you_mean(name_, names));
    }
    group_ = found->group;
    return words.contains(group_) ? refuse("\"" + name_ + "\" stands twice.") : true;
  }

  GroupWords words;
  std::string fault;

 private:
  bool refuse(std::string sentence) {
    fault = std::move(sentence);
    return false;
  }
  bool set(std::optional<bool> word) {
    words[group_] = word;
    return true;
  }

  std::span<const GroupView> groups_;
  bool open_ = false;
  std::string name_;
  flowstats::Group group_{};
};

}  // namespace

std::string groups_json(std::span<const GroupView> groups, EpochPair epochs) {
  JsonText json;
  json.object();
  json.key("epoch").number(uint64_t{epochs.published});
  json.key("written_epoch").number(uint64_t{epochs.written});
  json.key("groups").array();
  for (const GroupView& view : groups) {
    json.object();
    json.key("name").text(view.name);
    json.key("columns").number(uint64_t{view.columns});
    json.key("on").boolean(view.on);
    holders(json, "holders", view.holders);
    holders(json, "overridden", view.overridden);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.str();
}

tl::expected<GroupWords, Problem> parse_group_words(std::string_view body,
                                                    std::span<const GroupView> groups) {
  const auto refuse = [](std::string detail) {
    return tl::make_unexpected(Problem{400, std::move(detail), std::string(kForm), {}});
  };
  // The reader takes a zero byte for the end.
  if (body.find('\0') != std::string_view::npos) return refuse("The body holds a zero byte.");
  rapidjson::MemoryStream bytes(body.data(), body.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(bytes);
  WordsHandler handler(groups);
  rapidjson::Reader reader;
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  if (const auto parsed = reader.Parse<kFlags>(stream, handler); parsed.IsError()) {
    if (!handler.fault.empty()) return refuse(std::move(handler.fault));
    return refuse("The body is no JSON at byte " + std::to_string(parsed.Offset()) + ": " +
                  rapidjson::GetParseError_En(parsed.Code()));
  }
  return std::move(handler.words);
}

}  // namespace tapstat::control::rest
