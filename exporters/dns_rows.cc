#include "exporters/dns_rows.h"

#include <array>
#include <optional>
#include <string_view>

#include "exporters/dns_presentation.h"
#include "exporters/row_writer.h"
#include "exporters/value_text.h"
#include "flowstats/columns/dns.h"
#include "flowstats/layer7/dns_message.h"

namespace tapstat::exporters {

namespace {

using flowstats::ByteRange;
using flowstats::DnsRecord;
using flowstats::DnsRow;
using flowstats::Mode;
using flowstats::layer7::DnsHeader;
using flowstats::layer7::DnsQuestion;
using flowstats::layer7::DnsReader;
using flowstats::layer7::DnsResource;
using flowstats::layer7::DnsSection;
using flowstats::layer7::DnsType;

uint16_t flags_of(const DnsHeader& header) {
  constexpr uint16_t kFlags[] = {DnsHeader::kCheckingDisabled,   DnsHeader::kAuthenticData,
                                 DnsHeader::kRecursionAvailable, DnsHeader::kRecursionDesired,
                                 DnsHeader::kTruncated,          DnsHeader::kAuthoritative};
  uint32_t flags = 0, bit = 1;
  for (const uint16_t flag : kFlags) {
    if (header.has(flag)) flags |= bit;
    bit <<= 1;
  }
  return static_cast<uint16_t>(flags);
}

/// In lines that show no RDATA, types come from a short list and type 32 is NetBIOS.
std::string_view type_in_question(uint16_t type) {
  if (type == flowstats::layer7::dns_type::kNetBios) return "NB";
  const DnsType* known = flowstats::layer7::find_dns_type(type);
  return known != nullptr && known->named_in_queries ? known->name : "OTHER";
}

std::string_view class_in_question(uint16_t dns_class) {
  const std::string_view name = flowstats::layer7::dns_class_name(dns_class);
  return name.empty() ? "OTHER" : name;
}

/// Writes the rows of one message; the texts of a row lie in a buffer that the next row uses again.
class DnsRowMaker {
 public:
  DnsRowMaker(RowBuffer& out, const DnsRecord& record, ByteRange message, Mode mode,
              const Anonymiser* anonymiser)
      : out_(out), mode_(mode), anonymiser_(anonymiser), reader_(message) {
    const DnsHeader& header = reader_.header();
    row_.record = &record;
    row_.is_query = !header.has(DnsHeader::kResponse);
    row_.id = header.id;
    row_.flags = flags_of(header);
    row_.questions = header.questions;
    row_.answers = header.answers;
    row_.authorities = header.authorities;
    row_.message_bytes = static_cast<uint32_t>(message.size());
  }

  /// `additionals`: without OPT records.
  uint32_t append_all(uint16_t additionals) {
    row_.additionals = additionals;
    if (row_.is_query) return append_questions();
    return reader_.header().response_code() == 0 ? append_answers() : append_error();
  }

 private:
  uint32_t append_questions() {
    uint32_t rows = 0;
    row_.entry = "REQ";
    for (auto question = reader_.next_question(); question; question = reader_.next_question()) {
      show(*question);
      append_whole_row<flowstats::kDnsColumns>(out_, row_);
      ++rows;
    }
    return rows;
  }

  uint32_t append_answers() {
    uint32_t rows = 0;
    row_.entry = "RESP";
    for (auto answer = reader_.next_record(); answer && answer->section == DnsSection::answer;
         answer = reader_.next_record()) {
      show(*answer);
      append_whole_row<flowstats::kDnsColumns>(out_, row_);
      ++rows;
    }
    return rows;
  }

  uint32_t append_error() {
    row_.entry = "RESP_ERR";
    row_.query = row_.dns_class = row_.type = {};
    if (const auto question = reader_.next_question()) show(*question);
    row_.answer = flowstats::layer7::dns_error_name(reader_.header().response_code());
    append_whole_row<flowstats::kDnsColumns>(out_, row_);
    return 1;
  }

