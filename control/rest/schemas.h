/// The forms of REST's documents as JSON Schema: embedded in /openapi.json, and what the tests hold
/// the real documents against.
#pragma once

#include <string_view>

namespace tapstat::control::rest {

/// Changes of a document by an object of members, null for taking away (RFC 7396).
inline constexpr std::string_view kMergePatchJson = "application/merge-patch+json";

namespace schema {

inline constexpr std::string_view kProblem = R"({"type":"object",
"required":["type","title","status","detail","hint"],"properties":{
"type":{"type":"string"},"title":{"type":"string"},"status":{"type":"integer"},
"detail":{"type":"string"},"hint":{"type":"string"},
"errors":{"type":"array","items":{"type":"string"}}}})";

inline constexpr std::string_view kHealth = R"({"type":"object","required":["status"],
"properties":{"status":{"type":"string","enum":["ok"]}},"additionalProperties":false})";

inline constexpr std::string_view kReadiness = R"({"type":"object","required":["ready","reasons"],
"properties":{"ready":{"type":"boolean"},"reasons":{"type":"array","items":{"type":"string"}}},
"additionalProperties":false})";

inline constexpr std::string_view kStatus = R"({"type":"object",
"required":["state","version","command","mode","schema","source","uptime_s","clock","packets",
"losses","flows","rows","rates","epoch","written_epoch","directory","output","ports","workers",
"jobs","reasons"],
"properties":{"state":{"type":"string","enum":["running","ending"]},
"version":{"type":"string"},"command":{"type":"string"},"mode":{"type":"string"},
"schema":{"type":"string"},"source":{"type":"string"},"uptime_s":{"type":"number"},
"clock":{"type":["string","null"]},
"packets":{"type":"object","required":["received","analysed","lost"],
"additionalProperties":{"type":"integer"}},
"losses":{"type":"array","items":{"type":"object","required":["counter","unit","count"],
"properties":{"counter":{"type":"string"},"unit":{"type":"string"},"count":{"type":"integer"}},
"additionalProperties":false}},
"flows":{"type":"object","required":["open","created","capacity"],
"additionalProperties":{"type":"integer"}},
"rows":{"type":"object","required":["written","lost"],
"additionalProperties":{"type":"integer"}},
"rates":{"type":"object","required":["packets_per_s","bits_per_s","flows_per_s","rows_per_s"],
"additionalProperties":{"type":"number"}},
"epoch":{"type":"integer"},"written_epoch":{"type":"integer"},"directory":{"type":"string"},
"output":{"type":"object","required":["size_bytes","free_bytes","nearly_full","spool_bytes",
"rows_spooled"],"properties":{"nearly_full":{"type":"boolean"}},
"additionalProperties":{"type":"integer"}},
"ports":{"type":"array","items":{"type":"object","required":["name","device","driver","state",
"queues","speed_mbps","packets","missed","errors","no_buffer"],"properties":{
"name":{"type":"string"},"device":{"type":"string"},"driver":{"type":"string"},
"state":{"type":"string","enum":["up","down","removed"]}},
"additionalProperties":{"type":"integer"}}},
"workers":{"type":"array","items":{"type":"object",
"required":["packets","flows_open","queue","queue_size"],
"additionalProperties":{"type":"integer"}}},
"jobs":{"type":"object","required":["running","pending"],
"additionalProperties":{"type":"integer"}},
"reasons":{"type":"array","items":{"type":"string"}}},"additionalProperties":false})";

inline constexpr std::string_view kCounters = R"({"type":"object",
"required":["counters","equations"],"properties":{
"counters":{"type":"array","items":{"type":"object",
"required":["name","unit","help","value","workers","dispatcher","writer"],"properties":{
"name":{"type":"string"},"unit":{"type":"string"},"help":{"type":"string"},
"value":{"type":"integer"},"workers":{"type":"array","items":{"type":"integer"}},
"dispatcher":{"type":"integer"},"writer":{"type":"integer"}},"additionalProperties":false}},
"equations":{"type":"array","items":{"type":"object",
"required":["name","unit","parts","difference"],"properties":{
"name":{"type":"string"},"unit":{"type":"string"},"difference":{"type":"integer"},
"parts":{"type":"object","additionalProperties":{"type":"integer"}}},
"additionalProperties":{"type":"integer"}}}},"additionalProperties":false})";

inline constexpr std::string_view kGroups = R"({"type":"object",
"required":["epoch","written_epoch","groups"],"properties":{
"epoch":{"type":"integer"},"written_epoch":{"type":"integer"},
"groups":{"type":"array","items":{"type":"object",
"required":["name","columns","on","holders","overridden"],"properties":{
"name":{"type":"string"},"columns":{"type":"integer"},"on":{"type":"boolean"},
"holders":{"type":"array","items":{"type":"object",
"required":["kind","who","token","since","until"],
"additionalProperties":{"type":["string","null"]}}},
"overridden":{"type":"array","items":{"type":"object",
"required":["kind","who","token","since","until"],
"additionalProperties":{"type":["string","null"]}}}},
"additionalProperties":false}}},"additionalProperties":false})";

inline constexpr std::string_view kGroupWords = R"({"type":"object",
"additionalProperties":{"type":["boolean","null"]},
"examples":[{"p2p":false,"options":null}]})";

inline constexpr std::string_view kColumns = R"({"type":"object","required":["columns"],
"properties":{"columns":{"type":"array","minItems":1,"items":{"type":"object",
"required":["name","group","unit"]}}}})";

inline constexpr std::string_view kConfig = R"({"type":"object","required":["values"],
"properties":{"values":{"type":"array","items":{"type":"object",
"required":["section","key","value","origin"],
"additionalProperties":{"type":"string"}}}},"additionalProperties":false})";

inline constexpr std::string_view kDirectory = R"({"type":"object","required":["directory"],
"properties":{"directory":{"type":"string"}},"additionalProperties":false})";

inline constexpr std::string_view kReload = R"({"type":"object",
"required":["changed","epoch","notes"],"properties":{
"changed":{"type":"boolean"},"epoch":{"type":"integer"},
"notes":{"type":"array","items":{"type":"string"}}},"additionalProperties":false})";

inline constexpr std::string_view kStop = R"({"type":"object","required":["state"],
"properties":{"state":{"type":"string","enum":["ending"]}},"additionalProperties":false})";

inline constexpr std::string_view kSpecifications = R"({"type":"object",
"required":["specifications"],"properties":{
"specifications":{"type":"array","items":{"type":"object",
"required":["token","owner","capability","group","when","state","planned","real","epochs",
"rows","failure"],"properties":{
"token":{"type":"string"},"owner":{"type":"string"},"capability":{"type":"string"},
"group":{"type":"string"},"when":{"type":"string"},"state":{"type":"string",
"enum":["pending","running","finished","interrupted","failed"]},
"planned":{"type":"object","required":["start","end"],
"additionalProperties":{"type":["string","null"]}},
"real":{"type":"object","required":["on","off"],
"additionalProperties":{"type":["string","null"]}},
"epochs":{"type":"object","required":["first","end"],
"additionalProperties":{"type":"integer"}},
"rows":{"type":["integer","null"]},"failure":{"type":"string"}},
"additionalProperties":false}}},"additionalProperties":false})";

}  // namespace schema
}  // namespace tapstat::control::rest
