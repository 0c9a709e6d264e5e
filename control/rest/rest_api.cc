#include "control/rest/rest_api.h"

#include <array>
#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "control/rest/documents.h"
#include "control/rest/groups_document.h"
#include "control/rest/metrics_text.h"
#include "control/rest/openapi.h"
#include "control/rest/problem.h"
#include "control/rest/rates.h"
#include "control/rest/readiness.h"
#include "control/rest/schemas.h"
#include "control/rest/waits.h"
#include "control/utc_text.h"
#include "exporters/catalogue.h"

namespace tapstat::control::rest {
namespace {

using Clock = std::chrono::steady_clock;
using http::Answer;
using http::Needs;
using http::Request;
using http::Response;

constexpr std::chrono::seconds kSampleInterval{1};
constexpr std::string_view kGroupsPath = "/api/v1/groups", kStatusPath = "/api/v1/status";

/// For audit lines and for the holders of groups.
std::string who_of(const http::Peer& peer) {
  if (peer.via == http::Via::local) return "local socket";
  return peer.via == http::Via::tls ? peer.identity : peer.address;
}

std::string_view hint_of(unsigned status) {
  switch (status) {
    case 404: return "The paths are listed in /openapi.json.";
    case 405: return "The methods of this path are in the Allow header.";
    case 413: return "A body has at most 64 KiB.";
    default: return "";
  }
}

Response later(std::string body, std::string_view location) {
  Response response = json_response(202, std::move(body));
  response.headers.emplace_back("Location", location);
  return response;
}

JobCounts count_jobs(const mplane::Specifications& specifications) {
  JobCounts counts{};
  for (const mplane::Job& job : specifications.jobs()) ++counts[static_cast<size_t>(job.state)];
  return counts;
}

uint64_t count_of(const JobCounts& counts, mplane::JobState state) {
  return counts[static_cast<size_t>(state)];
}

}  // namespace

class RestApi::Impl : public std::enable_shared_from_this<RestApi::Impl> {
 public:
  Impl(boost::asio::io_context& io, RestParts parts)
      : parts_(std::move(parts)), sampler_(io), waits_(std::make_shared<Waits>(io)) {}

  void start() { sample_later(); }
  void stop() {
    stopped_ = true;
    sampler_.cancel();
    waits_->stop();
  }

  http::RouteFamily routes() {
    http::RouteFamily family;
    family.prefixes = {"/api/", "/metrics", "/healthz", "/readyz", "/openapi.json"};
    family.needs_length = false;  // a POST without a body is complete
    family.error = [](unsigned status, std::string_view detail) {
      return problem_response({status, std::string(detail), std::string(hint_of(status)), {}});
    };
    family.admit = [&access = parts_.access](const Request& request, Needs needs) {
      return access.admit(request, needs, Clock::now());
    };
    add_health(family.routes);
    add_reading(family.routes);
    add_changes(family.routes);
    family.routes.push_back(
        {"GET",
         "/openapi.json",
         Needs::nobody,
         [self = shared_from_this()](const Request&, std::string_view, const Answer& answer) {
           answer(json_response(200, self->openapi_));
         },
         {.summary = "This description"}});
    openapi_ = openapi_json(family.routes);
    return family;
  }

 private:
  using Routes = std::vector<http::Route>;
  using Action = void (Impl::*)(const Request&, const Answer&);

  /// A route that answers at once, whatever the request holds.
  template <class Document>
  http::Route read(std::string_view path, Needs needs, Document document, http::RouteDoc doc) {
    return {"GET", path, needs,
            [self = shared_from_this(), document](const Request&, std::string_view,
                                                  const Answer& answer) {
              answer((self.get()->*document)());
            },
            std::move(doc)};
  }

  http::Route change(std::string_view method, std::string_view path, Action action,
                     http::RouteDoc doc) {
    return {method, path, Needs::operator_role,
            [self = shared_from_this(), action](const Request& request, std::string_view,
                                                const Answer& answer) {
              (self.get()->*action)(request, answer);
            },
            std::move(doc)};
  }

