#include "flowstats/layer7/http_status.h"

#include "flowstats/layer7/tcp_words.h"

namespace tapstat::flowstats::layer7 {

void HttpStatus::read(ByteRange response) {
  constexpr size_t kOffset = 9, kLineMin = 14;  // bytes
  size = 0;
  while (response.size() >= kLineMin && size < digits.size()) {
    const uint8_t byte = response.u8(kOffset + size);
    if (!is_digit(byte)) break;
    digits[size++] = static_cast<char>(byte);
  }
  if (size != 0) return;
  digits = {'0', '0', '0'};
  size = 3;
}

}  // namespace tapstat::flowstats::layer7
