#include "control/privacy.h"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

#include "control/anonymise_key.h"
#include "control/config.h"
#include "control/secret_file.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/exporters/local_zone.h"

namespace tapstat::tests {
namespace {

using control::PrivacyArguments;
using control::PrivacyConfig;
using control::PrivacyPlan;
using exporters::NameTreatment;
using flowstats::ExitStatus;
using flowstats::IpAddress;
using flowstats::IpVersion;
using flowstats::Mode;
using Lines = std::vector<std::string>;

constexpr const char* kKey = "0123456789abcdef0123456789abcdef";
constexpr const char* kKeyBase64 = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

class Privacy : public testing::Test {
 protected:
  std::filesystem::path file(const char* name, const std::string& text, mode_t mode = 0400) {
    auto path = directory_ / name;
    std::filesystem::remove(path);
    std::ofstream(path) << text;
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  }
  PrivacyPlan plan(const PrivacyArguments& arguments, const PrivacyConfig& config = {}) {
    return control::plan_privacy(arguments, config, {}, Mode::tstat);
  }
  /// With `-Y nets` in which 10.0.0.0/8 stands.
  PrivacyArguments arguments() {
    PrivacyArguments a;
    a.networks = file("nets", "10.0.0.0/8\n2001:db8::/32\n");
    return a;
  }
  static std::string key_of(const PrivacyPlan& plan) {
    const auto& key = plan.options->key;
    return {key.begin(), key.end()};
  }
  /// What [privacy] with these lines says.
  control::ConfigFile parse(const std::string& lines) {
    return control::parse_config("[privacy]\n" + lines, directory_ / "t.toml");
  }

