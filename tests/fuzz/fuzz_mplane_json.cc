/// Bodies of mPlane messages.
///
/// The input is the body. Checked: what is accepted prints, reads again as the same value and
/// prints the same; what is refused gets a short printable reason and a token; hashing and matching
/// take every accepted message.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "control/mplane/capabilities.h"
#include "control/mplane/message.h"
#include "control/mplane/token.h"

namespace {

using namespace tapstat::control::mplane;

constexpr size_t kBodyBytesMax = 256 << 10;
constexpr size_t kReasonBytesMax = 128;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_refusal(const MessageFault& fault) {
  require(is_token(fault.token));
  require(is_token(fault.text, kReasonBytesMax));
  require(fault.text == "Version mismatch" || fault.text.starts_with("Malformed message: "));
}

void forget_schedule(Message& message) {
  message.has_schedule = false;
  for (Message& content : message.contents) forget_schedule(content);
}

void check_message(Message message) {
  static const Capabilities kOffered{CapabilityOptions{}};
  const Capability* matched = kOffered.match(message);
  require(matched == nullptr || message.results.has_value());
  require(schema_hash(message).size() == 32);
  require(computed_token(message).size() % 32 == 0);
  forget_schedule(message);
  MessageLimits limits;
  limits.values *= 2;  // a version is printed where none was read
  const std::string printed = to_json(message);
  const auto again = parse_message(printed, limits);
  require(again.has_value());
  require(*again == message);
  require(to_json(*again) == printed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > kBodyBytesMax) return 0;
  const auto message = parse_message({reinterpret_cast<const char*>(data), size});
  if (message)
    check_message(*message);
  else
    check_refusal(message.error());
  return 0;
}
