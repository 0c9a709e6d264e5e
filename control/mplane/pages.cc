#include "control/mplane/pages.h"

#include <string>

namespace tapstat::control::mplane {
namespace {

http::Response page(std::string body) {
  http::Response response;
  response.content_type = "text/html";
  response.body = std::move(body);
  return response;
}

std::string error_text(unsigned status, std::string_view detail) {
  switch (status) {
    case 404: return "Not found";
    case 405: return "Method not allowed";
    case 413: return "Message too large";
    case 415: return "Unsupported content type";
    case 503: return "Service unavailable";
    default: break;
  }
  return status >= 500 ? "Internal error" : "Malformed message: " + std::string(detail);
}

}  // namespace

http::Response message_response(const Message& message, unsigned status) {
  http::Response response;
  response.status = status;
  response.content_type = kContentType;
  response.body = to_json(message);
  return response;
}

http::Response error_response(unsigned status, std::string_view detail, std::string_view token) {
  http::Response response = message_response(exception(token, error_text(status, detail)), status);
  response.close = status == 413;
  if (status == 503) response.headers.emplace_back("Retry-After", "5");
  return response;
}

http::Response start_page() {
  return page(
      "<html><head><title>tapstat</title></head><body>An mPlane component: send messages to this "
      "address.<br/><a href='/v1/capability'>Capabilities</a></body></html>");
}

http::Response list_page(std::string_view path, const std::vector<std::string_view>& tokens) {
  std::string body = "<html><head><title>Capabilities</title></head><body>";
  for (const std::string_view token : tokens) {
    body.append("<a href='").append(path).append("/").append(token).append("'>");
    body.append(token).append("</a><br/>");
  }
  return page(body + "</body></html>");
}

}  // namespace tapstat::control::mplane
