// SPDX-License-Identifier: Apache-2.0
#include "millrace/serde/json.hpp"

struct Point {
  int x = 0;
  int y = 0;
};

#ifdef MILLRACE_MISUSE_twice
MILLRACE_JSON(Point, x, (y, "x"))
#else
MILLRACE_JSON(Point, x, (y, "Y"))
#endif

int main() { return millrace::to_json_string(Point()).empty() ? 1 : 0; }
