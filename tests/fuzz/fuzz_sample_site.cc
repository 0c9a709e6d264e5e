/// Any bytes as one request to the site of `tapstat samples`: request reader, router, answer.
///
/// Checked: one answer to each whole request; a file has the size that its name says and the blocks
/// that its offset says; whatever was asked, the answer is one of five statuses and tells caches to
/// keep out.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "control/http/request_reader.h"
#include "control/http/response_text.h"
#include "control/samples/sample_site.h"
#include "control/samples/sample_text.h"

namespace {

using namespace tapstat::control;

constexpr std::string_view kFolder = "/Sample/";
constexpr std::array kStatuses = {200U, 301U, 404U, 405U};

void require(bool condition) {
  if (!condition) std::abort();
}

std::string header(const http::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers)
    if (key == name) return value;
  return {};
}

/// The block that lies at each place, found from the place alone.
void check_blocks(std::string_view body) {
  const std::string_view first = body.substr(0, kSampleBlockBytes);
  for (size_t at = 0; at < body.size(); at += kSampleBlockBytes) {
    const std::string_view block = body.substr(at, kSampleBlockBytes);
    require(block.size() == kSampleBlockBytes && block[0] == '\n');
    require(std::strtoul(std::string(block.substr(1, 6)).c_str(), nullptr, 10) ==
            at / kSampleBlockBytes);
    require(block.substr(7) == first.substr(7));
  }
}

void check(const http::Request& request, const http::Response& response) {
  require(std::find(kStatuses.begin(), kStatuses.end(), response.status) != kStatuses.end());
  require(header(response, "Cache-Control") == "no-store, no-transform");
  require(!response.body.empty() && response.body.size() <= kSampleBytes.back());
  require((response.status == 405) == !header(response, "Allow").empty());
  require((response.status == 301) == (header(response, "Location") == kFolder));
  const bool reads = request.method == "GET" || request.method == "HEAD";
  require(reads || response.status == 404 || response.status == 405);
  if (response.status != 200 || response.content_type != "text/plain") return;
  require(request.path == std::string(kFolder) + sample_name(response.body.size()));
  require(!header(response, "Last-Modified").empty());
  check_blocks(response.body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  SampleCounters counters;
  http::Router router;
  router.add(sample_site(counters));
  http::RequestReader reader({8 << 10, 100}, router);
  reader.append({reinterpret_cast<const char*>(data), size});
  for (int i = 0; i < 8; ++i) {  // requests behind one another
    const auto state = reader.next();
    if (state == http::RequestReader::State::refused) require(reader.refusal().status >= 400);
    if (state != http::RequestReader::State::complete) return 0;
    const http::Request request = reader.take();
    unsigned answers = 0;
    router.handle(request, [&](http::Response response) {
      ++answers;
      check(request, response);
      const http::AnswerForm form{request.method == "HEAD", false, false};
      const std::string text = http::response_text(response, form);
      require(text.find("Transfer-Encoding") == text.npos && text.starts_with("HTTP/1.1 "));
    });
    require(answers == 1 && counters.files == 0);
  }
  return 0;
}
