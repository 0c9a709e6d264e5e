#include "control/http/response_text.h"

#include <boost/beast/http/status.hpp>

namespace tapstat::control::http {
namespace {

void append_header(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(": ");
  for (const char c : value) text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  text += "\r\n";
}

std::string_view reason_phrase(unsigned status) {
  const auto reason =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  return {reason.data(), reason.size()};
}

}  // namespace

std::string response_text(const Response& response, const AnswerForm& form) {
  const bool bodiless = response.status == 204 || response.status == 304;
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " ";
  text.append(reason_phrase(response.status)).append("\r\nServer: tapstat\r\n");
  if (!response.content_type.empty()) append_header(text, "Content-Type", response.content_type);
  if (!bodiless) append_header(text, "Content-Length", std::to_string(response.body.size()));
  if (form.close)
    append_header(text, "Connection", "close");
  else if (form.http_1_0)
    append_header(text, "Connection", "keep-alive");
  for (const auto& [name, value] : response.headers) append_header(text, name, value);
  text += "\r\n";
  if (!bodiless && !form.head_only) text += response.body;
  return text;
}

}  // namespace tapstat::control::http
