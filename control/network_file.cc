#include "control/network_file.h"

#include <arpa/inet.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "control/text.h"

namespace tapstat::control {
namespace {

using flowstats::IpAddress;
using flowstats::IpVersion;
using flowstats::Network;
using flowstats::NetworkList;

/// inet_pton() stops at a zero byte; a text with one is no address.
bool ends_early(std::string_view text) { return text.find('\0') != text.npos; }

std::optional<uint32_t> parse_v4(std::string_view text) {
  in_addr address{};
  if (ends_early(text) || inet_pton(AF_INET, std::string(text).c_str(), &address) != 1)
    return std::nullopt;
  return ntohl(address.s_addr);
}

std::optional<IpAddress> parse_v6(std::string_view text) {
  in6_addr address{};
  if (ends_early(text) || inet_pton(AF_INET6, std::string(text).c_str(), &address) != 1)
    return std::nullopt;
  IpAddress out;
  for (int i = 0; i < 8; ++i) out.high = (out.high << 8) | address.s6_addr[i];
  for (int i = 8; i < 16; ++i) out.low = (out.low << 8) | address.s6_addr[i];
  return out;
}

constexpr uint64_t leading_ones(unsigned bits, unsigned width) {
  return bits == 0 ? 0
                   : ~uint64_t{0} << (width - bits) & (width == 64 ? ~uint64_t{0} : 0xffffffffU);
}

IpAddress mask_v6(unsigned length) {
  return {leading_ones(length > 64 ? 64 : length, 64),
          length > 64 ? leading_ones(length - 64, 64) : 0};
}

/// One pass over the text; `pending` is the address of the two-line form while its mask is awaited.
class Parser {
 public:
  Parser(const std::string& name, NetworkUse use, NetworkList before = {})
      : name_(name), use_(use) {
    out_.networks = std::move(before);
  }

  void line(std::string_view text) {
    ++number_;
    text = trim(text.substr(0, text.find('#')));
    if (text.empty()) return;
    if (pending_) return mask_line(text);
    const size_t slash = text.find('/');
    if (slash == std::string_view::npos) return lone_address(text);
    const std::string_view address = text.substr(0, slash), length = text.substr(slash + 1);
    if (address.find(':') != std::string_view::npos) return v6_entry(text, address, length);
    v4_entry(text, address, length);
  }

  NetworkFile finish() {
    if (pending_)
      error_at(pending_line_,
               "\"" + pending_text_ + "\" has neither /length nor a mask on the next line.");
    warn_about_families();
    return std::move(out_);
  }

 private:
  void error_at(unsigned line, const std::string& sentence) {
    out_.errors.push_back(name_ + ":" + std::to_string(line) + ": " + sentence);
  }
  void error(std::string_view text, const std::string& reason) {
    error_at(number_, "\"" + std::string(text) + "\": " + reason);
  }
  void warn(const std::string& sentence) {
    out_.warnings.push_back(name_ + ":" + std::to_string(number_) + ": " + sentence);
  }

  void add(IpVersion version, Network network) {
    if (out_.networks.count(version) == NetworkList::kNetworksMax) {
      error_at(number_, std::string("more than 100 ") +
                            (version == IpVersion::v4 ? "IPv4" : "IPv6") + " networks.");
      return;
    }
    network.address.high &= network.mask.high;
    network.address.low &= network.mask.low;
    out_.networks.add(version, network);
  }

  void add_v4(std::string_view text, uint32_t address, uint32_t mask) {
    if (address == 0) mask = 0;  // Tstat: 0.0.0.0 is everything
    if (mask == 0) warn("\"" + std::string(text) + "\" makes every IPv4 address " + kind() + ".");
    add(IpVersion::v4, {IpAddress::v4(address), IpAddress::v4(mask)});
  }

