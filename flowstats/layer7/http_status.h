/// The status code of the first response of a flow: the column http_res.
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/base/byte_range.h"

namespace tapstat::flowstats::layer7 {

struct HttpStatus {
  std::array<char, 3> digits{};
  uint8_t size = 0;  // 0: no response seen

  /// Up to three digits behind `HTTP/1.1 `; "000" when there are none or the line is shorter than a
  /// status line can be.
  void read(ByteRange response);
};

}  // namespace tapstat::flowstats::layer7
