/// A list of networks: the operator's internal ones, which decide c_isint and s_isint, and those
/// whose addresses are anonymised or are not.
///
/// Immutable after start and shared by all threads. As the list of internal networks, one without
/// networks of a family makes that whole family internal, as in Tstat; so does a
/// default-constructed list. At most kNetworksMax networks of each family.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "flowstats/wire/ip_address.h"

namespace tapstat::flowstats {

struct Network {
  IpAddress address;  // host bits cleared
  IpAddress mask;
};

class NetworkList {
 public:
  static constexpr size_t kNetworksMax = 100;  // of each family

  void add(IpVersion version, Network network) {
    (version == IpVersion::v4 ? v4_ : v6_).push_back(network);
  }
  [[nodiscard]] size_t count(IpVersion version) const {
    return (version == IpVersion::v4 ? v4_ : v6_).size();
  }

  [[nodiscard]] bool contains(IpVersion version, IpAddress address) const {
    return count(version) == 0 || lists(version, address);
  }

  /// In one of the networks, of which there may be none.
  [[nodiscard]] bool lists(IpVersion version, IpAddress address) const {
    for (const Network& n : version == IpVersion::v4 ? v4_ : v6_)
      if ((address.high & n.mask.high) == n.address.high &&
          (address.low & n.mask.low) == n.address.low)
        return true;
    return false;
  }

 private:
  std::vector<Network> v4_, v6_;
};

}  // namespace tapstat::flowstats
