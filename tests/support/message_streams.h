/// The two streams of Messages in temporary files, for tests that ask what was said.
#pragma once

#include <array>
#include <cstdio>
#include <string>

#include "control/messages.h"

namespace tapstat::tests {

struct MessageStreams {
  std::FILE* out = std::tmpfile();
  std::FILE* err = std::tmpfile();
  ~MessageStreams() {
    std::fclose(out);
    std::fclose(err);
  }
  static std::string text(std::FILE* stream) {
    std::rewind(stream);
    std::array<char, 4096> block{};
    return {block.data(), std::fread(block.data(), 1, block.size(), stream)};
  }
  control::MessageOptions options(bool quiet = false) const {
    control::MessageOptions o;
    o.quiet = quiet;
    o.out = out;
    o.err = err;
    return o;
  }
};

}  // namespace tapstat::tests
