/// The first pass over the body of a message: is it JSON, and within the bounds?
///
/// Nothing is built from a text that fails here. One pass without recursion; time is linear in the
/// text, memory is bounded by it. Pure function.
#pragma once

#include <string>
#include <string_view>

#include "control/mplane/message.h"

namespace tapstat::control::mplane {

struct JsonCheck {
  std::string fault;  // short ASCII reason; empty: an object within the bounds
  /// Value of the member `token`, else of `exception`, where the text is a JSON object that has it
  /// once and as a token; else empty. Also beside a fault, unless that is of the syntax.
  std::string token;
};

/// Refused: anything that is not exactly one JSON object in UTF-8, NUL and lone surrogates (escaped
/// ones too), members of the same name in one object, more depth, values or bytes in a string or
/// name than `limits` allow. Bytes in reasons count from 1.
[[nodiscard]] JsonCheck check_json(std::string_view json, const MessageLimits& limits);

}  // namespace tapstat::control::mplane
