#include "dataplane/trace_filter.h"

#include <charconv>
#include <utility>
#include <vector>

#include "dataplane/pcap_handle.h"

namespace tapstat::dataplane {

using flowstats::ExitStatus;
using flowstats::Result;

namespace {

constexpr std::string_view kAllTcp = "tcp";
constexpr int kSnapLengthMax = 262'144;  // bytes; no program looks further

/// Words, and brackets as words of their own.
std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == text.npos) return words;
    text.remove_prefix(begin);
    const size_t end = std::min(text.find_first_of(" \t\r\n"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::optional<uint16_t> port_number(std::string_view word) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), port);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  if (word.size() > 1 && word.front() == '0') return std::nullopt;  // octal to libpcap
  return port;
}

/// One alternative at a time.
class PortListReader {
 public:
  explicit PortListReader(std::string_view text) : words_(words_of(text)) {}

  std::optional<PortList> read() {
    do {
      if (list_.count == PortList::kTermsMax || !term()) return std::nullopt;
    } while (accept("or") || accept("||"));
    if (next_ != words_.size()) return std::nullopt;
    return list_;
  }

 private:
  bool accept(std::string_view word) {
    if (next_ == words_.size() || words_[next_] != word) return false;
    ++next_;
    return true;
  }

  /// [tcp | udp] port N, tcp, udp; or N alone, which means what the term before it said.
  bool term() {
    PortList::Term t;
    t.tcp = accept("tcp");
    t.udp = !t.tcp && accept("udp");
    const bool named = t.tcp || t.udp;
    if (accept("port")) {
      if (!named) t.tcp = t.udp = true;
    } else if (named) {
      t.any_port = true;
    } else if (list_.count > 0 && !list_.terms[list_.count - 1].any_port) {
      t = list_.terms[list_.count - 1];
    } else {
      return false;
    }
    if (!t.any_port) {
      const auto port = next_ < words_.size() ? port_number(words_[next_++]) : std::nullopt;
      if (!port) return false;
      t.port = *port;
    }
    list_.terms[list_.count++] = t;
    return true;
  }

  std::vector<std::string_view> words_;
  size_t next_ = 0;
  PortList list_;
};

/// In libpcap's own numbers.
int dlt_of(LinkType type) {
  switch (type) {
    case LinkType::ethernet: return DLT_EN10MB;
    case LinkType::raw_ip: return DLT_RAW;
    case LinkType::linux_cooked_v1: return DLT_LINUX_SLL;
    case LinkType::linux_cooked_v2: return DLT_LINUX_SLL2;
    case LinkType::null_loopback: return DLT_NULL;
    case LinkType::cisco_hdlc: return DLT_C_HDLC;
    case LinkType::ppp: return DLT_PPP;
    case LinkType::fddi: return DLT_FDDI;
    case LinkType::ieee802_11: return DLT_IEEE802_11;
    case LinkType::slip: return DLT_SLIP;
    case LinkType::mixed: break;
  }
  return kMixedDlt;
}

}  // namespace

uint16_t link_type_in_file(LinkType type) {
  constexpr uint16_t kRawInFile = 101;
  return type == LinkType::raw_ip ? kRawInFile : static_cast<uint16_t>(dlt_of(type));
}

std::optional<PortList> PortList::read(std::string_view expression) {
  return PortListReader(expression).read();
}

void TraceFilter::FreeProgram::operator()(bpf_program* program) const {
  pcap_freecode(program);
  delete program;
}

Result<TraceFilter> TraceFilter::compile(const std::string& expression) {
  TraceFilter filter;
  filter.expression_ = words_of(expression).empty() ? std::string(kAllTcp) : expression;
  for (size_t i = 0; i < filter.programs_.size(); ++i) {
    const PcapHandle dead(pcap_open_dead(dlt_of(static_cast<LinkType>(i)), kSnapLengthMax));
    auto* const raw = new bpf_program{};
    if (pcap_compile(dead.get(), raw, filter.expression_.c_str(), 1, PCAP_NETMASK_UNKNOWN) == 0) {
      filter.programs_[i].reset(raw);
    } else {
      filter.complaints_[i] = pcap_geterr(dead.get());
      delete raw;
    }
  }
  if (auto good = filter.check(LinkType::ethernet); !good)
    return tl::make_unexpected(std::move(good.error()));
  filter.ports_ = PortList::read(filter.expression_);
  return filter;
}

Result<void> TraceFilter::check(LinkType link_type) const {
  if (link_type == LinkType::mixed || ports_) return {};
  const auto i = static_cast<size_t>(link_type);
  if (programs_[i]) return {};
  return flowstats::fail(ExitStatus::usage, "the filter of traces \"" + expression_ +
                                                "\" cannot be used on frames of " +
                                                std::string(link_type_name(link_type)) + ": " +
                                                complaints_[i] + ".");
}

bool TraceFilter::matches_frame(LinkType link_type, const Frame& frame,
                                uint32_t wire_length) const {
  const Program& program = programs_[static_cast<size_t>(link_type)];
  return program &&
         bpf_filter(program->bf_insns, frame.bytes, wire_length, frame.contiguous_length) != 0;
}

TypedFrame typed_frame(LinkType link_type, const Frame& frame) {
  if (link_type != LinkType::mixed) [[likely]]
    return {frame, 0, link_type};
  const auto type = link_type_from_dlt(frame.bytes[0] << 8 | frame.bytes[1]);
  return {{frame.bytes + kMixedHeaderLength, frame.contiguous_length - kMixedHeaderLength,
           frame.captured_length - kMixedHeaderLength},
          kMixedHeaderLength,
          type.value_or(LinkType::ethernet)};
}

}  // namespace tapstat::dataplane
