#include "exporters/compress.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/unit/exporters/gzip_reader.h"

namespace tapstat::exporters {
namespace {

TEST(GzipPacker, MembersReadAsOneText) {
  GzipPacker packer;
  RowBuffer file;
  packer.append_member(file, "#00#c_ip:1\n");
  packer.append_member(file, "192.0.2.1\n");
  EXPECT_EQ(tests::gunzip(file.text()).text, "#00#c_ip:1\n192.0.2.1\n");
  EXPECT_TRUE(tests::gunzip(file.text()).complete);
}

TEST(GzipPacker, AFileCutInTheLastMemberKeepsTheOthers) {
  GzipPacker packer;
  RowBuffer file;
  packer.append_member(file, "first\n");
  const size_t whole = file.size();
  packer.append_member(file, std::string(10'000, 'x'));
  const auto cut = tests::gunzip(file.text().substr(0, whole + (file.size() - whole) / 2));
  EXPECT_EQ(cut.text.substr(0, 6), "first\n");
  EXPECT_FALSE(cut.complete);
}

TEST(GzipPacker, GrowsItsBufferForTextThatDoesNotCompress) {
  std::string noise;
  uint32_t state = 1;
  for (int i = 0; i < 300'000; ++i) {
    state = state * 1'664'525 + 1'013'904'223;
    noise += static_cast<char>(state >> 24);
  }
  GzipPacker packer;
  RowBuffer file;
  packer.append_member(file, noise);
  EXPECT_EQ(tests::gunzip(file.text()).text, noise);
}

}  // namespace
}  // namespace tapstat::exporters
