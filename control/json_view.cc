#include "control/json_view.h"

namespace tapstat::control {

JsonView JsonView::operator[](std::string_view name) const {
  if (value_ == nullptr || !value_->IsObject()) return JsonView(nullptr);
  for (const auto& [key, value] : value_->GetObject())
    if (std::string_view(key.GetString(), key.GetStringLength()) == name) return JsonView(&value);
  return JsonView(nullptr);
}

std::string JsonView::text() const {
  if (value_ == nullptr || !value_->IsString()) return "";
  return {value_->GetString(), value_->GetStringLength()};
}

std::optional<double> JsonView::number() const {
  if (value_ == nullptr || !value_->IsNumber()) return std::nullopt;
  return value_->GetDouble();
}

std::optional<uint64_t> JsonView::whole() const {
  if (value_ == nullptr || !value_->IsUint64()) return std::nullopt;
  return value_->GetUint64();
}

bool JsonView::is_true() const { return value_ != nullptr && value_->IsTrue(); }

std::vector<JsonView> JsonView::items() const {
  std::vector<JsonView> all;
  if (value_ != nullptr && value_->IsArray())
    for (const rapidjson::Value& item : value_->GetArray()) all.emplace_back(&item);
  return all;
}

std::vector<std::pair<std::string, JsonView>> JsonView::members() const {
  std::vector<std::pair<std::string, JsonView>> all;
  if (value_ != nullptr && value_->IsObject())
    for (const auto& [key, value] : value_->GetObject())
      all.emplace_back(std::string(key.GetString(), key.GetStringLength()), JsonView(&value));
  return all;
}

std::optional<JsonDocument> JsonDocument::parse(std::string_view text) {
  JsonDocument parsed;
  parsed.document_.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(
      text.data(), text.size());
  if (parsed.document_.HasParseError() || !parsed.document_.IsObject()) return std::nullopt;
  return parsed;
}

}  // namespace tapstat::control
