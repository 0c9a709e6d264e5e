/// Answers of REST: a JSON document, or a problem in words (RFC 9457). Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/http/exchange.h"

namespace tapstat::control::rest {

inline constexpr std::string_view kJson = "application/json";
inline constexpr std::string_view kProblemJson = "application/problem+json";

/// `detail` is a sentence with the value that was wrong, `hint` what to do about it.
struct Problem {
  unsigned status = 500;
  std::string detail, hint;
  std::vector<std::string> errors;  // several places in one file; not written when empty
};

/// "Not Found"; "Error" for a status without a name here.
[[nodiscard]] std::string_view status_title(unsigned status);

[[nodiscard]] http::Response problem_response(const Problem& problem);
[[nodiscard]] http::Response json_response(unsigned status, std::string body);

}  // namespace tapstat::control::rest
