#include "flowstats/base/serial_number.h"

#include <gtest/gtest.h>

namespace tapstat::flowstats {
namespace {

TEST(SerialNumber, OrdersAcrossTheWrap) {
  EXPECT_TRUE(seq_before(1, 2));
  EXPECT_FALSE(seq_before(2, 1));
  EXPECT_FALSE(seq_before(5, 5));
  EXPECT_TRUE(seq_before(0xffffffff, 0));
  EXPECT_TRUE(seq_before(0xfffffff0, 16));
  EXPECT_TRUE(seq_at_or_after(0, 0xffffffff));
  EXPECT_TRUE(seq_at_or_after(9, 9));
}

}  // namespace
}  // namespace tapstat::flowstats
