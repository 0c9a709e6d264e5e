/// Resource record types, classes and response codes of DNS: their names, and how the RDATA of the
/// known types is made up.
///
/// Sources: RFC 1035, 2782, 3403, 3596, 4034, 4255, 5155, 6698, 8659 and 9460, and the IANA
/// registry of DNS parameters. A type that stands here without fields is printed in the generic
/// form of RFC 3597.
#pragma once

#include <cstdint>
#include <string_view>

namespace tapstat::flowstats::layer7 {

namespace dns_type {
inline constexpr uint16_t kA = 1, kTxt = 16, kAaaa = 28, kNetBios = 32, kOpt = 41, kSvcb = 64,
                          kHttps = 65, kAny = 255;
}
namespace dns_class {
inline constexpr uint16_t kInternet = 1, kChaos = 3, kHesiod = 4, kNone = 254, kAny = 255;
}

/// One letter for each field of a record's RDATA, in the order of the wire.
namespace rdata_field {
inline constexpr char kName = 'n', kInteger8 = '1', kInteger16 = '2', kInteger32 = '4',
                      kAddress4 = 'a', kAddress6 = 'q', kType = 't', kTime = 'T',
                      kString = 's',  // one length byte and as many bytes
    kWord = 'w',                      // the same, printed without quotes
    kSalt = 'x',                      // the same, in hexadecimal
    kHash = 'y',                      // the same, in base 32
    kStrings = 'S',                   // kString up to the end, at least one
    kQuoted = 'v',                    // all the rest as one string
    kHexadecimal = 'h',               // all the rest
    kBase64 = 'b',                    // all the rest
    kTypeBitmap = 'm',                // all the rest, RFC 4034 section 4.1.2
    kServiceValues = 'p';             // all the rest, RFC 9460 section 2.2
}

struct DnsType {
  uint16_t number;
  std::string_view name;
  std::string_view fields;        // rdata_field letters
  bool named_in_queries = false;  // else Tstat prints OTHER for it in lines without RDATA
};

// Tstat's name of type 32 in queries is NB (kNetBios).
inline constexpr DnsType kDnsTypes[] = {
    {1, "A", "a", true},
    {2, "NS", "n", true},
    {3, "MD", "n"},
    {4, "MF", "n"},
    {5, "CNAME", "n", true},
    {6, "SOA", "nn44444", true},
    {7, "MB", "n"},
    {8, "MG", "n"},
    {9, "MR", "n"},
    {10, "NULL", ""},
    {11, "WKS", ""},
    {12, "PTR", "n", true},
    {13, "HINFO", "ss", true},
    {14, "MINFO", "nn"},
    {15, "MX", "2n", true},
    {16, "TXT", "S", true},
    {17, "RP", "nn", true},
    {18, "AFSDB", "2n"},
    {19, "X25", "s"},
    {20, "ISDN", "S"},
    {21, "RT", "2n"},
    {22, "NSAP", ""},
    {23, "NSAP-PTR", "n"},
    {24, "SIG", "t114TT2nb"},
    {25, "KEY", "211b"},
    {26, "PX", "2nn"},
    {27, "GPOS", "sss", true},
    {28, "AAAA", "q", true},
    {29, "LOC", "", true},
    {30, "NXT", ""},
    {31, "EID", "h"},
    {32, "NIMLOC", "h", true},
    {33, "SRV", "222n", true},
    {34, "ATMA", ""},
    {35, "NAPTR", "22sssn", true},
    {36, "KX", "2n"},
    {37, "CERT", "221b"},
    {38, "A6", ""},
    {39, "DNAME", "n", true},
    {40, "SINK", ""},
    {41, "OPT", ""},
    {42, "APL", ""},
    {43, "DS", "211h", true},
    {44, "SSHFP", "11h", true},
    {45, "IPSECKEY", ""},
    {46, "RRSIG", "t114TT2nb", true},
    {47, "NSEC", "nm", true},
    {48, "DNSKEY", "211b", true},
    {49, "DHCID", "b"},
    {50, "NSEC3", "112xym", true},
    {51, "NSEC3PARAM", "112x"},
    {52, "TLSA", "111h"},
    {53, "SMIMEA", "111h"},
    {55, "HIP", ""},
    {59, "CDS", "211h"},
    {60, "CDNSKEY", "211b"},
    {61, "OPENPGPKEY", "b"},
    {62, "CSYNC", "42m"},
    {63, "ZONEMD", "411h"},
    {64, "SVCB", "2np", true},
    {65, "HTTPS", "2np", true},
    {99, "SPF", "S", true},
    {249, "TKEY", ""},
    {250, "TSIG", ""},
    {251, "IXFR", ""},
    {252, "AXFR", ""},
    {253, "MAILB", ""},
    {254, "MAILA", ""},
    {255, "ANY", ""},
    {256, "URI", "22v"},
    {257, "CAA", "1wv"},
    {32768, "TA", "211h"},
    {32769, "DLV", "211h"},
};

/// Null for a type that has no name here.
[[nodiscard]] constexpr const DnsType* find_dns_type(uint16_t number) {
  // Types 1 to 53 have no gap, and are most of what is seen.
  if (number - 1U < 53) return &kDnsTypes[number - 1];
  for (const DnsType& type : kDnsTypes)
    if (type.number == number) return &type;
  return nullptr;
}

/// Empty for a class that has no name.
[[nodiscard]] constexpr std::string_view dns_class_name(uint16_t number) {
  switch (number) {
    case dns_class::kInternet: return "IN";
    case dns_class::kChaos: return "CH";
    case dns_class::kHesiod: return "HS";
    case dns_class::kNone: return "NONE";
    case dns_class::kAny: return "ANY";
    default: return {};
  }
}

/// Of a response that failed, in Tstat's words, which are not everywhere those of the registry.
[[nodiscard]] constexpr std::string_view dns_error_name(uint8_t response_code) {
  switch (response_code) {
    case 1: return "FORMERR";
    case 2: return "SERVFAIL";
    case 3: return "NXDOMAIN";
    case 4: return "NOTIMPL";
    case 5: return "REFUSED";
    case 6: return "YXDOMAIN";
    case 7: return "YXRRSET";
    case 8: return "NXRRSET";
    case 9: return "NOTAUTH";
    case 10: return "NOTZONE";
    default: return "UNKNOWN-ERROR";
  }
}

}  // namespace tapstat::flowstats::layer7
