/// A component behind a function instead of a socket: two capabilities of each generation, and
/// answers that the test chooses.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "control/commands/remote_commands.h"
#include "control/mplane/message.h"

namespace tapstat::tests {

class FakeComponent {
 public:
  using Message = control::mplane::Message;

  /// What POST answers; by default the receipt of a specification, an exception to the rest.
  std::function<Message(const Message&)> answer = [](const Message& asked) {
    if (asked.kind == control::mplane::Kind::specification)
      return receipt(asked, control::mplane::Kind::receipt);
    return control::mplane::exception(*asked.token, "Unknown job");
  };
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<Message> posted;
  std::vector<std::string> origins;  // of every request
  bool down = false;

  static Message receipt(Message message, control::mplane::Kind kind) {
    message.kind = kind;
    return message;
  }

  static Message capability(bool sdk, const std::string& name) {
    Message message;
    message.kind = control::mplane::Kind::capability;
    message.verb = "measure";
    message.version = sdk ? 1 : 0;
    message.label = "tstat-log_tcp_complete-" + name;
    message.token = name + (sdk ? "-sdk" : "-2014");
    message.when = sdk ? "now ... future" : "now + 0s";
    message.results = {"rtt.samples", "ttl.min"};
    if (sdk) {
      message.registry = "https://registry.example/r.json";
      message.link = "https://probe.example:8888/";
      message.parameters = {{"System_ID", "01"}};
    }
    return message;
  }

  control::SendHttp send() {
    return [this](const control::http::ClientRequest& request)
               -> flowstats::Result<control::http::ClientResponse> {
      origins.push_back(request.url.origin());
      if (down)
        return flowstats::fail(flowstats::ExitStatus::environment,
                               request.url.origin() + " does not answer.");
      return request.method == "GET" ? get(request.url.path) : post(request.body);
    };
  }

 private:
  static control::http::ClientResponse response(unsigned status, std::string body) {
    control::http::ClientResponse made;
    made.status = status;
    made.body = std::move(body);
    return made;
  }

  static control::http::ClientResponse get(const std::string& path) {
    for (const bool sdk : {false, true}) {
      const std::string list = sdk ? "/v1/capability" : "/capability";
      std::string page = "<html><body>\n";
      for (const char* name : {"core", "end_to_end"}) {
        const Message message = capability(sdk, name);
        const std::string href = list + "/" + *message.token;
        if (path == href) return response(200, to_json(message));
        page += "<a href='" + href + "'>" + *message.token + "</a><br/>\n";
      }
      if (path == list) return response(200, page);
    }
    return response(404, to_json(control::mplane::exception("0", "Not found")));
  }

  control::http::ClientResponse post(const std::string& body) {
    const auto message = control::mplane::parse_message(body);
    if (!message) return response(400, "no message");
    posted.push_back(*message);
    control::http::ClientResponse made = response(200, to_json(answer(*message)));
    made.headers = headers;
    return made;
  }
};

}  // namespace tapstat::tests
