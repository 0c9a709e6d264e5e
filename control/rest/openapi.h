/// /openapi.json: OpenAPI 3.1 made from the routes themselves. Pure function.
#pragma once

#include <span>
#include <string>

#include "control/http/router.h"

namespace tapstat::control::rest {

/// The routes' schemas are embedded as they are.
[[nodiscard]] std::string openapi_json(std::span<const http::Route> routes);

}  // namespace tapstat::control::rest
