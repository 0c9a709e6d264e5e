/// The two layouts of log_http_complete: rows of requests and rows of responses, in one file.
///
/// The row is made by the writer from an HttpRecord; its texts are views that live as long as the
/// record. Both layouts have the same number of columns.
#pragma once

#include <string_view>

#include "flowstats/base/units.h"
#include "flowstats/columns/column.h"
#include "flowstats/columns/ends.h"
#include "flowstats/record.h"

namespace tapstat::flowstats {

/// What one segment gives to the log, cut to what the configuration lets through; an empty text
/// prints as "-".
struct HttpRow {
  Ends ends;
  Timestamp time;
  std::string_view kind;  // method or REQ2; HTTP or RES2
  // Of a request.
  std::string_view host, fqdn, path, referer, user_agent, cookie, dnt;
  // Of a response.
  std::string_view status, content_length, content_type, server, content_range, location,
      set_cookie;
};

// Three lines for each column.
// clang-format off
inline constexpr ColumnSpec<HttpRow> kHttpTime[] = {
    {"time_abs", "", Unit::epoch_seconds, {},
     "time of the segment",
     [](const HttpRow& r, Side) { return Value{static_cast<double>(r.time.us) / 1e6}; }},
};

inline constexpr ColumnSpec<HttpRow> kHttpRequest[] = {
    {"method", "", Unit::text, {},
     "method; REQ2 for the segment behind a request",
     [](const HttpRow& r, Side) { return Value{Phrase{r.kind}}; }},
    {"hostname", "", Unit::text, {0, 460, kVariableLength},
     "host that the client asked for",
     [](const HttpRow& r, Side) { return Value{Phrase{r.host}}; }},
    {"fqdn", "", Unit::text, {},
     "name by which the client had looked up the server",
     [](const HttpRow& r, Side) { return Value{Phrase{r.fqdn}}; }},
    {"path", "", Unit::text, {0, 461, kVariableLength},
     "requested path, as far as httplog_full_url lets it through",
     [](const HttpRow& r, Side) { return Value{Phrase{r.path}}; }},
    {"referer", "", Unit::text, {},
     "page that led to the request, as far as httplog_full_url lets it through",
     [](const HttpRow& r, Side) { return Value{Phrase{r.referer}}; }},
    {"user_agent", "", Unit::text, {0, 468, kVariableLength},
     "program of the client",
     [](const HttpRow& r, Side) { return Value{Phrase{r.user_agent}}; }},
    {"cookie", "", Unit::text, {},
     "cookies of the request; with httplog_full_url 2 only",
     [](const HttpRow& r, Side) { return Value{Phrase{r.cookie}}; }},
    {"dnt", "", Unit::text, {},
     "wish not to be tracked",
     [](const HttpRow& r, Side) { return Value{Phrase{r.dnt}}; }},
};

inline constexpr ColumnSpec<HttpRow> kHttpResponse[] = {
    {"HTTP", "", Unit::text, {},
     "HTTP; RES2 for the segment behind a response",
     [](const HttpRow& r, Side) { return Value{Phrase{r.kind}}; }},
    {"response", "", Unit::text, {},
     "status code",
     [](const HttpRow& r, Side) { return Value{Phrase{r.status}}; }},
    {"content_len", "", Unit::text, {},
     "length of the content as the server announced it",
     [](const HttpRow& r, Side) { return Value{Phrase{r.content_length}}; }},
    {"content_type", "", Unit::text, {0, 469, kVariableLength},
     "media type of the content",
     [](const HttpRow& r, Side) { return Value{Phrase{r.content_type}}; }},
    {"server", "", Unit::text, {},
     "program of the server",
     [](const HttpRow& r, Side) { return Value{Phrase{r.server}}; }},
    {"range", "", Unit::text, {},
     "part of the content that is sent",
     [](const HttpRow& r, Side) { return Value{Phrase{r.content_range}}; }},
    {"location", "", Unit::text, {},
     "where the server sends the client, as far as httplog_full_url lets it through",
     [](const HttpRow& r, Side) { return Value{Phrase{r.location}}; }},
    {"set_cookie", "", Unit::text, {},
     "cookie that the server sets; with httplog_full_url 2 only",
     [](const HttpRow& r, Side) { return Value{Phrase{r.set_cookie}}; }},
};
// clang-format on

inline constexpr Block<HttpRow> kHttpRequestLayout[] = {
    {Group::core, Sides::client, kEndsAddress<HttpRow>},
    {Group::core, Sides::server, kEndsAddress<HttpRow>},
    {Group::core, Sides::flow, kHttpTime},
    {Group::core, Sides::flow, kHttpRequest},
};
inline constexpr Block<HttpRow> kHttpResponseLayout[] = {
    {Group::core, Sides::client, kEndsAddress<HttpRow>},
    {Group::core, Sides::server, kEndsAddress<HttpRow>},
    {Group::core, Sides::flow, kHttpTime},
    {Group::core, Sides::flow, kHttpResponse},
};

inline constexpr auto kHttpRequestColumns = expand<HttpRow, kHttpRequestLayout>();
inline constexpr auto kHttpResponseColumns = expand<HttpRow, kHttpResponseLayout>();
static_assert(kHttpRequestColumns.size() == 13 && kHttpResponseColumns.size() == 13);
static_assert(names_are_unique_per_group(kHttpRequestColumns));
static_assert(names_are_unique_per_group(kHttpResponseColumns));

}  // namespace tapstat::flowstats
