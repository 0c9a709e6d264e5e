#include "control/json_view.h"

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using control::JsonDocument;

TEST(JsonView, ReadsWhatIsThere) {
  const auto document = JsonDocument::parse(
      R"({"text":"a","n":3,"x":2.5,"yes":true,"null":null,
          "list":[{"k":"v"},7],"o":{"p":{"q":1}}})");
  ASSERT_TRUE(document.has_value());
  const JsonDocument& d = *document;
  EXPECT_EQ(d["text"].text(), "a");
  EXPECT_EQ(d["n"].whole(), 3U);
  EXPECT_EQ(d["n"].number(), 3.0);
  EXPECT_EQ(d["x"].number(), 2.5);
  EXPECT_TRUE(d["yes"].is_true());
  EXPECT_TRUE(d["text"].present());
  ASSERT_EQ(d["list"].items().size(), 2U);
  EXPECT_EQ(d["list"].items()[0]["k"].text(), "v");
  EXPECT_EQ(d["o"]["p"]["q"].whole(), 1U);
  ASSERT_EQ(d["o"].members().size(), 1U);
  EXPECT_EQ(d["o"].members()[0].first, "p");
  EXPECT_TRUE(d["list"].members().empty());
}

TEST(JsonView, WhatIsMissingOrOfAnotherTypeIsEmpty) {
  const auto document = JsonDocument::parse(R"({"text":"a","n":-3,"null":null})");
  ASSERT_TRUE(document.has_value());
  const JsonDocument& d = *document;
  EXPECT_EQ(d["n"].text(), "");
  EXPECT_EQ(d["n"].whole(), std::nullopt);
  EXPECT_EQ(d["text"].number(), std::nullopt);
  EXPECT_FALSE(d["null"].present());
  EXPECT_FALSE(d["text"].is_true());
  EXPECT_TRUE(d["text"].items().empty());
  EXPECT_EQ(d["gone"]["deeper"]["still"].text(), "");
}

TEST(JsonView, OnlyObjectsAreDocuments) {
  for (const char* text : {"", "[]", "3", "{", "{} x", "<html>"})
    EXPECT_FALSE(JsonDocument::parse(text).has_value()) << text;
}

}  // namespace
}  // namespace tapstat::tests
