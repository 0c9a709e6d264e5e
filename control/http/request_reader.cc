#include "control/http/request_reader.h"

#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "control/http/body_reader.h"
#include "control/http/router.h"
#include "control/text.h"

namespace tapstat::control::http {
namespace {

namespace beast = boost::beast;
namespace asio = boost::asio;
using Parser = beast::http::request_parser<beast::http::empty_body>;
using Field = beast::http::field;
using Code = beast::error_code;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

struct Target {
  std::string path, query, authority;
};

/// Origin form and absolute form (RFC 9112 section 3.2); the path of others is the whole.
Target read_target(std::string_view text) {
  Target target;
  const std::string head = lower_case(text.substr(0, 8));
  if (head.starts_with("http://") || head == "https://") {
    text.remove_prefix(text.find("//") + 2);
    const size_t end = text.find_first_of("/?");
    target.authority = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end);
  }
  const size_t mark = text.find('?');
  target.path = text.substr(0, mark);
  if (target.path.empty()) target.path = "/";
  if (mark != std::string_view::npos) target.query = text.substr(mark + 1);
  return target;
}

std::string bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (lower_case(authorization.substr(0, kScheme.size())) != kScheme) return {};
  return std::string(trim(authorization.substr(kScheme.size())));
}

bool announces_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

class RequestReader::Impl {
 public:
  Impl(const HeadLimits& limits, const Router& router) : limits_(limits), router_(router) {
    restart();
  }

  State next() {
    if (state_ == State::idle) skip_empty_lines();
    if (state_ == State::idle && !buffer.empty() && buffer != "\r") state_ = State::head;
    if (state_ == State::head) read_head();
    if (state_ == State::body) read_body();
    return state_;
  }

  Request take() {
    Request request = std::move(request_);
    request.body = std::move(body_.body);
    restart();
    return request;
  }

  bool wants_continue() { return state_ == State::body && std::exchange(expects_continue_, false); }

  [[nodiscard]] std::string path() const { return request_.path.empty() ? "/" : request_.path; }

  std::string buffer;
  Refusal refusal;
  bool keep_alive = false, http_1_0 = false;

 private:
  void restart() {
    parser_.emplace();
    // The bounds are ours: Beast counts what one call gets, and knows no bound for each path.
    parser_->header_limit(std::numeric_limits<uint32_t>::max());
    parser_->body_limit(std::numeric_limits<uint64_t>::max());
    request_ = {};
    head_bytes_ = 0;
    expects_continue_ = false;
    state_ = State::idle;
  }

  /// RFC 9112 section 2.2: empty lines before a request are no request.
  void skip_empty_lines() {
    size_t at = 0;
    while (buffer.compare(at, 2, "\r\n") == 0) at += 2;
    buffer.erase(0, at);
  }

  void refuse(unsigned status, std::string sentence) {
    if (request_.path.empty() && head_bytes_ > 0)
      request_.path = read_target(view(parser_->get().target())).path;
    refusal = {status, path(), std::move(sentence)};
    state_ = State::refused;
  }

  void malformed(const Code& error) { refuse(400, "Malformed request: " + error.message()); }

  void read_head() {
    Code error;
    const size_t used = parser_->put(asio::buffer(buffer.data(), buffer.size()), error);
    head_bytes_ += used;
    const bool more = error == beast::http::error::need_more;
    if (head_bytes_ + (more ? buffer.size() - used : 0) > limits_.head_bytes) {
      if (head_bytes_ == 0 && buffer.find("\r\n") > kTargetBytesMax)
        return refuse(414, "Request target too long");
      return refuse(431, "Request head too large");
    }
    buffer.erase(0, used);
    if (more) return;
    if (error) return malformed(error);
    if (parser_->is_header_done()) check_head();
  }

  void check_head() {
    const auto& head = parser_->get();
    if (head.target().size() > kTargetBytesMax) return refuse(414, "Request target too long");
    if (std::distance(head.begin(), head.end()) > limits_.header_lines)
      return refuse(431, "Too many header lines");
    fill_request();
    if (const char* reason = wrong_framing())
      return refuse(400, std::string("Malformed request: ") + reason);
    const size_t body_max = router_.body_bytes_max(request_.path);
    const auto length = parser_->content_length();
    if (length && *length > body_max) return refuse(413, "Message too large");
    if (!length && !parser_->chunked() && announces_body(request_.method) &&
        router_.needs_length(request_.path))
      return refuse(411, "Length required");
    body_ = parser_->chunked() ? BodyReader::chunked(body_max)
                               : BodyReader::of_length(length.value_or(0));
    if (!buffer.empty()) expects_continue_ = false;
    state_ = State::body;
  }

  void fill_request() {
    const auto& head = parser_->get();
    Target target = read_target(view(head.target()));
    request_.method = view(head.method_string());
    request_.path = std::move(target.path);
    request_.query = std::move(target.query);
    request_.host = target.authority.empty() ? std::string(view(head[Field::host]))
                                             : std::move(target.authority);
    request_.content_type = view(head[Field::content_type]);
    request_.bearer = bearer_token(view(head[Field::authorization]));
    keep_alive = parser_->keep_alive();
    http_1_0 = head.version() < 11;
    expects_continue_ = !http_1_0 && lower_case(view(head[Field::expect])) == "100-continue";
  }

  /// Whatever two readers could cut at different places is refused (RFC 9112 section 6.3).
  [[nodiscard]] const char* wrong_framing() const {
    const auto& head = parser_->get();
    const size_t hosts = head.count(Field::host);
    if (hosts > 1 || (hosts == 0 && !http_1_0)) return "not one Host header";
    if (head.count(Field::transfer_encoding) == 0) return nullptr;
    if (http_1_0) return "Transfer-Encoding in HTTP/1.0";
    if (lower_case(trim(view(head[Field::transfer_encoding]))) != "chunked")
      return "unknown Transfer-Encoding";
    return nullptr;
  }

  void read_body() {
    switch (body_.read(buffer)) {
      case BodyReader::Progress::more: return;
      case BodyReader::Progress::done: state_ = State::complete; return;
      case BodyReader::Progress::malformed: return refuse(400, "Malformed request: bad chunk");
      case BodyReader::Progress::too_large: return refuse(413, "Message too large");
    }
  }

  const HeadLimits limits_;
  const Router& router_;
  std::optional<Parser> parser_;
  Request request_;
  BodyReader body_ = BodyReader::of_length(0);
  size_t head_bytes_ = 0;
  State state_ = State::idle;
  bool expects_continue_ = false;
};

RequestReader::RequestReader(const HeadLimits& limits, const Router& router)
    : impl_(std::make_unique<Impl>(limits, router)) {}

RequestReader::~RequestReader() = default;

void RequestReader::append(std::string_view bytes) { impl_->buffer.append(bytes); }
RequestReader::State RequestReader::next() { return impl_->next(); }
Request RequestReader::take() { return impl_->take(); }
std::string RequestReader::path() const { return impl_->path(); }
bool RequestReader::keep_alive() const { return impl_->keep_alive; }
bool RequestReader::is_http_1_0() const { return impl_->http_1_0; }
bool RequestReader::wants_continue() { return impl_->wants_continue(); }
const RequestReader::Refusal& RequestReader::refusal() const { return impl_->refusal; }
size_t RequestReader::buffered_bytes() const { return impl_->buffer.size(); }

}  // namespace tapstat::control::http
