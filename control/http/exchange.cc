#include "control/http/exchange.h"

#include "control/text.h"

namespace tapstat::control::http {

std::string media_type(std::string_view content_type) {
  return lower_case(trim(content_type.substr(0, content_type.find(';'))));
}

}  // namespace tapstat::control::http
