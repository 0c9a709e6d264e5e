/// What the tests of REST share: a probe that only has figures, requests, and JSON that is held
/// against its schema.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/schema.h>
#include <rapidjson/stringbuffer.h>

#include "control/http/exchange.h"
#include "control/probe.h"
#include "control/settings.h"

namespace tapstat::tests {

class FakeProbe : public control::Probe {
 public:
  [[nodiscard]] control::ProbeFigures figures() const override {
    ++asked;
    if (arrives_after > 0 && asked >= arrives_after) {
      figures_now.epoch_written = epoch_next;
      figures_now.directory = directory_next;
    }
    return figures_now;
  }
  void stop() override { ++stops; }

  mutable control::ProbeFigures figures_now;
  mutable unsigned asked = 0;
  unsigned arrives_after = 0;  // questions until the writer has done what was asked; 0: never
  uint32_t epoch_next = 2;     // of the first change after the start
  std::filesystem::path directory_next = "out/second";
  unsigned stops = 0;
};

/// Two workers in the middle of a replay; every equation closes.
inline control::ProbeFigures busy_figures() {
  using flowstats::Counter;
  const auto set = [](flowstats::CounterValues& values, Counter counter, uint64_t value) {
    values.value[static_cast<size_t>(counter)] = value;
  };
  control::ProbeFigures figures;
  figures.workers.resize(2);
  for (control::WorkerFigures& worker : figures.workers) {
    set(worker.counters, Counter::analysed_packets, 40);
    set(worker.counters, Counter::flows_created, 5);
    set(worker.counters, Counter::flows_exported, 3);
    worker.flows_open = 2;
    worker.records_queued = 1;
    worker.record_ring = 1'000;
  }
  set(figures.workers[1].counters, Counter::dropped_not_ip, 7);
  set(figures.dispatcher, Counter::rx_packets, 90);
  set(figures.dispatcher, Counter::rx_bytes, 9'000);
  set(figures.dispatcher, Counter::dropped_ring_full, 3);
  set(figures.writer, Counter::rows_complete_formatted, 4);
  set(figures.writer, Counter::rows_complete_written, 4);
  set(figures.writer, Counter::rows_nocomplete_formatted, 2);
  set(figures.writer, Counter::rows_nocomplete_written, 1);
  set(figures.writer, Counter::rows_nocomplete_dropped_write_error, 1);
  figures.clock = {1'400'111'054'199'951};
  figures.uptime_s = 12.5;
  figures.flow_capacity = 2'000;
  figures.epoch_published = figures.epoch_written = 4;
  figures.directory = "out/2014_05_14_23_44.out";
  figures.command = "replay";
  figures.mode = "tstat";
  figures.schema = "mplane";
  figures.source = "first.pcap";
  return figures;
}

inline control::GroupView group_view(flowstats::Group group, std::string name, unsigned columns,
                                     bool on) {
  control::GroupView view;
  view.group = group;
  view.name = std::move(name);
  view.columns = columns;
  view.on = on;
  if (on) view.holders.push_back({"file", "runtime.conf", "", std::nullopt, std::nullopt});
  return view;
}

inline std::vector<control::GroupView> three_groups() {
  return {group_view(flowstats::Group::core, "core", 42, true),
          group_view(flowstats::Group::end_to_end, "end_to_end", 14, true),
          group_view(flowstats::Group::p2p, "p2p", 6, false)};
}

inline control::http::Request request_of(std::string method, std::string path) {
  control::http::Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.host = "127.0.0.1:8888";
  request.peer.address = "127.0.0.1";
  return request;
}

inline rapidjson::Document parsed(std::string_view json) {
  rapidjson::Document document;
  document.Parse(json.data(), json.size());
  EXPECT_FALSE(document.HasParseError()) << json;
  return document;
}

/// Empty when `json` has the form of `schema`, else where it has not.
inline std::string misfit(std::string_view json, std::string_view schema) {
  const rapidjson::Document form = parsed(schema), value = parsed(json);
  const rapidjson::SchemaDocument compiled(form);
  rapidjson::SchemaValidator validator(compiled);
  if (value.Accept(validator)) return {};
  rapidjson::StringBuffer at;
  validator.GetInvalidDocumentPointer().StringifyUriFragment(at);
  return std::string(at.GetString()) + " breaks \"" + validator.GetInvalidSchemaKeyword() + "\"";
}

}  // namespace tapstat::tests
