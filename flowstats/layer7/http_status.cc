#include "flowstats/layer7/http_status.h"

#include "flowstats/layer7/tcp_words.h"

namespace tapstat::flowstats::layer7 {

void HttpStatus::read(ByteRange response, Mode mode) {
  constexpr size_t kOffset = 9, kTstatMin = 14;  // bytes
  const size_t least = mode == Mode::tstat ? kTstatMin : kOffset;
  size = 0;
  while (response.size() >= least && size < digits.size() && response.has(kOffset + size, 1)) {
    const uint8_t byte = response.u8(kOffset + size);
    if (!is_digit(byte)) break;
    digits[size++] = static_cast<char>(byte);
  }
  if (size != 0) return;
  digits = {'0', '0', '0'};
  size = 3;
}

}  // namespace tapstat::flowstats::layer7
