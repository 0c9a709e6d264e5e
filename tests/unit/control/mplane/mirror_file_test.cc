#include "control/mplane/mirror_file.h"

#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using control::parse_runtime_conf;
using control::RuntimeState;
using control::mplane::mirrored;
using control::mplane::MirrorFile;
using flowstats::Group;

/// log_tcp_complete and the groups of `bits`.
RuntimeState state_of(bool log, uint8_t bits) {
  RuntimeState state;
  if (!log) state.logs &= ~control::tstat_log::kTcpComplete;
  state.groups = flowstats::GroupMask{bits};
  return state;
}

const RuntimeState kOff = state_of(false, 0);
const RuntimeState kOn = state_of(true, 15);

struct MirrorCase {
  const char* name;
  const char* line;  // in [options], besides the other keys
  const char* off;
  const char* on;
};

const MirrorCase kCases[] = {
    {"blanks", "tcplog_p2p = 0", "tcplog_p2p = 0", "tcplog_p2p = 1"},
    {"touching", "tcplog_p2p=0", "tcplog_p2p=0", "tcplog_p2p=1"},
    {"no equals sign", "tcplog_p2p 1", "tcplog_p2p 0", "tcplog_p2p 1"},
    {"bare key", "  tcplog_p2p  ", "  tcplog_p2p = 0  ", "  tcplog_p2p  "},
    {"bare key, comment", "tcplog_p2p # on", "tcplog_p2p = 0 # on", "tcplog_p2p # on"},
    {"comment", "tcplog_p2p = 1   # level 10 since 2010", "tcplog_p2p = 0   # level 10 since 2010",
     "tcplog_p2p = 1   # level 10 since 2010"},
    {"comment that touches", "tcplog_p2p=1#0", "tcplog_p2p=0#0", "tcplog_p2p=1#0"},
    {"other numbers", "tcplog_p2p\t=\t0x1", "tcplog_p2p\t=\t0", "tcplog_p2p\t=\t0x1"},
    {"float", "tcplog_p2p = 0.0", "tcplog_p2p = 0.0", "tcplog_p2p = 1"},
    {"no number", "tcplog_p2p = 2", "tcplog_p2p = 0", "tcplog_p2p = 1"},
    {"no value", "tcplog_p2p =", "tcplog_p2p =0", "tcplog_p2p =1"},
    {"carriage return", "tcplog_p2p = 0\r", "tcplog_p2p = 0\r", "tcplog_p2p = 1\r"},
    {"bare, carriage return", "tcplog_p2p\r", "tcplog_p2p = 0\r", "tcplog_p2p\r"},
    {"twice", "tcplog_p2p = 0\ntcplog_p2p = 1", "tcplog_p2p = 0\ntcplog_p2p = 0",
     "tcplog_p2p = 1\ntcplog_p2p = 1"},
    {"commented out", "#tcplog_p2p = 0\ntcplog_p2p = 0", "#tcplog_p2p = 0\ntcplog_p2p = 0",
     "#tcplog_p2p = 0\ntcplog_p2p = 1"},
};

TEST(Mirrored, OnlyTheValueChanges) {
  for (const MirrorCase& one : kCases) {
    SCOPED_TRACE(one.name);
    const auto text = [](const char* line, const char* value) {
      const std::string v = value;
      return "# 1 0\n[Log] # here\nhisto_engine = 1\nlog_tcp_complete = " + v +
             "\n\n[dump]\ntcp_complete = 0\n[options]\ntcplog_end_to_end = " + v +
             "\ntcplog_options = " + v + "\ntcplog_advanced = 1\ntcplog_layer7 = " + v + "\n" +
             line + "\n# end";
    };
    EXPECT_EQ(mirrored(text(one.line, "1"), kOff), text(one.off, "0"));
    EXPECT_EQ(mirrored(text(one.line, "0"), kOn), text(one.on, "1"));
  }
}

TEST(Mirrored, ALineWithoutAnEnd) {
  EXPECT_EQ(mirrored("[log]\nlog_tcp_complete = 1\n[options]\ntcplog_end_to_end = 1\n"
                     "tcplog_options = 0\ntcplog_layer7 = 0\ntcplog_p2p = 1",
                     kOff),
            "[log]\nlog_tcp_complete = 0\n[options]\ntcplog_end_to_end = 0\n"
            "tcplog_options = 0\ntcplog_layer7 = 0\ntcplog_p2p = 0");
}

TEST(Mirrored, KeysOfAnotherSectionAreLeftAlone) {
  const std::string text = mirrored("[dump]\ntcplog_p2p = 0\n", kOn);
  EXPECT_TRUE(text.starts_with("[dump]\ntcplog_p2p = 0\n[log]\n")) << text;
}

TEST(Mirrored, MissingKeysGoToTheirSection) {
  EXPECT_EQ(mirrored("[options]\ntcplog_p2p = 1\n\n# next\n[log]\nrrd_engine = 0", kOn),
            "[options]\ntcplog_p2p = 1\ntcplog_end_to_end = 1\ntcplog_options = 1\n"
            "tcplog_layer7 = 1\n\n# next\n[log]\nrrd_engine = 0\nlog_tcp_complete = 1\n");
}

