/// Addresses that are written out in names from the network.
///
/// The input is the name. Checked: an address that was found lies inside the name; put back it
/// reads as itself, and so does another one in its place, with the same text around it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "exporters/named_address.h"

namespace {

using namespace tapstat;
using exporters::NamedAddress;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_replacement(std::string_view name, const NamedAddress& found,
                       flowstats::IpAddress address) {
  const std::string text = exporters::with_address(name, found, address);
  require(text.starts_with(name.substr(0, found.begin)));
  require(text.ends_with(name.substr(found.begin + found.size)));
  const auto again = exporters::address_in(text);
  require(again.has_value());
  require(again->address.version == found.address.version);
  require(again->address.address == address);
  require(again->begin == found.begin && again->reverse == found.reverse);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view name(reinterpret_cast<const char*>(data), size);
  const auto found = exporters::address_in(name);
  if (!found) return 0;
  require(found->size > 0 && found->begin + found->size <= name.size());
  const bool is_v4 = found->address.version == flowstats::IpVersion::v4;
  const flowstats::IpAddress real = found->address.address;
  require(!is_v4 || (real.high == 0 && real.low <= 0xffffffff));
  check_replacement(name, *found, real);
  check_replacement(name, *found,
                    is_v4 ? flowstats::IpAddress::v4(~static_cast<uint32_t>(real.low))
                          : flowstats::IpAddress{~real.high, ~real.low});
  return 0;
}
