#include "flowstats/layer7/dns_answers.h"

#include <algorithm>
#include <string_view>

namespace tapstat::flowstats::layer7 {

namespace {

constexpr uint16_t kHint4 = 4, kHint6 = 6;  // RFC 9460 section 14.3.2

bool asks_for_addresses(const DnsQuestion& question, Mode mode) {
  if (question.dns_class != dns_class::kInternet) return false;
  switch (question.type) {
    case dns_type::kA:
    case dns_type::kAaaa:
    case dns_type::kAny: return true;
    case dns_type::kSvcb:
    case dns_type::kHttps: return mode == Mode::corrected;
    default: return false;
  }
}

Text<kDnsNameBytesMax> dotted(const DnsName& name) {
  std::array<char, kDnsNameBytesMax> text;
  size_t size = 0;
  name.for_each_label([&](ByteRange label) {
    if (size != 0) text[size++] = '.';
    std::copy_n(label.data(), label.size(), text.begin() + size);
    size += label.size();
  });
  Text<kDnsNameBytesMax> result;
  result.assign({text.data(), size});
  return result;
}

void add_v4(DnsAnswers& answers, ByteRange bytes) {
  if (answers.count_v4 == kAnswerAddressesMax || !bytes.has(0, 4)) return;
  answers.v4[answers.count_v4++] = IpAddress::v4(bytes.u32(0));
}

void add_v6(DnsAnswers& answers, ByteRange bytes) {
  if (answers.count_v6 == kAnswerAddressesMax || !bytes.has(0, 16)) return;
  IpAddress& address = answers.v6[answers.count_v6++];
  address.high = uint64_t{bytes.u32(0)} << 32 | bytes.u32(4);
  address.low = uint64_t{bytes.u32(8)} << 32 | bytes.u32(12);
}

/// The addresses that a service binding recommends (RFC 9460 section 7.3).
void add_hints(DnsAnswers& answers, ByteRange values) {
  while (values.has(0, 4)) {
    const uint16_t key = values.u16(0);
    const ByteRange value = values.from(4).first(values.u16(2));
    if (key == kHint4)
      for (size_t at = 0; value.has(at, 4); at += 4) add_v4(answers, value.from(at));
    if (key == kHint6)
      for (size_t at = 0; value.has(at, 16); at += 16) add_v6(answers, value.from(at));
    values = values.from(size_t{4} + values.u16(2));
  }
}

void add_record(DnsAnswers& answers, const DnsResource& record, Mode mode) {
  if (record.dns_class != dns_class::kInternet) return;
  switch (record.type) {
    case dns_type::kA: return add_v4(answers, record.rdata());
    case dns_type::kAaaa: return add_v6(answers, record.rdata());
    case dns_type::kSvcb:
    case dns_type::kHttps: {
      if (mode == Mode::tstat) return;
      const auto target =
          walk_dns_name(record.name.message, record.rdata_offset + 2, [](ByteRange) {});
      if (target && *target <= record.rdata_offset + record.rdata_bytes)
        add_hints(answers, record.rdata().from(*target - record.rdata_offset));
      return;
    }
    default: return;
  }
}

}  // namespace

bool may_name_flows(ByteRange message, uint16_t source_port, uint16_t destination_port, Mode mode) {
  if (source_port != kDnsPort && destination_port != kDnsPort) return false;
  const auto header = read_dns_header(message);
  if (!header || !header->has(DnsHeader::kResponse) || header->questions == 0 ||
      header->answers == 0)
    return false;
  return mode == Mode::tstat ? header->answers <= kAnswerAddressesMax
                             : header->response_code() == 0;
}

std::optional<DnsAnswers> read_dns_answers(ByteRange message, IpVersion packet_version, Mode mode) {
  if (!may_name_flows(message, kDnsPort, kDnsPort, mode)) return std::nullopt;
  DnsReader reader{message};
  std::optional<DnsQuestion> last;
  while (const auto question = reader.next_question()) {
    if (!asks_for_addresses(*question, mode)) return std::nullopt;
    last = question;
  }
  if (reader.is_damaged() || !last) return std::nullopt;
  DnsAnswers answers;
  answers.name = dotted(last->name);
  for (auto record = reader.next_record(); record && record->section == DnsSection::answer;
       record = reader.next_record())
    add_record(answers, *record, mode);
  if (mode == Mode::tstat)
    (packet_version == IpVersion::v4 ? answers.count_v6 : answers.count_v4) = 0;
  if (answers.name.empty() || answers.count_v4 + answers.count_v6 == 0) return std::nullopt;
  return answers;
}

}  // namespace tapstat::flowstats::layer7
