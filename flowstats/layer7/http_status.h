/// The status code of the first response of a flow: the column http_res.
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/base/byte_range.h"
#include "flowstats/measurement.h"

namespace tapstat::flowstats::layer7 {

struct HttpStatus {
  std::array<char, 3> digits{};
  uint8_t size = 0;  // 0: no response seen

  /// Up to three digits behind `HTTP/1.1 `; "000" when there are none. Tstat reads none of a
  /// segment below 14 bytes.
  void read(ByteRange response, Mode mode);
};

}  // namespace tapstat::flowstats::layer7
