// SPDX-License-Identifier: Apache-2.0
#include "millrace/serde/json.hpp"

namespace app {
struct Point {
  int x = 0;
};
#ifndef MILLRACE_MISUSE_outside
MILLRACE_JSON(Point, x)
#endif
}  // namespace app

#ifdef MILLRACE_MISUSE_outside
MILLRACE_JSON(app::Point, x)
#endif

int main() { return millrace::to_json_string(app::Point()).empty() ? 1 : 0; }
