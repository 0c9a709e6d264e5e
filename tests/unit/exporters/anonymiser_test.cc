#include "exporters/anonymiser.h"

#include <bit>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "flowstats/event_records.h"

namespace tapstat::tests {
namespace {

using exporters::Anonymiser;
using exporters::AnonymiserOptions;
using exporters::NameTreatment;
using flowstats::IpAddress;
using flowstats::IpVersion;
using flowstats::Mode;
using flowstats::Network;

constexpr IpAddress kClient = IpAddress::v4(0x0a000001);       // 10.0.0.1
constexpr IpAddress kServer = IpAddress::v4(0xc0000201);       // 192.0.2.1
constexpr IpAddress kClientShown = IpAddress::v4(0x3a01cf86);  // 58.1.207.134
constexpr IpAddress kClientV6{0x20010db800000001, 0x2a};

AnonymiserOptions options(Mode mode = Mode::tstat) {
  AnonymiserOptions out;
  constexpr std::string_view kKey = "0123456789abcdef0123456789abcdef";
  std::copy(kKey.begin(), kKey.end(), out.key.begin());
  out.networks.add(IpVersion::v4, Network{IpAddress::v4(0x0a000000), IpAddress::v4(0xff000000)});
  out.networks.add(IpVersion::v6, Network{{0x20010db800000000, 0}, {0xffffffff00000000, 0}});
  out.mode = mode;
  return out;
}

/// A record with room for texts behind it.
template <class Record>
struct Roomy {
  explicit Roomy(size_t room = 512) : units(flowstats::record_units(sizeof(Record) + room)) {
    record = new (memory.data()) Record{};
    record->units = units;
  }
  uint32_t units;
  struct alignas(64) Unit {
    std::array<std::byte, 64> bytes{};
  };
  std::vector<Unit> memory = std::vector<Unit>(units);
  Record* record = nullptr;
};

Roomy<flowstats::TcpRecord> tcp_record() {
  Roomy<flowstats::TcpRecord> out;
  flowstats::TcpRecord& r = *out.record;
  r.address = {kClient, kServer};
  flowstats::TextTail tail(r);
  r.layer7.server_name = tail.append("www.example.com");
  r.layer7.common_name = tail.append("*.example.com");
  r.layer7.http_host = tail.append("10.0.0.1:80");
  r.halves[0].layer7.tls_versions = tail.append("0304");
  r.fingerprint.server_name = tail.append("www.example.com");
  r.fingerprint.ja4 = tail.append("t13d1516h2");
  return out;
}

TEST(Anonymiser, ReplacesWhatTheListsSay) {
  AnonymiserOptions o = options();
  o.except.add(IpVersion::v4, Network{IpAddress::v4(0x0a000100), IpAddress::v4(0xffffff00)});
  const Anonymiser anonymiser(o);
  EXPECT_TRUE(anonymiser.applies(IpVersion::v4, kClient));
  EXPECT_EQ(anonymiser.shown(IpVersion::v4, kClient), kClientShown);
  EXPECT_FALSE(anonymiser.applies(IpVersion::v4, kServer));
  EXPECT_EQ(anonymiser.shown(IpVersion::v4, kServer), kServer);
  const IpAddress kept = IpAddress::v4(0x0a000107);
  EXPECT_EQ(anonymiser.shown(IpVersion::v4, kept), kept);
  EXPECT_TRUE(anonymiser.applies(IpVersion::v6, kClientV6));
  EXPECT_FALSE(anonymiser.applies(IpVersion::v6, {0x20010db900000000, 0}));
}

TEST(Anonymiser, AListWithoutAFamilyNamesNoneOfIt) {
  AnonymiserOptions o;
  o.networks.add(IpVersion::v4, Network{});
  EXPECT_FALSE(Anonymiser(o).applies(IpVersion::v6, kClientV6));
  EXPECT_TRUE(Anonymiser(o).applies(IpVersion::v4, kServer));
  EXPECT_TRUE(o.applies());
  EXPECT_FALSE(AnonymiserOptions{}.applies());
}

TEST(Anonymiser, InternalAndExternalAreSidesOfOneList) {
  AnonymiserOptions o = options();
  o.internal_networks = o.networks;
  o.networks = {};
  for (const auto& [internal, external] :
       {std::pair{true, false}, std::pair{false, true}, std::pair{true, true}}) {
    o.internal = internal;
    o.external = external;
    const Anonymiser anonymiser(o);
    EXPECT_EQ(anonymiser.applies(IpVersion::v4, kClient), internal);
    EXPECT_EQ(anonymiser.applies(IpVersion::v4, kServer), external);
  }
  // As everywhere, without a list of internal networks all addresses are internal.
  o.internal = true;
  o.external = false;
  o.internal_networks = {};
  EXPECT_TRUE(Anonymiser(o).applies(IpVersion::v4, kServer));
}

TEST(Anonymiser, TstatReplacesTheWordsOfIpv6OneByOne) {
  AnonymiserOptions o = options();
  const Anonymiser anonymiser(o);
  const auto v4 = [&](uint32_t word) { return flowstats::crypto::CryptoPan(o.key).v4(word); };
  const IpAddress shown = anonymiser.shown(IpVersion::v6, kClientV6);
  EXPECT_EQ(shown.high >> 32, v4(~0x20010db8U));
  EXPECT_EQ(shown.high & 0xffffffff, v4(0x00000001 ^ 0xf0f0f0f0));
  EXPECT_EQ(shown.low >> 32, v4(0x0f0f0f0f));
  EXPECT_EQ(shown.low & 0xffffffff, v4(0x2a));
  // The lowest byte of a mask meets the byte that is sent first.
  o.ipv6_masks = {0xff, 0, 0, 0};
  EXPECT_EQ(Anonymiser(o).shown(IpVersion::v6, kClientV6).high >> 32, v4(0x20010db8 ^ 0xff000000));
}

TEST(Anonymiser, CorrectedReplacesIpv6AsOnePrefix) {
  const AnonymiserOptions o = options(Mode::corrected);
  EXPECT_EQ(Anonymiser(o).shown(IpVersion::v6, kClientV6),
            flowstats::crypto::CryptoPan(o.key).v6(kClientV6));
}

TEST(Anonymiser, PrefixesStayWhateverTheCacheHolds) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    const Anonymiser anonymiser(options(mode));
    std::mt19937_64 random{7};
    IpAddress last{0x20010db800000000, 0}, last_shown = anonymiser.shown(IpVersion::v6, last);
    for (int i = 0; i < 20'000; ++i) {
      const IpAddress next{last.high ^ (random() & 0xffff), random()};
      const IpAddress shown = anonymiser.shown(IpVersion::v6, next);
      const int kept = next.high == last.high ? 64 : std::countl_zero(next.high ^ last.high);
      const int shown_kept =
          shown.high == last_shown.high ? 64 : std::countl_zero(shown.high ^ last_shown.high);
      ASSERT_EQ(kept, shown_kept);
      ASSERT_EQ(shown, anonymiser.shown(IpVersion::v6, next));
      last = next;
      last_shown = shown;
    }
  }
}

