#include "control/commands/text_table.h"

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

TEST(TextTable, SetsColumnsBelowEachOther) {
  control::TextTable table;
  table.align_right(1);
  table.row({"name", "n", "who"});
  table.row({"a", "1,234", "x"});
  table.row({"b"});
  EXPECT_EQ(table.str(),
            "name      n  who\n"
            "a     1,234  x\n"
            "b\n");
}

TEST(TextTable, CountsCharactersNotBytes) {
  control::TextTable table;
  table.row({"\u00fc\u00fc", "1"});
  table.row({"abc", "2"});
  EXPECT_EQ(table.str(), "\u00fc\u00fc   1\nabc  2\n");
}

}  // namespace
}  // namespace tapstat::tests
