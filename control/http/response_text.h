/// A response as the bytes that go over the wire (RFC 9112 section 4). Control plane's thread.
#pragma once

#include <string>

#include "control/http/exchange.h"

namespace tapstat::control::http {

/// How the request that is answered shapes the answer.
struct AnswerForm {
  bool head_only = false;  // HEAD: as if, without the body
  bool http_1_0 = false;
  bool close = false;  // the connection ends after it
};

/// Content-Type and body exactly as given. Line breaks inside header values become blanks, so that
/// no value can add a header.
[[nodiscard]] std::string response_text(const Response& response, const AnswerForm& form);

}  // namespace tapstat::control::http
