#include "control/rest/access.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "control/rest/problem.h"
#include "control/secret_file.h"
#include "control/text.h"

namespace tapstat::control::rest {
namespace {

using http::Needs;
using http::Via;

constexpr size_t kFailuresMax = 10;
constexpr std::chrono::seconds kFailureWindow{60};
constexpr size_t kAddressesMax = 1024;

/// "[::1]:8888" -> "[::1]", "LocalHost:80" -> "localhost".
std::string host_name(std::string_view host) {
  const size_t from = host.starts_with('[') ? std::min(host.find(']'), host.size()) : 0;
  return lower_case(host.substr(0, host.find(':', from)));
}

std::optional<http::Response> check_host(const std::string& host,
                                         const std::vector<std::string>& hosts) {
  if (host.empty()) {
    return problem_response({400,
                             "The request has no Host header.",
                             "Send the host name that the address has in the URL.",
                             {}});
  }
  const std::string name = host_name(host);
  const auto is_name = [&](std::string_view ours) { return host_name(ours) == name; };
  constexpr std::array<std::string_view, 3> kLoopback = {"127.0.0.1", "[::1]", "localhost"};
  if (std::ranges::any_of(kLoopback, is_name) || std::ranges::any_of(hosts, is_name))
    return std::nullopt;
  return problem_response({421,
                           "The host \"" + host + "\" is not served here.",
                           "Use localhost or a name of [control] hosts.",
                           {}});
}

}  // namespace

flowstats::Result<std::string> read_token(const std::filesystem::path& path) {
  auto line = read_secret(path, "token file");
  if (!line) return line;
  std::string token(trim(*line));
  if (!token.empty()) return token;
  return flowstats::fail(flowstats::ExitStatus::usage,
                         fmt::format("token file \"{0}\": its first line is empty. Run: openssl "
                                     "rand -hex 32 > {0}",
                                     path.string()));
}

Access::Access(AccessOptions options, std::function<std::set<std::string>(const http::Peer&)> roles)
    : options_(std::move(options)), roles_(std::move(roles)) {}

Needs Access::own_role(const http::Peer& peer) const {
  if (peer.via == Via::local) return Needs::operator_role;
  if (peer.via == Via::plain) return Needs::reader;
  const std::set<std::string> roles = roles_(peer);
  if (roles.contains("operator") || roles.contains("admin")) return Needs::operator_role;
  return roles.contains("reader") ? Needs::reader : Needs::nobody;
}

bool Access::is_token(const std::string& bearer) const {
  if (!options_.token || bearer.empty()) return false;
  // Hashes have one length, so that the comparison tells nothing about the token's.
  std::array<unsigned char, SHA256_DIGEST_LENGTH> given{}, wanted{};
  const auto hash = [](const std::string& text, auto& digest) {
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  };
  hash(bearer, given);
  hash(*options_.token, wanted);
  return CRYPTO_memcmp(given.data(), wanted.data(), given.size()) == 0;
}

http::Response Access::refuse(const http::Request& request, Needs needs) const {
  const std::string_view role = needs == Needs::reader ? "reader" : "operator";
  if (request.bearer.empty() && request.peer.via == Via::tls) {
    return problem_response(
        {403,
         fmt::format("\"{}\" has not the role {}.", request.peer.identity, role),
         "Add the role to this identity in the role files, or send the token.",
         {}});
  }
  http::Response response = problem_response(
      {401,
       request.bearer.empty()
           ? fmt::format("{} {} needs the role {}, so a token.", request.method, request.path, role)
           : std::string("The token is not the right one."),
       options_.token
           ? "Send \"Authorization: Bearer TOKEN\" with the token of [control] token_file."
           : "No token is configured: set [control] token_file, or use the local socket.",
       {}});
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

int64_t Access::wait_of(const std::string& address, Clock::time_point now) {
  const auto found = failures_.find(address);
  if (found == failures_.end()) return 0;
  std::deque<Clock::time_point>& times = found->second;
  while (!times.empty() && now - times.front() >= kFailureWindow) times.pop_front();
  if (times.empty()) {
    failures_.erase(found);
    return 0;
  }
  if (times.size() < kFailuresMax) return 0;
  return std::chrono::ceil<std::chrono::seconds>(times.front() + kFailureWindow - now).count();
}

void Access::note_failure(const std::string& address, Clock::time_point now) {
  if (!failures_.contains(address) && failures_.size() >= kAddressesMax) {
    // The one that is quiet for longest is forgotten.
    failures_.erase(std::ranges::min_element(
        failures_, {}, [](const auto& entry) { return entry.second.back(); }));
  }
  failures_[address].push_back(now);
}

std::optional<http::Response> Access::admit(const http::Request& request, Needs needs,
                                            Clock::time_point now) {
  if (request.peer.via != Via::local)
    if (auto refused = check_host(request.host, options_.hosts)) return refused;
  if (needs == Needs::nobody || own_role(request.peer) >= needs) return std::nullopt;
  if (const int64_t wait_s = wait_of(request.peer.address, now); wait_s > 0) {
    http::Response response = problem_response(
        {429,
         fmt::format("Ten requests from {} were refused within a minute.", request.peer.address),
         fmt::format("Try again in {} s.", wait_s),
         {}});
    response.headers.emplace_back("Retry-After", std::to_string(wait_s));
    return response;
  }
  if (is_token(request.bearer)) return std::nullopt;
  note_failure(request.peer.address, now);
  return refuse(request, needs);
}

}  // namespace tapstat::control::rest