  void add_health(Routes& routes) {
    routes.push_back(
        read("/healthz", Needs::nobody, &Impl::health,
             {.summary = "Whether the control plane answers", .response_schema = schema::kHealth}));
    routes.push_back(read("/readyz", Needs::nobody, &Impl::readiness,
                          {.summary = "Whether the probe is in order, and why not",
                           .response_schema = schema::kReadiness,
                           .statuses = {200, 503}}));
    routes.push_back(read("/metrics", Needs::reader, &Impl::metrics,
                          {.summary = "Every counter and gauge, for Prometheus",
                           .response_schema = R"({"type":"string"})",
                           .response_type = kMetricsType}));
  }

  void add_reading(Routes& routes) {
    const auto add = [&](std::string_view path, Needs needs, auto document,
                         std::string_view summary, std::string_view schema) {
      routes.push_back(
          read(path, needs, document, {.summary = summary, .response_schema = schema}));
    };
    add(kStatusPath, Needs::reader, &Impl::status, "State, figures and rates", schema::kStatus);
    add("/api/v1/counters", Needs::reader, &Impl::counters,
        "Every counter and the accounting equations", schema::kCounters);
    add(kGroupsPath, Needs::reader, &Impl::groups, "Column groups and who holds them on",
        schema::kGroups);
    add("/api/v1/columns", Needs::reader, &Impl::columns, "Every column of the logs",
        schema::kColumns);
    add("/api/v1/specifications", Needs::reader, &Impl::specifications,
        "Specifications of mPlane that are known", schema::kSpecifications);
    add("/api/v1/config", Needs::operator_role, &Impl::config,
        "Effective configuration and the origin of each value", schema::kConfig);
  }

  void add_changes(Routes& routes) {
    routes.push_back(
        change("PATCH", kGroupsPath, &Impl::set_groups,
               {.summary = "Switches column groups: true, false, or null for the file's word",
                .request_schema = schema::kGroupWords,
                .response_schema = schema::kGroups,
                .statuses = {200, 202, 409, 413, 415}}));
    routes.push_back(change("POST", "/api/v1/rotate", &Impl::rotate,
                            {.summary = "Begins a new output directory",
                             .response_schema = schema::kDirectory,
                             .statuses = {200, 202}}));
    routes.push_back(change("POST", "/api/v1/reload", &Impl::reload,
                            {.summary = "Reads runtime.conf again",
                             .response_schema = schema::kReload,
                             .statuses = {200, 422}}));
    routes.push_back(change("POST", "/api/v1/stop", &Impl::end,
                            {.summary = "Ends the probe as SIGTERM does",
                             .response_schema = schema::kStop,
                             .statuses = {202}}));
  }

