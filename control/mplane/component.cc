#include "control/mplane/component.h"

#include <map>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "control/mplane/job_store.h"
#include "control/mplane/pages.h"

namespace tapstat::control::mplane {
namespace {

using boost::asio::steady_timer;
using std::chrono::duration_cast;
using std::chrono::microseconds;

/// A held reply is given up this long after its job should have ended (the clock was put back).
constexpr std::chrono::seconds kHeldGrace{1};

UtcMicroseconds machine_clock() {
  return duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

int64_t steady_clock_us() {
  return duration_cast<microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Generation and path of its list.
struct ListPath {
  Generation generation;
  std::string_view path;
};
constexpr ListPath kList2014{Generation::proxy_2014, "/capability"};
constexpr ListPath kListSdk{Generation::sdk, "/v1/capability"};

}  // namespace

/// Everything happens in entry points (a request, a timer, a delivery). Each ends in settle(),
/// which saves what changed before anybody is told of it.
class Component::Impl : public std::enable_shared_from_this<Component::Impl> {
 public:
  Impl(boost::asio::io_context& io, const ComponentOptions& options, Roles roles, GroupHolds& holds,
       AuditLog& audit, std::optional<JobStore> store)
      : io_(io),
        options_(options),
        roles_(std::move(roles)),
        audit_(audit),
        capabilities_(options.capabilities),
        specifications_(capabilities_, roles_, holds, options.limits),
        store_(std::move(store)),
        timer_(io) {
    if (!options_.clock) options_.clock = machine_clock;
    specifications_.on_end([this](const Job& job) { ended_.push_back(job.id); });
    specifications_.on_change([this](const Job&, std::string_view) { dirty_ = true; });
  }

  void start() {
    if (store_) specifications_.restore(store_->take_jobs(), moment());
    settle();
  }

  void stop() {
    stopped_ = true;
    timer_.cancel();
    for (auto& [job, held] : std::exchange(held_, {}))
      if (const auto receipt = specifications_.receipt(job)) send(held.answer, *receipt);
  }

  http::RouteFamily routes();

  Reply carry_out(const Client& client, const Message& message,
                  std::function<void(const Reply&)> ended) {
    Reply reply = ask(client, message, moment());
    const bool result_at_once = reply.accepted && reply.message.kind == Kind::result;
    if (result_at_once && ended) {
      boost::asio::post(io_, [weak = weak_from_this(), ended = std::move(ended), reply] {
        if (!weak.expired()) ended(reply);
      });
      reply = *specifications_.receipt(reply.job);
    } else if (reply.is_final) {
      pulled_.erase(reply.job);
    } else if (reply.job != 0 && message.kind == Kind::specification && ended) {
      pulled_[reply.job] = std::move(ended);
    }
    settle();
    return reply;
  }

  void delivered(uint64_t job) {
    specifications_.delivered(job);
    settle();
  }

  void replace_roles(Roles roles) { roles_ = std::move(roles); }
  [[nodiscard]] const Roles& roles() const { return roles_; }
  [[nodiscard]] const Capabilities& capabilities() const { return capabilities_; }
  [[nodiscard]] const Specifications& specifications() const { return specifications_; }
  [[nodiscard]] const std::string& state_file_error() const {
    static const std::string none;
    return store_ ? store_->last_error() : none;
  }

 private:
  /// A reply that waits for the end of its job.
  struct Held {
    http::Answer answer;
    std::unique_ptr<steady_timer> give_up;
  };

  [[nodiscard]] Moment moment() const { return {options_.clock(), steady_clock_us()}; }

  Reply ask(const Client& client, const Message& message, Moment now) {
    Reply reply = specifications_.handle(client, message, now);
    if (reply.denied)
      audit_refusal(client, kind_name(message.kind), message.token.value_or(""),
                    reply.message.text);
    return reply;
  }

  void audit_refusal(const Client& client, std::string_view verb, const std::string& object,
                     const std::string& result) {
    audit_.write({.who = client.identity,
                  .way = "mplane",
                  .verb = std::string(verb),
                  .object = object,
                  .from = "",
                  .to = "",
                  .result = result});
  }

  [[nodiscard]] std::string registry() const {
    return options_.registry.value_or(registry_json(options_.capabilities.registry_uri));
  }

  void list(const Client& client, const ListPath& list, const http::Answer& answer) const {
    std::vector<std::string_view> tokens;
    for (const Capability& capability : capabilities_.of(list.generation))
      if (roles_.may_use(client, list.generation, capability.label()))
        tokens.push_back(capability.token());
    answer(list_page(list.path, tokens));
  }

  void one(const Client& client, const ListPath& list, std::string_view token,
           const http::Answer& answer) {
    const Capability* capability = capabilities_.find(list.generation, token);
    if (capability == nullptr) return answer(error_response(404, {}));
    if (!roles_.may_use(client, list.generation, capability->label())) {
      audit_refusal(client, kind_name(Kind::capability), capability->token(), "Not found");
      return answer(error_response(404, {}));
    }
    answer(message_response(capability->message));
  }

  void post(const http::Request& request, const http::Answer& answer) {
    if (stopped_) return answer(error_response(503, {}));
    if (http::media_type(request.content_type) != kContentType)
      return answer(error_response(415, {}));
    const auto message = parse_message(request.body, options_.message_limits);
    if (!message)
      return answer(message_response(exception(message.error().token, message.error().text), 400));
    const Client client = client_of(request.peer);
    if (message->kind == Kind::envelope) {
      std::vector<uint64_t> told;
      http::Response response = message_response(carry_out_all(client, *message, told));
      settle();
      if (!told.empty()) response.written = when_written(std::move(told));
      return answer(std::move(response));
    }
    const Moment now = moment();
    const Reply reply = ask(client, *message, now);
    if (waits(reply, now)) {
      hold(reply.job, answer);
      return settle();
    }
    settle();
    send(answer, reply);
  }

  /// One answer for each content, in order; a nested envelope is answered by a nested one.
  Message carry_out_all(const Client& client, const Message& envelope,
                        std::vector<uint64_t>& told) {
    Message answers;
    answers.kind = Kind::envelope;
    answers.verb = "message";
    answers.version = envelope.version;
    for (const Message& content : envelope.contents) {
      if (content.kind == Kind::envelope) {
        answers.contents.push_back(carry_out_all(client, content, told));
        continue;
      }
      Reply reply = ask(client, content, moment());
      if (reply.is_final) told.push_back(reply.job);
      answers.contents.push_back(std::move(reply.message));
    }
    return answers;
  }

  [[nodiscard]] bool waits(const Reply& reply, Moment now) const {
    if (!reply.accepted || reply.is_final) return false;
    const auto remaining = specifications_.ends_in(reply.job, now);
    return remaining && microseconds(*remaining) <= options_.inline_wait;
  }

  void hold(uint64_t job, const http::Answer& answer) {
    Held held{answer, std::make_unique<steady_timer>(io_)};
    held.give_up->expires_after(options_.inline_wait + kHeldGrace);
    held.give_up->async_wait([weak = weak_from_this(), job](boost::system::error_code error) {
      const auto self = weak.lock();
      if (error || !self) return;
      const auto late = self->held_.extract(job);
      if (late.empty()) return;
      if (const auto receipt = self->specifications_.receipt(job))
        self->send(late.mapped().answer, *receipt);
    });
    held_.insert_or_assign(job, std::move(held));
  }

  void send(const http::Answer& answer, const Reply& reply) {
    http::Response response = message_response(reply.message);
    if (reply.is_final) {
      add_facts(response, reply);
      response.written = when_written({reply.job});
    }
    answer(std::move(response));
  }

  /// Where to find the rows of a result, and how many there are.
  void add_facts(http::Response& response, const Reply& reply) const {
    const Job* job = specifications_.find(reply.job);
    if (job == nullptr || job->first_epoch == 0) return;
    response.headers.emplace_back("Tapstat-Epochs", std::to_string(job->first_epoch) + ".." +
                                                        std::to_string(job->end_epoch - 1));
    if (const auto rows = specifications_.rows_of(*job))
      response.headers.emplace_back("Tapstat-Rows", std::to_string(*rows));
  }

  std::function<void(bool)> when_written(std::vector<uint64_t> jobs) {
    return [weak = weak_from_this(), jobs = std::move(jobs)](bool whole) {
      const auto self = weak.lock();
      if (!self || !whole) return;
      for (const uint64_t job : jobs) self->specifications_.delivered(job);
      self->settle();
    };
  }

  void settle() {
    save();
    for (const uint64_t job : std::exchange(ended_, {})) {
      const auto held = held_.extract(job);
      const auto pulled = pulled_.extract(job);
      const auto reply = specifications_.final_reply(job);
      if (!reply) continue;
      if (!held.empty()) send(held.mapped().answer, *reply);
      if (!pulled.empty()) pulled.mapped()(*reply);
    }
    arm();
  }

  void save() {
    if (!std::exchange(dirty_, false)) return;
    if (store_) store_->write(specifications_.jobs());
  }

  void arm() {
    if (stopped_) return;
    const auto due = specifications_.due_in(moment());
    if (!due) {
      timer_.cancel();
      return;
    }
    timer_.expires_after(microseconds(*due));
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (error || !self || self->stopped_) return;
      self->specifications_.advance(self->moment());
      self->settle();
    });
  }

