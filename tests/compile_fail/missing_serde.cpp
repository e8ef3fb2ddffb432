// SPDX-License-Identifier: Apache-2.0
#include "millrace/serde/json.hpp"
#include "millrace/serde/primitives.hpp"

struct Point {
  int x[2] = {};
  int y = 0;
};

#ifndef MILLRACE_MISUSE_of_a_struct
MILLRACE_JSON(Point, y)
#endif

int main() { millrace::detail::require_serde<Point>(); }
