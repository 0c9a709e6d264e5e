#include "control/samples/sample_site.h"

#include <string>
#include <string_view>
#include <utility>

#include "control/samples/sample_text.h"

namespace tapstat::control {
namespace {

using http::Answer;
using http::Request;
using http::Response;

constexpr size_t kBodyBytesMax = 1 << 20;  // read and thrown away before the 405
/// The same for ever: what a file holds never changes.
constexpr std::string_view kLastModified = "Thu, 01 Jan 2015 00:00:00 GMT";
constexpr std::string_view kHtml = "text/html; charset=utf-8";

Response answer_of(unsigned status, std::string_view type, std::string body) {
  Response response;
  response.status = status;
  response.content_type = type;
  response.body = std::move(body);
  response.headers.emplace_back("Cache-Control", "no-store, no-transform");
  if (status == 200) response.headers.emplace_back("Last-Modified", kLastModified);
  return response;
}

Response sentence(unsigned status, std::string_view text) {
  return answer_of(status, "text/plain", std::string(text) + "\n");
}

std::string page(std::string_view title, const std::string& content) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>" + std::string(title) +
         "</title></head>\n<body>\n<h1>" + std::string(title) + "</h1>\n" + content +
         "</body>\n</html>\n";
}

Response start_page() {
  return answer_of(200, kHtml,
                   page("tapstat samples",
                        "<p>Files to make traffic with: <a href=\"/Sample/\">/Sample/</a></p>\n"));
}

Response list_page() {
  std::string rows;
  for (const size_t bytes : kSampleBytes) {
    const std::string name = sample_name(bytes);
    rows += "<tr><td><a href=\"/Sample/" + name + "\">" + name + "</a></td><td>" +
            std::to_string(bytes) + "</td></tr>\n";
  }
  return answer_of(200, kHtml,
                   page("Sample files",
                        "<table>\n<tr><th>Name</th><th>Bytes</th></tr>\n" + rows + "</table>\n"));
}

Response to_list() {
  Response response = sentence(301, "The list is at /Sample/");
  response.headers.emplace_back("Location", "/Sample/");
  return response;
}

Response file_of(const Request& request, std::string_view name, SampleCounters& counters) {
  for (const size_t bytes : kSampleBytes) {
    if (name != sample_name(bytes)) continue;
    Response response = answer_of(200, "text/plain", sample_text(bytes));
    if (request.method == "GET")
      response.written = [&counters, bytes](bool whole) {
        if (!whole) return;
        counters.files += 1;
        counters.bytes += bytes;
      };
    return response;
  }
  return sentence(404, "No such file. The list is at /Sample/");
}

}  // namespace

http::RouteFamily sample_site(SampleCounters& counters) {
  http::RouteFamily site;
  site.body_bytes_max = kBodyBytesMax;
  site.needs_length = false;
  site.error = sentence;
  const auto add = [&site](std::string_view path, const auto& respond) {
    for (const std::string_view method : {"GET", "HEAD"})
      site.routes.push_back({method,
                             path,
                             http::Needs::nobody,
                             [respond](const Request& request, std::string_view name,
                                       const Answer& answer) { answer(respond(request, name)); },
                             {}});
  };
  add("/", [](const Request&, std::string_view) { return start_page(); });
  add("/Sample", [](const Request&, std::string_view) { return to_list(); });
  add("/Sample/", [](const Request&, std::string_view) { return list_page(); });
  add("/Sample/{name}", [&counters](const Request& request, std::string_view name) {
    return file_of(request, name, counters);
  });
  return site;
}

}  // namespace tapstat::control
