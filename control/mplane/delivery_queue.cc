#include "control/mplane/delivery_queue.h"

#include <algorithm>
#include <utility>

namespace tapstat::control::mplane {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kDeliveryTimeout{30'000};

}  // namespace

milliseconds pause_after(unsigned failures, double jitter) {
  const unsigned doublings = std::min(failures == 0 ? 0 : failures - 1, 5U);
  const milliseconds pause = std::min(milliseconds{1'000} * (1U << doublings), kPauseMax);
  return pause +
         milliseconds(static_cast<int64_t>(static_cast<double>(pause.count()) / 4 * jitter));
}

http::ClientRequest post_message(const http::Url& url, std::string body) {
  http::ClientRequest request;
  request.method = "POST";
  request.url = url;
  request.content_type = kContentType;
  request.body = std::move(body);
  request.timeout = kDeliveryTimeout;
  return request;
}

std::string what_failed(const http::Url& url,
                        const flowstats::Result<http::ClientResponse>& answer) {
  if (!answer) return answer.error().sentence;
  if (answer->status == 200) return "";
  return url.origin() + url.path + " answered " + std::to_string(answer->status) + ".";
}

void DeliveryQueue::add(const http::Url& target, const Message& message, uint64_t job) {
  if (size() >= kDeliveriesMax) drop_oldest();
  Delivery delivery;
  delivery.id = ++last_id_;
  delivery.target = target;
  delivery.token = message.token.value_or("");
  delivery.body = to_json(message);
  delivery.job = job;
  delivery.not_before = outside_.now();
  delivery.give_up_at = delivery.not_before + retention_;
  channels_[target.origin()].waiting.push_back(std::move(delivery));
}

bool DeliveryQueue::has_job(uint64_t job) const {
  return std::any_of(channels_.begin(), channels_.end(), [job](const auto& entry) {
    const auto& waiting = entry.second.waiting;
    return std::any_of(waiting.begin(), waiting.end(),
                       [job](const Delivery& d) { return d.job == job; });
  });
}

size_t DeliveryQueue::size() const {
  size_t sum = 0;
  for (const auto& [name, channel] : channels_) sum += channel.waiting.size();
  return sum;
}

void DeliveryQueue::drop_oldest() {
  Channel* from = nullptr;
  std::deque<Delivery>::iterator oldest;
  for (auto& [name, channel] : channels_)
    for (auto at = channel.waiting.begin(); at != channel.waiting.end(); ++at)
      if (at->id != channel.under_way && (from == nullptr || at->id < oldest->id)) {
        from = &channel;
        oldest = at;
      }
  if (from == nullptr) return;
  from->waiting.erase(oldest);
  ++counters_.dropped;
}

DeliveryQueue::Ready DeliveryQueue::ready(const Channel& channel, Time now) {
  Ready found;
  std::vector<std::string_view> earlier;  // tokens whose order forbids to overtake
  for (const Delivery& delivery : channel.waiting) {
    if (std::find(earlier.begin(), earlier.end(), delivery.token) != earlier.end()) continue;
    const Time at = std::max(delivery.not_before, channel.not_before);
    if (at <= now) return {&delivery, now};
    if (!found.next || at < *found.next) found.next = at;
    earlier.emplace_back(delivery.token);
  }
  return found;
}

void DeliveryQueue::give_up_old(Channel& channel, Time now) {
  const size_t count = std::erase_if(channel.waiting, [&](const Delivery& d) {
    return d.give_up_at <= now && d.id != channel.under_way;
  });
  counters_.dropped += count;
}

void DeliveryQueue::advance() {
  const Time now = outside_.now();
  for (auto& [name, channel] : channels_) {
    give_up_old(channel, now);
    if (channel.under_way != 0) continue;
    if (const Ready found = ready(channel, now); found.delivery != nullptr)
      send(name, channel, *found.delivery);
  }
  std::erase_if(channels_, [](const auto& entry) {
    return entry.second.waiting.empty() && entry.second.under_way == 0;
  });
}

void DeliveryQueue::send(const std::string& name, Channel& channel, const Delivery& delivery) {
  channel.under_way = delivery.id;
  outside_.send("deliver to " + name, post_message(delivery.target, delivery.body),
                [this, name, alive = std::weak_ptr<char>(alive_)](
                    const flowstats::Result<http::ClientResponse>& answer) {
                  if (!alive.expired()) answered(name, answer);
                });
}

void DeliveryQueue::answered(const std::string& name,
                             const flowstats::Result<http::ClientResponse>& answer) {
  Channel& channel = channels_[name];
  const auto at = std::find_if(channel.waiting.begin(), channel.waiting.end(),
                               [&](const Delivery& d) { return d.id == channel.under_way; });
  channel.under_way = 0;
  if (at == channel.waiting.end()) return;
  const std::string failure = what_failed(at->target, answer);
  if (failure.empty()) {
    const uint64_t job = at->job;
    channel.failures = 0;
    channel.waiting.erase(at);
    ++counters_.delivered;
    if (job != 0) outside_.delivered(job);
  } else {
    ++counters_.failures;
    counters_.last_error = "delivery: " + failure;
    const Time now = outside_.now();
    if (answer) {
      channel.failures = 0;
      at->not_before = now + pause_after(++at->failures, outside_.jitter());
    } else {
      channel.not_before = now + pause_after(++channel.failures, outside_.jitter());
    }
  }
  outside_.wake();
}

std::optional<DeliveryQueue::Time> DeliveryQueue::next_due() const {
  std::optional<Time> due;
  const Time now = outside_.now();
  for (const auto& [name, channel] : channels_) {
    if (channel.under_way != 0) continue;
    const std::optional<Time> next = ready(channel, now).next;
    if (next && (!due || *next < *due)) due = next;
  }
  return due;
}

}  // namespace tapstat::control::mplane
