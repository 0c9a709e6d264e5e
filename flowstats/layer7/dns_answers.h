/// What an answer of a DNS server tells about the flows that follow it: one name and the addresses
/// behind it.
///
/// DN-Hunter's rules (I. Bermudez et al., IMC 2012) as Tstat 3.3 applies them, and in corrected
/// mode what they leave out: the other address family, address hints of service bindings. A value;
/// parsing keeps nothing. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "flowstats/base/byte_range.h"
#include "flowstats/base/text.h"
#include "flowstats/layer7/dns_message.h"
#include "flowstats/measurement.h"
#include "flowstats/wire/ip_address.h"

namespace tapstat::flowstats::layer7 {

inline constexpr size_t kAnswerAddressesMax = 30;  // of each family
inline constexpr uint16_t kDnsPort = 53;

struct DnsAnswers {
  Text<kDnsNameBytesMax> name;  // that was asked for, without the last dot, bytes as they came
  size_t count_v4 = 0, count_v6 = 0;
  std::array<IpAddress, kAnswerAddressesMax> v4, v6;
};

/// What the header alone says: a response with answers, and not too many of them for Tstat. Cheap;
/// workers ask it before they hand a message over.
[[nodiscard]] bool may_name_flows(ByteRange message, uint16_t source_port,
                                  uint16_t destination_port, Mode mode);

/// Nothing when the message names no flow. A message that is cut counts as far as it goes. In tstat
/// mode the response code is not looked at, and only the addresses of the family that carried the
/// packet, `packet_version`, are given.
[[nodiscard]] std::optional<DnsAnswers> read_dns_answers(ByteRange message,
                                                         IpVersion packet_version, Mode mode);

}  // namespace tapstat::flowstats::layer7
