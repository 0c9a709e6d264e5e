/// What the mPlane component sends: messages, errors and the link pages that clients crawl, as HTTP
/// answers.
///
/// Both generations of clients compare the Content-Type for equality and read every href of a page.
/// Pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "control/http/exchange.h"
#include "control/mplane/message.h"

namespace tapstat::control::mplane {

[[nodiscard]] http::Response message_response(const Message& message, unsigned status = 200);

/// An exception without a job. `detail` is the reason of a malformed request; other statuses have
/// their own text.
[[nodiscard]] http::Response error_response(unsigned status, std::string_view detail,
                                            std::string_view token = kNoToken);

/// One link, to the list of the sdk generation: its client aborts on the other one.
[[nodiscard]] http::Response start_page();
/// One link for each token below `path`.
[[nodiscard]] http::Response list_page(std::string_view path,
                                       const std::vector<std::string_view>& tokens);

}  // namespace tapstat::control::mplane
