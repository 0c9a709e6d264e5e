#include "flowstats/crypto/base64.h"

#include <openssl/evp.h>

namespace tapstat::flowstats::crypto {

void write_base64(char* out, ByteRange bytes) {
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out), bytes.data(),
                  static_cast<int>(bytes.size()));
}

std::optional<std::vector<uint8_t>> read_base64(std::string_view text) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() % 4 != 0) return std::nullopt;
  // OpenSSL skips blanks, takes "=" for zero bits, and counts the bytes that stand for it.
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (text.substr(0, text.size() - padding).find_first_not_of(kAlphabet) != text.npos)
    return std::nullopt;
  std::vector<uint8_t> bytes(text.size() / 4 * 3);
  const int decoded =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()));
  if (decoded < 0) return std::nullopt;
  bytes.resize(static_cast<size_t>(decoded) - padding);
  return bytes;
}

}  // namespace tapstat::flowstats::crypto
