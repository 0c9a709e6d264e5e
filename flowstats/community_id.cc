#include "flowstats/community_id.h"

#include <string_view>

#include "flowstats/crypto/sha1.h"

namespace tapstat::flowstats {
namespace {

/// What the digest is made of, in network byte order.
class Message {
 public:
  void append(uint64_t value, size_t bytes) {
    for (; bytes > 0; --bytes) bytes_[size_++] = static_cast<uint8_t>(value >> (8 * (bytes - 1)));
  }
  void append(const IpAddress& address, IpVersion version) {
    if (version == IpVersion::v4) return append(address.low, 4);
    append(address.high, 8);
    append(address.low, 8);
  }
  [[nodiscard]] ByteRange range() const { return {bytes_.data(), size_}; }

 private:
  std::array<uint8_t, 2 + 2 * 16 + 1 + 1 + 2 * 2> bytes_{};
  size_t size_ = 0;
};

}  // namespace

CommunityId community_id(const FiveTuple& tuple) {
  constexpr uint64_t kSeed = 0;
  Message message;
  message.append(kSeed, 2);
  // The tuple's endpoints are in the order that the specification asks for: the smaller first.
  message.append(tuple.a_address, tuple.ip_version);
  message.append(tuple.b_address, tuple.ip_version);
  message.append(tuple.protocol, 1);
  message.append(0, 1);
  message.append(tuple.a_port, 2);
  message.append(tuple.b_port, 2);
  return {crypto::sha1(message.range())};
}

std::array<char, kCommunityIdChars> community_id_text(const CommunityId& id) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<char, kCommunityIdChars> text;
  text[0] = '1';
  text[1] = ':';
  size_t used = 2;
  // 20 bytes: the last group of three lacks one.
  for (size_t i = 0; i < id.digest.size(); i += 3) {
    const bool is_short = i + 2 >= id.digest.size();
    const uint32_t group = static_cast<uint32_t>(id.digest[i] << 16 | id.digest[i + 1] << 8) |
                           (is_short ? 0U : id.digest[i + 2]);
    for (int shift = 18; shift >= 0; shift -= 6) text[used++] = kDigits[group >> shift & 63];
    if (is_short) text[used - 1] = '=';
  }
  return text;
}

}  // namespace tapstat::flowstats
