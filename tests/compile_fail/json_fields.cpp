// SPDX-License-Identifier: Apache-2.0
#include "millrace/serde/json.hpp"

struct Base {
  int x = 0;
};

struct Point : Base {
  int y = 0;
};

#ifdef MILLRACE_MISUSE_misspelt
MILLRACE_JSON(Point, inherits(Base), z)
#elif defined(MILLRACE_MISUSE_of_no_base)
MILLRACE_JSON(Point, inherits(std::string), y)
#elif !defined(MILLRACE_MISUSE_in_a_function)
MILLRACE_JSON(Point, inherits(Base), y)
#endif

int main() {
#ifdef MILLRACE_MISUSE_in_a_function
  MILLRACE_JSON(Point, inherits(Base), y)
#endif
  return millrace::to_json_string(Point()).empty() ? 1 : 0;
}
