#include "control/control_plan.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>

#include "control/config_value.h"
#include "control/http/listener.h"
#include "control/http/tls_context.h"
#include "control/local_socket.h"
#include "control/text.h"

namespace tapstat::control {
namespace {

using flowstats::ExitStatus;
using flowstats::Result;
using std::chrono::microseconds;
using std::chrono::milliseconds;

milliseconds in_milliseconds(flowstats::Duration duration) {
  return std::chrono::duration_cast<milliseconds>(microseconds{duration.us});
}

using control::take;
void take(milliseconds& target, const std::optional<flowstats::Duration>& value) {
  if (value) target = in_milliseconds(*value);
}

/// All three of certificate, key and client_ca, or none.
Result<std::optional<http::TlsFiles>> tls_files(const ControlConfig& c) {
  if (!c.certificate && !c.key && !c.client_ca) return std::optional<http::TlsFiles>{};
  for (const auto& [name, given] :
       {std::pair{"certificate", c.certificate.has_value()}, std::pair{"key", c.key.has_value()},
        std::pair{"client_ca", c.client_ca.has_value()}})
    if (!given)
      return flowstats::fail(ExitStatus::usage,
                             std::string("[control] ") + name +
                                 " is missing: certificate, key and client_ca belong together. "
                                 "scripts/make_certs.sh makes a set to try.");
  return http::TlsFiles{*c.certificate, *c.key, *c.client_ca, c.revoked};
}

http::ServerLimits server_limits(const ControlConfig& c) {
  http::ServerLimits limits;
  take(limits.connections, c.connections);
  take(limits.connections_per_address, c.connections_per_address);
  take(limits.handshake, c.handshake_timeout);
  take(limits.head, c.head_timeout);
  take(limits.body, c.body_timeout);
  take(limits.idle, c.idle_timeout);
  return limits;
}

Result<std::filesystem::path> socket_path(const MeasureArguments& arguments, const ControlConfig& c,
                                          const std::string& listen) {
  if (arguments.socket) return *arguments.socket;
  if (c.socket) return *c.socket;
  const auto port = number<unsigned>(listen.substr(listen.rfind(':') + 1)).value_or(0);
  return default_socket_path(port == 0 ? static_cast<unsigned>(getpid()) : port);
}

mplane::ComponentOptions component_options(const ControlConfig& c) {
  mplane::ComponentOptions options;
  mplane::CapabilityOptions& offered = options.capabilities;
  take(offered.base_url, c.base_url);
  while (offered.base_url.ends_with('/')) offered.base_url.pop_back();
  take(offered.registry_uri, c.registry_uri);
  take(offered.system_id, c.probe_id);
  take(offered.metadata["System_ID"], c.system_id);
  take(offered.metadata["System_type"], c.system_type);
  take(offered.metadata["System_version"], c.system_version);
  take(offered.unified, c.unified);
  mplane::SpecificationLimits& limits = options.limits;
  take(limits.active, c.specifications);
  take(limits.active_per_owner, c.specifications_per_client);
  take(limits.answers_kept, c.answers_kept);
  if (c.answers_kept_for) limits.answers_kept_us = c.answers_kept_for->us;
  if (c.duration_max) limits.scope.duration_us_max = c.duration_max->us;
  if (c.ahead_max) limits.scope.ahead_us_max = c.ahead_max->us;
  take(limits.scope.allow_indefinite, c.allow_indefinite);
  take(options.inline_wait, c.inline_wait);
  options.state_directory = c.state_directory;
  // systemd's own, when the unit has one
  if (const char* const given = std::getenv("STATE_DIRECTORY");
      !options.state_directory && given != nullptr && *given != '\0')
    options.state_directory = given;
  return options;
}

mplane::RoleFiles role_files(const ControlConfig& c) {
  if (!c.users && !c.capabilities && !c.component) return mplane::find_role_files();
  return {c.users, c.capabilities, c.component};
}

std::optional<mplane::PollerOptions> poller_options(const ControlConfig& c) {
  if (!c.supervisor) return std::nullopt;
  mplane::PollerOptions options;
  options.url = *c.supervisor;
  if (c.client_ca) options.tls = http::ClientTls{*c.client_ca, c.certificate, c.key};
  take(options.interval, c.poll_interval);
  options.result_hosts = c.result_hosts;
  return options;
}

Result<rest::AccessOptions> access_options(const ControlConfig& c) {
  rest::AccessOptions options;
  options.hosts = c.hosts;
  if (c.base_url)
    if (const auto url = http::parse_url(*c.base_url)) options.hosts.push_back(url->host);
  if (!c.token_file) return options;
  auto token = rest::read_token(*c.token_file);
  if (!token) return tl::make_unexpected(token.error());
  options.token = std::move(*token);
  return options;
}

}  // namespace

Result<ControlOptions> make_control_options(const MeasureArguments& arguments, const Config& config,
                                            Settings::Start settings) {
  const ControlConfig& c = config.control;
  ControlOptions options;
  take(options.server.listen, c.listen);
  take(options.server.listen, arguments.listen);
  auto tls = tls_files(c);
  if (!tls) return tl::make_unexpected(tls.error());
  options.server.tls = std::move(*tls);
  options.server.limits = server_limits(c);
  auto socket = socket_path(arguments, c, options.server.listen);
  if (!socket) return tl::make_unexpected(socket.error());
  options.server.local_socket = std::move(*socket);
  auto access = access_options(c);
  if (!access) return tl::make_unexpected(access.error());
  options.access = std::move(*access);
  // The address that people connect to is a name that they may give.
  const std::string& listen = options.server.listen;
  options.access.hosts.push_back(listen.substr(0, listen.rfind(':')));
  options.mplane = component_options(c);
  if (c.registry) {
    auto document = read_config_file(*c.registry);
    if (!document) return tl::make_unexpected(document.error());
    options.mplane.registry = std::move(*document);
  }
  options.roles = role_files(c);
  options.poller = poller_options(c);
  options.mirror = arguments.mirror ? arguments.mirror : c.mirror;
  options.audit_log = c.audit_log;
  options.settings = std::move(settings);
  return options;
}

Result<void> check_control(const ControlConfig& config) {
  const auto tls = tls_files(config);
  if (!tls) return tl::make_unexpected(tls.error());
  const std::string listen = config.listen.value_or(http::ServerOptions{}.listen);
  if (const auto address = http::admissible_listen(listen, tls->has_value()); !address)
    return tl::make_unexpected(address.error());
  if (const auto access = access_options(config); !access)
    return tl::make_unexpected(access.error());
  if (config.supervisor && !http::parse_url(*config.supervisor))
    return flowstats::fail(ExitStatus::usage,
                           "[mplane] supervisor = \"" + *config.supervisor +
                               "\" is no URL. Example: \"https://192.0.2.11:8889\".");
  if (!*tls) return {};
  if (const auto context = http::make_server_context(**tls); !context)
    return tl::make_unexpected(context.error());
  if (const auto roles = mplane::Roles::load(role_files(config)); !roles)
    return tl::make_unexpected(roles.error());
  return {};
}

}  // namespace tapstat::control
