#include "control/http/router.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "flowstats/base/check.h"

namespace tapstat::control::http {
namespace {

/// What `{name}` stands for when `path` fits `pattern`; empty for a literal pattern that fits.
std::optional<std::string_view> match(std::string_view pattern, std::string_view path) {
  const size_t brace = pattern.find('{');
  if (brace == std::string_view::npos)
    return pattern == path ? std::optional<std::string_view>{""} : std::nullopt;
  if (!path.starts_with(pattern.substr(0, brace))) return std::nullopt;
  const std::string_view argument = path.substr(brace);
  if (argument.empty() || argument.find('/') != std::string_view::npos) return std::nullopt;
  return argument;
}

struct Match {
  const Route* route = nullptr;
  std::string_view argument;
};

/// The route of `method`; a literal one before one with `{name}`.
Match find_route(const RouteFamily& family, const Request& request) {
  Match found;
  for (const Route& route : family.routes) {
    if (route.method != request.method) continue;
    const auto argument = match(route.path, request.path);
    if (!argument) continue;
    if (route.path.find('{') == std::string_view::npos) return {&route, ""};
    if (found.route == nullptr) found = {&route, *argument};
  }
  return found;
}

std::string allowed_methods(const RouteFamily& family, std::string_view path) {
  std::vector<std::string_view> methods;
  for (const Route& route : family.routes)
    if (match(route.path, path) &&
        std::find(methods.begin(), methods.end(), route.method) == methods.end())
      methods.push_back(route.method);
  std::string text;
  for (const std::string_view method : methods)
    text += (text.empty() ? "" : ", ") + std::string(method);
  return text;
}

}  // namespace

const RouteFamily& Router::family_of(std::string_view path) const {
  TAPSTAT_ASSERT(!families_.empty());
  const RouteFamily* best = nullptr;
  const RouteFamily* rest = nullptr;
  size_t longest = 0;
  for (const RouteFamily& family : families_) {
    if (family.prefixes.empty()) rest = &family;
    for (const std::string_view prefix : family.prefixes)
      if (prefix.size() > longest && path.starts_with(prefix)) {
        longest = prefix.size();
        best = &family;
      }
  }
  if (best != nullptr) return *best;
  return rest != nullptr ? *rest : families_.front();
}

size_t Router::body_bytes_max(std::string_view path) const {
  return family_of(path).body_bytes_max;
}

bool Router::needs_length(std::string_view path) const { return family_of(path).needs_length; }

Response Router::error(std::string_view path, unsigned status, std::string_view detail) const {
  Response response = family_of(path).error(status, detail);
  response.status = status;
  return response;
}

void Router::handle(const Request& request, const Answer& answer) const {
  const RouteFamily& family = family_of(request.path);
  const Match found = find_route(family, request);
  if (found.route == nullptr) {
    const std::string allow = allowed_methods(family, request.path);
    if (allow.empty()) return answer(error(request.path, 404, "Not found"));
    Response response = error(request.path, 405, "Method not allowed");
    response.headers.emplace_back("Allow", allow);
    return answer(std::move(response));
  }
  try {
    if (family.admit)
      if (auto refused = family.admit(request, found.route->needs))
        return answer(std::move(*refused));
    found.route->handle(request, found.argument, answer);
  } catch (...) {
    answer(error(request.path, 500, "Internal error"));
  }
}

}  // namespace tapstat::control::http
