#include "control/mplane/polling.h"

#include <algorithm>
#include <utility>

#include "control/json_view.h"
#include "control/mplane/token.h"
#include "control/mplane/when.h"

namespace tapstat::control::mplane {
namespace {

using std::chrono::milliseconds;

// A poll that takes longer than the client's memory for capabilities is as good as none.
constexpr milliseconds kPollTimeout{8'000};
constexpr size_t kElsewhereMax = 1'024;

bool is_callback(const Message& message) {
  return message.verb == "callback" || message.label == "callback";
}

std::string token_of(const Message& specification) {
  std::string token = specification.token ? *specification.token : computed_token(specification);
  return token.empty() ? std::string(kNoToken) : token;
}

Client client_of(const http::ClientResponse& response, const http::Url& base) {
  Client client;
  if (base.scheme != "https") return client;
  client.checked = true;
  client.common_name = response.server_common_name;
  client.identity = response.server_identity;
  return client;
}

}  // namespace

std::optional<milliseconds> callback_delay(std::string_view text, UtcMicroseconds arrival) {
  const std::optional<When> when = parse_when(text);
  if (!when || when->repeated) return std::nullopt;
  const WhenTime& last = when->end ? *when->end : when->start;
  if (last.kind == WhenTime::Kind::future || when->duration_infinite) return kPollIntervalMax;
  if (last.kind == WhenTime::Kind::past) return kPollIntervalMin;
  const UtcMicroseconds ahead = last.kind == WhenTime::Kind::absolute ? last.at - arrival : 0;
  const milliseconds delay{(ahead + (when->end ? 0 : when->duration_us.value_or(0))) / 1'000};
  return std::clamp(delay, kPollIntervalMin, kPollIntervalMax);
}

bool may_deliver_to(const http::Url& link, const http::Url& polled,
                    const std::vector<std::string>& result_hosts) {
  if (link.origin() == polled.origin()) return true;
  const bool acceptable = link.scheme == polled.scheme || link.scheme == "https";
  const bool v6 = link.host.find(':') != std::string::npos;
  const std::string host =
      (v6 ? "[" + link.host + "]" : link.host) + ":" + std::to_string(link.port);
  return acceptable && link.scheme != "unix" &&
         std::find(result_hosts.begin(), result_hosts.end(), host) != result_hosts.end();
}

Polling::Polling(const PollerOptions& options, http::Url base, const Message& registration,
                 PollingOutside outside)
    : options_(options),
      base_(std::move(base)),
      registration_(to_json(registration)),
      outside_(std::move(outside)),
      deliveries_(outside_, counters_, options.retention),
      due_(outside_.now()) {}

http::Url Polling::url_of(const std::string& path) const {
  http::Url url = base_;
  url.path = path;
  return url;
}

void Polling::advance() {
  deliveries_.advance();
  const Time now = outside_.now();
  if (asking_ || due_ > now) return;
  if (last_good_poll_ && now - *last_good_poll_ > kPollGapMax) registered_ = false;
  if (!registered_) {
    ask(post_message(url_of(options_.register_path), registration_), &Polling::on_registered);
  } else {
    http::ClientRequest request;
    request.url = url_of(options_.specification_path);
    request.timeout = kPollTimeout;
    ask(std::move(request), &Polling::on_polled);
  }
}

std::optional<Polling::Time> Polling::next_due() const {
  const std::optional<Time> delivery = deliveries_.next_due();
  if (asking_) return delivery;
  return delivery ? std::min(*delivery, due_) : due_;
}

void Polling::ask(http::ClientRequest request, void (Polling::*then)(const Answer&)) {
  asking_ = true;
  outside_.send("poll", std::move(request),
                [this, then, alive = std::weak_ptr<char>(alive_)](const Answer& answer) {
                  if (alive.expired()) return;
                  asking_ = false;
                  (this->*then)(answer);
                  outside_.wake();
                });
}

/// Nothing is known about the other side any more: it is registered again before the next poll.
void Polling::failed(std::string sentence) {
  registered_ = false;
  ++counters_.failures;
  counters_.last_error = std::move(sentence);
  due_ = outside_.now() + pause_after(++failures_, outside_.jitter());
}

void Polling::on_registered(const Answer& answer) {
  const http::Url url = url_of(options_.register_path);
  if (const std::string failure = what_failed(url, answer); !failure.empty())
    return failed("registration: " + failure);
  if (!note_refusals(answer->body))
    return failed("registration: " + url.origin() + url.path +
                  " answered no JSON object. Is this the address of an mPlane client?");
  ++counters_.registrations;
  registered_ = true;
  polled_since_registered_ = false;
  connection_ = answer->connection;
  last_good_poll_.reset();
  due_ = registered_at_ = outside_.now();
}

/// {LABEL: {"registered": "ok"}} or "no" with a "reason". False when it is no object.
bool Polling::note_refusals(const std::string& body) {
  const std::optional<JsonDocument> document = JsonDocument::parse(body);
  if (!document) return false;
  for (const auto& [label, state] : document->view().members()) {
    if (state["registered"].text() == "ok") continue;
    const std::string reason = state["reason"].text();
    counters_.last_error = base_.origin() + " did not register \"" + label +
                           "\": " + (reason.empty() ? "no reason given" : reason) + ".";
  }
  return true;
}

void Polling::on_polled(const Answer& answer) {
  const http::Url url = url_of(options_.specification_path);
  if (answer && answer->status == 428 && polled_since_registered_) {
    registered_ = false;
    counters_.last_error = "poll: " + url.origin() + " does not know us any more.";
    due_ = outside_.now();
    return;
  }
  if (const std::string failure = what_failed(url, answer); !failure.empty())
    return failed("poll: " + failure);
  const auto message = parse_message(answer->body);
  if (!message) return failed("poll: " + url.origin() + ": " + message.error().text + ".");
  ++counters_.polls;
  callback_.reset();
  take(client_of(*answer, base_), *message);
  schedule_after_good_poll(outside_.now(), answer->connection);
}

void Polling::schedule_after_good_poll(Time now, uint64_t connection) {
  const bool gap = last_good_poll_ && now - *last_good_poll_ > kPollGapMax;
  const bool reconnected = connection != 0 && connection_ != 0 && connection != connection_;
  const bool old = connection == 0 && now - registered_at_ >= kRegistrationAgeMax;
  failures_ = 0;
  polled_since_registered_ = true;
  last_good_poll_ = now;
  if (gap || reconnected || old) registered_ = false;
  due_ = registered_ ? now + callback_.value_or(options_.interval) : now;
}

void Polling::take(const Client& client, const Message& message) {
  switch (message.kind) {
    case Kind::envelope:  // parse_message bounds the depth
      for (const Message& content : message.contents) take(client, content);
      return;
    case Kind::specification:
      if (!is_callback(message)) return take_specification(client, message);
      if (const auto delay = callback_delay(message.when.value_or(""), outside_.utc()))
        callback_ = delay;
      return;
    case Kind::interrupt:
    case Kind::redemption:
      answer_later(target_of_token(message), outside_.carry_out(client, message, {}));
      return;
    default:
      counters_.last_error = base_.origin() + " sent a message of kind " +
                             std::string(kind_name(message.kind)) + ", which is of no use here.";
  }
}

void Polling::take_specification(const Client& client, const Message& message) {
  const std::optional<http::Url> target = target_of(message);
  if (!target) {
    ++counters_.refused_links;
    deliveries_.add(
        url_of(options_.result_path),
        exception(token_of(message), "User has no permission to request this capability"), 0);
    return;
  }
  if (target->origin() != base_.origin() && message.token && elsewhere_.size() < kElsewhereMax)
    elsewhere_.insert_or_assign(*message.token, *target);
  const auto ended = [this, target = *target,
                      alive = std::weak_ptr<char>(alive_)](const Reply& reply) {
    if (alive.expired()) return;
    answer_later(target, reply);
    outside_.wake();
  };
  answer_later(*target, outside_.carry_out(client, message, ended));
}

/// Queues an answer unless the same one is on its way already: the end of a job may be told as the
/// answer to an interrupt and as the end of the job.
void Polling::answer_later(const http::Url& target, const Reply& reply) {
  const uint64_t job = reply.is_final ? reply.job : 0;
  if (job != 0 && deliveries_.has_job(job)) return;
  deliveries_.add(target, reply.message, job);
  if (job != 0) elsewhere_.erase(reply.message.token.value_or(""));
}

http::Url Polling::target_of_token(const Message& question) const {
  const auto known = elsewhere_.find(question.token.value_or(""));
  return known != elsewhere_.end() ? known->second : url_of(options_.result_path);
}

/// Where answers go; empty when `link` leads to a place that is not allowed.
std::optional<http::Url> Polling::target_of(const Message& specification) const {
  const std::string link = specification.link.value_or("");
  if (link.empty()) return url_of(options_.result_path);
  std::optional<http::Url> url = http::parse_url(link);
  if (!url || !may_deliver_to(*url, base_, options_.result_hosts)) return std::nullopt;
  if (url->origin() == base_.origin()) return url_of(options_.result_path);
  return url;
}

}  // namespace tapstat::control::mplane
