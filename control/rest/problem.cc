#include "control/rest/problem.h"

#include <array>
#include <utility>

#include "control/json_text.h"

namespace tapstat::control::rest {
namespace {

constexpr std::array<std::pair<unsigned, std::string_view>, 19> kTitles = {{
    {200, "OK"},
    {202, "Accepted"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
}};

}  // namespace

std::string_view status_title(unsigned status) {
  for (const auto& [number, title] : kTitles)
    if (number == status) return title;
  return "Error";
}

http::Response problem_response(const Problem& problem) {
  JsonText json;
  json.object();
  json.key("type").text("about:blank");  // the status says it all (RFC 9457 section 4.2.1)
  json.key("title").text(status_title(problem.status));
  json.key("status").number(uint64_t{problem.status});
  json.key("detail").text(as_utf8(problem.detail));
  json.key("hint").text(as_utf8(problem.hint));
  if (!problem.errors.empty()) {
    json.key("errors").array();
    for (const std::string& error : problem.errors) json.text(as_utf8(error));
    json.end_array();
  }
  json.end_object();
  http::Response response = json_response(problem.status, json.str());
  response.content_type = kProblemJson;
  return response;
}

http::Response json_response(unsigned status, std::string body) {
  http::Response response;
  response.status = status;
  response.content_type = kJson;
  response.body = std::move(body);
  if (response.body.empty() || response.body.back() != '\n') response.body += '\n';
  return response;
}

}  // namespace tapstat::control::rest