TEST(Anonymiser, TheRecordItselfStaysAsItWas) {
  const auto real = tcp_record();
  const std::vector before = real.memory;
  AnonymiserOptions o = options();
  o.names = NameTreatment::encrypt;
  const Anonymiser anonymiser(o);
  const flowstats::TcpRecord& shown = anonymiser.shown(*real.record);
  EXPECT_EQ(shown.address[0], kClientShown);
  EXPECT_EQ(shown.address[1], kServer);
  EXPECT_TRUE(shown.encrypted[0]);
  EXPECT_FALSE(shown.encrypted[1]);
  EXPECT_EQ(text_of(shown, shown.layer7.server_name), "WP439FRp100mOSb1d7N3PQ==");
  EXPECT_EQ(text_of(shown, shown.fingerprint.server_name), "WP439FRp100mOSb1d7N3PQ==");
  EXPECT_EQ(text_of(shown, shown.layer7.common_name).size(), 24U);
  EXPECT_EQ(text_of(shown, shown.halves[0].layer7.tls_versions), "0304");
  EXPECT_EQ(text_of(shown, shown.fingerprint.ja4), "t13d1516h2");
  EXPECT_EQ(std::memcmp(before.data(), real.memory.data(), before.size() * 64), 0);
}

TEST(Anonymiser, NamesAreKeptOrDropped) {
  const auto real = tcp_record();
  AnonymiserOptions o = options();
  const Anonymiser keeping(o);
  const auto& kept = keeping.shown(*real.record);
  EXPECT_EQ(text_of(kept, kept.layer7.server_name), "www.example.com");
  EXPECT_EQ(text_of(kept, kept.layer7.http_host), "10.0.0.1:80");  // as Tstat
  o.names = NameTreatment::drop;
  const Anonymiser dropping(o);
  const auto& dropped = dropping.shown(*real.record);
  EXPECT_EQ(text_of(dropped, dropped.layer7.server_name), "");
  EXPECT_EQ(text_of(dropped, dropped.layer7.http_host), "");
  EXPECT_EQ(text_of(dropped, dropped.halves[0].layer7.tls_versions), "0304");
}

TEST(Anonymiser, CorrectedReplacesAddressesInNames) {
  const auto real = tcp_record();
  const Anonymiser anonymiser(options(Mode::corrected));
  const auto& shown = anonymiser.shown(*real.record);
  EXPECT_EQ(text_of(shown, shown.layer7.http_host), "58.1.207.134:80");
  EXPECT_EQ(anonymiser.message_name("1.0.0.10.in-addr.arpa"), "134.207.1.58.in-addr.arpa");
  EXPECT_EQ(anonymiser.message_name("1.2.0.192.in-addr.arpa"), "1.2.0.192.in-addr.arpa");
  EXPECT_EQ(anonymiser.message_address(IpVersion::v4, kClient), kClientShown);
  EXPECT_EQ(Anonymiser(options()).message_address(IpVersion::v4, kClient), kClient);
  EXPECT_EQ(Anonymiser(options()).message_name("1.0.0.10.in-addr.arpa"), "1.0.0.10.in-addr.arpa");
}