  TempDir directory_;
};

TEST_F(Privacy, NothingIsAnonymisedUnlessAskedFor) {
  const PrivacyPlan nothing = plan({});
  EXPECT_FALSE(nothing.options);
  EXPECT_FALSE(nothing.key_is_new);
  EXPECT_EQ(nothing.errors, Lines{});
}

TEST_F(Privacy, TakesTheKeyFromEachPlace) {
  PrivacyArguments value = arguments(), text = value, base64 = value;
  value.key_value = kKey;
  text.key_text = file("text", std::string(kKey) + "\nsecond line\n");
  base64.key_base64 = file("base64", std::string(kKeyBase64) + "\n");
  PrivacyConfig config;
  config.crypto_pan_key = base64.key_base64;
  for (const PrivacyPlan& p : {plan(value), plan(text), plan(base64), plan(arguments(), config)}) {
    ASSERT_TRUE(p.options) << p.errors[0];
    EXPECT_EQ(key_of(p), kKey);
    EXPECT_FALSE(p.key_is_new);
    EXPECT_TRUE(p.options->networks.lists(IpVersion::v4, IpAddress::v4(0x0a010203)));
  }
  EXPECT_EQ(plan(text).notes, Lines{});
  EXPECT_EQ(
      plan(value).notes,
      Lines{"--keyvalue shows the key of anonymisation to everybody in the list of processes. "
            "Better: --keyfile or --keybase64."});
}

TEST_F(Privacy, AShortKeyIsFilledUpAndALongOneCut) {
  PrivacyArguments a = arguments();
  a.key_text = file("short", "0123456789\n");
  const PrivacyPlan short_key = plan(a);
  EXPECT_EQ(key_of(short_key), "0123456789" + std::string(22, '\0'));
  EXPECT_EQ(short_key.notes, Lines{"the key of anonymisation has 10 bytes; zeros fill it up to 32, "
                                   "which makes it easier to guess."});
  a.key_text = file("long", std::string(kKey) + "x");
  const PrivacyPlan long_key = plan(a);
  EXPECT_EQ(key_of(long_key), kKey);
  EXPECT_EQ(long_key.notes,
            Lines{"the key of anonymisation has 33 bytes; only the first 32 count."});
}

TEST_F(Privacy, RefusesKeysThatOthersMayReadOrThatAreNone) {
  PrivacyArguments a = arguments();
  a.key_base64 = file("open", kKeyBase64, 0644);
  const std::string path = a.key_base64->string();
  const PrivacyPlan open = plan(a);
  EXPECT_FALSE(open.options);
  EXPECT_EQ(open.errors, Lines{"Crypto-PAn key \"" + path +
                               "\": its mode is 0644, others may use it. Run: chmod 0400 " + path});
  a.key_base64 = file("bad", "not base64!\n");
  EXPECT_EQ(plan(a).errors,
            Lines{"Crypto-PAn key \"" + a.key_base64->string() +
                  "\": not Base64. \"tapstat anonymise-key FILE\" makes such a file."});
  a.key_base64 = file("empty", "\n");
  EXPECT_EQ(plan(a).errors,
            Lines{"Crypto-PAn key \"" + a.key_base64->string() + "\": its first line is empty."});
  PrivacyConfig config;
  config.crypto_pan_key = file("few", "Zm9v\n");
  EXPECT_EQ(plan(arguments(), config).errors,
            Lines{"Crypto-PAn key \"" + config.crypto_pan_key->string() +
                  "\": it has 3 bytes instead of 32. \"tapstat anonymise-key FILE\" makes one."});
}

TEST_F(Privacy, WithoutAKeyThereIsANewOneForEachRun) {
  const PrivacyPlan one = plan(arguments()), two = plan(arguments());
  EXPECT_TRUE(one.key_is_new && two.key_is_new);
  EXPECT_NE(one.options->key, two.options->key);
}

TEST_F(Privacy, FlagsThatWouldDoNothingAreRefused) {
  PrivacyArguments except;
  except.except = file("except", "10.0.0.1/32\n");
  EXPECT_EQ(plan(except).errors, Lines{"-W needs -Y, or anonymise in [privacy] of tapstat.toml."});
  PrivacyArguments key;
  key.key_value = kKey;
  EXPECT_EQ(plan(key).errors,
            Lines{"a key was given, but nothing is to be anonymised: add -Y or --enc, or anonymise "
                  "in [privacy] of tapstat.toml."});
  PrivacyConfig config;
  config.crypto_pan_key = file("key", kKeyBase64);
  const PrivacyPlan idle = plan({}, config);
  EXPECT_EQ(idle.notes, Lines{"[privacy] crypto_pan_key has no effect: nothing is anonymised."});
  EXPECT_FALSE(idle.options);
}

TEST_F(Privacy, BadNetworksAreLocated) {
  PrivacyArguments a;
  a.networks = file("nets", "10.0.0.0/40\n");
  const PrivacyPlan p = plan(a);
  EXPECT_FALSE(p.options);
  EXPECT_EQ(p.located_errors, Lines{a.networks->string() +
                                    ":1: \"10.0.0.0/40\": the prefix length must be 0 to 32."});
}

TEST_F(Privacy, AFamilyThatIsNotListedIsNotAnonymisedAndThatIsSaid) {
  PrivacyArguments a;
  a.networks = file("nets", "10.0.0.0/8\n");
  const PrivacyPlan p = plan(a);
  EXPECT_EQ(p.notes, Lines{a.networks->string() +
                           ": no IPv6 network given, so no IPv6 address is anonymised."});
  EXPECT_FALSE(exporters::Anonymiser(*p.options).applies(IpVersion::v6, {1, 2}));
}

TEST_F(Privacy, TheSectionOfTheFileIsRead) {
  const auto read = parse(
      "anonymise = [\"external\", \"192.0.2.0/24\", \"2001:db8::/32\"]\n"
      "anonymise_except = [\"192.0.2.7/32\"]\nnames = \"drop\"\n"
      "ipv6_masks = [\"0x1\", \"0xFF\", \"0x0\", \"0xffffffff\"]\ncrypto_pan_key = \"k\"\n"
      "strict = true\n");
  ASSERT_EQ(read.errors, Lines{});
  EXPECT_EQ(read.config.not_built, Lines{});
  PrivacyConfig privacy = read.config.privacy;
  EXPECT_EQ(privacy.crypto_pan_key, directory_ / "k");
  EXPECT_EQ(privacy.strict, true);
  file("k", kKeyBase64);
  const PrivacyPlan p = plan({}, privacy);
  ASSERT_TRUE(p.options) << p.errors[0];
  EXPECT_EQ(p.options->names, NameTreatment::drop);
  EXPECT_EQ(p.options->ipv6_masks, (std::array<uint32_t, 4>{1, 0xff, 0, 0xffffffff}));
  EXPECT_TRUE(p.options->external);
  EXPECT_FALSE(p.options->internal);
  const exporters::Anonymiser anonymiser(*p.options);
  EXPECT_TRUE(anonymiser.applies(IpVersion::v4, IpAddress::v4(0xc0000208)));
  EXPECT_FALSE(anonymiser.applies(IpVersion::v4, IpAddress::v4(0xc0000207)));
  EXPECT_FALSE(anonymiser.applies(IpVersion::v4, IpAddress::v4(0x0a000001)));  // internal
}

TEST_F(Privacy, FlagsWinOverTheFile) {
  PrivacyConfig config = parse(
                             "anonymise = [\"external\", \"192.0.2.0/24\"]\n"
                             "anonymise_except = [\"10.0.0.1/32\"]\nnames = \"drop\"\n")
                             .config.privacy;
  PrivacyArguments a = arguments();
  a.key_value = kKey;
  a.encrypt_names = true;
  a.except = file("except", "10.0.0.2/32\n");
  const PrivacyPlan p = plan(a, config);
  ASSERT_TRUE(p.options);
  EXPECT_EQ(p.options->names, NameTreatment::encrypt);
  const exporters::Anonymiser anonymiser(*p.options);
  EXPECT_TRUE(anonymiser.applies(IpVersion::v4, IpAddress::v4(0x0a000001)));
  EXPECT_FALSE(anonymiser.applies(IpVersion::v4, IpAddress::v4(0x0a000002)));
  EXPECT_FALSE(anonymiser.applies(IpVersion::v4, IpAddress::v4(0xc0000208)));
  EXPECT_EQ(control::privacy_text(*p.options), "addresses anonymised, names encrypted");
}

TEST_F(Privacy, WrongValuesOfTheFileAreLocated) {
  const auto error = [this](const std::string& line) {
    const auto errors = parse(line).errors;
    return errors.empty() ? "accepted" : errors[0].substr(errors[0].find(".toml:") + 6);
  };
  EXPECT_EQ(
      error("anonymise = [\"internl\"]\n"),
      "2:13: anonymise = [ 'internl' ]: \"internl\": not a network. Examples: \"10.0.0.0/8\", "
      "\"10.0.0.0/255.0.0.0\", \"2001:db8::/32\". Or \"internal\" or \"external\".");
  EXPECT_EQ(error("anonymise_except = [\"10.0.0.0\"]\n"),
            "2:20: anonymise_except = [ '10.0.0.0' ]: \"10.0.0.0\" has neither /length nor a mask "
            "on the next line.");
  EXPECT_EQ(error("anonymise = [\"# all\"]\n"),
            "2:13: anonymise = [ '# all' ]: \"# all\": not a network. Or \"internal\" or "
            "\"external\".");
  for (const char* masks :
       {"[]", "[\"0x1\"]", "[\"1\", \"2\", \"3\", \"4\"]", "[\"0x\", \"0x0\", \"0x0\", \"0x0\"]",
        "[\"0x100000000\", \"0x0\", \"0x0\", \"0x0\"]"})
    EXPECT_TRUE(error(std::string("ipv6_masks = ") + masks + "\n")
                    .ends_with(": must be four words such as \"0xf0f0f0f0\"."))
        << masks;
  EXPECT_TRUE(error("names = \"hash\"\n").find("must be \"keep\", \"encrypt\" or \"drop\"") !=
              std::string::npos);
}

TEST_F(Privacy, TheKeyOfARunIsKeptBesideItsLogs) {
  const LocalZone zone("UTC");
  flowstats::crypto::CryptoPan::Key key{};
  std::copy_n(kKey, key.size(), key.begin());
  const flowstats::Timestamp first{1'500'000'000'000'000};
  const auto base = directory_ / "deep" / "out";
  const auto one = control::write_key(base, first, key);
  ASSERT_TRUE(one) << one.error().sentence;
  EXPECT_EQ(*one, base / "CPanKey_2017_07_14_02_40");
  EXPECT_EQ(control::write_key(base, first, key).value(), base / "CPanKey_2017_07_14_02_40_1");
  EXPECT_EQ(control::read_secret(*one, "key").value(), kKeyBase64);
  file("file", "x");
  const auto impossible = control::write_key(directory_ / "file", first, key);
  ASSERT_FALSE(impossible);
  EXPECT_EQ(impossible.error().status, ExitStatus::environment);
}

TEST_F(Privacy, TheCommandMakesAKeyThatIsAccepted) {
  control::Messages messages{{.quiet = true, .results = false}};
  const auto path = directory_ / "cpan.key";
  EXPECT_EQ(control::anonymise_key({path, {}}, messages), 0);
  EXPECT_EQ(control::anonymise_key({path, {}}, messages), 2);
  PrivacyArguments a = arguments();
  a.key_base64 = path;
  const PrivacyPlan p = plan(a);
  ASSERT_TRUE(p.options) << p.errors[0];
  EXPECT_EQ(control::key_text(p.options->key), control::read_secret(path, "key").value());
}

}  // namespace
}  // namespace tapstat::tests
