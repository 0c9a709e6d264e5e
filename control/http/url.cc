#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <string>

#include "control/http/client.h"
#include "control/text.h"

namespace tapstat::control::http {
namespace {

constexpr std::string_view kUnix = "unix:";

bool is_path(std::string_view text) {
  return text.starts_with('/') && std::all_of(text.begin(), text.end(), [](char c) {
           return c > ' ' && c < 0x7f && c != '#';
         });
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 && text.front() != '.' && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_';
         });
}

bool is_v6(const std::string& text) {
  in6_addr bytes{};
  return inet_pton(AF_INET6, text.c_str(), &bytes) == 1;
}

std::optional<Url> unix_url(std::string_view text) {
  Url url;
  url.scheme = "unix";
  const size_t split = text.rfind(":/");
  url.socket = text.substr(0, split);
  if (split != std::string_view::npos) url.path = text.substr(split + 1);
  const bool zero = url.socket.find('\0') != std::string::npos;
  if (!url.socket.starts_with('/') || zero || !is_path(url.path)) return std::nullopt;
  return url;
}

/// "host", "host:port", "[::1]:port" into `url`, whose port is the scheme's so far.
bool read_authority(std::string_view text, Url& url) {
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    url.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!is_v6(url.host)) return false;
  } else {
    const size_t colon = text.find(':');
    url.host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon);
    if (!is_host_name(url.host)) return false;
  }
  if (port.empty()) return true;
  const auto value = number<uint16_t>(port.substr(1));
  if (port.front() != ':' || !value || *value == 0) return false;
  url.port = *value;
  return true;
}

}  // namespace

std::string Url::origin() const {
  if (scheme == "unix") return "unix:" + socket;
  const bool v6 = host.find(':') != std::string::npos;
  return scheme + "://" + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<Url> parse_url(std::string_view text) {
  if (text.starts_with(kUnix)) return unix_url(text.substr(kUnix.size()));
  const size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  Url url;
  url.scheme = lower_case(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  url.port = url.scheme == "http" ? 80 : 443;
  text.remove_prefix(colon + 3);
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos) url.path = text.substr(slash);
  if (!is_path(url.path) || !read_authority(text.substr(0, slash), url)) return std::nullopt;
  return url;
}

}  // namespace tapstat::control::http
