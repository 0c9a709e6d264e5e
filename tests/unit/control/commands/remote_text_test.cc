#include "control/commands/remote_text.h"

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using control::JsonDocument;

TEST(RemoteText, StatusShowsEveryFigure) {
  const auto status = JsonDocument::parse(R"({
    "state": "running", "version": "0.1.0", "command": "replay", "uptime_s": 312.4,
    "clock": "2014-05-14T23:44:14.199951Z",
    "packets": {"received": 1234567, "analysed": 1234560, "lost": 7},
    "flows": {"open": 12, "created": 3456}, "rows": {"written": 3444, "lost": 0},
    "rates": {"packets_per_s": 1940000, "bits_per_s": 10700000000, "flows_per_s": 1234.4,
              "rows_per_s": 1230},
    "epoch": 4, "written_epoch": 3, "directory": "out/d.out",
    "output": {"free_bytes": 1200000000, "rows_spooled": 4321},
    "workers": [{"packets": 600000, "flows_open": 6, "queue": 1, "queue_size": 8192},
                {"packets": 634560, "flows_open": 6, "queue": 0, "queue_size": 8192}],
    "jobs": {"running": 1, "pending": 2}, "reasons": ["the writer is behind."]})");
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(control::status_text(*status),
            "state      running, tapstat replay, 0.1.0, up 312.4 s\n"
            "clock      2014-05-14T23:44:14.199951Z\n"
            "packets    1,234,567 received, 1,234,560 analysed, 7 lost\n"
            "flows      12 open, 3,456 created\n"
            "rows       3,444 written, 0 lost\n"
            "rates      1.94 Mpps, 10.7 Gb/s, 1,234 flows/s, 1,230 rows/s\n"
            "worker 0   600,000 packets, 6 flows open, 1 of 8,192 records queued\n"
            "worker 1   634,560 packets, 6 flows open, 0 of 8,192 records queued\n"
            "epoch      4 in force, 3 written\n"
            "directory  out/d.out\n"
            "output     1.20 GB free, 4,321 rows spooled\n"
            "jobs       1 running, 2 pending\n"
            "not ready  the writer is behind.\n");
}

TEST(RemoteText, StatusLeavesOutWhatIsMissing) {
  EXPECT_EQ(control::status_text(*JsonDocument::parse(R"({"state":"running","clock":null})")),
            "state  running\n");
  EXPECT_EQ(control::status_text(*JsonDocument::parse("{}")), "");
}

TEST(RemoteText, GroupsShowWhoHoldsThem) {
  const auto groups = JsonDocument::parse(R"({"epoch": 5, "written_epoch": 5, "groups": [
    {"name": "core", "columns": 42, "on": true,
     "holders": [{"kind": "file", "who": "runtime.conf", "token": "", "since": null,
                  "until": null}],
     "overridden": []},
    {"name": "end_to_end", "columns": 14, "on": true,
     "holders": [{"kind": "rest", "who": "local", "token": "", "since": "2014-05-14T23:44:14Z",
                  "until": null},
                 {"kind": "specification", "who": "org.Client", "token": "81b1", "since": null,
                  "until": "2014-05-14T23:49:14Z"}], "overridden": []},
    {"name": "p2p", "columns": 6, "on": false, "holders": [],
     "overridden": [{"kind": "file", "who": "runtime.conf", "token": "", "since": null,
                     "until": null}]}]})");
  ASSERT_TRUE(groups.has_value());
  EXPECT_EQ(control::groups_text(*groups),
            "group       columns  state  held by\n"
            "core             42  on     file runtime.conf\n"
            "end_to_end       14  on     rest local since 2014-05-14T23:44:14Z; specification 81b1"
            " of org.Client until 2014-05-14T23:49:14Z\n"
            "p2p               6  off    overridden: file runtime.conf\n"
            "epoch 5 in force, 5 written\n");
}

TEST(RemoteText, ProblemsAreSentences) {
  const auto text = [](const char* json) {
    return control::problem_text(*JsonDocument::parse(json));
  };
  EXPECT_EQ(text(R"({"title":"Not Found","detail":"No group \"x\".","hint":"Use p2p."})"),
            "No group \"x\". Use p2p.");
  EXPECT_EQ(text(R"({"title":"Not Found"})"), "Not Found");
  EXPECT_EQ(text(R"({"detail":"r.conf:3: wrong.","hint":"Correct it.",
                     "errors":["r.conf:3: wrong.","r.conf:9: also wrong."]})"),
            "r.conf:3: wrong.\n  r.conf:9: also wrong.\nCorrect it.");
}

}  // namespace
}  // namespace tapstat::tests
