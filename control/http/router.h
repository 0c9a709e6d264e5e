/// The table of routes: method and path -> handler, and the wrong ways to ask.
///
/// A path pattern is literal, or ends in one `{name}` that stands for a last segment without '/'.
/// Unknown paths get 404 and other methods 405 with `Allow`, in the error form of the family that
/// the path belongs to: each family (mPlane, REST) has a prefix list and a function that puts an
/// error into words. Control plane's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/http/exchange.h"

namespace tapstat::control::http {

/// Who may ask; checked by the family's `admit` before the handler runs.
enum class Needs : uint8_t { nobody, reader, operator_role };

/// For /openapi.json. Schemas are JSON text, empty for none.
struct RouteDoc {
  std::string_view summary;
  std::string_view request_schema = "", response_schema = "";
  std::string_view response_type = "application/json";
  std::vector<unsigned> statuses = {200};  // besides 401, 403, 404, 429
};

struct Route {
  std::string_view method, path;
  Needs needs = Needs::nobody;
  /// `argument` is what {name} matched, else empty.
  std::function<void(const Request&, std::string_view argument, Answer)> handle;
  RouteDoc doc;
};

/// Routes that share one form of errors, one limit of the body and one check of access.
struct RouteFamily {
  /// Paths that begin with one of these belong to it; the family without prefixes has the rest.
  std::vector<std::string_view> prefixes;
  size_t body_bytes_max = 64 << 10;
  /// A POST, PUT or PATCH that does not tell its length gets 411; false: it has no body, as
  /// `curl -X POST` means it.
  bool needs_length = true;
  std::function<Response(unsigned status, std::string_view detail)> error;
  /// Empty: admitted. Absent: everyone is.
  std::function<std::optional<Response>(const Request&, Needs)> admit;
  std::vector<Route> routes;
};

class Router {
 public:
  void add(RouteFamily family) { families_.push_back(std::move(family)); }

  void handle(const Request& request, const Answer& answer) const;

  /// Before the body is read.
  [[nodiscard]] size_t body_bytes_max(std::string_view path) const;
  [[nodiscard]] bool needs_length(std::string_view path) const;
  /// The answer to what never became a request: 400, 408, 413, 431, 503 ... `detail` is a sentence.
  [[nodiscard]] Response error(std::string_view path, unsigned status,
                               std::string_view detail) const;

  [[nodiscard]] const std::vector<RouteFamily>& families() const { return families_; }

 private:
  [[nodiscard]] const RouteFamily& family_of(std::string_view path) const;

  std::vector<RouteFamily> families_;
};

}  // namespace tapstat::control::http
