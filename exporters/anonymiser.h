/// Replaces addresses (Crypto-PAn) and names in what the logs are about to say; flow keys, the
/// lookup of names and the classes of flows know the real ones.
///
/// One object for all formatting threads: immutable, and what encryption needs (OpenSSL's contexts,
/// a cache, the memory of a record) every thread makes for itself at its first call. No locks. With
/// Mode::tstat as Tstat 3.3 does it; with Mode::corrected an IPv6 address is one prefix of 128
/// bits, and nothing that a row says gives a replaced address away (docs/anonymisation.md).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>

#include "flowstats/base/check.h"
#include "flowstats/crypto/crypto_pan.h"
#include "flowstats/flow_record.h"
#include "flowstats/measurement.h"
#include "flowstats/record.h"
#include "flowstats/udp_record.h"
#include "flowstats/wire/network_list.h"

namespace tapstat::exporters {

/// What happens to the names of hosts.
enum class NameTreatment : uint8_t { keep, encrypt, drop };

struct AnonymiserOptions {
  flowstats::crypto::CryptoPan::Key key{};
  flowstats::NetworkList networks;          // whose addresses are replaced
  flowstats::NetworkList except;            // but not these
  bool internal = false, external = false;  // so are all that are, or are not, in:
  flowstats::NetworkList internal_networks;
  /// Mode::tstat: turned over in the four words of an IPv6 address, which are then replaced one by
  /// one. As Tstat has them: the byte that is sent first is the lowest one.
  std::array<uint32_t, 4> ipv6_masks = {0xffffffff, 0xf0f0f0f0, 0x0f0f0f0f, 0};
  NameTreatment names = NameTreatment::keep;
  flowstats::Mode mode = flowstats::Mode::tstat;

  [[nodiscard]] bool replaces_addresses() const {
    return internal || external || networks.count(flowstats::IpVersion::v4) > 0 ||
           networks.count(flowstats::IpVersion::v6) > 0;
  }
  [[nodiscard]] bool applies() const {
    return replaces_addresses() || names != NameTreatment::keep;
  }
};

class Anonymiser {
 public:
  explicit Anonymiser(AnonymiserOptions options);
  ~Anonymiser();
  Anonymiser(const Anonymiser&) = delete;
  Anonymiser& operator=(const Anonymiser&) = delete;

  /// Is this address replaced?
  [[nodiscard]] bool applies(flowstats::IpVersion version, flowstats::IpAddress address) const;

  /// What a row says instead of `address`, which may be itself.
  [[nodiscard]] flowstats::IpAddress shown(flowstats::IpVersion version,
                                           flowstats::IpAddress address) const;

  /// The record as the rows shall have it: addresses, names behind it and its resolution replaced,
  /// `encrypted` set. A copy in the thread's own memory, valid until the thread's next call with a
  /// record. The payload of an HTTP or DNS message stays as it was: see message_name() and
  /// message_address().
  template <class Record>
  [[nodiscard]] const Record& shown(const Record& record) const {
    static_assert(std::is_trivially_copyable_v<Record>);
    const size_t bytes = record.units * flowstats::kRecordUnit;
    TAPSTAT_ASSERT(bytes >= sizeof record);
    Desk& desk = copied(&record, bytes);
    Record& copy = *static_cast<Record*>(copy_on(desk));
    if constexpr (requires { copy.ends; })
      replace(desk, copy.ends.ip_version, copy.ends.address, copy.ends.encrypted);
    else
      replace(desk, copy.ip_version, copy.address, copy.encrypted);
    if constexpr (std::is_same_v<Record, flowstats::TcpRecord> ||
                  std::is_same_v<Record, flowstats::UdpRecord>)
      replace_names(desk, copy);
    if constexpr (requires { copy.resolution; })
      if (copy.resolution != nullptr)
        copy.resolution = resolution_of(
            desk, *copy.resolution, requires { copy.segment; });
    return copy;
  }

  /// A host's name in a row of log_http_complete or log_dns_complete; valid until the thread's next
  /// call with a record. Tstat encrypts none in these two logs. Empty: nothing is to be told.
  [[nodiscard]] std::string_view message_name(std::string_view name) const;

  /// An address inside the payload of a message, such as the answer of a DNS server. Tstat keeps
  /// it.
  [[nodiscard]] flowstats::IpAddress message_address(flowstats::IpVersion version,
                                                     flowstats::IpAddress address) const;

 private:
  struct Desk;  // what one thread works with
  class Impl;

  /// The thread's desk with a copy of the record on it.
  [[nodiscard]] Desk& copied(const void* record, size_t bytes) const;
  [[nodiscard]] static void* copy_on(Desk& desk);
  void replace(Desk& desk, flowstats::IpVersion version,
               std::array<flowstats::IpAddress, 2>& addresses,
               std::array<bool, 2>& encrypted) const;
  void replace_names(Desk& desk, flowstats::TcpRecord& copy) const;
  void replace_names(Desk& desk, flowstats::UdpRecord& copy) const;
  [[nodiscard]] const flowstats::Resolution* resolution_of(Desk& desk,
                                                           const flowstats::Resolution& real,
                                                           bool in_message_log) const;

  std::unique_ptr<Impl> impl_;
};

}  // namespace tapstat::exporters