TEST(Mirrored, MissingSectionsGoToTheEnd) {
  EXPECT_EQ(mirrored("", kOff),
            "[log]\nlog_tcp_complete = 0\n[options]\ntcplog_end_to_end = 0\ntcplog_options = 0\n"
            "tcplog_p2p = 0\ntcplog_layer7 = 0\n");
  EXPECT_EQ(mirrored("# mine\r\n[options]", kOn),
            "# mine\r\n[options]\r\ntcplog_end_to_end = 1\r\ntcplog_options = 1\r\n"
            "tcplog_p2p = 1\r\ntcplog_layer7 = 1\r\n[log]\r\nlog_tcp_complete = 1\r\n")
      << "line ends as in the file";
}

TEST(Mirrored, IsReadBackAsTheState) {
  for (const bool log : {false, true})
    for (uint8_t bits = 0; bits < 16; ++bits) {
      const RuntimeState wanted = state_of(log, bits);
      for (const char* base : {"", "[log]\nlog_tcp_complete\n[options]\ntcplog_p2p 0 # x\n"}) {
        const std::string text = mirrored(base, wanted);
        const auto conf = parse_runtime_conf(text, "mirror", kOn);
        EXPECT_TRUE(conf.errors.empty()) << text;
        EXPECT_EQ(conf.state.groups, wanted.groups) << text;
        EXPECT_EQ(conf.state.logs, wanted.logs) << text;
        EXPECT_EQ(mirrored(text, wanted), text) << "nothing to do twice";
      }
    }
}

class MirrorFileTest : public testing::Test {
 protected:
  void put(const std::string& text) { std::ofstream(path_, std::ios::binary) << text; }
  [[nodiscard]] std::string content() const {
    std::ifstream stream(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  MirrorFile opened() {
    auto mirror = MirrorFile::open(path_);
    EXPECT_TRUE(mirror.has_value());
    return std::move(*mirror);
  }
  TempDir directory_;
  std::filesystem::path path_ = directory_ / "runtime.conf";
};

TEST_F(MirrorFileTest, IsMadeAndWritten) {
  MirrorFile mirror = opened();
  EXPECT_TRUE(std::filesystem::exists(path_));
  ASSERT_TRUE(mirror.write(kOn).has_value());
  EXPECT_EQ(content(), mirrored("", kOn));
  EXPECT_FALSE(mirror.changed_by_others()) << "we did that";
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_.path()), {}), 1);
}

TEST_F(MirrorFileTest, KeepsTheRightsOfTheFileAndALinkToIt) {
  const auto real = directory_ / "real.conf";
  std::ofstream(real) << "[log]\nlog_tcp_complete = 0\n";
  ASSERT_EQ(::chmod(real.c_str(), 0640), 0);
  std::filesystem::create_symlink(real, path_);
  MirrorFile mirror = opened();
  ASSERT_TRUE(mirror.write(kOn).has_value());
  EXPECT_TRUE(std::filesystem::is_symlink(path_));
  struct stat status {};
  ASSERT_EQ(::stat(real.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640U);
  EXPECT_TRUE(content().starts_with("[log]\nlog_tcp_complete = 1\n"));
}

TEST_F(MirrorFileTest, AnEditBySomebodyElseIsToldOnceAndNotOverwritten) {
  put(mirrored("", kOff));
  MirrorFile mirror = opened();
  EXPECT_FALSE(mirror.changed_by_others());
  const std::string edited = mirrored("# mine\n", kOff);
  put(edited);
  ASSERT_TRUE(mirror.write(kOn).has_value());
  EXPECT_EQ(content(), edited) << "not before it was looked at";
  EXPECT_TRUE(mirror.changed_by_others());
  EXPECT_FALSE(mirror.changed_by_others());
  ASSERT_TRUE(mirror.write(kOn).has_value());
  EXPECT_EQ(content(), mirrored(edited, kOn)) << "the edit is the new base";
  EXPECT_FALSE(mirror.changed_by_others());
}

TEST_F(MirrorFileTest, ARemovedFileIsAnEditToo) {
  put(mirrored("", kOff));
  MirrorFile mirror = opened();
  std::filesystem::remove(path_);
  EXPECT_TRUE(mirror.changed_by_others());
  ASSERT_TRUE(mirror.write(kOn).has_value());
  EXPECT_EQ(content(), mirrored("", kOn));
}

TEST_F(MirrorFileTest, ADirectoryThatIsNotThere) {
  const auto mirror = MirrorFile::open(directory_ / "none" / "runtime.conf");
  ASSERT_FALSE(mirror.has_value());
  EXPECT_EQ(mirror.error().status, flowstats::ExitStatus::environment);
}

TEST_F(MirrorFileTest, AFailedWriteChangesNothing) {
  MirrorFile mirror = opened();
  std::filesystem::remove_all(directory_.path());
  const auto done = mirror.write(kOn);
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().status, flowstats::ExitStatus::environment);
  std::filesystem::create_directory(directory_.path());
}

}  // namespace
}  // namespace tapstat::tests
