/// REST: health, metrics, status, groups, columns, configuration, rotate, reload, stop, and the
/// description of all of it.
///
/// The same handlers serve HTTP and the local socket. Errors are problem+json (RFC 9457). Changes
/// go to Settings and Probe, never anywhere else. Control plane's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/audit_log.h"
#include "control/http/router.h"
#include "control/http/server.h"
#include "control/mplane/component.h"
#include "control/mplane/poller.h"
#include "control/probe.h"
#include "control/rest/access.h"
#include "control/settings.h"

namespace boost::asio {
class io_context;
}

namespace tapstat::control::rest {

/// One value of the effective configuration and where it came from.
struct ConfigOrigin {
  std::string section, key, value, origin;  // "default", "tapstat.toml:12", "--workers"
};

struct RestParts {
  Probe& probe;
  Settings& settings;
  Access& access;
  AuditLog& audit;
  mplane::Component& component;
  const mplane::Poller* poller = nullptr;  // nullptr: none configured
  const http::ServerCounters& server;
  std::vector<ConfigOrigin> config;
};

class RestApi {
 public:
  RestApi(boost::asio::io_context& io, RestParts parts);
  ~RestApi();
  /// Prefixes /api/, /metrics, /healthz, /readyz, /openapi.json.
  [[nodiscard]] http::RouteFamily routes();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tapstat::control::rest