  void show(const DnsQuestion& question) {
    texts_.clear();
    if (mode_ == Mode::tstat)
      append_raw_dns_name(texts_, question.name);
    else
      append_dns_name(texts_, question.name);
    row_.query = treated(texts_.text());
    row_.dns_class = class_in_question(question.dns_class);
    row_.type = type_in_question(question.type);
  }

  void show(const DnsResource& record) {
    texts_.clear();
    append_dns_name(texts_, record.name);
    const size_t behind_query = texts_.size();
    append_dns_class(texts_, record.dns_class);
    const size_t behind_class = texts_.size();
    append_dns_type(texts_, record.type);
    const size_t behind_type = texts_.size();
    append_rdata(texts_, record);
    const std::string_view texts = texts_.text();
    const std::string_view name = texts.substr(0, behind_query);
    row_.query = treated(name);
    row_.dns_class = texts.substr(behind_query, behind_class - behind_query);
    row_.type = texts.substr(behind_class, behind_type - behind_class);
    row_.answer = treated_answer(record, texts.substr(behind_type), row_.query == name);
    row_.ttl = record.ttl;
  }

  [[nodiscard]] std::string_view treated(std::string_view name) const {
    return anonymiser_ == nullptr ? name : anonymiser_->message_name(name);
  }

  /// RDATA holds an address, or for most types names: left out where names are not told as they
  /// are.
  std::string_view treated_answer(const DnsResource& record, std::string_view text,
                                  bool names_are_told) {
    if (anonymiser_ == nullptr) return text;
    const auto address = address_of(record);
    if (!address) return names_are_told && treated(text) == text ? text : std::string_view{"-"};
    const flowstats::Address shown{anonymiser_->message_address(address->version, address->address),
                                   address->version};
    return {address_.data(),
            static_cast<size_t>(write_address(address_.data(), shown) - address_.data())};
  }

  /// Of A and AAAA records.
  static std::optional<flowstats::Address> address_of(const DnsResource& record) {
    namespace dns_type = flowstats::layer7::dns_type;
    const ByteRange bytes = record.rdata();
    if (record.type == dns_type::kA && bytes.size() == 4)
      return flowstats::Address{flowstats::IpAddress::v4(bytes.u32(0)), flowstats::IpVersion::v4};
    if (record.type != dns_type::kAaaa || bytes.size() != 16) return std::nullopt;
    const auto word = [&](size_t at) { return uint64_t{bytes.u32(at)} << 32 | bytes.u32(at + 4); };
    return flowstats::Address{{word(0), word(8)}, flowstats::IpVersion::v6};
  }

  RowBuffer& out_;
  Mode mode_;
  const Anonymiser* anonymiser_;
  DnsReader reader_;
  DnsRow row_;
  RowBuffer texts_;
  std::array<char, kAddressCharsMax> address_{};
};

/// Additional records without OPT, which Tstat's DNS library keeps apart; nothing when the message
/// is damaged.
std::optional<uint16_t> count_additionals(ByteRange message) {
  uint16_t count = 0;
  DnsReader reader{message};
  for (auto record = reader.next_record(); record; record = reader.next_record())
    if (record->section == DnsSection::additional &&
        record->type != flowstats::layer7::dns_type::kOpt)
      ++count;
  return reader.is_damaged() ? std::nullopt : std::optional{count};
}

}  // namespace

uint32_t append_dns_rows(RowBuffer& out, const DnsRecord& record, Mode mode,
                         const Anonymiser* anonymiser) {
  const std::string_view text = flowstats::text_of(record, record.message);
  const ByteRange message{reinterpret_cast<const uint8_t*>(text.data()), text.size()};
  if (mode == Mode::corrected && !flowstats::layer7::is_plausible_dns_message(
                                     message, record.ends.port[0], record.ends.port[1]))
    return 0;
  const auto additionals = count_additionals(message);
  return additionals ? DnsRowMaker{out, record, message, mode, anonymiser}.append_all(*additionals)
                     : 0;
}

}  // namespace tapstat::exporters
