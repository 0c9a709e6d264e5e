/// Values as they were typed on the command line -> checked ones; the first error wins. Control
/// thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "control/option_values.h"

namespace tapstat::control {

class TypedValues {
 public:
  explicit TypedValues(const CLI::App& app) : app_(app) {}

  /// `text` of `flag`, if that was typed.
  template <class T>
  void take(const char* flag, const std::string& text, Parsed<T> (*parse)(std::string_view),
            const std::function<void(T)>& store) {
    if (app_.count(flag) == 0 || error_) return;
    Parsed<T> value = parse(text);
    if (value)
      store(*value);
    else
      error_ = std::string(flag) + " \"" + text + "\": " + value.error();
  }
  /// A path, or any text that is taken as it is.
  template <class T>
  void take(const char* flag, const std::string& text, std::optional<T>& value) const {
    if (app_.count(flag) > 0) value = text;
  }
  [[nodiscard]] const std::optional<std::string>& error() const { return error_; }

 private:
  const CLI::App& app_;
  std::optional<std::string> error_;
};

}  // namespace tapstat::control
