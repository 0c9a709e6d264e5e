#include "flowstats/crypto/name_cipher.h"

#include <algorithm>

namespace tapstat::flowstats::crypto {

std::string_view NameCipher::encrypt(std::string_view name) {
  if (name.empty()) return {};
  blocks_.assign((name.size() + kAesBlockBytes - 1) / kAesBlockBytes * kAesBlockBytes, 0);
  std::copy(name.begin(), name.end(), blocks_.begin());
  cipher_.encrypt(blocks_.data(), blocks_.data(), blocks_.size());
  text_.resize(chars(name.size()) + 1);
  write_base64(text_.data(), {blocks_.data(), blocks_.size()});
  return {text_.data(), text_.size() - 1};
}

}  // namespace tapstat::flowstats::crypto
