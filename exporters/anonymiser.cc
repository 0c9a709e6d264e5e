#include "exporters/anonymiser.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <tbb/enumerable_thread_specific.h>

#include "exporters/named_address.h"
#include "flowstats/base/check.h"
#include "flowstats/crypto/name_cipher.h"

namespace tapstat::exporters {
namespace {

using flowstats::IpAddress;
using flowstats::IpVersion;
using flowstats::Mode;
using flowstats::RecordHead;
using flowstats::Resolution;
using flowstats::TextRef;
using flowstats::crypto::AesBlocks;
using flowstats::crypto::CryptoPan;
using flowstats::crypto::NameCipher;

/// Encrypting an address costs about 0.1 us (IPv6: 0.4), so a few thousand of the busiest are worth
/// the memory and no more.
constexpr unsigned kCacheBits = 12;

constexpr size_t kTextEndMax = 65'535;  // TextRef
/// The largest record, and behind it names as far as a TextRef reaches.
constexpr size_t kCopyUnits =
    (flowstats::kRecordBytesMax + kTextEndMax) / flowstats::kRecordUnit + 1;

struct alignas(flowstats::kRecordUnit) Unit {
  std::array<std::byte, flowstats::kRecordUnit> bytes;
};

struct CacheEntry {
  IpAddress real, shown;
  IpVersion version{};
  bool known = false, replaced = false;
};

size_t cache_slot(IpVersion version, IpAddress address) {
  constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio
  const uint64_t mixed = address.low ^ address.high * kMultiplier ^ static_cast<uint64_t>(version);
  return static_cast<size_t>(mixed * kMultiplier >> (64 - kCacheBits));
}

AesBlocks::Key name_key(const CryptoPan::Key& key) {
  AesBlocks::Key first{};
  std::copy_n(key.begin(), first.size(), first.begin());
  return first;
}

}  // namespace

struct Anonymiser::Desk {
  explicit Desk(const CryptoPan::Key& key) : pan(key), cipher(name_key(key)) {}

  CryptoPan pan;
  NameCipher cipher;
  std::vector<CacheEntry> cache = std::vector<CacheEntry>(size_t{1} << kCacheBits);
  std::vector<Unit> copy = std::vector<Unit>(kCopyUnits);
  size_t copy_bytes = 0;
  Resolution resolution;
  std::deque<std::string> names;  // handed out for the present record
  size_t names_used = 0;

  std::string_view keep(std::string_view text) {
    if (names_used == names.size()) names.emplace_back();
    return names[names_used++].assign(text);
  }
};

class Anonymiser::Impl {
 public:
  explicit Impl(AnonymiserOptions o) : options(std::move(o)) {}

  [[nodiscard]] bool applies(IpVersion version, IpAddress address) const {
    if (options.except.lists(version, address)) return false;
    if (options.networks.lists(version, address)) return true;
    if (options.internal == options.external) return options.internal;
    return options.internal_networks.contains(version, address) == options.internal;
  }

  [[nodiscard]] const CacheEntry& entry(Desk& desk, IpVersion version, IpAddress address) const {
    CacheEntry& entry = desk.cache[cache_slot(version, address)];
    if (entry.known && entry.version == version && entry.real == address) return entry;
    const bool replaced = applies(version, address);
    entry = {address, replaced ? replacement(desk.pan, version, address) : address, version, true,
             replaced};
    return entry;
  }

  [[nodiscard]] NameTreatment message_names() const {
    const bool as_tstat = options.mode == Mode::tstat && options.names == NameTreatment::encrypt;
    return as_tstat ? NameTreatment::keep : options.names;
  }

  /// `name` itself when it may be told.
  [[nodiscard]] std::string_view treated(Desk& desk, std::string_view name,
                                         NameTreatment treatment) const {
    if (name.empty() || treatment == NameTreatment::drop) return {};
    if (treatment == NameTreatment::encrypt) return desk.keep(desk.cipher.encrypt(name));
    if (options.mode == Mode::tstat) return name;
    const auto found = address_in(name);
    if (!found) return name;
    const CacheEntry& known = entry(desk, found->address.version, found->address.address);
    return known.replaced ? desk.keep(with_address(name, *found, known.shown)) : name;
  }

