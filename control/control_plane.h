/// The control plane: one thread with the listener, mPlane, REST, the watch on runtime.conf and the
/// one desired state that they all change.
///
/// It never touches a packet or a lock that a worker takes; a fault in it is noted and the
/// measurement goes on. Made and stopped by the supervisor's thread.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/http/server.h"
#include "control/messages.h"
#include "control/mplane/component.h"
#include "control/mplane/poller.h"
#include "control/probe.h"
#include "control/rest/access.h"
#include "control/rest/rest_api.h"
#include "control/settings.h"
#include "dataplane/packet_pipeline.h"
#include "exporters/writer.h"
#include "flowstats/base/result.h"

namespace tapstat::control {

struct ControlOptions {
  http::ServerOptions server;
  rest::AccessOptions access;
  mplane::ComponentOptions mplane;
  mplane::RoleFiles roles;
  std::optional<mplane::PollerOptions> poller;
  std::optional<std::filesystem::path> mirror, audit_log;
  Settings::Start settings;
  std::vector<rest::ConfigOrigin> config;
};

/// The running path that settings are published to.
struct PacketPath {
  dataplane::PacketPipeline& pipeline;
  exporters::Writer& writer;
  std::filesystem::path output;  // base of the directories
  flowstats::Timestamp first_packet;
};

class ControlPlane {
 public:
  /// Binds the listener and reads certificates, role files and state, so that a mistake is known
  /// before the first packet. Errors: ExitStatus::usage, ExitStatus::environment.
  [[nodiscard]] static flowstats::Result<std::unique_ptr<ControlPlane>> create(
      ControlOptions options, Messages& messages);
  ~ControlPlane();

  /// After the writer has opened its first directory: starts the thread. The references outlive
  /// stop().
  void start(Probe& probe, const PacketPath& path);
  /// Closes every connection and ends the thread; running specifications stay in the state file,
  /// the mirror shows the base settings again.
  void stop();

  /// Any thread (SIGHUP): reads certificates, role files and runtime.conf again, reopens the audit
  /// log; what is wrong is said and the old stays in force.
  void reload();

  /// "https://127.0.0.1:8888", with the port that was bound.
  [[nodiscard]] std::string base_url() const;

 private:
  class Impl;
  explicit ControlPlane(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapstat::control
