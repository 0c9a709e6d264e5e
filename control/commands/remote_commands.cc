#include "control/commands/remote_commands.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "control/commands/remote_text.h"
#include "control/json_text.h"
#include "control/json_view.h"
#include "control/local_socket.h"

namespace tapstat::control {
namespace {

using flowstats::ExitStatus;
using flowstats::Result;
using What = RemoteArguments::What;

constexpr std::chrono::seconds kWatchPause{1};
constexpr std::string_view kClearScreen = "\x1b[H\x1b[2J";

std::string rotated_text(const JsonDocument& answer) {
  const std::string directory = answer["directory"].text();
  return directory.empty() ? "A new output directory begins with the next row.\n"
                           : "Rows go to " + directory + "\n";
}

std::string reloaded_text(const JsonDocument& answer) {
  std::string text = answer["changed"].is_true() ? "runtime.conf is in force"
                                                 : "runtime.conf says what was in force already";
  if (const auto epoch = answer["epoch"].whole()) text += " (epoch " + std::to_string(*epoch) + ")";
  text += ".\n";
  for (const JsonView& note : answer["notes"].items()) text += note.text() + "\n";
  return text;
}

std::string stopped_text(const JsonDocument&) {
  return "It ends now: open flows are closed and written first.\n";
}

struct Order {
  What what;
  const char *method, *path;
  std::string (*text)(const JsonDocument&);
};
constexpr std::array kOrders = {
    Order{What::status, "GET", "/api/v1/status", status_text},
    Order{What::groups, "GET", "/api/v1/groups", groups_text},
    Order{What::rotate, "POST", "/api/v1/rotate", rotated_text},
    Order{What::reload, "POST", "/api/v1/reload", reloaded_text},
    Order{What::stop, "POST", "/api/v1/stop", stopped_text},
};

const Order& order_of(What what) {
  for (const Order& order : kOrders)
    if (order.what == what) return order;
  return kOrders.front();
}

std::string words_json(const std::vector<RemoteArguments::GroupWord>& words) {
  JsonText json;
  json.object();
  for (const auto& [name, on] : words) {
    json.key(name);
    if (on)
      json.boolean(*on);
    else
      json.null();
  }
  json.end_object();
  return json.str();
}

/// Documents are printed with a line end of their own.
std::string without_line_end(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

/// 4xx but access: the user can ask differently.
ExitStatus status_of(unsigned http_status) {
  const bool asked_wrongly =
      http_status >= 400 && http_status < 500 && http_status != 401 && http_status != 403;
  return asked_wrongly ? ExitStatus::usage : ExitStatus::environment;
}

/// Prints the status again and again until nobody answers or the user interrupts.
int watch(const RemoteArguments& arguments, const std::filesystem::path& socket,
          const SendHttp& send, Messages& messages) {
  const bool terminal = isatty(STDOUT_FILENO) == 1 && !arguments.json;
  for (bool first = true;; first = false) {
    const Result<std::string> text = ask_probe(arguments, socket, send);
    if (!text && !first && text.error().status == ExitStatus::environment) {
      messages.note("tapstat does not answer any more.");
      return static_cast<int>(ExitStatus::done);
    }
    if (!text) {
      messages.error(text.error().sentence);
      return static_cast<int>(text.error().status);
    }
    messages.document((terminal ? std::string(kClearScreen) : "") + without_line_end(*text));
    std::this_thread::sleep_for(kWatchPause);
  }
}

}  // namespace

Result<std::string> ask_probe(const RemoteArguments& arguments, const std::filesystem::path& socket,
                              const SendHttp& send) {
  const Order& order = order_of(arguments.what);
  http::ClientRequest request;
  request.method = order.method;
  request.url.scheme = "unix";
  request.url.socket = socket.string();
  request.url.path = order.path;
  if (!arguments.groups.empty()) {
    request.method = "PATCH";
    request.content_type = "application/json";
    request.body = words_json(arguments.groups);
  }
  const Result<http::ClientResponse> answer = send(request);
  if (!answer) return tl::make_unexpected(answer.error());
  const std::optional<JsonDocument> document =
      JsonDocument::parse(answer->body.empty() ? "{}" : answer->body);
  if (answer->status >= 300) {
    const std::string text = document ? problem_text(*document) : "";
    return flowstats::fail(status_of(answer->status), text.empty()
                                                          ? socket.string() + " answered " +
                                                                std::to_string(answer->status) + "."
                                                          : text);
  }
  if (!document)
    return flowstats::fail(ExitStatus::environment,
                           socket.string() + " answered something that is no JSON object.");
  if (arguments.json) return (answer->body.empty() ? "{}" : answer->body) + "\n";
  const bool late = order.what == What::groups && answer->status == 202;
  return (late ? "Accepted, not in force yet; ask again with: tapstat groups\n" : "") +
         (late && !(*document)["groups"].present() ? "" : order.text(*document));
}

int remote(const RemoteArguments& arguments, Messages& messages) {
  const Result<std::filesystem::path> socket = arguments.socket ? *arguments.socket : find_socket();
  http::HttpClient client;
  const SendHttp send = [&client](const http::ClientRequest& r) { return client.send(r); };
  if (socket && arguments.watch) return watch(arguments, *socket, send, messages);
  const Result<std::string> text = socket
                                       ? ask_probe(arguments, *socket, send)
                                       : Result<std::string>(tl::make_unexpected(socket.error()));
  if (!text) {
    messages.error(text.error().sentence);
    return static_cast<int>(text.error().status);
  }
  messages.document(without_line_end(*text));
  return static_cast<int>(ExitStatus::done);
}

}  // namespace tapstat::control
