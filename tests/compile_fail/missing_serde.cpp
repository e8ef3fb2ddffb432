#include "millrace/serde/json.hpp"
#include "millrace/serde/primitives.hpp"

struct Point {
  int x = 0;
};

#ifndef MILLRACE_MISUSE_of_a_struct
MILLRACE_JSON(Point, x)
#endif

int main() { millrace::detail::require_serde<Point>(); }
