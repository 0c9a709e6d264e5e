#include "control/messages.h"

#include <gtest/gtest.h>

#include "tests/support/message_streams.h"

namespace tapstat::tests {
namespace {

using Streams = MessageStreams;

TEST(Messages, ErrorsGoToStandardErrorWithTheProgramsName) {
  Streams streams;
  control::Messages messages(streams.options(true));
  messages.error("cannot read capture \"frist.pcap\": no such file. Did you mean \"first.pcap\"?");
  messages.located_errors({"runtime.conf:9: a", "runtime.conf:10: b"});
  EXPECT_EQ(
      Streams::text(streams.err),
      "tapstat: cannot read capture \"frist.pcap\": no such file. Did you mean \"first.pcap\"?\n"
      "runtime.conf:9: a\nruntime.conf:10: b\n");
  EXPECT_EQ(Streams::text(streams.out), "");
}

TEST(Messages, ANoteIsPrintedOnceForEachCause) {
  Streams streams;
  control::Messages messages(streams.options());
  messages.note("x");
  messages.note("x");
  messages.note("y");
  messages.detail("only with -v");
  EXPECT_EQ(Streams::text(streams.err), "tapstat: x\ntapstat: y\n");
}

TEST(Messages, AnEventIsPrintedAsOftenAsItHappens) {
  Streams streams;
  control::Messages messages(streams.options());
  messages.event("x");
  messages.event("x");
  EXPECT_EQ(Streams::text(streams.err), "tapstat: x\ntapstat: x\n");
}

TEST(Messages, QuietKeepsErrorsAndDocumentsOnly) {
  Streams streams;
  control::Messages messages(streams.options(true));
  messages.note("x");
  messages.event("x");
  messages.result("table");
  messages.status("line");
  messages.status_line("line");
  messages.document("{}");
  EXPECT_EQ(Streams::text(streams.err), "");
  EXPECT_EQ(Streams::text(streams.out), "{}\n");
}

TEST(Messages, TheProgressLineIsErasedBeforeAnythingElse) {
  Streams streams;
  control::Messages messages(streams.options());
  messages.status("50 %");
  messages.result("done");
  messages.error("late");
  EXPECT_EQ(Streams::text(streams.err), "\r\033[K50 %\r\033[Ktapstat: late\n");
  EXPECT_EQ(Streams::text(streams.out), "done\n");
}

TEST(Messages, ColoursOnlyWhenAskedFor) {
  Streams streams;
  control::Messages plain(streams.options());
  EXPECT_EQ(plain.emphasised("LOST", true), "LOST");
  auto options = streams.options();
  options.colour = true;
  const control::Messages coloured(options);
  EXPECT_EQ(coloured.emphasised("LOST", true), "\033[1;31mLOST\033[0m");
  EXPECT_EQ(coloured.emphasised("Warning:", false), "\033[1mWarning:\033[0m");
}

}  // namespace
}  // namespace tapstat::tests
