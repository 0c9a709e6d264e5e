#include "dataplane/capture_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <pcap/pcap.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/support/temp_dir.h"

namespace tapstat::dataplane {
namespace {

using flowstats::ExitStatus;
using flowstats::Mode;
using tests::TempDir;

/// Integers in one byte order, strings as they are.
class Bytes {
 public:
  explicit Bytes(bool is_big_endian = false) : is_big_endian_(is_big_endian) {}
  Bytes& u16(uint32_t v) { return integer(v, 2); }
  Bytes& u32(uint32_t v) { return integer(v, 4); }
  Bytes& text(const std::string& s) {
    text_ += s;
    return *this;
  }
  Bytes& pad(size_t multiple) {
    while (text_.size() % multiple != 0) text_ += '\0';
    return *this;
  }
  [[nodiscard]] const std::string& str() const { return text_; }

 private:
  Bytes& integer(uint32_t v, int width) {
    for (int i = 0; i < width; ++i)
      text_ += static_cast<char>(v >> (8 * (is_big_endian_ ? width - 1 - i : i)));
    return *this;
  }
  bool is_big_endian_;
  std::string text_;
};

constexpr uint32_t kT0 = 1'600'000'000;
const std::string kFrame(60, 'f');

struct Header {
  uint32_t magic = 0xa1b2c3d4, link = 1, snap = 65535;
  uint16_t major = 2;
  bool big_endian = false;
};

std::string pcap_header(const Header& h = {}) {
  return Bytes(h.big_endian)
      .u32(h.magic)
      .u16(h.major)
      .u16(4)
      .u32(0)
      .u32(0)
      .u32(h.snap)
      .u32(h.link)
      .str();
}

struct Record {
  uint32_t seconds = kT0, fraction = 0;
  std::string data = kFrame;
  std::optional<uint32_t> captured{}, wire{};
  bool big_endian = false;
};

std::string record(const Record& r = {}) {
  const auto size = static_cast<uint32_t>(r.data.size());
  return Bytes(r.big_endian)
      .u32(r.seconds)
      .u32(r.fraction)
      .u32(r.captured.value_or(size))
      .u32(r.wire.value_or(size))
      .text(r.data)
      .str();
}

std::string good_pcap() {
  return pcap_header() + record() + record({.fraction = 5}) + record({.seconds = kT0 + 9});
}

std::string block(uint32_t type, const std::string& body) {
  const std::string padded = Bytes().text(body).pad(4).str();
  const auto length = static_cast<uint32_t>(padded.size() + 12);
  return Bytes().u32(type).u32(length).text(padded).u32(length).str();
}
std::string section() {
  return block(0x0a0d0d0a, Bytes().u32(0x1a2b3c4d).u16(1).u16(0).u32(~0U).u32(~0U).str());
}
std::string interface(uint32_t link, uint32_t snap = 0, const std::string& options = {}) {
  return block(1, Bytes().u16(link).u16(0).u32(snap).text(options).str());
}
std::string packet(uint32_t id, uint64_t ticks, const std::string& data = kFrame) {
  const auto size = static_cast<uint32_t>(data.size());
  return block(6, Bytes()
                      .u32(id)
                      .u32(static_cast<uint32_t>(ticks >> 32))
                      .u32(static_cast<uint32_t>(ticks))
                      .u32(size)
                      .u32(size)
                      .text(data)
                      .str());
}
constexpr uint64_t kTicks0 = uint64_t{kT0} * 1'000'000;

std::string snoop(uint32_t datalink, const std::string& records) {
  return std::string("snoop\0\0\0", 8) + Bytes(true).u32(2).u32(datalink).str() + records;
}
std::string snoop_record(uint32_t seconds, const std::string& data) {
  const auto size = static_cast<uint32_t>(data.size()), padded = (size + 3) & ~3U;
  return Bytes(true)
      .u32(size)
      .u32(size)
      .u32(24 + padded)
      .u32(0)
      .u32(seconds)
      .u32(7)
      .text(data)
      .pad(4)
      .str();
}

std::string gzip(const std::string& plain) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, plain.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(const std::string& plain) {
  std::string out(ZSTD_compressBound(plain.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), 3));
  return out;
}

enum class Want { refuse, part, accept };

/// The times and bytes that a reader of the descriptor gets.
std::vector<std::pair<int64_t, std::string>> packets_of(const CaptureFile& capture) {
  std::vector<std::pair<int64_t, std::string>> packets;
  char error[PCAP_ERRBUF_SIZE];
  pcap_t* pcap = pcap_open_offline(capture.file.path().c_str(), error);
  if (pcap == nullptr) return packets;
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  while (packets.size() < capture.packets && pcap_next_ex(pcap, &header, &bytes) == 1)
    packets.emplace_back(header->ts.tv_sec * 1'000'000 + header->ts.tv_usec,
                         std::string(reinterpret_cast<const char*>(bytes), header->caplen));
  pcap_close(pcap);
  return packets;
}

struct FileCase {
  std::string name, content;
  Want want;
  uint64_t packets;
};

class CaptureFileTest : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& content) {
    std::ofstream(directory_ / name, std::ios::binary) << content;
    return directory_ / name;
  }
  flowstats::Result<CaptureFile> open(const std::filesystem::path& file, Mode mode = Mode::tstat,
                                      bool unpack = true) {
    notes_.clear();
    CaptureOpenOptions options;
    options.mode = mode;
    options.unpack = unpack;
    options.note = [this](const std::string& sentence) { notes_ += sentence + "\n"; };
    return open_capture(file, options);
  }
  std::string sentence_of(const std::string& name, const std::string& content) {
    const auto opened = open(write(name, content));
    return opened ? "" : opened.error().sentence;
  }

  void check(const std::vector<FileCase>& cases) {
    for (const FileCase& c : cases) {
      SCOPED_TRACE(c.name);
      const auto opened = open(write("case.pcap", c.content));
      ASSERT_EQ(opened.has_value(), c.want != Want::refuse)
          << (opened ? "" : opened.error().sentence);
      if (!opened) {
        EXPECT_EQ(opened.error().status, ExitStatus::input_unreadable);
        continue;
      }
      EXPECT_EQ(opened->damage.has_value(), c.want == Want::part) << opened->damage.value_or("");
      EXPECT_EQ(opened->packets, c.packets);
      EXPECT_EQ(packets_of(*opened).size(), c.packets);
    }
  }

  TempDir directory_;
  std::string notes_;
};

