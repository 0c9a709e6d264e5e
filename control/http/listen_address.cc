#include <arpa/inet.h>
#include <netinet/in.h>

#include <string>

#include "control/http/listener.h"
#include "control/text.h"

namespace tapstat::control::http {
namespace {

/// `[control] listen = "TEXT"`.
std::string as_set(std::string_view text, const ListenRule& rule) {
  return std::string(rule.setting) + " = \"" + std::string(text) + "\"";
}

auto not_an_address(std::string_view text, const ListenRule& rule) {
  return flowstats::fail(flowstats::ExitStatus::usage,
                         as_set(text, rule) +
                             " is not ADDRESS:PORT. Examples: \"127.0.0.1:8888\", "
                             "\"[::1]:8888\", \"localhost:8888\".");
}

bool fill_v6(ListenAddress& address, std::string_view host) {
  if (host.size() < 2 || host.front() != '[' || host.back() != ']') return false;
  address.literal = host.substr(1, host.size() - 2);
  in6_addr bytes{};
  address.v6 = inet_pton(AF_INET6, address.literal.c_str(), &bytes) == 1;
  address.loopback = IN6_IS_ADDR_LOOPBACK(&bytes);
  return address.v6;
}

bool fill_v4(ListenAddress& address, std::string_view host) {
  address.literal = host == "localhost" ? "127.0.0.1" : host;
  in_addr bytes{};
  if (inet_pton(AF_INET, address.literal.c_str(), &bytes) != 1) return false;
  address.loopback = ntohl(bytes.s_addr) >> 24 == 127;
  return true;
}

}  // namespace

flowstats::Result<ListenAddress> parse_listen(std::string_view text, const ListenRule& rule) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.find('\0') != std::string_view::npos)
    return not_an_address(text, rule);
  const std::string_view host = text.substr(0, colon);
  const auto port = number<uint16_t>(text.substr(colon + 1));
  ListenAddress address;
  if (!port || !(fill_v4(address, host) || fill_v6(address, host)))
    return not_an_address(text, rule);
  address.host = host;
  address.port = *port;
  address.setting = rule.setting;
  return address;
}

flowstats::Result<ListenAddress> admissible_listen(std::string_view text, bool tls,
                                                   const ListenRule& rule) {
  auto address = parse_listen(text, rule);
  if (!address || tls || rule.plain_anywhere || address->loopback) return address;
  return flowstats::fail(flowstats::ExitStatus::usage,
                         as_set(text, rule) +
                             " without TLS. Add certificate, key and client_ca, or listen on "
                             "127.0.0.1.");
}

}  // namespace tapstat::control::http
