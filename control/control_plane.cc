#include "control/control_plane.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <exception>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "control/file_watch.h"
#include "control/mirror_keeper.h"
#include "control/output_check.h"
#include "control/plan.h"
#include "control/publisher.h"
#include "exporters/output_directory.h"

namespace tapstat::control {

using flowstats::ActiveConfig;
using flowstats::Result;

namespace {

/// Above the packet path's: whatever competes with it for a core runs first.
constexpr int kNiceness = 5;

bool is_wildcard(const std::string& listen) {
  return listen.starts_with("0.0.0.0:") || listen.starts_with("[::]:");
}

}  // namespace

class ControlPlane::Impl {
 public:
  Impl(ControlOptions options, Messages& messages)
      : options_(std::move(options)), messages_(messages) {}

  Result<void> prepare() {
    auto audit = AuditLog::open(options_.audit_log, messages_);
    if (!audit) return tl::make_unexpected(audit.error());
    audit_ = std::move(*audit);
    auto server = http::Server::create(io_, options_.server, router_);
    if (!server) return tl::make_unexpected(server.error());
    server_ = std::move(*server);
    if (options_.mplane.capabilities.base_url.empty()) {
      options_.mplane.capabilities.base_url = server_->base_url();
      if (is_wildcard(options_.server.listen))
        messages_.note("[control] listen = \"" + options_.server.listen +
                       "\" is no address that clients can be sent to. Set [mplane] base_url, or "
                       "later mPlane clients cannot follow our links.");
    }
    mplane::Roles roles;
    if (options_.server.tls) {
      auto loaded = mplane::Roles::load(options_.roles);
      if (!loaded) return tl::make_unexpected(loaded.error());
      roles = std::move(*loaded);
    }
    settings_.emplace(options_.settings, effects(), *audit_);
    auto component =
        mplane::Component::create(io_, options_.mplane, std::move(roles), *settings_, *audit_);
    if (!component) return tl::make_unexpected(component.error());
    component_ = std::move(*component);
    if (auto polling = make_poller(); !polling) return polling;
    if (auto watching = watch_runtime_conf(); !watching) return watching;
    return open_mirror();
  }

  void start(Probe& probe, const PacketPath& path) {
    path_.emplace(path);
    publisher_.emplace(io_, path.pipeline, path.writer, path.first_packet);
    access_.emplace(options_.access, [this](const http::Peer& peer) {
      return component_->roles().of(mplane::client_of(peer), mplane::Generation::sdk);
    });
    rest_.emplace(io_, rest::RestParts{probe, *settings_, *access_, *audit_, *component_,
                                       poller_.get(), server_->counters(), options_.config});
    router_.add(rest_->routes());
    router_.add(component_->routes());
    component_->start();
    if (poller_) poller_->start();
    server_->serve();
    thread_ = std::thread([this] { run(); });
  }

  void stop() {
    if (!thread_.joinable()) return;
    boost::asio::post(io_, [this] { close(); });
    thread_.join();
  }

  void reload() {
    boost::asio::post(io_, [this] {
      audit_->reopen();
      if (options_.server.tls) {
        say_if_wrong(server_->reload_certificates());
        auto roles = mplane::Roles::load(options_.roles);
        if (roles)
          component_->replace_roles(std::move(*roles));
        else
          messages_.error(roles.error().sentence);
      }
      if (settings_->start().runtime_conf) reload_runtime_conf("SIGHUP");
    });
  }

  [[nodiscard]] std::string base_url() const { return server_->base_url(); }

 private:
  /// Nothing changes the settings before start().
  Settings::Effects effects() {
    return {.publish =
                [this](const ActiveConfig& config) {
                  publisher_->publish(config);
                  if (mirror_) mirror_->settings_changed();
                },
            .announce =
                [this](const std::string& line) {
                  messages_.result(
                      announcement_line(exporters::message_time(publisher_->clock()), line));
                },
            .rows = [this](uint32_t first,
                           uint32_t end) { return path_->writer.rows_between(first, end); },
            .check = [this] { return check_output(path_->output); }};
  }

  Result<void> open_mirror() {
    if (!options_.mirror) return {};
    auto mirror = MirrorKeeper::create(io_, *options_.mirror, *settings_, messages_);
    if (!mirror) return tl::make_unexpected(mirror.error());
    mirror_ = std::move(*mirror);
    return {};
  }

  Result<void> make_poller() {
    if (!options_.poller) return {};
    auto poller = mplane::Poller::create(io_, *options_.poller, *component_);
    if (!poller) return tl::make_unexpected(poller.error());
    poller_ = std::move(*poller);
    return {};
  }

  /// When the mirror is that very file, its keeper does the watching.
  Result<void> watch_runtime_conf() {
    const auto& file = settings_->start().runtime_conf;
    std::error_code ignored;
    if (!file || (options_.mirror && std::filesystem::equivalent(*file, *options_.mirror, ignored)))
      return {};
    auto watch =
        FileWatch::create(io_, *file, [this, who = file->string()] { reload_runtime_conf(who); });
    if (!watch) return tl::make_unexpected(watch.error());
    watch_ = std::move(*watch);
    // It may have been edited between the start of the command and now.
    boost::asio::post(io_, [this, who = file->string()] { reload_runtime_conf(who); });
    return {};
  }

  void reload_runtime_conf(const std::string& who) {
    const ReloadOutcome outcome = settings_->reload(who);
    messages_.located_errors(outcome.errors);
    for (const std::string& note : outcome.notes) messages_.note(note);
  }

  void say_if_wrong(const Result<void>& result) {
    if (!result) messages_.error(result.error().sentence);
  }

  void run() {
    pthread_setname_np(pthread_self(), "control");
    static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNiceness));
    while (true) {
      try {
        io_.run();
        return;
      } catch (const std::exception& fault) {
        messages_.error(std::string("the control plane met a fault and goes on: ") + fault.what() +
                        ".");
      }
    }
  }

  void close() {
    server_->stop();
    if (poller_) poller_->stop();
    component_->stop();
    watch_.reset();
    if (mirror_) mirror_->restore_base();
    io_.stop();
  }

  ControlOptions options_;
  Messages& messages_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  std::unique_ptr<AuditLog> audit_;
  http::Router router_;
  std::optional<PacketPath> path_;
  std::optional<Publisher> publisher_;
  std::optional<Settings> settings_;
  std::unique_ptr<MirrorKeeper> mirror_;
  std::unique_ptr<mplane::Component> component_;
  std::unique_ptr<mplane::Poller> poller_;
  std::optional<rest::Access> access_;
  std::optional<rest::RestApi> rest_;
  std::unique_ptr<FileWatch> watch_;
  std::unique_ptr<http::Server> server_;
  std::thread thread_;
};

Result<std::unique_ptr<ControlPlane>> ControlPlane::create(ControlOptions options,
                                                           Messages& messages) {
  auto impl = std::make_unique<Impl>(std::move(options), messages);
  if (auto prepared = impl->prepare(); !prepared) return tl::make_unexpected(prepared.error());
  return std::unique_ptr<ControlPlane>(new ControlPlane(std::move(impl)));
}

ControlPlane::ControlPlane(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ControlPlane::~ControlPlane() { impl_->stop(); }
void ControlPlane::start(Probe& probe, const PacketPath& path) { impl_->start(probe, path); }
void ControlPlane::stop() { impl_->stop(); }
void ControlPlane::reload() { impl_->reload(); }
std::string ControlPlane::base_url() const { return impl_->base_url(); }

}  // namespace tapstat::control