  template <class Work>
  auto route(Work work) {
    return [weak = weak_from_this(), work](const http::Request& request, std::string_view argument,
                                           const http::Answer& answer) {
      const auto self = weak.lock();
      if (!self) return answer(error_response(503, {}));
      work(*self, request, argument, answer);
    };
  }
  void add_list(std::vector<http::Route>& routes, const ListPath& list, std::string_view one_path);

  boost::asio::io_context& io_;
  ComponentOptions options_;
  Roles roles_;
  AuditLog& audit_;
  Capabilities capabilities_;
  Specifications specifications_;
  std::optional<JobStore> store_;
  steady_timer timer_;
  std::map<uint64_t, Held> held_;                                 // by job
  std::map<uint64_t, std::function<void(const Reply&)>> pulled_;  // by job
  std::vector<uint64_t> ended_;                                   // not yet told
  bool dirty_ = false;  // something changed since the last save
  bool stopped_ = false;
};

void Component::Impl::add_list(std::vector<http::Route>& routes, const ListPath& list,
                               std::string_view one_path) {
  using http::Request;
  routes.push_back(
      {.method = "GET",
       .path = list.path,
       .needs = http::Needs::nobody,
       .handle = route([list](Impl& self, const Request& request, std::string_view,
                              const http::Answer& answer) {
         self.list(client_of(request.peer), list, answer);
       }),
       .doc = {.summary = "mPlane capabilities, one link each", .response_type = "text/html"}});
  routes.push_back({.method = "GET",
                    .path = one_path,
                    .needs = http::Needs::nobody,
                    .handle = route([list](Impl& self, const Request& request,
                                           std::string_view token, const http::Answer& answer) {
                      self.one(client_of(request.peer), list, token, answer);
                    }),
                    .doc = {.summary = "One mPlane capability", .response_type = kContentType}});
}

http::RouteFamily Component::Impl::routes() {
  http::RouteFamily family;
  family.body_bytes_max = options_.body_bytes_max;
  family.error = [](unsigned status, std::string_view detail) {
    return error_response(status, detail);
  };
  auto& routes = family.routes;
  routes.push_back({.method = "GET",
                    .path = "/",
                    .needs = http::Needs::nobody,
                    .handle = route([](Impl&, const http::Request&, std::string_view,
                                       const http::Answer& answer) { answer(start_page()); }),
                    .doc = {.summary = "Start page", .response_type = "text/html"}});
  add_list(routes, kList2014, "/capability/{token}");
  add_list(routes, kListSdk, "/v1/capability/{token}");
  routes.push_back({.method = "GET",
                    .path = "/registry.json",
                    .needs = http::Needs::nobody,
                    .handle = route([](Impl& self, const http::Request&, std::string_view,
                                       const http::Answer& answer) {
                      http::Response response;
                      response.content_type = "application/json";
                      response.body = self.registry();
                      answer(std::move(response));
                    }),
                    .doc = {.summary = "mPlane element registry"}});
  for (const std::string_view path : {"/", "/capability", "/v1/capability", "/v1"})
    routes.push_back(
        {.method = "POST",
         .path = path,
         .needs = http::Needs::nobody,
         .handle = route([](Impl& self, const http::Request& request, std::string_view,
                            const http::Answer& answer) { self.post(request, answer); }),
         .doc = {.summary = "One mPlane message", .response_type = kContentType}});
  return family;
}

Component::Component(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Component::~Component() = default;

flowstats::Result<std::unique_ptr<Component>> Component::create(boost::asio::io_context& io,
                                                                const ComponentOptions& options,
                                                                Roles roles, GroupHolds& holds,
                                                                AuditLog& audit) {
  std::optional<JobStore> store;
  if (options.state_directory) {
    auto opened = JobStore::open(*options.state_directory);
    if (!opened) return tl::make_unexpected(opened.error());
    store = std::move(*opened);
  }
  return std::unique_ptr<Component>(new Component(
      std::make_shared<Impl>(io, options, std::move(roles), holds, audit, std::move(store))));
}

http::RouteFamily Component::routes() { return impl_->routes(); }
void Component::start() { impl_->start(); }
void Component::stop() { impl_->stop(); }
Reply Component::carry_out(const Client& client, const Message& message,
                           std::function<void(const Reply&)> ended) {
  return impl_->carry_out(client, message, std::move(ended));
}
void Component::delivered(uint64_t job) { impl_->delivered(job); }
void Component::replace_roles(Roles roles) { impl_->replace_roles(std::move(roles)); }
const Roles& Component::roles() const { return impl_->roles(); }
const Capabilities& Component::capabilities() const { return impl_->capabilities(); }
const Specifications& Component::specifications() const { return impl_->specifications(); }
const std::string& Component::state_file_error() const { return impl_->state_file_error(); }

}  // namespace tapstat::control::mplane