TEST(Anonymiser, TheResolverHasItsOwnFlag) {
  auto real = tcp_record();
  flowstats::Resolution resolution;
  resolution.name = "www.example.com";
  resolution.resolver = kClient;
  real.record->resolution = &resolution;
  real.record->address[0] = kServer;
  AnonymiserOptions o = options();
  o.names = NameTreatment::encrypt;
  const Anonymiser anonymiser(o);
  const auto& shown = anonymiser.shown(*real.record);
  EXPECT_EQ(shown.resolution->resolver, kClientShown);
  EXPECT_TRUE(shown.resolution->resolver_encrypted);
  EXPECT_FALSE(shown.encrypted[0]);
  EXPECT_EQ(shown.resolution->name, "WP439FRp100mOSb1d7N3PQ==");
  EXPECT_EQ(resolution.resolver, kClient);
}

TEST(Anonymiser, UdpAndIntervalRecords) {
  Roomy<flowstats::UdpRecord> real;
  real.record->ends.address = {kServer, kClient};
  flowstats::TextTail tail(*real.record);
  real.record->quic_server_name = tail.append("www.example.com");
  AnonymiserOptions o = options();
  o.names = NameTreatment::encrypt;
  const Anonymiser anonymiser(o);
  const auto& udp = anonymiser.shown(*real.record);
  EXPECT_EQ(udp.ends.address[1], kClientShown);
  EXPECT_FALSE(udp.ends.encrypted[0]);
  EXPECT_TRUE(udp.ends.encrypted[1]);
  EXPECT_EQ(text_of(udp, udp.quic_server_name), "WP439FRp100mOSb1d7N3PQ==");

  const Roomy<flowstats::TcpIntervalRecord> interval;
  interval.record->ends.address[0] = kClient;
  EXPECT_EQ(anonymiser.shown(*interval.record).ends.address[0], kClientShown);
}

TEST(Anonymiser, TstatEncryptsNoNamesInTheLogsOfMessages) {
  flowstats::Resolution resolution;
  resolution.name = "www.example.com";
  const Roomy<flowstats::HttpRecord> real;
  real.record->ends.address[0] = kClient;
  real.record->resolution = &resolution;
  const struct {
    Mode mode;
    NameTreatment names;
    const char* told;
  } kCases[] = {{Mode::tstat, NameTreatment::keep, "www.example.com"},
                {Mode::tstat, NameTreatment::encrypt, "www.example.com"},
                {Mode::tstat, NameTreatment::drop, ""},
                {Mode::corrected, NameTreatment::keep, "www.example.com"},
                {Mode::corrected, NameTreatment::encrypt, "WP439FRp100mOSb1d7N3PQ=="},
                {Mode::corrected, NameTreatment::drop, ""}};
  for (const auto& c : kCases) {
    AnonymiserOptions o = options(c.mode);
    o.names = c.names;
    const Anonymiser anonymiser(o);
    const auto& shown = anonymiser.shown(*real.record);
    EXPECT_EQ(shown.ends.address[0], kClientShown);
    EXPECT_EQ(shown.resolution->name, c.told);
    EXPECT_EQ(anonymiser.message_name("www.example.com"), c.told);
  }
}

TEST(Anonymiser, NamesOfOneRecordStandSideBySide) {
  AnonymiserOptions o = options(Mode::corrected);
  o.names = NameTreatment::encrypt;
  const Anonymiser anonymiser(o);
  std::vector<std::string_view> told;
  for (int i = 0; i < 50; ++i) told.push_back(anonymiser.message_name(std::to_string(i)));
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(told[static_cast<size_t>(i)], anonymiser.message_name(std::to_string(i)));
}

TEST(Anonymiser, ANameThatFindsNoRoomIsDropped) {
  Roomy<flowstats::UdpRecord> real(65'000 - sizeof(flowstats::UdpRecord));
  flowstats::TextTail tail(*real.record);
  real.record->quic_server_name = tail.append(std::string(400, 'x'));
  real.record->quic_user_agent = tail.append("agent");
  AnonymiserOptions o = options();
  o.names = NameTreatment::encrypt;
  const Anonymiser anonymiser(o);
  const auto& shown = anonymiser.shown(*real.record);
  EXPECT_EQ(text_of(shown, shown.quic_server_name), "");
  EXPECT_EQ(text_of(shown, shown.quic_user_agent).size(), 24U);
}

TEST(Anonymiser, ThreadsAgree) {
  const Anonymiser anonymiser(options(Mode::corrected));
  std::vector<std::vector<IpAddress>> seen(4);
  std::vector<std::thread> threads;
  for (auto& mine : seen)
    threads.emplace_back([&] {
      for (uint32_t i = 0; i < 5000; ++i)
        mine.push_back(anonymiser.shown(IpVersion::v4, IpAddress::v4(0x0a000000 + i * 77)));
    });
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : seen) EXPECT_EQ(mine, seen[0]);
}

}  // namespace
}  // namespace tapstat::tests
