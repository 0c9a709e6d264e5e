/// Names of certificates: bounded, and no matter what follows the certificate.
///
/// Input: a certificate in DER.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "flowstats/base/check.h"
#include "flowstats/crypto/certificate.h"

using tapstat::flowstats::Text;
using tapstat::flowstats::crypto::kCertificateMax;
using tapstat::flowstats::crypto::kOwnerNameMax;
using tapstat::flowstats::crypto::read_owner_name;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kFollowing = 9;
  Text<kOwnerNameMax> name, name_before_others;
  const bool found = read_owner_name({data, size}, name);
  TAPSTAT_ASSERT(found == !name.empty());
  if (size == 0 || size + kFollowing > kCertificateMax) return 0;
  std::vector<uint8_t> longer(data, data + size);
  longer.resize(size + kFollowing, 0x30);
  const bool found_before_others =
      read_owner_name({longer.data(), longer.size()}, name_before_others);
  // Bytes that were too few may be enough with what follows.
  TAPSTAT_ASSERT(!found || (found_before_others && name.view() == name_before_others.view()));
  return 0;
}
