#include "control/rest/openapi.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "control/build_info.h"
#include "control/json_text.h"
#include "control/rest/problem.h"
#include "control/rest/schemas.h"
#include "control/text.h"

namespace tapstat::control::rest {
namespace {

using http::Needs;
using http::Route;

/// "PATCH", "/api/v1/groups" -> "patch_api_v1_groups".
std::string operation_id(const Route& route) {
  std::string id = lower_case(route.method) + std::string(route.path);
  std::ranges::replace_if(
      id, [](char c) { return (c < 'a' || c > 'z') && (c < '0' || c > '9'); }, '_');
  return id;
}

void content(JsonText& json, const std::vector<std::string_view>& types, std::string_view schema) {
  json.key("content").object();
  for (const std::string_view type : types) {
    json.key(type).object();
    json.key("schema").raw(schema);
    json.end_object();
  }
  json.end_object();
}

/// Any of these is enough; the empty one is a reader on loopback or on the local socket.
void security(JsonText& json, Needs needs) {
  json.key("security").array();
  if (needs != Needs::nobody) {
    for (const std::string_view scheme : {"bearer", "certificate"}) {
      json.object();
      json.key(scheme).array();
      json.end_array();
      json.end_object();
    }
    if (needs == Needs::reader) {
      json.object();
      json.end_object();
    }
  }
  json.end_array();
}

std::set<unsigned> statuses_of(const Route& route) {
  std::set<unsigned> statuses(route.doc.statuses.begin(), route.doc.statuses.end());
  statuses.insert({400, 421});
  if (route.needs != Needs::nobody) statuses.insert({401, 403, 429});
  return statuses;
}

void responses(JsonText& json, const Route& route) {
  json.key("responses").object();
  for (const unsigned status : statuses_of(route)) {
    json.key(std::to_string(status)).object();
    json.key("description").text(status_title(status));
    // 503 of /readyz is an answer as good as 200.
    const bool answer = status < 300 || status == 503;
    if (!answer)
      content(json, {kProblemJson}, R"({"$ref":"#/components/schemas/Problem"})");
    else if (!route.doc.response_schema.empty())
      content(json, {route.doc.response_type}, route.doc.response_schema);
    json.end_object();
  }
  json.end_object();
}

void operation(JsonText& json, const Route& route) {
  json.key(lower_case(route.method)).object();
  json.key("operationId").text(operation_id(route));
  json.key("summary").text(route.doc.summary);
  if (!route.doc.request_schema.empty()) {
    json.key("requestBody").object();
    json.key("required").boolean(true);
    content(json, {kJson, kMergePatchJson}, route.doc.request_schema);
    json.end_object();
  }
  responses(json, route);
  security(json, route.needs);
  json.end_object();
}

void components(JsonText& json) {
  json.key("components").object();
  json.key("schemas").object();
  json.key("Problem").raw(schema::kProblem);
  json.end_object();
  json.key("securitySchemes").object();
  json.key("bearer").raw(
      R"({"type":"http","scheme":"bearer","description":"the token of [control] token_file"})");
  json.key("certificate")
      .raw(R"({"type":"mutualTLS","description":"an identity with the role reader or operator"})");
  json.end_object();
  json.end_object();
}

}  // namespace

std::string openapi_json(std::span<const Route> routes) {
  std::map<std::string_view, std::vector<const Route*>> by_path;
  for (const Route& route : routes) by_path[route.path].push_back(&route);
  JsonText json;
  json.object();
  json.key("openapi").text("3.1.0");
  json.key("info").object();
  json.key("title").text("tapstat");
  json.key("summary").text("Control and state of the flow probe");
  json.key("version").text(version());
  json.key("license").raw(R"({"name":"Apache-2.0","identifier":"Apache-2.0"})");
  json.end_object();
  json.key("servers").raw(R"([{"url":"/"}])");
  json.key("paths").object();
  for (const auto& [path, at_path] : by_path) {
    json.key(path).object();
    for (const Route* route : at_path) operation(json, *route);
    json.end_object();
  }
  json.end_object();
  components(json);
  json.end_object();
  return json.str();
}

}  // namespace tapstat::control::rest
