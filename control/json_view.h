/// Reading JSON answers leniently: what is missing or of another type is empty. Control thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rapidjson/document.h>

namespace tapstat::control {

/// One value of a document that outlives it; may be nothing at all.
class JsonView {
 public:
  explicit JsonView(const rapidjson::Value* value) : value_(value) {}

  [[nodiscard]] bool present() const { return value_ != nullptr && !value_->IsNull(); }
  /// The member of an object.
  [[nodiscard]] JsonView operator[](std::string_view name) const;
  [[nodiscard]] std::string text() const;  // empty when it is none
  [[nodiscard]] std::optional<double> number() const;
  [[nodiscard]] std::optional<uint64_t> whole() const;
  [[nodiscard]] bool is_true() const;
  [[nodiscard]] std::vector<JsonView> items() const;  // of an array
  /// Of an object, in their order.
  [[nodiscard]] std::vector<std::pair<std::string, JsonView>> members() const;

 private:
  const rapidjson::Value* value_;
};

class JsonDocument {
 public:
  /// Empty when `text` is no JSON object.
  [[nodiscard]] static std::optional<JsonDocument> parse(std::string_view text);
  [[nodiscard]] JsonView view() const { return JsonView(&document_); }
  JsonView operator[](std::string_view name) const { return view()[name]; }

 private:
  rapidjson::Document document_;
};

}  // namespace tapstat::control
