#include "flowstats/layer7/certificate_name_scan.h"

#include <algorithm>

#include "flowstats/layer7/server_name.h"

namespace tapstat::flowstats::layer7 {

std::string_view scan_common_name(ByteRange segment) {
  constexpr std::string_view kAttribute("\x06\x03\x55\x04\x03", 5);
  const std::string_view bytes(reinterpret_cast<const char*>(segment.data()), segment.size());
  for (size_t at = bytes.find(kAttribute); at != std::string_view::npos;
       at = bytes.find(kAttribute, at + kAttribute.size())) {
    const size_t length_at = at + kAttribute.size() + 1;  // behind the type of the string
    if (length_at >= bytes.size()) break;
    const size_t length = segment.u8(length_at);
    const std::string_view text = bytes.substr(length_at + 1, std::min(length, kServerNameMax));
    if (is_server_name(text)) return text;
  }
  return {};
}

}  // namespace tapstat::flowstats::layer7
