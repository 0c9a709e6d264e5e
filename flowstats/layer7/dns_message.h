/// A DNS message in wire format (RFC 1035 section 4) as views into the bytes that carry it.
///
/// DnsReader walks header, questions and the three sections of records in file order; names follow
/// compression pointers within fixed bounds, and the RDATA of the known types is checked. Nothing
/// is copied or allocated; the views die with the bytes. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "flowstats/base/byte_range.h"
#include "flowstats/layer7/dns_types.h"

namespace tapstat::flowstats::layer7 {

inline constexpr size_t kDnsHeaderBytes = 12;
inline constexpr size_t kDnsNameBytesMax = 255;  // RFC 1035 section 2.3.4, root label included
inline constexpr int kDnsPointersMax = 25;       // compression pointers followed for one name

/// Walks the labels of the name at `offset` and calls visit(label) for each but the root. Gives the
/// offset behind the name where it stands; nothing when it is cut, too long, holds an unknown kind
/// of label, or needs too many pointers. Pointers may go forward: Tstat takes them so (golden case
/// 34).
template <class Visit>
[[nodiscard]] std::optional<size_t> walk_dns_name(ByteRange message, size_t offset, Visit visit) {
  std::optional<size_t> end;
  size_t bytes = 1;  // of the uncompressed name: the root label
  int pointers = 0;
  for (;;) {
    if (!message.has(offset, 1)) return std::nullopt;
    const size_t length = message.u8(offset);
    if (length == 0) return end ? end : offset + 1;
    if (length >= 0xc0) {
      if (!message.has(offset, 2) || ++pointers > kDnsPointersMax) return std::nullopt;
      if (!end) end = offset + 2;
      offset = message.u16(offset) & 0x3fffU;
      continue;
    }
    bytes += 1 + length;
    if (length > 63 || bytes > kDnsNameBytesMax || !message.has(offset, 1 + length))
      return std::nullopt;
    visit(message.from(offset + 1).first(length));
    offset += 1 + length;
  }
}

/// A name that has been walked once without fault.
struct DnsName {
  ByteRange message;
  size_t offset = 0;

  template <class Visit>
  void for_each_label(Visit visit) const {
    static_cast<void>(walk_dns_name(message, offset, visit));
  }
};

struct DnsHeader {
  static constexpr uint16_t kResponse = 0x8000, kAuthoritative = 0x0400, kTruncated = 0x0200,
                            kRecursionDesired = 0x0100, kRecursionAvailable = 0x0080,
                            kAuthenticData = 0x0020, kCheckingDisabled = 0x0010;

  uint16_t id = 0;
  uint16_t flags = 0;
  uint16_t questions = 0, answers = 0, authorities = 0, additionals = 0;

  [[nodiscard]] constexpr bool has(uint16_t flag) const { return (flags & flag) != 0; }
  [[nodiscard]] constexpr uint8_t opcode() const { return (flags >> 11) & 15; }
  [[nodiscard]] constexpr uint8_t response_code() const { return flags & 15; }
  [[nodiscard]] constexpr bool is_empty() const {
    return (questions | answers | authorities | additionals) == 0;
  }
};

/// Nothing when the message is shorter than a header.
[[nodiscard]] std::optional<DnsHeader> read_dns_header(ByteRange message);

struct DnsQuestion {
  DnsName name;
  uint16_t type = 0, dns_class = 0;
};

enum class DnsSection : uint8_t { answer, authority, additional };

struct DnsResource {
  DnsName name;
  DnsSection section = DnsSection::answer;
  uint16_t type = 0, dns_class = 0;
  uint32_t ttl = 0;          // seconds
  size_t rdata_offset = 0;   // in the message
  uint16_t rdata_bytes = 0;  // inside the message

  [[nodiscard]] ByteRange rdata() const {
    return name.message.from(rdata_offset).first(rdata_bytes);
  }
};

/// Calls visit(field, offset, bytes) for each of the `fields` of a record's RDATA, kStrings as so
/// many kString; offsets are those of the message. False when a field is not all there. Bytes
/// behind the last field are left alone, as Tstat's DNS library does.
template <class Visit>
[[nodiscard]] bool walk_rdata(const DnsResource& record, std::string_view fields, Visit visit);

/// The questions, then the records, one after another. After the last, and from the first fault on,
/// they are nothing.
class DnsReader {
 public:
  explicit DnsReader(ByteRange message);

  /// True from the first fault on: a message that is cut, a bad name, bad RDATA of a known type.
  [[nodiscard]] bool is_damaged() const { return is_damaged_; }
  [[nodiscard]] const DnsHeader& header() const { return header_; }
  [[nodiscard]] std::optional<DnsQuestion> next_question();
  /// Passes over questions that were not asked for.
  [[nodiscard]] std::optional<DnsResource> next_record();

 private:
  [[nodiscard]] std::optional<DnsName> next_name();

  ByteRange message_;
  DnsHeader header_;
  size_t offset_ = kDnsHeaderBytes;
  uint32_t questions_read_ = 0, records_read_ = 0;
  bool is_damaged_ = false;
};

/// The whole message can be read, as Tstat wants it: bytes behind the last record do not matter,
/// and a header without questions and records is a message.
[[nodiscard]] bool is_dns_message(ByteRange message);

/// Corrected mode: is_dns_message(), and it holds a question or a record, its operation exists, and
/// unless a port is one of DNS (53, 137, 5353, 5355) its first question has a type and a class that
/// are in use.
[[nodiscard]] bool is_plausible_dns_message(ByteRange message, uint16_t source_port,
                                            uint16_t destination_port);

template <class Visit>
bool walk_rdata(const DnsResource& record, std::string_view fields, Visit visit) {
  const ByteRange bytes = record.name.message.first(record.rdata_offset + record.rdata_bytes);
  size_t offset = record.rdata_offset;
  const auto take = [&](char field, size_t count) {
    if (!bytes.has(offset, count)) return false;
    visit(field, offset, count);
    offset += count;
    return true;
  };
  const auto take_counted = [&](char field) {
    return bytes.has(offset, 1) && take(field, size_t{1} + bytes.u8(offset));
  };
  for (const char field : fields) {
    bool taken = false;
    switch (field) {
      case rdata_field::kInteger8: taken = take(field, 1); break;
      case rdata_field::kInteger16:
      case rdata_field::kType: taken = take(field, 2); break;
      case rdata_field::kInteger32:
      case rdata_field::kAddress4:
      case rdata_field::kTime: taken = take(field, 4); break;
      case rdata_field::kAddress6: taken = take(field, 16); break;
      case rdata_field::kName: {
        const auto end = walk_dns_name(record.name.message, offset, [](ByteRange) {});
        taken = end && *end <= bytes.size() && take(field, *end - offset);
        break;
      }
      case rdata_field::kString:
      case rdata_field::kWord:
      case rdata_field::kSalt:
      case rdata_field::kHash: taken = take_counted(field); break;
      case rdata_field::kStrings:
        do taken = take_counted(rdata_field::kString);
        while (taken && offset < bytes.size());
        break;
      default: taken = take(field, bytes.size() - offset); break;
    }
    if (!taken) return false;
  }
  return true;
}

}  // namespace tapstat::flowstats::layer7
