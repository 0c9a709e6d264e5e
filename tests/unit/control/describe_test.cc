#include "control/describe.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "control/config_keys.h"
#include "tests/support/log_reader.h"
#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using control::DescribeArguments;
using exporters::CatalogueForm;

TEST(Describe, ConfigurationPageIsUpToDate) {
  EXPECT_EQ(read_text(std::filesystem::path{TAPSTAT_SOURCE_ROOT} / "docs/configuration.md"),
            control::describe_config(CatalogueForm::markdown))
      << "make it again: build/tapstat describe config --markdown > docs/configuration.md";
}

TEST(Describe, EveryKeyWithAnEffectHasALine) {
  const std::string text = control::describe_config(CatalogueForm::text);
  const auto built = std::ranges::count(control::kConfigKeys, true, &control::ConfigKey::built);
  EXPECT_EQ(std::ranges::count(text, '\n'), built + 1);
  EXPECT_NE(text.find("180000 (corrected mode: 1000000)"), std::string::npos);
  EXPECT_NE(text.find("TAPSTAT_FLOWS_CAPACITY"), std::string::npos);
  EXPECT_EQ(text.find("tunnel_depth"), std::string::npos);
  for (const auto& key : control::kConfigKeys)
    EXPECT_EQ(!key.unit.empty(), key.built && key.type == control::ConfigType::integer) << key.name;
  rapidjson::Document json;
  json.Parse(control::describe_config(CatalogueForm::json).c_str());
  ASSERT_FALSE(json.HasParseError());
  ASSERT_EQ(json["config"].Size(), static_cast<unsigned>(built));
  EXPECT_STREQ(json["config"][0]["values"].GetString(), "true or false");
}

TEST(Describe, OriginTellsWhoSetAValue) {
  TempDir directory;
  const std::filesystem::path path = directory / "t.toml";
  std::ofstream(path) << "[measurement]\nmode = \"corrected\"\n[flows]\nudp_pairs = 5\n";
  DescribeArguments arguments;
  arguments.what = DescribeArguments::What::config;
  arguments.origin = true;
  arguments.form = CatalogueForm::json;
  arguments.config = path;
  const auto page = control::describe(arguments);
  ASSERT_TRUE(page.has_value());
  rapidjson::Document json;
  json.Parse(page->c_str());
  const auto found = [&](std::string_view key) -> std::pair<std::string, std::string> {
    for (const auto& value : json["values"].GetArray())
      if (value["key"].GetString() == key)
        return {value["value"].GetString(), value["origin"].GetString()};
    return {};
  };
  EXPECT_EQ(found("udp_pairs"), std::pair(std::string("5"), path.string() + ":4"));
  EXPECT_EQ(found("capacity"), std::pair(std::string("1000000"), std::string("default")));
  std::ofstream(path) << "[flows]\nudp_pairs = 0\n";
  EXPECT_EQ(control::describe(arguments).error().size(), 1U);
}

}  // namespace
}  // namespace tapstat::tests
