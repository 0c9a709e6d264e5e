#include "flowstats/layer7/udp_signatures.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/udp_conversation.h"
#include "tests/unit/flowstats/crypto/hex.h"

namespace tapstat::flowstats::layer7 {
namespace {

UdpType type_of(std::vector<uint8_t> payload, size_t payload_bytes = 0, Mode mode = Mode::tstat,
                uint16_t port = 9999) {
  test::UdpConversation flow{40001, port};
  return udp_signature(flow.datagram(kClient, std::move(payload), payload_bytes), mode);
}

UdpType type_of_text(std::string text) {
  text.resize(std::max<size_t>(text.size(), 40), '.');
  return type_of({text.begin(), text.end()});
}

std::vector<uint8_t> padded(const std::string& hex, size_t bytes) {
  auto payload = test::unhex(hex);
  for (size_t i = payload.size(); i < bytes; ++i) payload.push_back(static_cast<uint8_t>(3 * i));
  return payload;
}

std::vector<uint8_t> dns_query(const std::string& type_and_class) {
  return test::unhex(
      "000101000001000000000000"
      "03777777"
      "076578616d706c65"
      "00" +
      type_and_class);
}

TEST(UdpSignatures, KnowsDnsByTypeAndClassInUse) {
  EXPECT_EQ(type_of(dns_query("00010001")), UdpType::dns);
  EXPECT_EQ(type_of(dns_query("00410001")), UdpType::dns);
  EXPECT_EQ(type_of(dns_query("001c00ff")), UdpType::dns);
  EXPECT_EQ(type_of(dns_query("00110001")), UdpType::unknown);
  EXPECT_EQ(type_of(dns_query("00018001")), UdpType::unknown);
}

TEST(UdpSignatures, DnsNeedsAQuestionAndALabelOfLetters) {
  auto query = dns_query("00010001");
  query[5] = 3;
  EXPECT_EQ(type_of(query), UdpType::unknown);
  query[5] = 2;
  EXPECT_EQ(type_of(query), UdpType::dns);
  query[13] = '_';
  EXPECT_EQ(type_of(query), UdpType::unknown);
}

TEST(UdpSignatures, DnsWhoseTypeWasNotCapturedIsTakenByItsName) {
  auto query = dns_query("ffffffff");
  query.resize(query.size() - 1);
  EXPECT_EQ(type_of(query, 60), UdpType::dns);
}

TEST(UdpSignatures, KnowsBitTorrent) {
  EXPECT_EQ(type_of_text("d1:ad2:id20:abcdefghij"), UdpType::bittorrent);
  EXPECT_EQ(type_of_text("d1:rd2:id20:abcdefghij"), UdpType::bittorrent);
  EXPECT_EQ(type_of_text("d1:eli201e12:Method Unkno"), UdpType::unknown);
  EXPECT_EQ(type_of(padded("0000041727101980", 16)), UdpType::bittorrent);
  EXPECT_EQ(type_of(padded("0000041727101980", 17)), UdpType::unknown);
  EXPECT_EQ(type_of(padded("9122334455667788"
                           "00000400",
                           40)),
            UdpType::bittorrent);
  EXPECT_EQ(type_of(padded("1122334455667788"
                           "00000400",
                           40)),
            UdpType::unknown);
  EXPECT_EQ(type_of(padded("00000405"
                           "aabbccdd"
                           "91000000",
                           40)),
            UdpType::bittorrent);
}

TEST(UdpSignatures, KnowsSipByMethodAndScheme) {
  for (const std::string method :
       {"REGISTER", "ACK", "INVITE", "PRACK", "BYE", "OPTIONS", "CANCEL", "UPDATE", "SUBSCRIBE",
        "NOTIFY", "PUBLISH", "INFO", "REFER", "MESSAGE"}) {
    EXPECT_EQ(type_of_text(method + " sip:a@b.example SIP/2.0"), UdpType::sip) << method;
    EXPECT_EQ(type_of_text(method + " tel:+39 SIP/2.0"), UdpType::unknown) << method;
  }
  EXPECT_EQ(type_of_text("SIP/2.0 200 OK"), UdpType::sip);
  EXPECT_EQ(type_of_text("invite sip:a@b.example"), UdpType::unknown);
}

TEST(UdpSignatures, KnowsDtlsHandshakesOfAllVersions) {
  EXPECT_EQ(type_of(padded("16feff0000000000000000"
                           "0039",
                           18)),
            UdpType::dtls);
  EXPECT_EQ(type_of(padded("16fefd000000000000000039", 18)), UdpType::dtls);
  EXPECT_EQ(type_of(padded("16fefd00000000000000003a", 18)), UdpType::unknown);
  EXPECT_EQ(type_of(padded("16fefd000000000000000039", 17)), UdpType::unknown) << "too short";
  EXPECT_EQ(type_of(padded("17fefd000000000000000039", 18)), UdpType::unknown) << "no handshake";
}

TEST(UdpSignatures, KnowsTurnOfMicrosoftByItsLength) {
  EXPECT_EQ(type_of(padded("ff100020", 36)), UdpType::mturn);
  EXPECT_EQ(type_of(padded("ff100024", 36)), UdpType::unknown);
}

TEST(UdpSignatures, KnowsTheVideoNetworks) {
  EXPECT_EQ(type_of(padded("00ff01ff0000000006010020", 40)), UdpType::sopcast);
  EXPECT_EQ(type_of(padded("04000700aabb0000535300"
                           "1200",
                           40)),
            UdpType::tvants);
  EXPECT_EQ(type_of(padded("280043", 40)), UdpType::ppstream);
  EXPECT_EQ(type_of(padded("600000000014"
                           "113f"
                           "20010000",
                           40)),
            UdpType::teredo);
  EXPECT_EQ(type_of(padded("e9030102"
                           "98ab0102",
                           40)),
            UdpType::pplive);
}

TEST(UdpSignatures, PpliveTakesRepeatedBytesInTstatModeOnly) {
  const std::vector<uint8_t> payload(40, 0x77);
  EXPECT_EQ(type_of(payload), UdpType::pplive);
  EXPECT_EQ(type_of(payload, 0, Mode::corrected), UdpType::unknown);
  EXPECT_EQ(type_of(payload, 0, Mode::tstat, 53), UdpType::unknown);
  EXPECT_EQ(type_of(std::vector<uint8_t>(40, 0)), UdpType::unknown);
}

TEST(UdpSignatures, NoTailOfAPayloadMattersToBytesThatWereNotCaptured) {
  const auto query = dns_query("00010001");
  for (size_t captured = 0; captured < query.size(); ++captured) {
    const std::vector<uint8_t> cut(query.begin(), query.begin() + static_cast<long>(captured));
    EXPECT_EQ(type_of(cut, query.size()), captured < 14 ? UdpType::unknown : UdpType::dns)
        << captured;
  }
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
