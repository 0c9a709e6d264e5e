#include "exporters/catalogue.h"

#include <algorithm>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "flowstats/base/counters.h"
#include "tests/support/log_reader.h"

namespace tapstat::exporters {
namespace {

std::string page(const char* name) {
  return tests::read_text(std::filesystem::path{TAPSTAT_SOURCE_ROOT} / "docs" / name);
}

TEST(Catalogue, ColumnsPageIsUpToDate) {
  EXPECT_EQ(page("columns.md"), describe_columns(CatalogueForm::markdown))
      << "make it again: build/tapstat describe columns --markdown > docs/columns.md";
}

TEST(Catalogue, CountersPageIsUpToDate) {
  EXPECT_EQ(page("counters.md"), describe_counters(CatalogueForm::markdown))
      << "make it again: build/tapstat describe counters --markdown > docs/counters.md";
}

TEST(Catalogue, TextHasALineForEachColumnUnderItsTitles) {
  const std::string text = describe_columns(CatalogueForm::text);
  const std::string tcp = text.substr(0, text.find("\n\n") + 1);
  EXPECT_EQ(std::count(tcp.begin(), tcp.end(), '\n'), 1 + 143);
  EXPECT_EQ(text.rfind("mplane  3.3  name", 0), 0U);
  EXPECT_NE(text.find("\n40      42   con_t "), std::string::npos) << text;
  EXPECT_NE(text.find("\n-       40   c_iscrypto "), std::string::npos) << text;
}

TEST(Catalogue, JsonNamesBothSchemasAndTheReverseElement) {
  rapidjson::Document document;
  document.Parse(describe_columns(CatalogueForm::json).c_str());
  ASSERT_FALSE(document.HasParseError());
  const auto& columns = document["columns"];
  ASSERT_EQ(columns.Size(), 143U);
  const auto& s_packets = columns[16];
  EXPECT_STREQ(s_packets["name"].GetString(), "s_pkts_all");
  EXPECT_STREQ(s_packets["mplane"].GetString(), "packets.backward");
  EXPECT_EQ(s_packets["ipfix"]["enterprise"].GetUint(), 29305U);
  EXPECT_EQ(s_packets["ipfix"]["id"].GetUint(), 86U);
  const auto& s_ip = columns[14];
  EXPECT_STREQ(s_ip["mplane_2014"].GetString(), "responder.ip4");
  EXPECT_STREQ(s_ip["mplane"].GetString(), "destination.ip4");
  EXPECT_EQ(s_ip["ipfix"]["enterprise"].GetUint(), 0U);
  EXPECT_EQ(s_ip["ipfix"]["id"].GetUint(), 12U);
  const auto& c_iscrypto = columns[39];
  EXPECT_TRUE(c_iscrypto["position_mplane"].IsNull());
  EXPECT_EQ(c_iscrypto["position_tstat_3_3"].GetUint(), 40U);
  EXPECT_STREQ(c_iscrypto["log"].GetString(), "both");
  EXPECT_STREQ(columns[133]["log"].GetString(), "complete");
}

TEST(Catalogue, OtherLogsHaveTheirColumnsInFileOrder) {
  rapidjson::Document document;
  document.Parse(describe_columns(CatalogueForm::json).c_str());
  ASSERT_FALSE(document.HasParseError());
  const auto& logs = document["other_logs"];
  ASSERT_EQ(logs.Size(), 8U);
  EXPECT_STREQ(logs[0]["log"].GetString(), "log_udp_complete");
  const auto& udp = logs[0]["columns"];
  EXPECT_STREQ(udp[24]["name"].GetString(), "quic_ech");
  EXPECT_EQ(udp[24]["position"].GetUint(), 25U);
  EXPECT_STREQ(udp[25]["group"].GetString(), "fingerprint");
  EXPECT_EQ(logs[1]["columns"].Size(), 53U);
  EXPECT_STREQ(logs[2]["log"].GetString(), "log_http_complete, requests");
  EXPECT_EQ(logs[4]["columns"].Size(), 22U);
}

TEST(Catalogue, ExitRecordsTellHowExactlyEachVariableIsKnown) {
  rapidjson::Document document;
  document.Parse(describe_columns(CatalogueForm::json).c_str());
  const auto& web100 = document["other_logs"][7];
  EXPECT_STREQ(web100["log"].GetString(), "web100");
  const auto& columns = web100["columns"];
  ASSERT_EQ(columns.Size(), 135U);
  EXPECT_STREQ(columns[7]["name"].GetString(), "NagleEnabled");
  EXPECT_STREQ(columns[7]["class"].GetString(), "host only");
  EXPECT_STREQ(columns[7]["canonical"].GetString(), "Nagle");
  EXPECT_FALSE(columns[7]["default"].GetBool());
  EXPECT_STREQ(columns[15]["tolerance"].GetString(), "equal");
  EXPECT_TRUE(columns[15]["default"].GetBool());
  EXPECT_NE(describe_columns(CatalogueForm::text).find("estimated, a  3 % or 1.1 ms"),
            std::string::npos);
}

TEST(Catalogue, TheTableOfTheWeb100PageIsUpToDate) {
  const std::string columns = describe_columns(CatalogueForm::markdown);
  const std::string title = "\n## web100\n\n";
  const size_t begin = columns.find(title);
  ASSERT_NE(begin, std::string::npos);
  EXPECT_NE(page("web100.md").find(columns.substr(begin + title.size())), std::string::npos)
      << "copy the table under \"web100\" of docs/columns.md";
}

TEST(Catalogue, JsonHasEveryCounter) {
  rapidjson::Document document;
  document.Parse(describe_counters(CatalogueForm::json).c_str());
  ASSERT_FALSE(document.HasParseError());
  const auto& counters = document["counters"];
  ASSERT_EQ(counters.Size(), flowstats::kCounterCount);
  for (rapidjson::SizeType i = 0; i < counters.Size(); ++i) {
    EXPECT_EQ(counters[i]["name"].GetString(), flowstats::kCounterTable[i].name);
    EXPECT_NE(counters[i]["help"].GetStringLength(), 0U);
  }
}

}  // namespace
}  // namespace tapstat::exporters
