/// mPlane messages: JSON text <-> one plain value, with every limit and fault of the protocol.
///
/// Reading is strict (docs/mplane.md): exactly one kind, known members of the right type, no
/// duplicate member, valid UTF-8, bounded depth and sizes; unknown members are ignored. Writing
/// gives the reference's layout: members sorted by code point, two blanks of indent, no final line
/// end. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace tapstat::control::mplane {

enum class Kind : uint8_t {
  capability,
  withdrawal,
  specification,
  interrupt,
  receipt,
  redemption,
  result,
  exception,
  envelope,
};
[[nodiscard]] std::string_view kind_name(Kind kind);

inline constexpr std::string_view kContentType = "application/x-mplane+json";
inline constexpr std::string_view kNoToken = "00000000000000000000000000000000";
inline constexpr int kVersion2014 = 0, kVersionSdk = 1;

struct Message {
  Kind kind = Kind::exception;
  std::string verb;  // value of the kind's member: "measure"; "message" of an envelope
  int version = 0;   // not written for an exception
  /// As sent; a member that is absent is not written. The `token` of an exception is its kind's
  /// value.
  std::optional<std::string> registry, label, link, export_url, token, when;
  std::map<std::string, std::string> parameters, metadata;  // empty: not written
  std::optional<std::vector<std::string>> results;          // absent or empty: not written
  bool has_schedule = false;                                // input only
  std::string text;                                         // of an exception: its `message`
  std::vector<Message> contents;                            // of an envelope

  bool operator==(const Message&) const = default;
};

struct MessageLimits {
  size_t depth = 16, values = 10'000, string_bytes = 4'096, name_bytes = 256, label_bytes = 256,
         token_bytes = 128, results = 512, parameters = 64, contents = 64, envelope_depth = 4;
};

/// Why a body is no message; the answer has status 400.
struct MessageFault {
  std::string token;  // of the body when it has a valid one, else 32 zeros
  std::string text;   // "Malformed message: REASON" or "Version mismatch"
};

[[nodiscard]] tl::expected<Message, MessageFault> parse_message(std::string_view json,
                                                                const MessageLimits& limits = {});

[[nodiscard]] std::string to_json(const Message& message);

[[nodiscard]] Message exception(std::string_view token, std::string_view text);

/// 1 to 128 printable ASCII characters.
[[nodiscard]] bool is_token(std::string_view text, size_t bytes_max = 128);

}  // namespace tapstat::control::mplane