TEST_F(CaptureFileTest, StatesOfPcapFiles) {
  const std::string good = good_pcap();
  const auto big_endian = [](uint32_t magic) { return Header{.magic = magic, .big_endian = true}; };
  check({
      {"empty", "", Want::refuse, 0},
      {"magic only", good.substr(0, 4), Want::refuse, 0},
      {"file header cut", good.substr(0, 23), Want::refuse, 0},
      {"file header only", good.substr(0, 24), Want::accept, 0},
      {"unknown magic", "\xde\xad\xbe\xef" + good.substr(4), Want::refuse, 0},
      {"text", "this is not a capture", Want::refuse, 0},
      {"version 9", pcap_header({.major = 9}) + record(), Want::refuse, 0},
      {"link type 9999", pcap_header({.link = 9999}) + record(), Want::refuse, 0},
      {"our private link type", pcap_header({.link = kMixedDlt}) + record(), Want::refuse, 0},
      {"big endian", pcap_header(big_endian(0xa1b2c3d4)) + record({.big_endian = true}),
       Want::accept, 1},
      {"nanoseconds", pcap_header({.magic = 0xa1b23c4d}) + record(), Want::accept, 1},
      {"snap length 0", pcap_header({.snap = 0}) + record(), Want::accept, 1},
      {"record header cut", good + "1234567", Want::part, 3},
      {"record cut", good.substr(0, good.size() - 11), Want::part, 2},
      {"first record cut", good.substr(0, 50), Want::part, 0},
      {"captured length 2^32-1", good + record({.captured = ~0U}), Want::part, 3},
      {"captured length 300,000", good + record({.data = std::string(300'000, 'x')}), Want::part,
       3},
      {"no packet before the bad length", pcap_header() + record({.captured = ~0U}), Want::refuse,
       0},
      {"captured beyond wire length", good + record({.wire = 20U}), Want::accept, 4},
      {"no captured byte", good + record({.data = "", .wire = 60U}), Want::accept, 4},
      {"fraction of 4,000 s", good + record({.fraction = 4'000'000'000}), Want::accept, 4},
  });
}

TEST_F(CaptureFileTest, StatesOfOtherFiles) {
  const std::string good = good_pcap();
  check({
      {"pcapng", section() + interface(1) + packet(0, kTicks0), Want::accept, 1},
      {"pcapng, block cut",
       section() + interface(1) + packet(0, kTicks0) + packet(0, kTicks0).substr(0, 50), Want::part,
       1},
      {"pcapng without interface", section(), Want::refuse, 0},
      {"pcapng, unknown interface",
       section() + interface(1) + packet(0, kTicks0) + packet(1, kTicks0), Want::part, 1},
      {"snoop", snoop(4, snoop_record(kT0, kFrame)), Want::accept, 1},
      {"snoop, record cut",
       snoop(4, snoop_record(kT0, kFrame) + snoop_record(kT0, kFrame).substr(0, 40)), Want::part,
       1},
      {"snoop, header cut", snoop(4, "").substr(0, 12), Want::refuse, 0},
      {"snoop, link type without reader", snoop(99, snoop_record(kT0, kFrame)), Want::refuse, 0},
      {"gzip", gzip(good), Want::accept, 3},
      {"gzip, two members", gzip(good) + gzip(record()), Want::accept, 4},
      {"gzip, padded", gzip(good) + std::string(512, '\0'), Want::accept, 3},
      {"gzip, cut", gzip(good).substr(0, gzip(good).size() - 9), Want::part, 3},
      {"gzip of nothing useful", gzip("hello"), Want::refuse, 0},
      {"gzip magic only", std::string("\x1f\x8b", 2), Want::refuse, 0},
      {"zstd", zstd(good), Want::accept, 3},
      {"zstd, two frames", zstd(good) + zstd(record()), Want::accept, 4},
      {"zstd, garbage behind", zstd(good) + "garbage", Want::part, 3},
      {"zstd, cut", zstd(good).substr(0, 20), Want::refuse, 0},
  });
}

TEST_F(CaptureFileTest, DescribesWhatItReads) {
  const auto opened =
      open(write("a.pcap", pcap_header() + record({.seconds = kT0 + 5}) +
                               record({.seconds = kT0 + 1, .fraction = 3, .wire = 1500U}) +
                               record({.seconds = kT0 + 2, .data = std::string(90, 'x')})));
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->format, "pcap");
  EXPECT_EQ(opened->link_type, LinkType::ethernet);
  EXPECT_EQ(opened->packets, 3U);
  EXPECT_EQ(opened->bytes, 24U + 3 * 16 + 60 + 60 + 90);
  EXPECT_EQ(opened->snapped_packets, 1U);
  EXPECT_EQ(opened->captured_length_max, 90U);
  EXPECT_EQ(opened->first->us, (kT0 + 5) * 1'000'000LL);
  EXPECT_EQ(opened->last->us, (kT0 + 2) * 1'000'000LL);
  EXPECT_EQ(opened->clock_max.us, (kT0 + 5) * 1'000'000LL);
  EXPECT_EQ(notes_, "");
}

TEST_F(CaptureFileTest, FileWithoutPackets) {
  const auto opened = open(write("a.pcap", pcap_header()));
  ASSERT_TRUE(opened);
  EXPECT_FALSE(opened->first);
  EXPECT_FALSE(opened->last);
}

TEST_F(CaptureFileTest, NanosecondsAreCut) {
  const auto opened =
      open(write("a.pcap", pcap_header({.magic = 0xa1b23c4d}) + record({.fraction = 1'999})));
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->format, "pcap (nanoseconds)");
  EXPECT_EQ(opened->first->us, kT0 * 1'000'000LL + 1);
  EXPECT_NE(notes_.find("time resolution here is 1 \u00b5s"), std::string::npos) << notes_;
}

TEST_F(CaptureFileTest, TimesBeyond31Bits) {
  const std::string content = pcap_header() + record({.seconds = 0x7fffffff}) +
                              record({.seconds = 0xffffffff, .fraction = 900'000});
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    const auto opened = open(write("a.pcap", content), mode);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->last->us, 0xffffffffLL * 1'000'000 + 900'000);
    EXPECT_EQ(packets_of(*opened)[1].first, opened->last->us);
  }
}

TEST_F(CaptureFileTest, FractionsBeyondASecond) {
  const auto last_us = [&](uint32_t fraction, Mode mode, uint32_t magic = 0xa1b2c3d4) {
    const auto opened =
        open(write("a.pcap", pcap_header({.magic = magic}) + record({.fraction = fraction})), mode);
    return opened ? opened->last->us - int64_t{kT0} * 1'000'000 : -1;
  };
  EXPECT_EQ(last_us(1'500'000, Mode::tstat), 1'500'000);
  EXPECT_EQ(last_us(4'000'000'000, Mode::corrected), 4'000'000'000) << "carried into the seconds";
  EXPECT_EQ(last_us(4'000'000'000, Mode::tstat), 4'000'000'000 - (1LL << 32))
      << "Tstat: with its sign";
  EXPECT_EQ(last_us(3'000'000'000, Mode::corrected, 0xa1b23c4d), 3'000'000) << "nanoseconds";
  EXPECT_EQ(last_us(~0U, Mode::corrected), -1) << "a borrow that the writer forgot";
}

TEST_F(CaptureFileTest, ResolutionAndOffsetOfPcapng) {
  const std::string options =
      Bytes().u16(9).u16(1).text("\x09").pad(4).u16(14).u16(8).u32(100).u32(0).u32(0).str();
  const std::string content =
      section() + interface(1) + interface(113, 0, options) + packet(1, 2'000'000'500);
  const auto opened = open(write("a.pcapng", content), Mode::corrected);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->link_type, LinkType::mixed);
  EXPECT_EQ(opened->first->us, 102'000'000);
}

TEST_F(CaptureFileTest, InterfacesOfDifferentLinkTypes) {
  const std::string unread =
      interface(113) + packet(1, kTicks0 + 1, "cooked") + packet(0, kTicks0 + 2);
  const auto file = write("mixed.pcapng", section() + interface(1) + packet(0, kTicks0) + unread);

  const auto tstat = open(file, Mode::tstat);
  ASSERT_TRUE(tstat);
  EXPECT_EQ(tstat->packets, 1U);
  EXPECT_EQ(tstat->link_type, LinkType::ethernet);
  EXPECT_FALSE(tstat->damage);
  EXPECT_NE(notes_.find(std::to_string(unread.size()) +
                        " bytes remain unread. --mode corrected reads them."),
            std::string::npos)
      << notes_;

  const auto corrected = open(file, Mode::corrected);
  ASSERT_TRUE(corrected);
  EXPECT_EQ(corrected->link_type, LinkType::mixed);
  EXPECT_FALSE(corrected->damage);
  EXPECT_EQ(corrected->captured_length_max, 64U);
  const std::vector<std::pair<int64_t, std::string>> want = {
      {kTicks0, std::string("\0\1\0\0", 4) + kFrame},
      {kTicks0 + 1, std::string("\0\x71\0\0", 4) + "cooked"},
      {kTicks0 + 2, std::string("\0\1\0\0", 4) + kFrame}};
  EXPECT_EQ(packets_of(*corrected), want);
}

TEST_F(CaptureFileTest, InterfacesOfDifferentSnapLengths) {
  const auto file = write("snap.pcapng", section() + interface(1, 100) + packet(0, kTicks0) +
                                             interface(1, 200) + packet(1, kTicks0));
  EXPECT_EQ(open(file, Mode::tstat)->packets, 1U);
  EXPECT_EQ(open(file, Mode::corrected)->packets, 2U);
}

TEST_F(CaptureFileTest, SnoopKeepsTimesAndBytes) {
  const auto opened = open(
      write("a.snoop", snoop(4, snoop_record(0x80000001, "abcde") + snoop_record(kT0, kFrame))));
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->format, "snoop");
  const std::vector<std::pair<int64_t, std::string>> want = {
      {0x80000001LL * 1'000'000 + 7, "abcde"}, {kT0 * 1'000'000LL + 7, kFrame}};
  EXPECT_EQ(packets_of(*opened), want);
}

TEST_F(CaptureFileTest, NamesOfFilesThatCannotBeOpened) {
  write("first.pcap", pcap_header());
  EXPECT_EQ(open(directory_ / "frist.pcap").error().sentence,
            "cannot read capture \"" + (directory_ / "frist.pcap").string() +
                "\": no such file. Did you mean \"" + (directory_ / "first.pcap").string() + "\"?");
  EXPECT_EQ(
      open(directory_ / "zzzzzzzzzzzz").error().sentence,
      "cannot read capture \"" + (directory_ / "zzzzzzzzzzzz").string() + "\": no such file.");
  EXPECT_EQ(open(directory_.path()).error().sentence,
            "cannot read capture \"" + directory_.path().string() +
                "\": it is a directory. Name the captures in it.");
  ASSERT_EQ(mkfifo((directory_ / "pipe").c_str(), 0600), 0);
  EXPECT_NE(open(directory_ / "pipe").error().sentence.find("it is not a regular file"),
            std::string::npos);
}

TEST_F(CaptureFileTest, FileWithoutPermission) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read every file";
  const auto file = write("secret.pcap", good_pcap());
  ASSERT_EQ(chmod(file.c_str(), 0), 0);
  EXPECT_NE(open(file).error().sentence.find("permission denied for uid"), std::string::npos);
}

TEST_F(CaptureFileTest, SentencesAboutContent) {
  EXPECT_EQ(sentence_of("notes.txt", "Hello"),
            "\"" + (directory_ / "notes.txt").string() +
                "\" is not a pcap or pcapng file (first bytes 48 65 6c 6c).");
  EXPECT_NE(sentence_of("x.pcap", pcap_header({.link = 9999}))
                .find("error: input: link type 9999 not supported (file=\"" +
                      (directory_ / "x.pcap").string() + "\")"),
            std::string::npos);
}

TEST_F(CaptureFileTest, CompressedFilesAreAnnounced) {
  const auto file =
      write("trace.pcap", gzip(pcap_header() + record({.data = std::string(60'000, 'x')})));
  const auto opened = open(file);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->format, "pcap in gzip");
  EXPECT_EQ(opened->bytes, 60'040U);
  EXPECT_EQ(notes_, "\"" + file.string() +
                        "\" is gzip data, not a capture. It will be unpacked to " +
                        (std::getenv("TMPDIR") != nullptr ? std::getenv("TMPDIR") : "/tmp") +
                        " (about 60.0 kB); use --no-unpack to refuse.\n");
  const auto refused = open(file, Mode::tstat, false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, ExitStatus::input_unreadable);
  EXPECT_NE(refused.error().sentence.find("is gzip data, not a capture"), std::string::npos);
}

TEST_F(CaptureFileTest, TemporaryDirectoryThatCannotBeUsed) {
  const auto file = write("trace.pcap.gz", gzip(good_pcap()));
  const char* before = std::getenv("TMPDIR");
  const std::string saved = before != nullptr ? before : "";
  setenv("TMPDIR", (directory_ / "missing").c_str(), 1);
  const auto opened = open(file);
  if (before != nullptr)
    setenv("TMPDIR", saved.c_str(), 1);
  else
    unsetenv("TMPDIR");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().status, ExitStatus::environment);
  EXPECT_NE(opened.error().sentence.find("Set TMPDIR"), std::string::npos);
}

TEST_F(CaptureFileTest, ReferenceCaptures) {
  const char* given = std::getenv("TAPSTAT_SHARED");
  const std::filesystem::path shared = given != nullptr ? given : TAPSTAT_SOURCE_ROOT "/../shared";
  const auto corpus = shared / "corpus" / "valid";
  if (!std::filesystem::exists(corpus)) GTEST_SKIP() << "no reference captures in " << corpus;
  EXPECT_EQ(open(corpus / "PcapPlusPlus-pcapng-example.pcapng", Mode::corrected)->packets, 159U);
  EXPECT_EQ(open(corpus / "PcapPlusPlus-pcapng-example.pcapng", Mode::tstat)->packets, 59U);
  EXPECT_EQ(open(corpus / "PcapPlusPlus-solaris.snoop")->packets, 250U);
  EXPECT_EQ(open(corpus / "zeek-dns-inverse-query.pcap")->link_type, LinkType::fddi);
}

}  // namespace
}  // namespace tapstat::dataplane
