#include "control/commands/mplane_client.h"

#include <algorithm>
#include <utility>

#include "control/mplane/token.h"
#include "control/mplane/when.h"

namespace tapstat::control {
namespace {

using flowstats::ExitStatus;
using flowstats::Result;
using mplane::Generation;
using mplane::Message;

/// "v" of "v"; empty for "*", "a ... b" and "v1,v2".
std::optional<std::string> only_value(const std::string& constraint) {
  if (constraint == "*" || constraint.find(',') != std::string::npos ||
      constraint.find(" ... ") != std::string::npos)
    return std::nullopt;
  return constraint;
}

auto no_mplane(const http::Url& url, const std::string& what) {
  return flowstats::fail(ExitStatus::environment, url.origin() + url.path + " " + what +
                                                      " Is this the address of an mPlane "
                                                      "component?");
}

}  // namespace

std::vector<std::string> links_of(std::string_view html) {
  std::vector<std::string> paths;
  while (paths.size() < kLinksMax) {
    const size_t at = html.find("href=");
    if (at == std::string_view::npos || at + 6 > html.size()) break;
    const char quote = html[at + 5];
    html.remove_prefix(at + 6);
    if (quote != '\'' && quote != '"') continue;
    const std::string_view target = html.substr(0, html.find(quote));
    if (target.starts_with('/') && !target.starts_with("//")) paths.emplace_back(target);
  }
  return paths;
}

Result<Message> specification_of(const Message& capability, const std::string& when) {
  if (!mplane::parse_when(when))
    return flowstats::fail(ExitStatus::usage,
                           "--when \"" + when +
                               "\": no scope. Examples: \"now + 5m\", \"now ... future\", "
                               "\"2030-01-31 12:00 + 1h\" (UTC).");
  Message specification = capability;
  specification.kind = mplane::Kind::specification;
  specification.when = when;
  specification.link.reset();
  specification.token.reset();
  for (auto& [name, value] : specification.parameters) {
    const std::optional<std::string> only = only_value(value);
    if (!only)
      return flowstats::fail(ExitStatus::usage, "the parameter " + name + " may be \"" + value +
                                                    "\"; only parameters with one possible value "
                                                    "can be filled in.");
    value = *only;
  }
  specification.token = mplane::computed_token(specification);
  return specification;
}

Message question(mplane::Kind kind, Generation generation, const std::string& token) {
  Message message;
  message.kind = kind;
  message.verb = "measure";
  message.version = generation == Generation::sdk ? mplane::kVersionSdk : mplane::kVersion2014;
  message.token = token;
  return message;
}

Result<http::ClientResponse> MplaneClient::get(const std::string& path) const {
  http::ClientRequest request;
  request.url = base_;
  request.url.path = path;
  Result<http::ClientResponse> answer = send_(request);
  if (answer && answer->status != 200)
    return no_mplane(request.url, "answered " + std::to_string(answer->status) + ".");
  return answer;
}

Result<std::vector<Message>> MplaneClient::capabilities(Generation generation) const {
  const std::string list = generation == Generation::sdk ? "/v1/capability" : "/capability";
  const Result<http::ClientResponse> page = get(list);
  if (!page) return tl::make_unexpected(page.error());
  std::vector<Message> found;
  for (const std::string& path : links_of(page->body)) {
    const Result<http::ClientResponse> one = get(path);
    if (!one) return tl::make_unexpected(one.error());
    auto message = mplane::parse_message(one->body);
    if (!message || message->kind != mplane::Kind::capability || !message->label || !message->token)
      return no_mplane(base_, "has a link to " + path + ", which is no capability.");
    found.push_back(*std::move(message));
  }
  return found;
}

Result<ComponentAnswer> MplaneClient::post(const Message& message) const {
  http::ClientRequest request;
  request.method = "POST";
  request.url = base_;
  request.url.path = "/";
  request.content_type = mplane::kContentType;
  request.body = to_json(message);
  const Result<http::ClientResponse> answer = send_(request);
  if (!answer) return tl::make_unexpected(answer.error());
  auto reply = mplane::parse_message(answer->body);
  if (!reply)
    return no_mplane(request.url, "answered " + std::to_string(answer->status) +
                                      " and something that is no message.");
  return ComponentAnswer{*std::move(reply), answer->header("Tapstat-Epochs"),
                         answer->header("Tapstat-Rows")};
}

}  // namespace tapstat::control