  void v4_entry(std::string_view text, std::string_view address_text,
                std::string_view length_text) {
    const auto address = parse_v4(address_text);
    if (!address)
      return error(
          text,
          "not a network. Examples: \"10.0.0.0/8\", \"10.0.0.0/255.0.0.0\", \"2001:db8::/32\".");
    if (length_text.find('.') != std::string_view::npos) {
      const auto mask = parse_v4(length_text);
      if (!mask) return error(text, "the mask is not four numbers of 0 to 255.");
      return add_v4(text, *address, *mask);
    }
    const auto length = number<unsigned>(length_text);
    if (!length || *length > 32) return error(text, "the prefix length must be 0 to 32.");
    add_v4(text, *address, static_cast<uint32_t>(leading_ones(*length, 32)));
  }

  void v6_entry(std::string_view text, std::string_view address_text,
                std::string_view length_text) {
    const auto address = parse_v6(address_text);
    if (!address) return error(text, "not an IPv6 network. Example: \"2001:db8::/32\".");
    const auto length = number<unsigned>(length_text);
    if (!length || *length > 128) return error(text, "the prefix length must be 0 to 128.");
    if (*length == 0)
      warn("\"" + std::string(text) + "\" makes every IPv6 address " + kind() + ".");
    if (*length > 64 && *length != 128)
      warn("\"" + std::string(text) + "\": an IPv6 prefix longer than 64 is unusual.");
    add(IpVersion::v6, {*address, mask_v6(*length)});
  }

  void lone_address(std::string_view text) {
    const auto address = parse_v4(text);
    if (!address)
      return error(
          text,
          "not a network. Examples: \"10.0.0.0/8\", \"10.0.0.0/255.0.0.0\", \"2001:db8::/32\".");
    pending_ = address;
    pending_text_ = text;
    pending_line_ = number_;
  }

  void mask_line(std::string_view text) {
    const auto mask = parse_v4(text);
    if (mask) {
      add_v4(pending_text_ + "/" + std::string(text), *pending_, *mask);
    } else {
      error(text, "expected the mask of \"" + pending_text_ + "\", such as 255.255.255.0.");
    }
    pending_.reset();
  }

  void warn_about_families() {
    if (!out_.errors.empty()) return;
    if (use_ == NetworkUse::not_anonymised) return;
    using Family = std::pair<IpVersion, std::string>;
    for (const auto& [version, family] :
         {Family{IpVersion::v4, "IPv4"}, Family{IpVersion::v6, "IPv6"}}) {
      if (out_.networks.count(version) != 0) continue;
      out_.warnings.push_back(name_ + ": no " + family + " network given, so " +
                              (use_ == NetworkUse::internal
                                   ? "all " + family + " addresses are internal."
                                   : "no " + family + " address is anonymised."));
    }
  }
  [[nodiscard]] std::string kind() const {
    return use_ == NetworkUse::internal     ? "internal"
           : use_ == NetworkUse::anonymised ? "anonymised"
                                            : "an exception";
  }

  const std::string& name_;
  const NetworkUse use_;
  NetworkFile out_;
  unsigned number_ = 0;
  std::optional<uint32_t> pending_;
  std::string pending_text_;
  unsigned pending_line_ = 0;
};

}  // namespace

NetworkFile parse_network_file(std::string_view text, const std::string& name, NetworkUse use) {
  Parser parser(name, use);
  for (const std::string_view line : split(text, '\n')) parser.line(line);
  return parser.finish();
}

NetworkFile load_network_file(const std::filesystem::path& path, NetworkUse use) {
  const auto text = read_config_file(path);
  if (text) return parse_network_file(*text, path.string(), use);
  NetworkFile out;
  out.errors.push_back("tapstat: " + text.error().sentence);
  return out;
}

std::string add_network(NetworkList& networks, std::string_view text) {
  const std::string name;
  constexpr std::string_view kPlace = ":1: ";  // of the parser's sentences about a nameless line
  const size_t before = networks.count(IpVersion::v4) + networks.count(IpVersion::v6);
  Parser parser(name, NetworkUse::anonymised, networks);
  parser.line(text);
  NetworkFile read = parser.finish();
  if (!read.errors.empty()) return read.errors[0].substr(kPlace.size());
  networks = std::move(read.networks);
  const size_t after = networks.count(IpVersion::v4) + networks.count(IpVersion::v6);
  return after > before ? "" : "\"" + std::string(text) + "\": not a network.";
}

}  // namespace tapstat::control