  /// Names are encrypted behind the copy of the record.
  template <class Record>
  void treat(Desk& desk, Record& copy, TextRef& ref) const {
    if (ref.size == 0) return;
    const std::string_view real = text_of(copy, ref);
    const std::string_view told = treated(desk, real, options.names);
    if (told.data() == real.data()) return;
    const size_t end = desk.copy_bytes + told.size();
    if (told.empty() || end > kTextEndMax) {
      ref = {};
      return;
    }
    std::memcpy(desk.copy.data()->bytes.data() + desk.copy_bytes, told.data(), told.size());
    ref = {static_cast<uint16_t>(desk.copy_bytes), static_cast<uint16_t>(told.size())};
    desk.copy_bytes = end;
    copy.units = flowstats::record_units(end);
  }

  const AnonymiserOptions options;
  mutable tbb::enumerable_thread_specific<Desk> desks{[this] { return Desk(options.key); }};

 private:
  [[nodiscard]] IpAddress replacement(CryptoPan& pan, IpVersion version, IpAddress address) const {
    if (version == IpVersion::v4) return IpAddress::v4(pan.v4(static_cast<uint32_t>(address.low)));
    if (options.mode == Mode::corrected) return pan.v6(address);
    std::array<uint64_t, 4> words = {address.high >> 32, address.high & 0xffffffff,
                                     address.low >> 32, address.low & 0xffffffff};
    for (size_t i = 0; i < words.size(); ++i)
      words[i] = pan.v4(static_cast<uint32_t>(words[i]) ^ __builtin_bswap32(options.ipv6_masks[i]));
    return {words[0] << 32 | words[1], words[2] << 32 | words[3]};
  }
};

Anonymiser::Anonymiser(AnonymiserOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
Anonymiser::~Anonymiser() = default;

bool Anonymiser::applies(IpVersion version, IpAddress address) const {
  return impl_->applies(version, address);
}

IpAddress Anonymiser::shown(IpVersion version, IpAddress address) const {
  return impl_->entry(impl_->desks.local(), version, address).shown;
}

Anonymiser::Desk& Anonymiser::copied(const void* record, size_t bytes) const {
  Desk& desk = impl_->desks.local();
  TAPSTAT_ASSERT(bytes <= desk.copy.size() * flowstats::kRecordUnit);
  std::memcpy(desk.copy.data(), record, bytes);
  desk.copy_bytes = bytes;
  desk.names_used = 0;
  return desk;
}

void* Anonymiser::copy_on(Desk& desk) { return desk.copy.data(); }

void Anonymiser::replace(Desk& desk, IpVersion version, std::array<IpAddress, 2>& addresses,
                         std::array<bool, 2>& encrypted) const {
  for (size_t side = 0; side < addresses.size(); ++side) {
    const CacheEntry& entry = impl_->entry(desk, version, addresses[side]);
    addresses[side] = entry.shown;
    encrypted[side] = entry.replaced;
  }
}

void Anonymiser::replace_names(Desk& desk, flowstats::TcpRecord& copy) const {
  impl_->treat(desk, copy, copy.layer7.server_name);
  impl_->treat(desk, copy, copy.layer7.common_name);
  impl_->treat(desk, copy, copy.layer7.http_host);
  impl_->treat(desk, copy, copy.fingerprint.server_name);
}

void Anonymiser::replace_names(Desk& desk, flowstats::UdpRecord& copy) const {
  impl_->treat(desk, copy, copy.quic_server_name);
  impl_->treat(desk, copy, copy.quic_user_agent);
  impl_->treat(desk, copy, copy.fingerprint.server_name);
}

const Resolution* Anonymiser::resolution_of(Desk& desk, const Resolution& real,
                                            bool in_message_log) const {
  Resolution& told = desk.resolution;
  told = real;
  const CacheEntry& resolver = impl_->entry(desk, real.resolver_version, real.resolver);
  told.resolver = resolver.shown;
  told.resolver_encrypted = resolver.replaced;
  told.name = impl_->treated(desk, real.name,
                             in_message_log ? impl_->message_names() : impl_->options.names);
  return &told;
}

std::string_view Anonymiser::message_name(std::string_view name) const {
  return impl_->treated(impl_->desks.local(), name, impl_->message_names());
}

IpAddress Anonymiser::message_address(IpVersion version, IpAddress address) const {
  return impl_->options.mode == Mode::tstat ? address : shown(version, address);
}

}  // namespace tapstat::exporters