  void sample_later() {
    sampler_.expires_after(kSampleInterval);
    sampler_.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (error || self->stopped_) return;
      const ProbeFigures now = self->figures();
      self->rates_.sample(now, Clock::now());
      (void)self->reasons(now);  // a writer that stays behind is noticed without a question
      self->sample_later();
    });
  }

  std::vector<std::string> reasons(const ProbeFigures& figures) {
    auto reasons = readiness_.reasons(figures, parts_.settings.last_reload(), Clock::now());
    if (const std::string& error = parts_.component.state_file_error(); !error.empty())
      reasons.push_back(error);
    return reasons;
  }

  [[nodiscard]] ProbeFigures figures() const {
    ProbeFigures now = parts_.probe.figures();
    now.epoch_published = parts_.settings.epoch();
    return now;
  }

  Response health() { return json_response(200, R"({"status":"ok"})"); }

  Response readiness() {
    const std::vector<std::string> why_not = reasons(figures());
    return json_response(why_not.empty() ? 200 : 503, readiness_json(why_not));
  }

  Response metrics() {
    const ProbeFigures now = figures();
    if (!start_time_s_) start_time_s_ = static_cast<double>(utc_now()) / 1e6 - now.uptime_s;
    const std::vector<GroupView> groups = parts_.settings.groups();
    Response response;
    response.content_type = kMetricsType;
    response.body =
        metrics_text({.figures = now,
                      .groups = groups,
                      .reload = parts_.settings.last_reload(),
                      .jobs = count_jobs(parts_.component.specifications()),
                      .server = parts_.server,
                      .poller = parts_.poller != nullptr ? &parts_.poller->counters() : nullptr,
                      .audit_failures = parts_.audit.failures(),
                      .start_time_s = *start_time_s_,
                      .ready = reasons(now).empty()});
    return response;
  }

  Response status() {
    const ProbeFigures now = figures();
    const JobCounts jobs = count_jobs(parts_.component.specifications());
    return json_response(200,
                         status_json({.figures = now,
                                      .rates = rates_.rates(),
                                      .jobs_running = count_of(jobs, mplane::JobState::running),
                                      .jobs_pending = count_of(jobs, mplane::JobState::pending),
                                      .reasons = reasons(now)}));
  }

  Response counters() const { return json_response(200, counters_json(figures())); }
  Response groups() const { return json_response(200, groups_text()); }
  Response columns() {
    return json_response(200, exporters::describe_columns(exporters::CatalogueForm::json));
  }
  Response config() const { return json_response(200, config_json(parts_.config)); }

  Response specifications() const {
    const mplane::Specifications& specifications = parts_.component.specifications();
    return json_response(200, specifications_json(specifications.jobs(), parts_.settings.groups(),
                                                  [&](const mplane::Job& job) {
                                                    return specifications.rows_of(job);
                                                  }));
  }

  std::string groups_text() const {
    return groups_json(parts_.settings.groups(),
                       {parts_.settings.epoch(), figures().epoch_written});
  }

  void set_groups(const Request& request, const Answer& answer) {
    if (const std::string type = http::media_type(request.content_type);
        type != kJson && type != kMergePatchJson) {
      return answer(problem_response({415,
                                      "The body's type is \"" + request.content_type + "\".",
                                      "Send application/json or application/merge-patch+json.",
                                      {}}));
    }
    const auto words = parse_group_words(request.body, parts_.settings.groups());
    if (!words) return answer(problem_response(words.error()));
    const auto applied = parts_.settings.set_groups(*words, who_of(request.peer));
    if (!applied) {
      return answer(problem_response(
          {409, applied.error().sentence, "GET /api/v1/groups shows what holds each group.", {}}));
    }
    waits_->add(
        [this, epoch = applied->epoch] { return figures().epoch_written >= epoch; },
        [this, answer](bool written) {
          answer(written ? json_response(200, groups_text()) : later(groups_text(), kGroupsPath));
        });
  }

  void rotate(const Request& request, const Answer& answer) {
    const std::filesystem::path before = figures().directory;
    const AppliedEpoch applied = parts_.settings.rotate();
    audit(request, "rotate", "output directory", before.string());
    waits_->add(
        [this, epoch = applied.epoch] { return figures().epoch_written >= epoch; },
        [this, answer](bool made) {
          std::string body = directory_json(figures().directory);
          answer(made ? json_response(200, std::move(body)) : later(std::move(body), kStatusPath));
        });
  }

  void reload(const Request& request, const Answer& answer) {
    const ReloadOutcome outcome = parts_.settings.reload(who_of(request.peer));
    if (outcome.ok)
      return answer(json_response(200, reload_json(outcome, parts_.settings.epoch())));
    answer(problem_response(
        {422, outcome.errors.empty() ? "runtime.conf was refused." : outcome.errors.front(),
         "Nothing was changed.", outcome.errors}));
  }

  void end(const Request& request, const Answer& answer) {
    audit(request, "stop", "probe", "running");
    answer(json_response(202, R"({"state":"ending"})"));
    parts_.probe.stop();
  }

  void audit(const Request& request, std::string verb, std::string object, std::string from) {
    AuditEntry entry;
    entry.who = who_of(request.peer);
    entry.way = request.peer.via == http::Via::local ? "local" : "rest";
    entry.verb = std::move(verb);
    entry.object = std::move(object);
    entry.from = std::move(from);
    parts_.audit.write(entry);
  }

  RestParts parts_;
  boost::asio::steady_timer sampler_;
  std::shared_ptr<Waits> waits_;
  RateWindow rates_;
  Readiness readiness_;
  std::optional<double> start_time_s_;
  std::string openapi_;
  bool stopped_ = false;
};

RestApi::RestApi(boost::asio::io_context& io, RestParts parts)
    : impl_(std::make_shared<Impl>(io, std::move(parts))) {
  impl_->start();
}

RestApi::~RestApi() { impl_->stop(); }

http::RouteFamily RestApi::routes() { return impl_->routes(); }

}  // namespace tapstat::control::rest
