#include "control/anonymise_key.h"

#include "control/privacy.h"
#include "control/secret_file.h"

namespace tapstat::control {

int anonymise_key(const AnonymiseKeyArguments& arguments, Messages& messages) {
  const auto key = new_key();
  flowstats::Result<void> made;
  if (key)
    made = create_secret(arguments.file, key_text(*key));
  else
    made = tl::make_unexpected(key.error());
  if (!made) {
    messages.error(made.error().sentence);
    return static_cast<int>(made.error().status);
  }
  messages.result(arguments.file.string() +
                  ": a new key, mode 0400. Whoever has it can undo the anonymisation.");
  return static_cast<int>(flowstats::ExitStatus::done);
}

}  // namespace tapstat::control
